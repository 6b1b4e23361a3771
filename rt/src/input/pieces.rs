//! Small ranges of a large file, read instead of mapped.

use crate::errno::Result;
use crate::io::{BorrowedFd, pread};
use core::cell::{Cell, UnsafeCell};
use core::sync::atomic::{AtomicUsize, Ordering};

/// Small ranges of a large file that were read into [`ARENA`]. A pread costs a quarter of
/// what the first touch of a place in a mapping does, and the mapping itself is saved, too:
/// of headers that is most of the work.
#[derive(Default)]
pub(super) struct Pieces {
    list: [Cell<Piece>; 16],
    count: Cell<usize>,
    /// How much of the arena they take.
    used: Cell<usize>,
    /// Whether there were fewer bytes than the file's size promised; zeros stand for them.
    pub truncated: Cell<bool>,
}

/// Bytes of a file from `offset` on, in the arena from `start` on.
#[derive(Clone, Copy, Default)]
struct Piece {
    offset: u64,
    start: usize,
    length: usize,
}

impl Pieces {
    /// In smaller files everything is near: one touch of a mapping brings 64 KiB.
    pub const WORTH: u64 = 64 << 10;
    /// What is longer is better mapped.
    const LONGEST: usize = 4 << 10;
    /// Something next to a range is likely to be wanted, too.
    const UNIT: u64 = 512;

    /// A range of the file; none where it is too long or there is no room left for it, or no
    /// right to the arena, or reading fails.
    pub fn get(
        &self,
        id: usize,
        fd: BorrowedFd,
        size: u64,
        at: u64,
        length: usize,
    ) -> Option<&[u8]> {
        if length > Pieces::LONGEST || !ARENA.is_owned_by(id) {
            return None;
        }
        let end = at + length as u64;
        let pieces = self.list.get(..self.count.get())?;
        let covers =
            |piece: &Piece| at >= piece.offset && end <= piece.offset + piece.length as u64;
        let found = pieces.iter().map(Cell::get).find(covers);
        let piece = found.or_else(|| {
            let offset = at - at % Pieces::UNIT;
            let length = (end.next_multiple_of(Pieces::UNIT).min(size) - offset) as usize;
            let piece = Piece { offset, start: self.used.get(), length };
            // SAFETY: the arena is ours, and this part of it was given to nobody yet.
            let place = unsafe { ARENA.place(piece.start, length) }?;
            let slot = self.list.get(self.count.get())?;
            let done = read_at(fd, place, offset).ok()?;
            place.get_mut(done..)?.fill(0);
            self.truncated.set(self.truncated.get() || done < length);
            slot.set(piece);
            self.count.set(self.count.get() + 1);
            self.used.set(piece.start + length);
            Some(piece)
        })?;
        let skip = (at - piece.offset) as usize;
        // SAFETY: the arena is ours until the input is dropped, to which the result is bound;
        // what was filled in once is only read.
        unsafe { ARENA.filled(piece.start + skip, length) }
    }
}

/// Reads until the place is full or the file ends, and says how many bytes.
pub(super) fn read_at(fd: BorrowedFd, place: &mut [u8], offset: u64) -> Result<usize> {
    let mut done = 0;
    while let Some(rest) = place.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match pread(fd, rest, offset + done as u64)? {
            0 => break,
            n => done += n,
        }
    }
    Ok(done)
}

/// Memory for [`Pieces`], of one input at a time: it costs a page only where it is touched.
pub(super) struct Arena {
    /// The `id` of the input; 0 is nobody.
    owner: AtomicUsize,
    bytes: UnsafeCell<[u8; Arena::SIZE]>,
}

// SAFETY: the bytes are used by the owner only, who is alone: an `Input` is not `Sync`.
unsafe impl Sync for Arena {}

#[unsafe(link_section = ".bss.large.arena")]
pub(super) static ARENA: Arena =
    Arena { owner: AtomicUsize::new(0), bytes: UnsafeCell::new([0; Arena::SIZE]) };

impl Arena {
    const SIZE: usize = 16 << 10;

    pub fn claim(&self, id: usize) -> bool {
        self.owner.compare_exchange(0, id, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    pub fn is_owned_by(&self, id: usize) -> bool {
        self.owner.load(Ordering::Relaxed) == id
    }

    pub fn release(&self, id: usize) {
        let _ = self.owner.compare_exchange(id, 0, Ordering::Release, Ordering::Relaxed);
    }

    /// A part of the bytes, to be filled in.
    ///
    /// # Safety
    /// The caller is the owner and has given out nothing of this part yet.
    #[allow(clippy::mut_from_ref)]
    unsafe fn place(&self, start: usize, length: usize) -> Option<&mut [u8]> {
        let end = start.checked_add(length).filter(|end| *end <= Arena::SIZE)?;
        // SAFETY: within the bytes, and by the caller's word nobody else has this part.
        Some(unsafe {
            core::slice::from_raw_parts_mut(self.bytes.get().cast::<u8>().add(start), end - start)
        })
    }

    /// A part of the bytes that was filled in.
    ///
    /// # Safety
    /// The caller is the owner, stays it while the result lives, and fills it in no more.
    unsafe fn filled(&self, start: usize, length: usize) -> Option<&[u8]> {
        let end = start.checked_add(length).filter(|end| *end <= Arena::SIZE)?;
        // SAFETY: within the bytes, and by the caller's word nobody writes to this part.
        Some(unsafe {
            core::slice::from_raw_parts(self.bytes.get().cast::<u8>().add(start), end - start)
        })
    }
}
