//! The command line: what `readelf --help` lists.

use super::debug::Debug;
use super::spelling::Spelling;
use super::{check, size, text};
use crate::cli::{self, Wrong};
use crate::colour::Colour;
use crate::context::Context;
use alloc::vec::Vec;
use rt::io::BufWriter;
use rt::put;

/// A section chosen by `-x`, `-p` or `-R`: by name, or by number where it is one.
#[derive(Clone, Copy)]
pub struct Dump<'a> {
    /// `x`, `p` or `R`; `c` for CTF, `f` for SFrame.
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
    pub json: bool,
    /// Whether anything is asked for that may look into the symbols and strings for dynamic
    /// linking: all but headers and notes.
    pub linking: bool,
    pub silent_truncation: bool,
    /// `-C` and `-U`: how names are written.
    pub spelling: Spelling,
    pub decompress: bool,
    /// `--sym-base`: 0 for GNU's mixture, or 8, 10, 16.
    pub symbol_base: u8,
    pub dumps: Vec<Dump<'static>>,
    pub colour: Colour,
    pub draw: bool,
    /// The checks, and whether they were named.
    pub check: Option<(check::Checks, bool)>,
    /// How many symbols are listed by size.
    pub size: Option<usize>,
    pub diff: bool,
    /// An option's value is wrong; that has been told.
    pub wrong: bool,
    pub debug: Debug,
    pub process_links: bool,
    pub help: bool,
    pub version: bool,
    /// Something that isn't supported yet.
    pub later: bool,
}

/// The help, and the table of options: see [`cli`].
const HELP: &str = "\
What is in ELF files, and in archives of them.

  -a, --all                   all that follow, down to -A
  -h, --file-header           the file header
  -l, --program-headers, --segments
                              the program headers, and the sections in each segment
  -S, --section-headers, --sections
                              the section headers
  -g, --section-groups        the section groups
  -s, --syms, --symbols       the symbol tables
  -r, --relocs                the relocations
  -d, --dynamic               the dynamic section
  -V, --version-info          the symbol versions
  -n, --notes                 the notes
  -u, --unwind                the unwind tables
  -I, --histogram             how long the chains of the hash tables are
  -A, --arch-specific         what only this architecture has

  -e, --headers               all of -h -l -S
  -t, --section-details       the section headers, in full
  -N, --full-section-name     the same
      --dyn-syms              the dynamic symbol table
      --lto-syms              the symbol tables of link-time optimization
      --sym-base[=BASE]       the base of symbol sizes: 0 (mixed), 8, 10 or 16
  -c, --archive-index         the symbol index of an archive
  -x, --hex-dump=SECTION      the bytes of a section, by its name or number
  -p, --string-dump=SECTION   the strings in a section
  -R, --relocated-dump=SECTION
                              the bytes of a section, relocated
  -z, --decompress            decompress a section before it is dumped
  -L, --lint, --enable-checks
                              all of it, with warnings of what looks wrong
  -D, --use-dynamic           find symbols and relocations by the dynamic section
  -W, --wide                  lines may be longer than 80 characters
  -T, --silent-truncation     no [...] where a name is cut off
  -C                          names as in their language (C++, Rust): demangled
      --demangle[=STYLE]      the same, of names of one STYLE: none, auto, gnu-v3, java,
                              gnat, dlang or rust
      --no-demangle           names as they are in the file (the default)
      --recurse-limit         long names of C++ stay mangled (the default)
      --no-recurse-limit, --no-recursion-limit
                              long names of C++ are demangled, too
  -U, --unicode=HOW           bytes above ASCII in names: default or locale (as they are),
                              escape, hex (x), highlight or invalid; or the first letter
  -H, --help                  this text
  -v, --version               the version of lx
      @FILE                   takes arguments out of FILE

Beyond GNU readelf:

      --json                  all that is asked for as JSON, a line for each FILE; names of
                              members are those of the fields (sh_type, and sh_type_name
                              for what it is called), KEY_hex has what isn't UTF-8;
                              numbers beyond 2^53 are strings, errors are \"error\"
      --color[=WHEN]          colours: always, never, or auto (the default): on a
                              terminal unless NO_COLOR is set
      --draw                  what lies where in the file, with segments as brackets
      --check[=LIST]          how the file is hardened; with a LIST (pie,relro or all)
                              status 1 unless it holds
      --size[=N]              what is largest: sections, symbols (N, 20, or all), segments
      --diff                  what differs between two files but where things lie; status
                              0: nothing, 1: something, 2: trouble

Known to GNU readelf, not supported yet:

  -P, --process-links         non-debug sections of separate debug files
  -w[LETTERS]                 DWARF; of it -wk and -wN are supported:
      --debug-dump[=WORDS]    =links, what leads to separate debug files, and
                              =no-follow-links, not to look for those
      --dwarf-depth=N         these say how DWARF is shown
      --dwarf-start=N
      --dwarf-check
      --ctf=SECTION           CTF, by the name or number of a section
      --ctf-parent=NAME
      --ctf-symbols=SECTION
      --ctf-strings=SECTION
      --sframe[=SECTION]      SFrame, of .sframe
";

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
            self.draw,
            self.check.is_some(),
            self.size.is_some(),
            self.debug.any,
        ]
        .contains(&true)
    }

    /// Those beyond GNU readelf; false for another one.
    fn set_more(&mut self, cx: &mut Context, key: &[u8], value: Option<&'static [u8]>) -> bool {
        let mut wrong = |cx: &mut Context| {
            let value = text::name(value.unwrap_or_default());
            message!(cx, "invalid argument '", value, "' for '--", key, "'");
            self.wrong = true;
        };
        match key {
            b"color" => match Colour::chosen(value) {
                Some(colour) => self.colour = colour,
                None => wrong(cx),
            },
            b"json" => self.json = true,
            b"draw" => self.draw = true,
            b"check" => match check::chosen(cx, value) {
                Some(checks) => self.check = Some((checks, value.is_some())),
                None => self.wrong = true,
            },
            b"size" => match size::limit(value) {
                None => wrong(cx),
                limit => self.size = limit,
            },
            b"diff" => self.diff = true,
            _ => return false,
        }
        self.linking |= matches!(key, b"check" | b"size" | b"diff");
        true
    }

    fn set(&mut self, key: &[u8], value: Option<&'static [u8]>) {
        self.linking |= !matches!(key, [b'e' | b'h' | b'l' | b'S' | b'g' | b't' | b'n' | b'W']);
        match key {
            [b'a'] => self.set_all(b"hlSgsrudVnAI"),
            [b'e'] => self.set_all(b"hlS"),
            [b'h'] => self.header = true,
            [b'l'] => self.segments = true,
            [b'S'] => self.sections = true,
            [b'g'] => self.groups = true,
            [b't' | b'N'] => {
                self.sections = true;
                self.section_details = true;
            }
            [b's'] => self.symbols = true,
            b"dyn-syms" => self.dynamic_symbols = true,
            b"lto-syms" => self.lto_symbols = true,
            b"sym-base" => self.symbol_base = base(value.unwrap_or_default()),
            [b'n'] => self.notes = true,
            [b'r'] => self.relocs = true,
            [b'u'] => self.unwind = true,
            [b'd'] => self.dynamic = true,
            [b'V'] => self.versions = true,
            [b'A'] => self.arch = true,
            [b'c'] => self.archive_index = true,
            [b'D'] => self.use_dynamic = true,
            [b'L'] => {
                self.set(b"a", None);
                self.lint = true;
            }
            [kind @ (b'x' | b'p' | b'R')] => {
                self.dump(*kind, value.unwrap_or_default());
            }
            b"ctf" => self.dump(b'c', value.unwrap_or_default()),
            b"sframe" => self.dump(b'f', value.unwrap_or(b".sframe")),
            [b'P'] => self.process_links = true,
            [b'z'] => self.decompress = true,
            [b'I'] => self.histogram = true,
            [b'W'] => self.wide = true,
            [b'T'] => self.silent_truncation = true,
            [b'H'] => self.help = true,
            [b'v'] => self.version = true,
            [b'C'] => self.spelling.demangled = true,
            b"no-demangle" => self.spelling.demangled = false,
            b"recurse-limit" => self.spelling.unlimited = false,
            b"no-recurse-limit" => self.spelling.unlimited = true,
            // These say how what isn't supported yet is shown.
            b"dwarf-depth" | b"dwarf-start" | b"dwarf-check" => {}
            b"ctf-parent" | b"ctf-symbols" | b"ctf-strings" => {}
            _ => self.later = true,
        }
    }

    // One copy for its callers.
    #[inline(never)]
    fn dump(&mut self, kind: u8, section: &'static [u8]) {
        self.dumps.push(Dump { kind, section });
    }

    fn set_all(&mut self, letters: &[u8]) {
        for letter in letters {
            self.set(&[*letter], None);
        }
    }
}

/// The base of `--sym-base`; anything but 8, 10 and 16 is GNU's mixture, as there.
///
/// It is read as `strtoul` does, in any base, up to the first character that doesn't fit.
fn base(text: &[u8]) -> u8 {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let (base, digits) = match text {
        [b'0', b'x' | b'X', digits @ ..] => (16, digits),
        [b'0', digits @ ..] => (8, digits),
        _ => (10, text),
    };
    let digits = digits.iter().map_while(|&digit| char::from(digit).to_digit(base));
    match digits.fold(0u32, |value, digit| value.saturating_mul(base).saturating_add(digit)) {
        8 => 8,
        10 => 10,
        16 => 16,
        _ => 0,
    }
}

/// What is asked for, and the files.
pub fn parse(
    cx: &mut Context,
    args: &[&'static [u8]],
) -> Result<(Options, Vec<&'static [u8]>), Wrong> {
    let (mut options, mut coloured) = (Options::default(), false);
    let files = cli::parse(cx, args, HELP, &mut |cx, key, value| match (key, value) {
        (b"demangle", style) => options.spelling.demangle(cx, style),
        (b"U", how) => options.spelling.unicode(cx, how.unwrap_or_default()),
        (b"w", letters) => options.debug.letters(cx, letters),
        (b"debug-dump", words) => options.debug.words(cx, words),
        _ => {
            coloured |= key == b"color";
            if !options.set_more(cx, key, value) {
                options.set(key, value);
            }
        }
    })?;
    if !coloured {
        options.colour = Colour::auto();
    }
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
    put!(out, "Usage: ", prefix, "readelf OPTION... FILE...\n", HELP);
}
