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
    /// Something that isn't supported yet.
    pub later: bool,
}

// Keys of options without a letter.
const DYN_SYMS: u8 = 1;
const LTO_SYMS: u8 = 2;
const SYM_BASE: u8 = 3;
const FULL_SECTION_NAME: u8 = 4;
/// What GNU readelf knows and this one does not yet.
const LATER: u8 = 5;

/// Whether this is the build with everything in it; see Cargo.toml.
const FULL: bool = cfg!(feature = "full");

const SECTION: Value = Value::Required("NAME");

/// The help of an option that only the full build has.
const fn full(help: &'static str) -> &'static str {
    if FULL { help } else { "" }
}

/// In the order in which GNU readelf names the possibilities of an ambiguous option.
#[rustfmt::skip]
static TABLE: &[Opt] = &[
    Opt::new(b'a', "all", if FULL {
        "all of -h -l -S -g -s -r -u -d -V -n -A -I"
    } else {
        "all of -h -l -S -g -s -r -d -V -n -I"
    }),
    Opt::new(b'h', "file-header", "the file header"),
    Opt::new(b'l', "program-headers", "the program headers, and the sections in each segment"),
    Opt::long(b'l', "segments", "the same"),
    Opt::new(b'S', "section-headers", "the section headers"),
    Opt::long(b'S', "sections", "the same"),
    Opt::new(b'e', "headers", "all of -h -l -S"),
    Opt::new(b'g', "section-groups", "the section groups"),
    Opt::new(b't', "section-details", "the section headers, in full"),
    Opt::new(b's', "syms", "the symbol tables"),
    Opt::long(b's', "symbols", "the same"),
    Opt::long(DYN_SYMS, "dyn-syms", "the dynamic symbol table"),
    Opt::long(LTO_SYMS, "lto-syms", "the symbol tables of link-time optimization"),
    Opt::long(SYM_BASE, "sym-base", "the base of symbol sizes: 0 (mixed), 8, 10 or 16")
        .with(Value::Required("BASE")),
    Opt::new(b'r', "relocs", "the relocations"),
    Opt::new(b'd', "dynamic", "the dynamic section"),
    Opt::new(b'D', "use-dynamic", "find symbols and relocations by the dynamic section"),
    Opt::new(b'V', "version-info", "the symbol versions"),
    Opt::new(b'n', "notes", "the notes"),
    Opt::new(b'u', "unwind", full("the unwind tables")),
    Opt::new(b'I', "histogram", "how long the chains of the hash tables are"),
    Opt::new(b'A', "arch-specific", full("what only this architecture has")),
    Opt::new(b'c', "archive-index", "the symbol index of an archive"),
    Opt::new(b'x', "hex-dump", full("the bytes of a section, by its name or number")).with(SECTION),
    Opt::new(b'p', "string-dump", full("the strings in a section")).with(SECTION),
    Opt::new(b'R', "relocated-dump", full("the bytes of a section, relocated")).with(SECTION),
    Opt::new(b'z', "decompress", full("decompress a section before it is dumped")),
    Opt::new(b'L', "lint", "all of that, and warn of what looks wrong"),
    Opt::long(b'L', "enable-checks", "the same"),
    Opt::new(b'W', "wide", "lines may be longer than 80 characters"),
    Opt::new(b'T', "silent-truncation", "no [...] where a name is cut off"),
    Opt::new(b'H', "help", "this text"),
    Opt::new(b'v', "version", "the version of lx"),
    Opt::long(FULL_SECTION_NAME, "full-section-name", ""),
    Opt::new(b'C', "demangle", "").with(Value::Optional("STYLE")),
    Opt::long(b'N', "no-demangle", ""),
    Opt::long(b'N', "recurse-limit", ""),
    Opt::long(b'N', "no-recurse-limit", ""),
    Opt::long(b'N', "no-recursion-limit", ""),
    Opt::new(b'U', "unicode", "").with(Value::Required("HOW")),
    Opt::new(b'w', "debug-dump", "").with(Value::Optional("WHAT")),
    Opt::long(LATER, "dwarf-depth", "").with(Value::Required("N")),
    Opt::long(LATER, "dwarf-start", "").with(Value::Required("N")),
    Opt::long(LATER, "dwarf-check", ""),
    Opt::new(b'P', "process-links", ""),
    Opt::long(LATER, "ctf", "").with(SECTION),
    Opt::long(LATER, "ctf-symbols", "").with(SECTION),
    Opt::long(LATER, "ctf-strings", "").with(SECTION),
    Opt::long(LATER, "ctf-parent", "").with(SECTION),
    Opt::long(LATER, "sframe", "").with(Value::Optional("NAME")),
];

impl Options {
    /// Whether there is anything to print; `-W` and its like only say how.
    pub fn asks_for_something(&self) -> bool {
        self.archive_index || self.asks_for_members()
    }

    /// Whether there is anything to print of an ELF file.
    pub fn asks_for_members(&self) -> bool {
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
            self.histogram,
            self.lint,
            !self.dumps.is_empty(),
        ]
        .contains(&true)
    }

    fn set(&mut self, cx: &mut Context, key: u8, value: Option<&'static [u8]>) {
        match key {
            // Not part of the small build.
            b'A' | b'u' | b'x' | b'p' | b'R' | b'z' if !FULL => self.later = true,
            b'a' => {
                let all: &[u8] = if FULL { b"hlSgsrudVnAI" } else { b"hlSgsrdVnI" };
                for &key in all {
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
            b't' | FULL_SECTION_NAME => {
                self.sections = true;
                self.section_details = true;
            }
            b's' => self.symbols = true,
            DYN_SYMS => self.dynamic_symbols = true,
            LTO_SYMS => self.lto_symbols = true,
            SYM_BASE => self.symbol_base = base(value.unwrap_or_default()),
            b'n' => self.notes = true,
            b'r' => self.relocs = true,
            b'u' => self.unwind = true,
            b'd' => self.dynamic = true,
            b'V' => self.versions = true,
            b'A' => self.arch = true,
            b'c' => self.archive_index = true,
            b'D' => self.use_dynamic = true,
            b'L' => {
                self.set(cx, b'a', None);
                self.lint = true;
            }
            b'x' | b'p' | b'R' => {
                self.dumps.extend(value.map(|section| Dump { kind: key, section }));
            }
            b'z' => self.decompress = true,
            b'I' => self.histogram = true,
            b'W' => self.wide = true,
            b'T' => self.silent_truncation = true,
            b'H' => self.help = true,
            b'v' => self.version = true,
            // What they ask for is the default.
            b'N' => {}
            _ => self.later = true,
        }
    }
}

/// The base of `--sym-base`; anything but 8, 10 and 16 is GNU's mixture, as there.
fn base(text: &[u8]) -> u8 {
    match text {
        b"8" => 8,
        b"10" => 10,
        b"16" => 16,
        _ => 0,
    }
}

/// What is asked for, and the files.
pub fn parse(
    cx: &mut Context,
    args: &[&'static [u8]],
) -> Result<(Options, Vec<&'static [u8]>), Wrong> {
    let mut options = Options::default();
    let files = cli::parse(cx, args, TABLE, &mut |cx, key, value| options.set(cx, key, value))?;
    Ok((options, files))
}

/// Usage on standard error, for a command line that makes no sense.
pub fn misused(cx: &mut Context) -> u8 {
    let _ = cx.out.flush();
    let mut buffer = [0; 512];
    let mut to = rt::io::stderr();
    let mut err = BufWriter::new(&mut buffer, &mut to);
    usage(&mut err, cx.prefix);
    // There is no other place to complain.
    let _ = err.flush();
    1
}

/// Usage, asked for.
pub fn help(cx: &mut Context) -> u8 {
    usage(&mut cx.out, cx.prefix);
    0
}

/// The version of lx, and which readelf it prints like.
pub fn version(cx: &mut Context) -> u8 {
    let version = env!("CARGO_PKG_VERSION");
    put!(&mut cx.out, "lx readelf ", version, " (prints what GNU readelf 2.40 prints)\n");
    0
}

fn usage(out: &mut BufWriter, prefix: &str) {
    put!(out, "Usage: ", prefix, "readelf OPTION... FILE...\n");
    put!(out, "What is in ELF files, and in archives of them.\n\n");
    cli::list(out, TABLE);
    put!(out, "      @FILE                   takes arguments out of FILE\n");
}
