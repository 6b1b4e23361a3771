//! Paths on the way to the kernel, and the calls that take them.

use crate::bits::bits;
use crate::errno::{Errno, Result, check};
use crate::io::{AsFd, BorrowedFd, retry};
use core::ffi::CStr;
use core::mem::MaybeUninit;

/// The longest path, with its final zero byte (`include/uapi/linux/limits.h`).
pub const PATH_MAX: usize = 4096;

/// Stands for the current directory where a function takes a directory (`AT_FDCWD`).
// SAFETY: BorrowedFd::new names it as an exception.
pub const CWD: BorrowedFd<'static> = unsafe { BorrowedFd::new(-100) };

/// What names a file: `&CStr` as it is, `&str` and `&[u8]` by a copy on the stack.
pub trait Path {
    /// Calls `call` with the path as the kernel takes it.
    ///
    /// # Errors
    /// `EINVAL`: there is a zero byte in it. `ENAMETOOLONG`: [`PATH_MAX`] bytes or more.
    fn with_c_str(&self, call: &mut dyn FnMut(&CStr) -> Result<usize>) -> Result<usize>;
}

impl Path for CStr {
    fn with_c_str(&self, call: &mut dyn FnMut(&CStr) -> Result<usize>) -> Result<usize> {
        call(self)
    }
}

impl Path for [u8] {
    #[inline(never)]
    fn with_c_str(&self, call: &mut dyn FnMut(&CStr) -> Result<usize>) -> Result<usize> {
        // A small frame for most: each further page of stack is a page fault.
        if self.len() < 256 { copied::<256>(self, call) } else { copied_long(self, call) }
    }
}

#[cold]
#[inline(never)]
fn copied_long(path: &[u8], call: &mut dyn FnMut(&CStr) -> Result<usize>) -> Result<usize> {
    copied::<PATH_MAX>(path, call)
}

#[inline(always)]
fn copied<const N: usize>(
    path: &[u8],
    call: &mut dyn FnMut(&CStr) -> Result<usize>,
) -> Result<usize> {
    let mut buffer = [const { MaybeUninit::<u8>::uninit() }; N];
    if path.len() >= N {
        return Err(Errno::ENAMETOOLONG);
    }
    for (to, from) in buffer.iter_mut().zip(path.iter().chain(&[0])) {
        to.write(*from);
    }
    // SAFETY: the path and a zero byte were written, which is not more than there is.
    let bytes = unsafe { core::slice::from_raw_parts(buffer.as_ptr().cast(), path.len() + 1) };
    call(CStr::from_bytes_with_nul(bytes).map_err(|_| Errno::EINVAL)?)
}

impl<const N: usize> Path for [u8; N] {
    fn with_c_str(&self, call: &mut dyn FnMut(&CStr) -> Result<usize>) -> Result<usize> {
        self.as_slice().with_c_str(call)
    }
}

impl Path for str {
    fn with_c_str(&self, call: &mut dyn FnMut(&CStr) -> Result<usize>) -> Result<usize> {
        self.as_bytes().with_c_str(call)
    }
}

impl<T: Path + ?Sized> Path for &T {
    fn with_c_str(&self, call: &mut dyn FnMut(&CStr) -> Result<usize>) -> Result<usize> {
        (**self).with_c_str(call)
    }
}

bits! {
    /// How a path is followed (`man 2 openat`, `man 2 statx`).
    AtFlags(u32);
    /// A symbolic link itself, not what it points to.
    AT_SYMLINK_NOFOLLOW = 0x100;
    /// Checks the effective user and group IDs.
    AT_EACCESS = 0x200;
    /// Removes a directory.
    AT_REMOVEDIR = 0x200;
    /// What a symbolic link points to, for the calls that don't follow it by themselves.
    AT_SYMLINK_FOLLOW = 0x400;
    /// Nothing is mounted on the way.
    AT_NO_AUTOMOUNT = 0x800;
    /// An empty path is the directory's descriptor itself, which may be any file.
    AT_EMPTY_PATH = 0x1000;
    /// statx: what a network file system's server says.
    AT_STATX_FORCE_SYNC = 0x2000;
    /// statx: what is known here, if it is old.
    AT_STATX_DONT_SYNC = 0x4000;
}

/// Makes a call that takes a directory and a path, until no signal interrupts it.
#[inline]
pub(super) fn at_path(
    dir: impl AsFd,
    path: impl Path,
    call: impl Fn(usize, usize) -> isize,
) -> Result<usize> {
    let dir = dir.as_fd().word();
    path.with_c_str(&mut |path| retry(|| check(call(dir, path.as_ptr() as usize))))
}

/// As [`at_path`], with two paths from the current directory on.
pub(super) fn two_paths(
    old: impl Path,
    new: impl Path,
    call: impl Fn(usize, usize, usize) -> isize,
) -> Result<()> {
    old.with_c_str(&mut |old| {
        at_path(CWD, &new, |dir, new| call(dir, old.as_ptr() as usize, new))
    })?;
    Ok(())
}
