//! `lx ldd`: which libraries a program needs, where they are found and why, and whether it
//! would start. Nothing is run, and nothing is mapped that could be.

mod check;
mod facts;
mod files;
mod json;
mod lines;
mod needs;
mod script;
mod set;
mod store;
mod symbols;
mod tree;
mod trouble;

use crate::cli;
use crate::context::Context;
use crate::readelf::shown;
use alloc::vec::Vec;
use files::{Disk, Files};
use rt::dl::image::Fault;
use rt::dl::memory::Arena;
use rt::fmt::Put;
use rt::io::{BufWriter, Write};
use rt::put;
use set::{Set, Settings};
use store::Store;
use trouble::{Kind, Problems};

const HELP: cli::Help = help!(
    "\
Usage: lx ldd [OPTION]... FILE...
Tells which libraries programs and libraries need, where these are found, and why a program
does not start. Never runs anything, of whatever machine the files are.

  -t, --tree      who needs what, and why it was found there: [rpath], [runpath],
                  [LD_LIBRARY_PATH], [ld.so.cache], [path file] (musl), [default]
  -v, --verbose   also the versions that each file needs, and how many places were looked at
  -r, --function-relocs  also symbols that nobody defines
      --needs     instead, of each family of versions (GLIBC, GLIBCXX ...) the newest one that
                  the file itself needs, its library, and a symbol that asks for it
  -a, --all       with the vDSO and addresses, as ldd has them: those of the files
      --root=DIR  as if DIR were the root of the file system, for FILE too: another system,
                  a sysroot, /proc/PID/root; the environment does not count
      --json      as JSON
  -h, --help      this text

LD_LIBRARY_PATH and LD_PRELOAD count as they do for the program. At the end comes one
sentence where something is wrong: \"... does not start because ...; fix: ...\".

Exit status: 0 all start; 1 one does not (or stops at a function that nobody defines: -r);
2 one can not be read.
"
);

/// What is to be told.
#[derive(Clone, Copy, Default)]
pub struct Options {
    tree: bool,
    verbose: bool,
    symbols: bool,
    needs: bool,
    all: bool,
    json: bool,
    /// Whether it is about another tree.
    rooted: bool,
}

/// What was found out about one operand.
pub struct Report<'f> {
    file: &'f [u8],
    /// The interpreters of a script, each the one of that before, up to a program.
    scripts: Vec<&'f [u8]>,
    /// Empty where a script's interpreter is missing, or the file can't be loaded.
    set: Set<'f>,
    problems: Problems<'f>,
    /// Symbols that nobody defines.
    undefined: Vec<check::Undefined<'f>>,
}

/// Items as a text.
pub fn text(items: &[&dyn Put]) -> Vec<u8> {
    struct Sink(Vec<u8>);
    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> rt::Result<usize> {
            self.0.extend(bytes);
            Ok(bytes.len())
        }
    }
    let (mut sink, mut buffer) = (Sink(Vec::new()), [0; 128]);
    let mut out = BufWriter::new(&mut buffer, &mut sink);
    items.put(&mut out);
    let _ = out.flush();
    sink.0
}

pub fn run(cx: &mut Context) -> u8 {
    let mut options = Options::default();
    let (mut root, mut help) = (None, false);
    let args = cx.args;
    let operands = cli::parse(cx, args, HELP.options, &mut |_, key, value| match key {
        b"t" => options.tree = true,
        b"v" => options.verbose = true,
        b"r" => options.symbols = true,
        b"needs" => options.needs = true,
        b"a" => options.all = true,
        b"root" => root = value,
        b"json" => options.json = true,
        _ => help = true,
    });
    let operands = match operands {
        Ok(_) if help => {
            put!(&mut cx.out, HELP.text);
            return 0;
        }
        Ok(operands) if !operands.is_empty() => operands,
        other => {
            if other.is_ok() {
                message!(cx, "missing operand");
            }
            put!(&mut cx.err, "Try '", cx.prefix, "ldd --help' for more information.");
            cx.end_message(rt::text!("\n"));
            return 2;
        }
    };
    options.rooted = root.is_some();
    let disk = match Disk::new(root) {
        Ok(disk) => disk,
        Err(error) => {
            message!(cx, root.unwrap_or_default(), ": ", error);
            return 2;
        }
    };
    let variable = |name| rt::env::var(name).filter(|_| root.is_none());
    let settings = Settings {
        library_path: variable("LD_LIBRARY_PATH"),
        preload: variable("LD_PRELOAD"),
        platform: rt::auxv::platform().map_or(b"x86_64", |platform| platform.to_bytes()),
    };
    let mut arena = Arena::new();
    let status = report_on(cx, &mut arena, &disk, &settings, options, &operands);
    // The process ends, which costs less than giving memory back.
    core::mem::forget(arena);
    status
}

/// Tells of all files. The result is the exit status.
#[inline(never)]
fn report_on(
    cx: &mut Context,
    arena: &mut Arena,
    files: &dyn Files,
    settings: &Settings,
    options: Options,
    operands: &[&[u8]],
) -> u8 {
    let mut status = 0;
    if options.json {
        cx.json().object(rt::text!("")).array(rt::text!("files"));
    }
    for &file in operands {
        if operands.len() > 1 && !options.json {
            put!(&mut cx.out, shown(file), ":\n");
        }
        arena.clear();
        let store = Store::new(arena);
        let mut report = Report {
            file,
            scripts: Vec::new(),
            set: Set::new(files, &store),
            problems: Problems::default(),
            undefined: Vec::new(),
        };
        if let Err(fault) = examine(&mut report, settings, options) {
            message!(cx, shown(file), ": ", fault);
            status = 2;
            continue;
        }
        if options.json {
            json::report(cx, &report, options);
        } else {
            lines::report(cx, &report, options);
        }
        status = status.max(u8::from(!report.problems.0.is_empty()));
    }
    if options.json {
        cx.json().end_array().end_object().end_document();
    }
    status
}

/// Finds out all that is to be told of a file.
///
/// # Errors
/// Why it can't be read as a program, library or script.
// Not inlined, as others here: in one frame for all of it most places on the stack are so far
// away that instructions get longer.
#[inline(never)]
fn examine(report: &mut Report, settings: &Settings, options: Options) -> Result<(), Fault> {
    let Some((path, mode, program)) = script::follow(report)? else { return Ok(()) };
    let Report { problems, set, .. } = report;
    match program {
        Ok(program) => set.find(settings, program)?,
        Err(fault) => {
            problems.add(Kind::Unreadable, &[path, set.store.words(fault)]);
            // No ELF file that is run: an object file, a core dump.
            return if fault == facts::NEITHER { Err(fault) } else { Ok(()) };
        }
    }
    check::program(problems, set, mode, options.rooted);
    for object in set.objects.iter().skip(1) {
        check::library(problems, set, object);
    }
    check::versions(problems, set);
    if let Some(text) = set.too_much {
        problems.add(Kind::TooMuch, &[text.as_bytes()]);
    }
    if options.symbols {
        report.undefined = check::symbols(problems, set);
    }
    Ok(())
}

impl Report<'_> {
    /// What the sentence about it says: whether it is a program that starts.
    fn verb(&self) -> &'static str {
        let facts = self.set.objects.first().and_then(|program| program.facts);
        let all = self.problems.0.len() == self.undefined.len();
        match (self.undefined.first(), facts) {
            (Some(first), _) if all && first.at_call => " starts, but stops at a call,",
            (_, Some(facts)) if facts.interpreter.is_none() && !facts.is_program => {
                " does not load"
            }
            _ => " does not start",
        }
    }
}

/// `lx ldd -rvt` of bytes instead of a file, and of others that all its libraries are: the
/// way in for fuzzing. Messages go to `err`.
pub fn report_on_bytes(cx: &mut Context, program: &[u8], library: &[u8]) -> u8 {
    use alloc::boxed::Box;
    use core::cell::Cell;
    struct Pair<'b>(&'b [u8], &'b [u8], Cell<u64>);
    impl Files for Pair<'_> {
        fn open<'b>(&'b self, path: &[u8], _: &'b mut [u8]) -> Result<files::Opened<'b>, Fault> {
            let count = self.2.get();
            self.2.set(count + 1);
            // Not for ever, though each may need others.
            let data = match path {
                b"/p" => self.0,
                _ if count < 40 => self.1,
                _ => return Err(Fault::Os(rt::Errno::ENOENT)),
            };
            let (data, identity) = (Box::new(data), (1, count));
            Ok(files::Opened { data, identity, mode: 0o755, noexec: false })
        }
        fn is_directory(&self, path: &[u8]) -> bool {
            path.len().is_multiple_of(2)
        }
        fn real_path(&self, path: &[u8]) -> Option<Vec<u8>> {
            Some(path.to_vec())
        }
    }
    let files = Pair(program, library, Cell::new(1));
    let settings = Settings { library_path: Some(b"/l"), ..Settings::default() };
    let options = Options { tree: true, verbose: true, symbols: true, ..Options::default() };
    let mut arena = Arena::new();
    let mut status = report_on(cx, &mut arena, &files, &settings, options, &[b"/p"]);
    for options in [
        Options { needs: true, ..options },
        Options { json: true, ..options },
        Options { all: true, ..Options::default() },
    ] {
        files.2.set(1);
        status = status.max(report_on(cx, &mut arena, &files, &settings, options, &[b"/p"]));
    }
    status
}
