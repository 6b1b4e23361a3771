//! Symbols (gABI, "Symbol Table").

use super::bytes::{Encoding, Record, Table};
use super::consts::STB_LOCAL;

/// `Elf32_Sym`, `Elf64_Sym`
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)] // the fields are the gABI's
pub struct Symbol {
    pub st_name: u32,
    pub st_info: u8,
    pub st_other: u8,
    pub st_shndx: u16,
    pub st_value: u64,
    pub st_size: u64,
}

impl Symbol {
    /// `ELF64_ST_BIND`: the upper half of `st_info`.
    #[inline]
    pub const fn bind(&self) -> u8 {
        self.st_info >> 4
    }

    /// `ELF64_ST_TYPE`: the lower half of `st_info`.
    #[inline]
    pub const fn kind(&self) -> u8 {
        self.st_info & 15
    }

    /// `ELF64_ST_VISIBILITY`: the lower two bits of `st_other`.
    #[inline]
    pub const fn visibility(&self) -> u8 {
        self.st_other & 3
    }
}

impl Record for Symbol {
    fn size(encoding: Encoding) -> usize {
        if encoding.is_64() { 24 } else { 16 }
    }

    // Always: rows of symbols are most of a report, whatever else is compiled for size.
    #[inline(always)]
    fn decode(e: Encoding, bytes: &[u8]) -> Option<Self> {
        Some(if e.is_64() {
            let b: &[u8; 24] = bytes.first_chunk()?;
            Symbol {
                st_name: e.u32(b, 0),
                st_info: b[4],
                st_other: b[5],
                st_shndx: e.u16(b, 6),
                st_value: e.u64(b, 8),
                st_size: e.u64(b, 16),
            }
        } else {
            let b: &[u8; 16] = bytes.first_chunk()?;
            Symbol {
                st_name: e.u32(b, 0),
                st_value: e.u32(b, 4).into(),
                st_size: e.u32(b, 8).into(),
                st_info: b[12],
                st_other: b[13],
                st_shndx: e.u16(b, 14),
            }
        })
    }
}

impl Table<'_, Symbol> {
    /// The first local symbol from one index to before another.
    // Not inlined: then it would be compiled with its caller's options, for size.
    #[inline(never)]
    pub fn first_local(&self, from: usize, to: usize) -> Option<usize> {
        let is_local =
            |index: &usize| self.get(*index).is_some_and(|symbol| symbol.bind() == STB_LOCAL);
        (from..to).find(is_local)
    }
}
