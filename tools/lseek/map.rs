//! `--map`, `--draw`, `--extents`: the ranges of data and the holes of a file.

use super::{Done, Options, fail, open_file, size, told};
use crate::context::Context;
use crate::words::{Bits, share};
use rt::fmt::{dec, hex};
use rt::fs::{Extents, Ranges, fiemap, fstat, fstatfs};
use rt::io::{AsFd, BorrowedFd, BufWriter};
use rt::put;

/// How many characters a picture has: with its frame it fits into 80 columns.
const CELLS: usize = 64;

/// What the ranges of one kind sum up to.
#[derive(Clone, Copy, Default)]
struct Sum {
    ranges: u64,
    bytes: u64,
}

#[inline(never)]
pub fn show(cx: &mut Context, options: &Options, path: &[u8]) -> Done {
    let file = open_file(cx, path)?;
    let file = file.as_fd();
    let size = size(cx, path, file)?;
    let block = fstat(file).map_or(0, |stat| stat.st_blksize as u64).max(1);
    if options.json {
        cx.json().object("").text("file", path).number("size", size).number("st_blksize", block);
    }
    let mut done = Ok(());
    if options.map || options.draw {
        done = map(cx, options, path, file, size, block);
    }
    if done.is_ok() && options.extents {
        done = extents(cx, options.json, path, file, size, block);
    }
    if options.json {
        cx.json().end_object().end_document();
    }
    done
}

// Not inlined: its frame is large, as is that of the next one.
#[inline(never)]
fn map(
    cx: &mut Context,
    options: &Options,
    path: &[u8],
    file: BorrowedFd,
    size: u64,
    block: u64,
) -> Done {
    let unit = if options.blocks { block } else { 1 };
    let (mut data, mut holes) = (Sum::default(), Sum::default());
    let mut cells = [0u64; CELLS];
    if options.json {
        cx.json().array("ranges");
    } else if options.map {
        put!(&mut cx.out, "              offset              length  kind\n");
    }
    let mut failure = None;
    let mut ranges = Ranges::new(file, size);
    loop {
        let range = match ranges.next() {
            Ok(Some(range)) => range,
            Ok(None) => break,
            Err(errno) => {
                failure = Some(errno);
                break;
            }
        };
        let (sum, kind) = if range.is_hole { (&mut holes, "hole") } else { (&mut data, "data") };
        sum.ranges += 1;
        sum.bytes += range.length;
        if !range.is_hole {
            colour(&mut cells, size, range.offset, range.length);
        }
        if options.json {
            let json = cx.json();
            json.object("").number("offset", range.offset).number("length", range.length);
            json.text("kind", kind).end_object();
        } else if options.map {
            let (offset, length) = (range.offset / unit, range.length.div_ceil(unit));
            put!(&mut cx.out, dec(offset).width(20), dec(length).width(20), "  ", kind, "\n");
        }
        if cx.out.failed() {
            break;
        }
    }
    if options.json {
        cx.json().end_array().number("data", data.bytes).number("holes", holes.bytes);
    } else {
        if options.map {
            totals(&mut cx.out, size, data, holes);
        }
        if options.draw {
            picture(&mut cx.out, size, &cells);
        }
    }
    failure.map_or(Ok(()), |errno| Err(fail(cx, path, errno)))
}

fn totals(out: &mut BufWriter, size: u64, data: Sum, holes: Sum) {
    put!(out, "data: ", dec(data.bytes), " bytes in ", dec(data.ranges), plural(data.ranges));
    put!(out, "; holes: ", dec(holes.bytes), " bytes in ", dec(holes.ranges));
    put!(out, plural(holes.ranges), ", ");
    let tenths = share(holes.bytes, size, 1000);
    put!(out, dec(tenths / 10), ".", dec(tenths % 10), " % of ", dec(size), "\n");
}

fn plural(count: u64) -> &'static str {
    if count == 1 { " range" } else { " ranges" }
}

/// Where a cell begins: the cells divide the file into equal parts.
fn edge(size: u64, cell: usize) -> u64 {
    share(cell as u64, CELLS as u64, size)
}

/// Adds a range of data to the cells that it touches: in each stand the bytes of data.
fn colour(cells: &mut [u64; CELLS], size: u64, offset: u64, length: u64) {
    let end = offset + length;
    let first = share(offset, size, CELLS as u64) as usize;
    for (cell, bytes) in cells.iter_mut().enumerate().skip(first) {
        let (from, to) = (edge(size, cell), edge(size, cell + 1));
        if from >= end {
            break;
        }
        *bytes += to.min(end).saturating_sub(from.max(offset));
    }
}

/// The file in a line, from its first byte to its last.
fn picture(out: &mut BufWriter, size: u64, cells: &[u64; CELLS]) {
    put!(out, "0 |");
    for (cell, &bytes) in cells.iter().enumerate() {
        let room = edge(size, cell + 1) - edge(size, cell);
        out.byte(match bytes {
            _ if room == 0 => b' ',
            0 => b'.',
            bytes if bytes == room => b'#',
            _ => b'+',
        });
    }
    put!(out, "| ", dec(size), "\n");
}

/// Names of `FIEMAP_EXTENT_*` (include/uapi/linux/fiemap.h) as filefrag has them.
const FLAGS: Bits = Bits {
    bits: &[0, 1, 2, 3, 7, 8, 9, 10, 11, 12, 13],
    names: b"last unknown_loc delalloc encoded encrypted not_aligned inline tail_packed unwritten \
        merged shared",
};

#[inline(never)]
fn extents(
    cx: &mut Context,
    json: bool,
    path: &[u8],
    file: BorrowedFd,
    size: u64,
    block: u64,
) -> Done {
    if json {
        cx.json().array("extents");
    } else {
        if let Ok(statfs) = fstatfs(file) {
            put!(&mut cx.out, "Filesystem type is: ", hex(statfs.f_type as u64), "\n");
        }
        let blocks = size.div_ceil(block);
        put!(&mut cx.out, "File size of ", crate::readelf::shown(path), " is ", dec(size));
        put!(&mut cx.out, " (", dec(blocks), if blocks == 1 { " block" } else { " blocks" });
        put!(&mut cx.out, " of ", dec(block), " bytes)\n");
    }
    let mut room = Extents::new();
    let (mut start, mut index, mut pieces) = (0u64, 0u64, 0u64);
    // Where the last extent ended, in the file and on the device.
    let (mut logical, mut physical) = (0u64, 0u64);
    loop {
        let found = match fiemap(file, start, &mut room) {
            Ok(found) => found,
            Err(errno) => {
                if json {
                    cx.json().end_array();
                }
                let tail = ": the file system tells of no extents";
                return Err(told(cx, "'", path, errno, tail));
            }
        };
        let mut last = found.is_empty();
        for extent in found {
            let flags = extent.fe_flags;
            let expected = physical.wrapping_add(extent.fe_logical.wrapping_sub(logical));
            let jumps = extent.fe_logical != 0 && extent.fe_physical != expected;
            pieces += u64::from(jumps || extent.fe_logical == 0);
            logical = extent.fe_logical.saturating_add(extent.fe_length);
            physical = extent.fe_physical.saturating_add(extent.fe_length);
            last |= flags.contains(rt::fs::FIEMAP_EXTENT_LAST) || logical <= start;
            start = logical;
            let each = |call: &mut dyn FnMut(&'static [u8])| {
                FLAGS.each(flags.0.into(), call);
                if logical >= size {
                    call(b"eof");
                }
            };
            if json {
                let json = cx.json();
                let values =
                    [extent.fe_logical, extent.fe_physical, extent.fe_length, flags.0.into()];
                json.object("").numbers("fe_logical fe_physical fe_length fe_flags", &values);
                json.array("fe_flags_names");
                each(&mut |name| {
                    json.text("", name);
                });
                json.end_array().end_object();
                continue;
            }
            if index == 0 {
                let head = " ext:     logical_offset:        physical_offset: length:   ";
                put!(&mut cx.out, head, "expected: flags:\n");
            }
            let (first, at) = (extent.fe_logical / block, extent.fe_physical / block);
            let length = extent.fe_length.div_ceil(block);
            let out = &mut cx.out;
            put!(out, dec(index).width(4), ": ", dec(first).width(8), "..");
            put!(out, dec((first + length).saturating_sub(1)).width(8), ": ");
            // Where it has no place, it has no end.
            let unknown = flags.contains(rt::fs::FIEMAP_EXTENT_UNKNOWN);
            let (end, count) = if unknown { (at, 0) } else { (at + length - 1, length) };
            put!(out, dec(at).width(10), "..", dec(end).width(10), ": ", dec(count).width(6), ":");
            match jumps && !unknown {
                true => put!(out, " ", dec(expected / block).width(10), ":"),
                false => out.fill(b' ', 12),
            }
            let mut mark = " ";
            each(&mut |name| {
                put!(out, mark, name);
                mark = ",";
            });
            put!(out, "\n");
            index += 1;
        }
        if last || cx.out.failed() {
            break;
        }
    }
    if json {
        cx.json().end_array();
    } else {
        let tail = if pieces == 1 { " extent found\n" } else { " extents found\n" };
        put!(&mut cx.out, crate::readelf::shown(path), ": ", dec(pieces), tail);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    fn drawn(size: u64, data: &[(u64, u64)]) -> String {
        let mut cells = [0; CELLS];
        data.iter().for_each(|&(offset, length)| colour(&mut cells, size, offset, length));
        let mark = |(cell, &bytes): (usize, &u64)| match bytes {
            0 => '.',
            bytes if bytes == edge(size, cell + 1) - edge(size, cell) => '#',
            _ => '+',
        };
        cells.iter().enumerate().map(mark).collect()
    }

    #[test]
    fn pictures() {
        let all = |mark: &str, count: usize| mark.repeat(count);
        assert_eq!(drawn(6400, &[(0, 6400)]), all("#", 64));
        assert_eq!(drawn(6400, &[(100, 100)]), [".", "#", &all(".", 62)].concat());
        assert_eq!(drawn(6400, &[(150, 100), (6399, 1)]), [".++", &all(".", 60), "+"].concat());
        // Of the largest file the ends are seen, too.
        let size = i64::MAX as u64;
        let ends = drawn(size, &[(0, 1), (size - 1, 1)]);
        assert_eq!(ends, ["+", &all(".", 62), "+"].concat());
    }
}
