//! `lx env`: the environment of a process.

use crate::cli::Help;
use crate::context::Context;
use crate::live::{self, Mark};
use crate::process::{Given, JSON, Operand, Reason, Subject, each, given, operand};
use crate::redact::{Redacted, is_secret_name, is_secret_value};
use crate::shell::Text;
use crate::sort::sort;
use crate::strings::{Strings, Which, with_strings};
use crate::words::words;
use alloc::vec::Vec;
use rt::io::BufWriter;
use rt::put;
use rt::row::find;

const HELP: Help = help!(
    "\
The environment that processes and core files were started with, one variable a line, as $'...'
with control characters or what isn't UTF-8; with NAMEs their values, and status 1 where one is
missing. A PID is decimal or 'self' (lx, the default); a CORE has a '/' in its path.

  -0, --null    each as it is, with a zero byte behind it
      --live    as it is now in the process's memory; '+' added, '~' changed, '-' removed since
      --redact  *** and the length for what looks like a secret
      --json    an array with an object for each operand
      --why     why something can't be read, and what helps
      --help    this text
"
);

const KEYS: &[u8] = b"json why 0 live redact";
const NULL: u32 = 4;
const LIVE: u32 = 8;
const REDACT: u32 = 16;

/// The status is 1 where something couldn't be read, or a name is missing.
pub fn run(cx: &mut Context) -> u8 {
    let usage = rt::text!("[OPTION]... [PID|CORE]... [NAME]...");
    let Given { options, operands: words } = match given(cx, usage, HELP, KEYS, &mut |_, _| true) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let (mut names, mut operands) = (Vec::new(), Vec::new());
    for word in words {
        let is_name = matches!(operand(word), Operand::Path(path) if !path.contains(&b'/'));
        let to = if is_name { &mut names } else { &mut operands };
        to.push(word);
    }
    let is_live = options & LIVE != 0;
    each(
        cx,
        &operands,
        options,
        options & NULL == 0,
        &mut |cx, subject| match operand(subject.word) {
            Operand::Pid(_) if is_live => live(subject.word, &mut |vars| {
                subject.header(cx);
                show(cx, options, subject, &names, vars)
            }),
            Operand::Path(_) if is_live => Err(Reason::NoLiveCore),
            _ => with_strings(cx, subject.word, Which::Env, &mut |cx, strings, _| {
                subject.header(cx);
                show(cx, options, subject, &names, Vars::Initial(strings))
            }),
        },
    )
}

/// The variables of an operand.
enum Vars<'a> {
    Initial(Strings<'a>),
    /// What is removed comes last.
    Live(&'a [(Mark, &'a [u8])]),
}

impl Vars<'_> {
    fn each(&self, call: &mut dyn FnMut(Mark, &[u8])) {
        match self {
            Vars::Initial(strings) => strings.clone().for_each(|string| call(Mark::Same, string)),
            Vars::Live(vars) => vars.iter().for_each(|(mark, string)| call(*mark, string)),
        }
    }
}

/// Calls with the variables that a process has now, and had.
// Not inlined: see `strings`.
#[inline(never)]
fn live(word: &[u8], call: &mut dyn FnMut(Vars) -> bool) -> Result<bool, Reason> {
    live::with(word, &mut |now, initial| {
        let (before, after) = (sorted(initial), sorted(now));
        let mut vars = Vec::new();
        Strings::Block(now).for_each(|string| vars.push((mark(&before, string), string)));
        for string in Strings::Block(initial) {
            if mark(&after, string) == Mark::Added {
                vars.push((Mark::Removed, string));
            }
        }
        call(Vars::Live(&vars))
    })
}

/// What became of a variable that was one of these, which are sorted.
fn mark(before: &[&[u8]], string: &[u8]) -> Mark {
    let at = before.partition_point(|other| named(other) < named(string));
    let has_name =
        |at: usize| before.get(at).is_some_and(|other| named(other).0 == named(string).0);
    match before.get(at) {
        Some(other) if *other == string => Mark::Same,
        _ if has_name(at) || at > 0 && has_name(at - 1) => Mark::Changed,
        _ => Mark::Added,
    }
}

/// The strings of a block, sorted by name, then by value.
fn sorted(block: &[u8]) -> Vec<&[u8]> {
    let mut all: Vec<&[u8]> = Strings::Block(block).collect();
    sort(&mut all, &|a, b| named(a) < named(b));
    all
}

/// The name of a variable and its value; none where there is no `=`.
fn named(string: &[u8]) -> (&[u8], Option<&[u8]>) {
    match find(string, b'=').and_then(|at| string.split_at_checked(at)) {
        Some((name, value)) => (name, value.get(1..)),
        None => (string, None),
    }
}

/// Prints the variables, or those with these names; says whether none is missing.
fn show(cx: &mut Context, options: u32, subject: Subject, names: &[&[u8]], vars: Vars) -> bool {
    if options & JSON != 0 {
        subject.object(cx).array(rt::text!("env"));
    }
    let mut fine = true;
    if names.is_empty() {
        let marked = matches!(vars, Vars::Live(_));
        vars.each(&mut |mark, string| variable(cx, options, marked.then_some(mark), string));
    }
    for &wanted in names {
        let mut found = false;
        vars.each(&mut |mark, string| {
            let (name, value) = named(string);
            let Some(value) = value.filter(|_| name == wanted && mark != Mark::Removed) else {
                return;
            };
            found = true;
            match hidden(options, name, value) {
                _ if options & JSON != 0 => variable(cx, options, None, string),
                Some(hidden) => put!(&mut cx.out, hidden),
                None if options & NULL != 0 => put!(&mut cx.out, value),
                None => put!(&mut cx.out, Text(value)),
            }
            if options & JSON == 0 {
                cx.out.byte(if options & NULL != 0 { 0 } else { b'\n' });
            }
        });
        fine &= found;
    }
    if options & JSON != 0 {
        cx.json().end_array().end_object();
    }
    fine
}

/// What stands for a value that mustn't be seen.
fn hidden(options: u32, name: &[u8], value: &[u8]) -> Option<Redacted> {
    let secret = options & REDACT != 0 && (is_secret_name(name) || is_secret_value(value));
    secret.then_some(Redacted(value.len()))
}

/// Prints a variable.
fn variable(cx: &mut Context, options: u32, mark: Option<Mark>, string: &[u8]) {
    let (name, value) = named(string);
    let hidden = hidden(options, name, value.unwrap_or_default());
    if options & JSON != 0 {
        let json = cx.json();
        json.object(rt::text!("")).text(rt::text!("name"), name);
        json.text_or_null(rt::text!("value"), value.filter(|_| hidden.is_none()));
        if let Some(hidden) = hidden {
            json.number(rt::text!("redacted"), hidden.0 as u64);
        }
        if let Some(mark) = mark {
            let mut states = words(b"same added changed removed", b' ');
            json.text(rt::text!("state"), states.nth(mark as usize).unwrap_or_default());
        }
        json.end_object();
        return;
    }
    let out = &mut cx.out;
    if let Some(mark) = mark {
        out.byte(b" +~-"[mark as usize]);
        out.byte(b' ');
    }
    let text = |out: &mut BufWriter, text| {
        if options & NULL != 0 { out.bytes(text) } else { put!(out, Text(text)) }
    };
    text(out, name);
    if value.is_some() || hidden.is_some() {
        put!(out, "=");
    }
    match hidden {
        Some(hidden) => put!(out, hidden),
        None => text(out, value.unwrap_or_default()),
    }
    out.byte(if options & NULL != 0 { 0 } else { b'\n' });
}
