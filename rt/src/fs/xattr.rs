//! Extended attributes.

use super::{AT_SYMLINK_NOFOLLOW, AtFlags, Path, with_path};
use crate::arch::{nr, syscall};
use crate::errno::{Result, check};
use crate::io::{AsFd, retry};

/// The value of an extended attribute of the file at this path (`man 2 getxattr`), as far as
/// it fits into the buffer; `AT_SYMLINK_NOFOLLOW` is for that of a symbolic link itself.
///
/// # Errors
/// `ENODATA`: there is no such attribute. `ERANGE`: the buffer is too small for the value.
/// `EOPNOTSUPP`: the file system has none.
#[inline]
pub fn getxattr(
    path: impl Path,
    flags: AtFlags,
    name: impl Path,
    buffer: &mut [u8],
) -> Result<&[u8]> {
    let number = if flags == AT_SYMLINK_NOFOLLOW { nr::LGETXATTR } else { nr::GETXATTR };
    let (at, len) = (buffer.as_mut_ptr() as usize, buffer.len());
    let used = with_path(path.as_path(), &mut |path| {
        with_path(name.as_path(), &mut |name| {
            // SAFETY: the kernel reads two strings and writes at most `len` bytes into a
            // buffer that is ours.
            retry(|| check(unsafe { syscall(number, [path, name, at, len]) }))
        })
    })?;
    Ok(buffer.get(..used).unwrap_or_default())
}

/// As [`getxattr`], of an open file (`man 2 fgetxattr`).
#[inline]
pub fn fgetxattr(fd: impl AsFd, name: impl Path, buffer: &mut [u8]) -> Result<&[u8]> {
    let (fd, at, len) = (fd.as_fd().word(), buffer.as_mut_ptr() as usize, buffer.len());
    let used = with_path(name.as_path(), &mut |name| {
        // SAFETY: as above.
        retry(|| check(unsafe { syscall(nr::FGETXATTR, [fd, name, at, len]) }))
    })?;
    Ok(buffer.get(..used).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errno::Errno;

    #[test]
    fn what_is_not_there() {
        let mut buffer = [0; 8];
        let none = [Errno::ENODATA, Errno::EOPNOTSUPP];
        let error = getxattr("/proc/self/exe", AtFlags(0), "user.rt-none", &mut buffer).err();
        assert!(error.is_some_and(|error| none.contains(&error)), "{error:?}");
        let error = getxattr("/nonexistent", AT_SYMLINK_NOFOLLOW, "user.x", &mut buffer).err();
        assert_eq!(error, Some(Errno::ENOENT));
        let file = crate::fs::open("/proc/self/exe", crate::fs::O_RDONLY, crate::fs::Mode(0));
        let error = fgetxattr(file.unwrap(), "user.rt-none", &mut buffer).err();
        assert!(error.is_some_and(|error| none.contains(&error)), "{error:?}");
    }
}
