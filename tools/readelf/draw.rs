//! `--draw`: the file as a picture: what lies where, in the order of the file, with segments
//! as brackets around what they hold. The sizes add up to that of the file.
//!
//! ```text
//!    offset       size              contents
//!   0x00000                         ,- LOAD R-- at 0x0
//!   0x00000         64  .           |  ELF header
//!   0x00040                         |  ,- PHDR R-- at 0x40
//!   0x00040        728  .           |  '- program headers (13)
//! ```
//!
//! However many sections and segments there are, only so many of the largest are drawn; the
//! others are told of where they lie. So memory is bounded, whatever the file's size.

use super::check::letters;
use super::file::File;
use super::names::segments::segment_type;
use super::rank::{Entry, Top, sort};
use super::sections::kind_colour;
use super::text;
use crate::context::Context;
use alloc::vec::Vec;
use rt::elf::consts::*;
use rt::elf::{FileHeader, ProgramHeader, Record, SectionHeader};
use rt::fmt::{dec, hex};
use rt::io::BufWriter;
use rt::put;

/// How many sections and how many segments are drawn.
const DRAWN: usize = 80;

/// How many sections are drawn where there are more.
const FEWER: usize = 24;

/// How many brackets may stand beside each other.
const COLUMNS: usize = 7;

/// How long a bar is.
const BAR: usize = 10;

/// Longer gaps are not looked at.
const LOOKED_AT: u64 = 0x1_0000;

/// What a row is about.
#[derive(Clone, Copy, PartialEq)]
enum What {
    /// One of the tables of ELF, and how many entries it has.
    Table(&'static str, usize),
    Section(usize),
    /// The beginning of a segment.
    Segment(usize),
    /// A segment that nothing is known to be in.
    Plain(usize),
    /// Sections that are too many to be drawn.
    Others(Others),
    /// What nothing is known about.
    Gap,
}

#[derive(Clone, Copy, PartialEq, Default)]
struct Others {
    count: usize,
    first: usize,
    last: usize,
}

#[derive(Clone, Copy)]
struct Row {
    start: u64,
    /// In the file.
    size: u64,
    what: What,
}

impl Row {
    fn end(&self) -> u64 {
        self.start.saturating_add(self.size)
    }

    fn opens(&self) -> bool {
        matches!(self.what, What::Segment(_) | What::Plain(_))
    }
}

struct Picture<'f, 'a> {
    file: &'f File<'a>,
    /// Where the file ends.
    end: u64,
    /// How many hexadecimal digits an offset has.
    digits: u8,
    /// The size that is drawn as the longest bar.
    largest: u64,
    /// Whether anything is printed.
    draws: bool,
    /// Where what has been drawn ends.
    at: u64,
    /// The ends of the segments whose brackets are open, and whether they go on in memory.
    open: [Option<(u64, bool)>; COLUMNS],
    /// A row that is not drawn yet: it depends on the next one which brackets end.
    pending: Option<Row>,
}

pub fn show(cx: &mut Context, file: &File) -> bool {
    if !file.options.draw {
        return true;
    }
    let mut rows = tables(file);
    let hidden = segments(file, &mut rows);
    let kept = sections(file, &mut rows);
    // By place: segments before what they hold, the larger ones first.
    let mut order: Vec<Entry> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        order.push((row.start, !row.opens() as u32, index as u32));
    }
    sort(&mut order);
    let others = others(file, &order, &kept);
    let rows: Vec<Row> =
        order.iter().filter_map(|entry| rows.get(entry.2 as usize).copied()).collect();
    let end = file.elf.source().own_size();
    let mut picture = Picture {
        file,
        end,
        digits: (end.checked_ilog2().unwrap_or(0) / 4 + 1).max(6) as u8,
        largest: 0,
        draws: false,
        at: 0,
        open: [None; COLUMNS],
        pending: None,
    };
    // Bars are to the scale of the largest piece: the first time it is only looked for.
    picture.rows(cx, &rows, &others);
    picture.draws = true;
    put!(&mut cx.out, "\n");
    cx.out.fill(b' ', usize::from(picture.digits) - 2);
    put!(&mut cx.out, "offset       size  ");
    cx.out.fill(b' ', BAR + 2);
    put!(&mut cx.out, "contents\n");
    picture.rows(cx, &rows, &others);
    without_bytes(cx, file);
    if hidden > 0 {
        put!(&mut cx.out, "  ", dec(hidden), " smaller segments are not drawn\n");
    }
    true
}

/// The file header, the program and section headers.
fn tables(file: &File) -> Vec<Row> {
    let encoding = file.elf.encoding;
    let header = &file.elf.header;
    let mut rows = Vec::new();
    for (name, count, start, size) in [
        ("ELF header", 1, 0, FileHeader::size(encoding)),
        ("program headers", file.segments.len(), header.e_phoff, ProgramHeader::size(encoding)),
        ("section headers", file.sections.len(), header.e_shoff, SectionHeader::size(encoding)),
    ] {
        if count > 0 {
            let size = (count as u64).saturating_mul(size as u64);
            rows.push(Row { start, size, what: What::Table(name, count) });
        }
    }
    rows
}

/// The largest segments that have bytes in the file; says how many there are besides.
fn segments(file: &File, rows: &mut Vec<Row>) -> usize {
    let (mut top, mut count) = (Top::new(DRAWN), 0usize);
    for (index, segment) in file.segments.iter().enumerate() {
        if segment.p_filesz > 0 {
            top.add(segment.p_filesz, index);
            count += 1;
        }
    }
    for index in top.indices() {
        if let Some(segment) = file.segments.get(index) {
            let (start, size) = (segment.p_offset, segment.p_filesz);
            rows.push(Row { start, size, what: What::Segment(index) });
        }
    }
    count.saturating_sub(DRAWN)
}

/// The largest sections; gives back which ones these are, sorted.
fn sections(file: &File, rows: &mut Vec<Row>) -> Vec<usize> {
    let mut top = Top::new(if file.sections.len() > DRAWN { FEWER } else { DRAWN });
    for (index, section) in file.sections.iter().enumerate() {
        if section.sh_type != SHT_NULL {
            top.add(section.sh_size, index);
        }
    }
    let mut kept: Vec<Entry> = top.indices().map(|index| (index as u64, 0, 0)).collect();
    sort(&mut kept);
    let kept: Vec<usize> = kept.iter().map(|entry| entry.0 as usize).collect();
    for &index in &kept {
        let Some(section) = file.sections.get(index) else { continue };
        let size = if section.sh_type == SHT_NOBITS { 0 } else { section.sh_size };
        rows.push(Row { start: section.sh_offset, size, what: What::Section(index) });
    }
    kept
}

/// The sections that aren't drawn, by the row that they lie before; the last ones lie after
/// all rows.
fn others(file: &File, order: &[Entry], kept: &[usize]) -> Vec<Others> {
    let mut others = Vec::new();
    others.resize(order.len() + 1, Others::default());
    for (index, section) in file.sections.iter().enumerate() {
        if section.sh_type == SHT_NULL || kept.binary_search(&index).is_ok() {
            continue;
        }
        let place = order.partition_point(|entry| entry.0 <= section.sh_offset);
        if let Some(others) = others.get_mut(place) {
            if others.count == 0 {
                others.first = index;
            }
            others.count += 1;
            others.last = index;
        }
    }
    others
}

impl Picture<'_, '_> {
    fn rows(&mut self, cx: &mut Context, rows: &[Row], others: &[Others]) {
        self.at = 0;
        for (place, row) in rows.iter().enumerate() {
            self.fill(cx, row.start.min(self.end), others.get(place));
            self.push(cx, *row);
        }
        self.fill(cx, self.end, others.last());
        self.flush(cx, None);
    }

    /// What lies between the rows so far and the next one, up to the ends of segments.
    fn fill(&mut self, cx: &mut Context, to: u64, others: Option<&Others>) {
        if let Some(others) = others.filter(|others| others.count > 0) {
            let size = to.saturating_sub(self.at);
            return self.push(cx, Row { start: self.at, size, what: What::Others(*others) });
        }
        while self.at < to {
            let (start, pending) = (self.at, self.pending);
            let opening = pending.filter(Row::opens).map(|row| row.end());
            let open = self.open.iter().flatten().map(|bracket| bracket.0);
            let ends = open.chain(opening);
            let end = ends.filter(|end| *end > start).fold(to, u64::min);
            let row = Row { start, size: end - start, what: What::Gap };
            match pending {
                Some(Row { start: from, size, what: What::Segment(index) })
                    if from == start && size == row.size =>
                {
                    self.pending = Some(Row { start, size, what: What::Plain(index) });
                    self.at = end;
                }
                _ => self.push(cx, row),
            }
        }
    }

    /// The next row, before which the last one is drawn.
    fn push(&mut self, cx: &mut Context, row: Row) {
        self.flush(cx, Some(&row));
        if !row.opens() {
            self.at = self.at.max(row.end()).min(self.end);
        }
        self.pending = Some(row);
    }

    /// Draws the row that waits for the next one.
    fn flush(&mut self, cx: &mut Context, next: Option<&Row>) {
        let Some(row) = self.pending.take() else { return };
        let has_size = !matches!(row.what, What::Segment(_));
        let size = if has_size { row.size.min(self.end) } else { 0 };
        self.largest = self.largest.max(size);
        let out = &mut cx.out;
        if self.draws {
            put!(out, "  0x", hex(row.start).zero(self.digits));
            match has_size {
                true => put!(out, " ", dec(row.size).width(10), "  "),
                false => out.fill(b' ', 13),
            }
            // What doesn't matter of such large numbers is left out before they overflow.
            let (part, whole) = (size >> 4, self.largest >> 4);
            let length = (part * BAR as u64).checked_div(whole).unwrap_or(0) as usize;
            out.fill(b'#', length);
            let less = length == 0 && size > 0;
            put!(out, if less { "." } else { "" });
            out.fill(b' ', BAR + 2 - length - usize::from(less));
        }
        let opened = self.brackets(out, &row, next);
        if self.draws {
            let used = usize::from(self.digits) + 4 + 11 + 2 + BAR + 2 + 3 * opened;
            self.label(cx, &row, 80usize.saturating_sub(used));
            put!(&mut cx.out, "\n");
        }
    }

    /// The brackets before a row, of which some begin or end there; says how many columns
    /// they take.
    fn brackets(&mut self, out: &mut BufWriter, row: &Row, next: Option<&Row>) -> usize {
        let mut opened = None;
        if row.opens() {
            let bracket = (row.end(), self.goes_on(row));
            opened = self.open.iter().position(Option::is_none);
            if let Some(place) = opened.and_then(|column| self.open.get_mut(column)) {
                *place = Some(bracket);
            }
        }
        let columns = self.open.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        for (column, bracket) in self.open.iter_mut().take(columns).enumerate() {
            let Some((end, goes_on)) = *bracket else {
                put!(out, if self.draws { "   " } else { "" });
                continue;
            };
            // What takes no bytes at its end belongs to it where it goes on in memory.
            let closes = next.is_none_or(|next| {
                let without = next.size == 0 && matches!(next.what, What::Section(_));
                next.start > end || (next.start == end && !(without && goes_on))
            });
            put!(
                out,
                match (opened == Some(column), closes) {
                    _ if !self.draws => "",
                    (true, true) => "[- ",
                    (true, false) => ",- ",
                    (false, true) => "'- ",
                    _ => "|  ",
                }
            );
            if closes {
                *bracket = None;
            }
        }
        columns
    }

    /// Whether a segment is larger in memory than in the file.
    fn goes_on(&self, row: &Row) -> bool {
        let (What::Segment(index) | What::Plain(index)) = row.what else { return false };
        self.file.segments.get(index).is_some_and(|s| s.p_memsz > s.p_filesz)
    }

    /// What a row is about, in so many characters.
    fn label(&self, cx: &mut Context, row: &Row, room: usize) {
        let file = self.file;
        match row.what {
            What::Table(name, 1) if row.start == 0 => put!(&mut cx.out, name),
            What::Table(name, count) => put!(&mut cx.out, name, " (", dec(count), ")"),
            What::Segment(index) | What::Plain(index) => {
                if let Some(segment) = file.segments.get(index) {
                    put_segment(&mut cx.out, file, &segment, room);
                }
            }
            What::Section(index) => self.section(cx, row, index, room),
            What::Others(others) => {
                put!(&mut cx.out, dec(others.count), " smaller: ");
                let half = room.saturating_sub(22) / 2;
                for (index, before) in [(others.first, ""), (others.last, " to ")] {
                    if others.count == 1 && !before.is_empty() {
                        break;
                    }
                    put!(&mut cx.out, before);
                    let section = file.sections.get(index).unwrap_or_default();
                    text::cut(&mut cx.out, file.options, file.section_name(&section), half);
                }
            }
            What::Gap => {
                let small = row.size <= LOOKED_AT;
                let bytes = file.elf.bytes(row.start, row.size).filter(|_| small);
                let in_segment = file.segments.iter().any(|segment| {
                    let within = row.start.checked_sub(segment.p_offset);
                    within.is_some_and(|within| within < segment.p_filesz)
                });
                let what = match bytes {
                    Some(bytes) if bytes.iter().all(|byte| *byte == 0) => "padding",
                    _ if in_segment => "(in no section)",
                    _ if row.end() == self.end => "trailing data",
                    _ => "other bytes",
                };
                put!(&mut cx.out, what);
            }
        }
        if row.end() > self.end && row.size > 0 {
            put!(&mut cx.out, " (past the end)");
        }
    }

    fn section(&self, cx: &mut Context, row: &Row, index: usize, room: usize) {
        let file = self.file;
        let Some(section) = file.sections.get(index) else { return };
        let digits = section.sh_size.checked_ilog10().unwrap_or(0) as usize + 1;
        let note = match (section.sh_size, row.size) {
            (0, _) => 8,
            (_, 0) => 14 + digits,
            _ => 0,
        };
        let colour = file.options.colour;
        colour.begin(&mut cx.out, kind_colour(&section));
        let name = file.section_name(&section);
        text::cut(&mut cx.out, file.options, name, room.saturating_sub(note).max(8));
        colour.end(&mut cx.out);
        match section.sh_size {
            0 => put!(&mut cx.out, " (empty)"),
            size if row.size == 0 => put!(&mut cx.out, " (+", dec(size), " in memory)"),
            _ => {}
        }
    }
}

/// What a segment is, in so many characters.
fn put_segment(out: &mut BufWriter, file: &File, segment: &ProgramHeader, room: usize) {
    let header = &file.elf.header;
    let kind = segment_type(segment.p_type, header.e_machine, header.e_ident.osabi());
    put!(out, kind.as_ref(), " ", &letters(segment.p_flags)[..]);
    put!(out, " at 0x", hex(segment.p_vaddr));
    if let Some(more @ 1..) = segment.p_memsz.checked_sub(segment.p_filesz) {
        let digits = |value: u64, base| value.checked_ilog(base).unwrap_or(0) as usize + 1;
        let needed = kind.as_ref().len() + digits(segment.p_vaddr, 16) + digits(more, 10) + 22;
        let tail = if needed > room { ")" } else { " in memory)" };
        put!(out, " (+", dec(more), tail);
    }
}

/// The segments without bytes in the file.
fn without_bytes(cx: &mut Context, file: &File) {
    let mut count = 0;
    for segment in file.segments.iter().filter(|segment| segment.p_filesz == 0) {
        if count == 0 {
            put!(&mut cx.out, "\n  Segments without bytes in the file:\n");
        }
        count += 1;
        if count <= DRAWN {
            put!(&mut cx.out, "    ");
            put_segment(&mut cx.out, file, &segment, 76);
            put!(&mut cx.out, "\n");
        }
    }
    if count > DRAWN {
        put!(&mut cx.out, "    and ", dec(count - DRAWN), " more\n");
    }
}
