//! Object attributes: what a compiler noted down of the object, for the linker to check
//! that all of them fit together. A section of them holds a part for each vendor, each of
//! these parts for the file, for sections or for symbols, and these tags with values.
//!
//! "Addenda to, and Errata in, the ABI for the ARM Architecture", where it comes from.

use super::vendors::{self, Vendor};
use crate::context::Context;
use crate::readelf::contents::lines;
use crate::readelf::file::File;
use crate::readelf::text;
use rt::elf::{Reader, c_str};
use rt::io::BufWriter;
use rt::put;
use rt::text::Text;

const SHT_GNU_ATTRIBUTES: u32 = 0x6fff_fff5;

/// Tags and values, read one after the other.
pub struct Cursor<'a> {
    pub file: &'a File<'a>,
    /// The whole section.
    pub data: &'a [u8],
    pub at: usize,
    /// Where this part ends.
    pub end: usize,
}

impl<'a> Cursor<'a> {
    pub fn rest(&self) -> &'a [u8] {
        self.data.get(self.at..self.end).unwrap_or_default()
    }

    pub fn is_empty(&self) -> bool {
        self.at >= self.end
    }

    /// A number in LEB128 that should fit into `bits` bits; tells where it doesn't.
    pub fn number(&mut self, cx: &mut Context, bits: u32) -> u64 {
        let (mut value, mut shift) = (0, 0u32);
        let mut lost = false;
        for &byte in self.rest() {
            let part = u64::from(byte & 0x7f);
            let shifted = part.checked_shl(shift).unwrap_or(0);
            lost |= shifted.checked_shr(shift).unwrap_or(0) != part;
            value |= shifted;
            shift = shift.saturating_add(7);
            self.at += 1;
            if byte & 0x80 == 0 {
                if lost || bits < 64 && value >> bits != 0 {
                    error!(cx, "read LEB value is too large to store in destination variable");
                }
                return if bits < 64 { value & ((1 << bits) - 1) } else { value };
            }
        }
        self.at = self.end;
        error!(cx, "end of data encountered whilst reading LEB");
        value
    }

    /// A number of 32 bits.
    pub fn word(&mut self, cx: &mut Context) -> u32 {
        self.number(cx, 32) as u32
    }

    /// Prints a string. What is cut off by the part's end is shown as far as there is room;
    /// false where there is no room for any.
    pub fn string(&mut self, out: &mut BufWriter) -> bool {
        let room = self.rest().len().saturating_sub(1);
        if room == 0 {
            self.at += 1;
            return false;
        }
        let string = c_str(self.data, self.at as u64).unwrap_or_default();
        text::cut(out, self.file.options, string, room);
        self.at += string.len().min(room) + 1;
        true
    }
}

/// Prints the attributes of all sections that hold some.
pub fn show(cx: &mut Context, file: &File) -> bool {
    let vendor = Vendor::of(file.elf.header.e_machine);
    let own_type = match vendor {
        Vendor::Aeabi | Vendor::Riscv | Vendor::Mspabi | Vendor::C6xabi => 0x7000_0003,
        Vendor::Arc | Vendor::Csky => 0x7000_0001,
        Vendor::Gnu | Vendor::Opaque => SHT_GNU_ATTRIBUTES,
    };
    let mut fine = true;
    for section in file.sections.iter() {
        if section.sh_type != own_type && section.sh_type != SHT_GNU_ATTRIBUTES {
            continue;
        }
        if section.sh_size == 0 {
            fine = false;
            continue;
        }
        let Some(data) = file.data(&section) else {
            let size = section.sh_size;
            fill_error!(cx, "Reading %u bytes extends past end of file for attributes", size);
            fine = false;
            continue;
        };
        match data.split_first() {
            Some((b'A', _)) => fine &= vendor_parts(cx, vendor, file, data),
            Some((&version, _)) => {
                fill!(
                    &mut cx.out,
                    "Unknown attributes version '%s'(%u) - expecting 'A'\n",
                    version;
                    &[version]
                );
                fine = false;
            }
            None => {}
        }
    }
    fine
}

/// The parts of all vendors.
fn vendor_parts(cx: &mut Context, vendor: Vendor, file: &File, data: &[u8]) -> bool {
    let r = Reader::new(file.elf.encoding, data);
    let mut fine = true;
    let mut at = 1;
    while let Some(left) = data.len().checked_sub(at).filter(|&left| left > 0) {
        let Some(length) = r.u32(at) else {
            error!(cx, "Tag section ends prematurely");
            return false;
        };
        let mut length = length as usize;
        if length > left {
            fill_error!(cx, "Bad attribute length (%u > %u)", length, left);
            length = left;
            fine = false;
        } else if length < 5 {
            fill_error!(cx, "Attribute length of %u is too small", length);
            return false;
        }
        let end = at + length;
        let part = data.get(at + 4..end).unwrap_or_default();
        let name = part.iter().position(|&b| b == 0).and_then(|end| part.get(..end));
        let Some(name) = name.filter(|name| name.len() + 1 < part.len()) else {
            error!(cx, "Corrupt attribute section name");
            return false;
        };
        put!(&mut cx.out, "Attribute Section: ", text::name(name), "\n");
        let mut part = Cursor { file, data, at: at + 4 + name.len() + 1, end };
        fine &= scopes(cx, vendor, name, &mut part);
        at = end;
    }
    fine
}

/// The parts of one vendor: of the file, of sections, of symbols.
fn scopes(cx: &mut Context, vendor: Vendor, name: &[u8], part: &mut Cursor) -> bool {
    let mut fine = true;
    while let Some(left) = part.end.checked_sub(part.at).filter(|&left| left > 0) {
        let (file, data, at) = (part.file, part.data, part.at);
        let r = Reader::new(file.elf.encoding, data);
        let (Some(tag), Some(size)) = (r.u8(at), r.u32(at + 1).filter(|_| left >= 6)) else {
            error!(cx, "Unused bytes at end of section");
            return false;
        };
        let mut size = size as usize;
        if size > left {
            fill_error!(cx, "Bad subsection length (%u > %u)", size, left);
            size = left;
            fine = false;
        }
        if size < 6 {
            fill_error!(cx, "Bad subsection length (%u < 6)", size);
            return false;
        }
        let mut cursor = Cursor { file, data, at: at + 5, end: at + size };
        let mut public = vendor.name() == name;
        match tag {
            1 => put!(&mut cx.out, "File Attributes\n"),
            2 => numbers(cx, &mut cursor, rt::text!("Section Attributes:")),
            3 => numbers(cx, &mut cursor, rt::text!("Symbol Attributes:")),
            _ => {
                fill!(&mut cx.out, "Unknown tag: %u\n", tag);
                public = false;
            }
        }
        if public {
            while !cursor.is_empty() {
                vendor.show(cx, &mut cursor);
            }
        } else if name == b"gnu" && vendor != Vendor::Csky {
            while !cursor.is_empty() {
                vendors::gnu(cx, &mut cursor);
            }
        } else if !cursor.is_empty() {
            put!(&mut cx.out, "  Unknown attribute:\n");
            lines(&mut cx.out, 0, cursor.rest());
        }
        part.at += size;
    }
    fine
}

/// The sections or symbols that a part is about.
fn numbers(cx: &mut Context, cursor: &mut Cursor, what: Text) {
    put!(&mut cx.out, what);
    loop {
        match cursor.word(cx) {
            0 => break,
            number => fill!(&mut cx.out, " %u", number),
        }
    }
    put!(&mut cx.out, "\n");
}

/// A tag that nobody knows: odd ones have a string, even ones a number.
pub fn unknown(cx: &mut Context, cursor: &mut Cursor, tag: u32) {
    if tag.cast_signed() > 0 {
        fill!(&mut cx.out, "  Tag_unknown_%u: ", tag);
    }
    value(cx, cursor, tag);
}

/// The value of a tag by that rule.
pub fn value(cx: &mut Context, cursor: &mut Cursor, tag: u32) {
    if cursor.is_empty() {
        warn!(cx, "<corrupt tag>");
    } else {
        any_value(cx, cursor, tag, rt::text!("<corrupt string tag>"));
    }
}

/// The same, even if there is none, and what is said of a string then.
pub fn any_value(cx: &mut Context, cursor: &mut Cursor, tag: u32, corrupt: Text) {
    if tag & 1 != 0 {
        put!(&mut cx.out, "\"");
        if !cursor.string(&mut cx.out) {
            put!(&mut cx.out, corrupt);
        }
        put!(&mut cx.out, "\"\n");
    } else {
        let number = cursor.number(cx, 64);
        fill!(&mut cx.out, "%ld (0x%x)\n", number, number);
    }
}

/// `Tag_compatibility`: a number, and who gives it a meaning; whether the latter is there.
pub fn compatibility(cx: &mut Context, cursor: &mut Cursor) -> bool {
    let flag = cursor.word(cx);
    fill!(&mut cx.out, "flag = %d, vendor = ", flag);
    let there = cursor.rest().len() > 1;
    if there {
        cursor.string(&mut cx.out);
    } else {
        put!(&mut cx.out, "<corrupt>");
        cursor.at = cursor.end;
    }
    put!(&mut cx.out, "\n");
    there
}
