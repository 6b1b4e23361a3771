//! `-R`: the bytes of a section of an object file with its relocations applied, as far as
//! debugging information needs that.

use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::names::{ByMachine, symbols};
use crate::readelf::relocs::split;
use rt::elf::consts::*;
use rt::elf::{Data, Reader, SectionHeader, Table};

/// What a relocation does to the field at its place, in the upper half of a byte, and the size
/// of the field in bytes: S is the symbol's value, A the addend (in a REL section what the field
/// holds), P the place, V what the field holds.
mod how {
    /// S + A
    pub const ABS: u8 = 0x00;
    /// S + A - P
    pub const REL: u8 = 0x10;
    /// S + A - P - 8: the place is that of the instruction after the next.
    pub const PARISC: u8 = 0x20;
    /// V + S + A; SuperH leaves the addend out, and has one relative to the place.
    pub const ADD: u8 = 0x30;
    pub const SH: u8 = 0x40;
    pub const SH_REL: u8 = 0x50;
    /// V - S + A, and both with the lower six bits of a byte.
    pub const SUB: u8 = 0x60;
    pub const SUB_SIX: u8 = 0x70;
    pub const SET_SIX: u8 = 0x80;

    pub const NOTHING: u8 = 0;
    pub const ABS8: u8 = ABS | 1;
    pub const ABS16: u8 = ABS | 2;
    pub const ABS24: u8 = ABS | 3;
    pub const ABS32: u8 = ABS | 4;
    pub const ABS64: u8 = ABS | 8;
    pub const REL32: u8 = REL | 4;
    pub const REL64: u8 = REL | 8;
    pub const PARISC32: u8 = PARISC | 4;
    pub const PARISC64: u8 = PARISC | 8;
    pub const ADD8: u8 = ADD | 1;
    pub const ADD16: u8 = ADD | 2;
    pub const ADD32: u8 = ADD | 4;
    pub const ADD64: u8 = ADD | 8;
    pub const SH32: u8 = SH | 4;
    pub const SH_REL32: u8 = SH_REL | 4;
    pub const SUB8: u8 = SUB | 1;
    pub const SUB16: u8 = SUB | 2;
    pub const SUB32: u8 = SUB | 4;
    pub const SUB64: u8 = SUB | 8;

    pub const SUB6: u8 = SUB_SIX | 1;
    pub const SET6: u8 = SET_SIX | 1;
}

/// What each type does, by machines. NONE, which is 0 everywhere, isn't listed.
macro_rules! types {
    ($($($machine:literal)+: $($how:ident $($number:literal)+),+;)*) => {
        &[$((&[$($machine),+], &[$($($number, how::$how),+),+])),*]
    };
}

/// The types of these machines: the number of each, and what it does.
type Types = (&'static [u16], &'static [u8]);

#[rustfmt::skip]
const LIST: &[Types] = types! {
    2 18 43: ABS32 3 23, REL32 6, ABS64 32 54, REL64 46;
    3 6 189: ABS32 1, REL32 2;
    4 75 188: ABS32 1, REL32 4;
    7 9 39 173 183 223 252 0x4157 0x5441 0xad45: ABS32 1;
    8: ABS32 2, ABS64 18;
    15: ABS32 1 2 41, ABS64 80, PARISC32 9, PARISC64 72;
    19 0x2530 0xfeba: ABS32 2;
    20: ABS32 1, REL32 26;
    21: ABS32 1, REL32 26, ABS64 38, REL64 44;
    22 0xa390: ABS32 4, REL32 5, ABS64 22, REL64 23;
    23: ABS32 6, REL32 13;
    36: ABS32 51;
    40: ABS32 2, REL32 3;
    42: SH32 1, SH_REL32 2;
    45 140: ABS32 1, ABS16 2;
    46 47 48: ABS32 1, ABS16 17;
    50: ABS32 36 37 100 101, ABS64 38 39, REL64 78 79;
    53 70 87 0x9080: ABS32 6;
    62 180 181: ABS64 1, REL32 2, ABS32 10, REL64 24;
    76 84 138 177 0x3330 0x5aa5: ABS32 3;
    80 0xf00d: ABS32 4;
    83 0x1057: NOTHING 30 31 32, ABS32 1, ABS16 4, REL32 36;
    85 0x7650: ABS16 3, ABS32 6;
    86 0x7676: ADD32 12;
    88: ABS32 34;
    89 0xbeef: NOTHING 33 34, ABS32 1, ABS16 2;
    90 0xdead: ABS32 1, ABS16 2, ABS24 4;
    91 99: ADD32 1;
    92: ABS32 1, ABS16 2, REL32 9;
    93 195: ABS16 2, ABS32 4, REL32 49;
    94: NOTHING 17 18 19 57 58 59 60 61 62, ADD32 1, REL32 14;
    101 0x8217: ABS16 1, ABS32 2;
    105: NOTHING 21 23, ABS32 1, ABS16 2;
    106: ABS32 18;
    113: ABS32 12, ABS16 13;
    114: ABS32 15;
    115: ABS16 3, ABS32 4;
    120 0xfeb0: ABS16 1, ABS32 3;
    135: ABS32 8;
    144: NOTHING 65 66 67, ABS16 8, ABS32 11;
    167: NOTHING 205 206 207 208, ABS16 19, ABS32 20;
    174: NOTHING 3, ABS32 2;
    0x01b7: NOTHING 0, ABS32 2, ABS64 1, REL64 4, REL32 5;
    191: ABS64 1, ABS32 2, REL64 5, REL32 6;
    197: NOTHING 128 131, ABS32 1;
    220: ABS8 1, ABS16 4, ABS24 5, ABS32 6;
    221: ABS16 2, ABS32 3, REL32 6;
    222: ABS32 1, ABS16 2, ABS24 5;
    243: ABS32 1, ABS64 2, ADD8 33, ADD16 34, ADD32 35, ADD64 36, SUB8 37, SUB16 38, SUB32 39,
        SUB64 40, SUB6 52, SET6 53, ABS8 54, ABS16 55, REL32 57;
    247: ABS32 11;
    258: ABS32 1, ABS64 2, REL32 99;
    0x1059: NOTHING 10 12 21 23, ABS32 1, ABS16 5;
    0x1223: ABS32 3, ABS16 5, REL32 6;
    0x4def: ABS32 6 7;
    0x9026: ABS32 1, ABS64 2, REL32 10, REL64 11;
    0xabc7: NOTHING 17 18 19 57 58 59 60 61 62, ABS32 1, REL32 14;
    0xfebb: ABS32 1, ABS16 9;
};

const TYPES: ByMachine = {
    static BYTES: [u8; ByMachine::room(LIST)] = ByMachine::pack(LIST);
    ByMachine(&BYTES)
};

/// The types of AArch64 from 0x100 on, less that, have a number of their own in the list.
const AARCH64_UPPER: u16 = 0x01b7;

/// What a type does, if that is known; none where nothing is known of the machine.
fn look_up(machine: u16, number: u32) -> Option<Option<u8>> {
    let (machine, number) = match (machine, number) {
        (EM_AARCH64, 0x100..=0x1ff) => (AARCH64_UPPER, number & 0xff),
        other => other,
    };
    let types = TYPES.get(machine)?;
    let found = types.chunks_exact(2).find(|pair| u32::from(pair[0]) == number);
    Some(found.map(|pair| pair[1]))
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
    let is_64 = file.elf.encoding.is_64();
    let what = if is_64 {
        rt::text!("64-bit relocation data")
    } else {
        rt::text!("32-bit relocation data")
    };
    let Some(table) = file.read_section(cx, &section, what) else { return false };
    let Some(symbols) = file.symbols(cx, section.sh_link as usize) else { return false };
    let section_name = file.sections.get(index as usize).map(|section| file.section_name(&section));
    let name = section_name.unwrap_or_default();
    let target = Target { file, name, symbols: symbols.table, machine: machine(file) };
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
fn names(file: &File, section: &SectionHeader, index: u32) -> bool {
    matches!(section.sh_type, SHT_REL | SHT_RELA)
        && section.sh_size != 0
        && section.sh_info == index
        && (section.sh_link as usize) < file.sections.len()
}

/// Whether any section has relocations for this one.
// Not inlined: there are several callers.
#[inline(never)]
pub fn relocated(file: &File, index: u32) -> bool {
    file.sections.iter().any(|section| names(file, &section, index))
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
    machine: u16,
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
        let header = &self.file.elf.header;
        let (_, index, kind) = split(self.file.elf.encoding, header.e_machine, r_info);
        if kind == 0 {
            return;
        }
        let known = look_up(self.machine, kind);
        let Some(how) = known.flatten() else {
            if unsupported.is_none() && known.is_none() {
                fill_error!(
                    cx,
                    "Missing knowledge of 32-bit reloc types used in DWARF sections of \
                     machine number %u",
                    header.e_machine
                );
            }
            if *unsupported != Some(kind) {
                let name = self.name;
                fill_warning!(
                    cx,
                    "unable to apply unsupported reloc type %u to section %S",
                    kind;
                    name
                );
            }
            *unsupported = Some(kind);
            return;
        };
        if how == how::NOTHING {
            return;
        }
        let (how, size) = (how & 0xf0, usize::from(how & 15));
        let place = usize::try_from(r_offset).ok();
        let field = place.and_then(|at| bytes.get_mut(at..at.checked_add(size)?));
        let name = self.name;
        let Some(field) = field else {
            fill_warning!(
                cx,
                "skipping invalid relocation offset %#x in section %S",
                r_offset;
                name
            );
            return;
        };
        let Some(symbol) = self.symbols.get(index as usize) else {
            fill_warning!(
                cx,
                "skipping invalid relocation symbol index %#x in section %S",
                index;
                name
            );
            return;
        };
        if index != 0 && !matches!(symbol.kind(), 0..=3 | STT_COMMON) {
            let kind =
                symbols::symbol_type(symbol.kind(), header.e_machine, header.e_ident.osabi());
            fill_warning!(
                cx,
                "skipping unexpected symbol type %s in section .rel%S relocation %u",
                number;
                kind.as_ref(),
                name
            );
            return;
        }
        let data = self.file.elf.encoding.data;
        let value = get(field, data);
        let addend = match (how, addend) {
            // These add to what is there in any case.
            (how::ADD | how::SUB | how::SUB_SIX, None) => 0,
            (_, None) => value,
            (_, Some(addend)) => addend as u64,
        };
        let symbol = symbol.st_value;
        let sum = symbol.wrapping_add(addend);
        let less = value.wrapping_add(addend).wrapping_sub(symbol);
        let result = match how {
            how::REL => sum.wrapping_sub(r_offset),
            how::PARISC => sum.wrapping_sub(r_offset).wrapping_sub(8),
            how::ADD => sum.wrapping_add(value),
            how::SH => symbol.wrapping_add(value),
            how::SH_REL => symbol.wrapping_add(value).wrapping_sub(r_offset),
            how::SUB => less,
            how::SUB_SIX => value & 0xc0 | less & 0x3f,
            how::SET_SIX => value & 0xc0 | sum & 0x3f,
            _ => sum,
        };
        set(field, data, result);
    }
}

/// The number in a field of up to eight bytes.
pub fn get(field: &[u8], data: Data) -> u64 {
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
    fn every_type_is_found() {
        for &(machines, types) in LIST {
            for (machine, pair) in
                machines.iter().flat_map(|m| types.chunks(2).map(move |p| (m, p)))
            {
                assert_eq!(look_up(*machine, pair[0].into()), Some(Some(pair[1])));
            }
        }
        assert_eq!(look_up(3, 2), Some(Some(how::REL32)));
        assert_eq!(look_up(3, 0x102), Some(None));
        assert_eq!(look_up(1, 1), None);
        assert_eq!(look_up(EM_AARCH64, 257), Some(Some(how::ABS64)));
        assert_eq!(look_up(EM_AARCH64, 1), Some(Some(how::ABS32)));
        assert_eq!(look_up(EM_AARCH64, 0x201), Some(None));
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
