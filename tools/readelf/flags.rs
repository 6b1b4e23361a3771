//! What `readelf -h` says after the number of `e_flags`: each machine's own meaning of them.
//!
//! Nearly all of it is data, read off GNU readelf's own output by giving it headers with every
//! value of every field; the psABIs have the numbers by name.

use super::names::{ByMachine, by_machine, packing, split, take};
use rt::elf::FileHeader;
use rt::elf::consts::*;
use rt::fmt::hex;
use rt::io::BufWriter;
use rt::put;

/// The rows of a machine, in the order in which they are printed.
///
/// A row is a byte with the length of its text and its form, then
/// - for form 1, 3 and 5: the mask of a field; for 0, 2 and 4 it's the field of the row before;
/// - for form 2 to 5: the value of the field, shifted down to its lowest bit, in one byte or
///   two; without a value it's any but 0 for form 1, any that had no row for form 0;
/// - for form 6: the number of a single bit;
/// - for form 7, of the field of the row before: nothing, the value is that row's and 1;
/// - the [packed](packing) text.
#[derive(Clone, Copy)]
struct Flags {
    bytes: &'static [u8],
}

const ELSE: u8 = 0;
const ANY: u8 = 1;
const BIT: u8 = 6;
const NEXT: u8 = 7;

/// When a row's text is printed.
#[derive(Clone, Copy)]
enum When {
    /// The bits of the mask have the row's value.
    Is(u32),
    /// Any bit of the mask is set.
    Any,
    /// No row before it with the same mask had its value.
    Else,
}

/// Lists of rows become [`Flags`]. `bit "text"` is short for `bit = bit "text"`.
macro_rules! flags {
    (@when $mask:literal) => { When::Is($mask) };
    (@when $mask:literal any) => { When::Any };
    (@when $mask:literal else) => { When::Else };
    (@when $mask:literal $value:literal) => { When::Is($value) };
    ($(
        $(#[$attribute:meta])*
        static $name:ident { $($mask:literal $(= $value:tt)? $text:literal),* $(,)? }
    )*) => {$(
        $(#[$attribute])*
        const $name: Flags = {
            const LIST: &[(u32, When, &str)] =
                &[$(($mask, flags!(@when $mask $($value)?), $text)),*];
            const PACKED: ([u8; 48 * LIST.len()], usize) = pack(LIST);
            static BYTES: [u8; PACKED.1] = packing::cut(&PACKED.0);
            Flags { bytes: &BYTES }
        };
    )*};
}

const fn pack<const N: usize>(list: &[(u32, When, &str)]) -> ([u8; N], usize) {
    let mut bytes = [0; N];
    let (mut at, mut i) = (0, 0);
    let mut last = u32::MAX;
    while i < list.len() {
        let (mask, when, text) = list[i];
        let head = at;
        let new = (i == 0 || list[i - 1].0 != mask) as u8;
        let (form, number) = match when {
            When::Is(value) if value == mask && mask.is_power_of_two() && new == 1 => {
                (BIT, value.trailing_zeros())
            }
            When::Is(value) => {
                let value = value >> (mask.trailing_zeros() & 31);
                let next = new == 0 && value == last.wrapping_add(1);
                last = value;
                (if next { NEXT } else { new + if value < 0x100 { 2 } else { 4 } }, value)
            }
            When::Any => (ANY, 0),
            When::Else => (ELSE, 0),
        };
        assert!(new == 1 || !matches!(form, ANY | BIT), "a new field");
        at += 1;
        if form < BIT && new == 1 {
            bytes.split_at_mut(at).1.split_at_mut(4).0.copy_from_slice(&mask.to_le_bytes());
            at += 4;
        }
        let len = match form {
            BIT => 1,
            NEXT => 0,
            _ => form as usize >> 1,
        };
        assert!(number < 0x1_0000, "a value has two bytes at most");
        bytes[at] = number as u8;
        bytes[at + 1] = (number >> 8) as u8;
        at += len;
        let end = packing::pack(&mut bytes, at, text);
        assert!(end - at < 32, "a length has 5 bits");
        bytes[head] = form << 5 | (end - at) as u8;
        at = end;
        i += 1;
    }
    (bytes, at)
}

impl Flags {
    /// Appends what the flags stand for, each text after a comma (one that begins with `+`
    /// without), and says whether the last field has a text.
    fn put(self, out: &mut BufWriter, e_flags: u32) -> bool {
        let (mut mask, mut found, mut last) = (0u32, false, 0);
        let mut bytes = self.bytes;
        while let Some(head) = take(&mut bytes, 1) {
            let form = head as u8 >> 5;
            let mut next = |len: u8| take(&mut bytes, len.into()).unwrap_or_default();
            if form == BIT {
                (mask, found) = (1 << (next(1) & 31), false);
            } else if form & 1 == 1 && form != NEXT {
                (mask, found) = (next(4), false);
            }
            let value = (e_flags & mask) >> (mask.trailing_zeros() & 31);
            let holds = match form {
                ELSE => !found,
                ANY | BIT => value != 0,
                _ => {
                    last = if form == NEXT { last + 1 } else { next(form >> 1) };
                    value == last
                }
            };
            found |= holds;
            let text = split(&mut bytes, head as usize & 31).unwrap_or_default();
            let mut comma = ", ";
            for &byte in text.iter().filter(|_| holds).flat_map(packing::expand) {
                if comma.is_empty() || byte != b'+' {
                    put!(out, comma);
                    out.byte(byte);
                }
                comma = "";
            }
        }
        found
    }
}

/// Appends the meaning of `e_flags`, where there are any.
pub fn put(out: &mut BufWriter, header: &FileHeader) {
    let e_flags = header.e_flags;
    if e_flags == 0 {
        return;
    }
    match header.e_machine {
        EM_ARM => {
            ARM.put(out, e_flags);
            let flags = match e_flags >> 24 {
                0 => ARM_GNU,
                1 => ARM_1,
                2 => ARM_2,
                3 => return,
                4 => ARM_4,
                5 => ARM_5,
                _ => ARM_UNKNOWN,
            };
            flags.put(out, e_flags);
        }
        EM_ARC_COMPACT | EM_ARCV2 => {
            if !ARC_CPU.put(out, e_flags) {
                put!(out, ", Unknown ARC");
                if header.e_machine != EM_ARCV2 {
                    put!(out, "ompact");
                }
            }
            ARC_ABI.put(out, e_flags);
        }
        EM_68K => {
            if !M68K.put(out, e_flags) {
                COLDFIRE.put(out, e_flags);
            }
        }
        // The others: without Linux or hardly ever seen.
        EM_AMDGPU => put_amdgpu(out, header),
        EM_NDS32 => put_nds32(out, e_flags),
        EM_CYGNUS_MEP => put_mep(out, e_flags),
        machine => {
            if machine == EM_MSP430 {
                put!(out, ": architecture variant: ");
            }
            if let Some(bytes) = TABLES.get(machine) {
                Flags { bytes }.put(out, e_flags);
            }
        }
    }
}

/// The rows of the machines that have no more than rows.
const TABLES: ByMachine = by_machine! {
    [EM_MIPS, EM_MIPS_RS3_LE] => MIPS,
    [EM_PARISC] => PARISC,
    [EM_PPC] => PPC,
    [EM_PPC64] => PPC64,
    [EM_S390] => S390,
    [EM_SH] => SH,
    [EM_SPARCV9] => SPARCV9,
    [EM_IA_64] => IA_64,
    [EM_AVR] => AVR,
    [EM_OPENRISC] => OPENRISC,
    [EM_RISCV] => RISCV,
    [EM_LOONGARCH] => LOONGARCH,
    [EM_V800] => RH850,
    [EM_VAX] => VAX,
    [EM_V850, EM_CYGNUS_V850] => V850,
    [EM_M32R, EM_CYGNUS_M32R] => M32R,
    [EM_PJ, EM_PJ_OLD] => PJ,
    [EM_MSP430] => MSP430,
    [EM_BLACKFIN] => BLACKFIN,
    [EM_TI_C6000] => C6000,
    [EM_RX] => RX,
    [EM_RL78] => RL78,
    [EM_Z80] => Z80,
    [EM_VISIUM] => VISIUM,
    [EM_CYGNUS_FRV] => FRV,
    [EM_NFP] => NFP,
};

// Numbers that machines used before they had one of their own.
const EM_PJ_OLD: u16 = 99;
const EM_NFP: u16 = 250;
const EM_CYGNUS_FRV: u16 = 0x5441;
const EM_CYGNUS_M32R: u16 = 0x9041;
const EM_CYGNUS_V850: u16 = 0x9080;
const EM_CYGNUS_MEP: u16 = 0xf00d;

/// AMD GPUs: from version 2 of the HSA's ABI on a feature has four states instead of two.
fn put_amdgpu(out: &mut BufWriter, header: &FileHeader) {
    const ELFOSABI_AMDGPU_HSA: u8 = 64;
    let hsa = header.e_ident.osabi() == ELFOSABI_AMDGPU_HSA;
    let (features, known) = match header.e_ident.abi_version() {
        0 if hsa => return,
        2.. if hsa => (AMDGPU_V4, 0xfff),
        _ => (AMDGPU_V3, 0x3ff),
    };
    let e_flags = header.e_flags;
    if !AMDGPU.put(out, e_flags) {
        put!(out, ", <unknown AMDGPU GPU type: ", hex(e_flags & 0xff).alt(), ">");
    }
    features.put(out, e_flags);
    put_unknown(out, e_flags & !known);
}

/// Andes NDS32: what an architecture has depends on its version and on that of the format.
fn put_nds32(out: &mut BufWriter, e_flags: u32) {
    NDS32_ABI.put(out, e_flags);
    let architecture = e_flags >> 28;
    if e_flags & 0xf0 == 0 {
        put!(out, ", Andes Star v1.0, N1213HC, MAC, PERF1");
        if architecture == 1 {
            put!(out, ", 16b");
        }
        return;
    }
    NDS32_ARCHITECTURE.put(out, e_flags);
    let old_format = e_flags & 0xf < 2;
    let (baseline, bit_17) = match (architecture, old_format) {
        (1, true) => (NDS32_V1, NDS32_VIDEO),
        (1, false) => (NDS32_V1, NDS32_SATURATION),
        (2..=4, true) => (NDS32_V2_OLD, NDS32_VIDEO),
        (2..=4, false) => (NDS32_V2, NDS32_SATURATION),
        _ => return,
    };
    baseline.put(out, e_flags);
    NDS32_UNITS.put(out, e_flags);
    if e_flags & 0x1080800 != 0 {
        NDS32_FPU_REGISTERS.put(out, e_flags);
    }
    NDS32_MIDDLE.put(out, e_flags);
    bit_17.put(out, e_flags);
    NDS32_REST.put(out, e_flags);
}

/// Toshiba MeP.
fn put_mep(out: &mut BufWriter, e_flags: u32) {
    MEP.put(out, e_flags);
    if e_flags & 0xff != 0 {
        put!(out, ", Configuration Index: ", hex(e_flags & 0xff).alt());
    }
    put_unknown(out, e_flags & 0xfe00);
}

fn put_unknown(out: &mut BufWriter, bits: u32) {
    if bits != 0 {
        put!(out, ", unknown flags bits: ", hex(bits).alt());
    }
}

flags! {
    static ARM {
        0x01 "relocatable executable", 0x20 "position independent",
        0xff000000 = 0 "GNU EABI", 0xff000000 = 0x01000000 "Version1 EABI",
        0xff000000 = 0x02000000 "Version2 EABI", 0xff000000 = 0x03000000 "Version3 EABI",
        0xff000000 = 0x04000000 "Version4 EABI", 0xff000000 = 0x05000000 "Version5 EABI",
        0xff000000 = else "<unrecognized EABI>",
    }
    static ARM_GNU {
        0x04 "interworking enabled", 0x08 "uses APCS/26", 0x10 "uses APCS/float",
        0x40 "8 bit structure alignment", 0x80 "uses new ABI", 0x100 "uses old ABI",
        0x200 "software FP", 0x400 "VFP", 0x800 "Maverick FP", 0xfff002 = any "<unknown>",
    }
    static ARM_1 { 0x04 "sorted symbol tables", 0xffffda = any "<unknown>" }
    static ARM_2 {
        0x04 "sorted symbol tables", 0x08 "dynamic symbols use segment index",
        0x10 "mapping symbols precede others", 0xffffc2 = any "<unknown>",
    }
    static ARM_4 { 0x400000 "LE8", 0x800000 "BE8", 0x3fffde = any "<unknown>" }
    static ARM_5 {
        0x200 "soft-float ABI", 0x400 "hard-float ABI", 0x400000 "LE8", 0x800000 "BE8",
        0x3ff9de = any "<unknown>",
    }
    static ARM_UNKNOWN { 0xffffde = any "<unknown>" }

    /// `E_FLAG_...`: the mask has a bit of each of the families that aren't ColdFire.
    static M68K {
        0x03818000 = 0x01000000 "m68000", 0x03818000 = 0x00810000 "cpu32",
        0x03818000 = 0x02000000 "fido_a",
    }
    static COLDFIRE {
        0 = 0 "cf",
        0x0f = 1 "isa A, nodiv", 0x0f = 2 "isa A", 0x0f = 3 "isa A+", 0x0f = 4 "isa B, nousp",
        0x0f = 5 "isa B", 0x0f = 6 "isa C", 0x0f = 7 "isa C, nodiv", 0x0f = else "isa unknown",
        0x40 "float", 0x30 = 0x10 "mac", 0x30 = 0x20 "emac", 0x30 = 0x30 "emac_b",
    }
    static MIPS {
        0x01 "noreorder", 0x02 "pic", 0x04 "cpic", 0x10 "ugen_reserved", 0x20 "abi2",
        0x80 "odk first", 0x100 "32bitmode", 0x400 "nan2008", 0x200 "fp64",
        0xff0000 = 0 "", 0xff0000 = 0x810000 "3900", 0xff0000 = 0x820000 "4010",
        0xff0000 = 0x830000 "4100", 0xff0000 = 0x850000 "4650", 0xff0000 = 0x870000 "4120",
        0xff0000 = 0x880000 "4111", 0xff0000 = 0x8a0000 "sb1", 0xff0000 = 0x8b0000 "octeon",
        0xff0000 = 0x8c0000 "xlr", 0xff0000 = 0x8d0000 "octeon2", 0xff0000 = 0x8e0000 "octeon3",
        0xff0000 = 0x910000 "5400", 0xff0000 = 0x920000 "5900",
        0xff0000 = 0x930000 "interaptiv-mr2", 0xff0000 = 0x980000 "5500",
        0xff0000 = 0x990000 "9000", 0xff0000 = 0xa00000 "loongson-2e",
        0xff0000 = 0xa10000 "loongson-2f", 0xff0000 = 0xa20000 "gs464",
        0xff0000 = 0xa30000 "gs464e", 0xff0000 = 0xa40000 "gs264e",
        0xff0000 = else "unknown CPU",
        0xf000 = 0 "", 0xf000 = 0x1000 "o32", 0xf000 = 0x2000 "o64", 0xf000 = 0x3000 "eabi32",
        0xf000 = 0x4000 "eabi64", 0xf000 = else "unknown ABI",
        0x08000000 "mdmx", 0x04000000 "mips16", 0x02000000 "micromips",
        0xf0000000 = 0 "mips1", 0xf0000000 = 0x10000000 "mips2",
        0xf0000000 = 0x20000000 "mips3", 0xf0000000 = 0x30000000 "mips4",
        0xf0000000 = 0x40000000 "mips5", 0xf0000000 = 0x50000000 "mips32",
        0xf0000000 = 0x60000000 "mips64", 0xf0000000 = 0x70000000 "mips32r2",
        0xf0000000 = 0x80000000 "mips64r2", 0xf0000000 = 0x90000000 "mips32r6",
        0xf0000000 = 0xa0000000 "mips64r6", 0xf0000000 = else "unknown ISA",
    }
    static PARISC {
        0xffff = 0x020b "PA-RISC 1.0", 0xffff = 0x0210 "PA-RISC 1.1",
        0xffff = 0x0214 "PA-RISC 2.0", 0x10000 "trapnil", 0x20000 "ext", 0x40000 "lsb",
        0x80000 "wide", 0x100000 "no kabp", 0x400000 "lazyswap",
    }
    static PPC { 0x80000000 "emb", 0x10000 "relocatable", 0x8000 "relocatable-lib" }
    static PPC64 { 3 = 1 "abiv1", 3 = 2 "abiv2", 3 = 3 "abiv3" }
    static S390 { 1 "highgprs" }
    static RH850 {
        0xf0000000 "RH850 ABI", 0x100000 "V3 architecture", 0x03 = 0 "FPU not used",
        0x60 = 0 "regmode: COMMON", 0x300 = 0 "r4 not used", 0xc00 = 0 "r30 not used",
        0x3000 = 0 "r5 not used", 0xc000 = 0 "r2 not used", 0x01 "double precision FPU",
        0x02 "single precision FPU", 0x20 "regmode:22", 0x40 "regmode:23", 0x100 "r4 fixed",
        0x200 "r4 free", 0x400 "r30 fixed", 0x800 "r30 free", 0x1000 "r5 fixed",
        0x2000 "r5 free", 0x4000 "r2 fixed", 0x8000 "r2 free",
    }
    static SH {
        0x1f = 1 "sh1", 0x1f = 2 "sh2", 0x1f = 3 "sh3", 0x1f = 4 "sh-dsp", 0x1f = 5 "sh3-dsp",
        0x1f = 6 "sh4al-dsp", 0x1f = 8 "sh3e", 0x1f = 9 "sh4", 0x1f = 10 "sh5",
        0x1f = 11 "sh2e", 0x1f = 12 "sh4a", 0x1f = 13 "sh2a", 0x1f = 16 "sh4-nofpu",
        0x1f = 17 "sh4a-nofpu", 0x1f = 18 "sh4-nommu-nofpu", 0x1f = 19 "sh2a-nofpu",
        0x1f = 20 "sh3-nommu", 0x1f = 21 "sh2a-nofpu-or-sh4-nommu-nofpu",
        0x1f = 22 "sh2a-nofpu-or-sh3-nommu", 0x1f = 23 "sh2a-or-sh4",
        0x1f = 24 "sh2a-or-sh3e", 0x1f = else "unknown ISA", 0x100 "pic", 0x8000 "fdpic",
    }
    static SPARCV9 {
        0x100 "v8+", 0x200 "ultrasparcI", 0x800 "ultrasparcIII", 0x400 "halr1",
        0x800000 "ledata", 3 = 0 "tso", 3 = 1 "pso", 3 = 2 "rmo",
    }
    static IA_64 {
        0x10 = 0x10 "64-bit", 0x10 = else "32-bit", 0x20 "reduced fp model",
        0x80 "no function descriptors, constant gp", 0xc0 = 0x40 "constant gp",
        0x100 "absolute",
    }
    static VAX { 0x01 "non-PIC", 0x100 "D-Float", 0x200 "G-Float" }
    static AVR {
        0x7f = 1 "avr:1", 0x7f = 2 "avr:2", 0x7f = 3 "avr:3", 0x7f = 4 "avr:4",
        0x7f = 5 "avr:5", 0x7f = 6 "avr:6", 0x7f = 25 "avr:25", 0x7f = 31 "avr:31",
        0x7f = 35 "avr:35", 0x7f = 51 "avr:51", 0x7f = 100 "avr:100", 0x7f = 101 "avr:101",
        0x7f = 102 "avr:102", 0x7f = 103 "avr:103", 0x7f = 104 "avr:104",
        0x7f = 105 "avr:105", 0x7f = 106 "avr:106", 0x7f = 107 "avr:107",
        0x7f = else "avr:<unknown>", 0x80 "link-relax",
    }
    static V850 {
        0xf0000000 = 0 "v850", 0xf0000000 = 0x10000000 "v850e",
        0xf0000000 = 0x20000000 "v850e1", 0xf0000000 = 0x30000000 "v850e2",
        0xf0000000 = 0x40000000 "v850e2v3", 0xf0000000 = 0x60000000 "v850e3v5",
        0xf0000000 = else "unknown v850 architecture variant",
    }
    static M32R { 0x30000000 = 0 "m32r" }
    static PJ { 0x10 "new calling convention", 0x20 "gnu calling convention" }
    static OPENRISC { 1 "no delay" }
    static ARC_CPU {
        0xff = 2 "ARC600", 0xff = 3 "ARC700", 0xff = 4 "ARC601", 0xff = 5 "ARC EM",
        0xff = 6 "ARC HS",
    }
    static ARC_ABI {
        0xf00 = 0 "(ABI:legacy)", 0xf00 = 0x200 "(ABI:v2)",
        0xf00 = 0x300 "v3 no-legacy-syscalls ABI", 0xf00 = 0x400 "v4 ABI",
        0xf00 = else "unrecognised ARC OSABI flag",
    }
    static MSP430 {
        0xff = 11 "+MSP430x11", 0xff = 12 "+MSP430x12", 0xff = 13 "+MSP430x13", 0xff = 14 "+MSP430x14", 0xff = 15 "+MSP430x15", 0xff = 16 "+MSP430x16", 0xff = 31 "+MSP430x31", 0xff = 32 "+MSP430x32", 0xff = 33 "+MSP430x33", 0xff = 41 "+MSP430x41", 0xff = 42 "+MSP430x42", 0xff = 43 "+MSP430x43", 0xff = 44 "+MSP430x44", 0xff = 45 "+MSP430X", 0xff = 110 "+MSP430x11x1 ",
        0xff = else "+: unknown",
        0xffffff00 = any "+: unknown extra flag bits also present",
    }
    static BLACKFIN { 0x01 "PIC", 0x02 "FDPIC", 0x10 "code in L1", 0x20 "data in L1" }
    static C6000 { 1 "relocatable module" }
    static RX {
        0x01 "64-bit doubles", 0x02 "dsp", 0x04 "pid", 0x08 "RX ABI",
        0xc0 = 0x40 "bans String instructions", 0xc0 = 0xc0 "uses String instructions",
        0x100 "V2", 0x200 "V3",
    }
    static RL78 { 0x0c = 4 "G10", 0x0c = 8 "G13", 0x0c = 12 "G14", 0x01 "64-bit doubles" }
    static Z80 {
        0xff = 1 "Z80", 0xff = 2 "Z180", 0xff = 3 "R800",
        0xff = 4 "EZ80", 0xff = 5 "GBZ80", 0xff = 6 "Z80N",
        0xff = 0x84 "EZ80, ADL", 0xff = else "unknown",
    }
    static VISIUM { 0x01 "mcm", 0x03 = 2 "mcm24", 0x04 "gr6" }
    static RISCV {
        0x01 "RVC", 0x08 "RVE", 0x10 "TSO", 0x06 = 0 "soft-float ABI",
        0x06 = 2 "single-float ABI", 0x06 = 4 "double-float ABI", 0x06 = 6 "quad-float ABI",
    }
    static LOONGARCH {
        0x07 = 1 "SOFT-FLOAT", 0x07 = 2 "SINGLE-FLOAT", 0x07 = 3 "DOUBLE-FLOAT",
        0xc0 = 0 "OBJ-v0", 0xc0 = 0x40 "OBJ-v1",
    }
    static NFP { 0xffff00 = 0x320000 "NFP-32xx", 0xffff00 = 0x600000 "NFP-6xxx" }
    static FRV {
        0xff000000 = 0 "", 0xff000000 = 0x01000000 "fr500", 0xff000000 = 0x02000000 "fr300",
        0xff000000 = 0x03000000 "simple", 0xff000000 = 0x04000000 "tomcat",
        0xff000000 = 0x05000000 "fr400", 0xff000000 = 0x06000000 "fr550",
        0xff000000 = 0x07000000 "fr405", 0xff000000 = 0x08000000 "fr450",
        0xff000000 = else "fr???",
    }
    static AMDGPU {
        0xff = 0x20 "gfx600", 0xff = 0x21 "gfx601", 0xff = 0x22 "gfx700", 0xff = 0x23 "gfx701",
        0xff = 0x24 "gfx702", 0xff = 0x25 "gfx703", 0xff = 0x26 "gfx704", 0xff = 0x28 "gfx801",
        0xff = 0x29 "gfx802", 0xff = 0x2a "gfx803", 0xff = 0x2b "gfx810", 0xff = 0x2c "gfx900",
        0xff = 0x2d "gfx902", 0xff = 0x2e "gfx904", 0xff = 0x2f "gfx906", 0xff = 0x30 "gfx908",
        0xff = 0x31 "gfx909", 0xff = 0x32 "gfx90c", 0xff = 0x33 "gfx1010",
        0xff = 0x34 "gfx1011", 0xff = 0x35 "gfx1012", 0xff = 0x36 "gfx1030",
        0xff = 0x37 "gfx1031", 0xff = 0x38 "gfx1032", 0xff = 0x39 "gfx1033",
        0xff = 0x3a "gfx602", 0xff = 0x3b "gfx705", 0xff = 0x3c "gfx805",
        0xff = 0x3d "gfx1035", 0xff = 0x3e "gfx1034", 0xff = 0x3f "gfx90a",
        0xff = 0x40 "gfx940", 0xff = 0x42 "gfx1013", 0xff = 0x45 "gfx1036",
    }
    static AMDGPU_V3 { 0x100 "xnack on", 0x200 "sramecc on" }
    static AMDGPU_V4 {
        0x300 = 0x100 "xnack any", 0x300 = 0x200 "xnack off", 0x300 = 0x300 "xnack on",
        0xc00 = 0x400 "sramecc any", 0xc00 = 0x800 "sramecc off", 0xc00 = 0xc00 "sramecc on",
    }
    static NDS32_ABI {
        0xf0 = 0 "ABI v0", 0xf0 = 0x10 "ABI v1", 0xf0 = 0x20 "ABI v2", 0xf0 = 0x30 "ABI v2fp",
        0xf0 = 0x40 "AABI", 0xf0 = 0x50 "ABI2 FP+", 0xf0 = else "<unrecognized ABI>",
        0x0f = 0 "Andes ELF V1.3 or older", 0x0f = 1 "Andes ELF V1.3.1",
        0x0f = 2 "Andes ELF V1.4", 0x0f = else "<unrecognized ELF version number>",
    }
    static NDS32_ARCHITECTURE {
        0xf0000000 = 0x10000000 "Andes Star v1.0", 0xf0000000 = 0x20000000 "Andes Star v2.0",
        0xf0000000 = 0x30000000 "Andes Star v3.0", 0xf0000000 = 0x40000000 "Andes Star v3.0m",
        0xf0000000 = else "<unrecognized architecture>",
    }
    static NDS32_V1 { 0x100 "MFUSR_PC", 0x100000 = 0 "MAC", 0x2000 "DIV", 0x4000 "16b" }
    static NDS32_V2_OLD { 0x100 "[B8]", 0x100000 "MAC_DX", 0x2000 "DIV_DX", 0x4000 "16b" }
    static NDS32_V2 { 0x100 "EX9", 0x100000 "MAC_DX", 0x2000 "DIV_DX", 0x4000 "IFC" }
    static NDS32_UNITS {
        0x200 "PERF1", 0x400 "PERF2", 0x800 "FPU_SP", 0x80000 "FPU_DP", 0x1000000 "FPU_MAC",
    }
    static NDS32_FPU_REGISTERS {
        0xc00000 = 0 "FPU_REG:8/4", 0xc00000 = 0x400000 "FPU_REG:16/8",
        0xc00000 = 0x800000 "FPU_REG:32/16", 0xc00000 = 0xc00000 "FPU_REG:32/32",
    }
    static NDS32_MIDDLE { 0x1000 "AUDIO", 0x8000 "STR", 0x10000 "16REG" }
    static NDS32_VIDEO { 0x20000 "VIDEO" }
    static NDS32_SATURATION { 0x20000 "SATURATION" }
    static NDS32_REST { 0x40000 "ENCRP", 0x200000 "L2C" }
    static MEP {
        0xff000000 = 0 "generic MeP", 0xff000000 = 0x01000000 "MeP C2",
        0xff000000 = 0x02000000 "MeP C3", 0xff000000 = 0x04000000 "MeP C4",
        0xff000000 = 0x08000000 "MeP C5", 0xff000000 = 0x10000000 "MeP H1",
        0xff000000 = else "<unknown MeP cpu type>",
        0xff0000 = 0 "", 0xff0000 = 0x10000 "AVC coprocessor",
        0xff0000 = 0x20000 "AVC2 coprocessor", 0xff0000 = 0x30000 "FMAX coprocessor",
        0xff0000 = 0x60000 "IVC2 coprocessor", 0xff0000 = else "+<unknown MeP copro type>",
        0x100 "Built for Library",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rt::elf::{Class, Data, Encoding, Record};
    use std::string::String;

    struct Text(String);

    impl rt::io::Write for Text {
        fn write(&mut self, bytes: &[u8]) -> rt::Result<usize> {
            self.0.push_str(core::str::from_utf8(bytes).unwrap());
            Ok(bytes.len())
        }
    }

    #[track_caller]
    fn is(e_machine: u16, e_flags: u32, expected: &str) {
        let encoding = Encoding { class: Class::Elf32, data: Data::Lsb };
        let header = FileHeader::decode(encoding, &[0; 52]).unwrap();
        let mut to = Text(String::new());
        let mut buffer = [0; 16];
        let mut out = BufWriter::new(&mut buffer, &mut to);
        super::put(&mut out, &FileHeader { e_machine, e_flags, ..header });
        out.flush().unwrap();
        assert_eq!(to.0, expected);
    }

    #[test]
    fn nothing_is_said_of_no_flags() {
        for machine in 0..u16::MAX {
            is(machine, 0, "");
        }
    }

    #[test]
    fn fields_and_bits() {
        is(EM_X86_64, 1, "");
        is(EM_RISCV, 5, ", RVC, double-float ABI");
        is(EM_MIPS, 0x70001007, ", noreorder, pic, cpic, o32, mips32r2");
        is(EM_ARM, 0x05000400, ", Version5 EABI, hard-float ABI");
        is(EM_ARM, 0x05000002, ", Version5 EABI, <unknown>");
        is(EM_ARM, 0x66000000, ", <unrecognized EABI>");
        is(EM_PARISC, 0x210, ", PA-RISC 1.1");
        is(EM_68K, 0x01000000, ", m68000");
        is(EM_68K, 0x21, ", cf, isa A, nodiv, emac");
        is(EM_ARC_COMPACT, 0x401, ", Unknown ARCompact, v4 ABI");
    }

    #[test]
    fn fields_and_bits_of_rare_machines() {
        is(
            EM_MSP430,
            0x110,
            ": architecture variant: MSP430x16: unknown extra flag bits also present",
        );
        is(EM_AMDGPU, 0x12f, ", gfx906, xnack on");
        is(EM_AMDGPU, 0x400, ", <unknown AMDGPU GPU type: 0>, unknown flags bits: 0x400");
        is(
            EM_CYGNUS_MEP,
            0x07050100,
            ", <unknown MeP cpu type><unknown MeP copro type>, Built for Library",
        );
        is(
            EM_NDS32,
            0x10000810,
            ", ABI v1, Andes ELF V1.3 or older, Andes Star v1.0, MAC, FPU_SP, FPU_REG:8/4",
        );
    }
}
