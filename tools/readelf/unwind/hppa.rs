//! The unwind tables of HP-PA: an entry of 16 bytes for each function.
//!
//! "32-bit PA-RISC Run-time Architecture Document", appendix "Stack unwind library".

use super::functions::{Functions, Segment, head};
use crate::context::Context;
use crate::readelf::names::Names;
use crate::readelf::names::unwind::{HPPA_FLAGS, HPPA_MORE_FLAGS};
use rt::elf::SectionHeader;
use rt::fmt::dec;
use rt::io::BufWriter;
use rt::put;

/// The size of an entry.
const ENTRY: usize = 16;

pub fn one(cx: &mut Context, functions: &Functions, index: usize, section: &SectionHeader) -> bool {
    let count = head(cx, functions.file, section, ENTRY as u64);
    put!(&mut cx.out, if count == 1 { rt::text!("y:\n") } else { rt::text!("ies:\n") });
    let segment = Segment::new(cx, functions.file, section, 4).filter(|_| count > 0);
    let Some(mut segment) = segment else { return false };
    segment.relocate(cx, functions, index);
    table(cx, functions, &segment);
    true
}

fn table(cx: &mut Context, functions: &Functions, segment: &Segment) {
    let out = &mut cx.out;
    put!(out, "\n");
    for at in (0..segment.r.bytes.len() / ENTRY).map(|index| index * ENTRY) {
        segment.function(out, functions, at);
        put!(out, "\n\t");
        let word = |field: usize| segment.r.u32(at + field).unwrap_or_default();
        flags(out, word(8), HPPA_FLAGS);
        let more = word(12);
        flags(out, more, HPPA_MORE_FLAGS);
        let size = more & 0x7ff_ffff;
        if size != 0 {
            put!(out, "Total_frame_size=", dec(size), " ");
        }
        put!(out, "\n");
    }
}

/// The bits that are set, and the numbers that aren't 0.
#[inline(never)]
fn flags(out: &mut BufWriter, flags: u32, names: Names) {
    for (place, name) in names.iter() {
        let mask = match place {
            10 => 15,
            15 => 31,
            _ => 1,
        };
        let number = flags >> (31 - place) & mask;
        match number {
            0 => {}
            1 if mask == 1 => put!(out, name, " "),
            _ => put!(out, name, dec(number), " "),
        }
    }
}
