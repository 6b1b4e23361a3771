//! Names in half the space: see [`rt::text::packing`].
//!
//! Names have much in common: most of their text is `TLS_`, `HI`, `register` and the like.

pub use rt::text::packing::cut;
use rt::text::packing::{COUNT, Dictionary, Words, room};

/// What the names have in common.
///
/// Chosen for the least bytes of names and dictionary together, as
/// [rt's words](rt::text::WORDS) for texts.
const WORDS: Words = Words::new(LIST);

#[rustfmt::skip]
const LIST: &[&[u8]; COUNT] = &[
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

static DICTIONARY: Dictionary<{ room(&WORDS) }> = Dictionary::new(&WORDS);

/// What a byte of packed text stands for: a word, or itself.
pub fn expand(byte: &u8) -> &[u8] {
    DICTIONARY.expand(byte)
}

/// The longest text that can be packed.
pub const MAX: usize = 127;

/// Writes the shortest form of a text at a position, and gives back where it ends.
pub const fn pack(out: &mut [u8], at: usize, text: &str) -> usize {
    WORDS.pack::<{ MAX + 1 }>(out, at, text)
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
