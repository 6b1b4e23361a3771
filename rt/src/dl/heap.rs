//! Blocks that can be given back: thread-local storage of threads, and `malloc` for libraries
//! that are opened by a program without a C library.
//!
//! Small blocks are powers of two and come back into a list for their size; larger ones are
//! mappings of their own.

use super::memory::align_up;
use super::state::LOCK;
use crate::arch::PAGE;
use crate::mm::{MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE, mmap, munmap};
use core::cell::UnsafeCell;
use core::ptr::{NonNull, null_mut};

/// What lies before each block.
#[repr(C, align(16))]
struct Head {
    /// Where its memory begins.
    start: usize,
    /// How much memory that is; a power of two up to [`LARGEST`] for small blocks.
    size: usize,
}

const HEAD: usize = size_of::<Head>();
/// The largest small block, with its head.
const LARGEST: usize = 32 << 10;
const SMALLEST: usize = 32;
const CLASSES: usize = (LARGEST.ilog2() - SMALLEST.ilog2() + 1) as usize;

struct Lists(UnsafeCell<State>);

struct State {
    /// Free blocks by size: each one's first word is the address of the next.
    free: [usize; CLASSES],
    /// Memory for small blocks that nobody had yet.
    next: usize,
    end: usize,
}

// SAFETY: only touched under the loader's lock.
unsafe impl Sync for Lists {}

static LISTS: Lists = Lists(UnsafeCell::new(State { free: [0; CLASSES], next: 0, end: 0 }));

#[inline]
fn pages(size: usize) -> Option<usize> {
    let (prot, flags) = (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
    // SAFETY: nothing is mapped over.
    let start = unsafe { mmap(0, size, prot, flags, None, 0) }.ok()?;
    Some(start.as_ptr().expose_provenance())
}

#[inline]
fn small(class: usize) -> Option<usize> {
    let _guard = LOCK.lock();
    // SAFETY: under the lock, and this doesn't come back here.
    let state = unsafe { &mut *LISTS.0.get() };
    let size = SMALLEST << class;
    let first = state.free.get_mut(class)?;
    if *first != 0 {
        let block = *first;
        // SAFETY: a free block, whose first word is the next one.
        *first = unsafe { core::ptr::with_exposed_provenance::<usize>(block).read() };
        return Some(block);
    }
    if state.end - state.next < size {
        const UNIT: usize = 256 << 10;
        state.next = pages(UNIT)?;
        state.end = state.next + UNIT;
    }
    state.next += size;
    Some(state.next - size)
}

/// A block of `size` bytes, aligned to `align`, a power of two. What it holds is not said.
#[inline]
pub fn take(size: usize, align: usize) -> Option<NonNull<u8>> {
    let align = align.max(16);
    let whole = size.checked_add(HEAD)?.checked_add(align - 16)?;
    let (start, whole) = if whole <= LARGEST {
        let whole = whole.next_power_of_two().max(SMALLEST);
        (small((whole.ilog2() - SMALLEST.ilog2()) as usize)?, whole)
    } else {
        let whole = whole.checked_next_multiple_of(PAGE)?;
        (pages(whole)?, whole)
    };
    let block = align_up(start + HEAD, align);
    let head = core::ptr::with_exposed_provenance_mut::<Head>(block - HEAD);
    // SAFETY: within the memory, which begins 16 bytes before or earlier, and is ours.
    unsafe { head.write(Head { start, size: whole }) };
    NonNull::new(core::ptr::with_exposed_provenance_mut(block))
}

/// Gives a block back.
///
/// # Safety
/// It is one of [`take`], and nobody uses it any more.
#[inline]
pub unsafe fn give(block: NonNull<u8>) {
    // SAFETY: `take` wrote it there.
    let Head { start, size } = unsafe { block.sub(HEAD).cast::<Head>().read() };
    let place = core::ptr::with_exposed_provenance_mut::<usize>(start);
    if size > LARGEST {
        // SAFETY: a mapping of its own.
        let _ = unsafe { munmap(NonNull::new_unchecked(place.cast()), size) };
        return;
    }
    let _guard = LOCK.lock();
    // SAFETY: under the lock, and this doesn't come back here.
    let state = unsafe { &mut *LISTS.0.get() };
    if let Some(first) = state.free.get_mut((size.ilog2() - SMALLEST.ilog2()) as usize) {
        // SAFETY: a block that nobody uses.
        unsafe { place.write(*first) };
        *first = start;
    }
}

/// How many bytes fit into a block.
///
/// # Safety
/// It is one of [`take`].
#[inline]
unsafe fn room(block: NonNull<u8>) -> usize {
    // SAFETY: `take` wrote it there.
    let head = unsafe { block.sub(HEAD).cast::<Head>().read() };
    head.start + head.size - block.as_ptr() as usize
}

#[inline]
fn or_null(block: Option<NonNull<u8>>) -> *mut u8 {
    block.map_or(null_mut(), NonNull::as_ptr)
}

/// C's `malloc`.
#[inline]
pub extern "C" fn malloc(size: usize) -> *mut u8 {
    or_null(take(size, 16))
}

/// C's `calloc`.
#[inline]
pub extern "C" fn calloc(count: usize, size: usize) -> *mut u8 {
    let block = count.checked_mul(size).and_then(|size| take(size, 16));
    if let Some(block) = block {
        // SAFETY: a new block, of so many bytes at least.
        unsafe { block.write_bytes(0, count * size) };
    }
    or_null(block)
}

/// C's `free`.
///
/// # Safety
/// Null, or a block that nobody uses any more.
#[inline]
pub unsafe extern "C" fn free(block: *mut u8) {
    if let Some(block) = NonNull::new(block) {
        // SAFETY: the caller says so.
        unsafe { give(block) };
    }
}

/// C's `realloc`.
///
/// # Safety
/// Null, or a block that nobody uses under its old address any more.
#[inline]
pub unsafe extern "C" fn realloc(block: *mut u8, size: usize) -> *mut u8 {
    let Some(old) = NonNull::new(block) else { return malloc(size) };
    // SAFETY: the caller says so.
    let had = unsafe { room(old) };
    if size <= had {
        return block;
    }
    let Some(new) = take(size, 16) else { return null_mut() };
    // SAFETY: two blocks, both at least as long as the old one.
    unsafe {
        new.copy_from_nonoverlapping(old, had);
        give(old);
    }
    new.as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn blocks_are_aligned_apart_and_used_again() {
        let mut blocks = Vec::new();
        for (size, align) in [(1, 1), (16, 16), (100, 64), (5000, 4096), (100_000, 16), (0, 16)] {
            let block = take(size, align).unwrap();
            assert_eq!(block.as_ptr() as usize % align.max(16), 0);
            // SAFETY: of that size.
            unsafe { block.write_bytes(blocks.len() as u8, size) };
            blocks.push((block, size));
        }
        for (i, &(block, size)) in blocks.iter().enumerate() {
            // SAFETY: written above.
            let bytes = unsafe { core::slice::from_raw_parts(block.as_ptr(), size) };
            assert!(bytes.iter().all(|&byte| byte == i as u8));
            // SAFETY: used no more.
            unsafe { give(block) };
        }
        let again = take(16, 16).unwrap();
        assert!(blocks.iter().any(|&(block, _)| block == again));
        // SAFETY: a block of ours.
        unsafe {
            again.write_bytes(7, 16);
            let longer = realloc(again.as_ptr(), 100_000);
            assert_eq!(*longer.add(15), 7);
            free(longer);
        }
        assert!(take(usize::MAX - 8, 16).is_none());
        let zeros = calloc(10, 10);
        // SAFETY: a hundred bytes.
        assert!(unsafe { core::slice::from_raw_parts(zeros, 100) }.iter().all(|&b| b == 0));
        assert!(calloc(usize::MAX, 2).is_null());
    }
}
