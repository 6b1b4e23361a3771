//! Input files for readers that jump about in them: [`Input`] gives any range of bytes.
//!
//! # Bytes that somebody else may change
//!
//! An [`Input`] is a window on a file, not a copy of it: whoever may write to the file
//! changes the bytes under a `&[u8]`, which Rust takes to be constant. This is the one
//! compromise of this crate. A copy would be safe from it at ten times the cost for a large
//! file, and so would volatile reads of each byte; every tool that maps its input lives with
//! it. What keeps it harmless is a rule for all who read from an input:
//!
//! - take numbers out by value and check the value that is then used, never the place;
//! - never make a `str` (or anything else whose validity is checked once) over these bytes:
//!   copy them first;
//! - whatever is read twice may differ; nothing but the output may depend on it.
//!
//! A file that becomes shorter takes its pages away, and reading them is a SIGBUS. A handler
//! puts zeros there instead; the reader goes on, and [`Input::truncated`] tells afterwards.

mod pieces;
#[cfg(test)]
mod tests;
mod window;

use crate::arch::PAGE;
use crate::elf::Source;
use crate::errno::{Errno, Result};
use crate::fs::File;
use crate::io::{AsFd, BorrowedFd, Read};
use crate::mm::{MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE, mmap, mremap};
use core::cell::Cell;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};
use pieces::{ARENA, WORTH, read_at};
use window::{Window, install_handler, used_windows};

/// The `id` of the next input.
static NEXT_ID: AtomicUsize = AtomicUsize::new(1);

/// A file's bytes, any range of them at any time, until it is dropped.
///
/// A file with a size is mapped as a whole where the address space has room for it, and
/// else in the ranges that are asked for. Of a large file the first few small ranges are read
/// (`pieces.rs`): often no more is wanted. What has no size (files of /proc, pipes) or can't
/// be mapped (files of /sys) is read to its end into memory.
pub struct Input {
    /// Who it is among the windows and in the arena.
    id: usize,
    size: u64,
    /// All of it, if it is there and not mapped range by range.
    whole: Cell<Option<NonNull<u8>>>,
    /// Whether mapping all of it was tried, and failed.
    by_range: Cell<bool>,
    /// The file, while there may be more of it to map.
    file: Option<File>,
    failure: Cell<Option<Errno>>,
}

impl Input {
    /// What can't be mapped is read if it is shorter than this: 1 GiB.
    pub const READ_LIMIT: usize = 1 << 30;

    /// Takes a file that was opened for reading, of `size` bytes as `st_size` says; 0 for
    /// what has no size.
    ///
    /// The file is closed as soon as all of it is there. For a regular file that costs an
    /// mmap, for the first one of a process also the rt_sigaction of the handler; for one of
    /// more than 64 KiB when more of it is wanted than a few pieces, each a pread.
    ///
    /// # Errors
    /// Those of `man 2 mmap` and `man 2 read`; `EFBIG` for what has no size and
    /// [`READ_LIMIT`](Input::READ_LIMIT) bytes or more; `ENOMEM` also where this process has a
    /// thousand windows already.
    // Inline, as the next ones: done once a file, so it is compiled for size.
    #[inline]
    pub fn new(file: File, size: u64) -> Result<Input> {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let mut input = Input {
            id,
            size,
            whole: Cell::new(None),
            by_range: Cell::new(false),
            file: None,
            failure: Cell::new(None),
        };
        let more = input.begin(file.as_fd())?;
        input.file = more.then_some(file);
        Ok(input)
    }

    /// Makes all of the file accessible now, or else says that there will be more of it to map.
    #[inline]
    fn begin(&mut self, file: BorrowedFd) -> Result<bool> {
        if self.size > WORTH && ARENA.claim(self.id) {
            return Ok(true);
        }
        let mut whole = Err(Errno::ENODEV);
        if self.size > 0 {
            whole = self.add_mapping(file, 0, self.size);
        }
        match whole {
            Err(Errno::ENODEV) if self.size <= Input::READ_LIMIT as u64 => {
                let read = self.read_to_end(file)?;
                self.size = read.len() as u64;
                whole = Ok(read);
            }
            // More than fits, or than is worth reading: range by range.
            Err(Errno::ENOMEM | Errno::EOVERFLOW | Errno::ENODEV) => {
                self.by_range.set(true);
                return Ok(true);
            }
            _ => {}
        }
        self.whole.set(Some(whole?.cast()));
        Ok(false)
    }

    /// Whether bytes that were looked at had gone from the file (or its device failed), and
    /// were given as zeros.
    #[inline]
    pub fn truncated(&self) -> bool {
        ARENA.truncated(self.id)
            || self.windows().any(|window| window.truncated.load(Ordering::Relaxed))
    }

    /// Why bytes could not be given although they lie within the file: the first such error.
    pub fn failure(&self) -> Option<Errno> {
        self.failure.get()
    }

    fn windows(&self) -> impl Iterator<Item = &'static Window> {
        used_windows().iter().filter(|window| window.owner.load(Ordering::Relaxed) == self.id)
    }

    /// All of the file, which is mapped now unless that was tried before.
    fn whole(&self) -> Option<NonNull<[u8]>> {
        if self.whole.get().is_none() && !self.by_range.get() {
            match self.add_mapping(self.file.as_ref()?.as_fd(), 0, self.size) {
                Ok(whole) => self.whole.set(Some(whole.cast())),
                Err(_) => self.by_range.set(true),
            }
        }
        Some(NonNull::slice_from_raw_parts(self.whole.get()?, self.size as usize))
    }

    /// The bytes of a range that is mapped already.
    #[inline(never)]
    fn mapped(&self, offset: u64, length: usize) -> Option<NonNull<[u8]>> {
        self.windows().find_map(|window| {
            let skip = offset.checked_sub(window.offset.load(Ordering::Relaxed))?;
            let skip = usize::try_from(skip).ok()?;
            let left = window.length.load(Ordering::Relaxed).checked_sub(skip)?;
            let start = window.start.load(Ordering::Relaxed).checked_add(skip)?;
            let start = NonNull::new(core::ptr::with_exposed_provenance_mut(start))?;
            (length <= left).then_some(NonNull::slice_from_raw_parts(start, length))
        })
    }

    /// Maps what surrounds a range, or no more than its pages where that is too much.
    #[inline(never)]
    fn map(&self, file: BorrowedFd, offset: u64, end: u64) -> Result<()> {
        const AROUND: u64 = 1 << 20;
        let mut result = Ok(());
        for unit in [AROUND, PAGE as u64] {
            let start = offset - offset % unit;
            let end = end.checked_next_multiple_of(unit).map_or(self.size, |e| e.min(self.size));
            let mut added = self.add_mapping(file, start, end - start);
            if added == Err(Errno::ENODEV) {
                added = self.add_copy(file, start, end - start);
            }
            result = added.map(drop);
            if result != Err(Errno::ENOMEM) {
                break;
            }
        }
        result
    }

    /// Claims a window and has it filled; gives it back if that fails.
    #[inline(never)]
    fn add(&self, fill: Fill) -> Result<NonNull<[u8]>> {
        let window = Window::claim(self.id)?;
        let filled = fill(window);
        if filled.is_err() {
            window.release();
        }
        filled
    }

    /// Maps a range that begins at a page.
    #[inline(never)]
    fn add_mapping(&self, file: BorrowedFd, offset: u64, length: u64) -> Result<NonNull<[u8]>> {
        let length = usize::try_from(length).map_err(|_| Errno::ENOMEM)?;
        install_handler()?;
        self.add(&mut |window| {
            // SAFETY: nothing is mapped over.
            let start = unsafe { mmap(0, length, PROT_READ, MAP_PRIVATE, Some(file), offset) }?;
            Ok(window.set(start, length, offset))
        })
    }

    /// Copies a range of a file that can't be mapped.
    #[inline(never)]
    fn add_copy(&self, file: BorrowedFd, offset: u64, length: u64) -> Result<NonNull<[u8]>> {
        let length = usize::try_from(length).map_err(|_| Errno::ENOMEM)?;
        self.add(&mut |window| {
            let mut copy = window.set(anonymous(length)?, length, offset);
            // SAFETY: new memory that nobody else knows of.
            let done = read_at(file, unsafe { copy.as_mut() }, offset)?;
            window.truncated.store(done < length, Ordering::Relaxed);
            Ok(copy)
        })
    }

    /// Reads what has no size, into memory that grows with it.
    #[inline]
    fn read_to_end(&self, mut file: BorrowedFd) -> Result<NonNull<[u8]>> {
        self.add(&mut |window| {
            let mut room = 64 << 10;
            let mut whole = window.set(anonymous(room)?, room, 0);
            let mut done = 0;
            loop {
                // SAFETY: mapped, and nobody else knows of it.
                let place = unsafe { whole.as_mut() }.get_mut(done..).unwrap_or_default();
                match file.read(place)? {
                    0 => return Ok(NonNull::slice_from_raw_parts(whole.cast(), done)),
                    n => done += n,
                }
                if done == room {
                    if room >= Input::READ_LIMIT {
                        return Err(Errno::EFBIG);
                    }
                    // SAFETY: the old address is used no more.
                    let start = unsafe { mremap(whole.cast(), room, room * 2) }?;
                    room *= 2;
                    whole = window.set(start, room, 0);
                }
            }
        })
    }
}

/// What fills a window.
type Fill<'a> = &'a mut dyn FnMut(&'static Window) -> Result<NonNull<[u8]>>;

impl Source for Input {
    fn get(&self, offset: u64, size: u64) -> Option<&[u8]> {
        let end = offset.checked_add(size).filter(|end| *end <= self.size)?;
        let length = usize::try_from(size).ok()?;
        if let Some(file) = &self.file
            && let Some(piece) = ARENA.get(self.id, file.as_fd(), self.size, offset, length)
        {
            // SAFETY: the arena is ours until `self` is dropped; what was filled in once is
            // only read.
            return Some(unsafe { piece.as_ref() });
        }
        if let Some(whole) = self.whole() {
            // SAFETY: these bytes stay where they are until `self` is dropped; what it
            // means that a file's bytes may change is told at the top.
            return unsafe { whole.as_ref() }.get(usize::try_from(offset).ok()?..)?.get(..length);
        }
        if length == 0 {
            return Some(&[]);
        }
        let bytes = self.mapped(offset, length).or_else(|| {
            match self.map(self.file.as_ref()?.as_fd(), offset, end) {
                Ok(()) => self.mapped(offset, length),
                Err(error) => {
                    self.failure.set(self.failure.get().or(Some(error)));
                    None
                }
            }
        })?;
        // SAFETY: as above: windows are added, never removed before `self` is dropped.
        Some(unsafe { bytes.as_ref() })
    }

    fn size(&self) -> u64 {
        self.size
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.windows().for_each(Window::release);
        ARENA.release(self.id);
    }
}

/// Private zeros that can be written to.
fn anonymous(length: usize) -> Result<NonNull<u8>> {
    let (prot, flags) = (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
    // SAFETY: nothing is mapped over.
    unsafe { mmap(0, length, prot, flags, None, 0) }
}
