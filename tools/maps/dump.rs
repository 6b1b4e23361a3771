//! `--dump`: memory into a file.

use super::filter::Range;
use super::source::Source;
use crate::context::Context;
use crate::process::Reason;
use alloc::vec;
use rt::Errno;
use rt::fs::{File, Mode, O_CREAT, O_TRUNC, O_WRONLY, ftruncate, open};
use rt::io::pwrite;
use rt::maps::entries;
use rt::process::AddressSpace;

const PAGE: u64 = 0x1000;

/// What is read at a time.
const PIECE: u64 = 1 << 18;

/// Writes the memory of a range; what can't be read, and what holds only zeros, is a hole.
#[inline(never)]
pub fn run(cx: &mut Context, source: &Source, range: Range, path: &[u8]) -> Result<bool, Reason> {
    let mut written = Ok(());
    let read = source.memory(&mut |memory| copy(source, memory, range, path, &mut written));
    read.map_err(|errno| source.reason(errno))?;
    if let Err(errno) = written {
        message!(cx, path, ": ", errno);
        return Ok(false);
    }
    source.process.map_or(Ok(()), |process| process.still(source.auxv))?;
    Ok(true)
}

/// Copies the memory, unless reading it fails, or writing the file, which `written` tells.
fn copy(
    source: &Source,
    memory: &dyn AddressSpace,
    range: Range,
    path: &[u8],
    written: &mut rt::Result<()>,
) -> rt::Result<()> {
    let file = match open(path, O_WRONLY | O_CREAT | O_TRUNC, Mode(0o600)) {
        Ok(file) => file,
        Err(errno) => {
            *written = Err(errno);
            return Ok(());
        }
    };
    let mut buffer = vec![0; PIECE as usize];
    let mut entries = entries(source.text);
    // By reference: it is a large one.
    while let Some(entry) = &entries.next() {
        if !entry.may(b'r') {
            continue;
        }
        let (mut at, end) = (entry.start.max(range.low), entry.end.min(range.high));
        while at < end && written.is_ok() {
            let length = PIECE.min(end - at) as usize;
            let piece = buffer.get_mut(..length).unwrap_or_default();
            let read = match memory.read(at, piece) {
                Ok(read) => read,
                // Not this page: perhaps the next one.
                Err(Errno::EIO) => 0,
                Err(errno) => return Err(errno),
            };
            *written = write(&file, piece.get(..read).unwrap_or_default(), at - range.low);
            at = match read {
                0 => at.saturating_add(PAGE) & !(PAGE - 1),
                read => at + read as u64,
            };
        }
    }
    *written = written.and_then(|()| ftruncate(&file, range.high - range.low));
    Ok(())
}

/// Writes what isn't zero, by pages, as many at a time as follow one another.
fn write(file: &File, bytes: &[u8], offset: u64) -> rt::Result<()> {
    let (mut from, mut at) = (0, 0);
    loop {
        let page = bytes.get(at..).unwrap_or_default();
        let page = page.get(..PAGE as usize).unwrap_or(page);
        if !page.is_empty() && page.iter().any(|byte| *byte != 0) {
            at += page.len();
            continue;
        }
        while from < at {
            match pwrite(file, bytes.get(from..at).unwrap_or_default(), offset + from as u64)? {
                0 => return Err(Errno::ENOSPC),
                n => from += n,
            }
        }
        if page.is_empty() {
            return Ok(());
        }
        at += page.len();
        from = at;
    }
}
