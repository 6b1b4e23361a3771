//! Instructions and descriptors as bits with a text for each: what has which bits, and what is
//! printed of it.

use crate::words::{unpacked, word, words};
use core::ops::Range;
use rt::fmt::{dec, hex};
use rt::io::BufWriter;
use rt::put;
use rt::text::Text;

/// Formats: which of the first four bytes' bits count, what they are, and the text.
macro_rules! formats {
    ($($mask:literal $value:literal, $($text:literal),+;)+) => {
        /// The first one that fits counts.
        const FORMATS: &[[u32; 2]] = &[$([$mask, $value]),+];

        /// What is printed of each; see [`print`].
        const TEXTS: rt::text::Text = rt::text!(concat!($($($text),+, "\n"),+));
    };
}

pub(super) use formats;

/// The first format that a word fits, by its place; some don't count.
#[inline(never)]
pub fn find(formats: &[[u32; 2]], word: u32, without: Range<usize>) -> Option<usize> {
    let fits = |[mask, value]: &[u32; 2]| word & mask == *value;
    (0..formats.len()).find(|at| formats.get(*at).is_some_and(fits) && !without.contains(at))
}

/// Prints the text of a format. What follows a `%` there stands for the numbers in LEB128, or for
/// some of the bits of the first four bytes: a letter says where they begin (`A` is the first
/// one), a character how many they are (what follows the 9 in ASCII is 10 and more).
#[inline(never)]
pub fn print(out: &mut BufWriter, text: &[u8], word: u32, numbers: [u64; 2]) {
    let mut pieces = words(text, b'%');
    let mut before = pieces.next().unwrap_or_default();
    for piece in pieces {
        let Some((&what, mut rest)) = piece.split_first() else { return };
        let mut field = 0;
        if let Some((&[at @ b'A'..=b'Z', width], after)) = rest.split_first_chunk() {
            field = word << (at - b'A') >> (32 - (width - b'0'));
            rest = after;
        }
        let names = match what {
            b'a' => rt::text!("@svr4\n@hpux\n@nt"),
            b'3' => P3,
            b'7' => P7,
            b'8' => P8,
            _ => rt::text!(""),
        };
        let name: &[u8] = &unpacked(names, b'\n', field as usize);
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
        b'b' => registers(out, rt::text!("b"), field << 1, rt::text!(",")),
        b'g' => registers(out, rt::text!("r"), field << 4, rt::text!(",")),
        // f2 to f5, then from f16 on.
        b'f' => {
            registers(out, rt::text!("f"), (field & 15) << 2 | field >> 4 << 16, rt::text!(","))
        }
        b'p' => registers(out, rt::text!("r"), field << 4, rt::text!(", ")),
        b'h' => registers(out, rt::text!("r"), field, rt::text!(", ")),
        b'c' => registers(out, rt::text!("wCGR"), field, rt::text!(", ")),
        // From r4 on.
        b'q' => registers(out, rt::text!("r"), ((2 << field) - 1) << 4, rt::text!(", ")),
        b'D' => range(out, rt::text!("D"), field),
        b'E' => range(out, rt::text!("D"), field | 0x100),
        b'd' => range(out, rt::text!("D"), field | 0x80),
        b'W' => range(out, rt::text!("wR"), field),
        b'w' => range(out, rt::text!("wR"), field | 0xa0),
        b'r' => register(out, field),
        // The kind goes into the two bits above the register's.
        b't' => match field >> 14 & 2 | field >> 7 & 1 {
            3 => put!(out, "invalid"),
            kind => register(out, kind << 5 | field & 0x1f),
        },
        b'n' => {
            let mut comma = rt::text!("");
            for bit in 0..4 {
                if field & 8 >> bit != 0 {
                    put!(out, comma, word(b"rp ar.pfs psp pr", b' ', bit));
                    comma = rt::text!(",");
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
fn registers(out: &mut BufWriter, name: Text, mask: u32, between: Text) {
    let mut before = rt::text!("");
    for register in (0..32u8).filter(|register| mask & 1 << register != 0) {
        put!(out, before, name, dec(register));
        before = between;
    }
}

/// Registers that follow one another: the first one, and in the lower four bits how many more.
#[inline(never)]
fn range(out: &mut BufWriter, name: Text, field: u32) {
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
        0 => rt::text!("r"),
        1 => rt::text!("f"),
        2 => rt::text!("b"),
        _ => match word(SPECIAL, b' ', low as usize & 15) {
            Some(name) => return put!(out, name),
            None => return put!(out, "Unknown", dec(low & 15)),
        },
    };
    put!(out, kind, dec(low));
}

/// What P3 saves, and in which register.
const P3: Text = rt::text!(
    "psp_gr(reg=r\nrp_gr(reg=r\npfs_gr(reg=r\npr_gr(reg=r\nunat_gr(reg=r\nlc_gr(reg=r\n\
    rp_br(reg=b\nrnat_gr(reg=r\nbsp_gr(reg=r\nbspstore_gr(reg=r\nfpsr_gr(reg=r\n\
    priunat_gr(reg=r"
);

/// What the formats P7 are called, from 1 on.
const P7: Text = rt::text!(
    "\nmem_stack_v\nspill_base\npsp_sprel\nrp_when\nrp_psprel\npfs_when\npfs_psprel\n\
    pr_when\npr_psprel\nlc_when\nlc_psprel\nunat_when\nunat_psprel\nfpsr_when\nfpsr_psprel"
);

/// What the formats P8 are called, from 1 on.
const P8: Text = rt::text!(
    "\nrp_sprel\npfs_sprel\npr_sprel\nlc_sprel\nunat_sprel\nfpsr_sprel\nbsp_when\n\
    bsp_psprel\nbsp_sprel\nbspstore_when\nbspstore_psprel\nbspstore_sprel\nrnat_when\n\
    rnat_psprel\nrnat_sprel\npriunat_when_gr\npriunat_psprel\npriunat_sprel\n\
    priunat_when_mem"
);

/// The registers that are none of a kind.
const SPECIAL: &[u8] =
    b"pr psp @priunat rp ar.bsp ar.bspstore ar.rnat ar.unat ar.fpsr ar.pfs ar.lc";
