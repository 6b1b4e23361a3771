//! Segment types (gABI, "Program Header"; the processor supplements), as `readelf -l` prints
//! them: always `%-14.14s`, so that only the first 14 characters are ever seen.

use super::label::Label;
use super::{ByMachine, Names};
use rt::elf::consts::*;

names! {
    /// What every file has. These win over the tables below.
    static GENERIC: "" {
        0 "NULL", 1 "LOAD", 2 "DYNAMIC", 3 "INTERP", 4 "NOTE", 5 "SHLIB", 6 "PHDR", 7 "TLS",
        0x6474_e550 "GNU_EH_FRAME", 0x6474_e551 "GNU_STACK", 0x6474_e552 "GNU_RELRO",
        0x6474_e553 "GNU_PROPERTY", 0x6474_e554 "GNU_SFRAME", 0x65a3_dbe6 "OPENBSD_RANDOMIZE",
        0x65a3_dbe7 "OPENBSD_WXNEEDED", 0x65a4_1be6 "OPENBSD_BOOTDATA",
    }

    static SOLARIS: "PT_" {
        0x6464_e550 "SUNW_UNWIND", 0x6fff_fff7 "LOSUNW", 0x6fff_fffa "SUNWBSS",
        0x6fff_fffb "SUNWSTACK", 0x6fff_fffc "SUNWDTRACE", 0x6fff_fffd "SUNWCAP",
        0x6fff_ffff "HISUNW",
    }

    /// HP-UX on PA-RISC.
    static HP_PARISC: "HP_" {
        0x6000_0000 "TLS", 0x6000_0001 "CORE_NONE", 0x6000_0002 "CORE_VERSION",
        0x6000_0003 "CORE_KERNEL", 0x6000_0004 "CORE_COMM", 0x6000_0005 "CORE_PROC",
        0x6000_0006 "CORE_LOADABLE", 0x6000_0007 "CORE_STACK", 0x6000_0008 "CORE_SHM",
        0x6000_0009 "CORE_MMF", 0x6000_0010 "PARALLEL", 0x6000_0011 "FASTBIND",
        0x6000_0012 "OPT_ANNOT", 0x6000_0013 "HSL_ANNOT", 0x6000_0014 "STACK",
        0x6000_0015 "CORE_UTSNAME",
    }

    /// HP-UX on IA-64.
    static HP_IA64: "HP_" {
        0x6000_0000 "TLS", 0x6000_0012 "OPT_ANNOT", 0x6000_0013 "HSL_ANNOT", 0x6000_0014 "STACK",
    }

    static MIPS: "" {
        0x7000_0000 "REGINFO", 0x7000_0001 "RTPROC", 0x7000_0002 "OPTIONS",
        0x7000_0003 "ABIFLAGS",
    }
    static PARISC: "PARISC_" {
        0x7000_0000 "ARCHEXT", 0x7000_0001 "UNWIND", 0x7000_0002 "WEAKORDER",
    }
    static S390: "S390_" { 0x7000_0000 "PGSTE" }
    static ARM: "" { 0x7000_0001 "EXIDX" }
    static IA64: "IA_64_" { 0x7000_0000 "ARCHEXT", 0x7000_0001 "UNWIND" }
    static C6000: "C6000_" { 0x7000_0000 "PHATTR" }
    static AARCH64: "AARCH64_" { 0x7000_0000 "ARCHEXT", 0x7000_0002 "MEMTAG_MTE" }
    static RISCV: "RISCV_" { 0x7000_0003 "ATTRIBUTES" }
}

/// The tables of machines' own types.
const TABLES: ByMachine = by_machine! {
    [EM_MIPS, EM_MIPS_RS3_LE] => MIPS,
    [EM_PARISC] => PARISC,
    // The last one is its number of old.
    [EM_S390, 0xa390] => S390,
    [EM_ARM] => ARM,
    [EM_IA_64] => IA64,
    [EM_TI_C6000] => C6000,
    [EM_AARCH64] => AARCH64,
    [EM_RISCV] => RISCV,
};

/// The table of a system's own types: HP-UX, Solaris.
fn of_system(machine: u16, osabi: u8) -> Option<Names> {
    Some(match (osabi, machine) {
        (ELFOSABI_HPUX, EM_PARISC) => HP_PARISC,
        (ELFOSABI_HPUX, EM_IA_64) => HP_IA64,
        (ELFOSABI_SOLARIS, _) => SOLARIS,
        _ => return None,
    })
}

/// `p_type`.
///
/// A number of nobody's is an offset in its range (`LOOS+0x1`, `LOPROC+0x1`, with `+0` for the
/// first one; for EI_OSABI GNU and FreeBSD also `GNU_MBIND+0x1`), and `<unknown>: 8` elsewhere.
pub fn segment_type(kind: u32, machine: u16, osabi: u8) -> Label {
    // Most are found at once; a machine's table is looked for only then.
    let others = || [TABLES.names(machine), of_system(machine, osabi)];
    let name = GENERIC.get(kind).or_else(|| Names::first(&others(), kind));
    if let Some(name) = &name {
        return name.into();
    }
    match kind {
        0x6474_e555..=0x6474_f554 if matches!(osabi, ELFOSABI_GNU | ELFOSABI_FREEBSD) => {
            offset("GNU_MBIND+", kind - 0x6474_e555)
        }
        0x6000_0000..=0x6fff_ffff => offset("LOOS+", kind - 0x6000_0000),
        0x7000_0000..=0x7fff_ffff => offset("LOPROC+", kind - 0x7000_0000),
        _ => Label::words("<unknown>: ").hex(kind),
    }
}

fn offset(before: &'static str, offset: u32) -> Label {
    Label::words(before).hex_marked(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(kind: u32, machine: u16, osabi: u8, expected: &str) {
        let label = segment_type(kind, machine, osabi);
        assert_eq!(core::str::from_utf8(label.as_ref()), Ok(expected));
    }

    #[test]
    fn names() {
        is(0, 62, 0, "NULL");
        is(7, 62, 0, "TLS");
        is(0x6474_e553, 62, 0, "GNU_PROPERTY");
        is(0x7000_0001, 40, 0, "EXIDX");
        is(0x7000_0003, 243, 0, "RISCV_ATTRIBUTES");
        is(0x6000_0001, 15, 1, "HP_CORE_NONE");
        is(0x6000_0014, 50, 1, "HP_STACK");
        is(0x6fff_ffff, 62, 6, "PT_HISUNW");
    }

    #[test]
    fn unknown_types() {
        is(8, 62, 0, "<unknown>: 8");
        is(u32::MAX, 62, 0, "<unknown>: ffffffff");
        is(0x6000_0000, 62, 0, "LOOS+0");
        is(0x6000_0001, 50, 1, "LOOS+0x1");
        is(0x7000_0001, 62, 0, "LOPROC+0x1");
        is(0x6474_e555, 62, 0, "LOOS+0x474e555");
        is(0x6474_e555, 62, 3, "GNU_MBIND+0");
        is(0x6474_f554, 62, 9, "GNU_MBIND+0xfff");
        is(0x6474_f555, 62, 9, "LOOS+0x474f555");
    }
}
