//! `--draw`: the address space as a picture, low to high.
//!
//! A block is what follows one another without a gap and is of one kind and one file. Its bar
//! is as long as its share of the largest block of its kind.

use super::Options;
use super::kind::{COUNT, Kind, paint};
use super::source::Source;
use crate::context::Context;
use crate::quote::Tamed;
use crate::words::file_name;
use alloc::vec::Vec;
use rt::fmt::{Put, dec, hex, left, right};
use rt::io::BufWriter;
use rt::maps::{Entry, entries};
use rt::put;

/// Mappings in one row.
struct Block<'a> {
    start: u64,
    end: u64,
    kind: Kind,
    name: &'a [u8],
    count: u64,
}

/// How long a bar is at most.
const BAR: u64 = 20;

/// More rows than that are no picture: then blocks of several names become one.
const MANY: usize = 100;

fn blocks<'a>(source: &Source<'a>, options: &Options) -> Vec<Block<'a>> {
    let all = joined(source, options, false);
    if all.len() > MANY { joined(source, options, true) } else { all }
}

/// The blocks; if there are `many`, whatever touches is one, but for what there is only one of.
fn joined<'a>(source: &Source<'a>, options: &Options, many: bool) -> Vec<Block<'a>> {
    let is_special = |kind| matches!(kind, Kind::Heap | Kind::Stack | Kind::Vdso);
    let mut blocks: Vec<Block> = Vec::new();
    let mut entries = entries(source.text);
    // By reference: it is a large one.
    while let Some(entry) = &entries.next() {
        if !options.filter.wants(entry, source.process) {
            continue;
        }
        let Entry { start, end, name, .. } = *entry;
        let kind = Kind::of(entry);
        if let Some(block) = blocks.last_mut().filter(|block| block.end == start) {
            let (same, alike) = (block.name == name, block.kind == kind);
            let any = many && !is_special(block.kind) && !is_special(kind);
            if alike && (same || many) || any {
                block.end = end;
                block.count += 1;
                block.name = if same { name } else { b"" };
                continue;
            }
        }
        blocks.push(Block { start, end, kind, name, count: 1 });
    }
    blocks
}

/// A size in at most five characters: `4K`, `1.5M`, `42T`.
struct Size(u64);

impl Put for Size {
    fn put(&self, out: &mut BufWriter) {
        let mut unit = 0;
        let mut tenths = u128::from(self.0) * 10 / 1024;
        while tenths >= 10240 && unit < 5 {
            tenths /= 1024;
            unit += 1;
        }
        let letter = [b"KMGTPE".get(unit).copied().unwrap_or(b'E')];
        let (whole, tenth) = ((tenths / 10) as u64, (tenths % 10) as u8);
        match (whole, tenth) {
            (1..100, 1..) => {
                put!(out, dec(whole).width(2), ".", dec(tenth), letter)
            }
            _ => put!(out, dec(whole).width(4), letter),
        }
    }
}

#[inline(never)]
pub fn run(cx: &mut Context, source: &Source, options: &Options) {
    let blocks = blocks(source, options);
    let mut largest = [1u64; COUNT];
    for block in &blocks {
        if let Some(most) = largest.get_mut(block.kind as usize) {
            *most = (*most).max(block.end.saturating_sub(block.start));
        }
    }
    let mut before: Option<u64> = None;
    for block in &blocks {
        if let Some(end) = before
            && let Some(gap @ 1..) = block.start.checked_sub(end)
        {
            put!(&mut cx.out, right("", 18), "~ ", Size(gap), " ~\n");
        }
        before = Some(block.end);
        row(cx, options, block, largest.get(block.kind as usize).copied().unwrap_or(1));
    }
    if let Some(end) = before {
        put!(&mut cx.out, hex(end).zero(16), "\n");
    }
}

fn row(cx: &mut Context, options: &Options, block: &Block, largest: u64) {
    let size = block.end.saturating_sub(block.start);
    let bar = (u128::from(size) * u128::from(BAR) / u128::from(largest.max(1))) as u64;
    let bar = bar.clamp(1, BAR) as usize;
    let (out, colour) = (&mut cx.out, block.kind.colour());
    put!(out, hex(block.start).zero(16), "  ");
    paint(out, options, colour, &left(block.kind.name(), 6));
    put!(out, "  ", Size(size), "  ");
    paint(out, options, colour, &Bar(bar));
    // Of a long name, as much as a line of 80 columns holds.
    let name = file_name(block.name);
    let name = name.get(..22).unwrap_or(name);
    let is_several = block.name.is_empty() && block.count > 1;
    if is_several || !name.is_empty() {
        out.fill(b' ', BAR as usize - bar + 2);
        if is_several {
            put!(out, dec(block.count), " mappings");
        }
        put!(out, Tamed(name));
    }
    put!(out, "\n");
}

struct Bar(usize);

impl Put for Bar {
    fn put(&self, out: &mut BufWriter) {
        out.fill(b'#', self.0);
    }
}

/// The blocks as JSON.
pub fn json(cx: &mut Context, source: &Source, options: &Options) {
    cx.json().array(rt::text!("blocks"));
    for block in blocks(source, options) {
        let json = cx.json();
        json.object(rt::text!(""))
            .number(rt::text!("start"), block.start)
            .number(rt::text!("end"), block.end);
        json.text(rt::text!("kind"), block.kind.name()).number(rt::text!("mappings"), block.count);
        json.text(rt::text!("name"), block.name).end_object();
    }
    cx.json().end_array();
}
