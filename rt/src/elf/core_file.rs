//! Core files (gABI, "Core File"; notes and segments as Linux writes them, `man 5 core`).

use super::consts::*;
use super::{Elf, Notes};

/// A core file: notes about a process, and its memory.
#[derive(Clone, Copy)]
pub struct CoreFile<'a> {
    /// The file.
    pub elf: Elf<'a>,
}

impl<'a> CoreFile<'a> {
    /// A file whose type is `ET_CORE`.
    pub fn new(elf: Elf<'a>) -> Option<Self> {
        (elf.header.e_type == ET_CORE).then_some(CoreFile { elf })
    }

    /// What the first note of this owner and type says.
    // Loops: a chain of iterators would be four times as large.
    pub fn note(&self, owner: &[u8], n_type: u32) -> Option<&'a [u8]> {
        for segment in self.elf.segments()?.iter() {
            if segment.p_type == PT_NOTE
                && let Some(bytes) = self.elf.bytes(segment.p_offset, segment.p_filesz)
            {
                for note in Notes::new(self.elf.encoding, bytes, segment.p_align) {
                    if note.n_type == n_type && note.owner() == owner {
                        return Some(note.desc);
                    }
                }
            }
        }
        None
    }

    /// Copies memory from an address on, and says how many bytes: up to the first one that
    /// the file doesn't hold. What was mapped from a file and never changed, say a program's
    /// code, is often left out.
    pub fn memory(&self, address: u64, buffer: &mut [u8]) -> usize {
        let mut done = 0;
        while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let Some(bytes) = address.checked_add(done as u64).and_then(|at| self.from(at)) else {
                break;
            };
            let length = bytes.len().min(rest.len());
            for (to, from) in rest.iter_mut().zip(bytes) {
                *to = *from;
            }
            done += length;
        }
        done
    }

    /// What the file holds from an address on, up to the end of its segment or of the file;
    /// never empty.
    fn from(&self, address: u64) -> Option<&'a [u8]> {
        let (start, bytes) = self.segment_at(address)?;
        bytes.get(usize::try_from(address - start).ok()?..)
    }

    /// The piece of memory that an address lies in, by the first `PT_LOAD` with it: where it
    /// begins, and as much of it as the file holds.
    pub fn segment_at(&self, address: u64) -> Option<(u64, &'a [u8])> {
        for segment in self.elf.segments()?.iter() {
            if segment.p_type == PT_LOAD
                && let Some(within) = address.checked_sub(segment.p_vaddr)
                && let Some(left) = self.elf.size().checked_sub(segment.p_offset)
                && within < segment.p_filesz.min(left)
            {
                let bytes = self.elf.bytes(segment.p_offset, segment.p_filesz.min(left))?;
                return Some((segment.p_vaddr, bytes));
            }
        }
        None
    }
}
