//! Child processes: [`fork`], waiting with an end to it, and dying as a child died.

use crate::arch::{nr, syscall};
use crate::errno::{Errno, Result, check};
use crate::io::retry;
use crate::signal::{self, SIGCHLD, SIGKILL, Signal};
use crate::time::{CLOCK_MONOTONIC, Timespec, now};

/// A child that hasn't been waited for; killed and waited for when it is dropped.
pub struct Child {
    pid: i32,
    ended: bool,
}

/// Which of the two processes this is.
pub enum Forked {
    /// The new one.
    Child,
    /// The old one.
    Parent(Child),
}

/// What became of a child (`man 2 wait`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// It ended with this status.
    Exited(u8),
    /// A signal ended it.
    Killed(Signal),
    /// It is traced, and stopped by a signal; what else happened is the event
    /// (`PTRACE_EVENT_*`, 0 for none).
    Stopped(Signal, u8),
}

/// Makes a copy of this process (`man 2 fork`). What was printed and not flushed both have.
///
/// `SIGCHLD` is blocked in the parent afterwards, for [`Child::wait_until`]; in the child it
/// is as it was.
///
/// # Errors
/// `EAGAIN`: a limit on processes; `ENOMEM`.
#[inline]
pub fn fork() -> Result<Forked> {
    signal::set_default(SIGCHLD)?;
    let before = signal::block(SIGCHLD)?;
    // SAFETY: programs on rt have one thread, so the copy is whole.
    match check(unsafe { syscall(nr::FORK, []) }) {
        Ok(0) => {
            signal::set_mask(before)?;
            Ok(Forked::Child)
        }
        Ok(pid) => Ok(Forked::Parent(Child { pid: pid as i32, ended: false })),
        Err(errno) => Err(errno),
    }
}

impl Child {
    /// Its number.
    pub fn pid(&self) -> u32 {
        self.pid as u32
    }

    /// Waits until something happens to it, or until this time of [`CLOCK_MONOTONIC`]: then
    /// there is no status.
    #[inline]
    pub fn wait_until(&mut self, deadline: Option<Timespec>) -> Result<Option<Status>> {
        const WNOHANG: usize = 1;
        loop {
            let no_hang = if deadline.is_some() { WNOHANG } else { 0 };
            if let Some(status) = self.wait(no_hang)? {
                return Ok(Some(status));
            }
            let left = deadline.map_or(Timespec::default(), |end| match now(CLOCK_MONOTONIC) {
                Ok(time) => end.saturating_since(time),
                Err(_) => Timespec::default(),
            });
            if left == Timespec::default() {
                return Ok(None);
            }
            signal::wait(SIGCHLD, left)?;
        }
    }

    #[inline]
    fn wait(&mut self, options: usize) -> Result<Option<Status>> {
        let mut status = 0i32;
        let args = [self.pid as usize, (&raw mut status) as usize, options, 0];
        // SAFETY: one status is written, which is ours.
        if retry(|| check(unsafe { syscall(nr::WAIT4, args) }))? == 0 {
            return Ok(None);
        }
        let byte = (status >> 8) as u8;
        let status = match status & 0x7f {
            0 => Status::Exited(byte),
            0x7f => Status::Stopped(Signal(byte & 0x7f), (status >> 16) as u8),
            signal => Status::Killed(Signal(signal as u8)),
        };
        self.ended = !matches!(status, Status::Stopped(..));
        Ok(Some(status))
    }

    /// Sends it a signal.
    #[inline]
    pub fn kill(&self, signal: Signal) -> Result<()> {
        if self.ended {
            return Err(Errno::ESRCH);
        }
        // SAFETY: the number is that of our own child, which wasn't waited for.
        check(unsafe { syscall(nr::KILL, [self.pid as usize, usize::from(signal.0)]) })?;
        Ok(())
    }
}

impl Drop for Child {
    #[inline]
    fn drop(&mut self) {
        // Where it has ended already there is nothing to do.
        if self.kill(SIGKILL).is_ok() {
            // One that is traced may stop on its way to the end.
            while let Ok(Some(Status::Stopped(..))) = self.wait(0) {
                let _ = self.resume(None, false);
            }
        }
    }
}

/// Ends this process as another one ended: with its status, which is returned, or by its
/// signal, without a second core file.
#[inline]
pub fn end_like(status: Status) -> u8 {
    match status {
        Status::Exited(status) => status,
        Status::Stopped(signal, _) | Status::Killed(signal) => {
            const RLIMIT_CORE: usize = 4;
            let none = [0u64; 2];
            let args = [0, RLIMIT_CORE, none.as_ptr() as usize, 0];
            // SAFETY: one rlimit is read, which is ours.
            let _ = check(unsafe { syscall(nr::PRLIMIT64, args) });
            let _ = signal::set_default(signal);
            signal::raise(signal);
            128 + signal.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::exit;

    fn status_of(child: impl FnOnce()) -> Option<Status> {
        match fork().unwrap() {
            Forked::Child => {
                child();
                exit(7)
            }
            Forked::Parent(mut child) => {
                let end = now(CLOCK_MONOTONIC).unwrap();
                child.wait_until(Some(Timespec { tv_sec: end.tv_sec + 60, ..end })).unwrap()
            }
        }
    }

    #[test]
    fn a_child_ends_in_one_way_or_another() {
        assert_eq!(status_of(|| {}), Some(Status::Exited(7)));
        let kill = || signal::raise(SIGKILL);
        assert_eq!(status_of(kill), Some(Status::Killed(SIGKILL)));
        let like = || exit(end_like(Status::Killed(signal::SIGTERM)));
        assert_eq!(status_of(like), Some(Status::Killed(signal::SIGTERM)));
        let like = || exit(end_like(Status::Exited(9)));
        assert_eq!(status_of(like), Some(Status::Exited(9)));
    }

    #[test]
    fn waiting_has_an_end() {
        match fork().unwrap() {
            Forked::Child => loop {
                core::hint::spin_loop();
            },
            Forked::Parent(mut child) => {
                let end = now(CLOCK_MONOTONIC).unwrap();
                assert_eq!(child.wait_until(Some(end)), Ok(None));
                child.kill(SIGKILL).unwrap();
                assert_eq!(child.wait_until(None), Ok(Some(Status::Killed(SIGKILL))));
                assert_eq!(child.kill(SIGKILL), Err(Errno::ESRCH));
            }
        }
    }
}
