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

mod heap;
mod mapping;

use crate::arch::{nr, syscall};
use crate::bits::bits;
use crate::errno::{Errno, Result, check};
use crate::io::BorrowedFd;
use core::ptr::NonNull;

pub use crate::arch::PAGE;
pub use heap::*;
pub use mapping::*;

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
