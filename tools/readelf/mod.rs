//! `lx readelf`: what is in an ELF file, printed as GNU readelf 2.40 prints it.
//!
//! One file a part of the report, in the order in which [`report`] calls them. A part is
//! given the [`Context`] to print with and the [`File`] to print of; what can't be read is
//! told in GNU's words, and the rest is printed all the same.

// Before the parts, which all use them.
/// `readelf: Error: ...`
macro_rules! error {
    ($cx:expr, $($items:tt)+) => {
        graded!($cx, Error, $($items)+)
    };
}

/// `readelf: Warning: ...`
macro_rules! warn {
    ($cx:expr, $($items:tt)+) => {
        graded!($cx, Warning, $($items)+)
    };
}

/// What both are.
macro_rules! graded {
    ($cx:expr, $grade:ident, $text:literal $(,)?) => {{
        let cx: &mut $crate::context::Context = $cx;
        $crate::readelf::Grade::$grade.tell(cx, rt::text!($text));
    }};
    ($cx:expr, $grade:ident, $first:literal, $($items:tt)+) => {{
        let cx: &mut $crate::context::Context = $cx;
        $crate::readelf::Grade::$grade.begin(cx, rt::text!($first));
        rt::put!(&mut cx.err, $($items)+);
        cx.end_line();
    }};
    ($cx:expr, $grade:ident, $($items:tt)+) => {
        graded!($cx, $grade, "", $($items)+)
    };
}

/// A warning after which GNU readelf doesn't end the line.
macro_rules! warn_open {
    ($cx:expr, $($item:expr),+ $(,)?) => {{
        let cx: &mut Context = $cx;
        $crate::readelf::Grade::Warning.begin(cx, rt::text!(""));
        rt::put!(&mut cx.err, $($item),+);
        cx.end_message(rt::text!(""));
    }};
}

#[macro_use]
pub mod pattern;
// For other applets: a macro has no path until it is used.
#[allow(clippy::single_component_path_imports)]
pub(crate) use fill;

mod arch;
mod archive;
mod at_file;
mod check;
mod contents;
mod debug;
mod diff;
mod draw;
mod dynamic;
mod file;
mod files;
mod flags;
mod groups;
mod hashes;
mod header;
mod histogram;
mod json;
mod lto;
#[allow(dead_code)]
pub(crate) mod names;
mod notes;
mod options;
mod rank;
mod relocs;
mod sections;
mod segments;
mod size;
mod spelling;
mod symbol_columns;
mod symbols;
mod symver;
mod text;
mod unwind;
mod versions;

pub(crate) use text::name as shown;

use crate::cli::Wrong;
use crate::context::Context;
use file::File;
use files::Why;
use options::Options;
use rt::Errno;
use rt::elf::Elf;
use rt::elf::Source;
use rt::elf::consts::ELFCLASS64;
use rt::input::Input;
use rt::put;
use rt::text::Text;

/// How bad it is what a message tells of.
#[derive(Clone, Copy)]
enum Grade {
    Error,
    Warning,
}

impl Grade {
    #[inline(never)]
    fn begin(self, cx: &mut Context, words: Text) {
        cx.begin_message_with(match self {
            Grade::Error => rt::text!("Error: "),
            Grade::Warning => rt::text!("Warning: "),
        });
        put!(&mut cx.err, words);
    }

    #[inline(never)]
    fn tell(self, cx: &mut Context, words: Text) {
        self.begin(cx, words);
        cx.end_line();
    }
}

/// What was asked for, or wrong input: whether all went well is the exit status.
pub fn run(cx: &mut Context) -> u8 {
    let Ok(args) = at_file::expand(cx) else { return 1 };
    let mut options = Options::none();
    let Ok(files) = options::parse(cx, &args, &mut options) else { return options::misused(cx) };
    if options.help {
        return options::help(cx);
    }
    if options.version {
        return options::version(cx);
    }
    if options.wrong {
        return if options.diff { 2 } else { 1 };
    }
    if options.diff {
        return diff::run(cx, &options, &files);
    }
    if files.is_empty() {
        if options.asks_for_something() {
            warn!(cx, "Nothing to do.");
        }
        return options::misused(cx);
    }
    if !options.asks_for_something() {
        return options::misused(cx);
    }
    let mut fine = true;
    for name in &files {
        fine &= open(cx, &options, name, files.len() > 1);
    }
    if options.debug.dwarf {
        error!(cx, "DWARF (-w, --debug-dump) is not supported yet");
        fine = false;
    }
    if options.process_links {
        error!(cx, "separate debug files (-P, --process-links) are not supported yet");
        fine = false;
    }
    !fine as u8
}

/// What [`run`] does, of bytes instead of files.
pub fn report_on(cx: &mut Context, bytes: &[u8]) -> u8 {
    let (args, mut options) = (cx.args, Options::none());
    match options::parse(cx, args, &mut options) {
        Ok(_) => !any(cx, &options, b"bytes", &bytes, false) as u8,
        Err(Wrong) => 1,
    }
}

/// Opens what is named on the command line; what is wrong is told, and why.
fn opened(cx: &mut Context, name: &[u8]) -> Result<Input, &'static str> {
    let shown = text::name(name);
    Err(match files::open(name) {
        Ok(input) => return Ok(input),
        Err(Why::NoPath(Errno::ENOENT)) => {
            error!(cx, "'", shown, "': No such file");
            Errno::ENOENT.message()
        }
        Err(Why::NoPath(errno)) => {
            let cause = errno.message();
            error!(cx, "Could not locate '", shown, "'.  System error message: ", cause);
            cause
        }
        Err(Why::IsDirectory | Why::NotOrdinary) => {
            error!(cx, "'", shown, "' is not an ordinary file");
            "not an ordinary file"
        }
        Err(Why::Unreadable) => {
            error!(cx, "Input file '", shown, "' is not readable.");
            "not readable"
        }
    })
}

/// Opens what is named on the command line and reports on it; `headed` where it isn't the
/// only one.
#[inline(never)]
fn open(cx: &mut Context, options: &Options, name: &[u8], headed: bool) -> bool {
    let shown = text::name(name);
    let input = match opened(cx, name) {
        Ok(input) => input,
        Err(why) => {
            unreadable(cx, options, name, why);
            if options.json {
                cx.json().end_document();
            }
            return false;
        }
    };
    let fine = any(cx, options, name, &input, headed);
    // What was gone by the time it was looked at has been read as zeros.
    if input.truncated() {
        error!(cx, shown, ": file truncated while it was read");
    } else if let Some(errno) = input.failure() {
        error!(cx, shown, ": ", errno.message());
    }
    fine && !input.truncated() && input.failure().is_none()
}

/// Reports on what may be an ELF file or an archive.
fn any(
    cx: &mut Context,
    options: &Options,
    name: &[u8],
    source: &dyn Source,
    headed: bool,
) -> bool {
    let shown = text::name(name);
    let fine = match source.get(0, 8) {
        None => {
            error!(cx, shown, ": Failed to read file's magic number");
            unreadable(cx, options, name, "too short");
            false
        }
        Some(magic) if [b"!<arch>\n", b"!<thin>\n"].iter().any(|known| magic == *known) => {
            archive::report(cx, options, name, source)
        }
        Some(_) => {
            if options.archive_index {
                fill_error!(
                    cx,
                    "File %s is not an archive so its index cannot be displayed.";
                    name
                );
            }
            if headed {
                head(cx, options, name, source);
            }
            object(cx, options, name, source)
        }
    };
    if options.json {
        cx.json().end_document();
    }
    fine
}

/// What JSON has of what isn't an ELF file.
fn unreadable(cx: &mut Context, options: &Options, name: &[u8], why: &str) {
    if options.json {
        json::unreadable(cx, name, why);
    }
}

/// What is reported on, unless it is too short to be.
fn head(cx: &mut Context, options: &Options, name: &[u8], source: &dyn Source) {
    if !options.json && !short_header(source) {
        put!(&mut cx.out, "\nFile: ", text::name(name), "\n");
    }
}

/// Reports on one ELF file: a whole one, or a member of an archive.
fn object(cx: &mut Context, options: &Options, name: &[u8], source: &dyn Source) -> bool {
    let mut file = match elf(cx, name, source) {
        Ok(elf) => File::new(options, elf),
        Err(why) => {
            unreadable(cx, options, name, why);
            return false;
        }
    };
    if options.json { json::document(cx, &mut file, name) } else { report(cx, &mut file) }
}

/// Reads the file header; what is wrong with it is told, and why.
fn elf<'a>(cx: &mut Context, name: &[u8], source: &'a dyn Source) -> Result<Elf<'a>, &'static str> {
    let why = match Elf::new(source) {
        _ if short_header(source) => "too short",
        Ok(elf) => return Ok(elf),
        Err(rt::elf::Error::BadMagic) => {
            error!(cx, "Not an ELF file - it has the wrong magic bytes at the start");
            return Err("not an ELF file");
        }
        Err(_) => "not an ELF file",
    };
    error!(cx, text::name(name), ": Failed to read file header");
    Err(why)
}

/// Whether there are fewer bytes than an ELF header has, whatever they are.
fn short_header(source: &dyn Source) -> bool {
    let class = source.get(0, 16).and_then(|ident| ident.get(4));
    class.is_none_or(|&class| source.get(0, if class == ELFCLASS64 { 64 } else { 52 }).is_none())
}

/// The parts of the report, in GNU's order. Each says whether all went well. The first ones
/// also find the tables that the others look at, whatever is asked for: they decide by the options
/// whether they have anything to print.
fn report(cx: &mut Context, file: &mut File) -> bool {
    type Part = fn(&mut Context, &File) -> bool;
    let options = file.options;
    let mut fine = header::show(cx, file);
    // Where there should be sections and can't be read, what needs them says nothing at all.
    let sections = sections::show(cx, file);
    let either = sections || options.use_dynamic;
    fine &= groups::show(cx, file);
    fine &= segments::show(cx, file);
    fine &= dynamic::load(cx, file);
    // What isn't asked for isn't called: each call may be a page that nothing else touches.
    let dumps = !options.dumps.is_empty() || options.debug.any;
    let symbols = options.symbols || options.dynamic_symbols || options.lto_symbols;
    let parts: &[(bool, Part)] = &[
        (options.dynamic, dynamic::show),
        (either && options.relocs, relocs::show),
        (sections && options.unwind, unwind::show),
        (either && symbols, symbols::show),
        (options.histogram, histogram::show),
        (sections && options.versions, versions::show),
        (sections && (dumps || options.lint), contents::show),
        (options.notes, notes::show),
        (sections && options.arch, arch::show),
        (options.draw, draw::show),
        (options.check.is_some(), check::show),
        (options.size.is_some(), size::show),
    ];
    for &(wanted, part) in parts {
        fine &= !wanted || part(cx, file);
    }
    fine
}
