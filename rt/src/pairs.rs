//! Text in about half its space: the commonest two neighbours among all bytes became one new
//! byte, again and again (byte pair encoding). It is packed when the crate is compiled, and
//! written byte by byte.

/// The byte that stands for the first pair.
const FIRST: usize = 0x80;

/// What the bytes from 0x80 on stand for, two bytes each, which may be pairs themselves, but only
/// earlier ones. Where a text changes, nothing breaks, the pairs only fit less well.
pub type Pairs = [u8; 256];

/// Pairs of English words, of error messages above all; none has a newline in it.
pub const ENGLISH: &Pairs = b"\
    fst e reineredorons ilno salanaty \x8b\x81\x88 eso ec: oceni\x92d dearoule\x86 \x83sthad\
    exchrot\x86f\x8a\x87 emisa iclo\x84gl \x95tIno\x94usof\x85ra\x8a\x8diamp\x85i\x83\x9bvum\
    abv\xb7ppaci\x89a\x89\x84 postN\x94\xbd\x9e\x97kqu\xbe\x9a\xb4 ty\x85 et\xb0\x99\xc4\x84\
    IL\xd1Lf\xad\x8f\x99\xa7\x82\xb5\x87d\xa0riav\x8e\x91ifco\xa1\x82b\x90sispcta\x81\x82t\
    \xd9\xb6\xe4\xc7\xb1\xcapedo\xa5to\xaftrby\xd0\x81PE--\xb9\xd4itNo\x93s\x8dl\xa2\xd7unev\
    \xb2m\xf8\x8eope\x89f\xa8gesy\x8d ";

/// Writes what a byte stands for.
#[inline]
pub fn expand(pairs: &Pairs, byte: u8, write: &mut dyn FnMut(u8)) {
    let place = usize::from(byte).checked_sub(FIRST);
    match place.and_then(|place| pairs.as_chunks().0.get(place)) {
        Some([one, two]) => {
            expand(pairs, *one, write);
            expand(pairs, *two, write);
        }
        None => write(byte),
    }
}

/// A text in ASCII, packed by pairs: a reference to its bytes. Both are constants.
#[macro_export]
macro_rules! packed {
    ($text:expr, $pairs:expr) => {{
        #[allow(long_running_const_eval)]
        const PACKED: ([u8; $text.len()], usize) = $crate::pairs::pack($text, $pairs);
        static BYTES: [u8; PACKED.1] = $crate::pairs::first(&PACKED.0);
        &BYTES
    }};
}

/// The text with a byte for each pair, at the beginning of the array, and how many bytes it has;
/// see [`packed!`](crate::packed).
pub const fn pack<const N: usize>(text: &str, pairs: &Pairs) -> ([u8; N], usize) {
    let mut packed = [0; N];
    let mut length = 0;
    while length < N {
        packed[length] = text.as_bytes()[length];
        assert!(packed[length] < FIRST as u8);
        length += 1;
    }
    let mut pair = 0;
    while 2 * pair < pairs.len() {
        let (one, two) = (pairs[2 * pair], pairs[2 * pair + 1]);
        let (mut from, mut to) = (0, 0);
        while from < length {
            packed[to] = packed[from];
            if from + 1 < length && packed[from] == one && packed[from + 1] == two {
                packed[to] = (FIRST + pair) as u8;
                from += 1;
            }
            (from, to) = (from + 1, to + 1);
        }
        (length, pair) = (to, pair + 1);
    }
    (packed, length)
}

/// The first bytes of an array that was made too long.
#[doc(hidden)]
pub const fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    match bytes.first_chunk() {
        Some(bytes) => *bytes,
        None => panic!("there are enough"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn packed_text_is_shorter_and_expands_to_the_same() {
        const TEXT: &str = "No such file or directory\nPermission denied: xq\x7f\n";
        let packed: &[u8] = packed!(TEXT, ENGLISH);
        assert!(packed.len() < TEXT.len() * 2 / 3, "{}", packed.len());
        assert_eq!(packed.iter().filter(|byte| **byte == b'\n').count(), 2);
        let mut text = Vec::new();
        packed.iter().for_each(|byte| expand(ENGLISH, *byte, &mut |byte| text.push(byte)));
        assert_eq!(text, TEXT.as_bytes());
    }
}
