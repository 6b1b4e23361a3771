//! Names in quotes, in the styles of GNU's tools and under the names that `QUOTING_STYLE`
//! has for them: pasted into a shell, what the shell styles give is the name again.

use alloc::vec::Vec;
use rt::fmt::Put;
use rt::io::BufWriter;

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
        let names = || NAMES.split(|&byte| byte == b' ').zip(STYLES);
        let exact = names().find(|(full, _)| *full == name);
        let mut begin = names().filter(|(full, _)| full.starts_with(name));
        let only = begin.next().filter(|_| begin.next().is_none());
        exact.or(only).map(|(_, style)| style)
    }
}

/// Whether the locale's characters are UTF-8, by what the environment says alone.
pub fn is_utf8() -> bool {
    let set = |name| rt::env::var(name).filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
    let codeset = locale.and_then(|locale| locale.split(|&byte| byte == b'.').nth(1));
    let codeset = codeset.and_then(|codeset| codeset.split(|&byte| byte == b'@').next());
    codeset
        .is_some_and(|set| set.eq_ignore_ascii_case(b"utf-8") || set.eq_ignore_ascii_case(b"utf8"))
}

/// A name in a message: so quoted that a shell takes it.
pub struct Quoted<'a>(pub &'a [u8]);

impl Put for Quoted<'_> {
    fn put(&self, out: &mut BufWriter) {
        let mut text = Vec::new();
        quote(&mut text, self.0, Style::ShellEscapeAlways, is_utf8());
        out.bytes(&text);
    }
}

/// A word in a message: in the quotes of the locale.
pub struct Word<'a>(pub &'a [u8]);

impl Put for Word<'_> {
    fn put(&self, out: &mut BufWriter) {
        let mut text = Vec::new();
        quote(&mut text, self.0, Style::Locale, is_utf8());
        out.bytes(&text);
    }
}

/// Adds a name in this style.
pub fn quote(out: &mut Vec<u8>, name: &[u8], style: Style, utf8: bool) {
    let (open, close) = match (style, utf8) {
        (Style::Literal, _) => return out.extend(name),
        (Style::Shell, _) => return shell(out, name, utf8, false, false),
        (Style::ShellAlways, _) => return shell(out, name, utf8, false, true),
        (Style::ShellEscape, _) => return shell(out, name, utf8, true, false),
        (Style::ShellEscapeAlways, _) => return shell(out, name, utf8, true, true),
        (Style::CMaybe, _) => {
            if !name.contains(&b'"') && characters(name, utf8).all(|(_, printable)| printable) {
                return out.extend(name);
            }
            ("\"", "\"")
        }
        (Style::C, _) | (Style::CLocale, false) => ("\"", "\""),
        (Style::Escape, _) => ("", ""),
        (Style::Locale, false) => ("'", "'"),
        (Style::Locale | Style::CLocale, true) => ("\u{2018}", "\u{2019}"),
    };
    out.extend(open.bytes());
    for (bytes, printable) in characters(name, utf8) {
        match bytes {
            _ if !printable => escape(out, bytes),
            b"\\" => out.extend(b"\\\\"),
            _ => {
                out.extend((bytes == close.as_bytes()).then_some(b'\\'));
                out.extend(bytes);
            }
        }
    }
    out.extend(close.bytes());
}

fn shell(out: &mut Vec<u8>, name: &[u8], utf8: bool, escapes: bool, always: bool) {
    let hidden = |printable: bool| escapes && !printable;
    // What ends a word, or has a meaning at this place.
    let special = |(at, &byte): (usize, &u8)| match byte {
        b'#' | b'~' => at == 0,
        b'{' | b'}' => name.len() == 1,
        _ => b" \t\n\r!\"$&'()*;<=>?[\\^`|".contains(&byte),
    };
    let must = name.is_empty() || name.iter().enumerate().any(special);
    if !always && !must && !characters(name, utf8).any(|(_, printable)| hidden(printable)) {
        return out.extend(name);
    }
    let apostrophe = name.contains(&b'\'');
    // What means nothing between double quotes either.
    let tame = |(at, &byte): (usize, &u8)| match byte {
        b'#' | b'~' => at == 0,
        _ => byte.is_ascii_alphanumeric() || b" '%+,-./:@]_".contains(&byte) || byte >= 0x80,
    };
    let printable = characters(name, utf8).all(|(_, printable)| printable);
    if apostrophe && printable && name.iter().enumerate().all(tame) {
        out.push(b'"');
        out.extend(name);
        return out.push(b'"');
    }
    // GNU looks twice at a name with an apostrophe, and remembers from the first time how
    // it ended: within `$'` or not. The second time begins as if there were one already.
    let last = characters(name, utf8).last();
    let mut within = apostrophe && last.is_some_and(|(_, printable)| hidden(printable));
    out.push(b'\'');
    for (bytes, printable) in characters(name, utf8) {
        if bytes == b"'" {
            out.extend(b"'\\''");
            within = false;
        } else if hidden(printable) {
            out.extend((!within).then_some(b"'$'").into_iter().flatten());
            within = true;
            escape(out, bytes);
        } else {
            out.extend(within.then_some(b"''").into_iter().flatten());
            within = false;
            out.extend(bytes);
        }
    }
    out.push(b'\'');
}

/// Bytes as C writes what can't be printed: `\n`, `\033`.
fn escape(out: &mut Vec<u8>, bytes: &[u8]) {
    for &byte in bytes {
        out.push(b'\\');
        match byte {
            7..=13 => out.push(b"abtnvfr"[usize::from(byte - 7)]),
            _ => out.extend([6, 3, 0].map(|shift| b'0' + (byte >> shift & 7))),
        }
    }
}

/// Adds a name with `\ooo` for each control character and each byte that isn't UTF-8:
/// whatever it is, it does nothing to a terminal.
pub fn tame(out: &mut Vec<u8>, name: &[u8]) {
    for (bytes, printable) in characters(name, true) {
        if printable {
            out.extend(bytes);
        } else {
            for byte in bytes {
                out.push(b'\\');
                out.extend([6, 3, 0].map(|shift| b'0' + (byte >> shift & 7)));
            }
        }
    }
}

/// The characters of a name, and whether each can be printed; outside UTF-8 only those of
/// ASCII can.
fn characters(name: &[u8], utf8: bool) -> impl Iterator<Item = (&[u8], bool)> {
    let mut rest = name;
    core::iter::from_fn(move || {
        let head = rest.get(..rest.len().min(4)).unwrap_or_default();
        let chunk = head.utf8_chunks().next()?;
        let first = chunk.valid().chars().next().filter(|first| utf8 || first.is_ascii());
        let (bytes, tail) = rest.split_at_checked(first.map_or(1, char::len_utf8))?;
        rest = tail;
        Some((bytes, first.is_some_and(is_printable)))
    })
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
    use std::string::String;

    fn quoted(name: &[u8], style: Style, utf8: bool) -> String {
        let mut out = Vec::new();
        quote(&mut out, name, style, utf8);
        String::from_utf8(out).unwrap()
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
        let mut out = Vec::new();
        tame(&mut out, b"a\x1b[\xff\xc3\xbc\xc2\x9b");
        assert_eq!(out, b"a\\033[\\377\xc3\xbc\\302\\233");
    }
}
