//! Zstandard (RFC 8878) without dictionaries: what `SHF_COMPRESSED` sections of the type
//! `ELFCOMPRESS_ZSTD` hold.
//!
//! The output has to fit exactly into the slice that the caller gives, and that is all the
//! history there is; nothing is allocated. Literals aren't laid down anywhere in between:
//! they are decoded when they are copied. No step is taken that neither uses up input nor
//! produces output. Stricter than the reference where that lets damage pass: bits that are
//! left over or missing, and blocks of more than their size, are refused.

mod entropy;
mod xxh64;

use super::{copy, repeat};
use entropy::{Back, Fse, Huffman};

/// The most that a block makes, and what one without a smaller window may make.
const BLOCK: usize = 128 << 10;

/// Unpacks frames, one after the other, until both sides are used up; those to be skipped
/// are. False where the input is no such thing, or gives more or fewer bytes. Checksums are
/// looked at where there are any.
pub fn zstd(mut input: &[u8], output: &mut [u8]) -> bool {
    let mut tables = Tables::EMPTY;
    let mut done = 0;
    while !input.is_empty() {
        let Some(rest) = output.get_mut(done..) else { return false };
        let Some(made) = frame(&mut input, rest, &mut tables) else { return false };
        done += made;
    }
    done == output.len()
}

/// The most that [`zstd`] can make of this input, by the heads of its blocks alone: a size
/// beyond that is a lie that should cost no memory. None where the heads make no sense.
pub fn most(mut input: &[u8]) -> Option<u64> {
    let mut most = 0u64;
    while !input.is_empty() {
        let Some(head) = Head::take(&mut input)? else { continue };
        loop {
            let block = Block::take(&mut input, head.block)?;
            most = most.saturating_add(match block.kind {
                Kind::Packed => head.block as u64,
                _ => block.size as u64,
            });
            if block.last {
                break;
            }
        }
        take(&mut input, if head.sum { 4 } else { 0 })?;
    }
    Some(most)
}

/// The next bytes of the input.
fn take<'a>(input: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = input.split_at_checked(count)?;
    *input = rest;
    Some(taken)
}

/// The next so many bytes of the input as a number.
fn word(input: &mut &[u8], count: usize) -> Option<u64> {
    take(input, count).map(number)
}

/// A number of up to eight bytes, the lowest first.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// What the head of a frame says.
struct Head {
    /// How many bytes the frame makes, where that is told.
    size: Option<u64>,
    /// The most that one of its blocks makes.
    block: usize,
    /// Whether a checksum follows the blocks.
    sum: bool,
}

impl Head {
    /// Takes a head off the input; none inside where it was that of a frame to be skipped,
    /// which has been.
    fn take(input: &mut &[u8]) -> Option<Option<Head>> {
        const MAGIC: u64 = 0xfd2f_b528;
        const SKIPPED: u64 = 0x184d_2a50;
        let magic = word(input, 4)?;
        if magic & !15 == SKIPPED {
            let size = word(input, 4)?;
            take(input, size as usize)?;
            return Some(None);
        }
        let descriptor = word(input, 1)?;
        let (single, reserved) = (descriptor & 0x20 != 0, descriptor & 8 != 0);
        if magic != MAGIC || reserved {
            return None;
        }
        let mut window = 0;
        if !single {
            // An eighth of it is the unit of the lower three bits.
            let byte = word(input, 1)?;
            let log = (byte >> 3) + 10;
            if log > 31 {
                return None;
            }
            window = (1 << log) + ((byte & 7) << (log - 3));
        }
        let dictionary = word(input, b"\0\x01\x02\x04"[descriptor as usize & 3].into())?;
        let mut length = 1 << (descriptor >> 6 & 3);
        if length == 1 && !single {
            length = 0;
        }
        let size = word(input, length)? + if length == 2 { 256 } else { 0 };
        let block = if single { size } else { window }.min(BLOCK as u64) as usize;
        let size = Some(size).filter(|_| length > 0);
        (dictionary == 0).then_some(Some(Head { size, block, sum: descriptor & 4 != 0 }))
    }
}

/// What a block or its literals hold.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    /// The bytes as they are.
    #[default]
    Raw,
    /// One byte, so many times.
    Repeated,
    /// Literals and sequences; of literals, a Huffman code.
    Packed,
}

/// A block: what it makes, but for packed ones, and its bytes.
struct Block<'a> {
    last: bool,
    kind: Kind,
    size: usize,
    body: &'a [u8],
}

impl<'a> Block<'a> {
    /// Takes a block, of at most so many bytes, off the input.
    fn take(input: &mut &'a [u8], most: usize) -> Option<Self> {
        let head = word(input, 3)? as usize;
        let size = head >> 3;
        let (kind, length) = match head >> 1 & 3 {
            0 => (Kind::Raw, size),
            1 => (Kind::Repeated, 1),
            2 => (Kind::Packed, size),
            _ => return None,
        };
        if size > most {
            return None;
        }
        Some(Block { last: head & 1 != 0, kind, size, body: take(input, length)? })
    }
}

/// What one block leaves to the next ones of its frame.
struct Tables {
    huffman: Huffman,
    /// The codes of literal lengths, offsets and match lengths.
    codes: [Fse; 3],
    /// The last three offsets.
    offsets: [usize; 3],
}

impl Tables {
    const EMPTY: Tables =
        Tables { huffman: Huffman::EMPTY, codes: [Fse::EMPTY; 3], offsets: [0; 3] };

    /// At the beginning of a frame.
    fn clear(&mut self) {
        self.huffman.clear();
        self.codes.iter_mut().for_each(Fse::clear);
        self.offsets = [1, 4, 8];
    }
}

/// One frame: how many bytes it made. Not inlined where the tables are: what lies beside so much
/// takes long addresses.
#[inline(never)]
fn frame(input: &mut &[u8], output: &mut [u8], tables: &mut Tables) -> Option<usize> {
    let Some(head) = Head::take(input)? else { return Some(0) };
    tables.clear();
    let mut out = Output { bytes: output, len: 0, end: 0 };
    loop {
        let block = Block::take(input, head.block)?;
        out.end = out.bytes.len().min(out.len + head.block);
        match block.kind {
            Kind::Raw => copy(block.body, out.room(block.size)?)?,
            Kind::Repeated => out.room(block.size)?.fill(*block.body.first()?),
            Kind::Packed => packed(block.body, &mut out, tables)?,
        }
        if block.last {
            break;
        }
    }
    let made = out.bytes.get(..out.len)?;
    if head.size.is_some_and(|size| size != made.len() as u64) {
        return None;
    }
    if head.sum && word(input, 4)? != xxh64::xxh64(made) & 0xffff_ffff {
        return None;
    }
    Some(made.len())
}

/// A packed block: literals, and copies of what came before.
#[inline(never)]
fn packed(mut body: &[u8], out: &mut Output, tables: &mut Tables) -> Option<()> {
    let mut literals = Literals::default();
    literals.take(&mut body, &mut tables.huffman, out.end - out.len)?;
    let count = match word(&mut body, 1)? as usize {
        byte @ 0..128 => byte,
        255 => word(&mut body, 2)? as usize + 0x7f00,
        byte => (byte - 128) << 8 | word(&mut body, 1)? as usize,
    };
    if count > 0 {
        sequences(body, count, out, tables, &mut literals)?;
    } else if !body.is_empty() {
        return None;
    }
    let rest = literals.counts.iter().sum();
    literals.copy(out.room(rest)?, &tables.huffman)?;
    literals.streams.iter().all(Back::is_empty).then_some(())
}

/// Goes through the sequences: so many literals, then a copy of so many bytes from so far back.
/// Bits that are missing are noticed at the end.
#[inline(never)]
fn sequences(
    mut body: &[u8],
    count: usize,
    out: &mut Output,
    tables: &mut Tables,
    literals: &mut Literals,
) -> Option<()> {
    let mut modes = word(&mut body, 1)? as u8;
    if modes & 3 != 0 {
        return None;
    }
    for (code, kind) in tables.codes.iter_mut().zip(&CODES) {
        let (symbols, log) = (kind.symbols.into(), kind.log.into());
        match modes >> 6 {
            0 => code.set_usual(&kind.usual, kind.usual_log.into())?,
            1 => code.set_one(word(&mut body, 1)? as u8, symbols)?,
            2 => code.take(&mut body, symbols, log)?,
            _ if code.is_set() => {}
            _ => return None,
        }
        modes <<= 2;
    }
    let [lengths, offsets, matches] = &tables.codes;
    let mut bits = Back::new(body);
    let mut length_state = lengths.start(&mut bits);
    let mut offset_state = offsets.start(&mut bits);
    let mut match_state = matches.start(&mut bits);
    for left in (0..count).rev() {
        let length_cell = lengths.cell(length_state);
        let offset_cell = offsets.cell(offset_state);
        let match_cell = matches.cell(match_state);
        let offset_bits = u32::from(offset_cell.symbol);
        let offset = (1 << offset_bits) + bits.take(offset_bits);
        let length = value(&mut bits, 3, &MATCHES, match_cell.symbol);
        let before = value(&mut bits, 0, &LENGTHS, length_cell.symbol);
        if left > 0 {
            length_state = length_cell.next(&mut bits);
            match_state = match_cell.next(&mut bits);
            offset_state = offset_cell.next(&mut bits);
        }
        literals.copy(out.room(before)?, &tables.huffman)?;
        out.copy(distance(&mut tables.offsets, offset, before == 0), length)?;
    }
    bits.is_empty().then_some(())
}

/// The distance that an offset, which is 1 at least, stands for: one of the last three, or a new
/// one. Without literals before the copy the last one itself would make no sense: there the next
/// ones count.
fn distance(last: &mut [usize; 3], offset: usize, shifted: bool) -> usize {
    let [a, b, c] = *last;
    *last = match offset + usize::from(shifted) {
        _ if offset > 3 => [offset - 3, a, b],
        1 => return a,
        2 => [b, a, c],
        3 => [c, a, b],
        _ => [a.saturating_sub(1), a, b],
    };
    last[0]
}

/// What the codes of lengths stand for: the first ones for a length each, from `first` on,
/// those in the table for the lengths from there on that differ in so many bits, which follow.
fn value(bits: &mut Back, first: usize, table: &[u32], code: u8) -> usize {
    let direct = table.first().map_or(0, |entry| (entry >> BITS) as usize - first);
    match usize::from(code).checked_sub(direct) {
        None => first + usize::from(code),
        Some(at) => {
            let entry = table.get(at).copied().unwrap_or(0);
            (entry >> BITS) as usize + bits.take(entry & ((1 << BITS) - 1))
        }
    }
}

/// How many bits of an entry of a table for [`value`] are the number of bits.
const BITS: u32 = 5;

/// The table for [`value`], of the numbers of bits.
const fn bases<const N: usize>(mut base: u32, bits: [u8; N]) -> [u32; N] {
    let mut table = [0; N];
    let mut at = 0;
    while at < N {
        table[at] = base << BITS | bits[at] as u32;
        base += 1 << bits[at];
        at += 1;
    }
    table
}

#[rustfmt::skip]
static LENGTHS: [u32; 20] =
    bases(16, [1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
#[rustfmt::skip]
static MATCHES: [u32; 21] =
    bases(35, [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);

/// What is known of a code of sequences.
struct Code {
    /// How many symbols it has, and the most that its table has in bits.
    symbols: u8,
    log: u8,
    /// How often each symbol is in the table that is usual, and the bits of that.
    usual_log: u8,
    usual: [i8; 53],
}

/// The codes of literal lengths, offsets and match lengths (RFC 8878, 3.1.1.3.2.2).
#[rustfmt::skip]
static CODES: [Code; 3] = [
    Code { symbols: 36, log: 9, usual_log: 6, usual: [
        4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1,
        1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ] },
    Code { symbols: 32, log: 8, usual_log: 5, usual: [
        1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ] },
    Code { symbols: 53, log: 9, usual_log: 6, usual: [
        1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
    ] },
];

/// The literals of a block that haven't been copied yet.
#[derive(Default)]
struct Literals<'a> {
    kind: Kind,
    /// Those that are as they are, or the byte that is repeated.
    plain: &'a [u8],
    /// Those in the Huffman code.
    streams: [Back<'a>; 4],
    /// How many there are in each stream; otherwise all are in the first place.
    counts: [usize; 4],
}

impl<'a> Literals<'a> {
    /// Takes a block's literals off its body, and the code if they bring one; no more than
    /// `most`.
    fn take(&mut self, body: &mut &'a [u8], huffman: &mut Huffman, most: usize) -> Option<()> {
        let first = *body.first()?;
        let format = usize::from(first >> 2 & 3);
        if first & 2 == 0 {
            let length = b"\x01\x02\x01\x03"[format];
            let size = word(body, length.into())? as usize >> (3 + (format & 1));
            let repeated = first & 1 != 0;
            self.kind = if repeated { Kind::Repeated } else { Kind::Raw };
            self.plain = take(body, if repeated { 1 } else { size })?;
            self.counts[0] = size;
            return (size <= most).then_some(());
        }
        let length = usize::from(b"\x03\x03\x04\x05"[format]);
        let (head, bits) = (word(body, length)? as usize >> 4, 4 * length - 2);
        let (size, packed) = (head & ((1 << bits) - 1), head >> bits);
        let mut coded = take(body, packed)?;
        if size > most || packed == 0 {
            return None;
        }
        if first & 1 == 0 {
            huffman.take(&mut coded)?;
        } else if !huffman.is_set() {
            return None;
        }
        self.kind = Kind::Packed;
        if format > 0 {
            // Three streams of the same size before one with the rest.
            let each = size.div_ceil(4);
            let lengths = take(&mut coded, 6)?;
            for (at, stream) in self.streams.iter_mut().take(3).enumerate() {
                let length = number(lengths.get(2 * at..2 * at + 2)?);
                *stream = Back::new(take(&mut coded, length as usize)?);
            }
            self.counts = [each; 4];
        }
        self.streams[3] = Back::new(coded);
        self.counts[3] = size.checked_sub(3 * self.counts[0])?;
        Some(())
    }

    /// Copies the next ones.
    fn copy(&mut self, mut to: &mut [u8], huffman: &Huffman) -> Option<()> {
        if self.kind != Kind::Packed {
            self.counts[0] = self.counts[0].checked_sub(to.len())?;
            if self.kind == Kind::Raw {
                copy(take(&mut self.plain, to.len())?, to)?;
            } else {
                to.fill(*self.plain.first()?);
            }
            return Some(());
        }
        for (bits, count) in self.streams.iter_mut().zip(&mut self.counts) {
            let (now, later) = to.split_at_mut((*count).min(to.len()));
            *count -= now.len();
            huffman.fill(bits, now);
            to = later;
        }
        to.is_empty().then_some(())
    }
}

/// What has been unpacked of a frame so far: the history that copies are taken of.
struct Output<'a> {
    bytes: &'a mut [u8],
    len: usize,
    /// Where the block must end.
    end: usize,
}

impl Output<'_> {
    /// The room for so many bytes, which count as unpacked.
    fn room(&mut self, count: usize) -> Option<&mut [u8]> {
        let end = self.len.checked_add(count).filter(|&end| end <= self.end)?;
        let room = self.bytes.get_mut(self.len..end)?;
        self.len = end;
        Some(room)
    }

    /// Copies what was unpacked so far back; it may reach into what it makes.
    fn copy(&mut self, distance: usize, count: usize) -> Option<()> {
        let from = self.len.checked_sub(distance)?;
        self.room(count)?;
        repeat(self.bytes.get_mut(from..self.len)?, distance)
    }
}

#[cfg(test)]
mod tests;
