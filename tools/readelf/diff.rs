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
use rt::elf::{Elf, Reader, Source, Symbol, c_str};
use rt::fmt::{dec, hex, int};
use rt::input::Input;
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
    let (Ok(first), Ok(second)) = (opened(cx, a), opened(cx, b)) else { return TROUBLE };
    let status = match (load(cx, &quiet, a, &first), load(cx, &quiet, b, &second)) {
        (Some(from), Some(to)) => {
            let mut diff = Diff { files: [&from, &to], names: [a, b], told: b"", differs: false };
            if options.json {
                cx.json().object("").text("a", a).text("b", b).array("changes");
            }
            for (part, title) in PARTS.iter().zip(words(TITLES, b'\n')) {
                diff.part(cx, *part, title);
            }
            if options.json {
                cx.json().end_array().end_object().end_document();
            }
            diff.differs as u8
        }
        _ => TROUBLE,
    };
    let whole = is_whole(cx, &first, a) && is_whole(cx, &second, b);
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
    let elf: Elf = elf(cx, name, source).ok()?;
    let mut file = File::new(options, elf);
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

/// What they are called.
const TITLES: &[u8] = b"Header\nSegments\nSections\nDynamic linking\nDynamic linking\nVersions\n\
    Dynamic symbols\nSymbols";

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

/// What the number in a column is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bytes,
    Hex,
    /// It has a name.
    Name,
    /// Nothing: that the thing is there, or is another one.
    There,
}

/// How many columns there are at most.
const COLUMNS: usize = 5;

impl Part {
    /// What is known of each thing of this part: words before it, and what it is.
    fn column(self, column: usize) -> Option<(&'static str, Kind)> {
        Some(match (self, column) {
            (Part::Segments, 0) => ("size in memory ", Kind::Bytes),
            (Part::Sections | Part::DynamicSymbols | Part::Symbols, 0) => ("size ", Kind::Bytes),
            (Part::Sections, 1) => ("other bytes", Kind::There),
            (Part::Sections, 2) => ("type ", Kind::Name),
            (Part::Sections, 3) => ("flags ", Kind::Hex),
            (Part::Flags, 0) => ("", Kind::Hex),
            (Part::Links | Part::Versions, 0) => ("", Kind::There),
            (Part::Header, 0) | (Part::DynamicSymbols | Part::Symbols, 1..COLUMNS) => {
                ("", Kind::Name)
            }
            _ => return None,
        })
    }
}

/// What something is called.
#[derive(Clone, Copy, Default)]
struct Named<'a> {
    name: &'a [u8],
    separator: &'static str,
    version: &'a [u8],
}

impl Named<'_> {
    fn hash(&self) -> u64 {
        hash_more(hash(SEED, self.name), [self.separator.as_bytes(), self.version])
    }
}

fn named<'a>(name: &'a [u8], version: &'a [u8]) -> Named<'a> {
    Named { name, separator: " ", version }
}

/// A part of a file: things by index.
struct Side<'f, 'a> {
    file: &'f File<'a>,
    part: Part,
    /// Those that are not there by themselves.
    list: Vec<Named<'a>>,
    /// Those that are symbols.
    symbols: Option<Symbols<'a>>,
    strings: &'a [u8],
    versions: Option<Versions<'a>>,
}

impl<'f, 'a> Side<'f, 'a> {
    fn new(file: &'f File<'a>, part: Part) -> Self {
        let strings = file.dynamic.strings.unwrap_or_default();
        Side { file, part, list: Vec::new(), symbols: None, strings, versions: None }
    }

    /// Finds the things; false where a file has no such part: what that means is told with the
    /// sections.
    // Not inlined: it goes by a pointer, and is called twice.
    #[inline(never)]
    fn load(&mut self, cx: &mut Context) -> bool {
        match self.part {
            Part::Header => self.name_all(b"class data OS/ABI type machine e_flags"),
            Part::Flags => self.name_all(b"FLAGS FLAGS_1"),
            Part::Links => self.links(),
            Part::Versions => self.versions(),
            Part::DynamicSymbols | Part::Symbols => {
                let is_dynamic = self.part == Part::DynamicSymbols;
                let kind = if is_dynamic { SHT_DYNSYM } else { SHT_SYMTAB };
                if let Some((index, section)) = self.file.sections_of(kind).next() {
                    self.symbols = self.file.symbols(cx, index);
                    self.strings = self.file.linked_strings(&section);
                } else if is_dynamic && self.file.dynamic.strings.is_some() {
                    self.symbols = self.file.dynamic.symbols;
                }
                if is_dynamic && self.symbols.is_some() {
                    let strings = Some(self.strings);
                    self.versions = Some(Versions::load(self.file, self.count(), strings));
                }
                return self.symbols.is_some();
            }
            Part::Segments | Part::Sections => {}
        }
        true
    }

    fn name_all(&mut self, names: &'static [u8]) {
        for name in words(names, b' ') {
            self.list.push(Named { name, ..Named::default() });
        }
    }

    /// What the dynamic section names.
    fn links(&mut self) {
        self.list.extend(interpreter(self.file).map(|path| named(b"INTERP", path)));
        for entry in self.file.dynamic.entries.iter() {
            let place = LINKS.iter().position(|tag| i64::from(*tag) == entry.d_tag);
            let Some(place) = place else { continue };
            let tag = words(LINK_NAMES, b' ').nth(place).unwrap_or_default();
            self.list.push(match place {
                0..STRINGS => named(tag, self.string(entry.d_val)),
                _ => Named { name: tag, ..Named::default() },
            });
        }
    }

    fn string(&self, at: u64) -> &'a [u8] {
        c_str(self.strings, at).unwrap_or(b"<corrupt>")
    }

    /// The versions that a file defines, and that it needs of others: chains of `Elf64_Verdef`
    /// with an `Elf64_Verdaux` each, of `Elf64_Verneed` with some `Elf64_Vernaux`.
    fn versions(&mut self) {
        let file = self.file;
        for defined in [true, false] {
            let address = file.dynamic.value(if defined { DT_VERDEF } else { DT_VERNEED });
            let mut place = if address == 0 { None } else { file.located(address, 1) };
            while let Some(at) = place.filter(|_| self.list.len() < VERSIONS) {
                // The last field tells where the next one is.
                let last = if defined { 16 } else { 12 };
                let Some(next) = self.field(at, last) else { break };
                let mut aux_place = after(at, self.field(at, last - 4).unwrap_or_default());
                while let Some(aux) = aux_place.filter(|_| self.list.len() < VERSIONS) {
                    let Some(next) = self.field(aux, if defined { 4 } else { 12 }) else { break };
                    let name = self.field(aux, if defined { 0 } else { 8 }).unwrap_or_default();
                    let name = self.string(name.into());
                    if defined {
                        self.list.push(named(b"defined", name));
                        break;
                    }
                    let library = self.field(at, 4).unwrap_or_default();
                    self.list.push(named(self.string(library.into()), name));
                    aux_place = after(aux, next);
                }
                place = after(at, next);
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

    /// How many things there are.
    fn count(&self) -> usize {
        match (self.part, &self.symbols) {
            (Part::Segments, _) => self.file.segments.len(),
            (Part::Sections, _) => self.file.sections.len(),
            (_, Some(symbols)) => symbols.table.len(),
            _ => self.list.len(),
        }
    }

    /// What is known of the things that count: a hash of their names, and a size.
    fn entries(&self, cx: &mut Context, sized: bool) -> Vec<Entry> {
        let mut entries = Vec::new();
        entries.reserve_exact(self.count());
        for index in 0..self.count() {
            if let Some((hash, size)) = self.entry(cx, index) {
                // To order by: what is larger is all the same.
                let size = if sized { u32::try_from(size).unwrap_or(u32::MAX) } else { 0 };
                entries.push((hash, size, index as u32));
            }
        }
        entries
    }

    // Not inlined: its frame is large.
    #[inline(never)]
    fn entry(&self, cx: &mut Context, index: usize) -> Option<(u64, u64)> {
        match self.part {
            Part::Segments => {
                let segment = self.file.segments.get(index)?;
                let key = u64::from(segment.p_type) << 32 | u64::from(segment.p_flags);
                Some((key, segment.p_memsz))
            }
            Part::Sections => {
                let section = self.file.sections.get(index).filter(|_| index != 0)?;
                Some((hash(SEED, self.file.section_name(&section)), section.sh_size))
            }
            // All symbols that have a name.
            Part::DynamicSymbols | Part::Symbols => {
                let symbol = self.symbol(index);
                if symbol.st_name == 0 || symbol.kind() == STT_SECTION {
                    return None;
                }
                let strings = self.strings.get(symbol.st_name as usize..).unwrap_or_default();
                let mut hash = hash(SEED, strings);
                if let Some((separator, version)) = self.version(cx, index, &symbol) {
                    hash = hash_more(hash, [separator.as_bytes(), version]);
                }
                // A local symbol is another one than a global one of the same name.
                let hash = hash ^ u64::from(symbol.bind() == STB_LOCAL);
                Some((hash, symbol.st_size))
            }
            _ => Some((self.list.get(index)?.hash(), 0)),
        }
    }

    // Not inlined: its frame is large.
    #[inline(never)]
    fn named(&self, cx: &mut Context, index: usize) -> Named<'a> {
        let symbol = match self.part {
            Part::Sections => {
                let name = self.file.section_name(&self.file.section(index));
                return Named { name, ..Named::default() };
            }
            Part::DynamicSymbols | Part::Symbols => self.symbol(index),
            _ => return self.list.get(index).copied().unwrap_or_default(),
        };
        let name = c_str(self.strings, symbol.st_name.into()).unwrap_or_default();
        let (separator, version) = self.version(cx, index, &symbol).unwrap_or_default();
        Named { name, separator, version }
    }

    // Not inlined: it is called from many places.
    #[inline(never)]
    fn value(&self, index: usize, column: usize) -> u64 {
        self.values(index).get(column).copied().unwrap_or_default()
    }

    fn symbol(&self, index: usize) -> Symbol {
        self.symbols.and_then(|symbols| symbols.table.get(index)).unwrap_or_default()
    }

    fn version(
        &self,
        cx: &mut Context,
        index: usize,
        symbol: &Symbol,
    ) -> Option<(&'static str, &'a [u8])> {
        let version = self.versions.as_ref()?.of(cx, self.file, index, symbol)?;
        Some((version.separator, version.name))
    }

    /// What is known of a thing, by columns.
    #[inline(never)]
    fn values(&self, index: usize) -> [u64; COLUMNS] {
        let header = &self.file.elf.header;
        let ident = header.e_ident;
        let first = match self.part {
            Part::Header => match index {
                0 => ident.class().into(),
                1 => ident.data().into(),
                2 => ident.osabi().into(),
                3 => header.e_type.into(),
                4 => header.e_machine.into(),
                _ => header.e_flags.into(),
            },
            Part::Segments => self.file.segment(index).p_memsz,
            Part::Sections => {
                let section = self.file.section(index);
                return [section.sh_size, 0, section.sh_type.into(), section.sh_flags, 0];
            }
            Part::Flags => self.file.dynamic.value(if index == 0 { DT_FLAGS } else { DT_FLAGS_1 }),
            Part::Links | Part::Versions => 0,
            Part::DynamicSymbols | Part::Symbols => {
                let symbol = self.symbol(index);
                let is_undefined = symbol.st_shndx == SHN_UNDEF;
                let info = [symbol.kind(), symbol.bind(), symbol.visibility(), is_undefined.into()];
                let [kind, bind, visibility, is_undefined] = info.map(u64::from);
                return [symbol.st_size, kind, bind, visibility, is_undefined];
            }
        };
        [first, 0, 0, 0, 0]
    }

    /// What the number in a column is called.
    #[inline(never)]
    fn label(&self, index: usize, column: usize, number: u64) -> Label {
        let header = &self.file.elf.header;
        let (machine, osabi) = (header.e_machine, header.e_ident.osabi());
        let word = number as u32;
        let name = match (self.part, column) {
            (Part::Sections, _) => return section_names::section_type(word, machine, osabi),
            (Part::DynamicSymbols | Part::Symbols, 1) => {
                return symbols::symbol_type(word as u8, machine, osabi);
            }
            (Part::DynamicSymbols | Part::Symbols, 2) => {
                return symbols::binding(word as u8, osabi);
            }
            (Part::DynamicSymbols | Part::Symbols, 3) => {
                return symbols::visibility(word as u8, ELFOSABI_NONE);
            }
            (Part::DynamicSymbols | Part::Symbols, _) => {
                return Label::words(if number == 0 { "defined" } else { "undefined" });
            }
            _ => match index {
                0 => machines::CLASSES.get(word),
                1 => machines::ENCODINGS.get(word),
                2 => machines::osabi(word as u8, machine),
                3 => machines::TYPES.get(word),
                4 => machines::MACHINES.get(word),
                _ => None,
            },
        };
        name.as_ref().map_or_else(|| Label::words("").hex_marked(word), Label::from)
    }

    /// The bytes of a section where they mean something by themselves. What consists of
    /// addresses and offsets doesn't, nor does what may hold some in files where sections have
    /// moved.
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

/// What something was and is; nothing where it wasn't or isn't there.
struct Change<'c, 'f, 'a> {
    title: &'static [u8],
    named: &'c Named<'c>,
    column: usize,
    sides: [(&'c Side<'f, 'a>, Option<usize>); 2],
}

impl Diff<'_, '_> {
    /// Tells all differences of a part.
    // Not inlined: its frame is large.
    #[inline(never)]
    fn part(&mut self, cx: &mut Context, part: Part, title: &'static [u8]) {
        let mut sides = self.files.map(|file| Side::new(file, part));
        let mut both = true;
        for side in &mut sides {
            both &= side.load(cx);
        }
        if both {
            self.compare(cx, title, &sides);
        }
    }

    // Not inlined: apart from the sides its frame is small.
    #[inline(never)]
    fn compare(&mut self, cx: &mut Context, title: &'static [u8], sides: &[Side; 2]) {
        let [a, b] = sides;
        let (files, part) = (self.files, a.part);
        // Segments by type and flags; where there are no sections to tell of sizes, by size too.
        let sized = part != Part::Segments || files.iter().any(|file| file.sections.is_empty());
        let moved = part == Part::Sections && layout(files[0]) != layout(files[1]);
        let other_bytes = |old: usize, new: usize| {
            part == Part::Sections && a.content(old, moved) != b.content(new, moved)
        };
        let differs = |old: usize, new: usize| {
            sized && a.values(old) != b.values(new) || other_bytes(old, new)
        };
        for (_, old, new) in &pair(a.entries(cx, sized), b.entries(cx, sized), &differs) {
            let index = |index: u32| (index != NONE).then_some(index as usize);
            let (old, new) = (index(*old), index(*new));
            let (side, index) = match old {
                Some(old) => (a, old),
                None => (b, new.unwrap_or_default()),
            };
            let (kind, letters);
            let named = if part == Part::Segments {
                let segment = side.file.segment(index);
                kind = a.file.segment_kind(&segment);
                letters = check::letters(segment.p_flags);
                named(kind.as_ref(), &letters)
            } else {
                side.named(cx, index)
            };
            let mut change =
                Change { title, named: &named, column: 0, sides: [(a, old), (b, new)] };
            let (Some(old), Some(new)) = (old, new) else {
                // What is there once only is told by its size, or as undefined.
                if side.value(index, COLUMNS - 1) != 0 {
                    change.column = COLUMNS - 1;
                }
                self.tell(cx, &change);
                continue;
            };
            while let Some((_, kind)) = part.column(change.column) {
                let column = change.column;
                if match kind {
                    Kind::There => a.value(old, 0) == b.value(new, 0) && other_bytes(old, new),
                    _ => a.value(old, column) != b.value(new, column),
                } {
                    self.tell(cx, &change);
                }
                change.column += 1;
            }
        }
    }

    /// Tells one difference.
    #[inline(never)]
    fn tell(&mut self, cx: &mut Context, change: &Change) {
        let Change { title, named, column, sides } = change;
        let first = !core::mem::replace(&mut self.differs, true);
        let (side, _) = sides[0];
        let (what, kind) = side.part.column(*column).unwrap_or(("", Kind::There));
        let options = side.file.options;
        if options.json {
            let json = cx.json();
            json.object("").text("part", *title).text("name", named.name);
            json.text("version", named.version).text("what", what.trim_ascii());
            for (key, (side, index)) in ["a", "b"].into_iter().zip(sides) {
                let Some(index) = *index else {
                    json.null(key);
                    continue;
                };
                let value = side.value(index, *column);
                match kind {
                    Kind::Bytes | Kind::Hex => json.number(key, value),
                    Kind::Name => json.text(key, &side.label(index, *column, value)),
                    Kind::There => json.bool(key, true),
                };
            }
            json.end_object();
            return;
        }
        let out = &mut cx.out;
        if first {
            let [a, b] = self.names;
            put!(out, "--- ", text::name(a), "\n+++ ", text::name(b), "\n");
        }
        if self.told != *title {
            put!(out, "\n", *title, ":\n");
            self.told = title;
        }
        let (sign, sgr) = match sides {
            [(_, None), _] => ("+", Sgr::Green),
            [_, (_, None)] => ("-", Sgr::Red),
            _ => ("~", Sgr::Yellow),
        };
        put!(out, options.colour.paint(sgr, sign), " ", text::name(named.name));
        put!(out, named.separator, text::name(named.version));
        let mut before = ["  ", what];
        let mut bytes = [None; 2];
        for ((side, index), bytes) in sides.iter().zip(&mut bytes) {
            let Some(index) = *index else { continue };
            if kind == Kind::There && sign != "~" {
                break;
            }
            put!(out, before[0], before[1]);
            before = [" -> ", ""];
            let value = side.value(index, *column);
            match kind {
                Kind::Bytes => {
                    put!(out, dec(value));
                    *bytes = Some(value);
                }
                Kind::Hex => put!(out, "0x", hex(value)),
                Kind::Name => put!(out, text::name(side.label(index, *column, value).as_ref())),
                Kind::There => break,
            }
        }
        if let [Some(old), Some(new)] = bytes {
            let change = new.wrapping_sub(old).cast_signed();
            put!(out, " (", if change < 0 { "" } else { "+" }, int(change), ")");
        }
        put!(out, "\n");
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

/// Where the next record is, if there is one.
fn after(at: u64, offset: u32) -> Option<u64> {
    at.checked_add(offset.into()).filter(|_| offset != 0)
}

const SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// A hash (FNV-1a) of the string that the bytes begin with.
fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let string = bytes.iter().take(NAME).take_while(|byte| **byte != 0);
    string.fold(seed, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// The hash of further strings.
fn hash_more(seed: u64, more: [&[u8]; 2]) -> u64 {
    more.iter().fold(seed, |seed, bytes| hash(seed.rotate_left(1), bytes))
}

/// For the index of what is not there.
const NONE: u32 = u32::MAX;

/// Pairs the entries of two tables that have the same hash, those of the same size first.
/// Gives back the indices of what is in one of them only, and of pairs that differ: in the order of the first
/// table, with what is only in the second where it is there.
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
