//! `lx truncate`: the size of files, as GNU truncate 9.1 sets it; and their space.

mod size;

use crate::cli::{self, Wrong};
use crate::context::Context;
use crate::quote::{Quoted, Word};
use rt::errno::{Errno, Result};
use rt::fmt::{dec, int};
use rt::fs::{
    DT_REG, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, FallocateMode, File, Mode, O_CREAT,
    O_NONBLOCK, O_RDONLY, O_WRONLY, Stat, fallocate, fdatasync, fstat, ftruncate, open, stat,
};
use rt::io::{Seek, SeekFrom};
use rt::put;
use size::{Change, Kind, Mistake};

const HELP: &str = "\
Sets the size of files, and makes those that aren't there. What is longer loses its end, what
is shorter gets a hole.

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
";

/// What is to be done to each file.
#[derive(Default)]
struct Job<'a> {
    no_create: bool,
    io_blocks: bool,
    reference: Option<&'a [u8]>,
    size: Option<i64>,
    kind: Kind,
    allocate: bool,
    keep_size: bool,
    punch: Option<(u64, u64)>,
    sync: bool,
    dry_run: bool,
    help: bool,
    version: bool,
    /// What the reference's size is.
    base: Option<i64>,
}

/// How far the command line makes no sense; it is told already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refused {
    No,
    /// With a hint at `--help`.
    Misused,
    Failed,
}

pub fn run(cx: &mut Context) -> u8 {
    let mut job = Job::default();
    let mut refused = Refused::No;
    let args = cx.args;
    let operands = cli::parse(cx, args, HELP, &mut |cx, key, value| {
        let value = value.unwrap_or_default();
        match key {
            b"c" => job.no_create = true,
            b"o" => job.io_blocks = true,
            b"r" => job.reference = Some(value),
            b"allocate" => job.allocate = true,
            b"keep-size" => job.keep_size = true,
            b"sync" => job.sync = true,
            b"dry-run" => job.dry_run = true,
            b"help" => job.help = true,
            b"version" => job.version = true,
            // The first mistake is the one that is told.
            _ if refused != Refused::No => {}
            b"s" => match size::size(value, &mut job.kind) {
                Ok(size) => job.size = Some(size),
                Err(mistake) => refused = tell(cx, mistake),
            },
            _ => match size::range(value) {
                Ok(range) => job.punch = Some(range),
                Err(mistake) => refused = tell(cx, mistake),
            },
        }
    });
    let operands = match operands {
        Err(Wrong) => return cli::misused(cx),
        Ok(operands) => operands,
    };
    if refused == Refused::No && job.help {
        return cli::help(cx, "OPTION... FILE...", HELP);
    }
    if refused == Refused::No && job.version {
        return cli::version(cx);
    }
    if refused == Refused::No {
        refused = job.check(cx, operands.is_empty());
    }
    match refused {
        Refused::No => {}
        Refused::Misused => return cli::misused(cx),
        Refused::Failed => return 1,
    }
    if let Some(reference) = job.reference {
        match reference_size(cx, reference) {
            Some(size) => job.base = Some(size),
            None => return 1,
        }
    }
    let mut fine = true;
    for name in operands {
        fine &= job.run(cx, name);
    }
    !fine as u8
}

/// Tells what is wrong with a number.
fn tell(cx: &mut Context, mistake: Mistake) -> Refused {
    let (what, text, tail) = match mistake {
        Mistake::Invalid(text) => ("Invalid number: ", text, ""),
        Mistake::TooLarge(text) => {
            ("Invalid number: ", text, ": Value too large for defined data type")
        }
        Mistake::NoRange(text) => ("invalid range ", text, ": it is OFFSET:LENGTH"),
        Mistake::ZeroDivisor => {
            message!(cx, "division by zero");
            return Refused::Failed;
        }
        Mistake::TwoModifiers => {
            message!(cx, "multiple relative modifiers specified");
            return Refused::Misused;
        }
    };
    message!(cx, what, Word(text), tail);
    Refused::Failed
}

/// Tells what failed with a file; false, for what didn't go well.
#[inline(never)]
fn failed(cx: &mut Context, what: &str, name: &[u8], more: &str, errno: Errno) -> bool {
    message!(cx, what, " ", Quoted(name), more, ": ", errno);
    false
}

/// The size that `-r` means: of a file, or as far as one can seek.
fn reference_size(cx: &mut Context, name: &[u8]) -> Option<i64> {
    let known = match stat(name) {
        Ok(known) => known,
        Err(errno) => {
            failed(cx, "cannot stat", name, "", errno);
            return None;
        }
    };
    if known.file_type() == DT_REG {
        return Some(known.st_size);
    }
    // A device tells its size only when it is open; a FIFO would wait for a writer.
    let end = open(name, O_RDONLY | O_NONBLOCK, Mode(0)).and_then(|mut file| end_of(&mut file));
    if let Err(errno) = end {
        failed(cx, NO_SIZE, name, "", errno);
    }
    end.ok()
}

/// What is told where neither `fstat` nor a seek gives a size.
const NO_SIZE: &str = "cannot get the size of";

fn end_of(file: &mut File) -> Result<i64> {
    file.seek(SeekFrom::End(0)).map(|end| end as i64)
}

impl Job<'_> {
    /// Whether the options go together, in GNU's order.
    fn check(&self, cx: &mut Context, no_operand: bool) -> Refused {
        // What is said: a text, an option, another text, another option, and the end.
        let has = (self.size.is_some(), self.reference.is_some());
        let nothing = has == (false, false) && self.punch.is_none() && !self.allocate;
        let absolute = has == (true, true) && self.kind == Kind::Absolute;
        let [a, first, b, second, c]: [&str; 5] = if nothing {
            ["you must specify either ", "--size", " or ", "--reference", ""]
        } else if absolute {
            ["you must specify a relative ", "--size", " with ", "--reference", ""]
        } else if self.io_blocks && self.size.is_none() {
            ["", "--io-blocks", " was specified but ", "--size", " was not"]
        } else if self.keep_size && !self.allocate {
            ["", "--keep-size", " was specified but ", "--allocate", " was not"]
        } else if no_operand {
            message!(cx, "missing file operand");
            return Refused::Misused;
        } else {
            return Refused::No;
        };
        message!(cx, a, Word(first.as_bytes()), b, Word(second.as_bytes()), c);
        Refused::Misused
    }

    /// Whether all went well with this file.
    fn run(&self, cx: &mut Context, name: &[u8]) -> bool {
        if self.dry_run {
            return self.rehearse(cx, name);
        }
        let create = if self.no_create { O_WRONLY } else { O_WRONLY | O_CREAT };
        match open(name, create | O_NONBLOCK, Mode(0o666)) {
            Ok(mut file) => self.change(cx, name, &mut file),
            Err(Errno::ENOENT) if self.no_create => true,
            Err(errno) => failed(cx, "cannot open", name, " for writing", errno),
        }
    }

    /// Whether the size that there is decides on the new one.
    fn looks(&self) -> bool {
        self.io_blocks || self.kind != Kind::Absolute || self.allocate || self.size.is_none()
    }

    /// The size that the file should get. `known` is what is known of it, `end` finds out
    /// how long it is where that doesn't say.
    fn target(
        &self,
        cx: &mut Context,
        name: &[u8],
        known: Option<&Stat>,
        end: &mut dyn FnMut() -> Result<i64>,
    ) -> Option<i64> {
        let mut amount = self.size.unwrap_or(0);
        if self.io_blocks {
            let block = known.map_or(512, |known| known.st_blksize);
            let Some(bytes) = amount.checked_mul(block) else {
                let (what, more) = ("overflow in ", " byte blocks for file ");
                message!(cx, what, int(amount), " * ", int(block), more, Quoted(name));
                return None;
            };
            amount = bytes;
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
            (None, Some(known)) if known.file_type() == DT_REG => known.st_size,
            (None, None) => 0,
            _ => match end() {
                Ok(end) => end,
                Err(errno) => {
                    failed(cx, NO_SIZE, name, "", errno);
                    return None;
                }
            },
        };
        let target = Change { kind, amount }.applied_to(old);
        if target.is_none() {
            message!(cx, "overflow extending size of file ", Quoted(name));
        }
        target
    }

    fn change(&self, cx: &mut Context, name: &[u8], file: &mut File) -> bool {
        let known = match self.looks().then(|| fstat(&*file)).transpose() {
            Ok(known) => known,
            Err(errno) => return failed(cx, "cannot fstat", name, "", errno),
        };
        let target = self.target(cx, name, known.as_ref(), &mut || end_of(file));
        let Some(target) = target else { return false };
        let resizes = self.size.is_some() || self.base.is_some();
        let old = known.as_ref().map_or(0, |known| known.st_size);
        // What is allocated makes the file longer by itself: it stays as it was where the
        // device is full.
        if resizes
            && !self.keep_size
            && !(self.allocate && target > old)
            && let Err(errno) = ftruncate(&*file, target as u64)
        {
            let what = "failed to truncate ";
            message!(cx, what, Quoted(name), " at ", int(target), " bytes: ", errno);
            return false;
        }
        if self.allocate && target > 0 {
            let mode = if self.keep_size { FALLOC_FL_KEEP_SIZE } else { FallocateMode(0) };
            if let Err(errno) = fallocate(&*file, mode, 0, target as u64) {
                let (what, more) = ("failed to allocate ", " bytes for ");
                message!(cx, what, int(target), more, Quoted(name), ": ", errno);
                return false;
            }
        }
        if let Some((offset, length)) = self.punch {
            let mode = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE;
            if let Err(errno) = fallocate(&*file, mode, offset, length) {
                let (what, at) = ("failed to make a hole of ", " bytes at ");
                message!(cx, what, dec(length), at, dec(offset), " in ", Quoted(name), ": ", errno);
                return false;
            }
        }
        if self.sync
            && let Err(errno) = fdatasync(&*file)
        {
            return failed(cx, "failed to sync", name, "", errno);
        }
        true
    }

    /// Says what [`change`](Job::change) would do.
    fn rehearse(&self, cx: &mut Context, name: &[u8]) -> bool {
        let known = match stat(name) {
            Ok(known) => Some(known),
            Err(Errno::ENOENT) if self.no_create => return true,
            Err(Errno::ENOENT) => None,
            Err(errno) => return failed(cx, "cannot stat", name, "", errno),
        };
        let end = &mut || {
            open(name, O_RDONLY | O_NONBLOCK, Mode(0)).and_then(|mut file| end_of(&mut file))
        };
        let Some(target) = self.target(cx, name, known.as_ref(), end) else { return false };
        let old = known.as_ref().map_or(0, |known| known.st_size);
        let new = if self.keep_size { old } else { target };
        let out = &mut cx.out;
        put!(out, Quoted(name), ": ");
        match known {
            Some(_) => put!(out, int(old)),
            None => put!(out, "new"),
        }
        let change = new.saturating_sub(old);
        put!(
            out,
            " -> ",
            int(new),
            " bytes (",
            if change < 0 { "" } else { "+" },
            int(change),
            ")"
        );
        if self.allocate {
            put!(out, ", space for ", int(target));
        }
        if let Some((offset, length)) = self.punch {
            put!(out, ", a hole of ", dec(length), " at ", dec(offset));
        }
        put!(out, "\n");
        true
    }
}
