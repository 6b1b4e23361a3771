//! Memory: mappings, the program break, the global allocator.
//!
//! [`Mapping`] is a range of pages of our own, unmapped when it is dropped. Which view of its
//! bytes it gives depends on who else may change them:
//!
//! | mapping | view |
//! |---|---|
//! | private, anonymous | `&[u8]`, `&mut [u8]`: nobody else |
//! | shared, or of a file | `&[AtomicU8]`: other processes, other mappings, whoever writes the file |
//!
//! Whoever only reads files wants [`Input`](crate::input::Input).

use crate::arch::{nr, syscall};
use crate::bits::bits;
use crate::errno::{Errno, Result, check};
use crate::io::{AsFd, BorrowedFd};
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

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

/// A range of pages that belongs to its holder, and is unmapped when it is dropped.
///
/// Protection, and whether others share it, are those of the whole range: to treat a part
/// differently, [`split_off`](Mapping::split_off) it first.
pub struct Mapping {
    start: NonNull<u8>,
    /// In bytes; as it was asked for, the kernel rounds it up to pages.
    length: usize,
    prot: Prot,
    /// Whether nobody else sees these bytes, or changes them.
    own: bool,
}

// SAFETY: it is owned memory; what is shared with others is only reached through atomics.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `length` bytes of zeros. `flags` is [`MAP_PRIVATE`], or [`MAP_SHARED`] with the
    /// children of this process.
    ///
    /// # Errors
    /// Those of [`mmap`]; `EINVAL` for flags that say where.
    pub fn anonymous(length: usize, prot: Prot, flags: MapFlags) -> Result<Mapping> {
        Mapping::map(None, length, prot, flags, None)
    }

    /// Private zeros at this address, which begins a page.
    ///
    /// # Errors
    /// `EEXIST`: something is mapped there; `EPERM`: an address that is too low; `EINVAL`: no
    /// page begins there, and as for [`anonymous`](Mapping::anonymous).
    pub fn anonymous_at(
        address: usize,
        length: usize,
        prot: Prot,
        flags: MapFlags,
    ) -> Result<Mapping> {
        let flags = flags | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
        if flags.contains(MAP_FIXED) || !address.is_multiple_of(PAGE) {
            return Err(Errno::EINVAL);
        }
        // SAFETY: nothing is mapped over, as the flag says.
        let start = unsafe { mmap(address, length, prot, flags, None, 0) }?;
        let own = flags.0 & 15 == MAP_PRIVATE.0;
        let mapping = Mapping { start, length, prot, own };
        // Kernels before 4.17 don't know the flag, and take the address for a hint.
        if start.as_ptr().addr() == address { Ok(mapping) } else { Err(Errno::EEXIST) }
    }

    /// Maps `length` bytes of a file from `offset` on, which is a multiple of [`PAGE`];
    /// with [`MAP_SHARED`] writes reach the file, with [`MAP_PRIVATE`] they don't.
    ///
    /// An access behind the end of the file is a SIGBUS, also where the file became shorter.
    ///
    /// # Errors
    /// Those of [`mmap`]; `EINVAL` for flags that say where.
    pub fn file(
        file: impl AsFd,
        offset: u64,
        length: usize,
        prot: Prot,
        flags: MapFlags,
    ) -> Result<Mapping> {
        Mapping::map(None, length, prot, flags, Some((file.as_fd(), offset)))
    }

    /// Puts zeros, or a range of a file, in the place of what was mapped here: [`MAP_FIXED`]
    /// over a mapping of our own.
    ///
    /// # Errors
    /// Those of [`mmap`]. The kernel doesn't say what is left of the old pages then: this
    /// mapping becomes empty, and its addresses are not used again.
    pub fn replace(
        &mut self,
        prot: Prot,
        flags: MapFlags,
        file: Option<(BorrowedFd, u64)>,
    ) -> Result<()> {
        let (start, length) = (self.start, core::mem::take(&mut self.length));
        // An empty one unmaps nothing when it is overwritten.
        *self = Mapping::map(Some(start), length, prot, flags, file)?;
        Ok(())
    }

    fn map(
        over: Option<NonNull<u8>>,
        length: usize,
        prot: Prot,
        flags: MapFlags,
        file: Option<(BorrowedFd, u64)>,
    ) -> Result<Mapping> {
        let says_where = MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_ANONYMOUS;
        if flags.without(says_where) != flags {
            return Err(Errno::EINVAL);
        }
        // The type of mapping is a number in the lowest four bits.
        let private = flags.0 & 15 == MAP_PRIVATE.0;
        let (fd, offset, of_file) = match file {
            Some((fd, offset)) => (Some(fd), offset, MapFlags(0)),
            None => (None, 0, MAP_ANONYMOUS),
        };
        let (address, fixed) = match over {
            Some(start) => (start.as_ptr() as usize, MAP_FIXED),
            None => (0, MapFlags(0)),
        };
        // SAFETY: without an address nothing is mapped over; with one, it is a mapping whose
        // only holder gives it up for this.
        let start = unsafe { mmap(address, length, prot, flags | of_file | fixed, fd, offset) }?;
        Ok(Mapping { start, length, prot, own: private && file.is_none() })
    }

    /// Its address, and its length in bytes.
    pub const fn as_ptr(&self) -> NonNull<[u8]> {
        NonNull::slice_from_raw_parts(self.start, self.length)
    }

    /// The bytes of a private anonymous mapping that may be read.
    pub fn as_slice(&self) -> Option<&[u8]> {
        if self.own && self.prot.contains(PROT_READ) {
            // SAFETY: mapped, readable, and changed only through `&mut self`.
            Some(unsafe { self.as_ptr().as_ref() })
        } else {
            None
        }
    }

    /// The bytes of a private anonymous mapping that may be read and written.
    pub fn as_mut_slice(&mut self) -> Option<&mut [u8]> {
        if self.own && self.prot.contains(PROT_READ | PROT_WRITE) {
            // SAFETY: mapped, readable and writable, and nobody else has it.
            Some(unsafe { self.as_ptr().as_mut() })
        } else {
            None
        }
    }

    /// The bytes of a mapping that others may change at any time, and that may be read and
    /// written.
    pub fn as_atomics(&self) -> Option<&[AtomicU8]> {
        if !self.own && self.prot.contains(PROT_READ | PROT_WRITE) {
            let bytes = self.start.cast::<AtomicU8>();
            // SAFETY: mapped, readable and writable; AtomicU8 is laid out like u8, and no
            // other kind of reference to these bytes is ever given out.
            Some(unsafe { NonNull::slice_from_raw_parts(bytes, self.length).as_ref() })
        } else {
            None
        }
    }

    /// Sets the protection (`man 2 mprotect`).
    ///
    /// # Errors
    /// `EACCES`: a file that isn't open for that; `ENOMEM`: too many mappings.
    pub fn protect(&mut self, prot: Prot) -> Result<()> {
        let args = [self.start.as_ptr() as usize, self.length, prot.0 as usize];
        // Whether an error comes before or after the change is not told.
        self.prot = PROT_NONE;
        // SAFETY: the pages are ours, and no reference to them is alive.
        check(unsafe { syscall(nr::MPROTECT, args) })?;
        self.prot = prot;
        Ok(())
    }

    /// Makes it longer or shorter, at another address where it must (`man 2 mremap`). What
    /// is added to an anonymous one is zeros.
    ///
    /// # Errors
    /// `EINVAL`: no length; `ENOMEM`: no such room.
    pub fn resize(&mut self, length: usize) -> Result<()> {
        if self.length == 0 {
            // For the kernel, no length would mean a second mapping of the same pages.
            return Err(Errno::EINVAL);
        }
        // SAFETY: the range is one mapping, since every change of it changes the whole, and
        // no reference to it is alive.
        self.start = unsafe { mremap(self.start, self.length, length) }?;
        self.length = length;
        Ok(())
    }

    /// Cuts it in two: this one keeps the bytes before `at`, the result has the others.
    ///
    /// # Errors
    /// `EINVAL`: `at` isn't a multiple of [`PAGE`], or not within.
    pub fn split_off(&mut self, at: usize) -> Result<Mapping> {
        if !at.is_multiple_of(PAGE) || at > self.length {
            return Err(Errno::EINVAL);
        }
        // SAFETY: `at` lies within the mapping.
        let start = unsafe { self.start.add(at) };
        let rest = Mapping { start, length: self.length - at, ..*self };
        self.length = at;
        Ok(rest)
    }

    /// Writes what was changed back to the file (`man 2 msync`): when this returns, it is on
    /// the device.
    ///
    /// # Errors
    /// `EIO`.
    pub fn sync(&self) -> Result<()> {
        const MS_SYNC: usize = 4;
        let args = [self.start.as_ptr() as usize, self.length, MS_SYNC];
        // SAFETY: nothing changes in memory.
        check(unsafe { syscall(nr::MSYNC, args) })?;
        Ok(())
    }

    /// Tells which pages are in memory (`man 2 mincore`): bit 0 of a byte for each page.
    ///
    /// # Errors
    /// `EINVAL`: fewer bytes than pages.
    pub fn mincore(&self, pages: &mut [u8]) -> Result<()> {
        if pages.len() < self.length.div_ceil(PAGE) {
            return Err(Errno::EINVAL);
        }
        let args = [self.start.as_ptr() as usize, self.length, pages.as_mut_ptr() as usize];
        // SAFETY: the kernel writes a byte for each page, for which there is room.
        check(unsafe { syscall(nr::MINCORE, args) })?;
        Ok(())
    }

    /// Tells the kernel what will be done with the pages (`man 2 madvise`).
    pub fn advise(&mut self, advice: Advice) -> Result<()> {
        let args = [self.start.as_ptr() as usize, self.length, advice.0];
        // SAFETY: the pages are ours, no reference to them is alive, and there is no advice
        // by which they could not be accessed afterwards.
        check(unsafe { syscall(nr::MADVISE, args) })?;
        Ok(())
    }

    /// Gives the pages away: they stay mapped.
    pub fn into_raw(self) -> NonNull<[u8]> {
        core::mem::ManuallyDrop::new(self).as_ptr()
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if self.length > 0 {
            // SAFETY: the pages are ours. An error would mean that they aren't.
            let _ = unsafe { munmap(self.start, self.length) };
        }
    }
}

/// What will be done with pages: only advice that leaves them accessible.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Advice(usize);

/// Nothing special.
pub const MADV_NORMAL: Advice = Advice(0);
/// Accesses here and there: don't read ahead.
pub const MADV_RANDOM: Advice = Advice(1);
/// Accesses in order: read ahead far.
pub const MADV_SEQUENTIAL: Advice = Advice(2);
/// Soon: read now.
pub const MADV_WILLNEED: Advice = Advice(3);
/// Take the pages away; they come back as zeros, or from the file.
pub const MADV_DONTNEED: Advice = Advice(4);
/// The pages may be taken away, to come back as zeros, until they are written to.
pub const MADV_FREE: Advice = Advice(8);
/// Huge pages where possible.
pub const MADV_HUGEPAGE: Advice = Advice(14);
/// No huge pages.
pub const MADV_NOHUGEPAGE: Advice = Advice(15);

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

    /// Calls with the heap's region, which begins in `first`.
    fn with<T>(&self, call: impl FnOnce(&mut Region) -> T) -> T {
        while self.locked.swap(true, Ordering::Acquire) {
            core::hint::spin_loop();
        }
        // SAFETY: whoever locked it is alone with it, and `call` doesn't come back here.
        let region = unsafe { &mut *self.state.get() };
        if region.end == 0 {
            let first = self.first.get().cast::<u8>().expose_provenance();
            *region = Region { next: first, end: first + FIRST, clean: first };
        }
        let result = call(region);
        self.locked.store(false, Ordering::Release);
        result
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
        pointer(self.with(|region| region.take(layout, more)).map(|(start, _)| start))
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let Some((start, clean)) = self.with(|region| region.take(layout, more)) else {
            return null_mut();
        };
        let block = pointer(Some(start));
        let used = clean.saturating_sub(start).min(layout.size());
        // SAFETY: the block is this long at least, and nobody has it yet.
        unsafe { block.write_bytes(0, used) };
        block
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let address = block as usize;
        if self.with(|region| region.resize(address, layout, size, more)) {
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
        let address = block as usize;
        self.with(|region| {
            if region.is_last(address, layout) {
                region.next = address;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::{Mode, O_CREAT, O_RDWR, ftruncate, open, unlink};
    use crate::io::pread;
    use std::cell::Cell;
    use std::vec::Vec;
    use std::{format, thread_local};

    const RW: Prot = Prot(PROT_READ.0 | PROT_WRITE.0);

    #[test]
    fn private_zeros_grow_shrink_and_split() {
        let mut memory = Mapping::anonymous(PAGE + 1, RW, MAP_PRIVATE).unwrap();
        assert_eq!(memory.as_slice().unwrap(), [0; PAGE + 1]);
        assert!(memory.as_atomics().is_none());
        memory.as_mut_slice().unwrap().fill(7);
        memory.resize(100 * PAGE).unwrap();
        assert_eq!(memory.as_slice().unwrap()[PAGE], 7);
        assert_eq!(memory.as_slice().unwrap()[99 * PAGE..], [0; PAGE]);
        assert_eq!(memory.split_off(1).err(), Some(Errno::EINVAL));
        assert_eq!(memory.split_off(101 * PAGE).err(), Some(Errno::EINVAL));
        let mut tail = memory.split_off(PAGE).unwrap();
        assert_eq!((memory.as_ptr().len(), tail.as_ptr().len()), (PAGE, 99 * PAGE));
        tail.protect(PROT_READ).unwrap();
        assert!(tail.as_mut_slice().is_none());
        assert_eq!(tail.as_slice().unwrap()[0], 7);
        tail.protect(PROT_NONE).unwrap();
        assert!(tail.as_slice().is_none());
        drop(tail);
        memory.advise(MADV_DONTNEED).unwrap();
        assert_eq!(memory.as_slice().unwrap(), [0; PAGE]);
        let mut pages = [2];
        assert_eq!(memory.mincore(&mut []), Err(Errno::EINVAL));
        memory.mincore(&mut pages).unwrap();
        assert!(pages[0] < 2);
        assert_eq!(memory.resize(0), Err(Errno::EINVAL));
        assert_eq!(memory.resize(usize::MAX), Err(Errno::EINVAL));
        assert_eq!(memory.as_ptr().len(), PAGE);
    }

    #[test]
    fn what_can_not_be_mapped_is_an_error() {
        let anonymous = |length, flags| Mapping::anonymous(length, RW, flags).err();
        assert_eq!(anonymous(0, MAP_PRIVATE), Some(Errno::EINVAL));
        assert_eq!(anonymous(usize::MAX, MAP_PRIVATE), Some(Errno::ENOMEM));
        assert_eq!(anonymous(PAGE, MAP_PRIVATE | MAP_FIXED), Some(Errno::EINVAL));
        assert_eq!(anonymous(PAGE, MapFlags(0)), Some(Errno::EINVAL));
        let null = open("/dev/null", O_RDWR, Mode(0)).unwrap();
        let file = |offset| Mapping::file(&null, offset, PAGE, RW, MAP_SHARED).err();
        assert_eq!((file(0), file(1)), (Some(Errno::ENODEV), Some(Errno::EINVAL)));
    }

    #[test]
    fn a_middle_page_is_replaced() {
        let mut head = Mapping::anonymous(3 * PAGE, PROT_READ, MAP_PRIVATE).unwrap();
        let mut middle = head.split_off(PAGE).unwrap();
        let tail = middle.split_off(PAGE).unwrap();
        let place = middle.as_ptr();
        assert!(middle.as_mut_slice().is_none());
        middle.replace(RW, MAP_PRIVATE, None).unwrap();
        assert_eq!(middle.as_ptr(), place);
        middle.as_mut_slice().unwrap().fill(1);
        assert_eq!(head.as_slice().unwrap(), [0; PAGE]);
        assert_eq!(tail.as_slice().unwrap(), [0; PAGE]);
        let null = open("/dev/null", O_RDWR, Mode(0)).unwrap();
        let failed = middle.replace(RW, MAP_SHARED, Some((null.as_fd(), 0)));
        assert_eq!((failed, middle.as_ptr().len()), (Err(Errno::ENODEV), 0));
    }

    #[test]
    fn two_shared_mappings_are_the_same_bytes() {
        let path = std::env::temp_dir().join(format!("rt-mm-{}", std::process::id()));
        let path = path.to_str().unwrap();
        let file = open(path, O_CREAT | O_RDWR, Mode(0o600)).unwrap();
        ftruncate(&file, PAGE as u64).unwrap();
        let map = |flags| Mapping::file(&file, 0, PAGE, RW, flags).unwrap();
        let (one, two, private) = (map(MAP_SHARED), map(MAP_SHARED), map(MAP_PRIVATE));
        one.as_atomics().unwrap()[0].store(13, Ordering::Relaxed);
        assert_eq!(two.as_atomics().unwrap()[0].load(Ordering::Relaxed), 13);
        private.as_atomics().unwrap()[0].store(1, Ordering::Relaxed);
        assert_eq!(two.as_atomics().unwrap()[0].load(Ordering::Relaxed), 13);
        assert!(one.as_slice().is_none() && private.as_slice().is_none());
        one.sync().unwrap();
        let mut byte = [0];
        pread(&file, &mut byte, 0).unwrap();
        assert_eq!(byte, [13]);
        unlink(path).unwrap();
    }

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
