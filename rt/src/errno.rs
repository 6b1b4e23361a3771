//! Errors as the kernel reports them (`man 3 errno`).

use crate::fmt::{Put, dec};
use crate::io::BufWriter;
use crate::row::find;
use core::cell::UnsafeCell;
use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicU8, Ordering};

/// What a system call gives: a value or the kernel's error number.
pub type Result<T> = core::result::Result<T, Errno>;

/// An error number, 1 to 4095; a number without a name is as good as any other.
///
/// [`put!`](crate::put) and `Display` write what C's `strerror` returns in the C locale,
/// `Unknown error 4000` included; `Debug` writes the name.
///
/// As wide as the word of the call's success: so a `Result<usize>` is two registers and no
/// memory (`just dump position forms` shows it), and a `Result<()>` is one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Errno(NonZeroUsize);

impl Errno {
    /// The same as [`EAGAIN`](Errno::EAGAIN) on Linux.
    pub const EWOULDBLOCK: Errno = Errno::EAGAIN;
    /// The same as [`EDEADLK`](Errno::EDEADLK) on every architecture but MIPS, PowerPC and SPARC.
    pub const EDEADLOCK: Errno = Errno::EDEADLK;
    /// The same as [`EOPNOTSUPP`](Errno::EOPNOTSUPP) on Linux.
    pub const ENOTSUP: Errno = Errno::EOPNOTSUPP;

    /// The error with this number; numbers that no kernel returns become `EINVAL`.
    pub const fn new(number: u16) -> Errno {
        match NonZeroUsize::new(number as usize) {
            Some(n) if number < 4096 => Errno(n),
            _ => Errno::EINVAL,
        }
    }

    /// The number, as in `errno`.
    pub const fn number(self) -> u16 {
        self.0.get() as u16
    }

    /// The name, such as `ENOENT` (`man 3 strerrorname_np`); of an alias the first one.
    pub fn name(self) -> Option<&'static str> {
        self.line(NAMES)
    }

    /// The message, such as `No such file or directory`; `Unknown error` for a number
    /// without a name, which only [`put!`](crate::put) and `Display` add.
    #[inline]
    pub fn message(self) -> &'static str {
        self.line(messages()).unwrap_or("Unknown error")
    }

    /// The line of this number, if there is something in it.
    #[inline]
    fn line(self, text: &'static str) -> Option<&'static str> {
        let mut start = 0;
        let mut left = self.number();
        loop {
            let length = find(text.as_bytes().get(start..)?, b'\n')?;
            left -= 1;
            if left == 0 {
                return text.get(start..start + length).filter(|line| !line.is_empty());
            }
            start += length + 1;
        }
    }
}

impl Put for Errno {
    #[inline]
    fn put(&self, out: &mut BufWriter) {
        match self.line(messages()) {
            Some(message) => message.put(out),
            None => crate::put!(out, "Unknown error ", dec(self.number())),
        }
    }
}

impl core::fmt::Display for Errno {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        match self.line(messages()) {
            Some(message) => f.write_str(message),
            None => write!(f, "Unknown error {}", self.number()),
        }
    }
}

impl core::fmt::Debug for Errno {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "Errno({})", self.number()),
        }
    }
}

impl core::error::Error for Errno {}

/// The result of a system call out of its raw value (`man 2 syscall`).
#[inline(always)]
pub fn check(raw: isize) -> Result<usize> {
    if (-4095..0).contains(&raw) {
        Err(Errno::new(raw.unsigned_abs() as u16))
    } else {
        Ok(raw as usize)
    }
}

/// The messages, a line each. They are packed, and unpacked when one is asked for the first time,
/// to where they take no space in the file. Nobody waits for that: whoever asks while another
/// thread is at it, or in a signal handler that interrupted it, is told of unknown errors.
#[inline]
fn messages() -> &'static str {
    struct Room(UnsafeCell<[u8; MESSAGES.len()]>);
    // SAFETY: written to by the one thread that made `STATE` one, and read when it is two.
    unsafe impl Sync for Room {}
    #[unsafe(link_section = ".bss.large.messages")]
    static ROOM: Room = Room(UnsafeCell::new([0; MESSAGES.len()]));
    static STATE: AtomicU8 = AtomicU8::new(0);
    match STATE.compare_exchange(0, 1, Ordering::Acquire, Ordering::Acquire) {
        Ok(_) => {
            // SAFETY: nobody else has it, see above.
            let room = unsafe { &mut *ROOM.0.get() };
            for (place, byte) in room.iter_mut().zip(crate::text!(MESSAGES).bytes()) {
                *place = byte;
            }
            STATE.store(2, Ordering::Release);
        }
        Err(2) => {}
        Err(_) => return "",
    }
    // SAFETY: nobody writes any more, see above. It is ASCII, or it couldn't have been packed.
    unsafe { core::str::from_utf8_unchecked(&*ROOM.0.get()) }
}

/// From the list to the constants, and to two texts with a line for each number: no
/// pointers, and no names in a program that doesn't ask for them.
macro_rules! errors {
    ($($number:literal $($name:ident)? $message:literal)+) => {
        impl Errno {
            $($(
                #[doc = $message]
                pub const $name: Errno = Errno(NonZeroUsize::new($number).unwrap());
            )?)+
        }

        const MESSAGES: &str = concat!($($message, "\n"),+);
        const NAMES: &str = concat!($($(stringify!($name),)? "\n"),+);

        // Each number is that of its line.
        const _: () = {
            let numbers = [$($number),+];
            let mut line = 0;
            while line < numbers.len() {
                line += 1;
                assert!(numbers[line - 1] == line);
            }
        };
    };
}

// The numbers of include/uapi/asm-generic/errno-base.h and errno.h, those too that stand for
// nothing, with the texts of glibc's sysdeps/gnu/errlist.h.
errors! {
    1 EPERM "Operation not permitted"
    2 ENOENT "No such file or directory"
    3 ESRCH "No such process"
    4 EINTR "Interrupted system call"
    5 EIO "Input/output error"
    6 ENXIO "No such device or address"
    7 E2BIG "Argument list too long"
    8 ENOEXEC "Exec format error"
    9 EBADF "Bad file descriptor"
    10 ECHILD "No child processes"
    11 EAGAIN "Resource temporarily unavailable"
    12 ENOMEM "Cannot allocate memory"
    13 EACCES "Permission denied"
    14 EFAULT "Bad address"
    15 ENOTBLK "Block device required"
    16 EBUSY "Device or resource busy"
    17 EEXIST "File exists"
    18 EXDEV "Invalid cross-device link"
    19 ENODEV "No such device"
    20 ENOTDIR "Not a directory"
    21 EISDIR "Is a directory"
    22 EINVAL "Invalid argument"
    23 ENFILE "Too many open files in system"
    24 EMFILE "Too many open files"
    25 ENOTTY "Inappropriate ioctl for device"
    26 ETXTBSY "Text file busy"
    27 EFBIG "File too large"
    28 ENOSPC "No space left on device"
    29 ESPIPE "Illegal seek"
    30 EROFS "Read-only file system"
    31 EMLINK "Too many links"
    32 EPIPE "Broken pipe"
    33 EDOM "Numerical argument out of domain"
    34 ERANGE "Numerical result out of range"
    35 EDEADLK "Resource deadlock avoided"
    36 ENAMETOOLONG "File name too long"
    37 ENOLCK "No locks available"
    38 ENOSYS "Function not implemented"
    39 ENOTEMPTY "Directory not empty"
    40 ELOOP "Too many levels of symbolic links"
    41 ""
    42 ENOMSG "No message of desired type"
    43 EIDRM "Identifier removed"
    44 ECHRNG "Channel number out of range"
    45 EL2NSYNC "Level 2 not synchronized"
    46 EL3HLT "Level 3 halted"
    47 EL3RST "Level 3 reset"
    48 ELNRNG "Link number out of range"
    49 EUNATCH "Protocol driver not attached"
    50 ENOCSI "No CSI structure available"
    51 EL2HLT "Level 2 halted"
    52 EBADE "Invalid exchange"
    53 EBADR "Invalid request descriptor"
    54 EXFULL "Exchange full"
    55 ENOANO "No anode"
    56 EBADRQC "Invalid request code"
    57 EBADSLT "Invalid slot"
    58 ""
    59 EBFONT "Bad font file format"
    60 ENOSTR "Device not a stream"
    61 ENODATA "No data available"
    62 ETIME "Timer expired"
    63 ENOSR "Out of streams resources"
    64 ENONET "Machine is not on the network"
    65 ENOPKG "Package not installed"
    66 EREMOTE "Object is remote"
    67 ENOLINK "Link has been severed"
    68 EADV "Advertise error"
    69 ESRMNT "Srmount error"
    70 ECOMM "Communication error on send"
    71 EPROTO "Protocol error"
    72 EMULTIHOP "Multihop attempted"
    73 EDOTDOT "RFS specific error"
    74 EBADMSG "Bad message"
    75 EOVERFLOW "Value too large for defined data type"
    76 ENOTUNIQ "Name not unique on network"
    77 EBADFD "File descriptor in bad state"
    78 EREMCHG "Remote address changed"
    79 ELIBACC "Can not access a needed shared library"
    80 ELIBBAD "Accessing a corrupted shared library"
    81 ELIBSCN ".lib section in a.out corrupted"
    82 ELIBMAX "Attempting to link in too many shared libraries"
    83 ELIBEXEC "Cannot exec a shared library directly"
    84 EILSEQ "Invalid or incomplete multibyte or wide character"
    85 ERESTART "Interrupted system call should be restarted"
    86 ESTRPIPE "Streams pipe error"
    87 EUSERS "Too many users"
    88 ENOTSOCK "Socket operation on non-socket"
    89 EDESTADDRREQ "Destination address required"
    90 EMSGSIZE "Message too long"
    91 EPROTOTYPE "Protocol wrong type for socket"
    92 ENOPROTOOPT "Protocol not available"
    93 EPROTONOSUPPORT "Protocol not supported"
    94 ESOCKTNOSUPPORT "Socket type not supported"
    95 EOPNOTSUPP "Operation not supported"
    96 EPFNOSUPPORT "Protocol family not supported"
    97 EAFNOSUPPORT "Address family not supported by protocol"
    98 EADDRINUSE "Address already in use"
    99 EADDRNOTAVAIL "Cannot assign requested address"
    100 ENETDOWN "Network is down"
    101 ENETUNREACH "Network is unreachable"
    102 ENETRESET "Network dropped connection on reset"
    103 ECONNABORTED "Software caused connection abort"
    104 ECONNRESET "Connection reset by peer"
    105 ENOBUFS "No buffer space available"
    106 EISCONN "Transport endpoint is already connected"
    107 ENOTCONN "Transport endpoint is not connected"
    108 ESHUTDOWN "Cannot send after transport endpoint shutdown"
    109 ETOOMANYREFS "Too many references: cannot splice"
    110 ETIMEDOUT "Connection timed out"
    111 ECONNREFUSED "Connection refused"
    112 EHOSTDOWN "Host is down"
    113 EHOSTUNREACH "No route to host"
    114 EALREADY "Operation already in progress"
    115 EINPROGRESS "Operation now in progress"
    116 ESTALE "Stale file handle"
    117 EUCLEAN "Structure needs cleaning"
    118 ENOTNAM "Not a XENIX named type file"
    119 ENAVAIL "No XENIX semaphores available"
    120 EISNAM "Is a named type file"
    121 EREMOTEIO "Remote I/O error"
    122 EDQUOT "Disk quota exceeded"
    123 ENOMEDIUM "No medium found"
    124 EMEDIUMTYPE "Wrong medium type"
    125 ECANCELED "Operation canceled"
    126 ENOKEY "Required key not available"
    127 EKEYEXPIRED "Key has expired"
    128 EKEYREVOKED "Key has been revoked"
    129 EKEYREJECTED "Key was rejected by service"
    130 EOWNERDEAD "Owner died"
    131 ENOTRECOVERABLE "State not recoverable"
    132 ERFKILL "Operation not possible due to RF-kill"
    133 EHWPOISON "Memory page has hardware error"
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::process::Command;
    use std::string::{String, ToString};
    use std::vec::Vec;

    /// Compiles and runs a C program that prints `number name strerror` a line; none
    /// where this machine has no C compiler or its library no `strerrorname_np`.
    fn c_library() -> Option<String> {
        const SOURCE: &str = r#"
            #define _GNU_SOURCE
            #include <stdio.h>
            #include <string.h>
            int main(void) {
                for (int i = 1; i < 4096; i++) {
                    const char *name = strerrorname_np(i);
                    printf("%d %s %s\n", i, name ? name : "?", strerror(i));
                }
            }"#;
        let dir = std::env::temp_dir().join(format!("rt-errno-{}", std::process::id()));
        std::fs::create_dir_all(&dir).ok()?;
        let (source, program) = (dir.join("errno.c"), dir.join("errno"));
        std::fs::write(&source, SOURCE).ok()?;
        let built = Command::new("cc").arg("-o").args([&program, &source]).output();
        let lines = built
            .ok()
            .filter(|out| out.status.success())
            .and_then(|_| Command::new(&program).env("LC_ALL", "C").output().ok());
        let _ = std::fs::remove_dir_all(&dir);
        String::from_utf8(lines?.stdout).ok()
    }

    #[test]
    fn every_number_is_as_in_the_c_library() {
        let Some(theirs) = c_library() else {
            std::eprintln!("SKIPPED: no C compiler, or no strerrorname_np");
            return;
        };
        let ours: Vec<_> = (1..4096)
            .map(|number| {
                let error = Errno::new(number);
                format!("{number} {} {error}", error.name().unwrap_or("?"))
            })
            .collect();
        assert_eq!(ours, theirs.lines().collect::<Vec<_>>());
    }

    #[test]
    fn unknown_numbers_are_errors_like_any_other() {
        let error = Errno::new(4000);
        assert_eq!((error.number(), error.name()), (4000, None));
        assert_eq!(error.to_string(), "Unknown error 4000");
        assert_eq!(format!("{error:?} {:?}", Errno::ENOENT), "Errno(4000) ENOENT");
        let mut to = Vec::new();
        let mut buffer = [0; 64];
        let mut out = BufWriter::new(&mut buffer, &mut to);
        crate::put!(&mut out, error, "; ", Errno::EPIPE, "; ", Errno::new(41));
        out.flush().unwrap();
        assert_eq!(to, b"Unknown error 4000; Broken pipe; Unknown error 41");
    }

    #[test]
    fn aliases_and_edges() {
        assert_eq!(Errno::EWOULDBLOCK.name(), Some("EAGAIN"));
        assert_eq!(Errno::EDEADLOCK.name(), Some("EDEADLK"));
        assert_eq!(Errno::EHWPOISON.number(), 133);
        assert_eq!((Errno::new(0), Errno::new(4096)), (Errno::EINVAL, Errno::EINVAL));
        assert_eq!(check(-4095), Err(Errno::new(4095)));
        assert_eq!(check(-4096), Ok(-4096isize as usize));
        assert_eq!(check(0), Ok(0));
    }
}
