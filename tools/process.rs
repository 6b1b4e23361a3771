//! Processes and core files as operands: what a word means, and what is said when nothing
//! can be told of it.

use crate::cli::{self, Help};
use crate::context::Context;
use crate::json::Json;
use crate::shell::Text;
use crate::words::{number, words};
use alloc::vec::Vec;
use core::ffi::CStr;
use rt::auxv::Vector;
use rt::elf::{CoreFile, Elf};
use rt::fmt::{Put, dec};
use rt::fs::{DT_DIR, DT_REG, File, Mode, O_NONBLOCK, O_RDONLY, fstat};
use rt::input::Input;
use rt::io::{AsFd, BorrowedFd, BufWriter, Read};
use rt::process::{ProcessDir, exists, id};
use rt::{Errno, auxv, put};

/// What a word on the command line means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operand<'a> {
    /// `self`: lx.
    Own,
    /// The number of a process: decimal, without a sign, without zeros before it.
    Pid(u32),
    /// Something else: the path of a core file, where an applet takes one.
    Path(&'a [u8]),
}

/// What a word on the command line means.
pub fn operand(word: &[u8]) -> Operand<'_> {
    if word == b"self" {
        return Operand::Own;
    }
    match number(word, 10).map(u32::try_from) {
        Some(Ok(pid @ 1..=0x7fff_ffff)) if !matches!(word, [b'0', ..]) => Operand::Pid(pid),
        _ => Operand::Path(word),
    }
}

/// Why nothing can be told of a process or core file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    Absent,
    /// There is no `/proc` at all.
    NoProc,
    /// By `hidepid`.
    Hidden,
    /// It is another user's.
    Foreign(u32),
    /// It has our user, and is guarded all the same.
    Guarded,
    /// It ended, and its parent, the process with this number, hasn't asked yet.
    Zombie(u32),
    /// Its first thread ended, others live.
    Headless,
    KernelThread,
    /// It ended, or became another program, while it was read.
    Gone,
    /// An operand that is neither a number nor a core file.
    NoCore,
    /// A core file without what was asked for.
    NoNote,
    /// Nothing says where its environment is.
    NoEnviron,
    /// Its environment leads nowhere.
    Changing,
    /// A core file, asked for what only a process has.
    NoLiveCore,
    /// The number of an error: a reason is as wide as a register.
    Other(u16),
}

impl From<Errno> for Reason {
    fn from(errno: Errno) -> Reason {
        Reason::Other(errno.number())
    }
}

impl Put for Reason {
    fn put(&self, out: &mut BufWriter) {
        match *self {
            Reason::Absent => put!(out, Errno::ESRCH),
            Reason::NoProc => put!(out, "/proc is not mounted"),
            Reason::Hidden => put!(out, "hidden: /proc is mounted with hidepid"),
            Reason::Foreign(uid) => put!(out, Errno::EACCES, ": a process of user ", dec(uid)),
            Reason::Guarded => put!(out, Errno::EACCES, ": the process is guarded"),
            Reason::Zombie(_) => put!(out, "a zombie: its memory is gone"),
            Reason::Headless => put!(out, "its first thread has ended, and shows nothing"),
            Reason::KernelThread => put!(out, "a kernel thread: it has no memory of its own"),
            Reason::Gone => put!(out, "the process ended while it was read"),
            Reason::NoCore => put!(out, "not a core file"),
            Reason::NoNote => put!(out, "the core file doesn't tell"),
            Reason::NoEnviron => put!(out, "no symbol 'environ' in its program or libraries"),
            Reason::Changing => put!(out, "its environment can't be followed in its memory"),
            Reason::NoLiveCore => put!(out, "--live is for processes, not for core files"),
            Reason::Other(number) => put!(out, Errno::new(number)),
        }
    }
}

impl Reason {
    /// The paragraph of `--why`: the likely reason and the remedy.
    fn explain(self, out: &mut BufWriter) {
        match self {
            Reason::Absent => put!(
                out,
                "  No process has this number here: it has ended, or is in another PID namespace (a\n  \
                 container), with another number. 'ls /proc' shows which there are.\n"
            ),
            Reason::NoProc => put!(
                out,
                "  The kernel tells of processes in /proc only: 'mount -t proc proc /proc'.\n"
            ),
            Reason::Hidden => put!(
                out,
                "  This /proc shows the processes of others to root only, and to the group of its gid=\n  \
                 option: see 'grep /proc /proc/mounts'. Run lx as that process's user, or as root.\n"
            ),
            Reason::Foreign(uid) => {
                put!(
                    out,
                    "  The kernel shows the memory of a process to its own user and to root\n  \
                     (CAP_SYS_PTRACE). Run lx as that user ('sudo -u #",
                    dec(uid),
                    "') or as root.\n"
                )
            }
            Reason::Guarded => put!(
                out,
                "  It is yours, and still the kernel shows its memory to root (CAP_SYS_PTRACE) only: it\n  \
                 is set-user-ID, or has capabilities that lx lacks, or made itself not dumpable (prctl\n  \
                 PR_SET_DUMPABLE, as ssh-agent does), or a security module forbids it (Yama: 'sysctl\n  \
                 kernel.yama.ptrace_scope'). Run lx as root.\n"
            ),
            Reason::Zombie(parent) => {
                put!(
                    out,
                    "  It has ended; its exit status is there until its parent, process ",
                    dec(parent),
                    ",\n  asks for it or ends.\n"
                )
            }
            Reason::Headless => put!(
                out,
                "  Its first thread, which stands for its memory, called pthread_exit. Give the number of\n  \
                 one of the others: 'ls /proc/PID/task'.\n"
            ),
            Reason::KernelThread => put!(
                out,
                "  It is a part of the kernel, not started from a program: it has no arguments, no\n  \
                 environment, no auxiliary vector, no mappings.\n"
            ),
            Reason::Gone => put!(
                out,
                "  It ended, or became another program by execve, while lx read it; nothing is made up. If\n  \
                 it is still there, try again.\n"
            ),
            Reason::NoCore => put!(
                out,
                "  A process is given by its number, without sign or zeros before it; all else is the path\n  \
                 of a core file: ELF, of the type ET_CORE.\n"
            ),
            Reason::NoEnviron => put!(
                out,
                "  A program's C library keeps its environment. It can't be found in a static program\n  \
                 without symbols, in one without a C library (Go), or where the mapped files can't be\n  \
                 opened. Without --live, the one that it was started with is shown.\n"
            ),
            Reason::Changing => put!(
                out,
                "  It points to memory that isn't there: the process is changing it now, or damaged it. Try\n  \
                 again, perhaps after 'kill -STOP PID'.\n"
            ),
            Reason::NoNote | Reason::NoLiveCore | Reason::Other(_) => {}
        }
    }
}

/// The options that process applets share, as bits of [`Given::options`].
pub const JSON: u32 = 1;
pub const WHY: u32 = 2;

/// What was given on the command line.
pub struct Given<'a> {
    /// A bit for each option.
    pub options: u32,
    pub operands: Vec<&'a [u8]>,
}

/// Sorts the arguments of an applet. `keys` are its options in the order of their bits, `json`
/// and `why` first; what isn't among them is `--help`. `value` is told of each, with its bit, and
/// says whether what came with it is right.
///
/// # Errors
/// The exit status, where all has been said.
pub fn given<'a>(
    cx: &mut Context,
    usage: rt::text::Text,
    help: Help,
    keys: &[u8],
    value: &mut dyn FnMut(u32, Option<&'a [u8]>) -> bool,
) -> Result<Given<'a>, u8>
where
    'static: 'a,
{
    const HELP: u32 = 1 << 31;
    let (mut options, mut wrong) = (0, false);
    let args = cx.args;
    let parsed = cli::parse(cx, args, help.options, &mut |cx, key, text| {
        let bit = words(keys, b' ').position(|one| one == key).map_or(HELP, |at| 1 << at);
        options |= bit;
        if !value(bit, text) {
            let dashes = if key.len() > 1 { "--" } else { "-" };
            message!(
                cx,
                "invalid argument '",
                text.unwrap_or_default(),
                "' for '",
                dashes,
                key,
                "'"
            );
            wrong = true;
        }
    });
    match parsed {
        Ok(_) if options & HELP != 0 => Err(cli::help(cx, usage, help.text)),
        Ok(operands) if !wrong => Ok(Given { options, operands }),
        _ => Err(cli::misused(cx)),
    }
}

/// Does something with each operand, lx itself where there is none: with a JSON array around
/// all, or, if `headed`, with headers, which `call` asks for, before each of several. Gives the
/// exit status.
pub fn each(
    cx: &mut Context,
    operands: &[&[u8]],
    options: u32,
    headed: bool,
    call: &mut dyn FnMut(&mut Context, Subject) -> Result<bool, Reason>,
) -> u8 {
    let own: &[&[u8]] = &[b"self"];
    let operands = if operands.is_empty() { own } else { operands };
    if options & JSON != 0 {
        cx.json().array(rt::text!(""));
    }
    let mut fine = true;
    for &word in operands {
        let headed = headed && operands.len() > 1 && options & JSON == 0;
        let done = call(cx, Subject { word, headed });
        fine &= done.unwrap_or_else(|reason| tell(cx, word, reason, options & WHY != 0));
    }
    if options & JSON != 0 {
        cx.json().end_array().end_document();
    }
    !fine as u8
}

/// An operand.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub word: &'a [u8],
    headed: bool,
}

impl Subject<'_> {
    /// Prints its header, if it has one.
    pub fn header(&self, cx: &mut Context) {
        if self.headed {
            put!(&mut cx.out, Text(self.word), ":\n");
        }
    }

    /// Begins its object, with the member that says which it is.
    pub fn object<'c, 'a>(&self, cx: &'c mut Context<'a>) -> Json<'c, 'a> {
        let json = cx.json();
        json.object(rt::text!(""));
        match operand(self.word) {
            Operand::Own => json.number(rt::text!("pid"), id().into()),
            Operand::Pid(pid) => json.number(rt::text!("pid"), pid.into()),
            Operand::Path(path) => json.text(rt::text!("core"), path),
        };
        json
    }
}

/// Tells why nothing, or no more, can be told of an operand; with `why`, a paragraph on it.
/// False, since not all went well.
pub fn tell(cx: &mut Context, subject: &[u8], reason: Reason, why: bool) -> bool {
    cx.begin_message();
    put!(&mut cx.err, subject, ": ", reason, "\n");
    if why {
        reason.explain(&mut cx.err);
    }
    cx.end_message(rt::text!(""));
    false
}

/// How often something is read again, a few microseconds each, until it makes sense.
const PATIENCE: usize = 1000;

/// No address where a stack could begin.
const STRANGE: u64 = u64::MAX;

/// More bytes than an auxiliary vector has.
pub const AUXV_ROOM: usize = 2048;

/// A process that is looked at.
pub struct Process {
    pub pid: u32,
    pub dir: ProcessDir,
}

impl Process {
    /// The process with this number; whether anything may be read of it shows when it is read.
    pub fn open(pid: u32) -> Result<Process, Reason> {
        match ProcessDir::open(pid) {
            Ok(dir) => Ok(Process { pid, dir }),
            Err(Errno::ENOENT) if exists(pid) => match ProcessDir::own() {
                Ok(_) => Err(Reason::Hidden),
                Err(_) => Err(Reason::NoProc),
            },
            Err(Errno::ENOENT) => Err(Reason::Absent),
            Err(errno) => Err(errno.into()),
        }
    }

    /// The auxiliary vector, and what `open` opens of the same program: none of it is from
    /// before an `execve` and the rest from after it. The buffer holds [`AUXV_ROOM`] bytes.
    // Not inlined nor generic: it is used in several places.
    #[inline(never)]
    pub fn steady<'b>(
        &self,
        buffer: &'b mut [u8],
        open: &mut dyn FnMut(&ProcessDir) -> rt::Result<()>,
    ) -> Result<&'b [u8], Reason> {
        for _ in 0..PATIENCE {
            let length = self.auxv(buffer)?.len();
            open(&self.dir).map_err(|errno| self.reason(errno))?;
            let auxv = buffer.get(..length).unwrap_or_default();
            // An empty one belongs to a program that is just being loaded.
            if self.still(auxv).is_ok() && Vector::of_process(auxv).entries().next().is_some() {
                return Ok(buffer.get(..length).unwrap_or_default());
            }
        }
        Err(Reason::Gone)
    }

    /// Whether it is still the program with this vector. No two have the same one: their stacks
    /// and `AT_RANDOM` lie elsewhere.
    pub fn still(&self, auxv: &[u8]) -> Result<(), Reason> {
        let mut buffer = [0; AUXV_ROOM];
        if self.auxv(&mut buffer)? == auxv { Ok(()) } else { Err(Reason::Gone) }
    }

    fn auxv<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b [u8], Reason> {
        let bytes = self.dir.read(c"auxv", buffer).map_err(|errno| self.reason(errno))?;
        if bytes.is_empty() { Err(self.check().err().unwrap_or(Reason::Gone)) } else { Ok(bytes) }
    }

    /// Reads a file of any length as a whole.
    pub fn read(&self, name: &CStr) -> Result<Vec<u8>, Reason> {
        self.dir.file(name).and_then(contents).map_err(|errno| self.reason(errno))
    }

    /// A file of strings, `cmdline` or `environ`, as a whole and of one program.
    pub fn whole(&self, name: &CStr) -> Result<Vec<u8>, Reason> {
        let mut before = self.program()?;
        let mut last = Vec::new();
        for n in 0..PATIENCE {
            let next = self.read(name)?;
            let after = self.program()?;
            let is_whole = match after {
                // A stranger reads it until it is the same twice; where it is always another,
                // or nothing, it is shown as it was at some moment.
                STRANGE => n > 800 || !next.is_empty() && (n > 8 || next == last),
                program => program > 0 && before == program,
            };
            if is_whole {
                return Ok(next);
            }
            (last, before) = (next, after);
        }
        Err(Reason::Gone)
    }

    /// Waits until `execve` has done its work.
    pub fn loaded(&self) -> Result<(), Reason> {
        for _ in 0..PATIENCE {
            if self.program()? != 0 {
                return Ok(());
            }
        }
        Err(Reason::Gone)
    }

    /// Why reading failed.
    pub fn reason(&self, errno: Errno) -> Reason {
        match errno {
            Errno::ESRCH => self.check().err().unwrap_or(Reason::Gone),
            Errno::ENOENT | Errno::EPERM if self.dir.file(c"stat").is_err() => {
                if exists(self.pid) {
                    Reason::Hidden
                } else {
                    Reason::Gone
                }
            }
            Errno::EACCES => match self.dir.owner() {
                Ok(uid) if auxv::get(auxv::AT_EUID) != Some(uid as usize) => Reason::Foreign(uid),
                _ => Reason::Guarded,
            },
            _ => errno.into(),
        }
    }

    /// Whether it is a living process with memory: that nothing was read, or that it ended
    /// where it did, is the truth then. `maps` and `cmdline` fail in no other way.
    pub fn check(&self) -> Result<(), Reason> {
        self.program().map(drop)
    }

    /// A number that no two programs of a process have in common: where its stack begins. 0
    /// while `execve` puts it there, and all else; [`STRANGE`] where that isn't shown to us.
    fn program(&self) -> Result<u64, Reason> {
        let mut buffer = [0; 1024];
        let stat = match self.dir.stat(&mut buffer) {
            Ok(stat) => stat,
            Err(Errno::ESRCH) => return Err(Reason::Gone),
            Err(errno) => return Err(self.reason(errno)),
        };
        if stat.is_kernel_thread() {
            Err(Reason::KernelThread)
        } else if stat.has_ended() && stat.field(20) > Some(1) {
            // So many threads live.
            Err(Reason::Headless)
        } else if stat.state() == b'Z' {
            Err(Reason::Zombie(stat.field(4).unwrap_or(0) as u32))
        } else if stat.has_ended() {
            Err(Reason::Gone)
        } else {
            // Where the code begins is among the last that is set, and 1 for a stranger.
            let (code, stack) = (stat.field(26).unwrap_or(1), stat.field(28).unwrap_or(0));
            Ok(match code {
                0 => 0,
                1 => STRANGE,
                _ => stack,
            })
        }
    }
}

/// All that can be read of a file without a size.
pub fn contents(file: File) -> rt::Result<Vec<u8>> {
    read_all(file.as_fd())
}

/// All that can be read from a descriptor.
pub fn read_all(mut file: BorrowedFd) -> rt::Result<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let used = all.len();
        let more = used.max(4096);
        all.resize(used + more, 0);
        let read = file.read_full(all.get_mut(used..).unwrap_or_default())?;
        all.truncate(used + read);
        if read < more {
            return Ok(all);
        }
    }
}

/// Calls with the core file at this path.
pub fn with_core(
    path: &[u8],
    call: &mut dyn FnMut(&CoreFile) -> Result<bool, Reason>,
) -> Result<bool, Reason> {
    let file = rt::fs::open(path, O_RDONLY | O_NONBLOCK, Mode(0))?;
    let stat = fstat(&file)?;
    match stat.file_type() {
        DT_REG => {}
        DT_DIR => return Err(Errno::EISDIR.into()),
        _ => return Err(Reason::NoCore),
    }
    let input = Input::new(file, stat.st_size as u64)?;
    let core = Elf::new(&input).ok().and_then(CoreFile::new).ok_or(Reason::NoCore)?;
    call(&core)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_processes() {
        assert_eq!(operand(b"self"), Operand::Own);
        assert_eq!(operand(b"1"), Operand::Pid(1));
        assert_eq!(operand(b"2147483647"), Operand::Pid(2147483647));
        for word in
            ["", "0", "01", "+1", "-1", "1 ", "0x1", "2147483648", "4294967297", "1/../self", "1a"]
        {
            assert_eq!(operand(word.as_bytes()), Operand::Path(word.as_bytes()), "{word}");
        }
    }
}
