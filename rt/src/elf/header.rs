//! The file header (gABI, "ELF Header").

use super::bytes::{Class, Data, Encoding, Field, record};
use super::consts::*;

/// `e_ident`: what comes before the first number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
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

impl Field for Ident {
    #[inline(always)]
    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let (first, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(Ident(*first))
    }
}

record! {
    /// `Elf32_Ehdr`, `Elf64_Ehdr`
    pub struct FileHeader {
        e_ident: Ident = 0,
        e_type: u16 = 16,
        e_machine: u16 = 18,
        e_version: u32 = 20,
        e_entry: u64 = 24,
        e_phoff: u64 = 28,
        e_shoff: u64 = 32,
        e_flags: u32 = 36,
        e_ehsize: u16 = 40,
        e_phentsize: u16 = 42,
        e_phnum: u16 = 44,
        e_shentsize: u16 = 46,
        e_shnum: u16 = 48,
        e_shstrndx: u16 = 50,
    }
}
