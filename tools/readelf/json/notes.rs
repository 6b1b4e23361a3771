//! `-n`: a note with what is known of its kind.

use super::{Nothing, UNNAMED, beside, lines};
use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::notes::build::{Regions, is_attribute};
use crate::readelf::notes::core_file::NT_FILE;
use crate::readelf::notes::property::of_processor;
use crate::readelf::notes::{self, Note};
use crate::words::short;
use rt::elf::{Class, Encoding, Reader, c_str};

const NT_AUXV: u64 = 6;

pub fn one(cx: &mut Context, file: &File, note: &Note, regions: &mut Regions) -> bool {
    let kind = short(&mut |out| notes::kind(out, file, note));
    let json = cx.json();
    json.object("")
        .numbers("n_namesz n_descsz n_type", &[note.n_namesz, note.n_descsz, note.n_type]);
    json.text("n_type_name", &kind);
    json.text("name", note.owner).hex("desc", note.desc.bytes);
    let rest = !is_told(cx, file, note);
    if is_attribute(note) {
        let size = usize::try_from(note.n_namesz).unwrap_or_default();
        cx.json().hex("name_bytes", note.rest.get(..size).unwrap_or_default());
    }
    let mut fine = true;
    let mut print = |cx: &mut Context| fine = notes::one(cx, file, note, regions);
    if rest {
        lines(cx, &mut print);
    } else {
        beside(UNNAMED, &mut Nothing, None, &mut print);
    }
    cx.json().end_object();
    fine
}

/// What is in a note; false where it is a language of its own.
// Not inlined: its frame is large.
#[inline(never)]
fn is_told(cx: &mut Context, file: &File, note: &Note) -> bool {
    let (author, desc) = (note.author, &note.desc);
    let (bytes, encoding) = (desc.bytes, desc.encoding);
    let json = cx.json();
    if author == b"GNU" {
        match note.n_type {
            1 => {
                let word = |at| desc.u32(at).map(u64::from);
                json.number("os", word(0).unwrap_or_default()).array("abi");
                for at in 1..4 {
                    if let Some(number) = word(4 * at) {
                        json.number("", number);
                    }
                }
                json.end_array();
            }
            2 => {
                let narrow = Encoding { class: Class::Elf32, ..encoding };
                members(json, "entries enabled_mask", &Reader::new(narrow, bytes), 0);
            }
            3 => {
                json.hex("build_id", bytes);
            }
            4 => {
                json.text("version", c_str(bytes, 0).unwrap_or_default());
            }
            5 => properties(cx, file, note),
            _ => return !is_attribute(note),
        }
    } else if author == b"stapsdt" {
        if let Some(strings) = bytes.get(3 * encoding.word()..) {
            members(json, "pc base semaphore", desc, 0);
            let keys = ["provider", "probe", "arguments"];
            for (key, string) in keys.into_iter().zip(strings.split(|&b| b == 0)) {
                json.text(key, string);
            }
        } else {
            json.text("provider", "");
        }
    } else if author == b"FDO" && note.n_type == 0xcafe_1a7e {
        json.text("packaging_metadata", c_str(bytes, 0).unwrap_or_default());
    } else if author == b"CORE" && note.n_type == NT_FILE {
        mapped(cx, desc);
    } else if author == b"CORE" && note.n_type == NT_AUXV {
        json.array("auxv");
        for at in 0..bytes.len() / (2 * encoding.word()) {
            members(json.object(""), "a_type a_val", desc, 2 * at);
            json.end_object();
        }
        json.end_array();
    } else {
        let others = [&b"IPF/VMS"[..], b"NetBSD", b"PaX"];
        return !is_attribute(note) && !others.iter().any(|other| author.starts_with(other));
    }
    true
}

/// Words of the class's width as members, from the one with this index on; 0 for what isn't
/// there.
// Not inlined: it is called from many places.
#[inline(never)]
fn members(json: &mut Context, keys: &str, desc: &Reader, first: usize) {
    for (key, at) in keys.split(' ').zip(first..) {
        let value = desc.word(at.saturating_mul(desc.encoding.word()));
        json.number(key, value.unwrap_or_default());
    }
}

/// The files of `NT_FILE`: how many, the size of a page, places in memory, then names.
fn mapped(cx: &mut Context, desc: &Reader) {
    let json = cx.json();
    members(json, "page_size", desc, 1);
    json.array("files");
    let count = desc.word(0).and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
    let row = |row: usize| row.saturating_mul(3).saturating_add(2);
    let place = |row: usize| row.saturating_mul(desc.encoding.word());
    let mut name_at = place(row(count)) as u64;
    for index in 0..count {
        let Some(name) = c_str(desc.bytes, name_at) else { break };
        if desc.word(place(row(index).saturating_add(2))).is_none() {
            break;
        }
        members(json.object(""), "start end page_offset", desc, row(index));
        json.text("name", name).end_object();
        name_at = name_at.saturating_add(name.len() as u64 + 1);
    }
    json.end_array();
}

/// `NT_GNU_PROPERTY_TYPE_0`
fn properties(cx: &mut Context, file: &File, note: &Note) {
    let desc = &note.desc;
    cx.json().array("properties");
    let mut at = 0usize;
    while let (Some(pr_type), Some(size)) = (desc.u32(at), desc.u32(at.saturating_add(4))) {
        let Some(data) = desc.slice(at + 8, size as usize) else { break };
        let json = cx.json();
        json.object("").numbers("pr_type pr_datasz", &[pr_type.into(), size.into()]);
        json.hex("pr_data", data);
        let value = desc.u32(at + 8).filter(|_| size == 4);
        if let Some(value) = value {
            json.number("value", value.into());
            if let Some((name, bits, _)) = of_processor(file.elf.header.e_machine, pr_type) {
                super::bits(json.words("pr_type_name", name), "value_names", value.into(), bits);
            }
        }
        json.end_object();
        at = at.saturating_add(8 + data.len().next_multiple_of(desc.encoding.word()));
    }
    cx.json().end_array();
}
