//! `--size`: where the bytes are: by section, by symbol, by segment, the largest first.

use super::check::letters;
use super::file::{File, Symbols};
use super::names::segments::segment_type;
use super::names::symbols::symbol_type;
use super::rank::Top;
use super::text;
use crate::context::Context;
use crate::words::short;
use rt::elf::consts::*;
use rt::elf::{FileHeader, ProgramHeader, Record, SectionHeader, Symbol, c_str};
use rt::fmt::{dec, left};
use rt::put;

/// How many symbols are listed unless more are asked for.
pub const SYMBOLS: usize = 20;

/// How many sections and segments are listed at least.
const SECTIONS: usize = 100;

/// How many symbols `--size=VALUE` asks for: a number, or `all`.
pub fn limit(value: Option<&[u8]>) -> Option<usize> {
    match value {
        None => Some(SYMBOLS),
        Some(b"all") => Some(usize::MAX),
        Some(b"") => None,
        Some(digits) => digits.iter().try_fold(0usize, |number, digit| {
            let digit = char::from(*digit).to_digit(10)?;
            Some(number.saturating_mul(10).saturating_add(digit as usize))
        }),
    }
}

pub fn show(cx: &mut Context, file: &File) -> bool {
    let Some(limit) = file.options.size else { return true };
    if file.options.json {
        cx.json().object("size");
    }
    sections(cx, file, limit.max(SECTIONS));
    symbols(cx, file, limit);
    segments(cx, file, limit.max(SECTIONS));
    if file.options.json {
        cx.json().end_object();
    }
    true
}

/// Bytes in the file and in memory.
#[derive(Clone, Copy, Default)]
struct Bytes {
    file: u64,
    memory: u64,
}

impl Bytes {
    fn of_section(section: &SectionHeader) -> Bytes {
        let in_file = !matches!(section.sh_type, SHT_NULL | SHT_NOBITS);
        let in_memory = section.sh_flags & SHF_ALLOC != 0;
        Bytes {
            file: if in_file { section.sh_size } else { 0 },
            memory: if in_memory { section.sh_size } else { 0 },
        }
    }

    fn add(&mut self, more: Bytes) {
        self.file = self.file.saturating_add(more.file);
        self.memory = self.memory.saturating_add(more.memory);
    }

    fn less(self, other: Bytes) -> Bytes {
        let file = self.file.saturating_sub(other.file);
        Bytes { file, memory: self.memory.saturating_sub(other.memory) }
    }
}

/// One of the lists.
struct List<'f, 'a> {
    file: &'f File<'a>,
    /// Of what the bytes in the file are a share.
    whole: u64,
    /// How many rows are not there yet, and their bytes.
    rest: Bytes,
    count: usize,
}

impl<'f, 'a> List<'f, 'a> {
    fn new(cx: &mut Context, file: &'f File<'a>, whole: u64, title: [&str; 2], key: &str) -> Self {
        if file.options.json {
            cx.json().array(key);
        } else {
            put!(
                &mut cx.out,
                "\n",
                title[0],
                ":\n    in file      %   in memory  ",
                title[1],
                "\n"
            );
        }
        List { file, whole, rest: Bytes::default(), count: 0 }
    }

    fn count(&mut self, bytes: Bytes) {
        self.rest.add(bytes);
        self.count += 1;
    }

    /// One of those that were counted.
    fn row(&mut self, cx: &mut Context, bytes: Bytes, kind: &[u8], name: &[u8]) {
        self.rest = self.rest.less(bytes);
        self.count = self.count.saturating_sub(1);
        self.extra(cx, bytes, kind, name);
    }

    fn extra(&self, cx: &mut Context, bytes: Bytes, kind: &[u8], name: &[u8]) {
        if self.file.options.json {
            let json = cx.json();
            json.object("").text("name", name);
            if !kind.is_empty() {
                json.text(if kind.len() == 3 { "flags" } else { "type" }, kind);
            }
            json.number("file", bytes.file).number("memory", bytes.memory);
            json.end_object();
            return;
        }
        let tenths = u128::from(bytes.file) * 1000 / u128::from(self.whole.max(1));
        let tenths = u64::try_from(tenths).unwrap_or(u64::MAX);
        put!(&mut cx.out, dec(bytes.file).width(11), " ", dec(tenths / 10).width(4), ".");
        put!(&mut cx.out, dec(tenths % 10), " ", dec(bytes.memory).width(11), "  ");
        if !kind.is_empty() {
            put!(&mut cx.out, left(kind, 8), " ");
        }
        text::cut(&mut cx.out, self.file.options, name, 38);
        put!(&mut cx.out, "\n");
    }

    /// What is not listed, if anything.
    fn others(&self, cx: &mut Context) {
        if self.count > 0 && self.file.options.json {
            self.extra(cx, self.rest, b"", b"(more)");
        } else if self.count > 0 {
            let text = short(&mut |out| put!(out, "(", dec(self.count), " more)"));
            self.extra(cx, self.rest, b"", &text);
        }
    }

    /// The sum, and the end of the list.
    fn end(&self, cx: &mut Context, all: Bytes, name: &str) {
        self.extra(cx, all, b"", name.as_bytes());
        if self.file.options.json {
            cx.json().end_array();
        }
    }
}

/// All bytes of the file: sections, headers, and what is neither.
fn sections(cx: &mut Context, file: &File, limit: usize) {
    let elf = &file.elf;
    let whole = elf.source().own_size();
    let title = ["Sections and headers", "name"];
    let (mut top, mut list) = (Top::new(limit), List::new(cx, file, whole, title, "sections"));
    for (index, section) in file.sections.iter().enumerate() {
        if section.sh_type != SHT_NULL {
            top.add(section.sh_size, index);
            list.count(Bytes::of_section(&section));
        }
    }
    let total = list.rest;
    for section in top.indices().filter_map(|index| file.sections.get(index)) {
        list.row(cx, Bytes::of_section(&section), b"", file.section_name(&section));
    }
    list.others(cx);
    let mut in_file = total.file;
    let table = |count: usize, size: usize| (count as u64).saturating_mul(size as u64);
    let segments = table(file.segments.len(), ProgramHeader::size(elf.encoding));
    let sections = table(file.sections.len(), SectionHeader::size(elf.encoding));
    let only = |file| Bytes { file, memory: 0 };
    for (bytes, name) in [
        (FileHeader::size(elf.encoding) as u64, &b"(ELF header)"[..]),
        (segments, b"(program headers)"),
        (sections, b"(section headers)"),
    ] {
        if bytes > 0 {
            list.extra(cx, only(bytes), b"", name);
            in_file = in_file.saturating_add(bytes);
        }
    }
    match whole.checked_sub(in_file) {
        Some(other) => list.extra(cx, only(other), b"", b"(padding and other bytes)"),
        None => list.extra(cx, only(0), b"", b"(these overlap, or go past the end)"),
    }
    list.end(cx, Bytes { file: whole, ..total }, "in all");
}

/// The symbols of the table with most of them.
fn symbols(cx: &mut Context, file: &File, limit: usize) {
    let all = [SHT_SYMTAB, SHT_DYNSYM];
    let section = all.iter().find_map(|kind| file.sections_of(*kind).next());
    let (table, strings) = match section {
        Some((index, section)) => (file.symbols(cx, index), file.linked_strings(&section)),
        None => (file.dynamic.symbols, file.dynamic.strings.unwrap_or_default()),
    };
    let Some(table) = table else { return };
    let (mut top, mut total) = (Top::new(limit), Bytes::default());
    let mut count = 0;
    for (index, symbol) in table.table.iter().enumerate().filter(|(_, s)| has_bytes(s)) {
        let bytes = bytes_of(file, &table, index, &symbol);
        top.add(bytes.memory, index);
        total.add(bytes);
        count += 1;
    }
    let title = match section {
        Some((_, section)) if section.sh_type == SHT_SYMTAB => "Symbols (aliases count each)",
        _ => "Dynamic symbols (aliases count each)",
    };
    let mut list = List::new(cx, file, total.file, [title, "type     name"], "symbols");
    (list.rest, list.count) = (total, count);
    let header = &file.elf.header;
    for index in top.indices() {
        let Some(symbol) = table.table.get(index) else { continue };
        let kind = symbol_type(symbol.kind(), header.e_machine, header.e_ident.osabi());
        let name = c_str(strings, symbol.st_name.into()).unwrap_or(b"<corrupt>");
        list.row(cx, bytes_of(file, &table, index, &symbol), kind.as_ref(), name);
    }
    list.others(cx);
    list.end(cx, total, "in all");
}

fn has_bytes(symbol: &Symbol) -> bool {
    let named = !matches!(symbol.kind(), STT_SECTION | STT_FILE);
    named && symbol.st_shndx != SHN_UNDEF && symbol.st_size != 0
}

fn bytes_of(file: &File, symbols: &Symbols, index: usize, symbol: &Symbol) -> Bytes {
    let size = symbol.st_size;
    let number = symbols.section_of(index, symbol);
    let none = match symbol.st_shndx {
        SHN_XINDEX | ..SHN_LORESERVE => {
            file.sections.get(number as usize).is_some_and(|s| s.sh_type == SHT_NOBITS)
        }
        _ => true,
    };
    Bytes { file: if none { 0 } else { size }, memory: size }
}

fn segments(cx: &mut Context, file: &File, limit: usize) {
    if file.segments.is_empty() {
        return;
    }
    let whole = file.elf.source().own_size();
    let of = |segment: &ProgramHeader| Bytes { file: segment.p_filesz, memory: segment.p_memsz };
    let (mut top, mut loads) = (Top::new(limit), Bytes::default());
    let title = ["Segments", "flags    type"];
    let mut list = List::new(cx, file, whole, title, "segments");
    for (index, segment) in file.segments.iter().enumerate() {
        top.add(segment.p_filesz.max(segment.p_memsz), index);
        list.count(of(&segment));
        if segment.p_type == PT_LOAD {
            loads.add(of(&segment));
        }
    }
    let header = &file.elf.header;
    for segment in top.indices().filter_map(|index| file.segments.get(index)) {
        let kind = segment_type(segment.p_type, header.e_machine, header.e_ident.osabi());
        list.row(cx, of(&segment), &letters(segment.p_flags), kind.as_ref());
    }
    list.others(cx);
    list.end(cx, loads, "LOAD in all");
}
