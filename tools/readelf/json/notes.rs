//! `-n`: a note with what is known of its kind.

use super::{Nothing, UNNAMED, beside, bits, lines, read};
use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::notes::build::{Regions, is_attribute};
use crate::readelf::notes::core_file::NT_FILE;
use crate::readelf::notes::property::of_processor;
use crate::readelf::notes::{self, Note};
use crate::words::{place, short, words};
use rt::elf::{Reader, c_str};
use rt::row::find;

const NT_AUXV: u64 = 6;

#[inline(never)]
pub fn one(cx: &mut Context, file: &File, note: &Note, regions: &mut Regions) -> bool {
    let kind = short(&mut |out| notes::kind(out, file, note));
    let numbers = [note.n_namesz, note.n_descsz, note.n_type];
    let texts = [&kind, note.owner, note.desc.bytes].map(Some);
    cx.json().fill("{n_namesz n_descsz n_type n_type_name$name$desc#", &numbers, &texts);
    let rest = !is_told(cx, file, note);
    if is_attribute(note) {
        let size = usize::try_from(note.n_namesz).unwrap_or_default();
        cx.json().hex(rt::text!("name_bytes"), note.rest.get(..size).unwrap_or_default());
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

/// Whose notes are told member by member.
const AUTHORS: &[u8] = b"GNU CORE stapsdt FDO";

/// What is in a note; false where it is a language of its own.
// Not inlined: its frame is large.
#[inline(never)]
fn is_told(json: &mut Context, file: &File, note: &Note) -> bool {
    let desc = &note.desc;
    let string = c_str(desc.bytes, 0).unwrap_or_default();
    match (place(AUTHORS, note.author), note.n_type) {
        (Some(0), 1) => {
            read(json, "os:", desc, 0);
            json.array(rt::text!("abi"));
            for at in 1..4 {
                if let Some(number) = desc.u32(4 * at) {
                    json.number(rt::text!(""), number.into());
                }
            }
            json.end_array();
        }
        (Some(0), 2) => read(json, "entries:enabled_mask:", desc, 0),
        (Some(0), 3) => _ = json.hex(rt::text!("build_id"), desc.bytes),
        (Some(0), 4) => _ = json.text(rt::text!("version"), string),
        (Some(0), 5) => properties(json, file, note),
        (Some(0), _) => return !is_attribute(note),
        (Some(1), NT_FILE) => mapped(json, desc),
        (Some(1), NT_AUXV) => {
            json.array(rt::text!("auxv"));
            let size = 2 * desc.encoding.word();
            for index in 0..desc.bytes.len() / size {
                read(json.object(rt::text!("")), "a_type a_val", desc, index * size);
                json.end_object();
            }
            json.end_array();
        }
        (Some(2), _) => probe(json, desc),
        (Some(3), 0xcafe_1a7e) => _ = json.text(rt::text!("packaging_metadata"), string),
        _ => {
            let mut others = words(b"IPF/VMS NetBSD PaX", b' ');
            return !is_attribute(note) && !others.any(|other| note.author.starts_with(other));
        }
    }
    true
}

/// Of SystemTap: three addresses, then strings.
fn probe(json: &mut Context, desc: &Reader) {
    let mut strings = desc.bytes.get(3 * desc.encoding.word()..);
    if strings.is_some() {
        read(json, "pc base semaphore", desc, 0);
    }
    // The first one is told even if there is none.
    strings = strings.or(Some(b""));
    for key in words(b"provider probe arguments", b' ') {
        let Some(rest) = strings else { break };
        let end = find(rest, 0);
        json.bytes(key, rest.get(..end.unwrap_or(rest.len())).unwrap_or_default());
        strings = end.and_then(|end| rest.get(end + 1..));
    }
}

/// The files of `NT_FILE`: how many, the size of a page, places in memory, then names.
fn mapped(json: &mut Context, desc: &Reader) {
    let word = desc.encoding.word();
    read(json, "page_size", desc, word);
    json.array(rt::text!("files"));
    let count = desc.word(0).and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
    let mut name_at = count.saturating_mul(3).saturating_add(2).saturating_mul(word) as u64;
    let mut at = 2 * word;
    for _ in 0..count {
        let Some(name) = c_str(desc.bytes, name_at) else { break };
        if desc.slice(at, 3 * word).is_none() {
            break;
        }
        read(json.object(rt::text!("")), "start end page_offset", desc, at);
        json.text(rt::text!("name"), name).end_object();
        name_at = name_at.saturating_add(name.len() as u64 + 1);
        at = at.saturating_add(3 * word);
    }
    json.end_array();
}

/// `NT_GNU_PROPERTY_TYPE_0`
fn properties(json: &mut Context, file: &File, note: &Note) {
    let desc = &note.desc;
    json.array(rt::text!("properties"));
    let mut at = 0;
    while let Some(size) = property(json, file, desc, at) {
        at = at.saturating_add(size);
    }
    json.end_array();
}

/// A property; gives back how many bytes it takes.
#[inline(never)]
fn property(json: &mut Context, file: &File, desc: &Reader, at: usize) -> Option<usize> {
    let (pr_type, size) = (desc.u32(at)?, desc.u32(at.saturating_add(4))?);
    let data = desc.slice(at + 8, size as usize)?;
    json.fill("{pr_type pr_datasz pr_data#", &[pr_type.into(), size.into()], &[Some(data)]);
    if let Some(value) = desc.u32(at + 8).filter(|_| size == 4) {
        json.number(rt::text!("value"), value.into());
        if let Some((name, names, _)) = of_processor(file.elf.header.e_machine, pr_type) {
            json.words(rt::text!("pr_type_name"), name);
            bits(json, rt::text!("value_names"), value.into(), names);
        }
    }
    json.end_object();
    Some(8 + data.len().next_multiple_of(desc.encoding.word()))
}
