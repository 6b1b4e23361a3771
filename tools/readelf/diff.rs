//! `--diff`: what differs between two files: headers, segments, sections, the dynamic section,
//! versions, symbols; not where things lie.
//!
//! Tables are compared as sets: of each entry a hash of its name, its size and its index are
//! kept, 16 bytes, and sorted. Names that occur more than once are paired by size.

use super::check::{self, interpreter};
use super::file::{File, Symbols};
use super::names::label::Label;
use super::names::{machines, sections as section_names, symbols};
use super::options::Options;
use super::rank::{Entry, sort};
use super::symver::Versions;
use super::{dynamic, elf, opened, sections, segments, text};
use crate::colour::Sgr;
use crate::context::Context;
use crate::words::words;
use alloc::vec::Vec;
use core::cmp::Ordering;
use rt::elf::consts::*;
use rt::elf::{Reader, Source, Symbol, c_str};
use rt::fmt::{dec, hex, int};
use rt::input::Input;
use rt::io::BufWriter;
use rt::put;

/// Of longer names only so much is compared.
const NAME: usize = 4096;

/// No more versions than that are compared.
const VERSIONS: usize = 4096;

/// The exit status where there is nothing to compare.
const TROUBLE: u8 = 2;

/// Compares two files; says so as `diff` does: 0 where nothing differs, 1, or 2.
// Its frame is large: no other report should have it below its own.
#[inline(never)]
pub fn run(cx: &mut Context, options: &Options, files: &[&[u8]]) -> u8 {
    let &[a, b] = files else {
        message!(cx, "--diff compares two files");
        return TROUBLE;
    };
    let mut quiet = Options::none();
    [quiet.linking, quiet.diff, quiet.wide] = [true; 3];
    (quiet.colour, quiet.json) = (options.colour, options.json);
    let inputs = (opened(cx, a), opened(cx, b));
    let (Ok(first), Ok(second)) = (&inputs.0, &inputs.1) else { return TROUBLE };
    let mut status = TROUBLE;
    let (from, to) = (&load(cx, &quiet, a, first), &load(cx, &quiet, b, second));
    if let (Some(from), Some(to)) = (from, to) {
        let mut diff = Diff { files: [from, to], names: [a, b], told: b"", differs: false };
        diff.all(cx);
        status = diff.differs as u8;
    }
    let whole = is_whole(cx, first, a) && is_whole(cx, second, b);
    if whole { status } else { TROUBLE }
}

/// Whether all could be read; tells where it couldn't.
// Not inlined: it is called twice.
#[inline(never)]
fn is_whole(cx: &mut Context, input: &Input, name: &[u8]) -> bool {
    let whole = !input.truncated() && input.failure().is_none();
    if !whole {
        error!(cx, text::name(name), ": can't be read to its end");
    }
    whole
}

/// Reads what is to be compared; none where that can't be done.
#[inline(never)]
fn load<'a>(
    cx: &mut Context,
    options: &'a Options,
    name: &[u8],
    source: &'a dyn Source,
) -> Option<File<'a>> {
    if let Some(b"!<arch>\n" | b"!<thin>\n") = source.get(0, 8) {
        error!(cx, text::name(name), ": is an archive, only ELF files can be compared");
        return None;
    }
    let mut file = File::new(options, elf(cx, name, source).ok()?);
    let mut fine = sections::show(cx, &mut file);
    fine &= segments::show(cx, &mut file);
    fine &= dynamic::load(cx, &mut file);
    fine.then_some(file)
}

/// What is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Header,
    Segments,
    Sections,
    /// What the dynamic section says, by name.
    Links,
    /// Its flags.
    Flags,
    Versions,
    DynamicSymbols,
    Symbols,
}

/// In the order in which differences are told.
const PARTS: [Part; 8] = [
    Part::Header,
    Part::Segments,
    Part::Sections,
    Part::Links,
    Part::Flags,
    Part::Versions,
    Part::DynamicSymbols,
    Part::Symbols,
];

/// What they are called, and the columns of what is known of each thing: a letter for what the
/// number in it is, and words before it. `b` is a size in bytes, `x` is shown in hexadecimal, `n`
/// has a name; `t` is nothing: that the thing is there, or is another one.
const COLUMNS: &[u8] = b"Header\tn\n\
    Segments\tbsize in memory \n\
    Sections\tbsize \ttother bytes\tntype \txflags \n\
    Dynamic linking\tt\n\
    Dynamic linking\tx\n\
    Versions\tt\n\
    Dynamic symbols\tbsize \tn\tn\tn\tn\n\
    Symbols\tbsize \tn\tn\tn\tn";

/// What is known of a thing, by columns.
type Values = [u64; 5];

/// The column that says whether a symbol is undefined.
const UNDEFINED: usize = 4;

/// What is told of the dynamic section: these tags.
const LINKS: [u8; 7] = [
    DT_NEEDED as u8,
    DT_SONAME as u8,
    DT_RPATH as u8,
    DT_RUNPATH as u8,
    DT_BIND_NOW as u8,
    DT_TEXTREL as u8,
    DT_SYMBOLIC as u8,
];

/// How many of them have a string.
const STRINGS: usize = 4;

/// What they are called.
const LINK_NAMES: &[u8] = b"NEEDED SONAME RPATH RUNPATH BIND_NOW TEXTREL SYMBOLIC";

/// What something is called.
#[derive(Clone, Copy, Default)]
struct Named<'a> {
    /// Up to its zero byte, if it has one.
    name: &'a [u8],
    separator: &'static str,
    version: &'a [u8],
}

/// A part of a file: things by index.
struct Side<'f, 'a> {
    file: &'f File<'a>,
    part: Part,
    /// Those that are not there by themselves, and a number for each.
    list: Vec<(Named<'a>, u64)>,
    /// Those that are symbols.
    symbols: Option<Symbols<'a>>,
    strings: &'a [u8],
    versions: Option<Versions<'a>>,
}

impl<'f, 'a> Side<'f, 'a> {
    /// Finds the things.
    // Not inlined: it goes by a pointer, and is called twice.
    #[inline(never)]
    fn new(cx: &mut Context, file: &'f File<'a>, part: Part) -> Self {
        let strings = file.dynamic.strings.unwrap_or_default();
        let mut side =
            Side { file, part, list: Vec::new(), symbols: None, strings, versions: None };
        match part {
            Part::Header => {
                let (header, ident) = (&file.elf.header, &file.elf.header.e_ident);
                let numbers = [
                    ident.class().into(),
                    ident.data().into(),
                    ident.osabi().into(),
                    header.e_type.into(),
                    header.e_machine.into(),
                    header.e_flags.into(),
                ];
                side.add_all(b"class data OS/ABI type machine e_flags", &numbers);
            }
            Part::Flags => {
                let numbers = [DT_FLAGS, DT_FLAGS_1].map(|tag| file.dynamic.value(tag));
                side.add_all(b"FLAGS FLAGS_1", &numbers);
            }
            Part::Links => side.links(),
            Part::Versions => {
                side.versions(true);
                side.versions(false);
            }
            Part::DynamicSymbols | Part::Symbols => side.symbols(cx),
            Part::Segments | Part::Sections => {}
        }
        side
    }

    #[inline(never)]
    fn add(&mut self, name: &'a [u8], version: Option<&'a [u8]>, number: u64) {
        let separator = if version.is_some() { " " } else { "" };
        self.list.push((Named { name, separator, version: version.unwrap_or_default() }, number));
    }

    #[inline(never)]
    fn add_all(&mut self, names: &'static [u8], numbers: &[u64]) {
        for (name, number) in words(names, b' ').zip(numbers) {
            self.add(name, None, *number);
        }
    }

    /// What the dynamic section names.
    fn links(&mut self) {
        if let Some(path) = interpreter(self.file) {
            self.add(b"INTERP", Some(path), 0);
        }
        for entry in self.file.dynamic.entries.iter() {
            let place = LINKS.iter().position(|tag| i64::from(*tag) == entry.d_tag);
            let Some(place) = place else { continue };
            let tag = words(LINK_NAMES, b' ').nth(place).unwrap_or_default();
            self.add(tag, (place < STRINGS).then(|| self.string(entry.d_val)), 0);
        }
    }

    #[inline(never)]
    fn string(&self, at: u64) -> &'a [u8] {
        c_str(self.strings, at).unwrap_or(b"<corrupt>")
    }

    /// The versions that a file defines, or that it needs of others: chains of `Elf64_Verdef`
    /// with an `Elf64_Verdaux` each, or of `Elf64_Verneed` with some `Elf64_Vernaux`.
    #[inline(never)]
    fn versions(&mut self, defined: bool) {
        let (tag, last, name_at, next_at) =
            if defined { (DT_VERDEF, 16, 0, 4) } else { (DT_VERNEED, 12, 8, 12) };
        let address = self.file.dynamic.value(tag);
        let mut place = if address == 0 { None } else { self.file.located(address, 1) };
        while let Some(at) = place.filter(|_| self.list.len() < VERSIONS) {
            // The last field tells where the next one is.
            place = self.after(at, last);
            let mut aux_place = self.after(at, last - 4).filter(|_| self.field(at, last).is_some());
            while let Some(aux) = aux_place.filter(|_| self.list.len() < VERSIONS) {
                if self.field(aux, next_at).is_none() {
                    break;
                }
                let file = if defined { b"defined" } else { self.string_of(at, 4) };
                self.add(file, Some(self.string_of(aux, name_at)), 0);
                aux_place = self.after(aux, next_at).filter(|_| !defined);
            }
        }
    }

    /// The number so many bytes behind a place in the file.
    // Not inlined: it is called from many places.
    #[inline(never)]
    fn field(&self, at: u64, offset: u64) -> Option<u32> {
        let bytes = self.file.elf.bytes(at.checked_add(offset)?, 4)?;
        Reader::new(self.file.elf.encoding, bytes).u32(0)
    }

    /// The string that the number there leads to.
    #[inline(never)]
    fn string_of(&self, at: u64, offset: u64) -> &'a [u8] {
        self.string(self.field(at, offset).unwrap_or_default().into())
    }

    /// The place that the number there leads to, if it leads on.
    #[inline(never)]
    fn after(&self, at: u64, offset: u64) -> Option<u64> {
        let far = self.field(at, offset).filter(|far| *far != 0)?;
        at.checked_add(far.into())
    }

    /// The symbols of the first table there is, and their versions.
    fn symbols(&mut self, cx: &mut Context) {
        let (file, is_dynamic) = (self.file, self.part == Part::DynamicSymbols);
        let kind = if is_dynamic { SHT_DYNSYM } else { SHT_SYMTAB };
        if let Some((index, section)) = file.sections_of(kind).next() {
            self.symbols = file.symbols(cx, index);
            self.strings = file.linked_strings(&section);
        } else if is_dynamic && file.dynamic.strings.is_some() {
            self.symbols = file.dynamic.symbols;
        }
        if is_dynamic && self.symbols.is_some() {
            self.versions = Some(Versions::load(file, self.count(), Some(self.strings)));
        }
    }

    fn has_symbols(&self) -> bool {
        matches!(self.part, Part::DynamicSymbols | Part::Symbols)
    }

    /// How many things there are.
    #[inline(never)]
    fn count(&self) -> usize {
        match (self.part, &self.symbols) {
            (Part::Segments, _) => self.file.segments.len(),
            (Part::Sections, _) => self.file.sections.len(),
            (_, Some(symbols)) => symbols.table.len(),
            _ => self.list.len(),
        }
    }

    /// What is known of the things that count: a hash of their names, and a size.
    #[inline(never)]
    fn entries(&self, cx: &mut Context, sized: bool) -> Vec<Entry> {
        let mut entries = Vec::new();
        entries.reserve_exact(self.count());
        for index in 0..self.count() {
            let [size, _, bind, ..] = self.values(index);
            // A local symbol is another one than a global one of the same name.
            let is_local = self.has_symbols() && bind == u64::from(STB_LOCAL);
            if let Some(hash) = self.hash(cx, index) {
                let hash = hash ^ u64::from(is_local);
                // To order by: what is larger is all the same.
                let size = if sized { size } else { 0 };
                entries.push((hash, u32::try_from(size).unwrap_or(u32::MAX), index as u32));
            }
        }
        entries
    }

    /// What stands for a thing's name; none where it doesn't count.
    #[inline(never)]
    fn hash(&self, cx: &mut Context, index: usize) -> Option<u64> {
        if self.part == Part::Segments {
            let segment = self.file.segment(index);
            return Some(u64::from(segment.p_type) << 32 | u64::from(segment.p_flags));
        }
        let mut named = Named::default();
        if !self.named(cx, index, &mut named) {
            return None;
        }
        let mut all = SEED;
        for bytes in [named.name, named.separator.as_bytes(), named.version] {
            all = hash(all.rotate_left(1), bytes);
        }
        Some(all)
    }

    /// Finds what a thing is called; false where it doesn't count.
    // Not inlined: its frame is large.
    #[inline(never)]
    fn named<'n>(&self, cx: &mut Context, index: usize, named: &mut Named<'n>) -> bool
    where
        'a: 'n,
    {
        if self.has_symbols() {
            let symbol = self.symbol(index);
            if symbol.st_name == 0 || symbol.kind() == STT_SECTION {
                return false;
            }
            named.name = self.strings.get(symbol.st_name as usize..).unwrap_or_default();
            if let Some(versions) = &self.versions
                && let Some(version) = versions.of(cx, self.file, index, &symbol)
            {
                (named.separator, named.version) = (version.separator, version.name);
            }
        } else if self.part == Part::Sections {
            named.name = self.file.section_name(&self.file.section(index));
            return index != 0;
        } else if let Some((found, _)) = self.list.get(index) {
            *named = *found;
        }
        true
    }

    // Not inlined: it is called from many places.
    #[inline(never)]
    fn symbol(&self, index: usize) -> Symbol {
        self.symbols.as_ref().and_then(|symbols| symbols.table.get(index)).unwrap_or_default()
    }

    // Not inlined: it is called from many places.
    #[inline(never)]
    fn value(&self, index: usize, column: usize) -> u64 {
        self.values(index).get(column).copied().unwrap_or_default()
    }

    /// What is known of a thing, by columns.
    #[inline(never)]
    fn values(&self, index: usize) -> Values {
        let first = match self.part {
            Part::Segments => self.file.segment(index).p_memsz,
            Part::Sections => {
                let section = self.file.section(index);
                return [section.sh_size, 0, section.sh_type.into(), section.sh_flags, 0];
            }
            Part::DynamicSymbols | Part::Symbols => {
                let symbol = self.symbol(index);
                let is_undefined = symbol.st_shndx == SHN_UNDEF;
                let [kind, bind, visibility] =
                    [symbol.kind(), symbol.bind(), symbol.visibility()].map(u64::from);
                return [symbol.st_size, kind, bind, visibility, is_undefined.into()];
            }
            _ => self.list.get(index).map_or(0, |(_, number)| *number),
        };
        [first, 0, 0, 0, 0]
    }

    /// What the number in a column is called.
    #[inline(never)]
    fn label(&self, index: usize, column: usize, number: u64) -> Label {
        let header = &self.file.elf.header;
        let (machine, osabi) = (header.e_machine, header.e_ident.osabi());
        let word = number as u32;
        if self.has_symbols() {
            return match column {
                1 => symbols::symbol_type(word as u8, machine, osabi),
                2 => symbols::binding(word as u8, osabi),
                3 => symbols::visibility(word as u8, ELFOSABI_NONE),
                _ => Label::words(if number == 0 { "defined" } else { "undefined" }),
            };
        }
        if self.part == Part::Sections {
            return section_names::section_type(word, machine, osabi);
        }
        let name = match index {
            0 => machines::CLASSES.get(word),
            1 => machines::ENCODINGS.get(word),
            2 => machines::osabi(word as u8, machine),
            3 => machines::TYPES.get(word),
            4 => machines::MACHINES.get(word),
            _ => None,
        };
        name.as_ref().map_or_else(|| Label::words("").hex_marked(word), Label::from)
    }

    /// The bytes of a section where they mean something by themselves. What consists of
    /// addresses and offsets doesn't, nor does what may hold some in files where sections have
    /// moved.
    #[inline(never)]
    fn content(&self, index: usize, moved: bool) -> &'a [u8] {
        let section = self.file.section(index);
        let addresses = section.sh_flags & (SHF_WRITE | SHF_EXECINSTR) != 0
            || self.file.section_name(&section).starts_with(b".eh_frame");
        let own = match section.sh_type {
            SHT_PROGBITS => !(moved && addresses),
            SHT_NOTE => true,
            SHT_REL | SHT_RELA => self.file.elf.header.e_type == ET_REL,
            _ => false,
        };
        if own { self.file.data(&section).unwrap_or_default() } else { &[] }
    }
}

/// Two files, and what has been said of them.
struct Diff<'f, 'a> {
    files: [&'f File<'a>; 2],
    names: [&'f [u8]; 2],
    /// The part whose heading was printed last.
    told: &'static [u8],
    differs: bool,
}

impl Diff<'_, '_> {
    /// Tells all differences.
    fn all(&mut self, cx: &mut Context) {
        let ([a, b], is_json) = (self.names, self.files[0].options.json);
        if is_json {
            cx.json().fill("{a$b$changes[", &[], &[Some(a), Some(b)]);
        }
        for (part, columns) in PARTS.iter().zip(words(COLUMNS, b'\n')) {
            self.part(cx, *part, columns);
        }
        if is_json {
            cx.json().end_array().end_object().end_document();
        }
    }

    /// Tells all differences of a part. Where a file has no such symbols: what that means is told
    /// with the sections.
    fn part(&mut self, cx: &mut Context, part: Part, columns: &'static [u8]) {
        let [from, to] = self.files;
        let sides = &[Side::new(cx, from, part), Side::new(cx, to, part)];
        if !sides.iter().any(|side| side.has_symbols() && side.symbols.is_none()) {
            self.compare(cx, columns, sides);
        }
    }

    // Not inlined: apart from the sides its frame is small.
    #[inline(never)]
    fn compare(&mut self, cx: &mut Context, columns: &'static [u8], sides: &[Side; 2]) {
        let [a, b] = sides;
        let part = a.part;
        // Segments by type and flags; where there are no sections to tell of sizes, by size too.
        let is_bare = |side: &Side| side.file.sections.is_empty();
        let sized = part != Part::Segments || is_bare(a) || is_bare(b);
        let moved = part == Part::Sections && layout(a.file) != layout(b.file);
        let other_bytes = |old: usize, new: usize| {
            part == Part::Sections && a.content(old, moved) != b.content(new, moved)
        };
        let differs = |old: usize, new: usize| {
            sized && a.values(old) != b.values(new) || other_bytes(old, new)
        };
        for &(_, old, new) in &pair(a.entries(cx, sized), b.entries(cx, sized), &differs) {
            let (old, new) = (Place { side: a, index: old }, Place { side: b, index: new });
            let Place { side, index } = if old.index == NONE { &new } else { &old };
            let (label, letters);
            let mut named = Named::default();
            if part == Part::Segments {
                let segment = side.file.segment(*index as usize);
                label = a.file.segment_kind(&segment);
                letters = check::letters(segment.p_flags);
                named = Named { name: label.as_ref(), separator: " ", version: &letters };
            } else {
                side.named(cx, *index as usize, &mut named);
            }
            let both = old.index != NONE && new.index != NONE;
            // What is there once only is told by its size, or as undefined.
            let is_undefined = !both && side.value(*index as usize, UNDEFINED) != 0;
            let column = if is_undefined { UNDEFINED } else { 0 };
            let mut change = Change { columns, named: &named, column, old, new };
            loop {
                let (kind, _) = change.column();
                if kind == 0 {
                    break;
                }
                if !both || change.differs(kind, &other_bytes) {
                    self.tell(cx, &change);
                }
                if !both {
                    break;
                }
                change.column += 1;
            }
        }
    }

    /// Tells one difference.
    #[inline(never)]
    fn tell(&mut self, cx: &mut Context, change: &Change) {
        let title = words(change.columns, b'\t').next().unwrap_or_default();
        let is_first = !core::mem::replace(&mut self.differs, true);
        if self.files[0].options.json {
            return change.in_json(cx, title);
        }
        let out = &mut cx.out;
        if is_first {
            let [a, b] = self.names;
            put!(out, "--- ", text::name(a), "\n+++ ", text::name(b), "\n");
        }
        if self.told != title {
            put!(out, "\n", title, ":\n");
            self.told = title;
        }
        change.put(out);
    }
}

/// What something was and is.
struct Change<'c, 'f, 'a> {
    columns: &'static [u8],
    named: &'c Named<'c>,
    column: usize,
    old: Place<'c, 'f, 'a>,
    new: Place<'c, 'f, 'a>,
}

impl Change<'_, '_, '_> {
    /// What the column is: see [`COLUMNS`]; 0 behind the last one.
    #[inline(never)]
    fn column(&self) -> (u8, &'static [u8]) {
        let column = words(self.columns, b'\t').nth(1 + self.column);
        let (kind, what) = column.and_then(<[u8]>::split_first).unwrap_or((&0, b""));
        (*kind, what)
    }

    /// Whether it is one, as far as the column tells.
    fn differs(&self, kind: u8, other_bytes: &dyn Fn(usize, usize) -> bool) -> bool {
        let column = if kind == b't' { 0 } else { self.column };
        let is_same = self.old.value(column) == self.new.value(column);
        match kind {
            b't' => is_same && other_bytes(self.old.index as usize, self.new.index as usize),
            _ => !is_same,
        }
    }

    #[inline(never)]
    fn name(&self) -> &[u8] {
        c_str(self.named.name, 0).unwrap_or_default()
    }

    fn in_json(&self, json: &mut Context, title: &[u8]) {
        let (_, what) = self.column();
        let texts = [title, self.name(), self.named.version, what.trim_ascii()].map(Some);
        json.fill("{part$name$version$what$", &[], &texts);
        self.member(json, rt::text!("a"), &self.old);
        self.member(json, rt::text!("b"), &self.new);
        json.end_object();
    }

    #[inline(never)]
    fn member(&self, json: &mut Context, key: rt::text::Text, place: &Place) {
        let value = place.value(self.column);
        match self.column().0 {
            _ if place.index == NONE => json.null(key),
            b'n' => json.text(key, &place.label(self.column)),
            b't' => json.bool(key, true),
            _ => json.number(key, value),
        };
    }

    /// As a line.
    fn put(&self, out: &mut BufWriter) {
        let colour = self.old.side.file.options.colour;
        let (sgr, sign) = match (self.old.index, self.new.index) {
            (NONE, _) => (Sgr::Green, b'+'),
            (_, NONE) => (Sgr::Red, b'-'),
            _ => (Sgr::Yellow, b'~'),
        };
        put!(out, colour.paint(sgr, [sign]), " ", text::name(self.name()));
        put!(out, self.named.separator, text::name(self.named.version));
        let (kind, what) = self.column();
        if kind != b't' || sign == b'~' {
            put!(out, "  ", what);
        }
        self.put_value(out, kind, &self.old);
        if kind != b't' && sign == b'~' {
            put!(out, " -> ");
        }
        self.put_value(out, kind, &self.new);
        if kind == b'b' && sign == b'~' {
            let growth = self.new.value(self.column).wrapping_sub(self.old.value(self.column));
            let growth = growth.cast_signed();
            put!(out, if growth < 0 { " (" } else { " (+" }, int(growth), ")");
        }
        put!(out, "\n");
    }

    #[inline(never)]
    fn put_value(&self, out: &mut BufWriter, kind: u8, place: &Place) {
        let value = place.value(self.column);
        match kind {
            _ if place.index == NONE => {}
            b'n' => put!(out, text::name(place.label(self.column).as_ref())),
            b'x' => put!(out, "0x", hex(value)),
            b'b' => put!(out, dec(value)),
            _ => {}
        }
    }
}

/// Where something is in a file: [`NONE`] where it isn't there.
struct Place<'c, 'f, 'a> {
    side: &'c Side<'f, 'a>,
    index: u32,
}

impl Place<'_, '_, '_> {
    #[inline(never)]
    fn value(&self, column: usize) -> u64 {
        self.side.value(self.index as usize, column)
    }

    #[inline(never)]
    fn label(&self, column: usize) -> Label {
        self.side.label(self.index as usize, column, self.value(column))
    }
}

/// What stands for the addresses of all sections in memory.
fn layout(file: &File) -> u64 {
    let mut layout = 0u64;
    for index in 0..file.sections.len() {
        let section = file.section(index);
        if section.sh_flags & SHF_ALLOC != 0 {
            let seed = layout.rotate_left(1) ^ section.sh_addr;
            layout = hash(seed, file.section_name(&section));
        }
    }
    layout
}

const SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// A hash (FNV-1a) of the string that the bytes begin with.
fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let string = bytes.iter().take(NAME).take_while(|byte| **byte != 0);
    string.fold(seed, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// For the index of what is not there.
const NONE: u32 = u32::MAX;

/// Pairs the entries of two tables that have the same hash, those of the same size first.
/// Gives back the indices of what is in one of them only, and of pairs that differ: in the order
/// of the first table, with what is only in the second where it is there.
#[inline(never)]
fn pair(
    mut a: Vec<Entry>,
    mut b: Vec<Entry>,
    differs: &dyn Fn(usize, usize) -> bool,
) -> Vec<Entry> {
    sort(&mut a);
    sort(&mut b);
    let mut found: Vec<Entry> = Vec::new();
    let mut add = |old: u32, new: u32| {
        if old == NONE || new == NONE || differs(old as usize, new as usize) {
            found.push((old.min(new).into(), old, new));
        }
    };
    match_up(&mut a, &mut b, true, &mut add);
    match_up(&mut a, &mut b, false, &mut add);
    a.iter().for_each(|entry| add(entry.2, NONE));
    b.iter().for_each(|entry| add(NONE, entry.2));
    sort(&mut found);
    found
}

/// Calls with the indices of what has the same hash in both, and the same size where that is
/// wanted; only the others are left.
#[inline(never)]
fn match_up(a: &mut Vec<Entry>, b: &mut Vec<Entry>, sized: bool, call: &mut dyn FnMut(u32, u32)) {
    let key = |entry: &Entry| (entry.0, if sized { entry.1 } else { 0 });
    // What is left moves to the front.
    let (mut at_a, mut at_b, mut left_a, mut left_b) = (0, 0, 0, 0);
    loop {
        let (one, two) = (a.get(at_a), b.get(at_b));
        let order = match (one, two) {
            (Some(one), Some(two)) => key(one).cmp(&key(two)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => break,
        };
        if let (Ordering::Equal, Some(one), Some(two)) = (order, one, two) {
            call(one.2, two.2);
        }
        if order.is_lt() {
            a.swap(left_a, at_a);
            left_a += 1;
        }
        if order.is_gt() {
            b.swap(left_b, at_b);
            left_b += 1;
        }
        at_a += usize::from(order.is_le());
        at_b += usize::from(order.is_ge());
    }
    a.truncate(left_a);
    b.truncate(left_b);
}
