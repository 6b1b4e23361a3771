//! What the loader tells: messages, what it is doing, and numbers at the end.

use crate::errno::Result;
use crate::fmt::{Put, dec, left};
use crate::io::{BorrowedFd, BufWriter, Write, stderr};

/// What is told while it happens (`--trace`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Trace(pub u8);

/// Which files are tried and taken.
pub const FILES: Trace = Trace(1);
/// Which symbol is bound to which object.
pub const SYMBOLS: Trace = Trace(2);
/// Which objects are relocated, with how many relocations.
pub const RELOCS: Trace = Trace(4);
/// Which constructors and destructors are called.
pub const INIT: Trace = Trace(8);

impl Trace {
    /// Whether that is told.
    #[inline]
    pub fn has(self, what: Trace) -> bool {
        self.0 & what.0 != 0
    }
}

/// A stream on which control characters come out in octal: names out of files and of the
/// environment must not drive a terminal.
pub struct Escaped(pub BorrowedFd<'static>);

impl Write for Escaped {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let is_control = |&byte: &u8| matches!(byte, 0..=8 | 11..=31 | 127);
        match bytes.split_first() {
            Some((&byte, _)) if is_control(&byte) => {
                let octal = |shift: u8| b'0' + (byte >> shift & 7);
                self.0.write_all(&[b'\\', octal(6), octal(3), octal(0)])?;
                Ok(1)
            }
            _ => {
                let end = bytes.iter().position(is_control).unwrap_or(bytes.len());
                self.0.write(bytes.get(..end).unwrap_or(bytes))
            }
        }
    }
}

/// Writes a line to standard error, in one piece.
#[inline]
pub fn say(items: &[&dyn Put]) {
    let (mut buffer, mut to) = ([0; 512], Escaped(stderr()));
    let mut out = BufWriter::new(&mut buffer, &mut to);
    items.put(&mut out);
    crate::put!(&mut out, "\n");
    let _ = out.flush();
}

/// What has been done so far (`--stats`).
#[derive(Clone, Copy, Debug)]
pub struct Stats {
    /// Relocations by type; the last place counts RELR.
    pub relocations: [u64; RELR + 1],
    /// Symbols that were looked for.
    pub lookups: u64,
    /// Objects that were looked at for that.
    pub probes: u64,
    /// Paths that were tried in vain.
    pub failed_opens: u64,
    /// Objects that were loaded.
    pub objects: u64,
    /// When each phase ended, in nanoseconds: the beginning, plan, map, bind. All 0 where
    /// nobody asked for them.
    pub times: [u64; 4],
}

/// Where RELR is counted, behind the types of x86-64.
pub const RELR: usize = 43;

/// The types that this loader knows, and their names.
const TYPES: [u8; 12] = [1, 2, 5, 6, 7, 8, 16, 17, 18, 36, 37, RELR as u8];
const NAMES: &[u8] = b"R_X86_64_64 R_X86_64_PC32 R_X86_64_COPY R_X86_64_GLOB_DAT \
    R_X86_64_JUMP_SLOT R_X86_64_RELATIVE R_X86_64_DTPMOD64 R_X86_64_DTPOFF64 \
    R_X86_64_TPOFF64 R_X86_64_TLSDESC R_X86_64_IRELATIVE RELR";

impl Default for Stats {
    #[inline]
    fn default() -> Stats {
        Stats {
            relocations: [0; RELR + 1],
            lookups: 0,
            probes: 0,
            failed_opens: 0,
            objects: 0,
            times: [0; 4],
        }
    }
}

impl Stats {
    /// Counts a relocation.
    #[inline]
    pub fn count(&mut self, kind: u32) {
        if let Some(count) = self.relocations.get_mut(kind as usize) {
            *count += 1;
        }
    }

    /// Notes the time, where the beginning was noted: the phase with this number ends.
    #[inline]
    pub fn end_phase(&mut self, phase: usize) {
        if self.times[0] != 0
            && let Some(time) = self.times.get_mut(phase)
        {
            *time = now();
        }
    }

    /// Writes them to standard error.
    #[inline]
    pub fn tell(&self) {
        let (mut buffer, mut to) = ([0; 1024], stderr());
        let out = &mut BufWriter::new(&mut buffer, &mut to);
        let mut row = |name: &[u8], value: u64| {
            crate::put!(out, "  ", left(name, 22), dec(value).width(10), "\n");
        };
        row(b"objects", self.objects);
        row(b"failed opens", self.failed_opens);
        for (&kind, name) in TYPES.iter().zip(NAMES.split(|&byte| byte == b' ')) {
            if let Some(&count) = self.relocations.get(usize::from(kind)).filter(|&&n| n > 0) {
                row(name, count);
            }
        }
        row(b"symbol look-ups", self.lookups);
        row(b"objects looked at", self.probes);
        let phases = [&b"plan, us"[..], b"map, us", b"bind, us"];
        for (name, pair) in phases.into_iter().zip(self.times.windows(2)) {
            let [start, end] = *pair else { continue };
            row(name, end.saturating_sub(start) / 1000);
        }
        let _ = out.flush();
    }
}

/// Nanoseconds of the monotonic clock.
#[inline]
pub fn now() -> u64 {
    let mut time = [0u64; 2];
    let out = time.as_mut_ptr() as usize;
    const CLOCK_MONOTONIC: usize = 1;
    // SAFETY: the kernel writes two words.
    unsafe {
        crate::arch::syscall(crate::arch::nr::CLOCK_GETTIME, [CLOCK_MONOTONIC, out]);
    }
    time[0].wrapping_mul(1_000_000_000).wrapping_add(time[1])
}
