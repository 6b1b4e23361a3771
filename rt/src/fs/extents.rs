//! Where the data of a file is: in it ([`Ranges`]), and on its device ([`fiemap`]).

use crate::arch::{nr, syscall};
use crate::bits::bits;
use crate::errno::{Errno, Result, check};
use crate::io::{AsFd, BorrowedFd, Seek, SeekFrom, retry};

bits! {
    /// What is known of an [`Extent`] (Documentation/filesystems/fiemap.rst).
    ExtentFlags(u32);
    /// The last one of the file.
    FIEMAP_EXTENT_LAST = 0x1;
    /// Where it is isn't known.
    FIEMAP_EXTENT_UNKNOWN = 0x2;
    /// It has no place yet.
    FIEMAP_EXTENT_DELALLOC = 0x4;
    /// Compressed or the like.
    FIEMAP_EXTENT_ENCODED = 0x8;
    /// Encrypted.
    FIEMAP_EXTENT_DATA_ENCRYPTED = 0x80;
    /// It need not begin or end at a block.
    FIEMAP_EXTENT_NOT_ALIGNED = 0x100;
    /// Among the metadata.
    FIEMAP_EXTENT_DATA_INLINE = 0x200;
    /// In a block with the tails of other files.
    FIEMAP_EXTENT_DATA_TAIL = 0x400;
    /// Space that was never written to: zeros.
    FIEMAP_EXTENT_UNWRITTEN = 0x800;
    /// The file system has no extents; neighbouring blocks were put together.
    FIEMAP_EXTENT_MERGED = 0x1000;
    /// Other files have it, too.
    FIEMAP_EXTENT_SHARED = 0x2000;
}

/// `struct fiemap_extent`: a part of a file that lies in one piece; all in bytes.
#[repr(C)]
#[derive(Clone, Copy, Default)]
#[allow(missing_docs)] // the fields are the kernel's
pub struct Extent {
    pub fe_logical: u64,
    pub fe_physical: u64,
    pub fe_length: u64,
    reserved64: [u64; 2],
    pub fe_flags: ExtentFlags,
    reserved: [u32; 3],
}

/// Room for some extents: `struct fiemap`.
#[repr(C)]
pub struct Extents {
    fm_start: u64,
    fm_length: u64,
    fm_flags: u32,
    fm_mapped_extents: u32,
    fm_extent_count: u32,
    fm_reserved: u32,
    fm_extents: [Extent; Extents::COUNT],
}

impl Extents {
    const COUNT: usize = 64;

    /// Empty.
    #[inline]
    pub fn new() -> Extents {
        const NONE: Extent = Extent {
            fe_logical: 0,
            fe_physical: 0,
            fe_length: 0,
            reserved64: [0; 2],
            fe_flags: ExtentFlags(0),
            reserved: [0; 3],
        };
        Extents {
            fm_start: 0,
            fm_length: 0,
            fm_flags: 0,
            fm_mapped_extents: 0,
            fm_extent_count: 0,
            fm_reserved: 0,
            fm_extents: [NONE; Extents::COUNT],
        }
    }
}

impl Default for Extents {
    fn default() -> Extents {
        Extents::new()
    }
}

/// The extents of a file from an offset on, as many as there is room for; none at the end.
/// They are as they were at some moment each.
///
/// # Errors
/// `EOPNOTSUPP`, `ENOTTY`: the file system doesn't tell; `EBADR`: what is wanted isn't known.
#[inline]
pub fn fiemap(fd: impl AsFd, start: u64, room: &mut Extents) -> Result<&[Extent]> {
    /// `_IOWR('f', 11, struct fiemap)`
    const FS_IOC_FIEMAP: usize = 0xc020_660b;
    room.fm_start = start;
    room.fm_length = u64::MAX - start;
    room.fm_mapped_extents = 0;
    room.fm_extent_count = Extents::COUNT as u32;
    let args = [fd.as_fd().word(), FS_IOC_FIEMAP, (room as *mut Extents) as usize];
    // SAFETY: the kernel writes the head and as many extents as it was told there is room for.
    retry(|| check(unsafe { syscall(nr::IOCTL, args) }))?;
    Ok(room.fm_extents.get(..room.fm_mapped_extents as usize).unwrap_or_default())
}

/// A range of a file that is data, or a hole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    /// Where it begins, in bytes.
    pub offset: u64,
    /// How long it is, in bytes; never 0.
    pub length: u64,
    /// A hole: it reads as zeros and takes no space.
    pub is_hole: bool,
}

/// The ranges of a file up to a size, data and holes by turns, as `SEEK_DATA` and `SEEK_HOLE`
/// tell them (`man 2 lseek`); the cursor is moved.
pub struct Ranges<'f> {
    fd: BorrowedFd<'f>,
    at: u64,
    size: u64,
    /// Where the data after a hole begins, if that is known.
    data: Option<u64>,
}

impl<'f> Ranges<'f> {
    /// From the first one on.
    pub fn new(fd: BorrowedFd<'f>, size: u64) -> Ranges<'f> {
        Ranges { fd, at: 0, size, data: None }
    }

    /// The next range; none behind the last one.
    ///
    /// # Errors
    /// Those of [`seek`](Seek::seek). After one there are no more ranges.
    #[inline]
    #[allow(clippy::should_implement_trait)] // it may fail
    pub fn next(&mut self) -> Result<Option<Range>> {
        let offset = self.at;
        // Where anything goes wrong this is the end.
        self.at = self.size;
        if offset >= self.size {
            return Ok(None);
        }
        let data = match self.data.take() {
            Some(data) => data,
            None => self.find(SeekFrom::Data(offset))?,
        };
        let is_hole = data > offset;
        let end = if is_hole {
            self.data = Some(data);
            data
        } else {
            self.find(SeekFrom::Hole(offset))?
        };
        // A file that changes under way must not keep this from coming to an end.
        let end = end.min(self.size);
        if end <= offset {
            return Ok(None);
        }
        self.at = end;
        Ok(Some(Range { offset, length: end - offset, is_hole }))
    }

    /// Where there is no more of it, or the file became shorter meanwhile: the end.
    #[inline]
    fn find(&mut self, to: SeekFrom) -> Result<u64> {
        match self.fd.seek(to) {
            Err(Errno::ENXIO) => Ok(self.size),
            other => other,
        }
    }
}
