//! The two kinds of codes (RFC 8878, 4): FSE, in which a symbol is a state, and Huffman.

use super::{take, word};

/// Bits from the last one of the last byte backwards: that is the highest one, and only
/// says where they begin.
#[derive(Clone, Copy, Default)]
pub struct Back<'a> {
    bytes: &'a [u8],
    /// How many bits are left: those below this one. Fewer than none where more were taken than
    /// there are, or none says where they begin.
    left: isize,
}

impl<'a> Back<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        let left = match bytes.last() {
            Some(&last) if last != 0 => {
                (bytes.len() * 8 - 1 - last.leading_zeros() as usize) as isize
            }
            _ => -1,
        };
        Back { bytes, left }
    }

    pub fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// At least 56 bits from this one on upwards, with zeros where there are no more.
    #[inline]
    fn word(&self, at: usize) -> u64 {
        let rest = self.bytes.get(at / 8..).unwrap_or_default();
        let word = match rest.first_chunk() {
            Some(word) => u64::from_le_bytes(*word),
            None => super::number(rest),
        };
        word >> (at % 8)
    }

    /// The next bits, up to 32, as a number.
    pub fn take(&mut self, count: u32) -> usize {
        self.left -= count as isize;
        (self.word(self.left.max(0) as usize) & ((1 << count) - 1)) as usize
    }

    /// The next bits without taking them, with zeros after the last one.
    #[inline]
    fn peek(&self, count: u32) -> usize {
        let left = self.left.max(0) as usize;
        let bits = match left.checked_sub(count as usize) {
            Some(at) => self.word(at),
            None => (self.word(0) & ((1 << left) - 1)) << (count as usize - left),
        };
        (bits & ((1 << count) - 1)) as usize
    }
}

/// A state: its symbol, and which states follow it.
#[derive(Clone, Copy)]
pub struct Cell {
    pub symbol: u8,
    bits: u8,
    base: u16,
}

impl Cell {
    /// The state after this one.
    pub fn next(self, bits: &mut Back) -> usize {
        usize::from(self.base) + bits.take(self.bits.into())
    }
}

/// A table of states.
pub struct Fse {
    cells: [Cell; 1 << Fse::LOG],
    log: u32,
    set: bool,
}

impl Fse {
    /// The most that a table has in bits.
    const LOG: u32 = 9;
    /// The most symbols that a table has.
    const SYMBOLS: usize = 64;

    pub const EMPTY: Fse =
        Fse { cells: [Cell { symbol: 0, bits: 0, base: 0 }; 1 << Fse::LOG], log: 0, set: false };

    pub fn clear(&mut self) {
        self.set = false;
    }

    pub fn is_set(&self) -> bool {
        self.set
    }

    /// The first state.
    pub fn start(&self, bits: &mut Back) -> usize {
        bits.take(self.log)
    }

    /// A state by its number.
    #[inline]
    pub fn cell(&self, state: usize) -> Cell {
        self.cells[state & (self.cells.len() - 1)]
    }

    /// A table for one symbol, which takes no bits.
    pub fn set_one(&mut self, symbol: u8, symbols: usize) -> Option<()> {
        self.cells[0] = Cell { symbol, bits: 0, base: 0 };
        self.log = 0;
        self.set = true;
        (usize::from(symbol) < symbols).then_some(())
    }

    /// The table that is usual.
    pub fn set_usual(&mut self, usual: &[i8; 53], log: u32) -> Option<()> {
        self.set(&usual.map(i16::from), log)
    }

    /// A table in which each symbol is so often; -1 is once, with all bits for the next state.
    pub fn set(&mut self, counts: &[i16], log: u32) -> Option<()> {
        let size = 1usize << log;
        let cells = self.cells.get_mut(..size)?;
        let mut rare = size;
        let mut next = [0u16; Fse::SYMBOLS];
        for (symbol, (&count, next)) in counts.iter().zip(&mut next).enumerate() {
            *next = count.unsigned_abs();
            if count < 0 {
                rare = rare.checked_sub(1)?;
                cells.get_mut(rare)?.symbol = symbol as u8;
            }
        }
        // The others are spread below those; the step meets each place once.
        let mut at = 0;
        for (symbol, &count) in counts.iter().enumerate() {
            for _ in 0..count {
                cells.get_mut(at)?.symbol = symbol as u8;
                at = (at + (size >> 1) + (size >> 3) + 3) & (size - 1);
                while at >= rare {
                    at = (at + (size >> 1) + (size >> 3) + 3) & (size - 1);
                }
            }
        }
        for cell in cells {
            let next = next.get_mut(usize::from(cell.symbol))?;
            let bits = log - next.checked_ilog2()?;
            cell.bits = bits as u8;
            cell.base = (*next << bits).checked_sub(size as u16)?;
            *next += 1;
        }
        self.log = log;
        self.set = true;
        Some(())
    }

    /// Takes the description of a table of so many symbols and at most so many bits off the
    /// input: how often each symbol is in it, the first one in the lowest bits.
    pub fn take(&mut self, input: &mut &[u8], symbols: usize, most: u32) -> Option<()> {
        let mut at = 0usize;
        let mut next = |count: u32| {
            let rest = input.get(at / 8..).unwrap_or_default();
            let word = super::number(rest.get(..4).unwrap_or(rest)) >> (at % 8);
            at += count as usize;
            (word & ((1 << count) - 1)) as usize
        };
        let log = next(4) as u32 + 5;
        if log > most {
            return None;
        }
        let mut counts = [0i16; Fse::SYMBOLS];
        let counts = counts.get_mut(..symbols)?;
        let (mut symbol, mut left) = (0, 1usize << log);
        while left > 0 {
            // A number up to left + 1, in as few bits as do.
            let bits = (left + 1).ilog2();
            let short = (2usize << bits) - 1 - (left + 1);
            let mut value = next(bits);
            if value >= short {
                value += next(1) << bits;
                if value >= 1 << bits {
                    value -= short;
                }
            }
            *counts.get_mut(symbol)? = value as i16 - 1;
            symbol += 1;
            left = left.checked_sub(value.abs_diff(1))?;
            // After a symbol that isn't there comes how many more aren't.
            let mut more = if value == 1 { 3 } else { 0 };
            while more == 3 {
                more = next(2);
                symbol += more;
                if more == 3 && symbol > symbols {
                    return None;
                }
            }
        }
        take(input, at.div_ceil(8))?;
        self.set(counts, log)
    }
}

/// A Huffman code.
pub struct Huffman {
    /// The symbol and the length of the word that so many next bits begin with.
    cells: [(u8, u8); 1 << Huffman::LOG],
    log: u32,
}

impl Huffman {
    /// The most that a word has in bits.
    const LOG: u32 = 12;

    pub const EMPTY: Huffman = Huffman { cells: [(0, 0); 1 << Huffman::LOG], log: 0 };

    pub fn clear(&mut self) {
        self.log = 0;
    }

    pub fn is_set(&self) -> bool {
        self.log != 0
    }

    /// The next literals.
    pub fn fill(&self, bits: &mut Back, to: &mut [u8]) {
        for byte in to {
            let (symbol, length) = self.cells[bits.peek(self.log) & (self.cells.len() - 1)];
            bits.left -= isize::from(length);
            *byte = symbol;
        }
    }

    /// Takes the description of a code off the input: the weight of each symbol but the last.
    #[inline(never)]
    pub fn take(&mut self, input: &mut &[u8]) -> Option<()> {
        let mut weights = [0u8; 256];
        let count = match word(input, 1)? as usize {
            size @ 0..128 => packed_weights(take(input, size)?, &mut weights)?,
            more => {
                let count = more - 127;
                let bytes = take(input, count.div_ceil(2))?;
                for (at, weight) in weights.iter_mut().take(2 * bytes.len()).enumerate() {
                    let shift = if at % 2 == 0 { 4 } else { 0 };
                    *weight = bytes.get(at / 2)? >> shift & 15;
                }
                count
            }
        };
        // An odd count leaves one behind.
        weights.get_mut(count..)?.fill(0);
        self.set(&mut weights, count)
    }

    /// A weight stands for a share of all words: twice as much for each more. The last one
    /// has what is left.
    fn set(&mut self, weights: &mut [u8; 256], count: usize) -> Option<()> {
        let sum = weights.iter().try_fold(0u32, |sum, &weight| match weight {
            0 => Some(sum),
            weight if u32::from(weight) > Huffman::LOG => None,
            weight => Some(sum + (1 << (weight - 1))),
        })?;
        let log = sum.checked_ilog2()? + 1;
        let left = (1u32 << log) - sum;
        if log > Huffman::LOG || !left.is_power_of_two() {
            return None;
        }
        *weights.get_mut(count)? = left.ilog2() as u8 + 1;
        let ones = weights.iter().filter(|&&weight| weight == 1).count();
        if ones < 2 {
            return None;
        }
        let mut at = 0;
        for weight in 1..=log as u8 {
            for (symbol, _) in weights.iter().enumerate().filter(|(_, w)| **w == weight) {
                let share = 1usize << (weight - 1);
                let cell = (symbol as u8, log as u8 + 1 - weight);
                self.cells.get_mut(at..at + share)?.fill(cell);
                at += share;
            }
        }
        self.log = log;
        Some(())
    }
}

/// The weights, packed in an FSE code with two states in turn: how many there are.
#[inline(never)]
fn packed_weights(mut input: &[u8], weights: &mut [u8; 256]) -> Option<usize> {
    const MOST: usize = 255;
    let mut code = Fse::EMPTY;
    code.take(&mut input, 13, 6)?;
    let mut bits = Back::new(input);
    let mut states = [code.start(&mut bits), code.start(&mut bits)];
    if bits.left < 0 {
        return None;
    }
    let mut count = 0;
    // One comes out at each step, and the other state's one when the bits don't last.
    loop {
        if count + 2 > MOST {
            return None;
        }
        let cell = code.cell(states[count % 2]);
        weights[count] = cell.symbol;
        count += 1;
        states[(count - 1) % 2] = cell.next(&mut bits);
        if bits.left < 0 {
            weights[count] = code.cell(states[count % 2]).symbol;
            return Some(count + 1);
        }
    }
}
