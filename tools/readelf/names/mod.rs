//! Names as data: what `readelf` calls the numbers of an ELF file.
//!
//! Each file holds the tables of one topic, as readable lists. A list becomes one [`Names`] when
//! the crate is compiled: a string of bytes, in which each name takes what is left of it when the
//! words of a [dictionary](packing), and what the name before it begins with, are taken out, and one
//! byte more. There is no pointer per name (a static PIE would have to relocate each of them). A
//! lookup reads the list from its beginning: up to 1 us, so that a hot loop keeps what it has found.
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

/// A [`ByMachine`] of what has `bytes`: `by_machine! { [EM_ARM] => ARM, ... }`.
macro_rules! by_machine {
    ($([$($machine:expr),+] => $table:expr,)+) => {{
        use $crate::readelf::names::ByMachine;
        const LIST: &[(&[u16], &[u8])] = &[$((&[$($machine),+], $table.bytes)),+];
        static BYTES: [u8; ByMachine::room(LIST)] = ByMachine::pack(LIST);
        ByMachine(&BYTES)
    }};
}

pub(crate) use by_machine;
use rt::fmt::Put;
use rt::io::BufWriter;
use rt::put;

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
pub mod unwind;

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

/// The byte before a name. Three bits say how many bytes it shares with the name before it,
/// behind what all names begin with; four how many bytes of its own follow, 15 that the next
/// byte does. The upper bit says that the key isn't the one before and 1: a [`Gap`] follows.
enum Head {}

impl Head {
    const GAP: u8 = 0x80;
    const MAX_SHARED: usize = 7;
    const LONG: usize = 15;
}

/// How many keys are left out: in a byte, or in two or four behind one of these.
enum Gap {}

impl Gap {
    const TWO: u8 = 0xfe;
    const FOUR: u8 = 0xff;
}

/// A name: its packed text.
#[derive(Clone, Copy)]
pub struct Name {
    bytes: [u8; Name::ROOM],
    len: u8,
}

/// Tables of machines, one after another: of each how many numbers its machines have, these, how
/// long it is, and its bytes. A `match` would be an instruction or four for each of them.
#[derive(Clone, Copy)]
pub struct ByMachine(pub &'static [u8]);

impl ByMachine {
    /// The bytes of a machine's table.
    pub fn get(self, machine: u16) -> Option<&'static [u8]> {
        let mut bytes = self.0;
        loop {
            let mut found = false;
            for _ in 0..take(&mut bytes, 1)? {
                found |= take(&mut bytes, 2)? == machine.into();
            }
            let len = take(&mut bytes, 2)? as usize;
            let table = split(&mut bytes, len)?;
            if found {
                return Some(table);
            }
        }
    }

    /// The names of a machine.
    pub fn names(self, machine: u16) -> Option<Names> {
        let bytes = self.get(machine)?;
        Some(Names {
            bytes,
            #[cfg(test)]
            prefix: "",
            #[cfg(test)]
            list: &[],
        })
    }

    /// How long the bytes of a list are.
    pub const fn room(list: &[(&[u16], &[u8])]) -> usize {
        let (mut room, mut i) = (0, 0);
        while i < list.len() {
            room += 3 + 2 * list[i].0.len() + list[i].1.len();
            i += 1;
        }
        room
    }

    /// The bytes of a list of machines' numbers and their table.
    pub const fn pack<const N: usize>(list: &[(&[u16], &[u8])]) -> [u8; N] {
        let mut bytes = [0; N];
        let mut rest: &mut [u8] = &mut bytes;
        let mut i = 0;
        while i < list.len() {
            let (machines, table) = list[i];
            let piece;
            (piece, rest) = rest.split_at_mut(3 + 2 * machines.len() + table.len());
            piece[0] = machines.len() as u8;
            let (head, body) = piece.split_at_mut(3 + 2 * machines.len());
            let mut machine = 0;
            while machine < machines.len() {
                [head[2 * machine + 1], head[2 * machine + 2]] = machines[machine].to_le_bytes();
                machine += 1;
            }
            [head[2 * machine + 1], head[2 * machine + 2]] = (table.len() as u16).to_le_bytes();
            body.copy_from_slice(table);
            i += 1;
        }
        bytes
    }
}

/// A list of names on the way from its beginning to its end.
pub struct Walk {
    bytes: &'static [u8],
    /// The key of the next name if it has no gap.
    next: u32,
    /// Where the name's own text begins.
    start: usize,
    name: Name,
}

impl Names {
    /// The name of `key`.
    // Not inlined, for there are many callers.
    #[inline(never)]
    pub fn get(self, key: u32) -> Option<Name> {
        let mut walk = self.iter();
        loop {
            let found = walk.step()?;
            if found >= key {
                return (found == key).then_some(walk.name);
            }
        }
    }

    /// Writes the name of `key`, if it has one.
    // A name is too large to be handed over for nothing.
    #[inline(never)]
    pub fn put(self, out: &mut BufWriter, key: u32) -> bool {
        let name = self.get(key);
        put!(out, name);
        name.is_some()
    }

    /// The name of `key` in the first of these lists that has one.
    #[inline(never)]
    pub fn first(lists: &[Option<Names>], key: u32) -> Option<Name> {
        lists.iter().find_map(|names| (*names)?.get(key))
    }

    /// All keys with their names, in ascending order.
    pub fn iter(self) -> Walk {
        let mut walk = Walk { bytes: self.bytes, next: 0, start: 0, name: Name::EMPTY };
        let prefix = take(&mut walk.bytes, 1).unwrap_or_default() as usize;
        let _ = walk.add(0, prefix);
        walk.start = prefix;
        walk
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

impl Walk {
    /// Goes to the next name, and gives back its key.
    fn step(&mut self) -> Option<u32> {
        let (&head, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        let mut len = usize::from(head) & Head::LONG;
        if len == Head::LONG {
            len = take(&mut self.bytes, 1)? as usize;
        }
        if head & Head::GAP != 0 {
            let gap = take(&mut self.bytes, 1)?;
            self.next = self.next.wrapping_add(match gap as u8 {
                Gap::TWO => take(&mut self.bytes, 2)?,
                Gap::FOUR => take(&mut self.bytes, 4)?,
                _ => gap,
            });
        }
        let shared = usize::from(head >> 4) & Head::MAX_SHARED;
        self.add(self.start + shared, len)?;
        let key = self.next;
        self.next = key.wrapping_add(1);
        Some(key)
    }

    /// Takes so many bytes for the name's end, from a place in it on.
    fn add(&mut self, at: usize, len: usize) -> Option<()> {
        let from = self.bytes;
        let text = split(&mut self.bytes, len)?;
        let to = self.name.bytes.get_mut(at..)?;
        // Most are a few bytes: sixteen are copied at once, whatever is behind.
        match (from.first_chunk::<16>(), to.first_chunk_mut::<16>()) {
            (Some(from), Some(to)) if len <= 16 => *to = *from,
            _ => to.get_mut(..len)?.copy_from_slice(text),
        }
        self.name.len = (at + len) as u8;
        Some(())
    }
}

impl Iterator for Walk {
    type Item = (u32, Name);

    fn next(&mut self) -> Option<(u32, Name)> {
        Some((self.step()?, self.name))
    }
}

impl Name {
    /// No packed name is longer: checked when they are packed.
    const ROOM: usize = 63;

    const EMPTY: Name = Name { bytes: [0; Name::ROOM], len: 0 };

    /// The text, piece by piece.
    #[inline]
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.iter().take(self.len.into()).map(packing::expand)
    }

    #[cfg(test)]
    pub fn text(self) -> std::string::String {
        let bytes = self.pieces().flatten().copied().collect();
        std::string::String::from_utf8(bytes).unwrap()
    }

    /// The length in bytes, which are characters, for all names are ASCII.
    pub fn len(&self) -> usize {
        self.pieces().map(<[u8]>::len).sum()
    }
}

impl Put for Name {
    #[inline(never)]
    fn put(&self, out: &mut BufWriter) {
        self.pieces().for_each(|piece| out.bytes(piece));
    }

    #[inline(never)]
    fn put_after(&self, out: &mut BufWriter, text: rt::text::Text) {
        out.text(text);
        self.put(out);
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
    let prefix = at - 1;
    bytes[0] = prefix as u8;
    let (mut last, mut last_len) = ([0; packing::MAX], 0);
    let (mut next, mut i) = (0, 0);
    while i < list.len() {
        let (key, text) = list[i];
        assert!(i == 0 || list[i - 1].0 < key, "keys are in order, each once");
        let mut name = [0; packing::MAX];
        let len = packing::pack(&mut name, 0, text);
        assert!(prefix + len <= Name::ROOM, "no name is longer");
        let most = if len < last_len { len } else { last_len };
        let mut shared = 0;
        while shared < most && shared < Head::MAX_SHARED && name[shared] == last[shared] {
            shared += 1;
        }
        let (head, own) = (at, len - shared);
        bytes[head] = (shared << 4) as u8;
        at += 1;
        if own < Head::LONG {
            bytes[head] |= own as u8;
        } else {
            bytes[head] |= Head::LONG as u8;
            bytes[at] = own as u8;
            at += 1;
        }
        let gap = key - next;
        if gap != 0 {
            bytes[head] |= Head::GAP;
            let (first, width) = match gap {
                0x1_0000.. => (Gap::FOUR, 4),
                0xfe.. => (Gap::TWO, 2),
                _ => (gap as u8, 0),
            };
            bytes[at] = first;
            let mut byte = 0;
            while byte < width {
                bytes[at + 1 + byte] = (gap >> (8 * byte)) as u8;
                byte += 1;
            }
            at += 1 + width;
        }
        let mut byte = shared;
        while byte < len {
            bytes[at] = name[byte];
            (at, byte) = (at + 1, byte + 1);
        }
        (last, last_len) = (name, len);
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
        room += 7 + list[i].1.len();
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
