//! `-V`: the versions of the dynamic symbols, those that the file defines, and those that it
//! needs.

use super::file::File;
use super::pattern;
use super::symver::{CORRUPT, Unreadable, Versions};
use super::text;
use crate::context::Context;
use crate::words::Bits;
use rt::elf::consts::VERSYM_HIDDEN;
use rt::elf::consts::{
    DT_VERSYM, SHT_GNU_verdef as VERDEF, SHT_GNU_verneed as VERNEED, SHT_GNU_versym as VERSYM,
};
use rt::elf::{Reader, SectionHeader, c_str};
use rt::fmt::hex;
use rt::io::BufWriter;
use rt::put;

pub fn show(cx: &mut Context, file: &File) -> bool {
    let mut found = false;
    for index in 0..file.sections.len() {
        let section = file.section(index);
        match section.sh_type {
            VERDEF => chain(cx, file, &section, true),
            VERNEED => chain(cx, file, &section, false),
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
fn head(cx: &mut Context, file: &File, section: &SectionHeader, kind: &[u8], count: u64) {
    let entries: &[u8] = if count == 1 { b"entry" } else { b"entries" };
    let linked = file.sections.get(section.sh_link as usize);
    let linked = linked.map_or(CORRUPT, |linked| file.section_name(&linked));
    fill!(
        &mut cx.out,
        "\nVersion %s section '%s' contains %u %s:\n \
         Addr: 0x%016x  Offset: 0x%08x  Link: %u (%s)\n",
        count,
        section.sh_addr,
        section.sh_offset,
        section.sh_link;
        kind,
        file.section_name(section),
        entries,
        linked
    );
}

/// `VER_FLG_*`
fn put_flags(out: &mut BufWriter, flags: u32) {
    if flags == 0 {
        put!(out, "none");
    }
    let mut separator = rt::text!("");
    let known = Bits { bits: &[0, 1, 2], names: b"BASE WEAK INFO" };
    let rest = known.each(flags.into(), &mut |name| {
        put!(out, separator, name);
        separator = rt::text!(" | ");
    });
    if rest != 0 {
        put!(out, separator, "<unknown>");
    }
}

/// Whether a record's offset of the next one is wrong, and tells so: it doesn't lead past a
/// record of this size, but more of them are expected. The pattern is what is told.
fn stuck(cx: &mut Context, pattern: rt::text::Text, next: u32, size: u32, is_last: bool) -> bool {
    let stuck = next < size && !(is_last && next == 0);
    if stuck {
        pattern::warning(cx, pattern, &[next.into()], &[]);
    }
    stuck
}

/// The numbers of a record, each of 16 or, where `wide` has a bit, of 32 bits: `Elf64_Verdef`,
/// `Elf64_Verdaux`, `Elf64_Verneed`, `Elf64_Vernaux`, of which the last one is the offset of the
/// next record. None where it isn't whole.
// Not inlined: it is called for each of the four.
#[inline(never)]
fn record(r: &Reader, at: usize, count: usize, wide: u32) -> Option<[u32; 7]> {
    let mut fields = [0; 7];
    let mut at = at;
    for (index, field) in fields.iter_mut().enumerate().take(count) {
        let is_wide = wide >> index & 1 != 0;
        *field = if is_wide { r.u32(at)? } else { r.u16(at)?.into() };
        at += if is_wide { 4 } else { 2 };
    }
    Some(fields)
}

/// A name, or what stands for one that isn't in the strings, as a [pattern].
#[inline(never)]
fn put_name(out: &mut BufWriter, strings: &[u8], name: u32, index: rt::text::Text) {
    match c_str(strings, name.into()) {
        Some(name) => put!(out, ": ", text::name(name)),
        None => pattern::numbers(out, index, &[name.into()]),
    }
}

/// The place that an offset leads to, if it is within the section.
fn after(r: &Reader, at: usize, offset: u32) -> Option<usize> {
    at.checked_add(offset as usize).filter(|next| *next <= r.bytes.len())
}

/// The versions that the file defines, or that it needs.
fn chain(cx: &mut Context, file: &File, section: &SectionHeader, defined: bool) {
    let kind: &[u8] = if defined { b"definition" } else { b"needs" };
    head(cx, file, section, kind, section.sh_info.into());
    let what = if defined {
        rt::text!("version definition section")
    } else {
        rt::text!("Version Needs section")
    };
    let Some(bytes) = file.read_section(cx, section, what) else { return };
    let r = Reader::new(file.elf.encoding, bytes);
    if follow(cx, file, &r, section.sh_info, defined).is_some() {
    } else if defined {
        put!(&mut cx.out, "  Version definition past end of section\n");
    } else {
        warn!(cx, "Missing Version Needs information");
    }
}

/// Follows a chain of so many records; none where it leads out of the section.
fn follow(cx: &mut Context, file: &File, r: &Reader, count: u32, defined: bool) -> Option<()> {
    let mut at = 0;
    for number in 1..=count {
        let (next, wrong, size) = if defined {
            (definition(cx, file, r, at)?, rt::text!("Invalid vd_next field of %x"), 20)
        } else {
            (need(cx, file, r, at)?, rt::text!("Invalid vn_next field of %x"), 16)
        };
        if stuck(cx, wrong, next, size, number == count) {
            break;
        }
        at = after(r, at, next)?;
    }
    Some(())
}

/// A version that the file defines: its name, and those of its parents. Gives back where the
/// next one is; none where not even the first name can be read.
fn definition(cx: &mut Context, file: &File, r: &Reader, at: usize) -> Option<u32> {
    let strings = file.dynamic.strings.unwrap_or_default();
    let [version, flags, index, count, _, aux, next] = record(r, at, 7, 0b111_0000)?;
    fill!(&mut cx.out, "  %#06x: Rev: %u  Flags: ", at, version);
    put_flags(&mut cx.out, flags);
    fill!(&mut cx.out, "  Index: %u  Cnt: %u  ", index, count);
    let mut at = after(r, at, aux)?;
    let [mut name, mut next_aux, ..] = record(r, at, 2, 0b11)?;
    put!(&mut cx.out, "Name");
    put_name(&mut cx.out, strings, name, rt::text!(" index: %u"));
    put!(&mut cx.out, "\n");
    for parent in 1..count {
        if stuck(cx, rt::text!("Invalid vda_next field of %x"), next_aux, 8, parent == count - 1) {
            break;
        }
        let aux = after(r, at, next_aux).and_then(|next| {
            at = next;
            record(r, at, 2, 0b11)
        });
        let Some(aux) = aux else {
            put!(&mut cx.out, "  Version def aux past end of section\n");
            break;
        };
        [name, next_aux, ..] = aux;
        fill!(&mut cx.out, "  %#06x: Parent %u", at, parent);
        put_name(&mut cx.out, strings, name, rt::text!(", name index: %u"));
        put!(&mut cx.out, "\n");
    }
    Some(next)
}

/// A file that is needed, and its versions. Gives back where the next one is.
fn need(cx: &mut Context, file: &File, r: &Reader, at: usize) -> Option<u32> {
    let strings = file.dynamic.strings.unwrap_or_default();
    let [version, count, name, aux, next, ..] = record(r, at, 5, 0b11100)?;
    fill!(&mut cx.out, "  %#06x: Version: %u  File", at, version);
    put_name(&mut cx.out, strings, name, rt::text!(": %x"));
    fill!(&mut cx.out, "  Cnt: %u\n", count);
    let at = after(r, at, aux)?;
    if needed_of(cx, strings, r, at, count).is_none() {
        warn!(cx, "Missing Version Needs auxiliary information");
    }
    Some(next)
}

/// The versions that are needed of one file; none where they lead out of the section.
fn needed_of(
    cx: &mut Context,
    strings: &[u8],
    r: &Reader,
    mut at: usize,
    count: u32,
) -> Option<()> {
    for number in 1..=count {
        let [_, flags, other, name, next, ..] = record(r, at, 5, 0b11001)?;
        fill!(&mut cx.out, "  %#06x:   Name", at);
        put_name(&mut cx.out, strings, name, rt::text!(" index: %x"));
        put!(&mut cx.out, "  Flags: ");
        put_flags(&mut cx.out, flags);
        fill!(&mut cx.out, "  Version: %u\n", other);
        if stuck(cx, rt::text!("Invalid vna_next field of %x"), next, 16, number == count) {
            break;
        }
        at = after(r, at, next)?;
    }
    Some(())
}

/// The versions of the symbols; false where the section is linked with none.
#[inline(never)]
fn symbols(cx: &mut Context, file: &File, section: &SectionHeader) -> bool {
    let Some(link) = file.sections.get(section.sh_link as usize) else { return true };
    let Some(symbols) = file.symbols(cx, section.sh_link as usize) else { return true };
    let Some(strings) = file.sections.get(link.sh_link as usize) else { return true };
    if file.read_section(cx, &strings, rt::text!("version string table")).is_none() {
        return true;
    }
    let total = section.sh_size / 2;
    head(cx, file, section, b"symbols", total);
    let offset = file.locate(cx, file.dynamic.value(DT_VERSYM), section.sh_size);
    let what = rt::text!("version symbol data");
    let Some(bytes) = file.read(cx, offset, section.sh_size, what) else { return true };
    let versions = Versions::load(file, 0, file.dynamic.strings);
    let entries = Reader::new(file.elf.encoding, bytes);
    let mut count = 0usize;
    while let Some(entry) = entries.u16(2 * count) {
        if count.is_multiple_of(4) {
            put!(
                &mut cx.out,
                if count == 0 { rt::text!("  ") } else { rt::text!("\n  ") },
                hex(count).zero(3),
                ":"
            );
        }
        match entry {
            0 => put!(&mut cx.out, "   0 (*local*)    "),
            1 => put!(&mut cx.out, "   1 (*global*)   "),
            _ => {
                let hidden =
                    if entry & VERSYM_HIDDEN != 0 { rt::text!("h") } else { rt::text!(" ") };
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
