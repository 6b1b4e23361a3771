//! What a dynamic section says, checked: its tables lie within segments, and what it counts makes
//! sense.

use super::image::{Checked, DF_BIND_NOW, DF_SYMBOLIC, DF_TEXTREL, ENCODING, Image, Range};
use crate::elf::consts::*;
use crate::elf::{Dyn, Source, Table};
use crate::text;
use crate::text::Text;

/// A table of the dynamic section.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// DT_STRTAB; ends with a zero byte.
    Strings,
    /// DT_RELA, without what DT_JMPREL has.
    Rela,
    /// DT_RELR
    Relr,
    /// DT_JMPREL
    Jmprel,
    /// DT_PREINIT_ARRAY
    PreinitArray,
    /// DT_INIT_ARRAY
    InitArray,
    /// DT_FINI_ARRAY
    FiniArray,
    /// DT_SYMTAB, up to the end of its segment: no entry tells how many there are.
    Symbols,
    /// DT_GNU_HASH, up to the end of its segment. Filter and buckets lie within.
    GnuHash,
    /// DT_HASH, up to the end of its segment, where there is no DT_GNU_HASH.
    Hash,
    /// DT_VERSYM, up to the end of its segment.
    Versym,
    /// DT_VERDEF, up to the end of its segment.
    Verdef,
    /// DT_VERNEED, up to the end of its segment.
    Verneed,
}

/// How a table is found: its tag, that of its size or none, what is said where it isn't there.
/// In the order of [`Part`].
const PARTS: [[u8; 3]; 13] = {
    const NO_SIZE: u8 = slot(DT_NULL);
    [
        [slot(DT_STRTAB), slot(DT_STRSZ), 0],
        [slot(DT_RELA), slot(DT_RELASZ), 1],
        [slot(DT_RELR), slot(DT_RELRSZ), 1],
        [slot(DT_JMPREL), slot(DT_PLTRELSZ), 1],
        [slot(DT_PREINIT_ARRAY), slot(DT_PREINIT_ARRAYSZ), 2],
        [slot(DT_INIT_ARRAY), slot(DT_INIT_ARRAYSZ), 2],
        [slot(DT_FINI_ARRAY), slot(DT_FINI_ARRAYSZ), 2],
        [slot(DT_SYMTAB), NO_SIZE, 3],
        [slot(DT_GNU_HASH), NO_SIZE, 4],
        [slot(DT_HASH), NO_SIZE, 4],
        [slot(DT_VERSYM), NO_SIZE, 5],
        [slot(DT_VERDEF), NO_SIZE, 5],
        [slot(DT_VERNEED), NO_SIZE, 5],
    ]
};

/// Entries whose value can only be one, and what is said where it is another.
const FIXED: [[u8; 3]; 4] = [
    [slot(DT_SYMENT), 24, 6],
    [slot(DT_RELAENT), 24, 7],
    [slot(DT_RELRENT), 8, 8],
    [slot(DT_PLTREL), DT_RELA as u8, 9],
];

/// What is said where a table isn't there, or a value is wrong.
#[cold]
#[inline]
fn wrong(number: u8) -> Text {
    match number {
        0 => text!("its string table lies outside its segments"),
        1 => text!("its relocations lie outside its segments"),
        2 => text!("its constructors lie outside its segments"),
        3 => text!("its symbol table lies outside its segments"),
        4 => text!("its hash table lies outside its segments"),
        5 => text!("its symbol versions lie outside its segments"),
        6 => text!("its symbols have a strange size"),
        7 => text!("its relocations have a strange size"),
        8 => text!("its packed relocations have a strange size"),
        _ => text!("its PLT has relocations of another kind"),
    }
}

/// What the dynamic section says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tables {
    /// By [`Part`]: empty where there is none.
    parts: [Range; PARTS.len()],
    /// How many of the relocations are R_*_RELATIVE, at the beginning.
    pub relacount: u64,
    /// DT_FLAGS, with DT_SYMBOLIC, DT_TEXTREL and DT_BIND_NOW as flags.
    pub flags: u64,
    /// Which slots have a value.
    given: u64,
    /// By [`slot`]: the last value of each tag; 0 where there is none.
    values: [u64; SLOTS],
}

impl Default for Tables {
    #[inline]
    fn default() -> Tables {
        Tables {
            parts: [Range::default(); PARTS.len()],
            relacount: 0,
            flags: 0,
            given: 0,
            values: [0; SLOTS],
        }
    }
}

impl Tables {
    /// Takes the values of these entries, up to `DT_NULL`. Each DT_NEEDED is told.
    // Not inlined, and so compiled for speed: half the instructions.
    #[inline(never)]
    pub fn fill(&mut self, entries: Table<Dyn>, needed: &mut dyn FnMut(u64)) {
        for Dyn { d_tag, d_val } in entries.iter() {
            match d_tag {
                DT_NULL => break,
                DT_NEEDED => needed(d_val),
                _ => {}
            }
            let slot = slot(d_tag);
            self.given |= 1 << slot;
            self.values[usize::from(slot) % SLOTS] = d_val;
        }
    }

    /// Where a table is.
    #[inline]
    pub fn part(&self, part: Part) -> Range {
        self.parts[part as usize]
    }

    /// The value of a tag; 0 where there is none.
    #[inline]
    pub fn value(&self, tag: i64) -> u64 {
        self.at(slot(tag))
    }

    /// Whether there is such a tag.
    #[inline]
    pub fn is_given(&self, tag: i64) -> bool {
        self.given >> slot(tag) & 1 != 0
    }

    /// The place in the string table of its SONAME (0), RPATH (1) or RUNPATH (2), where it has
    /// one.
    #[inline]
    pub fn name(&self, index: usize) -> Option<u64> {
        const NAMES: [u8; 3] = [slot(DT_SONAME), slot(DT_RPATH), slot(DT_RUNPATH)];
        let &slot = NAMES.get(index)?;
        (self.given >> slot & 1 != 0).then(|| self.at(slot))
    }

    #[inline]
    fn at(&self, slot: u8) -> u64 {
        self.values[usize::from(slot) % SLOTS]
    }
}

/// The last tag that has its own number as its slot.
const LAST: i64 = DT_RELRENT;
/// How many slots there are.
const SLOTS: usize = 64;
const _: () = assert!(LAST + 7 < SLOTS as i64);

/// Where the value of a tag is kept: small ones by their number, some others behind them, and
/// in the last place all that nobody asks for.
#[inline]
const fn slot(tag: i64) -> u8 {
    let place = match tag {
        DT_GNU_HASH => LAST + 1,
        DT_VERSYM => LAST + 2,
        DT_RELACOUNT => LAST + 3,
        DT_FLAGS_1 => LAST + 4,
        DT_VERDEF => LAST + 5,
        DT_VERNEED => LAST + 6,
        0..=LAST => tag,
        _ => LAST + 7,
    };
    place as u8
}

impl Image<'_> {
    /// Checks the dynamic section, where there is one, of an image whose segments are checked.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    #[inline]
    pub fn read_dynamic(&mut self, source: &dyn Source) -> Checked<()> {
        let Some(dynamic) = self.dynamic else { return Ok(()) };
        let bytes = self.bytes(source, dynamic);
        let bytes = bytes.ok_or(text!("its dynamic section is missing"))?;
        self.tables.fill(Table::packed(ENCODING, bytes), &mut |_| {});
        self.check(source)
    }

    /// Checks what the dynamic section says.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    #[inline]
    pub fn check(&mut self, source: &dyn Source) -> Checked<()> {
        let tables = &self.tables;
        for &[slot, right, number] in &FIXED {
            if tables.given >> slot & 1 != 0 && tables.at(slot) != right.into() {
                return Err(wrong(number));
            }
        }
        if tables.is_given(DT_REL) {
            return Err(text!("it has relocations without addends"));
        }
        for (index, &[at, size, number]) in PARTS.iter().enumerate() {
            let (at, has_size) = (self.tables.at(at), size != 0);
            let mut size = self.tables.at(size);
            if has_size && size > 0 || !has_size && at != 0 {
                let load = self.part(Range { at, size: size.max(1) });
                let Some(load) = load else { return Err(wrong(number)) };
                if !has_size {
                    size = load.filesz - (at - load.memory.at);
                }
                if let Some(part) = self.tables.parts.get_mut(index) {
                    *part = Range { at, size };
                }
            }
        }
        let tables = &mut self.tables;
        let flag = |tag: i64, flag: u64| if tables.is_given(tag) { flag } else { 0 };
        tables.flags = tables.value(DT_FLAGS)
            | flag(DT_SYMBOLIC, DF_SYMBOLIC)
            | flag(DT_TEXTREL, DF_TEXTREL)
            | flag(DT_BIND_NOW, DF_BIND_NOW);
        // Old linkers count the PLT's relocations among the others.
        let jmprel = tables.part(Part::Jmprel);
        let rela = &mut tables.parts[Part::Rela as usize];
        if rela.size > 0 && rela.holds(jmprel.at, jmprel.size) {
            rela.size = jmprel.at - rela.at;
        }
        let size = rela.size;
        tables.relacount = tables.value(DT_RELACOUNT).min(size / 24);
        // No more is looked at than the last byte: it may have to be read.
        let Range { at, size } = self.tables.part(Part::Strings);
        let last = Range { at: at.wrapping_add(size).wrapping_sub(1), size: 1 };
        if size > 0 && self.bytes(source, last).is_some_and(|last| last != [0]) {
            return Err(text!("its string table doesn't end with a zero byte"));
        }
        let is_code = |at: u64| at == 0 || self.has_code(at);
        if !is_code(self.tables.value(DT_INIT)) || !is_code(self.tables.value(DT_FINI)) {
            return Err(text!("its constructors lie outside its code"));
        }
        self.check_hashes(source)
    }

    #[inline]
    fn check_hashes(&mut self, source: &dyn Source) -> Checked<()> {
        const WRONG: Text = text!("its hash table makes no sense");
        let Range { at, size } = self.tables.part(Part::GnuHash);
        let is_gnu = size > 0;
        if is_gnu {
            self.tables.parts[Part::Hash as usize].size = 0;
        } else if self.tables.part(Part::Hash).size == 0 {
            return Ok(());
        }
        // No more than the head of this one.
        let bytes = match is_gnu {
            true => self.bytes(source, Range { at, size: 16 }).unwrap_or_default(),
            false => self.table(source, Part::Hash),
        };
        let word = |index: u64| {
            let bytes = bytes.get(4 * index as usize..).and_then(|rest| rest.first_chunk());
            u64::from(bytes.map_or(0, |&bytes| u32::from_ne_bytes(bytes)))
        };
        let (buckets, chains, bloom) = (word(0), word(1), word(2));
        if buckets == 0 {
            return Err(WRONG);
        }
        if is_gnu {
            let right = bloom.is_power_of_two() && 16 + 8 * bloom + 4 * buckets <= size;
            return if right { Ok(()) } else { Err(WRONG) };
        }
        if 8 + 4 * (buckets + chains) > bytes.len() as u64 {
            return Err(WRONG);
        }
        // Each symbol is in one chain: more steps than symbols are a circle.
        let mut left = chains;
        for bucket in 0..buckets {
            let mut symbol = word(2 + bucket);
            while symbol != 0 {
                if left == 0 {
                    return Err(text!("its hash table goes in circles"));
                }
                left -= 1;
                symbol = if symbol < chains { word(2 + buckets + symbol) } else { 0 };
            }
        }
        Ok(())
    }
}
