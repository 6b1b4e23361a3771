//! What a dynamic section says, checked: its tables lie within segments, and what it counts makes
//! sense.

use super::image::{Checked, DF_BIND_NOW, DF_SYMBOLIC, DF_TEXTREL, ENCODING, Image, Range};
use crate::elf::consts::*;
use crate::elf::{Dyn, Reader, Source, SysvHash, Table};

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

/// How a table is found: its tag, that of its size or none, the size of an entry, what is said
/// where it isn't there. In the order of [`Part`].
const PARTS: [(u8, u8, u8, u8); 13] = {
    const NO_SIZE: u8 = slot(DT_NULL);
    [
        (slot(DT_STRTAB), slot(DT_STRSZ), 1, 0),
        (slot(DT_RELA), slot(DT_RELASZ), 24, 1),
        (slot(DT_RELR), slot(DT_RELRSZ), 8, 1),
        (slot(DT_JMPREL), slot(DT_PLTRELSZ), 24, 1),
        (slot(DT_PREINIT_ARRAY), slot(DT_PREINIT_ARRAYSZ), 8, 2),
        (slot(DT_INIT_ARRAY), slot(DT_INIT_ARRAYSZ), 8, 2),
        (slot(DT_FINI_ARRAY), slot(DT_FINI_ARRAYSZ), 8, 2),
        (slot(DT_SYMTAB), NO_SIZE, 1, 3),
        (slot(DT_GNU_HASH), NO_SIZE, 1, 4),
        (slot(DT_HASH), NO_SIZE, 1, 4),
        (slot(DT_VERSYM), NO_SIZE, 1, 5),
        (slot(DT_VERDEF), NO_SIZE, 1, 5),
        (slot(DT_VERNEED), NO_SIZE, 1, 5),
    ]
};

/// What is said where a table isn't there.
const OUTSIDE: [&str; 6] = [
    "its string table lies outside its segments",
    "its relocations lie outside its segments",
    "its constructors lie outside its segments",
    "its symbol table lies outside its segments",
    "its hash table lies outside its segments",
    "its symbol versions lie outside its segments",
];

/// Entries whose value can only be one, and what is said where it is another.
const FIXED: [(u8, u8, &str); 4] = [
    (slot(DT_SYMENT), 24, "its symbols have a strange size"),
    (slot(DT_RELAENT), 24, "its relocations have a strange size"),
    (slot(DT_RELRENT), 8, "its packed relocations have a strange size"),
    (slot(DT_PLTREL), DT_RELA as u8, "its PLT has relocations of another kind"),
];

/// What the dynamic section says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tables {
    /// By [`Part`]: empty where there is none.
    parts: [Range; PARTS.len()],
    /// How many of the relocations are R_*_RELATIVE, at the beginning.
    pub relacount: u64,
    /// DT_INIT; 0 for none.
    pub init: u64,
    /// DT_FINI; 0 for none.
    pub fini: u64,
    /// DT_PLTGOT; 0 for none.
    pub pltgot: u64,
    /// DT_FLAGS, with DT_SYMBOLIC, DT_TEXTREL and DT_BIND_NOW as flags.
    pub flags: u64,
    /// DT_FLAGS_1
    pub flags_1: u64,
    /// Offset of DT_SONAME in the strings.
    pub soname: Option<u64>,
    /// Offset of DT_RPATH in the strings.
    pub rpath: Option<u64>,
    /// Offset of DT_RUNPATH in the strings.
    pub runpath: Option<u64>,
}

impl Tables {
    /// Where a table is.
    #[inline]
    pub fn part(&self, part: Part) -> Range {
        self.parts[part as usize]
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
        let bytes = bytes.ok_or("its dynamic section is missing")?;
        // The last value of each tag.
        let (mut values, mut given) = ([0u64; SLOTS], 0u64);
        for Dyn { d_tag, d_val } in Table::<Dyn>::packed(ENCODING, bytes).iter() {
            if d_tag == DT_NULL {
                break;
            }
            let slot = slot(d_tag);
            given |= 1 << slot;
            values[usize::from(slot) % SLOTS] = d_val;
        }
        let value = |slot: u8| values[usize::from(slot) % SLOTS];
        let is_given = |tag: i64| given >> slot(tag) & 1 == 1;
        for &(slot, right, wrong) in &FIXED {
            if given >> slot & 1 == 1 && value(slot) != right.into() {
                return Err(wrong);
            }
        }
        if is_given(DT_REL) {
            return Err("it has relocations without addends");
        }
        for (index, &(at, size, unit, wrong)) in PARTS.iter().enumerate() {
            let (at, has_size) = (value(at), size != 0);
            let mut size = value(size);
            size -= size % u64::from(unit);
            if has_size && size > 0 || !has_size && at != 0 {
                let wrong = OUTSIDE[usize::from(wrong) % OUTSIDE.len()];
                let load = self.part(Range { at, size: size.max(1) }).ok_or(wrong)?;
                if !has_size {
                    size = load.filesz - (at - load.memory.at);
                }
                self.tables.parts[index] = Range { at, size };
            }
        }
        let tables = &mut self.tables;
        (tables.init, tables.fini) = (value(slot(DT_INIT)), value(slot(DT_FINI)));
        tables.pltgot = value(slot(DT_PLTGOT));
        tables.flags = value(slot(DT_FLAGS));
        for (tag, flag) in
            [(DT_SYMBOLIC, DF_SYMBOLIC), (DT_TEXTREL, DF_TEXTREL), (DT_BIND_NOW, DF_BIND_NOW)]
        {
            tables.flags |= u64::from(is_given(tag)) * flag;
        }
        tables.flags_1 = value(slot(DT_FLAGS_1));
        let offset = |tag: i64| is_given(tag).then_some(value(slot(tag)));
        (tables.soname, tables.rpath) = (offset(DT_SONAME), offset(DT_RPATH));
        tables.runpath = offset(DT_RUNPATH);
        // Old linkers count the PLT's relocations among the others.
        let jmprel = tables.part(Part::Jmprel);
        let rela = &mut tables.parts[Part::Rela as usize];
        if rela.size > 0 && rela.holds(jmprel.at, jmprel.size) {
            rela.size = jmprel.at - rela.at;
        }
        tables.relacount = value(slot(DT_RELACOUNT)).min(rela.size / 24);
        // No more is looked at than the last byte: it may have to be read.
        let Range { at, size } = self.tables.part(Part::Strings);
        let last = Range { at: at.wrapping_add(size).wrapping_sub(1), size: 1 };
        if size > 0 && self.bytes(source, last).is_some_and(|last| last != [0]) {
            return Err("its string table doesn't end with a zero byte");
        }
        for at in [self.tables.init, self.tables.fini] {
            if at != 0 && !self.has_code(at) {
                return Err("its constructors lie outside its code");
            }
        }
        self.check_hashes(source)
    }

    #[inline]
    fn check_hashes(&mut self, source: &dyn Source) -> Checked<()> {
        const WRONG: &str = "its hash table makes no sense";
        if self.tables.part(Part::GnuHash).size > 0 {
            self.tables.parts[Part::Hash as usize].size = 0;
            // Nor more than the head of this one.
            let Range { at, size } = self.tables.part(Part::GnuHash);
            let head = self.bytes(source, Range { at, size: 16 }).ok_or(WRONG)?;
            let head = Reader::new(ENCODING, head);
            let (buckets, bloom) = (head.u32(0).unwrap_or(0), head.u32(8).unwrap_or(0));
            let needed = 16 + 8 * u64::from(bloom) + 4 * u64::from(buckets);
            if buckets == 0 || !bloom.is_power_of_two() || needed > size {
                return Err(WRONG);
            }
        } else if self.tables.part(Part::Hash).size > 0 {
            let bytes = self.table(source, Part::Hash);
            let table = SysvHash::new(ENCODING, bytes, false).ok_or(WRONG)?;
            if table.nbucket == 0 {
                return Err(WRONG);
            }
            // Each symbol is in one chain: more steps than symbols are a circle.
            let mut left = table.nchain;
            for bucket in 0..table.nbucket {
                let mut symbol = table.bucket(bucket).unwrap_or(0);
                while symbol != 0 {
                    if left == 0 {
                        return Err("its hash table goes in circles");
                    }
                    left -= 1;
                    symbol = table.chain(symbol).unwrap_or(0);
                }
            }
        }
        Ok(())
    }
}
