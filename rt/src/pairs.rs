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
    fsret e ineredoronil salannoy atess \x88 \x8d\x82o roen: ctlei\x92de\x81sd loart\x86chem\
    icadtoexoucoisne t\x85rl am\x84gf\x89i\x81Inup\x9bvabuspop\x85\x87 p\x95N\x94\xb5\x99ckq\
    ua \xb7\x84IL\xc1L\x8f\x9a\xac\x87d\x9cump\x87av\x8bi\x86 stri\xc8a\xcd\x89\xce\xbcv\xc9\
    pe\x82odo\x98\x9a\x85 \x93seti\x91haibb\x8ePEf\x9e\xb8\xc3Noc\x90\xa4\xc5maptev\xb2\xd0\
    \x94m\xe6\x8cack \xa5\xa8\x88\xaaF\xdc\xec_g\x80O\xde\xb0\x83\xb4\xa3\x94lecun\xe5\x9dTo\
    \xf6\xe7\xf7\x8eopgeulr\x8cg\x83P\x95\xfe\xea";

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
