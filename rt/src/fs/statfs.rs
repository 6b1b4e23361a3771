//! What is known of a file system: [`statfs`].

use super::{Path, with_path};
use crate::arch::{nr, syscall};
use crate::errno::{Result, check};
use crate::io::{AsFd, retry};
use core::mem::MaybeUninit;

/// What is known of a file system (`man 2 statfs`).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Statfs {
    /// Its kind, a magic number of `include/uapi/linux/magic.h`.
    pub f_type: i64,
    /// Block size for efficient I/O, in bytes.
    pub f_bsize: i64,
    /// All blocks, in units of `f_frsize`.
    pub f_blocks: u64,
    /// Free blocks.
    pub f_bfree: u64,
    /// Free blocks for everybody, not only for root.
    pub f_bavail: u64,
    /// All inodes.
    pub f_files: u64,
    /// Free inodes.
    pub f_ffree: u64,
    /// An ID for this file system.
    pub f_fsid: [i32; 2],
    /// The longest name, in bytes.
    pub f_namelen: i64,
    /// The unit of the block counts, in bytes.
    pub f_frsize: i64,
    /// Mount flags.
    pub f_flags: i64,
    spare: [i64; 4],
}

impl Statfs {
    /// All of it as the kernel wrote it, for tables that say where a field is.
    pub const fn as_bytes(&self) -> &[u8; size_of::<Statfs>()] {
        // SAFETY: as many bytes, all of them initialised: there is no padding, and no cell.
        unsafe { &*core::ptr::from_ref(self).cast() }
    }
}

/// In [`Statfs::f_flags`]: no program is run from there, and no code mapped (`man 2 statfs`).
pub const ST_NOEXEC: i64 = 8;

/// The file system that the file at this path is on (`man 2 statfs`).
#[inline]
pub fn statfs(path: impl Path) -> Result<Statfs> {
    let mut statfs = MaybeUninit::<Statfs>::uninit();
    let out = statfs.as_mut_ptr() as usize;
    with_path(path.as_path(), &mut |path| {
        // SAFETY: the kernel writes one `struct statfs`.
        retry(|| check(unsafe { syscall(nr::STATFS, [path, out]) }))
    })?;
    // SAFETY: the kernel filled it.
    Ok(unsafe { statfs.assume_init() })
}

/// The file system that an open file is on (`man 2 fstatfs`).
#[inline]
pub fn fstatfs(fd: impl AsFd) -> Result<Statfs> {
    let mut statfs = MaybeUninit::<Statfs>::uninit();
    let (fd, out) = (fd.as_fd().word(), statfs.as_mut_ptr() as usize);
    // SAFETY: the kernel writes one `struct statfs`.
    retry(|| check(unsafe { syscall(nr::FSTATFS, [fd, out]) }))?;
    // SAFETY: the kernel filled it.
    Ok(unsafe { statfs.assume_init() })
}
