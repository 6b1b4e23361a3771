//! The command line: what `readelf --help` lists.

use super::debug::Debug;
use super::spelling::Spelling;
use super::{check, size, text};
use crate::cli::{self, Wrong};
use crate::colour::Colour;
use crate::context::Context;
use crate::words::{c_number, place};
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
    /// linking: all but headers, notes and the dynamic section.
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
    /// Whether anything is asked for, but for `-w`, which says that itself.
    asks: bool,
}

/// The help, and the table of options: see [`cli`].
const HELP: cli::Help = help!(
    "\
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
"
);

/// The options that set a field, by the first of their names in [`HELP`], in the order of
/// [`Options::field`]: what has no use for symbols, the other parts of the report, what only says how.
const FIELDS: &[u8] = b"h l S g n draw d s dyn-syms lto-syms r u V A I \
    W c D T z P H v C no-recurse-limit json diff";
/// Those that do something else, in the order of [`Options::set`].
const OTHERS: &[u8] = b"a e t N L x p R ctf sframe w debug-dump demangle no-demangle \
    recurse-limit U sym-base check size color";
/// How many of the first have no use for symbols, and how many ask for anything at all.
const HEADERS: usize = 7;
const PARTS: usize = 15;

impl Options {
    /// None given. One copy of it: there are many.
    #[inline(never)]
    pub fn none() -> Options {
        Options::default()
    }

    fn field(&mut self, place: usize) -> Option<&mut bool> {
        Some(match place {
            0 => &mut self.header,
            1 => &mut self.segments,
            2 => &mut self.sections,
            3 => &mut self.groups,
            4 => &mut self.notes,
            5 => &mut self.draw,
            6 => &mut self.dynamic,
            7 => &mut self.symbols,
            8 => &mut self.dynamic_symbols,
            9 => &mut self.lto_symbols,
            10 => &mut self.relocs,
            11 => &mut self.unwind,
            12 => &mut self.versions,
            13 => &mut self.arch,
            14 => &mut self.histogram,
            15 => &mut self.wide,
            16 => &mut self.archive_index,
            17 => &mut self.use_dynamic,
            18 => &mut self.silent_truncation,
            19 => &mut self.decompress,
            20 => &mut self.process_links,
            21 => &mut self.help,
            22 => &mut self.version,
            23 => &mut self.spelling.demangled,
            24 => &mut self.spelling.unlimited,
            25 => &mut self.json,
            26 => &mut self.diff,
            _ => return None,
        })
    }

    /// Whether there is anything to print; `-W` and its like only say how.
    pub fn asks_for_something(&self) -> bool {
        self.archive_index || self.asks_for_members()
    }

    /// Whether there is anything to print of an ELF file.
    pub fn asks_for_members(&self) -> bool {
        self.asks || self.debug.any
    }

    fn set(&mut self, cx: &mut Context, key: &[u8], value: Option<&'static [u8]>) {
        if let Some(place) = place(FIELDS, key)
            && let Some(field) = self.field(place)
        {
            *field = true;
            self.asks |= place < PARTS;
            self.linking |= (HEADERS..PARTS).contains(&place) || key == b"diff";
            return;
        }
        let given = value.unwrap_or_default();
        let mut wrong = false;
        match place(OTHERS, key) {
            Some(0) => self.set_all(cx, b"hlSgsrudVnAI"),
            Some(1) => self.set_all(cx, b"hlS"),
            Some(2 | 3) => {
                self.section_details = true;
                self.set_all(cx, b"S");
            }
            Some(4) => {
                self.lint = true;
                self.set_all(cx, b"a");
            }
            Some(5) => self.dump(b'x', given),
            Some(6) => self.dump(b'p', given),
            Some(7) => self.dump(b'R', given),
            Some(8) => self.dump(b'c', given),
            Some(9) => self.dump(b'f', value.unwrap_or(b".sframe")),
            Some(10) => self.debug.letters(cx, value),
            Some(11) => self.debug.words(cx, value),
            Some(12) => self.spelling.demangle(cx, value),
            Some(13) => self.spelling.demangled = false,
            Some(14) => self.spelling.unlimited = false,
            Some(15) => self.spelling.unicode(cx, given),
            Some(16) => self.symbol_base = base(given),
            Some(17) => {
                self.check = check::chosen(cx, value).map(|checks| (checks, value.is_some()));
                self.wrong |= self.check.is_none();
                self.asks_of_all();
            }
            Some(18) => {
                self.size = size::limit(value);
                wrong = self.size.is_none();
                self.asks_of_all();
            }
            Some(19) => match Colour::chosen(value) {
                Some(colour) => self.colour = colour,
                None => wrong = true,
            },
            // These say how what isn't supported yet is shown.
            _ => {}
        }
        if wrong {
            let given = text::name(given);
            message!(cx, "invalid argument '", given, "' for '--", key, "'");
            self.wrong = true;
        }
    }

    /// Something is asked for that looks at everything.
    fn asks_of_all(&mut self) {
        self.asks = true;
        self.linking = true;
    }

    fn dump(&mut self, kind: u8, section: &'static [u8]) {
        self.dumps.push(Dump { kind, section });
        self.asks_of_all();
    }

    fn set_all(&mut self, cx: &mut Context, letters: &[u8]) {
        for letter in letters {
            self.set(cx, &[*letter], None);
        }
    }
}

/// The base of `--sym-base`; anything but 8, 10 and 16 is GNU's mixture, as there.
///
/// It is read as `strtoul` does, in any base, up to the first character that doesn't fit.
fn base(text: &[u8]) -> u8 {
    match c_number(text, 0).0 {
        8 => 8,
        10 => 10,
        16 => 16,
        _ => 0,
    }
}

/// Reads what is asked for, and gives back the files.
pub fn parse(
    cx: &mut Context,
    args: &[&'static [u8]],
    options: &mut Options,
) -> Result<Vec<&'static [u8]>, Wrong> {
    options.colour = Colour::auto();
    cli::parse(cx, args, HELP.options, &mut |cx, key, value| options.set(cx, key, value))
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
    put!(out, "Usage: ", prefix, "readelf OPTION... FILE...\n", HELP.text);
}
