//! `--lto-syms`: the symbol tables that compilers leave for link-time optimization.

use super::file::File;
use super::text;
use crate::context::Context;
use crate::words::word;
use rt::elf::{Reader, SectionHeader};
use rt::fmt::{Put, dec, hex, right};
use rt::io::BufWriter;
use rt::put;

pub const KINDS: &[u8] = b"DEF WEAKDEF UNDEF WEAKUNDEF COMMON";
pub const VISIBILITIES: &[u8] = b"DEFAULT PROTECTED INTERNAL HIDDEN";
pub const TYPES: &[u8] = b"UNKNOWN FUNCTION VARIABLE";

/// The name of a number in one of these lists.
pub fn called(names: &'static [u8], number: u32) -> Option<&'static [u8]> {
    word(names, b' ', number as usize)
}

pub const PREFIX: &[u8] = b".gnu.lto_.symtab.";
pub const EXTENSION: &[u8] = b".gnu.lto_.ext_symtab.";

pub fn show(cx: &mut Context, file: &File) -> bool {
    file.sections.iter().all(|section| match file.section_name(&section).strip_prefix(PREFIX) {
        Some(suffix) => table(cx, file, &section, suffix),
        None => true,
    })
}

/// The table of a section, with the one that belongs to it by its name; false where it is
/// corrupt.
fn table(cx: &mut Context, file: &File, section: &SectionHeader, suffix: &[u8]) -> bool {
    let name = text::name(file.section_name(section));
    if section.sh_size == 0 {
        put!(&mut cx.out, "\nLTO Symbol table '", name, "' is empty!\n");
        return true;
    }
    let Some(bytes) = file.read_section(cx, section, "LTO symbols") else { return false };
    let extension = file.sections.iter().find(|other| {
        file.section_name(other).strip_prefix(EXTENSION).is_some_and(|rest| rest == suffix)
    });
    let data = extension.and_then(|extension| extension_data(cx, file, &extension));
    put!(&mut cx.out, "\nLTO Symbol table '", name);
    if let Some(extension) = extension.filter(|_| data.is_some()) {
        // With -W, GNU readelf has the first name in the buffer for both.
        let (gap, second) = match file.options.wide {
            true => (" ", section),
            false => ("\n ", &extension),
        };
        let second = text::name(file.section_name(second));
        put!(&mut cx.out, "'", gap, "and extension table '", second, "' contain:\n");
        put!(&mut cx.out, "  Comdat_Key       Kind  Visibility     Size      Slot");
        put!(&mut cx.out, "      Type  Section Name\n");
    } else {
        put!(&mut cx.out, "' contains:\n");
        put!(&mut cx.out, "  Comdat_Key       Kind  Visibility     Size      Slot Name\n");
    }
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
        let name = text::name(file.section_name(section));
        error!(cx, "LTO Symbol extension table '", name, "' is empty!");
        return None;
    }
    let bytes = file.read_section(cx, section, "LTO ext symbol data")?;
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
        let reader = Reader::new(file.elf.encoding, bytes);
        let symbol = Symbol {
            name,
            key,
            kind: reader.u8(0)?,
            visibility: reader.u8(1)?,
            size: reader.u64(2)?,
            slot: reader.u32(10)?,
        };
        Some((symbol, bytes.get(14..)?))
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
        let mut width = 21;
        let (mut extended, mut ran_out) = (None, false);
        if let Some(data) = &mut data {
            match data.split_first_chunk::<2>() {
                Some((both, after)) => {
                    *data = after;
                    width = 6;
                    extended = Some(*both);
                }
                None => ran_out = true,
            }
        }
        if ran_out {
            error!(cx, "Ran out of LTO symbol extension data");
            put!(&mut cx.out, "\n");
            data = None;
            continue;
        }
        let extended = extended
            .map(|[kind, section]| (Label::new(cx, "type", TYPES, signed(kind)), signed(section)));
        let visibility = Label::new(cx, "visibility", VISIBILITIES, symbol.visibility.into());
        let definition = Label::new(cx, "definition", KINDS, symbol.kind.into());
        let key = if symbol.key.is_empty() { b"-" } else { symbol.key };
        put!(&mut cx.out, "  ");
        cx.out.fill(b' ', 10usize.saturating_sub(key.len()));
        put!(&mut cx.out, text::name(key), " ", definition.width(10));
        put!(&mut cx.out, " ", visibility.width(11));
        put!(&mut cx.out, " ", hex(symbol.size).zero(8), "  ", hex(symbol.slot).zero(8));
        if let Some((kind, section)) = extended {
            put!(&mut cx.out, " ", kind.width(9), " ", hex(section).zero(8));
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

/// The name of a number, or the number: `%*s`.
struct Label {
    name: &'static [u8],
    number: u32,
    width: usize,
}

impl Label {
    fn new(cx: &mut Context, what: &str, names: &'static [u8], number: u32) -> Label {
        let name = called(names, number).unwrap_or_default();
        if name.is_empty() {
            let middle = " encountered: ";
            error!(cx, "Unknown LTO symbol ", what, middle, dec(number));
        }
        Label { name, number, width: 0 }
    }

    fn width(self, width: usize) -> Label {
        Label { width, ..self }
    }
}

impl Put for Label {
    fn put(&self, out: &mut BufWriter) {
        if self.name.is_empty() {
            // That is wider than any column.
            return put!(out, "<unknown: ", dec(self.number), ">");
        }
        put!(out, right(self.name, self.width));
    }
}
