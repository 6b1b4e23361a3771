//! The files that a loader looks at.

use super::image::Fault;
use super::search::Why;
use crate::arch::PAGE;
use crate::elf::Source;
use crate::errno::Errno;
use crate::fmt::dec;
use crate::fs::{DT_DIR, DT_REG, Mode, O_NONBLOCK, O_RDONLY, fstat, open, readlink, stat};
use crate::io::{AsFd, BufWriter, OwnedFd, stderr};
use crate::mm::{MAP_PRIVATE, PROT_READ, mmap, munmap};
use core::ptr::NonNull;

/// Which file it is, whatever it is called: device and inode.
pub type Identity = (u64, u64);

/// Bytes of a file that can be looked at until they are given back.
pub trait Contents: Source + Copy {
    /// Gives them back: nobody looks at them any more.
    fn release(self);

    /// The path of its file without symbolic links, where the kernel tells it.
    fn real_path<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b [u8]>;
}

/// Opens files for a plan.
pub trait Files {
    /// What an open file is.
    type File: Contents;

    /// Opens the file at this path.
    ///
    /// # Errors
    /// That it isn't there, or can't be read.
    fn open(&mut self, path: &[u8]) -> core::result::Result<(Self::File, Identity), Fault>;

    /// Whether there is such a directory.
    fn is_directory(&mut self, path: &[u8]) -> bool;

    /// Is told of each place that was looked at for a library, and whether it was there.
    fn tried(&mut self, name: &[u8], path: &[u8], why: Why, fault: Option<Fault>);
}

/// A file that is mapped as a whole, for reading only; [`map`](super::map) makes an image
/// in memory of it in the same place.
///
/// As with every loader, who cuts the file short meanwhile takes pages away; what was so
/// short from the beginning is noticed.
#[derive(Clone, Copy)]
pub struct FileMap {
    pub(super) start: NonNull<u8>,
    /// In bytes: the file's size.
    pub(super) size: usize,
    /// Open until the file is released.
    pub(super) fd: i32,
}

impl FileMap {
    /// Maps a regular file.
    ///
    /// # Errors
    /// Those of `man 2 open` and `man 2 mmap`; that it is empty, or no regular file.
    #[inline]
    pub fn open(path: &[u8]) -> core::result::Result<(FileMap, Identity), Fault> {
        // A FIFO is refused, not waited for.
        let file = open(path, O_RDONLY | O_NONBLOCK, Mode(0))?;
        let stat = fstat(&file)?;
        match stat.file_type() {
            DT_REG => {}
            DT_DIR => return Err(Fault::Os(Errno::EISDIR)),
            _ => return Err(Fault::Bad(crate::text!("not a regular file"))),
        }
        let size = usize::try_from(stat.st_size).unwrap_or(0);
        if size == 0 {
            return Err(Fault::Bad(crate::text!("the file is empty")));
        }
        let fd = Some(file.as_fd());
        // SAFETY: nothing is mapped over.
        let start = unsafe { mmap(0, size, PROT_READ, MAP_PRIVATE, fd, 0) }?;
        let fd = OwnedFd::from(file).into_number();
        Ok((FileMap { start, size, fd }, (stat.st_dev, stat.st_ino)))
    }

    /// How many bytes are mapped: whole pages.
    #[inline]
    pub(super) fn mapped(&self) -> usize {
        self.size.next_multiple_of(PAGE)
    }
}

impl Source for FileMap {
    #[inline]
    fn get(&self, offset: u64, size: u64) -> Option<&[u8]> {
        let end = offset.checked_add(size)?;
        if end > self.size as u64 {
            return None;
        }
        // SAFETY: within the mapping, which is only read until it is released, and within the
        // file as it was when it was mapped.
        unsafe {
            let start = self.start.add(offset as usize);
            Some(NonNull::slice_from_raw_parts(start, size as usize).as_ref())
        }
    }

    #[inline]
    fn size(&self) -> u64 {
        self.size as u64
    }
}

impl Contents for FileMap {
    #[inline]
    fn release(self) {
        // SAFETY: nobody looks at it any more.
        let _ = unsafe { munmap(self.start, self.size) };
        self.close();
    }

    #[inline]
    fn real_path<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        // There is room for any number: nothing comes out on standard error.
        let (mut link, mut rest) = ([0; 32], stderr());
        let mut out = BufWriter::new(&mut link, &mut rest);
        crate::put!(&mut out, "/proc/self/fd/", dec(self.fd.unsigned_abs()));
        let left = out.rest().len();
        readlink(link.get(..link.len() - left)?, buffer).ok()
    }
}

/// Bytes in memory, for tests and for fuzzing.
impl Contents for &[u8] {
    #[inline]
    fn release(self) {}

    #[inline]
    fn real_path<'b>(&self, _: &'b mut [u8]) -> Option<&'b [u8]> {
        None
    }
}

/// Whether there is a directory of this name.
#[inline]
pub fn is_directory(path: &[u8]) -> bool {
    stat(path).is_ok_and(|stat| stat.file_type() == DT_DIR)
}
