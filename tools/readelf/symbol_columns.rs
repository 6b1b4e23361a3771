//! What the columns of a symbol table call the numbers of a symbol.

use super::file::File;
use super::line::Line;
use crate::context::Context;
use rt::elf::consts::*;
use rt::fmt::{dec, hex};
use rt::put;

/// The text of a column, filled up to its width.
#[derive(Clone, Copy)]
pub struct Cell {
    pub bytes: [u8; Cell::ROOM],
    pub len: usize,
}

impl Cell {
    /// `<processor specific>: 15` and the space after it are 25.
    pub const ROOM: usize = 32;

    /// `%-*s `: of a name or, without one, of what kind of number it is.
    fn new(name: &str, number: u8, width: usize) -> Cell {
        let mut bytes = [b' '; Cell::ROOM];
        let mut line = Line { bytes: &mut bytes, len: 0 };
        for &byte in name.as_bytes() {
            line.put(&[byte], 1);
        }
        if name.ends_with(": ") {
            line.put_dec(number.into(), 1);
        }
        let end = line.len;
        // What was written past the end, too.
        bytes.iter_mut().skip(end).for_each(|byte| *byte = b' ');
        let len = end.max(width) + 1;
        Cell { bytes, len }
    }
}

const UNKNOWN: &str = "<unknown>: ";
const OS_SPECIFIC: &str = "<OS specific>: ";
const PROCESSOR_SPECIFIC: &str = "<processor specific>: ";

/// `STT_*`
pub fn kind(machine: u16, osabi: u8, number: u8) -> Cell {
    let name = match (number, machine) {
        (STT_NOTYPE, _) => "NOTYPE",
        (STT_OBJECT, _) => "OBJECT",
        (STT_FUNC, _) => "FUNC",
        (STT_SECTION, _) => "SECTION",
        (STT_FILE, _) => "FILE",
        (STT_COMMON, _) => "COMMON",
        (STT_TLS, _) => "TLS",
        (8, _) => "RELC",
        (9, _) => "SRELC",
        (STT_GNU_IFUNC, _) if matches!(osabi, ELFOSABI_GNU | ELFOSABI_FREEBSD) => "IFUNC",
        (STT_HP_OPAQUE, EM_PARISC) => "HP_OPAQUE",
        (STT_HP_STUB, EM_PARISC) => "HP_STUB",
        (STT_PARISC_MILLICODE, EM_PARISC) => "PARISC_MILLI",
        (STT_ARM_TFUNC, EM_ARM) => "THUMB_FUNC",
        (STT_SPARC_REGISTER, EM_SPARCV9) => "REGISTER",
        (STT_LOOS..=STT_HIOS, _) => OS_SPECIFIC,
        (STT_LOPROC..=STT_HIPROC, _) => PROCESSOR_SPECIFIC,
        _ => UNKNOWN,
    };
    Cell::new(name, number, 7)
}

/// `STB_*`
pub fn bind(osabi: u8, number: u8) -> Cell {
    let name = match number {
        STB_LOCAL => "LOCAL",
        STB_GLOBAL => "GLOBAL",
        STB_WEAK => "WEAK",
        STB_GNU_UNIQUE if osabi == ELFOSABI_GNU => "UNIQUE",
        STB_LOOS..=STB_HIOS => OS_SPECIFIC,
        STB_LOPROC..=STB_HIPROC => PROCESSOR_SPECIFIC,
        _ => UNKNOWN,
    };
    Cell::new(name, number, 6)
}

/// `STV_*`
pub fn visibility(number: u8) -> Cell {
    let name = match number & 3 {
        STV_INTERNAL => "INTERNAL",
        STV_HIDDEN => "HIDDEN",
        STV_PROTECTED => "PROTECTED",
        _ => "DEFAULT",
    };
    Cell::new(name, 0, 7)
}

/// An `st_other` that is more than a visibility: that, and in brackets what its other bits
/// mean to a machine. Solaris has more visibilities instead.
#[cold]
pub fn other(cx: &mut Context, file: &File, st_other: u8) {
    if file.elf.header.e_ident.osabi() == ELFOSABI_SOLARIS {
        let name = match st_other {
            4 => "EXPORTED ",
            5 => "SINGLETON ",
            6 => "ELIMINATE ",
            _ => {
                error!(cx, "Unrecognized visibility value: ", dec(st_other));
                "<unknown> "
            }
        };
        return put!(&mut cx.out, name);
    }
    let visibility = visibility(st_other);
    cx.out.bytes(visibility.bytes.get(..visibility.len).unwrap_or_default());
    let header = &file.elf.header;
    let bits = st_other & !3;
    let name = match (header.e_machine, bits) {
        (EM_MIPS, 0x04) => "OPTIONAL",
        (EM_MIPS, 0x08) => "MIPS PLT",
        (EM_MIPS, 0x20) => "MIPS PIC",
        (EM_MIPS, 0x80) => "MICROMIPS",
        (EM_MIPS, 0xa0) => "MICROMIPS, MIPS PIC",
        (EM_MIPS, 0xf0) => "MIPS16",
        (EM_PPC64, 0x20) => "<localentry>: 1",
        (EM_PPC64, 0x40) => "<localentry>: 4",
        (EM_PPC64, 0x60) => "<localentry>: 8",
        (EM_PPC64, 0x80) => "<localentry>: 16",
        (EM_PPC64, 0xa0) => "<localentry>: 32",
        (EM_PPC64, 0xc0) => "<localentry>: 64",
        (EM_ALPHA, 0x80) => "NOPV",
        (EM_ALPHA, 0x88) => "STD GPLOAD",
        (EM_ALPHA, _) => {
            error!(cx, "Unrecognized alpha specific other value: ", dec(bits));
            "<unknown>"
        }
        (EM_IA_64, _) if header.e_ident.osabi() == ELFOSABI_OPENVMS => match bits & 0xc0 {
            0x40 => "RSV",
            0x80 => "STD",
            0xc0 => "LNK",
            _ => "IGN",
        },
        (EM_AARCH64, 0x80) => "VARIANT_PCS",
        (EM_AARCH64, 0x84..) => {
            return put!(&mut cx.out, "[VARIANT_PCS | ", hex(bits & 0x7f), "] ");
        }
        (EM_RISCV, 0x80) => "VARIANT_CC",
        (EM_RISCV, _) => return put!(&mut cx.out, "[", hex(bits & 0x7f), "] "),
        _ => return put!(&mut cx.out, "[<other>: ", hex(bits), "] "),
    };
    put!(&mut cx.out, "[", name, "] ");
}

/// A number that is none of a section: `%4s`.
pub fn special_index(cx: &mut Context, file: &File, st_shndx: u16) {
    let header = &file.elf.header;
    let name = match (st_shndx, header.e_machine) {
        (SHN_UNDEF, _) => " UND",
        (SHN_ABS, _) => " ABS",
        (SHN_COMMON, _) => " COM",
        (SHN_MIPS_SCOMMON, EM_MIPS) => "SCOM",
        (SHN_MIPS_SUNDEFINED, EM_MIPS) => "SUND",
        (0xff00, EM_TI_C6000) => "SCOM",
        (0xff00, EM_IA_64) if header.e_ident.osabi() == ELFOSABI_HPUX => "ANSI_COM",
        (0xff02, EM_X86_64 | EM_L10M | EM_K10M) => "LARGE_COM",
        (SHN_LOPROC..=SHN_HIPROC, _) => "PRC[0x",
        (SHN_LOOS..=SHN_HIOS, _) => "OS [0x",
        _ => "RSV[0x",
    };
    put!(&mut cx.out, name);
    if name.ends_with('x') {
        put!(&mut cx.out, hex(st_shndx), "]");
    }
}
