//! `lx lseek`: the cursor of a file, and where its data is.

mod copy;
mod map;

use crate::cli;
use crate::context::Context;
use crate::process::{Given, JSON, Operand, Process, WHY, given, operand, tell};
use crate::words::{self, Bits, Hex, number as digits, short};
use alloc::vec::Vec;
use core::ffi::CStr;
use rt::fmt::{Put, dec, oct};
use rt::fs::{DT_DIR, DT_REG, File, Mode, O_CLOEXEC, O_NONBLOCK, O_RDONLY, fstat, open};
use rt::io::{AsFd, BorrowedFd, BufWriter, Seek, SeekFrom, stdin};
use rt::process::ProcessDir;
use rt::row::{find, is_printable};
use rt::text::Text;
use rt::{Errno, put, text};

const HELP: cli::Help = help!(
    "\
Where the cursor of a file is, where in it is data, and what is there. WHENCE is set (the
default), cur, end, data or hole; an OFFSET decimal, or hexadecimal after 0x, with K, M, G, T, P
or E behind it in units of 1024, 1024^2 and so on. FILE '-' is standard input.

  -v, --verbose      also the flags, mount and inode of the descriptor
  -m, --map          ranges of data and holes, and what they sum up to
  -e, --extents      where they are on the device, as 'filefrag -v' shows it
  -d, --draw         the file as a line: '#' data, '.' hole, '+' some of both
  -b, --blocks       --map in blocks of the file system
  -r, --read         LENGTH bytes from OFFSET on, or all, to standard output
      --sparse       with --read: holes as holes where standard output is a file
  -p, --pid=PID      the cursor and flags of another process's descriptor
      --json         one JSON document: numbers beyond 2^53 are strings
      --why          with --pid: why a process can't be read, and what helps
      --help         this text
"
);

const USAGE: &str = "[-v] FILE OFFSET [WHENCE]\n   or: lx lseek -m|-e|-d [-b] FILE\n\
    \x20  or: lx lseek -r [--sparse] FILE OFFSET [LENGTH]\n   or: lx lseek -p PID FD";

/// The options, in the order of their bits.
const KEYS: &[u8] = b"json why v m e d b r sparse p";
const VERBOSE: u32 = 4;
const MAP: u32 = 8;
const EXTENTS: u32 = 16;
const DRAW: u32 = 32;
const BLOCKS: u32 = 64;
const READ: u32 = 128;
const SPARSE: u32 = 256;
const PID: u32 = 512;

/// What went wrong has been told.
struct Told;

type Done<T = ()> = Result<T, Told>;

pub fn run(cx: &mut Context) -> u8 {
    // What looks like a number is an offset, whatever its sign.
    let (mut args, mut negative) = (Vec::new(), None);
    for arg in cx.args.iter().copied() {
        match arg {
            [b'-', b'0'..=b'9', ..] => negative = negative.or(Some(arg)),
            _ => args.push(arg),
        }
    }
    cx.args = args.leak();
    let mut pid = None;
    let given = given(cx, text!(USAGE), HELP, KEYS, &mut |bit, value| {
        pid = if bit == PID { value } else { pid };
        true
    });
    let Given { options, mut operands } = match given {
        Ok(given) => given,
        Err(status) => return status,
    };
    if let Some(offset) = negative {
        operands.insert(operands.len().min(1), offset);
    }
    let shows = options & (MAP | EXTENTS | DRAW) != 0;
    let reads = options & READ != 0;
    let done = match (pid, &*operands) {
        (Some(pid), [fd]) => of_process(cx, options, pid, fd),
        (None, [file]) if shows && !reads => map::show(cx, options, file),
        (None, [file, offset, last @ ..]) if !shows && last.len() <= 1 => {
            let last = last.first().copied();
            if reads {
                copy::read(cx, file, offset, last, options & SPARSE != 0)
            } else {
                seek(cx, options, file, offset, last.unwrap_or(b"set"))
            }
        }
        (_, words) => return operands_are_wrong(cx, words),
    };
    done.is_err().into()
}

fn operands_are_wrong(cx: &mut Context, words: &[&[u8]]) -> u8 {
    match words {
        [] => message!(cx, "missing operand"),
        [.., last] => message!(cx, "wrong number of operands, up to '", *last, "'"),
    }
    cli::misused(cx)
}

/// Opens a file without waiting for anything.
fn open_file(cx: &mut Context, path: &[u8]) -> Done<Opened> {
    if path == b"-" {
        return Ok(Opened(None));
    }
    match open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, Mode(0)) {
        Ok(file) => Ok(Opened(Some(file))),
        Err(errno) => Err(told(cx, text!("cannot open '"), path, errno, text!(""))),
    }
}

/// A file, or standard input.
struct Opened(Option<File>);

impl AsFd for Opened {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_ref().map_or(stdin(), AsFd::as_fd)
    }
}

/// Tells what went wrong with a file; of what has no places, that.
fn fail(cx: &mut Context, path: &[u8], errno: Errno) -> Told {
    let is_pipe = errno == Errno::ESPIPE;
    let tail =
        if is_pipe { text!(": a pipe, socket or terminal has no cursor") } else { text!("") };
    told(cx, text!("'"), path, errno, tail)
}

fn told(cx: &mut Context, head: Text, path: &[u8], errno: Errno, tail: Text) -> Told {
    message!(cx, head, path, "': ", errno, tail);
    Told
}

/// How long a file is: what can be sought in has an end.
fn size(cx: &mut Context, path: &[u8], mut file: BorrowedFd) -> Done<u64> {
    let found = fstat(file).and_then(|stat| match stat.file_type() {
        DT_REG => Ok(stat.st_size as u64),
        DT_DIR => Err(Errno::EISDIR),
        _ => file.seek(SeekFrom::End(0)),
    });
    found.map_err(|errno| fail(cx, path, errno))
}

/// A number as the help has it; none where it isn't one or has more than 63 bits.
fn number(text: &[u8]) -> Option<i64> {
    let (negative, text) = match text {
        [b'-', text @ ..] => (true, text),
        [b'+', text @ ..] | text => (false, text),
    };
    let (text, unit) = match text {
        [head @ .., last] if !head.is_empty() => {
            match b"KMGTPE".iter().position(|unit| unit == last) {
                Some(power) => (head, 1 << (10 * (power + 1))),
                None => (text, 1),
            }
        }
        _ => (text, 1),
    };
    let (base, text) = match text {
        [b'0', b'x' | b'X', digits @ ..] => (16, digits),
        digits => (10, digits),
    };
    let value = digits(text, base)?.checked_mul(unit)?;
    if negative { 0i64.checked_sub_unsigned(value) } else { value.try_into().ok() }
}

/// The number that a word is; only where there is a direction it may be negative.
fn told_number(cx: &mut Context, what: Text, text: &[u8], directed: bool) -> Done<i64> {
    let value = number(text);
    match value {
        Some(value) if directed || value >= 0 => return Ok(value),
        _ => {}
    }
    let tail = if value.is_some() { text!("': it is negative") } else { text!("'") };
    message!(cx, "invalid ", what, ": '", text, tail);
    Err(Told)
}

/// A number that isn't negative.
fn place(cx: &mut Context, what: Text, text: &[u8]) -> Done<u64> {
    told_number(cx, what, text, false).map(|value| value as u64)
}

/// Seeks, and tells where the cursor is then.
// Not inlined: its frame is large, as are those of the others that `run` calls.
#[inline(never)]
fn seek(cx: &mut Context, options: u32, path: &[u8], offset: &[u8], whence: &[u8]) -> Done {
    let file = open_file(cx, path)?;
    let Some(kind) = words::place(b"set cur end data hole", whence) else {
        message!(cx, "invalid whence: '", whence, "'; it is set, cur, end, data or hole");
        return Err(Told);
    };
    let value = told_number(cx, text!("offset"), offset, matches!(kind, 1 | 2))?;
    let to = match kind {
        0 => SeekFrom::Start(value as u64),
        1 => SeekFrom::Current(value),
        2 => SeekFrom::End(value),
        3 => SeekFrom::Data(value as u64),
        _ => SeekFrom::Hole(value as u64),
    };
    let position = match file.as_fd().seek(to) {
        Ok(position) => position,
        Err(Errno::ENXIO) => {
            let what = match kind {
                3 => text!(": no data from there on"),
                _ => text!(": it lies behind the end"),
            };
            return Err(told(cx, text!("'"), path, Errno::ENXIO, what));
        }
        Err(errno) => return Err(fail(cx, path, errno)),
    };
    let mut buffer = [0; 1024];
    let mut known: &[u8] = &[];
    if options & VERBOSE != 0 {
        let number = file.as_fd().number() as u32;
        match ProcessDir::own().and_then(|dir| info(&dir, number, &mut buffer)) {
            Ok(info) => known = info,
            Err(errno) => return Err(fail(cx, b"/proc/self/fdinfo", errno)),
        }
    }
    show_info(cx, options, Some(path), position, known);
    Ok(())
}

/// What `/proc` tells of a descriptor (`man 5 proc_pid_fdinfo`).
fn info<'b>(dir: &ProcessDir, fd: u32, buffer: &'b mut [u8]) -> rt::Result<&'b [u8]> {
    let name = short(&mut |out| put!(out, "fdinfo/", dec(fd), [0]));
    let name = CStr::from_bytes_with_nul(&name).map_err(|_| Errno::EINVAL)?;
    dir.read(name, buffer)
}

/// The name and the value of a line of `fdinfo`; some lines have none.
#[inline(never)]
fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = find(line, b':')?;
    Some((line.get(..colon)?, line.get(colon + 1..)?.trim_ascii()))
}

/// Flags of `man 2 open`, of x86-64; the first two come with [`INCLUDED`].
const FLAGS: Bits = Bits {
    bits: &[22, 20, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21],
    names: b"O_TMPFILE O_SYNC O_CREAT O_EXCL O_NOCTTY O_TRUNC O_APPEND O_NONBLOCK O_DSYNC O_ASYNC \
        O_DIRECT O_LARGEFILE O_DIRECTORY O_NOFOLLOW O_NOATIME O_CLOEXEC O_PATH",
};

/// `O_TMPFILE` and `O_SYNC`, and of each the bit that is another flag when it is alone.
const INCLUDED: [(u64, u64); 2] = [(0o20200000, 0o200000), (0o4010000, 0o10000)];

/// The names of flags, the access mode first; what has none as an octal number.
fn each_flag(value: u64, call: &mut dyn FnMut(&'static [u8])) -> u64 {
    call(
        words::word(b"O_RDONLY O_WRONLY O_RDWR O_ACCMODE", b' ', value as usize & 3)
            .unwrap_or_default(),
    );
    let mut rest = value & !3;
    for (both, included) in INCLUDED {
        if rest & both == both {
            rest &= !included;
        }
    }
    FLAGS.each(rest, call)
}

/// The cursor, and what else is known of a descriptor.
fn show_info(cx: &mut Context, options: u32, path: Option<&[u8]>, position: u64, info: &[u8]) {
    let json = options & JSON != 0;
    if json {
        cx.json().object(rt::text!(""));
        if let Some(path) = path {
            cx.json().text(rt::text!("file"), path);
        }
        cx.json().number(rt::text!("position"), position);
        if !info.is_empty() {
            cx.json().object(rt::text!("fdinfo"));
        }
    } else {
        put!(&mut cx.out, "Cursor position: ", dec(position), "\n");
    }
    for line in words::words(info, b'\n') {
        let Some((name, value)) = field(line) else { continue };
        if !json {
            put!(&mut cx.out, Shown(name), ": ", Shown(value));
        }
        if name == b"flags" {
            show_flags(cx, json, digits(value, 8).unwrap_or(0));
        } else if json && words::place(b"pos mnt_id ino", name).is_some() {
            // Some kinds of descriptors have other lines more than once.
            cx.json().digits(name, digits(value, 10).unwrap_or(0));
        }
        if !json {
            put!(&mut cx.out, "\n");
        }
    }
    if json {
        if !info.is_empty() {
            cx.json().end_object();
        }
        cx.json().end_object().end_document();
    }
}

/// The names of flags: in parentheses, or beside their number.
fn show_flags(cx: &mut Context, json: bool, flags: u64) {
    if json {
        cx.json().number(rt::text!("flags"), flags).array(rt::text!("flags_names"));
    }
    let mut mark = " (";
    let rest = each_flag(flags, &mut |name| {
        if json {
            cx.json().words(rt::text!(""), name);
        } else {
            put!(&mut cx.out, mark, name);
            mark = "|";
        }
    });
    if json {
        cx.json().end_array();
        return;
    }
    if rest != 0 {
        put!(&mut cx.out, "|0", oct(rest));
    }
    put!(&mut cx.out, ")");
}

/// Text of the kernel's; where it isn't plain, as hexadecimal digits.
struct Shown<'a>(&'a [u8]);

impl Put for Shown<'_> {
    fn put(&self, out: &mut BufWriter) {
        if is_printable(self.0) {
            out.bytes(self.0);
        } else {
            put!(out, Hex(self.0));
        }
    }
}

/// The cursor of another process's descriptor.
#[inline(never)]
fn of_process(cx: &mut Context, options: u32, pid: &[u8], fd: &[u8]) -> Done {
    let number = match operand(pid) {
        Operand::Pid(number) => Some(number),
        _ => None,
    };
    let (Some(number), Some(fd)) = (number, number_of_fd(fd)) else {
        let word = if number.is_none() { pid } else { fd };
        message!(cx, "'", word, "' is not the number of a process or descriptor");
        return Err(Told);
    };
    let mut buffer = [0; 4096];
    let found =
        Process::open(number).and_then(|process| match info(&process.dir, fd, &mut buffer) {
            Ok(info) => Ok(Some(info)),
            Err(Errno::ENOENT) if process.check().is_ok() => Ok(None),
            Err(errno) => Err(process.reason(errno)),
        });
    match found {
        Ok(Some(info)) => {
            // The cursor is in the first line.
            let first = words::words(info, b'\n').next().unwrap_or_default();
            let position = field(first).and_then(|(_, value)| digits(value, 10)).unwrap_or(0);
            show_info(cx, options, None, position, info);
            return Ok(());
        }
        Ok(None) => message!(cx, pid, ": no descriptor ", dec(fd), " is open"),
        Err(reason) => _ = tell(cx, pid, reason, options & WHY != 0),
    }
    Err(Told)
}

fn number_of_fd(text: &[u8]) -> Option<u32> {
    number(text).and_then(|fd| u32::try_from(fd).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, value) in [
            ("0", Some(0)),
            ("+7", Some(7)),
            ("-12", Some(-12)),
            ("0x10", Some(16)),
            ("4K", Some(4096)),
            ("-1M", Some(-1 << 20)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("-8E", Some(i64::MIN)),
            ("8E", None),
            ("9223372036854775808", None),
            ("", None),
            ("-", None),
            ("K", None),
            ("0x", None),
            ("1k", None),
            ("1.5", None),
            ("--1", None),
        ] {
            assert_eq!(number(text.as_bytes()), value, "{text}");
        }
    }

    #[test]
    fn flags_have_names() {
        let names = |value| {
            let mut names = std::vec::Vec::new();
            let rest = each_flag(value, &mut |name| names.push(std::str::from_utf8(name).unwrap()));
            (names.join("|"), rest)
        };
        assert_eq!(names(0o100000), ("O_RDONLY|O_LARGEFILE".into(), 0));
        assert_eq!(names(0o4012002), ("O_RDWR|O_SYNC|O_APPEND".into(), 0));
        assert_eq!(names(0o20300001), ("O_WRONLY|O_TMPFILE|O_LARGEFILE".into(), 0));
        assert_eq!(names(0o40000000003), ("O_ACCMODE".into(), 0o40000000000));
    }
}
