//! Bytes of any kind on a terminal, and in a line for a shell. What a process was given may
//! hold newlines, control characters and bytes that aren't UTF-8: where it does, it is written
//! as `$'...'`, which shells read back (POSIX.1-2024, "Dollar-Single-Quotes").

use crate::quote::{characters, escape, is_plain};
use rt::fmt::Put;
use rt::io::BufWriter;
use rt::put;

/// A text as it is, or as `$'...'`. One that begins with `$'` itself is quoted, too: which of
/// the two it is can always be told.
pub struct Text<'a>(pub &'a [u8]);

impl Put for Text<'_> {
    fn put(&self, out: &mut BufWriter) {
        if is_plain(self.0, true) && !self.0.starts_with(b"$'") {
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
        let equals = matches!(self.0, [b'-', ..]);
        let is_safe = |&byte: &u8| {
            byte.is_ascii_alphanumeric() || b"_@%+:,./-".contains(&byte) || byte == b'=' && equals
        };
        if !self.0.is_empty() && self.0.iter().all(is_safe) {
            out.bytes(self.0);
        } else if is_plain(self.0, true) {
            out.byte(b'\'');
            for byte in self.0 {
                if *byte == b'\'' {
                    put!(out, "'\\'");
                }
                out.byte(*byte);
            }
            out.byte(b'\'');
        } else {
            dollar_quoted(out, self.0);
        }
    }
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
    for (character, printable) in characters(bytes, true) {
        if !printable {
            escape(out, character);
            continue;
        }
        if character == b"\\" || character == [quote] {
            out.byte(b'\\');
        }
        out.bytes(character);
    }
    out.byte(quote);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::short;
    use std::string::String;

    fn written(item: &dyn Put) -> String {
        String::from_utf8(short(&mut |out| item.put(out))).unwrap()
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
