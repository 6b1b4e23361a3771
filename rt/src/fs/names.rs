//! Names of files: links, renaming, removing, and whether one may use what they name.

use super::{CWD, Path, PathBytes, at_path, with_path};
use crate::arch::{nr, syscall};
use crate::bits::bits;
use crate::errno::{Errno, Result, check};
use crate::io::{AsFd, retry};

/// What a symbolic link points to (`man 2 readlink`), in as much of the buffer as it needs.
///
/// # Errors
/// Those of the manual page; `ENAMETOOLONG` where the buffer is full, since the kernel cuts
/// off without a word. [`PATH_MAX`] bytes are always enough.
#[inline]
pub fn readlink(path: impl Path, buffer: &mut [u8]) -> Result<&[u8]> {
    readlinkat(CWD, path, buffer)
}

/// As [`readlink`], from this directory on.
#[inline]
pub fn readlinkat(dir: impl AsFd, path: impl Path, buffer: &mut [u8]) -> Result<&[u8]> {
    let (at, len) = (buffer.as_mut_ptr() as usize, buffer.len());
    // SAFETY: the kernel writes at most `len` bytes into a buffer that is ours.
    let used = unsafe { at_path(nr::READLINKAT, dir.as_fd(), path.as_path(), at, len, 0) }?;
    buffer.get(..used).filter(|_| used < len).ok_or(Errno::ENAMETOOLONG)
}

bits! {
    /// What [`access`] asks for; 0 is: whether there is such a file.
    Access(u32);
    /// Execution, or passing through a directory.
    X_OK = 1;
    /// Writing.
    W_OK = 2;
    /// Reading.
    R_OK = 4;
}

/// Whether the real user may do that with the file (`man 2 access`): an error tells why not.
#[inline]
pub fn access(path: impl Path, wanted: Access) -> Result<()> {
    // SAFETY: the kernel only looks.
    unsafe { at_path(nr::FACCESSAT, CWD, path.as_path(), wanted.0 as usize, 0, 0) }?;
    Ok(())
}

/// Removes a name, and the file when that was the last one (`man 2 unlink`).
#[inline]
pub fn unlink(path: impl Path) -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { at_path(nr::UNLINKAT, CWD, path.as_path(), 0, 0, 0) }?;
    Ok(())
}

/// Makes a symbolic link at `path` that points to `target` (`man 2 symlink`).
#[inline]
pub fn symlink(target: impl Path, path: impl Path) -> Result<()> {
    two_paths(nr::SYMLINKAT, target.as_path(), path.as_path())
}

/// Gives a file a second name (`man 2 link`); a symbolic link is linked itself.
#[inline]
pub fn link(old: impl Path, new: impl Path) -> Result<()> {
    two_paths(nr::LINKAT, old.as_path(), new.as_path())
}

/// Gives a file another name, over a file that has it already (`man 2 rename`).
#[inline]
pub fn rename(old: impl Path, new: impl Path) -> Result<()> {
    two_paths(nr::RENAMEAT2, old.as_path(), new.as_path())
}

/// Makes one of these calls, without flags.
#[inline]
fn two_paths(number: usize, old: PathBytes, new: PathBytes) -> Result<()> {
    let dir = CWD.word();
    with_path(old, &mut |old| {
        with_path(new, &mut |new| {
            // What a symbolic link points to is no path from somewhere on.
            let is_symlink = number == nr::SYMLINKAT;
            let args = if is_symlink { [old, dir, new, 0, 0] } else { [dir, old, dir, new, 0] };
            // SAFETY: the kernel only reads the two strings.
            retry(|| check(unsafe { syscall(number, args) }))
        })
    })?;
    Ok(())
}
