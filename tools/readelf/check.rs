//! `--check`: how a file is hardened, one fact a line, each with what tells so.
//!
//! A fact is read off the file: headers, the dynamic section, notes, the names of symbols.
//! What can't be known that way is `unknown`, which is not the same as `bad`.

use super::file::{File, Symbols};
use super::names::label::Label;
use super::names::segments::segment_type;
use super::text as shown;
use crate::colour::Sgr;
use crate::context::Context;
use crate::words::{short, unpacked, words};
use rt::elf::consts::*;
use rt::elf::{Notes, ProgramHeader, Reader, SectionHeader, c_str};
use rt::fmt::{dec, hex, left};
use rt::io::BufWriter;
use rt::text::Text;
use rt::{put, text};

/// The checks, in the order of the table. Each is a bit of [`Checks`].
const NAMES: &[u8] = b"pie relro stack canary fortify ibt shstk bti pac rpath runpath rwx textrel";

/// A bit for each check.
pub type Checks = u16;

/// Those that are named, with commas between them; all where nothing is. None where one
/// doesn't exist, which is told.
pub fn chosen(cx: &mut Context, list: Option<&[u8]>) -> Option<Checks> {
    let all = (1 << words(NAMES, b' ').count()) - 1;
    let mut checks = 0;
    for name in list.unwrap_or(b"all").split(|&byte| byte == b',') {
        checks |= match words(NAMES, b' ').position(|known| known == name) {
            Some(place) => 1 << place,
            None if name == b"all" => all,
            None => {
                message!(cx, "unknown check '", shown::name(name), "'; there are: all ", NAMES);
                return None;
            }
        };
    }
    Some(checks)
}

/// How a check ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    /// Half of it.
    Partial,
    Bad,
    /// Nothing that a file like this could have.
    None,
    /// The file doesn't tell.
    Unknown,
}

use State::{Bad, Ok, Partial, Unknown};

impl State {
    fn text(self) -> (&'static str, Sgr) {
        match self {
            Ok => ("ok", Sgr::Green),
            Partial => ("partial", Sgr::Yellow),
            Bad => ("bad", Sgr::Red),
            State::None => ("n/a", Sgr::Dim),
            Unknown => ("unknown", Sgr::Yellow),
        }
    }
}

/// Prints the table; false where one of the checks that were named fails: anything but what
/// holds or can't apply.
pub fn show(cx: &mut Context, file: &File) -> bool {
    let Some((checks, named)) = file.options.check else { return true };
    let mut facts = Facts {
        file,
        kind: Kind::Linked,
        why: text!(""),
        is_dynamic: !file.dynamic.entries.is_empty(),
        is_static: false,
        is_go: false,
        is_musl: false,
        has_symbols: false,
        canary: None,
        fortified: Functions::default(),
        fortifiable: Functions::default(),
        property: None,
        has_code: false,
        stack_mark: None,
    };
    facts.gather(cx);
    let mut fine = true;
    if file.options.json {
        cx.json().array(rt::text!("checks"));
    }
    for (place, name) in words(NAMES, b' ').enumerate() {
        if checks & 1 << place != 0 && (named || facts.is_for_machine(place)) {
            fine &= facts.row(cx, place, name);
        }
    }
    if file.options.json {
        cx.json().end_array();
    }
    fine || !named
}

/// What kind of file it is, as far as checks are concerned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A program or a shared object.
    Linked,
    /// What is yet to be linked: only the compiler's work can be seen.
    Object,
    /// Nothing to check.
    Other,
}

struct Facts<'f, 'a> {
    file: &'f File<'a>,
    kind: Kind,
    /// Why there is nothing to check.
    why: Text,
    /// Whether there is a dynamic section.
    is_dynamic: bool,
    /// Whether it is a program that needs no other file.
    is_static: bool,
    is_go: bool,
    is_musl: bool,
    /// Whether there were symbols that tell what of others is used.
    has_symbols: bool,
    canary: Option<&'a [u8]>,
    fortified: Functions<'a>,
    fortifiable: Functions<'a>,
    property: Option<u32>,
    /// Whether there is code, and whether `.note.GNU-stack` is marked so, if it is there.
    has_code: bool,
    stack_mark: Option<bool>,
}

/// Some functions: the first of them, and how many they are.
#[derive(Default)]
struct Functions<'a> {
    first: [Option<&'a [u8]>; 3],
    count: usize,
}

impl<'a> Functions<'a> {
    fn add(&mut self, name: &'a [u8]) {
        if let Some(place) = self.first.get_mut(self.count) {
            *place = Some(name);
        }
        self.count += 1;
    }

    fn put(&self, out: &mut BufWriter, what: Text) {
        put!(out, dec(self.count), what);
        let mut before = text!(" (");
        for name in self.first.iter().flatten() {
            put!(out, before, shown::name(name));
            before = text!(", ");
        }
        put!(out, if self.count > self.first.len() { ", ..." } else { "" });
        put!(out, if self.count > 0 { ")" } else { "" });
    }
}

const DF_TEXTREL: u64 = 4;
const DF_BIND_NOW: u64 = 8;
const DF_1_NOW: u64 = 1;
const DF_1_PIE: u64 = 0x0800_0000;

impl<'f, 'a> Facts<'f, 'a> {
    // Not inlined, as all that makes a row: then it goes by a pointer to the facts, and has a
    // small frame.
    #[inline(never)]
    fn gather(&mut self, cx: &mut Context) {
        let file = self.file;
        match file.elf.header.e_type {
            ET_REL => self.kind = Kind::Object,
            ET_EXEC | ET_DYN => {}
            e_type => {
                self.kind = Kind::Other;
                let is_core = e_type == ET_CORE;
                self.why = if is_core {
                    text!("a core file")
                } else {
                    text!("neither a program nor an object")
                };
            }
        }
        self.sections();
        self.is_static = self.kind == Kind::Linked
            && (!self.is_dynamic || file.dynamic.value(DT_FLAGS_1) & DF_1_PIE != 0)
            && file.segment_of(PT_INTERP).is_none()
            && !self.has(DT_NEEDED);
        self.is_musl = interpreter(file).is_some_and(|name| contains(name, b"ld-musl"));
        for name in self.strings(DT_NEEDED) {
            self.is_musl |= name.starts_with(b"libc.musl") || name == b"libc.so";
        }
        if let Some(symbols) = file.dynamic.symbols {
            self.look_at(&symbols, file.dynamic.strings.unwrap_or_default(), true);
        }
        // Of a program that is linked dynamically only a canary may be local.
        let dynamic = self.has_symbols;
        if !dynamic || self.canary.is_none() {
            for (index, section) in file.sections_of(SHT_SYMTAB) {
                if let Some(symbols) = file.symbols(cx, index) {
                    self.look_at(&symbols, file.linked_strings(&section), !dynamic);
                }
            }
        }
    }

    /// A row of the table; false where that is worse than nothing.
    #[inline(never)]
    fn row(&self, cx: &mut Context, place: usize, name: &[u8]) -> bool {
        let mut state = State::None;
        let evidence = short(&mut |out| match self.kind {
            _ if !self.is_for_machine(place) => put!(out, "another machine's"),
            Kind::Other => put!(out, self.why),
            _ => state = self.check(place, out),
        });
        let (word, sgr) = state.text();
        if self.file.options.json {
            let json = cx.json();
            json.object(rt::text!("")).text(rt::text!("name"), name).text(rt::text!("state"), word);
            json.text(rt::text!("evidence"), &evidence).end_object();
        } else {
            let word = self.file.options.colour.paint(sgr, left(word, 8));
            put!(&mut cx.out, "  ", left(name, 8), " ", word, " ", &evidence[..], "\n");
        }
        matches!(state, Ok | State::None)
    }

    /// What sections tell, and properties.
    #[inline(never)]
    fn sections(&mut self) {
        let file = self.file;
        if let Some(segment) = file.segment_of(PT_GNU_PROPERTY) {
            self.property = property(file, segment.p_offset, segment.p_filesz);
        }
        let mut by_name_only = true;
        for index in 0..file.sections.len() {
            let section = file.section(index);
            let is_code = section.sh_flags & SHF_EXECINSTR != 0;
            self.has_code |= is_code;
            by_name_only &= !is_code || section.sh_type == SHT_NOBITS;
            let name = file.section_name(&section);
            if name == b".note.GNU-stack" {
                self.stack_mark = self.stack_mark.or(Some(is_code));
            } else if name == b".note.gnu.property" {
                let property = || property(file, section.sh_offset, section.sh_size);
                self.property = self.property.or_else(property);
            } else {
                let go = b".go.buildinfo .note.go.buildid .gopclntab";
                self.is_go |= words(go, b' ').any(|known| known == name);
            }
        }
        // What `strip --only-keep-debug` leaves.
        if self.kind == Kind::Linked && self.has_code && by_name_only {
            self.kind = Kind::Other;
            self.why = text!("debug information only: check the file that it belongs to");
        }
    }

    /// Looks for the names of functions that tell how the code was compiled.
    fn look_at(&mut self, symbols: &Symbols, strings: &'a [u8], functions: bool) {
        let fortifiable = unpacked(FORTIFIABLE, b'\n', 0);
        // The first one is none.
        self.has_symbols |= symbols.table.len() > 1;
        for symbol in symbols.table.iter() {
            let Some(name) = strings.get(symbol.st_name as usize..) else { continue };
            // Nothing longer is looked for.
            let name = c_str(name.get(..64).unwrap_or(name), 0).unwrap_or_default();
            if name.starts_with(b"__stack_chk_fail") || name == b"__stack_smash_handler" {
                self.canary = Some(name);
            }
            if !functions || symbol.st_shndx != SHN_UNDEF {
                continue;
            }
            let bare = name.strip_prefix::<[u8]>(b"__");
            let base = bare.and_then(|name| name.strip_suffix::<[u8]>(b"_chk"));
            if base.is_some() || bare.unwrap_or(name) == b"fortify_panic" {
                self.fortified.add(base.unwrap_or(name));
            } else if words(&fortifiable, b' ').any(|known| known == name) {
                self.fortifiable.add(name);
            }
        }
    }

    fn is_for_machine(&self, place: usize) -> bool {
        let machine = self.file.elf.header.e_machine;
        match place {
            // ibt, shstk
            5 | 6 => matches!(machine, EM_X86_64 | EM_386),
            // bti, pac
            7 | 8 => machine == EM_AARCH64,
            _ => true,
        }
    }

    /// The strings of all entries of the dynamic section with this tag.
    fn strings(&self, tag: i64) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let dynamic = &self.file.dynamic;
        let (entries, strings) = (dynamic.entries, dynamic.strings.unwrap_or_default());
        let with = entries.iter().filter(move |entry| entry.d_tag == tag);
        with.map(move |entry| c_str(strings, entry.d_val).unwrap_or(b"<corrupt>"))
    }

    fn has(&self, tag: i64) -> bool {
        self.file.dynamic.entries.iter().any(|entry| entry.d_tag == tag)
    }

    /// One check, by its place in [`NAMES`]; writes what it is known by.
    fn check(&self, place: usize, out: &mut BufWriter) -> State {
        // pie, relro, rpath, runpath, textrel
        if self.kind == Kind::Object && matches!(place, 0 | 1 | 9 | 10 | 12) {
            return say(out, State::None, text!("decided when it is linked"));
        }
        match place {
            0 => self.pie(out),
            1 => self.relro(out),
            2 => self.stack(out),
            3 => self.canary(out),
            4 => self.fortify(out),
            5 => self.feature(out, 0, text!("IBT")),
            6 => self.feature(out, 1, text!("SHSTK")),
            7 => self.feature(out, 0, text!("BTI")),
            8 => self.feature(out, 1, text!("PAC")),
            9 => self.path(out, DT_RPATH, text!("DT_RPATH")),
            10 => self.path(out, DT_RUNPATH, text!("DT_RUNPATH")),
            11 => self.rwx(out),
            _ => self.textrel(out),
        }
    }

    fn pie(&self, out: &mut BufWriter) -> State {
        if self.file.elf.header.e_type == ET_EXEC {
            return say(out, Bad, text!("ET_EXEC: always at the same address"));
        }
        let by_flag = self.file.dynamic.value(DT_FLAGS_1) & DF_1_PIE != 0;
        let what = match (by_flag, self.file.segment_of(PT_INTERP).is_some()) {
            (true, true) => text!("program (DF_1_PIE, PT_INTERP)"),
            (true, false) => text!("static program (DF_1_PIE, no PT_INTERP)"),
            (false, true) if !self.has(DT_SONAME) => text!("program (PT_INTERP)"),
            _ => text!("shared object"),
        };
        put!(out, "ET_DYN: ", what);
        Ok
    }

    #[inline(never)]
    fn relro(&self, out: &mut BufWriter) -> State {
        let Some(segment) = self.file.segment_of(PT_GNU_RELRO) else {
            return say(out, Bad, text!("no GNU_RELRO segment"));
        };
        let (start, end) = (segment.p_vaddr, segment.p_vaddr.saturating_add(segment.p_memsz));
        put!(out, "GNU_RELRO 0x", hex(start), "-0x", hex(end), ", ");
        let dynamic = &self.file.dynamic;
        let (state, why) = if self.is_static {
            // The first three words are no function's.
            let least = 3 * self.file.elf.encoding.word() as u64;
            let writable = self.file.sections.iter().any(|section| {
                let outside = section.sh_addr < start
                    || section.sh_addr.saturating_add(section.sh_size) > end;
                let is_large = section.sh_size > least;
                outside && is_large && self.file.section_name(&section) == b".got.plt"
            });
            match writable {
                true => (Partial, text!("but .got.plt stays writable")),
                false => (Ok, text!("linked statically")),
            }
        } else if self.has(DT_BIND_NOW) {
            (Ok, text!("DT_BIND_NOW"))
        } else if dynamic.value(DT_FLAGS) & DF_BIND_NOW != 0 {
            (Ok, text!("DF_BIND_NOW"))
        } else if dynamic.value(DT_FLAGS_1) & DF_1_NOW != 0 {
            (Ok, text!("DF_1_NOW"))
        } else if !self.has(DT_JMPREL) {
            (Ok, text!("nothing is bound lazily (no DT_JMPREL)"))
        } else {
            (Partial, text!("but lazy binding: the PLT's GOT stays writable"))
        };
        say(out, state, why)
    }

    #[inline(never)]
    fn stack(&self, out: &mut BufWriter) -> State {
        if self.kind != Kind::Object {
            let Some(segment) = self.file.segment_of(PT_GNU_STACK) else {
                return say(out, Bad, text!("no GNU_STACK segment: the stack may be executable"));
            };
            put!(out, "GNU_STACK ", &letters(segment.p_flags)[..]);
            return if segment.p_flags & PF_X == 0 { Ok } else { Bad };
        }
        let (state, what) = match self.stack_mark {
            Some(false) => (Ok, text!(".note.GNU-stack without SHF_EXECINSTR")),
            Some(true) => {
                (Bad, text!(".note.GNU-stack with SHF_EXECINSTR: asks for an executable stack"))
            }
            None if !self.has_code => (State::None, text!("no code")),
            None => (Bad, text!("no .note.GNU-stack: linked, it may make the stack executable")),
        };
        say(out, state, what)
    }

    fn canary(&self, out: &mut BufWriter) -> State {
        if let Some(name) = self.canary {
            put!(out, shown::name(name));
            return Ok;
        }
        let none = text!("no __stack_chk_fail: not compiled with it, or no function needs one");
        self.without(out, true, (Bad, none))
    }

    fn fortify(&self, out: &mut BufWriter) -> State {
        let (fortified, others) = (&self.fortified, &self.fortifiable);
        if fortified.count + others.count == 0 {
            let none = text!("no function is used that could be");
            return self.without(out, false, (State::None, none));
        }
        fortified.put(out, text!(" fortified"));
        put!(out, ", ");
        others.put(out, text!(" not"));
        match fortified.count {
            0 if self.is_musl => say(out, State::None, text!("; musl has no such functions")),
            0 => Bad,
            _ => Ok,
        }
    }

    /// Why there is nothing to learn from symbols; else that they don't tell.
    fn without(&self, out: &mut BufWriter, defined: bool, none: (State, Text)) -> State {
        let (state, why) = if self.is_go {
            (State::None, text!("Go code"))
        } else if !self.has_symbols {
            (Unknown, text!("no symbols to tell"))
        } else if self.is_static && !defined {
            (Unknown, text!("linked statically: the library's own uses can't be told apart"))
        } else {
            none
        };
        say(out, state, why)
    }

    fn feature(&self, out: &mut BufWriter, bit: u32, name: Text) -> State {
        let is_x86 = self.file.elf.header.e_machine != EM_AARCH64;
        let kind = if is_x86 { text!("x86") } else { text!("AArch64") };
        let Some(bits) = self.property else {
            put!(out, "no GNU property of ", kind);
            return say(out, Bad, text!(" features"));
        };
        let has = bits >> bit & 1 != 0;
        put!(
            out,
            kind,
            " feature property",
            if has { text!(": ") } else { text!(" without ") },
            name
        );
        if has { Ok } else { Bad }
    }

    fn path(&self, out: &mut BufWriter, tag: i64, name: Text) -> State {
        let mut count = 0;
        for path in self.strings(tag).take(5) {
            put!(out, if count == 0 { name } else { text!(",") }, " ", shown::name(path));
            count += 1;
        }
        if count > 0 {
            return Bad;
        }
        put!(out, "no ", name);
        Ok
    }

    #[inline(never)]
    fn rwx(&self, out: &mut BufWriter) -> State {
        let (mut all, mut bad) = (0u32, 0u32);
        let mut what = text!(" sections");
        if self.kind == Kind::Object {
            for index in 0..self.file.sections.len() {
                let section = self.file.section(index);
                let both = SHF_WRITE | SHF_EXECINSTR;
                all += (section.sh_flags & SHF_ALLOC != 0) as u32;
                if section.sh_flags & (both | SHF_ALLOC) == both | SHF_ALLOC {
                    put!(out, shown::section(self.file.section_name(&section)));
                    return say(out, Bad, text!(" is writable and executable"));
                }
            }
        } else {
            what = text!(" segments");
            for index in 0..self.file.segments.len() {
                let segment = self.file.segment(index);
                // That of the stack is a check of its own.
                if segment.p_type == PT_GNU_STACK {
                    continue;
                }
                all += 1;
                if segment.p_flags & (PF_W | PF_X) != PF_W | PF_X {
                    continue;
                }
                bad += 1;
                if bad > 1 {
                    continue;
                }
                let kind = self.file.segment_kind(&segment);
                put!(out, kind.as_ref(), " 0x", hex(segment.p_vaddr), " ");
                put!(out, &letters(segment.p_flags)[..]);
            }
        }
        match bad {
            0 => {
                put!(out, "none of ", dec(all), what);
                return say(out, Ok, text!(" is writable and executable"));
            }
            1 => {}
            _ => put!(out, " and ", dec(bad - 1), " more"),
        }
        Bad
    }

    fn textrel(&self, out: &mut BufWriter) -> State {
        let by_flag = self.file.dynamic.value(DT_FLAGS) & DF_TEXTREL != 0;
        let (state, what) = match (self.is_dynamic, self.has(DT_TEXTREL), by_flag) {
            (false, ..) => (Ok, text!("no dynamic section")),
            (_, true, _) => (Bad, text!("DT_TEXTREL")),
            (_, _, true) => (Bad, text!("DF_TEXTREL")),
            _ => (Ok, text!("neither DT_TEXTREL nor DF_TEXTREL")),
        };
        say(out, state, what)
    }
}

/// How a check ends, and why.
// Not inlined: it is called from many places.
#[inline(never)]
fn say(out: &mut BufWriter, state: State, why: Text) -> State {
    put!(out, why);
    state
}

/// `p_flags` as letters.
pub fn letters(p_flags: u32) -> [u8; 3] {
    let flag = |bit, letter| if p_flags & bit != 0 { letter } else { b'-' };
    [flag(PF_R, b'R'), flag(PF_W, b'W'), flag(PF_X, b'X')]
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

impl File<'_> {
    /// The section with this index; one of zeros where there is none.
    // Not inlined, as the next ones: there are many callers.
    #[inline(never)]
    pub fn section(&self, index: usize) -> SectionHeader {
        self.sections.get(index).unwrap_or_default()
    }

    /// The segment with this index; one of zeros where there is none.
    #[inline(never)]
    pub fn segment(&self, index: usize) -> ProgramHeader {
        self.segments.get(index).unwrap_or_default()
    }

    /// The first segment of a type.
    #[inline(never)]
    pub fn segment_of(&self, p_type: u32) -> Option<ProgramHeader> {
        self.segments.iter().find(|segment| segment.p_type == p_type)
    }

    /// What the type of a segment is called.
    #[inline(never)]
    pub fn segment_kind(&self, segment: &ProgramHeader) -> Label {
        let header = &self.elf.header;
        segment_type(segment.p_type, header.e_machine, header.e_ident.osabi())
    }
}

/// The program interpreter's path.
pub fn interpreter<'a>(file: &File<'a>) -> Option<&'a [u8]> {
    let segment = file.segment_of(PT_INTERP)?;
    c_str(file.elf.bytes(segment.p_offset, segment.p_filesz)?, 0)
}

/// `GNU_PROPERTY_X86_FEATURE_1_AND` or `GNU_PROPERTY_AARCH64_FEATURE_1_AND`, if the file has
/// one.
// Not inlined: it is called twice.
#[inline(never)]
fn property(file: &File, offset: u64, size: u64) -> Option<u32> {
    const NT_GNU_PROPERTY_TYPE_0: u32 = 5;
    let wanted = match file.elf.header.e_machine {
        EM_AARCH64 => 0xc000_0000,
        _ => 0xc000_0002,
    };
    let encoding = file.elf.encoding;
    let word = encoding.word();
    for note in Notes::new(encoding, file.elf.bytes(offset, size)?, word as u64) {
        if note.owner() != b"GNU" || note.n_type != NT_GNU_PROPERTY_TYPE_0 {
            continue;
        }
        let desc = Reader::new(encoding, note.desc);
        let mut at = 0usize;
        while let (Some(kind), Some(size)) = (desc.u32(at), desc.u32(at.saturating_add(4))) {
            if kind == wanted && size == 4 {
                return desc.u32(at.saturating_add(8));
            }
            at = at.saturating_add(8).saturating_add(size as usize).next_multiple_of(word);
        }
    }
    None
}

/// What glibc has a checking form of, `__memcpy_chk` of memcpy.
const FORTIFIABLE: Text = text!(
    "asprintf confstr dprintf explicit_bzero fgets fgets_unlocked fgetws \
    fgetws_unlocked fprintf fread fread_unlocked fwprintf getcwd getdomainname getgroups \
    gethostname getlogin_r gets getwd mbsnrtowcs mbsrtowcs mbstowcs memcpy memmove mempcpy memset \
    obstack_printf obstack_vprintf poll ppoll pread pread64 printf ptsname_r read readlink \
    readlinkat realpath recv recvfrom snprintf sprintf stpcpy stpncpy strcat strcpy strlcat \
    strlcpy strncat strncpy swprintf syslog ttyname_r vasprintf vdprintf vfprintf vfwprintf \
    vprintf vsnprintf vsprintf vswprintf vsyslog vwprintf wcpcpy wcpncpy wcrtomb wcscat wcscpy \
    wcsncat wcsncpy wcsnrtombs wcsrtombs wcstombs wctomb wmemcpy wmemmove wmempcpy wmemset wprintf"
);
