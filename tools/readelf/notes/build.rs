//! GNU build attributes (owner `GA...`): how a compiler was told to compile which part of
//! the program. The attribute is in the owner's name, the part in the descriptor.

use super::Note;
use crate::context::Context;
use crate::readelf::contents::relocate;
use crate::readelf::file::File;
use crate::readelf::names::note_types as names;
use crate::readelf::text;
use crate::words::{short, word};
use rt::elf::consts::{SHT_SYMTAB, STT_FUNC, STT_NOTYPE, STT_OBJECT};
use rt::elf::{Data, Symbol, c_str};
use rt::put;

const NT_GNU_BUILD_ATTRIBUTE_OPEN: u64 = 0x100;
const NT_GNU_BUILD_ATTRIBUTE_FUNC: u64 = 0x101;

/// What a note without a descriptor applies to: the same as the one before it.
#[derive(Default)]
pub struct Regions {
    open: (u64, u64),
    func: (u64, u64),
}

/// Whether the note is such an attribute. GNU readelf takes one without an owner for it, too.
pub fn is_attribute(note: &Note) -> bool {
    let kind = note.author.get(2).copied().unwrap_or_default();
    matches!(note.n_type, NT_GNU_BUILD_ATTRIBUTE_OPEN | NT_GNU_BUILD_ATTRIBUTE_FUNC)
        && (note.author.is_empty()
            || note.author.starts_with(b"GA") && matches!(kind, b'*' | b'$' | b'!' | b'+' | 0))
}

/// Prints the owner's name: the kind of attribute, which one it is, its value.
#[inline(never)]
pub fn name(cx: &mut Context, file: &File, note: &Note) {
    let wide = file.options.wide;
    let size = note.n_namesz;
    if size < if note.author.is_empty() { 2 } else { 4 } {
        fill_error!(cx, "corrupt name field in GNU build attribute note: size = %u", size);
        return put!(&mut cx.out, "  <corrupt name>    ");
    }
    if note.author.is_empty() {
        error!(cx, "unrecognised attribute type in name field: 0");
        return put!(&mut cx.out, "<unknown name type> ");
    }
    let Some((&[_, _, kind, id], value)) = note.rest.split_first_chunk() else { return };
    let out = &mut cx.out;
    let mut room: i64 = if wide { 25 } else { 17 };
    put!(out, "GA");
    out.byte(kind);
    let mut at = 4;
    match &names::BUILD_ATTRIBUTE.get(id.into()) {
        Some(name) => {
            put!(out, "<", name, ">");
            room -= name.len() as i64 + 2;
            let expected = word(b"* $ !+* !+ * $ $* * !+", b' ', id.into()).unwrap_or(b"*");
            if !expected.contains(&kind) {
                fill_warning!(cx, "attribute does not have an expected type (%s)"; &[kind]);
            }
        }
        None if (0x20..0x7f).contains(&id) => {
            let name = c_str(note.rest, 3).unwrap_or_default();
            let shown = if wide { name } else { name.get(..17).unwrap_or(name) };
            put!(out, text::name(shown), ":");
            room -= shown.len() as i64 + 1;
            at = 3 + name.len() as u64 + 1;
        }
        None => {
            let number = i32::from(id.cast_signed()).cast_unsigned();
            fill_error!(cx, "unrecognised byte in name field: %d", number);
            let shown = short(&mut |out| fill!(out, "<unknown:_%d>", number));
            put!(&mut cx.out, &shown[..]);
            room -= shown.len() as i64;
        }
    }
    if at > size {
        return fill_error!(cx, "corrupt name field: namesz: %u but parsing gets to %u", size, at);
    }
    let value = if at == 4 { value } else { note.rest.get(at as usize..).unwrap_or_default() };
    let number;
    let mut string: &[u8] = match kind {
        b'$' => c_str(value, 0).unwrap_or_default(),
        b'!' => b"false",
        b'+' => b"true",
        _ => b"",
    };
    let mut has_number = None;
    if kind == b'*' {
        let count = (size - at).saturating_sub(1) as usize;
        if count > 8 {
            fill_error!(cx, "corrupt numeric name field: too many bytes in the value: %x", count);
        }
        let value = relocate::get(value.get(..count.min(8)).unwrap_or(value), Data::Lsb);
        let key = u32::try_from(value).unwrap_or(u32::MAX);
        number = short(&mut |out| {
            let has_name = match id {
                2 => names::STACK_PROTECTION.put(out, key),
                7 => names::PIC.put(out, key),
                _ => false,
            };
            if !has_name {
                has_number = Some(value);
                fill!(out, "0x%x", value);
            }
        });
        string = &number;
    }
    if room == 0 || room < 0 && !wide {
        return;
    }
    let room = room.max(0) as usize;
    match has_number {
        Some(value) if !wide => fill!(&mut cx.out, "0x%0*x", room, value),
        _ => text::column(&mut cx.out, file.options, string, room),
    }
}

/// Prints which addresses the attribute is about, and the symbol that begins there.
#[inline(never)]
pub fn describe(cx: &mut Context, file: &File, note: &Note, regions: &mut Regions) -> bool {
    let func = note.n_type == NT_GNU_BUILD_ATTRIBUTE_FUNC;
    let kept = if func { &mut regions.func } else { &mut regions.open };
    let desc = &note.desc;
    let n32 = |at| desc.u32(at).unwrap_or_default().into();
    let n64 = |at| desc.u64(at).unwrap_or_default();
    let (start, end) = match desc.bytes.len() {
        0 => *kept,
        4 => (n32(0), 0),
        8 => (n32(0), n32(4)),
        16 => (n64(0), n64(8)),
        _ => {
            put!(&mut cx.out, "    <invalid descsz>");
            fill_error!(cx, "    <invalid description size: %x>", note.n_descsz);
            return false;
        }
    };
    *kept = (start, end);
    let out = &mut cx.out;
    fill!(out, "    Applies to region from %#x", start);
    if end > 0 {
        fill!(out, " to %#x", end);
    }
    if !desc.bytes.is_empty()
        && let Some(name) = symbol_at(file, start, func)
    {
        put!(out, " (", text::name(name), ")");
    }
    put!(out, "\n");
    true
}

/// The symbol that begins at an address: a function, or anything else.
fn symbol_at<'a>(file: &File<'a>, address: u64, func: bool) -> Option<&'a [u8]> {
    let section = file.sections.iter().find(|section| section.sh_type == SHT_SYMTAB)?;
    let strings = file.linked_strings(&section);
    let bytes = file.data(&section)?;
    let symbols = rt::elf::Table::<Symbol>::new(file.elf.encoding, bytes, section.sh_entsize)?;
    for symbol in symbols.iter() {
        let fits = match symbol.kind() {
            STT_FUNC => func,
            STT_OBJECT | STT_NOTYPE => !func,
            _ => false,
        };
        if fits && symbol.st_value == address && symbol.st_shndx != 0 {
            let name = c_str(strings, symbol.st_name.into()).unwrap_or_default();
            if !name.is_empty() {
                return Some(name);
            }
        }
    }
    None
}
