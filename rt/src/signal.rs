//! Signals: handlers (`man 2 sigaction`).

use crate::arch::{nr, restore_rt, syscall};
use crate::errno::{Result, check};
use core::ffi::c_void;

/// A signal's number (`man 7 signal`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Signal(pub u8);

/// Bad memory access: behind the end of a mapped file, or broken memory.
pub const SIGBUS: Signal = Signal(7);

/// What `abort` sends.
pub const SIGABRT: Signal = Signal(6);

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

/// Sends the signal to this very thread (`man 3 raise`).
pub fn raise(signal: Signal) {
    // SAFETY: whatever handles the signal is meant to run.
    unsafe {
        let pid = syscall(nr::GETPID, []) as usize;
        let tid = syscall(nr::GETTID, []) as usize;
        syscall(nr::TGKILL, [pid, tid, usize::from(signal.0)]);
    }
}
