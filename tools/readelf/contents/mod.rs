//! `-x`, `-R`, `-p`: the bytes of sections in hexadecimal, as they are or relocated, and the
//! strings in them; with `-z` unpacked.

pub mod relocate;

use super::debug;
use super::file::File;
use super::json;
use super::options::Dump;
use super::pattern;
use super::rank::{Entry, sort};
use super::text;
use crate::context::Context;
use alloc::vec;
use alloc::vec::Vec;
use rt::arch::hex_digits;
use rt::elf::consts::*;
use rt::elf::{CompressionHeader, Record, SectionHeader};
use rt::fmt::hex;
use rt::io::BufWriter;
use rt::put;
use unpack::{inflate, zstd};

/// Goes through the sections in order, whatever the order of the options is.
pub fn show(cx: &mut Context, file: &File) -> bool {
    let options = file.options;
    let wanted = !options.dumps.is_empty() || options.lint || options.debug.any;
    !wanted || file.lacks_sections() || chosen(cx, file, dump)
}

/// The same in JSON.
pub fn json(cx: &mut Context, file: &File) {
    cx.json().array("dumps");
    if !file.lacks_sections() {
        chosen(cx, file, json_dump);
    }
    cx.json().end_array();
}

/// Prints one section in the form of a [`Dump`]'s kind.
type Show = fn(&mut Context, &File, &mut Option<u32>, u32, &SectionHeader, u8) -> bool;

// Not inlined: a report without dumps shall not pay for the stack that this needs.
#[inline(never)]
fn chosen(cx: &mut Context, file: &File, show: Show) -> bool {
    let dumps = &file.options.dumps;
    for dump in dumps.iter().rev().filter(|dump| number(dump.section).is_none()) {
        if !file.sections.iter().any(|section| file.section_name(&section) == dump.section) {
            let what = rt::text!("Section '%s' was not dumped because it does not exist");
            pattern::warning(cx, what, &[], &[dump.section]);
        }
    }
    let mut fine = true;
    if dumps.iter().any(|dump| dump.kind == b'f' && dump.section.is_empty()) {
        error!(cx, "Section name must be provided ");
        fine = false;
    }
    let mut unsupported = None;
    for (index, section) in file.sections.iter().enumerate() {
        for kind in *b"xRpwcf" {
            let wanted = |dump: &Dump| {
                let number = number(dump.section);
                let named = kind != b'f' || !dump.section.is_empty();
                dump.kind == kind
                    && named
                    && number.map_or(dump.section == file.section_name(&section), |number| {
                        number as usize == index
                    })
            };
            if kind == b'w' || dumps.iter().any(wanted) {
                fine &= show(cx, file, &mut unsupported, index as u32, &section, kind);
            }
        }
    }
    let mut missing: Vec<Entry> = Vec::new();
    for dump in dumps {
        if let Some(number) = number(dump.section)
            && number as usize >= file.sections.len()
        {
            missing.push((number.into(), 0, 0));
        }
    }
    sort(&mut missing);
    let mut last = None;
    for &(number, ..) in &missing {
        if last.replace(number) != Some(number) {
            fill_warning!(cx, "Section %u was not dumped because it does not exist!", number);
            fine = false;
        }
    }
    fine
}

/// The number that a section is chosen by, as `strtoul` reads it; none where the whole of
/// it isn't one.
fn number(text: &[u8]) -> Option<u32> {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let (base, digits) = match digits {
        [b'0', b'x' | b'X', digits @ ..] if !digits.is_empty() => (16, digits),
        [b'0', digits @ ..] => (8, digits),
        digits => (10, digits),
    };
    let mut value = 0u64;
    for &digit in digits {
        let digit = (digit as char).to_digit(base)?;
        value = value.saturating_mul(base.into()).saturating_add(digit.into());
    }
    let value = if negative { value.wrapping_neg() } else { value };
    // An int below zero is no number of a section.
    u32::try_from(value as i32).ok()
}

fn dump(
    cx: &mut Context,
    file: &File,
    unsupported: &mut Option<u32>,
    index: u32,
    section: &SectionHeader,
    kind: u8,
) -> bool {
    if kind == b'w' {
        return debug::show(cx, file, section);
    }
    let name = file.section_name(section);
    if section.sh_size == 0 || section.sh_type == SHT_NOBITS {
        fill!(&mut cx.out, "Section '%S' has no data to dump.\n"; name);
        return true;
    }
    if kind == b'c' {
        fill_error!(cx, "CTF is not supported yet: section '%S' is not shown"; name);
        return false;
    }
    let (offset, size) = (section.sh_offset, section.sh_size);
    let Some(raw) = file.read(cx, offset, size, "section contents") else { return false };
    if kind == b'f' {
        return sframe(cx, name, raw);
    }
    let title: &[u8] = if kind == b'p' { b"String" } else { b"Hex" };
    fill!(&mut cx.out, "\n%s dump of section '%S':\n"; title, name);
    let Ok((bytes, relocated)) = contents(cx, file, unsupported, index, section, raw, kind) else {
        return false;
    };
    let bytes = bytes.as_deref().unwrap_or(raw);
    if kind == b'p' {
        if relocated {
            put!(&mut cx.out, "  Note: ", NOT_APPLIED);
        }
        strings(&mut cx.out, bytes);
    } else {
        if relocated && kind == b'x' {
            put!(&mut cx.out, " NOTE: ", NOT_APPLIED);
        }
        lines(&mut cx.out, section.sh_addr, bytes);
    }
    true
}

/// It has been told.
struct Wrong;

/// What is to be shown of a section, where that isn't what is in the file; and whether there
/// are relocations for it.
fn contents(
    cx: &mut Context,
    file: &File,
    unsupported: &mut Option<u32>,
    index: u32,
    section: &SectionHeader,
    raw: &[u8],
    kind: u8,
) -> Result<(Option<Vec<u8>>, bool), Wrong> {
    let unpacked = match file.options.decompress.then(|| packed(cx, file, section, raw)) {
        Some(Packed::Whole) | None => None,
        Some(Packed::Stream { unpack, body, size, most }) => {
            // A size that is a lie should cost no memory.
            let mut bytes = vec![0; if size <= most { size as usize } else { 0 }];
            if size > most || !unpack(body, &mut bytes) {
                fill_error!(cx, "Unable to decompress section %S"; file.section_name(section));
                return Err(Wrong);
            }
            Some(bytes)
        }
        Some(Packed::Wrong) => return Err(Wrong),
    };
    let relocated = file.sections.iter().any(|other| relocate::names(file, &other, index));
    let mut copy = unpacked;
    if kind == b'R' && relocated {
        let bytes = copy.get_or_insert_with(|| raw.to_vec());
        if !relocate::apply(cx, file, unsupported, index, bytes) {
            return Err(Wrong);
        }
    }
    Ok((copy, relocated))
}

/// One section in JSON: the bytes, or the strings.
fn json_dump(
    cx: &mut Context,
    file: &File,
    unsupported: &mut Option<u32>,
    index: u32,
    section: &SectionHeader,
    kind: u8,
) -> bool {
    if !b"xRp".contains(&kind) {
        // Of these nothing is shown in JSON.
        return kind == b'w';
    }
    let mut raw: &[u8] = &[];
    if section.sh_type != SHT_NOBITS {
        raw = file.data(section).unwrap_or_default();
    }
    let Ok((bytes, relocated)) = contents(cx, file, unsupported, index, section, raw, kind) else {
        return false;
    };
    let bytes = bytes.as_deref().unwrap_or(raw);
    json::section(cx.json().object(""), file, index, section);
    cx.json().number("sh_addr", section.sh_addr).number("size", bytes.len() as u64);
    cx.json().bool("relocated", relocated && kind == b'R');
    if kind != b'p' {
        cx.json().hex("bytes", bytes).end_object();
        return true;
    }
    cx.json().array("strings");
    let mut at = 0;
    // They begin at a printable character and end at a zero byte.
    for string in bytes.split(|&byte| byte == 0) {
        if let Some(skip) = string.iter().position(|byte| matches!(byte, b' '..=b'~')) {
            let text = string.get(skip..).unwrap_or_default();
            cx.json().object("").number("offset", (at + skip) as u64).text("text", text);
            cx.json().end_object();
        }
        at += string.len() + 1;
    }
    cx.json().end_array().end_object();
    true
}

/// What isn't shown of a section of stack frames.
fn sframe(cx: &mut Context, name: &[u8], bytes: &[u8]) -> bool {
    match bytes {
        [0xde, 0xe2, ..] | [0xe2, 0xde, ..] => {
            fill_error!(cx, "SFrame is not supported yet: section '%S' is not shown"; name);
        }
        _ => error!(cx, "SFrame decode failure: Buffer does not contain SFrame data."),
    }
    false
}

const NOT_APPLIED: &str = "This section has relocations against it, but these have NOT been \
                           applied to this dump.\n";

/// How something is unpacked into a slice that it has to fill; false where that can't be.
type Unpack = fn(&[u8], &mut [u8]) -> bool;

/// What `-z` finds in a section.
enum Packed<'a> {
    /// Nothing to unpack.
    Whole,
    /// What is packed: how, how many bytes it should give, and the most that it can.
    Stream { unpack: Unpack, body: &'a [u8], size: u64, most: u64 },
    /// Something that can't be unpacked; it has been told.
    Wrong,
}

/// `SHF_COMPRESSED`, or the older form that begins with `ZLIB` and the size.
fn packed<'a>(cx: &mut Context, file: &File, section: &SectionHeader, raw: &'a [u8]) -> Packed<'a> {
    if section.sh_flags & SHF_COMPRESSED != 0 {
        let encoding = file.elf.encoding;
        let size = CompressionHeader::size(encoding);
        let (Some(head), Some(body)) = (CompressionHeader::decode(encoding, raw), raw.get(size..))
        else {
            error!(cx, "Compressed section is too small even for a compression header");
            return Packed::Wrong;
        };
        return match head.ch_type {
            _ if head.ch_size == 0 => Packed::Whole,
            ELFCOMPRESS_ZLIB => zlib_stream(body, head.ch_size),
            ELFCOMPRESS_ZSTD => zstd_stream(body, head.ch_size),
            kind => {
                let name = file.section_name(section);
                fill_warning!(cx, "section '%S' has unsupported compress type: %d", kind; name);
                Packed::Wrong
            }
        };
    }
    match raw.strip_prefix::<[u8]>(b"ZLIB").and_then(|rest| rest.split_first_chunk::<8>()) {
        // A size so large is the text of something else.
        Some((size, _)) if size[0].is_ascii_graphic() || size[0] == b' ' => Packed::Whole,
        Some((_, [])) | None => Packed::Whole,
        Some((size, body)) => match u64::from_be_bytes(*size) {
            0 => Packed::Whole,
            size => zlib_stream(body, size),
        },
    }
}

/// DEFLATE makes at most 258 bytes out of two bits.
fn zlib_stream(body: &[u8], size: u64) -> Packed<'_> {
    let most = (body.len() as u64 + 1).saturating_mul(1032);
    Packed::Stream { unpack: inflate::zlib, body, size, most }
}

fn zstd_stream(body: &[u8], size: u64) -> Packed<'_> {
    Packed::Stream { unpack: zstd::zstd, body, size, most: zstd::most(body).unwrap_or(0) }
}

/// Sixteen bytes a line: the address, four words, the same as text.
fn lines(out: &mut BufWriter, mut address: u64, bytes: &[u8]) {
    for line in bytes.chunks(16) {
        put!(out, "  0x", hex(address).zero(8), " ");
        let Some(room) = out.room::<64>() else { return };
        room.fill(b' ');
        for (i, &byte) in line.iter().enumerate() {
            let at = i * 2 + i / 4;
            let digits = hex_digits(byte.into());
            if let Some(place) = room.get_mut(at..).and_then(|room| room.first_chunk_mut()) {
                *place = [digits[14], digits[15]];
            }
            let shown = if matches!(byte, b' '..=b'~') { byte } else { b'.' };
            if let Some(place) = room.get_mut(36 + i) {
                *place = shown;
            }
        }
        out.advance(36 + line.len());
        put!(out, "\n");
        address = address.wrapping_add(16);
    }
    put!(out, "\n");
}

/// The strings, each with its offset: what lies between printable characters and a zero
/// byte. A line feed goes on in the next line.
fn strings(out: &mut BufWriter, bytes: &[u8]) {
    let printable = |byte: &u8| matches!(byte, b' '..=b'~');
    let next = |at: usize| {
        let rest = bytes.get(at..).unwrap_or_default();
        rest.iter().position(printable).map(|skip| at + skip)
    };
    let mut at = next(0);
    if at.is_none() {
        put!(out, "  No strings found in this section.");
    }
    while let Some(start) = at {
        put!(out, "  [", hex(start).width(6), "]  ");
        let mut end = start;
        loop {
            let rest = bytes.get(end..).unwrap_or_default();
            let line = rest.split(|byte| matches!(byte, 0 | b'\n')).next().unwrap_or_default();
            put!(out, text::name(line));
            end += line.len();
            if bytes.get(end) != Some(&b'\n') {
                break;
            }
            put!(out, "\\n");
            end += 1;
            if bytes.get(end) == Some(&0) {
                break;
            }
            end = next(end).unwrap_or(bytes.len());
            if end == bytes.len() {
                break;
            }
            put!(out, "\n            ");
        }
        put!(out, "\n");
        at = next(end);
    }
    put!(out, "\n");
}
