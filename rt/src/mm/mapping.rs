//! [`Mapping`]: pages of our own.

use super::*;
use crate::arch::{nr, syscall};
use crate::errno::{Errno, Result, check};
use crate::io::{AsFd, BorrowedFd};
use core::ptr::NonNull;
use core::sync::atomic::AtomicU8;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::{Mode, O_CREAT, O_RDWR, ftruncate, open, unlink};
    use crate::io::pread;
    use core::sync::atomic::Ordering;
    use std::format;

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
}
