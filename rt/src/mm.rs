//! Memory: mappings, the `brk` heap, the global allocator.

use crate::arch::{nr, syscall};
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;

/// A global allocator on `brk`: memory is taken off the end of the heap, only the last
/// block can grow in place or be given back. Right for programs that run and exit.
pub struct Heap {
    state: UnsafeCell<HeapState>,
}

struct HeapState {
    next: usize,
    end: usize,
}

// SAFETY: rt starts no threads.
unsafe impl Sync for Heap {}

impl Heap {
    /// An empty heap.
    pub const fn new() -> Self {
        Heap { state: UnsafeCell::new(HeapState { next: 0, end: 0 }) }
    }
}

impl Default for Heap {
    fn default() -> Self {
        Heap::new()
    }
}

fn brk(address: usize) -> usize {
    // SAFETY: moves the end of the heap, which only `Heap` uses.
    unsafe { syscall(nr::BRK, [address, 0, 0, 0, 0, 0]) as usize }
}

// SAFETY: blocks never overlap: each begins at `next`, which then moves past it.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: no other thread, and no reference to the state outlives this call.
        let state = unsafe { &mut *self.state.get() };
        if state.end == 0 {
            state.next = brk(0);
            state.end = state.next;
        }
        let Some(start) = state.next.checked_next_multiple_of(layout.align()) else {
            return core::ptr::null_mut();
        };
        let Some(end) = start.checked_add(layout.size()) else { return core::ptr::null_mut() };
        if end > state.end {
            let Some(wanted) = end.checked_next_multiple_of(64 << 10) else {
                return core::ptr::null_mut();
            };
            if brk(wanted) < wanted {
                return core::ptr::null_mut();
            }
            state.end = wanted;
        }
        state.next = end;
        start as *mut u8
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as in `alloc`.
        let state = unsafe { &mut *self.state.get() };
        if block as usize + layout.size() == state.next {
            state.next = block as usize;
        }
    }
}
