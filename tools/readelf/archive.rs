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
use alloc::vec::Vec;
use rt::elf::{Part, Source};
use rt::input::Input;
use rt::put;

/// `ar_name`, `ar_size` and `ar_fmag` of a member's header; the rest is nobody's business.
const HEADER: u64 = 60;

/// An archive, after a look at its first members.
struct Archive<'a> {
    name: &'a [u8],
    source: &'a dyn Source,
    thin: bool,
    index: Option<Index<'a>>,
    /// The member `//`: names that are too long for a header.
    long_names: Option<&'a [u8]>,
    /// Where the members begin that are files.
    members: u64,
}

/// The member `/` or `/SYM64/`: which member defines which symbol.
struct Index<'a> {
    /// The size of a number: 4 or 8.
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

/// The end of the archive, or of what can be read of it.
enum Stop {
    End,
    Short,
}

/// Tells what is wrong with the archive, and is false.
#[inline(never)]
fn wrong(cx: &mut Context, archive: &[u8], text: rt::text::Text) -> bool {
    wrong_of(cx, archive, text, &[])
}

/// The same, with numbers in it.
#[inline(never)]
fn wrong_of(cx: &mut Context, archive: &[u8], pattern: rt::text::Text, numbers: &[u64]) -> bool {
    Grade::Error.begin(cx, rt::text!(""));
    fill!(&mut cx.err, "%s: "; archive);
    pattern::numbers(&mut cx.err, pattern, numbers);
    cx.end_line();
    false
}

/// Reports on an archive: its index, and each of its members.
pub fn report(cx: &mut Context, options: &Options, name: &[u8], source: &dyn Source) -> bool {
    if !options.json {
        return members(cx, options, name, source);
    }
    cx.json().object("").text("file", name);
    let fine = members(cx, options, name, source);
    cx.json().end_array().bool("errors", !fine).end_object();
    fine
}

fn members(cx: &mut Context, options: &Options, name: &[u8], source: &dyn Source) -> bool {
    let with_index = options.archive_index || options.lint;
    let archive = Archive::new(cx, name, source, with_index, options.json);
    if options.json {
        cx.json().array(if with_index { "archive_index" } else { "members" });
    }
    let Some(archive) = archive else { return false };
    if with_index {
        match &archive.index {
            None => {
                wrong(cx, name, rt::text!("unable to dump the index as none was found"));
            }
            Some(index) => show_index(cx, options.json, &archive, index),
        }
        if !options.asks_for_members() {
            return true;
        }
        if options.json {
            cx.json().end_array().array("members");
        }
    }
    let mut fine = true;
    let mut at = archive.members;
    loop {
        let header = match Header::read(source, at) {
            Ok(header) => header,
            Err(Stop::End) => return fine,
            Err(Stop::Short) => return wrong(cx, name, rt::text!("failed to read archive header")),
        };
        if !header.is_valid() {
            return wrong(cx, name, rt::text!("did not find a valid archive header"));
        }
        let Some(member) = archive.member(cx, header) else {
            return wrong(cx, name, rt::text!("bad archive file name"));
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
                None => return wrong(cx, name, rt::text!("failed to seek to next archive header")),
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
    let opened = files::open(&path).ok();
    let Some(origin) = member.origin else {
        let input = opened.filter(|input| !short_header(input));
        let readable = input.filter(|input| match rt::elf::Elf::new(input) {
            Ok(elf) if elf.sections().is_none() => {
                let size = elf.shnum().wrapping_mul(elf.header.e_shentsize.into());
                let what =
                    rt::text!("Reading %u bytes extends past end of file for section headers");
                pattern::error(cx, what, &[size], &[]);
                false
            }
            Ok(_) => true,
            Err(_) => false,
        });
        let Some(input) = readable else {
            fill_error!(cx, "Input file '%s' is not readable."; &path);
            return None;
        };
        return Some(one(cx, options, &archive.qualified(member), &input));
    };
    let Some(nested) = opened.map(|input| Nested::new(cx, input, &path, origin)) else {
        let what = rt::text!("%s[<corrupt>(%s)]: contains corrupt thin archive: %s");
        pattern::error(cx, what, &[], &[archive.name, &path, &path]);
        return None;
    };
    let shown = archive.qualified_nested(&path, &nested);
    let claimed = Header::read(&nested.input, origin).map_or(0, |header| header.size());
    let part = Part { whole: &nested.input, start: origin.saturating_add(HEADER), claimed };
    Some(one(cx, options, &shown, &part))
}

/// A member's name, and for a member of another archive where its header is there.
struct Member<'a> {
    name: &'a [u8],
    origin: Option<u64>,
}

/// Another archive that a thin one leads to.
struct Nested {
    input: Input,
    /// What the member is called there; the archive's own name where it can't be told.
    member: Vec<u8>,
}

impl Nested {
    fn new(cx: &mut Context, input: Input, path: &[u8], origin: u64) -> Nested {
        let archive = Archive::new(cx, path, &input, false, false);
        let member = archive.and_then(|archive| archive.member_at(cx, origin));
        let member = member.map_or(path, |member| member.name).to_vec();
        Nested { input, member }
    }
}

impl<'a> Archive<'a> {
    /// Looks at the members that aren't files. None where that is hopeless.
    fn new(
        cx: &mut Context,
        name: &'a [u8],
        source: &'a dyn Source,
        with_index: bool,
        json: bool,
    ) -> Option<Self> {
        let thin = source.get(0, 8).is_some_and(|magic| magic == b"!<thin>\n");
        let mut archive = Archive { name, source, thin, index: None, long_names: None, members: 8 };
        let mut header = match Header::read(source, 8) {
            Ok(header) => header,
            Err(Stop::End) => return Some(archive),
            Err(Stop::Short) => {
                wrong(cx, name, rt::text!("failed to read archive header"));
                return None;
            }
        };
        let word = match header.name() {
            b"/               " => Some(4),
            b"/SYM64/         " => Some(8),
            _ => None,
        };
        if let Some(word) = word {
            let size = header.size();
            if with_index && size.cast_signed() < 0 {
                wrong_of(cx, name, rt::text!("invalid archive header size: %ld"), &[size]);
                return None;
            }
            let size = size.wrapping_add(size & 1);
            if with_index {
                archive.index = Some(Index::new(cx, name, source, word, size)?);
            }
            archive.members = (8 + HEADER).checked_add(size)?;
            header = match Header::read(source, archive.members) {
                Ok(header) => header,
                Err(Stop::End) => return Some(archive),
                Err(Stop::Short) => {
                    wrong(
                        cx,
                        name,
                        rt::text!("failed to read archive header following archive index"),
                    );
                    return None;
                }
            };
        } else if with_index && !json {
            fill!(&mut cx.out, "%s has no archive index\n"; name);
        }
        if header.name() == b"//              " {
            let size = header.size();
            if size < 8 {
                wrong_of(cx, name, rt::text!("long name table is too small, (size = %u)"), &[size]);
                return None;
            }
            if size > source.size() {
                wrong_of(cx, name, rt::text!("long name table is too big, (size = %#x)"), &[size]);
                return None;
            }
            archive.long_names = source.get(archive.members + HEADER, size);
            if archive.long_names.is_none() {
                wrong(cx, name, rt::text!("failed to read long symbol name string table"));
                return None;
            }
            archive.members += HEADER + size;
        }
        Some(archive)
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
        let (index, rest) = number(long);
        let origin =
            rest.strip_prefix::<[u8]>(b":").filter(|_| self.thin).map(|rest| number(rest).0);
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
        let header = match Header::read(self.source, at) {
            Ok(header) => header,
            Err(_) => {
                wrong(cx, self.name, rt::text!("failed to read archive header"));
                return None;
            }
        };
        if !header.is_valid() {
            wrong(cx, self.name, rt::text!("did not find a valid archive header"));
            return None;
        }
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

    /// How a member of another archive is shown: `thin.a[lib.a(a.o)]`.
    fn qualified_nested(&self, path: &[u8], nested: &Nested) -> Vec<u8> {
        [self.name, b"[", path, b"(", &nested.member, b")]"].concat()
    }
}

impl<'a> Header<'a> {
    fn read(source: &'a dyn Source, at: u64) -> Result<Self, Stop> {
        if at >= source.size() {
            return Err(Stop::End);
        }
        let bytes = source.get(at, HEADER).and_then(|bytes| bytes.first_chunk());
        bytes.map(|bytes| Header { bytes }).ok_or(Stop::Short)
    }

    fn name(&self) -> &'a [u8] {
        self.bytes.get(..16).unwrap_or_default()
    }

    fn size(&self) -> u64 {
        number(self.bytes.get(48..58).unwrap_or_default()).0
    }

    fn is_valid(&self) -> bool {
        self.bytes.ends_with(b"`\n")
    }
}

/// A decimal number as C reads it, wrapped round where it is negative, and what follows.
fn number(bytes: &[u8]) -> (u64, &[u8]) {
    let bytes = bytes.trim_ascii_start();
    let (negative, digits) = match bytes.strip_prefix::<[u8]>(b"-") {
        Some(rest) => (true, rest),
        None => (false, bytes.strip_prefix::<[u8]>(b"+").unwrap_or(bytes)),
    };
    let end = digits.iter().position(|b| !b.is_ascii_digit()).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at(end);
    let value = digits.iter().fold(0u64, |value, digit| {
        value.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
    });
    (if negative { value.wrapping_neg() } else { value }, rest)
}

impl<'a> Index<'a> {
    /// The index, which is the first member, of `size` bytes.
    fn new(
        cx: &mut Context,
        name: &[u8],
        source: &'a dyn Source,
        word: usize,
        size: u64,
    ) -> Option<Self> {
        if size < word as u64 {
            wrong(cx, name, rt::text!("the archive index is empty"));
            return None;
        }
        let read = |at: u64, size: u64| source.get(8 + HEADER + at, size);
        let count = read(0, word as u64).and_then(|bytes| big_endian(bytes, word, 0));
        let Some(count) = count else {
            wrong(cx, name, rt::text!("failed to read archive index"));
            return None;
        };
        let rest = size - word as u64;
        let Some(offsets_size) = count.checked_mul(word as u64).filter(|size| *size <= rest) else {
            let what = rt::text!(
                "the archive index is supposed to have 0x%x entries of %u bytes, \
                        but the size is only 0x%x"
            );
            wrong_of(cx, name, what, &[count, word as u64, rest]);
            return None;
        };
        let offsets = read(word as u64, offsets_size);
        let Some(offsets) = offsets else {
            wrong(cx, name, rt::text!("failed to read archive index"));
            return None;
        };
        let symbols_size = rest - offsets_size;
        if symbols_size == 0 {
            wrong(cx, name, rt::text!("the archive has an index but no symbols"));
            return None;
        }
        let symbols = read(word as u64 + offsets_size, symbols_size);
        let Some(symbols) = symbols else {
            wrong(cx, name, rt::text!("failed to read archive index symbol table"));
            return None;
        };
        Some(Index { word, offsets, symbols })
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
fn show_index(cx: &mut Context, json: bool, archive: &Archive, index: &Index) {
    let count = index.offsets.len() / index.word;
    if !json {
        let what = rt::text!("Index of archive %s: (%u entries, 0x%x bytes in the symbol table)\n");
        let numbers = [count as u64, index.symbols.len() as u64];
        pattern::fill(&mut cx.out, what, &numbers, &[archive.name]);
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
            wrong(cx, archive.name, what);
            break;
        };
        let symbol = rest.split(|&b| b == 0).next().unwrap_or_default();
        // The archiver's padding counts as a symbol to the one who reads too far.
        let shown = symbol.strip_suffix::<[u8]>(b"\n");
        if json {
            let at = offset.unwrap_or_default();
            cx.json().object("").text("symbol", shown.unwrap_or(symbol)).number("offset", at);
            if let Some(member) = &member {
                cx.json().text("member", member);
            }
            cx.json().end_object();
        } else {
            put!(&mut cx.out, "\t", text::name(shown.unwrap_or(symbol)));
            put!(&mut cx.out, if shown.is_some() { "\n\n" } else { "\n" });
        }
        used += symbol.len() + 1;
    }
    let aligned = used.next_multiple_of(if index.word == 8 { 8 } else { 2 });
    if aligned < index.symbols.len() {
        let what = rt::text!(
            "%u bytes remain in the symbol table, \
            but without corresponding entries in the index table"
        );
        wrong_of(cx, archive.name, what, &[(index.symbols.len() - aligned) as u64]);
    }
}

/// How the member with its header at an offset is shown.
fn qualified_at(cx: &mut Context, archive: &Archive, at: u64) -> Option<Vec<u8>> {
    let member = archive.member_at(cx, at)?;
    let Some(origin) = member.origin else { return Some(archive.qualified(&member)) };
    let path = archive.path(member.name);
    let input = files::open(&path).ok()?;
    let nested = Nested::new(cx, input, &path, origin);
    Some(archive.qualified_nested(&path, &nested))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_as_c_reads_them() {
        assert_eq!(number(b"12        "), (12, &b"        "[..]));
        assert_eq!(number(b" 7:1374"), (7, &b":1374"[..]));
        assert_eq!(number(b"-1").0, u64::MAX);
        assert_eq!(number(b"abc").0, 0);
        assert_eq!(number(b"99999999999999999999999").0, u64::MAX);
    }
}
