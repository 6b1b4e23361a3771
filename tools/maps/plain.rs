//! The lines of `/proc/PID/maps`, read and written piece by piece.

use super::kind::{Kind, paint};
use super::source::{pieces, process, with};
use super::{DELETED, GAPS, HEADER, NAME, Options, PERMS, RAW};
use crate::context::Context;
use crate::process::{AUXV_ROOM, Process, Reason, Subject};
use crate::quote::Tamed;
use rt::fmt::{dec, hex, left};
use rt::maps::{Entry, Lines, is_plain};
use rt::put;

pub fn run(cx: &mut Context, subject: Subject, options: &Options) -> Result<bool, Reason> {
    let Some(process) = process(subject.word)? else {
        return with(subject.word, None, &mut |source| {
            begin(cx, subject, options);
            lines(cx, None, options, source.text, &mut None);
            Ok(true)
        });
    };
    let (mut first, mut before) = (true, None);
    let mut buffer = [0; AUXV_ROOM];
    pieces(&process, c"maps", &mut buffer, &mut |text| {
        if first {
            begin(cx, subject, options);
            first = false;
        }
        lines(cx, Some(&process), options, text, &mut before);
    })?;
    Ok(true)
}

/// What comes before the first line.
fn begin(cx: &mut Context, subject: Subject, options: &Options) {
    subject.header(cx);
    if options.has(HEADER) {
        put!(&mut cx.out, left("address", 26), "perm offset   dev   ", left("inode", 27));
        put!(&mut cx.out, "pathname\n");
    }
}

/// Writes lines; `before` is where the mapping before them ends.
fn lines(
    cx: &mut Context,
    process: Option<&Process>,
    options: &Options,
    text: &[u8],
    before: &mut Option<u64>,
) {
    let simple = !options.has(NAME | PERMS | DELETED | GAPS) && !options.colour.is_on();
    if simple && (options.has(RAW) || is_plain(text)) {
        return cx.out.bytes(text);
    }
    for line in Lines(text) {
        // By reference: it is a large one.
        let Some(entry) = &Entry::parse(line) else { continue };
        if options.has(GAPS) {
            gap(cx, *before, entry);
            *before = Some(entry.end);
        }
        if !options.filter.wants(entry, process) {
            continue;
        }
        let colour = Kind::of(entry).colour();
        if options.has(RAW) {
            paint(&mut cx.out, options, colour, &line);
        } else {
            paint(&mut cx.out, options, colour, &Tamed(line));
        }
        cx.out.byte(b'\n');
    }
}

/// What lies between two mappings, in a line like theirs.
fn gap(cx: &mut Context, before: Option<u64>, entry: &Entry) {
    if let Some(before) = before
        && let Some(size @ 1..) = entry.start.checked_sub(before)
    {
        put!(&mut cx.out, hex(before).zero(8), "-", hex(entry.start).zero(8));
        put!(&mut cx.out, " [gap] ", dec(size >> 10), "K\n");
    }
}
