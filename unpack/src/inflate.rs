//! DEFLATE (RFC 1951) in a zlib wrapper (RFC 1950): what `SHF_COMPRESSED` sections hold.
//!
//! The output has to fit exactly into the slice that the caller gives; nothing is allocated,
//! and no step is taken that neither uses up input nor produces output.

use super::repeat;

/// Unpacks zlib streams, one after the other, until both sides are used up. False where the
/// input is no such thing, or gives more or fewer bytes.
pub fn zlib(mut input: &[u8], output: &mut [u8]) -> bool {
    let mut codes = [Code::EMPTY; 2];
    let mut done = 0;
    while !input.is_empty() {
        let Some(rest) = output.get_mut(done..) else { return false };
        let Some((used, made)) = stream(input, rest, &mut codes) else { return false };
        input = input.get(used..).unwrap_or_default();
        done += made;
    }
    done == output.len()
}

/// One stream: how many bytes it took and made. Not inlined where the codes are: what lies
/// beside so much takes long addresses.
#[inline(never)]
fn stream(input: &[u8], output: &mut [u8], codes: &mut [Code; 2]) -> Option<(usize, usize)> {
    const DEFLATE: u8 = 8;
    const PRESET_DICTIONARY: u8 = 0x20;
    let &[method, flags, ref body @ ..] = input else { return None };
    let check = u16::from_be_bytes([method, flags]) % 31;
    if method & 15 != DEFLATE || method >> 4 > 7 || flags & PRESET_DICTIONARY != 0 || check != 0 {
        return None;
    }
    let (used, made) = inflate(body, output, codes)?;
    let sum = body.get(used..)?.first_chunk()?;
    let right = u32::from_be_bytes(*sum) == adler32(output.get(..made)?);
    right.then_some((2 + used + 4, made))
}

fn adler32(bytes: &[u8]) -> u32 {
    const PRIME: u32 = 65_521;
    let (mut a, mut b) = (1, 0);
    // As many as fit into 32 bits before the remainder has to be taken.
    for chunk in bytes.chunks(5552) {
        for &byte in chunk {
            a += u32::from(byte);
            b += a;
        }
        a %= PRIME;
        b %= PRIME;
    }
    b << 16 | a
}

/// Unpacks blocks up to the last one: how many bytes they took and made.
fn inflate(input: &[u8], output: &mut [u8], codes: &mut [Code; 2]) -> Option<(usize, usize)> {
    let mut bits = Bits { input, word: 0, count: 0 };
    let mut out = Output { bytes: output, len: 0 };
    loop {
        let last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => stored(&mut bits, &mut out)?,
            1 => {
                fixed(codes)?;
                block(&mut bits, &mut out, codes)?;
            }
            2 => {
                dynamic(&mut bits, codes)?;
                block(&mut bits, &mut out, codes)?;
            }
            _ => return None,
        }
        if last {
            let unused = bits.input.len() + bits.count as usize / 8;
            return Some((input.len() - unused, out.len));
        }
    }
}

/// A stored block: its length, the length's complement, the bytes.
fn stored(bits: &mut Bits, out: &mut Output) -> Option<()> {
    bits.take(bits.count % 8)?;
    let (len, complement) = (bits.take(16)?, bits.take(16)?);
    if len != !complement & 0xffff {
        return None;
    }
    for _ in 0..len {
        out.push(bits.take(8)? as u8)?;
    }
    Some(())
}

/// The two codes that are always the same.
#[inline(never)]
fn fixed([lengths, distances]: &mut [Code; 2]) -> Option<()> {
    let mut sizes = [8; 288];
    sizes[144..256].fill(9);
    sizes[256..280].fill(7);
    lengths.set(&sizes)?;
    distances.set(&[5; 30])
}

/// The two codes of a block that brings its own: the lengths of their code words, packed by
/// a third code.
#[inline(never)]
fn dynamic(bits: &mut Bits, [lengths, distances]: &mut [Code; 2]) -> Option<()> {
    const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let literals = bits.take(5)? as usize + 257;
    let all = literals + bits.take(5)? as usize + 1;
    let count = bits.take(4)? as usize + 4;
    let mut sizes = [0u8; 320];
    for &index in ORDER.iter().take(count) {
        *sizes.get_mut(usize::from(index))? = bits.take(3)? as u8;
    }
    lengths.set(sizes.get(..19)?)?;
    sizes.fill(0);
    let mut at = 0;
    while at < all {
        let (size, times) = match lengths.take(bits)? {
            size @ 0..16 => (size as u8, 1),
            16 => (*sizes.get(at.checked_sub(1)?)?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            _ => (0, 11 + bits.take(7)?),
        };
        let end = at + times as usize;
        if end > all {
            return None;
        }
        sizes.get_mut(at..end)?.fill(size);
        at = end;
    }
    // Without a word for the end no block ends.
    if sizes.get(256) == Some(&0) {
        return None;
    }
    lengths.set(sizes.get(..literals)?)?;
    distances.set(sizes.get(literals..all)?)
}

/// A compressed block: literals, and copies of what came before.
fn block(bits: &mut Bits, out: &mut Output, [lengths, distances]: &[Code; 2]) -> Option<()> {
    loop {
        let symbol = lengths.take(bits)?;
        match symbol {
            0..256 => out.push(symbol as u8)?,
            256 => return Some(()),
            _ => {
                let length = match symbol - 257 {
                    28 => 258,
                    n => value(bits, n, 4, 3)?,
                };
                let far = distances.take(bits)?;
                let distance = value(bits, far, 2, 1)?;
                if symbol > 285 || distance > 32_768 {
                    return None;
                }
                out.copy(distance as usize, length as usize)?;
            }
        }
    }
}

/// The value of a length's or distance's symbol: after twice as many symbols as one extra bit
/// has values, each group of them has one more.
fn value(bits: &mut Bits, symbol: u16, group: u32, first: u32) -> Option<u32> {
    let symbol = u32::from(symbol);
    if symbol < 2 * group {
        return Some(first + symbol);
    }
    let extra = symbol / group - 1;
    let base = (group + symbol % group) << extra;
    Some(first + base + bits.take(extra)?)
}

/// Bits from the lowest of the first byte on.
struct Bits<'a> {
    input: &'a [u8],
    word: u64,
    count: u32,
}

impl Bits<'_> {
    /// Fills up to more than any code word and its extra bits need.
    #[inline]
    fn fill(&mut self) {
        while self.count <= 48 {
            let Some((&byte, rest)) = self.input.split_first() else { return };
            self.word |= u64::from(byte) << self.count;
            self.count += 8;
            self.input = rest;
        }
    }

    /// The next bits, up to 16; none where the input has ended.
    #[inline]
    fn take(&mut self, count: u32) -> Option<u32> {
        if self.count < count {
            self.fill();
        }
        let value = self.word as u32 & ((1 << count) - 1);
        self.skip(count)?;
        Some(value)
    }

    #[inline]
    fn skip(&mut self, count: u32) -> Option<()> {
        self.count = self.count.checked_sub(count)?;
        self.word >>= count;
        Some(())
    }
}

/// What has been made so far.
struct Output<'a> {
    bytes: &'a mut [u8],
    len: usize,
}

impl Output<'_> {
    #[inline]
    fn push(&mut self, byte: u8) -> Option<()> {
        *self.bytes.get_mut(self.len)? = byte;
        self.len += 1;
        Some(())
    }

    /// Repeats what is there, which may be shorter than what is asked for.
    fn copy(&mut self, distance: usize, length: usize) -> Option<()> {
        let (start, end) = (self.len.checked_sub(distance)?, self.len.checked_add(length)?);
        repeat(self.bytes.get_mut(start..end)?, distance)?;
        self.len = end;
        Some(())
    }
}

/// A Huffman code: code words of up to 15 bits.
struct Code {
    /// By the next bits: the symbol and the length of its word; 0 where that is longer.
    fast: [u16; 1 << Code::FAST],
    /// How many words of each length there are.
    count: [u16; 16],
    /// The symbols in the order of their words.
    symbols: [u16; 288],
}

impl Code {
    const FAST: u32 = 9;

    const EMPTY: Code = Code { fast: [0; 1 << Code::FAST], count: [0; 16], symbols: [0; 288] };

    /// The code whose words have these lengths (RFC 1951, 3.2.2), 0 for a symbol without
    /// one. None where there are too many for their length.
    fn set(&mut self, sizes: &[u8]) -> Option<()> {
        self.count = [0; 16];
        for &size in sizes {
            *self.count.get_mut(usize::from(size))? += 1;
        }
        self.count[0] = 0;
        let (mut words, mut index) = ([0u32; 16], [0u16; 16]);
        let (mut word, mut before) = (0, 0);
        for size in 1..16 {
            word <<= 1;
            words[size] = word;
            index[size] = before;
            word += u32::from(self.count[size]);
            before += self.count[size];
            if word > 1 << size {
                return None;
            }
        }
        self.fast.fill(0);
        for (symbol, &size) in sizes.iter().enumerate().filter(|(_, size)| **size != 0) {
            let place = usize::from(size);
            let (index, word) = (index.get_mut(place)?, words.get_mut(place)?);
            *self.symbols.get_mut(usize::from(*index))? = symbol as u16;
            *index += 1;
            let (size, code) = (u32::from(size), *word);
            *word += 1;
            if size <= Code::FAST {
                // Words come highest bit first.
                let first = (code.reverse_bits() >> (32 - size)) as usize;
                for entry in self.fast.iter_mut().skip(first).step_by(1 << size) {
                    *entry = (symbol as u16) << 4 | size as u16;
                }
            }
        }
        Some(())
    }

    /// The symbol of the next word.
    #[inline]
    fn take(&self, bits: &mut Bits) -> Option<u16> {
        bits.fill();
        let entry = self.fast[bits.word as usize & (self.fast.len() - 1)];
        if entry != 0 {
            bits.skip(u32::from(entry & 15))?;
            return Some(entry >> 4);
        }
        self.take_long(bits)
    }

    /// Bit by bit: below the words of a length come those of the shorter ones.
    fn take_long(&self, bits: &mut Bits) -> Option<u16> {
        let (mut word, mut first, mut index) = (0u32, 0u32, 0u32);
        for &count in self.count.iter().skip(1) {
            word |= bits.take(1)?;
            let count = u32::from(count);
            if word < first + count {
                return self.symbols.get((index + word - first) as usize).copied();
            }
            index += count;
            first = (first + count) << 1;
            word <<= 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    fn unpack(input: &[u8], len: usize) -> Option<Vec<u8>> {
        let mut output = vec![0; len];
        zlib(input, &mut output).then_some(output)
    }

    /// `python3 -c 'import zlib; print(zlib.compress(b"hello\0world\0" * 10).hex())'`
    const FIXED: &[u8] = &[
        0x78, 0x9c, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x67, 0x28, 0xcf, 0x2f, 0xca, 0x49, 0x61, 0xc8,
        0xa0, 0x23, 0x1b, 0x00, 0x16, 0x76, 0x2a, 0x59,
    ];

    #[test]
    fn a_block_with_the_fixed_code() {
        assert_eq!(unpack(FIXED, 120).unwrap(), b"hello\0world\0".repeat(10));
    }

    #[test]
    fn a_stored_block() {
        let stored = b"\x78\x01\x01\x03\x00\xfc\xffabc\x02\x4d\x01\x27";
        assert_eq!(unpack(stored, 3).unwrap(), b"abc");
        // Not the complement of the length.
        assert_eq!(unpack(b"\x78\x01\x01\x03\x00\xfc\xfeabc\x02\x4d\x01\x27", 3), None);
    }

    #[test]
    fn a_block_with_its_own_code() {
        // The numbers from 0 to 299 in decimal, as zlib packs them at its best.
        let text: std::string::String = (0..300).map(|n| std::format!("{n}\n")).collect();
        assert_eq!(unpack(DYNAMIC, text.len()).unwrap(), text.as_bytes());
    }

    #[test]
    fn streams_one_after_the_other() {
        let two = [FIXED, FIXED].concat();
        assert_eq!(unpack(&two, 240).unwrap(), b"hello\0world\0".repeat(20));
    }

    #[test]
    fn more_or_less_than_fits() {
        assert_eq!(unpack(FIXED, 119), None);
        assert_eq!(unpack(FIXED, 121), None);
        assert_eq!(unpack(&[FIXED, b"junk"].concat(), 120), None);
        assert_eq!(unpack(b"", 0).unwrap(), b"");
    }

    #[test]
    fn every_prefix_and_every_flipped_bit_ends() {
        for (input, len) in [(FIXED, 120), (DYNAMIC, 1090)] {
            for end in 1..input.len() {
                assert_eq!(unpack(&input[..end], len), None);
            }
            for bit in 0..input.len() * 8 {
                let mut damaged = input.to_vec();
                damaged[bit / 8] ^= 1 << (bit % 8);
                unpack(&damaged, len);
            }
        }
    }

    /// `zlib.compress("".join("%d\n" % n for n in range(300)).encode(), 9)`
    const DYNAMIC: &[u8] = &[
        0x78, 0xda, 0x1d, 0xd3, 0xc9, 0x81, 0x03, 0x31, 0x0c, 0x03, 0xc1, 0x3f, 0xa2, 0x11, 0xa0,
        0x93, 0xf9, 0x27, 0x36, 0xcd, 0xf9, 0x63, 0xd7, 0x76, 0x17, 0x35, 0x64, 0x45, 0x53, 0x4b,
        0x5b, 0x47, 0x57, 0x4f, 0x25, 0x0f, 0xd9, 0x72, 0xe4, 0x29, 0x2f, 0x79, 0xcb, 0x47, 0xbe,
        0xf2, 0x93, 0x4b, 0x19, 0x0a, 0x7f, 0x13, 0x65, 0x2a, 0x4b, 0xd9, 0xca, 0x51, 0xae, 0xf2,
        0x94, 0xd2, 0x1c, 0x9a, 0xd6, 0xe4, 0x5f, 0x4e, 0xcd, 0xa5, 0xb9, 0x35, 0x8f, 0xe6, 0xd5,
        0x7c, 0x9a, 0xa5, 0x35, 0xb4, 0xac, 0x15, 0x2d, 0x3e, 0x71, 0x69, 0x6d, 0xad, 0xa3, 0x75,
        0xb5, 0x9e, 0x56, 0x69, 0x0f, 0x6d, 0x6b, 0x47, 0x7b, 0x6a, 0xf3, 0x85, 0xb6, 0xf6, 0xd1,
        0xbe, 0xda, 0x4f, 0xbb, 0x74, 0x86, 0x8e, 0x75, 0xa2, 0x33, 0x75, 0x96, 0x0e, 0xdf, 0xf7,
        0xe8, 0x5c, 0x9d, 0xa7, 0x53, 0xba, 0x43, 0xd7, 0xba, 0xd1, 0x9d, 0xba, 0x4b, 0x77, 0xeb,
        0xf2, 0x73, 0xae, 0xee, 0xd3, 0x2d, 0xbd, 0xa1, 0x67, 0xbd, 0xe8, 0x4d, 0xbd, 0xa5, 0xb7,
        0xf5, 0x8e, 0x1e, 0xbf, 0xf6, 0xe9, 0x95, 0x6a, 0xa8, 0xac, 0x8a, 0x6a, 0xaa, 0x96, 0x6a,
        0xab, 0x8e, 0xea, 0xaa, 0x88, 0xd1, 0x35, 0xc8, 0x31, 0xe8, 0x31, 0x08, 0x32, 0x28, 0x32,
        0x48, 0x32, 0x68, 0x32, 0x88, 0x32, 0xa8, 0x32, 0xc8, 0x32, 0xd8, 0xfd, 0xd9, 0xd8, 0x75,
        0xb8, 0x2e, 0xd7, 0xe9, 0xba, 0x5d, 0xc7, 0xeb, 0x7a, 0x9d, 0x8f, 0x7e, 0x26, 0xa0, 0xd3,
        0x7d, 0xd9, 0xd1, 0xd0, 0x44, 0x34, 0x15, 0x4d, 0x46, 0xd3, 0xd1, 0x84, 0x34, 0x25, 0x4d,
        0x4a, 0xd3, 0xd2, 0xb3, 0x21, 0xd8, 0x91, 0xd3, 0xf4, 0x34, 0x41, 0x4d, 0x51, 0x93, 0xd4,
        0x34, 0x35, 0x51, 0x4d, 0x55, 0x93, 0xd5, 0xab, 0xc5, 0xd8, 0x51, 0xd6, 0xa4, 0x35, 0x6d,
        0x4d, 0x5c, 0x53, 0xd7, 0xe4, 0x35, 0x7d, 0x4d, 0x60, 0x53, 0xd8, 0xbb, 0x69, 0xd9, 0x11,
        0xd9, 0x54, 0x36, 0x99, 0x4d, 0x67, 0x13, 0xda, 0x94, 0x36, 0xa9, 0x4d, 0x6b, 0x13, 0xdb,
        0xa7, 0x6f, 0x80, 0x1d, 0xbd, 0x4d, 0x70, 0x53, 0xdc, 0x24, 0x37, 0xcd, 0x4d, 0x74, 0x53,
        0xdd, 0x64, 0x37, 0xdd, 0x7d, 0xfb, 0x58, 0xd8, 0x91, 0xde, 0xb4, 0x37, 0xf1, 0x4d, 0x7d,
        0x93, 0xdf, 0xf4, 0x37, 0x00, 0x46, 0xc0, 0x10, 0xf8, 0xf5, 0x55, 0xb1, 0x43, 0xc1, 0x30,
        0x18, 0x07, 0x03, 0x61, 0x24, 0x0c, 0x85, 0xb1, 0x30, 0x18, 0x46, 0xc3, 0xd5, 0xe7, 0xd7,
        0xf7, 0xc7, 0x01, 0xe2, 0x11, 0x3c, 0x82, 0x47, 0xf0, 0x08, 0x1e, 0xc1, 0x23, 0x78, 0x04,
        0x8f, 0xe0, 0x11, 0xf7, 0xa1, 0xb2, 0xc3, 0x23, 0x78, 0x04, 0x8f, 0xe0, 0x11, 0x3c, 0x82,
        0x47, 0xf0, 0x48, 0xdf, 0x73, 0x1f, 0xf4, 0x7f, 0xd1, 0xec, 0xfa, 0xa6, 0xfb, 0xa8, 0xfb,
        0xaa, 0xfb, 0xac, 0xfb, 0xae, 0xfb, 0xb0, 0xf1, 0x08, 0x1e, 0xc1, 0x23, 0xb3, 0x4f, 0x9f,
        0x1d, 0x1e, 0xc1, 0x23, 0x78, 0x04, 0x8f, 0xe0, 0x11, 0x3c, 0x82, 0x47, 0xf0, 0x08, 0x1e,
        0x59, 0xfd, 0x46, 0xd8, 0xe1, 0x11, 0x3c, 0x82, 0x47, 0xf0, 0x08, 0x1e, 0xc1, 0x23, 0x78,
        0x04, 0x8f, 0xe0, 0x91, 0xdd, 0x8f, 0x89, 0x1d, 0x1e, 0xc1, 0x23, 0x78, 0x04, 0x8f, 0xe0,
        0x11, 0x3c, 0x82, 0x47, 0xf0, 0x08, 0x1e, 0x39, 0xfd, 0xea, 0xd8, 0xe1, 0x11, 0x3c, 0x82,
        0x47, 0xf0, 0x08, 0x1e, 0xc1, 0x23, 0x78, 0x04, 0x8f, 0xe0, 0x91, 0xdb, 0xcf, 0x93, 0x1d,
        0x1e, 0xc1, 0x23, 0x78, 0x04, 0x8f, 0xe0, 0x11, 0x3c, 0x82, 0x47, 0xf0, 0x08, 0x1e, 0x79,
        0xfd, 0x8e, 0xd9, 0xe1, 0x11, 0x3c, 0x82, 0x47, 0xf0, 0x08, 0x1e, 0xc1, 0x23, 0x78, 0x04,
        0x8f, 0xe0, 0x91, 0xea, 0x07, 0x5f, 0xfa, 0x00, 0x5c, 0xf5, 0xab, 0x91,
    ];
}
