//! `lx stat`: what is known of files and file systems, printed as GNU stat 9.1 prints it.

mod all;
mod field;
mod file;
mod format;
mod ids;
mod kinds;
mod lines;
mod subject;
mod system;
mod time;
mod zone;

use crate::cli;
use crate::context::Context;
use crate::quote::{Style, Tamed, Word};
use crate::words::{place, short, words};
use alloc::boxed::Box;
use alloc::vec::Vec;
use format::{Format, Piece, Spec};
use ids::Ids;
use rt::fs::{
    AT_EMPTY_PATH, AT_NO_AUTOMOUNT, AT_STATX_DONT_SYNC, AT_STATX_FORCE_SYNC, AT_SYMLINK_NOFOLLOW,
    AtFlags, CWD, Statx, StatxMask, statx,
};
use rt::io::stdin;
use rt::put;
use subject::Subject;
use zone::Zone;

const HELP: cli::Help = help!(
    "\
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
"
);

/// What was asked for.
#[derive(Default)]
struct Options<'a> {
    /// A bit for each [`Switch`].
    switches: u16,
    cached: AtFlags,
    /// Of `-c` or `--printf`.
    format: Option<&'a [u8]>,
}

/// The options without a value, and `--printf`.
const SWITCHES: &[u8] = b"L f t all json help version printf";

/// The same, by the same numbers.
#[derive(Clone, Copy)]
enum Switch {
    Dereference,
    FileSystem,
    Terse,
    All,
    Json,
    Help,
    Version,
    /// No newline, escapes, and names as they are.
    Printf,
    /// None of them: what was wrong has been told.
    Wrong,
}

impl Options<'_> {
    fn has(&self, switch: Switch) -> bool {
        self.switches >> switch as u8 & 1 != 0
    }
}

/// What is kept from one file to the next.
struct Run<'a> {
    options: Options<'a>,
    quoting: Style,
    /// It is found out when a time is printed.
    zone: Option<Box<Zone>>,
    users: Ids,
    groups: Ids,
    /// The last mount whose place was looked up.
    mount: Option<(u64, Vec<u8>)>,
}

pub fn run(cx: &mut Context) -> u8 {
    let mut run = Run {
        options: Options::default(),
        quoting: Style::Literal,
        zone: None,
        users: Ids::new(c"/etc/passwd"),
        groups: Ids::new(c"/etc/group"),
        mount: None,
    };
    let args = cx.args;
    let operands = cli::parse(cx, args, HELP.options, &mut |cx, key, value| {
        set(&mut run.options, cx, key, value)
    });
    let operands = match operands {
        Ok(operands) if !run.options.has(Switch::Wrong) => operands,
        _ => return cli::misused(cx),
    };
    if run.options.has(Switch::Help) {
        return cli::help(cx, rt::text!("[OPTION]... FILE..."), HELP.text);
    }
    if run.options.has(Switch::Version) {
        return cli::version(cx);
    }
    if operands.is_empty() {
        message!(cx, "missing operand");
        return cli::misused(cx);
    }
    match report_on(cx, &mut run, &operands) {
        Ok(fine) => !fine as u8,
        Err(Fatal) => 1,
    }
}

fn set<'a>(options: &mut Options<'a>, cx: &mut Context, key: &[u8], value: Option<&'a [u8]>) {
    let switch = place(SWITCHES, key).map_or(0, |place| 1 << place);
    options.switches |= switch;
    if key == b"cached" {
        match cached(cx, value.unwrap_or_default()) {
            Some(flags) => options.cached = flags,
            None => options.switches |= 1 << Switch::Wrong as u16,
        }
    } else if value.is_some() {
        options.format = value;
        // The last one decides.
        options.switches = options.switches & !(1 << Switch::Printf as u16) | switch;
    }
}

/// The MODE of `--cached`, or the beginning of one; none where it is told what is wrong.
#[inline(never)]
fn cached(cx: &mut Context, mode: &[u8]) -> Option<AtFlags> {
    const MODES: &[u8] = b"default never always";
    let is_it = |name: &[u8]| !mode.is_empty() && name.starts_with(mode);
    match words(MODES, b' ').position(is_it) {
        Some(0) => return Some(AtFlags(0)),
        Some(1) => return Some(AT_STATX_FORCE_SYNC),
        Some(_) => return Some(AT_STATX_DONT_SYNC),
        None => {}
    }
    let what = if mode.is_empty() { rt::text!("ambiguous") } else { rt::text!("invalid") };
    message!(cx, what, " argument ", Word(mode), " for ", Word(b"--cached"));
    put!(&mut cx.err, "Valid arguments are:\n");
    words(MODES, b' ').for_each(|mode| put!(&mut cx.err, "  - ", Word(mode), "\n"));
    cx.end_message(rt::text!(""));
    None
}

/// How `%N` quotes. GNU looks whether these two characters are in the format, and quotes in
/// no `%-N` or `%9N` where they aren't.
#[inline(never)]
fn quoting(cx: &mut Context, format: &[u8]) -> Style {
    if !format.windows(2).any(|two| two == b"%N") {
        return Style::Literal;
    }
    let Some(name) = rt::env::var("QUOTING_STYLE") else { return Style::ShellEscapeAlways };
    Style::named(name).unwrap_or_else(|| {
        message!(cx, "ignoring invalid value of environment variable QUOTING_STYLE: ", Word(name));
        Style::ShellEscapeAlways
    })
}

/// The format can't be printed, whatever the file.
struct Fatal;

/// Reports on all operands; whether all went well.
#[inline(never)]
fn report_on(cx: &mut Context, run: &mut Run, operands: &[&[u8]]) -> Result<bool, Fatal> {
    if let Some(format) = run.options.format {
        run.quoting = quoting(cx, format);
    }
    if run.options.has(Switch::Json) {
        cx.json().array(rt::text!(""));
    }
    let mut fine = true;
    for name in operands {
        fine &= if run.options.has(Switch::FileSystem) {
            system::report(cx, run, name)?
        } else {
            file::report(cx, run, name)?
        };
    }
    if run.options.has(Switch::Json) {
        cx.json().end_array();
        cx.json().end_document();
    }
    Ok(fine)
}

/// Prints what was asked for, without a format these; whether all went well.
fn report(
    cx: &mut Context,
    run: &mut Run,
    subject: &Subject,
    formats: &[&[u8]],
) -> Result<bool, Fatal> {
    let printf = run.options.has(Switch::Printf);
    let Some(format) = run.options.format else {
        let mut fine = true;
        for format in formats {
            fine &= print(cx, run, Format::new(format, false), subject)?;
        }
        return Ok(fine);
    };
    let fine = print(cx, run, Format::new(format, printf), subject)?;
    if !printf {
        cx.out.byte(b'\n');
    }
    Ok(fine)
}

/// Prints a format; whether all went well.
#[inline(never)]
fn print(
    cx: &mut Context,
    run: &mut Run,
    mut format: Format,
    subject: &Subject,
) -> Result<bool, Fatal> {
    let mut fine = true;
    while let Some(piece) = format.next() {
        match piece {
            Piece::Text(text) => cx.out.bytes(text),
            Piece::Byte(byte) => cx.out.byte(byte),
            Piece::Directive(half, letter) => {
                fine &= subject.directive(cx, run, &format.spec, half, letter);
            }
            Piece::UnknownEscape(byte) => {
                message!(cx, "warning: unrecognized escape '\\", [byte], "'");
                cx.out.byte(byte);
            }
            Piece::LoneBackslash => {
                message!(cx, "warning: backslash at end of format");
                cx.out.byte(b'\\');
            }
            Piece::Invalid(directive) => {
                message!(cx, Word(directive), ": invalid directive");
                return Err(Fatal);
            }
        }
    }
    Ok(fine)
}

impl Run<'_> {
    /// Prints text that isn't lx's own: tamed, unless a raw form was asked for.
    fn text(&self, cx: &mut Context, spec: &Spec, text: &[u8]) {
        if self.options.has(Switch::Printf) || text.iter().all(|byte| matches!(byte, b' '..=b'~')) {
            return spec.text(&mut cx.out, text);
        }
        let tamed = short(&mut |out| put!(out, Tamed(text)));
        spec.text(&mut cx.out, &tamed);
    }

    fn zone(&mut self) -> &Zone {
        self.zone.get_or_insert_with(time::local)
    }

    /// What statx is told, apart from the mask.
    fn flags(&self) -> AtFlags {
        let link =
            if self.options.has(Switch::Dereference) { AtFlags(0) } else { AT_SYMLINK_NOFOLLOW };
        let mount =
            if self.options.cached == AT_STATX_FORCE_SYNC { AtFlags(0) } else { AT_NO_AUTOMOUNT };
        self.options.cached | link | mount
    }

    /// What is known of a file, if only what the mask names.
    fn statx(&self, name: &[u8], mask: StatxMask) -> rt::Result<Statx> {
        let (mut from, mut name, mut flags) = (CWD, name, self.flags());
        if name == b"-" {
            (from, name) = (stdin(), b"");
            flags = flags.without(AT_SYMLINK_NOFOLLOW) | AT_EMPTY_PATH;
        }
        statx(from, name, flags, mask)
    }
}
