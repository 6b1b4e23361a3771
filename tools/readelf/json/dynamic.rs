//! `-d`, `-V`, `-I`.

use crate::context::Context;
use crate::readelf::dynamic::*;
use crate::readelf::file::File;
use crate::readelf::histogram::{self, Lengths};
use crate::readelf::names::{Names, tags};
use crate::readelf::symver::Versions;
use rt::elf::consts::{
    SHT_GNU_verdef as VERDEF, SHT_GNU_verneed as VERNEED, SHT_GNU_versym as VERSYM, *,
};
use rt::elf::{Reader, Record, SectionHeader, Verdaux, Verdef, Vernaux, Verneed, c_str};

pub fn dynamic(cx: &mut Context, file: &File) {
    let header = &file.elf.header;
    let osabi = header.e_ident.osabi();
    let tag_name = |tag: u64| tags::tag(u32::try_from(tag).ok()?, header.e_machine, osabi);
    cx.json().object("dynamic").number("offset", file.dynamic.offset).array("entries");
    for entry in file.dynamic.entries.iter() {
        let (is_64, value) = (file.elf.encoding.is_64(), entry.d_val);
        let tag = if is_64 { entry.d_tag as u64 } else { u64::from(entry.d_tag as u32) };
        let json = cx.json();
        json.object("").number("d_tag", tag);
        if let Some(name) = tag_name(tag) {
            json.words_named("d_tag", &name);
        }
        json.number("d_val", value);
        match entry.d_tag {
            DT_NEEDED | DT_SONAME | DT_RPATH | DT_RUNPATH | DT_CONFIG | DT_DEPAUDIT | DT_AUDIT
            | DT_AUXILIARY | DT_FILTER | DT_USED => {
                if let Some(string) = file.dynamic.string(value) {
                    json.text("d_val_name", string);
                }
            }
            DT_PLTREL => {
                if let Some(name) = tag_name(value) {
                    json.words_named("d_val", &name);
                }
            }
            _ => {}
        }
        let flags: Option<Names> = match (entry.d_tag, header.e_machine) {
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
        if let Some(names) = flags {
            json.array("d_val_names");
            for (_, name) in names.iter().filter(|(bit, _)| value >> bit & 1 == 1) {
                json.words("", &name);
            }
            json.end_array();
        }
        json.end_object();
    }
    cx.json().end_array().end_object();
}

pub fn histogram(cx: &mut Context, file: &File) {
    cx.json().object("histogram");
    let hashes = file.dynamic.hashes;
    let show = |cx: &mut Context, key: &str, buckets: usize, lengths: Lengths| {
        let json = cx.json();
        // How many chains there are of each length from 0 on.
        json.object(key).number("nbucket", buckets as u64).array("chains_of_length");
        for count in lengths.counts {
            json.number("", count.into());
        }
        json.end_array().end_object();
    };
    if let Some(hash) = &hashes.sysv {
        let lengths = histogram::sysv(cx, hash);
        show(cx, "DT_HASH", hash.buckets.len(), lengths);
    }
    if let Some(hash) = &hashes.gnu {
        let key = if hash.mips { "DT_MIPS_XHASH" } else { "DT_GNU_HASH" };
        show(cx, key, hash.buckets.len(), histogram::gnu(hash));
    }
    cx.json().end_object();
}

pub fn versions(cx: &mut Context, file: &File) {
    cx.json().array("versions");
    for (index, section) in file.sections.iter().enumerate() {
        let (key, part): (_, fn(&mut Context, &File, &SectionHeader)) = match section.sh_type {
            VERDEF => ("verdef", definitions),
            VERNEED => ("verneed", needs),
            VERSYM => ("versym", symbols),
            _ => continue,
        };
        super::section(cx.json().object(""), file, index as u32, &section);
        cx.json().array(key);
        part(cx, file, &section);
        cx.json().end_array().end_object();
    }
    cx.json().end_array();
}

/// The record at a place, if all of it is there.
fn record<T: Record>(file: &File, bytes: &[u8], at: usize) -> Option<T> {
    T::decode(file.elf.encoding, bytes.get(at..)?)
}

/// Where the next record is; none after the last one, or where it would not lie behind.
fn next(at: usize, offset: u32, size: u32) -> Option<usize> {
    at.checked_add(offset as usize).filter(|_| offset >= size)
}

fn name(cx: &mut Context, file: &File, key: &str, at: u32) {
    match file.dynamic.strings.and_then(|strings| c_str(strings, at.into())) {
        Some(name) => cx.json().text(key, name),
        None => cx.json().null(key),
    };
}

fn definitions(cx: &mut Context, file: &File, section: &SectionHeader) {
    let bytes = file.data(section).unwrap_or_default();
    let mut place = Some(0);
    for _ in 0..section.sh_info {
        let Some(at) = place else { return };
        let Some(def) = record::<Verdef>(file, bytes, at) else { return };
        let numbers = [def.vd_version, def.vd_flags, def.vd_ndx, def.vd_cnt].map(u64::from);
        cx.json().object("").numbers("vd_version vd_flags vd_ndx vd_cnt", &numbers);
        // The first one is the version's own, the others are those of its parents.
        cx.json().number("vd_hash", def.vd_hash.into()).array("names");
        let mut aux_place = at.checked_add(def.vd_aux as usize);
        for _ in 0..def.vd_cnt {
            let Some(aux_at) = aux_place else { break };
            let Some(aux) = record::<Verdaux>(file, bytes, aux_at) else { break };
            name(cx, file, "", aux.vda_name);
            aux_place = next(aux_at, aux.vda_next, 8);
        }
        cx.json().end_array().end_object();
        place = next(at, def.vd_next, 20);
    }
}

fn needs(cx: &mut Context, file: &File, section: &SectionHeader) {
    let bytes = file.data(section).unwrap_or_default();
    let mut place = Some(0);
    for _ in 0..section.sh_info {
        let Some(at) = place else { return };
        let Some(need) = record::<Verneed>(file, bytes, at) else { return };
        let numbers = [need.vn_version.into(), need.vn_cnt.into(), need.vn_file.into()];
        cx.json().object("").numbers("vn_version vn_cnt vn_file", &numbers);
        name(cx, file, "vn_file_name", need.vn_file);
        cx.json().array("versions");
        let mut aux_place = at.checked_add(need.vn_aux as usize);
        for _ in 0..need.vn_cnt {
            let Some(aux_at) = aux_place else { break };
            let Some(aux) = record::<Vernaux>(file, bytes, aux_at) else { break };
            let (flags, other) = (aux.vna_flags.into(), aux.vna_other.into());
            let numbers = [aux.vna_hash.into(), flags, other, aux.vna_name.into()];
            cx.json().object("").numbers("vna_hash vna_flags vna_other vna_name", &numbers);
            name(cx, file, "name", aux.vna_name);
            cx.json().end_object();
            aux_place = next(aux_at, aux.vna_next, 16);
        }
        cx.json().end_array().end_object();
        place = next(at, need.vn_next, 16);
    }
}

/// The version of each dynamic symbol.
fn symbols(cx: &mut Context, file: &File, section: &SectionHeader) {
    let bytes = file.data(section).unwrap_or_default();
    let entries = Reader::new(file.elf.encoding, bytes);
    let versions = Versions::load(file, 0, file.dynamic.strings);
    for index in 0..bytes.len() / 2 {
        let entry = entries.u16(2 * index).unwrap_or(0);
        let version = (entry & !VERSYM_HIDDEN).into();
        cx.json().object("").number("version", version);
        if entry & VERSYM_HIDDEN != 0 {
            cx.json().bool("hidden", true);
        }
        match entry {
            0 => {
                cx.json().words("name", &"*local*");
            }
            1 => {
                cx.json().words("name", &"*global*");
            }
            _ => {
                if let Ok(Some(name)) = versions.called(cx, file, entry) {
                    cx.json().text("name", name);
                }
            }
        }
        cx.json().end_object();
    }
}
