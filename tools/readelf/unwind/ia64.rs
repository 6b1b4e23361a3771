//! The unwind tables of IA-64, and the descriptors that they lead to.
//!
//! "Itanium Software Conventions and Runtime Architecture Guide", appendix B.

use super::formats::{find, formats, print, unknown};
use super::functions::{Functions, Segment, head};
use crate::context::Context;
use crate::readelf::file::File;
use crate::words::{unpacked, words};
use core::ops::Range;
use rt::elf::{Reader, SectionHeader};
use rt::fmt::{dec, hex};
use rt::io::BufWriter;
use rt::put;

pub fn one(cx: &mut Context, functions: &Functions, index: usize, section: &SectionHeader) -> bool {
    let file = functions.file;
    let Some(info) = info_section(file, section) else {
        let name = file.section_name(section);
        fill!(&mut cx.out, "\nCould not find unwind info section for '%S'"; name);
        return true;
    };
    let word = file.elf.encoding.word();
    head(cx, file, section, 3 * word as u64);
    put!(&mut cx.out, "ies:\n");
    if let Some(segment) = &mut Segment::new(cx, file, section, word) {
        segment.relocate(cx, functions, index);
        table(cx, functions, segment, &file.section(info));
    }
    true
}

/// How the names of tables begin, and those of the sections with their descriptors.
const NAMES: &[u8] =
    b".gnu.linkonce.ia64unw. .gnu.linkonce.ia64unwi. .IA_64.unwind .IA_64.unwind_info";

/// The section with the descriptors of an unwind table: its name tells.
fn info_section(file: &File, section: &SectionHeader) -> Option<usize> {
    let name = file.section_name(section);
    let mut names = words(NAMES, b' ');
    let (mut prefix, mut suffix): (&[u8], &[u8]) = (b"", b"");
    while let Some(of_table) = names.next() {
        prefix = names.next().unwrap_or_default();
        if let Some(rest) = name.strip_prefix(of_table) {
            suffix = rest;
            break;
        }
    }
    (0..file.sections.len())
        .find(|index| file.section_name(&file.section(*index)).strip_prefix(prefix) == Some(suffix))
}

fn table(cx: &mut Context, functions: &Functions, segment: &Segment, info: &SectionHeader) {
    let size = 3 * segment.word;
    let (mut entry, mut data) = (0, None);
    while segment.r.slice(entry * size, size).is_some() {
        let place = function(cx, functions, segment, entry * size);
        // Where it can't be read, that is told behind the first function.
        if entry == 0 {
            data = functions.file.read(cx, info.sh_offset, info.sh_size, rt::text!("unwind info"));
        }
        if let Some(data) = data
            && !block(cx, segment, data, place.wrapping_sub(info.sh_addr))
        {
            fill_warning!(cx, "Invalid offset %x in table entry %u", place, entry);
        }
        entry += 1;
    }
}

/// Prints the function of an entry; gives back where its descriptors are.
#[inline(never)]
fn function(cx: &mut Context, functions: &Functions, segment: &Segment, at: usize) -> u64 {
    let place = segment.address(at + 2 * segment.word).offset;
    put!(&mut cx.out, "\n");
    segment.function(&mut cx.out, functions, at);
    put!(&mut cx.out, ", info at +0x", hex(place.wrapping_sub(segment.base)), "\n");
    place
}

/// The descriptors of a function, after their header; false where that isn't there.
#[inline(never)]
fn block(cx: &mut Context, segment: &Segment, data: &[u8], at: u64) -> bool {
    let rest = usize::try_from(at).ok().and_then(|at| data.get(at..)).unwrap_or_default();
    let Some(stamp) = Reader::new(segment.r.encoding, rest).u64(0) else { return false };
    let rest = rest.get(8..).unwrap_or_default();
    let (version, flags) = (stamp >> 48, stamp >> 32 & 0xffff);
    let size = (stamp & 0xffff_ffff) * segment.word as u64;
    let out = &mut cx.out;
    put!(out, "  v", dec(version), ", flags=0x", hex(flags), " (");
    put!(out, if flags & 1 != 0 { rt::text!(" ehandler") } else { rt::text!("") });
    put!(out, if flags & 2 != 0 { rt::text!(" uhandler") } else { rt::text!("") });
    put!(out, "), len=", dec(size), " bytes\n");
    if version != 1 {
        put!(out, "\tUnknown version.\n");
        return true;
    }
    let rest = usize::try_from(size).ok().and_then(|size| rest.get(..size)).unwrap_or(rest);
    let mut d = Descriptors { rest, body: false, rlen: 0 };
    while !d.rest.is_empty() {
        d.one(&mut cx.out);
    }
    true
}

/// Descriptors, read one after the other.
struct Descriptors<'a> {
    rest: &'a [u8],
    /// Whether the region is a body, else it is a prologue.
    body: bool,
    /// How many instructions the region has.
    rlen: u64,
}

impl Descriptors<'_> {
    #[inline(never)]
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    #[inline(never)]
    fn uleb(&mut self, out: &mut BufWriter) -> u64 {
        let mut value = 0;
        let mut shift = 0;
        while let Some(byte) = self.byte() {
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            shift += 7;
            if byte & 0x80 == 0 {
                return value;
            }
        }
        put!(out, "Bad uleb128\n");
        0
    }

    // Not inlined: a large frame makes all that uses it longer.
    #[inline(never)]
    fn one(&mut self, out: &mut BufWriter) {
        let rest = self.rest;
        let mut word = 0;
        for at in 0..4 {
            word = word << 8 | u32::from(rest.get(at).copied().unwrap_or_default());
        }
        let byte = (word >> 24) as u8;
        self.byte();
        // In a body these two sets of codes mean the same.
        if self.body && byte > 0xf0 && byte != 0xf8 {
            word |= 8 << 24;
        }
        if !self.body && byte == 0xb8 {
            return self.spill_mask(out); // Like no other.
        }
        let without = if self.body { PROLOGUE } else { BODY };
        let text = find(FORMATS, word, without).map(|place| unpacked(TEXTS, b'\n', place));
        let Some([fixed, count, text @ ..]) = text.as_deref() else {
            return unknown(out, byte.into());
        };
        let (fixed, count) = (usize::from(fixed - b'0'), usize::from(count - b'0'));
        let needed = if fixed == 0 { 0 } else { fixed + count };
        if rest.len() <= needed {
            self.rest = &[];
            let name = words(text.trim_ascii_start(), b':').next().unwrap_or_default();
            return put!(out, "\t<corrupt ", name, ">\n");
        }
        self.rest = rest.get(1 + fixed..).unwrap_or_default();
        let mut numbers = [0; 2];
        for number in numbers.iter_mut().take(count) {
            *number = self.uleb(out);
        }
        if byte < 0x80 {
            self.rlen = if byte < 0x40 { (byte & 0x1f).into() } else { numbers[0] };
            self.body = matches!(byte, 0x20..=0x3f) || byte & 0xe3 == 0x61;
        }
        print(out, text, word, numbers)
    }

    /// P4: what each instruction of the prologue spills, in two bits.
    fn spill_mask(&mut self, out: &mut BufWriter) {
        let left = self.rest.len();
        let needed = self.rlen.saturating_mul(2) / 8;
        if needed > left as u64 {
            return fill!(out, "\nERROR: unwind length too long (0x%x > 0x%x)\n\n", needed, left);
        }
        put!(out, "\tP4:spill_mask(imask=[");
        let mut byte = 0;
        for slot in 0..self.rlen {
            if slot % 4 == 0 {
                byte = self.byte().unwrap_or(0);
            }
            let kind = byte >> (6 - 2 * (slot % 4)) & 3;
            out.byte(b"-frb"[usize::from(kind)]);
            if slot % 3 == 2 && slot + 1 < self.rlen {
                put!(out, ",");
            }
        }
        put!(out, "])\n");
    }
}

/// Which of the formats occur in bodies only, and in prologues only.
const BODY: Range<usize> = 5..11;
const PROLOGUE: Range<usize> = 11..22;

// Before each text stands how many bytes the format has behind the first one, and how many
// numbers in LEB128 follow.
#[rustfmt::skip]
formats! {
    0xe000_0000 0, 0, 0, "    R1:prologue(rlen=%uD5)";
    0xe000_0000 0x2000_0000, 0, 0, "    R1:body(rlen=%uD5)";
    0xe000_0000 0x4000_0000, 1, 1, "    R2:prologue_gr(mask=[%nF4],grsave=r%uJ7,rlen=%l)";
    0xe300_0000 0x6100_0000, 0, 1, "    R3:body(rlen=%l)";
    0xe000_0000 0x6000_0000, 0, 1, "    R3:prologue(rlen=%l)";
    0xe000_0000 0x8000_0000, 0, 0, "\tB1:label_state(label=%uD5)";
    0xe000_0000 0xa000_0000, 0, 0, "\tB1:copy_state(label=%uD5)";
    0xe000_0000 0xc000_0000, 0, 1, "\tB2:epilogue(t=%l,ecount=%uD5)";
    0xf000_0000 0xe000_0000, 0, 2, "\tB3:epilogue(t=%l,ecount=%m)";
    0xff00_0000 0xf000_0000, 0, 1, "\tB4:label_state(label=%l)";
    0xff00_0000 0xf800_0000, 0, 1, "\tB4:copy_state(label=%l)";
    0xe000_0000 0x8000_0000, 0, 0, "\tP1:br_mem(brmask=[%bD5])";
    0xf000_0000 0xa000_0000, 1, 0, "\tP2:br_gr(brmask=[%bE5],gr=r%uJ7)";
    0xf800_0000 0xb000_0000, 1, 0, "\tP3:%3F4%uJ7)";
    0xff00_0000 0xb900_0000, 3, 0, "\tP5:frgr_mem(grmask=[%gI4],frmask=[%fMD])";
    0xf000_0000 0xc000_0000, 0, 0, "\tP6:fr_mem(frmask=[%fE4])";
    0xf000_0000 0xd000_0000, 0, 0, "\tP6:gr_mem(grmask=[%gE4])";
    0xff00_0000 0xe000_0000, 0, 2, "\tP7:mem_stack_f(t=%l,size=%k)";
    0xf000_0000 0xe000_0000, 0, 1, "\tP7:%7E4";
    0xff00_0000 0xf000_0000, 1, 1, "\tP8:%8I8";
    0xff00_0000 0xf100_0000, 2, 0, "\tP9:gr_gr(grmask=[%gM4],r%uR7)";
    0xff00_0000 0xff00_0000, 2, 0, "\tP10:unwabi(abi=%aI8,context=0x%xQ8)";
    0xff80_0000 0xf980_0000, 1, 2, "\tX1:spill_sprel(reg=%rJ7,t=%l,spoff=0x%o)";
    0xff00_0000 0xf900_0000, 1, 2, "\tX1:spill_psprel(reg=%rJ7,t=%l,pspoff=0x10-0x%o)";
    0xff80_ff00 0xfa00_0000, 2, 1, "\tX2:restore(t=%l,reg=%rJ7)";
    0xff00_0000 0xfa00_0000, 2, 1, "\tX2:spill_reg(t=%l,reg=%rJ7,treg=%tI@)";
    0xff80_0000 0xfb80_0000, 2, 2, "\tX3:spill_sprel_p(qp=p%uK6,t=%l,reg=%rR7,spoff=0x%o)";
    0xff00_0000 0xfb00_0000, 2, 2,
        "\tX3:spill_psprel_p(qp=p%uK6,t=%l,reg=%rR7,pspoff=0x10-0x%o)";
    0xff00_80ff 0xfc00_0000, 3, 1, "\tX4:restore_p(qp=p%uK6,t=%l,reg=%rR7)";
    0xff00_0000 0xfc00_0000, 3, 1, "\tX4:spill_reg_p(qp=p%uK6,t=%l,reg=%rR7,treg=%tQ@)";
}
