//! Section types (gABI, "Section Header"; the processor supplements), as `readelf -S` and
//! `readelf -t` print them: `%-15s` with `-W` (nothing is cut), `%-15.15s` without.

use super::label::Label;
use super::{ByMachine, Names, machines};
use rt::elf::consts::*;

names! {
    /// What every file has. These win over the tables below.
    static GENERIC: "" {
        0 "NULL", 1 "PROGBITS", 2 "SYMTAB", 3 "STRTAB", 4 "RELA", 5 "HASH", 6 "DYNAMIC",
        7 "NOTE", 8 "NOBITS", 9 "REL", 10 "SHLIB", 11 "DYNSYM", 14 "INIT_ARRAY",
        15 "FINI_ARRAY", 16 "PREINIT_ARRAY", 17 "GROUP", 18 "SYMTAB SECTION INDICES",
        19 "RELR", 0x6fff_fff0 "VERSYM", 0x6fff_fff6 "GNU_HASH", 0x6fff_fff7 "GNU_LIBLIST",
        0x6fff_fffc "VERDEF", 0x6fff_fffd "VERDEF", 0x6fff_fffe "VERNEED", 0x6fff_ffff "VERSYM",
        0x7fff_fffd "AUXILIARY", 0x7fff_ffff "FILTER",
    }

    /// EI_OSABI is anything but Solaris, and the machine isn't IA-64.
    static GNU: "GNU_" { 0x6fff_4700 "INCREMENTAL_INPUTS", 0x6fff_fff5 "ATTRIBUTES" }

    /// EI_OSABI is Solaris, and the machine isn't IA-64.
    static SOLARIS: "SUNW_" {
        0x6fff_ffee "ancillary", 0x6fff_ffef "capchain", 0x6fff_fff1 "symsort",
        0x6fff_fff2 "tlssort", 0x6fff_fff3 "LDYNSYM", 0x6fff_fff4 "dof", 0x6fff_fff5 "cap",
        0x6fff_fff8 "DEBUGSTR", 0x6fff_fff9 "DEBUG", 0x6fff_fffa "move", 0x6fff_fffb "COMDAT",
    }

    static IA64_OS: "VMS_" {
        0x6000_0000 "TRACE", 0x6000_0001 "TIE_SIGNATURES", 0x6000_0002 "DEBUG",
        0x6000_0003 "DEBUG_STR", 0x6000_0004 "LINKAGES", 0x6000_0005 "SYMBOL_VECTOR",
        0x6000_0006 "FIXUP",
    }

    static IA64: "IA_64_" {
        0x7000_0000 "EXT", 0x7000_0001 "UNWIND", 0x7900_0000 "PRIORITY_INIT",
    }

    static MIPS: "MIPS_" {
        0x7000_0000 "LIBLIST", 0x7000_0001 "MSYM", 0x7000_0002 "CONFLICT", 0x7000_0003 "GPTAB",
        0x7000_0004 "UCODE", 0x7000_0005 "DEBUG", 0x7000_0006 "REGINFO", 0x7000_0007 "PACKAGE",
        0x7000_0008 "PACKSYM", 0x7000_0009 "RELD", 0x7000_000b "IFACE", 0x7000_000c "CONTENT",
        0x7000_000d "OPTIONS", 0x7000_0010 "SHDR", 0x7000_0011 "FDESC", 0x7000_0012 "EXTSYM",
        0x7000_0013 "DENSE", 0x7000_0014 "PDESC", 0x7000_0015 "LOCSYM", 0x7000_0016 "AUXSYM",
        0x7000_0017 "OPTSYM", 0x7000_0018 "LOCSTR", 0x7000_0019 "LINE", 0x7000_001a "RFDESC",
        0x7000_001b "DELTASYM", 0x7000_001c "DELTAINST", 0x7000_001d "DELTACLASS",
        0x7000_001e "DWARF", 0x7000_001f "DELTADECL", 0x7000_0020 "SYMBOL_LIB",
        0x7000_0021 "EVENTS", 0x7000_0022 "TRANSLATE", 0x7000_0023 "PIXIE", 0x7000_0024 "XLATE",
        0x7000_0025 "XLATE_DEBUG", 0x7000_0026 "WHIRL", 0x7000_0027 "EH_REGION",
        0x7000_0028 "XLATE_OLD", 0x7000_0029 "PDR_EXCEPTION", 0x7000_002a "ABIFLAGS",
        0x7000_002b "XHASH",
    }
    static PARISC: "PARISC_" {
        0x7000_0000 "EXT", 0x7000_0001 "UNWIND", 0x7000_0002 "DOC", 0x7000_0003 "ANNOT",
        0x7000_0004 "DLKM", 0x7000_0008 "SYMEXTN", 0x7000_0009 "STUBS",
    }
    static X86_64: "X86_64_" { 0x7000_0001 "UNWIND" }
    static ARM: "ARM_" {
        0x7000_0001 "EXIDX", 0x7000_0002 "PREEMPTMAP", 0x7000_0003 "ATTRIBUTES",
        0x7000_0004 "DEBUGOVERLAY", 0x7000_0005 "OVERLAYSECTION",
    }
    static AARCH64: "AARCH64_" { 0x7000_0003 "ATTRIBUTES" }
    static RISCV: "RISCV_" { 0x7000_0003 "ATTRIBUTES" }
    static MSP430: "MSP430_" { 0x7000_0003 "ATTRIBUTES" }
    static ARC: "ARC_" { 0x7000_0001 "ATTRIBUTES" }
    static CSKY: "CSKY_" { 0x7000_0001 "ATTRIBUTES" }
    static NFP: "NFP_" { 0x7000_0001 "MECONFIG", 0x7000_0002 "INITREG" }
    static C6000: "" {
        0x7000_0001 "C6000_UNWIND", 0x7000_0002 "C6000_PREEMPTMAP",
        0x7000_0003 "C6000_ATTRIBUTES", 0x7f00_0000 "TI_ICODE", 0x7f00_0001 "TI_XREF",
        0x7f00_0002 "TI_HANDLER", 0x7f00_0003 "TI_INITINFO", 0x7f00_0004 "TI_PHATTRS",
    }
    static V850: "" {
        0x7000_0000 "V850 Small Common", 0x7000_0001 "V850 Tiny Common",
        0x7000_0002 "V850 Zero Common", 0x8000_0000 "RENESAS IOP", 0xa000_0000 "RENESAS INFO",
    }
}

/// The tables of machines' own types, in the ranges of processors and users.
const TABLES: ByMachine = by_machine! {
    // The last two are Intel's L1OM, K1OM.
    [EM_X86_64, 180, 181] => X86_64,
    [EM_AARCH64] => AARCH64,
    [EM_ARM] => ARM,
    [EM_MIPS, EM_MIPS_RS3_LE] => MIPS,
    [EM_PARISC] => PARISC,
    // The last one is V850's number of old.
    [EM_V800, EM_V850, 0x9080] => V850,
    // The last one is ARCv2.
    [EM_ARC, EM_ARC_COMPACT, 195] => ARC,
    [EM_IA_64] => IA64,
    [EM_MSP430] => MSP430,
    [EM_TI_C6000] => C6000,
    [EM_RISCV] => RISCV,
    // Netronome Flow Processor.
    [250] => NFP,
    [EM_CSKY] => CSKY,
};

/// `sh_type`.
///
/// A number of nobody's is an offset in its range (`LOOS+0x1`, `LOPROC+0x..`, `LOUSER+0x..`; the
/// first one of a range is `LOOS+0`), and `00000014: <unknown>` below the ranges.
pub fn section_type(kind: u32, machine: u16, osabi: u8) -> Label {
    let os = match (machine, osabi) {
        (EM_IA_64, _) => IA64_OS,
        (_, ELFOSABI_SOLARIS) => SOLARIS,
        _ => GNU,
    };
    // Most are found at once; a machine's table is looked for only then.
    let others = || [Some(os), TABLES.names(machine)];
    let name = GENERIC.get(kind).or_else(|| Names::first(&others(), kind));
    if let Some(name) = &name {
        return name.into();
    }
    match kind {
        // The range of processor-specific types in which the next byte is an EI_OSABI.
        0x7800_0000..=0x78ff_ffff if machine == EM_IA_64 => {
            let osabi = (kind >> 16) as u8;
            match &machines::osabi(osabi, machine) {
                Some(name) => name.into(),
                None => Label::words("<unknown: ").hex(osabi.into()).and(">"),
            }
        }
        0x6000_0000..=0x6fff_ffff => offset("LOOS+", kind - 0x6000_0000),
        0x7000_0000..=0x7fff_ffff => offset("LOPROC+", kind - 0x7000_0000),
        0x8000_0000.. => offset("LOUSER+", kind - 0x8000_0000),
        _ => Label::words("").hex_wide(kind, 8).and(": <unknown>"),
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
        let label = section_type(kind, machine, osabi);
        assert_eq!(core::str::from_utf8(label.as_ref()), Ok(expected));
    }

    #[test]
    fn generic_and_gnu() {
        is(0, 62, 0, "NULL");
        is(18, 62, 0, "SYMTAB SECTION INDICES");
        is(0x6fff_fff5, 62, 0, "GNU_ATTRIBUTES");
        is(0x6fff_ffff, 50, 6, "VERSYM");
        is(0x7fff_ffff, 8, 0, "FILTER");
    }

    #[test]
    fn by_machine_and_system() {
        is(0x7000_0001, 62, 0, "X86_64_UNWIND");
        is(0x7000_0001, 40, 0, "ARM_EXIDX");
        is(0x7000_0001, 21, 0, "LOPROC+0x1");
        is(0x7000_002b, 8, 0, "MIPS_XHASH");
        is(0x6fff_fff5, 2, 6, "SUNW_cap");
        is(0x6fff_fff5, 50, 6, "LOOS+0xffffff5");
        is(0xa000_0000, 87, 0, "RENESAS INFO");
    }

    #[test]
    fn a_type_that_is_the_name_of_a_system() {
        is(0x7801_0000, 50, 0, "UNIX - HP-UX");
        is(0x78ff_ffff, 50, 0, "<unknown: ff>");
        is(0x7900_0000, 50, 0, "IA_64_PRIORITY_INIT");
        is(0x7801_0000, 62, 0, "LOPROC+0x8010000");
    }

    #[test]
    fn unknown_types() {
        is(12, 62, 0, "0000000c: <unknown>");
        is(0x6000_0000, 62, 0, "LOOS+0");
        is(0x6000_0001, 62, 0, "LOOS+0x1");
        is(0x7000_0000, 62, 0, "LOPROC+0");
        is(0x8000_0000, 62, 0, "LOUSER+0");
        is(u32::MAX, 62, 0, "LOUSER+0x7fffffff");
    }
}
