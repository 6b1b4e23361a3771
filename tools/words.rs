//! Small texts that several applets take apart or put together: words in a list, numbers,
//! bits with names.

use alloc::vec::Vec;
use rt::fmt::Put;
use rt::io::{BufWriter, Write};
use rt::row::find;
use rt::text::Text;

/// The words of a text with this byte between them, such as a table of names without pointers.
#[derive(Clone)]
pub struct Words<'a> {
    /// What is left of the text.
    pub rest: &'a [u8],
    between: u8,
}

pub fn words(text: &[u8], between: u8) -> Words<'_> {
    Words { rest: text, between }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    // Not inlined: it is called in many places.
    #[inline(never)]
    fn next(&mut self) -> Option<&'a [u8]> {
        let end = find(self.rest, self.between).unwrap_or(self.rest.len());
        let word = self.rest.get(..end).filter(|_| !self.rest.is_empty())?;
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        Some(word)
    }
}

/// Where a word is in a list with spaces between.
// One comparison for all: of a `match` on bytes each byte is one.
pub fn place(list: &[u8], word: &[u8]) -> Option<usize> {
    words(list, b' ').position(|other| other == word)
}

/// The word at a place in a list, where there is one.
// Not inlined: it is called in many places.
#[inline(never)]
pub fn word(list: &[u8], between: u8, place: usize) -> Option<&[u8]> {
    words(list, between).nth(place)
}

/// The text that bytes are, if they are UTF-8.
// Not `core`'s: in hot code nothing asks for that, and what it is fast with is 500 bytes.
#[inline(never)]
pub fn utf8(bytes: &[u8]) -> Option<&str> {
    match bytes.utf8_chunks().next() {
        Some(chunk) => chunk.invalid().is_empty().then_some(chunk.valid()),
        None => Some(""),
    }
}

/// Whether two texts are the same but for the case of ASCII letters.
#[inline(never)]
pub fn same_letters(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.eq_ignore_ascii_case(b))
}

/// A number without a sign, in digits of this base and nothing else.
pub fn number(text: &[u8], base: u32) -> Option<u64> {
    let mut number = 0u64;
    for &digit in text {
        let digit = char::from(digit).to_digit(base)?;
        number = number.checked_mul(base.into())?.checked_add(digit.into())?;
    }
    (!text.is_empty()).then_some(number)
}

/// The number in decimal digits that a text begins with, which is taken off it; one that is too
/// large is the largest that has a sign.
#[inline(never)]
pub fn leading(text: &mut &[u8]) -> Option<u64> {
    let mut number = None;
    while let Some((digit @ b'0'..=b'9', rest)) = text.split_first() {
        let sum = number.unwrap_or(0i64).saturating_mul(10);
        number = Some(sum.saturating_add(i64::from(digit - b'0')));
        *text = rest;
    }
    number.map(i64::cast_unsigned)
}

/// A number as `strtoul` reads it, wrapped round where it is negative, and what follows; without
/// end it is as large as can be. Base 0: 8 or 16 behind `0` and `0x`, else 10.
// Not inlined: it is called in many places.
#[inline(never)]
pub fn c_number(text: &[u8], base: u32) -> (u64, &[u8]) {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let (base, mut rest) = match digits {
        _ if base != 0 => (base, digits),
        [b'0', b'x' | b'X', digits @ ..] if !digits.is_empty() => (16, digits),
        [b'0', digits @ ..] => (8, digits),
        digits => (10, digits),
    };
    let mut value = 0u64;
    while let [digit, after @ ..] = rest {
        let Some(digit) = char::from(*digit).to_digit(base) else { break };
        value = value.saturating_mul(base.into()).saturating_add(digit.into());
        rest = after;
    }
    (if negative { value.wrapping_neg() } else { value }, rest)
}

/// How many digits a number has in this base.
#[inline(never)]
pub fn digits(mut number: u64, base: u64) -> usize {
    let mut digits = 1;
    while number >= base {
        number /= base;
        digits += 1;
    }
    digits
}

/// What follows a path's last slash.
#[inline(never)]
pub fn file_name(path: &[u8]) -> &[u8] {
    let at = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    path.get(at..).unwrap_or_default()
}

/// Which share of a whole a part is, in so many parts: without overflow.
#[inline(never)]
pub fn share(part: u64, whole: u64, parts: u64) -> u64 {
    let share = u128::from(part) * u128::from(parts) / u128::from(whole.max(1));
    u64::try_from(share).unwrap_or(u64::MAX)
}

/// Bits that have names, in the order in which they are named.
pub struct Bits {
    pub bits: &'static [u8],
    /// The names, with a space between them.
    pub names: &'static [u8],
}

impl Bits {
    /// Calls with the names of the bits that are set; what is left has none.
    pub fn each(&self, word: u64, call: &mut dyn FnMut(&'static [u8])) -> u64 {
        let mut rest = word;
        for (bit, name) in self.bits.iter().zip(words(self.names, b' ')) {
            if word >> bit & 1 != 0 {
                call(name);
                rest &= !(1 << bit);
            }
        }
        rest
    }
}

/// The word at a place of a packed text, empty where there is none.
#[inline(never)]
pub fn unpacked(text: Text, between: u8, place: usize) -> Vec<u8> {
    let (mut word, mut at) = (Vec::new(), 0);
    for byte in text.bytes() {
        if byte == between {
            at += 1;
            if at > place {
                break;
            }
        } else if at == place {
            word.push(byte);
        }
    }
    word
}

/// Bytes as hexadecimal digits.
pub struct Hex<'a>(pub &'a [u8]);

impl Put for Hex<'_> {
    fn put(&self, out: &mut BufWriter) {
        for byte in self.0 {
            out.bytes(&[byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
        }
    }
}

/// A short text that is put together apart from the output.
pub fn short(write: &mut dyn FnMut(&mut BufWriter)) -> Vec<u8> {
    gathered(&mut [0; 64], write)
}

/// The same of a text that may be long, by way of a buffer.
pub fn gathered(buffer: &mut [u8], write: &mut dyn FnMut(&mut BufWriter)) -> Vec<u8> {
    struct Gathered(Vec<u8>);
    impl Write for Gathered {
        fn write(&mut self, bytes: &[u8]) -> rt::Result<usize> {
            self.0.extend_from_slice(bytes);
            Ok(bytes.len())
        }
    }
    let mut text = Gathered(Vec::new());
    let mut out = BufWriter::new(buffer, &mut text);
    write(&mut out);
    // Memory takes all.
    let _ = out.flush();
    text.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(number(b"0755", 8), Some(0o755));
        assert_eq!(number(b"18446744073709551615", 10), Some(u64::MAX));
        assert_eq!(number(b"Ff", 16), Some(255));
        for (text, base) in [(&b""[..], 10), (b"18446744073709551616", 10), (b"+1", 10), (b"8", 8)]
        {
            assert_eq!(number(text, base), None);
        }
        assert_eq!([0, 9, 10, 99, u64::MAX].map(|number| digits(number, 10)), [1, 1, 2, 2, 20]);
        assert_eq!([0, 15, 16, u64::MAX].map(|number| digits(number, 16)), [1, 1, 2, 16]);
        assert_eq!([&b""[..], b"\xc3\xa4b", b"b\xc3"].map(utf8), [Some(""), Some("\u{e4}b"), None]);
        assert!(same_letters(b"Utf-8", b"uTF-8") && !same_letters(b"utf", b"utf8"));
        assert!(!same_letters(b"[", b"{"));
    }

    #[test]
    fn numbers_as_c_reads_them() {
        assert_eq!(c_number(b"12        ", 10), (12, &b"        "[..]));
        assert_eq!(c_number(b" 7:1374", 10), (7, &b":1374"[..]));
        assert_eq!(c_number(b"-1", 10).0, u64::MAX);
        assert_eq!(c_number(b"abc", 10).0, 0);
        assert_eq!(c_number(b"99999999999999999999999", 10).0, u64::MAX);
        assert_eq!(c_number(b"017", 10).0, 17);
        assert_eq!(c_number(b"017", 0).0, 0o17);
        assert_eq!(c_number(b" +0x1fg", 0), (0x1f, &b"g"[..]));
        assert_eq!(c_number(b"0x", 0), (0, &b"x"[..]));
    }

    #[test]
    fn lists() {
        let all = |text: &'static [u8]| words(text, b' ').map(Vec::from).collect::<Vec<_>>();
        assert_eq!(all(b"a bc d"), [&b"a"[..], b"bc", b"d"]);
        assert!(all(b"").is_empty());
        let places = ["a", "b", "bc", "d"].map(|word| place(b"a bc d", word.as_bytes()));
        assert_eq!(places, [Some(0), None, Some(1), Some(2)]);
        let bits = Bits { bits: &[2, 4], names: b"two four" };
        let mut names = Vec::new();
        assert_eq!(bits.each(0b110101, &mut |name| names.push(name)), 0b100001);
        assert_eq!(names, [&b"two"[..], b"four"]);
    }
}
