//! Notes (gABI, "Note Section").

use super::bytes::{Encoding, Reader};

/// One note.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Note<'a> {
    /// Where it begins, in bytes from the start of the notes.
    pub offset: usize,
    /// `n_namesz`: the length of the owner's name with its zero byte.
    pub n_namesz: u32,
    /// `n_descsz`: the length of the descriptor.
    pub n_descsz: u32,
    /// `n_type`: its meaning depends on the owner.
    pub n_type: u32,
    /// The owner's name as it is stored: `n_namesz` bytes.
    pub name: &'a [u8],
    /// The descriptor: `n_descsz` bytes.
    pub desc: &'a [u8],
}

impl<'a> Note<'a> {
    /// The owner's name up to its zero byte.
    pub fn owner(&self) -> &'a [u8] {
        self.name.split(|&b| b == 0).next().unwrap_or_default()
    }
}

/// The notes of a section or segment, one after the other; ends at the first one that
/// doesn't fit. What is left then is [`rest`](Notes::rest).
#[derive(Clone, Copy)]
pub struct Notes<'a> {
    reader: Reader<'a>,
    align: usize,
    at: usize,
}

impl<'a> Notes<'a> {
    /// The notes in these bytes, aligned to 8 bytes where `align` is 8, else to 4: binutils
    /// and the kernel write 4-byte aligned notes into 64-bit files as well.
    pub fn new(encoding: Encoding, bytes: &'a [u8], align: u64) -> Self {
        let align = if align == 8 { 8 } else { 4 };
        Notes { reader: Reader::new(encoding, bytes), align, at: 0 }
    }

    /// What hasn't been read: empty at a proper end.
    pub fn rest(&self) -> &'a [u8] {
        self.reader.bytes.get(self.at..).unwrap_or_default()
    }
}

impl<'a> Iterator for Notes<'a> {
    type Item = Note<'a>;

    fn next(&mut self) -> Option<Note<'a>> {
        let (r, at) = (self.reader, self.at);
        let up = |n: usize| n.checked_next_multiple_of(self.align);
        let (n_namesz, n_descsz, n_type) = (r.u32(at)?, r.u32(at + 4)?, r.u32(at + 8)?);
        let name = r.slice(at + 12, n_namesz as usize)?;
        let desc_at = up(at.checked_add(12)?.checked_add(n_namesz as usize)?)?;
        let desc = r.slice(desc_at, n_descsz as usize)?;
        // The padding after the last descriptor may be missing.
        self.at = up(desc_at + desc.len())?.min(r.bytes.len());
        Some(Note { offset: at, n_namesz, n_descsz, n_type, name, desc })
    }
}
