//! Archives: a report on each member, and with `-c` the index of symbols.
//!
//! A thin archive names files instead of holding them; a name may also lead to a member
//! of another archive, `/index:origin`.

use super::files;
use super::object;
use super::options::Options;
use super::pattern;
use super::text;
use super::{Grade, head, short_header};
use crate::context::Context;
use crate::words::c_number;
use alloc::vec::Vec;
use rt::elf::{Part, Source, c_str};
use rt::input::Input;
use rt::put;
use rt::text::Text;

/// `ar_name`, `ar_size` and `ar_fmag` of a member's header; the rest is nobody's business.
const HEADER: u64 = 60;

/// An archive: what a look at its first members has found.
struct Archive<'a> {
    name: &'a [u8],
    source: &'a dyn Source,
    thin: bool,
    index: Index<'a>,
    /// The member `//`: names that are too long for a header.
    long_names: Option<&'a [u8]>,
    /// Where the members begin that are files.
    members: u64,
}

/// The member `/` or `/SYM64/`: which member defines which symbol.
#[derive(Default)]
struct Index<'a> {
    /// The size of a number: 4 or 8; 0 where there is no index.
    word: usize,
    /// Where the member's headers are, big-endian, one for each symbol.
    offsets: &'a [u8],
    symbols: &'a [u8],
}

/// A member's header.
#[derive(Clone, Copy)]
struct Header<'a> {
    bytes: &'a [u8; HEADER as usize],
}

/// Reports on an archive: its index, and each of its members.
pub fn report(cx: &mut Context, options: &Options, name: &[u8], source: &dyn Source) -> bool {
    if !options.json {
        return members(cx, options, name, source);
    }
    cx.json().object(rt::text!("")).text(rt::text!("file"), name);
    let fine = members(cx, options, name, source);
    cx.json().end_array().bool(rt::text!("errors"), !fine).end_object();
    fine
}

fn members(cx: &mut Context, options: &Options, name: &[u8], source: &dyn Source) -> bool {
    let with_index = options.archive_index || options.lint;
    let mut archive = Archive::new(name, source);
    let fine = archive.load(cx, with_index, options.json);
    if options.json {
        cx.json().array(if with_index { rt::text!("archive_index") } else { rt::text!("members") });
    }
    if !fine {
        return false;
    }
    if with_index {
        if archive.index.word == 0 {
            archive.wrong(cx, rt::text!("unable to dump the index as none was found"));
        } else {
            show_index(cx, options.json, &archive);
        }
        if !options.asks_for_members() {
            return true;
        }
        if options.json {
            cx.json().end_array().array(rt::text!("members"));
        }
    }
    let mut fine = true;
    let mut at = archive.members;
    loop {
        if archive.ends_at(at) {
            return fine;
        }
        let Some(header) = archive.valid_header(cx, at) else { return false };
        let Some(member) = archive.member(cx, header) else {
            return archive.wrong(cx, rt::text!("bad archive file name"));
        };
        at += HEADER;
        if archive.thin {
            let Some(good) = thin_member(cx, options, &archive, &member) else { return false };
            fine &= good;
        } else {
            let shown = archive.qualified(&member);
            let part = Part { whole: source, start: at, claimed: header.size() };
            fine &= one(cx, options, &shown, &part);
            // A position in a file is signed.
            let next = at.checked_add(header.size()).and_then(|at| at.checked_next_multiple_of(2));
            match next.filter(|next| i64::try_from(*next).is_ok()) {
                Some(next) => at = next,
                None => {
                    return archive.wrong(cx, rt::text!("failed to seek to next archive header"));
                }
            }
        }
    }
}

/// Reports on one member.
fn one(cx: &mut Context, options: &Options, shown: &[u8], source: &dyn Source) -> bool {
    head(cx, options, shown, source);
    object(cx, options, shown, source)
}

/// Reports on what a thin archive names; none where the rest had better be left alone.
// Not inlined: a large frame makes all that uses it longer.
#[inline(never)]
fn thin_member(
    cx: &mut Context,
    options: &Options,
    archive: &Archive,
    member: &Member,
) -> Option<bool> {
    let path = archive.path(member.name);
    let opened = files::open(&path);
    let Some(origin) = member.origin else {
        if let Ok(input) = &opened
            && is_readable(cx, input)
        {
            return Some(one(cx, options, &archive.qualified(member), input));
        }
        fill_error!(cx, "Input file '%s' is not readable."; &path);
        return None;
    };
    let Ok(input) = opened else {
        let name = archive.name;
        fill_error!(cx, "%s[<corrupt>(%s)]: contains corrupt thin archive: %s"; name, &path, &path);
        return None;
    };
    let shown = archive.qualified_nested(cx, &path, &input, origin);
    let claimed = Header::read(&input, origin).map_or(0, |header| header.size());
    let part = Part { whole: &input, start: origin.saturating_add(HEADER), claimed };
    Some(one(cx, options, &shown, &part))
}

/// Whether there is an ELF file in a file; of its section headers it is told where they lie
/// outside.
fn is_readable(cx: &mut Context, input: &Input) -> bool {
    match rt::elf::Elf::new(input) {
        _ if short_header(input) => false,
        Ok(elf) if elf.sections().is_none() => {
            let size = elf.shnum().wrapping_mul(elf.header.e_shentsize.into());
            fill_error!(cx, "Reading %u bytes extends past end of file for section headers", size);
            false
        }
        elf => elf.is_ok(),
    }
}

/// A member's name, and for a member of another archive where its header is there.
struct Member<'a> {
    name: &'a [u8],
    origin: Option<u64>,
}

impl<'a> Archive<'a> {
    /// An archive at which nobody has looked yet.
    fn new(name: &'a [u8], source: &'a dyn Source) -> Self {
        let thin = source.get(0, 8).is_some_and(|magic| magic == b"!<thin>\n");
        Archive { name, source, thin, index: Index::default(), long_names: None, members: 8 }
    }

    /// Looks at the members that aren't files; false where that is hopeless.
    fn load(&mut self, cx: &mut Context, with_index: bool, json: bool) -> bool {
        if self.ends_at(8) {
            return true;
        }
        let Some(mut header) = self.header(cx, 8, rt::text!("failed to read archive header"))
        else {
            return false;
        };
        // A `match` would be a comparison for each byte.
        let word = if header.name() == b"/               " {
            4
        } else if header.name() == b"/SYM64/         " {
            8
        } else {
            0
        };
        if word != 0 {
            let size = header.size();
            if with_index && size.cast_signed() < 0 {
                return self.wrong_of(cx, rt::text!("invalid archive header size: %ld"), &[size]);
            }
            let size = size.wrapping_add(size & 1);
            if with_index && !self.load_index(cx, word, size) {
                return false;
            }
            let Some(members) = (8 + HEADER).checked_add(size) else { return false };
            self.members = members;
            if self.ends_at(members) {
                return true;
            }
            let what = rt::text!("failed to read archive header following archive index");
            let Some(second) = self.header(cx, members, what) else { return false };
            header = second;
        } else if with_index && !json {
            put!(&mut cx.out, text::name(self.name), " has no archive index\n");
        }
        if header.name() == b"//              " {
            let size = header.size();
            if size < 8 {
                return self.wrong_of(
                    cx,
                    rt::text!("long name table is too small, (size = %u)"),
                    &[size],
                );
            }
            if size > self.source.size() {
                return self.wrong_of(
                    cx,
                    rt::text!("long name table is too big, (size = %#x)"),
                    &[size],
                );
            }
            self.long_names = self.source.get(self.members + HEADER, size);
            if self.long_names.is_none() {
                return self.wrong(cx, rt::text!("failed to read long symbol name string table"));
            }
            self.members += HEADER + size;
        }
        true
    }

    /// The index, which is the first member, of `size` bytes with numbers of `word` bytes.
    fn load_index(&mut self, cx: &mut Context, word: usize, size: u64) -> bool {
        let source = self.source;
        let wide = word as u64;
        if size < wide {
            return self.wrong(cx, rt::text!("the archive index is empty"));
        }
        let start = 8 + HEADER + wide;
        let count = source.get(8 + HEADER, wide).and_then(|bytes| big_endian(bytes, word, 0));
        let Some(count) = count else {
            return self.wrong(cx, rt::text!("failed to read archive index"));
        };
        let rest = size - wide;
        let Some(offsets_size) = count.checked_mul(wide).filter(|size| *size <= rest) else {
            let what = rt::text!(
                "the archive index is supposed to have 0x%x entries of %u bytes, \
                        but the size is only 0x%x"
            );
            return self.wrong_of(cx, what, &[count, wide, rest]);
        };
        let Some(offsets) = source.get(start, offsets_size) else {
            return self.wrong(cx, rt::text!("failed to read archive index"));
        };
        let symbols_size = rest - offsets_size;
        if symbols_size == 0 {
            return self.wrong(cx, rt::text!("the archive has an index but no symbols"));
        }
        let Some(symbols) = source.get(start + offsets_size, symbols_size) else {
            return self.wrong(cx, rt::text!("failed to read archive index symbol table"));
        };
        self.index = Index { word, offsets, symbols };
        true
    }

    /// Tells what is wrong with the archive, and is false.
    #[inline(never)]
    fn wrong(&self, cx: &mut Context, text: Text) -> bool {
        self.wrong_of(cx, text, &[])
    }

    /// The same, with numbers in it.
    #[inline(never)]
    fn wrong_of(&self, cx: &mut Context, pattern: Text, numbers: &[u64]) -> bool {
        Grade::Error.begin(cx, rt::text!(""));
        put!(&mut cx.err, text::name(self.name), ": ");
        pattern::numbers(&mut cx.err, pattern, numbers);
        cx.end_line();
        false
    }

    /// Whether there is nothing from an offset on.
    fn ends_at(&self, at: u64) -> bool {
        at >= self.source.size()
    }

    /// The header at an offset; where it can't be read, that is told.
    // Not inlined: it is called in many places.
    #[inline(never)]
    fn header(&self, cx: &mut Context, at: u64, what: Text) -> Option<Header<'a>> {
        let header = Header::read(self.source, at);
        if header.is_none() {
            self.wrong(cx, what);
        }
        header
    }

    /// The header of a file; where it isn't one, that is told.
    #[inline(never)]
    fn valid_header(&self, cx: &mut Context, at: u64) -> Option<Header<'a>> {
        let header = self.header(cx, at, rt::text!("failed to read archive header"))?;
        if !header.is_valid() {
            self.wrong(cx, rt::text!("did not find a valid archive header"));
            return None;
        }
        Some(header)
    }

    /// What a member is called by its header.
    fn member(&self, cx: &mut Context, header: Header<'a>) -> Option<Member<'a>> {
        let name = header.name();
        let Some(long) = name.strip_prefix::<[u8]>(b"/") else {
            let end = name.iter().position(|&b| b == b'/').unwrap_or(name.len());
            return Some(Member { name: name.get(..end)?, origin: None });
        };
        let Some(table) = self.long_names else {
            error!(cx, "Archive member uses long names, but no longname table found");
            return None;
        };
        let (index, rest) = c_number(long, 10);
        let origin =
            rest.strip_prefix::<[u8]>(b":").filter(|_| self.thin).map(|rest| c_number(rest, 10).0);
        if index > table.len() as u64 {
            fill_error!(cx, "Found long name index (%ld) beyond end of long name table", index);
            return None;
        }
        let rest = table.get(index as usize..)?;
        let mut end = rest.iter().position(|&b| b == b'\n' || b == 0).unwrap_or(rest.len());
        if rest.get(..end).is_some_and(|name| name.ends_with(b"/")) {
            end -= 1;
        }
        let origin = origin.filter(|origin| *origin != 0);
        Some(Member { name: rest.get(..end)?, origin })
    }

    /// What the member with its header at an offset is called.
    fn member_at(&self, cx: &mut Context, at: u64) -> Option<Member<'a>> {
        let header = self.valid_header(cx, at)?;
        self.member(cx, header)
    }

    /// The path of a file that this thin archive names: as seen from where the archive is.
    fn path(&self, member: &[u8]) -> Vec<u8> {
        let folder = match self.name.iter().rposition(|&b| b == b'/') {
            Some(slash) if !member.starts_with(b"/") => self.name.get(..=slash),
            _ => None,
        };
        [folder.unwrap_or_default(), member].concat()
    }

    /// How a member is shown: `lib.a(a.o)`, `thin.a[a.o]`.
    fn qualified(&self, member: &Member) -> Vec<u8> {
        let (open, close): (&[u8], &[u8]) = if self.thin { (b"[", b"]") } else { (b"(", b")") };
        [self.name, open, member.name, close].concat()
    }

    /// How a member of another archive is shown: `thin.a[lib.a(a.o)]`; by that archive's own
    /// name where it can't be told.
    // Not inlined: a large frame makes all that uses it longer.
    #[inline(never)]
    fn qualified_nested(
        &self,
        cx: &mut Context,
        path: &[u8],
        input: &dyn Source,
        origin: u64,
    ) -> Vec<u8> {
        let mut nested = Archive::new(path, input);
        let mut shown = path;
        if nested.load(cx, false, false)
            && let Some(member) = nested.member_at(cx, origin)
        {
            shown = member.name;
        }
        [self.name, b"[", path, b"(", shown, b")]"].concat()
    }
}

impl<'a> Header<'a> {
    fn read(source: &'a dyn Source, at: u64) -> Option<Self> {
        let bytes = source.get(at, HEADER)?.first_chunk()?;
        Some(Header { bytes })
    }

    fn name(&self) -> &'a [u8] {
        self.bytes.get(..16).unwrap_or_default()
    }

    fn size(&self) -> u64 {
        c_number(self.bytes.get(48..58).unwrap_or_default(), 10).0
    }

    fn is_valid(&self) -> bool {
        self.bytes.ends_with(b"`\n")
    }
}

/// A number of an index.
fn big_endian(bytes: &[u8], word: usize, index: usize) -> Option<u64> {
    let bytes = bytes.get(index.checked_mul(word)?..)?.get(..word)?;
    Some(bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

/// Prints which member defines which symbols.
// Not inlined: a large frame makes all that uses it longer.
#[inline(never)]
fn show_index(cx: &mut Context, json: bool, archive: &Archive) {
    let index = &archive.index;
    let count = index.offsets.len() / index.word;
    if !json {
        fill!(
            &mut cx.out,
            "Index of archive %s: (%u entries, 0x%x bytes in the symbol table)\n",
            count,
            index.symbols.len();
            archive.name
        );
    }
    let mut member = None;
    let mut before = None;
    let mut used = 0;
    for i in 0..count {
        let offset = big_endian(index.offsets, index.word, i);
        if let Some(at) = offset.filter(|_| offset != before) {
            member = qualified_at(cx, archive, at);
            if let Some(shown) = member.as_ref().filter(|_| !json) {
                fill!(&mut cx.out, "Contents of binary %s at offset 0x%x\n", at; shown);
            }
        }
        before = offset;
        let Some(rest) = index.symbols.get(used..).filter(|rest| !rest.is_empty()) else {
            let what = rt::text!("end of the symbol table reached before the end of the index");
            archive.wrong(cx, what);
            break;
        };
        let symbol = c_str(rest, 0).unwrap_or_default();
        // The archiver's padding counts as a symbol to the one who reads too far.
        let shown = symbol.strip_suffix::<[u8]>(b"\n");
        if json {
            let at = offset.unwrap_or_default();
            cx.json()
                .object(rt::text!(""))
                .text(rt::text!("symbol"), shown.unwrap_or(symbol))
                .number(rt::text!("offset"), at);
            if let Some(member) = &member {
                cx.json().text(rt::text!("member"), member);
            }
            cx.json().end_object();
        } else {
            let end = if shown.is_some() { "\n\n" } else { "\n" };
            put!(&mut cx.out, "\t", text::name(shown.unwrap_or(symbol)), end);
        }
        used += symbol.len() + 1;
    }
    let aligned = used.next_multiple_of(if index.word == 8 { 8 } else { 2 });
    if aligned < index.symbols.len() {
        let what = rt::text!(
            "%u bytes remain in the symbol table, \
            but without corresponding entries in the index table"
        );
        archive.wrong_of(cx, what, &[(index.symbols.len() - aligned) as u64]);
    }
}

/// How the member with its header at an offset is shown.
fn qualified_at(cx: &mut Context, archive: &Archive, at: u64) -> Option<Vec<u8>> {
    let member = archive.member_at(cx, at)?;
    let Some(origin) = member.origin else { return Some(archive.qualified(&member)) };
    let path = archive.path(member.name);
    match files::open(&path) {
        Ok(input) => Some(archive.qualified_nested(cx, &path, &input, origin)),
        Err(_) => None,
    }
}
