//! Object attributes: what the tags of each vendor mean.

use super::attributes::{Cursor, any_value, compatibility, unknown, value};
use crate::context::Context;
use crate::readelf::contents::lines;
use crate::readelf::names::{ByMachine, Names, attributes as names, by_machine};
use crate::readelf::pattern;
use crate::readelf::text;
use crate::words::{unpacked, word, words};
use rt::elf::c_str;
use rt::elf::consts::*;
use rt::put;
use rt::text::Text;

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

/// The names of the tags of each vendor that has some, and of their values.
const NAMES: ByMachine = by_machine! {
    [0] => names::AEABI,
    [1] => names::AEABI_VALUES,
    [2] => names::RISCV,
    [3] => names::RISCV_VALUES,
    [4] => names::ARC,
    [5] => names::ARC_VALUES,
    [6] => names::MSPABI,
    [7] => names::MSPABI_VALUES,
    [8] => names::C6XABI,
    [9] => names::C6XABI_VALUES,
    [10] => names::CSKY,
    [11] => names::CSKY_VALUES,
};

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
        word(b"aeabi riscv ARC mspabi c6xabi csky  gnu", b' ', self as usize).unwrap_or_default()
    }

    /// Prints one tag and its value.
    // Not inlined: its frame makes all that uses it longer.
    #[inline(never)]
    pub fn show(self, cx: &mut Context, cursor: &mut Cursor) {
        match self {
            Gnu => return gnu(cx, cursor),
            Opaque => return opaque(cx, cursor),
            _ => {}
        }
        let place = 2 * self as u16;
        let (Some(tags), Some(values)) = (NAMES.names(place), NAMES.names(place + 1)) else {
            return;
        };
        let tag = cursor.word(cx);
        let name = &tags.get(tag);
        if name.is_none() {
            let tag = match self {
                Mspabi => {
                    fill!(&mut cx.out, "  <unknown tag %d>: ", tag);
                    return any_value(cx, cursor, tag, rt::text!("<corrupt>"));
                }
                Arc => tag & 1,
                // Above the known tags all count as strings.
                Csky if tag > 22 => u32::MAX,
                _ => tag,
            };
            return unknown(cx, cursor, tag);
        }
        // These are printed if their value is known.
        if !(self == Csky && (18..=20).contains(&tag)) {
            put!(
                &mut cx.out,
                "  ",
                name,
                if self == Csky { rt::text!("") } else { rt::text!(": ") }
            );
        }
        match (self, tag) {
            (Aeabi, 4 | 5 | 67)
            | (Riscv, 5)
            | (Arc, 7 | 16 | 17)
            | (C6xabi, 67)
            | (Csky, 4 | 5 | 21) => return value(cx, cursor, 1),
            (Csky, 6 | 7) => return value(cx, cursor, 0),
            (Aeabi | C6xabi, 32) => {
                compatibility(cx, cursor);
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
                    named(cx, values, key(6, arch.into()), arch);
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
                for (bit, name) in words(b"Half Single Double", b' ').enumerate() {
                    if value & 1 << bit != 0 {
                        put!(out, " ", name);
                    }
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
    put!(&mut cx.out, "  Unknown GNU attribute: ", text::name(string), "\n");
    cursor.at += string.len();
    lines(&mut cx.out, 0, cursor.rest());
    cursor.at = cursor.end;
}

/// Vendor `gnu`.
pub fn gnu(cx: &mut Context, cursor: &mut Cursor) {
    let tag = cursor.word(cx);
    if tag == 32 {
        if !compatibility(cx, cursor) {
            warn!(cx, "corrupt vendor attribute");
        }
        return;
    }
    let machine = match cursor.file.elf.header.e_machine {
        EM_SPARC | EM_SPARC32PLUS | EM_SPARCV9 => EM_SPARC,
        EM_MIPS | EM_MIPS_RS3_LE => EM_MIPS,
        EM_PPC | EM_PPC64 => EM_PPC,
        EM_S390 | EM_S390_OLD => EM_S390,
        other @ (EM_68K | EM_MSP430) => other,
        _ if tag == 0 => {
            cursor.at = cursor.end;
            return;
        }
        _ => return unknown(cx, cursor, tag),
    };
    if tag & 2 != 0 {
        return unknown(cx, cursor, tag);
    }
    match (machine, tag) {
        (EM_SPARC, 4) => return flags(cx, cursor, rt::text!("HWCAPS"), names::SPARC_HWCAPS),
        (EM_SPARC, 8) => return flags(cx, cursor, rt::text!("HWCAPS2"), names::SPARC_HWCAPS2),
        (EM_MIPS, 4) => {
            put!(&mut cx.out, "  Tag_GNU_MIPS_ABI_FP: ");
            let value = cursor.word(cx);
            return named(cx, names::MIPS_FP, value, value);
        }
        _ => {}
    }
    let wanted = key_of(machine, tag);
    match FEW.iter().position(|&known| known == wanted) {
        Some(place) => few(cx, cursor, place),
        None if machine == EM_SPARC => unknown(cx, cursor, tag),
        // GNU readelf forgets the tag here.
        None => unknown(cx, cursor, tag & 1),
    }
}

const fn key_of(machine: u16, tag: u32) -> u32 {
    (machine as u32) << 8 | tag
}

/// Tags with few values, by machine; then what they are called, and their values.
const FEW: [u32; 7] = [
    key_of(EM_MIPS, 8),
    key_of(EM_S390, 8),
    key_of(EM_MSP430, 4),
    key_of(EM_PPC, 8),
    key_of(EM_PPC, 12),
    key_of(EM_68K, 4),
    key_of(EM_PPC, 4),
];
const FEW_TAGS: Text = rt::text!(
    "MIPS_ABI_MSA S390_ABI_Vector MSP430_Data_Region Power_ABI_Vector \
    Power_ABI_Struct_Return M68K_ABI_FP Power_ABI_FP"
);
const FEW_VALUES: Text = rt::text!(
    "Any MSA or not;128-bit MSA
any;software;hardware
;Lower Region Only;Any Region
unspecified;generic;AltiVec;SPE
unspecified;r3/r4;memory;???
unspecified hard/soft float;hard float;soft float;single-precision hard float"
);

/// Places in these lists.
const MSP430_DATA_REGION: usize = 2;
const POWER_STRUCT_RETURN: usize = 4;
const M68K_FP: usize = 5;
const POWER_FP: usize = 6;

/// The end of a line: a value's name, or that there is none.
fn named(cx: &mut Context, names: Names, key: u32, value: u32) {
    if !names.put(&mut cx.out, key) {
        fill!(&mut cx.out, "??? (%d)", value);
    }
    put!(&mut cx.out, "\n");
}

/// A value out of a few; or, from Power's on, of two bits, of Power's floats four: two for long
/// double. What has more bits than that is told first.
fn few(cx: &mut Context, cursor: &mut Cursor, place: usize) {
    put!(&mut cx.out, "  Tag_GNU_", &unpacked(FEW_TAGS, b' ', place)[..], ": ");
    let known = unpacked(FEW_VALUES, b'\n', place.min(M68K_FP));
    let wide = place == MSP430_DATA_REGION;
    if place <= MSP430_DATA_REGION {
        let value = cursor.number(cx, if wide { 64 } else { 32 });
        match word(&known, b';', value as usize).filter(|name| !name.is_empty()) {
            Some(name) => put!(&mut cx.out, name, "\n"),
            None if wide => fill!(&mut cx.out, "??? (%u)\n", value),
            None => fill!(&mut cx.out, "??? (%d)\n", value),
        }
        return;
    }
    if cursor.is_empty() {
        return put!(&mut cx.out, "<corrupt>\n");
    }
    let value = cursor.word(cx);
    let out = &mut cx.out;
    let most = match place {
        POWER_STRUCT_RETURN => 2,
        POWER_FP => 15,
        _ => 3,
    };
    if value > most {
        fill!(out, "(%#x), ", value);
    }
    // GNU readelf forgets to end the line where there is no name.
    if place == M68K_FP && value & 3 == 3 {
        return;
    }
    put!(out, word(&known, b';', value as usize & 3));
    if place == POWER_FP {
        let known = b"unspecified;128-bit IBM;64-bit;128-bit IEEE";
        put!(out, ", ", word(known, b';', value as usize >> 2 & 3), " long double");
    }
    put!(out, "\n");
}

/// A set of bits.
fn flags(cx: &mut Context, cursor: &mut Cursor, tag: Text, names: Names) {
    put!(&mut cx.out, "  Tag_GNU_Sparc_", tag, ": ");
    let value = cursor.word(cx);
    if value == 0 {
        put!(&mut cx.out, "0");
    }
    let mut before = rt::text!("");
    for bit in (0..32).filter(|bit| value & 1 << bit != 0) {
        if let Some(name) = &names.get(bit) {
            put!(&mut cx.out, before, name);
            before = rt::text!("|");
        }
    }
    put!(&mut cx.out, "\n");
}
