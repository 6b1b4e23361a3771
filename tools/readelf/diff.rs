//! `--diff`: what differs between two files: headers, segments, sections, the dynamic section,
//! versions, symbols; not where things lie.
//!
//! Tables are compared as sets: of each entry a hash of its name, its size and its index are
//! kept, 16 bytes, and sorted. Names that occur more than once are paired by size.

use super::check::{interpreter, letters};
use super::file::{File, Symbols};
use super::names::label::Label;
use super::names::{Name, machines, sections as section_names, segments as segment_names, symbols};
use super::options::Options;
use super::rank::{Entry, sort};
use super::symver::Versions;
use super::{dynamic, elf, opened, sections, segments, text};
use crate::colour::Sgr;
use crate::context::Context;
use alloc::vec::Vec;
use rt::elf::consts::*;
use rt::elf::{
    Elf, Record, SectionHeader, Source, Symbol, Verdaux, Verdef, Vernaux, Verneed, c_str,
};
use rt::fmt::{dec, hex, int};
use rt::io::BufWriter;
use rt::put;

/// Of longer names only so much is compared.
const NAME: usize = 4096;

/// No more versions than that are compared.
const VERSIONS: usize = 4096;

/// The exit status where there is nothing to compare.
const TROUBLE: u8 = 2;

/// Compares two files; says so as `diff` does: 0 where nothing differs, 1, or 2.
pub fn run(cx: &mut Context, options: &Options, files: &[&[u8]]) -> u8 {
    let &[a, b] = files else {
        message!(cx, "--diff compares two files");
        return TROUBLE;
    };
    let quiet = Options { linking: true, diff: true, wide: true, ..Options::default() };
    let quiet = Options { colour: options.colour, json: options.json, ..quiet };
    let (Ok(first), Ok(second)) = (opened(cx, a), opened(cx, b)) else { return TROUBLE };
    let status = match (load(cx, &quiet, a, &first), load(cx, &quiet, b, &second)) {
        (Some(from), Some(to)) => {
            let names = [a, b];
            let mut diff = Diff { a: &from, b: &to, names, part: "", differs: false };
            if options.json {
                cx.json().object("").text("a", a).text("b", b).array("changes");
            }
            diff.all(cx);
            if options.json {
                cx.json().end_array().end_object().end_document();
            }
            diff.differs as u8
        }
        _ => TROUBLE,
    };
    for (input, name) in [(&first, a), (&second, b)] {
        if input.truncated() || input.failure().is_some() {
            error!(cx, text::name(name), ": can't be read to its end");
            return TROUBLE;
        }
    }
    status
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

/// What something is called.
#[derive(Clone, Copy, Default)]
struct Named<'a> {
    name: &'a [u8],
    separator: &'static str,
    version: &'a [u8],
}

impl<'a> Named<'a> {
    fn new(name: &'a [u8]) -> Self {
        Named { name, ..Named::default() }
    }

    fn hash(&self) -> u64 {
        let hash = hash(SEED, self.name);
        hash_more(hash, [self.separator.as_bytes(), self.version])
    }
}

/// What something is or was.
#[derive(Clone, Copy)]
enum Value {
    Bytes(u64),
    Hex(u64),
    Words(Label),
    /// That it is there.
    There,
}

impl Value {
    fn put(self, out: &mut BufWriter) {
        match self {
            Value::Bytes(bytes) => put!(out, dec(bytes)),
            Value::Hex(number) => put!(out, "0x", hex(number)),
            Value::Words(words) => put!(out, words.as_ref()),
            Value::There => {}
        }
    }
}

/// Two files, and what has been said of them.
struct Diff<'f, 'a> {
    a: &'f File<'a>,
    b: &'f File<'a>,
    names: [&'f [u8]; 2],
    /// The part whose heading was printed last.
    part: &'static str,
    differs: bool,
}

/// A table of symbols.
struct Table<'f, 'a> {
    file: &'f File<'a>,
    symbols: Symbols<'a>,
    strings: &'a [u8],
    versions: Option<Versions<'a>>,
}

impl<'f, 'a> Diff<'f, 'a> {
    /// Tells one difference.
    fn tell(
        &mut self,
        cx: &mut Context,
        part: &'static str,
        named: Named,
        what: &str,
        old: Option<Value>,
        new: Option<Value>,
    ) {
        if self.a.options.json {
            self.differs = true;
            let json = &mut cx.json();
            json.object("").text("part", part).text("name", named.name);
            if !named.version.is_empty() {
                json.text("version", named.version);
            }
            if !what.is_empty() {
                json.text("what", what.trim_ascii());
            }
            for (key, value) in [("a", old), ("b", new)] {
                match value {
                    Some(Value::Bytes(number) | Value::Hex(number)) => json.number(key, number),
                    Some(Value::Words(words)) => json.text(key, &words),
                    Some(Value::There) => json.bool(key, true),
                    None => json.null(key),
                };
            }
            json.end_object();
            return;
        }
        let out = &mut cx.out;
        let colour = self.a.options.colour;
        if !self.differs {
            let [a, b] = self.names;
            put!(out, "--- ", text::name(a), "\n+++ ", text::name(b), "\n");
            self.differs = true;
        }
        if self.part != part {
            put!(out, "\n", part, ":\n");
            self.part = part;
        }
        let (sign, sgr) = match (old, new) {
            (None, _) => ("+", Sgr::Green),
            (_, None) => ("-", Sgr::Red),
            _ => ("~", Sgr::Yellow),
        };
        put!(out, colour.paint(sgr, sign), " ", text::name(named.name));
        put!(out, named.separator, text::name(named.version));
        let shown = [old, new].into_iter().flatten();
        for (i, value) in shown.filter(|value| !matches!(value, Value::There)).enumerate() {
            put!(out, if i == 0 { "  " } else { " -> " });
            put!(out, if i == 0 { what } else { "" });
            value.put(out);
        }
        if let (Some(Value::Bytes(old)), Some(Value::Bytes(new))) = (old, new) {
            let change = new.wrapping_sub(old).cast_signed();
            put!(out, " (", if change < 0 { "" } else { "+" }, int(change), ")");
        } else if let (Some(Value::There), Some(Value::There)) = (old, new) {
            put!(out, "  ", what);
        }
        put!(out, "\n");
    }

    fn all(&mut self, cx: &mut Context) {
        self.header(cx);
        self.segments(cx);
        self.sections(cx);
        self.dynamic(cx);
        let (a, b) = (versions(self.a), versions(self.b));
        self.lists(cx, "Versions", &a, &b);
        for (kind, part) in [(SHT_DYNSYM, "Dynamic symbols"), (SHT_SYMTAB, "Symbols")] {
            // Where one has none, that is the difference, which the sections tell.
            let tables = (table(cx, self.a, kind), table(cx, self.b, kind));
            if let (Some(a), Some(b)) = tables {
                self.symbols(cx, part, &a, &b);
            }
        }
    }

    fn header(&mut self, cx: &mut Context) {
        let words = |name: Option<Name>, number: u32| {
            name.map_or_else(|| Value::Hex(number.into()), |name| Value::Words(name.into()))
        };
        let fields = |file: &File| {
            let header = &file.elf.header;
            let (ident, machine) = (header.e_ident, header.e_machine);
            let (class, data, osabi) = (ident.class(), ident.data(), ident.osabi());
            let named = |names: super::names::Names, number: u32| words(names.get(number), number);
            [
                ("class", class.into(), named(machines::CLASSES, class.into())),
                ("data", data.into(), named(machines::ENCODINGS, data.into())),
                ("OS/ABI", osabi.into(), words(machines::osabi(osabi, machine), osabi.into())),
                ("type", header.e_type.into(), named(machines::TYPES, header.e_type.into())),
                ("machine", machine.into(), named(machines::MACHINES, machine.into())),
                ("e_flags", header.e_flags, Value::Hex(header.e_flags.into())),
            ]
        };
        for (old, new) in fields(self.a).into_iter().zip(fields(self.b)) {
            if old.1 != new.1 {
                let named = Named::new(old.0.as_bytes());
                self.tell(cx, "Header", named, "", Some(old.2), Some(new.2));
            }
        }
    }

    /// Segments by type and flags; where there are no sections to tell of sizes, by size too.
    fn segments(&mut self, cx: &mut Context) {
        let sized = self.a.sections.is_empty() || self.b.sections.is_empty();
        let size = |size| if sized { size } else { 0 };
        let entries = |file: &File| {
            let mut entries = Vec::new();
            for (index, segment) in file.segments.iter().enumerate() {
                let key = u64::from(segment.p_type) << 32 | u64::from(segment.p_flags);
                let size = size(segment.p_memsz);
                // What is read in vain in one part is no difference in another.
                entries.push((key, short(size), index as u32));
            }
            entries
        };
        let (a, b) = (self.a, self.b);
        let differs = |old: usize, new: usize| {
            sized
                && a.segments.get(old).map(|s| s.p_memsz) != b.segments.get(new).map(|s| s.p_memsz)
        };
        for (old, new) in pair(entries(a), entries(b), &differs) {
            let old = old.and_then(|index| a.segments.get(index));
            let new = new.and_then(|index| b.segments.get(index));
            let Some(segment) = old.or(new) else { continue };
            let header = &a.elf.header;
            let (machine, osabi) = (header.e_machine, header.e_ident.osabi());
            let kind = segment_names::segment_type(segment.p_type, machine, osabi);
            let letters = letters(segment.p_flags);
            let name = Named { name: kind.as_ref(), separator: " ", version: &letters };
            let [old, new] = [old, new].map(|s| s.map(|s| Value::Bytes(s.p_memsz)));
            self.tell(cx, "Segments", name, "size in memory ", old, new);
        }
    }

    fn sections(&mut self, cx: &mut Context) {
        let entries = |file: &File| {
            let mut entries = Vec::new();
            for (index, section) in file.sections.iter().enumerate().skip(1) {
                let hash = hash(SEED, file.section_name(&section));
                entries.push((hash, short(section.sh_size), index as u32));
            }
            entries
        };
        let (a, b) = (self.a, self.b);
        let moved = layout(a) != layout(b);
        let content = |file, section: &SectionHeader| content(file, section, moved);
        let both = |old: usize, new: usize| Some((a.sections.get(old)?, b.sections.get(new)?));
        let differs = |old: usize, new: usize| {
            both(old, new).is_none_or(|(old, new)| {
                let fields = |s: &SectionHeader| (s.sh_size, s.sh_type, s.sh_flags);
                fields(&old) != fields(&new) || content(a, &old) != content(b, &new)
            })
        };
        const PART: &str = "Sections";
        for (old, new) in pair(entries(a), entries(b), &differs) {
            let old = old.and_then(|index| a.sections.get(index));
            let new = new.and_then(|index| b.sections.get(index));
            let bytes = |section: SectionHeader| Value::Bytes(section.sh_size);
            let (Some(from), Some(to)) = (old, new) else {
                let name = old.map(|s| a.section_name(&s)).or(new.map(|s| b.section_name(&s)));
                let name = Named::new(name.unwrap_or_default());
                self.tell(cx, PART, name, "size ", old.map(bytes), new.map(bytes));
                continue;
            };
            let name = Named::new(a.section_name(&from));
            if from.sh_size != to.sh_size {
                self.tell(cx, PART, name, "size ", old.map(bytes), new.map(bytes));
            } else if content(a, &from) != content(b, &to) {
                self.tell(cx, PART, name, "other bytes", Some(Value::There), Some(Value::There));
            }
            if from.sh_type != to.sh_type {
                let kind = |file: &File, section: &SectionHeader| {
                    let (machine, ident) = (file.elf.header.e_machine, file.elf.header.e_ident);
                    let kind = section_names::section_type(section.sh_type, machine, ident.osabi());
                    Some(Value::Words(kind))
                };
                self.tell(cx, PART, name, "type ", kind(a, &from), kind(b, &to));
            }
            if from.sh_flags != to.sh_flags {
                let [from, to] = [from, to].map(|section| Some(Value::Hex(section.sh_flags)));
                self.tell(cx, PART, name, "flags ", from, to);
            }
        }
    }

    fn dynamic(&mut self, cx: &mut Context) {
        const PART: &str = "Dynamic linking";
        let lists = [self.a, self.b].map(|file| {
            let mut list = Vec::new();
            let interp = interpreter(file);
            list.extend(interp.map(|version| named(b"INTERP", version)));
            for entry in file.dynamic.entries.iter() {
                let tag = match entry.d_tag {
                    DT_NEEDED => &b"NEEDED"[..],
                    DT_SONAME => b"SONAME",
                    DT_RPATH => b"RPATH",
                    DT_RUNPATH => b"RUNPATH",
                    DT_BIND_NOW | DT_TEXTREL | DT_SYMBOLIC => {
                        let name: &[u8] = match entry.d_tag {
                            DT_BIND_NOW => b"BIND_NOW",
                            DT_TEXTREL => b"TEXTREL",
                            _ => b"SYMBOLIC",
                        };
                        list.push(Named::new(name));
                        continue;
                    }
                    _ => continue,
                };
                let strings = file.dynamic.strings.unwrap_or_default();
                list.push(named(tag, c_str(strings, entry.d_val).unwrap_or(b"<corrupt>")));
            }
            list
        });
        self.lists(cx, PART, &lists[0], &lists[1]);
        for (tag, name) in [(DT_FLAGS, "FLAGS"), (DT_FLAGS_1, "FLAGS_1")] {
            let [old, new] = [self.a, self.b].map(|file| file.dynamic.value(tag));
            if old != new {
                let [old, new] = [old, new].map(|value| Some(Value::Hex(value)));
                self.tell(cx, PART, Named::new(name.as_bytes()), "", old, new);
            }
        }
    }

    /// What is in one list only.
    fn lists(&mut self, cx: &mut Context, part: &'static str, a: &[Named], b: &[Named]) {
        let entries = |list: &[Named]| {
            let entries = list.iter().enumerate();
            entries.map(|(index, named)| (named.hash(), 0, index as u32)).collect()
        };
        for (old, new) in pair(entries(a), entries(b), &|_, _| false) {
            let old = old.and_then(|index| a.get(index));
            let new = new.and_then(|index| b.get(index));
            if let Some(named) = old.or(new) {
                let [old, new] = [old, new].map(|named| named.map(|_| Value::There));
                self.tell(cx, part, *named, "", old, new);
            }
        }
    }

    fn symbols(&mut self, cx: &mut Context, part: &'static str, a: &Table, b: &Table) {
        let entries = [a.entries(cx), b.entries(cx)];
        let [of_a, of_b] = entries;
        let fields = |table: &Table, index: usize| {
            let symbol = table.symbols.table.get(index).unwrap_or_default();
            let is_defined = symbol.st_shndx != SHN_UNDEF;
            (symbol.st_size, symbol.st_info, symbol.visibility(), is_defined)
        };
        let differs = |old: usize, new: usize| fields(a, old) != fields(b, new);
        for (old, new) in pair(of_a, of_b, &differs) {
            let (Some(from), Some(to)) = (old, new) else {
                let one = |table: &Table, index: Option<usize>| {
                    let symbol = index.and_then(|index| table.symbols.table.get(index))?;
                    Some(match symbol.st_shndx {
                        SHN_UNDEF => Value::Words(Label::words("undefined")),
                        _ => Value::Bytes(symbol.st_size),
                    })
                };
                let (table, index) = if old.is_some() { (a, old) } else { (b, new) };
                let named = table.named(cx, index.unwrap_or_default());
                let (from, to) = (one(a, old), one(b, new));
                let number = matches!(from.or(to), Some(Value::Bytes(_)));
                self.tell(cx, part, named, if number { "size " } else { "" }, from, to);
                continue;
            };
            let named = a.named(cx, from);
            let (old, new) = (fields(a, from), fields(b, to));
            if old.0 != new.0 {
                let [old, new] = [old.0, new.0].map(|size| Some(Value::Bytes(size)));
                self.tell(cx, part, named, "size ", old, new);
            }
            let labels = |table: &Table, fields: (u64, u8, u8, bool)| {
                let header = &table.file.elf.header;
                let osabi = header.e_ident.osabi();
                [
                    symbols::symbol_type(fields.1 & 15, header.e_machine, osabi),
                    symbols::binding(fields.1 >> 4, osabi),
                    symbols::visibility(fields.2, ELFOSABI_NONE),
                    Label::words(if fields.3 { "defined" } else { "undefined" }),
                ]
            };
            for (old, new) in labels(a, old).into_iter().zip(labels(b, new)) {
                if old.as_ref() != new.as_ref() {
                    self.tell(
                        cx,
                        part,
                        named,
                        "",
                        Some(Value::Words(old)),
                        Some(Value::Words(new)),
                    );
                }
            }
        }
    }
}

fn named<'a>(name: &'a [u8], version: &'a [u8]) -> Named<'a> {
    Named { name, separator: " ", version }
}

/// The symbol table of this type; the dynamic one also without section headers.
fn table<'f, 'a>(cx: &mut Context, file: &'f File<'a>, kind: u32) -> Option<Table<'f, 'a>> {
    let section = file.sections_of(kind).next();
    let (symbols, strings) = match section {
        Some((index, section)) => (file.symbols(cx, index)?, file.linked_strings(&section)),
        None if kind == SHT_DYNSYM => (file.dynamic.symbols?, file.dynamic.strings?),
        None => return None,
    };
    let count = symbols.table.len();
    let versions = (kind == SHT_DYNSYM).then(|| Versions::load(file, count, Some(strings)));
    Some(Table { file, symbols, strings, versions })
}

impl<'a> Table<'_, 'a> {
    /// All symbols that have a name.
    fn entries(&self, cx: &mut Context) -> Vec<Entry> {
        let mut entries = Vec::new();
        entries.reserve_exact(self.symbols.table.len());
        for (index, symbol) in self.symbols.table.iter().enumerate() {
            if symbol.st_name == 0 || symbol.kind() == STT_SECTION {
                continue;
            }
            let strings = self.strings.get(symbol.st_name as usize..).unwrap_or_default();
            let mut hash = hash(SEED, strings);
            if let Some((separator, version)) = self.version(cx, index, &symbol) {
                hash = hash_more(hash, [separator.as_bytes(), version]);
            }
            // A local symbol is another one than a global one of the same name.
            let hash = hash ^ u64::from(symbol.bind() == STB_LOCAL);
            entries.push((hash, short(symbol.st_size), index as u32));
        }
        entries
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

    /// As much of the name as is compared.
    fn name(&self, index: usize) -> &'a [u8] {
        let symbol = self.symbols.table.get(index).unwrap_or_default();
        let rest = self.strings.get(symbol.st_name as usize..).unwrap_or_default();
        c_str(rest.get(..NAME).unwrap_or(rest), 0).unwrap_or_default()
    }

    fn named(&self, cx: &mut Context, index: usize) -> Named<'a> {
        let symbol = self.symbols.table.get(index).unwrap_or_default();
        let version = self.version(cx, index, &symbol);
        let (separator, version) = version.unwrap_or_default();
        Named { name: self.name(index), separator, version }
    }
}

/// What stands for the addresses of all sections in memory.
fn layout(file: &File) -> u64 {
    let sections = file.sections.iter().filter(|section| section.sh_flags & SHF_ALLOC != 0);
    sections.fold(0, |layout, section| {
        hash(layout.rotate_left(1) ^ section.sh_addr, file.section_name(&section))
    })
}

/// The bytes of a section where they mean something by themselves. What consists of addresses
/// and offsets doesn't, nor does what may hold some in files where sections have moved.
fn content<'a>(file: &File<'a>, section: &SectionHeader, moved: bool) -> &'a [u8] {
    let addresses = section.sh_flags & (SHF_WRITE | SHF_EXECINSTR) != 0
        || file.section_name(section).starts_with(b".eh_frame");
    let own = match section.sh_type {
        SHT_PROGBITS => !(moved && addresses),
        SHT_NOTE => true,
        SHT_REL | SHT_RELA => file.elf.header.e_type == ET_REL,
        _ => false,
    };
    if own { file.data(section).unwrap_or_default() } else { &[] }
}

/// The versions that a file defines, and that it needs of others.
fn versions<'a>(file: &File<'a>) -> Vec<Named<'a>> {
    let mut all = Vec::new();
    let strings = file.dynamic.strings.unwrap_or_default();
    let string = |at: u32| c_str(strings, at.into()).unwrap_or(b"<corrupt>");
    let place = |tag| {
        let address = file.dynamic.value(tag);
        if address == 0 { None } else { file.located(address, 1) }
    };
    let mut next = place(DT_VERDEF);
    while let Some(at) = next.filter(|_| all.len() < VERSIONS) {
        let Some(verdef) = record::<Verdef>(file, Some(at)) else { break };
        if let Some(aux) = record::<Verdaux>(file, after(at, verdef.vd_aux)) {
            all.push(named(b"defined", string(aux.vda_name)));
        }
        next = after(at, verdef.vd_next);
    }
    let mut next = place(DT_VERNEED);
    while let Some(at) = next.filter(|_| all.len() < VERSIONS) {
        let Some(verneed) = record::<Verneed>(file, Some(at)) else { break };
        let mut aux_at = after(at, verneed.vn_aux);
        while let Some(aux) = record::<Vernaux>(file, aux_at).filter(|_| all.len() < VERSIONS) {
            all.push(named(string(verneed.vn_file), string(aux.vna_name)));
            aux_at = aux_at.and_then(|at| after(at, aux.vna_next));
        }
        next = after(at, verneed.vn_next);
    }
    all
}

/// Where the next record is, if there is one.
fn after(at: u64, offset: u32) -> Option<u64> {
    at.checked_add(offset.into()).filter(|_| offset != 0)
}

fn record<T: Record>(file: &File, at: Option<u64>) -> Option<T> {
    let encoding = file.elf.encoding;
    T::decode(encoding, file.elf.bytes(at?, T::size(encoding) as u64)?)
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

/// A size to order by.
fn short(size: u64) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

/// Pairs the entries of two tables that have the same hash, those of the same size first.
/// Gives back what is in one of them only, and pairs that differ: in the order of the first
/// table, with what is only in the second where it is there.
fn pair(
    mut a: Vec<Entry>,
    mut b: Vec<Entry>,
    differs: &dyn Fn(usize, usize) -> bool,
) -> impl Iterator<Item = (Option<usize>, Option<usize>)> + use<> {
    const NONE: u32 = u32::MAX;
    sort(&mut a);
    sort(&mut b);
    let mut found: Vec<Entry> = Vec::new();
    let mut add = |old: Option<u32>, new: Option<u32>| {
        let (old, new) = (old.unwrap_or(NONE), new.unwrap_or(NONE));
        found.push((old.min(new).into(), old, new));
    };
    let (mut rest_a, mut rest_b) = (&mut a[..], &mut b[..]);
    loop {
        let hash = match (rest_a.first(), rest_b.first()) {
            (Some(a), Some(b)) => a.0.min(b.0),
            (Some(one), None) | (None, Some(one)) => one.0,
            (None, None) => break,
        };
        let (group_a, group_b) = (take_group(&mut rest_a, hash), take_group(&mut rest_b, hash));
        // What is left of each after those of the same size are gone moves to the front.
        let (mut at_a, mut at_b, mut left_a, mut left_b) = (0, 0, 0, 0);
        while at_a < group_a.len() || at_b < group_b.len() {
            let (one, two) = (group_a.get(at_a).copied(), group_b.get(at_b).copied());
            let order = match (one, two) {
                (Some(one), Some(two)) => one.1.cmp(&two.1),
                (Some(_), None) => core::cmp::Ordering::Less,
                _ => core::cmp::Ordering::Greater,
            };
            if order.is_le() {
                at_a += 1;
            }
            if order.is_ge() {
                at_b += 1;
            }
            if order.is_lt() {
                group_a.swap(left_a, at_a - 1);
                left_a += 1;
            } else if order.is_gt() {
                group_b.swap(left_b, at_b - 1);
                left_b += 1;
            } else if let (Some(one), Some(two)) = (one, two)
                && differs(one.2 as usize, two.2 as usize)
            {
                add(Some(one.2), Some(two.2));
            }
        }
        for i in 0..left_a.max(left_b) {
            let one = group_a.get(i).filter(|_| i < left_a).map(|entry| entry.2);
            let two = group_b.get(i).filter(|_| i < left_b).map(|entry| entry.2);
            match (one, two) {
                (Some(one), Some(two)) if !differs(one as usize, two as usize) => {}
                _ => add(one, two),
            }
        }
    }
    sort(&mut found);
    let index = |index: u32| (index != NONE).then_some(index as usize);
    found.into_iter().map(move |(_, old, new)| (index(old), index(new)))
}

/// Splits off the entries with this hash that come first.
fn take_group<'e>(rest: &mut &'e mut [Entry], hash: u64) -> &'e mut [Entry] {
    let count = rest.iter().take_while(|entry| entry.0 == hash).count();
    let all = core::mem::take(rest);
    let (group, tail) = all.split_at_mut_checked(count).unwrap_or_default();
    *rest = tail;
    group
}
