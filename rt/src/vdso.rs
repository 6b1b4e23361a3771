//! The vDSO: a small shared library that the kernel maps into each process, with functions
//! that do without a system call what else takes one (`man 7 vdso`).
//!
//! A function is looked up when it is called for the first time: by name and version through
//! `PT_DYNAMIC` and the hash table, since the image need not have section headers. Where there
//! is no vDSO (`vdso=0`, some sandboxes) or the function isn't in it, the system call is made.

use crate::arch::{self, PAGE, nr, syscall};
use crate::auxv::{self, AT_SYSINFO_EHDR};
use crate::elf::consts::PT_LOAD;
use crate::elf::{Dynamic, Elf};
use crate::errno::{Errno, Result, check};
use crate::row::find;
use core::sync::atomic::{AtomicUsize, Ordering};

/// A function that the vDSO may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Function {
    /// `man 2 clock_gettime`
    ClockGettime,
    /// `man 2 gettimeofday`
    Gettimeofday,
    /// `man 2 time`
    Time,
    /// `man 2 getcpu`
    Getcpu,
    /// `man 2 clock_getres`
    ClockGetres,
    /// `man 2 getrandom`; by the vDSO with two more arguments, see [`Random`].
    Getrandom,
}

/// How many there are of [`Function`].
const COUNT: usize = 6;

/// More bytes than the longest of their names has.
const LONGEST: usize = 24;

/// A name of a function in the vDSO, with zeros behind it.
const fn full(name: &str) -> [u8; LONGEST] {
    let (prefix, _) = arch::VDSO;
    let mut full = [0; LONGEST];
    let mut at = 0;
    while at < prefix.len() + name.len() {
        let in_name = at.checked_sub(prefix.len());
        full[at] = match in_name {
            Some(at) => name.as_bytes()[at],
            None => prefix.as_bytes()[at],
        };
        at += 1;
    }
    full
}

/// What there is of a function in this process: 0 until it was looked up, [`ABSENT`] where
/// there is none, or its address.
static BOUND: [AtomicUsize; COUNT] = [const { AtomicUsize::new(0) }; COUNT];

const ABSENT: usize = 1;

impl Function {
    /// All of them.
    pub const ALL: [Function; COUNT] = [
        Function::ClockGettime,
        Function::Gettimeofday,
        Function::Time,
        Function::Getcpu,
        Function::ClockGetres,
        Function::Getrandom,
    ];

    /// The name of the system call; that in the vDSO has something before it.
    #[inline]
    pub fn name(self) -> &'static [u8] {
        let (prefix, _) = arch::VDSO;
        self.full_name().get(prefix.len()..).unwrap_or_default()
    }

    /// The name in the vDSO.
    #[inline]
    fn full_name(self) -> &'static [u8] {
        // Without pointers: nothing to relocate at start-up. A zero ends each.
        static NAMES: [[u8; LONGEST]; COUNT] = [
            full("clock_gettime"),
            full("gettimeofday"),
            full("time"),
            full("getcpu"),
            full("clock_getres"),
            full("getrandom"),
        ];
        let name = &NAMES[self as usize];
        name.get(..find(name, 0).unwrap_or(LONGEST)).unwrap_or_default()
    }

    const fn number(self) -> usize {
        match self {
            Function::ClockGettime => nr::CLOCK_GETTIME,
            Function::Gettimeofday => nr::GETTIMEOFDAY,
            Function::Time => nr::TIME,
            Function::Getcpu => nr::GETCPU,
            Function::ClockGetres => nr::CLOCK_GETRES,
            Function::Getrandom => nr::GETRANDOM,
        }
    }

    /// Its address in the vDSO of this process.
    #[inline]
    pub fn address(self) -> Option<usize> {
        match BOUND[self as usize].load(Ordering::Relaxed) {
            0 => self.bind(),
            ABSENT => None,
            address => Some(address),
        }
    }

    #[cold]
    #[inline]
    fn bind(self) -> Option<usize> {
        let address = image().and_then(|image| {
            let (_, version) = arch::VDSO;
            let offset = value(image, self.full_name(), version)?;
            // The image is linked at 0.
            (offset < image.len()).then(|| image.as_ptr().expose_provenance() + offset)
        });
        BOUND[self as usize].store(address.unwrap_or(ABSENT), Ordering::Relaxed);
        address
    }

    /// Calls it by the vDSO, or else by the system call; the result is as the latter has it.
    ///
    /// # Safety
    /// As for the system call: its pointers are good for what it writes to. For
    /// [`Getrandom`](Function::Getrandom) the last two are those of the vDSO's own form.
    #[inline]
    pub unsafe fn call(self, args: [usize; 5]) -> isize {
        match self.address() {
            // SAFETY: the caller's promise.
            Some(address) => unsafe { self.enter(address, args) },
            // SAFETY: the same.
            None => unsafe { self.by_system_call(args) },
        }
    }

    /// Calls it by the system call.
    ///
    /// # Safety
    /// As for [`call`](Function::call).
    #[inline]
    unsafe fn by_system_call(self, args: [usize; 5]) -> isize {
        // SAFETY: the caller's promise; what has fewer arguments ignores the others.
        unsafe { syscall(self.number(), [args[0], args[1], args[2]]) }
    }

    /// Calls it many times, at this address of the vDSO or else by the system call.
    ///
    /// # Safety
    /// As for [`call`](Function::call).
    // Not inlined: this loop shall be compiled for speed, whoever calls.
    #[inline(never)]
    unsafe fn calls(self, address: Option<usize>, args: &[usize; 5], times: u32) -> Result<()> {
        for _ in 0..times {
            // SAFETY: the caller's promise.
            check(unsafe {
                match address {
                    Some(address) => self.enter(address, *args),
                    None => self.by_system_call(*args),
                }
            })?;
        }
        Ok(())
    }

    #[inline]
    unsafe fn enter(self, address: usize, args: [usize; 5]) -> isize {
        type Entry = extern "C" fn(usize, usize, usize, usize, usize) -> isize;
        let entry = core::ptr::with_exposed_provenance::<()>(address);
        // SAFETY: the kernel's code for this function, found by its name and version: it
        // follows the psABI, and takes no more words than five.
        let entry = unsafe { core::mem::transmute::<*const (), Entry>(entry) };
        let [a, b, c, d, e] = args;
        let result = entry(a, b, c, d, e);
        // Some are of type int: the upper half of the register is anything.
        match self {
            Function::Time | Function::Getrandom => result,
            _ => result as i32 as isize,
        }
    }
}

/// The processor, and the node of memory that is near to it, that this runs on at the moment
/// (`man 2 getcpu`).
#[inline]
pub fn getcpu() -> Result<(u32, u32)> {
    let (mut cpu, mut node) = (0u32, 0u32);
    let args = [(&raw mut cpu) as usize, (&raw mut node) as usize, 0, 0, 0];
    // SAFETY: two words of 32 bits are written, which are ours.
    check(unsafe { Function::Getcpu.call(args) })?;
    Ok((cpu, node))
}

/// Seconds since 1970 (`man 2 time`).
#[inline]
pub fn time() -> i64 {
    // SAFETY: nothing is written through a null pointer.
    unsafe { Function::Time.call([0; 5]) as i64 }
}

/// Seconds since 1970, and microseconds (`man 2 gettimeofday`).
#[inline]
pub fn gettimeofday() -> Result<(i64, i64)> {
    let mut timeval = [0i64; 2];
    // SAFETY: one timeval is written, which is ours.
    check(unsafe { Function::Gettimeofday.call([(&raw mut timeval) as usize, 0, 0, 0, 0]) })?;
    Ok((timeval[0], timeval[1]))
}

/// The state that the vDSO's getrandom needs for a thread (Linux 6.11 and later).
pub struct Random {
    state: Option<(usize, usize)>,
}

impl Random {
    /// Asks the vDSO what its state is like, and maps memory for one; without such a function
    /// or memory [`fill`](Random::fill) makes system calls. The memory is never given back.
    #[inline]
    pub fn new() -> Random {
        Random { state: Random::state() }
    }

    #[inline]
    fn state() -> Option<(usize, usize)> {
        // include/uapi/linux/random.h: struct vgetrandom_opaque_params
        let mut params = [0u32; 16];
        let args = [0, 0, 0, (&raw mut params) as usize, usize::MAX];
        let address = Function::Getrandom.address()?;
        // SAFETY: with this length the parameters are written, 64 bytes, which are ours.
        check(unsafe { Function::Getrandom.enter(address, args) }).ok()?;
        let [size, prot, flags, ..] = params;
        let length = (size as usize).next_multiple_of(PAGE);
        let args = [0, length, prot as usize, flags as usize, usize::MAX, 0];
        // SAFETY: nothing is mapped over; protection and flags are what the kernel wants.
        let start = check(unsafe { syscall(nr::MMAP, args) }).ok()?;
        Some((start, size as usize))
    }

    /// The arguments of a call that fills a buffer.
    #[inline]
    fn args(&self, at: usize, length: usize) -> [usize; 5] {
        let (state, size) = self.state.unwrap_or((0, 0));
        [at, length, 0, state, size]
    }

    /// Fills the buffer with random bytes (`man 2 getrandom`), as far as 256 bytes at least.
    #[inline]
    pub fn fill(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let args = self.args(buffer.as_mut_ptr() as usize, buffer.len());
        // SAFETY: as many bytes are written as are ours; the state is of this vDSO, and no
        // other thread has it.
        check(unsafe {
            match self.state {
                Some(_) => Function::Getrandom.call(args),
                None => Function::Getrandom.by_system_call(args),
            }
        })
    }
}

impl Default for Random {
    fn default() -> Random {
        Random::new()
    }
}

/// Which way a call goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// By the vDSO.
    Vdso,
    /// By the system call.
    System,
}

/// Calls a function many times with arguments that do no harm, for measuring, and gives what it
/// wrote the last time: the two numbers of a time, the processor and its node, sixteen random
/// bytes. `clock` is the clock of those that have one.
///
/// # Errors
/// `ENOSYS`: it isn't in the vDSO, or the kernel doesn't have it; those of the function.
#[inline]
pub fn repeat(
    function: Function,
    clock: i32,
    way: Way,
    random: &mut Random,
    times: u32,
) -> Result<[u64; 2]> {
    let address = match way {
        Way::Vdso => Some(function.address().ok_or(Errno::ENOSYS)?),
        Way::System => None,
    };
    let mut room = [0u64; 2];
    let to = room.as_mut_ptr() as usize;
    let args = match function {
        Function::ClockGettime | Function::ClockGetres => [clock as usize, to, 0, 0, 0],
        Function::Getcpu => [to, to + size_of::<u64>(), 0, 0, 0],
        Function::Gettimeofday | Function::Time => [to, 0, 0, 0, 0],
        Function::Getrandom if way == Way::Vdso && random.state.is_none() => {
            return Err(Errno::ENOSYS);
        }
        Function::Getrandom => random.args(to, size_of_val(&room)),
    };
    // SAFETY: sixteen bytes at most are written to the first pointer and four to the second,
    // which are ours; the state is of this vDSO, and borrowed for no other.
    unsafe { function.calls(address, &args, times) }?;
    Ok(core::hint::black_box(room))
}

/// The value of a symbol that an image defines: its offset from where it is mapped.
#[inline]
fn value(image: &[u8], name: &[u8], version: &[u8]) -> Option<usize> {
    let elf = Elf::new(&image).ok()?;
    usize::try_from(Dynamic::new(elf)?.find(name, version)?.st_value).ok()
}

/// The image of this process's vDSO, as the kernel mapped it: whole pages.
#[inline]
pub fn image() -> Option<&'static [u8]> {
    let start = auxv::get(AT_SYSINFO_EHDR).filter(|start| *start != 0)?;
    let start = core::ptr::with_exposed_provenance::<u8>(start);
    // SAFETY: the kernel maps at least one page there, which stays and never changes.
    let head = unsafe { core::slice::from_raw_parts(start, PAGE) };
    let size = image_size(&head)?;
    if !is_mapped(start, size) {
        return Some(head);
    }
    // SAFETY: all pages are there.
    Some(unsafe { core::slice::from_raw_parts(start, size) })
}

/// How long an image is by what its first page says, up to the end of its last page: the
/// segments, and the section headers, which the kernel maps, too.
#[inline]
fn image_size(head: &&[u8]) -> Option<usize> {
    const LARGEST: u64 = 1 << 20;
    let elf = Elf::new(head).ok()?;
    let header = &elf.header;
    let sections = u64::from(header.e_shnum) * u64::from(header.e_shentsize);
    let (mut any, mut end) = (false, header.e_shoff.saturating_add(sections));
    for segment in elf.segments()?.iter() {
        if segment.p_type == PT_LOAD {
            end = end.max(segment.p_offset.saturating_add(segment.p_filesz));
            any = true;
        }
    }
    // No more than that, so that rounding up can't go too far.
    (any && (1..=LARGEST).contains(&end)).then(|| (end as usize).next_multiple_of(PAGE))
}

/// Whether all pages are mapped (`man 2 mincore`: ENOMEM where one isn't).
#[inline]
fn is_mapped(start: *const u8, length: usize) -> bool {
    let mut pages = [0u8; 256];
    let fits = length.div_ceil(PAGE) <= pages.len();
    let args = [start as usize, length, pages.as_mut_ptr() as usize];
    // SAFETY: the kernel writes a byte for each page, for which there is room.
    fits && check(unsafe { syscall(nr::MINCORE, args) }).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt;
    use std::string::String;
    use std::vec::Vec;

    /// The vDSO of the test's process, by /proc; none where there is none.
    fn dump() -> Option<Vec<u8>> {
        let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
        let line: String = maps.lines().find(|line| line.ends_with("[vdso]"))?.into();
        let (start, end) = line.split_whitespace().next()?.split_once('-')?;
        let number = |text| u64::from_str_radix(text, 16).ok();
        let (start, end) = (number(start)?, number(end)?);
        let mut image = std::vec![0; (end - start) as usize];
        std::fs::File::open("/proc/self/mem").ok()?.read_exact_at(&mut image, start).ok()?;
        Some(image)
    }

    #[test]
    fn functions_are_found_by_name_and_version() {
        let Some(image) = dump() else {
            std::eprintln!("SKIPPED: no vDSO, or no /proc");
            return;
        };
        assert_eq!(image_size(&&image[..PAGE]), Some(image.len()));
        let (_, version) = arch::VDSO;
        let offset = value(&image, b"__vdso_clock_gettime", version).unwrap();
        assert!(offset > 0 && offset < image.len());
        assert_eq!(value(&image, b"__vdso_clock_gettime", b"LINUX_2.7"), None);
        assert_eq!(value(&image, b"__vdso_clock_gettim", version), None);
        assert_eq!(value(&image, b"", version), None);
        // By DT_HASH as well: without the other table.
        let mut other = image.clone();
        let gnu = 0x6fff_fef5u64.to_le_bytes();
        if let Some(at) = other.windows(8).position(|word| word == gnu) {
            other[at] ^= 1;
            let source = &image[..];
            let dynamic = Elf::new(&source).ok().and_then(Dynamic::new).unwrap();
            if dynamic.sysv_hash().is_some() {
                assert_eq!(value(&other, b"__vdso_clock_gettime", version), Some(offset));
            }
        }
    }

    #[test]
    fn a_damaged_image_has_no_functions() {
        let Some(image) = dump() else { return };
        let (_, version) = arch::VDSO;
        for length in 0..image.len().min(2048) {
            let _ = (image_size(&&image[..length]), value(&image[..length], b"x", version));
        }
        for at in 0..2048.min(image.len()) {
            let mut image = image.clone();
            image[at] ^= 0xff;
            let _ = (image_size(&&image[..]), value(&image, b"__vdso_time", version));
        }
    }

    #[test]
    fn without_a_vdso_there_are_system_calls() {
        // The test harness was not started by `entry!`: nobody knows its auxiliary vector.
        assert!(image().is_none());
        assert!(getcpu().unwrap().0 < 1 << 20);
        let (sec, usec) = gettimeofday().unwrap();
        assert!(time().abs_diff(sec) <= 1 && (0..1_000_000).contains(&usec));
        let mut bytes = [0; 32];
        assert_eq!(Random::new().fill(&mut bytes), Ok(32));
        assert_ne!(bytes, [0; 32]);
        let mut random = Random::new();
        for function in Function::ALL {
            assert!(repeat(function, 0, Way::System, &mut random, 2).is_ok());
            assert_eq!(repeat(function, 0, Way::Vdso, &mut random, 2), Err(Errno::ENOSYS));
        }
    }
}
