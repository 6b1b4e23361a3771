//! Options in the manner of `getopt_long`, out of one table for each applet.

use crate::context::Context;
use alloc::vec::Vec;
use rt::fmt::Put;
use rt::io::BufWriter;
use rt::put;

/// What comes with an option; the text names it in the help.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    None,
    /// An argument: `-x V`, `-xV`, `--long V`, `--long=V`.
    Required(&'static str),
    /// Perhaps an argument: `-xV`, `--long=V`.
    Optional(&'static str),
}

/// One spelling of an option. Rows with the same key mean the same.
pub struct Opt {
    /// What the applet knows it by: its letter, or any other number for one without.
    pub key: u8,
    /// The letter; 0 where there is none.
    pub short: u8,
    /// The long name; empty where there is none.
    pub long: &'static str,
    /// What comes with it.
    pub value: Value,
    /// What it does, in one line; empty for one that isn't listed.
    pub help: &'static str,
}

impl Opt {
    /// An option with a letter and a long name.
    pub const fn new(key: u8, long: &'static str, help: &'static str) -> Opt {
        Opt { key, short: key, long, value: Value::None, help }
    }

    /// An option without a letter, or another name of the one with this key.
    pub const fn long(key: u8, long: &'static str, help: &'static str) -> Opt {
        Opt { key, short: 0, long, value: Value::None, help }
    }

    /// The same with something that comes with it.
    pub const fn with(self, value: Value) -> Opt {
        Opt { value, ..self }
    }
}

/// The list of options for an applet's help, in the order of its table.
pub fn list(out: &mut BufWriter, table: &[Opt]) {
    const COLUMN: usize = 30;
    for opt in table.iter().filter(|opt| !opt.help.is_empty()) {
        match opt.short {
            0 => put!(out, "      "),
            letter => put!(out, "  -", [letter], if opt.long.is_empty() { "  " } else { ", " }),
        }
        let (before, name, after) = match opt.value {
            Value::None => ("", "", ""),
            Value::Required(name) => ("=", name, ""),
            Value::Optional(name) => ("[=", name, "]"),
        };
        let dashes = if opt.long.is_empty() { "" } else { "--" };
        put!(out, dashes, opt.long, before, name, after);
        let used = 6 + [dashes, opt.long, before, name, after].map(str::len).iter().sum::<usize>();
        out.fill(b' ', COLUMN.saturating_sub(used).max(1));
        put!(out, opt.help, "\n");
    }
}

/// Is told of each option: its key and what came with it.
pub type Set<'s, 'a> = &'s mut dyn FnMut(&mut Context, u8, Option<&'a [u8]>);

/// What was wrong; it has been told already.
pub struct Wrong;

/// Sorts the arguments: `option` is called for each option in order with its key and
/// value, the operands are the result. Options and operands may be in any order, unless
/// `POSIXLY_CORRECT` is set. All that is wrong is told, in glibc's words.
pub fn parse<'a>(
    cx: &mut Context,
    args: &[&'a [u8]],
    table: &[Opt],
    option: Set<'_, 'a>,
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
            wrong |= !parse_long(cx, long, table, &mut args, option);
        } else if let Some(cluster) = arg.strip_prefix(b"-").filter(|rest| !rest.is_empty()) {
            wrong |= !parse_cluster(cx, cluster, table, &mut args, option);
        } else {
            operands.push(arg);
        }
    }
    if wrong { Err(Wrong) } else { Ok(operands) }
}

fn parse_long<'a>(
    cx: &mut Context,
    text: &'a [u8],
    table: &[Opt],
    args: &mut dyn Iterator<Item = &'a [u8]>,
    option: Set<'_, 'a>,
) -> bool {
    let equals = text.iter().position(|&byte| byte == b'=');
    let (name, value) = match equals {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let fits = |opt: &&Opt| !opt.long.is_empty() && opt.long.as_bytes().starts_with(name);
    let exact = table.iter().find(|opt| !opt.long.is_empty() && opt.long.as_bytes() == name);
    let Some(found) = exact.or_else(|| table.iter().find(fits)) else {
        message!(cx, "unrecognized option '--", name, "'");
        return false;
    };
    let same = |opt: &Opt| opt.key == found.key && opt.value == found.value;
    if exact.is_none() && !table.iter().filter(fits).all(same) {
        let mut text: Vec<&dyn Put> = Vec::new();
        text.extend_from_slice(&[&"option '--", &name, &"' is ambiguous; possibilities:"]);
        for opt in table.iter().filter(fits) {
            text.extend_from_slice(&[&" '--", &opt.long, &"'"]);
        }
        cx.message(&text);
        return false;
    }
    let value = match (found.value, value) {
        (Value::None, Some(_)) => {
            message!(cx, "option '--", found.long, "' doesn't allow an argument");
            return false;
        }
        (Value::Required(_), None) => match args.next() {
            None => {
                message!(cx, "option '--", found.long, "' requires an argument");
                return false;
            }
            next => next,
        },
        (_, value) => value,
    };
    option(cx, found.key, value);
    true
}

fn parse_cluster<'a>(
    cx: &mut Context,
    mut cluster: &'a [u8],
    table: &[Opt],
    args: &mut dyn Iterator<Item = &'a [u8]>,
    option: Set<'_, 'a>,
) -> bool {
    let mut right = true;
    while let Some((&letter, rest)) = cluster.split_first() {
        cluster = rest;
        let Some(found) = table.iter().find(|opt| opt.short == letter) else {
            message!(cx, "invalid option -- '", [letter], "'");
            right = false;
            continue;
        };
        let attached = (!rest.is_empty()).then_some(rest);
        let value = match found.value {
            Value::None => None,
            Value::Optional(_) => attached,
            Value::Required(_) => match attached.or_else(|| args.next()) {
                None => {
                    message!(cx, "option requires an argument -- '", [letter], "'");
                    return false;
                }
                value => value,
            },
        };
        option(cx, found.key, value);
        if found.value != Value::None {
            break;
        }
    }
    right
}
