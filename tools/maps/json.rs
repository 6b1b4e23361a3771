//! `--json`.

use super::smaps::{Rows, Table};
use super::source::{Source, with};
use super::{AT, DRAW, EXTENDED, GAPS, MORE, Options, PARSE, SUMMARY, at, draw, kind};
use crate::context::Context;
use crate::process::{Reason, Subject};
use crate::words::{Hex, number, words};
use alloc::vec;
use alloc::vec::Vec;
use rt::fs::PATH_MAX;
use rt::maps::{Entry, Lines};

pub fn run(cx: &mut Context, subject: Subject, options: &Options) -> Result<bool, Reason> {
    let mut table = Table::default();
    let table = options.has(EXTENDED | MORE).then_some(&mut table);
    with(subject.word, table, &mut |source| {
        subject.object(cx);
        let fine = if options.has(AT) {
            addresses(cx, source, options)
        } else if options.has(SUMMARY) {
            totals(cx, source, options);
            true
        } else if options.has(DRAW) {
            draw::json(cx, source, options);
            true
        } else {
            mappings(cx, source, options);
            true
        };
        cx.json().end_object();
        Ok(fine)
    })
}

fn mappings(cx: &mut Context, source: &Source, options: &Options) {
    cx.json().array("mappings");
    let mut before: Option<u64> = None;
    for row in Rows(Lines(source.text)) {
        let Some(entry) = Entry::parse(row.line) else { continue };
        if options.has(GAPS)
            && let Some(end) = before
            && end < entry.start
        {
            let json = cx.json();
            json.object("").number("start", end).number("end", entry.start);
            json.text("kind", "gap").end_object();
        }
        before = Some(entry.end);
        if !options.filter.wants(&entry, source.process) {
            continue;
        }
        cx.json().object("");
        mapping(cx, &entry);
        if let Some(table) = source.table {
            cx.json().object("smaps");
            for (name, value) in table.named(&row) {
                if let Ok(name) = core::str::from_utf8(name) {
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
    json.number("start", entry.start).number("end", entry.end).text("perms", &entry.perms);
    json.number("offset", entry.offset).number("dev_major", entry.major.into());
    json.number("dev_minor", entry.minor.into()).number("inode", entry.inode);
    json.text("kind", kind::Kind::of(entry).name()).text("name", &unescaped(entry.name));
}

/// A name with its newlines.
fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((first, tail)) = rest.split_first() {
        match rest.strip_prefix(b"\\012") {
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
    for (name, (count, size)) in kind::named(kind::totals(source, options)) {
        let json = cx.json();
        json.object(name).number("mappings", count).number("bytes", size).end_object();
    }
    cx.json().end_object();
}

fn addresses(cx: &mut Context, source: &Source, options: &Options) -> bool {
    let mut fine = true;
    cx.json().array("at");
    let mut name = vec![0; PATH_MAX + 16];
    for address in &options.at {
        cx.json().object("").number("address", *address);
        match at::find(source, *address, options.has(PARSE), &mut name) {
            None => {
                cx.json().null("mapping");
                fine = false;
            }
            Some(found) => {
                cx.json().object("mapping");
                mapping(cx, &found.entry);
                cx.json().end_object();
                if let Some(offset) = found.offset {
                    cx.json().number("file_offset", offset);
                }
                if let Some(image) = found.image {
                    members(cx, &image);
                }
            }
        }
        cx.json().end_object();
    }
    cx.json().end_array();
    fine
}

fn members(cx: &mut Context, image: &at::InImage) {
    cx.json().number("elf_address", image.address);
    if !image.build_id.is_empty() {
        cx.json().words("build_id", &Hex(&image.build_id));
    }
    for (key, place) in [("section", &image.section), ("symbol", &image.symbol)] {
        if let Some((name, within)) = place {
            let json = cx.json();
            json.object(key).text("name", name).number("offset", *within).end_object();
        }
    }
}
