//! The rows of a table of symbols: of a large library there are hundreds of thousands.

use super::{Line, decimal_here};
use crate::arch::{prefetch, unprintable};
use crate::elf::consts::{SHN_LORESERVE, SHN_UNDEF, VERSYM_HIDDEN};
use crate::elf::{Reader, Symbol, Table};
use crate::io::BufWriter;

/// A text for a column, filled up to the column's width.
#[derive(Clone, Copy, Default)]
pub struct Cell {
    /// The text, and anything after it.
    pub bytes: [u8; Cell::ROOM],
    /// How much of it counts.
    pub len: usize,
}

impl Cell {
    /// Room for the longest words of a symbol's columns.
    pub const ROOM: usize = 32;
}

/// Everything that the rows of a table of symbols have in common.
pub struct SymbolColumns {
    /// What is printed for each `STT_*`, from [`BINDS`](Self::BINDS) on for each `STB_*`, from
    /// [`VISIBILITIES`](Self::VISIBILITIES) on for each `STV_*`.
    pub cells: [Cell; 36],
    /// How many digits a value has.
    pub value_digits: usize,
    /// Sizes from this on are printed in another way.
    pub large: u64,
    /// How many sections there are: larger indices are printed in another way.
    pub sections: u32,
    /// Whether names are printed as they are.
    pub plain: bool,
}

impl SymbolColumns {
    /// Where the words for `STB_*` begin.
    pub const BINDS: usize = 16;
    /// Where those for `STV_*` begin.
    pub const VISIBILITIES: usize = 32;

    /// What comes before the name; false where that is anything but an index, a value, a
    /// small size, words, and the number of a section. The digits of the `last` section's
    /// number are kept.
    #[inline(always)]
    fn put(
        &self,
        line: &mut Line<ROOM>,
        digits: (u64, usize),
        last: &mut (u16, (u64, usize)),
        symbol: &Symbol,
    ) -> bool {
        let section = u32::from(symbol.st_shndx);
        let visibility = self.cells.get(Self::VISIBILITIES + usize::from(symbol.st_other));
        let Some(visibility) = visibility.filter(|_| {
            symbol.st_size < self.large && section < self.sections.min(SHN_LORESERVE.into())
        }) else {
            return false;
        };
        line.put_digits(digits, 6);
        line.put(b": ", 2);
        line.put_hex(symbol.st_value, self.value_digits);
        line.put(b" ", 1);
        line.put_digits(decimal_here(symbol.st_size as u32), 5);
        line.put(b" ", 1);
        let kind = &self.cells[usize::from(symbol.kind())];
        line.put(&kind.bytes, kind.len);
        let bind = &self.cells[Self::BINDS + usize::from(symbol.bind())];
        line.put(&bind.bytes, bind.len);
        line.put(&visibility.bytes, visibility.len);
        if symbol.st_shndx == SHN_UNDEF {
            line.put(b" UND ", 5);
        } else {
            // Most are where the last one was.
            if last.0 != symbol.st_shndx {
                *last = (symbol.st_shndx, decimal_here(section));
            }
            line.put_digits(last.1, 4);
            line.put(b" ", 1);
        }
        true
    }
}

/// Room for a row with a name that is no longer than most.
const ROOM: usize = 1024;

/// A section's index and its digits, before there is any.
const NO_SECTION: (u16, (u64, usize)) = (SHN_UNDEF, (0, 0));

/// Indices from this on have more digits than a row has room for.
const INDICES: usize = 100_000_000;

/// Names lie anywhere in tens of megabytes: that of so many rows later is asked for.
const AHEAD: usize = 12;

/// What follows the name of a symbol with a version.
#[derive(Clone, Copy)]
pub struct Version {
    /// The entry in `SHT_GNU_versym` of the symbols that this is for; 0 where it is for none.
    pub entry: u16,
    /// Whether they are undefined.
    pub undefined: bool,
    /// The `st_name` of symbols that this isn't for.
    pub not: u32,
    /// The text, and anything after it.
    pub text: [u8; Version::ROOM],
    /// How much of it counts.
    pub len: usize,
}

impl Version {
    /// Room for most.
    pub const ROOM: usize = 48;
    /// That of no symbol.
    pub const NONE: Version =
        Version { entry: 0, undefined: false, not: 0, text: [0; Version::ROOM], len: 0 };
}

/// How far [`BufWriter::symbol_rows`] came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reached {
    /// Nothing is there of the row with this index, which is an unusual one, or past the end.
    Row(usize),
    /// The row with this index is there up to before its name, which is an unusual one.
    Name(usize),
    /// The row with this index is there up to its name: it has another version.
    Version(usize),
}

impl BufWriter<'_> {
    /// Adds whole rows from an index on, as long as there is nothing in them but an index, a
    /// value, a small size, words, the number of a section, and a name in printable ASCII, not
    /// longer than most; up to the first one with a version other than the one that is given. It
    /// has one if its entry in `SHT_GNU_versym`, if there are any, is neither 0 nor 1.
    // Not inlined: it would be compiled with its caller's options, for size.
    #[inline(never)]
    pub fn symbol_rows(
        &mut self,
        columns: &SymbolColumns,
        table: &Table<Symbol>,
        from: usize,
        strings: &[u8],
        versym: Option<Reader>,
        known: &Version,
    ) -> Reached {
        let mut digits = (0, 0);
        let mut last = NO_SECTION;
        for index in from..table.len().min(INDICES) {
            if let Some(name) = table.name(index + AHEAD) {
                let name = name as usize;
                prefetch(strings, name);
                prefetch(strings, name.wrapping_add(64));
                prefetch(strings, name.wrapping_add(128));
            }
            // The last digit counts up by itself.
            match (digits.0 >> 56) as u8 {
                b'0'..=b'8' => digits.0 += 1 << 56,
                _ => digits = decimal_here(index as u32),
            }
            let (Some(symbol), Some(bytes)) = (table.get_fast(index), self.room()) else {
                return Reached::Row(index);
            };
            let mut line = Line { bytes, len: 0 };
            if !columns.put(&mut line, digits, &mut last, &symbol) {
                return Reached::Row(index);
            }
            let before = line.len;
            let entry = versym.map_or(Some(0), |versym| versym.u16(2 * index));
            let is_named = columns.plain && symbol.st_name != 0;
            let name = strings.get(symbol.st_name as usize..).filter(|_| is_named);
            let done = name.is_some_and(|name| put_name(&mut line, name));
            let Some(entry) = entry.filter(|_| done) else {
                self.advance(before);
                return Reached::Name(index);
            };
            let versioned = entry & !VERSYM_HIDDEN > 1;
            let undefined = symbol.st_shndx == SHN_UNDEF;
            let is_known = versioned
                && (known.entry, known.undefined) == (entry, undefined)
                && known.not != symbol.st_name;
            if is_known {
                line.put(&known.text, known.len);
            }
            let ends = !versioned || is_known;
            line.put(b"\n", usize::from(ends));
            let len = line.len;
            self.advance(len);
            if !ends {
                return Reached::Version(index);
            }
        }
        Reached::Row(table.len().min(INDICES).max(from))
    }
}

/// Adds a name that ends with a zero byte; false where there is anything else than printable
/// ASCII before that, or no room. In one go, sixteen bytes at a time.
#[inline(always)]
fn put_name(line: &mut Line<ROOM>, name: &[u8]) -> bool {
    for chunk in name.as_chunks::<16>().0 {
        let others = unprintable(chunk);
        let len = if others == 0 { 16 } else { others.trailing_zeros() as usize };
        // What comes behind must fit, too.
        if line.len > ROOM - 17 - Version::ROOM {
            return false;
        }
        line.put(chunk, len);
        if others != 0 {
            return chunk.get(len) == Some(&0);
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf::{Class, Data, Encoding};
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    fn columns() -> SymbolColumns {
        let cell = |text: &str| {
            let mut bytes = [b'!'; Cell::ROOM];
            bytes[..text.len()].copy_from_slice(text.as_bytes());
            Cell { bytes, len: text.len() }
        };
        SymbolColumns {
            cells: core::array::from_fn(|place| match place {
                ..16 => cell("KIND "),
                16..32 => cell("BIND "),
                _ => cell("VIS "),
            }),
            plain: true,
            value_digits: 16,
            large: 100_000,
            sections: 9,
        }
    }

    /// `Elf64_Sym` of a name, a section, a size.
    fn entry(name: usize, section: u16, size: u64) -> Vec<u8> {
        let name = (name as u32).to_le_bytes();
        let other = [0x12, 0, section as u8, (section >> 8) as u8];
        [&name[..], &other, &0x1234u64.to_le_bytes(), &size.to_le_bytes()].concat()
    }

    #[test]
    fn rows_up_to_the_first_unusual_one() {
        let encoding = Encoding { class: Class::Elf64, data: Data::Lsb };
        let (mut strings, mut table, mut expected) = (std::vec![0], Vec::new(), String::new());
        for index in 0..900 {
            let name = "n".repeat(index + 1);
            table.extend(entry(strings.len(), index as u16 % 9, 11 * index as u64));
            let section = if index % 9 == 0 { "UND".into() } else { format!("{}", index % 9) };
            let (size, value) = (11 * index, "0000000000001234");
            expected += &format!("{index:6}: {value} {size:5} KIND BIND VIS {section:>4} {name}\n");
            strings.extend(name.bytes().chain([0]));
        }
        let last = strings.len();
        strings.extend(b"a\x1bb\0");
        strings.extend([b'x'; 2000].iter().chain(&[0; 20]));
        let (row, name) = (Reached::Row(900), Reached::Name(900));
        let unusual = [
            (entry(0, 1, 1), name),
            (entry(last, 1, 1), name),
            (entry(last + 4, 1, 1), name),
            (entry(1, 9, 1), row),
            (entry(1, 0xfff1, 1), row),
            (entry(1, 1, 100_000), row),
            (entry(usize::MAX, 1, 1), name),
        ];
        for (other, reached) in unusual {
            let bytes = [&table[..], &other, &entry(1, 1, 1)].concat();
            let symbols = Table::packed(encoding, &bytes);
            let (mut to, mut buffer) = (Vec::new(), [0; 3000]);
            let mut out = BufWriter::new(&mut buffer, &mut to);
            let mut reach =
                |from| out.symbol_rows(&columns(), &symbols, from, &strings, None, &Version::NONE);
            assert_eq!(reach(0), reached);
            assert_eq!(reach(901), Reached::Row(902));
            out.flush().unwrap();
            let head = "0000000000001234     1 KIND BIND VIS    1";
            let before = if reached == name { format!("   900: {head} ") } else { "".into() };
            let next = format!("{before}   901: {head} n\n");
            assert_eq!(String::from_utf8(to).unwrap(), format!("{expected}{next}"));
        }
    }

    #[test]
    fn rows_up_to_a_version() {
        let encoding = Encoding { class: Class::Elf64, data: Data::Lsb };
        let bytes = entry(1, 1, 1).repeat(6);
        let strings = [&b"\0name\0"[..], &[0; 20]].concat();
        let versym = [0, 0, 1, 0, 1, 0x80, 2, 0, 2, 0x80];
        let symbols = Table::packed(encoding, &bytes);
        let mut text = [b'!'; Version::ROOM];
        text[..3].copy_from_slice(b"@@V");
        let known = Version { entry: 2, undefined: false, not: 9, text, len: 3 };
        for (from, known, reached, expected) in [
            (0, Version::NONE, Reached::Version(3), "name\nname\nname\nname"),
            (4, Version::NONE, Reached::Version(4), "name"),
            (5, Version::NONE, Reached::Name(5), ""),
            (6, Version::NONE, Reached::Row(6), ""),
            (2, known, Reached::Version(4), "name\nname@@V\nname"),
            (3, Version { undefined: true, ..known }, Reached::Version(3), "name"),
            (3, Version { not: 1, ..known }, Reached::Version(3), "name"),
            (4, Version { entry: 0x8002, ..known }, Reached::Name(5), "name@@V\n"),
            (0, Version { entry: 1, ..known }, Reached::Version(3), "name\nname\nname\nname"),
        ] {
            let (mut to, mut buffer) = (Vec::new(), [0; 3000]);
            let mut out = BufWriter::new(&mut buffer, &mut to);
            let versym = Some(Reader::new(encoding, &versym));
            let got = out.symbol_rows(&columns(), &symbols, from, &strings, versym, &known);
            assert_eq!(got, reached);
            out.flush().unwrap();
            let text = String::from_utf8(to).unwrap();
            let names: Vec<_> =
                text.split_inclusive('\n').filter_map(|row| row.get(50..)).collect();
            assert_eq!(names.concat(), expected);
        }
    }
}
