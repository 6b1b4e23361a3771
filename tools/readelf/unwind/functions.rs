//! Which function an address of an unwind table belongs to, and what relocations make of
//! these addresses.

use crate::context::Context;
use crate::readelf::contents::relocate;
use crate::readelf::file::File;
use crate::readelf::names::label::Label;
use crate::readelf::names::relocations::relocations;
use crate::readelf::rank::{Entry, sort};
use crate::readelf::text;
use alloc::vec::Vec;
use rt::elf::consts::*;
use rt::elf::{Reader, SectionHeader, Symbol, Table, c_str};
use rt::fmt::hex;
use rt::io::BufWriter;
use rt::put;

/// An address, of a section where that is known.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Address {
    pub section: u16,
    pub offset: u64,
}

/// The symbols of a file: its functions by address, and all of them for relocations.
pub struct Functions<'f, 'a> {
    pub file: &'f File<'a>,
    symbols: Table<'a, Symbol>,
    strings: &'a [u8],
    /// The functions: their addresses and indices.
    sorted: Vec<Entry>,
}

/// A relocation of a section.
pub struct Relocation {
    pub r_offset: u64,
    pub r_type: u32,
    pub r_addend: Option<i64>,
    /// Of the symbol.
    pub index: u32,
}

/// Prints what stands above the table of a section with entries of so many bytes, and tells how
/// many there are.
pub fn head(cx: &mut Context, file: &File, section: &SectionHeader, entry: u64) -> u64 {
    let count = section.sh_size / entry;
    let name = file.section_name(section);
    let at = section.sh_offset;
    fill!(&mut cx.out, "\nUnwind section '%S' at offset 0x%x contains %u entr", at, count; name);
    count
}

/// A table of addresses that are relative to the segment that it is in.
pub struct Segment<'a> {
    pub r: Reader<'a>,
    pub base: u64,
    /// How many bytes an address has: 4 or 8.
    pub word: usize,
    /// What relocations make of addresses: given where they are.
    relocated: Vec<(u64, Address)>,
}

impl<'a> Segment<'a> {
    /// The table of a section; none where the program headers or the section can't be read,
    /// which is told.
    #[inline(never)]
    pub fn new(
        cx: &mut Context,
        file: &File<'a>,
        section: &SectionHeader,
        word: usize,
    ) -> Option<Self> {
        if file.phnum() > 0 && file.segments.is_empty() {
            file.retry_segments(cx);
            return None;
        }
        let segment = file.segments.iter().find(|segment| {
            let within = section.sh_addr.checked_sub(segment.p_vaddr);
            let room = segment.p_memsz.checked_sub(section.sh_size);
            let fits = within.zip(room).is_some_and(|(within, room)| within <= room);
            segment.p_type == PT_LOAD && fits
        });
        let base = segment.map_or(0, |segment| segment.p_vaddr);
        let data = file.read(cx, section.sh_offset, section.sh_size, rt::text!("unwind table"))?;
        let r = Reader::new(file.elf.encoding, data);
        Some(Segment { r, base, word, relocated: Vec::new() })
    }

    /// The address at an offset.
    #[inline(never)]
    pub fn address(&self, at: usize) -> Address {
        let found = self.relocated.iter().rfind(|(offset, _)| *offset == at as u64);
        if let Some((_, address)) = found {
            return *address;
        }
        let value = if self.word == 8 { self.r.u64(at) } else { self.r.u32(at).map(u64::from) };
        Address { section: 0, offset: value.unwrap_or_default().wrapping_add(self.base) }
    }

    /// Prints the function of an entry: what it is called, where it begins and ends.
    #[inline(never)]
    pub fn function(&self, out: &mut BufWriter, functions: &Functions, at: usize) {
        let (start, end) = (self.address(at), self.address(at + self.word));
        put!(out, "<");
        functions.name(out, start, false);
        put!(out, ">: [0x", hex(start.offset), "-0x", hex(end.offset), "]");
    }

    /// Takes note of the relocations that are relative to a segment. Others are told about.
    #[inline(never)]
    pub fn relocate(&mut self, cx: &mut Context, functions: &Functions, section: usize) {
        let header = &functions.file.elf.header;
        let names = relocations(header.e_machine, header.e_ident.osabi(), header.e_flags);
        for relocation in functions.relocations(section) {
            let Some(name) = &names.and_then(|names| names.get(relocation.r_type)) else {
                fill_warning!(cx, "Skipping unknown relocation type: %u", relocation.r_type);
                continue;
            };
            let label = Label::from(name);
            // Behind R_IA64_ or R_PARISC_, as the machine is.
            let mut words = crate::words::words(label.as_ref(), b'_').skip(2);
            if !words.next().is_some_and(|word| word.starts_with(b"SEGREL")) {
                warn!(cx, "Skipping unexpected relocation type: ", name);
                continue;
            }
            let addend = relocation.r_addend.unwrap_or_default();
            let symbol = functions.symbol(relocation.index);
            let offset = symbol.st_value.wrapping_add_signed(addend);
            let address = Address { section: symbol.st_shndx, offset };
            self.relocated.push((relocation.r_offset, address));
        }
    }
}

impl<'f, 'a> Functions<'f, 'a> {
    /// None, for now.
    pub fn new(file: &'f File<'a>) -> Self {
        let symbols = Table::empty(file.elf.encoding);
        Functions { file, symbols, strings: &[], sorted: Vec::new() }
    }

    /// Reads the symbol table; false where it can't be read, which is told.
    pub fn load(&mut self, cx: &mut Context) -> bool {
        let file = self.file;
        for index in 0..file.sections.len() {
            let section = file.section(index);
            if section.sh_type != SHT_SYMTAB {
                continue;
            }
            if !self.symbols.is_empty() {
                error!(cx, "Multiple symbol tables encountered");
                continue;
            }
            let Some(symbols) = file.symbols(cx, index) else { return false };
            self.symbols = symbols.table;
            if section.sh_link == 0 {
                continue;
            }
            let Some(linked) = file.sections.get(section.sh_link as usize) else {
                error!(cx, "Bad sh_link in symbol table section");
                return false;
            };
            let strings =
                file.read(cx, linked.sh_offset, linked.sh_size, rt::text!("string table"));
            let Some(strings) = strings else { return false };
            self.strings = strings;
        }
        for (index, symbol) in self.symbols.iter().enumerate() {
            if symbol.kind() == STT_FUNC && symbol.st_name != 0 && symbol.st_value != 0 {
                self.sorted.push((symbol.st_value, 0, index as u32));
            }
        }
        sort(&mut self.sorted);
        true
    }

    /// The function at an address or the nearest one before it, and how far before. Among
    /// those at the same address it is the one that a search by halves meets first.
    fn find(&self, address: Address) -> Option<(u32, u64)> {
        // ARM's Thumb bit doesn't count.
        let mask = if self.file.elf.header.e_machine == EM_ARM { !1 } else { !0 };
        let offset = address.offset & mask;
        let (mut low, mut high) = (0, self.sorted.len());
        let mut best = None;
        let mut nearest = 0x10_0000;
        while low < high {
            let middle = low + (high - low) / 2;
            let (value, _, index) = self.sorted.get(middle)?;
            let here =
                address.section == SHN_UNDEF || address.section == self.symbol(*index).st_shndx;
            let before = offset.checked_sub(value & mask);
            if let Some(distance) = before.filter(|&distance| here && distance < nearest) {
                best = Some((*index, distance));
                nearest = distance;
                if distance == 0 {
                    break;
                }
            }
            if before.is_none() {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        best
    }

    /// Prints the function's name and how far behind its begin the address is; none where
    /// there is no function. In ARM's tables that is between brackets, the second one of which
    /// is left to the caller.
    #[inline(never)]
    pub fn name(&self, out: &mut BufWriter, address: Address, arm: bool) -> Option<&'a [u8]> {
        let (index, distance) = self.find(address)?;
        let name = c_str(self.strings, self.symbol(index).st_name.into());
        let name = name.unwrap_or(b"<corrupt>");
        put!(out, if arm { rt::text!(" <") } else { rt::text!("") }, text::name(name));
        if distance != 0 {
            put!(out, if arm { rt::text!("+0x") } else { rt::text!("+") }, hex(distance));
        }
        Some(name)
    }

    /// The name of a symbol by its index in the string table.
    pub fn string(&self, st_name: u32) -> &'a [u8] {
        c_str(self.strings, st_name.into()).unwrap_or_default()
    }

    /// The symbol with this index; one of zeros where there is none.
    #[inline(never)]
    pub fn symbol(&self, index: u32) -> Symbol {
        self.symbols.get(index as usize).unwrap_or_default()
    }

    /// How many symbols there are.
    pub fn count(&self) -> usize {
        self.symbols.len()
    }

    /// The relocations of a section.
    #[inline(never)]
    pub fn relocations(&self, section: usize) -> Vec<Relocation> {
        let (file, mut all) = (self.file, Vec::new());
        for index in 0..file.sections.len() {
            let relocations = file.section(index);
            let rela = relocations.sh_type == SHT_RELA;
            if !rela && relocations.sh_type != SHT_REL || relocations.sh_info as usize != section {
                continue;
            }
            let Some(bytes) = file.data(&relocations) else { continue };
            relocate::each(file, bytes, rela, &mut |r_offset, r_info, r_addend| {
                let (index, r_type) = match file.elf.encoding.is_64() {
                    true => ((r_info >> 32) as u32, r_info as u32),
                    false => ((r_info >> 8) as u32, r_info as u32 & 0xff),
                };
                all.push(Relocation { r_offset, r_type, r_addend, index });
            });
        }
        all
    }
}
