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
pub mod source;

use crate::cli;
use crate::colour::Colour;
use crate::context::Context;
use crate::process::{Given, JSON, Reason, Subject, each, given};
use crate::words::{file_name, words};
use alloc::vec::Vec;
use filter::{Filter, Range};

const HELP: cli::Help = help!(
    "\
What is mapped where in processes and core files: the lines of /proc/PID/maps, with octal
escapes for what could drive a terminal. A PID is decimal or 'self' (lx, the default); all
else is the path of a core file.

  -H, --header       a line that names the columns
      --name=GLOB    only mappings with such a path, or with such a last part of it
      --perms=PERMS  only those with these letters of rwxsp; 'r-xp': with just these
      --deleted      only those of files that are deleted
      --gaps         what lies between two mappings, too
      --summary      totals by kind
      --draw         the address space as a picture
      --at=ADDR[,ADDR]...  what lies at an address: mapping, offset in the file, build ID,
                     section, symbol
      --parse        with --at: searches the list instead of asking the kernel
      --dump=LOW-HIGH  memory, into the file that -o names; what can't be read is a hole
  -o, --output=FILE  the file for --dump
      --raw          names as they are
      --color[=WHEN]  by kind: 'always', 'never', or 'auto': on a terminal
      --json         an array with an object for each operand
      --why          why something can't be read, and what helps
      --help         this text

As pmap of procps 4.0.2 prints it, with its exit status, 42 where a process isn't there:

  -x, --extended     with resident and dirty memory
  -X                 with most of what smaps tells; -XX: with all of it
  -d, --device       with offset and device
  -p, --show-path    with paths, not only their last parts
  -q, --quiet        without header and totals
  -r                 as pmap without options
  -A, --range=LOW[,HIGH]  only mappings in a range of addresses
"
);

const KEYS: &[u8] = b"json why H name perms deleted gaps summary draw at parse dump o raw color \
    x X d p q r A";
const HEADER: u32 = 1 << 2;
const NAME: u32 = 1 << 3;
const PERMS: u32 = 1 << 4;
const DELETED: u32 = 1 << 5;
const GAPS: u32 = 1 << 6;
const SUMMARY: u32 = 1 << 7;
const DRAW: u32 = 1 << 8;
const AT: u32 = 1 << 9;
const PARSE: u32 = 1 << 10;
const DUMP: u32 = 1 << 11;
const OUTPUT: u32 = 1 << 12;
const RAW: u32 = 1 << 13;
const COLOR: u32 = 1 << 14;
const EXTENDED: u32 = 1 << 15;
const MORE: u32 = 1 << 16;
const DEVICE: u32 = 1 << 17;
const PATH: u32 = 1 << 18;
const QUIET: u32 = 1 << 19;
const RANGE: u32 = 1 << 21;
/// That it is to look like pmap's output: `-r` and those around it.
const PMAP: u32 = EXTENDED | MORE | DEVICE | PATH | QUIET | 1 << 20 | RANGE;

#[derive(Default)]
struct Options<'a> {
    given: u32,
    filter: Filter<'a>,
    at: Vec<u64>,
    dump: Range,
    output: &'a [u8],
    colour: Colour,
    /// Whether `-X` is given twice.
    all: bool,
}

impl Options<'_> {
    /// Whether one of these is given.
    fn has(&self, options: u32) -> bool {
        self.given & options != 0
    }
}

/// The status is 1 where something couldn't be read.
pub fn run(cx: &mut Context) -> u8 {
    let mut options = Options::default();
    let (mut colour, mut more) = (None, 0);
    let given = given(cx, rt::text!("[OPTION]... [PID|CORE]..."), HELP, KEYS, &mut |bit, value| {
        let text = value.unwrap_or_default();
        match bit {
            NAME => options.filter.name = Some(text),
            PERMS => {
                options.filter.perms = text;
                return text.iter().all(|letter| b"rwxsp-".contains(letter)) && text.len() <= 4;
            }
            DELETED => options.filter.deleted = true,
            AT => {
                return words(text, b',').all(|text| {
                    let address = filter::address(text);
                    options.at.extend(address);
                    address.is_some()
                }) && text.last().is_some_and(|last| *last != b',');
            }
            DUMP | RANGE => {
                let range = Range::parse(text, if bit == DUMP { b'-' } else { b',' });
                let place = if bit == DUMP { &mut options.dump } else { &mut options.filter.range };
                *place = range.unwrap_or_default();
                return range.is_some_and(|range| bit == RANGE || range.low < range.high);
            }
            OUTPUT => options.output = text,
            COLOR => {
                colour = value;
                return Colour::chosen(value).is_some();
            }
            MORE => more += 1,
            _ => {}
        }
        true
    });
    let Given { options: given, operands } = match given {
        Ok(given) => given,
        Err(status) => return status,
    };
    (options.given, options.all) = (given, more > 1);
    let modes = given & (SUMMARY | DRAW | AT | DUMP | EXTENDED | MORE | DEVICE);
    let wrong = if modes.count_ones() > 1 {
        Some(rt::text!("--summary, --draw, --at, --dump, -x, -X and -d are mutually exclusive"))
    } else if options.has(DUMP) != options.has(OUTPUT) {
        Some(rt::text!("--dump and -o belong together"))
    } else if options.has(DUMP) && operands.len() > 1 {
        Some(rt::text!("--dump takes one process or core file"))
    } else {
        None
    };
    if let Some(wrong) = wrong {
        message!(cx, wrong);
        return cli::misused(cx);
    }
    // Only where there may be colour: it costs a system call.
    if !options.has(JSON | PMAP | AT | DUMP) {
        options.colour = Colour::chosen(colour).unwrap_or_default();
    }
    if options.has(DUMP) {
        options.given &= !JSON;
    }
    let mut table = smaps::Table::default();
    let mut as_pmap = 0;
    let status = each(cx, &operands, options.given, given & PMAP == 0, &mut |cx, subject| {
        let done = show(cx, subject, &options, &mut table);
        as_pmap |= match done {
            Ok(true) => 0,
            Err(Reason::Absent) => 42,
            _ => 1,
        };
        done
    });
    if options.has(PMAP) { as_pmap } else { status }
}

fn show(
    cx: &mut Context,
    subject: Subject,
    options: &Options,
    table: &mut smaps::Table,
) -> Result<bool, Reason> {
    if !options.has(JSON | PMAP | DRAW | SUMMARY | AT | DUMP) {
        return plain::run(cx, subject, options);
    }
    let mut own = smaps::Table::default();
    let table = match options.given & (JSON | MORE | EXTENDED) {
        0 | JSON => None,
        MORE => Some(table),
        _ => Some(&mut own),
    };
    source::with(subject.word, table, &mut |source| {
        if options.has(JSON) {
            return Ok(json::run(cx, subject, source, options));
        } else if options.has(DUMP) {
            return dump::run(cx, source, options.dump, options.output);
        } else if options.has(MORE) {
            return smaps::run(cx, source, options);
        } else if options.has(PMAP) {
            return pmap::run(cx, source, options);
        }
        subject.header(cx);
        if options.has(AT) {
            return Ok(at::run(cx, source, options));
        } else if options.has(DRAW) {
            draw::run(cx, source, options);
        } else {
            kind::summary(cx, source, options);
        }
        Ok(true)
    })
}

/// After the last slash; from that on, where nothing comes after it.
fn last_part(name: &[u8]) -> &[u8] {
    match file_name(name) {
        b"" => name.get(name.len().saturating_sub(1)..).unwrap_or_default(),
        part => part,
    }
}
