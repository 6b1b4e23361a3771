//! `--read`: bytes of a file to standard output.

use super::{Done, Told, fail, open_file, place, size};
use crate::context::Context;
use rt::fs::{
    DT_REG, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, O_APPEND, Ranges, copy_file_range,
    fallocate, fcntl_getfl, fstat, ftruncate, sendfile,
};
use rt::io::{AsFd, BorrowedFd, Seek, SeekFrom, Write, pread, stdout};
use rt::{Errno, text};

/// How much is asked for at once: a number that all kernels take.
const MOST: u64 = 1 << 30;

#[inline(never)]
pub fn read(
    cx: &mut Context,
    path: &[u8],
    offset: &[u8],
    length: Option<&[u8]>,
    sparse: bool,
) -> Done {
    let start = place(cx, text!("offset"), offset)?;
    let length = match length {
        Some(length) => place(cx, text!("length"), length)?,
        None => u64::MAX,
    };
    let file = open_file(cx, path)?;
    let file = file.as_fd();
    let size = size(cx, path, file)?;
    let end = start.saturating_add(length).min(size);
    let mut target = Target::new(sparse);
    if !sparse {
        return finish(cx, path, target.data(file, start, end));
    }
    let mut ranges = Ranges::new(file, end);
    while let Some(range) = ranges.next().map_err(|errno| fail(cx, path, errno))? {
        let (from, to) = (range.offset.max(start), range.offset + range.length);
        if from >= to {
            continue;
        }
        let done = if range.is_hole { target.hole(to - from) } else { target.data(file, from, to) };
        finish(cx, path, done)?;
    }
    Ok(())
}

/// Why copying ended.
enum Failure {
    Read(Errno),
    Write(Errno),
    /// The file ended before its size said so.
    Short,
}

fn finish(cx: &mut Context, path: &[u8], done: Result<(), Failure>) -> Done {
    match done {
        Ok(()) => return Ok(()),
        Err(Failure::Read(errno)) => return Err(fail(cx, path, errno)),
        Err(Failure::Short) => message!(cx, "'", path, "': it became shorter while it was read"),
        // The reader has gone: nobody is left to tell.
        Err(Failure::Write(Errno::EPIPE)) => {}
        Err(Failure::Write(errno)) => message!(cx, "write error: ", errno),
    }
    Err(Told)
}

/// A way for bytes to go; when one isn't possible, the next one is tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Share,
    Send,
    Write,
}

/// Standard output.
struct Target {
    way: Way,
    /// Whether it is a file that can have holes, where they are wanted.
    sparse: bool,
    /// Whether all goes to its end, wherever the cursor is.
    appends: bool,
}

impl Target {
    fn new(sparse: bool) -> Target {
        let regular = fstat(stdout()).is_ok_and(|stat| stat.file_type() == DT_REG);
        let appends = fcntl_getfl(stdout()).is_ok_and(|flags| flags.contains(O_APPEND));
        let way = if regular { Way::Share } else { Way::Send };
        Target { way, sparse: sparse && regular, appends }
    }

    /// Copies the bytes of the file from one place up to another.
    fn data(&mut self, file: BorrowedFd, mut at: u64, end: u64) -> Result<(), Failure> {
        while at < end {
            let length = (end - at).min(MOST) as usize;
            let copied = match self.way {
                Way::Share => copy_file_range(file, at, stdout(), length),
                Way::Send => sendfile(stdout(), file, at, length),
                Way::Write => {
                    at += through(file, at, length)?;
                    continue;
                }
            };
            match copied {
                // The end of the file; or, of files of /proc, that this way doesn't work.
                Ok(0) => self.way = Way::Write,
                Ok(copied) => at += copied as u64,
                Err(Errno::EPIPE | Errno::ENOSPC | Errno::EFBIG | Errno::EDQUOT) => {
                    // Which of the two it is about shows the next way.
                    self.way = Way::Write;
                }
                Err(_) if self.way == Way::Share => self.way = Way::Send,
                Err(_) => self.way = Way::Write,
            }
        }
        Ok(())
    }

    /// Leaves out so many bytes, which read as zeros.
    // Not inlined: its frame is large.
    #[inline(never)]
    fn hole(&mut self, length: u64) -> Result<(), Failure> {
        if self.sparse && self.punch(length).is_ok() {
            return Ok(());
        }
        let (zeros, mut left) = ([0; 4096], length);
        while left > 0 {
            let zeros = zeros.get(..left.min(4096) as usize).unwrap_or(&zeros);
            stdout().write_all(zeros).map_err(Failure::Write)?;
            left -= zeros.len() as u64;
        }
        Ok(())
    }

    fn punch(&self, length: u64) -> rt::Result<()> {
        let size = fstat(stdout())?.st_size as u64;
        let at = if self.appends { size } else { stdout().seek(SeekFrom::Current(0))? };
        let end = at.checked_add(length).ok_or(Errno::EFBIG)?;
        if size > at {
            // What is there already is overwritten by nothing.
            let mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
            fallocate(stdout(), mode, at, length.min(size - at))?;
        }
        if end > size {
            ftruncate(stdout(), end)?;
        }
        stdout().seek(SeekFrom::Start(end))?;
        Ok(())
    }
}

/// Copies by way of a buffer, as much as fits into it.
// Not inlined: its frame is large.
#[inline(never)]
fn through(file: BorrowedFd, at: u64, length: usize) -> Result<u64, Failure> {
    let mut buffer = [0; 4096];
    let length = length.min(buffer.len());
    let place = buffer.get_mut(..length).unwrap_or_default();
    match pread(file, place, at) {
        Ok(0) => Err(Failure::Short),
        Ok(read) => {
            let bytes = place.get(..read).unwrap_or_default();
            stdout().write_all(bytes).map_err(Failure::Write)?;
            Ok(read as u64)
        }
        Err(errno) => Err(Failure::Read(errno)),
    }
}
