//! The file header (gABI, "ELF Header").

use super::bytes::{Class, Data, Encoding, Record};
use super::consts::*;

/// `e_ident`: what comes before the first number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ident(pub [u8; 16]);

impl Ident {
    /// Whether it begins with `\x7fELF`.
    pub fn has_magic(&self) -> bool {
        self.0.starts_with(b"\x7fELF")
    }

    /// `EI_CLASS`
    pub fn class(&self) -> u8 {
        self.0[4]
    }

    /// `EI_DATA`
    pub fn data(&self) -> u8 {
        self.0[5]
    }

    /// `EI_VERSION`
    pub fn version(&self) -> u8 {
        self.0[6]
    }

    /// `EI_OSABI`
    pub fn osabi(&self) -> u8 {
        self.0[7]
    }

    /// `EI_ABIVERSION`
    pub fn abi_version(&self) -> u8 {
        self.0[8]
    }

    /// Class and byte order; what is unknown counts as 32 bits and little-endian.
    pub fn encoding(&self) -> Encoding {
        Encoding {
            class: if self.class() == ELFCLASS64 { Class::Elf64 } else { Class::Elf32 },
            data: if self.data() == ELFDATA2MSB { Data::Msb } else { Data::Lsb },
        }
    }
}

/// `Elf32_Ehdr`, `Elf64_Ehdr`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // the fields are the gABI's
pub struct FileHeader {
    pub e_ident: Ident,
    pub e_type: u16,
    pub e_machine: u16,
    pub e_version: u32,
    pub e_entry: u64,
    pub e_phoff: u64,
    pub e_shoff: u64,
    pub e_flags: u32,
    pub e_ehsize: u16,
    pub e_phentsize: u16,
    pub e_phnum: u16,
    pub e_shentsize: u16,
    pub e_shnum: u16,
    pub e_shstrndx: u16,
}

impl Record for FileHeader {
    fn size(encoding: Encoding) -> usize {
        if encoding.is_64() { 64 } else { 52 }
    }

    fn decode(e: Encoding, bytes: &[u8]) -> Option<Self> {
        let e_ident = Ident(*bytes.first_chunk()?);
        // What follows the three words is the same in both classes, 12 bytes apart.
        Some(if e.is_64() {
            let b: &[u8; 64] = bytes.first_chunk()?;
            FileHeader {
                e_ident,
                e_type: e.u16(b, 16),
                e_machine: e.u16(b, 18),
                e_version: e.u32(b, 20),
                e_entry: e.u64(b, 24),
                e_phoff: e.u64(b, 32),
                e_shoff: e.u64(b, 40),
                e_flags: e.u32(b, 48),
                e_ehsize: e.u16(b, 52),
                e_phentsize: e.u16(b, 54),
                e_phnum: e.u16(b, 56),
                e_shentsize: e.u16(b, 58),
                e_shnum: e.u16(b, 60),
                e_shstrndx: e.u16(b, 62),
            }
        } else {
            let b: &[u8; 52] = bytes.first_chunk()?;
            FileHeader {
                e_ident,
                e_type: e.u16(b, 16),
                e_machine: e.u16(b, 18),
                e_version: e.u32(b, 20),
                e_entry: e.u32(b, 24).into(),
                e_phoff: e.u32(b, 28).into(),
                e_shoff: e.u32(b, 32).into(),
                e_flags: e.u32(b, 36),
                e_ehsize: e.u16(b, 40),
                e_phentsize: e.u16(b, 42),
                e_phnum: e.u16(b, 44),
                e_shentsize: e.u16(b, 46),
                e_shnum: e.u16(b, 48),
                e_shstrndx: e.u16(b, 50),
            }
        })
    }
}
