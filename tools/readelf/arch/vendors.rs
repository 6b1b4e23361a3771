//! Object attributes: what the tags of each vendor mean.

use super::attributes::{Cursor, compatibility, raw, unknown, value};
use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::names::{Name, Names, attributes as names};
use crate::readelf::text;
use rt::elf::c_str;
use rt::elf::consts::*;
use rt::fmt::{dec, hex, int};
use rt::put;

type Show = fn(&mut Context, &File, &mut Cursor);

/// Who defines the attributes of a machine's files, apart from GNU.
#[derive(Clone, Copy)]
pub struct Vendor {
    pub name: &'static [u8],
    /// Prints one tag and its value.
    pub show: Show,
    /// Whether vendor `gnu` is understood as well.
    pub knows_gnu: bool,
}

impl Vendor {
    pub fn of(e_machine: u16) -> Vendor {
        let (name, show): (&[u8], Show) = match e_machine {
            EM_ARM => (b"aeabi", aeabi),
            EM_RISCV => (b"riscv", riscv),
            EM_ARC | EM_ARC_COMPACT | EM_ARCV2 => (b"ARC", arc),
            EM_MSP430 => (b"mspabi", mspabi),
            EM_TI_C6000 => (b"c6xabi", c6xabi),
            EM_CSKY => return Vendor { name: b"csky", show: csky, knows_gnu: false },
            EM_MIPS | EM_MIPS_RS3_LE | EM_PPC | EM_PPC64 | EM_S390 | EM_S390_OLD | EM_68K
            | EM_SPARC | EM_SPARC32PLUS | EM_SPARCV9 => (b"", gnu),
            _ => (b"gnu", opaque),
        };
        Vendor { name, show, knows_gnu: true }
    }
}

/// The value of an attribute that has names for its values.
fn enumerated(names: Names, tag: u32, value: u64) -> Option<Name> {
    let value = u8::try_from(value).ok()?;
    names.get(tag << 8 | u32::from(value))
}

/// GNU's attributes on a machine that has none.
fn opaque(cx: &mut Context, _: &File, cursor: &mut Cursor) {
    let string = c_str(cursor.data, cursor.at as u64).unwrap_or_default();
    put!(&mut cx.out, "  Unknown GNU attribute: ", text::name(string), "\n");
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
    let e_machine = file.elf.header.e_machine;
    let sparc = matches!(e_machine, EM_SPARC | EM_SPARC32PLUS | EM_SPARCV9);
    let own = sparc
        || matches!(
            e_machine,
            EM_MIPS
                | EM_MIPS_RS3_LE
                | EM_PPC
                | EM_PPC64
                | EM_S390
                | EM_S390_OLD
                | EM_68K
                | EM_MSP430
        );
    if tag == 0 && !own {
        cursor.at = cursor.end;
        return;
    }
    if tag & 2 != 0 || !own {
        return unknown(cx, file, cursor, tag);
    }
    match (e_machine, tag) {
        (EM_SPARC | EM_SPARC32PLUS | EM_SPARCV9, 4) => {
            flags(cx, cursor, "HWCAPS", names::SPARC_HWCAPS);
        }
        (EM_SPARC | EM_SPARC32PLUS | EM_SPARCV9, 8) => {
            flags(cx, cursor, "HWCAPS2", names::SPARC_HWCAPS2);
        }
        (EM_MIPS | EM_MIPS_RS3_LE, 4) => {
            put!(&mut cx.out, "  Tag_GNU_MIPS_ABI_FP: ");
            let value = cursor.word(cx);
            named(cx, names::MIPS_FP.get(value), value);
        }
        (EM_MIPS | EM_MIPS_RS3_LE, 8) => {
            choice(cx, cursor, "MIPS_ABI_MSA", &["Any MSA or not", "128-bit MSA"]);
        }
        (EM_S390 | EM_S390_OLD, 8) => {
            choice(cx, cursor, "S390_ABI_Vector", &["any", "software", "hardware"]);
        }
        (EM_MSP430, 4) => {
            put!(&mut cx.out, "  Tag_GNU_MSP430_Data_Region: ");
            match cursor.number(cx, 64) {
                1 => put!(&mut cx.out, "Lower Region Only\n"),
                2 => put!(&mut cx.out, "Any Region\n"),
                value => put!(&mut cx.out, "??? (", dec(value), ")\n"),
            }
        }
        (EM_68K, 4) => {
            let known = ["unspecified hard/soft float", "hard float", "soft float", ""];
            two_bits(cx, cursor, "M68K_ABI_FP", 3, &known);
        }
        (EM_PPC | EM_PPC64, 4) => power_floats(cx, cursor),
        (EM_PPC | EM_PPC64, 8) => {
            let known = ["unspecified", "generic", "AltiVec", "SPE"];
            two_bits(cx, cursor, "Power_ABI_Vector", 3, &known);
        }
        (EM_PPC | EM_PPC64, 12) => {
            let known = ["unspecified", "r3/r4", "memory", "???"];
            two_bits(cx, cursor, "Power_ABI_Struct_Return", 2, &known);
        }
        _ if sparc => unknown(cx, file, cursor, tag),
        // GNU readelf forgets the tag here.
        _ => unknown(cx, file, cursor, tag & 1),
    }
}

/// The end of a line: a value's name, or that there is none.
fn named(cx: &mut Context, name: Option<Name>, value: u32) {
    match name {
        Some(name) => put!(&mut cx.out, name, "\n"),
        None => put!(&mut cx.out, "??? (", int(value.cast_signed()), ")\n"),
    }
}

/// A value out of a few.
fn choice(cx: &mut Context, cursor: &mut Cursor, tag: &str, known: &[&str]) {
    put!(&mut cx.out, "  Tag_GNU_", tag, ": ");
    let value = cursor.word(cx);
    match known.get(value as usize) {
        Some(name) => put!(&mut cx.out, *name, "\n"),
        None => put!(&mut cx.out, "??? (", int(value.cast_signed()), ")\n"),
    }
}

/// A value of two bits; what has more bits than that is told first.
fn two_bits(cx: &mut Context, cursor: &mut Cursor, tag: &str, most: u32, known: &[&str; 4]) {
    put!(&mut cx.out, "  Tag_GNU_", tag, ": ");
    let Some(value) = present(cx, cursor) else { return };
    if value > most {
        put!(&mut cx.out, "(", hex(value).alt(), "), ");
    }
    // GNU readelf forgets to end the line where there is no name.
    let name = known[value as usize & 3];
    put!(&mut cx.out, name, if name.is_empty() { "" } else { "\n" });
}

/// A number, where there is any.
fn present(cx: &mut Context, cursor: &mut Cursor) -> Option<u32> {
    if cursor.is_empty() {
        put!(&mut cx.out, "<corrupt>\n");
        return None;
    }
    Some(cursor.word(cx))
}

/// `Tag_GNU_Power_ABI_FP`: two bits for floats, two for long double.
fn power_floats(cx: &mut Context, cursor: &mut Cursor) {
    put!(&mut cx.out, "  Tag_GNU_Power_ABI_FP: ");
    let Some(value) = present(cx, cursor) else { return };
    if value > 15 {
        put!(&mut cx.out, "(", hex(value).alt(), "), ");
    }
    let floats =
        ["unspecified hard/soft float", "hard float", "soft float", "single-precision hard float"];
    let long_double = ["unspecified", "128-bit IBM", "64-bit", "128-bit IEEE"];
    put!(&mut cx.out, floats[value as usize & 3], ", ");
    put!(&mut cx.out, long_double[value as usize >> 2 & 3], " long double\n");
}

/// A set of bits.
fn flags(cx: &mut Context, cursor: &mut Cursor, tag: &str, names: Names) {
    put!(&mut cx.out, "  Tag_GNU_Sparc_", tag, ": ");
    let value = cursor.word(cx);
    if value == 0 {
        put!(&mut cx.out, "0");
    }
    let mut first = true;
    for name in (0..32).filter(|bit| value & 1 << bit != 0).filter_map(|bit| names.get(bit)) {
        put!(&mut cx.out, if first { "" } else { "|" }, name);
        first = false;
    }
    put!(&mut cx.out, "\n");
}

/// Vendor `aeabi`, of ARM.
fn aeabi(cx: &mut Context, file: &File, cursor: &mut Cursor) {
    let tag = cursor.word(cx);
    let Some(name) = names::AEABI.get(tag) else { return unknown(cx, file, cursor, tag) };
    put!(&mut cx.out, "  ", name, ": ");
    match tag {
        4 | 5 | 67 => value(cx, file, cursor, 1),
        32 => {
            compatibility(cx, file, cursor);
        }
        64 => {
            cursor.at += 1;
            put!(&mut cx.out, "True\n");
        }
        65 => {
            // Another tag and its value, of which only the architecture makes sense.
            match cursor.word(cx) {
                6 => {
                    let arch = cursor.word(cx);
                    match enumerated(names::AEABI_VALUES, 6, arch.into()) {
                        Some(name) => put!(&mut cx.out, name),
                        None => put!(&mut cx.out, "??? (", int(arch.cast_signed()), ")"),
                    }
                }
                _ => put!(&mut cx.out, "???"),
            }
            put!(&mut cx.out, "\n");
            let rest = cursor.rest();
            cursor.at += rest.iter().position(|&b| b == 0).map_or(rest.len(), |end| end + 1);
        }
        _ => {
            let value = cursor.word(cx);
            let name = enumerated(names::AEABI_VALUES, tag, value.into());
            named(cx, name, value);
        }
    }
}

/// Vendor `riscv`.
fn riscv(cx: &mut Context, file: &File, cursor: &mut Cursor) {
    let tag = cursor.word(cx);
    let Some(name) = names::RISCV.get(tag) else { return unknown(cx, file, cursor, tag) };
    put!(&mut cx.out, "  ", name, ": ");
    if tag == 5 {
        return value(cx, file, cursor, 1);
    }
    let value = cursor.word(cx);
    match (tag, value) {
        (4, _) => put!(&mut cx.out, dec(value), "-bytes"),
        (6, 0) => put!(&mut cx.out, "No unaligned access"),
        (6, 1) => put!(&mut cx.out, "Unaligned access"),
        // GNU readelf forgets to end the line.
        (6, _) => return,
        _ => put!(&mut cx.out, dec(value)),
    }
    put!(&mut cx.out, "\n");
}

/// Vendor `ARC`.
fn arc(cx: &mut Context, file: &File, cursor: &mut Cursor) {
    let tag = cursor.word(cx);
    let Some(name) = names::ARC.get(tag) else { return unknown(cx, file, cursor, tag & 1) };
    put!(&mut cx.out, "  ", name, ": ");
    if matches!(tag, 7 | 16 | 17) {
        return value(cx, file, cursor, 1);
    }
    let value = cursor.word(cx);
    let known = enumerated(names::ARC_VALUES, tag, value.into());
    match known.or_else(|| names::ARC_OTHERS.get(tag)) {
        Some(name) => put!(&mut cx.out, name),
        None if tag == 9 => put!(&mut cx.out, "v", int(value.cast_signed())),
        None => put!(&mut cx.out, int(value.cast_signed())),
    }
    put!(&mut cx.out, "\n");
}

/// Vendor `mspabi`, of MSP430.
fn mspabi(cx: &mut Context, file: &File, cursor: &mut Cursor) {
    let tag = cursor.word(cx);
    if let Some(name) = names::MSPABI.get(tag) {
        put!(&mut cx.out, "  ", name, ": ");
        let value = cursor.number(cx, 64);
        return match enumerated(names::MSPABI_VALUES, tag, value) {
            Some(name) => put!(&mut cx.out, name, "\n"),
            None => put!(&mut cx.out, "??? (", dec(value), ")\n"),
        };
    }
    put!(&mut cx.out, "  <unknown tag ", int(tag.cast_signed()), ">: ");
    if tag & 1 != 0 {
        put!(&mut cx.out, "\"");
        if !cursor.string(&mut cx.out, file) {
            put!(&mut cx.out, "<corrupt>");
        }
        put!(&mut cx.out, "\"\n");
    } else {
        let value = cursor.number(cx, 64);
        put!(&mut cx.out, int(value.cast_signed()), " (0x", hex(value), ")\n");
    }
}

/// Vendor `c6xabi`, of TI C6000.
fn c6xabi(cx: &mut Context, file: &File, cursor: &mut Cursor) {
    let tag = cursor.word(cx);
    let Some(name) = names::C6XABI.get(tag) else { return unknown(cx, file, cursor, tag) };
    put!(&mut cx.out, "  ", name, ": ");
    match tag {
        32 => {
            compatibility(cx, file, cursor);
        }
        67 => value(cx, file, cursor, 1),
        _ => {
            let value = cursor.word(cx);
            let name = enumerated(names::C6XABI_VALUES, tag, value.into());
            named(cx, name, value);
        }
    }
}

/// Vendor `csky`.
fn csky(cx: &mut Context, file: &File, cursor: &mut Cursor) {
    let tag = cursor.word(cx);
    let Some(name) = names::CSKY.get(tag) else {
        // Above the known tags all count as strings.
        return unknown(cx, file, cursor, if tag > 22 { u32::MAX } else { tag });
    };
    match tag {
        4 | 5 | 21 => {
            put!(&mut cx.out, "  ", name);
            value(cx, file, cursor, 1);
        }
        6 | 7 => {
            put!(&mut cx.out, "  ", name);
            value(cx, file, cursor, 0);
        }
        9 => {
            put!(&mut cx.out, "  ", name);
            let version = int(cursor.word(cx).cast_signed());
            put!(&mut cx.out, "VDSP Version ", version, "\n");
        }
        18..=20 => {
            let value = cursor.word(cx);
            if let Some(value) = enumerated(names::CSKY_VALUES, tag, value.into()) {
                put!(&mut cx.out, "  ", name, value, "\n");
            }
        }
        22 => {
            put!(&mut cx.out, "  ", name);
            let value = cursor.word(cx);
            for (bit, name) in [" Half", " Single", " Double"].into_iter().enumerate() {
                put!(&mut cx.out, if value & 1 << bit != 0 { name } else { "" });
            }
            put!(&mut cx.out, "\n");
        }
        _ => {
            put!(&mut cx.out, "  ", name);
            let value = cursor.word(cx);
            // Where the value has no name GNU readelf forgets to end the line.
            if let Some(value) = enumerated(names::CSKY_VALUES, tag, value.into()) {
                put!(&mut cx.out, value, "\n");
            }
        }
    }
}
