//! Which function an address of an unwind table belongs to, and what relocations make of
//! these addresses.

use crate::context::Context;
use crate::readelf::contents::relocate;
use crate::readelf::file::File;
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
pub struct Functions<'a> {
    symbols: Option<Table<'a, Symbol>>,
    strings: &'a [u8],
    sorted: Vec<Symbol>,
    /// What an address loses before it is compared: ARM's Thumb bit.
    mask: u64,
}

/// A relocation of a section, with the symbol that it refers to.
pub struct Relocation {
    pub r_offset: u64,
    pub r_type: u32,
    pub r_addend: Option<i64>,
    pub symbol: Symbol,
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
    /// What relocations make of addresses: given where they are.
    relocated: Vec<(u64, Address)>,
}

impl<'a> Segment<'a> {
    /// The table of a section; none where the program headers or the section can't be read,
    /// which is told.
    pub fn new(cx: &mut Context, file: &File<'a>, section: &SectionHeader) -> Option<Self> {
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
        let data = file.read(cx, section.sh_offset, section.sh_size, "unwind table")?;
        let r = Reader::new(file.elf.encoding, data);
        Some(Segment { r, base, relocated: Vec::new() })
    }

    /// The address at an offset, of 64 bits or 32.
    pub fn address(&self, at: usize, is_64: bool) -> Address {
        let found = self.relocated.iter().rfind(|(offset, _)| *offset == at as u64);
        if let Some((_, address)) = found {
            return *address;
        }
        let value = if is_64 { self.r.u64(at) } else { self.r.u32(at).map(u64::from) };
        Address { section: 0, offset: value.unwrap_or_default().wrapping_add(self.base) }
    }

    /// Takes note of the relocations that are relative to a segment. Others are told about.
    pub fn relocate(
        &mut self,
        cx: &mut Context,
        file: &File,
        functions: &Functions,
        section: usize,
    ) {
        let header = &file.elf.header;
        let names = relocations(header.e_machine, header.e_ident.osabi(), header.e_flags);
        let prefix = if header.e_machine == EM_IA_64 { "R_IA64_SEGREL" } else { "R_PARISC_SEGREL" };
        for relocation in functions.relocations(file, section) {
            let Some(name) = &names.and_then(|names| names.get(relocation.r_type)) else {
                fill_warning!(cx, "Skipping unknown relocation type: %u", relocation.r_type);
                continue;
            };
            let mut whole = name.pieces().flatten().copied();
            if !prefix.bytes().all(|byte| whole.next() == Some(byte)) {
                warn!(cx, "Skipping unexpected relocation type: ", name);
                continue;
            }
            let addend = relocation.r_addend.unwrap_or_default();
            let offset = relocation.symbol.st_value.wrapping_add_signed(addend);
            let section = relocation.symbol.st_shndx;
            self.relocated.push((relocation.r_offset, Address { section, offset }));
        }
    }
}

impl<'a> Functions<'a> {
    /// Reads the symbol table; none where it can't be read, which is told.
    pub fn new(cx: &mut Context, file: &File<'a>) -> Option<Self> {
        let mut symbols = None;
        let mut strings: &[u8] = &[];
        for (index, section) in file.sections_of(SHT_SYMTAB) {
            if symbols.is_some() {
                error!(cx, "Multiple symbol tables encountered");
                continue;
            }
            symbols = Some(file.symbols(cx, index)?.table);
            if section.sh_link == 0 {
                continue;
            }
            let Some(linked) = file.sections.get(section.sh_link as usize) else {
                error!(cx, "Bad sh_link in symbol table section");
                return None;
            };
            strings = file.read(cx, linked.sh_offset, linked.sh_size, "string table")?;
        }
        let mask = if file.elf.header.e_machine == EM_ARM { !1 } else { !0 };
        let mut sorted = Vec::new();
        if let Some(symbols) = symbols {
            let mut order: Vec<Entry> = Vec::new();
            for (index, symbol) in symbols.iter().enumerate() {
                if symbol.kind() == STT_FUNC && symbol.st_name != 0 && symbol.st_value != 0 {
                    order.push((symbol.st_value, 0, index as u32));
                }
            }
            sort(&mut order);
            sorted.extend(order.iter().filter_map(|entry| symbols.get(entry.2 as usize)));
        }
        Some(Functions { symbols, strings, sorted, mask })
    }

    /// The function at an address or the nearest one before it, and how far before. Among
    /// those at the same address it is the one that a search by halves meets first.
    fn find(&self, address: Address) -> Option<(&Symbol, u64)> {
        let offset = address.offset & self.mask;
        let (mut low, mut high) = (0, self.sorted.len());
        let mut best = None;
        let mut nearest = 0x10_0000;
        while low < high {
            let middle = low + (high - low) / 2;
            let symbol = self.sorted.get(middle)?;
            let value = symbol.st_value & self.mask;
            let here = address.section == SHN_UNDEF || address.section == symbol.st_shndx;
            let before = offset.checked_sub(value);
            if let Some(distance) = before.filter(|&distance| here && distance < nearest) {
                best = Some((symbol, distance));
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
    /// there is no function.
    pub fn name(
        &self,
        out: &mut BufWriter,
        address: Address,
        open: &str,
        plus: &str,
    ) -> Option<&'a [u8]> {
        let (symbol, distance) = self.find(address)?;
        let name = c_str(self.strings, symbol.st_name.into()).unwrap_or(b"<corrupt>");
        put!(out, open, text::name(name));
        if distance != 0 {
            put!(out, plus, hex(distance));
        }
        Some(name)
    }

    /// The name of a symbol by its index in the string table.
    pub fn string(&self, st_name: u32) -> &'a [u8] {
        c_str(self.strings, st_name.into()).unwrap_or_default()
    }

    /// How many symbols there are.
    pub fn count(&self) -> usize {
        self.symbols.map_or(0, |symbols| symbols.len())
    }

    /// The relocations of a section.
    pub fn relocations(&self, file: &File<'a>, section: usize) -> Vec<Relocation> {
        let mut all = Vec::new();
        for relocations in file.sections.iter() {
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
                let symbol = self.symbols.and_then(|symbols| symbols.get(index as usize));
                let symbol = symbol.unwrap_or_default();
                all.push(Relocation { r_offset, r_type, r_addend, symbol, index });
            });
        }
        all
    }
}
