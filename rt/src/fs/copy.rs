//! Bytes from one file to another without a way through this process.

use crate::arch::{nr, syscall};
use crate::errno::{Result, check};
use crate::io::{AsFd, retry};

/// Copies up to `length` bytes from an offset of one regular file to the cursor of another
/// (`man 2 copy_file_range`), by sharing them where the file system can; gives back how many,
/// 0 at the end.
///
/// # Errors
/// `EXDEV`, `EINVAL`, `EOPNOTSUPP`: not between these two; `EBADF`: also where the target is
/// open for appending.
#[inline]
pub fn copy_file_range(
    from: impl AsFd,
    offset: u64,
    to: impl AsFd,
    length: usize,
) -> Result<usize> {
    let mut at = offset as i64;
    let args = [from.as_fd().word(), (&raw mut at) as usize, to.as_fd().word(), 0, length, 0];
    // SAFETY: one offset is read and written, which is ours.
    retry(|| check(unsafe { syscall(nr::COPY_FILE_RANGE, args) }))
}

/// Copies up to `length` bytes from an offset of a file that can be mapped to anything that
/// can be written to (`man 2 sendfile`); gives back how many, 0 at the end.
///
/// # Errors
/// `EINVAL`: not from or not to such a file; `EAGAIN`: the target is full and does not wait.
#[inline]
pub fn sendfile(to: impl AsFd, from: impl AsFd, offset: u64, length: usize) -> Result<usize> {
    let mut at = offset as i64;
    let args = [to.as_fd().word(), from.as_fd().word(), (&raw mut at) as usize, length];
    // SAFETY: one offset is read and written, which is ours.
    retry(|| check(unsafe { syscall(nr::SENDFILE, args) }))
}
