//! `--json`.

use super::at::{Fact, find};
use super::smaps::Rows;
use super::source::Source;
use super::{AT, DRAW, GAPS, Options, SUMMARY, draw, kind};
use crate::context::Context;
use crate::process::Subject;
use crate::words::{number, utf8, words};
use alloc::vec::Vec;
use rt::maps::{Entry, Lines};

#[inline(never)]
pub fn run(cx: &mut Context, subject: Subject, source: &Source, options: &Options) -> bool {
    subject.object(cx);
    let mut fine = true;
    if options.has(AT) {
        fine = addresses(cx, source, options);
    } else if options.has(SUMMARY) {
        totals(cx, source, options);
    } else if options.has(DRAW) {
        draw::json(cx, source, options);
    } else {
        mappings(cx, source, options);
    }
    cx.json().end_object();
    fine
}

fn mappings(cx: &mut Context, source: &Source, options: &Options) {
    cx.json().array("mappings");
    let mut before: Option<u64> = None;
    for row in Rows(Lines(source.text)) {
        // By reference: it is a large one.
        let Some(entry) = &Entry::parse(row.line) else { continue };
        if options.has(GAPS)
            && let Some(end) = before
            && end < entry.start
        {
            let json = cx.json();
            json.object("").number("start", end).number("end", entry.start);
            json.text("kind", "gap").end_object();
        }
        before = Some(entry.end);
        if !options.filter.wants(entry, source.process) {
            continue;
        }
        cx.json().object("");
        mapping(cx, entry);
        if let Some(table) = source.table {
            cx.json().object("smaps");
            for (name, value) in table.named(&row) {
                if let Some(name) = utf8(name) {
                    cx.json().number_or_null(name, number(value, 10));
                }
            }
            if !row.flags.is_empty() {
                cx.json().array("VmFlags");
                for flag in words(row.flags, b' ') {
                    cx.json().text("", flag);
                }
                cx.json().end_array();
            }
            cx.json().end_object();
        }
        cx.json().end_object();
    }
    cx.json().end_array();
}

/// The members of a mapping.
fn mapping(cx: &mut Context, entry: &Entry) {
    let json = cx.json();
    json.numbers("start end", &[entry.start, entry.end]).text("perms", &entry.perms);
    let numbers = [entry.offset, entry.major.into(), entry.minor.into(), entry.inode];
    json.numbers("offset dev_major dev_minor inode", &numbers);
    json.text("kind", kind::Kind::of(entry).name()).text("name", &unescaped(entry.name));
}

/// A name with its newlines.
fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((first, tail)) = rest.split_first() {
        match rest.strip_prefix::<[u8]>(b"\\012") {
            Some(tail) => {
                out.push(b'\n');
                rest = tail;
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    out
}

fn totals(cx: &mut Context, source: &Source, options: &Options) {
    cx.json().object("summary");
    for (kind, total) in kind::totals(source, options).iter().enumerate() {
        cx.json().object(kind::name(kind)).number("mappings", total.count);
        cx.json().number("bytes", total.bytes).end_object();
    }
    cx.json().end_object();
}

fn addresses(cx: &mut Context, source: &Source, options: &Options) -> bool {
    let mut fine = true;
    cx.json().array("at");
    for address in &options.at {
        cx.json().object("").number("address", *address);
        let found = find(source, *address, options, &mut |fact| match fact {
            Fact::Mapping(entry) => {
                cx.json().object("mapping");
                mapping(cx, entry);
                cx.json().end_object();
            }
            Fact::Offset(offset) => _ = cx.json().number("file_offset", offset),
            Fact::Address(address) => _ = cx.json().number("elf_address", address),
            Fact::BuildId(bytes) => _ = cx.json().hex("build_id", bytes),
            Fact::Section(name, within) | Fact::Symbol(name, within) => {
                let key = if matches!(fact, Fact::Section(..)) { "section" } else { "symbol" };
                cx.json().object(key).text("name", name).number("offset", within).end_object();
            }
        });
        if !found {
            cx.json().null("mapping");
            fine = false;
        }
        cx.json().end_object();
    }
    cx.json().end_array();
    fine
}
