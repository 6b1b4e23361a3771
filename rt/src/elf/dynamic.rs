//! The dynamic array (gABI, "Dynamic Section").

use super::bytes::{Class, Encoding, Reader, Record, Table, c_str};
use super::consts::*;
use super::version::{Verdaux, Verdef};
use super::{Elf, GnuHash, SysvHash};

/// `Elf32_Dyn`, `Elf64_Dyn`
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)] // the fields are the gABI's
pub struct Dyn {
    /// Sign-extended from the class's width.
    pub d_tag: i64,
    /// `d_val` or `d_ptr`.
    pub d_val: u64,
}

impl Record for Dyn {
    fn size(encoding: Encoding) -> usize {
        2 * encoding.word()
    }

    fn decode(e: Encoding, bytes: &[u8]) -> Option<Self> {
        Some(match e.class {
            Class::Elf64 => {
                let b: &[u8; 16] = bytes.first_chunk()?;
                Dyn { d_tag: e.u64(b, 0).cast_signed(), d_val: e.u64(b, 8) }
            }
            Class::Elf32 => {
                let b: &[u8; 8] = bytes.first_chunk()?;
                Dyn { d_tag: e.u32(b, 0).cast_signed().into(), d_val: e.u32(b, 4).into() }
            }
        })
    }
}

/// What a loader needs of the dynamic array: what can be known of a file whose section
/// headers are gone.
#[derive(Clone, Copy)]
pub struct Dynamic<'a> {
    elf: Elf<'a>,
    /// The entries up to `DT_NULL`, or to the segment's end where there is none.
    pub entries: Table<'a, Dyn>,
}

impl<'a> Dynamic<'a> {
    /// The array that `PT_DYNAMIC` names; none where there is no such segment, or where
    /// it lies outside the file.
    pub fn new(elf: Elf<'a>) -> Option<Self> {
        let segment = elf.segments()?.iter().find(|s| s.p_type == PT_DYNAMIC)?;
        let bytes = elf.bytes(segment.p_offset, segment.p_filesz)?;
        let all = Table::<Dyn>::packed(elf.encoding, bytes);
        let count = all.iter().position(|d| d.d_tag == DT_NULL).unwrap_or(all.len());
        let entries = bytes.get(..count * Dyn::size(elf.encoding))?;
        Some(Dynamic { elf, entries: Table::packed(elf.encoding, entries) })
    }

    /// The value of the last entry with this tag, as a loader takes it.
    #[inline(never)]
    pub fn value(&self, tag: i64) -> Option<u64> {
        self.entries.iter().rfind(|d| d.d_tag == tag).map(|d| d.d_val)
    }

    /// The bytes at the address that an entry holds.
    #[inline(never)]
    pub fn at(&self, tag: i64, size: u64) -> Option<&'a [u8]> {
        self.elf.bytes(self.elf.offset_of(self.value(tag)?, size)?, size)
    }

    /// From the address that an entry holds to the end of its segment's part of the file.
    #[inline(never)]
    pub fn from(&self, tag: i64) -> Option<&'a [u8]> {
        let address = self.value(tag)?;
        let offset = self.elf.offset_of(address, 1)?;
        let mut loads = self.elf.segments()?.iter().filter(|s| s.p_type == PT_LOAD);
        let load = loads
            .find(|s| address.checked_sub(s.p_vaddr).is_some_and(|within| within < s.p_filesz))?;
        let end = load.p_offset.checked_add(load.p_filesz)?.min(self.elf.size());
        self.elf.bytes(offset, end.checked_sub(offset)?)
    }

    /// `DT_STRTAB` with `DT_STRSZ` bytes.
    #[inline(never)]
    pub fn strings(&self) -> Option<&'a [u8]> {
        self.at(DT_STRTAB, self.value(DT_STRSZ)?)
    }

    /// `DT_GNU_HASH`
    #[inline(never)]
    pub fn gnu_hash(&self) -> Option<GnuHash<'a>> {
        GnuHash::new(self.elf.encoding, self.from(DT_GNU_HASH)?)
    }

    /// `DT_HASH`; its words are 64 bits wide on Alpha and S/390x.
    #[inline(never)]
    pub fn sysv_hash(&self) -> Option<SysvHash<'a>> {
        let wide =
            self.elf.encoding.is_64() && matches!(self.elf.header.e_machine, EM_S390 | EM_ALPHA);
        SysvHash::new(self.elf.encoding, self.from(DT_HASH)?, wide)
    }

    /// The symbols at `DT_SYMTAB`. No entry says how many there are: the hash tables do.
    #[inline(never)]
    pub fn symbols(&self) -> Option<Table<'a, super::Symbol>> {
        let count = match self.sysv_hash() {
            Some(hash) => hash.symbol_count(),
            None => self.gnu_hash()?.symbol_count()?,
        };
        let entsize =
            self.value(DT_SYMENT).unwrap_or(super::Symbol::size(self.elf.encoding) as u64);
        let size = count.checked_mul(entsize)?;
        Table::new(self.elf.encoding, self.at(DT_SYMTAB, size)?, entsize)
    }

    /// The symbol with this name and version that the file defines, as a hash table finds
    /// it; of a file without versions, the one with this name.
    #[inline(never)]
    pub fn find(&self, name: &[u8], version: &[u8]) -> Option<super::Symbol> {
        let (symbols, strings) = (self.symbols()?, self.strings()?);
        let is_it = |index: u64| {
            let symbol = symbols.get(usize::try_from(index).ok()?)?;
            let defined = symbol.st_shndx != SHN_UNDEF;
            let named = c_str(strings, symbol.st_name.into()) == Some(name);
            let versioned = || match self.value(DT_VERSYM) {
                None => true,
                Some(_) => self.defined_version(index) == Some(version),
            };
            (defined && named && versioned()).then_some(symbol)
        };
        match self.gnu_hash() {
            Some(hash) => hash.candidates(name).find_map(|index| is_it(index.into())),
            None => self.sysv_hash()?.candidates(name).find_map(is_it),
        }
    }

    /// The name of the version that a symbol is defined in: its entry of `DT_VERSYM` is an
    /// index that a record of `DT_VERDEF` has.
    #[inline(never)]
    pub fn defined_version(&self, symbol: u64) -> Option<&'a [u8]> {
        const VERSYM_VERSION: u16 = 0x7fff;
        let encoding = self.elf.encoding;
        let entries = self.at(DT_VERSYM, symbol.checked_add(1)?.checked_mul(2)?)?;
        let entry = Reader::new(encoding, entries).u16(entries.len().checked_sub(2)?)?;
        let records = self.from(DT_VERDEF)?;
        let mut at = 0usize;
        // Each is behind the one before it, so there is an end.
        for _ in 0..self.value(DT_VERDEFNUM)? {
            let rest = records.get(at..)?;
            let definition = Verdef::decode(encoding, rest)?;
            if definition.vd_ndx == entry & VERSYM_VERSION {
                let aux = Verdaux::decode(encoding, rest.get(definition.vd_aux as usize..)?)?;
                return c_str(self.strings()?, aux.vda_name.into());
            }
            at = at.checked_add(definition.vd_next as usize).filter(|next| *next > at)?;
        }
        None
    }
}
