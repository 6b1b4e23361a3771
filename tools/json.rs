//! `--json`: one document, compact, on a line of its own.
//!
//! Whatever the input is, what comes out is valid JSON, in ASCII but for the UTF-8 of names:
//!
//! - An integer from -(2^53 - 1) to 2^53 - 1 is a number. One beyond, which a reader that
//!   has only doubles would round, is a string of its decimal digits.
//! - Text that is UTF-8 is a string. Of other text each byte that doesn't fit is U+FFFD in
//!   it, and a second member, named like the first with `_hex` behind it, has all bytes in
//!   hexadecimal. In an array such text is an object with the members `text` and `text_hex`.
//! - Names of members are those of the format's specification (`st_value`), its numbers stay
//!   numbers; what has a name has it in a member beside it, with `_name` behind.
//! - Bytes are hexadecimal digits in a string.
//!
//! A member is given by its name, an element of an array by `""`.

use crate::context::Context;
use crate::words::{Hex, utf8};
use rt::fmt::{Put, dec, hex};
use rt::put;
use rt::row::{find, is_printable};

/// What writes JSON: the context, whose methods do it, so that a call takes no more than one
/// pointer. [`Context::json`] says that they come next.
pub type Json<'c, 'a> = &'c mut Context<'a>;

/// The greatest integer that is written as a number.
const GREATEST: u64 = (1 << 53) - 1;

impl<'a> Context<'a> {
    /// For the next piece of a JSON document.
    pub fn json(&mut self) -> Json<'_, 'a> {
        self
    }
}

impl Context<'_> {
    /// What comes before a value.
    fn lead(&mut self, key: &str) {
        self.out.member(self.json_comma, key);
        self.json_comma = true;
    }

    /// Begins an object.
    pub fn object(&mut self, key: &str) -> &mut Self {
        self.lead(key);
        self.out.byte(b'{');
        self.json_comma = false;
        self
    }

    /// Ends the object that was begun last.
    pub fn end_object(&mut self) -> &mut Self {
        self.out.byte(b'}');
        self.json_comma = true;
        self
    }

    /// Begins an array.
    pub fn array(&mut self, key: &str) -> &mut Self {
        self.lead(key);
        self.out.byte(b'[');
        self.json_comma = false;
        self
    }

    /// Ends the array that was begun last.
    pub fn end_array(&mut self) -> &mut Self {
        self.out.byte(b']');
        self.json_comma = true;
        self
    }

    /// Ends the document, after its last bracket.
    pub fn end_document(&mut self) {
        self.out.byte(b'\n');
        self.json_comma = false;
    }

    /// An unsigned number.
    pub fn number(&mut self, key: &str, value: u64) -> &mut Self {
        self.lead(key);
        let quote = if value > GREATEST { "\"" } else { "" };
        put!(&mut self.out, quote, dec(value), quote);
        self
    }

    /// Unsigned numbers, with their names in one string: `"sh_link sh_info"`.
    pub fn numbers(&mut self, keys: &str, values: &[u64]) -> &mut Self {
        for (key, value) in keys.split(' ').zip(values) {
            self.number(key, *value);
        }
        self
    }

    /// Text of which it is known that there is nothing to escape in it.
    pub fn words(&mut self, key: &str, words: &[u8]) -> &mut Self {
        self.lead(key);
        put!(&mut self.out, "\"", words, "\"");
        self
    }

    /// The same of what isn't one piece of text.
    pub fn item(&mut self, key: &str, item: &dyn Put) -> &mut Self {
        self.lead(key);
        self.out.byte(b'"');
        item.put(&mut self.out);
        self.out.byte(b'"');
        self
    }

    /// What the number of this key is called: a member with `_name` behind its name.
    pub fn beside(&mut self, key: &str, name: &dyn Put) -> &mut Self {
        put!(&mut self.out, ",\"", key, "_name\":\"", name, "\"");
        self
    }

    /// Bytes as hexadecimal digits.
    pub fn hex(&mut self, key: &str, bytes: &[u8]) -> &mut Self {
        self.item(key, &Hex(bytes))
    }

    /// A signed number.
    pub fn signed(&mut self, key: &str, value: i64) -> &mut Self {
        self.lead(key);
        let quote = if value.unsigned_abs() > GREATEST { "\"" } else { "" };
        put!(&mut self.out, quote, rt::fmt::int(value), quote);
        self
    }

    /// Yes or no.
    pub fn bool(&mut self, key: &str, value: bool) -> &mut Self {
        self.lead(key);
        put!(&mut self.out, if value { "true" } else { "false" });
        self
    }

    /// What isn't there.
    pub fn null(&mut self, key: &str) -> &mut Self {
        self.lead(key);
        put!(&mut self.out, "null");
        self
    }

    /// An unsigned number that may not be there.
    pub fn number_or_null(&mut self, key: &str, value: Option<u64>) -> &mut Self {
        match value {
            Some(value) => self.number(key, value),
            None => self.null(key),
        }
    }

    /// Text that may not be there.
    pub fn text_or_null(&mut self, key: &str, text: Option<&[u8]>) -> &mut Self {
        match text {
            Some(text) => self.text(key, text),
            None => self.null(key),
        }
    }

    /// Text, whatever its bytes are.
    pub fn text(&mut self, key: &str, bytes: &(impl AsRef<[u8]> + ?Sized)) -> &mut Self {
        self.bytes(key, bytes.as_ref());
        self
    }

    fn bytes(&mut self, key: &str, bytes: &[u8]) {
        // Nearly every name.
        if is_printable(bytes) && find(bytes, b'"').is_none() && find(bytes, b'\\').is_none() {
            self.words(key, bytes);
            return;
        }
        if utf8(bytes).is_some() {
            self.lead(key);
            return self.string(bytes);
        }
        if key.is_empty() {
            self.object("").bytes("text", bytes);
            self.end_object();
            return;
        }
        self.lead(key);
        self.string(bytes);
        put!(&mut self.out, ",\"", key, "_hex\":\"", Hex(bytes), "\"");
    }

    /// A string in its quotes, with U+FFFD for each byte that isn't UTF-8.
    fn string(&mut self, bytes: &[u8]) {
        self.out.byte(b'"');
        for chunk in bytes.utf8_chunks() {
            let mut rest = chunk.valid().as_bytes();
            while let Some(at) = rest.iter().position(|byte| needs_escape(*byte)) {
                self.out.bytes(&rest[..at]);
                // In UTF-8 this one is followed by another one.
                if let Some([C1, second @ 0x80..=0x9f]) = rest.get(at..at + 2) {
                    put!(&mut self.out, "\\u", hex(*second).zero(4));
                    rest = &rest[at + 2..];
                    continue;
                }
                match rest[at] {
                    C1 => self.out.byte(C1),
                    b'\n' => put!(&mut self.out, "\\n"),
                    b'\t' => put!(&mut self.out, "\\t"),
                    byte @ (b'"' | b'\\') => put!(&mut self.out, [b'\\', byte]),
                    byte => put!(&mut self.out, "\\u", hex(byte).zero(4)),
                }
                rest = &rest[at + 1..];
            }
            self.out.bytes(rest);
            chunk.invalid().iter().for_each(|_| put!(&mut self.out, "\\ufffd"));
        }
        self.out.byte(b'"');
    }
}

/// Whether a byte of a string can't stand for itself: what JSON forbids, and DEL and the upper
/// control characters, which could drive a terminal.
fn needs_escape(byte: u8) -> bool {
    byte < b' ' || matches!(byte, b'"' | b'\\' | 0x7f | C1)
}

/// What the upper control characters begin with in UTF-8, and as many others.
const C1: u8 = 0xc2;

#[cfg(test)]
mod tests {
    use crate::context::Context;
    use rt::io::{BufWriter, Write};
    use std::string::String;
    use std::vec::Vec;

    struct Sink(Vec<u8>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> rt::Result<usize> {
            self.0.extend(bytes);
            Ok(bytes.len())
        }
    }

    fn written(write: impl FnOnce(&mut Context)) -> String {
        let (mut out, mut err) = (Sink(Vec::new()), Sink(Vec::new()));
        let (mut out_buffer, mut err_buffer) = ([0; 16], [0; 16]);
        let mut cx = Context::new(
            &[],
            BufWriter::new(&mut out_buffer, &mut out),
            BufWriter::new(&mut err_buffer, &mut err),
        );
        write(&mut cx);
        cx.out.flush().unwrap();
        String::from_utf8(out.0).unwrap()
    }

    #[test]
    fn values_and_their_commas() {
        let text = written(|cx| {
            cx.json().object("").number("a", 1).array("b").bool("", true).null("");
            cx.json().object("").end_object().end_array().signed("c", -2).end_object();
            cx.json().end_document();
            cx.json().array("").end_array().end_document();
        });
        assert_eq!(text, "{\"a\":1,\"b\":[true,null,{}],\"c\":-2}\n[]\n");
    }

    #[test]
    fn numbers_that_a_double_would_round_are_strings() {
        let text = written(|cx| {
            cx.json().array("").number("", (1 << 53) - 1).number("", 1 << 53);
            cx.json().signed("", 1 - (1 << 53)).signed("", i64::MIN).number("", u64::MAX);
        });
        let expected = "[9007199254740991,\"9007199254740992\",-9007199254740991,\
            \"-9223372036854775808\",\"18446744073709551615\"";
        assert_eq!(text, expected);
    }

    #[test]
    fn any_bytes_are_text() {
        let text = written(|cx| {
            cx.json()
                .object("")
                .text("a", "\u{e4}\"\\\n\x1b\x7f\u{9b}\u{a7}")
                .text("b", b"x\xff\xc3");
            cx.json().array("c").text("", b"\x80").text("", "y").end_array().end_object();
        });
        let expected = "{\"a\":\"\u{e4}\\\"\\\\\\n\\u001b\\u007f\\u009b\u{a7}\",\
            \"b\":\"x\\ufffd\\ufffd\",\"b_hex\":\"78ffc3\",\
            \"c\":[{\"text\":\"\\ufffd\",\"text_hex\":\"80\"},\"y\"]}";
        assert_eq!(text, expected);
    }
}
