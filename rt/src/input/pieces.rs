//! Small ranges of a large file, read instead of mapped. A pread costs a quarter of what the
//! first touch of a place in a mapping does, and the mapping itself is saved, too: of headers
//! that is most of the work.

use crate::errno::Result;
use crate::io::{BorrowedFd, pread};
use core::cell::{Cell, UnsafeCell};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

/// In smaller files everything is near: one touch of a mapping brings 64 KiB.
pub(super) const WORTH: u64 = 64 << 10;
/// What is longer is better mapped.
const LONGEST: usize = 4 << 10;
/// Something next to a range is likely to be wanted, too.
const UNIT: u64 = 512;

/// What was read of a file. It belongs to one input at a time, and costs a page only where it
/// is touched.
// In this order: the bytes are taken from their end on, so that the first of them, what is
// known of them, and the beginning of what comes next in memory (see link.ld) share a page.
#[repr(C)]
pub(super) struct Arena {
    bytes: UnsafeCell<[u8; Arena::SIZE]>,
    pieces: [Cell<Piece>; Arena::COUNT],
    /// How many of them there are.
    count: Cell<usize>,
    /// Where the bytes begin that were given out.
    start: Cell<usize>,
    /// Whether there were fewer bytes than the file's size promised; zeros stand for them.
    truncated: Cell<bool>,
    /// The `id` of the input; 0 is nobody.
    owner: AtomicUsize,
}

/// Bytes of a file from `offset` on, in the arena from `start` on.
#[derive(Clone, Copy)]
struct Piece {
    offset: u64,
    start: usize,
    length: usize,
}

// SAFETY: all but `owner` is used by the owner only, who is alone: an `Input` is not `Sync`.
unsafe impl Sync for Arena {}

#[unsafe(link_section = ".bss.large.arena")]
pub(super) static ARENA: Arena = Arena {
    bytes: UnsafeCell::new([0; Arena::SIZE]),
    pieces: [const { Cell::new(Piece { offset: 0, start: 0, length: 0 }) }; Arena::COUNT],
    count: Cell::new(0),
    start: Cell::new(0),
    truncated: Cell::new(false),
    owner: AtomicUsize::new(0),
};

// See link.ld.
const _: () = assert!(size_of::<Arena>() == 16 << 10);

impl Arena {
    /// How many pieces there can be.
    const COUNT: usize = 16;
    /// How many bytes: with what comes behind them they are 16 KiB.
    const SIZE: usize = (16 << 10) - Arena::COUNT * size_of::<Piece>() - 4 * size_of::<usize>();

    /// Makes an input the owner, unless there is one.
    pub fn claim(&self, id: usize) -> bool {
        let claimed = self.owner.compare_exchange(0, id, Ordering::Acquire, Ordering::Relaxed);
        if claimed.is_ok() {
            self.count.set(0);
            self.start.set(Arena::SIZE);
            self.truncated.set(false);
        }
        claimed.is_ok()
    }

    pub fn is_owned_by(&self, id: usize) -> bool {
        self.owner.load(Ordering::Relaxed) == id
    }

    pub fn release(&self, id: usize) {
        let _ = self.owner.compare_exchange(id, 0, Ordering::Release, Ordering::Relaxed);
    }

    /// Whether this input missed bytes.
    pub fn truncated(&self, id: usize) -> bool {
        self.is_owned_by(id) && self.truncated.get()
    }

    /// A range of this input's file, which stays there until it releases the arena; none where
    /// it is too long or there is no room left for it, or no right to the arena, or reading
    /// fails.
    pub fn get(
        &self,
        id: usize,
        fd: BorrowedFd,
        size: u64,
        at: u64,
        length: usize,
    ) -> Option<NonNull<[u8]>> {
        if length > LONGEST || !self.is_owned_by(id) {
            return None;
        }
        let end = at + length as u64;
        let pieces = self.pieces.get(..self.count.get())?;
        let covers =
            |piece: &Piece| at >= piece.offset && end <= piece.offset + piece.length as u64;
        let piece = match pieces.iter().map(Cell::get).find(covers) {
            Some(piece) => piece,
            None => self.read(fd, size, at, end)?,
        };
        let start = piece.start + (at - piece.offset) as usize;
        // SAFETY: within a piece, and so within the bytes.
        let start = unsafe { NonNull::new(self.bytes.get().cast::<u8>().add(start)) }?;
        Some(NonNull::slice_from_raw_parts(start, length))
    }

    /// Reads what surrounds a range.
    #[inline(never)]
    fn read(&self, fd: BorrowedFd, size: u64, at: u64, end: u64) -> Option<Piece> {
        let offset = at - at % UNIT;
        let length = (end.next_multiple_of(UNIT).min(size) - offset) as usize;
        let start = self.start.get().checked_sub(length)?;
        let slot = self.pieces.get(self.count.get())?;
        // SAFETY: within the bytes, and this part of them was given to nobody yet.
        let place = unsafe {
            core::slice::from_raw_parts_mut(self.bytes.get().cast::<u8>().add(start), length)
        };
        let done = read_at(fd, place, offset).ok()?;
        place.get_mut(done..)?.fill(0);
        if done < length {
            self.truncated.set(true);
        }
        let piece = Piece { offset, start, length };
        slot.set(piece);
        self.count.set(self.count.get() + 1);
        self.start.set(start);
        Some(piece)
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
