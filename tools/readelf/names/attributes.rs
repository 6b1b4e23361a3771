//! Object attributes: tags and values by vendor and machine, in the words of `readelf -A`.

names! {
    /// Tags of vendor `aeabi` (ARM).
    pub static AEABI: "Tag_" {
        4 "CPU_raw_name", 5 "CPU_name", 6 "CPU_arch", 7 "CPU_arch_profile", 8 "ARM_ISA_use",
        9 "THUMB_ISA_use", 10 "FP_arch", 11 "WMMX_arch", 12 "Advanced_SIMD_arch", 13 "PCS_config",
        14 "ABI_PCS_R9_use", 15 "ABI_PCS_RW_data", 16 "ABI_PCS_RO_data", 17 "ABI_PCS_GOT_use",
        18 "ABI_PCS_wchar_t", 19 "ABI_FP_rounding", 20 "ABI_FP_denormal", 21 "ABI_FP_exceptions",
        22 "ABI_FP_user_exceptions", 23 "ABI_FP_number_model", 24 "ABI_align_needed",
        25 "ABI_align_preserved", 26 "ABI_enum_size", 27 "ABI_HardFP_use", 28 "ABI_VFP_args",
        29 "ABI_WMMX_args", 30 "ABI_optimization_goals", 31 "ABI_FP_optimization_goals",
        32 "compatibility", 34 "CPU_unaligned_access", 36 "FP_HP_extension",
        38 "ABI_FP_16bit_format", 42 "MPextension_use", 44 "DIV_use", 46 "DSP_extension",
        48 "MVE_arch", 50 "PAC_extension", 52 "BTI_extension", 64 "nodefaults",
        65 "also_compatible_with", 66 "T2EE_use", 67 "conformance", 68 "Virtualization_use",
        70 "MPextension_use_legacy", 74 "BTI_use", 76 "PACRET_use",
    }

    /// Their values: the tag, then the value.
    pub static AEABI_VALUES: "" {
        0x06_00 "Pre-v4", 0x06_01 "v4", 0x06_02 "v4T", 0x06_03 "v5T", 0x06_04 "v5TE",
        0x06_05 "v5TEJ", 0x06_06 "v6", 0x06_07 "v6KZ", 0x06_08 "v6T2", 0x06_09 "v6K",
        0x06_0a "v7", 0x06_0b "v6-M", 0x06_0c "v6S-M", 0x06_0d "v7E-M", 0x06_0e "v8",
        0x06_0f "v8-R", 0x06_10 "v8-M.baseline", 0x06_11 "v8-M.mainline", 0x06_12 "v8.1-A",
        0x06_13 "v8.2-A", 0x06_14 "v8.3-A", 0x06_15 "v8.1-M.mainline", 0x0616 "v9",
        0x07_00 "None", 0x07_41 "Application", 0x07_4d "Microcontroller", 0x07_52 "Realtime",
        0x07_53 "Application or Realtime", 0x08_00 "No", 0x08_01 "Yes", 0x09_00 "No",
        0x09_01 "Thumb-1", 0x09_02 "Thumb-2", 0x09_03 "Yes", 0x0a_00 "No", 0x0a_01 "VFPv1",
        0x0a_02 "VFPv2", 0x0a_03 "VFPv3", 0x0a_04 "VFPv3-D16", 0x0a_05 "VFPv4",
        0x0a_06 "VFPv4-D16", 0x0a_07 "FP for ARMv8", 0x0a_08 "FPv5/FP-D16 for ARMv8",
        0x0b_00 "No", 0x0b_01 "WMMXv1", 0x0b_02 "WMMXv2", 0x0c_00 "No", 0x0c_01 "NEONv1",
        0x0c_02 "NEONv1 with Fused-MAC", 0x0c_03 "NEON for ARMv8", 0x0c_04 "NEON for ARMv8.1",
        0x0d_00 "None", 0x0d_01 "Bare platform", 0x0d_02 "Linux application", 0x0d_03 "Linux DSO",
        0x0d_04 "PalmOS 2004", 0x0d_05 "PalmOS (reserved)", 0x0d_06 "SymbianOS 2004",
        0x0d_07 "SymbianOS (reserved)", 0x0e_00 "V6", 0x0e_01 "SB", 0x0e_02 "TLS",
        0x0e_03 "Unused", 0x0f_00 "Absolute", 0x0f_01 "PC-relative", 0x0f_02 "SB-relative",
        0x0f_03 "None", 0x10_00 "Absolute", 0x10_01 "PC-relative", 0x10_02 "None", 0x11_00 "None",
        0x11_01 "direct", 0x11_02 "GOT-indirect", 0x12_00 "None", 0x12_01 "??? 1", 0x12_02 "2",
        0x12_03 "??? 3", 0x12_04 "4", 0x13_00 "Unused", 0x13_01 "Needed", 0x14_00 "Unused",
        0x14_01 "Needed", 0x14_02 "Sign only", 0x15_00 "Unused", 0x15_01 "Needed",
        0x16_00 "Unused", 0x16_01 "Needed", 0x17_00 "Unused", 0x17_01 "Finite", 0x17_02 "RTABI",
        0x17_03 "IEEE 754", 0x18_00 "None", 0x18_01 "8-byte", 0x18_02 "4-byte", 0x18_03 "??? 3",
        0x18_04 "8-byte and up to 16-byte extended", 0x18_05 "8-byte and up to 32-byte extended",
        0x18_06 "8-byte and up to 64-byte extended", 0x18_07 "8-byte and up to 128-byte extended",
        0x18_08 "8-byte and up to 256-byte extended",
        0x18_09 "8-byte and up to 512-byte extended",
        0x18_0a "8-byte and up to 1024-byte extended",
        0x18_0b "8-byte and up to 2048-byte extended",
        0x18_0c "8-byte and up to 4096-byte extended", 0x19_00 "None",
        0x19_01 "8-byte, except leaf SP", 0x19_02 "8-byte", 0x19_03 "??? 3",
        0x19_04 "8-byte and up to 16-byte extended", 0x19_05 "8-byte and up to 32-byte extended",
        0x19_06 "8-byte and up to 64-byte extended", 0x19_07 "8-byte and up to 128-byte extended",
        0x19_08 "8-byte and up to 256-byte extended",
        0x19_09 "8-byte and up to 512-byte extended",
        0x19_0a "8-byte and up to 1024-byte extended",
        0x19_0b "8-byte and up to 2048-byte extended",
        0x19_0c "8-byte and up to 4096-byte extended", 0x1a_00 "Unused", 0x1a_01 "small",
        0x1a_02 "int", 0x1a_03 "forced to int", 0x1b_00 "As Tag_FP_arch", 0x1b_01 "SP only",
        0x1b_02 "Reserved", 0x1b_03 "Deprecated", 0x1c_00 "AAPCS", 0x1c_01 "VFP registers",
        0x1c_02 "custom", 0x1c_03 "compatible", 0x1d_00 "AAPCS", 0x1d_01 "WMMX registers",
        0x1d_02 "custom", 0x1e_00 "None", 0x1e_01 "Prefer Speed", 0x1e_02 "Aggressive Speed",
        0x1e_03 "Prefer Size", 0x1e_04 "Aggressive Size", 0x1e_05 "Prefer Debug",
        0x1e_06 "Aggressive Debug", 0x1f_00 "None", 0x1f_01 "Prefer Speed",
        0x1f_02 "Aggressive Speed", 0x1f_03 "Prefer Size", 0x1f_04 "Aggressive Size",
        0x1f_05 "Prefer Accuracy", 0x1f_06 "Aggressive Accuracy", 0x22_00 "None", 0x22_01 "v6",
        0x24_00 "Not Allowed", 0x24_01 "Allowed", 0x26_00 "None", 0x26_01 "IEEE 754",
        0x26_02 "Alternative Format", 0x2a_00 "Not Allowed", 0x2a_01 "Allowed",
        0x2c_00 "Allowed in Thumb-ISA, v7-R or v7-M", 0x2c_01 "Not allowed",
        0x2c_02 "Allowed in v7-A with integer division extension", 0x2e_00 "Follow architecture",
        0x2e_01 "Allowed", 0x30_00 "No MVE", 0x30_01 "MVE Integer only",
        0x30_02 "MVE Integer and FP", 0x32_00 "No PAC/AUT instructions",
        0x32_01 "PAC/AUT instructions permitted in the NOP space",
        0x32_02 "PAC/AUT instructions permitted in the NOP and in the non-NOP space",
        0x34_00 "BTI instructions not permitted",
        0x34_01 "BTI instructions permitted in the NOP space",
        0x34_02 "BTI instructions permitted in the NOP and in the non-NOP space",
        0x42_00 "Not Allowed", 0x42_01 "Allowed", 0x44_00 "Not Allowed", 0x44_01 "TrustZone",
        0x44_02 "Virtualization Extensions", 0x44_03 "TrustZone and Virtualization Extensions",
        0x46_00 "Not Allowed", 0x46_01 "Allowed",
        0x4a_00 "Compiled without branch target enforcement",
        0x4a_01 "Compiled with branch target enforcement",
        0x4c_00 "Compiled without return address signing and authentication",
        0x4c_01 "Compiled with return address signing and authentication",
    }

    /// Tags of vendor `riscv`.
    pub static RISCV: "Tag_RISCV_" {
        4 "stack_align", 5 "arch", 6 "unaligned_access", 8 "priv_spec", 10 "priv_spec_minor",
        12 "priv_spec_revision",
    }

    /// Their values: the tag, then the value.
    pub static RISCV_VALUES: "" { 0x06_00 "No unaligned access", 0x06_01 "Unaligned access" }

    /// Tags of vendor `mspabi` (MSP430).
    pub static MSPABI: "Tag_" {
        4 "ISA", 6 "Code_Model", 8 "Data_Model",
    }

    /// Their values.
    pub static MSPABI_VALUES: "" {
        0x04_00 "None", 0x04_01 "MSP430", 0x04_02 "MSP430X", 0x06_00 "None", 0x06_01 "Small",
        0x06_02 "Large", 0x08_00 "None", 0x08_01 "Small", 0x08_02 "Large",
        0x08_03 "Restricted Large",
    }

    /// Tags of vendor `c6xabi` (TI C6000).
    pub static C6XABI: "Tag_" {
        4 "ISA", 6 "ABI_wchar_t", 8 "ABI_stack_align_needed", 10 "ABI_stack_align_preserved",
        12 "ABI_DSBT", 14 "ABI_PID", 16 "ABI_PIC", 18 "ABI_array_object_alignment",
        20 "ABI_array_object_align_expected", 32 "ABI_compatibility", 67 "ABI_conformance",
    }

    /// Their values.
    pub static C6XABI_VALUES: "" {
        0x04_00 "None", 0x04_01 "C62x", 0x04_03 "C67x", 0x04_04 "C67x+", 0x04_06 "C64x",
        0x04_07 "C64x+", 0x04_08 "C674x", 0x06_00 "Not used", 0x06_01 "2 bytes",
        0x06_02 "4 bytes", 0x08_00 "8-byte", 0x08_01 "16-byte", 0x0a_00 "8-byte",
        0x0a_01 "16-byte", 0x0c_00 "DSBT addressing not used", 0x0c_01 "DSBT addressing used",
        0x0e_00 "Data addressing position-dependent",
        0x0e_01 "Data addressing position-independent, GOT near DP",
        0x0e_02 "Data addressing position-independent, GOT far from DP",
        0x10_00 "Code addressing position-dependent",
        0x10_01 "Code addressing position-independent", 0x12_00 "8-byte", 0x12_01 "4-byte",
        0x12_02 "16-byte", 0x14_00 "8-byte", 0x14_01 "4-byte", 0x14_02 "16-byte",
    }

    /// Tags of vendor `ARC`.
    pub static ARC: "Tag_ARC_" {
        4 "PCS_config", 5 "CPU_base", 6 "CPU_variation", 7 "CPU_name", 8 "ABI_rf16",
        9 "ABI_osver", 10 "ABI_sda", 11 "ABI_pic", 12 "ABI_tls", 13 "ABI_enumsize",
        14 "ABI_exceptions", 15 "ABI_double_size", 16 "ISA_config", 17 "ISA_apex",
        18 "ISA_mpy_option", 20 "ATR_version",
    }

    /// Their values.
    pub static ARC_VALUES: "" {
        0x04_00 "Absent/Non standard", 0x04_01 "Bare metal/mwdt", 0x04_02 "Bare metal/newlib",
        0x04_03 "Linux/uclibc", 0x04_04 "Linux/glibc", 0x05_00 "Absent", 0x05_01 "ARC6xx",
        0x05_02 "ARC7xx", 0x05_03 "ARCEM", 0x05_04 "ARCHS", 0x06_00 "Absent", 0x06_01 "Core1",
        0x06_02 "Core2", 0x06_03 "Core3", 0x06_04 "Core4", 0x06_05 "Core5", 0x06_06 "Core6",
        0x06_07 "Core7", 0x06_08 "Core8", 0x06_09 "Core9", 0x06_0a "Core10", 0x06_0b "Core11",
        0x06_0c "Core12", 0x06_0d "Core13", 0x06_0e "Core14", 0x06_0f "Core15", 0x08_00 "no",
        0x0a_00 "Absent", 0x0a_01 "MWDT", 0x0a_02 "GNU", 0x0b_00 "Absent", 0x0b_01 "MWDT",
        0x0b_02 "GNU", 0x0c_00 "none", 0x0d_00 "smallest", 0x0e_00 "default",
    }

    /// What all other values of these tags mean.
    pub static ARC_OTHERS: "" {
        4 "Unknown", 5 "Absent", 6 "Unknown", 8 "yes", 10 "Unknown", 11 "Unknown", 12 "r25",
        13 "default", 14 "OPTFP",
    }

    /// Tags of vendor `csky`, with the space up to the value.
    pub static CSKY: "Tag_CSKY_" {
        4 "ARCH_NAME:\t\t", 5 "CPU_NAME:\t\t", 6 "ISA_FLAGS:\t\t", 7 "ISA_EXT_FLAGS:\t",
        8 "DSP_VERSION:\t\t", 9 "VDSP_VERSION:\t", 16 "FPU_VERSION:\t\t", 17 "FPU_ABI:\t\t",
        18 "FPU_ROUNDING:\t", 19 "FPU_DENORMAL:\t", 20 "FPU_Exception:\t",
        21 "FPU_NUMBER_MODULE:\t", 22 "FPU_HARDFP:\t\t",
    }

    /// Their values.
    pub static CSKY_VALUES: "" {
        0x08_01 "DSP Extension", 0x08_02 "DSP 2.0", 0x10_01 "ABIV1 FPU Version 1",
        0x10_02 "FPU Version 2", 0x11_01 "Soft", 0x11_02 "SoftFP", 0x11_03 "Hard",
        0x12_01 "Needed", 0x13_01 "Needed", 0x14_01 "Needed",
    }

    /// `Tag_GNU_MIPS_ABI_FP`; also the `fp_abi` of the ABI flags.
    pub static MIPS_FP: "" {
        0 "Hard or soft float", 1 "Hard float (double precision)",
        2 "Hard float (single precision)", 3 "Soft float",
        4 "Hard float (MIPS32r2 64-bit FPU 12 callee-saved)",
        5 "Hard float (32-bit CPU, Any FPU)", 6 "Hard float (32-bit CPU, 64-bit FPU)",
        7 "Hard float compat (32-bit CPU, 64-bit FPU)", 8 "NaN 2008 compatibility",
    }

    /// `Tag_GNU_Sparc_HWCAPS`
    pub static SPARC_HWCAPS: "" {
        0 "mul32", 1 "div32", 2 "fsmuld", 3 "v8plus", 4 "popc", 5 "vis", 6 "vis2", 7 "ASIBlkInit",
        8 "fmaf", 10 "vis3", 11 "hpc", 12 "random", 13 "trans", 14 "fjfmau", 15 "ima",
        16 "cspare",
    }

    /// `Tag_GNU_Sparc_HWCAPS2`
    pub static SPARC_HWCAPS2: "" {
        0 "fjathplus", 1 "vis3b", 2 "adp", 3 "sparc5", 4 "mwait", 5 "xmpmul", 6 "xmont2",
        7 "nsec", 12 "fjathhpc", 13 "fjdes", 16 "fjaes",
    }

    /// `isa_ext` of the MIPS ABI flags.
    pub static MIPS_EXTENSIONS: "" {
        0 "None", 1 "RMI XLR", 2 "Cavium Networks Octeon2", 3 "Cavium Networks OcteonP",
        5 "Cavium Networks Octeon", 6 "Toshiba R5900", 7 "MIPS R4650", 8 "LSI R4010",
        9 "NEC VR4100", 10 "Toshiba R3900", 11 "MIPS R10000", 12 "Broadcom SB-1",
        13 "NEC VR4111/VR4181", 14 "NEC VR4120", 15 "NEC VR5400", 16 "NEC VR5500",
        17 "ST Microelectronics Loongson 2E", 18 "ST Microelectronics Loongson 2F",
        19 "Cavium Networks Octeon3", 20 "Imagination interAptiv MR2",
    }

    /// Bits of `ases` of the MIPS ABI flags.
    pub static MIPS_ASES: "" {
        0 "DSP ASE", 1 "DSP R2 ASE", 2 "Enhanced VA Scheme", 3 "MCU (MicroController) ASE",
        4 "MDMX ASE", 5 "MIPS-3D ASE", 6 "MT ASE", 7 "SmartMIPS ASE", 8 "VZ ASE", 9 "MSA ASE",
        10 "MIPS16 ASE", 11 "MICROMIPS ASE", 12 "XPA ASE", 13 "DSP R3 ASE", 14 "MIPS16e2 ASE",
        15 "CRC ASE", 17 "GINV ASE", 18 "Loongson MMI ASE", 19 "Loongson CAM ASE",
        20 "Loongson EXT ASE", 21 "Loongson EXT2 ASE",
    }
}
