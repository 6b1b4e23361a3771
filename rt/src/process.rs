//! The process itself: how it ends.

use crate::arch::{nr, syscall};

/// Ends the process, all its threads, with this exit status (`man 2 exit_group`).
pub fn exit(status: u8) -> ! {
    loop {
        // SAFETY: nothing of this process is left to be unsound.
        unsafe { syscall(nr::EXIT_GROUP, [status as usize, 0, 0, 0, 0, 0]) };
    }
}

/// Ends the process by SIGABRT, as `man 3 abort` does; by status 134 if it is blocked.
pub fn abort() -> ! {
    const SIGABRT: usize = 6;
    // SAFETY: signals this very thread; whatever handles SIGABRT is meant to run.
    unsafe {
        let pid = syscall(nr::GETPID, [0; 6]) as usize;
        let tid = syscall(nr::GETTID, [0; 6]) as usize;
        syscall(nr::TGKILL, [pid, tid, SIGABRT, 0, 0, 0]);
    }
    exit(134)
}
