//! Opening files, and what can be changed of an open one.

use super::{CWD, Path, PathBytes, at_path};
use crate::arch::{nr, open as arch_open, syscall};
use crate::bits::bits;
use crate::errno::{Result, check};
use crate::io::{AsFd, BorrowedFd, OwnedFd};

bits! {
    /// How a file is opened (`man 2 open`).
    OpenFlags(u32);
    /// For reading.
    O_RDONLY = 0;
    /// For writing.
    O_WRONLY = 0o1;
    /// For reading and writing.
    O_RDWR = 0o2;
    /// The two bits that hold the three above.
    O_ACCMODE = 0o3;
    /// Creates the file if there is none.
    O_CREAT = 0o100;
    /// With `O_CREAT`: fails with EEXIST if there is one.
    O_EXCL = 0o200;
    /// A terminal does not become the controlling one.
    O_NOCTTY = 0o400;
    /// A regular file is cut to length 0.
    O_TRUNC = 0o1000;
    /// Each write goes to the end.
    O_APPEND = 0o2000;
    /// Neither opening nor I/O waits: EAGAIN instead.
    O_NONBLOCK = 0o4000;
    /// A write returns when its data are on the device.
    O_DSYNC = 0o10000;
    /// A signal tells when I/O is possible.
    O_ASYNC = 0o20000;
    /// Past the page cache.
    O_DIRECT = arch_open::O_DIRECT;
    /// Files over 2 GiB; always so on 64 bits.
    O_LARGEFILE = arch_open::O_LARGEFILE;
    /// Fails with ENOTDIR if it is no directory.
    O_DIRECTORY = arch_open::O_DIRECTORY;
    /// Fails with ELOOP if it is a symbolic link.
    O_NOFOLLOW = arch_open::O_NOFOLLOW;
    /// Reading doesn't change the time of last access.
    O_NOATIME = 0o1000000;
    /// Closed by execve; [`openat`] always adds it.
    O_CLOEXEC = 0o2000000;
    /// A write returns when data and inode are on the device.
    O_SYNC = 0o4010000;
    /// A handle on a place in the tree only, no I/O.
    O_PATH = 0o10000000;
    /// A file without a name in the directory that the path names.
    O_TMPFILE = 0o20000000 | arch_open::O_DIRECTORY;
}

bits! {
    /// Permissions of a file (`man 7 inode`).
    Mode(u32);
    /// Owner: read, write and execute.
    S_IRWXU = 0o700;
    /// Owner: read.
    S_IRUSR = 0o400;
    /// Owner: write.
    S_IWUSR = 0o200;
    /// Owner: execute.
    S_IXUSR = 0o100;
    /// Group: read, write and execute.
    S_IRWXG = 0o070;
    /// Group: read.
    S_IRGRP = 0o040;
    /// Group: write.
    S_IWGRP = 0o020;
    /// Group: execute.
    S_IXGRP = 0o010;
    /// Others: read, write and execute.
    S_IRWXO = 0o007;
    /// Others: read.
    S_IROTH = 0o004;
    /// Others: write.
    S_IWOTH = 0o002;
    /// Others: execute.
    S_IXOTH = 0o001;
    /// Runs as the file's owner.
    S_ISUID = 0o4000;
    /// Runs as the file's group.
    S_ISGID = 0o2000;
    /// In this directory only a file's owner may delete it.
    S_ISVTX = 0o1000;
}

/// An open file; closed when it is dropped.
#[derive(PartialEq, Eq)]
pub struct File(OwnedFd);

impl From<OwnedFd> for File {
    fn from(fd: OwnedFd) -> File {
        File(fd)
    }
}

impl From<File> for OwnedFd {
    fn from(file: File) -> OwnedFd {
        file.0
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Opens a file (`man 2 open`); the mode counts where it is created.
///
/// # Errors
/// Those of the manual page; `EINVAL`, `ENAMETOOLONG` as [`Path`] says.
#[inline]
pub fn open(path: impl Path, flags: OpenFlags, mode: Mode) -> Result<File> {
    open_at(CWD, path.as_path(), flags, mode)
}

/// As [`open`], from this directory on.
#[inline]
pub fn openat(dir: impl AsFd, path: impl Path, flags: OpenFlags, mode: Mode) -> Result<File> {
    open_at(dir.as_fd(), path.as_path(), flags, mode)
}

// Once for all kinds of directories and paths.
#[inline(never)]
fn open_at(dir: BorrowedFd, path: PathBytes, flags: OpenFlags, mode: Mode) -> Result<File> {
    let (flags, mode) = ((flags | O_CLOEXEC).0 as usize, mode.0 as usize);
    // SAFETY: gives a new descriptor, disturbs none.
    let fd = unsafe { at_path(nr::OPENAT, dir, path, flags, mode, 0) }?;
    // SAFETY: it is new, nobody else has it.
    Ok(File(unsafe { OwnedFd::new(fd as i32) }))
}

/// As [`openat`], with this directory as the root of the tree: neither `..`, nor a symbolic
/// link, nor a path that begins with a slash leads out of it (`man 2 openat2`,
/// `RESOLVE_IN_ROOT`).
///
/// # Errors
/// Also `ENOSYS` before Linux 5.6.
pub fn open_in_root(root: impl AsFd, path: impl Path, flags: OpenFlags) -> Result<File> {
    const RESOLVE_IN_ROOT: u64 = 0x10;
    // `struct open_how` of <linux/openat2.h>: flags, mode, resolve.
    let how = [u64::from((flags | O_CLOEXEC).0), 0, RESOLVE_IN_ROOT];
    let (at, len) = (how.as_ptr() as usize, size_of_val(&how));
    // SAFETY: gives a new descriptor, disturbs none; the kernel reads `how`.
    let fd = unsafe { at_path(nr::OPENAT2, root.as_fd(), path.as_path(), at, len, 0) }?;
    // SAFETY: it is new, nobody else has it.
    Ok(File(unsafe { OwnedFd::new(fd as i32) }))
}

/// How the file was opened, as far as it is remembered (`F_GETFL`, `man 2 fcntl`).
#[inline]
pub fn fcntl_getfl(fd: impl AsFd) -> Result<OpenFlags> {
    const F_GETFL: usize = 3;
    // SAFETY: no memory is involved.
    let flags = check(unsafe { syscall(nr::FCNTL, [fd.as_fd().word(), F_GETFL]) })?;
    Ok(OpenFlags(flags as u32))
}

/// Changes `O_APPEND`, `O_ASYNC`, `O_DIRECT`, `O_NOATIME`, `O_NONBLOCK` of an open file, for
/// everybody who shares it (`F_SETFL`, `man 2 fcntl`).
pub fn fcntl_setfl(fd: impl AsFd, flags: OpenFlags) -> Result<()> {
    const F_SETFL: usize = 4;
    // SAFETY: no memory is involved.
    check(unsafe { syscall(nr::FCNTL, [fd.as_fd().word(), F_SETFL, flags.0 as usize]) })?;
    Ok(())
}

/// A second descriptor for the same open file, the lowest free number from `lowest` on
/// (`F_DUPFD_CLOEXEC`, `man 2 fcntl`).
pub fn fcntl_dupfd_cloexec(fd: impl AsFd, lowest: u32) -> Result<OwnedFd> {
    const F_DUPFD_CLOEXEC: usize = 1030;
    let args = [fd.as_fd().word(), F_DUPFD_CLOEXEC, lowest as usize];
    // SAFETY: gives a new descriptor, disturbs none.
    let fd = check(unsafe { syscall(nr::FCNTL, args) })?;
    // SAFETY: it is new, nobody else has it.
    Ok(unsafe { OwnedFd::new(fd as i32) })
}
