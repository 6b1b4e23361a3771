//! Segments into memory: the second stage, the first one that maps anything executable.

use super::file::FileMap;
use super::image::{Image, Load, page_ceil, page_floor};
use super::memory::align_up;
use super::tables::Part;
use crate::arch::{PAGE, nr, syscall};
use crate::elf::consts::*;
use crate::errno::{Errno, Result, check};
use crate::io::BorrowedFd;
use crate::mm::{
    MAP_ANONYMOUS, MAP_FIXED, MAP_FIXED_NOREPLACE, MAP_NORESERVE, MAP_POPULATE, MAP_PRIVATE,
    MapFlags, PROT_EXEC, PROT_NONE, PROT_READ, PROT_WRITE, Prot, mmap, mremap, munmap,
};
use core::ptr::NonNull;

#[inline]
fn prot(flags: u32) -> Prot {
    let bit = |flag: u32, prot: Prot| if flags & flag != 0 { prot } else { PROT_NONE };
    bit(PF_R, PROT_READ) | bit(PF_W, PROT_WRITE) | bit(PF_X, PROT_EXEC)
}

/// Sets the protection of pages.
///
/// # Safety
/// They belong to an object whose image says so, and nobody holds references to them that the
/// new protection would break.
// Not inlined, as the next one: it is called in many places.
#[inline(never)]
pub unsafe fn protect(address: usize, size: usize, prot: Prot) -> Result<()> {
    // SAFETY: the caller says so.
    check(unsafe { syscall(nr::MPROTECT, [address, size, prot.0 as usize]) })?;
    Ok(())
}

/// Unmaps pages.
///
/// # Safety
/// As for [`munmap`].
#[inline(never)]
unsafe fn unmap(address: usize, size: usize) -> Result<()> {
    // SAFETY: the caller says so.
    unsafe { munmap(pointer(address), size) }
}

/// Brings pages in that are about to be read (`man 2 madvise`). Whether an address can be read
/// at all, as far as the kernel tells: false where it is behind the end of a file, or where
/// nothing is. Before Linux 5.14 nothing happens, and nothing is known.
#[inline]
pub fn bring_in(address: usize, size: usize) -> bool {
    const MADV_POPULATE_READ: usize = 22;
    let page = address & !(PAGE - 1);
    let size = (address - page).saturating_add(size);
    // SAFETY: changes nothing that anybody could see.
    let result = check(unsafe { syscall(nr::MADVISE, [page, size, MADV_POPULATE_READ]) });
    !matches!(result, Err(Errno::EFAULT | Errno::ENOMEM))
}

#[inline]
fn pointer(address: usize) -> NonNull<u8> {
    NonNull::new(core::ptr::with_exposed_provenance_mut(address)).unwrap_or(NonNull::dangling())
}

/// Maps an image, in the place of its file where that is possible, and takes the file. The
/// result is the bias.
///
/// # Errors
/// Those of `man 2 mmap`; `EEXIST` where a program without a bias has no room.
#[inline]
pub fn map_image(image: &Image, file: FileMap) -> Result<usize> {
    let first = image.loads.first().ok_or(Errno::ENOEXEC)?;
    let in_place =
        image.e_type == ET_DYN && image.align == PAGE as u64 && page_floor(first.offset) == 0;
    let place = if in_place { in_place_of(image, file) } else { apart(image) };
    let mapped = place.and_then(|base| {
        let bias = base.wrapping_sub(image.span.at as usize);
        segments(image, file, base, in_place).map(|()| bias).inspect_err(|_| {
            // SAFETY: its span was ours alone from the beginning, and nobody uses it.
            unsafe { unmap_image(image, bias) };
        })
    });
    if !in_place {
        // SAFETY: the file is looked at no more.
        let _ = unsafe { unmap(file.start.as_ptr().expose_provenance(), file.size) };
    }
    file.close();
    mapped
}

/// Makes the mapping of a file as long as an image's span; where it begins.
#[inline]
fn in_place_of(image: &Image, file: FileMap) -> Result<usize> {
    let (span, mapped) = (image.span.size as usize, file.mapped());
    let mut start = file.start;
    if span > mapped {
        // SAFETY: it is one mapping, and its old address is used no more.
        start = unsafe { mremap(start, mapped, span) }?;
    } else if span < mapped {
        // SAFETY: what is behind the span is looked at no more.
        unsafe { unmap(start.as_ptr().expose_provenance() + span, mapped - span) }?;
    }
    Ok(start.as_ptr().expose_provenance())
}

/// Reserves an image's span, aligned as it asks for.
#[inline]
fn apart(image: &Image) -> Result<usize> {
    let (span, align) = (image.span.size as usize, image.align as usize);
    let mut flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    let (mut wanted, mut room) = (0, span.checked_add(align - PAGE).ok_or(Errno::ENOMEM)?);
    if image.e_type == ET_EXEC {
        (wanted, room, flags) = (image.span.at as usize, span, flags | MAP_FIXED_NOREPLACE);
    }
    // SAFETY: nothing is mapped over.
    let start = unsafe { mmap(wanted, room, PROT_NONE, flags, None, 0) }?;
    let start = start.as_ptr().expose_provenance();
    // Before Linux 4.17 the address is a wish.
    if wanted != 0 && start != wanted {
        // SAFETY: new, and nobody knows of it.
        unsafe { unmap(start, room) }?;
        return Err(Errno::EEXIST);
    }
    // What is congruent to the first address, so that all segments are aligned.
    let skew = image.span.at as usize & (align - 1);
    let base = align_up(start - skew.min(start), align) + skew;
    let (before, after) = (base - start, start + room - (base + span));
    let cut = |at: usize, size: usize| match size {
        0 => Ok(()),
        // SAFETY: new, and nobody knows of it.
        _ => unsafe { unmap(at, size) },
    };
    cut(start, before)?;
    cut(base + span, after)?;
    Ok(base)
}

/// Maps the segments into the span that begins at `base`, which is all ours. With `is_file`
/// that is the file itself, readable.
#[inline]
fn segments(image: &Image, file: FileMap, base: usize, is_file: bool) -> Result<()> {
    let mut end_before = base;
    for load in image.loads {
        let place = |at: u64| base + (at - image.span.at) as usize;
        let (start, end) = (place(page_floor(load.memory.at)), place(page_ceil(end_of(load))));
        if start > end_before {
            // SAFETY: between two segments, where nothing is.
            unsafe { unmap(end_before, start - end_before) }?;
        }
        end_before = end;
        let prot = prot(load.flags);
        let file_end = place(load.memory.at + load.filesz);
        let pages = if load.filesz == 0 { start } else { file_end.next_multiple_of(PAGE) };
        let offset = page_floor(load.offset);
        if pages > start && !(is_file && offset == (start - base) as u64) {
            let populate = if will_be_written(image, load) { MAP_POPULATE } else { MapFlags(0) };
            let (flags, fd) = (MAP_PRIVATE | MAP_FIXED | populate, Some(file.fd()));
            // SAFETY: over pages of this image's span, which are nobody else's.
            unsafe { mmap(start, pages - start, prot, flags, fd, offset) }?;
        } else if pages > start && prot.0 != PROT_READ.0 {
            // SAFETY: pages of this image, to which nobody has references any more.
            unsafe { protect(start, pages - start, prot) }?;
        }
        // What it has more in memory than in the file: the rest of its last page, and pages.
        if load.memory.size > load.filesz && pages > file_end {
            clear(file_end, pages, prot)?;
        }
        if end > pages {
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
            // SAFETY: over pages of this image's span, which are nobody else's.
            unsafe { mmap(pages, end - pages, prot, flags, None, 0) }?;
        }
    }
    Ok(())
}

/// Whether most pages of a segment will be written by relocation: brought in at once they cost
/// one call, and not a page fault each.
#[inline]
fn will_be_written(image: &Image, load: &Load) -> bool {
    const FEW: u64 = 8 * PAGE as u64;
    let tables = &image.tables;
    // Eight bytes each; a word of RELR stands for some dozens.
    let relocated = tables.part(Part::Rela).size / 24 * 8 + tables.part(Part::Relr).size * 32;
    load.flags & PF_W != 0 && (load.filesz <= FEW || relocated >= load.filesz / 2)
}

#[inline]
fn end_of(load: &Load) -> u64 {
    load.memory.at + load.memory.size
}

/// Clears the rest of a page that ends at `end`.
#[inline]
fn clear(from: usize, end: usize, prot: Prot) -> Result<()> {
    let (page, is_writable) = (end - PAGE, prot.0 & PROT_WRITE.0 != 0);
    if !is_writable {
        // SAFETY: a page of an image that is being mapped, which nobody uses yet.
        unsafe { protect(page, PAGE, PROT_READ | PROT_WRITE) }?;
    }
    // SAFETY: within the last page of a segment's file part, which can be written now, and of
    // which the rest belongs to the segment or to nobody.
    unsafe { core::ptr::with_exposed_provenance_mut::<u8>(from).write_bytes(0, end - from) };
    if !is_writable {
        // SAFETY: as above.
        unsafe { protect(page, PAGE, prot) }?;
    }
    Ok(())
}

/// Unmaps an image again.
///
/// # Safety
/// It was mapped at this bias, and nobody uses it.
#[inline]
pub unsafe fn unmap_image(image: &Image, bias: usize) {
    for load in image.loads {
        let start = bias.wrapping_add(page_floor(load.memory.at) as usize);
        let size = page_ceil(end_of(load)) - page_floor(load.memory.at);
        // SAFETY: the caller says so.
        let _ = unsafe { unmap(start, size as usize) };
    }
}

impl FileMap {
    #[inline]
    fn fd(&self) -> BorrowedFd<'_> {
        // SAFETY: it is open until the file is released or closed, which ends its use.
        unsafe { BorrowedFd::new(self.fd) }
    }

    /// Closes the descriptor; the mapping stays.
    #[inline]
    pub(super) fn close(self) {
        // SAFETY: it is this file's, and used no more.
        drop(unsafe { crate::io::OwnedFd::new(self.fd) });
    }
}
