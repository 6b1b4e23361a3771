//! Clocks, read by the vDSO where there is one: without a system call.

use crate::errno::{Result, check};
use crate::vdso::Function;

/// A point in time or a length of it (`man 3 timespec`).
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Timespec {
    /// Whole seconds.
    pub tv_sec: i64,
    /// Nanoseconds, 0 to 999,999,999.
    pub tv_nsec: i64,
}

impl Timespec {
    /// How long after `earlier` this is; nothing, where it isn't.
    pub const fn saturating_since(self, earlier: Timespec) -> Timespec {
        let (mut tv_sec, mut tv_nsec) =
            (self.tv_sec.saturating_sub(earlier.tv_sec), self.tv_nsec - earlier.tv_nsec);
        if tv_nsec < 0 {
            tv_sec = tv_sec.saturating_sub(1);
            tv_nsec += 1_000_000_000;
        }
        if tv_sec < 0 { Timespec { tv_sec: 0, tv_nsec: 0 } } else { Timespec { tv_sec, tv_nsec } }
    }

    /// All of it in nanoseconds; what doesn't fit is cut off at the ends of the range.
    pub const fn nanoseconds(self) -> i64 {
        self.tv_sec.saturating_mul(1_000_000_000).saturating_add(self.tv_nsec)
    }
}

/// A clock, by the kernel's number (`man 2 clock_gettime`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Clock(pub i32);

macro_rules! clocks {
    ($($name:ident $number:literal $doc:literal)+) => {
        $(
            #[doc = $doc]
            pub const $name: Clock = Clock($number);
        )+
    };
}

/// The names of the clocks in the order of their numbers, with a space in between; `-` where
/// there is none.
pub const CLOCK_NAMES: &str = "CLOCK_REALTIME CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID \
    CLOCK_THREAD_CPUTIME_ID CLOCK_MONOTONIC_RAW CLOCK_REALTIME_COARSE CLOCK_MONOTONIC_COARSE \
    CLOCK_BOOTTIME CLOCK_REALTIME_ALARM CLOCK_BOOTTIME_ALARM - CLOCK_TAI";

// include/uapi/linux/time.h
clocks! {
    CLOCK_REALTIME 0 "Seconds since 1970; set by whoever may."
    CLOCK_MONOTONIC 1 "Since some moment in the past; never back, not while suspended."
    CLOCK_PROCESS_CPUTIME_ID 2 "Processor time of this process."
    CLOCK_THREAD_CPUTIME_ID 3 "Processor time of this thread."
    CLOCK_MONOTONIC_RAW 4 "Monotonic, not adjusted by NTP."
    CLOCK_REALTIME_COARSE 5 "Real time as of the last tick: fast."
    CLOCK_MONOTONIC_COARSE 6 "Monotonic as of the last tick: fast."
    CLOCK_BOOTTIME 7 "Monotonic, counting while suspended, too."
    CLOCK_REALTIME_ALARM 8 "Real time; its timers wake a suspended machine."
    CLOCK_BOOTTIME_ALARM 9 "Boot time; its timers wake a suspended machine."
    CLOCK_TAI 11 "Real time without leap seconds."
}

/// What a clock says now (`man 2 clock_gettime`).
///
/// # Errors
/// `EINVAL`: there is no such clock.
#[inline]
pub fn now(clock: Clock) -> Result<Timespec> {
    told(Function::ClockGettime, clock)
}

/// How finely a clock counts (`man 2 clock_getres`).
///
/// # Errors
/// `EINVAL`: there is no such clock.
#[inline]
pub fn resolution(clock: Clock) -> Result<Timespec> {
    told(Function::ClockGetres, clock)
}

/// What one of these two functions says.
#[inline]
fn told(function: Function, clock: Clock) -> Result<Timespec> {
    let mut time = Timespec::default();
    let args = [clock.0 as usize, (&raw mut time) as usize, 0, 0, 0];
    // SAFETY: one timespec is written, which is ours.
    check(unsafe { function.call(args) })?;
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Errno;

    #[test]
    fn names_of_clocks() {
        let number = |name| CLOCK_NAMES.split(' ').position(|one| one == name);
        assert_eq!(number("CLOCK_REALTIME"), Some(CLOCK_REALTIME.0 as usize));
        assert_eq!(number("CLOCK_BOOTTIME_ALARM"), Some(CLOCK_BOOTTIME_ALARM.0 as usize));
        assert_eq!(number("CLOCK_TAI"), Some(CLOCK_TAI.0 as usize));
    }

    #[test]
    fn clocks_count_up() {
        let first = now(CLOCK_MONOTONIC).unwrap();
        assert!(now(CLOCK_MONOTONIC).unwrap() >= first);
        let real = now(CLOCK_REALTIME).unwrap();
        let std = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        assert!(real.tv_sec.abs_diff(std.as_secs() as i64) < 60);
        assert!((0..1_000_000_000).contains(&real.tv_nsec));
        assert!(resolution(CLOCK_MONOTONIC).unwrap().nanoseconds() > 0);
        assert_eq!(now(Clock(100)), Err(Errno::EINVAL));
        assert_eq!(resolution(Clock(100)), Err(Errno::EINVAL));
    }
}
