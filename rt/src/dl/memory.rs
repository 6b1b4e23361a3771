//! Memory of the loader's own, apart from the heap of the program that it loads: the program
//! may move the break or bring an allocator, and the loader must not be in its way.
//!
//! An [`Arena`] gives memory and takes all of it back when it is dropped; what a failed load
//! took leaves no trace.

use crate::errno::{Errno, Result};
use crate::mm::{MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE, mmap, munmap};
use core::alloc::Layout;
use core::cell::Cell;
use core::ffi::CStr;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

/// The first address at or behind this one that is a multiple of a power of two.
#[inline]
pub(super) fn align_up(address: usize, align: usize) -> usize {
    address.wrapping_add(align - 1) & !(align - 1)
}

/// Memory that is given back as a whole.
pub struct Arena {
    /// The newest mapping; each begins with a [`Chunk`] that names the one before.
    last: Cell<Option<NonNull<Chunk>>>,
    next: Cell<usize>,
    end: Cell<usize>,
}

struct Chunk {
    before: Option<NonNull<Chunk>>,
    size: usize,
}

impl Arena {
    /// An empty one: nothing is mapped yet.
    #[inline]
    pub const fn new() -> Arena {
        Arena { last: Cell::new(None), next: Cell::new(0), end: Cell::new(0) }
    }

    /// Zeros which nobody else has: so many bytes, aligned to this power of two.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub fn take(&self, size: usize, align: usize) -> Result<NonNull<u8>> {
        const UNIT: usize = 64 << 10;
        loop {
            let start = align_up(self.next.get(), align);
            if size < self.end.get().saturating_sub(start) {
                self.next.set(start + size);
                let place = core::ptr::with_exposed_provenance_mut(start);
                return NonNull::new(place).ok_or(Errno::ENOMEM);
            }
            // With its head, and a byte more than can be asked for.
            let whole = size.saturating_add(align + 2 * size_of::<Chunk>() + UNIT) & !(UNIT - 1);
            let (prot, flags) = (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
            // SAFETY: nothing is mapped over.
            let chunk = unsafe { mmap(0, whole, prot, flags, None, 0) }?.cast::<Chunk>();
            // SAFETY: new memory, aligned to a page, and larger than the head.
            unsafe { chunk.write(Chunk { before: self.last.get(), size: whole }) };
            self.last.set(Some(chunk));
            let start = chunk.as_ptr().expose_provenance();
            self.next.set(start + size_of::<Chunk>());
            self.end.set(start + whole);
        }
    }

    /// So many zeros.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[allow(clippy::mut_from_ref)] // each call gives another place
    #[inline]
    pub fn zeros(&self, size: usize) -> Result<&mut [u8]> {
        let place = self.take(size, 1)?;
        // SAFETY: new memory of that size, which stays as long as the arena does.
        Ok(unsafe { NonNull::slice_from_raw_parts(place, size).as_mut() })
    }

    /// Takes all back, so that there is room for more.
    #[inline]
    pub fn clear(&mut self) {
        let Some(chunk) = self.last.get() else { return };
        // SAFETY: it was written when the chunk was mapped.
        if unsafe { chunk.read() }.before.is_some() {
            *self = Arena::new();
            return;
        }
        // SAFETY: behind the head of the one chunk that there is, and no further than was
        // given, of which nobody borrows anything any more.
        unsafe {
            let start = chunk.add(1).cast::<u8>();
            let first = start.as_ptr().expose_provenance();
            start.write_bytes(0, self.next.get() - first);
            self.next.set(first);
        }
    }

    /// A copy of these bytes.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub fn bytes(&self, bytes: &[u8]) -> Result<&[u8]> {
        let place = self.take(bytes.len() + 1, 1)?;
        // SAFETY: new memory, so many bytes and a zero, which stays as long as the arena does.
        unsafe {
            place.copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len());
            Ok(core::slice::from_raw_parts(place.as_ptr(), bytes.len()))
        }
    }

    /// A copy of these bytes up to the first zero byte, as a C string.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub fn c_str(&self, bytes: &[u8]) -> Result<&CStr> {
        let start = self.bytes(bytes)?.as_ptr();
        // SAFETY: a zero follows the copy, in memory that stays as long as the arena does.
        Ok(unsafe { CStr::from_ptr(start.cast()) })
    }

    /// A place of its own for a value.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[allow(clippy::mut_from_ref)] // each call gives another place
    #[inline]
    pub fn place<T>(&self, value: T) -> Result<&mut T> {
        const { assert!(!core::mem::needs_drop::<T>()) };
        let place = self.take(size_of::<T>(), align_of::<T>())?.cast::<T>();
        // SAFETY: new memory for the type, which stays as long as the arena does.
        unsafe {
            place.write(value);
            Ok(&mut *place.as_ptr())
        }
    }

    /// An empty list.
    #[inline]
    pub fn list<T: Copy>(&self) -> List<'_, T> {
        let start = NonNull::<T>::dangling().cast();
        List { place: Place { arena: self, start, length: 0, room: 0 }, kind: PhantomData }
    }
}

impl Default for Arena {
    #[inline]
    fn default() -> Arena {
        Arena::new()
    }
}

impl Drop for Arena {
    #[inline]
    fn drop(&mut self) {
        while let Some(chunk) = self.last.get() {
            // SAFETY: it was written when the chunk was mapped, and nobody borrows the arena.
            unsafe {
                let Chunk { before, size } = chunk.read();
                self.last.set(before);
                let _ = munmap(chunk.cast(), size);
            }
        }
    }
}

/// Values one after the other in an arena. What it outgrows stays there unused.
pub struct List<'a, T> {
    place: Place<'a>,
    kind: PhantomData<T>,
}

/// Where the values are, whatever they are.
struct Place<'a> {
    arena: &'a Arena,
    start: NonNull<u8>,
    length: usize,
    room: usize,
}

impl Place<'_> {
    /// Makes room for so many more of this layout: for twice as many at least.
    #[inline]
    fn reserve(&mut self, more: usize, unit: Layout) -> Result<()> {
        if more > self.room - self.length {
            let room = self.length.saturating_add(self.length.max(more).max(8));
            let start = self.arena.take(room.saturating_mul(unit.size()), unit.align())?;
            // SAFETY: the new place is another one, and has more room than there are values.
            unsafe { start.copy_from_nonoverlapping(self.start, self.length * unit.size()) };
            (self.start, self.room) = (start, room);
        }
        Ok(())
    }
}

impl<'a, T: Copy> List<'a, T> {
    /// Behind the last value.
    #[inline]
    fn end(&self) -> NonNull<T> {
        // SAFETY: not more than there is room for.
        unsafe { self.place.start.cast::<T>().add(self.place.length) }
    }

    /// Adds a value at the end.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub fn push(&mut self, value: T) -> Result<()> {
        self.place.reserve(1, Layout::new::<T>())?;
        // SAFETY: there is room for one more.
        unsafe { self.end().write(value) };
        self.place.length += 1;
        Ok(())
    }

    /// Adds values at the end.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub fn extend(&mut self, values: &[T]) -> Result<()> {
        self.place.reserve(values.len(), Layout::new::<T>())?;
        // SAFETY: there is room for so many more, and what is borrowed is not in it.
        unsafe { self.end().copy_from_nonoverlapping(NonNull::from(values).cast(), values.len()) };
        self.place.length += values.len();
        Ok(())
    }

    /// Takes the values after so many away.
    #[inline]
    pub fn truncate(&mut self, length: usize) {
        self.place.length = self.place.length.min(length);
    }

    /// The values, which stay as long as the arena does.
    #[inline]
    pub fn into_slice(self) -> &'a [T] {
        // SAFETY: as many were written; the list is gone, so that nobody changes them.
        unsafe { core::slice::from_raw_parts(self.place.start.cast().as_ptr(), self.place.length) }
    }
}

impl<T> Deref for List<'_, T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: as many were written, and only `&mut self` changes them.
        unsafe { core::slice::from_raw_parts(self.place.start.cast().as_ptr(), self.place.length) }
    }
}

impl<T> DerefMut for List<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as many were written, and this borrow is the only one.
        unsafe {
            core::slice::from_raw_parts_mut(self.place.start.cast().as_ptr(), self.place.length)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_grow_and_keep_what_they_have() {
        let arena = Arena::new();
        let mut list = arena.list();
        let other = arena.bytes(b"between").unwrap();
        for i in 0..100_000u64 {
            list.push(i).unwrap();
        }
        assert!(list.iter().enumerate().all(|(i, &value)| i as u64 == value));
        list[5] = 7;
        list.truncate(6);
        assert_eq!(list.into_slice(), [0, 1, 2, 3, 4, 7]);
        assert_eq!(other, b"between");
        assert_eq!(arena.c_str(b"name").unwrap(), c"name");
        assert_eq!(arena.c_str(b"na\0me").unwrap(), c"na");
        assert_eq!(*arena.place(5u32).unwrap(), 5);
        assert_eq!(arena.take(1, 4096).unwrap().as_ptr() as usize % 4096, 0);
        assert!(arena.take(1 << 60, 8).is_err() && arena.take(usize::MAX, 8).is_err());
        assert!(arena.list::<u64>().place.reserve(usize::MAX, Layout::new::<u64>()).is_err());
    }
    #[test]
    fn what_is_cleared_is_given_anew_as_zeros() {
        let mut arena = Arena::new();
        arena.clear();
        let first = arena.bytes(b"first").unwrap().as_ptr();
        arena.clear();
        // SAFETY: so many bytes were asked for.
        let again = unsafe { arena.take(16, 1).unwrap().cast::<[u8; 16]>().read() };
        assert_eq!(again, [0; 16]);
        arena.clear();
        assert_eq!(arena.bytes(b"again").unwrap().as_ptr(), first);
        // More than one mapping.
        arena.take(1 << 20, 1).unwrap();
        arena.clear();
        assert_eq!(arena.bytes(b"anew").unwrap(), b"anew");
    }
}
