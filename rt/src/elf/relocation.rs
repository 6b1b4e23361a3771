//! Relocations (gABI, "Relocation"; RELR: gABI, "Relative Relocation Table").

use super::bytes::{Encoding, Record, Table};

/// `Elf32_Rel`, `Elf64_Rel`
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)] // the fields are the gABI's
pub struct Rel {
    pub r_offset: u64,
    pub r_info: u64,
}

/// `Elf32_Rela`, `Elf64_Rela`
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)] // the fields are the gABI's
pub struct Rela {
    pub r_offset: u64,
    pub r_info: u64,
    /// Sign-extended from the class's width.
    pub r_addend: i64,
}

impl Record for Rel {
    fn size(encoding: Encoding) -> usize {
        2 * encoding.word()
    }

    #[inline]
    fn decode(e: Encoding, bytes: &[u8]) -> Option<Self> {
        Some(if e.is_64() {
            let b: &[u8; 16] = bytes.first_chunk()?;
            Rel { r_offset: e.u64(b, 0), r_info: e.u64(b, 8) }
        } else {
            let b: &[u8; 8] = bytes.first_chunk()?;
            Rel { r_offset: e.u32(b, 0).into(), r_info: e.u32(b, 4).into() }
        })
    }
}

impl Record for Rela {
    fn size(encoding: Encoding) -> usize {
        3 * encoding.word()
    }

    #[inline]
    fn decode(e: Encoding, bytes: &[u8]) -> Option<Self> {
        Some(if e.is_64() {
            let b: &[u8; 24] = bytes.first_chunk()?;
            let r_addend = e.u64(b, 16).cast_signed();
            Rela { r_offset: e.u64(b, 0), r_info: e.u64(b, 8), r_addend }
        } else {
            let b: &[u8; 12] = bytes.first_chunk()?;
            let r_addend = e.u32(b, 8).cast_signed().into();
            Rela { r_offset: e.u32(b, 0).into(), r_info: e.u32(b, 4).into(), r_addend }
        })
    }
}

/// A word of a RELR table: an address, or a bitmap of the words that follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Relr(pub u64);

impl Record for Relr {
    fn size(encoding: Encoding) -> usize {
        encoding.word()
    }

    fn decode(e: Encoding, bytes: &[u8]) -> Option<Self> {
        Some(Relr(if e.is_64() {
            e.u64(bytes.first_chunk::<8>()?, 0)
        } else {
            e.u32(bytes.first_chunk::<4>()?, 0).into()
        }))
    }
}

impl<'a> Table<'a, Relr> {
    /// The places that a RELR table relocates, in its order. Addresses wrap at the
    /// class's width, as they do for a loader.
    pub fn addresses(self, encoding: Encoding) -> impl Iterator<Item = u64> + use<'a> {
        let word = encoding.word() as u64;
        let mask = u64::MAX >> (64 - 8 * word);
        let mut base = 0u64;
        self.iter().flat_map(move |Relr(entry)| {
            let (first, bits) = if entry & 1 == 0 { (entry, 1) } else { (base, entry >> 1) };
            base = if entry & 1 == 0 {
                entry.wrapping_add(word)
            } else {
                base.wrapping_add((word * 8 - 1) * word)
            };
            let set = (0..word * 8 - 1).filter(move |i| bits >> i & 1 == 1);
            set.map(move |i| first.wrapping_add(i * word) & mask)
        })
    }
}
