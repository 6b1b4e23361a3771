//! The auxiliary vector: what the kernel tells a new process about itself and the machine
//! (`man 3 getauxval`).

use crate::env;
use core::ffi::CStr;

macro_rules! keys {
    ($($name:ident $number:literal $doc:literal)+) => {
        $(
            #[doc = $doc]
            pub const $name: usize = $number;
        )+
    };
}

// include/uapi/linux/auxvec.h, arch/*/include/uapi/asm/auxvec.h
keys! {
    AT_NULL 0 "End of the vector."
    AT_IGNORE 1 "No meaning."
    AT_EXECFD 2 "Descriptor of the program, for an interpreter of foreign binaries."
    AT_PHDR 3 "Address of the program's program headers."
    AT_PHENT 4 "Size of a program header, in bytes."
    AT_PHNUM 5 "Number of program headers."
    AT_PAGESZ 6 "Size of a page, in bytes."
    AT_BASE 7 "Address that the program's interpreter was loaded at."
    AT_FLAGS 8 "Flags; bit 0: the interpreter keeps the first argument (binfmt_misc)."
    AT_ENTRY 9 "Address of the program's entry point."
    AT_NOTELF 10 "The program isn't ELF."
    AT_UID 11 "Real user ID."
    AT_EUID 12 "Effective user ID."
    AT_GID 13 "Real group ID."
    AT_EGID 14 "Effective group ID."
    AT_PLATFORM 15 "Address of a string that names the machine."
    AT_HWCAP 16 "Features of the processor; on x86-64 EDX of CPUID leaf 1."
    AT_CLKTCK 17 "Frequency of times(), in Hz."
    AT_FPUCW 18 "Control word of the floating-point unit."
    AT_DCACHEBSIZE 19 "Block size of the data cache."
    AT_ICACHEBSIZE 20 "Block size of the instruction cache."
    AT_UCACHEBSIZE 21 "Block size of the unified cache."
    AT_IGNOREPPC 22 "No meaning; once something else on PowerPC."
    AT_SECURE 23 "Not 0: privileges were gained by execve, distrust the environment."
    AT_BASE_PLATFORM 24 "Address of a string that names the real machine."
    AT_RANDOM 25 "Address of 16 random bytes."
    AT_HWCAP2 26 "More features of the processor."
    AT_RSEQ_FEATURE_SIZE 27 "Size of the restartable-sequences structure, in bytes."
    AT_RSEQ_ALIGN 28 "Alignment of that structure, in bytes."
    AT_HWCAP3 29 "More features of the processor."
    AT_HWCAP4 30 "More features of the processor."
    AT_EXECFN 31 "Address of the path that was executed."
    AT_SYSINFO 32 "Entry point for system calls, on 32-bit x86."
    AT_SYSINFO_EHDR 33 "Address of the vDSO's ELF header."
    AT_L1I_CACHESHAPE 34 "Shape of the level 1 instruction cache."
    AT_L1D_CACHESHAPE 35 "Shape of the level 1 data cache."
    AT_L2_CACHESHAPE 36 "Shape of the level 2 cache."
    AT_L3_CACHESHAPE 37 "Shape of the level 3 cache."
    AT_L1I_CACHESIZE 40 "Size of the level 1 instruction cache, in bytes."
    AT_L1I_CACHEGEOMETRY 41 "Line size and associativity of that cache."
    AT_L1D_CACHESIZE 42 "Size of the level 1 data cache, in bytes."
    AT_L1D_CACHEGEOMETRY 43 "Line size and associativity of that cache."
    AT_L2_CACHESIZE 44 "Size of the level 2 cache, in bytes."
    AT_L2_CACHEGEOMETRY 45 "Line size and associativity of that cache."
    AT_L3_CACHESIZE 46 "Size of the level 3 cache, in bytes."
    AT_L3_CACHEGEOMETRY 47 "Line size and associativity of that cache."
    AT_ADI_BLKSZ 48 "Block size of SPARC's application data integrity."
    AT_ADI_NBITS 49 "Version bits of it."
    AT_ADI_UEONADI 50 "Whether an uncorrectable error is reported on it."
    AT_MINSIGSTKSZ 51 "Least size of a stack for signal handlers, in bytes."
}

/// An entry of the auxiliary vector.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Which value it is: `AT_*`; one without a name is as good as any other.
    pub key: usize,
    /// The value, often an address.
    pub value: usize,
}

/// All entries, in the kernel's order, without the [`AT_NULL`] at the end.
pub fn entries() -> Entries {
    Entries { next: env::vars().end() }
}

/// The value of the first entry with this key.
pub fn get(key: usize) -> Option<usize> {
    value(entries(), key)
}

fn value(mut entries: Entries, key: usize) -> Option<usize> {
    entries.find(|entry| entry.key == key).map(|entry| entry.value)
}

/// The size of a page in bytes; [`PAGE`](crate::mm::PAGE) where the kernel doesn't say.
pub fn page_size() -> usize {
    get(AT_PAGESZ).unwrap_or(crate::mm::PAGE)
}

/// Sixteen bytes that the kernel took at random, the same for the whole life of the process.
pub fn random() -> Option<&'static [u8; 16]> {
    let address = get(AT_RANDOM)?;
    // SAFETY: the kernel put 16 bytes there, above the stack, and they stay.
    unsafe { core::ptr::with_exposed_provenance::<[u8; 16]>(address).as_ref() }
}

/// The path that was executed, as `execve` was given it.
pub fn execfn() -> Option<&'static CStr> {
    string(get(AT_EXECFN)?)
}

/// What the kernel calls this machine, such as `x86_64`.
pub fn platform() -> Option<&'static CStr> {
    string(get(AT_PLATFORM)?)
}

fn string(address: usize) -> Option<&'static CStr> {
    let address = core::ptr::with_exposed_provenance::<core::ffi::c_char>(address);
    // SAFETY: the kernel put a string there, above the stack, and it stays.
    (!address.is_null()).then(|| unsafe { CStr::from_ptr(address) })
}

/// Whether privileges were gained by execve, so that the environment is not to be trusted.
pub fn secure() -> bool {
    get(AT_SECURE).is_some_and(|value| value != 0)
}

/// The entries of the auxiliary vector.
pub struct Entries {
    /// At the next entry, not past the one that ends the vector; or null.
    next: *const usize,
}

impl Iterator for Entries {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        if self.next.is_null() {
            return None;
        }
        // SAFETY: each entry is two words, and `next` is not past the last one.
        let (key, value) = unsafe { (*self.next, *self.next.wrapping_add(1)) };
        if key == AT_NULL {
            return None;
        }
        self.next = self.next.wrapping_add(2);
        Some(Entry { key, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::tests::{block, vars_in};
    use std::vec::Vec;

    #[test]
    fn entries_come_in_order_and_unknown_ones_too() {
        let auxv = [AT_PAGESZ, 4096, 999, 1, AT_IGNORE, 7, AT_PAGESZ, 1, AT_NULL, 5, 8, 8];
        let block = block(&[c"x"], &[c"A=1"], &auxv);
        let all = || Entries { next: vars_in(&block).end() };
        let keys: Vec<_> = all().map(|entry| entry.key).collect();
        assert_eq!(keys, [AT_PAGESZ, 999, AT_IGNORE, AT_PAGESZ]);
        assert_eq!(value(all(), AT_PAGESZ), Some(4096));
        assert_eq!(value(all(), 999), Some(1));
        assert_eq!((value(all(), AT_NULL), value(all(), 8)), (None, None));
    }

    #[test]
    fn without_a_block_there_is_nothing() {
        assert_eq!((entries().count(), random(), execfn(), platform()), (0, None, None, None));
        assert_eq!((page_size(), secure()), (4096, false));
    }
}
