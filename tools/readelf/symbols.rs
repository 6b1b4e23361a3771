//! `-s`, `--dyn-syms`: the symbol tables of the sections or, with `-D`, the one that the
//! dynamic section names.

use super::file::{File, Symbols};
use super::line::Line;
use super::symbol_columns::{self as columns, Cell};
use super::symver::{CORRUPT, Version, Versions};
use super::{lto, text};
use crate::context::Context;
use rt::elf::consts::*;
use rt::elf::{Record, SectionHeader, Symbol, c_str};
use rt::fmt::{dec, hex, oct};
use rt::put;
use rt::row::decimal;

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
    sections: u32,
    kinds: [Cell; 16],
    binds: [Cell; 16],
    visibilities: [Cell; 4],
}

impl<'f, 'a> Rows<'f, 'a> {
    fn new(file: &'f File<'a>, strings: Option<&'a [u8]>, versions: Option<Versions<'a>>) -> Self {
        let machine = file.elf.header.e_machine;
        let osabi = file.elf.header.e_ident.osabi();
        let colour = file.options.colour;
        let numbers: [u8; 16] = core::array::from_fn(|number| number as u8);
        Rows {
            file,
            strings,
            versions,
            osabi,
            sections: file.shnum(),
            kinds: numbers.map(|number| columns::kind(colour, machine, osabi, number)),
            binds: numbers.map(|number| columns::bind(colour, osabi, number)),
            visibilities: [0, 1, 2, 3].map(columns::visibility),
        }
    }

    /// The rows; of a section, with its name, also what is wrong with their order.
    fn show(&self, cx: &mut Context, symbols: &Symbols, section: Option<(&SectionHeader, &[u8])>) {
        if section.is_none() {
            heads(cx, self.file);
        }
        // MIPS and Solaris have them in an order of their own.
        let unordered = self.file.elf.header.e_machine == EM_MIPS || self.osabi == ELFOSABI_SOLARIS;
        let ordered = section.filter(|_| !unordered);
        const ZERO: u64 = b'0' as u64;
        const NINE: u64 = b'9' as u64;
        let mut digits = (0, 0);
        for (index, symbol) in symbols.table.iter().enumerate() {
            // The last digit counts up by itself.
            match digits.0 >> 56 {
                ZERO..NINE => digits.0 += 1 << 56,
                _ => digits = decimal(index as u32),
            }
            self.fetch_name(symbols, index + 12);
            self.row(cx, symbols, index, digits, &symbol);
            if symbol.bind() == STB_LOCAL
                && let Some((section, name)) = ordered
                && index as u64 >= u64::from(section.sh_info)
            {
                let (index, info) = (dec(index), dec(section.sh_info));
                let name = text::name(name);
                let middle = " found at index >= ";
                let tail = "'s sh_info value of ";
                warn!(cx, "local symbol ", index, middle, name, tail, info);
            }
        }
    }

    /// Names lie anywhere in tens of megabytes: that of a row to come is asked for ahead.
    #[inline]
    fn fetch_name(&self, symbols: &Symbols, index: usize) {
        if let (Some(strings), Some(symbol)) = (self.strings, symbols.table.get(index)) {
            for line in [0, 64, 128] {
                rt::arch::prefetch(strings, (symbol.st_name as usize).wrapping_add(line));
            }
        }
    }

    #[inline]
    fn row(
        &self,
        cx: &mut Context,
        symbols: &Symbols,
        index: usize,
        digits: (u64, usize),
        symbol: &Symbol,
    ) {
        let Some(room) = cx.out.room::<192>() else { return };
        let mut line = Line { bytes: room, len: 0 };
        if index < 100_000_000 {
            line.put_digits(digits, 6);
        } else {
            line.put_dec(index as u64, 6);
        }
        line.put(b": ", 2);
        line.put_hex(symbol.st_value, self.file.elf.encoding.word() * 2);
        line.put(b" ", 1);
        if self.file.options.symbol_base == 0 && symbol.st_size < 100_000 {
            line.put_dec(symbol.st_size, 5);
        } else {
            let len = line.len;
            cx.out.advance(len);
            self.size(cx, symbol.st_size);
            let Some(room) = cx.out.room::<192>() else { return };
            line = Line { bytes: room, len: 0 };
        }
        line.put(b" ", 1);
        // One by one: a loop over them is a tenth of the row's work.
        if let Some(kind) = self.kinds.get(usize::from(symbol.kind())) {
            line.put(&kind.bytes, kind.len);
        }
        if let Some(bind) = self.binds.get(usize::from(symbol.bind())) {
            line.put(&bind.bytes, bind.len);
        }
        if let Some(visibility) = self.visibilities.get(usize::from(symbol.st_other)) {
            line.put(&visibility.bytes, visibility.len);
        }
        if symbol.st_other > 3 {
            let len = line.len;
            cx.out.advance(len);
            columns::other(cx, self.file, symbol.st_other);
            let Some(room) = cx.out.room::<192>() else { return };
            line = Line { bytes: room, len: 0 };
        }
        line.put(b" ", usize::from(symbol.st_other > 3 && self.osabi != ELFOSABI_SOLARIS));
        let number = match symbol.st_shndx {
            SHN_UNDEF => None,
            SHN_XINDEX => symbols.long_index(index),
            SHN_LORESERVE.. => None,
            number => Some(u32::from(number)),
        };
        match number {
            Some(number) if number != 0 && (number < self.sections || self.sections == 0) => {
                line.put_dec(number.into(), 4);
                line.put(b" ", 1);
                let len = line.len;
                cx.out.advance(len);
            }
            Some(number) if number != 0 => {
                let len = line.len;
                cx.out.advance(len);
                put!(&mut cx.out, "bad section index[", dec(number).width(3), "] ");
            }
            _ if symbol.st_shndx == SHN_UNDEF || number == Some(0) => {
                line.put(b" UND ", 5);
                let len = line.len;
                cx.out.advance(len);
            }
            _ => {
                let len = line.len;
                cx.out.advance(len);
                columns::special_index(cx, self.file, symbol.st_shndx);
                put!(&mut cx.out, " ");
            }
        }
        self.name(cx, symbols, index, symbol);
        cx.out.byte(b'\n');
    }

    /// Sizes that are large, or wanted in one base.
    #[cold]
    fn size(&self, cx: &mut Context, size: u64) {
        match self.file.options.symbol_base {
            8 => put!(&mut cx.out, oct(size).width(5)),
            10 => put!(&mut cx.out, dec(size).width(5)),
            16 => put!(&mut cx.out, "0x", hex(size).zero(5)),
            _ => put!(&mut cx.out, "0x", hex(size)),
        }
    }

    #[inline]
    fn name(&self, cx: &mut Context, symbols: &Symbols, index: usize, symbol: &Symbol) {
        let version = self.versions.as_ref();
        let version = version.and_then(|versions| versions.of(cx, self.file, index, symbol));
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
        if let Some(version) = version {
            put!(&mut cx.out, version);
            if let Some(number) = version.needed {
                put!(&mut cx.out, " (", dec(number), ")");
            }
        }
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

/// How many columns a version takes, with its number.
fn width(version: &Version) -> usize {
    let number = version.needed.map_or(0, |n| n.checked_ilog10().unwrap_or(0) as usize + 4);
    version.separator.len() + version.name.len() + number
}

/// What 80 columns leave for a name.
const NAME_WIDTH: isize = 21;
