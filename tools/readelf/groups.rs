//! `-g`: section groups (gABI, "Section Groups").

use super::file::{File, Symbols};
use super::pattern;
use crate::context::Context;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU8, Ordering};
use rt::elf::consts::*;
use rt::elf::{Reader, SectionHeader, c_str};
use rt::put;

/// How often each kind of mistake has been told: ten times are enough, whatever the number of
/// files.
static TOLD: [AtomicU8; 3] = [const { AtomicU8::new(0) }; 3];

/// Kinds of mistakes: an index that no section has, a section that is in another group, and
/// section 0, which is in no group; that is told once.
const OVERLARGE: usize = 0;
const CONTAINED: usize = 1;
const ZERO: usize = 2;

/// Counts one more, and gives the number of those before.
fn count(mistake: usize) -> u8 {
    let Some(told) = TOLD.get(mistake) else { return 0 };
    let before = told.load(Ordering::Relaxed);
    told.store(before.saturating_add(1), Ordering::Relaxed);
    before
}

fn tell(cx: &mut Context, mistake: usize, member: u32, group: u32, to: u32) {
    const MOST: u8 = 10;
    let contained = mistake == CONTAINED;
    match count(mistake) {
        ..MOST => {
            let what = if contained {
                rt::text!("section [%5u] in group section [%5u] already in group section [%5u]")
            } else {
                rt::text!("section [%5u] in group section [%5u] > maximum section [%5u]")
            };
            pattern::error(cx, what, &[member.into(), group.into(), to.into()], &[]);
        }
        MOST if contained => {
            warn!(cx, "Further error messages about already contained group sections suppressed");
        }
        MOST => {
            warn!(cx, "Further error messages about overlarge group section indices suppressed")
        }
        _ => {}
    }
}

/// Not in a group.
const NONE: u32 = u32::MAX;

/// Checks the groups, also for `-u`, which looks into them, and prints them.
pub fn show(cx: &mut Context, file: &File) -> bool {
    let wanted = file.options.groups;
    let unreadable = file.sections.is_empty() && file.shnum() != 0;
    if !wanted && (!file.options.unwind || unreadable) {
        return true;
    }
    if unreadable {
        error!(cx, "Section headers are not available!");
        return true;
    }
    show_all(cx, file, wanted);
    true
}

// Its frame is large: nobody pays for it who asks for no groups.
#[inline(never)]
fn show_all(cx: &mut Context, file: &File, wanted: bool) {
    let mut any = false;
    let mut group_of = Vec::new();
    // Most groups are linked with the same symbol table.
    let mut last: Option<(u32, Symbols)> = None;
    let mut index = 0u32;
    for section in file.sections.iter() {
        index += 1;
        if section.sh_type != SHT_GROUP {
            continue;
        }
        if !any {
            any = true;
            group_of.resize(file.sections.len(), NONE);
        }
        let name = file.section_name(&section);
        let linked = file.sections.get(section.sh_link as usize);
        let Some(symtab) = linked.filter(|linked| linked.sh_type == SHT_SYMTAB) else {
            fill_error!(cx, "Bad sh_link in group section `%S'"; name);
            continue;
        };
        if last.is_none_or(|(link, _)| link != section.sh_link) {
            last = file.symbols(cx, section.sh_link as usize).map(|s| (section.sh_link, s));
        }
        let Some((_, symbols)) = last else {
            fill_error!(cx, "Corrupt header in group section `%S'"; name);
            continue;
        };
        let Some(signature) = signature(cx, file, &section, &symtab, &symbols) else {
            fill_error!(cx, "Bad sh_info in group section `%S'"; name);
            continue;
        };
        let Some(members) = members(cx, file, &section) else { continue };
        if wanted {
            put!(&mut cx.out, "\n");
            put_flags(cx, members.u32(0).unwrap_or(0));
            let count = (members.bytes.len() / 4).saturating_sub(1);
            fill!(
                &mut cx.out,
                "group section [%5u] `%S' [%s] contains %u sections:\n   [Index]    Name\n",
                index - 1,
                count;
                name,
                signature
            );
        }
        show_members(cx, file, index - 1, members, &mut group_of);
    }
    if wanted && !any {
        put!(&mut cx.out, "\nThere are no section groups in this file.\n");
    }
}

/// The name of a group: of the symbol that `sh_info` names, or of its section.
pub fn signature<'a>(
    cx: &mut Context,
    file: &File<'a>,
    section: &SectionHeader,
    symtab: &SectionHeader,
    symbols: &Symbols,
) -> Option<&'a [u8]> {
    let index = section.sh_info as usize;
    let symbol = symbols.table.get(index)?;
    if symbol.kind() == STT_SECTION {
        let of = file.sections.get(symbols.section_of(index, &symbol) as usize)?;
        return Some(file.section_name(&of));
    }
    let linked = file.sections.get(symtab.sh_link as usize).filter(|_| symtab.sh_link != 0);
    let strings =
        linked.and_then(|linked| file.read_section(cx, &linked, rt::text!("string table")));
    Some(c_str(strings.unwrap_or_default(), symbol.st_name.into()).unwrap_or(b"<corrupt>"))
}

/// The words of a group: its flags, and the indices of its sections.
pub fn members<'a>(
    cx: &mut Context,
    file: &File<'a>,
    section: &SectionHeader,
) -> Option<Reader<'a>> {
    let size = section.sh_size;
    if size < 4 {
        let name = file.section_name(section);
        fill_error!(
            cx,
            "Section %S has sh_entsize (0x4) which is larger than its size (%#x)",
            size;
            name
        );
        return None;
    }
    let bytes = file.read_section(cx, section, rt::text!("section data"))?;
    Some(Reader::new(file.elf.encoding, bytes))
}

fn put_flags(cx: &mut Context, flags: u32) {
    const GRP_MASKOS: u32 = 0x0ff00000;
    const GRP_MASKPROC: u32 = 0xf0000000;
    let out = &mut cx.out;
    if flags == 0 {
        return;
    }
    if flags == GRP_COMDAT {
        return put!(out, "COMDAT ");
    }
    fill!(out, "[0x%x: ", flags);
    let kinds = [
        (GRP_MASKOS, rt::text!("<OS specific>")),
        (GRP_MASKPROC, rt::text!("<PROC specific>")),
        (!(GRP_COMDAT | GRP_MASKOS | GRP_MASKPROC), rt::text!("<unknown>")),
    ];
    for (mask, kind) in kinds {
        if flags & mask != 0 {
            put!(out, kind);
        }
    }
    put!(out, "]");
}

/// The sections of a group, each of which may be in one group only.
fn show_members(cx: &mut Context, file: &File, group: u32, members: Reader, group_of: &mut [u32]) {
    for at in (4..members.bytes.len()).step_by(4) {
        let Some(member) = members.u32(at) else { break };
        let Some(before) = group_of.get_mut(member as usize) else {
            let last = file.sections.len().saturating_sub(1) as u32;
            tell(cx, OVERLARGE, member, group, last);
            continue;
        };
        if *before != NONE && member != 0 {
            tell(cx, CONTAINED, member, group, *before);
            continue;
        }
        if *before != NONE && count(ZERO) == 0 {
            fill_error!(cx, "section 0 in group section [%5u]", *before);
        }
        *before = group;
        if file.options.groups {
            let section = file.sections.get(member as usize);
            let name = section.map(|section| file.section_name(&section)).unwrap_or_default();
            fill!(&mut cx.out, "   [%5u]   %S\n", member; name);
        }
    }
}
