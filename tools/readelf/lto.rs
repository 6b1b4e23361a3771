//! `--lto-syms`: the symbol tables that compilers leave for link-time optimization.

use super::file::File;
use super::{pattern, text};
use crate::context::Context;
use crate::words::word;
use rt::elf::{Reader, SectionHeader};
use rt::fmt::right;
use rt::io::BufWriter;
use rt::put;
use rt::text::Text;

pub const KINDS: &[u8] = b"DEF WEAKDEF UNDEF WEAKUNDEF COMMON";
pub const VISIBILITIES: &[u8] = b"DEFAULT PROTECTED INTERNAL HIDDEN";
pub const TYPES: &[u8] = b"UNKNOWN FUNCTION VARIABLE";

/// The name of a number in one of these lists.
pub fn called(names: &'static [u8], number: u32) -> Option<&'static [u8]> {
    word(names, b' ', number as usize)
}

pub const PREFIX: &[u8] = b".gnu.lto_.symtab.";
pub const EXTENSION: &[u8] = b".gnu.lto_.ext_symtab.";

#[inline(never)]
pub fn show(cx: &mut Context, file: &File) -> bool {
    file.sections.iter().all(|section| match file.section_name(&section).strip_prefix(PREFIX) {
        Some(suffix) => table(cx, file, &section, suffix),
        None => true,
    })
}

/// The table of a section, with the one that belongs to it by its name; false where it is
/// corrupt.
fn table(cx: &mut Context, file: &File, section: &SectionHeader, suffix: &[u8]) -> bool {
    let name = file.section_name(section);
    if section.sh_size == 0 {
        put!(&mut cx.out, "\nLTO Symbol table '", text::name(name), "' is empty!\n");
        return true;
    }
    let Some(bytes) = file.read_section(cx, section, rt::text!("LTO symbols")) else {
        return false;
    };
    let extension = file.sections.iter().find(|other| {
        file.section_name(other).strip_prefix(EXTENSION).is_some_and(|rest| rest == suffix)
    });
    let data = extension.and_then(|extension| extension_data(cx, file, &extension));
    put!(&mut cx.out, "\nLTO Symbol table '", text::name(name), "'");
    let extension = extension.filter(|_| data.is_some());
    if let Some(extension) = &extension {
        // With -W, GNU readelf has the first name in the buffer for both.
        let wide = file.options.wide;
        put!(&mut cx.out, if wide { " " } else { "\n " });
        let second = file.section_name(if wide { section } else { extension });
        put!(&mut cx.out, "and extension table '", text::name(second), "' contain:\n");
    } else {
        put!(&mut cx.out, " contains:\n");
    }
    put!(&mut cx.out, "  Comdat_Key       Kind  Visibility     Size      Slot");
    let rest = if extension.is_some() {
        rt::text!("      Type  Section Name\n")
    } else {
        rt::text!(" Name\n")
    };
    put!(&mut cx.out, rest);
    let fine = rows(cx, file, bytes, data);
    if !fine {
        error!(cx, "Buffer overrun encountered whilst decoding LTO symbol table");
    }
    fine
}

/// What the extension table holds after its version.
pub fn extension_data<'a>(
    cx: &mut Context,
    file: &File<'a>,
    section: &SectionHeader,
) -> Option<&'a [u8]> {
    if section.sh_size < 3 {
        let name = file.section_name(section);
        fill_error!(cx, "LTO Symbol extension table '%s' is empty!"; name);
        return None;
    }
    let bytes = file.read_section(cx, section, rt::text!("LTO ext symbol data"))?;
    let (version, data) = bytes.split_first()?;
    if *version != 1 {
        error!(cx, "Unexpected version number in symbol extension table");
    }
    Some(data)
}

/// A symbol: name and key of its group, each with a zero byte, and 14 bytes more.
pub struct Symbol<'a> {
    pub name: &'a [u8],
    pub key: &'a [u8],
    pub kind: u8,
    pub visibility: u8,
    pub size: u64,
    pub slot: u32,
}

impl<'a> Symbol<'a> {
    /// The first one, and what follows it.
    pub fn read(file: &File, bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (name, bytes) = string(bytes)?;
        let (key, bytes) = string(bytes)?;
        let rest = bytes.get(14..)?;
        let reader = Reader::new(file.elf.encoding, bytes);
        let symbol = Symbol {
            name,
            key,
            kind: reader.u8(0).unwrap_or_default(),
            visibility: reader.u8(1).unwrap_or_default(),
            size: reader.u64(2).unwrap_or_default(),
            slot: reader.u32(10).unwrap_or_default(),
        };
        Some((symbol, rest))
    }
}

/// A string with a zero byte, and what follows it.
pub fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}

/// The symbols; false where the table is cut off, or the other one is longer.
fn rows(cx: &mut Context, file: &File, mut bytes: &[u8], mut data: Option<&[u8]>) -> bool {
    while !bytes.is_empty() {
        let Some((symbol, rest)) = Symbol::read(file, bytes) else { return false };
        bytes = rest;
        let mut extended = None;
        if let Some(before) = data {
            let Some((both, after)) = before.split_first_chunk::<2>() else {
                error!(cx, "Ran out of LTO symbol extension data");
                put!(&mut cx.out, "\n");
                data = None;
                continue;
            };
            data = Some(after);
            extended = Some(both.map(signed));
        }
        let width = if extended.is_some() { 6 } else { 21 };
        let kind = extended
            .map(|[kind, _]| {
                known(cx, rt::text!("Unknown LTO symbol type encountered: %u"), TYPES, kind)
            })
            .unwrap_or_default();
        let visibility = known(
            cx,
            rt::text!("Unknown LTO symbol visibility encountered: %u"),
            VISIBILITIES,
            symbol.visibility.into(),
        );
        let definition = known(
            cx,
            rt::text!("Unknown LTO symbol definition encountered: %u"),
            KINDS,
            symbol.kind.into(),
        );
        let key = if symbol.key.is_empty() { b"-" } else { symbol.key };
        let out = &mut cx.out;
        out.fill(b' ', 12usize.saturating_sub(key.len()).max(2));
        put!(out, text::name(key));
        put_known(out, definition, symbol.kind.into(), 10);
        put_known(out, visibility, symbol.visibility.into(), 11);
        fill!(out, " %08x  %08x", symbol.size, symbol.slot);
        if let Some([number, section]) = extended {
            put_known(out, kind, number, 9);
            fill!(out, " %08x", section);
        }
        put!(&mut cx.out, " _");
        text::cut(&mut cx.out, file.options, symbol.name, width);
        put!(&mut cx.out, "\n");
    }
    let left_over = data.is_some_and(|data| !data.is_empty());
    if left_over {
        error!(cx, "Data remains in the LTO symbol extension table");
    }
    !left_over
}

/// A byte as GNU readelf has it: of a signed type, and then of an unsigned one.
fn signed(byte: u8) -> u32 {
    i32::from(byte.cast_signed()).cast_unsigned()
}

/// The name of a number, empty where it has none: that is told.
fn known(cx: &mut Context, unknown: Text, names: &'static [u8], number: u32) -> &'static [u8] {
    let name = called(names, number).unwrap_or_default();
    if name.is_empty() {
        pattern::error(cx, unknown, &[number.into()], &[]);
    }
    name
}

/// The name of a number, or the number, in a column.
fn put_known(out: &mut BufWriter, name: &[u8], number: u32, width: usize) {
    if name.is_empty() {
        // That is wider than any column.
        return fill!(out, " <unknown: %u>", number);
    }
    put!(out, " ", right(name, width));
}
