//! `--size`: where the bytes are: by section, by symbol, by segment, the largest first.

use super::check;
use super::file::{File, Symbols};
use super::names::symbols::symbol_type;
use super::pattern;
use super::rank::Top;
use super::text;
use crate::context::Context;
use crate::words::{leading, share, short, unpacked, words};
use rt::elf::consts::*;
use rt::elf::{FileHeader, ProgramHeader, Record, SectionHeader, Table, c_str};
use rt::fmt::{dec, left};
use rt::put;
use rt::text::Text;

/// How many symbols are listed unless more are asked for.
pub const SYMBOLS: usize = 20;

/// How many sections and segments are listed at least.
const SECTIONS: usize = 100;

/// How many symbols `--size=VALUE` asks for: a number, or `all`.
pub fn limit(value: Option<&[u8]>) -> Option<usize> {
    match value {
        None => Some(SYMBOLS),
        Some(b"all") => Some(usize::MAX),
        Some(mut digits) => {
            let number = leading(&mut digits)?;
            digits.is_empty().then_some(number as usize)
        }
    }
}

pub fn show(cx: &mut Context, file: &File) -> bool {
    let Some(limit) = file.options.size else { return true };
    if file.options.json {
        cx.json().object(rt::text!("size"));
    }
    let symbols = Symbols::new(Table::empty(file.elf.encoding));
    let mut list = List { file, kind: Kind::Sections, symbols, strings: &[], whole: 0 };
    list.show(cx, limit.max(SECTIONS), 0);
    list.symbols(cx, limit);
    if !file.segments.is_empty() {
        list.kind = Kind::Segments;
        list.show(cx, limit.max(SECTIONS), 1);
    }
    if file.options.json {
        cx.json().end_object();
    }
    true
}

/// The lists: the name in JSON, the heading, and what the columns are called.
const TITLES: Text = rt::text!(
    "sections\tSections and headers\tname
segments\tSegments\tflags    type
symbols\tSymbols (aliases count each)\ttype     name
symbols\tDynamic symbols (aliases count each)\ttype     name"
);

/// The rows that are no section, segment or symbol: the headers, what is left, the sums.
const ROWS: Text = rt::text!(
    "(ELF header)
(program headers)
(section headers)
(padding and other bytes)
(these overlap, or go past the end)
LOAD in all
in all"
);

/// Bytes in the file and in memory.
#[derive(Clone, Copy, Default)]
struct Bytes {
    file: u64,
    memory: u64,
}

impl Bytes {
    #[inline(never)]
    fn add(&mut self, more: Bytes) {
        self.file = self.file.saturating_add(more.file);
        self.memory = self.memory.saturating_add(more.memory);
    }
}

/// What a list is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sections,
    Symbols,
    Segments,
}

/// One of the lists.
struct List<'f, 'a> {
    file: &'f File<'a>,
    kind: Kind,
    symbols: Symbols<'a>,
    strings: &'a [u8],
    /// Of what the bytes in the file are a share.
    whole: u64,
}

/// Something that counts: its size, and its bytes; neither or only one of the two where it is not
/// there.
#[derive(Default)]
struct Item {
    size: u64,
    bytes: Bytes,
    is_loaded: bool,
}

/// What all of a list have, and what those have that are loaded; how many are not shown yet, and
/// what they have.
#[derive(Default)]
struct Sums {
    total: Bytes,
    loaded: Bytes,
    left: usize,
    rest: Bytes,
}

impl Sums {
    /// One is shown.
    #[inline(never)]
    fn take(&mut self, bytes: Bytes) {
        self.rest.file = self.rest.file.saturating_sub(bytes.file);
        self.rest.memory = self.rest.memory.saturating_sub(bytes.memory);
        self.left = self.left.saturating_sub(1);
    }
}

impl List<'_, '_> {
    /// Shows the list: the largest ones, what is not listed in one row, and the sum. The title
    /// is one of [`TITLES`].
    // Not inlined: it is called for each list.
    #[inline(never)]
    fn show(&mut self, cx: &mut Context, limit: usize, title: usize) {
        let mut sums = Sums::default();
        let (mut top, file) = (self.gather(limit, &mut sums), self.file);
        self.whole = match self.kind {
            Kind::Symbols => sums.total.file,
            _ => file.elf.source().own_size(),
        };
        let title = unpacked(TITLES, b'\n', title);
        let mut title = words(&title, b'\t');
        let key = title.next().unwrap_or_default();
        if file.options.json {
            cx.json().key(key).array(rt::text!(""));
        } else {
            let out = &mut cx.out;
            put!(out, "\n", title.next(), ":\n    in file      %   in memory  ", title.rest, "\n");
        }
        for index in top.indices() {
            let bytes = self.measure(index).unwrap_or_default().bytes;
            sums.take(bytes);
            self.item(cx, bytes, index);
        }
        let left = sums.left;
        if left > 0 {
            let pattern = match file.options.json {
                true => rt::text!("(more)"),
                false => rt::text!("(%u more)"),
            };
            let more = short(&mut |out| pattern::numbers(out, pattern, &[left as u64]));
            self.row(cx, sums.rest, b"", &more);
        }
        let mut total = sums.total;
        match self.kind {
            Kind::Sections => {
                self.headers(cx, total.file);
                total.file = self.whole;
            }
            Kind::Symbols => {}
            Kind::Segments => total = sums.loaded,
        }
        self.other_row(cx, total, if self.kind == Kind::Segments { 5 } else { 6 });
        if file.options.json {
            cx.json().end_array();
        }
    }

    /// Adds up all, and finds the largest.
    fn gather(&self, limit: usize, sums: &mut Sums) -> Top {
        let mut top = Top::new(limit);
        let count = match self.kind {
            Kind::Sections => self.file.sections.len(),
            Kind::Symbols => self.symbols.table.len(),
            Kind::Segments => self.file.segments.len(),
        };
        for index in 0..count {
            if let Some(item) = self.measure(index) {
                top.add(item.size, index);
                sums.total.add(item.bytes);
                if item.is_loaded {
                    sums.loaded.add(item.bytes);
                }
                sums.left += 1;
            }
        }
        sums.rest = sums.total;
        top
    }

    /// What counts of the things, by index.
    // Not inlined: it is called twice.
    #[inline(never)]
    fn measure(&self, index: usize) -> Option<Item> {
        let (size, in_file, in_memory) = match self.kind {
            Kind::Segments => {
                let segment = self.file.segment(index);
                let bytes = Bytes { file: segment.p_filesz, memory: segment.p_memsz };
                let size = bytes.file.max(bytes.memory);
                return Some(Item { size, bytes, is_loaded: segment.p_type == PT_LOAD });
            }
            Kind::Sections => {
                let section = self.file.section(index);
                let in_file = match section.sh_type {
                    SHT_NULL => return None,
                    kind => kind != SHT_NOBITS,
                };
                (section.sh_size, in_file, section.sh_flags & SHF_ALLOC != 0)
            }
            Kind::Symbols => {
                let symbol = self.symbols.table.get(index)?;
                if matches!(symbol.kind(), STT_SECTION | STT_FILE)
                    || symbol.st_shndx == SHN_UNDEF
                    || symbol.st_size == 0
                {
                    return None;
                }
                let in_file = match symbol.st_shndx {
                    SHN_XINDEX | ..SHN_LORESERVE => {
                        let section = self.symbols.section_of(index, &symbol);
                        self.file.section(section as usize).sh_type != SHT_NOBITS
                    }
                    _ => false,
                };
                (symbol.st_size, in_file, true)
            }
        };
        let or_none = |is_there| if is_there { size } else { 0 };
        let bytes = Bytes { file: or_none(in_file), memory: or_none(in_memory) };
        Some(Item { size, bytes, is_loaded: false })
    }

    #[inline(never)]
    fn item(&self, cx: &mut Context, bytes: Bytes, index: usize) {
        let (file, header) = (self.file, &self.file.elf.header);
        let (label, letters);
        let (kind, name): (&[u8], &[u8]) = match self.kind {
            Kind::Sections => (b"", file.section_name(&file.section(index))),
            Kind::Symbols => {
                let symbol = self.symbols.table.get(index).unwrap_or_default();
                label = symbol_type(symbol.kind(), header.e_machine, header.e_ident.osabi());
                let name = c_str(self.strings, symbol.st_name.into());
                (label.as_ref(), name.unwrap_or(b"<corrupt>"))
            }
            Kind::Segments => {
                let segment = file.segment(index);
                label = file.segment_kind(&segment);
                letters = check::letters(segment.p_flags);
                (&letters, label.as_ref())
            }
        };
        self.row(cx, bytes, kind, name);
    }

    // Not inlined: it is called from many places.
    #[inline(never)]
    fn row(&self, cx: &mut Context, bytes: Bytes, kind: &[u8], name: &[u8]) {
        if self.file.options.json {
            let json = cx.json();
            json.object(rt::text!("")).text(rt::text!("name"), name);
            if !kind.is_empty() {
                json.text(
                    if self.kind == Kind::Segments {
                        rt::text!("flags")
                    } else {
                        rt::text!("type")
                    },
                    kind,
                );
            }
            json.numbers("file memory }", &[bytes.file, bytes.memory]);
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

    /// One of [`ROWS`].
    #[inline(never)]
    fn other_row(&self, cx: &mut Context, bytes: Bytes, place: usize) {
        self.row(cx, bytes, b"", &unpacked(ROWS, b'\n', place));
    }

    /// What of the file is in no section: headers, and what is neither, after so many bytes in
    /// sections.
    fn headers(&self, cx: &mut Context, mut in_file: u64) {
        let (file, encoding) = (self.file, self.file.elf.encoding);
        let headers = [
            FileHeader::size(encoding),
            file.segments.len().saturating_mul(ProgramHeader::size(encoding)),
            file.sections.len().saturating_mul(SectionHeader::size(encoding)),
        ];
        for (place, &bytes) in headers.iter().enumerate() {
            let bytes = bytes as u64;
            if bytes > 0 {
                self.other_row(cx, Bytes { file: bytes, memory: 0 }, place);
                in_file = in_file.saturating_add(bytes);
            }
        }
        let other = self.whole.checked_sub(in_file);
        let bytes = Bytes { file: other.unwrap_or_default(), memory: 0 };
        self.other_row(cx, bytes, if other.is_some() { 3 } else { 4 });
    }

    /// The symbols of the table with most of them.
    fn symbols(&mut self, cx: &mut Context, limit: usize) {
        let file = self.file;
        let mut title = 2;
        let mut section = file.sections_of(SHT_SYMTAB).next();
        if section.is_none() {
            title = 3;
            section = file.sections_of(SHT_DYNSYM).next();
        }
        let table;
        (table, self.strings) = match &section {
            Some((index, section)) => (file.symbols(cx, *index), file.linked_strings(section)),
            None => (file.dynamic.symbols, file.dynamic.strings.unwrap_or_default()),
        };
        if let Some(table) = table {
            (self.kind, self.symbols) = (Kind::Symbols, table);
            self.show(cx, limit, title);
        }
    }
}
