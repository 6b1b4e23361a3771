//! `lx truncate`: the size of files, as GNU truncate 9.1 sets it; and their space.

mod size;

use crate::cli::{self, Wrong};
use crate::context::Context;
use crate::quote::{Quoted, Word};
use crate::words::{place, unpacked, words};
use rt::errno::{Errno, Result};
use rt::fmt::int;
use rt::fs::{
    DT_REG, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, FallocateMode, File, Mode, O_CREAT,
    O_NONBLOCK, O_RDONLY, O_WRONLY, fallocate, fdatasync, fstat, ftruncate, open, stat,
};
use rt::io::{AsFd, BufWriter, Seek, SeekFrom};
use rt::put;
use size::{Change, Kind};

const HELP: cli::Help = help!(
    "\
Sets the size of files, and makes those that aren't there. What is added is a hole.

  -c, --no-create        make no files
  -o, --io-blocks        SIZE is in blocks for I/O of the file
  -r, --reference=RFILE  the size is that of RFILE, or counts from it
  -s, --size=SIZE        the size, or how it changes
      --allocate         take the space as well: no holes up to the size
      --keep-size        with --allocate: leave the size as it is
      --punch=OFFSET:LENGTH
                         make a hole of this range; the size stays
      --sync             return when all of it is on the device
      --dry-run          only say what would change
      --help             this text
      --version          the version

SIZE is a number and perhaps a unit: K, M, G, T, P, E, Z, Y are powers of 1024 (KiB too), KB,
MB and so on powers of 1000. Before it there may be + (longer by), - (shorter by), < (at most),
> (at least), / (down to a multiple of) or % (up to a multiple of).
"
);

/// What is to be done to each file.
#[derive(Default)]
struct Job<'a> {
    /// A bit for each [`Switch`].
    switches: u8,
    refused: Refused,
    kind: Kind,
    reference: Option<&'a [u8]>,
    size: Option<i64>,
    punch: Option<(i64, i64)>,
    /// What the reference's size is.
    base: Option<i64>,
}

/// The options without a value.
const SWITCHES: &[u8] = b"c o allocate keep-size sync dry-run help version";

/// The same, by the same numbers.
#[derive(Clone, Copy)]
enum Switch {
    NoCreate,
    IoBlocks,
    Allocate,
    KeepSize,
    Sync,
    DryRun,
    Help,
    Version,
}

/// How far the command line makes no sense; it is told already.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Refused {
    #[default]
    No,
    /// With a hint at `--help`.
    Misused,
    Failed,
}

/// What counts of a file's state.
struct Known {
    size: i64,
    block: i64,
    is_regular: bool,
}

impl Known {
    /// What is known of a file that may be open; apart, for the sake of the buffer.
    #[inline(never)]
    fn of(name: &[u8], file: Option<&File>) -> Result<Known> {
        let stat = match file {
            Some(file) => fstat(file),
            None => stat(name),
        }?;
        let is_regular = stat.file_type() == DT_REG;
        Ok(Known { size: stat.st_size, block: stat.st_blksize, is_regular })
    }
}

pub fn run(cx: &mut Context) -> u8 {
    let mut job = Job::default();
    let args = cx.args;
    let operands = cli::parse(cx, args, HELP.options, &mut |cx, key, value| {
        job.set(cx, key, value.unwrap_or_default());
    });
    let operands = match operands {
        Err(Wrong) => return cli::misused(cx),
        Ok(operands) => operands,
    };
    if job.refused == Refused::No {
        if job.has(Switch::Help) {
            return cli::help(cx, rt::text!("OPTION... FILE..."), HELP.text);
        }
        if job.has(Switch::Version) {
            return cli::version(cx);
        }
        job.check(cx, operands.is_empty());
    }
    match job.refused {
        Refused::No => {}
        Refused::Misused => return cli::misused(cx),
        Refused::Failed => return 1,
    }
    let mut fine = true;
    if let Some(reference) = job.reference {
        job.base = reference_size(cx, reference);
        if job.base.is_none() {
            return 1;
        }
    }
    for name in operands {
        fine &= job.run(cx, name);
    }
    !fine as u8
}

/// What is told, and what `--dry-run` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Text {
    Invalid,
    TooLarge,
    NoRange,
    ZeroDivisor,
    TwoModifiers,
    Nothing,
    NotRelative,
    NoSize,
    NoAllocate,
    NoOperand,
    Stat,
    Seek,
    Open,
    Blocks,
    Extend,
    Fstat,
    Truncate,
    Allocate,
    Punch,
    Sync,
    Old,
    New,
    Shorter,
    Longer,
    Space,
    Hole,
}

/// The same in words: `%` is the name, `#` a number; what is between backquotes is quoted, the word
/// that it is about where nothing is.
const TEXTS: &str = "\
Invalid number: ``
Invalid number: ``: Value too large for defined data type
invalid range ``: it is OFFSET:LENGTH
division by zero
multiple relative modifiers specified
you must specify either `--size` or `--reference`
you must specify a relative `--size` with `--reference`
`--io-blocks` was specified but `--size` was not
`--keep-size` was specified but `--allocate` was not
missing file operand
cannot stat %
cannot get the size of %
cannot open % for writing
overflow in # * # byte blocks for file %
overflow extending size of file %
cannot fstat %
failed to truncate % at # bytes
failed to allocate # bytes for %
failed to make a hole of # bytes at # in %
failed to sync %
%: #
%: new
 -> # bytes (#)
 -> # bytes (+#)
, space for #
, a hole of # at #
";

/// Writes a text about a file or a word, with its numbers.
#[inline(never)]
fn write(out: &mut BufWriter, text: Text, name: &[u8], numbers: &[i64]) {
    let text = unpacked(rt::text!(TEXTS), b'\n', text as usize);
    let mut numbers = numbers.iter();
    for (index, piece) in words(&text, b'`').enumerate() {
        if index % 2 == 1 {
            put!(out, Word(if piece.is_empty() { name } else { piece }));
            continue;
        }
        for &byte in piece {
            match byte {
                b'%' => put!(out, Quoted(name)),
                b'#' => put!(out, int(numbers.next().copied().unwrap_or(0))),
                _ => out.byte(byte),
            }
        }
    }
}

/// Tells what is wrong or failed, and why; false, for what didn't go well.
#[inline(never)]
fn failed(
    cx: &mut Context,
    text: Text,
    name: &[u8],
    numbers: &[i64],
    errno: Option<Errno>,
) -> bool {
    cx.begin_message();
    write(&mut cx.err, text, name, numbers);
    if let Some(errno) = errno {
        put!(&mut cx.err, ": ", errno);
    }
    cx.end_line();
    false
}

/// The size that `-r` means: of a file, or as far as one can seek.
fn reference_size(cx: &mut Context, name: &[u8]) -> Option<i64> {
    match Known::of(name, None) {
        Ok(known) if known.is_regular => Some(known.size),
        Ok(_) => end_of(cx, name, None),
        Err(errno) => {
            failed(cx, Text::Stat, name, &[], Some(errno));
            None
        }
    }
}

/// How far one can seek in a file that may be open already.
#[inline(never)]
fn end_of(cx: &mut Context, name: &[u8], file: Option<&File>) -> Option<i64> {
    let end = |file: &File| file.as_fd().seek(SeekFrom::End(0));
    let end = match file {
        Some(file) => end(file),
        // A device tells its size only when it is open; a FIFO would wait for a writer.
        None => open(name, O_RDONLY | O_NONBLOCK, Mode(0)).and_then(|file| end(&file)),
    };
    if let Err(errno) = end {
        failed(cx, Text::Seek, name, &[], Some(errno));
    }
    Some(end.ok()? as i64)
}

impl<'a> Job<'a> {
    fn has(&self, switch: Switch) -> bool {
        self.switches >> switch as u8 & 1 != 0
    }

    fn set(&mut self, cx: &mut Context, key: &[u8], mut value: &'a [u8]) {
        if let Some(place) = place(SWITCHES, key) {
            self.switches |= 1 << place;
            return;
        }
        match key.first() {
            Some(b'r') => self.reference = Some(value),
            // The first mistake is the one that is told.
            _ if self.refused != Refused::No => {}
            Some(b's') => match size::size(&mut value, &mut self.kind) {
                Ok(size) => self.size = Some(size),
                Err(text) => self.tell(cx, text, value),
            },
            // --punch
            _ => match size::range(&mut value) {
                Ok(range) => self.punch = Some(range),
                Err(text) => self.tell(cx, text, value),
            },
        }
    }

    /// Tells what is wrong with a number.
    #[inline(never)]
    fn tell(&mut self, cx: &mut Context, text: Text, word: &[u8]) {
        failed(cx, text, word, &[], None);
        let misused = text == Text::TwoModifiers;
        self.refused = if misused { Refused::Misused } else { Refused::Failed };
    }

    /// Whether the options go together, in GNU's order.
    fn check(&mut self, cx: &mut Context, no_operand: bool) {
        let (size, reference) = (self.size.is_some(), self.reference.is_some());
        let text = if !size && !reference && self.punch.is_none() && !self.has(Switch::Allocate) {
            Text::Nothing
        } else if size && reference && self.kind == Kind::Absolute {
            Text::NotRelative
        } else if self.has(Switch::IoBlocks) && !size {
            Text::NoSize
        } else if self.has(Switch::KeepSize) && !self.has(Switch::Allocate) {
            Text::NoAllocate
        } else if no_operand {
            Text::NoOperand
        } else {
            return;
        };
        failed(cx, text, b"", &[], None);
        self.refused = Refused::Misused;
    }

    /// Whether all went well with this file.
    #[inline(never)]
    fn run(&self, cx: &mut Context, name: &[u8]) -> bool {
        if self.has(Switch::DryRun) {
            return self.rehearse(cx, name);
        }
        let create = if self.has(Switch::NoCreate) { O_WRONLY } else { O_WRONLY | O_CREAT };
        match open(name, create | O_NONBLOCK, Mode(0o666)) {
            Ok(file) => self.change(cx, name, &file),
            Err(Errno::ENOENT) if self.has(Switch::NoCreate) => true,
            Err(errno) => failed(cx, Text::Open, name, &[], Some(errno)),
        }
    }

    /// Whether the size that there is decides on the new one.
    fn looks(&self) -> bool {
        self.has(Switch::IoBlocks)
            || self.kind != Kind::Absolute
            || self.has(Switch::Allocate)
            || self.size.is_none()
    }

    /// The size that a file should get, which may be open already; none where it is told why
    /// there is none. `known` is what is known of it.
    fn target(
        &self,
        cx: &mut Context,
        name: &[u8],
        known: Option<&Known>,
        file: Option<&File>,
    ) -> Option<i64> {
        let mut amount = self.size.unwrap_or(0);
        if self.has(Switch::IoBlocks) {
            let block = known.map_or(512, |known| known.block);
            let bytes = amount.checked_mul(block);
            if bytes.is_none() {
                failed(cx, Text::Blocks, name, &[amount, block], None);
            }
            amount = bytes?;
        }
        let kind = match (self.size, self.base) {
            (Some(_), _) => self.kind,
            (None, Some(base)) => return Some(base),
            // Only the space changes.
            (None, None) => Kind::Longer,
        };
        if kind == Kind::Absolute {
            return Some(amount);
        }
        let old = match (self.base, known) {
            (Some(base), _) => base,
            (None, Some(known)) if known.is_regular => known.size,
            (None, None) => 0,
            _ => end_of(cx, name, file)?,
        };
        let target = Change { kind, amount }.applied_to(old);
        if target.is_none() {
            failed(cx, Text::Extend, name, &[], None);
        }
        target
    }

    /// Changes an open file; whether all went well.
    fn change(&self, cx: &mut Context, name: &[u8], file: &File) -> bool {
        // What is told where the next step fails, and its numbers.
        let (mut text, mut numbers) = (Text::Fstat, [0; 2]);
        let done = (|| {
            let known = if self.looks() { Some(Known::of(name, Some(file))?) } else { None };
            let Some(target) = self.target(cx, name, known.as_ref(), Some(file)) else {
                return Ok(false);
            };
            let old = known.map_or(0, |known| known.size);
            let (allocates, keeps) = (self.has(Switch::Allocate), self.has(Switch::KeepSize));
            let resizes = self.size.is_some() || self.base.is_some();
            numbers[0] = target;
            // What is allocated makes the file longer by itself: it stays as it was where the
            // device is full.
            if resizes && !keeps && !(allocates && target > old) {
                text = Text::Truncate;
                ftruncate(file, target as u64)?;
            }
            if allocates && target > 0 {
                text = Text::Allocate;
                let mode = if keeps { FALLOC_FL_KEEP_SIZE } else { FallocateMode(0) };
                fallocate(file, mode, 0, target as u64)?;
            }
            if let Some((offset, length)) = self.punch {
                (text, numbers) = (Text::Punch, [length, offset]);
                let mode = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE;
                fallocate(file, mode, offset as u64, length as u64)?;
            }
            if self.has(Switch::Sync) {
                text = Text::Sync;
                fdatasync(file)?;
            }
            Ok(true)
        })();
        done.unwrap_or_else(|errno| failed(cx, text, name, &numbers, Some(errno)))
    }

    /// Says what [`change`](Job::change) would do.
    fn rehearse(&self, cx: &mut Context, name: &[u8]) -> bool {
        let known = match Known::of(name, None) {
            Ok(known) => Some(known),
            Err(Errno::ENOENT) if self.has(Switch::NoCreate) => return true,
            Err(Errno::ENOENT) => None,
            Err(errno) => return failed(cx, Text::Stat, name, &[], Some(errno)),
        };
        let Some(target) = self.target(cx, name, known.as_ref(), None) else { return false };
        let (old, text) = match known {
            Some(known) => (known.size, Text::Old),
            None => (0, Text::New),
        };
        let new = if self.has(Switch::KeepSize) { old } else { target };
        let change = new.saturating_sub(old);
        let out = &mut cx.out;
        write(out, text, name, &[old]);
        let text = if change < 0 { Text::Shorter } else { Text::Longer };
        write(out, text, b"", &[new, change]);
        if self.has(Switch::Allocate) {
            write(out, Text::Space, b"", &[target]);
        }
        if let Some((offset, length)) = self.punch {
            write(out, Text::Hole, b"", &[length, offset]);
        }
        put!(out, "\n");
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{TEXTS, Text};

    #[test]
    fn every_text_has_its_words() {
        assert_eq!(TEXTS.lines().nth(Text::NoRange as usize).unwrap()[..15], *"invalid range `");
        assert_eq!(TEXTS.lines().nth(Text::Open as usize), Some("cannot open % for writing"));
        assert_eq!(TEXTS.lines().count(), Text::Hole as usize + 1);
    }
}
