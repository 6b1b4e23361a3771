//! The size of a file, its space, and its way to the device.

use super::{Path, with_path};
use crate::arch::{nr, syscall};
use crate::bits::bits;
use crate::errno::{Result, check};
use crate::io::{AsFd, retry};

/// Sets the size of the file at this path (`man 2 truncate`).
///
/// # Errors
/// Those of the manual page; `EINVAL` also for a size beyond `i64::MAX`.
#[inline]
pub fn truncate(path: impl Path, size: u64) -> Result<()> {
    with_path(path.as_path(), &mut |path| {
        // SAFETY: no memory of this process is involved but a mapping of the file, whose
        // contract `Input` and `Mapping` tell.
        retry(|| check(unsafe { syscall(nr::TRUNCATE, [path, size as usize]) }))
    })?;
    Ok(())
}

/// Sets the size of an open file (`man 2 ftruncate`).
///
/// # Errors
/// Those of the manual page; `EINVAL` also for a size beyond `i64::MAX`, and where the file
/// isn't open for writing.
#[inline]
pub fn ftruncate(fd: impl AsFd, size: u64) -> Result<()> {
    let fd = fd.as_fd().word();
    // SAFETY: as for `truncate`.
    retry(|| check(unsafe { syscall(nr::FTRUNCATE, [fd, size as usize]) }))?;
    Ok(())
}

bits! {
    /// What [`fallocate`] does; 0 is: take the space, and make the file longer if it must be.
    FallocateMode(u32);
    /// The file becomes no longer.
    FALLOC_FL_KEEP_SIZE = 0x1;
    /// Gives the space back: a hole; only together with `FALLOC_FL_KEEP_SIZE`.
    FALLOC_FL_PUNCH_HOLE = 0x2;
    /// Takes the range out, the rest moves down.
    FALLOC_FL_COLLAPSE_RANGE = 0x8;
    /// Makes the range zeros without writing them.
    FALLOC_FL_ZERO_RANGE = 0x10;
    /// Puts a hole in, the rest moves up.
    FALLOC_FL_INSERT_RANGE = 0x20;
    /// Gives shared space its own copy.
    FALLOC_FL_UNSHARE_RANGE = 0x40;
}

/// Takes or gives back the space of a range of a file (`man 2 fallocate`), in bytes.
///
/// # Errors
/// Those of the manual page: `EOPNOTSUPP` where the file system can't, `ENOSPC`, `EFBIG`;
/// `EINVAL` also for a range beyond `i64::MAX`.
#[inline]
pub fn fallocate(fd: impl AsFd, mode: FallocateMode, offset: u64, length: u64) -> Result<()> {
    let args = [fd.as_fd().word(), mode.0 as usize, offset as usize, length as usize];
    // SAFETY: as for `truncate`.
    retry(|| check(unsafe { syscall(nr::FALLOCATE, args) }))?;
    Ok(())
}

/// Returns when data and inode of the file are on the device (`man 2 fsync`).
#[inline]
pub fn fsync(fd: impl AsFd) -> Result<()> {
    let fd = fd.as_fd().word();
    // SAFETY: no memory is involved.
    retry(|| check(unsafe { syscall(nr::FSYNC, [fd]) }))?;
    Ok(())
}

/// As [`fsync`], without what isn't needed to read the data again, such as times.
#[inline]
pub fn fdatasync(fd: impl AsFd) -> Result<()> {
    let fd = fd.as_fd().word();
    // SAFETY: no memory is involved.
    retry(|| check(unsafe { syscall(nr::FDATASYNC, [fd]) }))?;
    Ok(())
}
