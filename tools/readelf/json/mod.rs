//! `--json`: the report as one document a file, on one line.
//!
//! The text report runs first, with nowhere to print to: its messages, which go to standard
//! error, and its result are those of the document, too. What it found in the file is then
//! written again in JSON, and what would be told a second time is left unsaid.
//!
//! - `{"file": NAME, "messages": [...], "errors": BOOL, ...}`, then a member for each part
//!   that is asked for. `errors` says whether the exit status tells of this file.
//! - `{"file": NAME, "error": WHY}` is what there is of a file that can't be read.
//! - `{"file": NAME, "archive_index": [...], "members": [...], "errors": BOOL}` is an archive;
//!   each of the members is a document like that of a file.
//!
//! Parts that are a language of their own (unwind tables, object attributes, notes of few
//! systems) are the lines of the text report, in an array that is called `text`.

mod dynamic;
mod headers;
pub mod notes;
mod relocs;
mod symbols;

use super::file::File;
use super::names::{Name, Names};
use super::{arch, check, contents, draw, report, size, unwind};
use crate::context::Context;
use crate::json::next_key;
use crate::words::words;
use alloc::vec;
use alloc::vec::Vec;
use core::mem;
use rt::Result;
use rt::elf::{Reader, SectionHeader};
use rt::io::{BufWriter, Write};

/// The document of one ELF file.
pub fn document(cx: &mut Context, file: &mut File, name: &[u8]) -> bool {
    cx.json().object(rt::text!("")).text(rt::text!("file"), name).array(rt::text!("messages"));
    let mut fine = true;
    let names = [cx.prefix, cx.applet];
    beside(names, &mut Nothing, Some(&mut Lines::new(cx, true)), &mut |cx| {
        fine = report(cx, file);
    });
    cx.json().end_array().bool(rt::text!("errors"), !fine);
    let mut through = Through { cx };
    beside(UNNAMED, &mut through, None, &mut |cx| {
        cx.json_comma = true;
        parts(cx, file);
    });
    cx.json().end_object();
    fine
}

/// The document of a file that can't be read.
pub fn unreadable(cx: &mut Context, name: &[u8], why: &str) {
    cx.json()
        .object(rt::text!(""))
        .text(rt::text!("file"), name)
        .text(rt::text!("error"), why)
        .end_object();
}

/// What the parts are called, and whether they are objects or arrays.
const PARTS: &[u8] = b"header{ segments[ sections[ groups[ dynamic{ relocations[ unwind{ \
    symbol_tables[ lto_symbol_tables[ histogram{ versions[ dumps[ notes[ arch_specific{ draw{";

fn parts(cx: &mut Context, file: &mut File) {
    let o = file.options;
    let wanted = [
        o.header,
        o.segments,
        o.sections,
        o.groups,
        o.dynamic,
        o.relocs,
        o.unwind,
        o.symbols || o.dynamic_symbols,
        o.lto_symbols,
        o.histogram,
        o.versions,
        !o.dumps.is_empty(),
        o.notes,
        o.arch,
        o.draw,
    ];
    let mut names = words(PARTS, b' ');
    for (index, wanted) in wanted.iter().enumerate() {
        if let Some((&bracket, key)) = names.next().and_then(<[u8]>::split_last)
            && *wanted
        {
            cx.json().key(key).open(bracket);
            part(cx, file, index);
            // In ASCII there is one character between it and the other one.
            cx.close(bracket + 2);
        }
    }
    // These write JSON by themselves.
    check::show(cx, file);
    size::show(cx, file);
}

/// The part with this index.
#[inline(never)]
fn part(cx: &mut Context, file: &mut File, index: usize) {
    match index {
        0 => headers::header(cx, file),
        1 => headers::segments(cx, file),
        2 => headers::sections(cx, file),
        3 => headers::groups(cx, file),
        4 => dynamic::dynamic(cx, file),
        5 => relocs::relocs(cx, file),
        6 => text(cx, file, unwind::show),
        7 => symbols::symbols(cx, file),
        8 => symbols::lto(cx, file),
        9 => dynamic::histogram(cx, file),
        10 => dynamic::versions(cx, file),
        11 => contents::json(cx, file),
        12 => super::notes::json(cx, file),
        13 => text(cx, file, arch::show),
        _ => text(cx, file, draw::show),
    }
}

/// A part as the lines of its text report.
#[inline(never)]
fn text(cx: &mut Context, file: &File, part: fn(&mut Context, &File) -> bool) {
    lines(cx, &mut |cx| {
        part(cx, file);
    });
}

/// Calls with each section and its index.
// Not inlined: it is called for many parts.
#[inline(never)]
fn each_section(
    cx: &mut Context,
    file: &File,
    call: &mut dyn FnMut(&mut Context, usize, &SectionHeader),
) {
    for index in 0..file.sections.len() {
        call(cx, index, &file.section(index));
    }
}

/// What is printed, as an array of lines; blank ones are left out.
pub fn lines(cx: &mut Context, print: &mut dyn FnMut(&mut Context)) {
    cx.json().array(rt::text!("text"));
    beside(UNNAMED, &mut Lines::new(cx, false), None, print);
    cx.json().end_array();
}

/// The members that tell which section something is of.
// Not inlined: it is called from many places.
#[inline(never)]
pub fn section(json: &mut Context, file: &File, index: u32, section: &SectionHeader) {
    json.digits(b"section_index", index.into());
    match file.real_name(section) {
        Some(name) => json.bytes(b"section", name),
        None => _ = json.null(rt::text!("section")),
    }
}

/// The same as the beginning of an object.
#[inline(never)]
fn begin_section(cx: &mut Context, file: &File, index: usize, header: &SectionHeader) {
    section(cx.json().object(rt::text!("")), file, index as u32, header);
}

/// A section that is an element by itself.
#[inline(never)]
fn whole_section(cx: &mut Context, file: &File, index: usize) {
    begin_section(cx, file, index, &file.section(index));
    cx.json().end_object();
}

/// A number and what it is called: in a member beside it, with `_name` behind, if anything.
#[inline(never)]
fn named(json: &mut Context, key: rt::text::Text, value: u64, name: Option<Name>) {
    json.number(key, value);
    if let Some(name) = &name {
        json.beside(key, name);
    }
}

/// The same by a list of names.
#[inline(never)]
fn called(json: &mut Context, key: rt::text::Text, value: u32, names: Names) {
    named(json, key, value.into(), names.get(value));
}

/// Numbers that lie one after the other: behind each name stands how wide its number is, `.` for
/// two bytes, `:` for four, a space or nothing for the class's. It is 0 where it isn't there.
#[inline(never)]
fn read(json: &mut Context, keys: &str, reader: &Reader, mut at: usize) {
    let mut rest = keys.as_bytes();
    while let Some((key, sign)) = next_key(&mut rest) {
        let (value, size) = match sign {
            b'.' => (reader.u16(at).map(u64::from), 2),
            b':' => (reader.u32(at).map(u64::from), 4),
            _ => (reader.word(at), reader.encoding.word()),
        };
        json.digits(key, value.unwrap_or_default());
        at = at.saturating_add(size);
    }
}

/// The names of the bits that are set, as an array.
#[inline(never)]
fn bits(json: &mut Context, key: rt::text::Text, value: u64, names: Names) {
    json.array(key);
    for (_, name) in names.iter().filter(|(bit, _)| value >> bit & 1 == 1) {
        json.item(rt::text!(""), &name);
    }
    json.end_array();
}

/// Ends an object whose last member is an array, if there is any.
pub fn end_list(cx: &mut Context, json: bool) {
    if json {
        cx.json().end_array().end_object();
    }
}

/// For a context of which no message is seen.
pub const UNNAMED: [&str; 2] = [""; 2];

/// Goes on with another output, and other messages or none: with what those begin with,
/// prefix and applet.
pub fn beside(
    names: [&'static str; 2],
    out: &mut dyn Write,
    messages: Option<&mut dyn Write>,
    run: &mut dyn FnMut(&mut Context),
) {
    let (mut out_buffer, mut err_buffer) = (vec![0; 0x4000], [0; 256]);
    let mut nothing = Nothing;
    let err = messages.unwrap_or(&mut nothing);
    let out = BufWriter::new(&mut out_buffer, out);
    let mut cx = Context::new(&[], out, BufWriter::new(&mut err_buffer, err));
    [cx.prefix, cx.applet] = names;
    run(&mut cx);
    let _ = cx.out.flush();
}

/// Where to nothing gets.
pub struct Nothing;

impl Write for Nothing {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        Ok(bytes.len())
    }
}

/// What is written is part of the document.
struct Through<'l, 'a> {
    cx: &'l mut Context<'a>,
}

impl Write for Through<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.cx.out.bytes(bytes);
        Ok(bytes.len())
    }
}

/// Lines become elements of an array.
pub struct Lines<'l, 'a> {
    cx: &'l mut Context<'a>,
    line: Vec<u8>,
    /// They are messages, and go to standard error, too.
    tell: bool,
}

impl<'l, 'a> Lines<'l, 'a> {
    fn new(cx: &'l mut Context<'a>, tell: bool) -> Self {
        Lines { cx, line: Vec::new(), tell }
    }
}

impl Write for Lines<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        if self.tell {
            self.cx.err.bytes(bytes);
            let _ = self.cx.err.flush();
            // After some messages the line isn't ended.
            if !self.line.is_empty() && self.without_lead(bytes).len() < bytes.len() {
                self.end();
            }
        }
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.line.extend_from_slice(piece);
            if self.line.last() == Some(&b'\n') {
                self.end();
            }
        }
        Ok(bytes.len())
    }
}

impl Lines<'_, '_> {
    /// A message without what all of them begin with.
    fn without_lead<'m>(&self, message: &'m [u8]) -> &'m [u8] {
        let rest = message.strip_prefix(self.cx.prefix.as_bytes());
        let rest = rest.and_then(|rest| rest.strip_prefix(self.cx.applet.as_bytes()));
        rest.and_then(|rest| rest.strip_prefix::<[u8]>(b": ")).unwrap_or(message)
    }

    fn end(&mut self) {
        let line = mem::take(&mut self.line);
        let text = if self.tell { self.without_lead(&line) } else { &line };
        let text = text.strip_suffix::<[u8]>(b"\n").unwrap_or(text);
        if !text.is_empty() {
            self.cx.json().text(rt::text!(""), text);
        }
        self.line = line;
        self.line.clear();
    }
}

impl Drop for Lines<'_, '_> {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            self.end();
        }
    }
}
