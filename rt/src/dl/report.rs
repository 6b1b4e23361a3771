//! What the loader tells: messages, what it is doing, and numbers at the end.

use super::pieces;
use crate::fmt::{Put, dec, hex, left};
use crate::io::{BufWriter, Escaped, Write, stderr};
use crate::text::Text;

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

/// Writes a pattern in which each `%` stands for the next name, each `#` for the next number
/// and each `$` for it in hexadecimal.
#[inline]
pub fn fill(out: &mut BufWriter, pattern: Text, names: &[&[u8]], numbers: &[u64]) {
    let (mut names, mut numbers) = (names.iter(), numbers.iter());
    for byte in pattern.bytes() {
        let mut number = || numbers.next().copied().unwrap_or_default();
        match byte {
            b'%' => out.bytes(names.next().copied().unwrap_or_default()),
            b'#' => dec(number()).put(out),
            b'$' => hex(number()).put(out),
            _ => out.byte(byte),
        }
    }
}

/// Writes a line to standard error, in one piece: a pattern as of [`fill`].
#[cold]
#[inline]
pub fn say(pattern: Text, names: &[&[u8]], numbers: &[u64]) {
    let (mut buffer, mut to) = ([0; 512], Escaped(stderr()));
    let mut out = BufWriter::new(&mut buffer, &mut to);
    fill(&mut out, pattern, names, numbers);
    out.byte(b'\n');
    let _ = out.flush();
}

/// What has been done so far (`--stats`).
#[derive(Clone, Copy, Debug)]
pub struct Stats {
    /// Relocations by type, and behind these what the constants below say.
    pub counts: [u64; BIND + 1],
    /// When the phase began that is going on, in nanoseconds; 0 where nobody asks for times.
    pub since: u64,
}

/// Words that RELR relocated.
pub const RELR: usize = 43;
/// Symbols that were looked for.
pub const LOOKUPS: usize = 44;
/// Objects that were looked at for that.
pub const PROBES: usize = 45;
/// Paths that were tried in vain.
pub const FAILED_OPENS: usize = 46;
/// Objects that were loaded.
pub const OBJECTS: usize = 47;
/// How long planning took, in microseconds.
pub const PLAN: usize = 48;
/// Mapping.
pub const MAP: usize = 49;
/// Binding.
pub const BIND: usize = 50;

/// What is told, in this order: types of relocations and the constants above; and how it is
/// called.
const ROWS: [u8; 19] = [47, 46, 1, 2, 5, 6, 7, 8, 16, 17, 18, 36, 37, 43, 44, 45, 48, 49, 50];
const _: () = assert!(ROWS[1] as usize == FAILED_OPENS && ROWS[18] as usize == BIND);
const LABELS: &[u8] = b"objects|failed opens|R_X86_64_64|R_X86_64_PC32|R_X86_64_COPY|\
    R_X86_64_GLOB_DAT|R_X86_64_JUMP_SLOT|R_X86_64_RELATIVE|R_X86_64_DTPMOD64|\
    R_X86_64_DTPOFF64|R_X86_64_TPOFF64|R_X86_64_TLSDESC|R_X86_64_IRELATIVE|RELR|\
    symbol look-ups|objects looked at|plan, us|map, us|bind, us";

impl Default for Stats {
    #[inline]
    fn default() -> Stats {
        Stats { counts: [0; BIND + 1], since: 0 }
    }
}

impl Stats {
    /// Counts a relocation.
    #[inline]
    pub fn count(&mut self, kind: u32) {
        if kind < RELR as u32 {
            self.counts[kind as usize] += 1;
        }
    }

    /// Counts the time of a phase that ends, where times are asked for.
    #[inline]
    pub fn end_phase(&mut self, phase: usize) {
        if self.since != 0
            && let Some(time) = self.counts.get_mut(phase)
        {
            let now = now();
            *time = now.saturating_sub(self.since) / 1000;
            self.since = now;
        }
    }

    /// Writes them.
    // Not inlined: it is rare, and takes a buffer. It is left to the caller's crate all the
    // same, since it doesn't say where it writes.
    #[inline(never)]
    pub fn tell(&self, mut to: impl Write) {
        let mut buffer = [0; 1024];
        let out = &mut BufWriter::new(&mut buffer, &mut to);
        for (&index, label) in ROWS.iter().zip(pieces(LABELS, b"|")) {
            let index = usize::from(index);
            let count = self.counts.get(index).copied().unwrap_or(0);
            // Of relocations those that there are.
            if count > 0 || index > RELR {
                crate::put!(out, "  ", left(label, 22), dec(count).width(10), "\n");
            }
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
