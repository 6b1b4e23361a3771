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
            static RUNS: [super::Run; super::count_runs(LIST)] = super::runs(LIST);
            static STARTS: [u16; LIST.len() + 1] = super::starts(LIST);
            static TEXT: [u8; super::text_len(LIST)] = super::text(LIST);
            super::Names::new($prefix, &TEXT, &STARTS, &RUNS)
        };
    )*};
}

use rt::fmt::Put;
use rt::io::BufWriter;

pub mod machines;
pub mod note_types;
pub mod relocations;
pub mod tags;

/// Names by number.
pub struct Names {
    /// What all names begin with.
    prefix: &'static str,
    /// The names without it, one after another.
    text: &'static str,
    /// Where each name begins; where it ends the next one begins.
    starts: &'static [u16],
    /// The keys, ascending.
    runs: &'static [Run],
}

/// Consecutive keys, and the index of the first one's name.
#[derive(Clone, Copy)]
struct Run {
    first: u32,
    count: u16,
    index: u16,
}

/// A name, in two parts: what all names of its table begin with, and the rest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Name {
    prefix: &'static str,
    rest: &'static str,
}

impl Names {
    const fn new(
        prefix: &'static str,
        text: &'static [u8],
        starts: &'static [u16],
        runs: &'static [Run],
    ) -> Names {
        match core::str::from_utf8(text) {
            Ok(text) => Names { prefix, text, starts, runs },
            Err(_) => panic!("names are text"),
        }
    }

    /// The name of `key`.
    #[inline]
    pub fn get(&self, key: u32) -> Option<Name> {
        let run = match self.runs {
            [only] => only,
            runs => {
                let next = runs.partition_point(|run| run.first <= key);
                runs.get(next.wrapping_sub(1))?
            }
        };
        // Below the first key this wraps, and is above every count.
        let offset = key.wrapping_sub(run.first);
        if offset >= u32::from(run.count) {
            return None;
        }
        self.at(usize::from(run.index) + offset as usize)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether the table is empty: none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All keys with their names, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Name)> + '_ {
        self.runs.iter().flat_map(move |run| {
            (0..run.count).filter_map(move |offset| {
                let name = self.at(usize::from(run.index) + usize::from(offset))?;
                Some((run.first + u32::from(offset), name))
            })
        })
    }

    #[inline]
    fn at(&self, index: usize) -> Option<Name> {
        let end = *self.starts.get(index + 1)?;
        let start = *self.starts.get(index)?;
        let rest = self.text.get(usize::from(start)..usize::from(end))?;
        Some(Name { prefix: self.prefix, rest })
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

/// The runs of consecutive keys of a list, which must be in order.
const fn runs<const N: usize>(list: &[(u32, &str)]) -> [Run; N] {
    assert!(!list.is_empty(), "a table has names");
    assert!(list.len() < u16::MAX as usize);
    let mut runs = [Run { first: 0, count: 0, index: 0 }; N];
    let mut last = 0;
    let mut i = 0;
    while i < list.len() {
        let key = list[i].0;
        assert!(i == 0 || list[i - 1].0 < key, "keys are in order, each once");
        if i == 0 || key != list[i - 1].0 + 1 {
            last = if i == 0 { 0 } else { last + 1 };
            runs[last] = Run { first: key, count: 0, index: i as u16 };
        }
        runs[last].count += 1;
        i += 1;
    }
    runs
}

/// Where the names begin in the text of a list, and where the last one ends.
const fn starts<const N: usize>(list: &[(u32, &str)]) -> [u16; N] {
    assert!(text_len(list) <= u16::MAX as usize, "an offset has 16 bits");
    let mut starts = [0; N];
    let mut i = 0;
    while i < list.len() {
        starts[i + 1] = starts[i] + list[i].1.len() as u16;
        i += 1;
    }
    starts
}

/// How long the text of a list is.
const fn text_len(list: &[(u32, &str)]) -> usize {
    let mut len = 0;
    let mut i = 0;
    while i < list.len() {
        len += list[i].1.len();
        i += 1;
    }
    len
}

/// The text of a list: the names, one after another.
const fn text<const N: usize>(list: &[(u32, &str)]) -> [u8; N] {
    let mut text = [0; N];
    let mut len = 0;
    let mut i = 0;
    while i < list.len() {
        let name = list[i].1.as_bytes();
        let mut j = 0;
        while j < name.len() {
            assert!(name[j].is_ascii(), "names are ASCII");
            text[len] = name[j];
            len += 1;
            j += 1;
        }
        i += 1;
    }
    text
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

    #[test]
    fn keys_that_count_up_from_zero() {
        is(&DENSE, 0, "R_NONE");
        is(&DENSE, 1, "R_64");
        is(&DENSE, 2, "R_PC32");
        assert_eq!(DENSE.get(3), None);
        assert_eq!(DENSE.get(u32::MAX), None);
        assert_eq!(DENSE.runs.len(), 1);
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
        assert_eq!(HOLES.runs.len(), 3);
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
