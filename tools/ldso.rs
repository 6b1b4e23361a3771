//! `lx ldso`: the dynamic linker, from the command line.

use crate::cli;
use crate::context::Context;
use crate::words::{number, place};
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

/// What the options say.
struct Chosen {
    mode: Mode,
    why: bool,
    wrong: bool,
    name: Option<&'static [u8]>,
    options: Options<'static>,
}

impl Chosen {
    fn set(&mut self, cx: &mut Context, key: &[u8], value: Option<&'static [u8]>) {
        const KEYS: &[u8] = b"list exec call h stats why preload library-path argv0 bind trace";
        match place(KEYS, key) {
            Some(0) => self.mode = Mode::List,
            Some(1) => self.mode = Mode::Exec,
            Some(2) => self.mode = Mode::Call,
            Some(3) => self.mode = Mode::Help,
            Some(4) => self.options.stats = true,
            Some(5) => self.why = true,
            Some(6) => self.options.preload = value,
            Some(7) => self.options.library_path = value,
            Some(8) => self.name = value,
            Some(9) => match place(b"lazy now", value.unwrap_or_default()) {
                Some(now) => self.options.now = now == 1,
                None => {
                    message!(cx, "--bind: 'now' or 'lazy' is expected");
                    self.wrong = true;
                }
            },
            _ => match rt::dl::trace(value.unwrap_or_default()) {
                Some(trace) => self.options.trace = trace,
                None => {
                    message!(
                        cx,
                        "--trace: 'files', 'symbols', 'relocs', 'init' or 'all' is expected"
                    );
                    self.wrong = true;
                }
            },
        }
    }
}

pub fn run(cx: &mut Context) -> u8 {
    let options = Options::of_environment(rt::auxv::secure());
    let mut chosen = Chosen { mode: Mode::Run, why: false, wrong: false, name: None, options };
    let set = &mut |cx: &mut Context, key: &[u8], value| chosen.set(cx, key, value);
    let args = cx.args;
    let operands = cli::parse_before_program(cx, args, HELP.options, set);
    let Chosen { mode, why, wrong, name, mut options } = chosen;
    let Ok(operands) = operands else { return misused(cx) };
    let (program, words) = match &*operands {
        _ if mode == Mode::Help => {
            put!(&mut cx.out, HELP.text);
            return 0;
        }
        _ if wrong => return misused(cx),
        [library, function, words @ ..] if mode == Mode::Call => {
            return call_function(cx, library, function, words);
        }
        &[program, ..] if mode != Mode::Call => {
            (program, rt::env::args().count().saturating_sub(operands.len()))
        }
        _ => {
            message!(cx, "missing operand");
            return misused(cx);
        }
    };
    let failed = match mode {
        Mode::List => {
            let listed = run::list(program, &options, &mut |name, path, why| {
                put!(&mut cx.out, name, " => ", path, " [", why.name(), "]\n");
            });
            match listed {
                Ok(()) => return 0,
                Err(error) => error,
            }
        }
        Mode::Exec => exec::exec(program, words, name),
        _ => run::program(program, words, name, &options),
    };
    message!(cx, failed);
    if why {
        // Once more, telling of each file.
        message!(cx, "these places were looked at:");
        options.trace = rt::dl::report::FILES;
        let _ = run::list(program, &options, &mut |_, _, _| {});
    }
    127
}

fn misused(cx: &mut Context) -> u8 {
    cli::misused(cx);
    127
}

/// Adds what a word of the command line means: a number, a double, or the address of a text;
/// false where there was no room for it.
fn add(arguments: &mut Arguments, word: &[u8]) -> bool {
    if let Some(text) = word.strip_prefix::<[u8]>(b"s:") {
        return arguments.text(text);
    }
    if let Some(number) = word.strip_prefix::<[u8]>(b"f:").and_then(double) {
        return arguments.double(number);
    }
    let (digits, is_negative) = unsigned(word);
    let (digits, base) = match digits.strip_prefix::<[u8]>(b"0x") {
        Some(digits) => (digits, 16),
        None => (digits, 10),
    };
    match number(digits, base) {
        Some(number) => arguments.word(if is_negative { number.wrapping_neg() } else { number }),
        None => arguments.text(word),
    }
}

/// What is behind a minus sign, and whether there is one.
fn unsigned(word: &[u8]) -> (&[u8], bool) {
    word.strip_prefix::<[u8]>(b"-").map_or((word, false), |digits| (digits, true))
}

/// A decimal number with at most fifteen digits, exactly as C reads it.
fn double(text: &[u8]) -> Option<f64> {
    let (text, is_negative) = unsigned(text);
    let (mut digits, mut scale, mut count, mut behind) = (0i64, 1i64, 0, false);
    for &byte in text {
        if byte == b'.' && !behind {
            behind = true;
            continue;
        }
        digits = digits * 10 + i64::from(char::from(byte).to_digit(10)?);
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

// Not inlined: what it needs on the stack others don't.
#[inline(never)]
fn call_function(cx: &mut Context, library: &[u8], function: &[u8], words: &[&[u8]]) -> u8 {
    let mut arguments = Arguments::default();
    if !words.iter().all(|word| add(&mut arguments, word)) {
        message!(cx, "--call: too many arguments");
        return 127;
    }
    let _ = cx.out.flush();
    match arguments.call(library, function) {
        Ok((_, double)) if arguments.any_double() => put_double(cx, double),
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
        let scaled = (size * SCALE as f64 + 0.5) as i64 as u64;
        put!(&mut cx.out, sign, dec(scaled / SCALE), ".", dec(scaled % SCALE).zero(12), " ");
    }
    put!(&mut cx.out, hex(bits).alt(), "\n");
}
