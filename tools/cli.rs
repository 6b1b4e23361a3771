//! Options in the manner of `getopt_long`, out of the applet's help text.
//!
//! The table is made of the text that `--help` prints when lx is compiled: what can be given is
//! what is described. A line of the text names an option:
//!
//! ```text
//!   -x, --hex-dump=NAME  the bytes of a section
//!       --sframe[=NAME]  with something that may be left out
//! ```
//!
//! A letter comes first, two spaces end the names; the value of the last one is that of all. An
//! applet knows an option by the first name on its line, without dashes. The table is these lines
//! up to there, `-x, --hex-dump=` and `--sframe[`, each behind a byte that says how long it is: without
//! pointers, nothing has to be relocated.

use crate::context::Context;
use crate::words::{Words, words};
use alloc::vec::Vec;
use rt::put;
use rt::text::Text;

/// What comes with an option.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    /// Nothing.
    None,
    /// An argument: `-x V`, `-xV`, `--long V`, `--long=V`.
    Required,
    /// Perhaps an argument: `-xV`, `--long=V`.
    Optional,
}

/// One name of an option.
#[derive(Clone, Copy)]
struct Opt<'t> {
    /// The first name of the option.
    key: &'t [u8],
    /// This name, with its dashes.
    name: &'t [u8],
    value: Value,
}

/// What an applet can be asked for.
#[derive(Clone, Copy)]
pub struct Help {
    /// The text of `--help`, behind the usage.
    pub text: Text,
    /// The table of the options in it.
    pub options: &'static [u8],
}

/// The [`Help`] that a literal is.
macro_rules! help {
    ($text:expr) => {{
        const TEXT: &str = $text;
        const TABLE: ([u8; TEXT.len()], usize) = $crate::cli::table(TEXT);
        const OPTIONS: &[u8] = &rt::text::packing::cut::<{ TABLE.1 }>(&TABLE.0);
        $crate::cli::Help { text: rt::text!(TEXT), options: OPTIONS }
    }};
}

/// The lines of options in a text, up to the end of the names, and how long they are.
pub const fn table<const ROOM: usize>(text: &str) -> ([u8; ROOM], usize) {
    let text = text.as_bytes();
    let (mut table, mut len, mut at) = ([0; ROOM], 0, 0);
    while at < text.len() {
        let mut indent = 0;
        while text[at + indent] == b' ' {
            indent += 1;
        }
        if (indent == 2 || indent == 6) && text[at + indent] == b'-' {
            at += indent;
            let start = len;
            len += 1;
            while text[at] != b'\n' && !(text[at] == b' ' && text[at + 1] == b' ') {
                table[len] = text[at];
                (len, at) = (len + 1, at + 1);
                if matches!(table[len - 1], b'=' | b'[') {
                    break;
                }
            }
            table[start] = (len - start - 1) as u8;
        }
        while text[at] != b'\n' {
            at += 1;
        }
        at += 1;
    }
    (table, len)
}

/// The names in a table, one after another.
struct Names<'t> {
    lines: &'t [u8],
    /// The letter of the only lines that count, unless it is 0.
    letter: u8,
    /// The rest of a line.
    names: Words<'t>,
    key: &'t [u8],
    value: Value,
}

/// All names in a table, or those on the lines of a letter.
fn names(table: &[u8], letter: u8) -> Names<'_> {
    Names { lines: table, letter, names: words(b"", b','), key: b"", value: Value::None }
}

impl<'t> Iterator for Names<'t> {
    type Item = Opt<'t>;

    // Not inlined, for there are several callers.
    #[inline(never)]
    fn next(&mut self) -> Option<Opt<'t>> {
        loop {
            if let Some(name) = self.names.next() {
                let name = name.trim_ascii_start();
                if self.key.is_empty() {
                    self.key = bare(name);
                }
                return Some(Opt { key: self.key, name, value: self.value });
            }
            let (&len, rest) = self.lines.split_first()?;
            let (line, rest) = rest.split_at_checked(len.into())?;
            self.lines = rest;
            if self.letter != 0 && line.get(1) != Some(&self.letter) {
                continue;
            }
            let (names, value) = match line {
                [names @ .., b'='] => (names, Value::Required),
                [names @ .., b'['] => (names, Value::Optional),
                names => (names, Value::None),
            };
            (self.names, self.key, self.value) = (words(names, b','), b"", value);
        }
    }
}

/// A name without its dashes.
fn bare(name: &[u8]) -> &[u8] {
    name.strip_prefix::<[u8]>(b"--").or(name.strip_prefix::<[u8]>(b"-")).unwrap_or(name)
}

/// Is told of each option: the first one of its names and what came with it.
pub type Set<'s, 'a> = &'s mut dyn FnMut(&mut Context, &[u8], Option<&'a [u8]>);

/// What was wrong; it has been told already.
pub struct Wrong;

/// Where to look, after what was wrong has been told; the exit status of such a run.
pub fn misused(cx: &mut Context) -> u8 {
    put!(&mut cx.err, "Try '", cx.prefix, cx.applet, " --help' for more information.\n");
    // There is no other place to complain.
    let _ = cx.err.flush();
    1
}

/// Sorts the arguments: `set` is called for each option in order, the operands are the
/// result. Options and operands may be in any order, unless `POSIXLY_CORRECT` is set. All
/// that is wrong is told, in glibc's words.
pub fn parse<'a>(
    cx: &mut Context,
    args: &[&'a [u8]],
    table: &[u8],
    set: Set<'_, 'a>,
) -> Result<Vec<&'a [u8]>, Wrong> {
    sort(cx, args, table, false, set)
}

/// As [`parse`], for applets that run a program: what is behind its name are its arguments.
pub fn parse_before_program<'a>(
    cx: &mut Context,
    args: &[&'a [u8]],
    table: &[u8],
    set: Set<'_, 'a>,
) -> Result<Vec<&'a [u8]>, Wrong> {
    sort(cx, args, table, true, set)
}

fn sort<'a>(
    cx: &mut Context,
    args: &[&'a [u8]],
    table: &[u8],
    in_order: bool,
    set: Set<'_, 'a>,
) -> Result<Vec<&'a [u8]>, Wrong> {
    let mut operands = Vec::new();
    let mut wrong = false;
    let mut args = args.iter().copied();
    while let Some(arg) = args.next() {
        match arg {
            b"--" => operands.extend(args.by_ref()),
            [b'-', b'-', long @ ..] => wrong |= !parse_long(cx, long, table, &mut args, set),
            [b'-', cluster @ ..] if !cluster.is_empty() => {
                wrong |= !parse_cluster(cx, cluster, table, &mut args, set);
            }
            _ => {
                operands.push(arg);
                // The environment is only searched where it matters: it takes as long as all
                // the rest.
                if args.len() > 0 && (in_order || rt::env::var("POSIXLY_CORRECT").is_some()) {
                    operands.extend(args.by_ref());
                }
            }
        }
    }
    if wrong { Err(Wrong) } else { Ok(operands) }
}

fn parse_long<'a>(
    cx: &mut Context,
    text: &'a [u8],
    table: &[u8],
    args: &mut dyn Iterator<Item = &'a [u8]>,
    set: Set<'_, 'a>,
) -> bool {
    let equals = text.iter().position(|&byte| byte == b'=');
    let (name, value) = match equals {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let fits =
        |opt: &Opt| opt.name.strip_prefix::<[u8]>(b"--").is_some_and(|long| long.starts_with(name));
    // The first one that fits, unless there is one that is meant exactly.
    let (mut found, mut is_clear) = (None, true);
    for opt in names(table, 0).filter(fits) {
        if opt.name.len() == 2 + name.len() {
            (found, is_clear) = (Some(opt), true);
            break;
        }
        is_clear &= found.get_or_insert(opt).key == opt.key;
    }
    let Some(found) = found else {
        message!(cx, "unrecognized option '--", name, "'");
        return false;
    };
    if !is_clear {
        cx.begin_message();
        put!(&mut cx.err, "option '--", name, "' is ambiguous; possibilities:");
        for opt in names(table, 0).filter(fits) {
            put!(&mut cx.err, " '", opt.name, "'");
        }
        cx.end_line();
        return false;
    }
    let value = match (found.value, value) {
        (Value::None, Some(_)) => {
            message!(cx, "option '", found.name, "' doesn't allow an argument");
            return false;
        }
        (Value::Required, None) => match args.next() {
            None => {
                message!(cx, "option '", found.name, "' requires an argument");
                return false;
            }
            next => next,
        },
        (_, value) => value,
    };
    set(cx, found.key, value);
    true
}

fn parse_cluster<'a>(
    cx: &mut Context,
    mut cluster: &'a [u8],
    table: &[u8],
    args: &mut dyn Iterator<Item = &'a [u8]>,
    set: Set<'_, 'a>,
) -> bool {
    let mut right = true;
    while let Some((&letter, rest)) = cluster.split_first() {
        cluster = rest;
        let Some(found) = names(table, letter).find(|opt| opt.name == [b'-', letter]) else {
            message!(cx, "invalid option -- '", [letter], "'");
            right = false;
            continue;
        };
        let attached = (!rest.is_empty()).then_some(rest);
        let value = match found.value {
            Value::None => None,
            Value::Optional => attached,
            Value::Required => match attached.or_else(|| args.next()) {
                None => {
                    message!(cx, "option requires an argument -- '", [letter], "'");
                    return false;
                }
                value => value,
            },
        };
        set(cx, found.key, value);
        if found.value != Value::None {
            break;
        }
    }
    right
}

/// `--help`: the usage in a line, then the text that the options are read off.
pub fn help(cx: &mut Context, usage: Text, text: Text) -> u8 {
    put!(&mut cx.out, "Usage: ", cx.prefix, cx.applet, " ", usage, "\n", text);
    0
}

/// `--version`.
pub fn version(cx: &mut Context) -> u8 {
    put!(&mut cx.out, "lx ", cx.applet, " ", env!("CARGO_PKG_VERSION"), "\n");
    0
}

#[cfg(test)]
mod tests {
    use super::{Help, Value, names};
    use std::vec::Vec;

    #[test]
    fn a_table_is_read_off_the_help() {
        const HELP: Help = help!(
            "Usage: x -y\n\n  -x, --hex=NAME, --hexa=NAME\n  -q  quiet -z\n      --opt[=A]  b\n"
        );
        assert_eq!(HELP.options, b"\x0a-x, --hex=\x02-q\x06--opt[");
        let all: Vec<_> = names(HELP.options, 0).map(|o| (o.key, o.name, o.value)).collect();
        let expected: [(&[u8], &[u8], Value); 4] = [
            (b"x", b"-x", Value::Required),
            (b"x", b"--hex", Value::Required),
            (b"q", b"-q", Value::None),
            (b"opt", b"--opt", Value::Optional),
        ];
        assert_eq!(all.len(), 4);
        for (found, expected) in all.iter().zip(expected) {
            assert!(*found == expected);
        }
    }
}
