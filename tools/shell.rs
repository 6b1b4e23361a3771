//! Bytes of any kind on a terminal, and in a line for a shell. What a process was given may
//! hold newlines, control characters and bytes that aren't UTF-8: where it does, it is written
//! as `$'...'`, which shells read back (POSIX.1-2024, "Dollar-Single-Quotes").

use rt::fmt::{Put, oct};
use rt::io::BufWriter;
use rt::put;
use rt::row::is_printable;

/// A text as it is, or as `$'...'`. One that begins with `$'` itself is quoted, too: which of
/// the two it is can always be told.
pub struct Text<'a>(pub &'a [u8]);

impl Put for Text<'_> {
    fn put(&self, out: &mut BufWriter) {
        if is_plain(self.0) && !self.0.starts_with(b"$'") {
            out.bytes(self.0);
        } else {
            dollar_quoted(out, self.0);
        }
    }
}

/// A word of a command line: quoted where a shell would do something else with it.
pub struct Word<'a>(pub &'a [u8]);

impl Put for Word<'_> {
    fn put(&self, out: &mut BufWriter) {
        // `x=y` before a command's name is an assignment.
        let equals = self.0.starts_with(b"-");
        let is_safe = |&byte: &u8| {
            byte.is_ascii_alphanumeric() || b"_@%+:,./-".contains(&byte) || byte == b'=' && equals
        };
        if !self.0.is_empty() && self.0.iter().all(is_safe) {
            out.bytes(self.0);
        } else if is_plain(self.0) {
            out.byte(b'\'');
            for (i, part) in self.0.split(|&byte| byte == b'\'').enumerate() {
                put!(out, if i > 0 { "'\\''" } else { "" }, part);
            }
            out.byte(b'\'');
        } else {
            dollar_quoted(out, self.0);
        }
    }
}

/// Whether it can be shown as it is: UTF-8 without control characters.
fn is_plain(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    if is_printable(rest) {
        return true;
    }
    while !rest.is_empty() {
        let (len, plain) = character(rest);
        if !plain {
            return false;
        }
        rest = rest.get(len..).unwrap_or_default();
    }
    true
}

fn dollar_quoted(out: &mut BufWriter, bytes: &[u8]) {
    put!(out, "$");
    escaped(out, bytes, b'\'');
}

/// A string of C, as gdb shows it.
pub struct Literal<'a>(pub &'a [u8]);

impl Put for Literal<'_> {
    fn put(&self, out: &mut BufWriter) {
        escaped(out, self.0, b'"');
    }
}

/// In quotes, with C's escape sequences.
fn escaped(out: &mut BufWriter, bytes: &[u8], quote: u8) {
    out.byte(quote);
    let mut rest = bytes;
    while let Some((&first, _)) = rest.split_first() {
        let (len, plain) = character(rest);
        let (shown, tail) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        rest = tail;
        match first {
            7..=13 => put!(out, "\\", b"abtnvfr".get(usize::from(first) - 7).map(|name| [*name])),
            b'\\' => put!(out, "\\\\"),
            _ if first == quote => put!(out, "\\", [quote]),
            _ if plain => out.bytes(shown),
            _ => shown.iter().for_each(|byte| put!(out, "\\", oct(*byte).zero(3))),
        }
    }
    out.byte(quote);
}

/// How many bytes the first character has, or what isn't UTF-8 in its place; and whether it
/// can be shown as it is.
pub fn character(bytes: &[u8]) -> (usize, bool) {
    let head = bytes.get(..bytes.len().min(4)).unwrap_or_default();
    let first = head.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
    first.map_or((1, false), |first| (first.len_utf8(), !first.is_control()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec::Vec;

    fn written(item: &dyn Put) -> String {
        struct Sink(Vec<u8>);
        impl rt::io::Write for Sink {
            fn write(&mut self, bytes: &[u8]) -> rt::Result<usize> {
                self.0.extend(bytes);
                Ok(bytes.len())
            }
        }
        let (mut sink, mut buffer) = (Sink(Vec::new()), [0; 16]);
        let mut out = BufWriter::new(&mut buffer, &mut sink);
        item.put(&mut out);
        out.flush().unwrap();
        String::from_utf8(sink.0).unwrap()
    }

    #[test]
    fn words_and_texts() {
        for (bytes, text, word) in [
            (&b""[..], "", "''"),
            (b"plain", "plain", "plain"),
            (b"--a=b", "--a=b", "--a=b"),
            (b"a=b", "a=b", "'a=b'"),
            (b"it's", "it's", "'it'\\''s'"),
            (b"'", "'", "''\\'''"),
            (b"a b\\n$x", "a b\\n$x", "'a b\\n$x'"),
            ("\u{e4}".as_bytes(), "\u{e4}", "'\u{e4}'"),
            (b"a\nb", "$'a\\nb'", "$'a\\nb'"),
            (b"$'a\\nb'", "$'$\\'a\\\\nb\\''", "'$'\\''a\\nb'\\'''"),
            (b"\x1b[1m\x7f", "$'\\033[1m\\177'", "$'\\033[1m\\177'"),
            (b"\xff1\xc3", "$'\\3771\\303'", "$'\\3771\\303'"),
            (b"\xc2\x9b", "$'\\302\\233'", "$'\\302\\233'"),
        ] {
            assert_eq!(written(&Text(bytes)), text, "{}", bytes.escape_ascii());
            assert_eq!(written(&Word(bytes)), word, "{}", bytes.escape_ascii());
        }
    }
}
