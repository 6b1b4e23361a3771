//! `--at`: what lies at an address.

use super::source::Source;
use super::{Options, PARSE};
use crate::context::Context;
use crate::mapped;
use crate::quote::Tamed;
use crate::words::{Hex, short};
use alloc::vec;
use alloc::vec::Vec;
use rt::elf::consts::*;
use rt::elf::{Elf, Symbol, Table, c_str, note};
use rt::fmt::hex;
use rt::fs::PATH_MAX;
use rt::maps::{Entry, entries, query};
use rt::put;

/// Something that is known of an address.
pub enum Fact<'a> {
    /// The mapping that it lies in.
    Mapping(&'a Entry<'a>),
    /// Where in the file it lies.
    Offset(u64),
    /// The address that an ELF image itself gives it.
    Address(u64),
    /// The image's build ID.
    BuildId(&'a [u8]),
    /// The section's name, and how far in it.
    Section(&'a [u8], u64),
    /// The same of the symbol.
    Symbol(&'a [u8], u64),
}

/// What is told of it.
pub type Tell<'t> = &'t mut dyn FnMut(Fact);

/// Whether something lies at each of the addresses.
#[inline(never)]
pub fn run(cx: &mut Context, source: &Source, options: &Options) -> bool {
    let mut fine = true;
    for address in &options.at {
        let out = &mut cx.out;
        let found = find(source, *address, options, &mut |fact| match fact {
            Fact::Mapping(entry) => {
                put!(out, "0x", hex(*address), "\n  mapping   ", hex(entry.start).zero(8), "-");
                put!(out, hex(entry.end).zero(8), " ", entry.perms, " ", hex(entry.offset).zero(8));
                put!(out, if entry.name.is_empty() { "" } else { " " }, Tamed(entry.name), "\n");
            }
            Fact::Offset(offset) => put!(out, "  offset    0x", hex(offset), "\n"),
            Fact::Address(address) => put!(out, "  address   0x", hex(address), "\n"),
            Fact::BuildId(bytes) => put!(out, "  build-id  ", Hex(bytes), "\n"),
            Fact::Section(name, within) | Fact::Symbol(name, within) => {
                let is_section = matches!(fact, Fact::Section(..));
                put!(out, if is_section { "  section   " } else { "  symbol    " }, Tamed(name));
                if within > 0 {
                    put!(out, " + 0x", hex(within));
                }
                put!(out, "\n");
            }
        });
        if !found {
            message!(cx, source.word, ": nothing is mapped at 0x", hex(*address));
            fine = false;
        }
    }
    fine
}

/// Tells what lies at an address; whether anything does.
pub fn find(source: &Source, address: u64, options: &Options, tell: Tell) -> bool {
    let mut name = vec![0; PATH_MAX + 16];
    let mut found = None;
    if !options.has(PARSE) {
        found = ask(source, address, &mut name);
    }
    if found.is_none() {
        // Also what the kernel doesn't count as a mapping, and names that the text spells
        // otherwise.
        found = at(source, address);
    }
    let Some(entry) = &found else { return false };
    tell(Fact::Mapping(entry));
    if matches!(entry.name, [b'/', ..]) {
        tell(Fact::Offset(entry.offset.wrapping_add(address - entry.start)));
    }
    let mut before = None;
    if entry.name.is_empty() {
        // What follows a file's mapping without a gap may be its .bss.
        before = at(source, entry.start.wrapping_sub(1));
    }
    let of_file = before.as_ref().unwrap_or(entry);
    if entry.name == b"[vdso]" {
        in_vdso(source, entry, address, tell);
    } else if matches!(of_file.name, [b'/', ..]) {
        mapped::open(source.process, of_file, &mut |elf| {
            in_image(source, elf, of_file, address, tell)
        });
    }
    true
}

/// The mapping that an address lies in.
fn at<'a>(source: &Source<'a>, address: u64) -> Option<Entry<'a>> {
    entries(source.text).find(|entry| entry.holds(address))
}

/// The same by asking the kernel.
// Not inlined: it needs much of the stack.
#[inline(never)]
fn ask<'b>(source: &Source, address: u64, buffer: &'b mut [u8]) -> Option<Entry<'b>> {
    let process = source.process?;
    let entry = query(&process.dir.file(c"maps").ok()?, address, buffer).ok()?;
    (!entry.name.contains(&b'\n') && process.still(source.auxv).is_ok()).then_some(entry)
}

fn in_vdso(source: &Source, entry: &Entry, address: u64, tell: Tell) -> Option<()> {
    let image = source.image(entry).ok()?;
    // By reference, as it is a large one.
    in_image(source, Elf::new(&image.as_slice()).as_ref().ok()?, entry, address, tell)
}

/// Tells where in an image an address lies, of which this mapping is a part.
fn in_image(source: &Source, elf: &Elf, entry: &Entry, address: u64, tell: Tell) -> Option<()> {
    let own = own_address(source, elf, entry, address)?;
    tell(Fact::Address(own));
    const NT_GNU_BUILD_ID: u32 = 3;
    let build_id = note(elf, b"GNU", NT_GNU_BUILD_ID).unwrap_or_default();
    let build_id = build_id.get(..64).unwrap_or(build_id);
    if !build_id.is_empty() {
        tell(Fact::BuildId(build_id));
    }
    // Between the sections there is nothing that could have a name.
    let place = Place { own, section: in_section(elf, own, tell)? };
    debug_symbol(source, build_id, place, tell).or_else(|| symbol(elf, place, tell))
}

/// Tells the section that an address lies in, and gives its index; that is none where there are
/// no sections at all.
#[inline(never)]
fn in_section(elf: &Elf, own: u64, tell: Tell) -> Option<Option<usize>> {
    let Some(sections) = elf.sections().filter(|sections| !sections.is_empty()) else {
        return Some(None);
    };
    for (n, section) in sections.iter().enumerate() {
        let Some(within) = own.checked_sub(section.sh_addr) else { continue };
        // `.tbss` takes no addresses.
        let is_tbss = section.sh_flags & SHF_TLS != 0 && section.sh_type == SHT_NOBITS;
        if within < section.sh_size && section.sh_flags & SHF_ALLOC != 0 && !is_tbss {
            let names = mapped::section(elf, &sections, elf.shstrndx());
            let name = names.and_then(|names| c_str(names, section.sh_name.into()));
            tell(Fact::Section(name.unwrap_or_default(), within));
            return Some(Some(n));
        }
    }
    None
}

/// The bits of an address within a page.
const PAGE: u64 = 0xfff;

/// Tells the symbol by the file that has what was stripped off an image, where distributions
/// put that: by the image's build ID.
#[inline(never)]
fn debug_symbol(source: &Source, build_id: &[u8], place: Place, tell: Tell) -> Option<()> {
    let (first, rest) = build_id.split_at_checked(1).filter(|(_, rest)| !rest.is_empty())?;
    let (first, rest) = (Hex(first), Hex(rest));
    let path = short(&mut |out| put!(out, "/usr/lib/debug/.build-id/", first, "/", rest, ".debug"));
    let path = mapped::path(source.process, &path);
    mapped::at(source.process, &path, &mut |elf| symbol(elf, place, tell))
}

/// What an image itself calls an address in a mapping of it, or right behind that: by the segment
/// that is mapped there. A page of the file may be in two segments, and be mapped twice: then it
/// is the one by which the image begins where the file's first mapping is.
#[inline(never)]
fn own_address(source: &Source, elf: &Elf, entry: &Entry, address: u64) -> Option<u64> {
    let page = |value: u64| value & !PAGE;
    let segments = elf.segments()?;
    let first = segments.iter().find(|segment| segment.p_type == PT_LOAD)?;
    // Once, whatever the file says of its segments; in order, as the text is.
    let mut begins = Vec::new();
    for other in entries(source.text) {
        if other.offset == page(first.p_offset)
            && other.inode == entry.inode
            && other.name == entry.name
        {
            begins.push(other.start);
        }
    }
    let (mut own, mut best, mut end) = (0, 0, 0u64);
    for load in segments.iter() {
        if load.p_type != PT_LOAD {
            continue;
        }
        end = end.max(load.p_vaddr.saturating_add(load.p_memsz));
        let Some(within) = entry.offset.checked_sub(page(load.p_offset)) else { continue };
        if within >= (load.p_offset & PAGE).saturating_add(load.p_filesz) {
            continue;
        }
        // How far the image was moved.
        let moved = entry.start.wrapping_sub(page(load.p_vaddr)).wrapping_sub(within);
        let begin = moved.wrapping_add(page(first.p_vaddr));
        let score = 1
            + u8::from((load.p_flags & PF_X != 0) == entry.may(b'x'))
            + 2 * u8::from(within == 0)
            + 4 * u8::from(begins.binary_search(&begin).is_ok());
        if score >= best {
            (best, own) = (score, address.wrapping_sub(moved));
        }
    }
    (best > 0 && page(first.p_vaddr) <= own && page(own) < end).then_some(own)
}

/// An address in an image, and its section, if there are any.
#[derive(Clone, Copy)]
struct Place {
    own: u64,
    section: Option<usize>,
}

/// Tells the symbol before or at an address: of all tables.
fn symbol(elf: &Elf, place: Place, tell: Tell) -> Option<()> {
    let mut nearest = Nearest { place, best: None };
    mapped::symbols(elf, &mut |symbols, names| nearest.look(symbols, names));
    let best = nearest.best?;
    tell(Fact::Symbol(best.name, place.own - best.value));
    Some(())
}

struct Nearest<'a> {
    place: Place,
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
                    && self.place.section.is_none_or(|section| section == symbol.st_shndx as usize);
            let Some(within) = self.place.own.checked_sub(symbol.st_value).filter(|_| wanted)
            else {
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
