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
use crate::words::words;
use alloc::vec::Vec;
use rt::put;

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

/// The first name in a table that fits; with a letter, only the lines that it begins count.
fn find<'t>(
    table: &'t str,
    letter: Option<u8>,
    fits: &mut dyn FnMut(Opt<'t>) -> bool,
) -> Option<Opt<'t>> {
    for line in words(table.as_bytes(), b'\n') {
        let is_option = line.starts_with(b"  -") || line.starts_with(b"      -");
        if !is_option || letter.is_some() && line.get(3).copied() != letter {
            continue;
        }
        let line = line.trim_ascii_start();
        let is_end = |two: &[u8]| matches!(two, [b'=' | b'[', _] | b"  ");
        let end = line.windows(2).position(is_end).unwrap_or(line.len());
        let value = match line.get(end) {
            Some(b'=') => Value::Required,
            Some(b'[') => Value::Optional,
            _ => Value::None,
        };
        let mut key = None;
        for name in words(line.get(..end).unwrap_or_default(), b',') {
            let name = name.trim_ascii_start();
            let key = *key.get_or_insert(bare(name));
            let opt = Opt { key, name, value };
            if fits(opt) {
                return Some(opt);
            }
        }
    }
    None
}

/// A name without its dashes.
fn bare(name: &[u8]) -> &[u8] {
    name.strip_prefix(b"--").or(name.strip_prefix(b"-")).unwrap_or(name)
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
    sort(cx, args, table, false, set)
}

/// As [`parse`], for applets that run a program: what is behind its name are its arguments.
#[cfg(feature = "link")]
pub fn parse_before_program<'a>(
    cx: &mut Context,
    args: &[&'a [u8]],
    table: &str,
    set: Set<'_, 'a>,
) -> Result<Vec<&'a [u8]>, Wrong> {
    sort(cx, args, table, true, set)
}

fn sort<'a>(
    cx: &mut Context,
    args: &[&'a [u8]],
    table: &str,
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
    table: &str,
    args: &mut dyn Iterator<Item = &'a [u8]>,
    set: Set<'_, 'a>,
) -> bool {
    let equals = text.iter().position(|&byte| byte == b'=');
    let (name, value) = match equals {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let fits = |opt: Opt| opt.name.strip_prefix(b"--").is_some_and(|long| long.starts_with(name));
    let exact = find(table, None, &mut |opt| opt.name.strip_prefix(b"--") == Some(name));
    let Some(found) = exact.or_else(|| find(table, None, &mut |opt| fits(opt))) else {
        message!(cx, "unrecognized option '--", name, "'");
        return false;
    };
    let is_other = &mut |opt: Opt| fits(opt) && opt.key != found.key;
    if exact.is_none() && find(table, None, is_other).is_some() {
        cx.begin_message();
        put!(&mut cx.err, "option '--", name, "' is ambiguous; possibilities:");
        find(table, None, &mut |opt| {
            if fits(opt) {
                put!(&mut cx.err, " '", opt.name, "'");
            }
            false
        });
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
    table: &str,
    args: &mut dyn Iterator<Item = &'a [u8]>,
    set: Set<'_, 'a>,
) -> bool {
    let mut right = true;
    while let Some((&letter, rest)) = cluster.split_first() {
        cluster = rest;
        let is_it = &mut |opt: Opt| opt.name == [b'-', letter];
        let Some(found) = find(table, Some(letter), is_it) else {
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
    use super::{Value, find};
    use std::vec::Vec;

    #[test]
    fn a_table_is_read_off_the_help() {
        let table =
            "Usage: x -y\n\n  -x, --hex=NAME, --hexa=NAME\n  -q  quiet -z\n      --opt[=A]  b\n";
        let mut all = Vec::new();
        find(table, None, &mut |o| {
            all.push((o.key, o.name, o.value));
            false
        });
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
