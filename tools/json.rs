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
use crate::words::{Hex, unpacked, utf8};
use rt::fmt::{Number, Put, dec, hex};
use rt::row::{find, is_printable};
use rt::text::Text;
use rt::{put, text};

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
    #[inline(always)]
    fn lead(&mut self, key: &[u8]) {
        self.out.member(self.json_comma, key);
        self.json_comma = true;
    }

    /// The same with a packed key.
    #[inline(never)]
    fn lead_by(&mut self, key: Text) {
        self.lead(b"");
        if !key.is_empty() {
            self.out.byte(b'"');
            put!(&mut self.out, key, "\":");
        }
    }

    /// A name that isn't packed: the value that follows is given none.
    #[inline(never)]
    pub fn key(&mut self, key: &[u8]) -> &mut Self {
        self.lead(key);
        self.json_comma = false;
        self
    }

    /// Begins what this bracket begins: an object or an array.
    pub fn open(&mut self, bracket: u8) {
        self.out.byte(bracket);
        self.json_comma = false;
    }

    /// Ends what was begun last with the other bracket.
    pub fn close(&mut self, bracket: u8) -> &mut Self {
        self.out.byte(bracket);
        self.json_comma = true;
        self
    }

    /// Begins an object.
    pub fn object(&mut self, key: Text) -> &mut Self {
        self.lead_by(key);
        self.open(b'{');
        self
    }

    /// Ends the object that was begun last.
    pub fn end_object(&mut self) -> &mut Self {
        self.close(b'}')
    }

    /// Begins an array.
    pub fn array(&mut self, key: Text) -> &mut Self {
        self.lead_by(key);
        self.open(b'[');
        self
    }

    /// Ends the array that was begun last.
    pub fn end_array(&mut self) -> &mut Self {
        self.close(b']')
    }

    /// Ends the document, after its last bracket.
    pub fn end_document(&mut self) {
        self.out.byte(b'\n');
        self.json_comma = false;
    }

    /// Many members at once, as a pattern says: `"{sh_link sh_info name$flags["`. What is behind
    /// a name says what its value is. After a space, or at the end, it is the next number; `?`
    /// is yes or no, by the next number; `$` is the next text, or null; `'` is one in which there
    /// is nothing to escape; `#` is one's bytes in hexadecimal; brackets begin and end what they
    /// do in JSON. The pattern isn't packed: many a one is read for each symbol.
    #[inline(never)]
    pub fn fill(&mut self, pattern: &str, numbers: &[u64], texts: &[Option<&[u8]>]) -> &mut Self {
        let (mut numbers, mut texts) = (numbers.iter(), texts.iter());
        let mut rest = pattern.as_bytes();
        while let Some((key, sign)) = next_key(&mut rest) {
            match sign {
                b'[' | b'{' => {
                    self.lead(key);
                    self.open(sign);
                }
                b']' | b'}' => _ = self.close(sign),
                b' ' | b'?' => {
                    let number = numbers.next().copied().unwrap_or_default();
                    match sign {
                        b'?' => {
                            self.lead(key);
                            self.yes_or_no(number != 0);
                        }
                        _ => self.digits(key, number),
                    }
                }
                _ => match (sign, texts.next().copied().flatten()) {
                    (b'$', Some(text)) => self.bytes(key, text),
                    (sign, text) => {
                        self.lead(key);
                        match text {
                            None => put!(&mut self.out, "null"),
                            Some(bytes) if sign == b'#' => self.quoted(&Hex(bytes)),
                            Some(words) => self.quoted(&words),
                        }
                    }
                },
            }
        }
        self
    }

    /// Unsigned numbers, with their names in one string: `"sh_link sh_info"`.
    pub fn numbers(&mut self, keys: &str, values: &[u64]) -> &mut Self {
        self.fill(keys, values, &[])
    }

    /// An unsigned number.
    pub fn number(&mut self, key: Text, value: u64) -> &mut Self {
        self.lead_by(key);
        self.integer(dec(value), value);
        self
    }

    /// The same where the name isn't packed: for what is written for each symbol.
    pub fn digits(&mut self, key: &[u8], value: u64) {
        self.lead(key);
        self.integer(dec(value), value);
    }

    fn integer(&mut self, number: Number, value: u64) {
        if value > GREATEST {
            return self.quoted(&number);
        }
        put!(&mut self.out, number);
    }

    fn yes_or_no(&mut self, value: bool) {
        put!(&mut self.out, if value { text!("true") } else { text!("false") });
    }

    /// Something in quotes, with nothing to escape in it.
    fn quoted(&mut self, item: &dyn Put) {
        self.out.byte(b'"');
        item.put(&mut self.out);
        self.out.byte(b'"');
    }

    /// Text of which it is known that there is nothing to escape in it.
    pub fn words(&mut self, key: Text, words: &[u8]) -> &mut Self {
        self.item(key, &words)
    }

    /// The same of what isn't one piece of text.
    #[inline(never)]
    pub fn item(&mut self, key: Text, item: &dyn Put) -> &mut Self {
        self.lead_by(key);
        self.quoted(item);
        self
    }

    /// What the number of this key is called: a member with `_name` behind its name.
    pub fn beside(&mut self, key: impl Put, name: &dyn Put) -> &mut Self {
        put!(&mut self.out, ",\"", key, "_name\":\"", name, "\"");
        self
    }

    /// Bytes as hexadecimal digits.
    pub fn hex(&mut self, key: Text, bytes: &[u8]) -> &mut Self {
        self.item(key, &Hex(bytes))
    }

    /// A signed number.
    pub fn signed(&mut self, key: Text, value: i64) -> &mut Self {
        self.lead_by(key);
        self.integer(rt::fmt::int(value), value.unsigned_abs());
        self
    }

    /// Yes or no.
    pub fn bool(&mut self, key: Text, value: bool) -> &mut Self {
        self.lead_by(key);
        self.yes_or_no(value);
        self
    }

    /// What isn't there.
    pub fn null(&mut self, key: Text) -> &mut Self {
        self.lead_by(key);
        put!(&mut self.out, "null");
        self
    }

    /// An unsigned number that may not be there.
    pub fn number_or_null(&mut self, key: Text, value: Option<u64>) -> &mut Self {
        match value {
            Some(value) => self.number(key, value),
            None => self.null(key),
        }
    }

    /// Text that may not be there.
    pub fn text_or_null(&mut self, key: Text, text: Option<&[u8]>) -> &mut Self {
        match text {
            Some(text) => self.text(key, text),
            None => self.null(key),
        }
    }

    /// Text, whatever its bytes are.
    pub fn text(&mut self, key: Text, bytes: &(impl AsRef<[u8]> + ?Sized)) -> &mut Self {
        self.text_of(key, bytes.as_ref());
        self
    }

    #[inline(never)]
    fn text_of(&mut self, key: Text, bytes: &[u8]) {
        if is_plain(bytes) {
            self.item(key, &bytes);
        } else {
            self.bytes(&unpacked(key, b' ', 0), bytes);
        }
    }

    /// The same where the name isn't packed.
    pub fn bytes(&mut self, key: &[u8], bytes: &[u8]) {
        // Nearly every name.
        if is_plain(bytes) {
            self.lead(key);
            return self.quoted(&bytes);
        }
        if utf8(bytes).is_some() {
            self.lead(key);
            return self.string(bytes);
        }
        if key.is_empty() {
            self.object(text!("")).bytes(b"text", bytes);
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

/// Whether text has nothing in it to escape.
fn is_plain(text: &[u8]) -> bool {
    is_printable(text) && find(text, b'"').is_none() && find(text, b'\\').is_none()
}

/// Takes a name off a pattern, with the character behind it: a space at the end.
#[inline(never)]
pub fn next_key<'p>(pattern: &mut &'p [u8]) -> Option<(&'p [u8], u8)> {
    // Nearly all are small letters.
    let is_sign = |byte: &u8| !matches!(byte, b'_'..=b'z' | b'A'..=b'Z' | b'0'..=b'9');
    let end = pattern.iter().position(is_sign).unwrap_or(pattern.len());
    let (key, rest) = pattern.split_at_checked(end).filter(|_| !pattern.is_empty())?;
    *pattern = rest.get(1..).unwrap_or_default();
    Some((key, rest.first().copied().unwrap_or(b' ')))
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
    use rt::text;
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
            cx.json()
                .object(text!(""))
                .number(text!("a"), 1)
                .array(text!("b"))
                .bool(text!(""), true)
                .null(text!(""));
            cx.json()
                .object(text!(""))
                .end_object()
                .end_array()
                .signed(text!("c"), -2)
                .end_object();
            cx.json().end_document();
            cx.json().array(text!("")).end_array().end_document();
        });
        assert_eq!(text, "{\"a\":1,\"b\":[true,null,{}],\"c\":-2}\n[]\n");
    }

    #[test]
    fn numbers_that_a_double_would_round_are_strings() {
        let text = written(|cx| {
            cx.json().array(text!("")).number(text!(""), (1 << 53) - 1).number(text!(""), 1 << 53);
            cx.json()
                .signed(text!(""), 1 - (1 << 53))
                .signed(text!(""), i64::MIN)
                .number(text!(""), u64::MAX);
        });
        let expected = "[9007199254740991,\"9007199254740992\",-9007199254740991,\
            \"-9223372036854775808\",\"18446744073709551615\"";
        assert_eq!(text, expected);
    }

    #[test]
    fn any_bytes_are_text() {
        let text = written(|cx| {
            cx.json()
                .object(text!(""))
                .text(text!("a"), "\u{e4}\"\\\n\x1b\x7f\u{9b}\u{a7}")
                .text(text!("b"), b"x\xff\xc3");
            cx.json()
                .array(text!("c"))
                .text(text!(""), b"\x80")
                .text(text!(""), "y")
                .end_array()
                .end_object();
        });
        let expected = "{\"a\":\"\u{e4}\\\"\\\\\\n\\u001b\\u007f\\u009b\u{a7}\",\
            \"b\":\"x\\ufffd\\ufffd\",\"b_hex\":\"78ffc3\",\
            \"c\":[{\"text\":\"\\ufffd\",\"text_hex\":\"80\"},\"y\"]}";
        assert_eq!(text, expected);
    }
}
