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
pub fn readlink(path: impl Path, buffer: &mut [u8]) -> Result<&[u8]> {
    readlinkat(CWD, path, buffer)
}

/// As [`readlink`], from this directory on.
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
pub fn access(path: impl Path, wanted: Access) -> Result<()> {
    // SAFETY: the kernel only looks.
    unsafe { at_path(nr::FACCESSAT, CWD, path.as_path(), wanted.0 as usize, 0, 0) }?;
    Ok(())
}

/// Removes a name, and the file when that was the last one (`man 2 unlink`).
pub fn unlink(path: impl Path) -> Result<()> {
    // SAFETY: no memory is involved.
    unsafe { at_path(nr::UNLINKAT, CWD, path.as_path(), 0, 0, 0) }?;
    Ok(())
}

/// Makes a symbolic link at `path` that points to `target` (`man 2 symlink`).
pub fn symlink(target: impl Path, path: impl Path) -> Result<()> {
    two_paths(target.as_path(), path.as_path(), &mut |target, dir, path| {
        // SAFETY: the kernel only reads the two strings.
        unsafe { syscall(nr::SYMLINKAT, [target, dir, path]) }
    })
}

/// Gives a file a second name (`man 2 link`); a symbolic link is linked itself.
pub fn link(old: impl Path, new: impl Path) -> Result<()> {
    two_paths(old.as_path(), new.as_path(), &mut |old, dir, new| {
        // SAFETY: the kernel only reads the two strings.
        unsafe { syscall(nr::LINKAT, [dir, old, dir, new, 0]) }
    })
}

/// Gives a file another name, over a file that has it already (`man 2 rename`).
pub fn rename(old: impl Path, new: impl Path) -> Result<()> {
    two_paths(old.as_path(), new.as_path(), &mut |old, dir, new| {
        // SAFETY: the kernel only reads the two strings.
        unsafe { syscall(nr::RENAMEAT2, [dir, old, dir, new, 0]) }
    })
}

/// Makes a call that takes two paths and the current directory.
fn two_paths(
    old: PathBytes,
    new: PathBytes,
    call: &mut dyn FnMut(usize, usize, usize) -> isize,
) -> Result<()> {
    with_path(old, &mut |old| {
        with_path(new, &mut |new| retry(|| check(call(old, CWD.word(), new))))
    })?;
    Ok(())
}
