//! Section headers (gABI, "Sections").

use super::bytes::{Encoding, Reader, Record, Table, record};

record! {
    /// `Elf32_Shdr`, `Elf64_Shdr`
    pub struct SectionHeader {
        sh_name: u32 = 0,
        sh_type: u32 = 4,
        sh_flags: u64 = 8,
        sh_addr: u64 = 12,
        sh_offset: u64 = 16,
        sh_size: u64 = 20,
        sh_link: u32 = 24,
        sh_info: u32 = 28,
        sh_addralign: u64 = 32,
        sh_entsize: u64 = 36,
    }
}

impl Table<'_, SectionHeader> {
    /// As [`get`](Self::get), in line.
    #[inline(always)]
    pub(super) fn get_here(&self, index: usize) -> Option<SectionHeader> {
        SectionHeader::decode_here(self.encoding(), self.bytes(index)?)
    }
}

/// `Elf32_Chdr`, `Elf64_Chdr`: the head of an `SHF_COMPRESSED` section.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // the fields are the gABI's
pub struct CompressionHeader {
    pub ch_type: u32,
    pub ch_size: u64,
    pub ch_addralign: u64,
}

impl Record for CompressionHeader {
    fn size(encoding: Encoding) -> usize {
        3 * encoding.word()
    }

    #[inline]
    fn decode(e: Encoding, bytes: &[u8]) -> Option<Self> {
        let (reader, word) = (Reader::new(e, bytes), e.word());
        Some(CompressionHeader {
            ch_type: reader.u32(0)?,
            ch_size: reader.word(word)?,
            ch_addralign: reader.word(2 * word)?,
        })
    }
}
