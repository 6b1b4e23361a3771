//! The file that is being reported on, and what more than one part looks up in it.

use super::dynamic::Dynamic;
use super::options::Options;
use super::{Grade, pattern};
use crate::context::Context;
use rt::elf::consts::*;
use rt::elf::{
    Dyn, Elf, ProgramHeader, Reader, Record, Rel, Rela, SectionHeader, Symbol, Table, c_str,
};
use rt::fmt::dec;
use rt::text;
use rt::text::Text;

/// The file that is being reported on.
pub struct File<'a> {
    pub options: &'a Options,
    pub elf: Elf<'a>,
    /// The section headers; empty where there are none, or none that can be read. Symbol
    /// tables and relocations may have a wrong `sh_entsize`: see [`File::entsize`].
    pub sections: Table<'a, SectionHeader>,
    /// The program headers; empty where there are none, or none that can be read.
    pub segments: Table<'a, ProgramHeader>,
    /// What sections say of dynamic linking; the dynamic section, once the parts before it
    /// have been shown.
    pub dynamic: Dynamic<'a>,
    /// The dynamic array, once [`super::segments`] has found it.
    pub dynamic_at: Option<Extent>,
    /// The index of the section of dynamic symbols, where they can be read.
    dynsym: Option<usize>,
    /// The section header string table; none where there is none, or none that can be read.
    names: Option<&'a [u8]>,
}

/// A part of the file.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    pub offset: u64,
    pub size: u64,
}

/// A symbol table.
#[derive(Clone, Copy)]
pub struct Symbols<'a> {
    pub table: Table<'a, Symbol>,
    /// `SHT_SYMTAB_SHNDX`: the section indices that don't fit into a symbol.
    shndx: Option<Reader<'a>>,
}

impl<'a> Symbols<'a> {
    /// Symbols without further section indices.
    pub fn new(table: Table<'a, Symbol>) -> Self {
        Symbols { table, shndx: None }
    }

    /// The section index that didn't fit into a symbol.
    #[inline]
    pub fn long_index(&self, index: usize) -> Option<u32> {
        self.shndx?.u32(index.checked_mul(4)?)
    }

    /// The section that a symbol is defined in, as a number of 32 bits where there is one.
    pub fn section_of(&self, index: usize, symbol: &Symbol) -> u32 {
        match self.shndx {
            Some(shndx) if symbol.st_shndx == SHN_XINDEX => {
                index.checked_mul(4).and_then(|at| shndx.u32(at)).unwrap_or(0)
            }
            _ => symbol.st_shndx.into(),
        }
    }
}

impl<'a> File<'a> {
    // Not inlined: it is called from many places.
    #[inline(never)]
    pub fn new(options: &'a Options, elf: Elf<'a>) -> Self {
        let sections = Table::empty(elf.encoding);
        let segments = Table::empty(elf.encoding);
        let dynamic = Dynamic::none(elf.encoding);
        File {
            options,
            elf,
            sections,
            segments,
            dynamic,
            dynamic_at: None,
            dynsym: None,
            names: None,
        }
    }

    /// The number of section headers; of `sh_size` 32 bits count.
    pub fn shnum(&self) -> u32 {
        self.elf.shnum() as u32
    }

    /// The number of program headers.
    pub fn phnum(&self) -> u32 {
        self.elf.phnum() as u32
    }

    /// Finds the section headers and their names, and tells what is wrong with them and
    /// with the tables for dynamic linking.
    pub fn load_sections(&mut self, cx: &mut Context) {
        let header = self.elf.header;
        let (shnum, offset) = (self.shnum(), header.e_shoff);
        if shnum == 0 || offset == 0 {
            return;
        }
        let size = SectionHeader::size(self.elf.encoding);
        let bytes = self.headers(cx, false, offset, shnum, header.e_shentsize, size);
        let Some(bytes) = bytes else { return };
        let sections = Table::<SectionHeader>::packed(self.elf.encoding, bytes);
        for (i, section) in sections.iter().enumerate() {
            let info = if section.sh_flags & SHF_INFO_LINK != 0 { section.sh_info } else { 0 };
            for (field, value) in [(b"sh_link", section.sh_link), (b"sh_info", info)] {
                if value > shnum {
                    let what = text!("Section %u has an out of range %s value of %u");
                    pattern::warning(cx, what, &[i as u64, value.into()], &[field]);
                }
            }
        }
        self.sections = sections;
        let shstrndx = self.elf.shstrndx();
        if shstrndx != 0
            && let Some(names) = sections.get(shstrndx as usize)
        {
            self.names = self.read(cx, names.sh_offset, names.sh_size, text!("string table"));
        }
        self.check_linking(cx);
    }

    /// Whether there are section headers that can't be read: then nothing is said that
    /// depends on them.
    pub fn lacks_sections(&self) -> bool {
        self.sections.is_empty() && (self.shnum() != 0 || self.elf.header.e_shoff != 0)
    }

    /// What is read of the tables for dynamic linking, whatever is asked for.
    fn check_linking(&mut self, cx: &mut Context) {
        let wanted = self.options.linking;
        for (i, section) in self.sections.iter().enumerate() {
            let is_dynstr =
                section.sh_type == SHT_STRTAB && self.section_name(&section) == b".dynstr";
            match section.sh_type {
                SHT_DYNSYM if self.dynamic.symbols.is_some() => {
                    error!(cx, "File contains multiple dynamic symbol tables");
                    continue;
                }
                SHT_STRTAB if is_dynstr && self.dynamic.strings.is_some() => {
                    error!(cx, "File contains multiple dynamic string tables");
                    continue;
                }
                _ => {}
            }
            let entsize = self.entsize(i, &section);
            if entsize != section.sh_entsize {
                let wrong = section.sh_entsize;
                fill_error!(cx, "Section %u has invalid sh_entsize of %x", i, wrong);
                fill_error!(
                    cx,
                    "(Using the expected size of %x for the rest of this dump)",
                    entsize
                );
            }
            match section.sh_type {
                // Of the indices, only those count that have been seen by now.
                SHT_DYNSYM => {
                    self.dynamic.symbols = self.read_symbols(cx, i, i, wanted);
                    self.dynsym = self.dynamic.symbols.as_ref().map(|_| i);
                }
                SHT_STRTAB if is_dynstr => {
                    let at = Extent { offset: section.sh_offset, size: section.sh_size };
                    self.read_strings(cx, at, text!("dynamic strings"));
                }
                _ if !self.options.lint || section.sh_size != 0 => {}
                SHT_PROGBITS | SHT_NOTE => {
                    let name = self.section_name(&section);
                    fill_warning!(cx, "Section '%S': has a size of zero - is this intended ?"; name);
                }
                SHT_REL | SHT_RELA => {
                    let name = self.section_name(&section);
                    fill_warning!(cx, "Section '%S': zero-sized relocation section"; name);
                }
                _ => {}
            }
        }
    }

    /// Reads the strings for dynamic linking, as far as more than a few of them are wanted.
    pub fn read_strings(&mut self, cx: &mut Context, at: Extent, what: Text) {
        let wanted = self.options.linking;
        self.dynamic.strings = self.read_wanted(cx, at.offset, at.size, what, wanted);
        self.dynamic.strings_at = self.dynamic.strings.map_or(Extent::default(), |_| at);
    }

    /// The symbol table in a section, with its section indices; what is wrong is told.
    pub fn symbols(&self, cx: &mut Context, index: usize) -> Option<Symbols<'a>> {
        self.read_symbols(cx, index, self.sections.len(), true)
    }

    /// Looks for the section indices among the first `seen` sections.
    fn read_symbols(
        &self,
        cx: &mut Context,
        index: usize,
        seen: usize,
        wanted: bool,
    ) -> Option<Symbols<'a>> {
        let section = self.sections.get(index)?;
        let size = section.sh_size;
        if size == 0 {
            return None;
        }
        if size > self.elf.size() {
            let name = self.section_name(&section);
            fill_error!(cx, "Section %S has an invalid sh_size of %#x", size; name);
            return None;
        }
        let entsize = self.entsize(index, &section);
        if entsize > size {
            let name = self.section_name(&section);
            fill_error!(cx, "Section %S has an invalid sh_entsize of %#x", entsize; name);
            return None;
        }
        let bytes = self.read_wanted(cx, section.sh_offset, size, text!("symbols"), wanted)?;
        let encoding = self.elf.encoding;
        let table = Table::<Symbol>::packed(encoding, bytes);
        let mut shndx = None;
        for (at, indices) in self.sections.iter().enumerate().rev() {
            let linked = indices.sh_type == SHT_SYMTAB_SHNDX && indices.sh_link as usize == index;
            if !linked || at >= seen {
                continue;
            }
            if shndx.is_some() {
                error!(
                    cx,
                    "Multiple symbol table index sections associated with the same symbol section"
                );
            }
            let what = text!("symbol table section indices");
            let bytes = self.read(cx, indices.sh_offset, indices.sh_size, what)?;
            if bytes.len() as u64 / 4 < size / Symbol::size(encoding) as u64 {
                let name = self.section_name(&indices);
                let what = text!("Index section %S has an sh_size of %#x - expected %#x");
                pattern::error(cx, what, &[indices.sh_size, size], &[name]);
                return None;
            }
            shndx = Some(Reader::new(encoding, bytes));
        }
        Some(Symbols { table, shndx })
    }

    /// `sh_entsize`, or the size that a record has where it must be that: whoever reads
    /// symbols or relocations takes this one.
    pub fn entsize(&self, index: usize, section: &SectionHeader) -> u64 {
        let encoding = self.elf.encoding;
        match section.sh_type {
            // Of more than one, only the first is looked at.
            SHT_DYNSYM if self.dynsym.is_some_and(|dynsym| dynsym < index) => section.sh_entsize,
            SHT_SYMTAB | SHT_DYNSYM => Symbol::size(encoding) as u64,
            SHT_REL => Rel::size(encoding) as u64,
            SHT_RELA => Rela::size(encoding) as u64,
            SHT_RELR => encoding.word() as u64,
            SHT_GROUP => 4,
            _ => section.sh_entsize,
        }
    }

    /// Finds the program headers unless that is done, and says whether there are any. What
    /// is wrong with them is told each time.
    pub fn load_segments(&mut self, cx: &mut Context) -> bool {
        let phnum = self.phnum();
        if self.segments.len() != phnum as usize {
            self.segments = self.read_segments(cx, phnum);
        }
        !self.segments.is_empty()
    }

    /// Tells once more what is wrong with the program headers where they can't be read.
    pub fn retry_segments(&self, cx: &mut Context) {
        if self.segments.is_empty() {
            self.read_segments(cx, self.phnum());
        }
    }

    fn read_segments(&self, cx: &mut Context, phnum: u32) -> Table<'a, ProgramHeader> {
        let header = &self.elf.header;
        let none = Table::empty(self.elf.encoding);
        if phnum == 0 {
            return none;
        }
        let size = ProgramHeader::size(self.elf.encoding);
        if u64::from(phnum) * size as u64 >= self.elf.size() {
            fill_error!(cx, "Too many program headers - %#x - the file is not that big", phnum);
            return none;
        }
        let bytes = self.headers(cx, true, header.e_phoff, phnum, header.e_phentsize, size);
        bytes.map_or(none, |bytes| Table::packed(self.elf.encoding, bytes))
    }

    /// Section or program headers: packed, whatever size the file header says that they have.
    #[inline(never)]
    fn headers(
        &self,
        cx: &mut Context,
        program: bool,
        offset: u64,
        count: u32,
        entsize: u16,
        right: usize,
    ) -> Option<&'a [u8]> {
        let (what, wrong) = if program {
            let wrong = text!(
                "The e_phentsize field in the ELF header is %s than the size of an ELF program header"
            );
            (text!("program headers"), wrong)
        } else {
            let wrong = text!(
                "The e_shentsize field in the ELF header is %s than the size of an ELF section header"
            );
            (text!("section headers"), wrong)
        };
        let size = u64::from(count) * u64::from(entsize);
        if size == 0 {
            return None;
        }
        let less = usize::from(entsize) < right;
        if usize::from(entsize) != right {
            match less {
                true => Grade::Error.of(cx, wrong, b"less"),
                false => Grade::Warning.of(cx, wrong, b"larger"),
            }
        }
        if less {
            return None;
        }
        let bytes = self.read(cx, offset, size, what)?;
        bytes.get(..right.checked_mul(count as usize)?)
    }

    /// Whether a shared object is a program: its dynamic segment has `DF_1_PIE`.
    pub fn is_pie(&mut self, cx: &mut Context) -> bool {
        const DF_1_PIE: u64 = 0x08000000;
        if self.elf.header.e_type != ET_DYN || self.elf.header.e_phnum == 0 {
            return false;
        }
        if self.segments.is_empty() {
            // The number as it is stored: GNU readelf resolves it only later.
            self.segments = self.read_segments(cx, self.elf.header.e_phnum.into());
        }
        let Some(segment) = self.segments.iter().find(|s| s.p_type == PT_DYNAMIC) else {
            return false;
        };
        let mut at = Extent { offset: segment.p_offset, size: segment.p_filesz };
        if let Some(section) = self.dynamic_section() {
            at = section;
        }
        let bytes = self.elf.bytes(at.offset, at.size).unwrap_or_default();
        let entries = Table::<Dyn>::packed(self.elf.encoding, bytes);
        let mut entries = entries.iter().take_while(|entry| entry.d_tag != DT_NULL);
        entries.any(|entry| entry.d_tag == DT_FLAGS_1 && entry.d_val & DF_1_PIE != 0)
    }

    /// The first section of a name.
    // Not inlined: there are several callers.
    #[inline(never)]
    pub fn section_called(&self, name: &[u8]) -> Option<SectionHeader> {
        self.sections.iter().find(|section| self.section_name(section) == name)
    }

    /// Where the section `.dynamic` lies: nowhere if it isn't in the file.
    pub fn dynamic_section(&self) -> Option<Extent> {
        let section = self.section_called(b".dynamic")?;
        let extent = Extent { offset: section.sh_offset, size: section.sh_size };
        match section.sh_type {
            _ if extent.size == 0 => None,
            SHT_NOBITS => Some(Extent::default()),
            _ => Some(extent),
        }
    }

    /// What a section holds; nothing can be read of one that is empty.
    // Not inlined: there are many callers.
    #[inline(never)]
    pub fn read_section(
        &self,
        cx: &mut Context,
        section: &SectionHeader,
        what: Text,
    ) -> Option<&'a [u8]> {
        self.read(cx, section.sh_offset, section.sh_size, what)
    }

    /// A part of the file; where it goes past the end, that is told, and `what` it is.
    /// Nothing can be read of nothing.
    pub fn read(&self, cx: &mut Context, offset: u64, size: u64, what: Text) -> Option<&'a [u8]> {
        self.read_wanted(cx, offset, size, what, true)
    }

    /// The same; where it isn't wanted, nothing stands for what could be read: asking for
    /// a large part of a file has it mapped.
    pub fn read_wanted(
        &self,
        cx: &mut Context,
        offset: u64,
        size: u64,
        what: Text,
        wanted: bool,
    ) -> Option<&'a [u8]> {
        if size == 0 {
            return None;
        }
        let end = offset.checked_add(size).filter(|end| *end <= self.elf.size());
        let bytes =
            if wanted { self.elf.bytes(offset, size) } else { end.map(|_| Default::default()) };
        if size == u64::MAX {
            // One more byte is wanted for a zero at the end.
            error!(
                cx,
                "Size overflow prevents reading ",
                dec(size),
                " elements of size 1 for ",
                what
            );
        } else if bytes.is_none() {
            error!(cx, "Reading ", dec(size), " bytes extends past end of file for ", what);
        }
        bytes
    }

    /// The file offset of an address, else, with a warning, the address itself.
    pub fn locate(&self, cx: &mut Context, address: u64, size: u64) -> u64 {
        self.located(address, size).unwrap_or_else(|| {
            self.lost(cx, address);
            address
        })
    }

    /// The file offset of an address: by the first segment whose part of the file holds
    /// `size` bytes from there. At the end of the address space GNU readelf starts over.
    pub fn located(&self, address: u64, size: u64) -> Option<u64> {
        let mut loads = self.segments.iter().filter(|segment| segment.p_type == PT_LOAD);
        loads.find_map(|segment| {
            let start = segment.p_vaddr & segment.p_align.wrapping_neg();
            let end = segment.p_vaddr.wrapping_add(segment.p_filesz);
            let within = address >= start && address.wrapping_add(size) <= end;
            let offset = address.wrapping_sub(segment.p_vaddr).wrapping_add(segment.p_offset);
            within.then_some(offset)
        })
    }

    /// Tells that an address is nowhere in the file.
    pub fn lost(&self, cx: &mut Context, address: u64) {
        if self.segments.is_empty() {
            self.retry_segments(cx);
            return warn!(cx, "Cannot interpret virtual addresses without program headers.");
        }
        fill_warning!(cx, "Virtual address %#x not located in any PT_LOAD segment.", address);
    }

    /// The bytes of a section; none where they don't lie within the file.
    pub fn data(&self, section: &SectionHeader) -> Option<&'a [u8]> {
        self.elf.bytes(section.sh_offset, section.sh_size)
    }

    /// Whether sections have names at all.
    pub fn has_names(&self) -> bool {
        self.names.is_some()
    }

    /// The name of a section, where it has one that can be read.
    pub fn real_name(&self, section: &SectionHeader) -> Option<&'a [u8]> {
        c_str(self.names?, section.sh_name.into())
    }

    /// The name of a section.
    pub fn section_name(&self, section: &SectionHeader) -> &'a [u8] {
        match self.names {
            None => b"<no-strings>",
            Some(names) => c_str(names, section.sh_name.into()).unwrap_or(b"<corrupt>"),
        }
    }

    /// Whether sections have names at all.
    pub fn has_section_names(&self) -> bool {
        self.names.is_some()
    }

    /// The sections of a type, with their indices.
    pub fn sections_of(&self, sh_type: u32) -> impl Iterator<Item = (usize, SectionHeader)> {
        self.sections.iter().enumerate().filter(move |(_, s)| s.sh_type == sh_type)
    }

    /// The string table that a section's `sh_link` names; empty where there is none.
    pub fn linked_strings(&self, section: &SectionHeader) -> &'a [u8] {
        let linked = self.sections.get(section.sh_link as usize);
        linked.and_then(|strings| self.data(&strings)).unwrap_or_default()
    }
}
