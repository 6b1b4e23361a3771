//! `lx maps`: what is mapped where in the memory of a process.

mod at;
mod draw;
mod dump;
mod filter;
mod json;
mod kind;
mod plain;
mod pmap;
mod smaps;
mod source;

use crate::cli;
use crate::colour::Colour;
use crate::context::Context;
use crate::process::{Manner, Reason, Subject, each};
use alloc::vec::Vec;
use filter::{Filter, Range};

const HELP: &str = "\
Print what is mapped where in the memory of processes and core files: the lines of
/proc/PID/maps, with octal escapes for what could drive a terminal. A PID is decimal or
'self', which is lx and the default; all else is the path of a core file.

  -H, --header          a line that names the columns
      --name=GLOB       only mappings with such a path, or with such a last part of it
      --perms=PERMS     only those with these letters of rwxsp; 'r-xp': with just these
      --deleted         only those of files that are deleted
      --gaps            what lies between two mappings, too
      --summary         totals by kind
      --draw            the address space as a picture
      --at=ADDR[,ADDR]...  what lies at an address: mapping, offset in the file, build ID,
                        section, symbol
      --parse           with --at: searches the list instead of asking the kernel
      --dump=LOW-HIGH   memory, into the file that -o names; what can't be read is a hole
  -o, --output=FILE     the file for --dump
      --raw             names as they are
      --color[=WHEN]    by kind: 'always', 'never', or 'auto': on a terminal
      --json            as JSON: an array with an object for each operand
      --why             if something can't be read, a paragraph on the reason and the remedy
      --help            this help

As pmap of procps 4.0.2 prints it:

  -x, --extended        with resident and dirty memory
  -X                    with most of what smaps tells; -XX: with all of it
  -d, --device          with offset and device
  -p, --show-path       with paths, not only their last parts
  -q, --quiet           without header and totals
  -r                    as pmap without options
  -A, --range=LOW[,HIGH]  only mappings in a range of addresses
";

#[derive(Default)]
struct Options<'a> {
    header: bool,
    filter: Filter<'a>,
    gaps: bool,
    summary: bool,
    draw: bool,
    at: Vec<u64>,
    parse: bool,
    dump: Option<Range>,
    output: Option<&'a [u8]>,
    raw: bool,
    colour: Colour,
    json: bool,
    why: bool,
    help: bool,
    extended: bool,
    /// How often `-X` is given.
    more: usize,
    device: bool,
    path: bool,
    quiet: bool,
    /// Whether it is to look like pmap's output.
    pmap: bool,
}

/// The status is 1 where something couldn't be read.
pub fn run(cx: &mut Context) -> u8 {
    let mut options = Options::default();
    let mut wrong = false;
    let mut colour = None;
    let args = cx.args;
    let parsed = cli::parse(cx, args, HELP, &mut |cx, key, value| {
        let text = value.unwrap_or_default();
        options.pmap |= matches!(key, b"x" | b"X" | b"d" | b"p" | b"q" | b"r" | b"A");
        let right = match key {
            b"H" => set(&mut options.header),
            b"name" => {
                options.filter.name = Some(text);
                true
            }
            b"perms" => {
                options.filter.perms = Some(text);
                text.iter().all(|letter| b"rwxsp-".contains(letter)) && text.len() <= 4
            }
            b"deleted" => set(&mut options.filter.deleted),
            b"gaps" => set(&mut options.gaps),
            b"summary" => set(&mut options.summary),
            b"draw" => set(&mut options.draw),
            b"at" => text.split(|byte| *byte == b',').all(|text| {
                let address = filter::address(text);
                options.at.extend(address);
                address.is_some()
            }),
            b"parse" => set(&mut options.parse),
            b"dump" => {
                options.dump = Range::parse(text, b'-').filter(|range| range.low < range.high);
                options.dump.is_some()
            }
            b"o" => {
                options.output = value;
                true
            }
            b"raw" => set(&mut options.raw),
            b"color" => {
                colour = Some(value);
                Colour::chosen(value).is_some()
            }
            b"json" => set(&mut options.json),
            b"why" => set(&mut options.why),
            b"x" => set(&mut options.extended),
            b"X" => {
                options.more += 1;
                true
            }
            b"d" => set(&mut options.device),
            b"p" => set(&mut options.path),
            b"q" => set(&mut options.quiet),
            b"r" => true,
            b"A" => {
                options.filter.range = Range::parse(text, b',');
                options.filter.range.is_some()
            }
            _ => set(&mut options.help),
        };
        if !right {
            let dashes = if key.len() > 1 { "--" } else { "-" };
            message!(cx, "invalid argument '", text, "' for '", dashes, key, "'");
            wrong = true;
        }
    });
    let Ok(operands) = parsed else { return cli::misused(cx) };
    if options.help {
        return cli::help(cx, "[OPTION]... [PID|CORE]...", HELP);
    }
    let modes = [
        options.summary,
        options.draw,
        !options.at.is_empty(),
        options.dump.is_some(),
        options.extended,
        options.more > 0,
        options.device,
    ];
    if !wrong && modes.iter().filter(|mode| **mode).count() > 1 {
        message!(cx, "--summary, --draw, --at, --dump, -x, -X and -d are mutually exclusive");
        wrong = true;
    }
    if !wrong && options.dump.is_some() != options.output.is_some() {
        message!(cx, "--dump and -o belong together");
        wrong = true;
    }
    if !wrong && options.dump.is_some() && operands.len() > 1 {
        message!(cx, "--dump takes one process or core file");
        wrong = true;
    }
    if wrong {
        return cli::misused(cx);
    }
    // Only where there may be colour: it costs a system call.
    if !options.json && !options.pmap && options.at.is_empty() && options.dump.is_none() {
        options.colour = Colour::chosen(colour.flatten()).unwrap_or_default();
    }
    let headed = !options.pmap;
    let manner = Manner { json: options.json && options.dump.is_none(), why: options.why, headed };
    let mut table = smaps::Table::default();
    let mut as_pmap = 0;
    let status = each(cx, &operands, manner, &mut |cx, subject| {
        let done = show(cx, subject, &options, &mut table);
        as_pmap |= match done {
            Ok(true) => 0,
            Err(Reason::Absent) => 42,
            _ => 1,
        };
        done
    });
    if options.pmap { as_pmap } else { status }
}

fn set(option: &mut bool) -> bool {
    *option = true;
    true
}

fn show(
    cx: &mut Context,
    subject: Subject,
    options: &Options,
    table: &mut smaps::Table,
) -> Result<bool, Reason> {
    let word = subject.word;
    let plain = !(options.pmap || options.draw || options.summary || !options.at.is_empty());
    if options.json && options.dump.is_none() {
        return json::run(cx, subject, options);
    } else if plain && options.dump.is_none() {
        return plain::run(cx, subject, options);
    }
    let mut own = smaps::Table::default();
    let table = match (options.more > 0, options.extended) {
        (true, _) => Some(table),
        (_, true) => Some(&mut own),
        _ => None,
    };
    source::with(word, table, &mut |source| {
        if let (Some(range), Some(path)) = (options.dump, options.output) {
            return dump::run(cx, source, range, path);
        } else if options.more > 0 {
            return smaps::run(cx, source, options);
        } else if options.pmap {
            return pmap::run(cx, source, options);
        }
        subject.header(cx);
        if options.draw {
            draw::run(cx, source, options);
        } else if options.summary {
            kind::summary(cx, source, options);
        } else {
            return Ok(at::run(cx, source, options));
        }
        Ok(true)
    })
}

/// After the last slash; from that on, where nothing comes after it.
fn last_part(name: &[u8]) -> &[u8] {
    let at = name.iter().rposition(|byte| *byte == b'/');
    let part =
        at.and_then(|at| name.get(at + 1..).filter(|part| !part.is_empty()).or(name.get(at..)));
    part.unwrap_or(name)
}
