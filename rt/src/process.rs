//! Processes: how this one ends, and what `/proc` tells of any.
//!
//! A [`ProcessDir`] holds the directory `/proc/PID` open, and all is read below it: when the
//! process is gone, that is an error (`ESRCH`), and never what the next process with the same
//! number has to tell. What the kernel answers for a process without memory (measured on
//! Linux 6.18): `auxv`, `environ` and `mem` of a zombie or a kernel thread are `ESRCH`, but
//! `maps` and `cmdline` are 0 bytes without an error. Whoever gets 0 bytes of these asks
//! [`ProcessDir::living`], and so does whoever read a long file in several pieces, since a
//! process that ends in between leaves no trace there either.
//!
//! While `execve` puts a program in place, `cmdline` and `environ` are empty as well, `auxv` has
//! no entries, and field 26 of `stat` (`startcode`) is 0 for whoever may see it.
//!
//! `execve` gives a process another memory: a file of `/proc/PID` that shows memory stays
//! with the one that it was opened on. To combine two such files, open the second one, and
//! then see that [`auxv`](crate::auxv) reads as it did before.

// Most of this is `#[inline]`: rarely called, so it is compiled for size, with its caller's options.

use crate::arch::{PAGE, nr, syscall};
use crate::elf::CoreFile;
use crate::errno::{Errno, Result, check};
use crate::fs::{AT_EMPTY_PATH, File, Mode, O_DIRECTORY, O_PATH, O_RDONLY, fstatat, open, openat};
use crate::input::Input;
use crate::io::{AsFd, BorrowedFd, BufWriter, Read, pread};
use crate::signal::{SIGABRT, raise};
use core::ffi::CStr;

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

/// The number of this process (`man 2 getpid`).
pub fn id() -> u32 {
    // SAFETY: it only asks.
    unsafe { syscall(nr::GETPID, []) as u32 }
}

/// Whether there is a process, or a thread, with this number: `kill` with no signal
/// (`man 2 kill`), which `/proc` can't hide it from.
pub fn exists(pid: u32) -> bool {
    let Ok(pid @ 1..) = i32::try_from(pid) else { return false };
    // SAFETY: no signal is sent.
    check(unsafe { syscall(nr::KILL, [pid as usize, 0]) }) != Err(Errno::ESRCH)
}

/// The directory `/proc/PID` of one process, held open: of this one, never of another one
/// that gets its number later.
pub struct ProcessDir(File);

impl AsFd for ProcessDir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl ProcessDir {
    /// The directory of the process with this number.
    ///
    /// # Errors
    /// `ENOENT`: there is none, or `/proc` hides it (`hidepid`): [`exists`] tells. With
    /// `hidepid=1` or `2` it is there, and what is below it is `EPERM` or `ENOENT`.
    #[inline]
    pub fn open(pid: u32) -> Result<ProcessDir> {
        let mut path = [0; 20];
        let mut nowhere = crate::io::stderr();
        // Twenty bytes are enough for any number: the buffer is never passed on.
        let mut out = BufWriter::new(&mut path, &mut nowhere);
        crate::put!(&mut out, "/proc/", crate::fmt::dec(pid));
        ProcessDir::at(crate::elf::c_str(&path, 0).unwrap_or_default())
    }

    /// The directory of this process.
    ///
    /// # Errors
    /// `ENOENT`: no `/proc` is mounted.
    #[inline]
    pub fn own() -> Result<ProcessDir> {
        ProcessDir::at(b"/proc/self")
    }

    #[inline]
    fn at(path: &[u8]) -> Result<ProcessDir> {
        open(path, O_PATH | O_DIRECTORY, Mode(0)).map(ProcessDir)
    }

    /// Opens a file in it for reading.
    ///
    /// # Errors
    /// `ESRCH`: the process is gone, or has no memory to show; `EACCES`: it is another
    /// user's, or not dumpable; `ENOENT`, `EPERM`: `hidepid`.
    pub fn file(&self, name: &CStr) -> Result<File> {
        openat(self, name, O_RDONLY, Mode(0))
    }

    /// Reads a small file as a whole; the result lies in the buffer.
    ///
    /// # Errors
    /// Those of [`file`](ProcessDir::file); `EFBIG`: it doesn't fit.
    #[inline]
    pub fn read<'b>(&self, name: &CStr, buffer: &'b mut [u8]) -> Result<&'b [u8]> {
        let length = self.file(name)?.read_full(buffer)?;
        buffer.get(..length).filter(|_| length < buffer.len()).ok_or(Errno::EFBIG)
    }

    /// Reads a file of any length as a whole, into memory of its own.
    ///
    /// # Errors
    /// Those of [`file`](ProcessDir::file) and of [`Input::new`].
    #[inline]
    pub fn input(&self, name: &CStr) -> Result<Input> {
        Input::new(self.file(name)?, 0)
    }

    /// The state of the process: the file `stat`, read into the buffer, for which 1024 bytes
    /// are enough.
    ///
    /// # Errors
    /// Those of [`read`](ProcessDir::read); `ENODATA`: it isn't what the kernel writes.
    #[inline]
    pub fn stat<'b>(&self, buffer: &'b mut [u8]) -> Result<ProcessStat<'b>> {
        ProcessStat::new(self.read(c"stat", buffer)?).ok_or(Errno::ENODATA)
    }

    /// Whether the process still lives and has memory, so that 0 bytes, or the end of what
    /// was read, are the truth.
    ///
    /// # Errors
    /// `ESRCH`: it is gone, a zombie, about to end, or a kernel thread.
    #[inline]
    pub fn living(&self) -> Result<()> {
        let mut buffer = [0; 1024];
        if self.stat(&mut buffer)?.has_memory() { Ok(()) } else { Err(Errno::ESRCH) }
    }

    /// The memory of the process.
    ///
    /// # Errors
    /// Those of [`file`](ProcessDir::file); `EACCES` also where a security module lets no
    /// process be traced but one's own children (Yama's `ptrace_scope`).
    #[inline]
    pub fn memory(&self) -> Result<Memory> {
        self.file(c"mem").map(Memory)
    }

    /// The user that the process acts as: its effective user ID.
    pub fn owner(&self) -> Result<u32> {
        fstatat(self, c"", AT_EMPTY_PATH).map(|stat| stat.st_uid)
    }
}

/// What is in `/proc/PID/stat` (`man 5 proc_pid_stat`).
#[derive(Clone, Copy)]
pub struct ProcessStat<'a> {
    /// The name of the program, or of the thread: any bytes but zero.
    pub comm: &'a [u8],
    /// What comes after it: the state and numbers.
    fields: &'a [u8],
}

impl<'a> ProcessStat<'a> {
    /// Reads the line. The name may hold whatever looks like the rest: it ends at the last
    /// parenthesis.
    #[inline]
    pub fn new(line: &'a [u8]) -> Option<Self> {
        let start = line.iter().position(|&byte| byte == b'(')?;
        let end = line.iter().rposition(|&byte| byte == b')')?;
        let comm = line.get(start + 1..end)?;
        let fields = line.get(end + 1..)?.strip_prefix::<[u8]>(b" ")?;
        Some(ProcessStat { comm, fields })
    }

    #[inline]
    fn text(&self, number: usize) -> Option<&'a [u8]> {
        let mut fields = self.fields.trim_ascii_end().split(|&byte| byte == b' ');
        fields.nth(number.checked_sub(3)?)
    }

    /// `R` running, `S` sleeping, `D` waiting for a disk, `T` stopped, `t` stopped by a
    /// tracer, `Z` zombie, `X` dead, `I` idle.
    #[inline]
    pub fn state(&self) -> u8 {
        self.text(3).and_then(|text| text.first()).copied().unwrap_or(b'?')
    }

    /// The field with this number in the manual page, from 4 on; a negative one as two's
    /// complement.
    #[inline]
    pub fn field(&self, number: usize) -> Option<u64> {
        let text = self.text(number)?;
        let (digits, sign) = match text.strip_prefix::<[u8]>(b"-") {
            Some(digits) => (digits, u64::MAX),
            None => (text, 1),
        };
        crate::maps::digits(digits, &mut 0, b' ', 10).map(|value| value.wrapping_mul(sign))
    }

    /// `PF_*` of the kernel (field 9).
    #[inline]
    fn flags(&self) -> u64 {
        self.field(9).unwrap_or(0)
    }

    /// A thread of the kernel: `PF_KTHREAD`.
    #[inline]
    pub fn is_kernel_thread(&self) -> bool {
        self.flags() & 0x0020_0000 != 0
    }

    /// A process that has ended, and whose parent hasn't asked for its status yet; or one
    /// that is about to end: `PF_EXITING`.
    #[inline]
    pub fn has_ended(&self) -> bool {
        matches!(self.state(), b'Z' | b'X' | b'x') || self.flags() & 4 != 0
    }

    /// Whether there is memory of its own to look at.
    #[inline]
    pub fn has_memory(&self) -> bool {
        !self.is_kernel_thread() && !self.has_ended()
    }
}

/// Memory that isn't ours: a process's, or what a core file keeps of it.
pub trait AddressSpace {
    /// Reads from an address on, and says how many bytes: fewer than the buffer holds only
    /// where the next one can't be read.
    ///
    /// # Errors
    /// `EIO`: the first byte can't be read; `ESRCH`: the process is gone, and what it leaves
    /// in the buffer is worth nothing.
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<usize>;

    /// Fills the buffer, or fails: `EIO` where any of it can't be read.
    fn read_exact(&self, address: u64, buffer: &mut [u8]) -> Result<()> {
        let length = buffer.len();
        if self.read(address, buffer)? == length { Ok(()) } else { Err(Errno::EIO) }
    }
}

// Not of the trait: once for all of them.
impl dyn AddressSpace + '_ {
    /// The string at an address without its zero byte, in as much of the buffer as it needs.
    ///
    /// # Errors
    /// Those of [`read`](AddressSpace::read) where no zero byte can be read; `ENAMETOOLONG`:
    /// it doesn't fit.
    #[inline]
    pub fn string<'b>(&self, address: u64, buffer: &'b mut [u8]) -> Result<&'b [u8]> {
        let mut done = 0;
        // Up to the end of a page at a time: the next one need not be there.
        while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let at = address.checked_add(done as u64).ok_or(Errno::EIO)?;
            let room = rest.len().min(PAGE - at as usize % PAGE);
            let chunk = rest.get_mut(..room).unwrap_or_default();
            let length = self.read(at, chunk)?;
            let read = chunk.get(..length).unwrap_or_default();
            if let Some(end) = read.iter().position(|&byte| byte == 0) {
                return Ok(buffer.get(..done + end).unwrap_or_default());
            }
            if length < room {
                return Err(Errno::EIO);
            }
            done += length;
        }
        Err(Errno::ENAMETOOLONG)
    }
}

/// The memory of a process: `/proc/PID/mem`, open. It stays with the memory that the process
/// had then; after an `execve` that is gone.
pub struct Memory(File);

impl AddressSpace for Memory {
    #[inline]
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<usize> {
        let mut done = 0;
        while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let Some(at) = address.checked_add(done as u64) else { break };
            match pread(&self.0, rest, at) {
                // There is no end of an address space: it is gone.
                Ok(0) => return Err(Errno::ESRCH),
                Ok(n) => done += n,
                // What lies beyond i64::MAX is no place in a file.
                Err(Errno::EIO | Errno::EINVAL) => break,
                Err(error) => return Err(error),
            }
        }
        if done > 0 || buffer.is_empty() { Ok(done) } else { Err(Errno::EIO) }
    }
}

impl AddressSpace for CoreFile<'_> {
    #[inline]
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<usize> {
        match self.memory(address, buffer) {
            0 if !buffer.is_empty() => Err(Errno::EIO),
            length => Ok(length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};
    use std::vec::Vec;

    #[test]
    fn a_name_may_look_like_the_rest() {
        let line = b"77 (a) R 1 (\n) Z) S 5 77 -1 0 -1 4194560 18446744073709551615 x\n";
        let stat = ProcessStat::new(line).unwrap();
        assert_eq!(stat.comm, b"a) R 1 (\n) Z");
        assert_eq!((stat.state(), stat.field(4), stat.field(6)), (b'S', Some(5), Some(u64::MAX)));
        assert_eq!((stat.field(10), stat.field(11), stat.field(12)), (Some(u64::MAX), None, None));
        assert!(stat.has_memory());
        let of = |line: &'static [u8]| ProcessStat::new(line).unwrap();
        assert!(of(b"1 () Z 0 0 0 0 -1 4").has_ended());
        assert!(of(b"1 () R 0 0 0 0 -1 4").has_ended());
        assert!(of(b"2 (kthreadd) S 0 0 0 0 -1 2129984 0").is_kernel_thread());
        for line in [&b""[..], b"1", b"1 (", b"1 )(", b"1 (x)", b"1 (x)S"] {
            assert!(ProcessStat::new(line).is_none(), "{}", line.escape_ascii());
        }
    }

    #[test]
    fn memory_is_read_as_far_as_it_goes() {
        use crate::mm::{MAP_PRIVATE, Mapping, PROT_READ};
        let path = std::env::temp_dir().join(std::format!("rt-process-{}", std::process::id()));
        let mut content = [b'x'; PAGE];
        content[100] = 0;
        std::fs::write(&path, content).unwrap();
        let file = open(path.to_str().unwrap(), O_RDONLY, Mode(0)).unwrap();
        std::fs::remove_file(&path).unwrap();
        // The second page lies behind the end of the file, and can't be read.
        let pages = Mapping::file(file, 0, 2 * PAGE, PROT_READ, MAP_PRIVATE).unwrap();
        let memory = ProcessDir::own().unwrap().memory().unwrap();
        let memory: &dyn AddressSpace = &memory;
        let start = pages.as_ptr().as_ptr().cast::<u8>() as u64;
        let mut buffer = [0; PAGE];
        assert_eq!(memory.read(start + 96, &mut buffer), Ok(PAGE - 96));
        assert_eq!(&buffer[..6], b"xxxx\0x");
        assert_eq!(memory.read_exact(start + 1, &mut buffer), Err(Errno::EIO));
        assert_eq!(memory.read(start + PAGE as u64, &mut buffer), Err(Errno::EIO));
        assert_eq!(memory.read(u64::MAX - 5, &mut buffer), Err(Errno::EIO));
        assert_eq!(memory.read(0, &mut []), Ok(0));
        assert_eq!(memory.string(start + 97, &mut buffer), Ok(&b"xxx"[..]));
        assert_eq!(memory.string(start + 101, &mut buffer), Err(Errno::EIO));
        assert_eq!(memory.string(start + 97, &mut [0; 3]), Err(Errno::ENAMETOOLONG));
        assert_eq!(memory.string(start + 97, &mut [0; 4]), Ok(&b"xxx"[..]));
    }

    #[test]
    fn a_process_that_is_gone_is_noticed() {
        let mut child = Command::new("sleep").arg("100").stdout(Stdio::null()).spawn().unwrap();
        let dir = ProcessDir::open(child.id()).unwrap();
        assert_eq!((dir.living(), exists(child.id())), (Ok(()), true));
        let memory = dir.memory().unwrap();
        child.kill().unwrap();
        // A zombie until it is waited for; its end may take a moment.
        while dir.living().is_ok() {
            std::thread::yield_now();
        }
        assert_eq!(memory.read(4096, &mut [0]), Err(Errno::ESRCH));
        assert_eq!(dir.file(c"auxv").err(), Some(Errno::ESRCH));
        child.wait().unwrap();
        for name in [c"stat", c"maps", c"cmdline", c"auxv"] {
            assert_eq!(dir.file(name).err(), Some(Errno::ESRCH), "{name:?}");
        }
        assert_eq!(dir.living(), Err(Errno::ESRCH));
        assert!(!exists(0) && !exists(u32::MAX) && id() == std::process::id());
    }

    #[test]
    fn files_of_any_length() {
        let dir = ProcessDir::own().unwrap();
        let mut buffer = [0; 1024];
        let expected = std::fs::read("/proc/self/cmdline").unwrap();
        let input = dir.input(c"cmdline").unwrap();
        let all: Vec<u8> =
            crate::elf::Source::get(&input, 0, expected.len() as u64).unwrap().into();
        assert_eq!(all, expected);
        assert_eq!(dir.read(c"auxv", &mut buffer[..64]).err(), Some(Errno::EFBIG));
        let stat = dir.stat(&mut buffer).unwrap();
        assert_eq!(stat.field(4), Some(u64::from(std::os::unix::process::parent_id())));
        assert!(dir.owner().is_ok());
    }
}
