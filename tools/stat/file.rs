//! The directives for files.

use super::format::{Format, Piece, Spec};
use super::{Run, Subject, kinds, time};
use crate::context::Context;
use crate::quote::{Quoted, is_utf8, quote};
use crate::words::{number, short, words};
use alloc::vec::Vec;
use rt::fs::{
    AT_SYMLINK_NOFOLLOW, AtFlags, CWD, Mode, O_RDONLY, PATH_MAX, STATX_ATIME, STATX_BLOCKS,
    STATX_BTIME, STATX_CTIME, STATX_GID, STATX_INO, STATX_MNT_ID, STATX_MODE, STATX_MTIME,
    STATX_NLINK, STATX_SIZE, STATX_TYPE, STATX_UID, Statx, StatxMask, StatxTimestamp, getxattr,
    open, readlink, statx,
};
use rt::io::{BufReader, stdin};
use rt::put;

/// `-t`.
pub const TERSE: &[u8] = b"%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %W %o\n";

/// The default, up to the device that a device file is.
pub const FULL: &[u8] = b"  File: %N
  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F
Device: %Hd,%Ld\tInode: %-10i  Links: ";

/// What follows, for a device file.
pub const DEVICE: &[u8] = b"%-5h Device type: %Hr,%Lr\n";

/// What follows, for others.
pub const NO_DEVICE: &[u8] = b"%h\n";

/// The rest of the default.
pub const REST: &[u8] = b"Access: (%04a/%10.10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)
Access: %x
Modify: %y
Change: %z
 Birth: %w
";

/// How a directive's value is printed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Decimal,
    Octal,
    Hex,
    Signed,
    Text,
    /// A time in words.
    Time,
    /// A time in seconds.
    Epoch,
}

/// The directives: letter, form, and what statx must be asked for.
const DIRECTIVES: [(u8, Form, StatxMask); 32] = [
    (b'a', Form::Octal, STATX_MODE),
    (b'A', Form::Text, StatxMask(STATX_TYPE.0 | STATX_MODE.0)),
    (b'b', Form::Decimal, STATX_BLOCKS),
    (b'B', Form::Decimal, StatxMask(0)),
    (b'C', Form::Text, StatxMask(0)),
    (b'd', Form::Decimal, StatxMask(0)),
    (b'D', Form::Hex, StatxMask(0)),
    (b'f', Form::Hex, StatxMask(STATX_TYPE.0 | STATX_MODE.0)),
    (b'F', Form::Text, StatxMask(STATX_TYPE.0 | STATX_SIZE.0)),
    (b'g', Form::Decimal, STATX_GID),
    (b'G', Form::Text, STATX_GID),
    (b'h', Form::Decimal, STATX_NLINK),
    (b'i', Form::Decimal, STATX_INO),
    (b'm', Form::Text, StatxMask(STATX_TYPE.0 | STATX_MNT_ID.0)),
    (b'n', Form::Text, StatxMask(0)),
    (b'N', Form::Text, STATX_TYPE),
    (b'o', Form::Decimal, StatxMask(0)),
    (b'r', Form::Decimal, StatxMask(0)),
    (b'R', Form::Hex, StatxMask(0)),
    (b's', Form::Signed, STATX_SIZE),
    (b't', Form::Hex, StatxMask(0)),
    (b'T', Form::Hex, StatxMask(0)),
    (b'u', Form::Decimal, STATX_UID),
    (b'U', Form::Text, STATX_UID),
    (b'w', Form::Time, STATX_BTIME),
    (b'W', Form::Epoch, STATX_BTIME),
    (b'x', Form::Time, STATX_ATIME),
    (b'X', Form::Epoch, STATX_ATIME),
    (b'y', Form::Time, STATX_MTIME),
    (b'Y', Form::Epoch, STATX_MTIME),
    (b'z', Form::Time, STATX_CTIME),
    (b'Z', Form::Epoch, STATX_CTIME),
];

fn find(letter: u8) -> Option<(Form, StatxMask)> {
    let found = DIRECTIVES.iter().find(|(known, ..)| *known == letter);
    found.map(|&(_, form, mask)| (form, mask))
}

/// What statx must be asked for, for a format.
pub fn mask(format: &Format) -> StatxMask {
    let mut all = StatxMask(0);
    for piece in format.clone() {
        if let Piece::Directive(_, _, letter) = piece
            && let Some((_, mask)) = find(letter)
        {
            all |= mask;
        }
    }
    all
}

/// A file, and what is known of it.
pub struct File<'a> {
    pub name: &'a [u8],
    pub stat: &'a Statx,
}

/// A device number as the C library makes one (`man 3 makedev`).
fn device(major: u32, minor: u32) -> u64 {
    let (major, minor) = (u64::from(major), u64::from(minor));
    (major & 0xffff_f000) << 32
        | (major & 0xfff) << 8
        | (minor & 0xffff_ff00) << 12
        | (minor & 0xff)
}

impl File<'_> {
    /// Whether it is a character or block device.
    pub fn is_device(&self) -> bool {
        matches!(self.stat.stx_mode >> 12, 2 | 6)
    }

    pub fn is_link(&self) -> bool {
        self.stat.stx_mode >> 12 == 10
    }

    fn number(&self, half: u8, letter: u8) -> u64 {
        let stat = self.stat;
        let rdev = (stat.stx_rdev_major, stat.stx_rdev_minor);
        let dev = (stat.stx_dev_major, stat.stx_dev_minor);
        match (half, letter) {
            (b'H', b'd') => dev.0.into(),
            (b'L', b'd') => dev.1.into(),
            (b'H', _) | (_, b't') => rdev.0.into(),
            (b'L', _) | (_, b'T') => rdev.1.into(),
            (_, b'a') => (stat.stx_mode & 0o7777).into(),
            (_, b'b') => stat.stx_blocks,
            (_, b'B') => 512,
            (_, b'd' | b'D') => device(dev.0, dev.1),
            (_, b'f') => stat.stx_mode.into(),
            (_, b'g') => stat.stx_gid.into(),
            (_, b'h') => stat.stx_nlink.into(),
            (_, b'i') => stat.stx_ino,
            (_, b'o') => stat.stx_blksize.into(),
            (_, b'r' | b'R') => device(rdev.0, rdev.1),
            (_, b's') => stat.stx_size,
            _ => stat.stx_uid.into(),
        }
    }

    /// The time that a letter of either case means; none for a birth that isn't known.
    fn time(&self, letter: u8) -> Option<StatxTimestamp> {
        match letter.to_ascii_lowercase() {
            b'w' => self.stat.stx_mask.contains(STATX_BTIME).then_some(self.stat.stx_btime),
            b'x' => Some(self.stat.stx_atime),
            b'y' => Some(self.stat.stx_mtime),
            _ => Some(self.stat.stx_ctime),
        }
    }

    /// The text that a letter means, into `text`; false where it can't be found, which is
    /// told.
    fn text(&self, cx: &mut Context, run: &mut Run, letter: u8, text: &mut Vec<u8>) -> bool {
        let stat = self.stat;
        match letter {
            b'A' => text.extend(kinds::permissions(stat.stx_mode)),
            b'F' => {
                let empty = stat.stx_size == 0;
                text.extend(kinds::name(stat.stx_mode, empty).bytes());
            }
            b'U' => run.users.find(stat.stx_uid, text),
            b'G' => run.groups.find(stat.stx_gid, text),
            b'C' => return self.context(cx, run, text),
            b'm' => return self.mount_point(cx, run, text),
            _ => text.extend(self.name),
        }
        true
    }

    fn context(&self, cx: &mut Context, run: &Run, text: &mut Vec<u8>) -> bool {
        let mut buffer = [0; 256];
        let attribute = c"security.selinux";
        let link = if run.options.dereference { AtFlags(0) } else { AT_SYMLINK_NOFOLLOW };
        let found = if self.name == b"-" {
            rt::fs::fgetxattr(stdin(), attribute, &mut buffer)
        } else {
            getxattr(self.name, link, attribute, &mut buffer)
        };
        match found {
            Ok(value) => text.extend(words(value, 0).next().unwrap_or_default()),
            Err(errno) => {
                message!(cx, "failed to get security context of ", Quoted(self.name), ": ", errno);
                text.push(b'?');
            }
        }
        found.is_ok()
    }

    /// Where the mount is that the file is on; of a symbolic link, the file that it points to.
    fn mount_point(&self, cx: &mut Context, run: &mut Run, text: &mut Vec<u8>) -> bool {
        let mut id = self.stat.stx_mnt_id;
        if self.is_link() && self.name != b"-" {
            let flags = run.flags().without(AT_SYMLINK_NOFOLLOW);
            id = statx(CWD, self.name, flags, STATX_MNT_ID).map_or(id, |stat| stat.stx_mnt_id);
        }
        // Of many files most are on one.
        if run.mount.as_ref().is_none_or(|(last, _)| *last != id) {
            let mut path = Vec::new();
            run.mount = mount_point(id, &mut path).then_some((id, path));
        }
        match &run.mount {
            Some((_, path)) => text.extend(path),
            None => {
                message!(cx, "cannot find the mount point of ", Quoted(self.name));
                text.push(b'?');
            }
        }
        run.mount.is_some()
    }
}

/// Adds the place in the tree of a mount, as /proc/self/mountinfo tells it (`man 5
/// proc_pid_mountinfo`); false where it isn't there.
pub fn mount_point(id: u64, to: &mut Vec<u8>) -> bool {
    let Ok(file) = open(c"/proc/self/mountinfo", O_RDONLY, Mode(0)) else { return false };
    // Two paths in a line, and what is escaped in them takes four bytes.
    let mut buffer = alloc::vec![0; 10 * PATH_MAX];
    let mut lines = BufReader::new(&mut buffer, file);
    while let Ok(Some(line)) = lines.read_until(b'\n') {
        let mut words = words(line, b' ');
        if words.next().and_then(|id| number(id, 10)) != Some(id) {
            continue;
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
        return true;
    }
    false
}

impl Subject for File<'_> {
    fn directive(&self, cx: &mut Context, run: &mut Run, spec: Spec, half: u8, letter: u8) -> bool {
        let Some((form, _)) = find(letter) else {
            cx.out.byte(b'?');
            return true;
        };
        match form {
            Form::Decimal => spec.unsigned(&mut cx.out, self.number(half, letter), 10),
            Form::Octal => spec.unsigned(&mut cx.out, self.number(half, letter), 8),
            Form::Hex => spec.unsigned(&mut cx.out, self.number(half, letter), 16),
            Form::Signed => spec.signed(&mut cx.out, self.number(half, letter) as i64),
            Form::Epoch => {
                let time = self.time(letter).unwrap_or_default();
                spec.seconds(&mut cx.out, time.tv_sec, time.tv_nsec);
            }
            Form::Time => match self.time(letter) {
                None => spec.text(&mut cx.out, b"-"),
                Some(at) => {
                    let text = time::human(run.zone(), at.tv_sec, at.tv_nsec);
                    spec.text(&mut cx.out, &text);
                }
            },
            Form::Text if letter == b'N' => return self.quoted(cx, run, spec),
            Form::Text => {
                let mut text = Vec::new();
                let fine = self.text(cx, run, letter, &mut text);
                run.text(cx, spec, &text);
                return fine;
            }
        }
        true
    }
}

impl File<'_> {
    /// `%N`: the name, and where a link points to, each in a field of its own.
    fn quoted(&self, cx: &mut Context, run: &Run, spec: Spec) -> bool {
        self.in_quotes(cx, run, spec, self.name);
        !self.is_link() || self.name == b"-" || self.target(cx, run, spec)
    }

    fn in_quotes(&self, cx: &mut Context, run: &Run, spec: Spec, name: &[u8]) {
        let text = short(&mut |out| quote(out, name, run.quoting, is_utf8()));
        run.text(cx, spec, &text);
    }

    /// ` -> ` and where a link points to. A function of its own for the sake of its buffer: a
    /// page of stack that isn't touched is no page fault.
    #[inline(never)]
    fn target(&self, cx: &mut Context, run: &Run, spec: Spec) -> bool {
        let mut buffer = [0; PATH_MAX];
        match readlink(self.name, &mut buffer) {
            Ok(target) => {
                put!(&mut cx.out, " -> ");
                self.in_quotes(cx, run, spec, target);
                // What GNU stat 9.1 prints as well; it is a mistake, but it is there.
                cx.out.fill(b's', usize::from(spec.dropped == 1));
                true
            }
            Err(errno) => {
                message!(cx, "cannot read symbolic link ", Quoted(self.name), ": ", errno);
                false
            }
        }
    }
}
