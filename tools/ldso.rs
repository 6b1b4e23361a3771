//! `lx ldso`: the dynamic linker, from the command line.

use crate::cli;
use crate::context::Context;
use core::ffi::CStr;
use rt::dl::library::Arguments;
use rt::dl::{Options, exec, run};
use rt::fmt::{dec, hex};
use rt::put;

const HELP: cli::Help = help!(
    "\
Usage: lx ldso [OPTION]... PROGRAM [ARGUMENT]...
       lx ldso --exec [--argv0=NAME] PROGRAM [ARGUMENT]...
       lx ldso --call LIBRARY FUNCTION [ARGUMENT]...
Loads a program and its libraries, binds them and runs it: a dynamic linker for programs
without a C library. It is also one that programs may name as their interpreter
(ld --dynamic-linker PATH/lx). Programs with a C library need their own: see --exec.

      --list               tell what would be loaded and why from there; run nothing
      --preload=LIST       load these libraries before all others (LD_PRELOAD)
      --library-path=LIST  look for libraries here first (LD_LIBRARY_PATH)
      --argv0=NAME         the program's name for itself
      --bind=WHEN          bind functions now, or lazy when they are called (LD_BIND_NOW)
      --trace=LIST         tell of files, symbols, relocs, init or all (LD_DEBUG)
      --stats              tell numbers and times before the program begins
      --why                where a library is missing, tell all places that were looked at
      --exec               become the program as execve does, but without the kernel: map it
                           and its own interpreter and enter that. For any x86-64 program,
                           static or with a C library; its file needs no x permission
      --call               open a library in this process, which has no C library, and call
                           a function: with numbers, f:NUMBER for a double, s:TEXT or any
                           other text for its address. Tells what it returns
  -h, --help               this text

With --exec, what looks at /proc/self/exe finds lx: programs that look for their own files
from there (busybox's applets that run others, node, java, git's helpers in a place of their
own, programs that exec themselves), and debuggers. Set-user-id bits have no effect.

Exit status: the program's; 127 where it can't be run; with --call 0.

  lx ldso --call libxxhash.so.0 XXH64 hello 5 0
"
);

/// What is to be done.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Run,
    List,
    Exec,
    Call,
    Help,
}

pub fn run(cx: &mut Context) -> u8 {
    let (mut mode, mut why, mut wrong) = (Mode::Run, false, false);
    let mut name: Option<&'static [u8]> = None;
    let mut options = Options::of_environment(rt::auxv::secure());
    let set = &mut |cx: &mut Context, key: &[u8], value: Option<&'static [u8]>| match key {
        b"list" => mode = Mode::List,
        b"exec" => mode = Mode::Exec,
        b"call" => mode = Mode::Call,
        b"h" => mode = Mode::Help,
        b"preload" => options.preload = value,
        b"library-path" => options.library_path = value,
        b"argv0" => name = value,
        b"stats" => options.stats = true,
        b"why" => why = true,
        b"bind" => match value {
            Some(b"now") => options.now = true,
            Some(b"lazy") => options.now = false,
            _ => {
                message!(cx, "--bind: 'now' or 'lazy' is expected");
                wrong = true;
            }
        },
        _ => match rt::dl::trace(value.unwrap_or_default()) {
            Some(trace) => options.trace = trace,
            None => {
                message!(cx, "--trace: 'files', 'symbols', 'relocs', 'init' or 'all' is expected");
                wrong = true;
            }
        },
    };
    let args = cx.args;
    let operands = cli::parse_before_program(cx, args, HELP.options, set);
    let enough = if mode == Mode::Call { 2 } else { 1 };
    let operands = match operands {
        Ok(_) if mode == Mode::Help => {
            put!(&mut cx.out, HELP.text);
            return 0;
        }
        Ok(operands) if operands.len() >= enough && !wrong => operands,
        Ok(_) if !wrong => {
            message!(cx, "missing operand");
            return usage(cx);
        }
        _ => return usage(cx),
    };
    // The program is the first operand; before it are lx's own words.
    let words = rt::env::args().count().saturating_sub(operands.len());
    let name = name.and_then(|name| {
        let mut name = name.to_vec();
        name.push(0);
        CStr::from_bytes_until_nul(name.leak()).ok()
    });
    let failed = match mode {
        Mode::Call => return call_function(cx, &operands),
        Mode::List => {
            let listed = run::list(run::argument(words), options, &mut |name, path, why| {
                put!(&mut cx.out, name, " => ", path, " [", why.name(), "]\n");
            });
            match listed {
                Ok(()) => return 0,
                Err(error) => error,
            }
        }
        Mode::Exec => exec::exec(words, name),
        _ => run::program(words, name, options),
    };
    message!(cx, failed);
    if why {
        tell_why(cx, words, options);
    }
    127
}

fn usage(cx: &mut Context) -> u8 {
    put!(&mut cx.err, "Try '", cx.prefix, "ldso --help' for more information.");
    cx.end_message(rt::text!("\n"));
    127
}

/// Plans once more, telling of each file.
fn tell_why(cx: &mut Context, words: usize, mut options: Options<'static>) {
    message!(cx, "these places were looked at:");
    options.trace = rt::dl::report::FILES;
    let _ = run::list(run::argument(words), options, &mut |_, _, _| {});
}

/// Adds what a word of the command line means: a number, a double, or the address of a text.
/// Whether there was room for it, and whether it was a double.
fn add(arguments: &mut Arguments, word: &[u8]) -> (bool, bool) {
    if let Some(text) = word.strip_prefix(b"s:") {
        return (arguments.text(text), false);
    }
    if let Some(number) = word.strip_prefix(b"f:").and_then(double) {
        return (arguments.double(number), true);
    }
    let (digits, is_negative) = unsigned(word);
    let (digits, base) = match digits.strip_prefix(b"0x") {
        Some(digits) => (digits, 16),
        None => (digits, 10),
    };
    let room = match integer(digits, base) {
        Some(number) => arguments.word(if is_negative { number.wrapping_neg() } else { number }),
        None => arguments.text(word),
    };
    (room, false)
}

/// What is behind a minus sign, and whether there is one.
fn unsigned(word: &[u8]) -> (&[u8], bool) {
    word.strip_prefix(b"-").map_or((word, false), |digits| (digits, true))
}

/// The number that these digits are.
fn integer(digits: &[u8], base: u32) -> Option<u64> {
    let mut number = 0u64;
    for &digit in digits {
        let digit = char::from(digit).to_digit(base)?;
        number = number.checked_mul(base.into())?.checked_add(digit.into())?;
    }
    (!digits.is_empty()).then_some(number)
}

/// A decimal number with at most fifteen digits, exactly as C reads it.
fn double(text: &[u8]) -> Option<f64> {
    let (text, is_negative) = unsigned(text);
    let (mut digits, mut scale, mut count, mut behind) = (0u64, 1u64, 0, false);
    for &byte in text {
        if byte == b'.' && !behind {
            behind = true;
            continue;
        }
        digits = digits * 10 + u64::from(char::from(byte).to_digit(10)?);
        scale *= if behind { 10 } else { 1 };
        count += 1;
        if count > 15 {
            return None;
        }
    }
    // Both are exact, so that the one division rounds as it should.
    let value = digits as f64 / scale as f64;
    Some(if is_negative { -value } else { value })
}

fn call_function(cx: &mut Context, operands: &[&'static [u8]]) -> u8 {
    let [library, function, words @ ..] = operands else { return 127 };
    let (mut arguments, mut any_double) = (Arguments::default(), false);
    for word in words {
        let (room, is_double) = add(&mut arguments, word);
        any_double |= is_double;
        if !room {
            message!(cx, "--call: too many arguments");
            return 127;
        }
    }
    let _ = cx.out.flush();
    match arguments.call(library, function) {
        Ok((_, double)) if any_double => put_double(cx, double),
        Ok((word, _)) => put!(&mut cx.out, dec(word), " ", hex(word).alt(), "\n"),
        Err(error) => {
            message!(cx, error);
            return 127;
        }
    }
    0
}

/// A double with twelve digits behind the point, or its bits where it is too large for that.
fn put_double(cx: &mut Context, value: f64) {
    let bits = value.to_bits();
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let size = f64::from_bits(bits & !(1 << 63));
    if size < 1e6 {
        const SCALE: u64 = 1_000_000_000_000;
        let scaled = (size * SCALE as f64 + 0.5) as u64;
        put!(&mut cx.out, sign, dec(scaled / SCALE), ".", dec(scaled % SCALE).zero(12), " ");
    }
    put!(&mut cx.out, hex(bits).alt(), "\n");
}
