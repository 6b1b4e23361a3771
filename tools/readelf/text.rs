//! Names out of a file, made fit to be printed: as GNU readelf shows them where that is
//! safe. C0 control characters become `^X`; what could still drive a terminal is escaped
//! as well.

use super::options::Options;
use super::spelling::Unicode;
use rt::elf::c_str;
use rt::fmt::{Put, oct};
use rt::io::BufWriter;
use rt::put;
use rt::row::is_printable;

/// A name as it is printed: control characters escaped.
#[derive(Clone, Copy)]
pub struct Name<'a>(pub &'a [u8]);

/// A name as it is printed, whole.
pub fn name(bytes: &[u8]) -> Name<'_> {
    Name(bytes)
}

impl Put for Name<'_> {
    #[inline(always)]
    fn put(&self, out: &mut BufWriter) {
        put_name(out, self.0);
    }

    #[inline(always)]
    fn put_after(&self, out: &mut BufWriter, text: rt::text::Text) {
        put_name_after(out, text, self.0);
    }
}

// One copy of each for their many callers.
#[inline(never)]
fn put_name(out: &mut BufWriter, mut rest: &[u8]) {
    if is_printable(rest) {
        return out.bytes(rest);
    }
    while let Some(&byte) = rest.first() {
        let (len, is_safe) = character(rest);
        let (bytes, tail) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        match bytes {
            _ if is_safe => out.bytes(bytes),
            [0..0x80] => out.bytes(&[b'^', byte ^ 0x40]),
            // GNU shows no control character of this set otherwise than raw.
            _ => bytes.iter().for_each(|&byte| put!(out, "\\", oct(byte).width(3))),
        }
        rest = tail;
    }
}

#[inline(never)]
fn put_name_after(out: &mut BufWriter, text: rt::text::Text, name: &[u8]) {
    out.text(text);
    put_name(out, name);
}

/// A section's name where it isn't in a column: in ASCII, at most 256 characters.
#[derive(Clone, Copy)]
pub struct Section<'a>(&'a [u8]);

/// A section's name where it isn't in a column.
pub fn section(bytes: &[u8]) -> Section<'_> {
    Section(bytes)
}

impl Put for Section<'_> {
    fn put(&self, out: &mut BufWriter) {
        let mut room = 256usize;
        if self.0.len() <= room && is_printable(self.0) {
            return out.bytes(self.0);
        }
        for &byte in self.0 {
            let digit = |half: u8| b"0123456789ABCDEF".get(usize::from(half)).map_or(b'?', |d| *d);
            let shown: &[u8] = match byte {
                0x20..=0x7e => &[byte],
                ..0x80 => &[b'^', byte ^ 0x40],
                _ => &[b'<', digit(byte >> 4), digit(byte & 15), b'>'],
            };
            let Some(rest) = room.checked_sub(shown.len()) else { return };
            room = rest;
            out.bytes(shown);
        }
    }

    #[inline(never)]
    fn put_after(&self, out: &mut BufWriter, text: rt::text::Text) {
        out.text(text);
        self.put(out);
    }
}

/// How many bytes a name's first character has, or all of the ASCII that it begins with;
/// and whether it is safe: no control character of ASCII or of the upper half (C1), be it
/// as UTF-8 or as a byte that is no part of any.
fn character(bytes: &[u8]) -> (usize, bool) {
    let ascii = bytes.iter().take_while(|&&byte| matches!(byte, 0x20..=0x7e)).count();
    let character = bytes.get(..bytes.len().min(4)).unwrap_or_default().utf8_chunks().next();
    let first = character.and_then(|chunk| chunk.valid().chars().next());
    match (first, bytes) {
        _ if ascii > 0 => (ascii, true),
        (Some(first), _) => (first.len_utf8(), !first.is_control()),
        (None, bytes) => (1, !matches!(bytes, [0x80..=0x9f, ..])),
    }
}

/// A name of at most `width` characters, without padding; gives back how many there are.
/// With `-W` a longer one is printed whole; else it is cut off, and ends in `[...]` unless
/// `-T` is given. Whether it is longer depends on how long it is in the file, even where
/// it is spelled otherwise.
pub fn cut(out: &mut BufWriter, options: &Options, bytes: &[u8], width: usize) -> usize {
    let dots = !options.wide && bytes.len() > width && !options.silent_truncation;
    let room = match (options.wide, dots) {
        (true, _) => usize::MAX,
        (_, true) => width.saturating_sub(5),
        (_, false) => width,
    };
    let mut columns = options.spelling.show(bytes, &mut |name| {
        if options.spelling.unicode == Unicode::Raw || is_printable(name) {
            cut_off(out, name, room)
        } else {
            options.spelling.unicode.put(out, name, room)
        }
    });
    if dots {
        out.bytes(b"[...]");
        columns += 5;
    }
    columns
}

/// What there is room for, and how many columns it takes.
fn cut_off(out: &mut BufWriter, bytes: &[u8], room: usize) -> usize {
    let bytes = bytes.get(..room).unwrap_or(bytes);
    if is_printable(bytes) {
        out.bytes(bytes);
        return bytes.len();
    }
    let (mut end, mut columns) = (0, 0);
    for &byte in bytes {
        let more = 1 + is_control(byte) as usize;
        if columns + more > room {
            break;
        }
        (end, columns) = (end + 1, columns + more);
    }
    name(bytes.get(..end).unwrap_or(bytes)).put(out);
    columns
}

/// A string of a string table, whole; false, and nothing is printed, where the offset lies
/// outside.
///
/// In rows this is most of the work: it is found, looked at and copied in one go.
#[inline]
pub fn whole(out: &mut BufWriter, strings: &[u8], at: u32) -> bool {
    let Some(string) = strings.get(at as usize..).filter(|rest| !rest.is_empty()) else {
        return false;
    };
    let len = out.printable(string);
    let rest = string.get(len..).unwrap_or_default();
    if rest.first().is_some_and(|&byte| byte != 0) {
        name(c_str(rest, 0).unwrap_or_default()).put(out);
    }
    true
}

fn is_control(byte: u8) -> bool {
    byte < 0x20 || byte == 0x7f
}

/// A name in a column of `width` characters: filled up with spaces. With `-W` a longer
/// one is printed whole; else it is cut off, and ends in `[...]` unless `-T` is given.
pub fn column(out: &mut BufWriter, options: &Options, bytes: &[u8], width: usize) {
    let shown = cut(out, options, bytes, width);
    out.fill(b' ', width.saturating_sub(shown));
}

/// A name where `width` characters are left for it, or fewer than none: GNU readelf takes
/// a negative width for that of a column.
pub fn fit(out: &mut BufWriter, options: &Options, bytes: &[u8], width: isize) {
    match width {
        0 if !options.wide => {}
        ..0 if !options.wide => column(out, options, bytes, width.unsigned_abs()),
        _ => {
            cut(out, options, bytes, width as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn shown(bytes: &[u8]) -> Vec<u8> {
        struct Sink(Vec<u8>);
        impl rt::io::Write for Sink {
            fn write(&mut self, bytes: &[u8]) -> rt::Result<usize> {
                self.0.extend(bytes);
                Ok(bytes.len())
            }
        }
        let (mut sink, mut buffer) = (Sink(Vec::new()), [0; 16]);
        let mut out = BufWriter::new(&mut buffer, &mut sink);
        name(bytes).put(&mut out);
        out.flush().unwrap();
        sink.0
    }

    #[test]
    fn names_cannot_drive_a_terminal() {
        for (bytes, expected) in [
            (&b""[..], &b""[..]),
            (b"plain name", b"plain name"),
            (b"\x1b[31m\0\t\n", b"^[[31m^@^I^J"),
            (b"del\x7f", b"del^?"),
            ("\u{e4}\u{20ac}\u{1f600}".as_bytes(), "\u{e4}\u{20ac}\u{1f600}".as_bytes()),
            // C1 as UTF-8, raw, and as what only a sloppy decoder takes for it.
            (b"\xc2\x9b1m", b"\\302\\2331m"),
            (b"\x9b1m\x80", b"\\2331m\\200"),
            (b"\xe0\x82\x9b", b"\xe0\\202\\233"),
            // What isn't UTF-8, but harmless, is as GNU prints it.
            (b"\xff\xfe\xa0", b"\xff\xfe\xa0"),
            (b"\xc3", b"\xc3"),
        ] {
            let got = shown(bytes);
            assert_eq!(got, expected, "{}", got.escape_ascii());
        }
    }
}
