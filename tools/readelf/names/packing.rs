//! Text in half the space: a byte that isn't printable ASCII stands for a word of a dictionary.
//!
//! Names have much in common: most of their text is `TLS_`, `HI`, `register` and the like. They
//! are packed when the crate is compiled.

/// What the names have in common, in ascending order.
///
/// Chosen for the least bytes of names and dictionary together: first the commonest pair of
/// neighbours becomes a word, again and again; then a word makes room for a piece of text that
/// saves more than it, as long as there is one. When the lists of names change, nothing breaks,
/// the words only fit less well.
#[rustfmt::skip]
const DICTIONARY: &[&[u8]; COUNT] = &[
    b" (", b" (s390 ", b" Semiconductor", b" Technolog", b" address", b" and up t",
    b" architecture", b" data)", b" embedded ", b" family", b" instructions", b" p", b" register",
    b" structure", b", ", b"-bit ", b"-byte", b"-byte extended", b"00", b"0_", b"10", b"12", b"16",
    b"16_", b"1_", b"20", b"21", b"24", b"32", b"32_", b"64", b"8_", b":\t", b":\t\t", b"ABI",
    b"ABS", b"AD", b"ADDR", b"AL", b"AR", b"ATTRIBUTE", b"Aggressive ", b"Allowed", b"CALL", b"CO",
    b"COPY", b"Cavium Networks Octe", b"DA", b"DE", b"DESC", b"DI", b"DTPMOD", b"DTPREL", b"D_",
    b"EN", b"FLAGS", b"FP", b"GLOB_DAT", b"GN", b"GOT", b"HA", b"HI", b"HI16", b"HW", b"IC", b"IE",
    b"IMM", b"IN", b"JUMP", b"LD", b"LE", b"LE_", b"LI", b"LO", b"LO16", b"ME", b"MIPS", b"MOVW_",
    b"MP_SLOT", b"MSP430", b"Microelectronics ", b"NO", b"NONE", b"OFF", b"OFFSET", b"OFF_", b"OP",
    b"OR", b"PAGE", b"PC", b"PCREL", b"PLT", b"PREL", b"RE", b"REL", b"RELATIVE", b"RISC", b"R_",
    b"Renesas ", b"SB", b"SE", b"SP", b"ST", b"SYM", b"TA", b"TE", b"TLS", b"TLS_", b"TLS_GD",
    b"TPOFF", b"TPREL", b"T_", b"UN", b"U_VTENTRY", b"U_VTINHERIT", b"VERSION", b"_HI20", b"_LAST",
    b"_LO12", b"_NC", b"_PCREL", b"_RELA", b"a ", b"al", b"an", b"ar", b"at", b"attr", b"avr:",
    b"ch", b"co", b"ct", b"de", b"ed", b"en", b"er", b"get", b"gfx", b"ic", b"icrocontroller",
    b"ig", b"in", b"ion", b"it", b"le", b"lo", b"me", b"no", b"nt", b"on", b"or",
    b"ppc checkpointed ", b"re", b"ro", b"rocessor", b"s ", b"se", b"st", b"ti", b"unknown",
];

/// So many bytes there are that aren't printable ASCII (0x7f is taken for it).
const COUNT: usize = 256 - (0x80 - 0x20);

/// The byte that stands for the first word; 0 comes after 0xff.
const FIRST: u8 = 0x80;

/// The words, one after another: a pointer for each would cost more than the words.
static WORDS: [u8; STARTS[COUNT] as usize] = {
    let mut words = [0; STARTS[COUNT] as usize];
    let (mut at, mut word) = (0, 0);
    while word < COUNT {
        let bytes = DICTIONARY[word];
        assert!(word == 0 || before(DICTIONARY[word - 1], bytes), "words are sorted");
        let mut i = 0;
        while i < bytes.len() {
            words[at] = bytes[i];
            (at, i) = (at + 1, i + 1);
        }
        word += 1;
    }
    words
};

/// Where each word begins, and where the last one ends.
const STARTS: [u16; COUNT + 1] = {
    let mut starts = [0; COUNT + 1];
    let mut word = 0;
    while word < COUNT {
        starts[word + 1] = starts[word] + DICTIONARY[word].len() as u16;
        word += 1;
    }
    starts
};

/// What a byte of packed text stands for: a word, or itself.
pub fn expand(byte: &u8) -> &[u8] {
    static STARTS: [u16; COUNT + 1] = self::STARTS;
    let word = usize::from(byte.wrapping_sub(FIRST));
    match STARTS.get(word..).and_then(|starts| starts.first_chunk()) {
        Some(&[start, end]) => WORDS.get(start.into()..end.into()).unwrap_or_default(),
        None => core::slice::from_ref(byte),
    }
}

/// The longest text that can be packed.
pub const MAX: usize = 127;

/// Writes the shortest form of a text at a position, and gives back where it ends.
pub const fn pack(out: &mut [u8], mut at: usize, text: &str) -> usize {
    let text = text.as_bytes();
    // What is left of the text from each byte on: how short it gets, and what it begins with.
    let mut shortest = [0; MAX + 1];
    let mut best = [(0, 0); MAX];
    let mut i = text.len();
    while i > 0 {
        i -= 1;
        let byte = text[i];
        best[i] = (byte, 1);
        // A control character has to be part of a word.
        shortest[i] = shortest[i + 1] + if byte < b' ' { 0x100 } else { 1 };
        assert!(byte < 0x7f && shortest[i] < 0x8000);
        let next = if i + 1 < text.len() { text[i + 1] } else { 0 };
        let mut word = PAIRS[byte as usize][next as usize] as usize;
        while word < COUNT {
            let bytes = DICTIONARY[word];
            if bytes[0] != byte || bytes[1] != next {
                break;
            }
            let len = bytes.len();
            if begins(text, i, bytes) && shortest[i + len] + 1 < shortest[i] {
                best[i] = (FIRST.wrapping_add(word as u8), len);
                shortest[i] = shortest[i + len] + 1;
            }
            word += 1;
        }
    }
    assert!(shortest[0] < 0x100, "no word for a control character");
    while i < text.len() {
        let (byte, len) = best[i];
        out[at] = byte;
        (at, i) = (at + 1, i + len);
    }
    at
}

/// The first word with these two characters at its beginning.
const PAIRS: &[[u8; 0x80]; 0x80] = &{
    let mut pairs = [[COUNT as u8; 0x80]; 0x80];
    let mut word = COUNT;
    while word > 0 {
        word -= 1;
        pairs[DICTIONARY[word][0] as usize][DICTIONARY[word][1] as usize] = word as u8;
    }
    pairs
};

/// Whether a word is in a text at a position.
const fn begins(text: &[u8], at: usize, word: &[u8]) -> bool {
    let mut i = 0;
    while i < word.len() {
        if at + i >= text.len() || text[at + i] != word[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Whether `a` comes before `b`.
const fn before(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i < b.len() && (i == a.len() || a[i] < b[i])
}

/// The first bytes of an array that was made too long.
pub const fn cut<const N: usize>(bytes: &[u8]) -> [u8; N] {
    match bytes.first_chunk() {
        Some(bytes) => *bytes,
        None => panic!("there are enough"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec::Vec;

    #[test]
    fn packed_text_expands_to_the_same() {
        const LONG: &str = "_LO12_NC PREL32 (TLS registers), x";
        const PACKED: ([u8; LONG.len()], usize) = {
            let mut bytes = [0; LONG.len()];
            let len = pack(&mut bytes, 0, LONG);
            (bytes, len)
        };
        static BYTES: [u8; PACKED.1] = cut(&PACKED.0);
        let bytes: Vec<u8> = BYTES.iter().flat_map(expand).copied().collect();
        assert_eq!(String::from_utf8(bytes).as_deref(), Ok(LONG));
        assert!(BYTES.len() < LONG.len() / 2);
    }

    #[test]
    fn a_word_for_every_byte_that_is_none() {
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
            let printable = (0x20..0x80).contains(byte);
            assert_eq!(expand(byte).len() == 1, printable, "{byte}");
            assert!(!printable || expand(byte) == [*byte]);
        }
    }
}
