//! Object attributes: what the tags of each vendor mean.

use super::attributes::{Cursor, any_value, compatibility, raw, unknown, value};
use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::names::{Names, attributes as names};
use crate::readelf::pattern;
use crate::words::words;
use rt::elf::c_str;
use rt::elf::consts::*;
use rt::put;

/// Who defines the attributes of a machine's files, apart from GNU.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    Aeabi,
    Riscv,
    Arc,
    Mspabi,
    C6xabi,
    Csky,
    /// Only GNU.
    Gnu,
    /// Not even GNU.
    Opaque,
}

use Vendor::*;

impl Vendor {
    pub fn of(e_machine: u16) -> Vendor {
        match e_machine {
            EM_ARM => Aeabi,
            EM_RISCV => Riscv,
            EM_ARC | EM_ARC_COMPACT | EM_ARCV2 => Arc,
            EM_MSP430 => Mspabi,
            EM_TI_C6000 => C6xabi,
            EM_CSKY => Csky,
            EM_MIPS | EM_MIPS_RS3_LE | EM_PPC | EM_PPC64 | EM_S390 | EM_S390_OLD | EM_68K
            | EM_SPARC | EM_SPARC32PLUS | EM_SPARCV9 => Gnu,
            _ => Opaque,
        }
    }

    /// What its parts are called.
    pub fn name(self) -> &'static [u8] {
        words(b"aeabi riscv ARC mspabi c6xabi csky  gnu", b' ')
            .nth(self as usize)
            .unwrap_or_default()
    }

    /// Prints one tag and its value.
    pub fn show(self, cx: &mut Context, file: &File, cursor: &mut Cursor) {
        let (tags, values) = match self {
            Aeabi => (names::AEABI, names::AEABI_VALUES),
            Riscv => (names::RISCV, names::RISCV_VALUES),
            Arc => (names::ARC, names::ARC_VALUES),
            Mspabi => (names::MSPABI, names::MSPABI_VALUES),
            C6xabi => (names::C6XABI, names::C6XABI_VALUES),
            Csky => (names::CSKY, names::CSKY_VALUES),
            Gnu => return gnu(cx, file, cursor),
            Opaque => return opaque(cx, cursor),
        };
        let tag = cursor.word(cx);
        let name = &tags.get(tag);
        if name.is_none() {
            let tag = match self {
                Mspabi => {
                    fill!(&mut cx.out, "  <unknown tag %d>: ", tag);
                    return any_value(cx, file, cursor, tag, "<corrupt>");
                }
                Arc => tag & 1,
                // Above the known tags all count as strings.
                Csky if tag > 22 => u32::MAX,
                _ => tag,
            };
            return unknown(cx, file, cursor, tag);
        }
        // These are printed if their value is known.
        if !(self == Csky && (18..=20).contains(&tag)) {
            put!(&mut cx.out, "  ", name, if self == Csky { "" } else { ": " });
        }
        match (self, tag) {
            (Aeabi, 4 | 5 | 67)
            | (Riscv, 5)
            | (Arc, 7 | 16 | 17)
            | (C6xabi, 67)
            | (Csky, 4 | 5 | 21) => return value(cx, file, cursor, 1),
            (Csky, 6 | 7) => return value(cx, file, cursor, 0),
            (Aeabi | C6xabi, 32) => {
                compatibility(cx, file, cursor);
                return;
            }
            (Aeabi, 64) => {
                cursor.at += 1;
                return put!(&mut cx.out, "True\n");
            }
            (Aeabi, 65) => {
                // Another tag and its value, of which only the architecture makes sense.
                if cursor.word(cx) == 6 {
                    let arch = cursor.word(cx);
                    named(cx, names::AEABI_VALUES, key(6, arch.into()), arch);
                } else {
                    put!(&mut cx.out, "???\n");
                }
                let rest = cursor.rest();
                cursor.at += rest.iter().position(|&b| b == 0).map_or(rest.len(), |end| end + 1);
                return;
            }
            _ => {}
        }
        let value = cursor.number(cx, if self == Mspabi { 64 } else { 32 });
        let out = &mut cx.out;
        let key = key(tag, value);
        if self == Csky && (18..=20).contains(&tag) && values.get(key).is_some() {
            put!(out, "  ", name);
        }
        if values.put(out, key) || self == Arc && names::ARC_OTHERS.put(out, tag) {
            return put!(out, "\n");
        }
        let pattern = match (self, tag) {
            (Aeabi | C6xabi, _) => rt::text!("??? (%d)\n"),
            (Mspabi, _) => rt::text!("??? (%u)\n"),
            (Riscv, 4) => rt::text!("%u-bytes\n"),
            (Arc, 9) => rt::text!("v%d\n"),
            (Arc, _) => rt::text!("%d\n"),
            (Csky, 9) => rt::text!("VDSP Version %d\n"),
            (Csky, 22) => {
                for (bit, name) in [" Half", " Single", " Double"].into_iter().enumerate() {
                    put!(out, if value & 1 << bit != 0 { name } else { "" });
                }
                rt::text!("\n")
            }
            // GNU readelf forgets to end the line.
            (Riscv, 6) | (Csky, _) => rt::text!(""),
            _ => rt::text!("%u\n"),
        };
        pattern::numbers(out, pattern, &[value]);
    }
}

/// What an attribute's value has its name under, if it has one.
fn key(tag: u32, value: u64) -> u32 {
    u8::try_from(value).map_or(u32::MAX, |value| tag << 8 | u32::from(value))
}

/// GNU's attributes on a machine that has none.
fn opaque(cx: &mut Context, cursor: &mut Cursor) {
    let string = c_str(cursor.data, cursor.at as u64).unwrap_or_default();
    fill!(&mut cx.out, "  Unknown GNU attribute: %s\n"; string);
    cursor.at += string.len();
    raw(&mut cx.out, cursor.rest());
    cursor.at = cursor.end;
}

/// Vendor `gnu`.
pub fn gnu(cx: &mut Context, file: &File, cursor: &mut Cursor) {
    let tag = cursor.word(cx);
    if tag == 32 {
        if !compatibility(cx, file, cursor) {
            warn!(cx, "corrupt vendor attribute");
        }
        return;
    }
    let machine = match file.elf.header.e_machine {
        EM_SPARC | EM_SPARC32PLUS | EM_SPARCV9 => EM_SPARC,
        EM_MIPS | EM_MIPS_RS3_LE => EM_MIPS,
        EM_PPC | EM_PPC64 => EM_PPC,
        EM_S390 | EM_S390_OLD => EM_S390,
        other @ (EM_68K | EM_MSP430) => other,
        _ if tag == 0 => {
            cursor.at = cursor.end;
            return;
        }
        _ => return unknown(cx, file, cursor, tag),
    };
    if tag & 2 != 0 {
        return unknown(cx, file, cursor, tag);
    }
    match (machine, tag) {
        (EM_SPARC, 4) => flags(cx, cursor, "HWCAPS", names::SPARC_HWCAPS),
        (EM_SPARC, 8) => flags(cx, cursor, "HWCAPS2", names::SPARC_HWCAPS2),
        (EM_MIPS, 4) => {
            put!(&mut cx.out, "  Tag_GNU_MIPS_ABI_FP: ");
            let value = cursor.word(cx);
            named(cx, names::MIPS_FP, value, value);
        }
        (EM_MIPS, 8) => choice(cx, cursor, "MIPS_ABI_MSA", "Any MSA or not;128-bit MSA"),
        (EM_S390, 8) => choice(cx, cursor, "S390_ABI_Vector", "any;software;hardware"),
        (EM_MSP430, 4) => {
            choice(cx, cursor, "MSP430_Data_Region", ";Lower Region Only;Any Region");
        }
        (EM_68K, 4) => bits(cx, cursor, "M68K_ABI_FP", 3, FLOATS),
        (EM_PPC, 4) => bits(cx, cursor, "Power_ABI_FP", 15, FLOATS),
        (EM_PPC, 8) => {
            bits(cx, cursor, "Power_ABI_Vector", 3, "unspecified;generic;AltiVec;SPE");
        }
        (EM_PPC, 12) => {
            bits(cx, cursor, "Power_ABI_Struct_Return", 2, "unspecified;r3/r4;memory;???");
        }
        (EM_SPARC, _) => unknown(cx, file, cursor, tag),
        // GNU readelf forgets the tag here.
        _ => unknown(cx, file, cursor, tag & 1),
    }
}

const FLOATS: &str =
    "unspecified hard/soft float;hard float;soft float;single-precision hard float";

/// The end of a line: a value's name, or that there is none.
fn named(cx: &mut Context, names: Names, key: u32, value: u32) {
    if !names.put(&mut cx.out, key) {
        fill!(&mut cx.out, "??? (%d)", value);
    }
    put!(&mut cx.out, "\n");
}

/// A value out of a few; of 64 bits where 0 has no name.
fn choice(cx: &mut Context, cursor: &mut Cursor, tag: &str, known: &'static str) {
    fill!(&mut cx.out, "  Tag_GNU_%s: "; tag.as_bytes());
    let wide = known.starts_with(';');
    let value = cursor.number(cx, if wide { 64 } else { 32 });
    match words(known.as_bytes(), b';').nth(value as usize).filter(|name| !name.is_empty()) {
        Some(name) => put!(&mut cx.out, name, "\n"),
        None if wide => fill!(&mut cx.out, "??? (%u)\n", value),
        None => fill!(&mut cx.out, "??? (%d)\n", value),
    }
}

/// A value of two bits, of Power's floats four: two for long double. What has more bits than
/// that is told first.
fn bits(cx: &mut Context, cursor: &mut Cursor, tag: &str, most: u32, known: &'static str) {
    fill!(&mut cx.out, "  Tag_GNU_%s: "; tag.as_bytes());
    if cursor.is_empty() {
        return put!(&mut cx.out, "<corrupt>\n");
    }
    let value = cursor.word(cx);
    let out = &mut cx.out;
    if value > most {
        fill!(out, "(%#x), ", value);
    }
    let name = |list: &'static str, bits: u32| {
        words(list.as_bytes(), b';').nth(bits as usize & 3).unwrap_or_default()
    };
    // GNU readelf forgets to end the line where there is no name.
    if tag.starts_with('M') && value & 3 == 3 {
        return;
    }
    put!(out, name(known, value));
    if most == 15 {
        let long_double = name("unspecified;128-bit IBM;64-bit;128-bit IEEE", value >> 2);
        fill!(out, ", %s long double"; long_double);
    }
    put!(out, "\n");
}

/// A set of bits.
fn flags(cx: &mut Context, cursor: &mut Cursor, tag: &str, names: Names) {
    fill!(&mut cx.out, "  Tag_GNU_Sparc_%s: "; tag.as_bytes());
    let value = cursor.word(cx);
    if value == 0 {
        put!(&mut cx.out, "0");
    }
    let mut before = "";
    for (_, name) in names.iter().filter(|(bit, _)| value & 1 << bit != 0) {
        put!(&mut cx.out, before, name);
        before = "|";
    }
    put!(&mut cx.out, "\n");
}
