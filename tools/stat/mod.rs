//! `lx stat`: what is known of files and file systems, printed as GNU stat 9.1 prints it.

mod all;
mod file;
mod format;
mod ids;
mod kinds;
mod system;
mod time;
mod zone;

use crate::cli;
use crate::context::Context;
use crate::quote::{Quoted, Style, Tamed, Word};
use crate::words::short;
use alloc::vec::Vec;
use file::File;
use format::{Format, Piece, Spec};
use ids::Ids;
use rt::fs::{
    AT_EMPTY_PATH, AT_NO_AUTOMOUNT, AT_STATX_DONT_SYNC, AT_STATX_FORCE_SYNC, AT_SYMLINK_NOFOLLOW,
    AtFlags, CWD, Statx, StatxMask, statx,
};
use rt::io::stdin;
use rt::{Errno, put};
use zone::Zone;

const HELP: &str = "\
What is known of files, or of the file systems that they are on.

  -L, --dereference    follow symbolic links
  -f, --file-system    the file system instead of the file
      --cached=MODE    remote files: always (as known here), never (ask the server), default
  -c, --format=FORMAT  print FORMAT and a newline for each file
      --printf=FORMAT  the same without newline, with escapes: \\n, \\0, \\x41 and the like
  -t, --terse          all in one line
      --all            also attributes, mount, direct I/O, atomic writes, subvolume, and what
                       the file system doesn't tell
      --json           all of that: an array with an object for each file
      --help           this text
      --version        the version

'-' is standard input. A directive of FORMAT is %[FLAGS][WIDTH][.PRECISION] and a letter.
Flags: '-' to the left, '0' zeros, '#' 0 or 0x before it, '+' or ' ' before a number with a sign.

  %a  permissions, octal            %A  permissions and kind, as ls shows them
  %b  blocks taken, of %B bytes     %B  512
  %C  SELinux context               %d  %D  device, decimal and hex; %Hd %Ld its halves
  %f  mode, hex                     %F  kind of file
  %g  %G  group, number and name    %u  %U  owner, number and name
  %h  hard links                    %i  inode number
  %m  mount point                   %n  name
  %N  quoted name, and where a symbolic link points to
  %o  block size for I/O            %s  size in bytes
  %r  %R  device that a device file is, decimal and hex; %Hr %Lr (%t %T in hex) its halves
  %w  %W  birth, %x  %X  access, %y  %Y  change of content, %z  %Z  change of status:
          in words, and in seconds since 1970 (%.3X: with three digits behind the point)

With -f:
  %a %b %f  blocks free for users, in all, free    %c %d  inodes in all, free
  %i  ID, hex   %l  longest name   %n  name   %s %S  block sizes   %t %T  type, hex and name

%N quotes as QUOTING_STYLE says. Times are in the zone of TZ or /etc/localtime. Control
characters and what isn't UTF-8 are printed as \\ooo; by --printf, for scripts, as they are.
";

/// What was asked for.
#[derive(Default)]
struct Options<'a> {
    dereference: bool,
    file_system: bool,
    format: Option<&'a [u8]>,
    /// Of `--printf`.
    printf: bool,
    terse: bool,
    all: bool,
    json: bool,
    cached: AtFlags,
    help: bool,
    version: bool,
}

/// What is kept from one file to the next.
struct Run<'a> {
    options: Options<'a>,
    /// Whether names may be printed as they are.
    raw: bool,
    quoting: Style,
    zone: Option<Zone>,
    users: Ids,
    groups: Ids,
    /// The last mount whose place was looked up.
    mount: Option<(u64, Vec<u8>)>,
}

/// What a format is filled in with.
trait Subject {
    /// Prints the value of a directive; false where something went wrong, which is told.
    fn directive(&self, cx: &mut Context, run: &mut Run, spec: Spec, half: u8, letter: u8) -> bool;
}

pub fn run(cx: &mut Context) -> u8 {
    let mut options = Options::default();
    let mut wrong = false;
    let args = cx.args;
    let operands = cli::parse(cx, args, HELP, &mut |cx, key, value| match key {
        b"L" => options.dereference = true,
        b"f" => options.file_system = true,
        b"t" => options.terse = true,
        b"all" => options.all = true,
        b"json" => options.json = true,
        b"help" => options.help = true,
        b"version" => options.version = true,
        b"cached" => match cached(value.unwrap_or_default()) {
            Some(flags) => options.cached = flags,
            None => {
                wrong = true;
                let mode = value.unwrap_or_default();
                let what = if mode.is_empty() { "ambiguous" } else { "invalid" };
                message!(cx, what, " argument ", Word(mode), " for ", Word(b"--cached"));
                let words = [&b"default"[..], b"never", b"always"].map(Word);
                put!(&mut cx.err, "Valid arguments are:\n");
                words.iter().for_each(|word| put!(&mut cx.err, "  - ", word, "\n"));
                cx.end_message("");
            }
        },
        _ => (options.format, options.printf) = (value, key == b"printf"),
    });
    let operands = match operands {
        Ok(operands) if !wrong => operands,
        _ => return cli::misused(cx),
    };
    if options.help {
        return cli::help(cx, "[OPTION]... FILE...", HELP);
    }
    if options.version {
        return cli::version(cx);
    }
    if operands.is_empty() {
        message!(cx, "missing operand");
        return cli::misused(cx);
    }
    let mut run = Run {
        raw: options.printf,
        quoting: Style::Literal,
        zone: None,
        users: Ids::new(c"/etc/passwd"),
        groups: Ids::new(c"/etc/group"),
        mount: None,
        options,
    };
    if let Some(format) = run.options.format {
        run.quoting = quoting(cx, format);
    }
    let json = run.options.json;
    if json {
        cx.json().array("");
    }
    let mut fine = true;
    for name in operands {
        let done = if run.options.file_system {
            system::report(cx, &mut run, name)
        } else {
            report(cx, &mut run, name)
        };
        match done {
            Ok(done) => fine &= done,
            Err(Fatal) => return 1,
        }
    }
    if json {
        cx.json().end_array();
        cx.json().end_document();
    }
    !fine as u8
}

/// The MODE of `--cached`, or the beginning of one.
fn cached(mode: &[u8]) -> Option<AtFlags> {
    let modes = [
        (&b"default"[..], AtFlags(0)),
        (b"never", AT_STATX_FORCE_SYNC),
        (b"always", AT_STATX_DONT_SYNC),
    ];
    let found = modes.iter().find(|(name, _)| !mode.is_empty() && name.starts_with(mode));
    found.map(|&(_, flags)| flags)
}

/// How `%N` quotes. GNU looks whether these two characters are in the format, and quotes in
/// no `%-N` or `%9N` where they aren't.
fn quoting(cx: &mut Context, format: &[u8]) -> Style {
    if !format.windows(2).any(|two| two == b"%N") {
        return Style::Literal;
    }
    let Some(name) = rt::env::var("QUOTING_STYLE") else { return Style::ShellEscapeAlways };
    Style::named(name).unwrap_or_else(|| {
        let what = "ignoring invalid value of environment variable QUOTING_STYLE: ";
        message!(cx, what, Word(name));
        Style::ShellEscapeAlways
    })
}

/// The format can't be printed, whatever the file.
struct Fatal;

/// Prints a format; whether all went well.
fn print(
    cx: &mut Context,
    run: &mut Run,
    format: &[u8],
    escapes: bool,
    subject: &dyn Subject,
) -> Result<bool, Fatal> {
    let mut fine = true;
    for piece in (Format { rest: format, escapes }) {
        match piece {
            Piece::Text(text) => cx.out.bytes(text),
            Piece::Byte(byte) => cx.out.byte(byte),
            Piece::Directive(spec, half, letter) => {
                fine &= subject.directive(cx, run, spec, half, letter);
            }
            Piece::UnknownEscape(byte) => {
                message!(cx, "warning: unrecognized escape '\\", [byte], "'");
                cx.out.byte(byte);
            }
            Piece::LoneBackslash => {
                message!(cx, "warning: backslash at end of format");
                cx.out.byte(b'\\');
            }
            Piece::Invalid(text) => {
                let mut directive = Vec::from(b"%");
                directive.extend(text);
                message!(cx, Word(&directive), ": invalid directive");
                return Err(Fatal);
            }
        }
    }
    Ok(fine)
}

impl Run<'_> {
    /// Prints text that isn't lx's own: tamed, unless a raw form was asked for.
    fn text(&self, cx: &mut Context, spec: Spec, text: &[u8]) {
        if self.raw || text.iter().all(|byte| matches!(byte, b' '..=b'~')) {
            return spec.text(&mut cx.out, text);
        }
        let tamed = short(&mut |out| put!(out, Tamed(text)));
        spec.text(&mut cx.out, &tamed);
    }

    fn zone(&mut self) -> &Zone {
        self.zone.get_or_insert_with(time::local_zone)
    }

    /// What statx is told, apart from the mask.
    fn flags(&self) -> AtFlags {
        let link = if self.options.dereference { AtFlags(0) } else { AT_SYMLINK_NOFOLLOW };
        let mount =
            if self.options.cached == AT_STATX_FORCE_SYNC { AtFlags(0) } else { AT_NO_AUTOMOUNT };
        self.options.cached | link | mount
    }

    /// What is known of a file, if only what the mask names.
    fn statx(&self, name: &[u8], mask: StatxMask) -> rt::Result<Statx> {
        if name == b"-" {
            let flags = self.flags().without(AT_SYMLINK_NOFOLLOW) | AT_EMPTY_PATH;
            return statx(stdin(), c"", flags, mask);
        }
        statx(CWD, name, self.flags(), mask)
    }
}

/// Reports on a file.
fn report(cx: &mut Context, run: &mut Run, name: &[u8]) -> Result<bool, Fatal> {
    let everything = run.options.json || run.options.all;
    let given =
        run.options.format.map(|format| Format { rest: format, escapes: run.options.printf });
    let mask = match &given {
        _ if everything => all::MASK,
        Some(format) => file::mask(format),
        None => {
            file::mask(&Format { rest: file::TERSE, escapes: false })
                | file::mask(&Format { rest: file::FULL, escapes: false })
        }
    };
    let stat = match run.statx(name, mask) {
        Ok(stat) => stat,
        Err(errno) => {
            unreadable(cx, name, errno);
            return Ok(false);
        }
    };
    let file = File { name, stat: &stat };
    if run.options.json {
        return Ok(all::json(cx, run, &file));
    }
    let fine = match given {
        Some(format) => {
            let fine = print(cx, run, format.rest, format.escapes, &file)?;
            if !run.options.printf {
                cx.out.byte(b'\n');
            }
            fine
        }
        None if run.options.terse => print(cx, run, file::TERSE, false, &file)?,
        None => {
            let end = if file.is_device() { file::DEVICE } else { file::NO_DEVICE };
            let mut fine = true;
            for part in [file::FULL, end, file::REST] {
                fine &= print(cx, run, part, false, &file)?;
            }
            fine
        }
    };
    Ok(fine & (!run.options.all || all::print(cx, run, &file)))
}

fn unreadable(cx: &mut Context, name: &[u8], errno: Errno) {
    if name == b"-" {
        message!(cx, "cannot stat standard input: ", errno);
    } else {
        message!(cx, "cannot statx ", Quoted(name), ": ", errno);
    }
}
