//! Instructions and descriptors as bits with a text for each: what has which bits, and what is
//! printed of it.

use crate::words::words;
use rt::fmt::{dec, hex};
use rt::io::BufWriter;
use rt::put;

/// Formats: which of the first four bytes' bits count, what they are, and the text.
macro_rules! formats {
    ($($mask:literal $value:literal, $($text:literal),+;)+) => {
        /// The first one that fits counts.
        const FORMATS: &[[u32; 2]] = &[$([$mask, $value]),+];

        /// What is printed of each; see [`print`].
        const TEXTS: &[u8] = concat!($($($text),+, "\n"),+).as_bytes();
    };
}

pub(super) use formats;

/// The text of the first format that a word fits; of those that begin with this letter, behind
/// blanks and numbers, there are none.
#[inline(never)]
pub fn find(
    formats: &[[u32; 2]],
    texts: &'static [u8],
    word: u32,
    without: u8,
) -> Option<&'static [u8]> {
    let mut texts = words(texts, b'\n');
    for [mask, value] in formats {
        let text = texts.next()?;
        if word & mask == *value && name(text).first() != Some(&without) {
            return Some(text);
        }
    }
    None
}

/// What a text begins with behind blanks and numbers.
#[inline(never)]
pub fn name(text: &[u8]) -> &[u8] {
    let begin = text.iter().position(u8::is_ascii_alphabetic).unwrap_or(0);
    text.get(begin..).unwrap_or_default()
}

/// Prints the text of a format. What follows a `%` there stands for the numbers in LEB128, or for
/// some of the bits of the first four bytes: a letter says where they begin (`A` is the first
/// one), a character how many they are (what follows the 9 in ASCII is 10 and more).
#[inline(never)]
pub fn print(out: &mut BufWriter, text: &'static [u8], word: u32, numbers: [u64; 2]) {
    let mut pieces = words(text, b'%');
    let mut before = pieces.next().unwrap_or_default();
    for piece in pieces {
        let Some((&what, mut rest)) = piece.split_first() else { return };
        let mut field = 0;
        if let Some((&[at @ b'A'..=b'Z', width], after)) = rest.split_first_chunk() {
            field = word << (at - b'A') >> (32 - (width - b'0'));
            rest = after;
        }
        let names: &[u8] = match what {
            b'a' => b"@svr4 @hpux @nt",
            b'3' => P3,
            b'7' => P7,
            b'8' => P8,
            _ => b"",
        };
        let name = words(names, b' ').nth(field as usize).unwrap_or_default();
        if what.is_ascii_digit() && name.is_empty() {
            return unknown(out, field);
        }
        put!(out, before, name);
        before = rest;
        value(out, what, field, numbers, name);
    }
    put!(out, before, "\n");
}

/// Prints what a letter of a format stands for.
#[inline(never)]
fn value(out: &mut BufWriter, what: u8, field: u32, numbers: [u64; 2], name: &[u8]) {
    // Sizes and offsets are counted in larger units.
    let [t, second] = numbers;
    let offset = t.wrapping_shl(2);
    match what {
        b'l' => put!(out, dec(t)),
        b'm' => put!(out, dec(second)),
        b'k' => put!(out, dec(second.wrapping_shl(4))),
        b'o' => put!(out, hex(second.wrapping_shl(2))),
        b'u' => put!(out, dec(field)),
        b'x' => put!(out, hex(field).zero(2)),
        b's' => put!(out, dec((field << 2) + 4)),
        b'b' => registers(out, "b", field << 1, ","),
        b'g' => registers(out, "r", field << 4, ","),
        // f2 to f5, then from f16 on.
        b'f' => registers(out, "f", (field & 15) << 2 | field >> 4 << 16, ","),
        b'p' => registers(out, "r", field << 4, ", "),
        b'h' => registers(out, "r", field, ", "),
        b'c' => registers(out, "wCGR", field, ", "),
        // From r4 on.
        b'q' => registers(out, "r", ((2 << field) - 1) << 4, ", "),
        b'D' => range(out, "D", field),
        b'E' => range(out, "D", field | 0x100),
        b'd' => range(out, "D", field | 0x80),
        b'W' => range(out, "wR", field),
        b'w' => range(out, "wR", field | 0xa0),
        b'r' => register(out, field),
        // The kind goes into the two bits above the register's.
        b't' => match field >> 14 & 2 | field >> 7 & 1 {
            3 => put!(out, "invalid"),
            kind => register(out, kind << 5 | field & 0x1f),
        },
        b'n' => {
            let mut comma = "";
            for (bit, name) in words(b"rp ar.pfs psp pr", b' ').enumerate() {
                if field & 8 >> bit != 0 {
                    put!(out, comma, name);
                    comma = ",";
                }
            }
        }
        b'a' if name.is_empty() => put!(out, "0x", hex(field)),
        // Where on the stack or when: that is in the name.
        b'7' | b'8' if name.ends_with(b"psprel") || name.ends_with(b"base") => {
            put!(out, "(pspoff=0x10-0x", hex(offset), ")");
        }
        b'7' | b'8' if name.ends_with(b"sprel") => put!(out, "(spoff=0x", hex(offset), ")"),
        b'7' | b'8' => put!(out, "(t=", dec(t), ")"),
        _ => {}
    }
}

#[inline(never)]
pub fn unknown(out: &mut BufWriter, code: u32) {
    put!(out, "Unknown code 0x", hex(code).zero(2), "\n");
}

/// The registers of a mask, with this text between them.
#[inline(never)]
fn registers(out: &mut BufWriter, name: &str, mask: u32, between: &str) {
    let mut before = "";
    for register in (0..32u8).filter(|register| mask & 1 << register != 0) {
        put!(out, before, name, dec(register));
        before = between;
    }
}

/// Registers that follow one another: the first one, and in the lower four bits how many more.
#[inline(never)]
fn range(out: &mut BufWriter, name: &str, field: u32) {
    let (first, more) = (field >> 4, field & 15);
    put!(out, name, dec(first));
    if more != 0 {
        put!(out, "-", name, dec(first + more));
    }
}

/// A register of any kind, by the number that descriptors have for it.
#[inline(never)]
fn register(out: &mut BufWriter, number: u32) {
    let low = number & 0x1f;
    let kind = match number >> 5 {
        0 => "r",
        1 => "f",
        2 => "b",
        _ => match words(SPECIAL, b' ').nth(low as usize & 15) {
            Some(name) => return put!(out, name),
            None => return put!(out, "Unknown", dec(low & 15)),
        },
    };
    put!(out, kind, dec(low));
}

/// What P3 saves, and in which register.
const P3: &[u8] = b"psp_gr(reg=r rp_gr(reg=r pfs_gr(reg=r pr_gr(reg=r unat_gr(reg=r lc_gr(reg=r \
    rp_br(reg=b rnat_gr(reg=r bsp_gr(reg=r bspstore_gr(reg=r fpsr_gr(reg=r priunat_gr(reg=r";

/// What the formats P7 are called, from 1 on.
const P7: &[u8] =
    b" mem_stack_v spill_base psp_sprel rp_when rp_psprel pfs_when pfs_psprel pr_when \
    pr_psprel lc_when lc_psprel unat_when unat_psprel fpsr_when fpsr_psprel";

/// What the formats P8 are called, from 1 on.
const P8: &[u8] =
    b" rp_sprel pfs_sprel pr_sprel lc_sprel unat_sprel fpsr_sprel bsp_when bsp_psprel \
    bsp_sprel bspstore_when bspstore_psprel bspstore_sprel rnat_when rnat_psprel rnat_sprel \
    priunat_when_gr priunat_psprel priunat_sprel priunat_when_mem";

/// The registers that are none of a kind.
const SPECIAL: &[u8] =
    b"pr psp @priunat rp ar.bsp ar.bspstore ar.rnat ar.unat ar.fpsr ar.pfs ar.lc";
