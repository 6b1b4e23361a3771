//! `-n`: the notes of the note sections, or of the note segments where there are no such
//! sections and in core files.

pub mod build;
pub mod core_file;
mod gnu;
mod other;
pub mod property;
mod vms;

pub use vms::{civil, time as vms_time, unix_time};

use super::contents::relocate;
use super::file::File;
use super::json;
use super::names::note_types as names;
use super::pattern;
use super::text;
use crate::context::Context;
use crate::words::words;
use alloc::vec::Vec;
use build::Regions;
use rt::elf::consts::{ET_CORE, PT_NOTE, SHT_NOTE};
use rt::elf::{Reader, c_str};
use rt::fmt::{Put, hex};
use rt::io::BufWriter;
use rt::put;

/// One note, and where it stands.
pub struct Note<'a> {
    pub n_namesz: u64,
    pub n_descsz: u64,
    pub n_type: u64,
    /// The owner's name up to its zero byte.
    pub owner: &'a [u8],
    /// Whose descriptor it is. Where there is no name GNU readelf takes for one what
    /// follows.
    pub author: &'a [u8],
    /// All that follows the note's header: the name, its padding, and what comes next.
    pub rest: &'a [u8],
    pub desc: Reader<'a>,
    /// The descriptor and all that follows.
    tail: &'a [u8],
}

pub fn show(cx: &mut Context, file: &File) -> bool {
    !file.options.notes || walk(cx, file, one, false)
}

/// The same in JSON.
pub fn json(cx: &mut Context, file: &File) {
    walk(cx, file, json::notes::one, true);
}

/// Prints one note.
type One = fn(&mut Context, &File, &Note, &mut Regions) -> bool;

/// Goes through all notes.
fn walk(cx: &mut Context, file: &File, one: One, json: bool) -> bool {
    let mut fine = true;
    let mut any = false;
    if file.elf.header.e_type != ET_CORE {
        let mut unsupported = None;
        for (index, section) in file.sections_of(SHT_NOTE) {
            any = true;
            if section.sh_size == 0 {
                fine = false;
                continue;
            }
            let Some(data) = file.data(&section) else {
                cannot_read(cx, section.sh_size, "section contents");
                fine = false;
                continue;
            };
            if json {
                json::section(cx.json().object(""), file, index as u32, &section);
                cx.json().array("notes");
            } else {
                let name = file.section_name(&section);
                fill!(&mut cx.out, "\nDisplaying notes found in: %S\n"; name);
            }
            let copy = relocated(cx, file, &mut unsupported, index, data);
            let data = copy.as_deref().unwrap_or(data);
            fine &= notes(cx, file, data, section.sh_addralign, one);
            json::end_list(cx, json);
        }
    }
    if any {
        return fine;
    }
    if !json && file.elf.header.e_type == ET_CORE && file.phnum() == 0 {
        put!(&mut cx.out, "No notes found file.\n");
    }
    file.retry_segments(cx);
    for segment in file.segments.iter().filter(|s| s.p_type == PT_NOTE) {
        if segment.p_filesz == 0 {
            fine = false;
            continue;
        }
        let Some(data) = file.elf.bytes(segment.p_offset, segment.p_filesz) else {
            cannot_read(cx, segment.p_filesz, "notes");
            fine = false;
            continue;
        };
        let place = [segment.p_offset, segment.p_filesz];
        if json {
            cx.json().object("").numbers("p_offset p_filesz", &place).array("notes");
        } else {
            let pattern =
                rt::text!("\nDisplaying notes found at file offset 0x%08x with length 0x%08x:\n");
            pattern::numbers(&mut cx.out, pattern, &place);
        }
        fine &= notes(cx, file, data, segment.p_align, one);
        json::end_list(cx, json);
    }
    fine
}

/// The notes of an object file with their relocations applied, where there are some: in
/// build attributes the addresses are left to them.
fn relocated(
    cx: &mut Context,
    file: &File,
    unsupported: &mut Option<u32>,
    index: usize,
    data: &[u8],
) -> Option<Vec<u8>> {
    let index = u32::try_from(index).ok()?;
    let relocatable = file.elf.header.e_type == rt::elf::consts::ET_REL;
    if !relocatable || !file.sections.iter().any(|other| relocate::names(file, &other, index)) {
        return None;
    }
    let mut copy = data.to_vec();
    relocate::apply(cx, file, unsupported, index, &mut copy);
    Some(copy)
}

fn cannot_read(cx: &mut Context, size: u64, what: &str) {
    fill_error!(cx, "Reading %u bytes extends past end of file for %s", size; what.as_bytes());
}

/// Prints the notes in `data`.
fn notes(cx: &mut Context, file: &File, data: &[u8], align: u64, one: One) -> bool {
    // Old tools wrote 0 and 1 for what is aligned to 4 bytes.
    let align = align.max(4);
    if align != 4 && align != 8 {
        fill_warning!(cx, "Corrupt note: alignment %u, expecting 4 or 8", align);
        return false;
    }
    if !file.options.json {
        put!(&mut cx.out, "  Owner                Data size \tDescription\n");
    }
    let mut regions = Regions::default();
    let mut fine = true;
    let mut at = 0;
    while let Some(rest) = data.get(at..).filter(|rest| !rest.is_empty()) {
        // OpenVMS widens the header of its notes.
        let wide = vms::wide_header(file);
        let header = if wide { 24 } else { 12 };
        let r = Reader::new(file.elf.encoding, rest);
        if rest.len() < header {
            let bytes: &[u8] = if rest.len() == 1 { b"byte remains" } else { b"bytes remain" };
            let left = rest.len();
            fill_warning!(cx, "Corrupt note: only %u %s, not enough for a full note", left; bytes);
            break;
        }
        let field = |index: usize| {
            let value = if wide { r.u64(8 * index) } else { r.u32(4 * index).map(u64::from) };
            value.unwrap_or_default()
        };
        let (n_namesz, n_descsz, n_type) = (field(0), field(1), field(2));
        let Some((note, size)) = decode(r, header, n_namesz, n_descsz, n_type, align) else {
            let what = rt::text!("note with invalid namesz and/or descsz found at offset %#x");
            pattern::warning(cx, what, &[at as u64], &[]);
            let what = rt::text!(" type: %#x, namesize: %#x, descsize: %#x, alignment: %u");
            pattern::warning(cx, what, &[n_type, n_namesz, n_descsz, align], &[]);
            break;
        };
        fine &= one(cx, file, &note, &mut regions);
        at += size;
    }
    fine
}

/// A note and its length with all padding; none where it doesn't fit into what is there.
fn decode<'a>(
    r: Reader<'a>,
    header: usize,
    n_namesz: u64,
    n_descsz: u64,
    n_type: u64,
    align: u64,
) -> Option<(Note<'a>, usize)> {
    let up = |n: u64| n.checked_next_multiple_of(align);
    let desc_at = up(n_namesz.checked_add(header as u64)?)?;
    let next = up(desc_at.checked_add(n_descsz)?)?;
    let next = usize::try_from(next).ok().filter(|&next| next <= r.bytes.len())?;
    let rest = r.bytes.get(header..)?;
    let owner = rest.get(..n_namesz as usize)?.split(|&b| b == 0).next().unwrap_or_default();
    let desc = Reader::new(r.encoding, r.slice(desc_at as usize, n_descsz as usize)?);
    let author = if n_namesz == 0 { c_str(rest, 0).unwrap_or_default() } else { owner };
    let tail = r.bytes.get(desc_at as usize..)?;
    Some((Note { n_namesz, n_descsz, n_type, owner, author, rest, desc, tail }, next))
}

/// Prints one note: its owner, size and type, and what is known of such notes.
pub fn one(cx: &mut Context, file: &File, note: &Note, regions: &mut Regions) -> bool {
    let owner = note.owner;
    let netbsd = owner.starts_with(b"NetBSD") && !owner.starts_with(b"NetBSD-CORE");
    if netbsd || owner.starts_with(b"PaX") {
        return other::netbsd(cx, note);
    }
    let wide = file.options.wide;
    put!(&mut cx.out, "  ");
    if build::is_attribute(note) {
        build::name(cx, file, note);
    } else {
        let shown: &[u8] = match owner {
            _ if note.n_namesz == 0 => b"(NONE)",
            [b'S', b'P', b'U', b'/', ..] => b"SPU",
            _ => owner,
        };
        text::column(&mut cx.out, file.options, shown, 20);
    }
    fill!(&mut cx.out, " 0x%08x\t", note.n_descsz);
    kind(&mut cx.out, file, note);
    put!(&mut cx.out, if wide { "\t" } else { "\n" });

    let author = note.author;
    if author.starts_with(b"IPF/VMS") {
        vms::describe(cx, note)
    } else if author.starts_with(b"GNU") {
        gnu::describe(cx, file, note)
    } else if author.starts_with(b"stapsdt") {
        other::stapsdt(cx, file, note)
    } else if author.starts_with(b"FDO") {
        other::packaging(cx, note)
    } else if author.starts_with(b"CORE") {
        if note.n_type == core_file::NT_FILE {
            return core_file::mapped_files(cx, file, note);
        }
        end_of_wide(&mut cx.out, wide);
        true
    } else if build::is_attribute(note) {
        build::describe(cx, file, note, regions)
    } else {
        if note.desc.bytes.is_empty() {
            end_of_wide(&mut cx.out, wide);
        } else {
            put!(&mut cx.out, "   description data: ", Bytes(note.desc.bytes), "\n");
        }
        true
    }
}

/// Ends a line on which nothing follows the type.
fn end_of_wide(out: &mut BufWriter, wide: bool) {
    if wide {
        put!(out, "\n");
    }
}

/// Bytes in hexadecimal, a space after each.
struct Bytes<'a>(&'a [u8]);

impl Put for Bytes<'_> {
    fn put(&self, out: &mut BufWriter) {
        for &byte in self.0 {
            put!(out, hex(byte).zero(2), " ");
        }
    }
}

/// The name of the note's type, which depends on its owner.
pub fn kind(out: &mut BufWriter, file: &File, note: &Note) {
    let owner = note.owner;
    // Types have 32 bits but in OpenVMS's notes.
    let n_type = note.n_type as u32;
    let owners = b"GNU FreeBSD NetBSD-CORE OpenBSD SPU/ IPF/VMS stapsdt AMDGPU";
    let place = words(owners, b' ').position(|prefix| owner.starts_with(prefix));
    let elsewhere = matches!(place, Some(1 | 3));
    let generic = if file.elf.header.e_type == ET_CORE { names::CORE } else { names::OTHER };
    let named = match place {
        Some(0) => names::GNU,
        Some(1) => names::FREEBSD,
        Some(2) => return other::netbsd_core_type(out, file.elf.header.e_machine, n_type),
        Some(3) => names::OPENBSD,
        Some(4) => return put!(out, text::name(owner.get(4..).unwrap_or_default())),
        Some(5) => names::VMS,
        Some(6) => names::STAPSDT,
        Some(7) => names::AMDGPU,
        // An owner of whom nothing special is known.
        _ => generic,
    };
    // What some don't have of their own is as elsewhere.
    let shown = named.put(out, n_type) || elsewhere && generic.put(out, n_type);
    if !shown {
        unknown(out, n_type)
    }
}

fn unknown(out: &mut BufWriter, n_type: u32) {
    fill!(out, "Unknown note type: (0x%08x)", n_type);
}
