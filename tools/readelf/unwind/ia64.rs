//! The unwind tables of IA-64, and the descriptors that they lead to.
//!
//! "Itanium Software Conventions and Runtime Architecture Guide", appendix B.

use super::functions::{Address, Functions, segment_base};
use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::text;
use rt::elf::{Reader, SectionHeader};
use rt::fmt::{dec, hex};
use rt::io::BufWriter;
use rt::put;

const SHT_IA_64_UNWIND: u32 = 0x7000_0001;

pub fn show(cx: &mut Context, file: &File) -> bool {
    let Some(functions) = Functions::new(cx, file) else { return false };
    let mut any = false;
    for (index, section) in file.sections_of(SHT_IA_64_UNWIND) {
        any = true;
        let Some(info) = info_section(file, &section) else {
            put!(&mut cx.out, "\nCould not find unwind info section for '");
            put!(&mut cx.out, text::section(file.section_name(&section)), "'");
            continue;
        };
        let entry = 3 * file.elf.encoding.word();
        put!(&mut cx.out, "\nUnwind section '", text::section(file.section_name(&section)));
        put!(&mut cx.out, "' at offset 0x", hex(section.sh_offset), " contains ");
        put!(&mut cx.out, dec(section.sh_size / entry as u64), " entries:\n");
        let Some(base) = segment_base(cx, file, &section) else { continue };
        let Some(data) = file.read(cx, section.sh_offset, section.sh_size, "unwind table") else {
            continue;
        };
        table(cx, file, &functions, index, base, data, &info);
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
    index: usize,
    base: u64,
    data: &[u8],
    info: &SectionHeader,
) {
    let relocated = functions.segment_relative(cx, file, index);
    let word = file.elf.encoding.word();
    let r = Reader::new(file.elf.encoding, data);
    let mut descriptors = None;
    for entry in 0..data.len() / (3 * word) {
        let address = |field: usize| {
            let at = (3 * entry + field) * word;
            let found = relocated.iter().rfind(|(offset, _)| *offset == at as u64);
            let plain = || {
                let offset = r.word(at).unwrap_or_default().wrapping_add(base);
                Address { section: 0, offset }
            };
            found.map_or_else(plain, |(_, address)| *address)
        };
        let (start, end, at) = (address(0), address(1), address(2));
        put!(&mut cx.out, "\n<");
        functions.name(&mut cx.out, start, "", "+");
        put!(&mut cx.out, ">: [0x", hex(start.offset), "-0x", hex(end.offset));
        put!(&mut cx.out, "], info at +0x", hex(at.offset.wrapping_sub(base)), "\n");
        let info_data = *descriptors
            .get_or_insert_with(|| file.read(cx, info.sh_offset, info.sh_size, "unwind info"));
        let Some(info_data) = info_data else { continue };
        let r = Reader::new(file.elf.encoding, info_data);
        let within = at.offset.wrapping_sub(info.sh_addr);
        let within_size = usize::try_from(within).ok();
        let Some((within, stamp)) = within_size.and_then(|at| Some((at, r.u64(at)?))) else {
            let (offset, entry) = (hex(at.offset), dec(entry));
            warn!(cx, "Invalid offset ", offset, " in table entry ", entry);
            continue;
        };
        block(cx, word, stamp, info_data.get(within + 8..).unwrap_or_default());
    }
}

/// The descriptors of a function, after their header.
fn block(cx: &mut Context, word: usize, stamp: u64, rest: &[u8]) {
    let (version, flags) = (stamp >> 48, stamp >> 32 & 0xffff);
    let size = (stamp & 0xffff_ffff) * word as u64;
    put!(&mut cx.out, "  v", dec(version), ", flags=0x", hex(flags), " (");
    put!(&mut cx.out, if flags & 1 != 0 { " ehandler" } else { "" });
    put!(&mut cx.out, if flags & 2 != 0 { " uhandler" } else { "" });
    put!(&mut cx.out, "), len=", dec(size), " bytes\n");
    if version != 1 {
        return put!(&mut cx.out, "\tUnknown version.\n");
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

    /// The next bytes, when at least `needed` are left for a descriptor of this format.
    fn take<const N: usize>(
        &mut self,
        out: &mut BufWriter,
        format: &str,
        needed: usize,
    ) -> Option<[u8; N]> {
        let rest = self.bytes.get(self.at..).filter(|rest| rest.len() >= needed);
        let taken = rest.and_then(|rest| rest.first_chunk().copied());
        match taken {
            Some(_) => self.at += N,
            None => {
                self.at = self.bytes.len();
                put!(out, "\t<corrupt ", format, ">\n");
            }
        }
        taken
    }

    fn one(&mut self, out: &mut BufWriter) {
        let Some(byte) = self.byte() else { return };
        match byte {
            0x00..=0x3f => {
                self.body = byte & 0x20 != 0;
                self.rlen = u64::from(byte & 0x1f);
                self.region(out, "R1:");
            }
            0x40..=0x5f => {
                let Some([second]) = self.take(out, "R2", 2) else { return };
                self.rlen = self.uleb(out);
                self.body = false;
                let mask = (byte & 7) << 1 | second >> 7;
                put!(out, "    R2:prologue_gr(mask=[");
                let names = ["rp", "ar.pfs", "psp", "pr"];
                list(out, (0..4).filter(|bit| mask & 8 >> bit != 0), |out, bit: usize| {
                    put!(out, names[bit & 3]);
                });
                put!(out, "],grsave=r", dec(second & 0x7f), ",rlen=", dec(self.rlen), ")\n");
            }
            0x60..=0x7f => {
                self.rlen = self.uleb(out);
                self.body = byte & 3 == 1;
                self.region(out, "R3:");
            }
            _ if self.body => self.in_body(out, byte),
            _ => self.in_prologue(out, byte),
        }
    }

    fn region(&self, out: &mut BufWriter, format: &str) {
        let kind = if self.body { "body" } else { "prologue" };
        put!(out, "    ", format, kind, "(rlen=", dec(self.rlen), ")\n");
    }

    fn in_body(&mut self, out: &mut BufWriter, byte: u8) {
        let low = byte & 0x1f;
        match byte {
            0x80..=0xbf => {
                let what = if byte & 0x20 != 0 { "copy" } else { "label" };
                put!(out, "\tB1:", what, "_state(label=", dec(low), ")\n");
            }
            0xc0..=0xdf => {
                let t = self.uleb(out);
                put!(out, "\tB2:epilogue(t=", dec(t), ",ecount=", dec(low), ")\n");
            }
            0xe0..=0xef => {
                let (t, ecount) = (self.uleb(out), self.uleb(out));
                put!(out, "\tB3:epilogue(t=", dec(t), ",ecount=", dec(ecount), ")\n");
            }
            _ => match byte & 7 {
                0 => {
                    let label = self.uleb(out);
                    let what = if byte & 8 != 0 { "copy" } else { "label" };
                    put!(out, "\tB4:", what, "_state(label=", dec(label), ")\n");
                }
                format @ 1..=4 => self.spill(out, format),
                _ => put!(out, "Unknown code 0x", hex(byte), "\n"),
            },
        }
    }

    fn in_prologue(&mut self, out: &mut BufWriter, byte: u8) {
        match byte {
            0x80..=0x9f => {
                put!(out, "\tP1:br_mem(brmask=[");
                branches(out, byte & 0x1f);
                put!(out, "])\n");
            }
            0xa0..=0xaf => {
                let Some([second]) = self.take(out, "P2", 1) else { return };
                put!(out, "\tP2:br_gr(brmask=[");
                branches(out, (byte & 15) << 1 | second >> 7);
                put!(out, "],gr=r", dec(second & 0x7f), ")\n");
            }
            0xb0..=0xb7 => {
                let Some([second]) = self.take(out, "P3", 1) else { return };
                let r = (byte & 7) << 1 | second >> 7;
                let what = match r {
                    0 => "psp_gr",
                    1 => "rp_gr",
                    2 => "pfs_gr",
                    3 => "pr_gr",
                    4 => "unat_gr",
                    5 => "lc_gr",
                    6 => "rp_br",
                    7 => "rnat_gr",
                    8 => "bsp_gr",
                    9 => "bspstore_gr",
                    10 => "fpsr_gr",
                    11 => "priunat_gr",
                    _ => return put!(out, "Unknown code 0x", hex(r).zero(2), "\n"),
                };
                let file = if r == 6 { "b" } else { "r" };
                put!(out, "\tP3:", what, "(reg=", file, dec(second & 0x7f), ")\n");
            }
            0xb8 => self.spill_mask(out),
            0xb9 => {
                let Some([a, b, c]) = self.take(out, "P5", 3) else { return };
                let floats = u32::from(a & 15) << 16 | u32::from(b) << 8 | u32::from(c);
                put!(out, "\tP5:frgr_mem(grmask=[");
                generals(out, a >> 4);
                put!(out, "],frmask=[");
                floating(out, floats);
                put!(out, "])\n");
            }
            0xc0..=0xcf => {
                put!(out, "\tP6:fr_mem(frmask=[");
                floating(out, (byte & 15).into());
                put!(out, "])\n");
            }
            0xd0..=0xdf => {
                put!(out, "\tP6:gr_mem(grmask=[");
                generals(out, byte & 15);
                put!(out, "])\n");
            }
            0xe0..=0xef => self.p7(out, byte & 15),
            0xf0 => self.p8(out),
            0xf1 => {
                let Some([mask, gr]) = self.take(out, "P9", 2) else { return };
                put!(out, "\tP9:gr_gr(grmask=[");
                generals(out, mask & 15);
                put!(out, "],r", dec(gr & 0x7f), ")\n");
            }
            0xff => {
                let Some([abi, context]) = self.take(out, "P10", 2) else { return };
                put!(out, "\tP10:unwabi(abi=");
                match abi {
                    0 => put!(out, "@svr4"),
                    1 => put!(out, "@hpux"),
                    2 => put!(out, "@nt"),
                    _ => put!(out, "0x", hex(abi)),
                }
                put!(out, ",context=0x", hex(context).zero(2), ")\n");
            }
            0xf9..=0xfc => self.spill(out, byte & 7),
            _ => put!(out, "Unknown code 0x", hex(byte).zero(2), "\n"),
        }
    }

    /// P4: what each instruction of the prologue spills, in two bits.
    fn spill_mask(&mut self, out: &mut BufWriter) {
        let left = (self.bytes.len() - self.at) as u64;
        let needed = self.rlen.saturating_mul(2) / 8;
        if needed > left {
            let (needed, left) = (hex(needed), hex(left));
            return put!(
                out,
                "\nERROR: unwind length too long (0x",
                needed,
                " > 0x",
                left,
                ")\n\n"
            );
        }
        put!(out, "\tP4:spill_mask(imask=[");
        let mut byte = 0;
        for slot in 0..self.rlen {
            if slot % 4 == 0 {
                byte = self.byte().unwrap_or(0);
            }
            let kind = byte >> (6 - 2 * (slot % 4)) & 3;
            out.byte(match kind {
                0 => b'-',
                1 => b'f',
                2 => b'r',
                _ => b'b',
            });
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
            return put!(out, "\tP7:mem_stack_f(t=", dec(t), ",size=", dec(size), ")\n");
        }
        put!(out, "\tP7:");
        match r {
            1 => put!(out, "mem_stack_v(t=", dec(t)),
            2 => put!(out, "spill_base(pspoff=0x10-0x", hex(t.wrapping_shl(2))),
            3 => put!(out, "psp_sprel(spoff=0x", hex(t.wrapping_shl(2))),
            _ => {
                let names = "rp pfs pr lc unat fpsr";
                put!(out, names.split(' ').nth(usize::from(r - 4) / 2));
                if r & 1 == 0 {
                    put!(out, "_when(t=", dec(t));
                } else {
                    put!(out, "_psprel(pspoff=0x10-0x", hex(t.wrapping_shl(2)));
                }
            }
        }
        put!(out, ")\n");
    }

    fn p8(&mut self, out: &mut BufWriter) {
        let Some([r]) = self.take(out, "P8", 2) else { return };
        let t = self.uleb(out);
        let place = usize::from(r).checked_sub(1);
        let Some(name) = place.and_then(|place| P8.split(' ').nth(place)) else {
            return put!(out, "Unknown code 0x", hex(r).zero(2), "\n");
        };
        put!(out, "\tP8:", name);
        if name.ends_with("_psprel") {
            put!(out, "(pspoff=0x10-0x", hex(t.wrapping_shl(2)));
        } else if name.ends_with("_sprel") {
            put!(out, "(spoff=0x", hex(t.wrapping_shl(2)));
        } else {
            put!(out, "(t=", dec(t));
        }
        put!(out, ")\n");
    }

    /// X1 to X4: a register is saved or restored in the middle of a region.
    fn spill(&mut self, out: &mut BufWriter, format: u8) {
        let predicated = format > 2;
        let name = ["X1", "X2", "X3", "X4"].get(usize::from(format) - 1).copied().unwrap_or("");
        let taken = if predicated {
            self.take(out, name, 4)
        } else {
            self.take(out, name, 3).map(|[reg]| [0, reg])
        };
        let Some([qp, reg]) = taken else { return };
        let p = if predicated { "_p" } else { "" };
        let put_qp = |out: &mut BufWriter| {
            if predicated {
                put!(out, "qp=p", dec(qp & 0x3f), ",");
            }
        };
        if format & 1 != 0 {
            // Into memory; which base it is counted from is in the highest bit.
            let (t, offset) = (self.uleb(out), self.uleb(out).wrapping_shl(2));
            let by_sp = if predicated { qp } else { reg } & 0x80 != 0;
            put!(out, "\t", name, ":spill_", if by_sp { "sprel" } else { "psprel" }, p, "(");
            put_qp(out);
            if predicated {
                put!(out, "t=", dec(t), ",reg=");
                register(out, reg & 0x7f);
            } else {
                put!(out, "reg=");
                register(out, reg & 0x7f);
                put!(out, ",t=", dec(t));
            }
            put!(out, if by_sp { ",spoff=0x" } else { ",pspoff=0x10-0x" }, hex(offset), ")\n");
            return;
        }
        let target = self.byte().unwrap_or_default();
        let t = self.uleb(out);
        let kind = (reg & 0x80) >> 6 | target >> 7;
        let restore = kind == 0 && target & 0x7f == 0;
        put!(out, "\t", name, if restore { ":restore" } else { ":spill_reg" }, p, "(");
        put_qp(out);
        put!(out, "t=", dec(t), ",reg=");
        register(out, reg & 0x7f);
        if !restore {
            put!(out, ",treg=");
            // The kind goes into the two bits above the register's.
            let target = target & 0x1f;
            match kind {
                3 => put!(out, "invalid"),
                _ => register(out, kind << 5 | target),
            }
        }
        put!(out, ")\n");
    }
}

/// What the formats P8 are called, from 1 on.
const P8: &str = "rp_sprel pfs_sprel pr_sprel lc_sprel unat_sprel fpsr_sprel bsp_when bsp_psprel \
    bsp_sprel bspstore_when bspstore_psprel bspstore_sprel rnat_when rnat_psprel rnat_sprel \
    priunat_when_gr priunat_psprel priunat_sprel priunat_when_mem";

/// The registers that are none of a kind.
const SPECIAL: &str = "pr psp @priunat rp ar.bsp ar.bspstore ar.rnat ar.unat ar.fpsr ar.pfs ar.lc";

/// Items with commas between them.
fn list<T>(out: &mut BufWriter, items: impl Iterator<Item = T>, show: impl Fn(&mut BufWriter, T)) {
    for (index, item) in items.enumerate() {
        put!(out, if index == 0 { "" } else { "," });
        show(out, item);
    }
}

/// Branch registers from b1 on.
fn branches(out: &mut BufWriter, mask: u8) {
    let bits = (0..5u8).filter(|bit| mask & 1 << bit != 0);
    list(out, bits, |out, bit| put!(out, "b", dec(bit + 1)));
}

/// General registers from r4 on.
fn generals(out: &mut BufWriter, mask: u8) {
    let bits = (0..4u8).filter(|bit| mask & 1 << bit != 0);
    list(out, bits, |out, bit| put!(out, "r", dec(bit + 4)));
}

/// Floating-point registers: f2 to f5, then from f16 on.
fn floating(out: &mut BufWriter, mask: u32) {
    let bits = (0..20u8).filter(|bit| mask & 1 << bit != 0);
    list(out, bits, |out, bit| put!(out, "f", dec(bit + if bit < 4 { 2 } else { 12 })));
}

/// A register of any kind, by the number that descriptors have for it.
fn register(out: &mut BufWriter, number: u8) {
    let low = number & 0x1f;
    match number >> 5 {
        0 => put!(out, "r", dec(low)),
        1 => put!(out, "f", dec(low)),
        2 => put!(out, "b", dec(low)),
        _ => match SPECIAL.split(' ').nth((low & 15).into()) {
            Some(name) => put!(out, name),
            None => put!(out, "Unknown", dec(low & 15)),
        },
    }
}
