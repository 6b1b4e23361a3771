//! What more is known of a file: [`statx`].

use super::{AtFlags, Path, at_path};
use crate::arch::nr;
use crate::bits::bits;
use crate::errno::Result;
use crate::io::AsFd;
use core::mem::MaybeUninit;

bits! {
    /// Which fields of a [`Statx`] are wanted, and which there are (`man 2 statx`).
    StatxMask(u32);
    /// The type in `stx_mode`.
    STATX_TYPE = 0x1;
    /// The permissions in `stx_mode`.
    STATX_MODE = 0x2;
    /// `stx_nlink`
    STATX_NLINK = 0x4;
    /// `stx_uid`
    STATX_UID = 0x8;
    /// `stx_gid`
    STATX_GID = 0x10;
    /// `stx_atime`
    STATX_ATIME = 0x20;
    /// `stx_mtime`
    STATX_MTIME = 0x40;
    /// `stx_ctime`
    STATX_CTIME = 0x80;
    /// `stx_ino`
    STATX_INO = 0x100;
    /// `stx_size`
    STATX_SIZE = 0x200;
    /// `stx_blocks`
    STATX_BLOCKS = 0x400;
    /// All of the above: what `stat` gives.
    STATX_BASIC_STATS = 0x7ff;
    /// `stx_btime`
    STATX_BTIME = 0x800;
    /// `stx_mnt_id`
    STATX_MNT_ID = 0x1000;
    /// `stx_dio_mem_align`, `stx_dio_offset_align`
    STATX_DIOALIGN = 0x2000;
    /// `stx_mnt_id`, never used again while the system runs.
    STATX_MNT_ID_UNIQUE = 0x4000;
    /// `stx_subvol`
    STATX_SUBVOL = 0x8000;
    /// `stx_atomic_write_*`
    STATX_WRITE_ATOMIC = 0x1_0000;
    /// `stx_dio_read_offset_align`
    STATX_DIO_READ_ALIGN = 0x2_0000;
}

/// A time of a [`Statx`].
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct StatxTimestamp {
    /// Seconds since 1970; negative before.
    pub tv_sec: i64,
    /// Nanoseconds, 0 to 999,999,999, forwards from the second.
    pub tv_nsec: u32,
    pad: i32,
}

/// What is known of a file (`man 2 statx`): more than [`Stat`], and `stx_mask` tells which
/// of it there is; a field that isn't there is 0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Statx {
    /// Which fields are there.
    pub stx_mask: StatxMask,
    /// Block size for efficient I/O, in bytes.
    pub stx_blksize: u32,
    /// `STATX_ATTR_*`: compressed, immutable ...
    pub stx_attributes: u64,
    /// Number of hard links.
    pub stx_nlink: u32,
    /// User ID of the owner.
    pub stx_uid: u32,
    /// Group ID of the owner.
    pub stx_gid: u32,
    /// Type and permissions.
    pub stx_mode: u16,
    pad: u16,
    /// Inode number.
    pub stx_ino: u64,
    /// Size in bytes.
    pub stx_size: u64,
    /// Space that is taken, in units of 512 bytes.
    pub stx_blocks: u64,
    /// Which bits of `stx_attributes` this file system knows.
    pub stx_attributes_mask: u64,
    /// Last access.
    pub stx_atime: StatxTimestamp,
    /// Creation.
    pub stx_btime: StatxTimestamp,
    /// Last change of the inode.
    pub stx_ctime: StatxTimestamp,
    /// Last change of the content.
    pub stx_mtime: StatxTimestamp,
    /// Device that the file is, for device files.
    pub stx_rdev_major: u32,
    /// Its minor number.
    pub stx_rdev_minor: u32,
    /// Device that holds the file.
    pub stx_dev_major: u32,
    /// Its minor number.
    pub stx_dev_minor: u32,
    /// Mount that the file was reached through.
    pub stx_mnt_id: u64,
    /// Alignment of memory for `O_DIRECT`, in bytes.
    pub stx_dio_mem_align: u32,
    /// Alignment of offsets for `O_DIRECT`, in bytes.
    pub stx_dio_offset_align: u32,
    /// Subvolume.
    pub stx_subvol: u64,
    /// Smallest write that is atomic, in bytes.
    pub stx_atomic_write_unit_min: u32,
    /// Largest write that is atomic, in bytes.
    pub stx_atomic_write_unit_max: u32,
    /// Most pieces of an atomic write.
    pub stx_atomic_write_segments_max: u32,
    /// Alignment of offsets for reading with `O_DIRECT`, in bytes.
    pub stx_dio_read_offset_align: u32,
    /// Largest atomic write that is fast, in bytes.
    pub stx_atomic_write_unit_max_opt: u32,
    spare: [u32; 17],
}

impl Statx {
    /// All of it as the kernel wrote it, for tables that say where a field is.
    pub const fn as_bytes(&self) -> &[u8; size_of::<Statx>()] {
        // SAFETY: as many bytes, all of them initialised: there is no padding but that which
        // has a name, and no cell.
        unsafe { &*core::ptr::from_ref(self).cast() }
    }
}

/// What is known of a file (`man 2 statx`).
///
/// # Errors
/// Those of `stat`; `ENOSYS` before Linux 4.11.
#[inline]
pub fn statx(dir: impl AsFd, path: impl Path, flags: AtFlags, mask: StatxMask) -> Result<Statx> {
    let mut statx = MaybeUninit::<Statx>::uninit();
    let out = statx.as_mut_ptr() as usize;
    let (flags, mask) = (flags.0 as usize, mask.0 as usize);
    // SAFETY: the kernel writes one `struct statx`.
    unsafe { at_path(nr::STATX, dir.as_fd(), path.as_path(), flags, mask, out) }?;
    // SAFETY: the kernel filled it, all 256 bytes whatever the mask.
    Ok(unsafe { statx.assume_init() })
}
