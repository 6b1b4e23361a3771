//! Memory: mappings, the `brk` heap, the global allocator.

use crate::arch::{nr, syscall};
use crate::bits::bits;
use crate::errno::{Errno, Result, check};
use crate::io::BorrowedFd;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::NonNull;

pub use crate::arch::PAGE;

bits! {
    /// What may be done with pages (`man 2 mprotect`).
    Prot(u32);
    /// Nothing: any access is a SIGSEGV.
    PROT_NONE = 0;
    /// Reading.
    PROT_READ = 1;
    /// Writing.
    PROT_WRITE = 2;
    /// Execution.
    PROT_EXEC = 4;
}

bits! {
    /// What kind of mapping [`mmap`] makes (`man 2 mmap`).
    MapFlags(u32);
    /// Writes reach the file and everybody else who maps it.
    MAP_SHARED = 0x1;
    /// Written pages are copied first and stay our own.
    MAP_PRIVATE = 0x2;
    /// As shared, and unknown flags are an error.
    MAP_SHARED_VALIDATE = 0x3;
    /// At this very address, over whatever is mapped there.
    MAP_FIXED = 0x10;
    /// Zeros instead of a file.
    MAP_ANONYMOUS = 0x20;
    /// Without reserving swap space.
    MAP_NORESERVE = 0x4000;
    /// All pages are brought in at once.
    MAP_POPULATE = 0x8000;
    /// At this very address, or not at all: EEXIST where something is mapped.
    MAP_FIXED_NOREPLACE = 0x10_0000;
}

/// Maps `length` bytes of a file from `offset` on, or zeros (`man 2 mmap`).
///
/// `address` is a wish, or with [`MAP_FIXED`] an order. Lengths round up to pages.
///
/// # Errors
/// `ENOMEM`: no such room, or RLIMIT_AS; `ENODEV`: the file can't be mapped; `EACCES`: its
/// descriptor doesn't allow it; `EINVAL`: no length, or an offset inside a page.
///
/// # Safety
/// With [`MAP_FIXED`], nobody relies on what was mapped there before.
pub unsafe fn mmap(
    address: usize,
    length: usize,
    prot: Prot,
    flags: MapFlags,
    file: Option<BorrowedFd>,
    offset: u64,
) -> Result<NonNull<u8>> {
    let fd = file.map_or(usize::MAX, BorrowedFd::word);
    let (prot, flags) = (prot.0 as usize, flags.0 as usize);
    let args = [address, length, prot, flags, fd, offset as usize];
    // SAFETY: a new mapping disturbs nobody, or the caller said so.
    let address = check(unsafe { syscall(nr::MMAP, args) })?;
    // Linux maps nothing at 0 unless it is asked to.
    NonNull::new(address as *mut u8).ok_or(Errno::ENOMEM)
}

/// Unmaps the pages of a range (`man 2 munmap`).
///
/// # Safety
/// Nobody uses them any more.
pub unsafe fn munmap(address: NonNull<u8>, length: usize) -> Result<()> {
    // SAFETY: the caller says so.
    check(unsafe { syscall(nr::MUNMAP, [address.as_ptr() as usize, length]) })?;
    Ok(())
}

/// Makes a mapping longer or shorter, moving it where it must (`man 2 mremap`).
///
/// # Safety
/// It is one mapping, and nobody keeps its old address.
pub unsafe fn mremap(address: NonNull<u8>, old: usize, new: usize) -> Result<NonNull<u8>> {
    const MREMAP_MAYMOVE: usize = 1;
    let args = [address.as_ptr() as usize, old, new, MREMAP_MAYMOVE];
    // SAFETY: the caller says so.
    let address = check(unsafe { syscall(nr::MREMAP, args) })?;
    NonNull::new(address as *mut u8).ok_or(Errno::ENOMEM)
}

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
    unsafe { syscall(nr::BRK, [address]) as usize }
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
