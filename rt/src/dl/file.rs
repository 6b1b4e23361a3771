//! The files that a loader looks at.

use super::image::Fault;
use super::search::Why;
use crate::arch::PAGE;
use crate::elf::Source;
use crate::errno::{Errno, Result};
use crate::fmt::{Put, dec};
use crate::fs::{DT_DIR, DT_REG, Mode, O_NONBLOCK, O_PATH, O_RDONLY, fstat, open, readlink, stat};
use crate::io::{AsFd, BufWriter, OwnedFd, Write};
use crate::mm::{MAP_PRIVATE, PROT_READ, mmap, munmap};
use core::ptr::NonNull;

/// Which file it is, whatever it is called: device and inode.
pub type Identity = (u64, u64);

/// Bytes of a file that can be looked at until they are given back.
pub trait Contents: Source + Copy {
    /// Gives them back: nobody looks at them any more.
    fn release(self);
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
            _ => return Err(Fault::Bad("not a regular file")),
        }
        let size = usize::try_from(stat.st_size).unwrap_or(0);
        if size == 0 {
            return Err(Fault::Bad("the file is empty"));
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
}

/// Bytes in memory, for tests and for fuzzing.
impl Contents for &[u8] {
    #[inline]
    fn release(self) {}
}

/// All of a small file, such as a cache or a path file; none where there is no such file.
#[inline]
pub fn read(path: &[u8]) -> Option<FileMap> {
    FileMap::open(path).ok().map(|(file, _)| file)
}

/// Whether there is a directory of this name.
#[inline]
pub fn is_directory(path: &[u8]) -> bool {
    stat(path).is_ok_and(|stat| stat.file_type() == DT_DIR)
}

/// The path of a file without symbolic links; as it was given where /proc doesn't tell.
#[inline]
pub fn real_path<'b>(path: &'b [u8], buffer: &'b mut [u8]) -> &'b [u8] {
    let real = (|| {
        let file = open(path, O_PATH, Mode(0))?;
        let mut link = Text::<32>::new();
        link.put(&[&"/proc/self/fd/", &dec(file.as_fd().number().unsigned_abs())]);
        Ok::<_, Errno>(readlink(link.bytes(), buffer)?.len())
    })();
    real.ok().and_then(|length| buffer.get(..length)).unwrap_or(path)
}

/// A text of less than `N` bytes, behind which is a zero; what is longer is cut off.
pub struct Text<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Text<N> {
    /// An empty one.
    #[inline]
    pub const fn new() -> Self {
        Text { bytes: [0; N], length: 0 }
    }

    /// Takes all away.
    #[inline]
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// Adds these bytes.
    #[inline]
    pub fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let [place, end, ..] = self.bytes.get_mut(self.length..).unwrap_or_default() else {
                return;
            };
            (*place, *end) = (byte, 0);
            self.length += 1;
        }
    }

    /// Adds these items.
    #[inline]
    pub fn put(&mut self, items: &[&dyn Put]) {
        let mut buffer = [0; 64];
        let mut out = BufWriter::new(&mut buffer, self);
        items.put(&mut out);
        let _ = out.flush();
    }

    /// What is there.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl<const N: usize> Default for Text<N> {
    #[inline]
    fn default() -> Self {
        Text::new()
    }
}

impl<const N: usize> Write for Text<N> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.add(bytes);
        Ok(bytes.len())
    }
}
