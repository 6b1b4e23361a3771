//! Thread-local storage (psABI and "ELF Handling For Thread-Local Storage", variant II).
//!
//! What is there at start-up has a place below the thread pointer, the same in each thread.
//! What a dlopen brings gets a block in a thread when that asks for it. Behind the thread
//! pointer are: its own address, the thread's vector of blocks, its own address again; at 40
//! and 48 the random numbers that compilers and C libraries expect there.

use super::heap;
use super::image::Tls;
use super::memory::align_up;
use super::object::Object;
use super::state::{LOCK, MODULES};
use crate::arch::link;
use crate::auxv;
use crate::text;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

/// The size of what is behind the thread pointer.
const TCB: usize = 128;
/// Where in that `errno` is, of libraries in a process without a C library.
pub const ERRNO: usize = 64;
/// Where the vector's address is.
const VECTOR: usize = 8;

/// The size of the blocks below the thread pointer, and the strictest alignment of them.
static STATIC_SIZE: AtomicUsize = AtomicUsize::new(0);
static STATIC_ALIGN: AtomicUsize = AtomicUsize::new(64);
/// The address of the first thread's pointer, as soon as there is one.
static STARTED: AtomicUsize = AtomicUsize::new(0);

/// Gives each object with thread-local storage its place below the thread pointer: the first
/// one, which is the program, next to it, where its code expects it.
#[inline]
pub fn lay_out(objects: &[&'static Object]) {
    let (mut used, mut align) = (0usize, 64usize);
    for object in objects {
        if let Some(tls) = object.image.tls {
            used = place_below(used, &tls);
            align = align.max(tls.align as usize);
            object.tls_offset.set(used);
        }
    }
    STATIC_SIZE.store(used, Ordering::Relaxed);
    STATIC_ALIGN.store(align, Ordering::Relaxed);
}

/// How far below an aligned thread pointer a block begins that comes below `used` bytes.
#[inline]
fn place_below(used: usize, tls: &Tls) -> usize {
    let align = tls.align as usize;
    let end = used + tls.memsz as usize;
    // Congruent to the address that its alignment counts from.
    let skew = align.wrapping_sub(tls.skew as usize) & (align - 1);
    let offset = align_up(end.saturating_sub(skew), align) + skew;
    // A block of no bytes at all must not look like one without a place.
    if offset == 0 { align } else { offset }
}

/// Copies what a block begins with.
///
/// # Safety
/// The block is new, and as long as the object's `PT_TLS` says.
#[inline]
unsafe fn fill(object: &Object, tls: &Tls, block: *mut u8) {
    let source = core::ptr::with_exposed_provenance::<u8>(object.address(tls.initial.at));
    let (size, rest) = (tls.initial.size as usize, (tls.memsz - tls.initial.size) as usize);
    // SAFETY: the initial value lies within the file part of a segment, which is mapped.
    unsafe {
        core::ptr::copy_nonoverlapping(source, block, size);
        block.add(size).write_bytes(0, rest);
    }
}

/// Makes the blocks and the vector of a new thread; its thread pointer.
#[inline]
pub fn new_thread() -> Option<usize> {
    let _guard = LOCK.lock();
    let (size, align) = (STATIC_SIZE.load(Ordering::Relaxed), STATIC_ALIGN.load(Ordering::Relaxed));
    let below = align_up(size, align);
    let start = heap::take(below + TCB, align)?;
    let vector = new_vector(core::ptr::null())?;
    // SAFETY: so many bytes, all ours.
    unsafe { start.write_bytes(0, below + TCB) };
    let pointer = start.as_ptr().expose_provenance() + below;
    for (module, object) in MODULES.get().iter().enumerate() {
        let (offset, tls) = (object.tls_offset.get(), object.image.tls);
        if let Some(tls) = tls.filter(|_| offset != 0) {
            let block = core::ptr::with_exposed_provenance_mut::<u8>(pointer - offset);
            // SAFETY: the layout gave it this place; the vector has a word for each module.
            unsafe {
                fill(object, &tls, block);
                vector.add(module + 1).write(block.expose_provenance());
            }
        }
    }
    let random = auxv::random().map_or(0, |&bytes| u128::from_le_bytes(bytes));
    let set = |at: usize, value: usize| {
        let place = core::ptr::with_exposed_provenance_mut::<usize>(pointer + at);
        // SAFETY: behind the thread pointer, within the new block.
        unsafe { place.write(value) };
    };
    set(0, pointer);
    set(VECTOR, vector.expose_provenance());
    set(16, pointer);
    // The canary's first byte is zero, so that no string runs over it.
    set(40, random as usize & !0xff);
    set(48, (random >> 64) as usize);
    set(TCB - 8, start.as_ptr() as usize);
    Some(pointer)
}

/// A vector with room for all modules, and what is in the old one.
#[inline]
fn new_vector(old: *const usize) -> Option<*mut usize> {
    let modules = (MODULES.get().len() + 1).next_power_of_two().max(16);
    let vector = heap::take((modules + 1) * size_of::<usize>(), 16)?.cast::<usize>().as_ptr();
    // SAFETY: so many words, all ours; the old one has as many as its first word says.
    unsafe {
        vector.write_bytes(0, modules + 1);
        if !old.is_null() {
            let count = old.read().min(modules);
            core::ptr::copy_nonoverlapping(old.add(1), vector.add(1), count);
        }
        vector.write(modules);
    }
    Some(vector)
}

/// Gives back what a thread had that has ended.
///
/// # Safety
/// It is a thread pointer of [`new_thread`], and nobody has it any more.
#[inline]
unsafe fn end_thread(pointer: usize) {
    let word = |at: usize| {
        let place = core::ptr::with_exposed_provenance::<usize>(pointer + at);
        // SAFETY: behind the thread pointer.
        unsafe { place.read() }
    };
    let vector = core::ptr::with_exposed_provenance_mut::<usize>(word(VECTOR));
    let start = word(TCB - 8);
    for (module, object) in MODULES.get().iter().enumerate() {
        // SAFETY: the vector has as many words as its first one says; what isn't static was
        // taken from the heap.
        unsafe {
            let block = if module < vector.read() { vector.add(module + 1).read() } else { 0 };
            let block = NonNull::new(core::ptr::with_exposed_provenance_mut(block));
            if let Some(block) = block.filter(|_| object.tls_offset.get() == 0) {
                heap::give(block);
            }
        }
    }
    for block in [vector.cast(), core::ptr::with_exposed_provenance_mut(start)] {
        if let Some(block) = NonNull::new(block) {
            // SAFETY: both are of the heap.
            unsafe { heap::give(block) };
        }
    }
}

/// Gives the first thread its blocks. False where there is no memory, or where the thread has
/// a pointer that isn't ours.
#[inline]
pub fn start() -> bool {
    if STARTED.load(Ordering::Relaxed) != 0 {
        return true;
    }
    let Some(pointer) = new_thread() else { return false };
    STARTED.store(pointer, Ordering::Relaxed);
    // SAFETY: this process has one thread and no thread pointer: start-up, or a program
    // without a C library, as `Library::open` makes sure.
    unsafe { link::set_thread_pointer(pointer) };
    true
}

/// Whether the process's thread pointers are ours.
#[inline]
pub fn started() -> bool {
    STARTED.load(Ordering::Relaxed) != 0
}

/// The address of a variable in a block that this thread may not have yet: the slow way of
/// `__tls_get_addr`.
///
/// # Safety
/// This thread has a thread pointer of ours.
#[inline]
pub unsafe extern "C" fn block(module: usize, offset: usize) -> usize {
    let _guard = LOCK.lock();
    let index = module.wrapping_sub(1);
    let Some(object) = MODULES.get().get(index) else { fail() };
    let Some(tls) = object.image.tls else { fail() };
    // SAFETY: whoever calls this has a thread pointer of ours.
    let mut vector = unsafe { link::thread_vector() };
    // SAFETY: the first word says how many there are.
    if unsafe { vector.read() } < module {
        let Some(longer) = new_vector(vector) else { fail() };
        // SAFETY: has all that the old one has, which nobody else knows of.
        unsafe {
            link::set_thread_vector(longer);
            if let Some(old) = NonNull::new(vector) {
                heap::give(old.cast());
            }
        }
        vector = longer;
    }
    // SAFETY: the vector is long enough, as was just made sure.
    let place = unsafe { &mut *vector.add(module) };
    if *place == 0 {
        // One byte more where there are none: each module has an address.
        let room = tls.memsz as usize + tls.skew as usize;
        let Some(start) = heap::take(room.max(1), tls.align as usize) else { fail() };
        let block = start.as_ptr().wrapping_add(tls.skew as usize);
        // SAFETY: a new block of that size.
        unsafe { fill(object, &tls, block) };
        *place = block.expose_provenance();
    }
    place.wrapping_add(offset)
}

/// The address of this thread's block of a module; 0 where it has none yet.
///
/// # Safety
/// This thread has a thread pointer of ours.
#[inline]
pub unsafe fn block_if_there(module: usize) -> usize {
    // SAFETY: the caller says so; the vector has as many words as its first one says.
    unsafe {
        let vector = link::thread_vector();
        if module <= vector.read() { vector.add(module).read() } else { 0 }
    }
}

/// The end, where a thread can't have its storage: its code has no way to hear of it.
#[inline]
fn fail() -> ! {
    super::report::say(text!("lx ldso: no memory for thread-local storage"), &[], &[]);
    crate::process::exit(127)
}

/// `_dl_allocate_tls`, as glibc's loader has it: the thread pointer of a new thread. The
/// argument is null; null comes back where there is no memory.
#[inline]
pub extern "C" fn allocate_tls(block: *mut u8) -> *mut u8 {
    let pointer = if block.is_null() { new_thread() } else { None };
    pointer.map_or(core::ptr::null_mut(), core::ptr::with_exposed_provenance_mut)
}

/// `_dl_deallocate_tls`: gives back what [`allocate_tls`] gave.
///
/// # Safety
/// It is a thread pointer that nobody has any more.
#[inline]
pub unsafe extern "C" fn deallocate_tls(pointer: *mut u8, _: bool) {
    if !pointer.is_null() {
        let _guard = LOCK.lock();
        // SAFETY: the caller says so.
        unsafe { end_thread(pointer as usize) };
    }
}

/// Where this thread's `errno` is, for libraries without a C library.
#[inline]
pub extern "C" fn errno_location() -> *mut i32 {
    core::ptr::with_exposed_provenance_mut(link::thread_pointer() + ERRNO)
}

#[cfg(test)]
mod tests {
    use super::super::image::Range;
    use super::*;

    #[test]
    fn places_are_aligned_and_apart() {
        let tls = |memsz, align, skew| Tls { initial: Range::default(), memsz, align, skew };
        assert_eq!(place_below(0, &tls(20, 8, 0)), 24);
        assert_eq!(place_below(24, &tls(4, 4, 0)), 28);
        assert_eq!(place_below(28, &tls(1, 64, 0)), 64);
        assert_eq!(place_below(64, &tls(0, 1, 0)), 64);
        assert_eq!(place_below(0, &tls(0, 1, 0)), 1);
        for (used, memsz, align, skew) in [(0, 100, 64, 16), (100, 1, 256, 255), (7, 64, 64, 1)] {
            let offset = place_below(used, &tls(memsz, align, skew));
            assert!(offset as u64 >= used as u64 + memsz);
            assert_eq!((0u64.wrapping_sub(offset as u64)) & (align - 1), skew);
            assert!((offset as u64) < used as u64 + memsz + align);
        }
    }
}
