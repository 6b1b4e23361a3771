//! The unwind tables of IA-64, and the descriptors that they lead to.
//!
//! "Itanium Software Conventions and Runtime Architecture Guide", appendix B.

use super::functions::{Functions, Segment, head};
use super::registers;
use crate::context::Context;
use crate::readelf::file::File;
use crate::words::words;
use rt::elf::{Reader, SectionHeader};
use rt::io::BufWriter;
use rt::put;

pub fn one(
    cx: &mut Context,
    file: &File,
    functions: &Functions,
    index: usize,
    section: &SectionHeader,
) -> bool {
    let Some(info) = info_section(file, section) else {
        let name = file.section_name(section);
        fill!(&mut cx.out, "\nCould not find unwind info section for '%S'"; name);
        return true;
    };
    head(cx, file, section, 3 * file.elf.encoding.word() as u64);
    put!(&mut cx.out, "ies:\n");
    if let Some(mut segment) = Segment::new(cx, file, section) {
        segment.relocate(cx, file, functions, index);
        table(cx, file, functions, &segment, &info);
    }
    true
}

/// The section with the descriptors of an unwind table: its name tells.
fn info_section(file: &File, section: &SectionHeader) -> Option<SectionHeader> {
    let name = file.section_name(section);
    let pairs: [(&[u8], &[u8]); 2] = [
        (b".gnu.linkonce.ia64unw.", b".gnu.linkonce.ia64unwi."),
        (b".IA_64.unwind", b".IA_64.unwind_info"),
    ];
    let (prefix, suffix) = pairs
        .iter()
        .find_map(|(from, to)| Some((*to, name.strip_prefix(*from)?)))
        .unwrap_or((b".IA_64.unwind_info", b""));
    file.sections.iter().find(|s| file.section_name(s).strip_prefix(prefix) == Some(suffix))
}

fn table(
    cx: &mut Context,
    file: &File,
    functions: &Functions,
    segment: &Segment,
    info: &SectionHeader,
) {
    let word = file.elf.encoding.word();
    let mut descriptors = None;
    for entry in 0..segment.r.bytes.len() / (3 * word) {
        let [start, end, at] =
            [0, 1, 2].map(|field| segment.address((3 * entry + field) * word, word == 8));
        put!(&mut cx.out, "\n<");
        functions.name(&mut cx.out, start, "", "+");
        let from_base = at.offset.wrapping_sub(segment.base);
        let out = &mut cx.out;
        fill!(out, ">: [0x%x-0x%x], info at +0x%x\n", start.offset, end.offset, from_base);
        let data = *descriptors
            .get_or_insert_with(|| file.read(cx, info.sh_offset, info.sh_size, "unwind info"));
        let Some(data) = data else { continue };
        let within = usize::try_from(at.offset.wrapping_sub(info.sh_addr)).ok();
        let rest = within.and_then(|within| data.get(within..)).unwrap_or_default();
        match Reader::new(file.elf.encoding, rest).u64(0) {
            Some(stamp) => block(cx, word, stamp, rest.get(8..).unwrap_or_default()),
            None => fill_warning!(cx, "Invalid offset %x in table entry %u", at.offset, entry),
        }
    }
}

/// The descriptors of a function, after their header.
fn block(cx: &mut Context, word: usize, stamp: u64, rest: &[u8]) {
    let (version, flags) = (stamp >> 48, stamp >> 32 & 0xffff);
    let size = (stamp & 0xffff_ffff) * word as u64;
    let handlers = ["", " ehandler", " uhandler", " ehandler uhandler"];
    let handlers = handlers.get(flags as usize & 3).map_or("", |handlers| *handlers);
    let out = &mut cx.out;
    fill!(out, "  v%u, flags=0x%x (%s), len=%u bytes\n", version, flags, size; handlers.as_bytes());
    if version != 1 {
        return put!(out, "\tUnknown version.\n");
    }
    let bytes = usize::try_from(size).ok().and_then(|size| rest.get(..size)).unwrap_or(rest);
    let mut d = Descriptors { bytes, at: 0, body: false, rlen: 0 };
    while d.at < d.bytes.len() {
        d.one(&mut cx.out);
    }
}

/// Descriptors, read one after the other.
struct Descriptors<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Whether the region is a body, else it is a prologue.
    body: bool,
    /// How many instructions the region has.
    rlen: u64,
}

impl Descriptors<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn uleb(&mut self, out: &mut BufWriter) -> u64 {
        let mut value = 0;
        let mut shift = 0;
        let begin = self.at;
        while let Some(byte) = self.byte() {
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            shift += 7;
            if byte & 0x80 == 0 {
                return value;
            }
        }
        self.at = if begin < self.bytes.len() { self.bytes.len() } else { begin };
        put!(out, "Bad uleb128\n");
        0
    }

    // Not inlined: a large frame makes all that uses it longer.
    #[inline(never)]
    fn one(&mut self, out: &mut BufWriter) {
        let at = self.at;
        let rest = self.bytes.get(at..).unwrap_or_default();
        let head = [0, 1, 2, 3].map(|at| rest.get(at).copied().unwrap_or_default());
        let mut word = u32::from_be_bytes(head);
        let byte = head[0];
        // In a body these two sets of codes mean the same.
        if self.body && byte > 0xf0 && byte != 0xf8 {
            word |= 8 << 24;
        }
        if !self.body && byte == 0xb8 {
            self.at += 1;
            return self.spill_mask(out); // Like no other.
        }
        let region = if self.body { BODY } else { PROLOGUE };
        let mut formats = FORMATS.iter().zip(words(TEXTS.as_bytes(), b'\n'));
        let found = formats
            .find(|(format, _)| word & format.mask == format.value && format.region & region != 0);
        let Some((format, text)) = found else {
            self.at += 1;
            return unknown(out, byte);
        };
        if rest.len() <= usize::from(format.needed) {
            self.at = self.bytes.len();
            let name = words(text.trim_ascii_start(), b':').next().unwrap_or_default();
            return fill!(out, "\t<corrupt %s>\n"; name);
        }
        self.at += 1 + usize::from(format.fixed);
        let mut numbers = [0; 2];
        for number in numbers.iter_mut().take(format.numbers.into()) {
            *number = self.uleb(out);
        }
        if byte < 0x80 {
            self.rlen = if byte < 0x40 { (byte & 0x1f).into() } else { numbers[0] };
            self.body = matches!(byte, 0x20..=0x3f) || byte & 0xe3 == 0x61;
        }
        print(out, text, word, numbers)
    }

    /// P4: what each instruction of the prologue spills, in two bits.
    // Not inlined: a large frame makes all that uses it longer.
    #[inline(never)]
    fn spill_mask(&mut self, out: &mut BufWriter) {
        let left = self.bytes.len() - self.at;
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

fn unknown(out: &mut BufWriter, code: u8) {
    fill!(out, "Unknown code 0x%02x\n", code);
}

/// Where a format occurs.
const BODY: u8 = 1;
const PROLOGUE: u8 = 2;
const ANY: u8 = 3;

/// A format: which first bits it has, as in the first of four bytes and those behind it.
struct Format {
    mask: u32,
    value: u32,
    region: u8,
    /// How many bytes must follow the first one, and how many of them the format itself has.
    needed: u8,
    fixed: u8,
    /// How many numbers in LEB128 follow.
    numbers: u8,
}

macro_rules! formats {
    ($($region:ident $mask:literal $value:literal, $needed:literal $fixed:literal $numbers:literal,
        $text:literal)+) => {
        /// The first one that fits counts.
        static FORMATS: [Format; [$($text),+].len()] = [$(Format {
            mask: $mask,
            value: $value,
            region: $region,
            needed: $needed,
            fixed: $fixed,
            numbers: $numbers,
        }),+];

        /// What is printed of each; see [`print`].
        const TEXTS: &str = concat!($($text, "\n"),+);
    };
}

#[rustfmt::skip]
formats! {
    ANY 0xe000_0000 0, 0 0 0, "    R1:prologue(rlen=%uD5)"
    ANY 0xe000_0000 0x2000_0000, 0 0 0, "    R1:body(rlen=%uD5)"
    ANY 0xe000_0000 0x4000_0000, 2 1 1, "    R2:prologue_gr(mask=[%nF4],grsave=r%uJ7,rlen=%l)"
    ANY 0xe300_0000 0x6100_0000, 0 0 1, "    R3:body(rlen=%l)"
    ANY 0xe000_0000 0x6000_0000, 0 0 1, "    R3:prologue(rlen=%l)"
    BODY 0xe000_0000 0x8000_0000, 0 0 0, "\tB1:label_state(label=%uD5)"
    BODY 0xe000_0000 0xa000_0000, 0 0 0, "\tB1:copy_state(label=%uD5)"
    BODY 0xe000_0000 0xc000_0000, 0 0 1, "\tB2:epilogue(t=%l,ecount=%uD5)"
    BODY 0xf000_0000 0xe000_0000, 0 0 2, "\tB3:epilogue(t=%l,ecount=%m)"
    BODY 0xff00_0000 0xf000_0000, 0 0 1, "\tB4:label_state(label=%l)"
    BODY 0xff00_0000 0xf800_0000, 0 0 1, "\tB4:copy_state(label=%l)"
    PROLOGUE 0xe000_0000 0x8000_0000, 0 0 0, "\tP1:br_mem(brmask=[%bD5])"
    PROLOGUE 0xf000_0000 0xa000_0000, 1 1 0, "\tP2:br_gr(brmask=[%bE5],gr=r%uJ7)"
    PROLOGUE 0xf800_0000 0xb000_0000, 1 1 0, "\tP3:%3F4%uJ7)"
    PROLOGUE 0xff00_0000 0xb900_0000, 3 3 0, "\tP5:frgr_mem(grmask=[%gI4],frmask=[%fMD])"
    PROLOGUE 0xf000_0000 0xc000_0000, 0 0 0, "\tP6:fr_mem(frmask=[%fE4])"
    PROLOGUE 0xf000_0000 0xd000_0000, 0 0 0, "\tP6:gr_mem(grmask=[%gE4])"
    PROLOGUE 0xff00_0000 0xe000_0000, 0 0 2, "\tP7:mem_stack_f(t=%l,size=%k)"
    PROLOGUE 0xf000_0000 0xe000_0000, 0 0 1, "\tP7:%7E4"
    PROLOGUE 0xff00_0000 0xf000_0000, 2 1 1, "\tP8:%8I8"
    PROLOGUE 0xff00_0000 0xf100_0000, 2 2 0, "\tP9:gr_gr(grmask=[%gM4],r%uR7)"
    PROLOGUE 0xff00_0000 0xff00_0000, 2 2 0, "\tP10:unwabi(abi=%aI8,context=0x%xQ8)"
    ANY 0xff80_0000 0xf980_0000, 3 1 2, "\tX1:spill_sprel(reg=%rJ7,t=%l,spoff=0x%o)"
    ANY 0xff00_0000 0xf900_0000, 3 1 2, "\tX1:spill_psprel(reg=%rJ7,t=%l,pspoff=0x10-0x%o)"
    ANY 0xff80_ff00 0xfa00_0000, 3 2 1, "\tX2:restore(t=%l,reg=%rJ7)"
    ANY 0xff00_0000 0xfa00_0000, 3 2 1, "\tX2:spill_reg(t=%l,reg=%rJ7,treg=%tI@)"
    ANY 0xff80_0000 0xfb80_0000, 4 2 2, "\tX3:spill_sprel_p(qp=p%uK6,t=%l,reg=%rR7,spoff=0x%o)"
    ANY 0xff00_0000 0xfb00_0000, 4 2 2,
        "\tX3:spill_psprel_p(qp=p%uK6,t=%l,reg=%rR7,pspoff=0x10-0x%o)"
    ANY 0xff00_80ff 0xfc00_0000, 4 3 1, "\tX4:restore_p(qp=p%uK6,t=%l,reg=%rR7)"
    ANY 0xff00_0000 0xfc00_0000, 4 3 1, "\tX4:spill_reg_p(qp=p%uK6,t=%l,reg=%rR7,treg=%tQ@)"
}

/// Prints a descriptor: the text of its format. What follows a `%` there stands for the numbers
/// in LEB128, or for some of the bits of the first four bytes: a letter says where they begin
/// (`A` is the first one), a character how many they are (what follows the 9 in ASCII is 10 and
/// more).
fn print(out: &mut BufWriter, text: &'static [u8], word: u32, numbers: [u64; 2]) {
    let mut pieces = words(text, b'%');
    let mut before = pieces.next().unwrap_or_default();
    for piece in pieces {
        let Some((&what, mut rest)) = piece.split_first() else { return };
        let mut field = 0;
        if let Some((&[at @ b'A'..=b'Z', width], after)) = rest.split_first_chunk() {
            field = word << (at - b'A') >> (32 - (width - b'0'));
            rest = after;
        }
        let small = field as u8;
        // Sizes and offsets are counted in larger units.
        let [t, second] = numbers;
        let offset = t.wrapping_shl(2);
        let names = match what {
            b'a' => "@svr4 @hpux @nt",
            b'3' => P3,
            b'7' => P7,
            b'8' => P8,
            _ => "",
        };
        let name = words(names.as_bytes(), b' ').nth(field as usize).unwrap_or_default();
        if what.is_ascii_digit() && name.is_empty() {
            return unknown(out, small);
        }
        put!(out, before, name);
        before = rest;
        match what {
            b'l' => fill!(out, "%u", t),
            b'm' => fill!(out, "%u", second),
            b'k' => fill!(out, "%u", second.wrapping_shl(4)),
            b'o' => fill!(out, "%x", second.wrapping_shl(2)),
            b'u' => fill!(out, "%u", field),
            b'x' => fill!(out, "%02x", field),
            b'b' => registers(out, "b", field << 1, ","),
            b'g' => registers(out, "r", field << 4, ","),
            // f2 to f5, then from f16 on.
            b'f' => registers(out, "f", (field & 15) << 2 | field >> 4 << 16, ","),
            b'r' => register(out, small),
            // The kind goes into the two bits above the register's.
            b't' => match (field >> 14 & 2) as u8 | small >> 7 {
                3 => put!(out, "invalid"),
                kind => register(out, kind << 5 | small & 0x1f),
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
            b'a' if name.is_empty() => fill!(out, "0x%x", field),
            // Where on the stack or when: that is in the name.
            b'7' | b'8' if name.ends_with(b"psprel") || name.ends_with(b"base") => {
                fill!(out, "(pspoff=0x10-0x%x)", offset);
            }
            b'7' | b'8' if name.ends_with(b"sprel") => fill!(out, "(spoff=0x%x)", offset),
            b'7' | b'8' => fill!(out, "(t=%u)", t),
            _ => {}
        }
    }
    put!(out, before, "\n");
}

/// What P3 saves, and in which register.
const P3: &str = "psp_gr(reg=r rp_gr(reg=r pfs_gr(reg=r pr_gr(reg=r unat_gr(reg=r lc_gr(reg=r \
    rp_br(reg=b rnat_gr(reg=r bsp_gr(reg=r bspstore_gr(reg=r fpsr_gr(reg=r priunat_gr(reg=r";

/// What the formats P7 are called, from 1 on.
const P7: &str = " mem_stack_v spill_base psp_sprel rp_when rp_psprel pfs_when pfs_psprel pr_when \
    pr_psprel lc_when lc_psprel unat_when unat_psprel fpsr_when fpsr_psprel";

/// What the formats P8 are called, from 1 on.
const P8: &str = " rp_sprel pfs_sprel pr_sprel lc_sprel unat_sprel fpsr_sprel bsp_when bsp_psprel \
    bsp_sprel bspstore_when bspstore_psprel bspstore_sprel rnat_when rnat_psprel rnat_sprel \
    priunat_when_gr priunat_psprel priunat_sprel priunat_when_mem";

/// The registers that are none of a kind.
const SPECIAL: &str = "pr psp @priunat rp ar.bsp ar.bspstore ar.rnat ar.unat ar.fpsr ar.pfs ar.lc";

/// A register of any kind, by the number that descriptors have for it.
fn register(out: &mut BufWriter, number: u8) {
    let low = number & 0x1f;
    match number >> 5 {
        0 => fill!(out, "r%u", low),
        1 => fill!(out, "f%u", low),
        2 => fill!(out, "b%u", low),
        _ => match words(SPECIAL.as_bytes(), b' ').nth((low & 15).into()) {
            Some(name) => put!(out, name),
            None => fill!(out, "Unknown%u", low & 15),
        },
    }
}
