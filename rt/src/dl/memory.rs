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
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

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

    /// Zeros of this layout, which nobody else has.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub fn take(&self, layout: Layout) -> Result<NonNull<u8>> {
        const UNIT: usize = 64 << 10;
        let fits = || {
            let start = self.next.get().checked_next_multiple_of(layout.align())?;
            let end = start.checked_add(layout.size())?;
            (start != 0 && end <= self.end.get()).then_some((start, end))
        };
        let (start, end) = match fits() {
            Some(place) => place,
            None => {
                let more = layout.size().checked_add(layout.align()).and_then(|size| {
                    size.checked_add(size_of::<Chunk>())?.checked_next_multiple_of(UNIT)
                });
                let size = more.ok_or(Errno::ENOMEM)?;
                let (prot, flags) = (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
                // SAFETY: nothing is mapped over.
                let chunk = unsafe { mmap(0, size, prot, flags, None, 0) }?.cast::<Chunk>();
                // SAFETY: new memory, aligned to a page, and larger than the head.
                unsafe { chunk.write(Chunk { before: self.last.get(), size }) };
                self.last.set(Some(chunk));
                let start = chunk.as_ptr().expose_provenance();
                self.next.set(start + size_of::<Chunk>());
                self.end.set(start + size);
                fits().ok_or(Errno::ENOMEM)?
            }
        };
        self.next.set(end);
        NonNull::new(core::ptr::with_exposed_provenance_mut(start)).ok_or(Errno::ENOMEM)
    }

    /// A copy of these bytes.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub fn bytes(&self, bytes: &[u8]) -> Result<&[u8]> {
        Ok(self.c_str_with(bytes)?.0)
    }

    /// A copy of these bytes up to the first zero byte, as a C string.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub fn c_str(&self, bytes: &[u8]) -> Result<&CStr> {
        let with_end = self.c_str_with(bytes)?.1;
        CStr::from_bytes_until_nul(with_end).map_err(|_| Errno::EINVAL)
    }

    /// A copy of these bytes, without and with a zero byte at the end.
    #[inline]
    fn c_str_with(&self, bytes: &[u8]) -> Result<(&[u8], &[u8])> {
        let mut copy = self.list(bytes.len() + 1)?;
        copy.extend(bytes)?;
        copy.push(0)?;
        let with_end = copy.into_slice();
        Ok((with_end.get(..bytes.len()).unwrap_or_default(), with_end))
    }

    /// A place of its own for a value.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[allow(clippy::mut_from_ref)] // each call gives another place
    #[inline]
    pub fn place<T: Copy>(&self, value: T) -> Result<&mut T> {
        let place = self.take(Layout::new::<T>())?.cast::<T>();
        // SAFETY: new memory of the type's layout, which stays as long as the arena does.
        unsafe {
            place.write(value);
            Ok(&mut *place.as_ptr())
        }
    }

    /// An empty list with room for so many.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub fn list<T: Copy>(&self, room: usize) -> Result<List<'_, T>> {
        let mut list = List { arena: self, start: NonNull::dangling(), length: 0, room: 0 };
        list.grow(room)?;
        Ok(list)
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
    arena: &'a Arena,
    start: NonNull<T>,
    length: usize,
    room: usize,
}

impl<'a, T: Copy> List<'a, T> {
    #[cold]
    #[inline]
    fn grow(&mut self, room: usize) -> Result<()> {
        if room > self.room {
            let layout = Layout::array::<T>(room).map_err(|_| Errno::ENOMEM)?;
            let start = self.arena.take(layout)?.cast::<T>();
            // SAFETY: the new place is another one, and has more room than there are values.
            unsafe { start.copy_from_nonoverlapping(self.start, self.length) };
            (self.start, self.room) = (start, room);
        }
        Ok(())
    }

    /// Adds a value at the end.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub fn push(&mut self, value: T) -> Result<()> {
        if self.length == self.room {
            self.grow(self.room.saturating_mul(2).max(8))?;
        }
        // SAFETY: there is room for one more.
        unsafe { self.start.add(self.length).write(value) };
        self.length += 1;
        Ok(())
    }

    /// Adds values at the end.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub fn extend(&mut self, values: &[T]) -> Result<()> {
        let length = self.length + values.len();
        if length > self.room {
            self.grow(length.max(self.room.saturating_mul(2)))?;
        }
        // SAFETY: there is room for so many more, and what is borrowed is not in it.
        unsafe {
            let end = self.start.add(self.length).as_ptr();
            core::ptr::copy_nonoverlapping(values.as_ptr(), end, values.len());
        }
        self.length = length;
        Ok(())
    }

    /// Takes the values after so many away.
    #[inline]
    pub fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// The values, which stay as long as the arena does.
    #[inline]
    pub fn into_slice(self) -> &'a [T] {
        // SAFETY: as many were written; the list is gone, so that nobody changes them.
        unsafe { core::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl<T> Deref for List<'_, T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: as many were written, and only `&mut self` changes them.
        unsafe { core::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl<T> DerefMut for List<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as many were written, and this borrow is the only one.
        unsafe { core::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_grow_and_keep_what_they_have() {
        let arena = Arena::new();
        let mut list = arena.list(0).unwrap();
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
        assert!(arena.take(Layout::from_size_align(1 << 60, 8).unwrap()).is_err());
    }
}
