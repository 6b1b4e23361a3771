//! `-R`: the bytes of a section of an object file with its relocations applied, as far as
//! debugging information needs that.

use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::names::relocations::relocation_type;
use crate::readelf::names::symbols;
use crate::readelf::pattern;
use rt::elf::consts::*;
use rt::elf::{Data, Reader, SectionHeader, Table};

/// What a relocation does to the field at its place: S is the symbol's value, A the addend
/// (in a REL section what the field holds), P the place, V what the field holds.
#[derive(Clone, Copy, PartialEq, Debug)]
enum How {
    Nothing,
    /// S + A in so many bits.
    Abs8,
    Abs16,
    Abs24,
    Abs32,
    Abs64,
    /// S + A - P
    Rel32,
    Rel64,
    /// S + A - P - 8: the place is that of the instruction after the next.
    Parisc32,
    Parisc64,
    /// V + S + A; SuperH leaves the addend out, and has one relative to the place.
    Add8,
    Add16,
    Add32,
    Add64,
    Sh32,
    ShRel32,
    /// V - S + A
    Sub8,
    Sub16,
    Sub32,
    Sub64,
    /// The same with the lower six bits of a byte.
    Sub6,
    Set6,
}

impl How {
    /// The size of the field in bytes.
    fn size(self) -> usize {
        match self {
            How::Nothing => 0,
            How::Abs8 | How::Add8 | How::Sub8 | How::Sub6 | How::Set6 => 1,
            How::Abs16 | How::Add16 | How::Sub16 => 2,
            How::Abs24 => 3,
            How::Abs64 | How::Rel64 | How::Parisc64 | How::Add64 | How::Sub64 => 8,
            _ => 4,
        }
    }
}

/// What each type does, by machine and type. NONE, which is 0 everywhere, isn't listed.
macro_rules! types {
    ($($machine:literal: $($how:ident $($number:literal)+),+;)*) => {
        &[$($($(($machine, $number, How::$how),)+)+)*]
    };
}

#[rustfmt::skip]
static TYPES: &[(u16, u16, How)] = types! {
    2: Abs32 3 23, Rel32 6, Abs64 32 54, Rel64 46;
    3: Abs32 1, Rel32 2;
    4: Abs32 1, Rel32 4;
    6: Abs32 1, Rel32 2;
    7: Abs32 1;
    8: Abs32 2, Abs64 18;
    9: Abs32 1;
    15: Abs32 1 2 41, Abs64 80, Parisc32 9, Parisc64 72;
    18: Abs32 3 23, Rel32 6, Abs64 32 54, Rel64 46;
    19: Abs32 2;
    20: Abs32 1, Rel32 26;
    21: Abs32 1, Rel32 26, Abs64 38, Rel64 44;
    22: Abs32 4, Rel32 5, Abs64 22, Rel64 23;
    23: Abs32 6, Rel32 13;
    36: Abs32 51;
    39: Abs32 1;
    40: Abs32 2, Rel32 3;
    42: Sh32 1, ShRel32 2;
    43: Abs32 3 23, Rel32 6, Abs64 32 54, Rel64 46;
    45: Abs32 1, Abs16 2;
    46: Abs32 1, Abs16 17;
    47: Abs32 1, Abs16 17;
    48: Abs32 1, Abs16 17;
    50: Abs32 36 37 100 101, Abs64 38 39, Rel64 78 79;
    53: Abs32 6;
    62: Abs64 1, Rel32 2, Abs32 10, Rel64 24;
    70: Abs32 6;
    75: Abs32 1, Rel32 4;
    76: Abs32 3;
    80: Abs32 4;
    83: Nothing 30 31 32, Abs32 1, Abs16 4, Rel32 36;
    84: Abs32 3;
    85: Abs16 3, Abs32 6;
    86: Add32 12;
    87: Abs32 6;
    88: Abs32 34;
    89: Nothing 33 34, Abs32 1, Abs16 2;
    90: Abs32 1, Abs16 2, Abs24 4;
    91: Add32 1;
    92: Abs32 1, Abs16 2, Rel32 9;
    93: Abs16 2, Abs32 4, Rel32 49;
    94: Nothing 17 18 19 57 58 59 60 61 62, Add32 1, Rel32 14;
    99: Add32 1;
    101: Abs16 1, Abs32 2;
    105: Nothing 21 23, Abs32 1, Abs16 2;
    106: Abs32 18;
    113: Abs32 12, Abs16 13;
    114: Abs32 15;
    115: Abs16 3, Abs32 4;
    120: Abs16 1, Abs32 3;
    135: Abs32 8;
    138: Abs32 3;
    140: Abs32 1, Abs16 2;
    144: Nothing 65 66 67, Abs16 8, Abs32 11;
    167: Nothing 205 206 207 208, Abs16 19, Abs32 20;
    173: Abs32 1;
    174: Nothing 3, Abs32 2;
    177: Abs32 3;
    180: Abs64 1, Rel32 2, Abs32 10, Rel64 24;
    181: Abs64 1, Rel32 2, Abs32 10, Rel64 24;
    183: Nothing 256, Abs32 1 258, Abs64 257, Rel64 260, Rel32 261;
    188: Abs32 1, Rel32 4;
    189: Abs32 1, Rel32 2;
    191: Abs64 1, Abs32 2, Rel64 5, Rel32 6;
    195: Abs16 2, Abs32 4, Rel32 49;
    197: Nothing 128 131, Abs32 1;
    220: Abs8 1, Abs16 4, Abs24 5, Abs32 6;
    221: Abs16 2, Abs32 3, Rel32 6;
    222: Abs32 1, Abs16 2, Abs24 5;
    223: Abs32 1;
    243: Abs32 1, Abs64 2, Add8 33, Add16 34, Add32 35, Add64 36, Sub8 37, Sub16 38, Sub32 39,
        Sub64 40, Sub6 52, Set6 53, Abs8 54, Abs16 55, Rel32 57;
    247: Abs32 11;
    252: Abs32 1;
    258: Abs32 1, Abs64 2, Rel32 99;
    0x1057: Nothing 30 31 32, Abs32 1, Abs16 4, Rel32 36;
    0x1059: Nothing 10 12 21 23, Abs32 1, Abs16 5;
    0x1223: Abs32 3, Abs16 5, Rel32 6;
    0x2530: Abs32 2;
    0x3330: Abs32 3;
    0x4157: Abs32 1;
    0x4def: Abs32 6 7;
    0x5441: Abs32 1;
    0x5aa5: Abs32 3;
    0x7650: Abs16 3, Abs32 6;
    0x7676: Add32 12;
    0x8217: Abs16 1, Abs32 2;
    0x9026: Abs32 1, Abs64 2, Rel32 10, Rel64 11;
    0x9080: Abs32 6;
    0xa390: Abs32 4, Rel32 5, Abs64 22, Rel64 23;
    0xabc7: Nothing 17 18 19 57 58 59 60 61 62, Abs32 1, Rel32 14;
    0xad45: Abs32 1;
    0xbeef: Nothing 33 34, Abs32 1, Abs16 2;
    0xdead: Abs32 1, Abs16 2, Abs24 4;
    0xf00d: Abs32 4;
    0xfeb0: Abs16 1, Abs32 3;
    0xfeba: Abs32 2;
    0xfebb: Abs32 1, Abs16 9;
};

/// The types of one machine.
fn types_of(machine: u16) -> &'static [(u16, u16, How)] {
    let start = TYPES.partition_point(|&(m, _, _)| m < machine);
    let end = TYPES.partition_point(|&(m, _, _)| m <= machine);
    TYPES.get(start..end).unwrap_or_default()
}

/// Applies the relocations of a section to its bytes; false where what they need can't be
/// read. The first relocation section that names this one counts. `unsupported` is the last
/// type that was told to be that.
pub fn apply(
    cx: &mut Context,
    file: &File,
    unsupported: &mut Option<u32>,
    index: u32,
    bytes: &mut [u8],
) -> bool {
    if file.elf.header.e_type != ET_REL {
        return true;
    }
    let Some(section) = file.sections.iter().find(|section| names(file, section, index)) else {
        return true;
    };
    let (offset, size) = (section.sh_offset, section.sh_size);
    let is_64 = file.elf.encoding.is_64();
    let what = if is_64 { "64-bit relocation data" } else { "32-bit relocation data" };
    let Some(table) = file.read(cx, offset, size, what) else { return false };
    let Some(symbols) = file.symbols(cx, section.sh_link as usize) else { return false };
    let section_name = file.sections.get(index as usize).map(|section| file.section_name(&section));
    let name = section_name.unwrap_or_default();
    let target = Target { file, name, symbols: symbols.table, types: types_of(machine(file)) };
    let mut number = 0;
    each(file, table, section.sh_type == SHT_RELA, &mut |r_offset, r_info, addend| {
        target.one(cx, bytes, unsupported, number, (r_offset, r_info, addend));
        number += 1;
    });
    true
}

/// Goes through a table of relocations: where, `r_info`, and the addend where there is one.
pub fn each(file: &File, table: &[u8], rela: bool, one: &mut dyn FnMut(u64, u64, Option<i64>)) {
    let (word, is_64) = (file.elf.encoding.word(), file.elf.encoding.is_64());
    for entry in table.chunks_exact(if rela { 3 * word } else { 2 * word }) {
        let r = Reader::new(file.elf.encoding, entry);
        let field = |index| r.word(index * word).unwrap_or_default();
        let addend = if is_64 { field(2) as i64 } else { (field(2) as i32).into() };
        one(field(0), field(1), rela.then_some(addend));
    }
}

/// Whether a section has the relocations of this one.
pub fn names(file: &File, section: &SectionHeader, index: u32) -> bool {
    matches!(section.sh_type, SHT_REL | SHT_RELA)
        && section.sh_size != 0
        && section.sh_info == index
        && (section.sh_link as usize) < file.sections.len()
}

/// MSP430 has two sets of types: the other one under a number of its own here.
fn machine(file: &File) -> u16 {
    let header = &file.elf.header;
    let is_x = header.e_ident.osabi() == 0 || header.e_flags & 0xff == 0x2d;
    if header.e_machine == EM_MSP430 && !is_x { 0x1059 } else { header.e_machine }
}

/// The section that is being relocated.
struct Target<'f, 'a> {
    file: &'f File<'a>,
    name: &'f [u8],
    symbols: Table<'a, rt::elf::Symbol>,
    types: &'static [(u16, u16, How)],
}

impl Target<'_, '_> {
    /// Applies one relocation, or tells why not.
    fn one(
        &self,
        cx: &mut Context,
        bytes: &mut [u8],
        unsupported: &mut Option<u32>,
        number: u64,
        (r_offset, r_info, addend): (u64, u64, Option<i64>),
    ) {
        let (index, kind) = split(self.file, r_info);
        if kind == 0 {
            return;
        }
        let how = self.types.iter().find(|(_, number, _)| u32::from(*number) == kind);
        let Some(&(_, _, how)) = how else {
            if unsupported.is_none() && self.types.is_empty() {
                let machine = self.file.elf.header.e_machine.into();
                let what = "Missing knowledge of 32-bit reloc types used in DWARF sections of \
                            machine number %u";
                pattern::error(cx, what, &[machine], &[]);
            }
            if *unsupported != Some(kind) {
                let what = "unable to apply unsupported reloc type %u to section %S";
                pattern::warning(cx, what, &[kind.into()], &[self.name]);
            }
            *unsupported = Some(kind);
            return;
        };
        if how == How::Nothing {
            return;
        }
        let place = usize::try_from(r_offset).ok();
        let field = place.and_then(|at| bytes.get_mut(at..at.checked_add(how.size())?));
        let Some(field) = field else {
            let what = "skipping invalid relocation offset %#x in section %S";
            return pattern::warning(cx, what, &[r_offset], &[self.name]);
        };
        let Some(symbol) = self.symbols.get(index as usize) else {
            let what = "skipping invalid relocation symbol index %#x in section %S";
            return pattern::warning(cx, what, &[index.into()], &[self.name]);
        };
        if index != 0 && !matches!(symbol.kind(), 0..=3 | STT_COMMON) {
            let header = &self.file.elf.header;
            let kind =
                symbols::symbol_type(symbol.kind(), header.e_machine, header.e_ident.osabi());
            let what = "skipping unexpected symbol type %s in section .rel%S relocation %u";
            return pattern::warning(cx, what, &[number], &[kind.as_ref(), self.name]);
        }
        let data = self.file.elf.encoding.data;
        let value = get(field, data);
        let addend = match (how, addend) {
            // These add to what is there in any case.
            (How::Add8 | How::Add16 | How::Add32 | How::Add64, None) => 0,
            (How::Sub8 | How::Sub16 | How::Sub32 | How::Sub64 | How::Sub6, None) => 0,
            (_, None) => value,
            (_, Some(addend)) => addend as u64,
        };
        let sum = symbol.st_value.wrapping_add(addend);
        let result = match how {
            How::Rel32 | How::Rel64 => sum.wrapping_sub(r_offset),
            How::Parisc32 | How::Parisc64 => sum.wrapping_sub(r_offset).wrapping_sub(8),
            How::Add8 | How::Add16 | How::Add32 | How::Add64 => sum.wrapping_add(value),
            How::Sh32 => symbol.st_value.wrapping_add(value),
            How::ShRel32 => symbol.st_value.wrapping_add(value).wrapping_sub(r_offset),
            How::Sub8 | How::Sub16 | How::Sub32 | How::Sub64 => {
                value.wrapping_add(addend).wrapping_sub(symbol.st_value)
            }
            How::Sub6 => {
                let low = value.wrapping_add(addend).wrapping_sub(symbol.st_value);
                value & 0xc0 | low & 0x3f
            }
            How::Set6 => value & 0xc0 | sum & 0x3f,
            _ => sum,
        };
        set(field, data, result);
    }
}

/// The index of a relocation's symbol, and its type.
fn split(file: &File, r_info: u64) -> (u32, u32) {
    let machine = file.elf.header.e_machine;
    if !file.elf.encoding.is_64() {
        return ((r_info >> 8) as u32, r_info as u32 & 0xff);
    }
    match (machine, file.elf.encoding.data) {
        // The symbol comes first, and the type is the last of the bytes that follow.
        (EM_MIPS, Data::Lsb) => (r_info as u32, (r_info >> 56) as u32),
        (EM_MIPS, Data::Msb) => ((r_info >> 32) as u32, r_info as u32 & 0xff),
        _ => ((r_info >> 32) as u32, relocation_type(machine, r_info as u32)),
    }
}

/// The number in a field of up to eight bytes.
fn get(field: &[u8], data: Data) -> u64 {
    let join = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    match data {
        Data::Lsb => field.iter().rev().fold(0, join),
        Data::Msb => field.iter().fold(0, join),
    }
}

fn set(field: &mut [u8], data: Data, mut value: u64) {
    let mut put = |byte: &mut u8| {
        *byte = value as u8;
        value >>= 8;
    };
    match data {
        Data::Lsb => field.iter_mut().for_each(&mut put),
        Data::Msb => field.iter_mut().rev().for_each(&mut put),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_are_in_order() {
        assert!(TYPES.is_sorted_by_key(|&(machine, _, _)| machine));
        assert_eq!(types_of(3).len(), 2);
        assert_eq!(types_of(1), &[]);
    }

    #[test]
    fn fields_of_both_byte_orders() {
        let mut field = [1, 2, 3];
        assert_eq!(get(&field, Data::Lsb), 0x30201);
        assert_eq!(get(&field, Data::Msb), 0x10203);
        set(&mut field, Data::Lsb, 0xff0a0b0c);
        assert_eq!(field, [0xc, 0xb, 0xa]);
        set(&mut field, Data::Msb, 0xff0a0b0c);
        assert_eq!(field, [0xa, 0xb, 0xc]);
    }
}
