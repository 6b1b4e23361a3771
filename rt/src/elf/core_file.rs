//! Core files (gABI, "Core File"; notes and segments as Linux writes them, `man 5 core`).

use super::consts::*;
use super::{Elf, Notes, Reader, c_str};

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
    #[inline]
    pub fn note(&self, owner: &[u8], n_type: u32) -> Option<&'a [u8]> {
        note(&self.elf, owner, n_type)
    }

    /// The mappings of files that the note `NT_FILE` lists, in its order, which is that of
    /// addresses; up to the first one that is cut off.
    #[inline]
    pub fn files(&self) -> MappedFiles<'a> {
        const NT_FILE: u32 = 0x4649_4c45;
        let desc = self.note(b"CORE", NT_FILE).unwrap_or_default();
        let (reader, word) = (Reader::new(self.elf.encoding, desc), self.elf.encoding.word());
        let (left, page) = (reader.word(0).unwrap_or(0), reader.word(word).unwrap_or(0));
        // Three words for each, and behind those the names.
        let table = usize::try_from(left).ok().and_then(|left| left.checked_mul(3 * word));
        let names = table.and_then(|table| desc.get(table.checked_add(2 * word)?..));
        MappedFiles { reader, page, left, at: 2 * word, names: names.unwrap_or_default() }
    }

    /// Copies memory from an address on, and says how many bytes: up to the first one that
    /// the file doesn't hold. What was mapped from a file and never changed, say a program's
    /// code, is often left out.
    #[inline]
    pub fn memory(&self, address: u64, buffer: &mut [u8]) -> usize {
        let mut done = 0;
        while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let Some(bytes) = address.checked_add(done as u64).and_then(|at| self.from(at)) else {
                break;
            };
            let length = bytes.len().min(rest.len());
            if let (Some(to), Some(from)) = (rest.get_mut(..length), bytes.get(..length)) {
                to.copy_from_slice(from);
            }
            done += length;
        }
        done
    }

    /// What the file holds from an address on, up to the end of its segment or of the file;
    /// never empty.
    #[inline]
    fn from(&self, address: u64) -> Option<&'a [u8]> {
        let (start, bytes) = self.segment_at(address)?;
        bytes.get(usize::try_from(address - start).ok()?..)
    }

    /// The piece of memory that an address lies in, by the first `PT_LOAD` with it: where it
    /// begins, and as much of it as the file holds.
    #[inline]
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

/// What the first note of this owner and type says, of all that the segments of a file have.
// Loops: a chain of iterators would be four times as large. Inline, as all that is rarely called
// here: it is compiled with its caller's options then, for size.
#[inline]
pub fn note<'a>(elf: &Elf<'a>, owner: &[u8], n_type: u32) -> Option<&'a [u8]> {
    for segment in elf.segments()?.iter() {
        if segment.p_type == PT_NOTE
            && let Some(bytes) = elf.bytes(segment.p_offset, segment.p_filesz)
        {
            for note in Notes::new(elf.encoding, bytes, segment.p_align) {
                if note.n_type == n_type && note.owner() == owner {
                    return Some(note.desc);
                }
            }
        }
    }
    None
}

/// A mapping of a file, as `NT_FILE` has it (`fill_files_note` of fs/binfmt_elf.c).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MappedFile<'a> {
    /// The first address.
    pub start: u64,
    /// The first address behind it.
    pub end: u64,
    /// Where in the file it begins, in bytes.
    pub offset: u64,
    /// The file's path.
    pub name: &'a [u8],
}

impl<'a> MappedFile<'a> {
    /// What of it lies at an address and behind that.
    pub fn from(self, address: u64) -> Option<MappedFile<'a>> {
        let skipped = address.saturating_sub(self.start);
        let (start, offset) = (self.start + skipped, self.offset.wrapping_add(skipped));
        (start < self.end).then_some(MappedFile { start, offset, ..self })
    }
}

/// See [`CoreFile::files`].
#[derive(Clone)]
pub struct MappedFiles<'a> {
    reader: Reader<'a>,
    page: u64,
    /// How many are left.
    left: u64,
    /// Where the next one is, and its name.
    at: usize,
    names: &'a [u8],
}

impl<'a> Iterator for MappedFiles<'a> {
    type Item = MappedFile<'a>;

    #[inline]
    fn next(&mut self) -> Option<MappedFile<'a>> {
        self.left = self.left.checked_sub(1)?;
        let word = self.reader.encoding.word();
        let field = |n: usize| self.reader.word(self.at.checked_add(n * word)?);
        let (start, end, offset) = (field(0)?, field(1)?, field(2)?.wrapping_mul(self.page));
        let name = c_str(self.names, 0)?;
        self.at = self.at.checked_add(3 * word)?;
        self.names = self.names.get(name.len() + 1..)?;
        Some(MappedFile { start, end, offset, name })
    }
}
