//! `-d`, `-V`, `-I`.

use super::{begin_section, bits, named};
use crate::context::Context;
use crate::readelf::dynamic::*;
use crate::readelf::file::File;
use crate::readelf::histogram::{self, Lengths};
use crate::readelf::names::tags;
use crate::readelf::symver::Versions;
use rt::elf::consts::{
    SHT_GNU_verdef as VERDEF, SHT_GNU_verneed as VERNEED, SHT_GNU_versym as VERSYM, *,
};
use rt::elf::{Reader, c_str};

pub fn dynamic(cx: &mut Context, file: &File) {
    let header = &file.elf.header;
    let osabi = header.e_ident.osabi();
    let tag_name = |tag: u64| tags::tag(u32::try_from(tag).ok()?, header.e_machine, osabi);
    cx.json().object("dynamic").number("offset", file.dynamic.offset).array("entries");
    for entry in file.dynamic.entries.iter() {
        let (is_64, value) = (file.elf.encoding.is_64(), entry.d_val);
        let tag = if is_64 { entry.d_tag as u64 } else { u64::from(entry.d_tag as u32) };
        let json = cx.json();
        named(json.object(""), "d_tag", tag, tag_name(tag));
        let name = if entry.d_tag == DT_PLTREL { tag_name(value) } else { None };
        named(json, "d_val", value, name);
        if let DT_NEEDED | DT_SONAME | DT_RPATH | DT_RUNPATH | DT_CONFIG | DT_DEPAUDIT | DT_AUDIT
        | DT_AUXILIARY | DT_FILTER | DT_USED = entry.d_tag
            && let Some(string) = file.dynamic.string(&file.elf, value)
        {
            json.text("d_val_name", string);
        }
        let flags = match (entry.d_tag, header.e_machine) {
            (DT_FLAGS, _) => tags::FLAGS,
            (DT_FLAGS_1, _) => tags::FLAGS_1,
            (DT_GNU_FLAGS_1, _) => tags::GNU_FLAGS_1,
            (DT_FEATURE_1, _) => tags::FEATURE_1,
            (DT_POSFLAG_1, _) => tags::POSFLAG_1,
            (DT_MIPS_FLAGS, EM_MIPS | EM_MIPS_RS3_LE) => tags::MIPS_FLAGS,
            (DT_IA_64_VMS_LNKFLAGS, EM_IA_64) => tags::VMS_LNKFLAGS,
            (DT_HP_DLD_FLAGS, EM_PARISC) => tags::HP_DLD_FLAGS,
            _ => {
                json.end_object();
                continue;
            }
        };
        bits(json, "d_val_names", value, flags);
        json.end_object();
    }
    cx.json().end_array().end_object();
}

pub fn histogram(cx: &mut Context, file: &File) {
    cx.json().object("histogram");
    let hashes = file.dynamic.hashes;
    if let Some(hash) = &hashes.sysv {
        let lengths = histogram::sysv(cx, hash);
        chains(cx, "DT_HASH", hash.buckets.len(), lengths);
    }
    if let Some(hash) = &hashes.gnu {
        let key = if hash.mips { "DT_MIPS_XHASH" } else { "DT_GNU_HASH" };
        chains(cx, key, hash.buckets.len(), histogram::gnu(hash));
    }
    cx.json().end_object();
}

/// How many chains there are of each length from 0 on.
// Not inlined: it is called twice.
#[inline(never)]
fn chains(cx: &mut Context, key: &str, buckets: usize, lengths: Lengths) {
    let json = cx.json();
    json.object(key).number("nbucket", buckets as u64).array("chains_of_length");
    for count in lengths.counts {
        json.number("", count.into());
    }
    json.end_array().end_object();
}

pub fn versions(cx: &mut Context, file: &File) {
    cx.json().array("versions");
    for index in 0..file.sections.len() {
        let section = file.section(index);
        let key = match section.sh_type {
            VERDEF => "verdef",
            VERNEED => "verneed",
            VERSYM => "versym",
            _ => continue,
        };
        begin_section(cx, file, index, &section);
        cx.json().array(key);
        let bytes = Reader::new(file.elf.encoding, file.data(&section).unwrap_or_default());
        match section.sh_type {
            VERSYM => symbols(cx, file, &bytes),
            kind => chain(cx, file, &bytes, kind == VERDEF, section.sh_info),
        }
        cx.json().end_array().end_object();
    }
    cx.json().end_array();
}

/// Numbers one after the other as members: those whose bit in `long` is set have four bytes, the
/// others two.
// Not inlined: it is called three times.
#[inline(never)]
fn members(cx: &mut Context, reader: &Reader, mut at: usize, keys: &str, long: u8) {
    for (i, key) in keys.split(' ').enumerate() {
        let is_long = long >> i & 1 != 0;
        let short = || reader.u16(at).map(u32::from);
        let value = if is_long { reader.u32(at) } else { short() };
        cx.json().number(key, value.unwrap_or_default().into());
        at = at.saturating_add(if is_long { 4 } else { 2 });
    }
}

/// Where the next record is; none after the last one, or where it would not lie behind.
fn next(reader: &Reader, at: usize, size: usize) -> Option<usize> {
    let offset = reader.u32(at + size - 4)? as usize;
    at.checked_add(offset).filter(|_| offset >= size)
}

fn name(cx: &mut Context, file: &File, key: &str, reader: &Reader, at: usize) {
    let place = reader.u32(at).unwrap_or_default();
    let name = file.dynamic.strings.and_then(|strings| c_str(strings, place.into()));
    cx.json().text_or_null(key, name);
}

/// The versions that are defined, or that are needed: `Elf64_Verdef` and `Elf64_Verdaux`, or
/// `Elf64_Verneed` and `Elf64_Vernaux`, the same in both classes.
fn chain(cx: &mut Context, file: &File, reader: &Reader, defined: bool, count: u32) {
    let (size, count_at, aux_at, aux_size) = if defined { (20, 6, 12, 8) } else { (16, 2, 8, 16) };
    let mut place = Some(0);
    for _ in 0..count {
        let Some(at) = place.filter(|at| reader.slice(*at, size).is_some()) else { return };
        cx.json().object("");
        if defined {
            members(cx, reader, at, "vd_version vd_flags vd_ndx vd_cnt vd_hash", 0b1_0000);
            // The first one is the version's own, the others are those of its parents.
            cx.json().array("names");
        } else {
            members(cx, reader, at, "vn_version vn_cnt vn_file", 0b100);
            name(cx, file, "vn_file_name", reader, at + 4);
            cx.json().array("versions");
        }
        let mut aux = reader.u32(at + aux_at).and_then(|aux| at.checked_add(aux as usize));
        for _ in 0..reader.u16(at + count_at).unwrap_or_default() {
            let Some(at) = aux.filter(|at| reader.slice(*at, aux_size).is_some()) else { break };
            if defined {
                name(cx, file, "", reader, at);
            } else {
                cx.json().object("");
                members(cx, reader, at, "vna_hash vna_flags vna_other vna_name", 0b1001);
                name(cx, file, "name", reader, at + 8);
                cx.json().end_object();
            }
            aux = next(reader, at, aux_size);
        }
        cx.json().end_array().end_object();
        place = next(reader, at, size);
    }
}

/// The version of each dynamic symbol.
fn symbols(cx: &mut Context, file: &File, entries: &Reader) {
    let versions = Versions::load(file, 0, file.dynamic.strings);
    for index in 0..entries.bytes.len() / 2 {
        let entry = entries.u16(2 * index).unwrap_or(0);
        let version = (entry & !VERSYM_HIDDEN).into();
        cx.json().object("").number("version", version);
        if entry & VERSYM_HIDDEN != 0 {
            cx.json().bool("hidden", true);
        }
        let name = match entry {
            0 => Some(&b"*local*"[..]),
            1 => Some(&b"*global*"[..]),
            _ => versions.called(cx, file, entry).ok().flatten(),
        };
        if let Some(name) = name {
            cx.json().text("name", name);
        }
        cx.json().end_object();
    }
}
