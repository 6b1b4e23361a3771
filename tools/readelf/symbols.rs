//! `-s`, `--dyn-syms`: the symbol tables of the sections or, with `-D`, the one that the
//! dynamic section names.

use super::file::{File, Symbols};
use super::symbol_columns as columns;
use super::symver::{CORRUPT, Version, Versions};
use super::{lto, text};
use crate::context::Context;
use crate::words::{digits, short};
use rt::elf::consts::*;
use rt::elf::{Record, SectionHeader, Symbol};
use rt::fmt::{dec, hex, oct};
use rt::io::BufWriter;
use rt::put;
use rt::row::{self, Reached, SymbolColumns};
use rt::text::Text;

pub fn show(cx: &mut Context, file: &File) -> bool {
    let options = file.options;
    let dynamic = &file.dynamic;
    let hashes = dynamic.value(DT_HASH) | dynamic.value(DT_GNU_HASH);
    let counted = hashes != 0 || dynamic.hashes.gnu.is_some();
    if let Some(symbols) = &dynamic.symbols
        && let Some(strings) = dynamic.strings
        && (options.symbols && options.use_dynamic && counted)
    {
        let count = symbols.table.len();
        put!(&mut cx.out, "\nSymbol table for image contains ", dec(count), entries(count as u64));
        heads(cx, file);
        show_rows(cx, file, Some(strings), true, symbols, None);
    } else if file.shnum() != 0
        && (options.dynamic_symbols || (options.symbols && !options.use_dynamic))
    {
        for index in 0..file.sections.len() {
            let section = file.section(index);
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
        put!(
            &mut cx.out,
            "\nDynamic symbol information is not available for displaying symbols.\n"
        );
    }
    !options.lto_symbols || lto::show(cx, file)
}

fn entries(count: u64) -> Text {
    if count == 1 { rt::text!(" entry:\n") } else { rt::text!(" entries:\n") }
}

// Not inlined: it looks at the section where it is, and has a small frame.
#[inline(never)]
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
        let linked = file.section(section.sh_link as usize);
        let (offset, size) = (linked.sh_offset, linked.sh_size);
        let is_there = section.sh_link != 0 && size > 0;
        is_there.then(|| file.read(cx, offset, size, rt::text!("string table"))).flatten()
    };
    let dynamic = section.sh_type == SHT_DYNSYM;
    show_rows(cx, file, strings, dynamic, &symbols, Some((section, name)));
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
    symbols: &'f Symbols<'a>,
    strings: Option<&'a [u8]>,
    versions: Option<&'f Versions<'a>>,
    columns: &'f SymbolColumns,
}

/// The rows; of a section, with its name, also what is wrong with their order.
// Its frame is large: nobody pays for it who asks for no symbols.
#[inline(never)]
fn show_rows<'a>(
    cx: &mut Context,
    file: &File<'a>,
    strings: Option<&'a [u8]>,
    dynamic: bool,
    symbols: &Symbols<'a>,
    section: Option<(&SectionHeader, &[u8])>,
) {
    let versions = dynamic.then(|| Versions::load(file, symbols.table.len(), strings));
    let versions = versions.as_ref();
    // Whole rows at once where that can be: wide, names as they are.
    let plain = is_plain(file) && versions.is_none_or(Versions::is_plain);
    let columns = columns::columns(file, plain);
    Rows { file, symbols, strings, versions, columns: &columns }.show(cx, section);
}

/// Whether names are printed as they are in the file.
fn is_plain(file: &File) -> bool {
    file.options.wide && file.options.spelling.is_plain()
}

impl<'a> Rows<'_, 'a> {
    // Not inlined: this is most of the code, and has a small frame.
    #[inline(never)]
    fn show(&self, cx: &mut Context, section: Option<(&SectionHeader, &[u8])>) {
        // MIPS and Solaris have them in an order of their own.
        let header = &self.file.elf.header;
        let unordered = header.e_machine == EM_MIPS || header.e_ident.osabi() == ELFOSABI_SOLARIS;
        let ordered = section.filter(|_| !unordered);
        let strings = self.strings.unwrap_or_default();
        let versym = self.versions.and_then(Versions::entries);
        let (table, mut next) = (&self.symbols.table, 0);
        // Most have the version that the last one had.
        let mut version = row::Version::NONE;
        while next < table.len() {
            let first = next;
            let reached = cx.out.symbol_rows(self.columns, table, first, strings, versym, &version);
            let (Reached::Row(index) | Reached::Name(index) | Reached::Version(index)) = reached;
            if let Some(symbol) = table.get(index) {
                if let Reached::Version(_) = reached {
                    self.other_version(cx, index, &symbol, &mut version);
                } else {
                    if let Reached::Row(_) = reached {
                        self.columns(cx, index, &symbol);
                    }
                    self.name(cx, index, &symbol);
                }
                cx.out.byte(b'\n');
            }
            next = index + 1;
            let Some((section, name)) = ordered else { continue };
            let mut from = first.max(section.sh_info as usize);
            while let Some(index) = table.first_local(from, next) {
                fill_warning!(
                    cx,
                    "local symbol %u found at index >= %s's sh_info value of %u",
                    index,
                    section.sh_info;
                    name
                );
                from = index + 1;
            }
        }
    }

    /// Adds the version of a symbol, and keeps it where the rows to come can use it.
    #[inline(never)]
    fn other_version(
        &self,
        cx: &mut Context,
        index: usize,
        symbol: &Symbol,
        kept: &mut row::Version,
    ) {
        kept.entry = 0;
        let Some(versions) = self.versions else { return };
        let version = versions.of(cx, self.file, index, symbol);
        let all = short(&mut |out| put_version(out, version));
        cx.out.bytes(&all);
        let entry = versions.entries().and_then(|entries| entries.u16(2 * index));
        if let Some(entry) = entry
            && let Some(not) = versions.defined_at(entry)
            && let Some(text) = kept.text.get_mut(..all.len())
        {
            text.copy_from_slice(&all);
            kept.len = all.len();
            kept.not = not.unwrap_or(u32::MAX);
            kept.undefined = symbol.st_shndx == SHN_UNDEF;
            // This may be the symbol that has another one.
            kept.entry = if symbol.st_name == kept.not { 0 } else { entry };
        }
    }

    /// What comes before the name, where any of it is unusual.
    #[cold]
    #[inline(never)]
    fn columns(&self, cx: &mut Context, index: usize, symbol: &Symbol) {
        let columns = self.columns;
        let cell = |cx: &mut Context, place: u8| {
            let cell = columns.cells.get(usize::from(place));
            let text = cell.and_then(|cell| cell.bytes.get(..cell.len));
            cx.out.bytes(text.unwrap_or_default());
        };
        put!(&mut cx.out, dec(index).width(6), ": ");
        put!(&mut cx.out, hex(symbol.st_value).zero(columns.value_digits as u8), " ");
        self.size(cx, symbol.st_size);
        cx.out.byte(b' ');
        cell(cx, symbol.kind());
        cell(cx, SymbolColumns::BINDS as u8 + symbol.bind());
        if symbol.st_other <= 3 {
            cell(cx, SymbolColumns::VISIBILITIES as u8 + symbol.st_other);
        } else {
            columns::other(cx, self.file, symbol.st_other);
        }
        match self.section_number(index, symbol) {
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

    fn name(&self, cx: &mut Context, index: usize, symbol: &Symbol) {
        let version = self.versions.and_then(|v| v.of(cx, self.file, index, symbol));
        let named = symbol.st_name != 0 || symbol.kind() != STT_SECTION;
        let done = named
            && is_plain(self.file)
            && self.strings.is_some_and(|s| text::whole(&mut cx.out, s, symbol.st_name));
        if !done {
            let section = if named { None } else { self.section_name(index, symbol) };
            let string = || string(self.strings?, symbol.st_name);
            let name = section.or_else(string).unwrap_or(CORRUPT);
            let taken = version.as_ref().map_or(0, width);
            text::fit(&mut cx.out, self.file.options, name, NAME_WIDTH - taken as isize);
        }
        put_version(&mut cx.out, version);
    }

    /// The number of the section that it is defined in.
    #[inline(never)]
    fn section_number(&self, index: usize, symbol: &Symbol) -> Option<u32> {
        match symbol.st_shndx {
            SHN_XINDEX => self.symbols.long_index(index),
            SHN_LORESERVE.. => None,
            number => Some(number.into()),
        }
    }

    /// A section's symbol without a name of its own goes by the section's.
    #[cold]
    fn section_name(&self, index: usize, symbol: &Symbol) -> Option<&'a [u8]> {
        let number = self.section_number(index, symbol)?;
        let section = self.file.sections.get(number as usize)?;
        let named = self.file.has_section_names();
        Some(if named { self.file.section_name(&section) } else { CORRUPT })
    }
}

/// A string of a string table, as [`c_str`](rt::elf::c_str) finds it, for many of them.
fn string(strings: &[u8], at: u32) -> Option<&[u8]> {
    let rest = strings.get(at as usize..).filter(|rest| !rest.is_empty())?;
    rest.get(..row::find(rest, 0).unwrap_or(rest.len()))
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
