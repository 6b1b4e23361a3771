//! Literals in half the space: what a program prints is a good part of it, and much of that are
//! the same words. [`put!`](crate::put!) packs its literals by itself.

use core::ptr::NonNull;

pub mod packing;
mod words;

use packing::{Dictionary, room};
pub use words::WORDS;

static DICTIONARY: Dictionary<{ room(&WORDS) }> = Dictionary::new(&WORDS);

/// A packed literal: see [`text!`](crate::text!).
///
/// It is one pointer, to bytes that a 0 ends: where it is handed on, that is one register and one
/// instruction less than a `&str` takes.
#[derive(Clone, Copy)]
pub struct Text(NonNull<u8>);

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        self.codes().eq(other.codes())
    }
}

impl Eq for Text {}

impl core::fmt::Debug for Text {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        self.bytes().try_for_each(|byte| core::fmt::Write::write_char(f, byte.into()))
    }
}

// SAFETY: it points to bytes that never change.
unsafe impl Sync for Text {}
// SAFETY: as above.
unsafe impl Send for Text {}

/// Packs a literal: a constant of type [`Text`](crate::text::Text).
///
/// In it may be printable ASCII, `\n`, `\t` and `\x1b`; anything else doesn't compile.
#[macro_export]
macro_rules! text {
    ($text:expr) => {{
        // Names that hide none of the caller's.
        const __ROOM: usize = $text.len() + 1;
        const __PACKED: ([u8; __ROOM], usize) = $crate::text::pack($text);
        const __BYTES: &[u8] = &$crate::text::packing::cut::<{ __PACKED.1 }>(&__PACKED.0);
        const __TEXT: $crate::text::Text = $crate::text::Text::new(__BYTES);
        __TEXT
    }};
}

/// A text's bytes with the 0 behind them, and how many they are.
#[doc(hidden)]
pub const fn pack<const ROOM: usize>(text: &str) -> ([u8; ROOM], usize) {
    let mut bytes = [0; ROOM];
    let end = WORDS.pack::<ROOM>(&mut bytes, 0, text);
    (bytes, end + 1)
}

impl Text {
    /// Of bytes of which the last one, and no other, is 0.
    #[doc(hidden)]
    pub const fn new(bytes: &'static [u8]) -> Self {
        let mut i = 0;
        while bytes[i] != 0 {
            i += 1;
        }
        assert!(i + 1 == bytes.len());
        match NonNull::new(bytes.as_ptr().cast_mut()) {
            Some(first) => Text(first),
            None => panic!("a reference is no null pointer"),
        }
    }

    /// The bytes as they are packed.
    #[inline(always)]
    pub(crate) fn codes(self) -> impl Iterator<Item = &'static u8> {
        let mut at = self.0;
        core::iter::from_fn(move || {
            // SAFETY: `at` is in the bytes that `new` was given, which live forever: it begins
            // there, and goes on only where the byte isn't the 0 that is the last one.
            let byte: &'static u8 = unsafe { at.as_ref() };
            if *byte == 0 {
                return None;
            }
            // SAFETY: as above, there is one more.
            at = unsafe { at.add(1) };
            Some(byte)
        })
    }

    /// Whether there is nothing in it.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.codes().next().is_none()
    }

    /// The bytes of the text.
    #[inline(always)]
    pub fn bytes(self) -> impl Iterator<Item = u8> {
        self.codes().flat_map(|code| DICTIONARY.expand(code)).copied()
    }

    /// The bytes of a line of the text, the first one being 0; none where there are fewer.
    #[inline]
    pub fn line(self, place: usize) -> impl Iterator<Item = u8> {
        let mut bytes = self.bytes();
        for _ in 0..place {
            bytes.find(|&byte| byte == b'\n');
        }
        bytes.take_while(|&byte| byte != b'\n')
    }
}

impl crate::io::BufWriter<'_> {
    /// Adds a packed literal.
    #[inline(never)]
    pub fn text(&mut self, text: Text) {
        for &code in text.codes() {
            match DICTIONARY.word(code) {
                Some((word, len)) => match self.rest().first_chunk_mut() {
                    Some(place) => {
                        *place = *word;
                        self.advance(len);
                    }
                    None => self.bytes(word.get(..len).unwrap_or_default()),
                },
                None => self.byte(code),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::packing::{COUNT, Dictionary, Words, room};
    use super::{DICTIONARY, Text, WORDS};
    use crate::io::BufWriter;
    use std::string::String;
    use std::vec::Vec;

    fn written(text: Text, size: usize) -> String {
        let (mut to, mut buffer) = (Vec::new(), std::vec![0; size]);
        let mut out = BufWriter::new(&mut buffer, &mut to);
        out.text(text);
        out.flush().unwrap();
        String::from_utf8(to).unwrap()
    }

    #[test]
    fn a_packed_text_is_written_as_it_was() {
        const LONG: &str = "readelf: Warning: the section headers of the file\t\x1b[m~ are at 0x\n";
        let (text, empty) = (text!(LONG), text!(""));
        assert!(text.codes().count() < LONG.len() * 2 / 3);
        assert!(text.bytes().eq(LONG.bytes()));
        assert_eq!(empty.bytes().next(), None);
        let lines = text!("not found\n\nit is for another machine");
        for (place, line) in
            ["not found", "", "it is for another machine", "", ""].iter().enumerate()
        {
            assert!(lines.line(place).eq(line.bytes()), "{place}");
        }
        // A word at the end of the buffer, and one that is longer than it.
        for size in 1..80 {
            assert_eq!(written(text, size), LONG, "{size}");
            assert_eq!(written(empty, size), "");
        }
    }

    #[test]
    fn every_byte_is_a_character_or_a_word() {
        static BYTES: [u8; 256] = {
            let mut bytes = [0; 256];
            let mut i = 0;
            while i < 256 {
                bytes[i] = i as u8;
                i += 1;
            }
            bytes
        };
        for byte in &BYTES {
            let word = DICTIONARY.expand(byte);
            match byte {
                0 => assert!(word.is_empty()),
                b'\n' | b'\t' | b'\x1b' | 0x20..=0x7f => assert_eq!(word, [*byte]),
                _ => assert!(word.len() > 1, "{byte}"),
            }
        }
    }

    #[test]
    fn the_shortest_of_all_ways_is_taken() {
        const LIST: &[&[u8]; COUNT] = &{
            let mut list: [&[u8]; COUNT] = [b""; COUNT];
            (list[0], list[1], list[COUNT - 1]) = (b"ab", b"bcde", b"abc");
            list
        };
        const WORDS: Words = Words::new(LIST);
        static DICTIONARY: Dictionary<{ room(&WORDS) }> = Dictionary::new(&WORDS);
        const PACKED: ([u8; 12], usize) = {
            let mut bytes = [0; 12];
            let end = WORDS.pack::<12>(&mut bytes, 1, "abcdeabcab");
            (bytes, end)
        };
        assert_eq!(PACKED.0[1..PACKED.1], [b'a', 0x81, 0x1f, 0x80]);
        let text: Vec<u8> =
            PACKED.0[1..PACKED.1].iter().flat_map(|b| DICTIONARY.expand(b)).copied().collect();
        assert_eq!(text, b"abcdeabcab");
    }

    #[test]
    fn the_words_are_few_bytes() {
        assert!(WORDS.size() < 1024);
    }
}
