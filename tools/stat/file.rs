//! The directives for files.

use super::field::{DEVICE, Place, place};
use super::format::{Format, Piece};
use super::lines::find_line;
use super::subject::{Directive, Form, Subject};
use super::{Fatal, Run, Switch, all, report as report_formats};
use crate::context::Context;
use crate::quote::Quoted;
use crate::words::{number, words};
use alloc::vec::Vec;
use core::mem::offset_of;
use rt::Errno;
use rt::fs::{
    STATX_ATIME, STATX_BASIC_STATS, STATX_BLOCKS, STATX_BTIME, STATX_CTIME, STATX_GID, STATX_INO,
    STATX_MNT_ID, STATX_MODE, STATX_MTIME, STATX_NLINK, STATX_SIZE, STATX_TYPE, STATX_UID, Statx,
    StatxMask,
};

/// `-t`.
const TERSE: &[u8] = b"%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %W %o\n";

/// The default, up to the device that a device file is.
const FULL: &[u8] = b"  File: %N
  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F
Device: %Hd,%Ld\tInode: %-10i  Links: ";

/// What follows, for a device file.
const DEVICE_END: &[u8] = b"%-5h Device type: %Hr,%Lr\n";

/// What follows, for others.
const END: &[u8] = b"%h\n";

/// The rest of the default.
const REST: &[u8] = b"Access: (%04a/%10.10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)
Access: %x
Modify: %y
Change: %z
 Birth: %w
";

/// What statx need not be asked for.
const ALWAYS: StatxMask = StatxMask(0);

/// The type and the permissions.
const WHOLE_MODE: StatxMask = StatxMask(STATX_TYPE.0 | STATX_MODE.0);

/// The device that holds the file, and that which it is; each is two fields.
const DEV: Place = Place((offset_of!(Statx, stx_dev_major) << 4) as u16 | DEVICE);
const RDEV: Place = Place((offset_of!(Statx, stx_rdev_major) << 4) as u16 | DEVICE);

const NOWHERE: Place = Place(0);

const DIRECTIVES: [Directive; 32] = [
    Directive(b'a', Form::Octal, place!(Statx stx_mode), STATX_MODE),
    Directive(b'A', Form::Text, place!(Statx stx_mode), WHOLE_MODE),
    Directive(b'b', Form::Decimal, place!(Statx stx_blocks), STATX_BLOCKS),
    Directive(b'B', Form::Unit, NOWHERE, ALWAYS),
    Directive(b'C', Form::Text, NOWHERE, ALWAYS),
    Directive(b'd', Form::Decimal, DEV, ALWAYS),
    Directive(b'D', Form::Hex, DEV, ALWAYS),
    Directive(b'f', Form::Hex, place!(Statx stx_mode), WHOLE_MODE),
    Directive(b'F', Form::Text, place!(Statx stx_mode), StatxMask(STATX_TYPE.0 | STATX_SIZE.0)),
    Directive(b'g', Form::Decimal, place!(Statx stx_gid), STATX_GID),
    Directive(b'G', Form::Text, place!(Statx stx_gid), STATX_GID),
    Directive(b'h', Form::Decimal, place!(Statx stx_nlink), STATX_NLINK),
    Directive(b'i', Form::Decimal, place!(Statx stx_ino), STATX_INO),
    Directive(b'm', Form::Text, place!(Statx stx_mnt_id), StatxMask(STATX_TYPE.0 | STATX_MNT_ID.0)),
    Directive(b'n', Form::Text, NOWHERE, ALWAYS),
    Directive(b'N', Form::Quoted, NOWHERE, STATX_TYPE),
    Directive(b'o', Form::Decimal, place!(Statx stx_blksize), ALWAYS),
    Directive(b'r', Form::Decimal, RDEV, ALWAYS),
    Directive(b'R', Form::Hex, RDEV, ALWAYS),
    Directive(b's', Form::Signed, place!(Statx stx_size), STATX_SIZE),
    Directive(b't', Form::Hex, place!(Statx stx_rdev_major), ALWAYS),
    Directive(b'T', Form::Hex, place!(Statx stx_rdev_minor), ALWAYS),
    Directive(b'u', Form::Decimal, place!(Statx stx_uid), STATX_UID),
    Directive(b'U', Form::Text, place!(Statx stx_uid), STATX_UID),
    Directive(b'w', Form::Time, place!(Statx stx_btime), STATX_BTIME),
    Directive(b'W', Form::Epoch, place!(Statx stx_btime), STATX_BTIME),
    Directive(b'x', Form::Time, place!(Statx stx_atime), STATX_ATIME),
    Directive(b'X', Form::Epoch, place!(Statx stx_atime), STATX_ATIME),
    Directive(b'y', Form::Time, place!(Statx stx_mtime), STATX_MTIME),
    Directive(b'Y', Form::Epoch, place!(Statx stx_mtime), STATX_MTIME),
    Directive(b'z', Form::Time, place!(Statx stx_ctime), STATX_CTIME),
    Directive(b'Z', Form::Epoch, place!(Statx stx_ctime), STATX_CTIME),
];

/// What statx must be asked for, for a format.
fn mask(format: Format) -> StatxMask {
    let mut all = ALWAYS;
    for piece in format {
        if let Piece::Directive(_, letter) = piece
            && let Some(directive) = DIRECTIVES.iter().find(|directive| directive.0 == letter)
        {
            all |= directive.3;
        }
    }
    all
}

/// Reports on a file; whether all went well.
#[inline(never)]
pub fn report(cx: &mut Context, run: &mut Run, name: &[u8]) -> Result<bool, Fatal> {
    let options = &run.options;
    let mask = match options.format {
        _ if options.has(Switch::Json) || options.has(Switch::All) => all::MASK,
        Some(format) => mask(Format::new(format, options.has(Switch::Printf))),
        None => STATX_BASIC_STATS | STATX_BTIME,
    };
    let stat = match run.statx(name, mask) {
        Ok(stat) => stat,
        Err(errno) => {
            unreadable(cx, name, errno);
            return Ok(false);
        }
    };
    let file = &Subject { name, fields: stat.as_bytes(), directives: &DIRECTIVES, is_file: true };
    if run.options.has(Switch::Json) {
        return Ok(all::json(cx, run, file, &stat));
    }
    let end = if file.is_device() { DEVICE_END } else { END };
    let formats: &[&[u8]] =
        if run.options.has(Switch::Terse) { &[TERSE] } else { &[FULL, end, REST] };
    let fine = report_formats(cx, run, file, formats)?;
    if run.options.has(Switch::All) {
        all::print(cx, run, file, &stat);
    }
    Ok(fine)
}

pub fn unreadable(cx: &mut Context, name: &[u8], errno: Errno) {
    if name == b"-" {
        message!(cx, "cannot stat standard input: ", errno);
    } else {
        message!(cx, "cannot statx ", Quoted(name), ": ", errno);
    }
}

/// Adds the place in the tree of a mount, as /proc/self/mountinfo tells it (`man 5
/// proc_pid_mountinfo`); false where it isn't there.
pub fn mount_point(id: u64, to: &mut Vec<u8>) -> bool {
    find_line(c"/proc/self/mountinfo", &mut |line| {
        let mut words = words(line, b' ');
        if words.next().and_then(|id| number(id, 10)) != Some(id) {
            return false;
        }
        let mut path = words.nth(3).unwrap_or_default();
        while let Some((&byte, rest)) = path.split_first() {
            path = rest;
            match (byte, rest) {
                (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', rest @ ..]) => {
                    path = rest;
                    to.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                }
                _ => to.push(byte),
            }
        }
        true
    })
}
