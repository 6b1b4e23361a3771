//! Section headers (gABI, "Sections").

use super::bytes::{Encoding, Record};

/// `Elf32_Shdr`, `Elf64_Shdr`
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)] // the fields are the gABI's
pub struct SectionHeader {
    pub sh_name: u32,
    pub sh_type: u32,
    pub sh_flags: u64,
    pub sh_addr: u64,
    pub sh_offset: u64,
    pub sh_size: u64,
    pub sh_link: u32,
    pub sh_info: u32,
    pub sh_addralign: u64,
    pub sh_entsize: u64,
}

impl Record for SectionHeader {
    fn size(encoding: Encoding) -> usize {
        if encoding.is_64() { 64 } else { 40 }
    }

    // Not inlined: there are few of them, and many callers.
    #[inline(never)]
    fn decode(e: Encoding, bytes: &[u8]) -> Option<Self> {
        SectionHeader::decode_here(e, bytes)
    }
}

impl SectionHeader {
    /// What [`decode`](Record::decode) does, in line: for loops over very many of them.
    #[inline(always)]
    pub(super) fn decode_here(e: Encoding, bytes: &[u8]) -> Option<Self> {
        Some(if e.is_64() {
            let b: &[u8; 64] = bytes.first_chunk()?;
            SectionHeader {
                sh_name: e.u32(b, 0),
                sh_type: e.u32(b, 4),
                sh_flags: e.u64(b, 8),
                sh_addr: e.u64(b, 16),
                sh_offset: e.u64(b, 24),
                sh_size: e.u64(b, 32),
                sh_link: e.u32(b, 40),
                sh_info: e.u32(b, 44),
                sh_addralign: e.u64(b, 48),
                sh_entsize: e.u64(b, 56),
            }
        } else {
            let b: &[u8; 40] = bytes.first_chunk()?;
            SectionHeader {
                sh_name: e.u32(b, 0),
                sh_type: e.u32(b, 4),
                sh_flags: e.u32(b, 8).into(),
                sh_addr: e.u32(b, 12).into(),
                sh_offset: e.u32(b, 16).into(),
                sh_size: e.u32(b, 20).into(),
                sh_link: e.u32(b, 24),
                sh_info: e.u32(b, 28),
                sh_addralign: e.u32(b, 32).into(),
                sh_entsize: e.u32(b, 36).into(),
            }
        })
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
        if encoding.is_64() { 24 } else { 12 }
    }

    fn decode(e: Encoding, bytes: &[u8]) -> Option<Self> {
        Some(if e.is_64() {
            let b: &[u8; 24] = bytes.first_chunk()?;
            CompressionHeader {
                ch_type: e.u32(b, 0),
                ch_size: e.u64(b, 8),
                ch_addralign: e.u64(b, 16),
            }
        } else {
            let b: &[u8; 12] = bytes.first_chunk()?;
            CompressionHeader {
                ch_type: e.u32(b, 0),
                ch_size: e.u32(b, 4).into(),
                ch_addralign: e.u32(b, 8).into(),
            }
        })
    }
}
