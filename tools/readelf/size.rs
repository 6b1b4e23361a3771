//! `--size`: where the bytes are: by section, by symbol, by segment, the largest first.

use super::check::letters;
use super::file::{File, Symbols};
use super::names::symbols::symbol_type;
use super::rank::Top;
use super::text;
use crate::context::Context;
use crate::words::{share, short};
use rt::elf::consts::*;
use rt::elf::{FileHeader, ProgramHeader, Record, SectionHeader, c_str};
use rt::fmt::{dec, left};
use rt::io::BufWriter;
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
    /// Neither or only one of the two where something is not there.
    fn of(size: u64, in_file: bool, in_memory: bool) -> Bytes {
        let or_none = |is_there| if is_there { size } else { 0 };
        Bytes { file: or_none(in_file), memory: or_none(in_memory) }
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

/// What a list is of.
enum Kind<'a> {
    Sections,
    Symbols(Symbols<'a>, &'a [u8]),
    Segments,
}

/// One of the lists.
struct List<'f, 'a> {
    file: &'f File<'a>,
    kind: Kind<'a>,
    /// Of what the bytes in the file are a share.
    whole: u64,
}

impl List<'_, '_> {
    /// Begins the list: the largest ones, and what is not listed in one row. Gives back how
    /// many bytes they all have, and those that are loaded.
    // Not inlined: it is called for each list.
    #[inline(never)]
    fn show(&mut self, cx: &mut Context, limit: usize, title: [&str; 3]) -> [Bytes; 2] {
        let (mut top, mut all) = (Top::new(limit), [Bytes::default(); 2]);
        let (mut left, file) = (0usize, self.file);
        let count = match &self.kind {
            Kind::Sections => file.sections.len(),
            Kind::Symbols(symbols, _) => symbols.table.len(),
            Kind::Segments => file.segments.len(),
        };
        for index in 0..count {
            if let Some((size, bytes, is_loaded)) = self.measure(index) {
                top.add(size, index);
                let [total, loaded] = &mut all;
                total.add(bytes);
                loaded.add(if is_loaded { bytes } else { Bytes::default() });
                left += 1;
            }
        }
        let [mut rest, _] = all;
        if let Kind::Symbols(..) = self.kind {
            self.whole = rest.file;
        }
        let [key, title, columns] = title;
        if file.options.json {
            cx.json().array(key);
        } else {
            put!(&mut cx.out, "\n", title, ":\n    in file      %   in memory  ", columns, "\n");
        }
        for index in top.indices() {
            let Some((_, bytes, _)) = self.measure(index) else { continue };
            rest = rest.less(bytes);
            left = left.saturating_sub(1);
            self.item(cx, bytes, index);
        }
        if left > 0 {
            let count = |out: &mut BufWriter| match file.options.json {
                true => put!(out, "(more)"),
                false => put!(out, "(", dec(left), " more)"),
            };
            self.row(cx, rest, b"", &short(&mut |out| count(out)));
        }
        all
    }

    /// The size of an item that counts, its bytes, and whether it is loaded.
    // Not inlined: it is called twice.
    #[inline(never)]
    fn measure(&self, index: usize) -> Option<(u64, Bytes, bool)> {
        let (size, in_file, in_memory) = match &self.kind {
            Kind::Segments => {
                let segment = self.file.segments.get(index)?;
                let bytes = Bytes { file: segment.p_filesz, memory: segment.p_memsz };
                return Some((bytes.file.max(bytes.memory), bytes, segment.p_type == PT_LOAD));
            }
            Kind::Sections => {
                let section = self.file.sections.get(index)?;
                let in_file = match section.sh_type {
                    SHT_NULL => return None,
                    kind => kind != SHT_NOBITS,
                };
                (section.sh_size, in_file, section.sh_flags & SHF_ALLOC != 0)
            }
            Kind::Symbols(symbols, _) => {
                let symbol = symbols.table.get(index)?;
                if matches!(symbol.kind(), STT_SECTION | STT_FILE)
                    || symbol.st_shndx == SHN_UNDEF
                    || symbol.st_size == 0
                {
                    return None;
                }
                let in_file = match symbol.st_shndx {
                    SHN_XINDEX | ..SHN_LORESERVE => {
                        let section = symbols.section_of(index, &symbol);
                        let section = self.file.sections.get(section as usize);
                        section.is_none_or(|section| section.sh_type != SHT_NOBITS)
                    }
                    _ => false,
                };
                (symbol.st_size, in_file, true)
            }
        };
        Some((size, Bytes::of(size, in_file, in_memory), false))
    }

    // Not inlined: its frame is large.
    #[inline(never)]
    fn item(&self, cx: &mut Context, bytes: Bytes, index: usize) {
        let file = self.file;
        match &self.kind {
            Kind::Sections => {
                let section = file.section(index);
                self.row(cx, bytes, b"", file.section_name(&section));
            }
            Kind::Symbols(symbols, strings) => {
                let symbol = symbols.table.get(index).unwrap_or_default();
                let header = &file.elf.header;
                let osabi = header.e_ident.osabi();
                let kind = symbol_type(symbol.kind(), header.e_machine, osabi);
                let name = c_str(strings, symbol.st_name.into()).unwrap_or(b"<corrupt>");
                self.row(cx, bytes, kind.as_ref(), name);
            }
            Kind::Segments => {
                let segment = file.segment(index);
                let kind = file.segment_kind(&segment);
                self.row(cx, bytes, &letters(segment.p_flags), kind.as_ref());
            }
        }
    }

    // Not inlined: it is called from many places.
    #[inline(never)]
    fn row(&self, cx: &mut Context, bytes: Bytes, kind: &[u8], name: &[u8]) {
        if self.file.options.json {
            let json = cx.json();
            json.object("").text("name", name);
            if !kind.is_empty() {
                let is_segment = matches!(self.kind, Kind::Segments);
                json.text(if is_segment { "flags" } else { "type" }, kind);
            }
            json.numbers("file memory", &[bytes.file, bytes.memory]).end_object();
            return;
        }
        let tenths = share(bytes.file, self.whole, 1000);
        put!(&mut cx.out, dec(bytes.file).width(11), " ", dec(tenths / 10).width(4), ".");
        put!(&mut cx.out, dec(tenths % 10), " ", dec(bytes.memory).width(11), "  ");
        if !kind.is_empty() {
            put!(&mut cx.out, left(kind, 8), " ");
        }
        text::cut(&mut cx.out, self.file.options, name, 38);
        put!(&mut cx.out, "\n");
    }

    /// The sum, and the end of the list.
    fn end(&self, cx: &mut Context, all: Bytes, name: &str) {
        self.row(cx, all, b"", name.as_bytes());
        if self.file.options.json {
            cx.json().end_array();
        }
    }
}

/// All bytes of the file: sections, headers, and what is neither.
fn sections(cx: &mut Context, file: &File, limit: usize) {
    let elf = &file.elf;
    let whole = elf.source().own_size();
    let mut list = List { file, kind: Kind::Sections, whole };
    let [total, _] = list.show(cx, limit, ["sections", "Sections and headers", "name"]);
    let only = |cx: &mut Context, file: u64, name: &str| {
        list.row(cx, Bytes { file, memory: 0 }, b"", name.as_bytes());
    };
    let mut in_file = total.file;
    for (count, size, name) in [
        (1, FileHeader::size(elf.encoding), "(ELF header)"),
        (file.segments.len(), ProgramHeader::size(elf.encoding), "(program headers)"),
        (file.sections.len(), SectionHeader::size(elf.encoding), "(section headers)"),
    ] {
        let bytes = (count as u64).saturating_mul(size as u64);
        if bytes > 0 {
            only(cx, bytes, name);
            in_file = in_file.saturating_add(bytes);
        }
    }
    match whole.checked_sub(in_file) {
        Some(other) => only(cx, other, "(padding and other bytes)"),
        None => only(cx, 0, "(these overlap, or go past the end)"),
    }
    list.end(cx, Bytes { file: whole, ..total }, "in all");
}

/// The symbols of the table with most of them.
fn symbols(cx: &mut Context, file: &File, limit: usize) {
    let mut section = file.sections_of(SHT_SYMTAB).next();
    let mut title = "Symbols (aliases count each)";
    if section.is_none() {
        section = file.sections_of(SHT_DYNSYM).next();
        title = "Dynamic symbols (aliases count each)";
    }
    let (table, strings) = match section {
        Some((index, section)) => (file.symbols(cx, index), file.linked_strings(&section)),
        None => (file.dynamic.symbols, file.dynamic.strings.unwrap_or_default()),
    };
    let Some(table) = table else { return };
    let mut list = List { file, kind: Kind::Symbols(table, strings), whole: 0 };
    let [total, _] = list.show(cx, limit, ["symbols", title, "type     name"]);
    list.end(cx, total, "in all");
}

fn segments(cx: &mut Context, file: &File, limit: usize) {
    if file.segments.is_empty() {
        return;
    }
    let mut list = List { file, kind: Kind::Segments, whole: file.elf.source().own_size() };
    let [_, loaded] = list.show(cx, limit, ["segments", "Segments", "flags    type"]);
    list.end(cx, loaded, "LOAD in all");
}
