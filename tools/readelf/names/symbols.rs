//! What the small numbers of a symbol are called (gABI, "Symbol Table"; the processor
//! supplements), as `readelf -s` prints them: `%-7s`, `%-6s`, `%-7s` for type, binding and
//! visibility, `%4s` for the section; nothing is ever cut, with and without `-W`.

// Keys of two parts: the machine's number, then the symbol's.
#![allow(clippy::unusual_byte_groupings)]

use super::Names;
use super::label::Label;
use rt::elf::consts::*;

names! {
    /// Those of all machines; then `machine << 8 | type`: PA-RISC, ARM, SPARC V9.
    static TYPES: "" {
        0 "NOTYPE", 1 "OBJECT", 2 "FUNC", 3 "SECTION", 4 "FILE", 5 "COMMON", 6 "TLS",
        8 "RELC", 9 "SRELC", 0x0f0b "HP_OPAQUE", 0x0f0c "HP_STUB", 0x0f0d "PARISC_MILLI",
        0x280d "THUMB_FUNC", 0x2b0d "REGISTER",
    }

    static BINDINGS: "" { 0 "LOCAL", 1 "GLOBAL", 2 "WEAK" }

    /// From 4 on only those of Solaris.
    static VISIBILITIES: "" {
        0 "DEFAULT", 1 "INTERNAL", 2 "HIDDEN", 3 "PROTECTED", 4 "EXPORTED", 5 "SINGLETON",
        6 "ELIMINATE",
    }

    /// `machine << 8 | bits`: MIPS, Alpha.
    static OTHERS: "" {
        0x0804 "OPTIONAL", 0x0808 "MIPS PLT", 0x0820 "MIPS PIC", 0x0880 "MICROMIPS",
        0x08a0 "MICROMIPS, MIPS PIC", 0x08f0 "MIPS16", 0x902680 "NOPV",
        0x902688 "STD GPLOAD",
    }

    /// OpenVMS on IA-64, by the upper two bits.
    static OTHERS_VMS: "" { 0 "IGN", 1 "RSV", 2 "STD", 3 "LNK" }

    /// Those of all machines; then `machine << 16 | index`: MIPS, x86-64, C6000, L1OM, K1OM.
    static SECTIONS: "" {
        0 "UND", 0xfff1 "ABS", 0xfff2 "COM", 0x08ff03 "SCOM", 0x08ff04 "SUND",
        0x3eff02 "LARGE_COM", 0x8cff00 "SCOM", 0xb4ff02 "LARGE_COM", 0xb5ff02 "LARGE_COM",
    }
}

/// `ELF_ST_TYPE(st_info)`, below 16. IFUNC is one for EI_OSABI GNU and FreeBSD only.
pub fn symbol_type(kind: u8, machine: u16, osabi: u8) -> Label {
    if kind == STT_GNU_IFUNC && matches!(osabi, ELFOSABI_GNU | ELFOSABI_FREEBSD) {
        return Label::words("IFUNC");
    }
    label(TYPES, kind, machine)
}

/// `ELF_ST_BIND(st_info)`, below 16. UNIQUE is one for EI_OSABI GNU only.
pub fn binding(kind: u8, osabi: u8) -> Label {
    if kind == STB_GNU_UNIQUE && osabi == ELFOSABI_GNU {
        return Label::words("UNIQUE");
    }
    label(BINDINGS, kind, 0)
}

/// The name, or what stands for a type or binding without one.
fn label(names: Names, kind: u8, machine: u16) -> Label {
    let number = u32::from(kind);
    for key in [number, u32::from(machine) << 8 | number] {
        if let Some(name) = &names.get(key) {
            return name.into();
        }
    }
    let words = match kind {
        10..=12 => "<OS specific>: ",
        13..=15 => "<processor specific>: ",
        _ => "<unknown>: ",
    };
    Label::words(words).decimal(number)
}

/// What stands for a visibility, and Alpha's other bits, without a name.
pub const UNKNOWN: &str = "<unknown>";

/// The visibility in `st_other`: the lower two bits, but in a Solaris file all of it (where
/// [`other`] is nothing, therefore).
pub fn visibility(st_other: u8, osabi: u8) -> Label {
    let number = if osabi == ELFOSABI_SOLARIS { st_other } else { st_other & 3 };
    match &VISIBILITIES.get(number.into()) {
        Some(name) => name.into(),
        None => Label::words(UNKNOWN),
    }
}

/// What `st_other` says beside the visibility: printed as ` [%s] ` after it. For most machines
/// that is `<other>: 40`.
pub fn other(st_other: u8, machine: u16, osabi: u8) -> Option<Label> {
    let bits = u32::from(st_other & !3);
    if bits == 0 || osabi == ELFOSABI_SOLARIS {
        return None;
    }
    let number = |before, bits| Label::words(before).hex(bits);
    let name = match (machine, bits) {
        (EM_MIPS | EM_ALPHA, _) => OTHERS.get(u32::from(machine) << 8 | bits),
        // `<localentry>` and how far away it is. 1 stands for code without a TOC pointer.
        (EM_PPC64, 0x20 | 0x40 | 0x60 | 0x80 | 0xa0 | 0xc0) => {
            let distance = if bits == 0x20 { 1 } else { 1 << (bits >> 5) };
            return Some(Label::words("<localentry>: ").decimal(distance));
        }
        (EM_IA_64, _) if osabi == ELFOSABI_OPENVMS => OTHERS_VMS.get(bits >> 6),
        (EM_AARCH64, 0x80) => return Some(Label::words("VARIANT_PCS")),
        (EM_AARCH64, 0x81..) => return Some(number("VARIANT_PCS | ", bits & 0x7f)),
        // Other bits hide VARIANT_CC.
        (EM_RISCV, 0x80) => return Some(Label::words("VARIANT_CC")),
        (EM_RISCV, _) => return Some(number("", bits & 0x7f)),
        _ => None,
    };
    Some(match &name {
        Some(name) => name.into(),
        None if machine == EM_ALPHA => Label::words(UNKNOWN),
        None => number("<other>: ", bits),
    })
}

/// `st_shndx`, where it isn't the number of a section: `UND`, and all from 0xff00 on (0xffff too,
/// unless there is a table of extended indices). None means to print the number, `%3d`, or
/// `bad section index[%3d]` when the file has no such section.
pub fn special_section(index: u16, machine: u16, osabi: u8) -> Option<Label> {
    let number = u32::from(index);
    for key in [number, u32::from(machine) << 16 | number] {
        if let Some(name) = &SECTIONS.get(key) {
            return Some(name.into());
        }
    }
    let words = match index {
        ..0xff00 => return None,
        0xff00 if (machine, osabi) == (EM_IA_64, ELFOSABI_HPUX) => {
            return Some(Label::words("ANSI_COM"));
        }
        0xff00..=0xff1f => "PRC[0x",
        0xff20..=0xff3f => "OS [0x",
        _ => "RSV[0x",
    };
    Some(Label::words(words).hex_wide(number, 4).and("]"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::{String, ToString};

    fn string(label: Label) -> String {
        core::str::from_utf8(label.as_ref()).unwrap().to_string()
    }

    #[test]
    fn types() {
        let is = |kind, machine, osabi, expected: &str| {
            assert_eq!(string(symbol_type(kind, machine, osabi)), expected);
        };
        is(0, 62, 0, "NOTYPE");
        is(6, 40, 0, "TLS");
        is(7, 62, 0, "<unknown>: 7");
        is(10, 62, 0, "<OS specific>: 10");
        is(10, 62, 3, "IFUNC");
        is(10, 15, 9, "IFUNC");
        is(12, 15, 0, "HP_STUB");
        is(13, 40, 3, "THUMB_FUNC");
        is(13, 43, 0, "REGISTER");
        is(13, 2, 0, "<processor specific>: 13");
    }

    #[test]
    fn bindings() {
        assert_eq!(string(binding(2, 0)), "WEAK");
        assert_eq!(string(binding(3, 0)), "<unknown>: 3");
        assert_eq!(string(binding(10, 3)), "UNIQUE");
        assert_eq!(string(binding(10, 9)), "<OS specific>: 10");
        assert_eq!(string(binding(13, 3)), "<processor specific>: 13");
    }

    #[test]
    fn visibilities() {
        assert_eq!(string(visibility(3, 0)), "PROTECTED");
        assert_eq!(string(visibility(0x82, 0)), "HIDDEN");
        assert_eq!(string(visibility(3, 6)), "PROTECTED");
        assert_eq!(string(visibility(6, 6)), "ELIMINATE");
        assert_eq!(string(visibility(7, 6)), "<unknown>");
    }

    #[test]
    fn other_bits() {
        let is = |st_other, machine, osabi, expected: Option<&str>| {
            assert_eq!(other(st_other, machine, osabi).map(string).as_deref(), expected);
        };
        is(3, 62, 0, None);
        is(0x84, 62, 6, None);
        is(0x41, 62, 0, Some("<other>: 40"));
        is(0xf2, 8, 0, Some("MIPS16"));
        is(0x24, 8, 0, Some("<other>: 24"));
        is(0x20, 21, 0, Some("<localentry>: 1"));
        is(0x60, 21, 0, Some("<localentry>: 8"));
        is(0xe0, 21, 0, Some("<other>: e0"));
        is(0x64, 21, 0, Some("<other>: 64"));
        is(0x80, 183, 0, Some("VARIANT_PCS"));
        is(0x84, 183, 0, Some("VARIANT_PCS | 4"));
        is(0x04, 183, 0, Some("<other>: 4"));
        is(0x80, 243, 0, Some("VARIANT_CC"));
        is(0x84, 243, 0, Some("4"));
        is(0x88, 0x9026, 0, Some("STD GPLOAD"));
        is(0x04, 0x9026, 0, Some("<unknown>"));
        is(0x84, 50, 13, Some("STD"));
        is(0x84, 50, 0, Some("<other>: 84"));
    }

    #[test]
    fn special_sections() {
        let is = |index, machine, osabi, expected: Option<&str>| {
            let label = special_section(index, machine, osabi).map(string);
            assert_eq!(label.as_deref(), expected);
        };
        is(0, 62, 0, Some("UND"));
        is(1, 62, 0, None);
        is(0xfeff, 62, 0, None);
        is(0xff00, 62, 0, Some("PRC[0xff00]"));
        is(0xff00, 140, 0, Some("SCOM"));
        is(0xff00, 50, 1, Some("ANSI_COM"));
        is(0xff02, 62, 0, Some("LARGE_COM"));
        is(0xff03, 8, 0, Some("SCOM"));
        is(0xff1f, 8, 0, Some("PRC[0xff1f]"));
        is(0xff20, 8, 0, Some("OS [0xff20]"));
        is(0xff40, 8, 0, Some("RSV[0xff40]"));
        is(0xfff1, 8, 0, Some("ABS"));
        is(0xfff2, 8, 0, Some("COM"));
        is(0xffff, 8, 0, Some("RSV[0xffff]"));
    }
}
