//! Which function an address of an unwind table belongs to, and what relocations make of
//! these addresses.

use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::names::relocations::relocations;
use crate::readelf::rank::{Entry, sort};
use crate::readelf::text;
use alloc::vec::Vec;
use rt::elf::consts::*;
use rt::elf::{Rel, Rela, SectionHeader, Symbol, Table, c_str};
use rt::fmt::{Put, hex};
use rt::io::BufWriter;

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

/// What the addresses in a table are relative to: the segment that the table is in. None
/// where the program headers can't be read, which is told.
pub fn segment_base(cx: &mut Context, file: &File, section: &SectionHeader) -> Option<u64> {
    if file.phnum() > 0 && file.segments.is_empty() {
        file.retry_segments(cx);
        return None;
    }
    let segment = file.segments.iter().find(|segment| {
        let within = section.sh_addr.checked_sub(segment.p_vaddr);
        let room = segment.p_memsz.checked_sub(section.sh_size);
        segment.p_type == PT_LOAD && within.zip(room).is_some_and(|(within, room)| within <= room)
    });
    Some(segment.map_or(0, |segment| segment.p_vaddr))
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
            let is_function = |symbol: &Symbol| {
                symbol.kind() == STT_FUNC && symbol.st_name != 0 && symbol.st_value != 0
            };
            let mut order: Vec<Entry> = Vec::new();
            for (index, symbol) in symbols.iter().enumerate() {
                if is_function(&symbol) {
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
        out.bytes(open.as_bytes());
        text::name(name).put(out);
        if distance != 0 {
            out.bytes(plus.as_bytes());
            hex(distance).put(out);
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
            let encoding = file.elf.encoding;
            let mut add = |r_offset, r_info: u64, r_addend| {
                let (index, r_type) = if encoding.is_64() {
                    ((r_info >> 32) as u32, r_info as u32)
                } else {
                    ((r_info >> 8) as u32, r_info as u32 & 0xff)
                };
                let symbol = self.symbols.and_then(|symbols| symbols.get(index as usize));
                let symbol = symbol.unwrap_or_default();
                all.push(Relocation { r_offset, r_type, r_addend, symbol, index });
            };
            if rela {
                let table = Table::<Rela>::packed(encoding, bytes);
                table.iter().for_each(|r| add(r.r_offset, r.r_info, Some(r.r_addend)));
            } else {
                let table = Table::<Rel>::packed(encoding, bytes);
                table.iter().for_each(|r| add(r.r_offset, r.r_info, None));
            }
        }
        all
    }

    /// What relocations that are relative to a segment make of the addresses in a table
    /// with entries of `size` bytes: given where they are and what they are then. Others
    /// are told about.
    pub fn segment_relative(
        &self,
        cx: &mut Context,
        file: &File<'a>,
        section: usize,
    ) -> Vec<(u64, Address)> {
        let header = &file.elf.header;
        let names = relocations(header.e_machine, header.e_ident.osabi(), header.e_flags);
        let prefix = if header.e_machine == EM_IA_64 { "R_IA64_SEGREL" } else { "R_PARISC_SEGREL" };
        let mut found = Vec::new();
        for relocation in self.relocations(file, section) {
            let Some(name) = names.and_then(|names| names.get(relocation.r_type)) else {
                warn!(cx, "Skipping unknown relocation type: ", rt::fmt::dec(relocation.r_type));
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
            found.push((relocation.r_offset, Address { section, offset }));
        }
        found
    }
}
