//! `--report`, `--count`, `--sandbox`: the code runs in a traced child.

use super::system_calls::SYSTEM_CALLS;
use super::{Options, TIMED_OUT};
use crate::context::Context;
use rt::child::{Child, Status, end_like};
use rt::code::Code;
use rt::elf::Source;
use rt::fmt::{Put, dec, hex, int, left};
use rt::io::BufWriter;
use rt::maps::Entry;
use rt::process::{AddressSpace, ProcessDir};
use rt::ptrace::{PTRACE_EVENT_EXIT, Registers, SignalInfo};
use rt::signal::{SIGKILL, SIGSTOP, SIGTRAP, Signal};
use rt::time::Timespec;
use rt::{Errno, put};

/// How a signal's `si_code` is explained: signal, code, its name, what it means (`man 2
/// sigaction`; include/uapi/asm-generic/siginfo.h).
const CODES: &[(u8, i32, &str, &str)] = &[
    (4, 1, "ILL_ILLOPC", "illegal opcode"),
    (4, 2, "ILL_ILLOPN", "illegal operand"),
    (4, 3, "ILL_ILLADR", "illegal addressing mode"),
    (4, 4, "ILL_ILLTRP", "illegal trap"),
    (4, 5, "ILL_PRVOPC", "privileged opcode"),
    (5, 1, "TRAP_BRKPT", "breakpoint"),
    (5, 2, "TRAP_TRACE", "single step"),
    (5, 4, "TRAP_HWBKPT", "hardware breakpoint"),
    (7, 1, "BUS_ADRALN", "misaligned address"),
    (7, 2, "BUS_ADRERR", "no such place in the mapped file"),
    (7, 3, "BUS_OBJERR", "broken memory"),
    (8, 1, "FPE_INTDIV", "integer division by zero, or its result doesn't fit"),
    (8, 2, "FPE_INTOVF", "integer overflow"),
    (8, 3, "FPE_FLTDIV", "floating-point division by zero"),
    (8, 4, "FPE_FLTOVF", "floating-point overflow"),
    (8, 5, "FPE_FLTUND", "floating-point underflow"),
    (8, 6, "FPE_FLTRES", "inexact floating-point result"),
    (8, 7, "FPE_FLTINV", "invalid floating-point operation"),
    (11, 1, "SEGV_MAPERR", "nothing is mapped there"),
    (11, 2, "SEGV_ACCERR", "the mapping doesn't allow that"),
    (11, 4, "SEGV_PKUERR", "a protection key doesn't allow that"),
    (31, 1, "SYS_SECCOMP", "refused by the sandbox"),
];

/// Codes that any signal may have.
const COMMON: &[(i32, &str, &str)] = &[
    (0x80, "SI_KERNEL", "sent by the kernel"),
    (0, "SI_USER", "sent by a process"),
    (-6, "SI_TKILL", "sent by a thread"),
];

/// What is seen of the child on its way.
#[derive(Default)]
struct Seen {
    before: Registers,
    /// When it stopped for its last signal, or for its end.
    after: Registers,
    /// What that signal was about.
    info: Option<SignalInfo>,
    /// Instructions, where they are counted.
    count: u64,
    timed_out: bool,
}

/// Lets the child run to its end, tells what became of it, and gives the exit status.
pub fn follow(
    cx: &mut Context,
    options: &Options,
    mut child: Child,
    code: &Code,
    end: Option<Timespec>,
) -> u8 {
    let mut seen = Seen::default();
    match steps(cx, options, &mut child, code, end, &mut seen) {
        Ok(_) if seen.timed_out => TIMED_OUT,
        Ok(status) => {
            if options.report {
                let out = &mut cx.err;
                match status {
                    Status::Exited(status) => put!(out, "ended with exit status ", dec(status)),
                    Status::Killed(signal) | Status::Stopped(signal, _) => {
                        put!(out, "ended by signal ", dec(signal.0), " (", Named(signal), ")");
                    }
                }
                put!(out, "\n");
                // There is no other place to complain.
                let _ = cx.err.flush();
            }
            end_like(status)
        }
        Err(errno) => {
            message!(cx, "cannot trace the code: ", errno);
            1
        }
    }
}

fn steps(
    cx: &mut Context,
    options: &Options,
    child: &mut Child,
    code: &Code,
    end: Option<Timespec>,
    seen: &mut Seen,
) -> rt::Result<Status> {
    let wait = |child: &mut Child| child.wait_until(end);
    match wait(child)? {
        Some(Status::Stopped(SIGSTOP, 0)) => {}
        Some(status) => return Ok(status),
        None => return Err(Errno::ETIMEDOUT),
    }
    child.follow_to_the_end()?;
    // From where it stopped it is some hundred instructions to the code.
    let mut started = false;
    let mut signal = None;
    loop {
        let stepping = !started || options.count;
        if stepping {
            child.step(signal.take())?;
        } else {
            child.resume(signal.take())?;
        }
        match wait(child)? {
            None => {
                time_is_up(cx, options, child, code, seen)?;
                return Ok(Status::Killed(SIGKILL));
            }
            Some(Status::Stopped(_, PTRACE_EVENT_EXIT)) => {
                seen.after = child.registers()?;
                // The system call that ends it is an instruction, too.
                seen.count += u64::from(started && seen.info.is_none());
                if options.report && started {
                    registers(cx, seen, options.count);
                }
                started = true;
            }
            Some(Status::Stopped(stopped, _)) => {
                let info = child.signal_info()?;
                // A step over a system call has another code; a breakpoint is SI_KERNEL.
                let traced = stepping && stopped == SIGTRAP && matches!(info.si_code, 1 | 2);
                if !started {
                    let now = child.registers()?;
                    if now.rip == code.entry() as u64 {
                        (started, seen.before) = (true, now);
                        continue;
                    }
                } else if traced && options.count {
                    seen.count += 1;
                    continue;
                }
                if traced {
                    continue;
                }
                signal = Some(stopped);
                (seen.after, seen.info) = (child.registers()?, Some(info));
                tell_signal(cx, options, child, code, seen, stopped, &info);
            }
            Some(status) => return Ok(status),
        }
    }
}

fn time_is_up(
    cx: &mut Context,
    options: &Options,
    child: &mut Child,
    code: &Code,
    seen: &mut Seen,
) -> rt::Result<()> {
    seen.timed_out = true;
    message!(cx, "time is up");
    child.kill(SIGSTOP)?;
    if let Some(Status::Stopped(..)) = child.wait_until(None)? {
        seen.after = child.registers()?;
        if options.report {
            place(cx, child, code, seen);
            registers(cx, seen, options.count);
            let _ = cx.err.flush();
        }
    }
    child.kill(SIGKILL)
}

/// Tells of a signal that the code gets.
fn tell_signal(
    cx: &mut Context,
    options: &Options,
    child: &Child,
    code: &Code,
    seen: &Seen,
    signal: Signal,
    info: &SignalInfo,
) {
    let refused = signal.0 == 31 && info.si_code == 1;
    if refused && options.sandbox {
        cx.begin_message();
        put!(&mut cx.err, "the sandbox refuses ");
        match SYSTEM_CALLS.get(info.si_syscall as u32) {
            Some(name) => put!(&mut cx.err, name),
            None => put!(&mut cx.err, "system call ", int(info.si_syscall)),
        }
        cx.end_message("\n");
    }
    if !options.report {
        return;
    }
    let out = &mut cx.err;
    put!(out, "signal ", dec(signal.0), " (", Named(signal), ")");
    let of_signal = CODES.iter().find(|code| (code.0, code.1) == (signal.0, info.si_code));
    let common = COMMON.iter().find(|code| code.0 == info.si_code);
    match (of_signal, common) {
        (Some((_, _, name, text)), _) | (_, Some((_, name, text))) => {
            put!(out, ", ", *name, ": ", *text);
        }
        _ => put!(out, ", si_code ", int(info.si_code)),
    }
    put!(out, "\n");
    // Of these four the kernel tells an address, unless it is none that memory could have.
    let fault = matches!(signal.0, 4 | 7 | 8 | 11);
    if fault && of_signal.is_some() {
        put!(out, "address 0x", hex(info.si_addr), ": ");
        mapping(cx, child, info.si_addr);
    } else if fault && info.si_code == 0x80 {
        put!(out, "address unknown: it isn't canonical, or the instruction is privileged\n");
    }
    place(cx, child, code, seen);
    stack(cx, child, seen.after.rsp);
    let _ = cx.err.flush();
}

/// A signal's name.
struct Named(Signal);

impl Put for Named {
    fn put(&self, out: &mut BufWriter) {
        match self.0.name() {
            Some(name) => put!(out, "SIG", name),
            None => put!(out, "SIGRTMIN+", int(i64::from(self.0.0) - 32)),
        }
    }
}

/// The mapping that an address lies in, as a line of `/proc/PID/maps`.
fn mapping(cx: &mut Context, child: &Child, address: u64) {
    let maps = ProcessDir::open(child.pid()).and_then(|dir| dir.input(c"maps"));
    let maps = match &maps {
        Ok(maps) => maps.get(0, maps.size()).unwrap_or_default(),
        Err(errno) => return put!(&mut cx.err, *errno, "\n"),
    };
    let holds = |line: &&[u8]| Entry::parse(line).is_some_and(|entry| entry.holds(address));
    match maps.split(|&byte| byte == b'\n').find(holds) {
        Some(line) => put!(&mut cx.err, "in ", crate::readelf::shown(line), "\n"),
        None => put!(&mut cx.err, "in no mapping\n"),
    }
}

/// Where it is, and which bytes are there.
fn place(cx: &mut Context, child: &Child, code: &Code, seen: &Seen) {
    let rip = seen.after.rip;
    put!(&mut cx.err, "rip 0x", hex(rip));
    let start = code.start() as u64;
    match rip.checked_sub(start) {
        Some(offset) if offset <= code.length() as u64 => {
            put!(&mut cx.err, ": byte 0x", hex(offset), " of the code");
        }
        _ => put!(&mut cx.err, ": outside the code, which is at 0x", hex(start)),
    }
    let mut bytes = [0; 16];
    let read = ProcessDir::open(child.pid())
        .and_then(|dir| dir.memory())
        .and_then(|memory| memory.read(rip, &mut bytes));
    match read {
        Ok(count) => {
            put!(&mut cx.err, "\nbytes ");
            for byte in bytes.get(..count).unwrap_or_default() {
                put!(&mut cx.err, " ", hex(*byte).zero(2));
            }
            put!(&mut cx.err, "\n");
        }
        Err(_) => put!(&mut cx.err, "\nbytes  can't be read\n"),
    }
}

/// The words on top of the stack.
fn stack(cx: &mut Context, child: &Child, rsp: u64) {
    let mut bytes = [0; 64];
    let read = ProcessDir::open(child.pid())
        .and_then(|dir| dir.memory())
        .and_then(|memory| memory.read(rsp, &mut bytes));
    put!(&mut cx.err, "stack 0x", hex(rsp), ":");
    let words = bytes.get(..read.unwrap_or(0)).unwrap_or_default().as_chunks::<8>().0;
    for word in words {
        put!(&mut cx.err, " ", hex(u64::from_le_bytes(*word)));
    }
    put!(&mut cx.err, if words.is_empty() { " empty\n" } else { "\n" });
}

/// The registers that programs use, in the order of their numbers.
fn registers(cx: &mut Context, seen: &Seen, counted: bool) {
    let out = &mut cx.err;
    put!(out, "            before            after\n");
    let (before, after) = (&seen.before, &seen.after);
    for (name, get) in REGISTERS {
        let (old, new) = (get(before), get(after));
        put!(out, left(*name, 7), hex(old).zero(16), "  ", hex(new).zero(16));
        put!(out, if old == new { "\n" } else { " *\n" });
    }
    if counted {
        put!(out, "instructions: ", dec(seen.count), "\n");
    }
    let _ = out.flush();
}

/// A register, by its name.
type Register = (&'static str, fn(&Registers) -> u64);

const REGISTERS: &[Register] = &[
    ("rax", |r| r.rax),
    ("rcx", |r| r.rcx),
    ("rdx", |r| r.rdx),
    ("rbx", |r| r.rbx),
    ("rsp", |r| r.rsp),
    ("rbp", |r| r.rbp),
    ("rsi", |r| r.rsi),
    ("rdi", |r| r.rdi),
    ("r8", |r| r.r8),
    ("r9", |r| r.r9),
    ("r10", |r| r.r10),
    ("r11", |r| r.r11),
    ("r12", |r| r.r12),
    ("r13", |r| r.r13),
    ("r14", |r| r.r14),
    ("r15", |r| r.r15),
    ("rip", |r| r.rip),
    ("eflags", |r| r.eflags),
];
