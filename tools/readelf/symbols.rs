//! `-s`, `--dyn-syms`: the symbol tables of the sections or, with `-D`, the one that the
//! dynamic section names.

use super::file::{File, Symbols};
use super::symbol_columns as columns;
use super::symver::{CORRUPT, Version, Versions};
use super::{lto, text};
use crate::context::Context;
use crate::words::{digits, short};
use rt::elf::consts::*;
use rt::elf::{Record, SectionHeader, Symbol, c_str};
use rt::fmt::{dec, hex, oct};
use rt::io::BufWriter;
use rt::put;
use rt::row::{self, Cell, Reached, SymbolColumns};

pub fn show(cx: &mut Context, file: &File) -> bool {
    let options = file.options;
    let dynamic = &file.dynamic;
    let hashes = [DT_HASH, DT_GNU_HASH].map(|tag| dynamic.value(tag) != 0);
    let counted = hashes.contains(&true) || dynamic.hashes.gnu.is_some();
    if let Some(symbols) = &dynamic.symbols
        && let Some(strings) = dynamic.strings
        && (options.symbols && options.use_dynamic && counted)
    {
        let count = symbols.table.len();
        put!(&mut cx.out, "\nSymbol table for image contains ", dec(count), entries(count as u64));
        let versions = Versions::load(file, count, Some(strings));
        show_rows(cx, file, Some(strings), Some(versions), symbols, None);
    } else if file.shnum() != 0
        && (options.dynamic_symbols || (options.symbols && !options.use_dynamic))
    {
        for (index, section) in file.sections.iter().enumerate() {
            let wanted = match section.sh_type {
                SHT_SYMTAB => options.symbols,
                SHT_DYNSYM => true,
                _ => false,
            };
            if wanted {
                show_section(cx, file, &section, index as u32);
            }
        }
    } else if options.symbols {
        let text = "\nDynamic symbol information is not available for displaying symbols.\n";
        put!(&mut cx.out, text);
    }
    !options.lto_symbols || lto::show(cx, file)
}

fn entries(count: u64) -> &'static str {
    if count == 1 { " entry:\n" } else { " entries:\n" }
}

fn show_section(cx: &mut Context, file: &File, section: &SectionHeader, index: u32) {
    let name = file.section_name(section);
    let count = section.sh_size / Symbol::size(file.elf.encoding) as u64;
    put!(&mut cx.out, "\nSymbol table '", text::name(name), "' contains ", dec(count));
    put!(&mut cx.out, entries(count));
    heads(cx, file);
    let Some(symbols) = file.symbols(cx, index as usize) else { return };
    let strings = if section.sh_link == index {
        Some(file.data(section).unwrap_or_default())
    } else {
        let linked = file.sections.get(section.sh_link as usize);
        let linked = linked.filter(|strings| section.sh_link != 0 && strings.sh_size > 0);
        linked.and_then(|s| file.read(cx, s.sh_offset, s.sh_size, "string table"))
    };
    let dynamic = section.sh_type == SHT_DYNSYM;
    let versions = dynamic.then(|| Versions::load(file, symbols.table.len(), strings));
    show_rows(cx, file, strings, versions, &symbols, Some((section, name)));
}

// Its frame is large: nobody pays for it who asks for no symbols.
#[inline(never)]
fn show_rows<'a>(
    cx: &mut Context,
    file: &File<'a>,
    strings: Option<&'a [u8]>,
    versions: Option<Versions<'a>>,
    symbols: &Symbols,
    section: Option<(&SectionHeader, &[u8])>,
) {
    Rows::new(file, strings, versions).show(cx, symbols, section);
}

/// The heads of the columns.
fn heads(cx: &mut Context, file: &File) {
    if file.elf.encoding.is_64() {
        put!(&mut cx.out, "   Num:    Value          Size Type    Bind   Vis      Ndx Name\n");
    } else {
        put!(&mut cx.out, "   Num:    Value  Size Type    Bind   Vis      Ndx Name\n");
    }
}

/// Everything that the rows of a table have in common.
struct Rows<'f, 'a> {
    file: &'f File<'a>,
    strings: Option<&'a [u8]>,
    versions: Option<Versions<'a>>,
    osabi: u8,
    columns: SymbolColumns,
}

impl<'f, 'a> Rows<'f, 'a> {
    fn new(file: &'f File<'a>, strings: Option<&'a [u8]>, versions: Option<Versions<'a>>) -> Self {
        let machine = file.elf.header.e_machine;
        let osabi = file.elf.header.e_ident.osabi();
        let colour = file.options.colour;
        let numbers: [u8; 16] = core::array::from_fn(|number| number as u8);
        let columns = SymbolColumns {
            kinds: numbers.map(|number| columns::kind(colour, machine, osabi, number)),
            binds: numbers.map(|number| columns::bind(colour, osabi, number)),
            visibilities: [0, 1, 2, 3].map(columns::visibility),
            value_digits: file.elf.encoding.word() * 2,
            large: if file.options.symbol_base == 0 { 100_000 } else { 0 },
            // Without sections no number of one is too large.
            sections: file.shnum().checked_sub(1).map_or(u32::MAX, |last| last + 1),
        };
        Rows { file, strings, versions, osabi, columns }
    }

    /// The rows; of a section, with its name, also what is wrong with their order.
    fn show(&self, cx: &mut Context, symbols: &Symbols, section: Option<(&SectionHeader, &[u8])>) {
        if section.is_none() {
            heads(cx, self.file);
        }
        // MIPS and Solaris have them in an order of their own.
        let unordered = self.file.elf.header.e_machine == EM_MIPS || self.osabi == ELFOSABI_SOLARIS;
        let ordered = section.filter(|_| !unordered);
        // Whole rows at once where that can be: wide, names as they are.
        let plain = self.file.options.wide
            && self.file.options.spelling.is_plain()
            && self.versions.as_ref().is_none_or(Versions::is_plain);
        let strings = self.strings.filter(|_| plain);
        let versym = self.versions.as_ref().and_then(Versions::entries);
        let (table, columns, mut next) = (&symbols.table, &self.columns, 0);
        // Most have the version that the last one had.
        let mut version = None;
        while next < table.len() {
            let first = next;
            let reached = match strings {
                Some(strings) => {
                    cx.out.symbol_rows(columns, table, first, strings, versym, version.as_ref())
                }
                None => Reached::Row(first),
            };
            let (Reached::Row(index) | Reached::Version(index)) = reached;
            if let Some(symbol) = table.get(index) {
                if reached == Reached::Row(index) {
                    self.row(cx, symbols, index, &symbol);
                } else {
                    version = self.other_version(cx, index, &symbol);
                }
                cx.out.byte(b'\n');
            }
            next = index + 1;
            let Some((section, name)) = ordered else { continue };
            let mut from = first.max(section.sh_info as usize);
            while let Some(index) = table.first_local(from, next) {
                let (number, info) = (dec(index), dec(section.sh_info));
                let name = text::name(name);
                let middle = " found at index >= ";
                let tail = "'s sh_info value of ";
                warn!(cx, "local symbol ", number, middle, name, tail, info);
                from = index + 1;
            }
        }
    }

    /// One row up to its end, whatever is in it.
    fn row(&self, cx: &mut Context, symbols: &Symbols, index: usize, symbol: &Symbol) {
        if !cx.out.symbol_columns(&self.columns, index, symbol) {
            self.columns(cx, symbols, index, symbol);
        }
        self.name(cx, symbols, index, symbol);
    }

    /// Adds the version of a symbol, and gives it back where the rows to come can use it.
    fn other_version(
        &self,
        cx: &mut Context,
        index: usize,
        symbol: &Symbol,
    ) -> Option<row::Version> {
        let versions = self.versions.as_ref()?;
        let version = versions.of(cx, self.file, index, symbol);
        let all = short(&mut |out| put_version(out, version));
        cx.out.bytes(&all);
        let entry = versions.entries()?.u16(2 * index)?;
        let mut text = [0; row::Version::ROOM];
        text.get_mut(..all.len())?.copy_from_slice(&all);
        let not = versions.defined_at(entry)?.unwrap_or(u32::MAX);
        let undefined = symbol.st_shndx == SHN_UNDEF;
        // This may be the symbol that has another one.
        let kept = row::Version { entry, undefined, not, text, len: all.len() };
        (symbol.st_name != not).then_some(kept)
    }

    fn version(&self, cx: &mut Context, index: usize, symbol: &Symbol) -> Option<Version<'a>> {
        self.versions.as_ref()?.of(cx, self.file, index, symbol)
    }

    /// What comes before the name, where any of it is unusual.
    #[cold]
    fn columns(&self, cx: &mut Context, symbols: &Symbols, index: usize, symbol: &Symbol) {
        let columns = &self.columns;
        let cell = |cx: &mut Context, cell: Option<&Cell>| {
            let text = cell.and_then(|cell| cell.bytes.get(..cell.len));
            cx.out.bytes(text.unwrap_or_default());
        };
        put!(&mut cx.out, dec(index).width(6), ": ");
        put!(&mut cx.out, hex(symbol.st_value).zero(columns.value_digits as u8), " ");
        self.size(cx, symbol.st_size);
        cx.out.byte(b' ');
        cell(cx, columns.kinds.get(usize::from(symbol.kind())));
        cell(cx, columns.binds.get(usize::from(symbol.bind())));
        if symbol.st_other <= 3 {
            cell(cx, columns.visibilities.get(usize::from(symbol.st_other)));
        } else {
            columns::other(cx, self.file, symbol.st_other);
            cx.out.fill(b' ', usize::from(self.osabi != ELFOSABI_SOLARIS));
        }
        let number = match symbol.st_shndx {
            SHN_XINDEX => symbols.long_index(index),
            SHN_LORESERVE.. => None,
            number => Some(u32::from(number)),
        };
        match number {
            Some(0) => put!(&mut cx.out, " UND"),
            Some(number) if number < columns.sections => put!(&mut cx.out, dec(number).width(4)),
            Some(number) => put!(&mut cx.out, "bad section index[", dec(number).width(3), "]"),
            None => columns::special_index(cx, self.file, symbol.st_shndx),
        }
        cx.out.byte(b' ');
    }

    /// `%5ld`, or in the base that is wanted; larger ones in hexadecimal.
    fn size(&self, cx: &mut Context, size: u64) {
        match self.file.options.symbol_base {
            0 if size < 100_000 => put!(&mut cx.out, dec(size).width(5)),
            8 => put!(&mut cx.out, oct(size).width(5)),
            10 => put!(&mut cx.out, dec(size).width(5)),
            16 => put!(&mut cx.out, "0x", hex(size).zero(5)),
            _ => put!(&mut cx.out, "0x", hex(size)),
        }
    }

    fn name(&self, cx: &mut Context, symbols: &Symbols, index: usize, symbol: &Symbol) {
        let version = self.version(cx, index, symbol);
        let named = symbol.st_name != 0 || symbol.kind() != STT_SECTION;
        let done = named
            && self.file.options.wide
            && self.file.options.spelling.is_plain()
            && self.strings.is_some_and(|s| text::whole(&mut cx.out, s, symbol.st_name));
        if !done {
            let section = if named { None } else { self.section_name(symbols, index, symbol) };
            let string = || c_str(self.strings?, symbol.st_name.into());
            let name = section.or_else(string).unwrap_or(CORRUPT);
            let taken = version.as_ref().map_or(0, width);
            text::fit(&mut cx.out, self.file.options, name, NAME_WIDTH - taken as isize);
        }
        put_version(&mut cx.out, version);
    }

    /// A section's symbol without a name of its own goes by the section's.
    #[cold]
    fn section_name(&self, symbols: &Symbols, index: usize, symbol: &Symbol) -> Option<&'a [u8]> {
        let number = match symbol.st_shndx {
            SHN_XINDEX => symbols.long_index(index)?,
            SHN_LORESERVE.. => return None,
            number => number.into(),
        };
        let section = self.file.sections.get(number as usize)?;
        let named = self.file.has_section_names();
        Some(if named { self.file.section_name(&section) } else { CORRUPT })
    }
}

fn put_version(out: &mut BufWriter, version: Option<Version>) {
    let Some(version) = version else { return };
    put!(out, version);
    if let Some(number) = version.needed {
        put!(out, " (", dec(number), ")");
    }
}

/// How many columns a version takes, with its number.
fn width(version: &Version) -> usize {
    let number = version.needed.map_or(0, |n| digits(n.into(), 10) + 3);
    version.separator.len() + version.name.len() + number
}

/// What 80 columns leave for a name.
const NAME_WIDTH: isize = 21;
