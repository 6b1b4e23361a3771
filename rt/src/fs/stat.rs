//! What is known of a file: [`stat`] and its relatives.

use super::{AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW, AtFlags, CWD, Mode, Path, PathBytes, at_path};
use crate::arch::nr;
use crate::errno::Result;
use crate::io::{AsFd, BorrowedFd};
use core::mem::MaybeUninit;

pub use crate::arch::Stat;

/// What kind of file it is: `st_mode >> 12`, the numbers of `d_type` (`man 3 readdir`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileType(pub u8);

/// The file system doesn't tell in its directory.
pub const DT_UNKNOWN: FileType = FileType(0);
/// Named pipe.
pub const DT_FIFO: FileType = FileType(1);
/// Character device.
pub const DT_CHR: FileType = FileType(2);
/// Directory.
pub const DT_DIR: FileType = FileType(4);
/// Block device.
pub const DT_BLK: FileType = FileType(6);
/// Regular file.
pub const DT_REG: FileType = FileType(8);
/// Symbolic link.
pub const DT_LNK: FileType = FileType(10);
/// Socket.
pub const DT_SOCK: FileType = FileType(12);

impl Stat {
    /// Directory, regular file ...
    pub const fn file_type(&self) -> FileType {
        FileType((self.st_mode >> 12) as u8 & 15)
    }

    /// The permissions.
    pub const fn mode(&self) -> Mode {
        Mode(self.st_mode & 0o7777)
    }
}

/// What is known of the file at this path; of a symbolic link's target (`man 2 stat`).
#[inline]
pub fn stat(path: impl Path) -> Result<Stat> {
    stat_at(CWD, path.as_path(), AtFlags(0))
}

/// As [`stat`], but of a symbolic link itself.
#[inline]
pub fn lstat(path: impl Path) -> Result<Stat> {
    stat_at(CWD, path.as_path(), AT_SYMLINK_NOFOLLOW)
}

/// What is known of an open file (`man 2 fstat`).
#[inline]
pub fn fstat(fd: impl AsFd) -> Result<Stat> {
    stat_at(fd.as_fd(), c"".as_path(), AT_EMPTY_PATH)
}

/// What is known of the file at this path from a directory on (`man 2 fstatat`).
#[inline]
pub fn fstatat(dir: impl AsFd, path: impl Path, flags: AtFlags) -> Result<Stat> {
    stat_at(dir.as_fd(), path.as_path(), flags)
}

// Once for all kinds of directories and paths.
#[inline(never)]
fn stat_at(dir: BorrowedFd, path: PathBytes, flags: AtFlags) -> Result<Stat> {
    let mut stat = MaybeUninit::<Stat>::uninit();
    let out = stat.as_mut_ptr() as usize;
    // SAFETY: the kernel writes one `struct stat`.
    unsafe { at_path(nr::NEWFSTATAT, dir, path, out, flags.0 as usize, 0) }?;
    // SAFETY: the kernel filled it.
    Ok(unsafe { stat.assume_init() })
}
