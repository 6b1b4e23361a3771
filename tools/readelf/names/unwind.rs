//! What stands in unwind tables.

names! {
    /// HP-PA: bits of the first word of flags, the highest one first; between them its two
    /// numbers.
    pub static HPPA_FLAGS: "" {
        0 "Cannot_unwind", 1 "Millicode", 2 "Millicode_save_sr0", 6 "Entry_SR",
        10 "Entry_FR=", 15 "Entry_GR=",
        16 "Args_stored", 17 "Variable_Frame", 18 "Separate_Package_Body",
        19 "Frame_Extension_Millicode", 20 "Stack_Overflow_Check",
        21 "Two_Instruction_SP_Increment", 22 "Ada_Region", 23 "cxx_info", 24 "cxx_try_catch",
        25 "sched_entry_seq", 27 "Save_SP", 28 "Save_RP", 29 "Save_MRP_in_frame",
        30 "extn_ptr_defined", 31 "Cleanup_defined",
    }

    /// HP-PA: bits of the second word.
    pub static HPPA_MORE_FLAGS: "" {
        0 "MPE_XL_interrupt_marker", 1 "HP_UX_interrupt_marker", 2 "Large_frame",
        3 "Pseudo_SP_Set",
    }
}
