//! What the small numbers of a symbol are called (gABI, "Symbol Table"; the processor
//! supplements), as `readelf -s` prints them: `%-7s`, `%-6s`, `%-7s` for type, binding and
//! visibility, `%4s` for the section; nothing is ever cut, with and without `-W`.

use super::Name;
use super::label::Label;
use rt::elf::consts::*;

names! {
    static TYPES: "" {
        0 "NOTYPE", 1 "OBJECT", 2 "FUNC", 3 "SECTION", 4 "FILE", 5 "COMMON", 6 "TLS",
        8 "RELC", 9 "SRELC",
    }
    static TYPES_GNU: "" { 10 "IFUNC" }
    static TYPES_PARISC: "" { 11 "HP_OPAQUE", 12 "HP_STUB", 13 "PARISC_MILLI" }
    static TYPES_ARM: "" { 13 "THUMB_FUNC" }
    static TYPES_SPARC_V9: "" { 13 "REGISTER" }

    static BINDINGS: "" { 0 "LOCAL", 1 "GLOBAL", 2 "WEAK" }
    static BINDINGS_GNU: "" { 10 "UNIQUE" }

    static VISIBILITIES: "" { 0 "DEFAULT", 1 "INTERNAL", 2 "HIDDEN", 3 "PROTECTED" }
    static VISIBILITIES_SOLARIS: "" { 4 "EXPORTED", 5 "SINGLETON", 6 "ELIMINATE" }

    static OTHERS_MIPS: "" {
        0x04 "OPTIONAL", 0x08 "MIPS PLT", 0x20 "MIPS PIC", 0x80 "MICROMIPS",
        0xa0 "MICROMIPS, MIPS PIC", 0xf0 "MIPS16",
    }
    static OTHERS_ALPHA: "" { 0x80 "NOPV", 0x88 "STD GPLOAD" }
    /// By the upper two bits.
    static OTHERS_VMS: "" { 0 "IGN", 1 "RSV", 2 "STD", 3 "LNK" }

    static SECTIONS: "" { 0 "UND", 0xfff1 "ABS", 0xfff2 "COM" }
    static SECTIONS_X86_64: "" { 0xff02 "LARGE_COM" }
    static SECTIONS_MIPS: "" { 0xff03 "SCOM", 0xff04 "SUND" }
    static SECTIONS_C6000: "" { 0xff00 "SCOM" }
    static SECTIONS_HP_IA64: "" { 0xff00 "ANSI_COM" }
}

/// `ELF_ST_TYPE(st_info)`, below 16. IFUNC is one for EI_OSABI GNU and FreeBSD only.
pub fn symbol_type(kind: u8, machine: u16, osabi: u8) -> Label {
    let own = match (kind, machine, osabi) {
        (10, _, ELFOSABI_GNU | ELFOSABI_FREEBSD) => &TYPES_GNU,
        (_, EM_PARISC, _) => &TYPES_PARISC,
        (_, EM_ARM, _) => &TYPES_ARM,
        (_, EM_SPARCV9, _) => &TYPES_SPARC_V9,
        _ => &TYPES,
    };
    label(TYPES.get(kind.into()).or_else(|| own.get(kind.into())), kind)
}

/// `ELF_ST_BIND(st_info)`, below 16. UNIQUE is one for EI_OSABI GNU only.
pub fn binding(kind: u8, osabi: u8) -> Label {
    let own = if osabi == ELFOSABI_GNU { &BINDINGS_GNU } else { &BINDINGS };
    label(BINDINGS.get(kind.into()).or_else(|| own.get(kind.into())), kind)
}

/// The name, or what stands for a type or binding without one.
fn label(name: Option<Name>, kind: u8) -> Label {
    let words = match (name, kind) {
        (Some(name), _) => return name.into(),
        (None, 10..=12) => "<OS specific>: ",
        (None, 13..=15) => "<processor specific>: ",
        (None, _) => "<unknown>: ",
    };
    Label::words(words).decimal(kind.into())
}

/// The visibility in `st_other`: the lower two bits, but in a Solaris file all of it (where
/// [`other`] is nothing, therefore).
pub fn visibility(st_other: u8, osabi: u8) -> Label {
    let name = match (osabi, st_other) {
        (ELFOSABI_SOLARIS, 4..) => VISIBILITIES_SOLARIS.get(u32::from(st_other)),
        _ => VISIBILITIES.get(u32::from(st_other & 3)),
    };
    name.map_or_else(|| Label::words("<unknown>"), Label::from)
}

/// What `st_other` says beside the visibility: printed as ` [%s] ` after it. For most machines
/// that is `<other>: 40`.
pub fn other(st_other: u8, machine: u16, osabi: u8) -> Option<Label> {
    let bits = st_other & !3;
    if bits == 0 || osabi == ELFOSABI_SOLARIS {
        return None;
    }
    let hex = |before, bits: u8| Label::words(before).hex(bits.into());
    let name = match (machine, osabi) {
        (EM_MIPS, _) => OTHERS_MIPS.get(bits.into()),
        // `<localentry>` and how far away it is. 1 stands for code without a TOC pointer.
        (EM_PPC64, _) if bits & 0x1f == 0 && bits >> 5 != 7 => {
            let distance = if bits == 0x20 { 1 } else { 1 << (bits >> 5) };
            return Some(Label::words("<localentry>: ").decimal(distance));
        }
        (EM_IA_64, ELFOSABI_OPENVMS) => OTHERS_VMS.get((bits >> 6).into()),
        (EM_AARCH64, _) if bits == 0x80 => return Some(Label::words("VARIANT_PCS")),
        (EM_AARCH64, _) if bits & 0x80 != 0 => return Some(hex("VARIANT_PCS | ", bits & 0x7f)),
        // Other bits hide VARIANT_CC.
        (EM_RISCV, _) if bits == 0x80 => return Some(Label::words("VARIANT_CC")),
        (EM_RISCV, _) => return Some(hex("", bits & 0x7f)),
        (EM_ALPHA, _) => match OTHERS_ALPHA.get(bits.into()) {
            None => return Some(Label::words("<unknown>")),
            known => known,
        },
        _ => None,
    };
    Some(name.map_or_else(|| hex("<other>: ", bits), Label::from))
}

/// `st_shndx`, where it isn't the number of a section: `UND`, and all from 0xff00 on (0xffff too,
/// unless there is a table of extended indices). None means to print the number, `%3d`, or
/// `bad section index[%3d]` when the file has no such section.
pub fn special_section(index: u16, machine: u16, osabi: u8) -> Option<Label> {
    let own = match (machine, osabi) {
        (EM_MIPS, _) => &SECTIONS_MIPS,
        (EM_IA_64, ELFOSABI_HPUX) => &SECTIONS_HP_IA64,
        // Intel's L1OM, K1OM.
        (EM_X86_64 | 180 | 181, _) => &SECTIONS_X86_64,
        (EM_TI_C6000, _) => &SECTIONS_C6000,
        _ => &SECTIONS,
    };
    let index = u32::from(index);
    let words = match (SECTIONS.get(index).or_else(|| own.get(index)), index) {
        (Some(name), _) => return Some(name.into()),
        (None, ..0xff00) => return None,
        (None, 0xff00..=0xff1f) => "PRC[0x",
        (None, 0xff20..=0xff3f) => "OS [0x",
        (None, _) => "RSV[0x",
    };
    Some(Label::words(words).hex_wide(index, 4).and("]"))
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
