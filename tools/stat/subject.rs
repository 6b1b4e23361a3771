//! What is reported on, and how its directives are printed.

use super::field::{Place, place};
use super::file::mount_point;
use super::format::Spec;
use super::system::type_name;
use super::{Run, Switch, kinds, time};
use crate::context::Context;
use crate::quote::{Quoted, is_utf8, quote};
use crate::words::{short, words};
use alloc::vec::Vec;
use rt::fs::{
    AT_SYMLINK_NOFOLLOW, AtFlags, CWD, PATH_MAX, STATX_BTIME, STATX_MNT_ID, Statx, StatxMask,
    fgetxattr, getxattr, readlink, statx,
};
use rt::io::stdin;
use rt::put;

/// A directive: its letter, how its value is printed, where that is, and what statx must be
/// asked for.
pub struct Directive(pub u8, pub Form, pub Place, pub StatxMask);

/// How a value is printed.
#[derive(Clone, Copy)]
pub enum Form {
    Decimal,
    /// Permissions: of a mode, without the type.
    Octal,
    Hex,
    Signed,
    /// The unit of blocks.
    Unit,
    /// A time in words.
    Time,
    /// A time in seconds.
    Epoch,
    /// Text, which the letter tells of.
    Text,
    /// The name in quotes, and where a link points to.
    Quoted,
}

/// A file or a file system.
pub struct Subject<'a> {
    /// What it was found by.
    pub name: &'a [u8],
    /// What the kernel says of it: a `struct statx` or a `struct statfs`.
    pub fields: &'a [u8],
    pub directives: &'static [Directive],
    pub is_file: bool,
}

impl Subject<'_> {
    /// Prints the value of a directive; false where something went wrong, which is told.
    #[inline(never)]
    pub fn directive(
        &self,
        cx: &mut Context,
        run: &mut Run,
        spec: &Spec,
        half: u8,
        letter: u8,
    ) -> bool {
        let out = &mut cx.out;
        if half != 0 && !self.is_file {
            // These are no letters of devices here.
            out.bytes(&[b'?', letter]);
            return true;
        }
        let found = self.directives.iter().find(|directive| directive.0 == letter);
        let Some(&Directive(_, form, place, _)) = found else {
            out.byte(b'?');
            return true;
        };
        let place = match half {
            0 => place,
            // The halves of a device.
            b'H' => Place(place.0 + 4),
            _ => Place(place.0 + (4 << 4 | 4)),
        };
        let value = place.of(self.fields);
        let nanoseconds = place.nanoseconds().of(self.fields) as u32;
        match form {
            Form::Decimal => spec.unsigned(out, value, 10),
            Form::Octal => spec.unsigned(out, value & 0o7777, 8),
            Form::Hex => spec.unsigned(out, value, 16),
            Form::Unit => spec.unsigned(out, 512, 10),
            Form::Signed => spec.signed(out, value as i64),
            Form::Epoch => spec.seconds(out, value as i64, nanoseconds),
            Form::Time if letter == b'w' && !self.has_birth() => spec.text(out, b"-"),
            Form::Time => {
                let text = time::human(run.zone(), value as i64, nanoseconds);
                spec.text(out, &text);
            }
            Form::Quoted => return self.quoted(cx, run, spec),
            Form::Text => {
                let mut text = Vec::new();
                let fine = self.text(cx, run, letter, value, &mut text);
                run.text(cx, spec, &text);
                return fine;
            }
        }
        true
    }

    fn has_birth(&self) -> bool {
        place!(Statx stx_mask).of(self.fields) & u64::from(STATX_BTIME.0) != 0
    }

    /// The kind of file.
    fn kind(&self) -> u64 {
        place!(Statx stx_mode).of(self.fields) >> 12
    }

    /// Whether it is a character or block device.
    pub fn is_device(&self) -> bool {
        matches!(self.kind(), 2 | 6)
    }

    /// Whether it is a symbolic link by its name.
    pub fn is_link(&self) -> bool {
        self.kind() == 10 && self.name != b"-"
    }

    /// The text that a letter means, into `text`; false where it can't be found, which is
    /// told.
    #[inline(never)]
    fn text(
        &self,
        cx: &mut Context,
        run: &mut Run,
        letter: u8,
        value: u64,
        text: &mut Vec<u8>,
    ) -> bool {
        match letter {
            b'A' => text.extend(&kinds::permissions(value as u16)),
            b'F' => {
                let empty = place!(Statx stx_size).of(self.fields) == 0;
                text.extend(kinds::name(value as u16, empty));
            }
            b'U' => text.extend(run.users.find(value as u32)),
            b'G' => text.extend(run.groups.find(value as u32)),
            b'C' => return self.context(cx, run, text),
            b'm' => return self.mount_point(cx, run, value, text),
            b'T' => *text = type_name(value as i64),
            _ => text.extend(self.name),
        }
        true
    }

    #[inline(never)]
    fn context(&self, cx: &mut Context, run: &Run, text: &mut Vec<u8>) -> bool {
        let mut buffer = [0; 256];
        let attribute = c"security.selinux";
        let link =
            if run.options.has(Switch::Dereference) { AtFlags(0) } else { AT_SYMLINK_NOFOLLOW };
        let found = if self.name == b"-" {
            fgetxattr(stdin(), attribute, &mut buffer)
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
    #[inline(never)]
    fn mount_point(
        &self,
        cx: &mut Context,
        run: &mut Run,
        mut id: u64,
        text: &mut Vec<u8>,
    ) -> bool {
        if self.is_link() {
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

    /// `%N`: the name, and where a link points to, each in a field of its own.
    fn quoted(&self, cx: &mut Context, run: &Run, spec: &Spec) -> bool {
        self.in_quotes(cx, run, spec, self.name);
        !self.is_link() || self.target(cx, run, spec)
    }

    fn in_quotes(&self, cx: &mut Context, run: &Run, spec: &Spec, name: &[u8]) {
        let text = short(&mut |out| quote(out, name, run.quoting, is_utf8()));
        run.text(cx, spec, &text);
    }

    /// ` -> ` and where a link points to. A function of its own for the sake of its buffer: a
    /// page of stack that isn't touched is no page fault.
    #[inline(never)]
    fn target(&self, cx: &mut Context, run: &Run, spec: &Spec) -> bool {
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
