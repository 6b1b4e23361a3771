//! The command line: what `readelf --help` lists.

use crate::cli::{self, Opt, Value, Wrong};
use crate::context::Context;
use alloc::vec::Vec;
use rt::io::BufWriter;
use rt::put;

/// A section chosen by `-x`, `-p` or `-R`: by name, or by number where it is one.
#[derive(Clone, Copy)]
pub struct Dump<'a> {
    /// `x`, `p` or `R`.
    pub kind: u8,
    pub section: &'a [u8],
}

/// What is asked for. Parts look at the option they are named after.
#[derive(Default)]
pub struct Options {
    pub header: bool,
    pub segments: bool,
    pub sections: bool,
    pub groups: bool,
    pub section_details: bool,
    pub symbols: bool,
    pub dynamic_symbols: bool,
    pub lto_symbols: bool,
    pub notes: bool,
    pub relocs: bool,
    pub unwind: bool,
    pub dynamic: bool,
    pub versions: bool,
    pub arch: bool,
    pub archive_index: bool,
    pub histogram: bool,
    pub lint: bool,
    /// `-D`: by the dynamic section instead of section headers.
    pub use_dynamic: bool,
    pub wide: bool,
    pub silent_truncation: bool,
    pub decompress: bool,
    /// `--sym-base`: 0 for GNU's mixture, or 8, 10, 16.
    pub symbol_base: u8,
    pub dumps: Vec<Dump<'static>>,
    pub help: bool,
    pub version: bool,
}

const fn opt(key: u8, long: &'static str) -> Opt {
    Opt { key, short: key, long, value: Value::None }
}

const fn long(key: u8, long: &'static str, value: Value) -> Opt {
    Opt { key, short: 0, long, value }
}

const fn with_value(key: u8, long: &'static str, value: Value) -> Opt {
    Opt { key, short: key, long, value }
}

// Keys of options without a letter.
const DYN_SYMS: u8 = 1;
const LTO_SYMS: u8 = 2;
const SYM_BASE: u8 = 3;

static TABLE: &[Opt] = &[
    opt(b'a', "all"),
    opt(b'h', "file-header"),
    opt(b'l', "program-headers"),
    long(b'l', "segments", Value::None),
    opt(b'S', "section-headers"),
    long(b'S', "sections", Value::None),
    opt(b'g', "section-groups"),
    opt(b't', "section-details"),
    opt(b'e', "headers"),
    opt(b's', "syms"),
    long(b's', "symbols", Value::None),
    long(DYN_SYMS, "dyn-syms", Value::None),
    long(LTO_SYMS, "lto-syms", Value::None),
    long(SYM_BASE, "sym-base", Value::Required),
    opt(b'n', "notes"),
    opt(b'r', "relocs"),
    opt(b'u', "unwind"),
    opt(b'd', "dynamic"),
    opt(b'V', "version-info"),
    opt(b'A', "arch-specific"),
    opt(b'c', "archive-index"),
    opt(b'D', "use-dynamic"),
    opt(b'L', "lint"),
    long(b'L', "enable-checks", Value::None),
    with_value(b'x', "hex-dump", Value::Required),
    with_value(b'p', "string-dump", Value::Required),
    with_value(b'R', "relocated-dump", Value::Required),
    opt(b'z', "decompress"),
    opt(b'I', "histogram"),
    opt(b'W', "wide"),
    opt(b'T', "silent-truncation"),
    opt(b'H', "help"),
    opt(b'v', "version"),
];

impl Options {
    /// Whether there is anything to print; `-W` and its like only say how.
    pub fn asks_for_something(&self) -> bool {
        [
            self.header,
            self.segments,
            self.sections,
            self.groups,
            self.section_details,
            self.symbols,
            self.dynamic_symbols,
            self.lto_symbols,
            self.notes,
            self.relocs,
            self.unwind,
            self.dynamic,
            self.versions,
            self.arch,
            self.archive_index,
            self.histogram,
            self.lint,
            self.use_dynamic,
            !self.dumps.is_empty(),
        ]
        .contains(&true)
    }

    fn set(&mut self, cx: &mut Context, key: u8, value: Option<&'static [u8]>) {
        match key {
            b'a' => {
                for key in *b"hlSgsrudVnAI" {
                    self.set(cx, key, None);
                }
            }
            b'e' => {
                for key in *b"hlS" {
                    self.set(cx, key, None);
                }
            }
            b'h' => self.header = true,
            b'l' => self.segments = true,
            b'S' => self.sections = true,
            b'g' => self.groups = true,
            b't' => {
                self.sections = true;
                self.section_details = true;
            }
            b's' => self.symbols = true,
            DYN_SYMS => self.dynamic_symbols = true,
            LTO_SYMS => self.lto_symbols = true,
            SYM_BASE => self.symbol_base = 0,
            b'n' => self.notes = true,
            b'r' => self.relocs = true,
            b'u' => self.unwind = true,
            b'd' => self.dynamic = true,
            b'V' => self.versions = true,
            b'A' => self.arch = true,
            b'c' => self.archive_index = true,
            b'D' => self.use_dynamic = true,
            b'L' => self.lint = true,
            b'x' | b'p' | b'R' => {
                self.dumps.extend(value.map(|section| Dump { kind: key, section }));
            }
            b'z' => self.decompress = true,
            b'I' => self.histogram = true,
            b'W' => self.wide = true,
            b'T' => self.silent_truncation = true,
            b'H' => self.help = true,
            _ => self.version = true,
        }
    }
}

/// What is asked for, and the files.
pub fn parse(cx: &mut Context) -> Result<(Options, Vec<&'static [u8]>), Wrong> {
    let mut options = Options::default();
    let args = cx.args;
    let files = cli::parse(cx, args, TABLE, |cx, key, value| options.set(cx, key, value))?;
    Ok((options, files))
}

/// Usage on standard error, for a command line that makes no sense.
pub fn misused(cx: &mut Context) -> u8 {
    let mut buffer = [0; 512];
    let mut to = rt::io::stderr();
    let mut err = BufWriter::new(&mut buffer, &mut to);
    let _ = cx.out.flush();
    usage(&mut err);
    let _ = err.flush();
    1
}

pub fn help(cx: &mut Context) -> u8 {
    usage(&mut cx.out);
    0
}

pub fn version(cx: &mut Context) -> u8 {
    put!(&mut cx.out, "lx readelf ", env!("CARGO_PKG_VERSION"), "\n");
    0
}

fn usage(out: &mut BufWriter) {
    put!(out, "Usage: readelf <option(s)> elf-file(s)\n");
}
