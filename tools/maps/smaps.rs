//! What `smaps` tells, kept in a tenth of its size; and the output of `pmap -X` and `-XX` of
//! procps 4.0.2, which shows all of it in columns that are as wide as they must be.

use super::pmap::header;
use super::source::Source;
use super::{Options, PATH, QUIET, RAW};
use crate::context::Context;
use crate::process::Reason;
use crate::words::{digits, words};
use alloc::vec::Vec;
use core::cell::Cell;
use rt::fmt::{dec, right};
use rt::io::BufWriter;
use rt::maps::{Label, Line, Lines, numbers, put_columns, put_numbers};
use rt::put;

/// What is shown only with `-XX`.
const RARE: &[u8] = b"KernelPageSize MMUPageSize Shared_Clean Shared_Dirty Private_Clean \
    Private_Dirty AnonHugePages";

/// The titles of what isn't a number, like a line of `maps`.
const FIXED: &[u8] = b"Address Perm Offset Device Inode Mapping";

/// The numbers that smaps has, by their names: each mapping has the same ones. pmap goes on
/// with their widths and totals from one process to the next.
#[derive(Default)]
pub struct Table {
    columns: Vec<Column>,
    /// What their lines begin with.
    labels: Vec<Label>,
    /// The numbers of the mapping that is read now.
    numbers: Vec<u64>,
    /// The number that comes next.
    at: usize,
    /// Whether a mapping is read.
    open: bool,
    /// How wide what comes before the numbers is.
    fixed: Cell<[usize; 5]>,
    flags: usize,
}

struct Column {
    name: Vec<u8>,
    most: u64,
    total: u64,
}

/// A mapping.
pub struct Row<'a> {
    /// Its line in `maps`.
    pub line: &'a [u8],
    /// Its numbers, a space behind each; none where only `maps` was read.
    pub numbers: &'a [u8],
    /// Its `VmFlags`.
    pub flags: &'a [u8],
}

/// The mappings of a text that [`Table::add`] wrote, or of `maps`.
pub struct Rows<'a>(pub Lines<'a>);

impl<'a> Iterator for Rows<'a> {
    type Item = Row<'a>;

    #[inline(never)]
    fn next(&mut self) -> Option<Row<'a>> {
        let line = self.0.next()?;
        let mut parts = words(b"", b'=');
        if self.0.0.first() == Some(&b'=') {
            parts.rest = self.0.next().unwrap_or_default().get(1..).unwrap_or_default();
        }
        Some(Row { line, numbers: parts.next().unwrap_or_default(), flags: parts.rest })
    }
}

impl Table {
    /// Writes the lines of smaps so that each mapping has two: that of `maps`, and one of its
    /// numbers and flags, `=4 0 ... =rd mr`.
    pub fn add(&mut self, text: &[u8], out: &mut BufWriter) {
        let mut lines = Lines(text);
        loop {
            let labels = self.labels.get(self.at..).unwrap_or_default();
            let places = self.numbers.get_mut(self.at..).unwrap_or_default();
            self.at += numbers(&mut lines.0, labels, places);
            let Some(line) = lines.next() else { return };
            match Line::parse(line) {
                Line::Mapping => {
                    self.end(b"", out);
                    self.open = true;
                    put!(out, line, "\n");
                }
                Line::Number(name, number) => self.number(line, name, number),
                Line::Text(name, flags) if name == b"VmFlags" => self.end(flags, out),
                Line::Text(..) => {}
            }
        }
    }

    /// A number whose line isn't as expected. The first mapping of all tells which there are.
    fn number(&mut self, line: &[u8], name: &[u8], number: u64) {
        let found = self.columns.iter().position(|column| column.name == name);
        let at = found.unwrap_or(self.columns.len());
        if found.is_none() {
            self.columns.push(Column { name: name.into(), most: 0, total: 0 });
            self.labels.push(line.first_chunk().copied().unwrap_or_default());
            self.numbers.push(0);
        }
        if let Some(place) = self.numbers.get_mut(at) {
            *place = number;
            self.at = at + 1;
        }
    }

    /// Ends what is told of a mapping, if that hasn't ended.
    pub fn end(&mut self, flags: &[u8], out: &mut BufWriter) {
        if !core::mem::take(&mut self.open) {
            return;
        }
        self.at = 0;
        for (number, column) in self.numbers.iter().zip(&mut self.columns) {
            column.most = column.most.max(*number);
            column.total = column.total.wrapping_add(*number);
        }
        self.flags = self.flags.max(flags.len());
        put!(out, "=");
        put_numbers(out, &self.numbers);
        put!(out, "=", flags, "\n");
        self.numbers.fill(0);
    }

    /// The names of the columns with the numbers of a row.
    pub fn named<'r>(&self, row: &Row<'r>) -> impl Iterator<Item = (&[u8], &'r [u8])> {
        self.columns.iter().map(|column| column.name.as_slice()).zip(words(row.numbers, b' '))
    }
}

/// `-X`, `-XX`.
#[inline(never)]
pub fn run(cx: &mut Context, source: &Source, options: &Options) -> Result<bool, Reason> {
    header(cx, source)?;
    let Some(table) = source.table.filter(|_| !source.text.is_empty()) else { return Ok(true) };
    let titles = fields(if options.has(QUIET) { b"" } else { FIXED });
    let mut fixed = table.fixed.get();
    let mut widen = |fields: &[&[u8]; 6]| {
        for (width, field) in fixed.iter_mut().zip(fields) {
            *width = (*width).max(field.len());
        }
    };
    widen(&titles);
    for row in Rows(Lines(source.text)) {
        widen(&fields(row.line));
    }
    table.fixed.set(fixed);
    let mut columns = Columns { table, widths: Vec::new(), before: 0, flags: table.flags };
    for column in &table.columns {
        let name = column.name.as_slice();
        let width = match options.has(QUIET) {
            true => digits(column.most, 10),
            false => name.len().max(digits(column.most.max(column.total), 10)),
        };
        let is_rare = words(RARE, b' ').any(|rare| rare == name);
        columns.widths.push(if is_rare && !options.all { 0 } else { width.min(255) as u8 });
    }
    let flags = b"VmFlags";
    if !options.has(QUIET) {
        columns.flags = columns.flags.max(flags.len());
    }
    columns.before = fixed.iter().sum::<usize>() + fixed.len();
    let out = &mut cx.out;
    let put_fixed = |out: &mut BufWriter, fields: &[&[u8]; 6]| {
        for (width, field) in fixed.iter().zip(fields) {
            put!(out, right(field, *width), " ");
        }
    };
    if !options.has(QUIET) {
        put_fixed(out, &titles);
        columns.line(out, &|out, column, width| put!(out, right(&column.name, width)));
        if options.all {
            put!(out, right(flags, columns.flags), " ");
        }
        put!(out, titles[5], "\n");
    }
    for row in Rows(Lines(source.text)) {
        let fields = fields(row.line);
        put_fixed(out, &fields);
        put_columns(out, row.numbers, &columns.widths);
        if options.all {
            put!(out, right(row.flags, columns.flags), " ");
        }
        let name = fields[5].trim_ascii_start();
        let name = if options.has(PATH) { name } else { super::last_part(name) };
        if options.has(RAW) {
            put!(out, name, "\n");
        } else {
            put!(out, crate::quote::Tamed(name), "\n");
        }
    }
    if !options.has(QUIET) {
        out.fill(b' ', columns.before);
        columns.line(out, &|out, _, width| out.fill(b'=', width));
        put!(out, "\n");
        out.fill(b' ', columns.before);
        columns.line(out, &|out, column, width| put!(out, dec(column.total).width(width as u8)));
        put!(out, "KB \n");
    }
    Ok(true)
}

/// How wide everything is.
struct Columns<'a> {
    table: &'a Table,
    /// Of the numbers; 0 where they aren't shown.
    widths: Vec<u8>,
    /// What comes before these, together.
    before: usize,
    flags: usize,
}

impl Columns<'_> {
    /// A cell in each column of numbers.
    fn line(&self, out: &mut BufWriter, cell: &dyn Fn(&mut BufWriter, &Column, usize)) {
        for (column, width) in self.table.columns.iter().zip(&self.widths) {
            if *width > 0 {
                cell(out, column, (*width).into());
                out.byte(b' ');
            }
        }
    }
}

/// Where a mapping begins, its permissions, offset, device and inode; and the rest of its line.
fn fields(line: &[u8]) -> [&[u8]; 6] {
    let mut parts = words(line, b' ');
    let mut first = || parts.next().unwrap_or_default();
    let range = words(first(), b'-').next().unwrap_or_default();
    let [perms, offset, device, inode] = [first(), first(), first(), first()];
    [range, perms, offset, device, inode, parts.rest]
}
