//! `--at`: what lies at an address.

use super::source::Source;
use super::{Options, PARSE};
use crate::context::Context;
use crate::mapped;
use crate::process::Process;
use crate::quote::Tamed;
use crate::words::{Hex, short};
use alloc::vec;
use alloc::vec::Vec;
use rt::elf::consts::*;
use rt::elf::{Elf, ProgramHeader, Symbol, Table, c_str, note};
use rt::fmt::hex;
use rt::fs::PATH_MAX;
use rt::maps::{Entry, entries, query};
use rt::put;

/// What is known of an address.
pub struct Found<'a> {
    pub entry: Entry<'a>,
    /// Where in the file it lies.
    pub offset: Option<u64>,
    pub image: Option<InImage>,
}

/// Where in an ELF file an address lies.
#[derive(Default)]
pub struct InImage {
    /// The address that the file itself gives it.
    pub address: u64,
    pub build_id: Vec<u8>,
    /// The section's name, and how far in it.
    pub section: Option<(Vec<u8>, u64)>,
    pub symbol: Option<(Vec<u8>, u64)>,
}

/// Whether something lies at each of the addresses.
pub fn run(cx: &mut Context, source: &Source, options: &Options) -> bool {
    let mut fine = true;
    let mut name = vec![0; PATH_MAX + 16];
    for address in &options.at {
        let Some(found) = find(source, *address, options.has(PARSE), &mut name) else {
            cx.begin_message();
            put!(&mut cx.err, source.word, ": nothing is mapped at 0x", hex(*address), "\n");
            cx.end_message("");
            fine = false;
            continue;
        };
        show(cx, *address, &found);
    }
    fine
}

fn show(cx: &mut Context, address: u64, found: &Found) {
    let (out, entry) = (&mut cx.out, &found.entry);
    put!(out, "0x", hex(address), "\n  mapping   ", hex(entry.start).zero(8), "-");
    put!(out, hex(entry.end).zero(8), " ", entry.perms, " ", hex(entry.offset).zero(8));
    put!(out, if entry.name.is_empty() { "" } else { " " }, Tamed(entry.name), "\n");
    if let Some(offset) = found.offset {
        put!(out, "  offset    0x", hex(offset), "\n");
    }
    let Some(image) = &found.image else { return };
    put!(out, "  address   0x", hex(image.address), "\n");
    if !image.build_id.is_empty() {
        put!(out, "  build-id  ", Hex(&image.build_id), "\n");
    }
    for (what, place) in [("section", &image.section), ("symbol ", &image.symbol)] {
        if let Some((name, within)) = place {
            put!(out, "  ", what, "   ", Tamed(name));
            if *within > 0 {
                put!(out, " + 0x", hex(*within));
            }
            put!(out, "\n");
        }
    }
}

/// What lies at an address; the name's bytes may go into the buffer.
pub fn find<'a>(
    source: &Source<'a>,
    address: u64,
    parse: bool,
    name: &'a mut [u8],
) -> Option<Found<'a>> {
    let mut spare = vec![0; name.len()];
    let entry = at(source, address, parse, name)?;
    let is_file = entry.name.starts_with(b"/");
    let offset = is_file.then(|| entry.offset.checked_add(address - entry.start)).flatten();
    let is_vdso = entry.name == b"[vdso]";
    // What follows a file's mapping without a gap may be its .bss.
    let mut of_file = entry;
    if entry.name.is_empty() && entry.start > 0 {
        of_file = at(source, entry.start - 1, parse, &mut spare).unwrap_or(entry);
    }
    let image = if is_vdso {
        in_vdso(source, &entry, address)
    } else if of_file.name.starts_with(b"/") {
        in_file(source, &of_file, address)
    } else {
        None
    };
    Some(Found { entry, offset, image })
}

/// The mapping that an address lies in.
fn at<'a>(
    source: &Source<'a>,
    address: u64,
    parse: bool,
    buffer: &'a mut [u8],
) -> Option<Entry<'a>> {
    if let Some(process) = source.process.filter(|_| !parse)
        && let Some((entry, length)) = ask(process, source.auxv, address, buffer)
    {
        let name = buffer.get(..length).unwrap_or_default();
        return Some(Entry { name, ..entry });
    }
    // Also what the kernel doesn't count as a mapping, and names that the text spells otherwise.
    entries(source.text).find(|entry| entry.holds(address))
}

/// Asks the kernel; gives the entry, and where its name lies in the buffer.
fn ask(
    process: &Process,
    auxv: &[u8],
    address: u64,
    buffer: &mut [u8],
) -> Option<(Entry<'static>, usize)> {
    let file = process.dir.file(c"maps").ok()?;
    let entry = query(&file, address, buffer).ok()?;
    let (length, is_plain) = (entry.name.len(), !entry.name.contains(&b'\n'));
    let entry = Entry { name: b"", ..entry };
    (is_plain && process.still(auxv).is_ok()).then_some((entry, length))
}

fn in_vdso(source: &Source, entry: &Entry, address: u64) -> Option<InImage> {
    let length = usize::try_from(entry.size()).ok().filter(|length| *length <= 1 << 20)?;
    let mut image = vec![0; length];
    source.memory().ok()?.space().read_exact(entry.start, &mut image).ok()?;
    let bytes = image.as_slice();
    in_image(source, Elf::new(&bytes).ok()?, entry, address)
}

fn in_file(source: &Source, entry: &Entry, address: u64) -> Option<InImage> {
    let input = mapped::open(source.process, entry)?;
    in_image(source, Elf::new(&input).ok()?, entry, address)
}

/// Where in an image an address lies, of which this mapping is a part.
fn in_image(source: &Source, elf: Elf, entry: &Entry, address: u64) -> Option<InImage> {
    let segment = segment_of(source, &elf, entry)?;
    // How far the image was moved.
    let first = segment.p_vaddr.wrapping_sub(segment.p_offset).wrapping_add(entry.offset);
    let own = address.wrapping_sub(entry.start).wrapping_add(first);
    let loads = elf.segments()?.iter().filter(|segment| segment.p_type == PT_LOAD);
    let mut loads = loads.into_iter();
    const PAGE: u64 = 0x1000;
    let inside = loads.any(|load| {
        let low = load.p_vaddr & !(PAGE - 1);
        let high = load
            .p_vaddr
            .checked_add(load.p_memsz)
            .and_then(|end| end.checked_next_multiple_of(PAGE));
        low <= own && high.is_none_or(|high| own < high)
    });
    if !inside {
        return None;
    }
    const NT_GNU_BUILD_ID: u32 = 3;
    let build_id = note(&elf, b"GNU", NT_GNU_BUILD_ID).unwrap_or_default();
    let build_id = build_id.get(..64).unwrap_or(build_id);
    let mut found = InImage { address: own, build_id: build_id.into(), ..InImage::default() };
    let sections = elf.sections();
    let section = sections.and_then(|all| {
        all.iter().enumerate().find(|(_, s)| {
            let in_it = own.checked_sub(s.sh_addr).is_some_and(|within| within < s.sh_size);
            s.sh_flags & SHF_ALLOC != 0
                && in_it
                // `.tbss` takes no addresses.
                && !(s.sh_flags & SHF_TLS != 0 && s.sh_type == SHT_NOBITS)
        })
    });
    if let (Some(all), Some((_, section))) = (sections, &section) {
        let names = all.get(elf.shstrndx() as usize);
        let names = names.and_then(|names| elf.bytes(names.sh_offset, names.sh_size));
        let name = names.and_then(|names| c_str(names, section.sh_name.into()));
        found.section = Some((name.unwrap_or_default().into(), own - section.sh_addr));
    }
    let index = section.map(|(index, _)| index);
    // Between the sections there is nothing that could have a name.
    if index.is_some() || sections.is_none_or(|all| all.is_empty()) {
        found.symbol =
            debug_symbol(source, &found.build_id, own, index).or_else(|| symbol(&elf, own, index));
    }
    Some(found)
}

/// The symbol by the file that has what was stripped off an image, where distributions put
/// that: by the image's build ID.
fn debug_symbol(
    source: &Source,
    build_id: &[u8],
    own: u64,
    section: Option<usize>,
) -> Option<(Vec<u8>, u64)> {
    let (first, rest) = build_id.split_at_checked(1).filter(|(_, rest)| !rest.is_empty())?;
    let (first, rest) = (Hex(first), Hex(rest));
    let path = short(&mut |out| put!(out, "/usr/lib/debug/.build-id/", first, "/", rest, ".debug"));
    let path = mapped::path(source.process, &path);
    let input = mapped::regular(source.process, &path, None)?;
    symbol(&Elf::new(&input).ok()?, own, section)
}

/// The segment of a mapping. A page of the file may be in two segments, and be mapped twice:
/// then it is the one by which the image begins where the file's first mapping is.
fn segment_of(source: &Source, elf: &Elf, entry: &Entry) -> Option<ProgramHeader> {
    let page = |value: u64| value & !0xfff;
    let mut loads = elf.segments()?.iter().filter(|load| load.p_type == PT_LOAD);
    let first = loads.next()?;
    // Once, whatever the file says of its segments; in order, as the text is.
    let begins: Vec<u64> = entries(source.text)
        .filter(|other| {
            (other.major, other.minor, other.inode, other.name)
                == (entry.major, entry.minor, entry.inode, entry.name)
                && other.offset == page(first.p_offset)
        })
        .map(|other| other.start)
        .collect();
    let mut best = None;
    for load in core::iter::once(first).chain(loads) {
        let Some(end) = load.p_offset.checked_add(load.p_filesz) else { continue };
        if page(load.p_offset) > entry.offset || entry.offset >= end {
            continue;
        }
        let within = entry.offset.wrapping_sub(page(load.p_offset));
        let moved = entry.start.wrapping_sub(page(load.p_vaddr)).wrapping_sub(within);
        let begin = moved.wrapping_add(page(first.p_vaddr));
        let score = if begins.binary_search(&begin).is_ok() { 4 } else { 0 }
            + if within == 0 { 2 } else { 0 }
            + u8::from((load.p_flags & PF_X != 0) == entry.may(b'x'));
        if best.as_ref().is_none_or(|(most, _)| score >= *most) {
            best = Some((score, load));
        }
    }
    best.map(|(_, load)| load)
}

/// The symbol before or at an address: of all tables, or what a loader finds where there are no
/// section headers.
fn symbol(elf: &Elf, own: u64, section: Option<usize>) -> Option<(Vec<u8>, u64)> {
    let mut nearest = Nearest { own, section, best: None };
    mapped::symbols(elf, &mut |symbols, names| nearest.look(symbols, names));
    nearest.best.map(|best| (best.name.into(), own - best.value))
}

struct Nearest<'a> {
    own: u64,
    section: Option<usize>,
    best: Option<Best<'a>>,
}

struct Best<'a> {
    name: &'a [u8],
    value: u64,
    /// Global before weak before local.
    rank: u8,
}

impl<'a> Nearest<'a> {
    fn look(&mut self, symbols: Table<'a, Symbol>, names: &'a [u8]) {
        for symbol in symbols.iter() {
            let wanted =
                matches!(symbol.kind(), STT_NOTYPE | STT_OBJECT | STT_FUNC | STT_GNU_IFUNC)
                    && symbol.st_shndx != SHN_UNDEF
                    && symbol.st_shndx < SHN_LORESERVE
                    && self.section.is_none_or(|section| section == symbol.st_shndx as usize);
            let Some(within) = self.own.checked_sub(symbol.st_value).filter(|_| wanted) else {
                continue;
            };
            // With a size, it says itself where it ends.
            if symbol.st_size > 0 && within >= symbol.st_size {
                continue;
            }
            let rank = match symbol.bind() {
                STB_GLOBAL => 2,
                STB_WEAK => 1,
                _ => 0,
            };
            let better = self.best.as_ref().is_none_or(|best| {
                symbol.st_value > best.value || symbol.st_value == best.value && rank > best.rank
            });
            if better
                && let Some(name) = c_str(names, symbol.st_name.into())
                && !name.is_empty()
            {
                self.best = Some(Best { name, value: symbol.st_value, rank });
            }
        }
    }
}
