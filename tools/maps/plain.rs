//! The lines of `/proc/PID/maps`, read and written piece by piece.

use super::Options;
use super::kind::Kind;
use super::source::{Source, process, with};
use crate::context::Context;
use crate::process::{AUXV_ROOM, Process, Reason, Subject};
use crate::quote::Tamed;
use alloc::vec;
use rt::fmt::{dec, hex, left};
use rt::io::Read;
use rt::maps::{Entry, Lines, is_plain};
use rt::put;

/// What is read at a time: longer than any line.
const PIECE: usize = 64 << 10;

pub fn run(cx: &mut Context, subject: Subject, options: &Options) -> Result<bool, Reason> {
    let Some(process) = process(subject.word)? else {
        return with(subject.word, c"maps", &mut |source| {
            begin(cx, subject, options);
            lines(cx, source, options, source.text, &mut None);
            Ok(true)
        });
    };
    stream(cx, subject, options, &process)
}

/// What comes before the first line.
fn begin(cx: &mut Context, subject: Subject, options: &Options) {
    subject.header(cx);
    if options.header {
        put!(&mut cx.out, left("address", 26), "perm offset   dev   ", left("inode", 27));
        put!(&mut cx.out, "pathname\n");
    }
}

fn stream(
    cx: &mut Context,
    subject: Subject,
    options: &Options,
    process: &Process,
) -> Result<bool, Reason> {
    let mut buffer = [0; AUXV_ROOM];
    let mut opened = None;
    let auxv = process.steady(&mut buffer, &mut |dir| {
        opened = Some(dir.file(c"maps")?);
        Ok(())
    })?;
    let Some(mut file) = opened else { return Err(Reason::Gone) };
    let source = Source { word: subject.word, process: Some(process), core: None, auxv, text: &[] };
    let mut piece = vec![0; PIECE];
    let (mut kept, mut first, mut before) = (0, true, None);
    loop {
        let read = file.read_full(piece.get_mut(kept..).unwrap_or_default());
        let used = kept + read.map_err(|errno| process.reason(errno))?;
        let last = used < piece.len();
        if last {
            // The end may have been that of the process; then there is no end of the list.
            process.still(auxv)?;
        }
        if first {
            begin(cx, subject, options);
            first = false;
        }
        let text = piece.get(..used).unwrap_or_default();
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(used, |at| at + 1);
        lines(cx, &source, options, text.get(..whole).unwrap_or_default(), &mut before);
        if last || cx.out.failed() {
            return Ok(true);
        }
        piece.copy_within(whole..used, 0);
        kept = used - whole;
    }
}

/// Writes lines; `before` is where the mapping before them ends.
fn lines(
    cx: &mut Context,
    source: &Source,
    options: &Options,
    text: &[u8],
    before: &mut Option<u64>,
) {
    let simple = options.filter.is_empty() && !options.gaps && !options.colour.is_on();
    if simple && (options.raw || is_plain(text)) {
        return cx.out.bytes(text);
    }
    for line in Lines(text) {
        let Some(entry) = Entry::parse(line) else { continue };
        if options.gaps {
            gap(cx, *before, &entry);
            *before = Some(entry.end);
        }
        if !options.filter.wants(&entry, source) {
            continue;
        }
        let colour = Kind::of(&entry).colour();
        if options.raw {
            put!(&mut cx.out, options.colour.paint_as(colour, line), "\n");
        } else {
            put!(&mut cx.out, options.colour.paint_as(colour, Tamed(line)), "\n");
        }
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
