//! `--report`, `--count`, `--sandbox`: the code runs in a traced child.

use super::system_calls::put_name;
use super::{COUNT, Options, REPORT, SANDBOX, TIMED_OUT};
use crate::context::Context;
use crate::process::contents;
use crate::readelf::fill;
use crate::words::{unpacked, words};
use alloc::vec::Vec;
use rt::child::{Child, Status, end_like};
use rt::code::Code;
use rt::fmt::{Put, dec, hex, int, left};
use rt::io::BufWriter;
use rt::maps::Entry;
use rt::process::{AddressSpace, ProcessDir};
use rt::ptrace::{PTRACE_EVENT_EXIT, Registers, SignalInfo};
use rt::signal::{SIGKILL, SIGSTOP, SIGTRAP, Signal};
use rt::time::Timespec;
use rt::{Errno, put, text};

/// The codes of signals that are explained: signal, `si_code` (`man 2 sigaction`;
/// include/uapi/asm-generic/siginfo.h). Those of signal 0 any signal may have.
const CODES: [(u8, i16); 25] = [
    (4, 1),
    (4, 2),
    (4, 3),
    (4, 4),
    (4, 5),
    (5, 1),
    (5, 2),
    (5, 4),
    (7, 1),
    (7, 2),
    (7, 3),
    (8, 1),
    (8, 2),
    (8, 3),
    (8, 4),
    (8, 5),
    (8, 6),
    (8, 7),
    (11, 1),
    (11, 2),
    (11, 4),
    (31, 1),
    (0, 128),
    (0, 0),
    (0, -6),
];

/// What they are called, and mean.
const MEANINGS: &str = "\
ILL_ILLOPC: illegal opcode
ILL_ILLOPN: illegal operand
ILL_ILLADR: illegal addressing mode
ILL_ILLTRP: illegal trap
ILL_PRVOPC: privileged opcode
TRAP_BRKPT: breakpoint
TRAP_TRACE: single step
TRAP_HWBKPT: hardware breakpoint
BUS_ADRALN: misaligned address
BUS_ADRERR: no such place in the mapped file
BUS_OBJERR: broken memory
FPE_INTDIV: integer division by zero, or its result doesn't fit
FPE_INTOVF: integer overflow
FPE_FLTDIV: floating-point division by zero
FPE_FLTOVF: floating-point overflow
FPE_FLTUND: floating-point underflow
FPE_FLTRES: inexact floating-point result
FPE_FLTINV: invalid floating-point operation
SEGV_MAPERR: nothing is mapped there
SEGV_ACCERR: the mapping doesn't allow that
SEGV_PKUERR: a protection key doesn't allow that
SYS_SECCOMP: refused by the sandbox
SI_KERNEL: sent by the kernel
SI_USER: sent by a process
SI_TKILL: sent by a thread";

/// What one of the codes is called, and means.
fn explained(signal: u8, code: i32) -> Option<Vec<u8>> {
    let is_it = |&(of, known): &(u8, i16)| of == signal && i32::from(known) == code;
    let place = CODES.iter().position(is_it)?;
    Some(unpacked(text!(MEANINGS), b'\n', place))
}

/// The child, and what is seen of it on its way.
struct Watched<'w> {
    options: &'w Options<'w>,
    child: Child,
    code: &'w Code,
    /// When time is up.
    end: Option<Timespec>,
    before: Registers,
    /// When it stopped for its last signal, or for its end.
    after: Registers,
    /// Whether there was such a signal.
    signalled: bool,
    /// Instructions, where they are counted.
    count: u64,
    timed_out: bool,
}

/// Lets the child run to its end, tells what became of it, and gives the exit status.
// Not inlined: its frame is large.
#[inline(never)]
pub fn follow(
    cx: &mut Context,
    options: &Options,
    child: Child,
    code: &Code,
    end: Option<Timespec>,
) -> u8 {
    let (before, after) = (Registers::default(), Registers::default());
    let (signalled, count, timed_out) = (false, 0, false);
    let mut watched =
        Watched { options, child, code, end, before, after, signalled, count, timed_out };
    let status = match watched.steps(cx) {
        Ok(_) if watched.timed_out => return TIMED_OUT,
        Ok(status) => status,
        Err(errno) => {
            message!(cx, "cannot trace the code: ", errno);
            return 1;
        }
    };
    if options.has(REPORT | COUNT) {
        let out = &mut cx.err;
        match status {
            Status::Exited(status) => put!(out, "ended with exit status ", dec(status)),
            Status::Killed(signal) | Status::Stopped(signal, _) => {
                put!(out, "ended by ", Named(signal));
            }
        }
        // There is no other place to complain.
        cx.end_message(text!("\n"));
    }
    end_like(status)
}

impl Watched<'_> {
    #[inline(never)]
    fn steps(&mut self, cx: &mut Context) -> rt::Result<Status> {
        match self.child.wait_until(self.end)? {
            Some(Status::Stopped(SIGSTOP, 0)) => {}
            Some(status) => return Ok(status),
            None => return Err(Errno::ETIMEDOUT),
        }
        self.child.follow_to_the_end()?;
        // From where it stopped it is some hundred instructions to the code.
        let mut started = false;
        let mut signal = None;
        loop {
            let stepping = !started || self.options.has(COUNT);
            self.child.resume(signal.take(), stepping)?;
            match self.child.wait_until(self.end)? {
                None => {
                    self.time_is_up(cx)?;
                    return Ok(Status::Killed(SIGKILL));
                }
                Some(Status::Stopped(_, PTRACE_EVENT_EXIT)) => {
                    self.child.registers(&mut self.after)?;
                    // The system call that ends it is an instruction, too.
                    self.count += u64::from(started && !self.signalled);
                    if self.options.has(REPORT | COUNT) && started {
                        self.show_registers(cx);
                    }
                    started = true;
                }
                Some(Status::Stopped(stopped, _)) => {
                    let info = self.child.signal_info()?;
                    // A step over a system call has another code; a breakpoint is SI_KERNEL.
                    let traced = stepping && stopped == SIGTRAP && matches!(info.si_code, 1 | 2);
                    if !(traced && started) {
                        self.child.registers(&mut self.after)?;
                    }
                    if !started && self.after.rip == self.code.entry() as u64 {
                        (started, self.before) = (true, self.after);
                    } else if traced {
                        self.count += u64::from(started && self.options.has(COUNT));
                    } else {
                        (signal, self.signalled) = (Some(stopped), true);
                        self.tell_signal(cx, stopped, &info);
                    }
                }
                Some(status) => return Ok(status),
            }
        }
    }

    #[inline(never)]
    fn time_is_up(&mut self, cx: &mut Context) -> rt::Result<()> {
        self.timed_out = true;
        message!(cx, "time is up");
        self.child.kill(SIGSTOP)?;
        if let Some(Status::Stopped(..)) = self.child.wait_until(None)? {
            self.child.registers(&mut self.after)?;
            if self.options.has(REPORT | COUNT) {
                self.place(cx);
                self.show_registers(cx);
            }
        }
        self.child.kill(SIGKILL)
    }

    /// Tells of a signal that the code gets.
    #[inline(never)]
    fn tell_signal(&self, cx: &mut Context, signal: Signal, info: &SignalInfo) {
        if signal.0 == 31 && info.si_code == 1 && self.options.has(SANDBOX) {
            cx.begin_message_with(text!("the sandbox refuses "));
            if !put_name(&mut cx.err, info.si_syscall as u32) {
                put!(&mut cx.err, "system call ", int(info.si_syscall));
            }
            cx.end_line();
        }
        if !self.options.has(REPORT | COUNT) {
            return;
        }
        let out = &mut cx.err;
        put!(out, Named(signal));
        let own = explained(signal.0, info.si_code);
        let of_its_own = own.is_some();
        match own.or_else(|| explained(0, info.si_code)) {
            Some(text) => put!(out, ", ", text.as_slice()),
            None => put!(out, ", si_code ", int(info.si_code)),
        }
        put!(out, "\n");
        // Of these four the kernel tells an address, unless it is none that memory could have.
        let fault = matches!(signal.0, 4 | 7 | 8 | 11);
        if fault && of_its_own {
            put!(out, "address 0x", hex(info.si_addr), ": ");
            mapping(out, &self.child, info.si_addr);
        } else if fault && info.si_code == 0x80 {
            put!(out, "address unknown: it isn't canonical, or the instruction is privileged\n");
        }
        self.place(cx);
        self.stack(cx);
        let _ = cx.err.flush();
    }

    /// What of the child's memory fits into the buffer; empty where it can't be read.
    fn memory<'b>(&self, address: u64, buffer: &'b mut [u8]) -> &'b [u8] {
        let memory = ProcessDir::open(self.child.pid()).and_then(|dir| dir.memory());
        let length = memory.and_then(|memory| memory.read(address, buffer));
        buffer.get(..length.unwrap_or(0)).unwrap_or_default()
    }

    /// Where it is, and which bytes are there.
    // Not inlined: it is called twice.
    #[inline(never)]
    fn place(&self, cx: &mut Context) {
        let (rip, start) = (self.after.rip, self.code.start() as u64);
        let out = &mut cx.err;
        put!(out, "rip 0x", hex(rip));
        match rip.checked_sub(start) {
            Some(offset) if offset <= self.code.length() as u64 => {
                put!(out, ": byte 0x", hex(offset), " of the code");
            }
            _ => put!(out, ": outside the code, which is at 0x", hex(start)),
        }
        put!(out, "\nbytes ");
        let mut buffer = [0; 16];
        let bytes = self.memory(rip, &mut buffer);
        for byte in bytes {
            put!(out, " ", hex(*byte).zero(2));
        }
        put!(out, if bytes.is_empty() { text!(" can't be read\n") } else { text!("\n") });
    }

    /// The words on top of the stack.
    #[inline(never)]
    fn stack(&self, cx: &mut Context) {
        let (rsp, out) = (self.after.rsp, &mut cx.err);
        put!(out, "stack 0x", hex(rsp), ":");
        let mut buffer = [0; 64];
        let words = self.memory(rsp, &mut buffer).as_chunks::<8>().0;
        for word in words {
            put!(out, " ", hex(u64::from_le_bytes(*word)));
        }
        put!(out, if words.is_empty() { text!(" empty\n") } else { text!("\n") });
    }

    /// The registers that programs use, in the order of their numbers.
    // Not inlined: it is called twice.
    #[inline(never)]
    fn show_registers(&self, cx: &mut Context) {
        let out = &mut cx.err;
        put!(out, "            before            after\n");
        let values = self.before.numbered().zip(self.after.numbered());
        for (name, (old, new)) in words(REGISTERS, b' ').zip(values) {
            put!(out, left(name, 7), hex(old).zero(16), "  ", hex(new).zero(16));
            put!(out, if old == new { text!("\n") } else { text!(" *\n") });
        }
        if self.options.has(COUNT) {
            put!(out, "instructions: ", dec(self.count), "\n");
        }
        let _ = out.flush();
    }
}

/// A signal's number and name.
struct Named(Signal);

impl Put for Named {
    // Not inlined: it is called twice.
    #[inline(never)]
    fn put(&self, out: &mut BufWriter) {
        match self.0.name() {
            Some(name) => fill!(out, "signal %u (SIG%s)", self.0.0; name),
            None => {
                let number = i64::from(self.0.0) - 32;
                fill!(out, "signal %u (SIGRTMIN+%ld)", self.0.0, number.cast_unsigned());
            }
        }
    }
}

/// The mapping that an address lies in, as a line of `/proc/PID/maps`.
#[inline(never)]
fn mapping(out: &mut BufWriter, child: &Child, address: u64) {
    let dir = ProcessDir::open(child.pid());
    let maps = match dir.and_then(|dir| dir.file(c"maps")).and_then(contents) {
        Ok(maps) => maps,
        Err(errno) => return put!(out, errno, "\n"),
    };
    let holds = |line: &&[u8]| Entry::parse(line).is_some_and(|entry| entry.holds(address));
    match words(&maps, b'\n').find(holds) {
        Some(line) => put!(out, "in ", crate::readelf::shown(line), "\n"),
        None => put!(out, "in no mapping\n"),
    }
}

/// The registers that programs use, in the order of their numbers.
const REGISTERS: &[u8] =
    b"rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15 rip eflags";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_meaning() {
        assert_eq!(MEANINGS.lines().count(), CODES.len());
        assert_eq!(explained(4, 1).unwrap(), b"ILL_ILLOPC: illegal opcode");
        assert_eq!(explained(0, -6).unwrap(), b"SI_TKILL: sent by a thread");
        assert_eq!(explained(4, 128), None);
    }
}
