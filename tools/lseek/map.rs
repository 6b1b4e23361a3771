//! `--map`, `--draw`, `--extents`: the ranges of data and the holes of a file.

use super::{BLOCKS, DRAW, Done, EXTENTS, MAP, fail, open_file, size, told};
use crate::context::Context;
use crate::process::JSON;
use crate::readelf::fill;
use crate::words::{Bits, share};
use rt::fmt::{dec, hex};
use rt::fs::{
    Extent, Extents, FIEMAP_EXTENT_LAST, FIEMAP_EXTENT_UNKNOWN, Ranges, fiemap, fstat, fstatfs,
};
use rt::io::{AsFd, BorrowedFd, BufWriter};
use rt::{put, text};

/// How many characters a picture has: with its frame it fits into 80 columns.
const CELLS: usize = 64;

/// What the ranges of one kind sum up to.
#[derive(Clone, Copy, Default)]
struct Sum {
    ranges: u64,
    bytes: u64,
}

/// A file that is looked at.
struct Looked<'a> {
    path: &'a [u8],
    file: BorrowedFd<'a>,
    size: u64,
    /// Bytes of a block.
    block: u64,
    json: bool,
}

#[inline(never)]
pub fn show(cx: &mut Context, options: u32, path: &[u8]) -> Done {
    let file = open_file(cx, path)?;
    let file = file.as_fd();
    let size = size(cx, path, file)?;
    let block = fstat(file).map_or(0, |stat| stat.st_blksize as u64).max(1);
    let json = options & JSON != 0;
    if json {
        cx.json()
            .object(rt::text!(""))
            .text(rt::text!("file"), path)
            .number(rt::text!("size"), size)
            .number(rt::text!("st_blksize"), block);
    }
    let it = &Looked { path, file, size, block, json };
    let mut done = Ok(());
    if options & (MAP | DRAW) != 0 {
        done = map(cx, options, it);
    }
    if done.is_ok() && options & EXTENTS != 0 {
        done = extents(cx, it);
    }
    if json {
        cx.json().end_object().end_document();
    }
    done
}

// Not inlined: its frame is large, as is that of the next one.
#[inline(never)]
fn map(cx: &mut Context, options: u32, it: &Looked) -> Done {
    let unit = if options & BLOCKS != 0 { it.block } else { 1 };
    let lists = options & MAP != 0 && !it.json;
    // Of data, and of holes.
    let mut sums = [Sum::default(); 2];
    let mut cells = [0u64; CELLS];
    if it.json {
        cx.json().array(rt::text!("ranges"));
    } else if lists {
        put!(&mut cx.out, "              offset              length  kind\n");
    }
    let mut ranges = Ranges::new(it.file, it.size);
    let done = loop {
        let range = match ranges.next() {
            Ok(Some(range)) => range,
            Ok(None) => break Ok(()),
            Err(errno) => break Err(errno),
        };
        let mut kind = "hole";
        if !range.is_hole {
            kind = "data";
            colour(&mut cells, it.size, range.offset, range.length);
        }
        let sum = &mut sums[usize::from(range.is_hole)];
        sum.ranges += 1;
        sum.bytes += range.length;
        if it.json {
            let json = cx.json();
            json.object(rt::text!("")).numbers("offset length", &[range.offset, range.length]);
            json.text(rt::text!("kind"), kind).end_object();
        } else if lists {
            let (offset, length) = (range.offset / unit, range.length.div_ceil(unit));
            fill!(&mut cx.out, "%20u%20u  %s\n", offset, length; kind.as_bytes());
        }
        if cx.out.failed() {
            break Ok(());
        }
    };
    let [data, holes] = sums;
    if it.json {
        cx.json().end_array().numbers("data holes", &[data.bytes, holes.bytes]);
    } else {
        if lists {
            totals(&mut cx.out, it.size, data, holes);
        }
        if options & DRAW != 0 {
            picture(&mut cx.out, it.size, &cells);
        }
    }
    done.map_err(|errno| fail(cx, it.path, errno))
}

fn totals(out: &mut BufWriter, size: u64, data: Sum, holes: Sum) {
    let tenths = share(holes.bytes, size, 1000);
    fill!(
        out,
        "data: %u bytes in %u range%s; holes: %u bytes in %u range%s, %u.%u ",
        data.bytes, data.ranges, holes.bytes, holes.ranges, tenths / 10, tenths % 10;
        plural(data.ranges), plural(holes.ranges)
    );
    put!(out, "% of ", dec(size), "\n");
}

fn plural(count: u64) -> &'static [u8] {
    if count == 1 { b"" } else { b"s" }
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
fn extents(cx: &mut Context, it: &Looked) -> Done {
    extents_with(cx, it, &mut Extents::new())
}

// Apart from its memory, which would make the frame large.
#[inline(never)]
fn extents_with(cx: &mut Context, it: &Looked, room: &mut Extents) -> Done {
    let &Looked { path, file, size, block, json } = it;
    if json {
        cx.json().array(rt::text!("extents"));
    } else {
        if let Ok(statfs) = fstatfs(file) {
            put!(&mut cx.out, "Filesystem type is: ", hex(statfs.f_type as u64), "\n");
        }
        let blocks = size.div_ceil(block);
        fill!(
            &mut cx.out,
            "File size of %s is %u (%u block%s of %u bytes)\n",
            size, blocks, block; path, plural(blocks)
        );
    }
    let (mut start, mut index, mut pieces) = (0u64, 0u64, 0u64);
    // Where the last extent ended, in the file and on the device.
    let (mut logical, mut physical) = (0u64, 0u64);
    let done = loop {
        let found = match fiemap(file, start, room) {
            Ok(found) => found,
            Err(errno) => break Err(errno),
        };
        let mut last = found.is_empty();
        for extent in found {
            let expected = physical.wrapping_add(extent.fe_logical.wrapping_sub(logical));
            let jumps = extent.fe_logical != 0 && extent.fe_physical != expected;
            pieces += u64::from(jumps || extent.fe_logical == 0);
            logical = extent.fe_logical.saturating_add(extent.fe_length);
            physical = extent.fe_physical.saturating_add(extent.fe_length);
            last |= extent.fe_flags.contains(FIEMAP_EXTENT_LAST) || logical <= start;
            start = logical;
            if index == 0 && !json {
                put!(
                    &mut cx.out,
                    " ext:     logical_offset:        physical_offset: length:   expected: flags:\n"
                );
            }
            let expected = if jumps { Some(expected) } else { None };
            row(cx, it, index, extent, expected);
            index += 1;
        }
        if last || cx.out.failed() {
            break Ok(());
        }
    };
    if json {
        cx.json().end_array();
    }
    if let Err(errno) = done {
        return Err(told(
            cx,
            text!("'"),
            path,
            errno,
            text!(": the file system tells of no extents"),
        ));
    }
    if !json {
        fill!(&mut cx.out, "%s: %u extent%s found\n", pieces; path, plural(pieces));
    }
    Ok(())
}

/// An extent; and where it would be expected, if it isn't there.
#[inline(never)]
fn row(cx: &mut Context, it: &Looked, index: u64, extent: &Extent, expected: Option<u64>) {
    let (flags, block) = (extent.fe_flags, it.block);
    if it.json {
        let values = [extent.fe_logical, extent.fe_physical, extent.fe_length, flags.0.into()];
        cx.json()
            .object(rt::text!(""))
            .numbers("fe_logical fe_physical fe_length fe_flags", &values);
        cx.json().array(rt::text!("fe_flags_names"));
    } else {
        let (first, at) = (extent.fe_logical / block, extent.fe_physical / block);
        let length = extent.fe_length.div_ceil(block);
        let last = (first + length).saturating_sub(1);
        // Where it has no place, it has no end.
        let unknown = flags.contains(FIEMAP_EXTENT_UNKNOWN);
        let (end, count) = if unknown { (at, 0) } else { (at + length - 1, length) };
        let out = &mut cx.out;
        fill!(out, "%4u: %8u..%8u: %10u..%10u: %6u:", index, first, last, at, end, count);
        match expected.filter(|_| !unknown) {
            Some(expected) => put!(out, " ", dec(expected / block).width(10), ":"),
            None => out.fill(b' ', 12),
        }
    }
    let mut mark = " ";
    let mut each = |name: &'static [u8]| {
        if it.json {
            cx.json().words(rt::text!(""), name);
        } else {
            put!(&mut cx.out, mark, name);
            mark = ",";
        }
    };
    FLAGS.each(flags.0.into(), &mut each);
    if extent.fe_logical.saturating_add(extent.fe_length) >= it.size {
        each(b"eof");
    }
    if it.json {
        cx.json().end_array().end_object();
    } else {
        put!(&mut cx.out, "\n");
    }
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
