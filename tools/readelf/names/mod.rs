//! Names as data: what `readelf` calls the numbers of an ELF file.
//!
//! Each file holds the tables of one topic, as readable lists. A list becomes one [`Names`] when
//! the crate is compiled: a string of bytes, in which each name takes what is left of it when the
//! words of a [dictionary](packing) are taken out, and one byte more. There is no pointer per
//! name (a static PIE would have to relocate each of them). A lookup reads the list from its
//! beginning: up to 0.5 us, so that a hot loop keeps what it has found.
//!
//! All names were read off GNU readelf 2.40's own output, by giving it files that hold every
//! value; where its answer isn't a function of one number, the file has a function that says so.

/// A list of names that becomes a [`Names`].
///
/// The keys are in ascending order, without duplicates (checked when this is compiled); what all
/// names begin with is written once, before the list.
///
/// ```text
/// names! {
///     /// Documentation.
///     pub static COLOURS: "C_" { 0 "RED", 1 "GREEN", 0x100 "BLUE" }
/// }
/// ```
macro_rules! names {
    ($(
        $(#[$attribute:meta])*
        $visibility:vis static $name:ident: $prefix:literal {
            $($key:literal $rest:literal),* $(,)?
        }
    )*) => {$(
        $(#[$attribute])*
        $visibility const $name: $crate::readelf::names::Names = {
            use $crate::readelf::names::{Names, pack, packing, room};
            const LIST: &[(u32, &str)] = &[$(($key, $rest)),*];
            const PACKED: ([u8; room($prefix, LIST)], usize) = pack($prefix, LIST);
            static BYTES: [u8; PACKED.1] = packing::cut(&PACKED.0);
            Names { bytes: &BYTES, #[cfg(test)] prefix: $prefix, #[cfg(test)] list: LIST }
        };

        #[cfg(test)]
        #[allow(non_snake_case)]
        mod $name {
            #[test]
            fn every_key_finds_its_name() {
                super::$name.check();
            }
        }
    )*};
}

pub(crate) use names;
use rt::fmt::Put;
use rt::io::BufWriter;

pub mod attributes;
pub mod label;
pub mod machines;
pub mod note_types;
pub mod packing;
pub mod relocations;
mod relocations_rare;
pub mod sections;
pub mod segments;
pub mod symbols;
pub mod tags;

/// Names by number. A constant: as a static it would be a pointer to relocate.
#[derive(Clone, Copy)]
pub struct Names {
    /// What all names begin with: its length, and its packed text. Then the names in the order
    /// of their keys, each one after a [`Head`].
    pub(crate) bytes: &'static [u8],
    #[cfg(test)]
    pub(crate) prefix: &'static str,
    #[cfg(test)]
    pub(crate) list: &'static [(u32, &'static str)],
}

/// The byte before a name: its length and, in the upper two bits, in how many bytes it follows
/// how many keys there are between the one before and the name's own.
enum Head {}

impl Head {
    const MAX_LEN: usize = 0x3f;
    /// Bytes of the gap, by the upper two bits.
    const GAPS: [usize; 4] = [0, 1, 2, 4];
}

/// A name, in two parts: what all names of its table begin with, and the rest.
#[derive(Clone, Copy)]
pub struct Name {
    prefix: &'static [u8],
    rest: &'static [u8],
}

impl Names {
    /// The name of `key`.
    // Not inlined, for there are many callers.
    #[inline(never)]
    pub fn get(self, key: u32) -> Option<Name> {
        let (found, name) = self.iter().find(|&(found, _)| found >= key)?;
        (found == key).then_some(name)
    }

    /// All keys with their names, in ascending order.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = (u32, Name)> + use<> {
        let mut bytes = self.bytes;
        let prefix = take(&mut bytes, 1).and_then(|len| split(&mut bytes, len as usize));
        let prefix = prefix.unwrap_or_default();
        let mut next = 0u32;
        core::iter::from_fn(move || {
            let (&head, mut rest) = bytes.split_first()?;
            let form = usize::from(head >> 6);
            // Most have no gap: then this is all in registers.
            let gap = if form == 0 { 0 } else { take(&mut rest, Head::GAPS[form])? };
            let name = split(&mut rest, usize::from(head) & Head::MAX_LEN)?;
            bytes = rest;
            let key = next.wrapping_add(gap);
            next = key.wrapping_add(1);
            Some((key, Name { prefix, rest: name }))
        })
    }

    /// Whether the bytes are what was to be packed.
    #[cfg(test)]
    pub(crate) fn check(self) {
        assert_eq!(self.iter().count(), self.list.len());
        for (&(key, rest), (found, name)) in self.list.iter().zip(self.iter()) {
            let expected = [self.prefix, rest].concat();
            assert_eq!((found, name.len()), (key, expected.len()));
            assert_eq!(name.text(), expected);
            assert_eq!(self.get(key).map(Name::text), Some(expected));
            if self.list.binary_search_by_key(&key.wrapping_add(1), |row| row.0).is_err() {
                assert!(self.get(key.wrapping_add(1)).is_none());
            }
        }
    }
}

impl Name {
    /// The text, piece by piece.
    #[inline]
    pub fn pieces(self) -> impl Iterator<Item = &'static [u8]> {
        self.prefix.iter().chain(self.rest).map(packing::expand)
    }

    #[cfg(test)]
    pub fn text(self) -> std::string::String {
        let bytes = self.pieces().flatten().copied().collect();
        std::string::String::from_utf8(bytes).unwrap()
    }

    /// The length in bytes, which are characters, for all names are ASCII.
    pub fn len(self) -> usize {
        self.pieces().map(<[u8]>::len).sum()
    }
}

impl Put for Name {
    #[inline(never)]
    fn put(&self, out: &mut BufWriter) {
        self.pieces().for_each(|piece| out.bytes(piece));
    }
}

/// The first bytes, which are taken away.
#[inline(always)]
pub fn split<'a>(bytes: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (first, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(first)
}

/// A number of so many bytes, the lowest one first.
#[inline(never)]
pub fn take(bytes: &mut &[u8], len: usize) -> Option<u32> {
    let number = split(bytes, len)?;
    Some(number.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte)))
}

/// The bytes of a list of [`Names`], at the beginning of the array, and how many they are.
pub(crate) const fn pack<const N: usize>(prefix: &str, list: &[(u32, &str)]) -> ([u8; N], usize) {
    let mut bytes = [0; N];
    let mut at = packing::pack(&mut bytes, 1, prefix);
    bytes[0] = at as u8 - 1;
    let (mut next, mut i) = (0, 0);
    while i < list.len() {
        let (key, name) = list[i];
        assert!(i == 0 || list[i - 1].0 < key, "keys are in order, each once");
        let gap = key - next;
        let form = match gap {
            0 => 0,
            1..0x100 => 1,
            0x100..0x1_0000 => 2,
            _ => 3,
        };
        let (head, start) = (at, at + 1 + Head::GAPS[form]);
        while at + 1 < start {
            bytes[at + 1] = (gap >> (8 * (at - head))) as u8;
            at += 1;
        }
        at = packing::pack(&mut bytes, start, name);
        assert!(at - start <= Head::MAX_LEN, "a length has 6 bits");
        bytes[head] = (form << 6 | (at - start)) as u8;
        next = key.wrapping_add(1);
        i += 1;
    }
    (bytes, at)
}

/// No list takes more bytes than this.
pub(crate) const fn room(prefix: &str, list: &[(u32, &str)]) -> usize {
    let mut room = 1 + prefix.len();
    let mut i = 0;
    while i < list.len() {
        room += 5 + list[i].1.len();
        i += 1;
    }
    room
}

#[cfg(test)]
mod tests {
    use super::*;

    names! {
        static DENSE: "R_" { 0 "NONE", 1 "64", 2 "PC32" }
        static HOLES: "" { 3 "three", 4 "four", 0x104 "nine", 0xffff_fffe "last but one" }
        static LATE: "S" { 0x500 "IX" }
        static LAST: "" { 0xffff_ffff "X" }
    }

    fn is(names: Names, key: u32, expected: &str) {
        assert_eq!(names.get(key).map(Name::text).as_deref(), Some(expected));
    }

    #[test]
    fn keys_that_count_up_from_zero() {
        is(DENSE, 0, "R_NONE");
        is(DENSE, 1, "R_64");
        is(DENSE, 2, "R_PC32");
        assert!(DENSE.get(3).is_none());
        assert!(DENSE.get(u32::MAX).is_none());
    }

    #[test]
    fn keys_with_holes() {
        is(HOLES, 3, "three");
        is(HOLES, 4, "four");
        is(HOLES, 0x104, "nine");
        is(HOLES, 0xffff_fffe, "last but one");
        is(LATE, 0x500, "SIX");
        is(LAST, u32::MAX, "X");
        for missing in [0, 2, 5, 0x103, 0x105, 0xffff_fffd, u32::MAX] {
            assert!(HOLES.get(missing).is_none(), "{missing}");
        }
    }
}
