//! `lx args`: the arguments of a process.

use crate::cli::Help;
use crate::context::Context;
use crate::process::{JSON, Process, Subject, each, given};
use crate::redact::{Redacted, is_secret_name, is_secret_value};
use crate::shell::{Text, Word};
use crate::strings::{Strings, Which, argc, with_strings};
use rt::put;

const HELP: Help = help!(
    "\
The arguments of processes and core files, one a line, as they are now; as $'...' with control
characters or what isn't UTF-8. A PID is decimal or 'self' (lx, the default); all else is the
path of a core file.

  -l, --line    all in one line, quoted so that a shell reads them back
  -0, --null    each as it is, with a zero byte behind it
      --redact  *** and the length for what looks like a secret
      --json    an array with an object for each operand
      --why     why something can't be read, and what helps
      --help    this text
"
);

const KEYS: &[u8] = b"json why l 0 redact";
const LINE: u32 = 4;
const NULL: u32 = 8;
const REDACT: u32 = 16;

/// The status is 1 where something couldn't be read.
pub fn run(cx: &mut Context) -> u8 {
    let given =
        match given(cx, rt::text!("[OPTION]... [PID|CORE]..."), HELP, KEYS, &mut |_, _| true) {
            Ok(given) => given,
            Err(status) => return status,
        };
    let options = given.options;
    each(cx, &given.operands, options, options & NULL == 0, &mut |cx, subject| {
        with_strings(cx, subject.word, Which::Args, &mut |cx, strings, process| {
            subject.header(cx);
            show(cx, options, subject, strings, process);
            true
        })
    })
}

fn show(
    cx: &mut Context,
    options: u32,
    subject: Subject,
    mut strings: Strings,
    process: Option<&Process>,
) {
    if options & (NULL | REDACT | JSON) == NULL {
        return strings.raw(&mut cx.out);
    }
    if let (Strings::Block(block), Some(process)) = (&mut strings, process) {
        *block = without_filling(block, process);
    }
    if options & JSON != 0 {
        subject.object(cx).array(rt::text!("args"));
    }
    let (mut first, mut secret_follows) = (true, false);
    for string in strings {
        let (kept, hidden) = match options & REDACT {
            0 => (string, None),
            _ => redacted(string, &mut secret_follows),
        };
        let (out, stars) = (&mut cx.out, hidden.map(Redacted));
        if options & JSON != 0 {
            in_json(cx, kept, hidden);
        } else if options & NULL != 0 {
            put!(out, kept, stars);
            out.byte(0);
        } else if options & LINE != 0 {
            if !first {
                out.byte(b' ');
            }
            if stars.is_none() || !kept.is_empty() {
                put!(out, Word(kept));
            }
            if let Some(stars) = stars {
                // These would be a pattern.
                put!(out, "'", stars, "'");
            }
        } else {
            put!(out, Text(kept), stars, "\n");
        }
        first = false;
    }
    if options & JSON != 0 {
        cx.json().end_array().end_object();
    } else if options & LINE != 0 {
        put!(&mut cx.out, "\n");
    }
}

fn in_json(cx: &mut Context, kept: &[u8], hidden: Option<usize>) {
    let Some(length) = hidden else {
        cx.json().text(rt::text!(""), kept);
        return;
    };
    let json = cx.json();
    json.object(rt::text!(""))
        .text(rt::text!("text"), kept)
        .number(rt::text!("redacted"), length as u64)
        .end_object();
}

/// The arguments without the zeros at the end, where these aren't empty arguments: a process
/// that wrote another title over its arguments fills up with them what it doesn't need.
fn without_filling<'a>(block: &'a [u8], process: &Process) -> &'a [u8] {
    let used = block.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1);
    let count = Strings::Block(block).count() as u64;
    if used + 1 >= block.len() || argc(process).is_none_or(|argc| argc == count) {
        return block;
    }
    block.get(..=used).unwrap_or(block)
}

/// Splits an argument into what may be shown and, if there is any, a secret's length:
/// `--password=x`, `-p` and the like before it, `PASSWORD=x`, or what looks like one.
#[inline(never)]
fn redacted<'a>(string: &'a [u8], follows: &mut bool) -> (&'a [u8], Option<usize>) {
    let is_option = matches!(string, [b'-', ..]);
    if core::mem::replace(follows, false) && !is_option {
        return (b"", Some(string.len()));
    }
    let equals = string.iter().position(|&byte| byte == b'=');
    let (name, value) = string.split_at(equals.map_or(0, |at| at + 1));
    if is_secret_value(value) || is_secret_name(name.strip_suffix::<[u8]>(b"=").unwrap_or(b"")) {
        return (name, Some(value.len()));
    }
    *follows = is_option && equals.is_none() && is_secret_name(string);
    (string, None)
}
