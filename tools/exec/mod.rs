//! `lx exec`: raw machine code, mapped and jumped to; on request in a child that is watched.

mod report;
mod system_calls;

use crate::cli::{self, Wrong};
use crate::context::Context;
use crate::process::read_all;
use crate::words::{number as digits_of, place, unpacked, words};
use alloc::vec::Vec;
use rt::child::{Child, Forked, Status, end_like, fork};
use rt::code::{Code, Writable};
use rt::elf::consts::{ET_EXEC, ET_REL, SHF_EXECINSTR, SHT_PROGBITS, SHT_SYMTAB};
use rt::elf::{Elf, SectionHeader, Symbol, Table, c_str};
use rt::fs::{Mode, O_CLOEXEC, O_RDONLY, open};
use rt::io::{AsFd, stdin};
use rt::signal::{SIGKILL, SIGSTOP, raise};
use rt::text::Text;
use rt::time::{CLOCK_MONOTONIC, Timespec, now};
use rt::{Errno, put, text};

const HELP: cli::Help = help!(
    "\
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
"
);

/// The options, in the order of their bits.
const KEYS: &[u8] = b"w x e r c S s a A t";
const WRITABLE_ONCE: u32 = 1;
const HEX: u32 = 2;
const ELF: u32 = 4;
const REPORT: u32 = 8;
const COUNT: u32 = 16;
const SANDBOX: u32 = 32;
const SYMBOL: u32 = 64;
/// Those whose code runs in a child that is traced.
const TRACED: u32 = REPORT | COUNT | SANDBOX;

#[derive(Default)]
struct Options<'a> {
    /// A bit for each that was given.
    given: u32,
    at: Option<usize>,
    args: [usize; 6],
    /// How many of them were given.
    count: usize,
    symbol: &'a [u8],
    timeout: Option<Timespec>,
    help: bool,
    /// What is no number or no time: what it should be, and its text.
    wrong: Option<(Text, &'a [u8])>,
}

impl<'a> Options<'a> {
    fn has(&self, option: u32) -> bool {
        self.given & option != 0
    }

    fn set(&mut self, key: &[u8], text: &'a [u8]) {
        let place = place(KEYS, key);
        self.given |= place.map_or(0, |place| 1 << place);
        self.help |= place.is_none();
        let number = number(text);
        let (what, right) = match place {
            Some(6) => {
                self.symbol = text;
                return;
            }
            Some(7) => {
                self.at = number;
                (text!("address"), number.is_some())
            }
            Some(8) => {
                let place = self.args.get_mut(self.count);
                self.count += 1;
                match (place, number) {
                    (Some(place), Some(number)) => {
                        *place = number;
                        return;
                    }
                    (Some(_), None) => (text!("argument"), false),
                    (None, _) => (text!("argument beyond the sixth"), false),
                }
            }
            Some(9) => {
                self.timeout = seconds(text);
                (text!("time"), self.timeout.is_some())
            }
            _ => return,
        };
        if !right {
            // The first one is told.
            self.wrong = self.wrong.or(Some((what, text)));
        }
    }
}

pub fn run(cx: &mut Context) -> u8 {
    let mut options = Options::default();
    let args = cx.args;
    let operands = cli::parse(cx, args, HELP.options, &mut |_, key, value| {
        options.set(key, value.unwrap_or_default());
    });
    let Ok(operands) = operands.map_err(|Wrong| ()) else { return cli::misused(cx) };
    if options.help {
        return cli::help(cx, text!("[OPTION]... [FILE]"), HELP.text);
    }
    if let Some((what, text)) = options.wrong {
        message!(cx, "invalid ", what, ": '", text, "'");
        return cli::misused(cx);
    }
    if let [_, extra, ..] = *operands {
        message!(cx, "extra operand '", extra, "'");
        return cli::misused(cx);
    }
    let file = operands.first().copied().filter(|file| *file != b"-");
    load(cx, &options, file)
}

/// Runs the code, as it is wanted.
// Not inlined: so the code is nowhere copied to.
#[inline(never)]
fn run_code(cx: &mut Context, options: &Options, code: &mut Code) -> u8 {
    let traced = options.has(TRACED);
    if !traced && options.timeout.is_none() {
        code.run(&options.args);
    }
    let end = deadline(options);
    let Some(mut child) = start(cx, options, code, traced) else { return 1 };
    if traced {
        return report::follow(cx, options, child, code, end);
    }
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

/// A number of 64 bits; a negative one as its two's complement.
fn number(text: &[u8]) -> Option<usize> {
    let (negative, text) = match text.strip_prefix::<[u8]>(b"-") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let value = match text {
        [b'0', b'x' | b'X', digits @ ..] => digits_of(digits, 16)?,
        digits => digits_of(digits, 10)?,
    } as usize;
    Some(if negative { value.wrapping_neg() } else { value })
}

/// A time in seconds, with a fraction or without.
fn seconds(text: &[u8]) -> Option<Timespec> {
    let mut parts = words(text, b'.');
    let whole = parts.next()?;
    let mut nanoseconds = *b"000000000";
    for (place, digit) in nanoseconds.iter_mut().zip(parts.rest) {
        *place = *digit;
    }
    let tv_sec = match whole {
        b"" if parts.rest.is_empty() => return None,
        b"" => 0,
        digits => digits_of(digits, 10)?.try_into().ok()?,
    };
    Some(Timespec { tv_sec, tv_nsec: digits_of(&nanoseconds, 10)? as i64 })
}

/// Maps the code and runs it; where there isn't any, all is well.
// Not inlined: its frame is large.
#[inline(never)]
fn load(cx: &mut Context, options: &Options, file: Option<&[u8]>) -> u8 {
    let opened = file.map(|path| open(path, O_RDONLY | O_CLOEXEC, Mode(0))).transpose();
    let name = file.unwrap_or(b"standard input");
    let read = opened.and_then(|file| read_all(file.as_ref().map_or(stdin(), AsFd::as_fd)));
    let mut bytes = match read {
        Ok(bytes) => bytes,
        Err(errno) => {
            message!(cx, name, ": ", errno);
            return 1;
        }
    };
    let part = match part(options, &mut bytes) {
        Ok(part) => part,
        Err(fault) => {
            let fault = unpacked(text!(FAULTS), b'\n', fault as usize);
            message!(cx, name, ": ", fault.as_slice());
            return 1;
        }
    };
    if part.bytes.is_empty() {
        return 0;
    }
    let once = options.has(WRITABLE_ONCE);
    let writable = if once { Writable::Before } else { Writable::Always };
    let at = options.at.or(part.at);
    let errno = match Code::new(part.bytes, at, part.offset, writable) {
        Ok(mut code) => return run_code(cx, options, &mut code),
        Err(errno) => errno,
    };
    let forbidden = matches!(errno, Errno::EACCES | Errno::EPERM) && !once;
    cx.begin_message_with(text!("cannot map the code: "));
    put!(&mut cx.err, errno);
    if errno == Errno::EEXIST {
        put!(&mut cx.err, ": something else is mapped at this address");
    }
    if forbidden {
        put!(
            &mut cx.err,
            if at.is_some() { text!(": the address is too low, or") } else { text!(":") },
            " memory may not be writable and executable here; try --wx"
        );
    }
    cx.end_line();
    1
}

/// Why there is no code.
#[derive(Clone, Copy)]
enum Fault {
    NoDigits,
    NoElf,
    NoSections,
    NoText,
    NoSymbol,
    NoSection,
    NoCode,
    OutsideFile,
    OutsideSection,
}

/// The same in words.
const FAULTS: &str = "\
these are not pairs of hexadecimal digits
not an ELF file
its section headers can't be read
it has no section .text
it has no such symbol
the symbol is in no section
that is in a section that isn't code
its code lies outside the file
the symbol lies outside its section
";

/// What of these bytes is to be run.
fn part<'b>(options: &Options, bytes: &'b mut Vec<u8>) -> Result<Part<'b>, Fault> {
    if options.has(HEX) {
        *bytes = from_hex(bytes).ok_or(Fault::NoDigits)?;
    }
    match options.has(ELF | SYMBOL) {
        true => from_elf(bytes, options.has(SYMBOL).then_some(options.symbol)),
        false => Ok(Part { bytes, offset: 0, at: None }),
    }
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
// Not inlined, as the next one: its frame is large.
#[inline(never)]
fn from_elf<'a>(bytes: &'a [u8], symbol: Option<&[u8]>) -> Result<Part<'a>, Fault> {
    let source = &bytes;
    let elf = Elf::new(source).map_err(|_| Fault::NoElf)?;
    let sections = elf.sections().ok_or(Fault::NoSections)?;
    let (index, value) = match symbol {
        None => {
            let names = data(bytes, sections.get(elf.shstrndx() as usize)).unwrap_or_default();
            let is_text = |s: SectionHeader| c_str(names, s.sh_name.into()) == Some(b".text");
            let text = sections.iter().position(is_text);
            (text.ok_or(Fault::NoText)?, None)
        }
        Some(name) => {
            let symbol = find_symbol(&elf, sections, bytes, name).ok_or(Fault::NoSymbol)?;
            (symbol.st_shndx.into(), Some(symbol.st_value))
        }
    };
    let section = sections.get(index).ok_or(Fault::NoSection)?;
    if section.sh_type != SHT_PROGBITS || section.sh_flags & SHF_EXECINSTR == 0 {
        return Err(Fault::NoCode);
    }
    let bytes = data(bytes, Some(section)).ok_or(Fault::OutsideFile)?;
    let base = if elf.header.e_type == ET_REL { 0 } else { section.sh_addr };
    let offset = value.unwrap_or(base).wrapping_sub(base) as usize;
    if offset > bytes.len() {
        return Err(Fault::OutsideSection);
    }
    let at = (elf.header.e_type == ET_EXEC).then_some(section.sh_addr as usize);
    Ok(Part { bytes, offset, at })
}

/// What a section holds, if there is such a section.
#[inline(never)]
fn data(bytes: &[u8], section: Option<SectionHeader>) -> Option<&[u8]> {
    let section = section?;
    rt::elf::Source::get(bytes, section.sh_offset, section.sh_size)
}

#[inline(never)]
fn find_symbol(
    elf: &Elf,
    sections: Table<SectionHeader>,
    bytes: &[u8],
    name: &[u8],
) -> Option<Symbol> {
    for section in sections.iter().filter(|section| section.sh_type == SHT_SYMTAB) {
        let strings = data(bytes, sections.get(section.sh_link as usize)).unwrap_or_default();
        let symbols = data(bytes, Some(section)).unwrap_or_default();
        for symbol in Table::<Symbol>::packed(elf.encoding, symbols).iter() {
            if symbol.st_shndx != 0 && c_str(strings, symbol.st_name.into()) == Some(name) {
                return Some(symbol);
            }
        }
    }
    None
}

/// Makes a child, in which the code runs; one that is traced stops first. None where it is told
/// that there is none.
fn start(cx: &mut Context, options: &Options, code: &mut Code, traced: bool) -> Option<Child> {
    let prepare = || {
        if traced {
            rt::ptrace::trace_me()?;
            raise(SIGSTOP);
        }
        if options.has(SANDBOX) { system_calls::HARMLESS.alone() } else { Ok(()) }
    };
    match fork() {
        Ok(Forked::Parent(child)) => return Some(child),
        Ok(Forked::Child) => match prepare() {
            Ok(()) => code.run(&options.args),
            Err(errno) => {
                message!(cx, "cannot run the code: ", errno);
                rt::process::exit(125)
            }
        },
        Err(errno) => message!(cx, "cannot make a process: ", errno),
    }
    None
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
    fn every_fault_has_its_words() {
        assert_eq!(FAULTS.lines().count(), Fault::OutsideSection as usize + 1);
    }

    #[test]
    fn hexadecimal_digits() {
        assert_eq!(from_hex(b" 0f05\nC3 ").unwrap(), b"\x0f\x05\xc3");
        assert_eq!(from_hex(b"\\x0f\\x05 0xc3").unwrap(), b"\x0f\x05\xc3");
        assert_eq!(from_hex(b"").unwrap(), b"");
        assert!(from_hex(b"0f0").is_none() && from_hex(b"xy").is_none());
    }
}
