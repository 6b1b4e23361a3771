//! `-n`: the notes of the note sections, or of the note segments where there are no such
//! sections and in core files.

pub mod build;
pub mod core_file;
mod gnu;
mod other;
pub mod property;
mod vms;

pub use vms::{civil, time as vms_time};

use super::contents::relocate;
use super::file::File;
use super::json;
use super::names::{Name, note_types as names};
use super::text;
use crate::context::Context;
use alloc::vec::Vec;
use build::Regions;
use rt::elf::consts::{ET_CORE, PT_NOTE, SHT_NOTE};
use rt::elf::{Reader, c_str};
use rt::fmt::{Put, dec, hex};
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
    cx.json().array("notes");
    walk(cx, file, json::notes::one, true);
    cx.json().end_array();
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
            let name = text::section(file.section_name(&section));
            if json {
                json::section(cx.json().object(""), file, index as u32, &section);
                cx.json().array("notes");
            } else {
                put!(&mut cx.out, "\nDisplaying notes found in: ", name, "\n");
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
        let (offset, length) = (hex(segment.p_offset).zero(8), hex(segment.p_filesz).zero(8));
        if json {
            let place = [segment.p_offset, segment.p_filesz];
            cx.json().object("").numbers("p_offset p_filesz", &place).array("notes");
        } else {
            put!(&mut cx.out, "\nDisplaying notes found at file offset 0x", offset);
            put!(&mut cx.out, " with length 0x", length, ":\n");
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
    error!(cx, "Reading ", dec(size), " bytes extends past end of file for ", what);
}

/// Prints the notes in `data`.
fn notes(cx: &mut Context, file: &File, data: &[u8], align: u64, one: One) -> bool {
    // Old tools wrote 0 and 1 for what is aligned to 4 bytes.
    let align = align.max(4);
    if align != 4 && align != 8 {
        let what = "Corrupt note: alignment ";
        warn!(cx, what, dec(align), ", expecting 4 or 8");
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
            let (many, verb) = if rest.len() == 1 { ("", " remains") } else { ("s", " remain") };
            let what = "Corrupt note: only ";
            let tail = ", not enough for a full note";
            warn!(cx, what, dec(rest.len()), " byte", many, verb, tail);
            break;
        }
        let field = |index: usize| {
            let value = if wide { r.u64(8 * index) } else { r.u32(4 * index).map(u64::from) };
            value.unwrap_or_default()
        };
        let (n_namesz, n_descsz, n_type) = (field(0), field(1), field(2));
        let Some((note, size)) = decode(r, header, n_namesz, n_descsz, n_type, align) else {
            let what = "note with invalid namesz and/or descsz found at offset ";
            warn!(cx, what, hex(at).alt());
            let (name, desc) = (hex(n_namesz).alt(), hex(n_descsz).alt());
            let head: [&dyn Put; 3] = [&" type: ", &hex(n_type).alt(), &", namesize: "];
            let tail = ", alignment: ";
            warn!(cx, &head[..], name, ", descsize: ", desc, tail, dec(align));
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
    } else if note.n_namesz == 0 {
        text::column(&mut cx.out, file.options, b"(NONE)", 20);
    } else if owner.starts_with(b"SPU/") {
        text::column(&mut cx.out, file.options, b"SPU", 20);
    } else {
        text::column(&mut cx.out, file.options, owner, 20);
    }
    put!(&mut cx.out, " 0x", hex(note.n_descsz).zero(8), "\t");
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
    let own = |prefix: &[u8]| owner.starts_with(prefix);
    let name: Option<Name> = if own(b"GNU") {
        names::GNU.get(n_type)
    } else if own(b"FreeBSD") {
        names::FREEBSD.get(n_type).or_else(|| generic(file, n_type))
    } else if own(b"NetBSD-CORE") {
        return other::netbsd_core_type(out, file.elf.header.e_machine, n_type);
    } else if own(b"OpenBSD") {
        names::OPENBSD.get(n_type).or_else(|| generic(file, n_type))
    } else if own(b"SPU/") {
        return put!(out, text::name(owner.get(4..).unwrap_or_default()));
    } else if own(b"IPF/VMS") {
        names::VMS.get(n_type)
    } else if own(b"stapsdt") {
        names::STAPSDT.get(n_type)
    } else if own(b"AMDGPU") {
        names::AMDGPU.get(n_type)
    } else {
        generic(file, n_type)
    };
    match name {
        Some(name) => put!(out, name),
        None => unknown(out, n_type),
    }
}

fn unknown(out: &mut BufWriter, n_type: u32) {
    put!(out, "Unknown note type: (0x", hex(n_type).zero(8), ")");
}

/// What an owner of whom nothing special is known means by a type.
fn generic(file: &File, n_type: u32) -> Option<Name> {
    if file.elf.header.e_type == ET_CORE {
        names::CORE.get(n_type)
    } else {
        names::OTHER.get(n_type)
    }
}
