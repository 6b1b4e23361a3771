//! Symbols (gABI, "Symbol Table").

use super::bytes::{Encoding, Table, record};
use super::consts::STB_LOCAL;

record! {
    /// `Elf32_Sym`, `Elf64_Sym`
    pub struct Symbol {
        st_name: u32 = 0,
        st_info: u8 = 12,
        st_other: u8 = 13,
        st_shndx: u16 = 14,
        st_value: u64 = 4,
        st_size: u64 = 8,
    }
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

    /// What [`decode`](super::Record::decode) does, in line and of all encodings alike: rows of symbols
    /// are most of a report, whatever the file.
    #[inline(always)]
    fn decode_fast(e: Encoding, bytes: &[u8]) -> Option<Self> {
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
    /// As [`get`](Self::get), for rows.
    #[inline(always)]
    pub(crate) fn get_fast(&self, index: usize) -> Option<Symbol> {
        Symbol::decode_fast(self.encoding(), self.bytes(index)?)
    }

    /// The `st_name` of a symbol.
    #[inline(always)]
    pub(crate) fn name(&self, index: usize) -> Option<u32> {
        Some(self.encoding().u32(self.bytes(index)?.first_chunk::<4>()?, 0))
    }

    /// The first local symbol from one index to before another.
    // Not inlined: then it would be compiled with its caller's options, for size.
    #[inline(never)]
    pub fn first_local(&self, from: usize, to: usize) -> Option<usize> {
        let is_local =
            |index: &usize| self.get_fast(*index).is_some_and(|symbol| symbol.bind() == STB_LOCAL);
        (from..to).find(is_local)
    }
}
