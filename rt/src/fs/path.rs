//! Paths on the way to the kernel, and the calls that take them.

use crate::arch::syscall;
use crate::bits::bits;
use crate::errno::{Errno, Result, check};
use crate::io::{BorrowedFd, retry};
use crate::row::find;
use core::ffi::CStr;
use core::mem::MaybeUninit;

/// The longest path, with its final zero byte (`include/uapi/linux/limits.h`).
pub const PATH_MAX: usize = 4096;

/// Stands for the current directory where a function takes a directory (`AT_FDCWD`).
// SAFETY: BorrowedFd::new names it as an exception.
pub const CWD: BorrowedFd<'static> = unsafe { BorrowedFd::new(-100) };

/// What names a file: `&CStr` as it is, `&str` and `&[u8]` by a copy on the stack.
///
/// As such it may be refused: `EINVAL`: there is a zero byte in it; `ENAMETOOLONG`:
/// [`PATH_MAX`] bytes or more.
pub trait Path {
    /// Its bytes.
    fn as_path(&self) -> PathBytes<'_>;
}

/// The bytes of a [`Path`].
#[derive(Clone, Copy)]
pub enum PathBytes<'a> {
    /// As the kernel takes them.
    Terminated(&'a CStr),
    /// Without a zero byte.
    Bare(&'a [u8]),
}

impl Path for CStr {
    #[inline]
    fn as_path(&self) -> PathBytes<'_> {
        PathBytes::Terminated(self)
    }
}

impl Path for [u8] {
    #[inline]
    fn as_path(&self) -> PathBytes<'_> {
        PathBytes::Bare(self)
    }
}

impl<const N: usize> Path for [u8; N] {
    #[inline]
    fn as_path(&self) -> PathBytes<'_> {
        PathBytes::Bare(self)
    }
}

impl Path for str {
    #[inline]
    fn as_path(&self) -> PathBytes<'_> {
        PathBytes::Bare(self.as_bytes())
    }
}

impl<T: Path + ?Sized> Path for &T {
    #[inline]
    fn as_path(&self) -> PathBytes<'_> {
        (**self).as_path()
    }
}

/// Calls with the address of a path as the kernel takes it.
// Not generic: paths of all kinds go through the same code.
#[inline(never)]
pub(super) fn with_path(path: PathBytes, call: Call) -> Result<usize> {
    match path {
        PathBytes::Terminated(path) => call(path.as_ptr() as usize),
        // A small frame for most: each further page of stack is a page fault.
        PathBytes::Bare(path) if path.len() < 256 => copied::<256>(path, call),
        PathBytes::Bare(path) => copied::<PATH_MAX>(path, call),
    }
}

/// What is called with an address.
pub(super) type Call<'a> = &'a mut dyn FnMut(usize) -> Result<usize>;

#[inline(never)]
fn copied<const N: usize>(path: &[u8], call: Call) -> Result<usize> {
    with_zero(path, &mut [const { MaybeUninit::uninit() }; N], call)
}

/// Calls with a copy in a buffer, with a zero behind it.
#[inline]
fn with_zero(path: &[u8], buffer: &mut [MaybeUninit<u8>], call: Call) -> Result<usize> {
    if path.len() >= buffer.len() {
        return Err(Errno::ENAMETOOLONG);
    }
    if find(path, 0).is_some() {
        return Err(Errno::EINVAL);
    }
    let to = buffer.as_mut_ptr().cast::<u8>();
    // SAFETY: there is room for the path and a zero behind it.
    unsafe {
        to.copy_from_nonoverlapping(path.as_ptr(), path.len());
        to.add(path.len()).write(0);
    }
    call(to as usize)
}

/// Makes a call that takes a directory, a path, and three words, until no signal
/// interrupts it.
///
/// # Safety
/// As for [`syscall`]. The path is a string.
#[inline(never)]
pub(super) unsafe fn at_path(
    number: usize,
    dir: BorrowedFd,
    path: PathBytes,
    a: usize,
    b: usize,
    c: usize,
) -> Result<usize> {
    with_path(path, &mut |path| {
        // SAFETY: the caller's promise.
        retry(|| check(unsafe { syscall(number, [dir.word(), path, a, b, c]) }))
    })
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
