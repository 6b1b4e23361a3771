//! Program headers (gABI, "Program Header").

use super::bytes::{Encoding, Record};

/// `Elf32_Phdr`, `Elf64_Phdr`
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)] // the fields are the gABI's
pub struct ProgramHeader {
    pub p_type: u32,
    pub p_flags: u32,
    pub p_offset: u64,
    pub p_vaddr: u64,
    pub p_paddr: u64,
    pub p_filesz: u64,
    pub p_memsz: u64,
    pub p_align: u64,
}

impl Record for ProgramHeader {
    fn size(encoding: Encoding) -> usize {
        if encoding.is_64() { 56 } else { 32 }
    }

    #[inline]
    fn decode(e: Encoding, bytes: &[u8]) -> Option<Self> {
        Some(if e.is_64() {
            let b: &[u8; 56] = bytes.first_chunk()?;
            ProgramHeader {
                p_type: e.u32(b, 0),
                p_flags: e.u32(b, 4),
                p_offset: e.u64(b, 8),
                p_vaddr: e.u64(b, 16),
                p_paddr: e.u64(b, 24),
                p_filesz: e.u64(b, 32),
                p_memsz: e.u64(b, 40),
                p_align: e.u64(b, 48),
            }
        } else {
            let b: &[u8; 32] = bytes.first_chunk()?;
            ProgramHeader {
                p_type: e.u32(b, 0),
                p_offset: e.u32(b, 4).into(),
                p_vaddr: e.u32(b, 8).into(),
                p_paddr: e.u32(b, 12).into(),
                p_filesz: e.u32(b, 16).into(),
                p_memsz: e.u32(b, 20).into(),
                p_flags: e.u32(b, 24),
                p_align: e.u32(b, 28).into(),
            }
        })
    }
}
