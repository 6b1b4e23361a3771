//! The unwind tables of IA-64, and the descriptors that they lead to.
//!
//! "Itanium Software Conventions and Runtime Architecture Guide", appendix B.

use super::functions::{Functions, Segment, head};
use crate::context::Context;
use crate::readelf::file::File;
use crate::words::words;
use rt::elf::{Reader, SectionHeader};
use rt::fmt::hex;
use rt::io::BufWriter;
use rt::put;

const SHT_IA_64_UNWIND: u32 = 0x7000_0001;

#[inline(never)]
pub fn show(cx: &mut Context, file: &File) -> bool {
    let Some(functions) = Functions::new(cx, file) else { return false };
    let mut any = false;
    for (index, section) in file.sections_of(SHT_IA_64_UNWIND) {
        any = true;
        let Some(info) = info_section(file, &section) else {
            let name = file.section_name(&section);
            fill!(&mut cx.out, "\nCould not find unwind info section for '%S'"; name);
            continue;
        };
        head(cx, file, &section, 3 * file.elf.encoding.word() as u64);
        put!(&mut cx.out, "ies:\n");
        let Some(mut segment) = Segment::new(cx, file, &section) else { continue };
        segment.relocate(cx, file, &functions, index);
        table(cx, file, &functions, &segment, &info);
    }
    any || super::none(cx)
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

    /// The next so many bytes, when at least `needed` are left for a descriptor of this format.
    fn take(
        &mut self,
        out: &mut BufWriter,
        format: &str,
        count: usize,
        needed: usize,
    ) -> Option<[u8; 3]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.len() < needed {
            self.at = self.bytes.len();
            put!(out, "\t<corrupt ", format, ">\n");
            return None;
        }
        self.at += count;
        Some([0, 1, 2].map(|at| rest.get(at).copied().unwrap_or_default()))
    }

    #[inline(never)]
    fn one(&mut self, out: &mut BufWriter) {
        let Some(byte) = self.byte() else { return };
        match byte {
            0x00..=0x3f => {
                self.body = byte & 0x20 != 0;
                self.rlen = u64::from(byte & 0x1f);
                self.region(out, 1);
            }
            0x40..=0x5f => {
                let Some([second, ..]) = self.take(out, "R2", 1, 2) else { return };
                self.rlen = self.uleb(out);
                self.body = false;
                let mask = (byte & 7) << 1 | second >> 7;
                put!(out, "    R2:prologue_gr(mask=[");
                let mut comma = "";
                for (bit, name) in ["rp", "ar.pfs", "psp", "pr"].into_iter().enumerate() {
                    if mask & 8 >> bit != 0 {
                        put!(out, comma, name);
                        comma = ",";
                    }
                }
                fill!(out, "],grsave=r%u,rlen=%u)\n", second & 0x7f, self.rlen);
            }
            0x60..=0x7f => {
                self.rlen = self.uleb(out);
                self.body = byte & 3 == 1;
                self.region(out, 3);
            }
            _ if self.body => self.in_body(out, byte),
            _ => self.in_prologue(out, byte),
        }
    }

    fn region(&self, out: &mut BufWriter, format: u32) {
        let kind: &[u8] = if self.body { b"body" } else { b"prologue" };
        fill!(out, "    R%u:%s(rlen=%u)\n", format, self.rlen; kind);
    }

    fn in_body(&mut self, out: &mut BufWriter, byte: u8) {
        let low = u64::from(byte & 0x1f);
        match byte {
            0x80..=0xbf => state(out, 1, byte & 0x20 != 0, low),
            0xc0..=0xdf => {
                let t = self.uleb(out);
                fill!(out, "\tB2:epilogue(t=%u,ecount=%u)\n", t, low);
            }
            0xe0..=0xef => {
                let (t, ecount) = (self.uleb(out), self.uleb(out));
                fill!(out, "\tB3:epilogue(t=%u,ecount=%u)\n", t, ecount);
            }
            _ => match byte & 7 {
                0 => {
                    let label = self.uleb(out);
                    state(out, 4, byte & 8 != 0, label);
                }
                format @ 1..=4 => self.spill(out, format),
                _ => fill!(out, "Unknown code 0x%x\n", byte),
            },
        }
    }

    #[inline(never)]
    fn in_prologue(&mut self, out: &mut BufWriter, byte: u8) {
        let low = byte & 15;
        match byte {
            0x80..=0x9f => registers(out, "P1:br_mem(br", "b", u32::from(byte & 0x1f) << 1, "])\n"),
            0xa0..=0xaf => {
                let Some([second, ..]) = self.take(out, "P2", 1, 1) else { return };
                let mask = u32::from(low) << 2 | u32::from(second >> 7) << 1;
                registers(out, "P2:br_gr(br", "b", mask, "],gr=r");
                fill!(out, "%u)\n", second & 0x7f);
            }
            0xb0..=0xb7 => {
                let Some([second, ..]) = self.take(out, "P3", 1, 1) else { return };
                let r = (byte & 7) << 1 | second >> 7;
                let Some(name) = word(P3, r) else { return unknown(out, r) };
                fill!(out, "\tP3:%s%u)\n", second & 0x7f; name);
            }
            0xb8 => self.spill_mask(out),
            0xb9 => {
                let Some([a, b, c]) = self.take(out, "P5", 3, 3) else { return };
                let floats = u32::from(a & 15) << 16 | u32::from(b) << 8 | u32::from(c);
                registers(out, "P5:frgr_mem(gr", "r", u32::from(a >> 4) << 4, "],frmask=[");
                super::registers(out, "f", floating(floats), ",");
                put!(out, "])\n");
            }
            0xc0..=0xcf => registers(out, "P6:fr_mem(fr", "f", floating(low.into()), "])\n"),
            0xd0..=0xdf => registers(out, "P6:gr_mem(gr", "r", u32::from(low) << 4, "])\n"),
            0xe0..=0xef => self.p7(out, low),
            0xf0 => self.p8(out),
            0xf1 => {
                let Some([mask, gr, _]) = self.take(out, "P9", 2, 2) else { return };
                registers(out, "P9:gr_gr(gr", "r", u32::from(mask & 15) << 4, "],r");
                fill!(out, "%u)\n", gr & 0x7f);
            }
            0xff => {
                let Some([abi, context, _]) = self.take(out, "P10", 2, 2) else { return };
                put!(out, "\tP10:unwabi(abi=");
                match word("@svr4 @hpux @nt", abi) {
                    Some(name) => put!(out, name),
                    None => fill!(out, "0x%x", abi),
                }
                fill!(out, ",context=0x%02x)\n", context);
            }
            0xf9..=0xfc => self.spill(out, byte & 7),
            _ => unknown(out, byte),
        }
    }

    /// P4: what each instruction of the prologue spills, in two bits.
    #[inline(never)]
    fn spill_mask(&mut self, out: &mut BufWriter) {
        let left = self.bytes.len() - self.at;
        let needed = self.rlen.saturating_mul(2) / 8;
        if needed > left as u64 {
            return fill!(
                out,
                "\nERROR: unwind length too long (0x%x > 0x%x)\n\n",
                needed,
                left
            );
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

    fn p7(&mut self, out: &mut BufWriter, r: u8) {
        let t = self.uleb(out);
        if r == 0 {
            let size = self.uleb(out).wrapping_shl(4);
            return fill!(out, "\tP7:mem_stack_f(t=%u,size=%u)\n", t, size);
        }
        place(out, 7, P7, r, t);
    }

    fn p8(&mut self, out: &mut BufWriter) {
        let Some([r, ..]) = self.take(out, "P8", 1, 2) else { return };
        let t = self.uleb(out);
        place(out, 8, P8, r, t);
    }

    /// X1 to X4: a register is saved or restored in the middle of a region.
    fn spill(&mut self, out: &mut BufWriter, format: u8) {
        let predicated = format > 2;
        let name = ["X1", "X2", "X3", "X4"].get(usize::from(format) - 1).copied().unwrap_or("");
        let size = if predicated { 2 } else { 1 };
        let Some([first, second, _]) = self.take(out, name, size, size + 2) else { return };
        let reg = if predicated { second } else { first };
        let in_memory = format & 1 != 0;
        // Which base a place in memory is counted from is in the highest bit.
        let by_sp = first & 0x80 != 0;
        let (mut target, mut offset) = (0, 0);
        if !in_memory {
            target = self.byte().unwrap_or_default();
        }
        let t = self.uleb(out);
        if in_memory {
            offset = self.uleb(out).wrapping_shl(2);
        }
        let kind = (reg & 0x80) >> 6 | target >> 7;
        let restore = !in_memory && kind == 0 && target & 0x7f == 0;
        let what = match (in_memory, by_sp, restore) {
            (true, true, _) => "spill_sprel",
            (true, false, _) => "spill_psprel",
            (_, _, true) => "restore",
            _ => "spill_reg",
        };
        put!(out, "\t", name, ":", what);
        if predicated {
            fill!(out, "_p(qp=p%u,", first & 0x3f);
        } else {
            put!(out, "(");
        }
        // Where it goes into memory without a condition, the register comes first.
        let last = in_memory && !predicated;
        if !last {
            fill!(out, "t=%u,", t);
        }
        put!(out, "reg=");
        register(out, reg & 0x7f);
        if last {
            fill!(out, ",t=%u", t);
        }
        if in_memory {
            put!(out, if by_sp { ",spoff=0x" } else { ",pspoff=0x10-0x" }, hex(offset));
        } else if !restore {
            put!(out, ",treg=");
            // The kind goes into the two bits above the register's.
            match kind {
                3 => put!(out, "invalid"),
                _ => register(out, kind << 5 | target & 0x1f),
            }
        }
        put!(out, ")\n");
    }
}

fn unknown(out: &mut BufWriter, code: u8) {
    fill!(out, "Unknown code 0x%02x\n", code);
}

/// B1, B4
fn state(out: &mut BufWriter, format: u32, copy: bool, label: u64) {
    let what: &[u8] = if copy { b"copy" } else { b"label" };
    fill!(out, "\tB%u:%s_state(label=%u)\n", format, label; what);
}

/// P7, P8: what is saved, and where on the stack or when; how that is written is in the name.
fn place(out: &mut BufWriter, format: u32, names: &'static str, r: u8, t: u64) {
    let Some(name) = r.checked_sub(1).and_then(|place| word(names, place)) else {
        return unknown(out, r);
    };
    fill!(out, "\tP%u:%s", format; name);
    let offset = t.wrapping_shl(2);
    if name.ends_with(b"psprel") || name.ends_with(b"base") {
        fill!(out, "(pspoff=0x10-0x%x)\n", offset);
    } else if name.ends_with(b"sprel") {
        fill!(out, "(spoff=0x%x)\n", offset);
    } else {
        fill!(out, "(t=%u)\n", t);
    }
}

/// One of the words of a list.
fn word(list: &'static str, place: u8) -> Option<&'static [u8]> {
    words(list.as_bytes(), b' ').nth(place.into())
}

/// What P3 saves, and in which register.
const P3: &str = "psp_gr(reg=r rp_gr(reg=r pfs_gr(reg=r pr_gr(reg=r unat_gr(reg=r lc_gr(reg=r \
    rp_br(reg=b rnat_gr(reg=r bsp_gr(reg=r bspstore_gr(reg=r fpsr_gr(reg=r priunat_gr(reg=r";

/// What the formats P7 are called, from 1 on.
const P7: &str = "mem_stack_v spill_base psp_sprel rp_when rp_psprel pfs_when pfs_psprel pr_when \
    pr_psprel lc_when lc_psprel unat_when unat_psprel fpsr_when fpsr_psprel";

/// What the formats P8 are called, from 1 on.
const P8: &str = "rp_sprel pfs_sprel pr_sprel lc_sprel unat_sprel fpsr_sprel bsp_when bsp_psprel \
    bsp_sprel bspstore_when bspstore_psprel bspstore_sprel rnat_when rnat_psprel rnat_sprel \
    priunat_when_gr priunat_psprel priunat_sprel priunat_when_mem";

/// The registers that are none of a kind.
const SPECIAL: &str = "pr psp @priunat rp ar.bsp ar.bspstore ar.rnat ar.unat ar.fpsr ar.pfs ar.lc";

/// A descriptor with a mask of registers.
fn registers(out: &mut BufWriter, head: &str, name: &str, mask: u32, tail: &str) {
    put!(out, "\t", head, "mask=[");
    super::registers(out, name, mask, ",");
    put!(out, tail);
}

/// A mask of floating-point registers: f2 to f5, then from f16 on.
fn floating(mask: u32) -> u32 {
    (mask & 15) << 2 | mask >> 4 << 16
}

/// A register of any kind, by the number that descriptors have for it.
fn register(out: &mut BufWriter, number: u8) {
    let low = number & 0x1f;
    match number >> 5 {
        0 => fill!(out, "r%u", low),
        1 => fill!(out, "f%u", low),
        2 => fill!(out, "b%u", low),
        _ => match word(SPECIAL, low & 15) {
            Some(name) => put!(out, name),
            None => fill!(out, "Unknown%u", low & 15),
        },
    }
}
