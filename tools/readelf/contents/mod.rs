//! `-x`, `-R`, `-p`: the bytes of sections in hexadecimal, as they are or relocated, and the
//! strings in them; with `-z` unpacked.

pub mod relocate;

use super::debug;
use super::file::File;
use super::json;
use super::options::Dump;
use super::rank::{Entry, sort};
use super::text;
use crate::context::Context;
use crate::words::c_number;
use alloc::vec;
use alloc::vec::Vec;
use rt::arch::hex_digits;
use rt::elf::consts::*;
use rt::elf::{CompressionHeader, Record, SectionHeader};
use rt::fmt::hex;
use rt::io::BufWriter;
use rt::put;
use rt::text::Text;
use unpack::{inflate, zstd};

/// Goes through the sections in order, whatever the order of the options is.
pub fn show(cx: &mut Context, file: &File) -> bool {
    file.lacks_sections() || chosen(cx, file, dump)
}

/// The same in JSON.
pub fn json(cx: &mut Context, file: &File) {
    if !file.lacks_sections() {
        chosen(cx, file, json_dump);
    }
}

/// A section, and how it is to be shown.
struct Chosen<'f, 'a> {
    file: &'f File<'a>,
    section: SectionHeader,
    index: u32,
    /// A [`Dump`]'s.
    kind: u8,
    /// The last type of relocations that was told to be unsupported.
    unsupported: Option<u32>,
}

/// Prints one section.
type Show = fn(&mut Context, &mut Chosen) -> bool;

// Not inlined: a report without dumps shall not pay for the stack that this needs.
#[inline(never)]
fn chosen(cx: &mut Context, file: &File, show: Show) -> bool {
    let dumps = &file.options.dumps;
    for dump in dumps.iter().rev().filter(|dump| number(dump.section).is_none()) {
        if !file.sections.iter().any(|section| file.section_name(&section) == dump.section) {
            let name = dump.section;
            fill_warning!(cx, "Section '%s' was not dumped because it does not exist"; name);
        }
    }
    let mut fine = true;
    if dumps.iter().any(|dump| dump.kind == b'f' && dump.section.is_empty()) {
        error!(cx, "Section name must be provided ");
        fine = false;
    }
    let section = SectionHeader::default();
    let mut chosen = Chosen { file, section, index: 0, kind: 0, unsupported: None };
    for section in file.sections.iter() {
        chosen.section = section;
        for &kind in b"xRpwcf" {
            chosen.kind = kind;
            if kind == b'w' || dumps.iter().any(|dump| chosen.is_meant(dump)) {
                fine &= show(cx, &mut chosen);
            }
        }
        chosen.index += 1;
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

impl Chosen<'_, '_> {
    /// Whether an option is about this section.
    fn is_meant(&self, dump: &Dump) -> bool {
        if dump.kind != self.kind || dump.kind == b'f' && dump.section.is_empty() {
            return false;
        }
        match number(dump.section) {
            Some(number) => number == self.index,
            None => dump.section == self.file.section_name(&self.section),
        }
    }
}

/// The number that a section is chosen by, as `strtoul` reads it; none where the whole of
/// it isn't one.
fn number(text: &[u8]) -> Option<u32> {
    let (value, []) = c_number(text, 0) else { return None };
    // An int below zero is no number of a section.
    u32::try_from(value as i32).ok()
}

fn dump(cx: &mut Context, chosen: &mut Chosen) -> bool {
    let (file, section, kind) = (chosen.file, &chosen.section, chosen.kind);
    if kind == b'w' {
        return debug::show(cx, file, section);
    }
    let name = file.section_name(section);
    if section.sh_size == 0 || section.sh_type == SHT_NOBITS {
        put!(&mut cx.out, "Section '", text::section(name), "' has no data to dump.\n");
        return true;
    }
    if kind == b'c' {
        fill_error!(cx, "CTF is not supported yet: section '%S' is not shown"; name);
        return false;
    }
    let Some(raw) = file.read_section(cx, section, rt::text!("section contents")) else {
        return false;
    };
    if kind == b'f' {
        return sframe(cx, name, raw);
    }
    let title: &[u8] = if kind == b'p' { b"String" } else { b"Hex" };
    fill!(&mut cx.out, "\n%s dump of section '%S':\n"; title, name);
    let address = section.sh_addr;
    let Ok((bytes, relocated)) = contents(cx, chosen, raw) else { return false };
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
        lines(&mut cx.out, address, bytes);
    }
    true
}

/// It has been told.
struct Wrong;

/// What is to be shown of a section, where that isn't what is in the file; and whether there
/// are relocations for it.
fn contents(
    cx: &mut Context,
    chosen: &mut Chosen,
    raw: &[u8],
) -> Result<(Option<Vec<u8>>, bool), Wrong> {
    let (file, index) = (chosen.file, chosen.index);
    let mut copy = None;
    if file.options.decompress {
        copy = unpacked(cx, file, &chosen.section, raw)?;
    }
    let relocated = relocate::relocated(file, index);
    if chosen.kind == b'R' && relocated {
        let bytes = copy.get_or_insert_with(|| raw.to_vec());
        if !relocate::apply(cx, file, &mut chosen.unsupported, index, bytes) {
            return Err(Wrong);
        }
    }
    Ok((copy, relocated))
}

/// One section in JSON: the bytes, or the strings.
fn json_dump(cx: &mut Context, chosen: &mut Chosen) -> bool {
    let (file, section, kind) = (chosen.file, &chosen.section, chosen.kind);
    if !b"xRp".contains(&kind) {
        // Of these nothing is shown in JSON.
        return kind == b'w';
    }
    let mut raw: &[u8] = &[];
    if section.sh_type != SHT_NOBITS {
        raw = file.data(section).unwrap_or_default();
    }
    let Ok((bytes, relocated)) = contents(cx, chosen, raw) else { return false };
    let bytes = bytes.as_deref().unwrap_or(raw);
    let section = &chosen.section;
    json::section(cx.json().object(rt::text!("")), file, chosen.index, section);
    cx.json()
        .number(rt::text!("sh_addr"), section.sh_addr)
        .number(rt::text!("size"), bytes.len() as u64);
    cx.json().bool(rt::text!("relocated"), relocated && kind == b'R');
    if kind != b'p' {
        cx.json().hex(rt::text!("bytes"), bytes).end_object();
        return true;
    }
    cx.json().array(rt::text!("strings"));
    let mut at = 0;
    // They begin at a printable character and end at a zero byte.
    for string in bytes.split(|&byte| byte == 0) {
        if let Some(skip) = string.iter().position(|byte| matches!(byte, b' '..=b'~')) {
            let text = string.get(skip..).unwrap_or_default();
            cx.json()
                .object(rt::text!(""))
                .number(rt::text!("offset"), (at + skip) as u64)
                .text(rt::text!("text"), text);
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

const NOT_APPLIED: Text = rt::text!(
    "This section has relocations against it, but these have NOT been \
                           applied to this dump.\n"
);

/// What is packed in a section, if anything: `SHF_COMPRESSED`, or the older form that begins
/// with `ZLIB` and the size.
fn unpacked(
    cx: &mut Context,
    file: &File,
    section: &SectionHeader,
    raw: &[u8],
) -> Result<Option<Vec<u8>>, Wrong> {
    let (mut size, mut body, mut kind) = (0, raw, ELFCOMPRESS_ZLIB);
    if section.sh_flags & SHF_COMPRESSED != 0 {
        let encoding = file.elf.encoding;
        let Some(head) = CompressionHeader::decode(encoding, raw) else {
            error!(cx, "Compressed section is too small even for a compression header");
            return Err(Wrong);
        };
        (size, kind) = (head.ch_size, head.ch_type);
        body = raw.get(CompressionHeader::size(encoding)..).unwrap_or_default();
    } else if let Some((head, rest)) = raw.split_first_chunk::<12>()
        && let [b'Z', b'L', b'I', b'B', stored @ ..] = head
        // A size so large is the text of something else.
        && !matches!(stored[0], b' '..=b'~')
        && !rest.is_empty()
    {
        (size, body) = (u64::from_be_bytes(*stored), rest);
    }
    if size == 0 {
        return Ok(None);
    }
    let name = file.section_name(section);
    let is_zstd = kind == ELFCOMPRESS_ZSTD;
    if !is_zstd && kind != ELFCOMPRESS_ZLIB {
        fill_warning!(cx, "section '%S' has unsupported compress type: %d", kind; name);
        return Err(Wrong);
    }
    // DEFLATE makes at most 258 bytes out of two bits.
    let deflated = (body.len() as u64 + 1).saturating_mul(1032);
    let most = if is_zstd { zstd::most(body).unwrap_or(0) } else { deflated };
    // A size that is a lie should cost no memory.
    let mut bytes = vec![0; if size <= most { size as usize } else { 0 }];
    let unpack = if is_zstd { zstd::zstd } else { inflate::zlib };
    if size > most || !unpack(body, &mut bytes) {
        fill_error!(cx, "Unable to decompress section %S"; name);
        return Err(Wrong);
    }
    Ok(Some(bytes))
}

/// Sixteen bytes a line: the address, four words, the same as text.
// Not inlined: attributes that nobody knows are shown so, too.
#[inline(never)]
pub fn lines(out: &mut BufWriter, mut address: u64, bytes: &[u8]) {
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
