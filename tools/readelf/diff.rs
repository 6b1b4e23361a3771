//! `--diff`: what differs between two files: headers, segments, sections, the dynamic section,
//! versions, symbols; not where things lie.
//!
//! Tables are compared as sets: of each entry a hash of its name, its size and its index are
//! kept, 16 bytes, and sorted. Names that occur more than once are paired by size.

use super::check::{interpreter, letters};
use super::file::{File, Symbols};
use super::names::label::Label;
use super::names::{machines, sections as section_names, segments as segment_names, symbols};
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
    let mut quiet = Options::default();
    [quiet.linking, quiet.diff, quiet.wide] = [true; 3];
    (quiet.colour, quiet.json) = (options.colour, options.json);
    let (Ok(first), Ok(second)) = (opened(cx, a), opened(cx, b)) else { return TROUBLE };
    let status = match (load(cx, &quiet, a, &first), load(cx, &quiet, b, &second)) {
        (Some(from), Some(to)) => {
            let names = [a, b];
            let mut diff = Diff { a: &from, b: &to, names, part: "", told: "", differs: false };
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
enum Value<'v> {
    Bytes(u64),
    Hex(u64),
    Words(&'v [u8]),
    /// That it is there.
    There,
}

/// What something was and is; nothing where it wasn't or isn't there.
type Change<'v> = [Option<Value<'v>>; 2];

/// Two files, and what has been said of them.
struct Diff<'f, 'a> {
    a: &'f File<'a>,
    b: &'f File<'a>,
    names: [&'f [u8]; 2],
    part: &'static str,
    /// The part whose heading was printed last.
    told: &'static str,
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
    fn tell(&mut self, cx: &mut Context, named: &Named, what: &str, change: Change) {
        let first = !core::mem::replace(&mut self.differs, true);
        let [old, new] = change;
        if self.a.options.json {
            let json = cx.json();
            json.object("").text("part", self.part).text("name", named.name);
            json.text("version", named.version).text("what", what.trim_ascii());
            for (key, value) in [("a", old), ("b", new)] {
                match value {
                    Some(Value::Bytes(number) | Value::Hex(number)) => json.number(key, number),
                    Some(Value::Words(words)) => json.text(key, words),
                    Some(Value::There) => json.bool(key, true),
                    None => json.null(key),
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
        if self.told != self.part {
            put!(out, "\n", self.part, ":\n");
            self.told = self.part;
        }
        let (sign, sgr) = match (old, new) {
            (None, _) => ("+", Sgr::Green),
            (_, None) => ("-", Sgr::Red),
            _ => ("~", Sgr::Yellow),
        };
        put!(out, self.a.options.colour.paint(sgr, sign), " ", text::name(named.name));
        put!(out, named.separator, text::name(named.version));
        let mut before = "  ";
        for value in change.into_iter().flatten() {
            match value {
                Value::There if old.is_none() || new.is_none() => break,
                _ => put!(out, before, if before == "  " { what } else { "" }),
            }
            match value {
                Value::Bytes(bytes) => put!(out, dec(bytes)),
                Value::Hex(number) => put!(out, "0x", hex(number)),
                Value::Words(words) => put!(out, text::name(words)),
                Value::There => break,
            }
            before = " -> ";
        }
        if let [Some(Value::Bytes(old)), Some(Value::Bytes(new))] = change {
            let change = new.wrapping_sub(old).cast_signed();
            put!(out, " (", if change < 0 { "" } else { "+" }, int(change), ")");
        }
        put!(out, "\n");
    }

    fn all(&mut self, cx: &mut Context) {
        self.header(cx);
        self.segments(cx);
        self.sections(cx);
        self.dynamic(cx);
        let (a, b) = (versions(self.a), versions(self.b));
        self.part = "Versions";
        self.lists(cx, &a, &b);
        for (kind, part) in [(SHT_DYNSYM, "Dynamic symbols"), (SHT_SYMTAB, "Symbols")] {
            // Where one has none, that is the difference, which the sections tell.
            let tables = (table(cx, self.a, kind), table(cx, self.b, kind));
            self.part = part;
            if let (Some(a), Some(b)) = tables {
                self.symbols(cx, &a, &b);
            }
        }
    }

    fn header(&mut self, cx: &mut Context) {
        self.part = "Header";
        let fields = |file: &File| {
            let header = &file.elf.header;
            let ident = header.e_ident;
            let (class, data, osabi) = (ident.class(), ident.data(), ident.osabi());
            let bytes = [class, data, osabi].map(u32::from);
            let [class, data, osabi] = bytes;
            [class, data, osabi, header.e_type.into(), header.e_machine.into(), header.e_flags]
        };
        let (old, new) = (fields(self.a), fields(self.b));
        let names = ["class", "data", "OS/ABI", "type", "machine", "e_flags"];
        for (i, ((old, new), name)) in old.into_iter().zip(new).zip(names).enumerate() {
            if old == new {
                continue;
            }
            let label = |file: &File, number: u32| {
                let name = match i {
                    0 => machines::CLASSES.get(number),
                    1 => machines::ENCODINGS.get(number),
                    2 => machines::osabi(number as u8, file.elf.header.e_machine),
                    3 => machines::TYPES.get(number),
                    4 => machines::MACHINES.get(number),
                    _ => None,
                };
                name.as_ref().map_or_else(|| Label::words("").hex_marked(number), Label::from)
            };
            let (old, new) = (label(self.a, old), label(self.b, new));
            let change = [&old, &new].map(|label| Some(Value::Words(label.as_ref())));
            self.tell(cx, &Named::new(name.as_bytes()), "", change);
        }
    }

    /// Segments by type and flags; where there are no sections to tell of sizes, by size too.
    fn segments(&mut self, cx: &mut Context) {
        self.part = "Segments";
        let sized = self.a.sections.is_empty() || self.b.sections.is_empty();
        let size = |file: &File, index: usize| {
            file.segments.get(index).filter(|_| sized).map_or(0, |segment| segment.p_memsz)
        };
        let entries = |file: &File| {
            entries(file.segments.len(), &mut |index| {
                let segment = file.segments.get(index)?;
                let key = u64::from(segment.p_type) << 32 | u64::from(segment.p_flags);
                Some((key, size(file, index)))
            })
        };
        let (a, b) = (self.a, self.b);
        let differs = |old, new| size(a, old) != size(b, new);
        for pair in pair(entries(a), entries(b), &differs) {
            let [old, new] = both(pair, |old| a.segments.get(old), |new| b.segments.get(new));
            let Some(segment) = old.or(new) else { continue };
            let header = &a.elf.header;
            let (machine, osabi) = (header.e_machine, header.e_ident.osabi());
            let kind = segment_names::segment_type(segment.p_type, machine, osabi);
            let letters = letters(segment.p_flags);
            let change = [old, new].map(|s| s.map(|s| Value::Bytes(s.p_memsz)));
            self.tell(cx, &named(kind.as_ref(), &letters), "size in memory ", change);
        }
    }

    fn sections(&mut self, cx: &mut Context) {
        self.part = "Sections";
        let entries = |file: &File| {
            entries(file.sections.len(), &mut |index| {
                let section = file.sections.get(index).filter(|_| index != 0)?;
                Some((hash(SEED, file.section_name(&section)), section.sh_size))
            })
        };
        let (a, b) = (self.a, self.b);
        let moved = layout(a) != layout(b);
        let same = |old: &SectionHeader, new: &SectionHeader| {
            content(a, old, moved) == content(b, new, moved)
        };
        let differs = |old: usize, new: usize| {
            let (old, new) = (a.sections.get(old), b.sections.get(new));
            let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
            let fields = |s: &SectionHeader| (s.sh_size, s.sh_type, s.sh_flags);
            fields(&old) != fields(&new) || !same(&old, &new)
        };
        for pair in pair(entries(a), entries(b), &differs) {
            let [old, new] = both(pair, |old| a.sections.get(old), |new| b.sections.get(new));
            let name = old.map(|s| a.section_name(&s)).or(new.map(|s| b.section_name(&s)));
            let name = Named::new(name.unwrap_or_default());
            let (from, to) = (old.unwrap_or_default(), new.unwrap_or_default());
            let sizes = [old, new].map(|section| Some(Value::Bytes(section?.sh_size)));
            let is_pair = old.is_some() && new.is_some();
            if !is_pair || from.sh_size != to.sh_size {
                self.tell(cx, &name, "size ", sizes);
            } else if !same(&from, &to) {
                self.tell(cx, &name, "other bytes", [Some(Value::There); 2]);
            }
            if is_pair && from.sh_type != to.sh_type {
                let kind = |file: &File, section: &SectionHeader| {
                    let (machine, ident) = (file.elf.header.e_machine, file.elf.header.e_ident);
                    section_names::section_type(section.sh_type, machine, ident.osabi())
                };
                let kinds = [kind(a, &from), kind(b, &to)];
                self.tell(cx, &name, "type ", words(&kinds));
            }
            if is_pair && from.sh_flags != to.sh_flags {
                let flags = [from, to].map(|section| Some(Value::Hex(section.sh_flags)));
                self.tell(cx, &name, "flags ", flags);
            }
        }
    }

    fn dynamic(&mut self, cx: &mut Context) {
        self.part = "Dynamic linking";
        let list = |file: &File<'a>| {
            let mut list = Vec::new();
            list.extend(interpreter(file).map(|path| named(b"INTERP", path)));
            for entry in file.dynamic.entries.iter() {
                let (tag, is_string): (&[u8], bool) = match entry.d_tag {
                    DT_NEEDED => (b"NEEDED", true),
                    DT_SONAME => (b"SONAME", true),
                    DT_RPATH => (b"RPATH", true),
                    DT_RUNPATH => (b"RUNPATH", true),
                    DT_BIND_NOW => (b"BIND_NOW", false),
                    DT_TEXTREL => (b"TEXTREL", false),
                    DT_SYMBOLIC => (b"SYMBOLIC", false),
                    _ => continue,
                };
                let strings = file.dynamic.strings.unwrap_or_default();
                let string = c_str(strings, entry.d_val).unwrap_or(b"<corrupt>");
                list.push(if is_string { named(tag, string) } else { Named::new(tag) });
            }
            list
        };
        let (a, b) = (list(self.a), list(self.b));
        self.lists(cx, &a, &b);
        for (tag, name) in [(DT_FLAGS, "FLAGS"), (DT_FLAGS_1, "FLAGS_1")] {
            let values = [self.a, self.b].map(|file| file.dynamic.value(tag));
            if values[0] != values[1] {
                let change = values.map(|value| Some(Value::Hex(value)));
                self.tell(cx, &Named::new(name.as_bytes()), "", change);
            }
        }
    }

    /// What is in one list only.
    fn lists(&mut self, cx: &mut Context, a: &[Named], b: &[Named]) {
        let entries =
            |list: &[Named]| entries(list.len(), &mut |index| Some((list.get(index)?.hash(), 0)));
        for pair in pair(entries(a), entries(b), &|_, _| false) {
            let [old, new] = both(pair, |old| a.get(old), |new| b.get(new));
            if let Some(named) = old.or(new) {
                let change = [old, new].map(|named| named.map(|_| Value::There));
                self.tell(cx, named, "", change);
            }
        }
    }

    fn symbols(&mut self, cx: &mut Context, a: &Table, b: &Table) {
        let (of_a, of_b) = (a.entries(cx), b.entries(cx));
        let fields = |symbol: &Symbol| {
            (symbol.st_size, symbol.st_info, symbol.st_other & 3, symbol.st_shndx == SHN_UNDEF)
        };
        let differs = |old, new| fields(&a.symbol(old)) != fields(&b.symbol(new));
        for pair in pair(of_a, of_b, &differs) {
            let named = match pair {
                [Some(old), _] => a.named(cx, old),
                [_, new] => b.named(cx, new.unwrap_or_default()),
            };
            let symbols = both(pair, |old| Some(a.symbol(old)), |new| Some(b.symbol(new)));
            let is_pair = symbols.iter().all(Option::is_some);
            let [old, new] = symbols.map(Option::unwrap_or_default);
            if !is_pair && symbols.iter().flatten().any(|symbol| symbol.st_shndx == SHN_UNDEF) {
                let change = symbols.map(|symbol| symbol.map(|_| Value::Words(b"undefined")));
                self.tell(cx, &named, "", change);
            } else if !is_pair || old.st_size != new.st_size {
                let change = symbols.map(|symbol| Some(Value::Bytes(symbol?.st_size)));
                self.tell(cx, &named, "size ", change);
            }
            if !is_pair {
                continue;
            }
            let labels = |table: &Table, symbol: &Symbol| {
                let header = &table.file.elf.header;
                let osabi = header.e_ident.osabi();
                let is_defined = symbol.st_shndx != SHN_UNDEF;
                [
                    symbols::symbol_type(symbol.kind(), header.e_machine, osabi),
                    symbols::binding(symbol.bind(), osabi),
                    symbols::visibility(symbol.visibility(), ELFOSABI_NONE),
                    Label::words(if is_defined { "defined" } else { "undefined" }),
                ]
            };
            for labels in labels(a, &old).into_iter().zip(labels(b, &new)) {
                let labels = [labels.0, labels.1];
                if labels[0].as_ref() != labels[1].as_ref() {
                    self.tell(cx, &named, "", words(&labels));
                }
            }
        }
    }
}

fn words(labels: &[Label; 2]) -> Change<'_> {
    labels.each_ref().map(|label| Some(Value::Words(label.as_ref())))
}

/// What is found of each one of a pair.
fn both<T>(
    pair: Pair,
    old: impl FnOnce(usize) -> Option<T>,
    new: impl FnOnce(usize) -> Option<T>,
) -> [Option<T>; 2] {
    [pair[0].and_then(old), pair[1].and_then(new)]
}

/// What is known of those of so many that count: a hash, and a size.
fn entries(count: usize, of: &mut dyn FnMut(usize) -> Option<(u64, u64)>) -> Vec<Entry> {
    let mut entries = Vec::new();
    entries.reserve_exact(count);
    for index in 0..count {
        if let Some((hash, size)) = of(index) {
            // To order by: what is larger is all the same.
            entries.push((hash, u32::try_from(size).unwrap_or(u32::MAX), index as u32));
        }
    }
    entries
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
        entries(self.symbols.table.len(), &mut |index| {
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
        })
    }

    fn symbol(&self, index: usize) -> Symbol {
        self.symbols.table.get(index).unwrap_or_default()
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

    fn named(&self, cx: &mut Context, index: usize) -> Named<'a> {
        let symbol = self.symbol(index);
        let version = self.version(cx, index, &symbol);
        let (separator, version) = version.unwrap_or_default();
        Named {
            name: c_str(self.strings, symbol.st_name.into()).unwrap_or_default(),
            separator,
            version,
        }
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

/// The indices of something in the first and in the second table.
type Pair = [Option<usize>; 2];

/// Pairs the entries of two tables that have the same hash, those of the same size first.
/// Gives back what is in one of them only, and pairs that differ: in the order of the first
/// table, with what is only in the second where it is there.
fn pair(
    mut a: Vec<Entry>,
    mut b: Vec<Entry>,
    differs: &dyn Fn(usize, usize) -> bool,
) -> impl Iterator<Item = Pair> + use<> {
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
    found.into_iter().map(move |(_, old, new)| [index(old), index(new)])
}

/// Splits off the entries with this hash that come first.
fn take_group<'e>(rest: &mut &'e mut [Entry], hash: u64) -> &'e mut [Entry] {
    let count = rest.iter().take_while(|entry| entry.0 == hash).count();
    let all = core::mem::take(rest);
    let (group, tail) = all.split_at_mut_checked(count).unwrap_or_default();
    *rest = tail;
    group
}
