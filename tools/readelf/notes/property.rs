//! `NT_GNU_PROPERTY_TYPE_0`: the properties of a program that a linker merges.

use super::Bytes;
use crate::readelf::file::File;
use crate::readelf::names::{Names, note_types as names};
use crate::readelf::pattern;
use crate::words::word;
use rt::elf::Reader;
use rt::elf::consts::{EM_386, EM_AARCH64, EM_IAMCU, EM_X86_64};
use rt::io::BufWriter;
use rt::put;
use rt::text::Text;

const GNU_PROPERTY_STACK_SIZE: u32 = 1;
const GNU_PROPERTY_NO_COPY_ON_PROTECTED: u32 = 2;
const GNU_PROPERTY_UINT32_AND_LO: u32 = 0xb000_0000;
const GNU_PROPERTY_UINT32_AND_HI: u32 = 0xb000_7fff;
const GNU_PROPERTY_UINT32_OR_LO: u32 = 0xb000_8000;
const GNU_PROPERTY_UINT32_OR_HI: u32 = 0xb000_ffff;
const GNU_PROPERTY_1_NEEDED: u32 = GNU_PROPERTY_UINT32_OR_LO;
const GNU_PROPERTY_LOPROC: u32 = 0xc000_0000;
const GNU_PROPERTY_LOUSER: u32 = 0xe000_0000;

/// Prints all properties, separated by commas or lines of their own.
pub fn list(out: &mut BufWriter, file: &File, desc: Reader) {
    put!(out, "      Properties: ");
    let word = file.elf.encoding.word();
    let size = desc.bytes.len();
    if size < 8 || !size.is_multiple_of(word) {
        return fill!(out, "<corrupt GNU_PROPERTY_TYPE, size = %#x>\n", size);
    }
    let mut at = 0;
    loop {
        let (Some(pr_type), Some(pr_datasz)) = (desc.u32(at), desc.u32(at + 4)) else {
            fill!(out, "<corrupt descsz: %#x>\n", size);
            break;
        };
        let Some(data) = desc.slice(at + 8, pr_datasz as usize) else {
            fill!(out, "<corrupt type (%#x) datasz: %#x>\n", pr_type, pr_datasz);
            break;
        };
        one(out, file, pr_type, Reader::new(desc.encoding, data));
        at += 8 + data.len().next_multiple_of(word);
        if at >= size {
            break;
        }
        put!(out, if file.options.wide { rt::text!(", ") } else { rt::text!("\n\t") });
    }
    put!(out, "\n");
}

fn one(out: &mut BufWriter, file: &File, pr_type: u32, data: Reader) {
    let size = data.bytes.len();
    if pr_type >= GNU_PROPERTY_LOUSER {
        return unknown(out, rt::text!("<application-specific type %#x data: "), pr_type, data);
    }
    if pr_type >= GNU_PROPERTY_LOPROC {
        let Some((what, bits, none)) = of_processor(file.elf.header.e_machine, pr_type) else {
            return unknown(out, rt::text!("<processor-specific type %#x data: "), pr_type, data);
        };
        put!(out, what, ": ");
        return match data.u32(0).filter(|_| size == 4) {
            Some(0) if none => put!(out, "<None>"),
            Some(value) => flags(out, value, bits),
            None => corrupt(out, size),
        };
    }
    match pr_type {
        GNU_PROPERTY_STACK_SIZE => {
            put!(out, "stack size: ");
            match data.word(0).filter(|_| size == data.encoding.word()) {
                Some(value) => fill!(out, "%#x", value),
                None => corrupt(out, size),
            }
        }
        GNU_PROPERTY_NO_COPY_ON_PROTECTED => {
            put!(out, "no copy on protected ");
            if size != 0 {
                corrupt(out, size);
            }
        }
        GNU_PROPERTY_UINT32_AND_LO..=GNU_PROPERTY_UINT32_OR_HI => {
            let what = match pr_type {
                GNU_PROPERTY_1_NEEDED => rt::text!("1_needed: "),
                ..=GNU_PROPERTY_UINT32_AND_HI => rt::text!("UINT32_AND (%#x): "),
                _ => rt::text!("UINT32_OR (%#x): "),
            };
            pattern::numbers(out, what, &[pr_type.into()]);
            match data.u32(0).filter(|_| size == 4) {
                None => corrupt(out, size),
                Some(value) if pr_type == GNU_PROPERTY_1_NEEDED => {
                    flags(out, value, names::NEEDED_1);
                }
                Some(value) => fill!(out, "%#x", value),
            }
        }
        _ => unknown(out, rt::text!("<unknown type %#x data: "), pr_type, data),
    }
}

/// What a processor's property says, what its bits are called, and whether it is said that
/// no bit is set.
// Not inlined: JSON wants it, too.
#[inline(never)]
pub fn of_processor(e_machine: u16, pr_type: u32) -> Option<(&'static [u8], Names, bool)> {
    if e_machine == EM_AARCH64 && pr_type == GNU_PROPERTY_LOPROC {
        return Some((b"AArch64 feature", names::AARCH64_FEATURE_1, false));
    }
    if !matches!(e_machine, EM_386 | EM_IAMCU | EM_X86_64) {
        return None;
    }
    let known = [0, 1, 2, 0x8000, 0x8001, 0x8002, 0x1_0000, 0x1_0001, 0x1_0002];
    let place = known.iter().position(|low| GNU_PROPERTY_LOPROC + low == pr_type)?;
    let what = b"x86 ISA used;x86 ISA needed;x86 feature;x86 feature needed;x86 feature used";
    let which = [0, 1, 2, 1, 3, 1, 0, 4, 0];
    let bits = match place {
        0 | 1 => names::X86_COMPAT_ISA_1,
        2 => names::X86_FEATURE_1,
        3 | 6 => names::X86_COMPAT_2_ISA_1,
        4 | 7 => names::X86_FEATURE_2,
        _ => names::X86_ISA_1,
    };
    Some((word(what, b';', *which.get(place)?)?, bits, matches!(place, 2..=4 | 6 | 7)))
}

/// The names of the bits that are set.
fn flags(out: &mut BufWriter, value: u32, bits: Names) {
    let mut first = true;
    for bit in (0..32).filter(|bit| value & 1 << bit != 0) {
        put!(out, if first { rt::text!("") } else { rt::text!(", ") });
        first = false;
        if !bits.put(out, bit) {
            fill!(out, "<unknown: %x>", 1u32 << bit);
        }
    }
}

fn corrupt(out: &mut BufWriter, size: usize) {
    fill!(out, "<corrupt length: %#x> ", size);
}

fn unknown(out: &mut BufWriter, what: Text, pr_type: u32, data: Reader) {
    pattern::numbers(out, what, &[pr_type.into()]);
    put!(out, Bytes(data.bytes), ">");
}
