//! What the types of notes are called, by their owners, in the words of `readelf -n`.

names! {
    /// Of core files; also what other owners of notes in core files are taken for.
    pub static CORE: "NT_" {
        1 "PRSTATUS (prstatus structure)", 2 "FPREGSET (floating point registers)",
        3 "PRPSINFO (prpsinfo structure)", 4 "TASKSTRUCT (task structure)",
        6 "AUXV (auxiliary vector)", 10 "PSTATUS (pstatus structure)",
        12 "FPREGS (floating point registers)", 13 "PSINFO (psinfo structure)",
        16 "LWPSTATUS (lwpstatus_t structure)", 17 "LWPSINFO (lwpsinfo_t structure)",
        18 "WIN32PSTATUS (win32_pstatus structure)", 0x100 "PPC_VMX (ppc Altivec registers)",
        0x102 "PPC_VSX (ppc VSX registers)", 0x103 "PPC_TAR (ppc TAR register)",
        0x104 "PPC_PPR (ppc PPR register)", 0x105 "PPC_DSCR (ppc DSCR register)",
        0x106 "PPC_EBB (ppc EBB registers)", 0x107 "PPC_PMU (ppc PMU registers)",
        0x108 "PPC_TM_CGPR (ppc checkpointed GPR registers)",
        0x109 "PPC_TM_CFPR (ppc checkpointed floating point registers)",
        0x10a "PPC_TM_CVMX (ppc checkpointed Altivec registers)",
        0x10b "PPC_TM_CVSX (ppc checkpointed VSX registers)",
        0x10c "PPC_TM_SPR (ppc TM special purpose registers)",
        0x10d "PPC_TM_CTAR (ppc checkpointed TAR register)",
        0x10e "PPC_TM_CPPR (ppc checkpointed PPR register)",
        0x10f "PPC_TM_CDSCR (ppc checkpointed DSCR register)",
        0x200 "386_TLS (x86 TLS information)", 0x201 "386_IOPERM (x86 I/O permissions)",
        0x202 "X86_XSTATE (x86 XSAVE extended state)", 0x203 "X86_CET (x86 CET state)",
        0x300 "S390_HIGH_GPRS (s390 upper register halves)",
        0x301 "S390_TIMER (s390 timer register)",
        0x302 "S390_TODCMP (s390 TOD comparator register)",
        0x303 "S390_TODPREG (s390 TOD programmable register)",
        0x304 "S390_CTRS (s390 control registers)", 0x305 "S390_PREFIX (s390 prefix register)",
        0x306 "S390_LAST_BREAK (s390 last breaking event address)",
        0x307 "S390_SYSTEM_CALL (s390 system call restart data)",
        0x308 "S390_TDB (s390 transaction diagnostic block)",
        0x309 "S390_VXRS_LOW (s390 vector registers 0-15 upper half)",
        0x30a "S390_VXRS_HIGH (s390 vector registers 16-31)",
        0x30b "S390_GS_CB (s390 guarded-storage registers)",
        0x30c "S390_GS_BC (s390 guarded-storage broadcast control)",
        0x400 "ARM_VFP (arm VFP registers)", 0x401 "ARM_TLS (AArch TLS registers)",
        0x402 "ARM_HW_BREAK (AArch hardware breakpoint registers)",
        0x403 "ARM_HW_WATCH (AArch hardware watchpoint registers)",
        0x404 "ARM_SYSTEM_CALL (AArch system call number)", 0x405 "ARM_SVE (AArch SVE registers)",
        0x406 "ARM_PAC_MASK (AArch pointer authentication code masks)",
        0x407 "ARM_PACA_KEYS (ARM pointer authentication address keys)",
        0x408 "ARM_PACG_KEYS (ARM pointer authentication generic keys)",
        0x409 "ARM_TAGGED_ADDR_CTRL (AArch tagged address control)",
        0x40a "ARM_PAC_ENABLED_KEYS (AArch64 pointer authentication enabled keys)",
        0x600 "ARC_V2 (ARC HS accumulator/extra registers)",
        0x900 "RISCV_CSR (RISC-V control and status registers)",
        0x4649_4c45 "FILE (mapped files)", 0x46e6_2b7f "PRXFPREG (user_xfpregs structure)",
        0x5349_4749 "SIGINFO (siginfo_t data)",
        0xff00_0000 "GDB_TDESC (GDB XML target description)",
    }

    /// Of other files.
    pub static OTHER: "" {
        1 "NT_VERSION (version)", 2 "NT_ARCH (architecture)", 4 "GO BUILDID", 0x100 "OPEN",
        0x101 "func", 0xcafe_1a7e "FDO_PACKAGING_METADATA",
    }

    /// Owner `GNU`.
    pub static GNU: "NT_GNU_" {
        1 "ABI_TAG (ABI version tag)", 2 "HWCAP (DSO-supplied software HWCAP info)",
        3 "BUILD_ID (unique build ID bitstring)", 4 "GOLD_VERSION (gold version)",
        5 "PROPERTY_TYPE_0", 0x100 "BUILD_ATTRIBUTE_OPEN", 0x101 "BUILD_ATTRIBUTE_FUNC",
    }

    /// Owner `FreeBSD`; the rest is as elsewhere.
    pub static FREEBSD: "NT_" {
        7 "THRMISC (thrmisc structure)", 8 "PROCSTAT_PROC (proc data)",
        9 "PROCSTAT_FILES (files data)", 10 "PROCSTAT_VMMAP (vmmap data)",
        11 "PROCSTAT_GROUPS (groups data)", 12 "PROCSTAT_UMASK (umask data)",
        13 "PROCSTAT_RLIMIT (rlimit data)", 14 "PROCSTAT_OSREL (osreldate data)",
        15 "PROCSTAT_PSSTRINGS (ps_strings data)", 16 "PROCSTAT_AUXV (auxv data)",
        17 "PTLWPINFO (ptrace_lwpinfo structure)",
        0x200 "X86_SEGBASES (x86 segment base registers)",
    }

    /// Owner `OpenBSD`; the rest is as elsewhere.
    pub static OPENBSD: "OpenBSD " {
        10 "procinfo structure", 11 "ELF auxiliary vector data", 20 "regular registers",
        21 "floating point registers", 23 "window cookie",
    }

    /// Owner `stapsdt`.
    pub static STAPSDT: "NT_" { 3 "STAPSDT (SystemTap probe descriptors)" }

    /// Owner `AMDGPU`.
    pub static AMDGPU: "NT_AMDGPU_" { 32 "METADATA (code object metadata)" }

    /// Owner `IPF/VMS`.
    pub static VMS: "NT_VMS_" {
        1 "MHD (module header)", 2 "LNM (language name)", 3 "SRC (source files)", 4 "TITLE",
        5 "EIDC (consistency check)", 6 "FPMODE (FP mode)", 101 "LINKTIME",
        102 "IMGNAM (image name)", 103 "IMGID (image id)", 104 "LINKID (link id)",
        105 "IMGBID (build id)", 106 "GSTNAM (sym table name)", 107 "ORIG_DYN", 108 "PATCHTIME",
    }

    /// Bits of `GNU_PROPERTY_1_NEEDED`.
    pub static NEEDED_1: "" { 0 "indirect external access" }

    /// Bits of `GNU_PROPERTY_AARCH64_FEATURE_1_AND`.
    pub static AARCH64_FEATURE_1: "" { 0 "BTI", 1 "PAC" }

    /// Bits of `GNU_PROPERTY_X86_FEATURE_1_AND`.
    pub static X86_FEATURE_1: "" { 0 "IBT", 1 "SHSTK", 2 "LAM_U48", 3 "LAM_U57" }

    /// Bits of `GNU_PROPERTY_X86_FEATURE_2_USED` and `..._NEEDED`.
    pub static X86_FEATURE_2: "" {
        0 "x86", 1 "x87", 2 "MMX", 3 "XMM", 4 "YMM", 5 "ZMM", 6 "FXSR", 7 "XSAVE", 8 "XSAVEOPT",
        9 "XSAVEC", 10 "TMM", 11 "MASK",
    }

    /// Bits of `GNU_PROPERTY_X86_ISA_1_USED` and `..._NEEDED`.
    pub static X86_ISA_1: "x86-64-" { 0 "baseline", 1 "v2", 2 "v3", 3 "v4" }

    /// Bits of the second numbering that x86 had.
    pub static X86_COMPAT_2_ISA_1: "" {
        0 "CMOV", 1 "SSE", 2 "SSE2", 3 "SSE3", 4 "SSSE3", 5 "SSE4_1", 6 "SSE4_2", 7 "AVX",
        8 "AVX2", 9 "FMA", 10 "AVX512F", 11 "AVX512CD", 12 "AVX512ER", 13 "AVX512PF",
        14 "AVX512VL", 15 "AVX512DQ", 16 "AVX512BW", 17 "AVX512_4FMAPS", 18 "AVX512_4VNNIW",
        19 "AVX512_BITALG", 20 "AVX512_IFMA", 21 "AVX512_VBMI", 22 "AVX512_VBMI2",
        23 "AVX512_VNNI", 24 "AVX512_BF16",
    }

    /// Bits of the first numbering that x86 had.
    pub static X86_COMPAT_ISA_1: "" {
        0 "i486", 1 "586", 2 "686", 3 "SSE", 4 "SSE2", 5 "SSE3", 6 "SSSE3", 7 "SSE4_1",
        8 "SSE4_2", 9 "AVX", 10 "AVX2", 11 "AVX512F", 12 "AVX512CD", 13 "AVX512ER",
        14 "AVX512PF", 15 "AVX512VL", 16 "AVX512DQ", 17 "AVX512BW",
    }

    /// What an attribute of a GNU build note is about.
    pub static BUILD_ATTRIBUTE: "" {
        1 "version", 2 "stack prot", 3 "relro", 4 "stack size", 5 "tool", 6 "ABI", 7 "PIC",
        8 "short enum",
    }

    /// `GNU_BUILD_ATTRIBUTE_STACK_PROT`
    pub static STACK_PROTECTION: "" { 0 "off", 1 "on", 2 "all", 3 "strong", 4 "explicit" }

    /// `GNU_BUILD_ATTRIBUTE_PIC`
    pub static PIC: "" { 0 "static", 1 "pic", 2 "PIC", 3 "pie", 4 "PIE" }
}
