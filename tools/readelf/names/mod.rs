//! Names as data: what `readelf` calls the numbers of an ELF file.
//!
//! Each file holds the tables of one topic, as readable lists. A list becomes one [`Names`] when
//! the crate is compiled: a blob of text, the offsets of the names in it, and the runs of
//! consecutive keys. There is no pointer per name (a static PIE would have to relocate each of
//! them), and a lookup is a subtraction and a comparison for the usual table, whose keys count
//! up from 0; a table with holes costs a binary search over its few runs first.
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
        $visibility static $name: super::Names = {
            const LIST: &[(u32, &str)] = &[$(($key, $rest)),*];
            static TEXT: [u8; super::text_len($prefix, LIST)] = super::text($prefix, LIST);
            static NUMBERS: [u16; super::count_numbers(LIST)] = super::numbers($prefix, LIST);
            super::Names::new(&TEXT, &NUMBERS)
        };
    )*};
}

use rt::fmt::Put;
use rt::io::BufWriter;

pub mod attributes;
pub mod label;
pub mod machines;
pub mod note_types;
pub mod relocations;
pub mod sections;
pub mod segments;
pub mod symbols;
pub mod tags;

/// Names by number.
pub struct Names {
    /// What all names begin with, then the names without it, one after another.
    text: &'static str,
    /// How many runs of consecutive keys there are; the [`Run`]s; where in the text each name
    /// begins, and where the last one ends. (One slice, because a slice costs a relocation.)
    numbers: &'static [u16],
}

/// Consecutive keys: the first one (lower half, upper half), how many, the first one's index.
type Run = [u16; 4];

const fn first(&[low, high, ..]: &Run) -> u32 {
    low as u32 | (high as u32) << 16
}

/// A name, in two parts: what all names of its table begin with, and the rest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Name {
    prefix: &'static str,
    rest: &'static str,
}

impl Names {
    const fn new(text: &'static [u8], numbers: &'static [u16]) -> Names {
        match core::str::from_utf8(text) {
            Ok(text) => Names { text, numbers },
            Err(_) => panic!("names are text"),
        }
    }

    /// The runs, in ascending order, and where the names begin and end.
    #[inline]
    fn parts(&self) -> Option<(&'static [Run], &'static [u16])> {
        let (&count, rest) = self.numbers.split_first()?;
        let (runs, starts) = rest.split_at_checked(usize::from(count) * size_of::<Run>() / 2)?;
        Some((runs.as_chunks().0, starts))
    }

    /// The name of `key`.
    ///
    /// 5 to 10 ns. Not inlined, for there are many callers; a hot loop keeps what it has found.
    #[inline(never)]
    pub fn get(&self, key: u32) -> Option<Name> {
        let (runs, starts) = self.parts()?;
        let run = match runs {
            [only] => only,
            runs => {
                let next = runs.partition_point(|run| first(run) <= key);
                runs.get(next.wrapping_sub(1))?
            }
        };
        let &[_, _, count, index] = run;
        // Below the first key this wraps, and is above every count.
        let offset = key.wrapping_sub(first(run));
        if offset >= u32::from(count) {
            return None;
        }
        self.at(starts, usize::from(index) + offset as usize)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.parts().map_or(0, |(_, starts)| starts.len() - 1)
    }

    /// Whether the table is empty: none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All keys with their names, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Name)> + '_ {
        let (runs, starts) = self.parts().unwrap_or_default();
        runs.iter().flat_map(move |run| {
            let &[_, _, count, index] = run;
            (0..count).filter_map(move |offset| {
                let name = self.at(starts, usize::from(index) + usize::from(offset))?;
                Some((first(run) + u32::from(offset), name))
            })
        })
    }

    #[inline]
    fn at(&self, starts: &[u16], index: usize) -> Option<Name> {
        let end = usize::from(*starts.get(index + 1)?);
        let start = usize::from(*starts.get(index)?);
        Some(Name {
            prefix: self.text.get(..usize::from(*starts.first()?))?,
            rest: self.text.get(start..end)?,
        })
    }
}

impl Name {
    /// What the name begins with, such as `R_X86_64_`; empty in many tables.
    #[inline]
    pub fn prefix(self) -> &'static str {
        self.prefix
    }

    /// What follows the prefix, such as `PC32`.
    #[inline]
    pub fn rest(self) -> &'static str {
        self.rest
    }

    /// The length of the whole name, in bytes: all names are ASCII.
    #[inline]
    pub fn len(self) -> usize {
        self.prefix.len() + self.rest.len()
    }

    /// Whether there is nothing to print.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl Put for Name {
    fn put(&self, out: &mut BufWriter) {
        out.bytes(self.prefix.as_bytes());
        out.bytes(self.rest.as_bytes());
    }
}

/// How many runs of consecutive keys a list has.
const fn count_runs(list: &[(u32, &str)]) -> usize {
    let mut count = 0;
    let mut i = 0;
    while i < list.len() {
        if i == 0 || list[i].0 != list[i - 1].0 + 1 {
            count += 1;
        }
        i += 1;
    }
    count
}

/// How many numbers [`Names`] has for a list.
const fn count_numbers(list: &[(u32, &str)]) -> usize {
    1 + count_runs(list) * size_of::<Run>() / 2 + list.len() + 1
}

/// The numbers of a list, which must be in order.
const fn numbers<const N: usize>(prefix: &str, list: &[(u32, &str)]) -> [u16; N] {
    assert!(!list.is_empty(), "a table has names");
    assert!(text_len(prefix, list) <= u16::MAX as usize, "an offset has 16 bits");
    let count = count_runs(list);
    let mut numbers = [0; N];
    numbers[0] = count as u16;
    let mut run = 1;
    let mut start = 1 + count * size_of::<Run>() / 2;
    numbers[start] = prefix.len() as u16;
    let mut i = 0;
    while i < list.len() {
        let (key, name) = list[i];
        assert!(i == 0 || list[i - 1].0 < key, "keys are in order, each once");
        if i > 0 && key != list[i - 1].0 + 1 {
            run += size_of::<Run>() / 2;
        }
        if i == 0 || key != list[i - 1].0 + 1 {
            numbers[run] = key as u16;
            numbers[run + 1] = (key >> 16) as u16;
            numbers[run + 3] = i as u16;
        }
        numbers[run + 2] += 1;
        numbers[start + 1] = numbers[start] + name.len() as u16;
        start += 1;
        i += 1;
    }
    numbers
}

/// How long the text of a list is.
const fn text_len(prefix: &str, list: &[(u32, &str)]) -> usize {
    let mut len = prefix.len();
    let mut i = 0;
    while i < list.len() {
        len += list[i].1.len();
        i += 1;
    }
    len
}

/// The text of a list: the prefix and the names, one after another.
const fn text<const N: usize>(prefix: &str, list: &[(u32, &str)]) -> [u8; N] {
    let mut text = [0; N];
    let mut len = append(&mut text, 0, prefix);
    let mut i = 0;
    while i < list.len() {
        len = append(&mut text, len, list[i].1);
        i += 1;
    }
    text
}

const fn append(text: &mut [u8], mut len: usize, part: &str) -> usize {
    let part = part.as_bytes();
    let mut i = 0;
    while i < part.len() {
        assert!(part[i].is_ascii(), "names are ASCII");
        text[len] = part[i];
        len += 1;
        i += 1;
    }
    len
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec::Vec;

    names! {
        static DENSE: "R_" { 0 "NONE", 1 "64", 2 "PC32" }
        static HOLES: "" { 3 "three", 4 "four", 9 "nine", 0xffff_fffe "last but one" }
        static LATE: "S" { 5 "IX" }
    }

    fn whole(name: Option<Name>) -> Option<String> {
        name.map(|name| [name.prefix(), name.rest()].concat())
    }

    fn is(names: &Names, key: u32, expected: &str) {
        assert_eq!(whole(names.get(key)).as_deref(), Some(expected));
    }

    /// How many runs of consecutive keys.
    fn count(names: &Names) -> usize {
        names.parts().map_or(0, |(runs, _)| runs.len())
    }

    #[test]
    fn keys_that_count_up_from_zero() {
        is(&DENSE, 0, "R_NONE");
        is(&DENSE, 1, "R_64");
        is(&DENSE, 2, "R_PC32");
        assert_eq!(DENSE.get(3), None);
        assert_eq!(DENSE.get(u32::MAX), None);
        assert_eq!(count(&DENSE), 1);
    }

    #[test]
    fn keys_with_holes() {
        is(&HOLES, 3, "three");
        is(&HOLES, 4, "four");
        is(&HOLES, 9, "nine");
        is(&HOLES, 0xffff_fffe, "last but one");
        for missing in [0, 2, 5, 8, 10, 0xffff_fffd, u32::MAX] {
            assert_eq!(HOLES.get(missing), None, "{missing}");
        }
        assert_eq!(count(&HOLES), 3);
    }

    #[test]
    fn a_single_run_that_starts_late() {
        is(&LATE, 5, "SIX");
        for missing in [0, 4, 6, u32::MAX] {
            assert_eq!(LATE.get(missing), None, "{missing}");
        }
    }

    #[test]
    fn a_name_has_two_parts_and_a_length() {
        let name = DENSE.get(2).unwrap();
        assert_eq!((name.prefix(), name.rest(), name.len()), ("R_", "PC32", 6));
        assert!(!name.is_empty());
        assert_eq!((DENSE.len(), DENSE.is_empty()), (3, false));
    }

    #[test]
    fn all_names_in_order() {
        let all: Vec<_> = HOLES.iter().map(|(key, name)| (key, name.rest())).collect();
        let expected = [(3, "three"), (4, "four"), (9, "nine"), (0xffff_fffe, "last but one")];
        assert_eq!(all, expected);
    }

    #[test]
    fn every_key_finds_its_own_name() {
        for names in [&DENSE, &HOLES, &LATE] {
            assert_eq!(names.iter().count(), names.len());
            for (key, name) in names.iter() {
                assert_eq!(names.get(key), Some(name));
            }
        }
    }
}
