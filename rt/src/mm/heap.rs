//! The program break, and the global allocator on it.

use super::{MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE, mmap};
use crate::arch::{nr, syscall};
use crate::errno::{Errno, Result};
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicBool, Ordering};

/// Moves the end of the program's data, the break, up by so many bytes, and gives the new
/// memory: zeros (`man 2 brk`).
///
/// # Errors
/// `ENOMEM`: RLIMIT_DATA, or something is mapped there.
///
/// # Safety
/// Nobody else moves the break at the same time, as another thread could or the `malloc` of
/// a C library in it; nor ever down.
pub unsafe fn sbrk(increment: usize) -> Result<NonNull<[u8]>> {
    let old = brk(0);
    let new = old.checked_add(increment).ok_or(Errno::ENOMEM)?;
    if brk(new) != new {
        return Err(Errno::ENOMEM);
    }
    let start = NonNull::new(core::ptr::with_exposed_provenance_mut(old)).ok_or(Errno::ENOMEM)?;
    Ok(NonNull::slice_from_raw_parts(start, increment))
}

/// The system call: moves the break if it can, and returns where it is. 0 only asks.
fn brk(address: usize) -> usize {
    // SAFETY: this module moves the break only upwards, and whoever caused it promised that
    // nobody else moves it.
    unsafe { syscall(nr::BRK, [address]) as usize }
}

/// A global allocator for programs that run and exit: memory is taken off the end of the
/// heap, and only the last block can grow in place or be given back.
///
/// The first 16 KiB lie in `.bss`, so that a small program makes no system call for them;
/// then the break is moved, and where that can't be, memory is mapped.
// In this order: the state shares its page with the first blocks.
#[repr(C)]
pub struct Heap {
    locked: AtomicBool,
    state: UnsafeCell<Region>,
    first: UnsafeCell<[u8; FIRST]>,
}

const FIRST: usize = 16 << 10;

/// Where the next block comes from: addresses, `next <= end`.
struct Region {
    next: usize,
    end: usize,
    /// From here on nothing was ever handed out: it is still zeros.
    clean: usize,
}

// SAFETY: the state is only touched under the lock, and blocks never overlap.
unsafe impl Sync for Heap {}

impl Heap {
    /// An empty heap.
    ///
    /// # Safety
    /// While it is used, nobody else moves the program break (see [`sbrk`]).
    pub const unsafe fn new() -> Self {
        Heap {
            locked: AtomicBool::new(false),
            state: UnsafeCell::new(Region { next: 0, end: 0, clean: 0 }),
            first: UnsafeCell::new([0; FIRST]),
        }
    }

    /// The heap's region, which begins in `first`, for the caller alone until it calls
    /// [`unlock`](Heap::unlock).
    #[inline(never)]
    #[allow(clippy::mut_from_ref)]
    fn lock(&self) -> &mut Region {
        while self.locked.swap(true, Ordering::Acquire) {
            core::hint::spin_loop();
        }
        // SAFETY: whoever locked it is alone with it.
        let region = unsafe { &mut *self.state.get() };
        if region.end == 0 {
            let first = self.first.get().cast::<u8>().expose_provenance();
            *region = Region { next: first, end: first + FIRST, clean: first };
        }
        region
    }

    fn unlock(&self) {
        self.locked.store(false, Ordering::Release);
    }

    /// Takes a block; says also where in it the zeros begin that nobody wrote to.
    // Not inlined: three kinds of requests end here.
    #[inline(never)]
    fn take(&self, layout: Layout) -> Option<(usize, usize)> {
        let taken = self.lock().take(layout, more);
        self.unlock();
        taken
    }
}

/// Gives more memory, zeros, as start and end: `missing` bytes if it begins at `end`, else
/// `whole`.
type More = fn(end: usize, missing: usize, whole: usize) -> Option<(usize, usize)>;

/// Whether the break belongs to somebody else.
static BREAK_IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Leaves the program break to a program that is about to be loaded into this process: the
/// heap takes no more of it.
pub(crate) fn leave_break() {
    BREAK_IS_TAKEN.store(true, Ordering::Relaxed);
}

/// More memory from the system: by the break, or mapped where that is in the way.
fn more(end: usize, missing: usize, whole: usize) -> Option<(usize, usize)> {
    // Few calls, and pages that nobody touches cost nothing.
    const UNIT: usize = 64 << 10;
    if !BREAK_IS_TAKEN.load(Ordering::Relaxed) {
        let start = brk(0);
        let length = if start == end { missing } else { whole };
        let new = start.checked_add(length.checked_next_multiple_of(UNIT)?)?;
        if brk(new) == new {
            return Some((start, new));
        }
    }
    let (prot, flags) = (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
    let length = whole.checked_next_multiple_of(UNIT)?;
    // SAFETY: nothing is mapped over.
    let memory = unsafe { mmap(0, length, prot, flags, None, 0) }.ok()?;
    let start = memory.as_ptr().expose_provenance();
    Some((start, start + length))
}

impl Region {
    /// Takes a block; says also where in it the zeros begin that nobody wrote to.
    fn take(&mut self, layout: Layout, more: More) -> Option<(usize, usize)> {
        loop {
            let start = self.next.checked_next_multiple_of(layout.align())?;
            let end = start.checked_add(layout.size())?;
            if end <= self.end {
                let clean = self.clean;
                self.next = end;
                self.clean = clean.max(end);
                return Some((start, clean));
            }
            // With room for the alignment, wherever it begins.
            self.extend(end, layout.size().checked_add(layout.align())?, more)?;
        }
    }

    /// Makes the region longer, up to `wanted`, or begins a new one of `whole` bytes where
    /// the old one can't become longer.
    fn extend(&mut self, wanted: usize, whole: usize, more: More) -> Option<()> {
        let (start, end) = more(self.end, wanted.saturating_sub(self.end), whole)?;
        if start != self.end {
            *self = Region { next: start, end, clean: start };
        }
        self.end = end;
        Some(())
    }

    /// Whether a block is the last one: then it can change its size where it is.
    fn is_last(&self, block: usize, layout: Layout) -> bool {
        block.checked_add(layout.size()) == Some(self.next)
    }

    /// Changes a block's size where it is: that of the last one, or to no more than it has.
    fn resize(&mut self, block: usize, layout: Layout, size: usize, more: More) -> bool {
        if !self.is_last(block, layout) {
            return size <= layout.size();
        }
        let Some(wanted) = block.checked_add(size) else { return false };
        if wanted > self.end {
            // Even if new memory doesn't follow the old, it is needed: for the copy.
            let extended = self.extend(wanted, size.saturating_add(layout.align()), more);
            if extended.is_none() || !self.is_last(block, layout) {
                return false;
            }
        }
        self.next = wanted;
        self.clean = self.clean.max(wanted);
        true
    }
}

fn pointer(address: Option<usize>) -> *mut u8 {
    address.map_or(null_mut(), core::ptr::with_exposed_provenance_mut)
}

// SAFETY: blocks never overlap: each begins at `next` or behind it, which then moves past it.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        pointer(self.take(layout).map(|(start, _)| start))
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let Some((start, clean)) = self.take(layout) else { return null_mut() };
        let block = pointer(Some(start));
        let used = clean.saturating_sub(start).min(layout.size());
        // SAFETY: the block is this long at least, and nobody has it yet.
        unsafe { block.write_bytes(0, used) };
        block
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let resized = self.lock().resize(block as usize, layout, size, more);
        self.unlock();
        if resized {
            return block;
        }
        // SAFETY: the caller promises a size that makes a layout, and that the block has the
        // old one; the new block is another one.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                core::ptr::copy_nonoverlapping(block, new, layout.size().min(size));
            }
            new
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let region = self.lock();
        if region.is_last(block as usize, layout) {
            region.next = block as usize;
        }
        self.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::thread_local;
    use std::vec::Vec;

    thread_local! {
        /// Memory that `scripted` still gives, so many bytes from this address on.
        static SCRIPT: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
    }

    /// Continues at the same place each time, as the break does, until it is used up.
    fn scripted(end: usize, missing: usize, whole: usize) -> Option<(usize, usize)> {
        let (start, left) = SCRIPT.get();
        let length = if start == end { missing } else { whole };
        let left = left.checked_sub(length)?;
        SCRIPT.set((start + length, left));
        Some((start, start + length))
    }

    #[test]
    fn blocks_are_aligned_and_the_last_one_is_flexible() {
        SCRIPT.set((1001, 1000));
        let layout = |size, align| Layout::from_size_align(size, align).unwrap();
        let mut region = Region { next: 0, end: 0, clean: 0 };
        let (first, clean) = region.take(layout(10, 8), scripted).unwrap();
        assert_eq!((first, clean), (1008, 1001));
        let (second, clean) = region.take(layout(64, 64), scripted).unwrap();
        assert_eq!((second, clean), (1024, 1018), "the region became longer");

        assert!(region.resize(second, layout(64, 64), 500, scripted), "grows in place");
        assert_eq!(region.next, 1524);
        assert!(region.resize(second, layout(500, 64), 8, scripted), "shrinks in place");
        assert_eq!((region.next, region.clean), (1032, 1524));
        assert!(!region.resize(first, layout(10, 8), 11, scripted), "not the last");
        assert!(region.resize(first, layout(10, 8), 9, scripted), "less is always there");
        assert_eq!(region.next, 1032);

        let (third, clean) = region.take(layout(100, 1), scripted).unwrap();
        assert_eq!((third, clean), (1032, 1524), "all of it was used before");

        // Elsewhere: a new region begins, the last block stays where it is.
        SCRIPT.set((5000, 1000));
        assert!(!region.resize(third, layout(100, 1), 900, scripted));
        assert_eq!(region.take(layout(900, 1), scripted), Some((5000, 5000)));
        assert_eq!(region.take(layout(900, 1), scripted), None);
        assert_eq!(region.take(layout(isize::MAX as usize, 1), scripted), None);
        assert!(!region.resize(5000, layout(900, 1), usize::MAX, scripted));
    }

    #[test]
    fn a_heap_serves_collections() {
        // SAFETY: stays within the first 16 KiB, so that no break is moved.
        let heap = unsafe { Heap::new() };
        let layout = Layout::from_size_align(100, 8).unwrap();
        // SAFETY: as GlobalAlloc wants it: blocks are used until they are given back.
        unsafe {
            let blocks: Vec<_> = (0..10).map(|_| heap.alloc(layout)).collect();
            for (number, block) in blocks.iter().enumerate() {
                block.write_bytes(number as u8, 100);
            }
            for (number, block) in blocks.iter().enumerate() {
                assert!((*block as usize).is_multiple_of(8));
                assert!((0..100).all(|at| block.add(at).read() == number as u8));
            }
            let moved = heap.realloc(blocks[3], layout, 200);
            assert!(moved != blocks[3] && (0..100).all(|at| moved.add(at).read() == 3));
            let grown = Layout::from_size_align(200, 8).unwrap();
            assert_eq!(heap.realloc(moved, grown, 300), moved);
            heap.dealloc(moved, Layout::from_size_align(300, 8).unwrap());
            let zeroed = heap.alloc_zeroed(grown);
            assert_eq!(zeroed, moved, "the last block was given back");
            assert!((0..200).all(|at| zeroed.add(at).read() == 0));
        }
    }
}
