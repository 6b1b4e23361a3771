//! Signals: handlers (`man 2 sigaction`).

use crate::arch::{nr, restore_rt, syscall};
use crate::errno::{Errno, Result, check};
use crate::row::find;
use crate::time::Timespec;
use core::ffi::c_void;

/// A signal's number (`man 7 signal`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Signal(pub u8);

/// Bad memory access: behind the end of a mapped file, or broken memory.
pub const SIGBUS: Signal = Signal(7);

/// What `abort` sends.
pub const SIGABRT: Signal = Signal(6);

/// A breakpoint, or the end of a step of a traced process.
pub const SIGTRAP: Signal = Signal(5);

/// Ends a process, whatever it does.
pub const SIGKILL: Signal = Signal(9);

/// Asks a process to end.
pub const SIGTERM: Signal = Signal(15);

/// Something happened to a child.
pub const SIGCHLD: Signal = Signal(17);

/// Stops a process, whatever it does.
pub const SIGSTOP: Signal = Signal(19);

impl Signal {
    /// Its name, without SIG (`man 7 signal`); none of the real-time signals.
    pub fn name(self) -> Option<&'static [u8]> {
        const NAMES: &[u8] =
            b"HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM \
            STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS";
        let mut names = NAMES;
        for _ in 0..self.0.checked_sub(1)? {
            names = names.get(find(names, b' ')? + 1..)?;
        }
        names.get(..find(names, b' ').unwrap_or(names.len()))
    }

    const fn bit(self) -> u64 {
        1 << (self.0.saturating_sub(1) & 63)
    }
}

/// What a handler is told (`siginfo_t`), as far as faults and plain signals need it.
#[repr(C)]
pub(crate) struct SigInfo {
    pub signo: i32,
    pub errno: i32,
    /// Why: positive for what the kernel noticed, 0 or less for what a process sent.
    pub code: i32,
    /// The address that could not be accessed, for the faults.
    pub address: usize,
}

/// The kernel's `struct sigaction`.
#[repr(C)]
pub(crate) struct Action {
    handler: usize,
    flags: usize,
    restorer: usize,
    mask: u64,
}

/// `SA_SIGINFO`: the handler has three arguments.
const SA_SIGINFO: usize = 4;
/// `SA_RESTORER`: the field of this name is set.
const SA_RESTORER: usize = 0x0400_0000;

/// What runs when a signal arrives: its number, why, and the interrupted context.
pub(crate) type Handler = unsafe extern "C" fn(i32, *const SigInfo, *mut c_void);

impl Action {
    /// `SIG_DFL`, the default action.
    pub const fn default() -> Action {
        Action { handler: 0, flags: 0, restorer: 0, mask: 0 }
    }

    /// A handler, on the stack of whatever it interrupts, the signal itself blocked meanwhile.
    pub fn handler(handler: Handler) -> Action {
        let restorer = restore_rt as *const () as usize;
        let handler = handler as *const () as usize;
        Action { handler, flags: SA_SIGINFO | SA_RESTORER, restorer, mask: 0 }
    }
}

/// Sets what happens when the signal arrives; the old action goes to `old`.
///
/// # Safety
/// The handler does only what is sound between any two instructions of the program.
pub(crate) unsafe fn sigaction(signal: Signal, new: &Action, old: *mut Action) -> Result<()> {
    let (signal, new) = (usize::from(signal.0), core::ptr::from_ref(new) as usize);
    // SAFETY: the kernel reads one Action and writes one where `old` isn't null; the size
    // is that of its signal set. For the rest see above.
    check(unsafe { syscall(nr::RT_SIGACTION, [signal, new, old as usize, 8]) })?;
    Ok(())
}

/// Lets a signal do what it does by default.
pub fn set_default(signal: Signal) -> Result<()> {
    // SAFETY: no handler is set.
    unsafe { sigaction(signal, &Action::default(), core::ptr::null_mut()) }
}

/// A set of signals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mask(u64);

/// Holds a signal back, and gives what was held back before.
pub fn block(signal: Signal) -> Result<Mask> {
    const SIG_BLOCK: usize = 0;
    change_mask(SIG_BLOCK, Mask(signal.bit()))
}

/// Holds back these signals and no others.
pub fn set_mask(mask: Mask) -> Result<()> {
    const SIG_SETMASK: usize = 2;
    change_mask(SIG_SETMASK, mask).map(drop)
}

fn change_mask(how: usize, mask: Mask) -> Result<Mask> {
    let (new, mut old) = (mask.0, 0u64);
    let args = [how, (&raw const new) as usize, (&raw mut old) as usize, 8];
    // SAFETY: one set is read and one written, which are ours.
    check(unsafe { syscall(nr::RT_SIGPROCMASK, args) })?;
    Ok(Mask(old))
}

/// Waits for a signal that is blocked, so long at most (`man 2 sigtimedwait`).
pub fn wait(signal: Signal, at_most: Timespec) -> Result<()> {
    let set = signal.bit();
    let args = [(&raw const set) as usize, 0, (&raw const at_most) as usize, 8];
    // SAFETY: a set and a time are read, which are ours.
    match check(unsafe { syscall(nr::RT_SIGTIMEDWAIT, args) }) {
        Ok(_) | Err(Errno::EAGAIN | Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Sends the signal to this very thread (`man 3 raise`).
pub fn raise(signal: Signal) {
    // SAFETY: whatever handles the signal is meant to run.
    unsafe {
        let pid = syscall(nr::GETPID, []) as usize;
        let tid = syscall(nr::GETTID, []) as usize;
        syscall(nr::TGKILL, [pid, tid, usize::from(signal.0)]);
    }
}
