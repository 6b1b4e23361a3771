//! `lx args`: the arguments of a process.

use crate::cli;
use crate::context::Context;
use crate::process::{Manner, Process, Subject, each};
use crate::redact::{Redacted, is_secret_name, is_secret_value};
use crate::shell::{Text, Word};
use crate::strings::{Strings, Which, argc, with_strings};
use rt::put;

const HELP: &str = "\
The arguments of processes and core files, one a line, as they are now; as $'...' with control
characters or what isn't UTF-8. A PID is decimal or 'self' (lx, the default); all else is the
path of a core file.

  -l, --line    all in one line, quoted so that a shell reads them back
  -0, --null    each as it is, with a zero byte behind it
      --redact  *** and the length for what looks like a secret
      --json    an array with an object for each operand
      --why     why something can't be read, and what helps
      --help    this text
";

#[derive(Default)]
struct Options {
    line: bool,
    null: bool,
    redact: bool,
    json: bool,
    why: bool,
    help: bool,
}

/// The status is 1 where something couldn't be read.
pub fn run(cx: &mut Context) -> u8 {
    let mut options = Options::default();
    let args = cx.args;
    let parsed = cli::parse(cx, args, HELP, &mut |_, key, _| match key {
        b"l" => options.line = true,
        b"0" => options.null = true,
        b"redact" => options.redact = true,
        b"json" => options.json = true,
        b"why" => options.why = true,
        _ => options.help = true,
    });
    let Ok(operands) = parsed else { return cli::misused(cx) };
    if options.help {
        return cli::help(cx, "[OPTION]... [PID|CORE]...", HELP);
    }
    let manner = Manner { json: options.json, why: options.why, headed: !options.null };
    each(cx, &operands, manner, &mut |cx, subject| {
        with_strings(cx, subject.word, Which::Args, &mut |cx, strings, process| {
            subject.header(cx);
            show(cx, &options, subject, strings, process);
            true
        })
    })
}

fn show(
    cx: &mut Context,
    options: &Options,
    subject: Subject,
    mut strings: Strings,
    process: Option<&Process>,
) {
    if options.null && !options.redact && !options.json {
        return strings.raw(&mut cx.out);
    }
    if let (Strings::Block(block), Some(process)) = (&mut strings, process) {
        *block = without_filling(block, process);
    }
    if options.json {
        subject.object(cx).array("args");
    }
    let (mut first, mut secret_follows) = (true, false);
    for string in strings {
        let (kept, hidden) = match options.redact {
            true => redacted(string, &mut secret_follows),
            false => (string, None),
        };
        let (out, stars) = (&mut cx.out, hidden.map(Redacted));
        if options.json {
            in_json(cx, kept, hidden);
        } else if options.null {
            put!(out, kept, stars, [0]);
        } else if options.line {
            put!(out, if first { "" } else { " " });
            if hidden.is_none() || !kept.is_empty() {
                put!(out, Word(kept));
            }
            // The stars would be a pattern.
            let quote = if hidden.is_some() { "'" } else { "" };
            put!(out, quote, stars, quote);
        } else {
            put!(out, Text(kept), stars, "\n");
        }
        first = false;
    }
    if options.json {
        cx.json().end_array().end_object();
    } else if options.line {
        put!(&mut cx.out, "\n");
    }
}

fn in_json(cx: &mut Context, kept: &[u8], hidden: Option<usize>) {
    let Some(length) = hidden else {
        cx.json().text("", kept);
        return;
    };
    let json = cx.json();
    json.object("").text("text", kept).number("redacted", length as u64).end_object();
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
fn redacted<'a>(string: &'a [u8], follows: &mut bool) -> (&'a [u8], Option<usize>) {
    let is_option = string.starts_with(b"-");
    if core::mem::replace(follows, false) && !is_option {
        return (b"", Some(string.len()));
    }
    let equals = string.iter().position(|&byte| byte == b'=');
    let (name, value) = string.split_at(equals.map_or(0, |at| at + 1));
    if is_secret_value(value) || is_secret_name(name.strip_suffix(b"=").unwrap_or(b"")) {
        return (name, Some(value.len()));
    }
    *follows = is_option && equals.is_none() && is_secret_name(string);
    (string, None)
}
