//! GNU build attributes (owner `GA...`): how a compiler was told to compile which part of
//! the program. The attribute is in the owner's name, the part in the descriptor.

use super::Note;
use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::names::label::Label;
use crate::readelf::names::note_types as names;
use crate::readelf::pattern;
use crate::readelf::text;
use rt::elf::consts::{SHT_SYMTAB, STT_FUNC, STT_NOTYPE, STT_OBJECT};
use rt::elf::{Symbol, c_str};
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
    let mut room: i64 = if wide { 28 } else { 20 };
    let bytes = |at: u64| note.rest.get(at as usize..).unwrap_or_default();
    let kind = note.owner.get(2).copied().unwrap_or_default();
    put!(&mut cx.out, "GA");
    cx.out.byte(kind);
    room -= 3;
    let id = bytes(3).first().copied().unwrap_or_default();
    let mut at = 4;
    match &names::BUILD_ATTRIBUTE.get(id.into()) {
        Some(name) => {
            put!(&mut cx.out, "<", name, ">");
            room -= name.len() as i64 + 2;
            let expected: &[u8] = match id {
                1 | 5 => b"$",
                2 => b"!+*",
                3 | 8 => b"!+",
                6 => b"$*",
                _ => b"*",
            };
            if !expected.contains(&kind) {
                fill_warning!(cx, "attribute does not have an expected type (%s)"; &[kind]);
            }
        }
        None if (0x20..0x7f).contains(&id) => {
            let name = c_str(bytes(3), 0).unwrap_or_default();
            let shown = if wide { name } else { name.get(..17).unwrap_or(name) };
            fill!(&mut cx.out, "%s:"; shown);
            room -= shown.len() as i64 + 1;
            at = 3 + name.len() as u64 + 1;
        }
        None => {
            let number = i32::from(id.cast_signed()).cast_unsigned();
            fill_error!(cx, "unrecognised byte in name field: %d", number);
            fill!(&mut cx.out, "<unknown:_%d>", number);
            room -= 11 + digits(id);
        }
    }
    if at > size {
        let what = rt::text!("corrupt name field: namesz: %u but parsing gets to %u");
        return pattern::error(cx, what, &[size, at], &[]);
    }
    let label;
    let mut string: &[u8] = match kind {
        b'$' => c_str(bytes(at), 0).unwrap_or_default(),
        b'!' => b"false",
        b'+' => b"true",
        _ => b"",
    };
    let mut number = None;
    if kind == b'*' {
        let count = (size - at).saturating_sub(1) as usize;
        if count > 8 {
            let what = rt::text!("corrupt numeric name field: too many bytes in the value: %x");
            pattern::error(cx, what, &[count as u64], &[]);
        }
        let digits = bytes(at).iter().take(count.min(8)).rev();
        let value = digits.fold(0, |value, &byte| value << 8 | u64::from(byte));
        let table = match id {
            2 => Some(names::STACK_PROTECTION),
            7 => Some(names::PIC),
            _ => None,
        };
        match table.and_then(|table| table.get(u32::try_from(value).ok()?)) {
            Some(name) => {
                label = Label::from(&name);
                string = label.as_ref();
            }
            None => number = Some(value),
        }
    }
    if room == 0 || room < 0 && !wide {
        return;
    }
    let whole = room < 0;
    let room = room.unsigned_abs() as usize;
    match number {
        None if whole => text::fit(&mut cx.out, file.options, string, isize::MAX),
        Some(value) if whole => fill!(&mut cx.out, "0x%x", value),
        None => text::column(&mut cx.out, file.options, string, room),
        Some(value) if wide => {
            fill!(&mut cx.out, "0x%-*x", room.saturating_sub(2).min(255), value);
        }
        Some(value) => fill!(&mut cx.out, "0x%0*x", room, value),
    }
}

/// How wide a byte is as a signed decimal number.
fn digits(byte: u8) -> i64 {
    let value = byte.cast_signed();
    let magnitude = value.unsigned_abs();
    let digits = 1 + i64::from(magnitude > 9) + i64::from(magnitude > 99);
    digits + i64::from(value < 0)
}

/// Prints which addresses the attribute is about, and the symbol that begins there.
pub fn describe(cx: &mut Context, file: &File, note: &Note, regions: &mut Regions) -> bool {
    let func = note.n_type == NT_GNU_BUILD_ATTRIBUTE_FUNC;
    let kept = if func { &mut regions.func } else { &mut regions.open };
    let desc = &note.desc;
    let pair = match desc.bytes.len() {
        0 => Some(*kept),
        4 => desc.u32(0).map(|start| (start.into(), 0)),
        8 => desc.u32(0).zip(desc.u32(4)).map(|(start, end)| (start.into(), end.into())),
        16 => desc.u64(0).zip(desc.u64(8)),
        _ => None,
    };
    let Some((start, end)) = pair else {
        put!(&mut cx.out, "    <invalid descsz>");
        fill_error!(cx, "    <invalid description size: %x>", note.n_descsz);
        return false;
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
        fill!(out, " (%s)"; name);
    }
    put!(out, "\n");
    true
}

/// The symbol that begins at an address: a function, or anything else.
fn symbol_at<'a>(file: &File<'a>, address: u64, func: bool) -> Option<&'a [u8]> {
    let (_, section) = file.sections_of(SHT_SYMTAB).next()?;
    let strings = file.linked_strings(&section);
    let bytes = file.data(&section)?;
    let symbols = rt::elf::Table::<Symbol>::new(file.elf.encoding, bytes, section.sh_entsize)?;
    symbols.iter().find_map(|symbol| {
        let fits = match symbol.kind() {
            STT_FUNC => func,
            STT_OBJECT | STT_NOTYPE => !func,
            _ => false,
        };
        let name = c_str(strings, symbol.st_name.into()).filter(|name| !name.is_empty())?;
        (fits && symbol.st_value == address && symbol.st_shndx != 0).then_some(name)
    })
}
