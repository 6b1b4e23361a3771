//! `lx exec`: raw machine code, mapped and jumped to; on request in a child that is watched.

mod report;
mod system_calls;

use crate::cli::{self, Wrong};
use crate::context::Context;
use alloc::vec;
use alloc::vec::Vec;
use rt::Errno;
use rt::child::{Child, Forked, Status, end_like, fork};
use rt::code::{Code, Writable};
use rt::elf::consts::{ET_EXEC, ET_REL, SHF_EXECINSTR, SHT_PROGBITS, SHT_SYMTAB};
use rt::elf::{Elf, SectionHeader, Symbol, Table, c_str};
use rt::fs::{Mode, O_CLOEXEC, O_RDONLY, open};
use rt::io::{Read, stdin};
use rt::signal::{SIGKILL, SIGSTOP, raise};
use rt::time::{CLOCK_MONOTONIC, Timespec, now};

const HELP: &str = "\
Runs machine code: maps FILE, or what standard input has, and jumps to its first byte. The
code's own exit status is that of lx; without any code it is 0; when the code dies of a
signal, lx dies of the same one. The code may change itself. Its registers are 0 but for the
arguments, its stack is empty and aligned to 16 bytes.

  -w, --wx           writable first, then executable (W^X): it can't change itself
  -a, --at=ADDR      map it at this address
  -A, --arg=N        the next argument, up to six: in rdi, rsi, rdx, rcx, r8, r9
  -x, --hex          the code is given as hexadecimal digits, with or without space and \\x
  -e, --elf          the code is the section .text of an ELF file
  -s, --symbol=NAME  the code begins at this symbol of an ELF file
  -r, --report       run it in a child, and tell on standard error what became of it: registers
                     before and after, signal, address, mapping, bytes, stack
  -c, --count        with --report: count the instructions, one by one (slow)
  -t, --timeout=SEC  kill it after so many seconds; the exit status is 124 then
  -S, --sandbox      it may read, write and exit only: another system call is a SIGSYS, and
                     told by name
      --help         this text

Numbers are decimal, or hexadecimal after 0x. Relocations of an ELF file are not applied.
";

#[derive(Default)]
struct Options<'a> {
    writable_once: bool,
    at: Option<usize>,
    args: [usize; 6],
    hex: bool,
    elf: bool,
    symbol: Option<&'a [u8]>,
    report: bool,
    count: bool,
    timeout: Option<Timespec>,
    sandbox: bool,
    help: bool,
}

/// What went wrong has been told.
struct Told;

pub fn run(cx: &mut Context) -> u8 {
    let mut options = Options::default();
    let (mut given, mut wrong) = (0, None);
    let args = cx.args;
    let operands = cli::parse(cx, args, HELP, &mut |_, key, value| {
        let mut number = |option| match value.and_then(number) {
            Some(number) => number,
            None => {
                wrong = wrong.or(Some((option, value.unwrap_or_default())));
                0
            }
        };
        match key {
            [b'w'] => options.writable_once = true,
            [b'a'] => options.at = Some(number("address")),
            [b'A'] => {
                let value = number("argument");
                match options.args.get_mut(given) {
                    Some(place) => *place = value,
                    None => wrong = wrong.or(Some(("argument beyond the sixth", b""))),
                }
                given += 1;
            }
            [b'x'] => options.hex = true,
            [b'e'] => options.elf = true,
            [b's'] => (options.elf, options.symbol) = (true, value),
            [b'r'] => options.report = true,
            [b'c'] => (options.report, options.count) = (true, true),
            [b't'] => match value.and_then(seconds) {
                None => wrong = wrong.or(Some(("time", value.unwrap_or_default()))),
                time => options.timeout = time,
            },
            [b'S'] => options.sandbox = true,
            _ => options.help = true,
        }
    });
    let operands = match operands {
        Ok(operands) => operands,
        Err(Wrong) => return cli::misused(cx),
    };
    if options.help {
        return cli::help(cx, "[OPTION]... [FILE]", HELP);
    }
    if let Some((what, text)) = wrong {
        message!(cx, "invalid ", what, ": '", text, "'");
        return cli::misused(cx);
    }
    if let [_, extra, ..] = *operands {
        message!(cx, "extra operand '", extra, "'");
        return cli::misused(cx);
    }
    let file = operands.first().copied().filter(|file| *file != b"-");
    match code(cx, &options, file) {
        Ok(None) => 0,
        Ok(Some(code)) if options.report || options.sandbox => watched(cx, &options, code),
        Ok(Some(code)) if options.timeout.is_some() => timed(cx, &options, code),
        Ok(Some(code)) => code.run(&options.args),
        Err(Told) => 1,
    }
}

/// A number of 64 bits; a negative one as its two's complement.
fn number(text: &[u8]) -> Option<usize> {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let (base, digits) = match text {
        [b'0', b'x' | b'X', digits @ ..] => (16, digits),
        digits => (10, digits),
    };
    if digits.is_empty() {
        return None;
    }
    let value = digits.iter().try_fold(0usize, |value, &digit| {
        let digit = char::from(digit).to_digit(base)?;
        value.checked_mul(base as usize)?.checked_add(digit as usize)
    })?;
    Some(if negative { value.wrapping_neg() } else { value })
}

/// A time in seconds, with a fraction or without.
fn seconds(text: &[u8]) -> Option<Timespec> {
    let point = text.iter().position(|&byte| byte == b'.').unwrap_or(text.len());
    let (whole, fraction) = text.split_at(point);
    let digits = |text: &[u8]| {
        text.iter().try_fold(0i64, |value, digit| {
            let digit = char::from(*digit).to_digit(10)?;
            value.checked_mul(10)?.checked_add(digit.into())
        })
    };
    let fraction = fraction.get(1..).unwrap_or_default();
    let fraction = fraction.get(..fraction.len().min(9)).unwrap_or_default();
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let tv_nsec = digits(fraction)? * 10i64.pow(9 - fraction.len() as u32);
    Some(Timespec { tv_sec: digits(whole)?, tv_nsec })
}

/// The code, mapped; none where there isn't any.
fn code(cx: &mut Context, options: &Options, file: Option<&[u8]>) -> Result<Option<Code>, Told> {
    let name = file.unwrap_or(b"standard input");
    let read = match file {
        Some(path) => {
            open(path, O_RDONLY | O_CLOEXEC, Mode(0)).and_then(|mut file| read_all(&mut file))
        }
        None => read_all(&mut stdin()),
    };
    let mut bytes = read.map_err(|errno| {
        message!(cx, name, ": ", errno);
        Told
    })?;
    if options.hex {
        bytes = from_hex(&bytes).ok_or_else(|| {
            message!(cx, name, ": these are not pairs of hexadecimal digits");
            Told
        })?;
    }
    let mut part = Part { bytes: &bytes, offset: 0, at: None };
    if options.elf {
        part = from_elf(&bytes, options.symbol).map_err(|what| {
            message!(cx, name, ": ", what);
            Told
        })?;
    }
    if part.bytes.is_empty() {
        return Ok(None);
    }
    let writable = if options.writable_once { Writable::Before } else { Writable::Always };
    let at = options.at.or(part.at);
    match Code::new(part.bytes, at, part.offset, writable) {
        Ok(code) => Ok(Some(code)),
        Err(errno) => {
            let remedy = match (errno, writable, at) {
                (Errno::EACCES | Errno::EPERM, Writable::Always, None) => {
                    ": memory may not be writable and executable here; try --wx"
                }
                (Errno::EACCES | Errno::EPERM, Writable::Always, Some(_)) => {
                    ": the address is too low, or memory may not be writable and executable \
                     here; try --wx"
                }
                (Errno::EEXIST, ..) => ": something else is mapped at this address",
                _ => "",
            };
            message!(cx, "cannot map the code: ", errno, remedy);
            Err(Told)
        }
    }
}

/// All that there is to read.
fn read_all(from: &mut dyn Read) -> rt::Result<Vec<u8>> {
    let mut bytes = vec![0; 16 << 10];
    let mut done = 0;
    loop {
        if done == bytes.len() {
            bytes.resize(done * 2, 0);
        }
        match from.read(bytes.get_mut(done..).unwrap_or_default())? {
            0 => break,
            count => done += count,
        }
    }
    bytes.truncate(done);
    Ok(bytes)
}

/// Bytes from their digits; space, `\x` and `0x` between them are passed over.
fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut rest = text;
    loop {
        rest = rest.trim_ascii_start();
        if let [b'\\' | b'0', b'x', tail @ ..] = rest {
            rest = tail;
        }
        match *rest {
            [] => return Some(bytes),
            [high, low, ref tail @ ..] => {
                let digit = |byte| char::from(byte).to_digit(16);
                bytes.push((digit(high)? << 4 | digit(low)?) as u8);
                rest = tail;
            }
            [_] => return None,
        }
    }
}

/// The part of a file that is code.
struct Part<'a> {
    bytes: &'a [u8],
    /// Where in it running begins.
    offset: usize,
    /// Where it wants to be.
    at: Option<usize>,
}

/// The section `.text`, or the section that a symbol is in, from the symbol on.
fn from_elf<'a>(bytes: &'a [u8], symbol: Option<&[u8]>) -> Result<Part<'a>, &'static str> {
    let get =
        |section: &SectionHeader| rt::elf::Source::get(bytes, section.sh_offset, section.sh_size);
    let source = &bytes;
    let elf = Elf::new(source).map_err(|_| "not an ELF file")?;
    let sections = elf.sections().ok_or("its section headers can't be read")?;
    let names = sections.get(elf.shstrndx() as usize).and_then(|names| get(&names));
    let (section, value) = match symbol {
        None => {
            let is_text = |section: &SectionHeader| {
                c_str(names.unwrap_or_default(), section.sh_name.into()) == Some(b".text")
            };
            (sections.iter().find(is_text).ok_or("it has no section .text")?, None)
        }
        Some(name) => {
            let symbol = find_symbol(&elf, sections, bytes, name).ok_or("it has no such symbol")?;
            let section = sections.get(symbol.st_shndx.into());
            (section.ok_or("the symbol is in no section")?, Some(symbol.st_value))
        }
    };
    if section.sh_type != SHT_PROGBITS || section.sh_flags & SHF_EXECINSTR == 0 {
        return Err("that is in a section that isn't code");
    }
    let bytes = get(&section).ok_or("its code lies outside the file")?;
    let base = if elf.header.e_type == ET_REL { 0 } else { section.sh_addr };
    let offset = value.unwrap_or(base).wrapping_sub(base);
    let offset = usize::try_from(offset).ok().filter(|offset| *offset <= bytes.len());
    let offset = offset.ok_or("the symbol lies outside its section")?;
    let fixed = elf.header.e_type == ET_EXEC;
    let at = if fixed { usize::try_from(section.sh_addr).ok() } else { None };
    Ok(Part { bytes, offset, at })
}

fn find_symbol(
    elf: &Elf,
    sections: Table<SectionHeader>,
    bytes: &[u8],
    name: &[u8],
) -> Option<Symbol> {
    let get = |s: &SectionHeader| rt::elf::Source::get(bytes, s.sh_offset, s.sh_size);
    sections.iter().filter(|section| section.sh_type == SHT_SYMTAB).find_map(|section| {
        let strings = sections.get(section.sh_link as usize).and_then(|strings| get(&strings))?;
        let symbols = Table::<Symbol>::packed(elf.encoding, get(&section)?);
        let is_it = |symbol: &Symbol| {
            symbol.st_shndx != 0 && c_str(strings, symbol.st_name.into()) == Some(name)
        };
        symbols.iter().find(is_it)
    })
}

/// Makes a child, in which `prepare` and then the code runs.
fn start(
    cx: &mut Context,
    options: &Options,
    code: Code,
    prepare: impl FnOnce() -> rt::Result<()>,
) -> Result<(Child, Code), Told> {
    match fork() {
        Ok(Forked::Parent(child)) => Ok((child, code)),
        Ok(Forked::Child) => match prepare() {
            Ok(()) => code.run(&options.args),
            Err(errno) => {
                message!(cx, "cannot run the code: ", errno);
                rt::process::exit(125)
            }
        },
        Err(errno) => {
            message!(cx, "cannot make a process: ", errno);
            Err(Told)
        }
    }
}

/// When time is up.
fn deadline(options: &Options) -> Option<Timespec> {
    let (time, now) = (options.timeout?, now(CLOCK_MONOTONIC).ok()?);
    let tv_nsec = now.tv_nsec + time.tv_nsec;
    let tv_sec = now.tv_sec.saturating_add(time.tv_sec).saturating_add(tv_nsec / 1_000_000_000);
    Some(Timespec { tv_sec, tv_nsec: tv_nsec % 1_000_000_000 })
}

/// The exit status where time ran out, as that of timeout(1).
const TIMED_OUT: u8 = 124;

/// Runs the code in a child that may be killed.
fn timed(cx: &mut Context, options: &Options, code: Code) -> u8 {
    let end = deadline(options);
    let Ok((mut child, _)) = start(cx, options, code, || Ok(())) else { return 1 };
    loop {
        match child.wait_until(end) {
            Ok(Some(Status::Stopped(..))) => {}
            Ok(Some(status)) => return end_like(status),
            Ok(None) => {
                let _ = child.kill(SIGKILL);
                return TIMED_OUT;
            }
            Err(errno) => {
                message!(cx, "cannot wait for the code: ", errno);
                return 1;
            }
        }
    }
}

/// Runs the code in a child that is traced.
fn watched(cx: &mut Context, options: &Options, code: Code) -> u8 {
    let end = deadline(options);
    let sandbox = options.sandbox;
    let prepare = || {
        rt::ptrace::trace_me()?;
        raise(SIGSTOP);
        if sandbox { rt::seccomp::allow_only(&system_calls::HARMLESS) } else { Ok(()) }
    };
    let Ok((child, code)) = start(cx, options, code, prepare) else { return 1 };
    report::follow(cx, options, child, &code, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times() {
        assert_eq!(number(b"0x10"), Some(16));
        assert_eq!(number(b"-1"), Some(usize::MAX));
        assert_eq!(number(b"18446744073709551615"), Some(usize::MAX));
        for text in [&b"18446744073709551616"[..], b"", b"-", b"0x", b"1f"] {
            assert_eq!(number(text), None);
        }
        let time = |text| seconds(text).map(|time| (time.tv_sec, time.tv_nsec));
        assert_eq!(time(b"2"), Some((2, 0)));
        assert_eq!(time(b".25"), Some((0, 250_000_000)));
        assert_eq!(time(b"1."), Some((1, 0)));
        assert_eq!(time(b"0.1234567899"), Some((0, 123_456_789)));
        assert_eq!((time(b""), time(b"."), time(b"-1"), time(b"1s")), (None, None, None, None));
    }

    #[test]
    fn hexadecimal_digits() {
        assert_eq!(from_hex(b" 0f05\nC3 ").unwrap(), b"\x0f\x05\xc3");
        assert_eq!(from_hex(b"\\x0f\\x05 0xc3").unwrap(), b"\x0f\x05\xc3");
        assert_eq!(from_hex(b"").unwrap(), b"");
        assert!(from_hex(b"0f0").is_none() && from_hex(b"xy").is_none());
    }
}
