//! Errors as the kernel reports them (`man 3 errno`).

use core::num::NonZeroU16;

/// What a system call gives: a value or the kernel's error number.
pub type Result<T> = core::result::Result<T, Errno>;

/// An error number, 1 to 4095; a number without a name is as good as any other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Errno(NonZeroU16);

#[allow(missing_docs)]
impl Errno {
    pub const EINTR: Errno = Errno::new(4);
    pub const EAGAIN: Errno = Errno::new(11);
    pub const ENOENT: Errno = Errno::new(2);
    pub const EINVAL: Errno = Errno::new(22);
    pub const EPIPE: Errno = Errno::new(32);
    pub const ENAMETOOLONG: Errno = Errno::new(36);
}

impl Errno {
    /// glibc's message, as strerror gives it.
    pub fn message(self) -> &'static str {
        "error"
    }

    /// The error with this number; numbers that no kernel returns become `EINVAL`.
    pub const fn new(number: u16) -> Errno {
        match NonZeroU16::new(number) {
            Some(n) if number < 4096 => Errno(n),
            _ => Errno(NonZeroU16::new(22).unwrap()),
        }
    }

    /// The number, as in `errno`.
    pub const fn number(self) -> u16 {
        self.0.get()
    }
}

/// The result of a system call out of its raw value (`man 2 syscall`).
#[inline(always)]
pub fn check(raw: isize) -> Result<usize> {
    if (-4095..0).contains(&raw) {
        Err(Errno::new(raw.unsigned_abs() as u16))
    } else {
        Ok(raw as usize)
    }
}
