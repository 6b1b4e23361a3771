//! The process itself: how it ends.

use crate::arch::{nr, syscall};
use crate::signal::{SIGABRT, raise};

/// Ends the process, all its threads, with this exit status (`man 2 exit_group`).
pub fn exit(status: u8) -> ! {
    loop {
        // SAFETY: nothing of this process is left to be unsound.
        unsafe { syscall(nr::EXIT_GROUP, [status as usize]) };
    }
}

/// Ends the process by SIGABRT, as `man 3 abort` does; by status 134 if it is blocked.
pub fn abort() -> ! {
    raise(SIGABRT);
    exit(134)
}
