//! The auxiliary vector: what the kernel tells a new process about itself and the machine
//! (`man 3 getauxval`).

use crate::elf::{Class, Data, Encoding, Reader};
use crate::env;
use core::ffi::CStr;

macro_rules! keys {
    ($($name:ident $number:literal $shown:ident $doc:literal)+) => {
        $(
            #[doc = $doc]
            pub const $name: usize = $number;
        )+

        /// All keys, by number.
        const KEYS: &[(usize, &str, Shown)] = &[$(($number, stringify!($name), Shown::$shown)),+];
    };
}

/// How a value is shown: as glibc's `LD_SHOW_AUXV=1` does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shown {
    /// `%lu`
    Decimal,
    /// `%#lx`
    Hex,
    /// `%lx`
    Bits,
    /// The string at that address.
    Text,
}

// include/uapi/linux/auxvec.h, arch/*/include/uapi/asm/auxvec.h
keys! {
    AT_NULL 0 Hex "End of the vector."
    AT_IGNORE 1 Hex "No meaning."
    AT_EXECFD 2 Decimal "Descriptor of the program, for an interpreter of foreign binaries."
    AT_PHDR 3 Hex "Address of the program's program headers."
    AT_PHENT 4 Decimal "Size of a program header, in bytes."
    AT_PHNUM 5 Decimal "Number of program headers."
    AT_PAGESZ 6 Decimal "Size of a page, in bytes."
    AT_BASE 7 Hex "Address that the program's interpreter was loaded at."
    AT_FLAGS 8 Hex "Flags; bit 0: the interpreter keeps the first argument (binfmt_misc)."
    AT_ENTRY 9 Hex "Address of the program's entry point."
    AT_NOTELF 10 Bits "The program isn't ELF."
    AT_UID 11 Decimal "Real user ID."
    AT_EUID 12 Decimal "Effective user ID."
    AT_GID 13 Decimal "Real group ID."
    AT_EGID 14 Decimal "Effective group ID."
    AT_PLATFORM 15 Text "Address of a string that names the machine."
    AT_HWCAP 16 Bits "Features of the processor; on x86-64 EDX of CPUID leaf 1."
    AT_CLKTCK 17 Decimal "Frequency of times(), in Hz."
    AT_FPUCW 18 Bits "Control word of the floating-point unit."
    AT_DCACHEBSIZE 19 Hex "Block size of the data cache."
    AT_ICACHEBSIZE 20 Hex "Block size of the instruction cache."
    AT_UCACHEBSIZE 21 Hex "Block size of the unified cache."
    AT_IGNOREPPC 22 Hex "No meaning; once something else on PowerPC."
    AT_SECURE 23 Decimal "Not 0: privileges were gained by execve, distrust the environment."
    AT_BASE_PLATFORM 24 Text "Address of a string that names the real machine."
    AT_RANDOM 25 Hex "Address of 16 random bytes."
    AT_HWCAP2 26 Hex "More features of the processor."
    AT_RSEQ_FEATURE_SIZE 27 Decimal "Size of the restartable-sequences structure, in bytes."
    AT_RSEQ_ALIGN 28 Decimal "Alignment of that structure, in bytes."
    AT_HWCAP3 29 Hex "More features of the processor."
    AT_HWCAP4 30 Hex "More features of the processor."
    AT_EXECFN 31 Text "Address of the path that was executed."
    AT_SYSINFO 32 Hex "Entry point for system calls, on 32-bit x86."
    AT_SYSINFO_EHDR 33 Hex "Address of the vDSO's ELF header."
    AT_L1I_CACHESHAPE 34 Hex "Shape of the level 1 instruction cache."
    AT_L1D_CACHESHAPE 35 Hex "Shape of the level 1 data cache."
    AT_L2_CACHESHAPE 36 Hex "Shape of the level 2 cache."
    AT_L3_CACHESHAPE 37 Hex "Shape of the level 3 cache."
    AT_L1I_CACHESIZE 40 Decimal "Size of the level 1 instruction cache, in bytes."
    AT_L1I_CACHEGEOMETRY 41 Hex "Line size and associativity of that cache."
    AT_L1D_CACHESIZE 42 Decimal "Size of the level 1 data cache, in bytes."
    AT_L1D_CACHEGEOMETRY 43 Hex "Line size and associativity of that cache."
    AT_L2_CACHESIZE 44 Decimal "Size of the level 2 cache, in bytes."
    AT_L2_CACHEGEOMETRY 45 Hex "Line size and associativity of that cache."
    AT_L3_CACHESIZE 46 Decimal "Size of the level 3 cache, in bytes."
    AT_L3_CACHEGEOMETRY 47 Hex "Line size and associativity of that cache."
    AT_ADI_BLKSZ 48 Hex "Block size of SPARC's application data integrity."
    AT_ADI_NBITS 49 Hex "Version bits of it."
    AT_ADI_UEONADI 50 Hex "Whether an uncorrectable error is reported on it."
    AT_MINSIGSTKSZ 51 Decimal "Least size of a stack for signal handlers, in bytes."
}

/// One more than the greatest number of a key.
const COUNT: usize = KEYS[KEYS.len() - 1].0 + 1;

// Numbers instead of a pointer for each name: nothing to relocate at start-up.

/// The names one after the other.
const NAMES: &str = {
    const BYTES: [u8; STARTS[COUNT] as usize] = names();
    match core::str::from_utf8(&BYTES) {
        Ok(names) => names,
        Err(_) => panic!(),
    }
};

const fn names() -> [u8; STARTS[COUNT] as usize] {
    let mut names = [0; STARTS[COUNT] as usize];
    let (mut at, mut key) = (0, 0);
    while key < KEYS.len() {
        let name = KEYS[key].1.as_bytes();
        let mut i = 0;
        while i < name.len() {
            names[at] = name[i];
            (at, i) = (at + 1, i + 1);
        }
        key += 1;
    }
    names
}

/// Where the name of each number begins, and where the last one ends.
const STARTS: [u16; COUNT + 1] = {
    let mut starts = [0; COUNT + 1];
    let (mut number, mut key) = (0, 0);
    while number < COUNT {
        let length = if KEYS[key].0 == number { KEYS[key].1.len() } else { 0 };
        starts[number + 1] = starts[number] + length as u16;
        key += (length > 0) as usize;
        number += 1;
    }
    starts
};

/// How the value of each number is shown.
static SHOWN: [Shown; COUNT] = {
    let mut shown = [Shown::Hex; COUNT];
    let mut key = 0;
    while key < KEYS.len() {
        shown[KEYS[key].0] = KEYS[key].2;
        key += 1;
    }
    shown
};

/// The name of a key, such as `AT_PHDR`; none where the kernel's headers have none.
pub fn name(key: usize) -> Option<&'static str> {
    static STARTS: [u16; COUNT + 1] = self::STARTS;
    let &[start, end] = STARTS.get(key..)?.first_chunk()?;
    NAMES.get(start.into()..end.into()).filter(|name| !name.is_empty())
}

/// How the value of a key is shown.
pub fn shown(key: usize) -> Shown {
    SHOWN.get(key).copied().unwrap_or(Shown::Hex)
}

/// The names of [`AT_HWCAP`]'s bits on x86: EDX of CPUID leaf 1, named as in `/proc/cpuinfo`;
/// `-` where a bit has none.
pub const HWCAP_X86: &str = "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat \
     pse36 pn clflush - dts acpi mmx fxsr sse sse2 ss ht tm ia64 pbe";

/// The names of [`AT_HWCAP2`]'s bits on x86 (arch/x86/include/uapi/asm/hwcap2.h).
pub const HWCAP2_X86: &str = "ring3mwait fsgsbase";

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

/// The same as bytes, with the entry that ends it.
pub fn own() -> Vector<'static> {
    let mut entries = entries();
    let start = entries.next;
    entries.by_ref().for_each(drop);
    let words = match start.is_null() {
        true => &[][..],
        // SAFETY: the entries that were gone through, and two words of the last one; they stay.
        false => unsafe {
            let length = entries.next.offset_from_unsigned(start) + 2;
            core::slice::from_raw_parts(start.cast::<u8>(), length * size_of::<usize>())
        },
    };
    Vector::new(Encoding { class: Class::Elf64, data: Data::Lsb }, words)
}

/// The value of the first entry with this key.
#[inline]
pub fn get(key: usize) -> Option<usize> {
    crate::start::auxv_value(key)
}

#[cfg(test)]
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
    text(AT_EXECFN)
}

/// What the kernel calls this machine, such as `x86_64`.
pub fn platform() -> Option<&'static CStr> {
    text(AT_PLATFORM)
}

/// The string that the first entry with this key points to; none where the key's value isn't
/// [`Shown::Text`].
pub fn text(key: usize) -> Option<&'static CStr> {
    let address = get(key).filter(|_| shown(key) == Shown::Text)?;
    let address = core::ptr::with_exposed_provenance::<core::ffi::c_char>(address);
    // SAFETY: the kernel put a string there, above the stack, and it stays.
    (!address.is_null()).then(|| unsafe { CStr::from_ptr(address) })
}

/// Whether privileges were gained by execve, so that the environment is not to be trusted.
pub fn secure() -> bool {
    get(AT_SECURE).is_some_and(|value| value != 0)
}

/// An auxiliary vector as bytes: another process's (`/proc/PID/auxv`), or a core file's
/// (`NT_AUXV`).
#[derive(Clone, Copy)]
pub struct Vector<'a> {
    reader: Reader<'a>,
}

// Inline: rarely called, so compiled for size, with the caller's options.
impl<'a> Vector<'a> {
    /// A vector with numbers of this kind.
    pub fn new(encoding: Encoding, bytes: &'a [u8]) -> Self {
        Vector { reader: Reader::new(encoding, bytes) }
    }

    /// The vector of a process on this machine. A 32-bit process has one of 32-bit numbers:
    /// two of them, taken for a 64-bit key, make one that is much too large.
    #[inline]
    pub fn of_process(bytes: &'a [u8]) -> Self {
        let encoding = |class| Encoding { class, data: Data::Lsb };
        let wide = Vector::new(encoding(Class::Elf64), bytes);
        if wide.entries().all(|entry| u32::try_from(entry.key).is_ok()) {
            return wide;
        }
        Vector::new(encoding(Class::Elf32), bytes)
    }

    /// How wide its numbers are, and in which order their bytes.
    pub fn encoding(&self) -> Encoding {
        self.reader.encoding
    }

    /// All entries in order, up to [`AT_NULL`] or the end.
    #[inline]
    pub fn entries(self) -> impl Iterator<Item = Entry> + use<'a> {
        (0..).map_while(move |index| self.entry(index)).take_while(|entry| entry.key != AT_NULL)
    }

    #[inline]
    fn entry(&self, index: usize) -> Option<Entry> {
        let word = self.reader.encoding.word();
        let at = index.checked_mul(2 * word)?;
        let (key, value) = (self.reader.word(at)?, self.reader.word(at + word)?);
        Some(Entry { key: key as usize, value: value as usize })
    }

    /// The entry that ends it, [`AT_NULL`]'s; none where it is cut off.
    #[inline]
    pub fn end(self) -> Option<Entry> {
        self.entry(self.entries().count())
    }

    /// The bytes up to and with [`AT_NULL`]'s entry.
    #[inline]
    pub fn bytes(self) -> &'a [u8] {
        let size = 2 * self.reader.encoding.word();
        let length = (self.entries().count() + 1) * size;
        self.reader.bytes.get(..length).unwrap_or(self.reader.bytes)
    }

    /// The value of the first entry with this key.
    #[inline]
    pub fn get(self, key: usize) -> Option<usize> {
        self.entries().find(|entry| entry.key == key).map(|entry| entry.value)
    }
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
    fn each_key_has_its_name() {
        for &(number, text, how) in KEYS {
            assert_eq!((name(number), shown(number)), (Some(text), how));
        }
        for number in [38, 39, 52, usize::MAX] {
            assert_eq!((name(number), shown(number)), (None, Shown::Hex));
        }
        assert_eq!(HWCAP_X86.split(' ').position(|name| name == "pbe"), Some(31));
    }

    #[test]
    fn a_vector_of_either_width() {
        let bytes = |words: &[u64], width: usize| -> Vec<u8> {
            words.iter().flat_map(|word| word.to_le_bytes()[..width].to_vec()).collect()
        };
        let words = [32, 0xf7f0_1000, AT_PAGESZ as u64, 4096, 99, 0, 0, 0, 7, 7];
        for width in [4, 8] {
            let bytes = bytes(&words, width);
            let vector = Vector::of_process(&bytes);
            assert_eq!(vector.encoding().word(), width);
            assert_eq!(vector.entries().map(|e| e.key).collect::<Vec<_>>(), [32, AT_PAGESZ, 99]);
            assert_eq!((vector.get(AT_PAGESZ), vector.get(7)), (Some(4096), None));
            assert_eq!(vector.bytes(), &bytes[..8 * width]);
            assert_eq!(vector.end(), Some(Entry { key: AT_NULL, value: 0 }));
        }
        // Without an end, with half an entry, empty.
        let cut = bytes(&[3, 4, 5], 8);
        assert_eq!(Vector::of_process(&cut).entries().count(), 1);
        assert_eq!(
            (Vector::of_process(&cut).bytes(), Vector::of_process(&cut).end()),
            (&cut[..], None)
        );
        assert_eq!(Vector::of_process(&[]).bytes(), []);
    }

    #[test]
    fn without_a_block_there_is_nothing() {
        assert_eq!((entries().count(), random(), execfn(), platform()), (0, None, None, None));
        assert_eq!((page_size(), secure()), (4096, false));
    }
}
