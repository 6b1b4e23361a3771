//! Options in the manner of `getopt_long`, out of the applet's help text.
//!
//! The text that `--help` prints is the table: what can be given is what is described, and
//! a table without pointers needs no relocation at start-up. A line of it names an option:
//!
//! ```text
//!   -x, --hex-dump=NAME  the bytes of a section
//!       --sframe[=NAME]  with something that may be left out
//! ```
//!
//! A letter comes first, two spaces end the names; the value of the last one is that of all. An applet knows an
//! option by the first name on its line, without dashes.

use crate::context::Context;
use alloc::vec::Vec;
use rt::put;
use rt::row::find;

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

/// The lines of a table that begin with an option.
struct Lines<'t>(&'t [u8]);

impl<'t> Iterator for Lines<'t> {
    type Item = &'t [u8];

    fn next(&mut self) -> Option<&'t [u8]> {
        while !self.0.is_empty() {
            let end = find(self.0, b'\n').unwrap_or(self.0.len());
            let (line, rest) = self.0.split_at(end);
            self.0 = rest.get(1..).unwrap_or_default();
            if let [b' ', b' ', b'-', ..] | [b' ', b' ', b' ', b' ', b' ', b' ', b'-', ..] = line {
                return Some(line);
            }
        }
        None
    }
}

/// The names in a table, in its order.
fn names(table: &str) -> impl Iterator<Item = Opt<'_>> {
    Lines(table.as_bytes()).flat_map(names_of)
}

/// The names on a line.
fn names_of(line: &[u8]) -> impl Iterator<Item = Opt<'_>> {
    let line = line.trim_ascii_start();
    let end = line.windows(2).position(|two| two == b"  ").unwrap_or(line.len());
    let head = line.get(..end).unwrap_or_default();
    let (head, value) = match head.iter().position(|&byte| matches!(byte, b'=' | b'[')) {
        None => (head, Value::None),
        Some(at) if head[at] == b'[' => (&head[..at], Value::Optional),
        Some(at) => (&head[..at], Value::Required),
    };
    let names = move || {
        let names = head.split(|&byte| byte == b',').map(<[u8]>::trim_ascii_start);
        names.filter(|name| !name.is_empty())
    };
    let key = bare(names().next().unwrap_or_default());
    names().map(move |name| Opt { key, name, value })
}

/// The option of a letter, which comes first on its line.
fn of_letter(table: &str, letter: u8) -> Option<Opt<'_>> {
    let is_its = |line: &&[u8]| line.get(3) == Some(&letter) && line.get(2) == Some(&b'-');
    names_of(Lines(table.as_bytes()).find(is_its)?).next().filter(|opt| opt.name.len() == 2)
}

/// A name without its dashes.
fn bare(name: &[u8]) -> &[u8] {
    name.strip_prefix(b"--").or(name.strip_prefix(b"-")).unwrap_or(name)
}

impl<'t> Opt<'t> {
    /// The long name, of one that is.
    fn long(&self) -> Option<&'t [u8]> {
        self.name.strip_prefix(b"--")
    }
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
    table: &str,
    set: Set<'_, 'a>,
) -> Result<Vec<&'a [u8]>, Wrong> {
    let mut operands = Vec::new();
    let mut wrong = false;
    let in_order = rt::env::var("POSIXLY_CORRECT").is_some();
    let mut args = args.iter().copied();
    while let Some(arg) = args.next() {
        if arg == b"--" || (in_order && !(arg.starts_with(b"-") && arg.len() > 1)) {
            operands.extend((arg != b"--").then_some(arg));
            operands.extend(args.by_ref());
        } else if let Some(long) = arg.strip_prefix(b"--") {
            wrong |= !parse_long(cx, long, table, &mut args, set);
        } else if let Some(cluster) = arg.strip_prefix(b"-").filter(|rest| !rest.is_empty()) {
            wrong |= !parse_cluster(cx, cluster, table, &mut args, set);
        } else {
            operands.push(arg);
        }
    }
    if wrong { Err(Wrong) } else { Ok(operands) }
}

fn parse_long<'a>(
    cx: &mut Context,
    text: &'a [u8],
    table: &str,
    args: &mut dyn Iterator<Item = &'a [u8]>,
    set: Set<'_, 'a>,
) -> bool {
    let equals = text.iter().position(|&byte| byte == b'=');
    let (name, value) = match equals {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let fits = |opt: &Opt| opt.long().is_some_and(|long| long.starts_with(name));
    let exact = names(table).find(|opt| opt.long() == Some(name));
    let Some(found) = exact.or_else(|| names(table).find(fits)) else {
        message!(cx, "unrecognized option '--", name, "'");
        return false;
    };
    if exact.is_none() && names(table).filter(fits).any(|opt| opt.key != found.key) {
        cx.begin_message();
        put!(&mut cx.err, "option '--", name, "' is ambiguous; possibilities:");
        for opt in names(table).filter(fits) {
            put!(&mut cx.err, " '", opt.name, "'");
        }
        cx.end_message("\n");
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
    table: &str,
    args: &mut dyn Iterator<Item = &'a [u8]>,
    set: Set<'_, 'a>,
) -> bool {
    let mut right = true;
    while let Some((&letter, rest)) = cluster.split_first() {
        cluster = rest;
        let Some(found) = of_letter(table, letter) else {
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
pub fn help(cx: &mut Context, usage: &str, table: &str) -> u8 {
    put!(&mut cx.out, "Usage: ", cx.prefix, cx.applet, " ", usage, "\n", table);
    0
}

/// `--version`.
pub fn version(cx: &mut Context) -> u8 {
    put!(&mut cx.out, "lx ", cx.applet, " ", env!("CARGO_PKG_VERSION"), "\n");
    0
}

#[cfg(test)]
mod tests {
    use super::{Value, names};
    use std::vec::Vec;

    #[test]
    fn a_table_is_read_off_the_help() {
        let table =
            "Usage: x -y\n\n  -x, --hex=NAME, --hexa=NAME\n  -q  quiet -z\n      --opt[=A]  b\n";
        let all: Vec<_> = names(table).map(|o| (o.key, o.name, o.value)).collect();
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
