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
use super::rank::{Entry, Top, sort};
use super::sections::kind_colour;
use super::text;
use crate::context::Context;
use crate::words::{digits, unpacked};
use alloc::vec::Vec;
use rt::elf::consts::*;
use rt::elf::{FileHeader, ProgramHeader, Record, SectionHeader};
use rt::fmt::{dec, hex};
use rt::io::BufWriter;
use rt::put;
use rt::text::Text;

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
    /// One of the tables of ELF, by its place in [`TABLES`].
    Table,
    Section,
    /// The beginning of a segment.
    Segment,
    /// A segment that nothing is known to be in.
    Plain,
    /// Sections that are too many to be drawn.
    Others,
    /// What nothing is known about.
    Gap,
}

const TABLES: Text = rt::text!("ELF header,program headers,section headers");

#[derive(Clone, Copy, Default)]
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
    /// Which one.
    index: u32,
}

impl Row {
    fn end(&self) -> u64 {
        self.start.saturating_add(self.size)
    }

    fn opens(&self) -> bool {
        matches!(self.what, What::Segment | What::Plain)
    }
}

/// A row with the brackets before it.
struct Line {
    row: Row,
    brackets: [[u8; 3]; COLUMNS],
    /// How many columns of brackets there are.
    columns: usize,
}

struct Picture<'f, 'a> {
    file: &'f File<'a>,
    /// Where the file ends.
    end: u64,
    rows: Vec<Row>,
    /// The sections that aren't drawn, by the row that they lie before; the last ones lie after
    /// all rows.
    others: Vec<Others>,
    lines: Vec<Line>,
    /// Where the rows so far end.
    at: u64,
    /// The ends of the segments whose brackets are open, and whether they go on in memory; 0
    /// where there is none.
    open: [(u64, bool); COLUMNS],
    /// A row that is no line yet: it depends on the next one which brackets end.
    pending: Option<Row>,
}

pub fn show(cx: &mut Context, file: &File) -> bool {
    if !file.options.draw {
        return true;
    }
    let end = file.elf.source().own_size();
    let (rows, others, lines) = (Vec::new(), Vec::new(), Vec::new());
    let (open, pending) = ([(0, false); COLUMNS], None);
    let mut picture = Picture { file, end, rows, others, lines, at: 0, open, pending };
    let hidden = picture.gather();
    picture.print(cx);
    without_bytes(cx, file);
    if hidden > 0 {
        put!(&mut cx.out, "  ", dec(hidden), " smaller segments are not drawn\n");
    }
    true
}

impl Picture<'_, '_> {
    /// Finds all lines; says how many segments are not drawn.
    // Not inlined: its frame is large.
    #[inline(never)]
    fn gather(&mut self) -> usize {
        self.tables();
        let hidden = self.segments();
        let kept = self.sections();
        // By place: segments before what they hold, the larger ones first.
        let mut order: Vec<Entry> = Vec::new();
        for (index, row) in self.rows.iter().enumerate() {
            order.push((row.start, !row.opens() as u32, index as u32));
        }
        sort(&mut order);
        self.leave_out(&order, &kept);
        for (place, entry) in order.iter().enumerate() {
            let Some(row) = self.rows.get(entry.2 as usize).copied() else { continue };
            self.fill(row.start.min(self.end), place);
            self.push(row);
        }
        self.fill(self.end, order.len());
        self.flush(None);
        hidden
    }

    fn row(&mut self, what: What, index: usize, start: u64, size: u64) {
        self.rows.push(Row { start, size, what, index: index as u32 });
    }

    /// The file header, the program and section headers.
    fn tables(&mut self) {
        let (encoding, header) = (self.file.elf.encoding, &self.file.elf.header);
        for index in 0..3 {
            let (start, size) = match index {
                0 => (0, FileHeader::size(encoding)),
                1 => (header.e_phoff, ProgramHeader::size(encoding)),
                _ => (header.e_shoff, SectionHeader::size(encoding)),
            };
            let count = self.count(index) as u64;
            if count > 0 {
                self.row(What::Table, index, start, count.saturating_mul(size as u64));
            }
        }
    }

    /// How many entries one of the tables has.
    fn count(&self, table: usize) -> usize {
        match table {
            0 => 1,
            1 => self.file.segments.len(),
            _ => self.file.sections.len(),
        }
    }

    /// The largest segments that have bytes in the file; says how many there are besides.
    fn segments(&mut self) -> usize {
        let (mut top, mut count) = (Top::new(DRAWN), 0usize);
        for index in 0..self.file.segments.len() {
            let segment = self.file.segment(index);
            if segment.p_filesz > 0 {
                top.add(segment.p_filesz, index);
                count += 1;
            }
        }
        for index in top.indices() {
            let segment = self.file.segment(index);
            self.row(What::Segment, index, segment.p_offset, segment.p_filesz);
        }
        count.saturating_sub(DRAWN)
    }

    /// The largest sections; gives back which ones these are, sorted.
    fn sections(&mut self) -> Vec<Entry> {
        let sections = self.file.sections;
        let mut top = Top::new(if sections.len() > DRAWN { FEWER } else { DRAWN });
        for index in 0..sections.len() {
            let section = self.file.section(index);
            if section.sh_type != SHT_NULL {
                top.add(section.sh_size, index);
            }
        }
        let mut kept = Vec::new();
        for index in top.indices() {
            kept.push((index as u64, 0, 0));
        }
        sort(&mut kept);
        for &(index, ..) in &kept {
            let section = self.file.section(index as usize);
            let size = if section.sh_type == SHT_NOBITS { 0 } else { section.sh_size };
            self.row(What::Section, index as usize, section.sh_offset, size);
        }
        kept
    }

    /// Finds the places of the sections that aren't drawn.
    fn leave_out(&mut self, order: &[Entry], kept: &[Entry]) {
        self.others.resize(order.len() + 1, Others::default());
        for index in 0..self.file.sections.len() {
            let section = self.file.section(index);
            if section.sh_type == SHT_NULL || kept.binary_search(&(index as u64, 0, 0)).is_ok() {
                continue;
            }
            let place = order.partition_point(|entry| entry.0 <= section.sh_offset);
            if let Some(others) = self.others.get_mut(place) {
                if others.count == 0 {
                    others.first = index;
                }
                others.count += 1;
                others.last = index;
            }
        }
    }

    /// What lies between the rows so far and the next one, up to the ends of segments.
    // Not inlined: it is called twice.
    #[inline(never)]
    fn fill(&mut self, to: u64, place: usize) {
        if self.others.get(place).is_some_and(|others| others.count > 0) {
            let size = to.saturating_sub(self.at);
            let index = place as u32;
            return self.push(Row { start: self.at, size, what: What::Others, index });
        }
        while self.at < to {
            let (start, mut end) = (self.at, to);
            let opening = self.pending.filter(Row::opens).map_or(0, |row| row.end());
            for other in self.open.iter().map(|bracket| bracket.0).chain([opening]) {
                if other > start {
                    end = end.min(other);
                }
            }
            let size = end - start;
            match &mut self.pending {
                Some(row)
                    if row.what == What::Segment && (row.start, row.size) == (start, size) =>
                {
                    row.what = What::Plain;
                    self.at = end;
                }
                _ => self.push(Row { start, size, what: What::Gap, index: 0 }),
            }
        }
    }

    /// The next row, before which the last one becomes a line.
    // Not inlined: it is called from many places.
    #[inline(never)]
    fn push(&mut self, row: Row) {
        self.flush(Some(&row));
        if !row.opens() {
            self.at = self.at.max(row.end()).min(self.end);
        }
        self.pending = Some(row);
    }

    /// Makes a line of the row that waits for the next one: with the brackets before it, of
    /// which some begin or end there.
    #[inline(never)]
    fn flush(&mut self, next: Option<&Row>) {
        let Some(row) = self.pending.take() else { return };
        let mut opened = COLUMNS;
        if row.opens() {
            let segment = self.file.segment(row.index as usize);
            let free = self.open.iter().position(|bracket| bracket.0 == 0);
            if let Some(column) = free {
                opened = column;
                self.open[column] = (row.end(), segment.p_memsz > segment.p_filesz);
            }
        }
        let mut line = Line { row, brackets: [*b"   "; COLUMNS], columns: 0 };
        for (column, bracket) in self.open.iter_mut().enumerate() {
            let (end, goes_on) = *bracket;
            if end == 0 {
                continue;
            }
            line.columns = column + 1;
            // What takes no bytes at its end belongs to it where it goes on in memory.
            let closes = next.is_none_or(|next| {
                let without = next.size == 0 && next.what == What::Section;
                next.start > end || (next.start == end && !(without && goes_on))
            });
            line.brackets[column] = *match (opened == column, closes) {
                (true, true) => b"[- ",
                (true, false) => b",- ",
                (false, true) => b"'- ",
                (false, false) => b"|  ",
            };
            if closes {
                bracket.0 = 0;
            }
        }
        self.lines.push(line);
    }

    // Not inlined: its frame is large.
    #[inline(never)]
    fn print(&self, cx: &mut Context) {
        let digits = (self.end.checked_ilog2().unwrap_or(0) / 4 + 1).max(6) as u8;
        let out = &mut cx.out;
        put!(out, "\n");
        out.fill(b' ', usize::from(digits) - 2);
        put!(out, "offset       size  ");
        out.fill(b' ', BAR + 2);
        put!(out, "contents\n");
        // Bars are to the scale of the largest piece.
        let mut largest = 0;
        for line in &self.lines {
            largest = largest.max(self.size(&line.row).unwrap_or(0));
        }
        for line in &self.lines {
            let (row, out) = (&line.row, &mut cx.out);
            put!(out, "  0x", hex(row.start).zero(digits));
            let size = self.size(row);
            match size {
                Some(_) => put!(out, " ", dec(row.size).width(10), "  "),
                None => out.fill(b' ', 13),
            }
            let size = size.unwrap_or(0);
            // What doesn't matter of such large numbers is left out before they overflow.
            let length = ((size >> 4) * BAR as u64).checked_div(largest >> 4).unwrap_or(0) as usize;
            out.fill(b'#', length);
            let less = length == 0 && size > 0;
            if less {
                out.byte(b'.');
            }
            out.fill(b' ', BAR + 2 - length - usize::from(less));
            for bracket in line.brackets.iter().take(line.columns) {
                put!(out, *bracket);
            }
            let used = usize::from(digits) + 4 + 11 + 2 + BAR + 2 + 3 * line.columns;
            self.label(cx, row, 80usize.saturating_sub(used));
            put!(&mut cx.out, "\n");
        }
    }

    /// How many bytes of the file a row is about; none where others tell.
    fn size(&self, row: &Row) -> Option<u64> {
        (row.what != What::Segment).then_some(row.size.min(self.end))
    }

    /// What a row is about, in so many characters.
    #[inline(never)]
    fn label(&self, cx: &mut Context, row: &Row, room: usize) {
        let (file, index, out) = (self.file, row.index as usize, &mut cx.out);
        match row.what {
            What::Table => {
                put!(out, &unpacked(TABLES, b',', index)[..]);
                if row.start != 0 || self.count(index) != 1 {
                    put!(out, " (", dec(self.count(index)), ")");
                }
            }
            What::Segment | What::Plain => {
                put_segment(out, file, &file.segment(index), room);
            }
            What::Section => self.section(out, row, room),
            What::Others => {
                let others = self.others.get(index).copied().unwrap_or_default();
                put!(out, dec(others.count), " smaller: ");
                let half = room.saturating_sub(22) / 2;
                let name = |out: &mut BufWriter, index: usize| {
                    let section = file.section(index);
                    text::cut(out, file.options, file.section_name(&section), half);
                };
                name(out, others.first);
                if others.count > 1 {
                    put!(out, " to ");
                    name(out, others.last);
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
                    Some(bytes) if bytes.iter().all(|byte| *byte == 0) => rt::text!("padding"),
                    _ if in_segment => rt::text!("(in no section)"),
                    _ if row.end() == self.end => rt::text!("trailing data"),
                    _ => rt::text!("other bytes"),
                };
                put!(out, what);
            }
        }
        if row.end() > self.end && row.size > 0 {
            put!(out, " (past the end)");
        }
    }

    fn section(&self, out: &mut BufWriter, row: &Row, room: usize) {
        let file = self.file;
        let section = file.section(row.index as usize);
        let digits = digits(section.sh_size, 10);
        let note = match (section.sh_size, row.size) {
            (0, _) => 8,
            (_, 0) => 14 + digits,
            _ => 0,
        };
        let colour = file.options.colour;
        colour.begin(out, kind_colour(&section));
        let name = file.section_name(&section);
        text::cut(out, file.options, name, room.saturating_sub(note).max(8));
        colour.end(out);
        match section.sh_size {
            0 => put!(out, " (empty)"),
            size if row.size == 0 => put!(out, " (+", dec(size), " in memory)"),
            _ => {}
        }
    }
}

/// What a segment is, in so many characters.
fn put_segment(out: &mut BufWriter, file: &File, segment: &ProgramHeader, room: usize) {
    let kind = file.segment_kind(segment);
    put!(out, kind.as_ref(), " ", &letters(segment.p_flags)[..]);
    put!(out, " at 0x", hex(segment.p_vaddr));
    if let Some(more @ 1..) = segment.p_memsz.checked_sub(segment.p_filesz) {
        let needed = kind.as_ref().len() + digits(segment.p_vaddr, 16) + digits(more, 10) + 22;
        let tail = if needed > room { rt::text!(")") } else { rt::text!(" in memory)") };
        put!(out, " (+", dec(more), tail);
    }
}

/// The segments without bytes in the file.
fn without_bytes(cx: &mut Context, file: &File) {
    let mut count = 0;
    for index in 0..file.segments.len() {
        let segment = file.segment(index);
        if segment.p_filesz != 0 {
            continue;
        }
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
