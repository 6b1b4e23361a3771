//! Symbol versions (LSB, "Symbol Versioning"): what a file defines and what it needs.
//! The records chain by byte offsets; who follows them checks that they move on.

use super::bytes::{Encoding, Record};

/// `Elf32_Verdef`, `Elf64_Verdef`: the same in both classes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // the fields are the LSB's
pub struct Verdef {
    pub vd_version: u16,
    pub vd_flags: u16,
    pub vd_ndx: u16,
    pub vd_cnt: u16,
    pub vd_hash: u32,
    pub vd_aux: u32,
    pub vd_next: u32,
}

/// `Elf32_Verdaux`, `Elf64_Verdaux`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // the fields are the LSB's
pub struct Verdaux {
    pub vda_name: u32,
    pub vda_next: u32,
}

/// `Elf32_Verneed`, `Elf64_Verneed`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // the fields are the LSB's
pub struct Verneed {
    pub vn_version: u16,
    pub vn_cnt: u16,
    pub vn_file: u32,
    pub vn_aux: u32,
    pub vn_next: u32,
}

/// `Elf32_Vernaux`, `Elf64_Vernaux`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // the fields are the LSB's
pub struct Vernaux {
    pub vna_hash: u32,
    pub vna_flags: u16,
    pub vna_other: u16,
    pub vna_name: u32,
    pub vna_next: u32,
}

impl Record for Verdef {
    fn size(_: Encoding) -> usize {
        20
    }

    fn decode(e: Encoding, bytes: &[u8]) -> Option<Self> {
        let b: &[u8; 20] = bytes.first_chunk()?;
        Some(Verdef {
            vd_version: e.u16(b, 0),
            vd_flags: e.u16(b, 2),
            vd_ndx: e.u16(b, 4),
            vd_cnt: e.u16(b, 6),
            vd_hash: e.u32(b, 8),
            vd_aux: e.u32(b, 12),
            vd_next: e.u32(b, 16),
        })
    }
}

impl Record for Verdaux {
    fn size(_: Encoding) -> usize {
        8
    }

    fn decode(e: Encoding, bytes: &[u8]) -> Option<Self> {
        let b: &[u8; 8] = bytes.first_chunk()?;
        Some(Verdaux { vda_name: e.u32(b, 0), vda_next: e.u32(b, 4) })
    }
}

impl Record for Verneed {
    fn size(_: Encoding) -> usize {
        16
    }

    fn decode(e: Encoding, bytes: &[u8]) -> Option<Self> {
        let b: &[u8; 16] = bytes.first_chunk()?;
        Some(Verneed {
            vn_version: e.u16(b, 0),
            vn_cnt: e.u16(b, 2),
            vn_file: e.u32(b, 4),
            vn_aux: e.u32(b, 8),
            vn_next: e.u32(b, 12),
        })
    }
}

impl Record for Vernaux {
    fn size(_: Encoding) -> usize {
        16
    }

    fn decode(e: Encoding, bytes: &[u8]) -> Option<Self> {
        let b: &[u8; 16] = bytes.first_chunk()?;
        Some(Vernaux {
            vna_hash: e.u32(b, 0),
            vna_flags: e.u16(b, 4),
            vna_other: e.u16(b, 6),
            vna_name: e.u32(b, 8),
            vna_next: e.u32(b, 12),
        })
    }
}
