//! The output of `pmap -X` and `-XX` of procps 4.0.2: all that smaps tells, in columns that are
//! as wide as they must be.

use super::Options;
use super::pmap::header;
use super::source::Source;
use crate::context::Context;
use crate::process::Reason;
use alloc::vec::Vec;
use rt::fmt::{dec, right};
use rt::maps::{Line, Lines, Smaps};
use rt::put;

/// What is shown only with `-XX`.
const RARE: [&[u8]; 7] = [
    b"KernelPageSize",
    b"MMUPageSize",
    b"Shared_Clean",
    b"Shared_Dirty",
    b"Private_Clean",
    b"Private_Dirty",
    b"AnonHugePages",
];

/// What comes before the numbers.
const FIXED: [&str; 5] = ["Address", "Perm", "Offset", "Device", "Inode"];

/// The columns. pmap goes on with their widths and totals from one process to the next.
#[derive(Default)]
pub struct Table {
    columns: Vec<Column>,
    fixed: [usize; 5],
    flags: usize,
}

struct Column {
    name: Vec<u8>,
    shown: bool,
    width: usize,
    total: u64,
}

/// What is told of one mapping, but for its numbers.
struct Row<'a> {
    fixed: [&'a [u8]; 5],
    flags: &'a [u8],
    name: &'a [u8],
}

pub fn run(
    cx: &mut Context,
    source: &Source,
    options: &Options,
    table: &mut Table,
) -> Result<bool, Reason> {
    header(cx, source)?;
    let (rows, numbers) = table.read(source.text, options);
    if rows.is_empty() {
        return Ok(true);
    }
    let with_flags = options.more > 1;
    if !options.quiet {
        table.head(cx, with_flags);
    }
    let stride = table.columns.len();
    for (row, numbers) in rows.iter().zip(numbers.chunks(stride.max(1))) {
        for (text, width) in row.fixed.iter().zip(table.fixed) {
            put!(&mut cx.out, right(text, width), " ");
        }
        for (number, column) in numbers.iter().zip(&table.columns) {
            if column.shown {
                put!(&mut cx.out, dec(*number).width(column.width as u8), " ");
            }
        }
        if with_flags {
            put!(&mut cx.out, right(row.flags, table.flags), " ");
        }
        let name = if options.path { row.name } else { last_part(row.name) };
        if options.raw {
            put!(&mut cx.out, name, "\n");
        } else {
            put!(&mut cx.out, crate::quote::Tamed(name), "\n");
        }
    }
    if !options.quiet {
        table.totals(cx);
    }
    Ok(true)
}

fn last_part(name: &[u8]) -> &[u8] {
    name.rsplit(|byte| *byte == b'/').next().unwrap_or(name)
}

impl Table {
    /// The rows, and as many numbers for each as there are columns.
    fn read<'a>(&mut self, text: &'a [u8], options: &Options) -> (Vec<Row<'a>>, Vec<u64>) {
        let (mut rows, mut numbers) = (Vec::new(), Vec::new());
        if !options.quiet {
            for (width, name) in self.fixed.iter_mut().zip(FIXED) {
                *width = (*width).max(name.len());
            }
            self.flags = self.flags.max("VmFlags".len());
        }
        let mut at = 0;
        for line in Smaps(Lines(text)) {
            match line {
                Line::Mapping(line) => {
                    rows.push(self.row(line));
                    at = 0;
                }
                Line::Number(name, number) => {
                    let Some(row) = rows.len().checked_sub(1) else { continue };
                    if self.columns.get(at).is_none_or(|column| column.name != name) {
                        let found = self.columns.iter().position(|column| column.name == name);
                        at = found.unwrap_or(self.columns.len());
                    }
                    // The first mapping tells which columns there are.
                    if at == self.columns.len() && row == 0 {
                        let width = if options.quiet { 0 } else { name.len() };
                        let shown = options.more > 1 || !RARE.contains(&name);
                        self.columns.push(Column { name: name.into(), shown, width, total: 0 });
                    }
                    if let Some(column) = self.columns.get_mut(at) {
                        column.width = column.width.max(digits(number));
                        column.total = column.total.saturating_add(number);
                        let place = row * self.columns.len() + at;
                        numbers.resize(numbers.len().max(place + 1), 0);
                        numbers[place] = number;
                        at += 1;
                    }
                }
                Line::Text(name, value) if name == b"VmFlags" => {
                    self.flags = self.flags.max(value.len());
                    rows.last_mut().iter_mut().for_each(|row| row.flags = value);
                }
                Line::Text(..) => {}
            }
        }
        numbers.resize(rows.len() * self.columns.len(), 0);
        if !options.quiet {
            for column in &mut self.columns {
                column.width = column.width.max(digits(column.total));
            }
        }
        (rows, numbers)
    }

    fn row<'a>(&mut self, line: &'a [u8]) -> Row<'a> {
        let mut words = line.splitn(6, |byte| *byte == b' ');
        let mut fixed = [&line[..0]; 5];
        for (n, (place, width)) in fixed.iter_mut().zip(&mut self.fixed).enumerate() {
            *place = words.next().unwrap_or_default();
            if n == 0 {
                // Of the range only where it begins.
                *place = place.split(|byte| *byte == b'-').next().unwrap_or_default();
            }
            *width = (*width).max(place.len());
        }
        Row { fixed, flags: b"", name: words.next().unwrap_or_default().trim_ascii_start() }
    }

    fn head(&self, cx: &mut Context, with_flags: bool) {
        for (name, width) in FIXED.iter().zip(self.fixed) {
            put!(&mut cx.out, right(name, width), " ");
        }
        for column in self.columns.iter().filter(|column| column.shown) {
            put!(&mut cx.out, right(&column.name, column.width), " ");
        }
        if with_flags {
            put!(&mut cx.out, right("VmFlags", self.flags), " ");
        }
        put!(&mut cx.out, "Mapping\n");
    }

    fn totals(&self, cx: &mut Context) {
        let before = self.fixed.iter().sum::<usize>() + FIXED.len();
        cx.out.fill(b' ', before);
        for column in self.columns.iter().filter(|column| column.shown) {
            cx.out.fill(b'=', column.width);
            cx.out.byte(b' ');
        }
        cx.out.byte(b'\n');
        cx.out.fill(b' ', before);
        for column in self.columns.iter().filter(|column| column.shown) {
            put!(&mut cx.out, dec(column.total).width(column.width as u8), " ");
        }
        put!(&mut cx.out, "KB \n");
    }
}

fn digits(number: u64) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}
