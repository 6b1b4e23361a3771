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
    cx.json().array(rt::text!("mappings"));
    let mut before: Option<u64> = None;
    for row in Rows(Lines(source.text)) {
        // By reference: it is a large one.
        let Some(entry) = &Entry::parse(row.line) else { continue };
        if options.has(GAPS)
            && let Some(end) = before
            && end < entry.start
        {
            let json = cx.json();
            json.object(rt::text!(""))
                .number(rt::text!("start"), end)
                .number(rt::text!("end"), entry.start);
            json.text(rt::text!("kind"), "gap").end_object();
        }
        before = Some(entry.end);
        if !options.filter.wants(entry, source.process) {
            continue;
        }
        cx.json().object(rt::text!(""));
        mapping(cx, entry);
        if let Some(table) = source.table {
            cx.json().object(rt::text!("smaps"));
            for (name, value) in table.named(&row) {
                if utf8(name).is_some() {
                    cx.json().key(name).number_or_null(rt::text!(""), number(value, 10));
                }
            }
            if !row.flags.is_empty() {
                cx.json().array(rt::text!("VmFlags"));
                for flag in words(row.flags, b' ') {
                    cx.json().text(rt::text!(""), flag);
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
    json.numbers("start end", &[entry.start, entry.end]).text(rt::text!("perms"), &entry.perms);
    let numbers = [entry.offset, entry.major.into(), entry.minor.into(), entry.inode];
    json.numbers("offset dev_major dev_minor inode", &numbers);
    json.text(rt::text!("kind"), kind::Kind::of(entry).name())
        .text(rt::text!("name"), &unescaped(entry.name));
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
    cx.json().object(rt::text!("summary"));
    for (kind, total) in kind::totals(source, options).iter().enumerate() {
        cx.json().key(kind::name(kind).as_bytes()).object(rt::text!(""));
        cx.json().number(rt::text!("mappings"), total.count);
        cx.json().number(rt::text!("bytes"), total.bytes).end_object();
    }
    cx.json().end_object();
}

fn addresses(cx: &mut Context, source: &Source, options: &Options) -> bool {
    let mut fine = true;
    cx.json().array(rt::text!("at"));
    for address in &options.at {
        cx.json().object(rt::text!("")).number(rt::text!("address"), *address);
        let found = find(source, *address, options, &mut |fact| match fact {
            Fact::Mapping(entry) => {
                cx.json().object(rt::text!("mapping"));
                mapping(cx, entry);
                cx.json().end_object();
            }
            Fact::Offset(offset) => _ = cx.json().number(rt::text!("file_offset"), offset),
            Fact::Address(address) => _ = cx.json().number(rt::text!("elf_address"), address),
            Fact::BuildId(bytes) => _ = cx.json().hex(rt::text!("build_id"), bytes),
            Fact::Section(name, within) | Fact::Symbol(name, within) => {
                let key = if matches!(fact, Fact::Section(..)) {
                    rt::text!("section")
                } else {
                    rt::text!("symbol")
                };
                cx.json()
                    .object(key)
                    .text(rt::text!("name"), name)
                    .number(rt::text!("offset"), within)
                    .end_object();
            }
        });
        if !found {
            cx.json().null(rt::text!("mapping"));
            fine = false;
        }
        cx.json().end_object();
    }
    cx.json().end_array();
    fine
}
