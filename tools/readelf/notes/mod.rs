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
use super::names::{ByMachine, by_machine, note_types as names};
use super::text;
use crate::context::Context;
use crate::words::words;
use alloc::vec::Vec;
use build::Regions;
use rt::elf::consts::{ET_CORE, ET_REL, PT_NOTE, SHT_NOTE};
use rt::elf::{Reader, SectionHeader, c_str};
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

/// What is known of an owner, found by what its name begins with: the place in [`OWNERS`].
mod owner {
    pub const NETBSD_CORE: Option<usize> = Some(0);
    pub const NETBSD: Option<usize> = Some(1);
    pub const PAX: Option<usize> = Some(2);
    pub const GNU: Option<usize> = Some(3);
    pub const FREEBSD: Option<usize> = Some(4);
    pub const OPENBSD: Option<usize> = Some(5);
    pub const SPU: Option<usize> = Some(6);
    pub const VMS: Option<usize> = Some(7);
    pub const STAPSDT: Option<usize> = Some(8);
    pub const FDO: Option<usize> = Some(10);
    pub const CORE: Option<usize> = Some(11);
}

const OWNERS: &[u8] =
    b"NetBSD-CORE NetBSD PaX GNU FreeBSD OpenBSD SPU/ IPF/VMS stapsdt AMDGPU FDO CORE";

/// The types of notes that an owner has of its own, by the owner's place.
const TYPES: ByMachine = by_machine! {
    [3] => names::GNU,
    [4] => names::FREEBSD,
    [5] => names::OPENBSD,
    [7] => names::VMS,
    [8] => names::STAPSDT,
    [9] => names::AMDGPU,
};

fn known(owner: &[u8]) -> Option<usize> {
    words(OWNERS, b' ').position(|prefix| owner.starts_with(prefix))
}

pub fn show(cx: &mut Context, file: &File) -> bool {
    walk(cx, file, false)
}

/// The same in JSON.
pub fn json(cx: &mut Context, file: &File) {
    walk(cx, file, true);
}

/// Goes through all notes.
fn walk(cx: &mut Context, file: &File, json: bool) -> bool {
    let mut fine = true;
    let mut any = false;
    let is_core = file.elf.header.e_type == ET_CORE;
    let mut unsupported = None;
    if !is_core {
        for index in 0..file.sections.len() {
            let section = file.section(index);
            if section.sh_type == SHT_NOTE {
                any = true;
                let place = [section.sh_offset, section.sh_size, section.sh_addralign];
                let section = Some((index as u32, &section));
                fine &= part(cx, file, json, &place, section, &mut unsupported);
            }
        }
    }
    if any {
        return fine;
    }
    if !json && is_core && file.phnum() == 0 {
        put!(&mut cx.out, "No notes found file.\n");
    }
    file.retry_segments(cx);
    for index in 0..file.segments.len() {
        let segment = file.segment(index);
        if segment.p_type != PT_NOTE {
            continue;
        }
        let place = [segment.p_offset, segment.p_filesz, segment.p_align];
        fine &= part(cx, file, json, &place, None, &mut unsupported);
    }
    fine
}

/// The notes of a section or of a segment: `place` is its offset, size and alignment.
fn part(
    cx: &mut Context,
    file: &File,
    json: bool,
    place: &[u64; 3],
    section: Option<(u32, &SectionHeader)>,
    unsupported: &mut Option<u32>,
) -> bool {
    let &[offset, size, align] = place;
    if size == 0 {
        return false;
    }
    let Some(data) = file.elf.bytes(offset, size) else {
        let what: &[u8] = if section.is_some() { b"section contents" } else { b"notes" };
        fill_error!(cx, "Reading %u bytes extends past end of file for %s", size; what);
        return false;
    };
    let mut copy = None;
    if let Some((index, section)) = section {
        if json {
            json::section(cx.json().object(rt::text!("")), file, index, section);
        } else {
            let name = file.section_name(section);
            put!(&mut cx.out, "\nDisplaying notes found in: ", text::section(name), "\n");
        }
        copy = relocated(cx, file, unsupported, index, data);
    } else if json {
        cx.json().object(rt::text!("")).numbers("p_offset p_filesz", &[offset, size]);
    } else {
        fill!(
            &mut cx.out,
            "\nDisplaying notes found at file offset 0x%08x with length 0x%08x:\n",
            offset,
            size
        );
    }
    if json {
        cx.json().array(rt::text!("notes"));
    }
    let fine = notes(cx, file, copy.as_deref().unwrap_or(data), align, json);
    json::end_list(cx, json);
    fine
}
/// The notes of an object file with their relocations applied, where there are some: in
/// build attributes the addresses are left to them.
fn relocated(
    cx: &mut Context,
    file: &File,
    unsupported: &mut Option<u32>,
    index: u32,
    data: &[u8],
) -> Option<Vec<u8>> {
    let relocatable = file.elf.header.e_type == ET_REL;
    if !relocatable || !relocate::relocated(file, index) {
        return None;
    }
    let mut copy = data.to_vec();
    relocate::apply(cx, file, unsupported, index, &mut copy);
    Some(copy)
}

/// Prints the notes in `data`.
fn notes(cx: &mut Context, file: &File, data: &[u8], align: u64, json: bool) -> bool {
    // Old tools wrote 0 and 1 for what is aligned to 4 bytes.
    let align = align.max(4);
    if align != 4 && align != 8 {
        fill_warning!(cx, "Corrupt note: alignment %u, expecting 4 or 8", align);
        return false;
    }
    if !file.options.json {
        put!(&mut cx.out, "  Owner                Data size \tDescription\n");
    }
    // OpenVMS widens the header of its notes.
    let word = if vms::wide_header(file) { 8 } else { 4 };
    let mut regions = Regions::default();
    let mut fine = true;
    let mut at = 0;
    while let Some(rest) = data.get(at..).filter(|rest| !rest.is_empty()) {
        let left = rest.len();
        if left < 3 * word {
            let bytes: &[u8] = if left == 1 { b"byte remains" } else { b"bytes remain" };
            fill_warning!(cx, "Corrupt note: only %u %s, not enough for a full note", left; bytes);
            break;
        }
        let r = Reader::new(file.elf.encoding, rest);
        let mut fields = [0; 3];
        for (index, field) in fields.iter_mut().enumerate() {
            let narrow = || r.u32(4 * index).map(u64::from);
            *field = if word == 8 { r.u64(8 * index) } else { narrow() }.unwrap_or_default();
        }
        let Some((note, size)) = decode(r, 3 * word, fields, align) else {
            fill_warning!(cx, "note with invalid namesz and/or descsz found at offset %#x", at);
            let [n_namesz, n_descsz, n_type] = fields;
            fill_warning!(
                cx,
                " type: %#x, namesize: %#x, descsize: %#x, alignment: %u",
                n_type,
                n_namesz,
                n_descsz,
                align
            );
            break;
        };
        let print = if json { json::notes::one } else { one };
        fine &= print(cx, file, &note, &mut regions);
        at += size;
    }
    fine
}

/// A note and its length with all padding; none where it doesn't fit into what is there.
fn decode(r: Reader, header: usize, fields: [u64; 3], align: u64) -> Option<(Note, usize)> {
    let [n_namesz, n_descsz, n_type] = fields;
    let up = |n: u64| n.checked_next_multiple_of(align);
    let desc_at = up(n_namesz.checked_add(header as u64)?)?;
    let next = up(desc_at.checked_add(n_descsz)?)?;
    let next = usize::try_from(next).ok().filter(|&next| next <= r.bytes.len())?;
    let rest = r.bytes.get(header..)?;
    let owner = rest.get(..n_namesz as usize)?;
    let owner = c_str(owner, 0).unwrap_or_default();
    let tail = r.bytes.get(desc_at as usize..)?;
    let desc = Reader::new(r.encoding, tail.get(..n_descsz as usize)?);
    let author = if n_namesz == 0 { c_str(rest, 0).unwrap_or_default() } else { owner };
    Some((Note { n_namesz, n_descsz, n_type, owner, author, rest, desc, tail }, next))
}

/// Prints one note: its owner, size and type, and what is known of such notes.
pub fn one(cx: &mut Context, file: &File, note: &Note, regions: &mut Regions) -> bool {
    let place = known(note.owner);
    if matches!(place, owner::NETBSD | owner::PAX) {
        return other::netbsd(cx, note);
    }
    let wide = file.options.wide;
    let is_attribute = build::is_attribute(note);
    put!(&mut cx.out, "  ");
    if is_attribute {
        build::name(cx, file, note);
    } else {
        let shown: &[u8] = match place {
            _ if note.n_namesz == 0 => b"(NONE)",
            owner::SPU => b"SPU",
            _ => note.owner,
        };
        text::column(&mut cx.out, file.options, shown, 20);
    }
    fill!(&mut cx.out, " 0x%08x\t", note.n_descsz);
    kind(&mut cx.out, file, note);
    put!(&mut cx.out, if wide { rt::text!("\t") } else { rt::text!("\n") });
    match known(note.author) {
        owner::VMS => return vms::describe(cx, note),
        owner::GNU => return gnu::describe(cx, file, note),
        owner::STAPSDT => return other::stapsdt(cx, file, note),
        owner::FDO => return other::packaging(cx, note),
        owner::CORE if note.n_type == core_file::NT_FILE => {
            return core_file::mapped_files(cx, file, note);
        }
        owner::CORE => {}
        _ if is_attribute => return build::describe(cx, file, note, regions),
        _ if !note.desc.bytes.is_empty() => {
            put!(&mut cx.out, "   description data: ", Bytes(note.desc.bytes), "\n");
            return true;
        }
        _ => {}
    }
    // Nothing follows the type.
    put!(&mut cx.out, if wide { rt::text!("\n") } else { rt::text!("") });
    true
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
    // Types have 32 bits but in OpenVMS's notes.
    let n_type = note.n_type as u32;
    let place = known(note.owner);
    let elsewhere = matches!(place, owner::FREEBSD | owner::OPENBSD);
    let generic = if file.elf.header.e_type == ET_CORE { names::CORE } else { names::OTHER };
    let named = match place {
        owner::NETBSD_CORE => {
            return other::netbsd_core_type(out, file.elf.header.e_machine, n_type);
        }
        owner::SPU => return put!(out, text::name(note.owner.get(4..).unwrap_or_default())),
        _ => place.and_then(|place| TYPES.names(place as u16)).unwrap_or(generic),
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
