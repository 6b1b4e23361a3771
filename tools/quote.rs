//! Names in quotes, in the styles of GNU's tools and under the names that `QUOTING_STYLE`
//! has for them: pasted into a shell, what the shell styles give is the name again.

use crate::words::{same_letters, words};
use rt::fmt::{Put, oct};
use rt::io::BufWriter;
use rt::{put, row};

/// How a name is quoted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Not at all.
    Literal,
    /// For a shell, where it must be.
    Shell,
    /// For a shell.
    ShellAlways,
    /// For a shell, where it must be; `$'...'` around what can't be printed.
    ShellEscape,
    /// The same, in any case.
    ShellEscapeAlways,
    /// As a string in C.
    C,
    /// The same, where there is something to escape.
    CMaybe,
    /// As [`C`](Style::C), without the quotes.
    Escape,
    /// In the quotes of the locale: `'...'` or `‘...’`.
    Locale,
    /// The same, but `"..."` where the locale has none.
    CLocale,
}

/// The styles in the order of their names.
const STYLES: [Style; 10] = [
    Style::Literal,
    Style::Shell,
    Style::ShellAlways,
    Style::ShellEscape,
    Style::ShellEscapeAlways,
    Style::C,
    Style::CMaybe,
    Style::Escape,
    Style::Locale,
    Style::CLocale,
];

/// Their names, in one text, so that there are no pointers.
const NAMES: &[u8] = b"literal shell shell-always shell-escape shell-escape-always c c-maybe \
    escape locale clocale";

impl Style {
    /// The style with this name, or with the only one that begins so.
    pub fn named(name: &[u8]) -> Option<Style> {
        let (mut found, mut several) = (None, false);
        for (full, style) in words(NAMES, b' ').zip(&STYLES) {
            if full == name {
                return Some(*style);
            }
            if full.starts_with(name) {
                several = found.replace(*style).is_some();
            }
        }
        found.filter(|_| !several)
    }
}

/// Whether the locale's characters are UTF-8, by what the environment says alone.
pub fn is_utf8() -> bool {
    let set = |name| rt::env::var(name).filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
    let codeset = locale.and_then(|locale| words(locale, b'.').nth(1));
    let codeset = codeset.and_then(|codeset| words(codeset, b'@').next()).unwrap_or_default();
    same_letters(codeset, b"utf-8") || same_letters(codeset, b"utf8")
}

/// A name in a message: so quoted that a shell takes it.
pub struct Quoted<'a>(pub &'a [u8]);

impl Put for Quoted<'_> {
    fn put(&self, out: &mut BufWriter) {
        quote(out, self.0, Style::ShellEscapeAlways, is_utf8());
    }
}

/// A word in a message: in the quotes of the locale.
pub struct Word<'a>(pub &'a [u8]);

impl Put for Word<'_> {
    fn put(&self, out: &mut BufWriter) {
        quote(out, self.0, Style::Locale, is_utf8());
    }
}

/// Writes a name in this style.
pub fn quote(out: &mut BufWriter, name: &[u8], style: Style, utf8: bool) {
    let (open, close) = match (style, utf8) {
        (Style::Literal, _) => return out.bytes(name),
        (Style::Shell | Style::ShellAlways | Style::ShellEscape | Style::ShellEscapeAlways, _) => {
            let escapes = matches!(style, Style::ShellEscape | Style::ShellEscapeAlways);
            let always = matches!(style, Style::ShellAlways | Style::ShellEscapeAlways);
            return shell(out, name, utf8, escapes, always);
        }
        (Style::CMaybe, _) if !name.contains(&b'"') && is_plain(name, utf8) => {
            return out.bytes(name);
        }
        (Style::C | Style::CMaybe, _) | (Style::CLocale, false) => ("\"", "\""),
        (Style::Escape, _) => ("", ""),
        (Style::Locale, false) => ("'", "'"),
        (Style::Locale | Style::CLocale, true) => ("\u{2018}", "\u{2019}"),
    };
    put!(out, open);
    for (bytes, printable) in characters(name, utf8) {
        if printable {
            if bytes == b"\\" || bytes == close.as_bytes() {
                out.byte(b'\\');
            }
            out.bytes(bytes);
        } else {
            escape(out, bytes);
        }
    }
    put!(out, close);
}

fn shell(out: &mut BufWriter, name: &[u8], utf8: bool, escapes: bool, always: bool) {
    let hidden = |printable: bool| escapes && !printable;
    // What ends a word, or has a meaning at this place.
    let special = |(at, &byte): (usize, &u8)| match byte {
        b'#' | b'~' => at == 0,
        b'{' | b'}' => name.len() == 1,
        _ => b" \t\n\r!\"$&'()*;<=>?[\\^`|".contains(&byte),
    };
    // Whether all characters can be printed, and the last one.
    let (mut printable, mut last) = (true, true);
    for (_, this) in characters(name, utf8) {
        (printable, last) = (printable && this, this);
    }
    let must = name.is_empty() || name.iter().enumerate().any(special);
    if !always && !must && !hidden(printable) {
        return out.bytes(name);
    }
    let apostrophe = name.contains(&b'\'');
    // What means nothing between double quotes either.
    let tame = |(at, &byte): (usize, &u8)| match byte {
        b'#' | b'~' => at == 0,
        _ => byte.is_ascii_alphanumeric() || b" '%+,-./:@]_".contains(&byte) || byte >= 0x80,
    };
    if apostrophe && printable && name.iter().enumerate().all(tame) {
        return put!(out, "\"", name, "\"");
    }
    // GNU looks twice at a name with an apostrophe, and remembers from the first time how
    // it ended: within `$'` or not. The second time begins as if there were one already.
    let mut within = apostrophe && hidden(last);
    put!(out, "'");
    for (bytes, printable) in characters(name, utf8) {
        if bytes == b"'" {
            put!(out, "'\\''");
            within = false;
        } else if hidden(printable) {
            if !within {
                put!(out, "'$'");
            }
            within = true;
            escape(out, bytes);
        } else {
            if within {
                put!(out, "''");
            }
            within = false;
            out.bytes(bytes);
        }
    }
    put!(out, "'");
}

/// Bytes as C writes what can't be printed: `\n`, `\033`.
pub fn escape(out: &mut BufWriter, bytes: &[u8]) {
    for &byte in bytes {
        match byte {
            7..=13 => put!(out, "\\", [b"abtnvfr"[usize::from(byte - 7)]]),
            _ => put!(out, "\\", oct(byte).zero(3)),
        }
    }
}

/// A name with `\ooo` for each control character and each byte that isn't UTF-8: whatever it
/// is, it does nothing to a terminal.
pub struct Tamed<'a>(pub &'a [u8]);

impl Put for Tamed<'_> {
    fn put(&self, out: &mut BufWriter) {
        // Nearly every name.
        if row::is_printable(self.0) {
            return out.bytes(self.0);
        }
        for (bytes, printable) in characters(self.0, true) {
            if printable {
                out.bytes(bytes);
            } else {
                bytes.iter().for_each(|byte| put!(out, "\\", oct(*byte).zero(3)));
            }
        }
    }
}

/// Whether all characters can be printed.
pub fn is_plain(name: &[u8], utf8: bool) -> bool {
    row::is_printable(name) || characters(name, utf8).all(|(_, printable)| printable)
}

/// The characters of a name, and whether each can be printed; outside UTF-8 only those of
/// ASCII can. What isn't UTF-8 comes byte by byte.
pub fn characters(name: &[u8], utf8: bool) -> Characters<'_> {
    Characters { rest: name, utf8 }
}

pub struct Characters<'a> {
    rest: &'a [u8],
    utf8: bool,
}

impl<'a> Iterator for Characters<'a> {
    type Item = (&'a [u8], bool);

    // Not inlined: it is called in many places.
    #[inline(never)]
    fn next(&mut self) -> Option<(&'a [u8], bool)> {
        let head = self.rest.get(..self.rest.len().min(4)).unwrap_or_default();
        let chunk = head.utf8_chunks().next()?;
        let first = chunk.valid().chars().next().filter(|first| self.utf8 || first.is_ascii());
        let (bytes, tail) = self.rest.split_at_checked(first.map_or(1, char::len_utf8))?;
        self.rest = tail;
        Some((bytes, first.is_some_and(is_printable)))
    }
}

/// What `iswprint` says, but for the characters that Unicode hasn't assigned yet.
fn is_printable(character: char) -> bool {
    let number = u32::from(character);
    let none = number & 0xfffe == 0xfffe || matches!(number, 0xfdd0..=0xfdef | 0x2028 | 0x2029);
    !character.is_control() && !none
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::short;
    use std::string::String;

    fn quoted(name: &[u8], style: Style, utf8: bool) -> String {
        String::from_utf8(short(&mut |out| quote(out, name, style, utf8))).unwrap()
    }

    #[test]
    fn names_of_styles() {
        assert_eq!(Style::named(b"shell"), Some(Style::Shell));
        assert_eq!(Style::named(b"shell-a"), Some(Style::ShellAlways));
        assert_eq!(Style::named(b"c"), Some(Style::C));
        assert_eq!(Style::named(b"li"), Some(Style::Literal));
        for none in [&b"sh"[..], b"", b"shell-e\n", b"l\0", b"none"] {
            assert_eq!(Style::named(none), None);
        }
    }

    #[test]
    fn what_gnu_makes_of_names() {
        for (name, expected) in [
            (&b""[..], "''"),
            (b"a", "'a'"),
            (b"a\nz", "'a'$'\\n''z'"),
            (b"\x01z\x02", "''$'\\001''z'$'\\002'"),
            (b"it's", "\"it's\""),
            (b"a'b\"c", "'a'\\''b\"c'"),
            (b"a'\n", "'''a'\\'''$'\\n'"),
            (b"\n'\n", "'\\n'\\'''$'\\n'"),
            (b"'\n'", "''\\'''$'\\n'\\'''"),
            (b"\xc3\xbc'", "''$'\\303\\274'\\'''"),
        ] {
            assert_eq!(quoted(name, Style::ShellEscapeAlways, false), expected);
        }
        assert_eq!(quoted("\u{fc}'".as_bytes(), Style::ShellEscape, true), "\"\u{fc}'\"");
        assert_eq!(quoted(b"\xc2\x9b", Style::ShellEscape, true), "''$'\\302\\233'");
        assert_eq!(quoted(b"\"\\", Style::C, true), "\"\\\"\\\\\"");
        assert_eq!(quoted(b"'", Style::Locale, false), "'\\''");
        assert_eq!(quoted(b"'", Style::Locale, true), "\u{2018}'\u{2019}");
        let out = short(&mut |out| put!(out, Tamed(b"a\x1b[\xff\xc3\xbc\xc2\x9b")));
        assert_eq!(out, b"a\\033[\\377\xc3\xbc\\302\\233");
    }
}
