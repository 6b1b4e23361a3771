//! `-g`: section groups (gABI, "Section Groups").

use super::file::{File, Symbols};
use super::text;
use crate::context::Context;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU8, Ordering};
use rt::elf::consts::*;
use rt::elf::{Reader, SectionHeader, c_str};
use rt::fmt::{dec, hex};
use rt::put;

/// A kind of mistake, and how often it has been told: ten times are enough, whatever the
/// number of files.
struct Mistake {
    what: &'static str,
    told: AtomicU8,
}

static OVERLARGE: Mistake = Mistake::new("overlarge group section indices");
static CONTAINED: Mistake = Mistake::new("already contained group sections");
/// No group has section 0; this is told once.
static ZERO: Mistake = Mistake::new("section 0");

impl Mistake {
    const MOST: u8 = 10;

    const fn new(what: &'static str) -> Self {
        Mistake { what, told: AtomicU8::new(0) }
    }

    /// Counts one more, and gives the number of those before.
    fn count(&self) -> u8 {
        let before = self.told.load(Ordering::Relaxed);
        self.told.store(before.saturating_add(1), Ordering::Relaxed);
        before
    }

    fn tell(&self, cx: &mut Context, member: u32, group: u32, relation: &str, to: u32) {
        let [member, group, to] = [member, group, to].map(|index| dec(index).width(5));
        match self.count() {
            ..Self::MOST => {
                error!(
                    cx,
                    "section [", member, "] in group section [", group, "]", relation, to, "]"
                );
            }
            Self::MOST => warn!(cx, "Further error messages about ", self.what, " suppressed"),
            _ => {}
        }
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
    let mut any = false;
    let mut group_of = Vec::new();
    // Most groups are linked with the same symbol table.
    let mut last: Option<(u32, Symbols)> = None;
    for (index, section) in file.sections_of(SHT_GROUP) {
        if !any {
            any = true;
            group_of.resize(file.sections.len(), NONE);
        }
        let name = text::section(file.section_name(&section));
        let wrong = |cx: &mut Context, what: &str| {
            error!(cx, what, " in group section `", name, "'");
        };
        let linked = file.sections.get(section.sh_link as usize);
        let Some(symtab) = linked.filter(|linked| linked.sh_type == SHT_SYMTAB) else {
            wrong(cx, "Bad sh_link");
            continue;
        };
        if last.is_none_or(|(link, _)| link != section.sh_link) {
            last = file.symbols(cx, section.sh_link as usize).map(|s| (section.sh_link, s));
        }
        let Some((_, symbols)) = last else {
            wrong(cx, "Corrupt header");
            continue;
        };
        let Some(signature) = signature(cx, file, &section, &symtab, &symbols) else {
            wrong(cx, "Bad sh_info");
            continue;
        };
        let Some(members) = members(cx, file, &section) else { continue };
        if wanted {
            put!(&mut cx.out, "\n");
            put_flags(cx, members.u32(0).unwrap_or(0));
            let count = (members.bytes.len() / 4).saturating_sub(1);
            put!(&mut cx.out, "group section [", dec(index).width(5), "] `", name, "' [");
            put!(&mut cx.out, text::name(signature), "] contains ", dec(count), " sections:\n");
            put!(&mut cx.out, "   [Index]    Name\n");
        }
        show_members(cx, file, index as u32, members, &mut group_of);
    }
    if wanted && !any {
        put!(&mut cx.out, "\nThere are no section groups in this file.\n");
    }
    true
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
        linked.and_then(|linked| file.read_section(cx, &linked, "string table"));
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
        let name = text::section(file.section_name(section));
        let tail = " has sh_entsize (0x4) which is larger than its size (";
        error!(cx, "Section ", name, tail, hex(size).alt(), ")");
        return None;
    }
    let bytes = file.read_section(cx, section, "section data")?;
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
    put!(out, "[0x", hex(flags), ": ");
    let kinds = [
        (GRP_MASKOS, "<OS specific>"),
        (GRP_MASKPROC, "<PROC specific>"),
        (!(GRP_COMDAT | GRP_MASKOS | GRP_MASKPROC), "<unknown>"),
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
            OVERLARGE.tell(cx, member, group, " > maximum section [", last);
            continue;
        };
        if *before != NONE && member != 0 {
            CONTAINED.tell(cx, member, group, " already in group section [", *before);
            continue;
        }
        if *before != NONE && ZERO.count() == 0 {
            error!(cx, "section 0 in group section [", dec(*before).width(5), "]");
        }
        *before = group;
        if file.options.groups {
            let section = file.sections.get(member as usize);
            let name = section.map(|section| text::section(file.section_name(&section)));
            put!(&mut cx.out, "   [", dec(member).width(5), "]   ", name, "\n");
        }
    }
}
