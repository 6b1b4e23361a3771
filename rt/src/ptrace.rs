//! Looking at a child while it runs (`man 2 ptrace`).

pub use crate::arch::Registers;
use crate::arch::{nr, syscall};
use crate::child::Child;
use crate::errno::{Result, check};
use crate::signal::Signal;

// include/uapi/linux/ptrace.h
const PTRACE_TRACEME: usize = 0;
const PTRACE_CONT: usize = 7;
const PTRACE_SINGLESTEP: usize = 9;
const PTRACE_GETREGS: usize = 12;
const PTRACE_SETOPTIONS: usize = 0x4200;
const PTRACE_GETSIGINFO: usize = 0x4202;
const PTRACE_O_TRACEEXIT: usize = 1 << 6;
const PTRACE_O_EXITKILL: usize = 1 << 20;

/// The event of a [`Status::Stopped`](crate::child::Status::Stopped): it is about to end.
pub const PTRACE_EVENT_EXIT: u8 = 6;

/// What a signal is about (`siginfo_t`).
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct SignalInfo {
    /// The signal.
    pub si_signo: i32,
    /// An error number, of signals that have one.
    pub si_errno: i32,
    /// Why: `SI_*`, or one of the signal's own.
    pub si_code: i32,
    padding: i32,
    /// Of faults: the address.
    pub si_addr: u64,
    /// Of `SIGSYS`: the number of the system call.
    pub si_syscall: i32,
    /// Of `SIGSYS`: `AUDIT_ARCH_*`.
    pub si_arch: u32,
    rest: [u64; 12],
}

/// Lets the parent trace this process; each signal stops it then.
#[inline]
pub fn trace_me() -> Result<()> {
    // SAFETY: no memory is involved.
    check(unsafe { syscall(nr::PTRACE, [PTRACE_TRACEME, 0, 0, 0]) })?;
    Ok(())
}

impl Child {
    // One copy for all requests.
    #[inline(never)]
    fn ptrace(&self, request: usize, data: usize) -> Result<()> {
        // SAFETY: what is written to is given by the callers below; the child is ours, and
        // its memory isn't.
        check(unsafe { syscall(nr::PTRACE, [request, self.pid() as usize, 0, data]) })?;
        Ok(())
    }

    /// It stops once more before it ends, and dies with this process.
    #[inline]
    pub fn follow_to_the_end(&self) -> Result<()> {
        self.ptrace(PTRACE_SETOPTIONS, PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL)
    }

    /// Lets it run on, or only one instruction, with a signal or without one.
    #[inline]
    pub fn resume(&self, signal: Option<Signal>, one: bool) -> Result<()> {
        let request = if one { PTRACE_SINGLESTEP } else { PTRACE_CONT };
        self.ptrace(request, signal.map_or(0, |signal| signal.0.into()))
    }

    /// Its registers.
    #[inline]
    pub fn registers(&self, registers: &mut Registers) -> Result<()> {
        self.ptrace(PTRACE_GETREGS, (registers as *mut Registers) as usize)
    }

    /// What the signal is about that it stopped for.
    #[inline]
    pub fn signal_info(&self) -> Result<SignalInfo> {
        let mut info = SignalInfo {
            si_signo: 0,
            si_errno: 0,
            si_code: 0,
            padding: 0,
            si_addr: 0,
            si_syscall: 0,
            si_arch: 0,
            rest: [0; 12],
        };
        self.ptrace(PTRACE_GETSIGINFO, (&raw mut info) as usize)?;
        Ok(info)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child::{Forked, Status, fork};
    use crate::signal::{SIGKILL, SIGSTOP, SIGTRAP, raise};

    #[test]
    fn the_kernels_siginfo_has_128_bytes() {
        assert_eq!(size_of::<SignalInfo>(), 128);
    }

    #[test]
    fn a_child_goes_step_by_step() {
        let Forked::Parent(mut child) = fork().unwrap() else {
            if trace_me().is_ok() {
                raise(SIGSTOP);
            }
            crate::process::exit(3)
        };
        let mut next = || child.wait_until(None).map(Option::unwrap);
        if next() != Ok(Status::Stopped(SIGSTOP, 0)) {
            return std::eprintln!("SKIPPED: no process may be traced here");
        }
        child.follow_to_the_end().unwrap();
        let rip = |child: &Child| {
            let mut registers = Registers::default();
            child.registers(&mut registers).unwrap();
            registers.rip
        };
        let before = rip(&child);
        child.resume(None, true).unwrap();
        assert_eq!(child.wait_until(None), Ok(Some(Status::Stopped(SIGTRAP, 0))));
        assert_ne!(rip(&child), before);
        assert_eq!(child.signal_info().unwrap().si_signo, 5);
        child.resume(None, false).unwrap();
        let end = Status::Stopped(SIGTRAP, PTRACE_EVENT_EXIT);
        assert_eq!(child.wait_until(None), Ok(Some(end)));
        child.resume(None, false).unwrap();
        assert_eq!(child.wait_until(None), Ok(Some(Status::Exited(3))));
        assert!(child.kill(SIGKILL).is_err());
    }
}
