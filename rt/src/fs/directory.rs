//! The entries of directories: [`getdents64`].

use super::FileType;
use crate::arch::{nr, syscall};
use crate::errno::{Result, check};
use crate::io::AsFd;
use core::ffi::CStr;

/// Reads entries of an open directory, as many as fit into the buffer (`man 2 getdents64`);
/// none at its end. 32 KiB is what others use; one entry needs up to 280 bytes.
///
/// ```no_run
/// # fn list() -> rt::Result<()> {
/// use rt::fs::{Mode, O_DIRECTORY, getdents64, open};
/// let dir = open("/proc/self/fd", O_DIRECTORY, Mode(0))?;
/// let mut buffer = [0; 4096];
/// loop {
///     let entries = getdents64(&dir, &mut buffer)?;
///     if entries.is_empty() {
///         return Ok(());
///     }
///     for entry in entries {
///         // entry.name, entry.file_type
///     }
/// }
/// # }
/// ```
///
/// # Errors
/// `EINVAL`: not even one entry fits; `ENOTDIR`; `ENOENT`: the directory was removed.
pub fn getdents64(dir: impl AsFd, buffer: &mut [u8]) -> Result<Entries<'_>> {
    let (at, len) = (buffer.as_mut_ptr() as usize, buffer.len());
    // SAFETY: the kernel writes at most `len` bytes into a buffer that is ours.
    let used = check(unsafe { syscall(nr::GETDENTS64, [dir.as_fd().word(), at, len]) })?;
    Ok(Entries { bytes: buffer.get(..used).unwrap_or_default() })
}

/// Entries of a directory, from one [`getdents64`].
#[derive(Clone)]
pub struct Entries<'a> {
    bytes: &'a [u8],
}

/// An entry of a directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry<'a> {
    /// The name, `.` and `..` too.
    pub name: &'a CStr,
    /// Inode number.
    pub ino: u64,
    /// The kind of file, [`DT_UNKNOWN`] where the file system doesn't say.
    pub file_type: FileType,
    /// Where in the directory the next entry is, for [`Seek`](crate::io::Seek).
    pub offset: i64,
}

impl Entries<'_> {
    /// Whether there are no more.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        // struct linux_dirent64: d_ino, d_off, d_reclen, d_type, then d_name up to d_reclen.
        let bytes = core::mem::take(&mut self.bytes);
        let (ino, rest) = bytes.split_first_chunk()?;
        let (offset, rest) = rest.split_first_chunk()?;
        let (length, _) = rest.split_first_chunk()?;
        let (entry, rest) = bytes.split_at_checked(u16::from_ne_bytes(*length).into())?;
        let name = CStr::from_bytes_until_nul(entry.get(19..)?).ok()?;
        self.bytes = rest;
        Some(Entry {
            name,
            ino: u64::from_ne_bytes(*ino),
            file_type: FileType(*entry.get(18)?),
            offset: i64::from_ne_bytes(*offset),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::DT_REG;

    #[test]
    fn damaged_directory_entries_end_the_list() {
        let mut entry = [0; 24];
        entry[16] = 24;
        entry[18] = DT_REG.0;
        entry[19] = b'x';
        let good = Entries { bytes: &entry }.next().unwrap();
        assert_eq!((good.name, good.file_type), (c"x", DT_REG));
        for end in 0..24 {
            assert_eq!(Entries { bytes: &entry[..end] }.next(), None);
        }
        entry[16..18].copy_from_slice(&[0, 0]);
        assert_eq!(Entries { bytes: &entry }.next(), None);
        entry[16] = 24;
        entry[19..].fill(b'x');
        assert_eq!(Entries { bytes: &entry }.next(), None);
    }
}
