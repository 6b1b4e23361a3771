//! `-d`, `-V`, `-I`.

use super::{begin_section, bits, each_section, named, read};
use crate::context::Context;
use crate::readelf::dynamic::*;
use crate::readelf::file::File;
use crate::readelf::histogram::{self, Lengths};
use crate::readelf::names::tags;
use crate::readelf::symver::Versions;
use rt::elf::consts::{
    SHT_GNU_verdef as VERDEF, SHT_GNU_verneed as VERNEED, SHT_GNU_versym as VERSYM, *,
};
use rt::elf::{Dyn, Reader, c_str};

pub fn dynamic(cx: &mut Context, file: &File) {
    cx.json().number(rt::text!("offset"), file.dynamic.offset).array(rt::text!("entries"));
    for entry in file.dynamic.entries.iter() {
        one(cx, file, &entry);
    }
    cx.json().end_array();
}

/// An entry: its tag, its value, and what that stands for.
fn one(cx: &mut Context, file: &File, entry: &Dyn) {
    let (d_tag, value) = (entry.d_tag, entry.d_val);
    let is_64 = file.elf.encoding.is_64();
    let json = cx.json().object(rt::text!(""));
    tag(json, file, rt::text!("d_tag"), if is_64 { d_tag as u64 } else { u64::from(d_tag as u32) });
    if d_tag == DT_PLTREL {
        tag(json, file, rt::text!("d_val"), value);
    } else {
        json.number(rt::text!("d_val"), value);
    }
    if let DT_NEEDED | DT_SONAME | DT_RPATH | DT_RUNPATH | DT_CONFIG | DT_DEPAUDIT | DT_AUDIT
    | DT_AUXILIARY | DT_FILTER | DT_USED = d_tag
        && let Some(string) = file.dynamic.string(&file.elf, value)
    {
        json.text(rt::text!("d_val_name"), string);
    }
    let flags = match (d_tag, file.elf.header.e_machine) {
        (DT_FLAGS, _) => Some(tags::FLAGS),
        (DT_FLAGS_1, _) => Some(tags::FLAGS_1),
        (DT_GNU_FLAGS_1, _) => Some(tags::GNU_FLAGS_1),
        (DT_FEATURE_1, _) => Some(tags::FEATURE_1),
        (DT_POSFLAG_1, _) => Some(tags::POSFLAG_1),
        (DT_MIPS_FLAGS, EM_MIPS | EM_MIPS_RS3_LE) => Some(tags::MIPS_FLAGS),
        (DT_IA_64_VMS_LNKFLAGS, EM_IA_64) => Some(tags::VMS_LNKFLAGS),
        (DT_HP_DLD_FLAGS, EM_PARISC) => Some(tags::HP_DLD_FLAGS),
        _ => None,
    };
    if let Some(flags) = flags {
        bits(json, rt::text!("d_val_names"), value, flags);
    }
    json.end_object();
}

/// A tag and its name.
#[inline(never)]
fn tag(json: &mut Context, file: &File, key: rt::text::Text, tag: u64) {
    let header = &file.elf.header;
    let short = u32::try_from(tag).ok();
    let name = short.and_then(|tag| tags::tag(tag, header.e_machine, header.e_ident.osabi()));
    named(json, key, tag, name);
}

pub fn histogram(cx: &mut Context, file: &File) {
    let hashes = &file.dynamic.hashes;
    if let Some(hash) = &hashes.sysv {
        let lengths = histogram::sysv(cx, hash);
        chains(cx, rt::text!("DT_HASH"), hash.buckets.len(), lengths);
    }
    if let Some(hash) = &hashes.gnu {
        let key = if hash.mips { rt::text!("DT_MIPS_XHASH") } else { rt::text!("DT_GNU_HASH") };
        chains(cx, key, hash.buckets.len(), histogram::gnu(hash));
    }
}

/// How many chains there are of each length from 0 on.
// Not inlined: it is called twice.
#[inline(never)]
fn chains(cx: &mut Context, key: rt::text::Text, buckets: usize, lengths: Lengths) {
    let json = cx.json();
    json.object(key).numbers("nbucket chains_of_length[", &[buckets as u64]);
    for count in lengths.counts {
        json.number(rt::text!(""), count.into());
    }
    json.end_array().end_object();
}

pub fn versions(cx: &mut Context, file: &File) {
    each_section(cx, file, &mut |cx, index, section| {
        let key = match section.sh_type {
            VERDEF => rt::text!("verdef"),
            VERNEED => rt::text!("verneed"),
            VERSYM => rt::text!("versym"),
            _ => return,
        };
        begin_section(cx, file, index, section);
        cx.json().array(key);
        let reader = &Reader::new(file.elf.encoding, file.data(section).unwrap_or_default());
        match section.sh_type {
            VERSYM => symbols(cx, file, reader),
            VERDEF => chain(cx, file, reader, &DEFINED, section.sh_info),
            _ => chain(cx, file, reader, &NEEDED, section.sh_info),
        }
        cx.json().end_array().end_object();
    });
}

/// A record and those that belong to it: how large both are, and where the former has how many
/// of the latter there are, and where the first one is. Both have in their last field where the
/// next one is.
struct Records {
    size: u8,
    aux_size: u8,
    count_at: u8,
    aux_at: u8,
    is_needed: bool,
}

/// `Elf64_Verdef` and `Elf64_Verdaux`, which are the same in both classes.
static DEFINED: Records =
    Records { size: 20, aux_size: 8, count_at: 6, aux_at: 12, is_needed: false };

/// `Elf64_Verneed` and `Elf64_Vernaux`
static NEEDED: Records =
    Records { size: 16, aux_size: 16, count_at: 2, aux_at: 8, is_needed: true };

/// The versions that are defined, or that are needed.
#[inline(never)]
fn chain(cx: &mut Context, file: &File, reader: &Reader, records: &Records, count: u32) {
    let mut place = Some(0);
    for _ in 0..count {
        let (Some(at), after) = next(reader, place, records.size) else { return };
        let json = cx.json().object(rt::text!(""));
        if records.is_needed {
            read(json, "vn_version.vn_cnt.vn_file:", reader, at);
            name(json, file, rt::text!("vn_file_name"), reader, at + 4);
            json.array(rt::text!("versions"));
        } else {
            read(json, "vd_version.vd_flags.vd_ndx.vd_cnt.vd_hash:", reader, at);
            // The first one is the version's own, the others are those of its parents.
            json.array(rt::text!("names"));
        }
        let aux = reader.u32(at + usize::from(records.aux_at));
        let mut aux = aux.and_then(|aux| at.checked_add(aux as usize));
        for _ in 0..reader.u16(at + usize::from(records.count_at)).unwrap_or_default() {
            let (Some(at), after) = next(reader, aux, records.aux_size) else { break };
            if records.is_needed {
                read(
                    json.object(rt::text!("")),
                    "vna_hash:vna_flags.vna_other.vna_name:",
                    reader,
                    at,
                );
                name(json, file, rt::text!("name"), reader, at + 8);
                json.end_object();
            } else {
                name(json, file, rt::text!(""), reader, at);
            }
            aux = after;
        }
        json.end_array().end_object();
        place = after;
    }
}

/// Where a record of this size is, if it is there, and the next one: there is none after the
/// last one, or where it would not lie behind.
#[inline(never)]
fn next(reader: &Reader, at: Option<usize>, size: u8) -> (Option<usize>, Option<usize>) {
    let size = usize::from(size);
    let at = at.filter(|at| reader.slice(*at, size).is_some());
    let after = at.and_then(|at| {
        let offset = reader.u32(at + size - 4)? as usize;
        at.checked_add(offset).filter(|_| offset >= size)
    });
    (at, after)
}

#[inline(never)]
fn name(json: &mut Context, file: &File, key: rt::text::Text, reader: &Reader, at: usize) {
    let place = reader.u32(at).unwrap_or_default();
    let name = file.dynamic.strings.and_then(|strings| c_str(strings, place.into()));
    json.text_or_null(key, name);
}

/// The version of each dynamic symbol.
fn symbols(cx: &mut Context, file: &File, entries: &Reader) {
    let versions = Versions::load(file, 0, file.dynamic.strings);
    for index in 0..entries.bytes.len() / 2 {
        let entry = entries.u16(2 * index).unwrap_or(0);
        let json = cx
            .json()
            .object(rt::text!(""))
            .number(rt::text!("version"), (entry & !VERSYM_HIDDEN).into());
        if entry & VERSYM_HIDDEN != 0 {
            json.bool(rt::text!("hidden"), true);
        }
        let name = match entry {
            0 => Some(&b"*local*"[..]),
            1 => Some(&b"*global*"[..]),
            _ => versions.called(json, file, entry).ok().flatten(),
        };
        if let Some(name) = name {
            json.text(rt::text!("name"), name);
        }
        json.end_object();
    }
}
