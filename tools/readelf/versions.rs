//! `-V`: the versions of the dynamic symbols, those that the file defines, and those that it
//! needs.

use super::file::File;
use super::symver::{CORRUPT, Unreadable, Versions};
use super::text;
use crate::context::Context;
use rt::elf::consts::VERSYM_HIDDEN;
use rt::elf::consts::{
    DT_VERSYM, SHT_GNU_verdef as VERDEF, SHT_GNU_verneed as VERNEED, SHT_GNU_versym as VERSYM,
};
use rt::elf::{Reader, Record, SectionHeader, Verdaux, Verdef, Vernaux, Verneed, c_str};
use rt::fmt::{Put, dec, hex};
use rt::io::BufWriter;
use rt::put;

pub fn show(cx: &mut Context, file: &File) -> bool {
    if !file.options.versions {
        return true;
    }
    let mut found = false;
    for section in file.sections.iter() {
        match section.sh_type {
            VERDEF => definitions(cx, file, &section),
            VERNEED => needs(cx, file, &section),
            VERSYM => {
                if !symbols(cx, file, &section) {
                    continue;
                }
            }
            _ => continue,
        }
        found = true;
    }
    // With section headers that can't be read, GNU readelf says nothing.
    if !found && file.shnum() as usize == file.sections.len() {
        put!(&mut cx.out, "\nNo version information found in this file.\n");
    }
    true
}

/// The two lines above what a section holds.
fn head(cx: &mut Context, file: &File, section: &SectionHeader, kind: &'static str, count: u64) {
    let entries = if count == 1 { " entry:\n" } else { " entries:\n" };
    let name = text::name(file.section_name(section));
    put!(&mut cx.out, "\nVersion ", kind, " section '", name, "' contains ", dec(count), entries);
    let linked = file.sections.get(section.sh_link as usize);
    let linked = linked.map_or(CORRUPT, |linked| file.section_name(&linked));
    put!(&mut cx.out, " Addr: 0x", hex(section.sh_addr).zero(16));
    put!(&mut cx.out, "  Offset: 0x", hex(section.sh_offset).zero(8));
    put!(&mut cx.out, "  Link: ", dec(section.sh_link), " (", text::name(linked), ")\n");
}

/// `VER_FLG_*`
struct Flags(u16);

impl Put for Flags {
    fn put(&self, out: &mut BufWriter) {
        if self.0 == 0 {
            return out.bytes(b"none");
        }
        let mut separator = "";
        let known = [(1, "BASE"), (2, "WEAK"), (4, "INFO"), (!7, "<unknown>")];
        for (bits, name) in known {
            if self.0 & bits != 0 {
                put!(out, separator, name);
                separator = " | ";
            }
        }
    }
}

/// Whether a record's offset of the next one is wrong, and tells so: it doesn't lead past a
/// record of this size, but more of them are expected.
fn stuck(cx: &mut Context, field: &str, next: u32, size: u32, is_last: bool) -> bool {
    let stuck = next < size && !(is_last && next == 0);
    if stuck {
        warn!(cx, "Invalid ", field, " field of ", hex(next));
    }
    stuck
}

/// The versions that the file defines.
fn definitions(cx: &mut Context, file: &File, section: &SectionHeader) {
    head(cx, file, section, "definition", section.sh_info.into());
    let (offset, size) = (section.sh_offset, section.sh_size);
    let Some(bytes) = file.read(cx, offset, size, "version definition section") else { return };
    let past = "  Version definition past end of section\n";
    let mut at = 0usize;
    for number in 1..=section.sh_info {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(verdef) = Verdef::decode(file.elf.encoding, rest) else {
            return put!(&mut cx.out, past);
        };
        put!(&mut cx.out, "  ", Place(at), ": Rev: ", dec(verdef.vd_version));
        put!(&mut cx.out, "  Flags: ", Flags(verdef.vd_flags));
        put!(&mut cx.out, "  Index: ", dec(verdef.vd_ndx), "  Cnt: ", dec(verdef.vd_cnt), "  ");
        if !names(cx, file, bytes, after(bytes, at, verdef.vd_aux), verdef.vd_cnt) {
            return put!(&mut cx.out, past);
        }
        if stuck(cx, "vd_next", verdef.vd_next, 20, number == section.sh_info) {
            return;
        }
        let Some(next) = after(bytes, at, verdef.vd_next) else {
            return put!(&mut cx.out, past);
        };
        at = next;
    }
}

/// The place that an offset leads to, if it is within the section.
fn after(bytes: &[u8], at: usize, offset: u32) -> Option<usize> {
    at.checked_add(offset as usize).filter(|next| *next <= bytes.len())
}

/// The name of a version that is defined, and those of its parents; false where not even
/// the first one can be read.
fn names(cx: &mut Context, file: &File, bytes: &[u8], at: Option<usize>, count: u16) -> bool {
    let strings = file.dynamic.strings.unwrap_or_default();
    let read = |at: Option<usize>| {
        let at = at?;
        Some((at, Verdaux::decode(file.elf.encoding, bytes.get(at..)?)?))
    };
    let Some((mut at, mut aux)) = read(at) else { return false };
    match c_str(strings, aux.vda_name.into()) {
        Some(name) => put!(&mut cx.out, "Name: ", text::name(name), "\n"),
        None => put!(&mut cx.out, "Name index: ", dec(aux.vda_name), "\n"),
    }
    for parent in 1..count {
        if stuck(cx, "vda_next", aux.vda_next, 8, parent == count - 1) {
            break;
        }
        let Some(next) = read(after(bytes, at, aux.vda_next)) else {
            put!(&mut cx.out, "  Version def aux past end of section\n");
            break;
        };
        (at, aux) = next;
        put!(&mut cx.out, "  ", Place(at), ": Parent ", dec(parent));
        match c_str(strings, aux.vda_name.into()) {
            Some(name) => put!(&mut cx.out, ": ", text::name(name), "\n"),
            None => put!(&mut cx.out, ", name index: ", dec(aux.vda_name), "\n"),
        }
    }
    true
}

/// `%#06x`: 0 has no prefix.
struct Place(usize);

impl Put for Place {
    fn put(&self, out: &mut BufWriter) {
        hex(self.0).alt().zero(6).put(out);
    }
}

/// The versions that the file needs.
fn needs(cx: &mut Context, file: &File, section: &SectionHeader) {
    head(cx, file, section, "needs", section.sh_info.into());
    let (offset, size) = (section.sh_offset, section.sh_size);
    let Some(bytes) = file.read(cx, offset, size, "Version Needs section") else { return };
    let missing = "Missing Version Needs information";
    let strings = file.dynamic.strings.unwrap_or_default();
    let mut at = 0usize;
    for number in 1..=section.sh_info {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(verneed) = Verneed::decode(file.elf.encoding, rest) else {
            return warn!(cx, missing);
        };
        put!(&mut cx.out, "  ", Place(at), ": Version: ", dec(verneed.vn_version));
        match c_str(strings, verneed.vn_file.into()) {
            Some(name) => put!(&mut cx.out, "  File: ", text::name(name)),
            None => put!(&mut cx.out, "  File: ", hex(verneed.vn_file)),
        }
        put!(&mut cx.out, "  Cnt: ", dec(verneed.vn_cnt), "\n");
        let Some(aux) = after(bytes, at, verneed.vn_aux) else {
            return warn!(cx, missing);
        };
        needs_of_file(cx, file, bytes, aux, verneed.vn_cnt);
        if stuck(cx, "vn_next", verneed.vn_next, 16, number == section.sh_info) {
            return;
        }
        let Some(next) = after(bytes, at, verneed.vn_next) else {
            return warn!(cx, missing);
        };
        at = next;
    }
}

/// The versions that are needed of another file.
fn needs_of_file(cx: &mut Context, file: &File, bytes: &[u8], mut at: usize, count: u16) {
    let missing = "Missing Version Needs auxiliary information";
    let strings = file.dynamic.strings.unwrap_or_default();
    for number in 1..=count {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(aux) = Vernaux::decode(file.elf.encoding, rest) else {
            return warn!(cx, missing);
        };
        put!(&mut cx.out, "  ", Place(at));
        match c_str(strings, aux.vna_name.into()) {
            Some(name) => put!(&mut cx.out, ":   Name: ", text::name(name)),
            None => put!(&mut cx.out, ":   Name index: ", hex(aux.vna_name)),
        }
        put!(&mut cx.out, "  Flags: ", Flags(aux.vna_flags));
        put!(&mut cx.out, "  Version: ", dec(aux.vna_other), "\n");
        if stuck(cx, "vna_next", aux.vna_next, 16, number == count) {
            return;
        }
        let Some(next) = after(bytes, at, aux.vna_next) else {
            return warn!(cx, missing);
        };
        at = next;
    }
}

/// The versions of the symbols; false where the section is linked with none.
fn symbols(cx: &mut Context, file: &File, section: &SectionHeader) -> bool {
    let Some(link) = file.sections.get(section.sh_link as usize) else { return true };
    let Some(symbols) = file.symbols(cx, section.sh_link as usize) else { return true };
    let Some(strings) = file.sections.get(link.sh_link as usize) else { return true };
    let (offset, size) = (strings.sh_offset, strings.sh_size);
    if file.read(cx, offset, size, "version string table").is_none() {
        return true;
    }
    let total = section.sh_size / 2;
    head(cx, file, section, "symbols", total);
    let offset = file.locate(cx, file.dynamic.value(DT_VERSYM), section.sh_size);
    let what = "version symbol data";
    let Some(bytes) = file.read(cx, offset, section.sh_size, what) else { return true };
    let versions = Versions::load(file, 0, file.dynamic.strings);
    let entries = Reader::new(file.elf.encoding, bytes);
    let mut count = 0usize;
    while let Some(entry) = entries.u16(2 * count) {
        if count.is_multiple_of(4) {
            put!(&mut cx.out, if count == 0 { "  " } else { "\n  " }, hex(count).zero(3), ":");
        }
        match entry {
            0 => put!(&mut cx.out, "   0 (*local*)    "),
            1 => put!(&mut cx.out, "   1 (*global*)   "),
            _ => {
                let hidden = if entry & VERSYM_HIDDEN != 0 { "h" } else { " " };
                put!(&mut cx.out, hex(entry & !VERSYM_HIDDEN).width(4), hidden);
                if count >= symbols.table.len() {
                    warn!(cx, "invalid index into symbol array");
                    break;
                }
                name_in_table(cx, file, &versions, entry);
            }
        }
        count += 1;
    }
    put!(&mut cx.out, "\n");
    true
}

/// The name in an entry of the table, 13 columns at least.
fn name_in_table(cx: &mut Context, file: &File, versions: &Versions, entry: u16) {
    let name = match versions.called(cx, file, entry) {
        Ok(Some(name)) => name,
        Ok(None) => return cx.out.fill(b' ', 13),
        Err(Unreadable) => return,
    };
    // GNU's width turns negative for long names, and then is one again.
    put!(&mut cx.out, "(", text::name(name), ")");
    cx.out.fill(b' ', name.len().abs_diff(12).saturating_sub(1));
}
