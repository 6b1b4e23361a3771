//! Reading ELF: every class, byte order and machine, with nothing taken on trust.
//!
//! Records are decoded by value out of checked byte slices into structs that are 64 bits
//! wide whatever the file's class; names and meanings are those of the gABI ("System V
//! Application Binary Interface", chapters 4 and 5). An unknown number is data, not an
//! error. There is no `unsafe` here and nothing but `core`, so that all of it can be
//! tested, fuzzed and run under Miri on the host.
//!
//! [`Elf`] is the way in: it reads the header and finds the tables. Each [`Table`] then
//! decodes a record when it is asked for one: a file with four billion section headers
//! costs nothing until somebody looks at them.

#![forbid(unsafe_code)]

mod bytes;
pub mod consts;
mod core_file;
mod dynamic;
mod hash;
mod header;
mod note;
mod relocation;
mod section;
mod segment;
mod symbol;
mod version;

pub use bytes::{Class, Data, Encoding, Part, Reader, Record, Source, Table, c_str};
pub use core_file::{CoreFile, MappedFile, MappedFiles, note};
pub use dynamic::{Dyn, Dynamic};
pub use hash::{GnuHash, SysvHash, gnu_hash, sysv_hash};
pub use header::{FileHeader, Ident};
pub use note::{Note, Notes};
pub use relocation::{Rel, Rela, Relr};
pub use section::{CompressionHeader, SectionHeader};
pub use segment::{ProgramHeader, SectionGroups};
pub use symbol::Symbol;
pub use version::{Verdaux, Verdef, Vernaux, Verneed};

use consts::{PN_XNUM, SHN_XINDEX};

/// Why a file can't be read as ELF at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// It ends within the sixteen bytes of `e_ident`.
    NoIdent,
    /// It doesn't begin with `\x7fELF`.
    BadMagic,
    /// It ends within the file header.
    NoHeader,
}

/// An ELF file, or an ELF image in memory: its header, and the way to its tables.
#[derive(Clone, Copy)]
pub struct Elf<'a> {
    source: &'a dyn Source,
    /// How its numbers are stored.
    pub encoding: Encoding,
    /// The file header as it is stored; [`Elf::shnum`], [`Elf::phnum`] and
    /// [`Elf::shstrndx`] are the counts with extended numbering resolved.
    pub header: FileHeader,
    first: Option<SectionHeader>,
}

impl<'a> Elf<'a> {
    /// Reads the file header (gABI, "ELF Header"). Whatever it points to is checked when
    /// it is looked at. An unknown class is read as ELFCLASS32, an unknown byte order as
    /// little-endian: what can be shown of such a file is the header.
    pub fn new(source: &'a dyn Source) -> Result<Elf<'a>, Error> {
        let ident = source.get(0, 16).and_then(|b| b.first_chunk()).ok_or(Error::NoIdent)?;
        let ident = Ident(*ident);
        if !ident.has_magic() {
            return Err(Error::BadMagic);
        }
        let encoding = ident.encoding();
        let size = FileHeader::size(encoding) as u64;
        let header = source
            .get(0, size)
            .and_then(|bytes| FileHeader::decode(encoding, bytes))
            .ok_or(Error::NoHeader)?;
        let mut elf = Elf { source, encoding, header, first: None };
        // Section header 0 holds the numbers that don't fit into the file header. The others
        // are likely to be wanted, too: asked for together, they are read together.
        let table = |count| elf.table(header.e_shoff, count, header.e_shentsize.into());
        let table = table(header.e_shnum.into()).filter(|t| !t.is_empty()).or_else(|| table(1));
        elf.first = table.and_then(|table| table.get(0));
        if header.e_shoff == 0 {
            elf.first = None;
        }
        Ok(elf)
    }

    /// The bytes of a part of the file; none where any of it lies outside.
    pub fn bytes(&self, offset: u64, size: u64) -> Option<&'a [u8]> {
        self.source.get(offset, size)
    }

    /// How many bytes the file has.
    pub fn size(&self) -> u64 {
        self.source.size()
    }

    /// The source that this is read from.
    pub fn source(&self) -> &'a dyn Source {
        self.source
    }

    /// A table of `count` records of `entsize` bytes each; none where any of it lies
    /// outside the file or a record doesn't fit into `entsize` bytes.
    pub fn table<T: Record>(&self, offset: u64, count: u64, entsize: u64) -> Option<Table<'a, T>> {
        let bytes = self.bytes(offset, count.checked_mul(entsize)?)?;
        Table::new(self.encoding, bytes, entsize)
    }

    /// Section header 0, which holds what doesn't fit into the file header.
    pub fn first_section(&self) -> Option<SectionHeader> {
        self.first
    }

    /// The number of section headers: `e_shnum`, or `sh_size` of header 0 where that is 0.
    pub fn shnum(&self) -> u64 {
        match (self.header.e_shnum, self.first) {
            (0, Some(first)) => first.sh_size,
            (n, _) => n.into(),
        }
    }

    /// The number of program headers: `e_phnum`, or `sh_info` of header 0 for `PN_XNUM`.
    pub fn phnum(&self) -> u64 {
        match (self.header.e_phnum, self.first) {
            (PN_XNUM, Some(first)) if first.sh_info != 0 => first.sh_info.into(),
            (n, _) => n.into(),
        }
    }

    /// The section that holds the sections' names: `e_shstrndx`, or `sh_link` of header 0
    /// for `SHN_XINDEX`.
    pub fn shstrndx(&self) -> u32 {
        match (self.header.e_shstrndx, self.first) {
            (SHN_XINDEX, Some(first)) => first.sh_link,
            (n, _) => n.into(),
        }
    }

    /// The section headers; none where the table doesn't lie within the file.
    #[inline(never)]
    pub fn sections(&self) -> Option<Table<'a, SectionHeader>> {
        if self.header.e_shoff == 0 {
            return Some(Table::empty(self.encoding));
        }
        self.table(self.header.e_shoff, self.shnum(), self.header.e_shentsize.into())
    }

    /// The program headers; none where the table doesn't lie within the file.
    #[inline(never)]
    pub fn segments(&self) -> Option<Table<'a, ProgramHeader>> {
        if self.header.e_phoff == 0 {
            return Some(Table::empty(self.encoding));
        }
        self.table(self.header.e_phoff, self.phnum(), self.header.e_phentsize.into())
    }

    /// The file offset of a virtual address, by the first `PT_LOAD` whose file part holds
    /// `size` bytes from there.
    #[inline(never)]
    pub fn offset_of(&self, address: u64, size: u64) -> Option<u64> {
        let loads = self.segments()?.iter().filter(|s| s.p_type == consts::PT_LOAD);
        loads.into_iter().find_map(|s| {
            let within = address.checked_sub(s.p_vaddr)?;
            let end = within.checked_add(size)?;
            if within < s.p_filesz && end <= s.p_filesz {
                s.p_offset.checked_add(within)
            } else {
                None
            }
        })
    }
}

#[cfg(test)]
mod tests;
