//! The exception index tables of ARM, and the instructions for unwinding in them.
//!
//! "Exception Handling ABI for the Arm Architecture".

use super::functions::{Address, Functions, Relocation, head};
use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::names::relocations::relocations;
use crate::readelf::text;
use alloc::vec::Vec;
use rt::elf::consts::*;
use rt::elf::{Reader, SectionHeader};
use rt::fmt::{dec, hex};
use rt::io::BufWriter;
use rt::put;

const R_ARM_NONE: u32 = 0;
const R_ARM_PREL31: u32 = 42;

/// How the names of the personality routines begin that keep instructions as the compact
/// models do.
const GNU_ROUTINES: [&[u8]; 4] = [
    b"__gcc_personality_v0",
    b"__gxx_personality_v0",
    b"__gcj_personality_v0",
    b"__gnu_objc_personality_v0",
];

/// A section with its relocations.
struct Loaded<'a> {
    index: usize,
    sh_addr: u64,
    data: Reader<'a>,
    relocations: Vec<Relocation>,
}

/// A word of a section.
struct Word {
    value: u32,
    /// Where it leads, when a relocation says so.
    target: Option<Address>,
    /// The name of the symbol that it leads to.
    st_name: u32,
}

pub fn one(
    cx: &mut Context,
    file: &File,
    functions: &Functions,
    index: usize,
    section: &SectionHeader,
) -> bool {
    let count = head(cx, file, section, 8);
    put!(&mut cx.out, if count == 1 { "y:\n\n" } else { "ies:\n\n" });
    if count == 0 {
        return true;
    }
    let Some(section) = Loaded::new(cx, file, functions, index) else { return false };
    Unwinder { file, functions, tables: Vec::new() }.index_table(cx, &section)
}

impl<'a> Loaded<'a> {
    fn new(
        cx: &mut Context,
        file: &File<'a>,
        functions: &Functions<'a>,
        index: usize,
    ) -> Option<Self> {
        let section = file.sections.get(index)?;
        let data = file.read(cx, section.sh_offset, section.sh_size, "unwind data")?;
        let data = Reader::new(file.elf.encoding, data);
        let relocations = functions.relocations(file, index);
        Some(Loaded { index, sh_addr: section.sh_addr, data, relocations })
    }

    /// The word at an offset, and what its relocation makes of it.
    fn word(&self, cx: &mut Context, functions: &Functions, at: u64) -> Option<Word> {
        let value = usize::try_from(at).ok().and_then(|at| self.data.u32(at))?;
        let mut word = Word { value, target: None, st_name: 0 };
        for relocation in &self.relocations {
            let before = at.wrapping_sub(relocation.r_offset);
            if before != 0 && before != 4 {
                continue;
            }
            if relocation.index as usize >= functions.count() {
                if before != 0 {
                    continue;
                }
                let (index, count) = (relocation.index, functions.count());
                fill_error!(cx, "Bad symbol index in unwind relocation (%u > %u)", index, count);
                break;
            }
            match relocation.r_type {
                R_ARM_NONE => continue,
                R_ARM_PREL31 if before == 0 => {}
                R_ARM_PREL31 => continue,
                // GNU readelf looks at it again for the word behind it.
                other => {
                    match &relocations(EM_ARM, 0, 0).and_then(|names| names.get(other)) {
                        Some(name) => {
                            warn!(cx, "Skipping unexpected ARM relocation type ", name);
                        }
                        None => {
                            fill_warning!(cx, "Skipping unknown ARM relocation type: %u", other)
                        }
                    }
                    continue;
                }
            }
            let symbol = &relocation.symbol;
            let addend = relocation.r_addend.map_or(sign_extend(value), i64::cast_unsigned);
            let offset = addend.wrapping_add(symbol.st_value);
            word.value = value & 0x8000_0000 | offset as u32 & 0x7fff_ffff;
            word.target = Some(Address { section: symbol.st_shndx, offset });
            // The symbol's name says where that is only if nothing was added.
            word.st_name = if addend == 0 { symbol.st_name } else { 0 };
            break;
        }
        Some(word)
    }

    /// Where a word leads: by its relocation, or relative to its own place.
    fn target(&self, word: &Word, at: u64) -> Address {
        word.target.unwrap_or_else(|| {
            let place = self.sh_addr.wrapping_add(at);
            Address { section: SHN_UNDEF, offset: sign_extend(word.value).wrapping_add(place) }
        })
    }
}

/// A number of 31 bits with its sign.
fn sign_extend(word: u32) -> u64 {
    i64::from((word << 1).cast_signed() >> 1).cast_unsigned()
}

struct Unwinder<'u, 'a> {
    file: &'u File<'a>,
    functions: &'u Functions<'a>,
    /// The sections that index tables lead to, as far as they have been needed.
    tables: Vec<Loaded<'a>>,
}

impl<'a> Unwinder<'_, 'a> {
    fn index_table(&mut self, cx: &mut Context, section: &Loaded<'a>) -> bool {
        let mut fine = true;
        for at in (0..section.data.bytes.len() as u64 / 8).map(|i| 8 * i) {
            let function = section.word(cx, self.functions, at);
            let entry = section.word(cx, self.functions, at + 4);
            let (Some(function), Some(entry)) = (function, entry) else { return false };
            if function.value & 0x8000_0000 != 0 {
                fill_warning!(cx, "corrupt index table entry: %x", function.value);
                fine = false;
            }
            self.address(cx, section.target(&function, at), 0);
            put!(&mut cx.out, ": ");
            if entry.value == 1 {
                put!(&mut cx.out, "0x1 [cantunwind]\n");
            } else if entry.value & 0x8000_0000 != 0 {
                fill!(&mut cx.out, "0x%x\n", entry.value);
                // What is wrong here GNU readelf keeps to itself.
                self.instructions(cx, entry.value, None);
            } else {
                let target = section.target(&entry, at + 4);
                fill!(&mut cx.out, "@0x%x\n", target.offset);
                fine &= self.table(cx, target);
            }
            put!(&mut cx.out, "\n");
        }
        fine
    }

    /// Prints an address, and the function there: by its symbol, or looked up. It gives the
    /// function's name.
    fn address(&self, cx: &mut Context, address: Address, st_name: u32) -> &'a [u8] {
        put!(&mut cx.out, "0x", hex(address.offset));
        let name = if st_name != 0 {
            let name = self.functions.string(st_name);
            put!(&mut cx.out, " <", text::name(name));
            Some(name)
        } else {
            self.functions.name(&mut cx.out, address, " <", "+0x")
        };
        put!(&mut cx.out, if name.is_some() { ">" } else { "" });
        name.unwrap_or_default()
    }

    /// An entry that is in a table of its own.
    // Not inlined: a large frame makes all that uses it longer.
    #[inline(never)]
    fn table(&mut self, cx: &mut Context, target: Address) -> bool {
        let sections = self.file.sections;
        let found = match target.section {
            SHN_UNDEF => sections.iter().enumerate().find_map(|(index, section)| {
                let within = target.offset.checked_sub(section.sh_addr)?;
                (section.sh_type == SHT_PROGBITS && within < section.sh_size)
                    .then_some((index, within))
            }),
            index => Some((index.into(), target.offset)),
        };
        let Some((index, at)) = found else {
            let at = target.offset;
            fill_warning!(cx, "Could not locate .ARM.extab section containing 0x%x.", at);
            return false;
        };
        let known = self.tables.iter().position(|table| table.index == index);
        let known = known.or_else(|| {
            let loaded = Loaded::new(cx, self.file, self.functions, index)?;
            self.tables.push(loaded);
            Some(self.tables.len() - 1)
        });
        let Some(table) = known.and_then(|known| self.tables.get(known)) else { return false };
        let Some(word) = table.word(cx, self.functions, at) else { return false };
        if word.value & 0x8000_0000 == 0 {
            let routine = table.target(&word, at);
            put!(&mut cx.out, "  Personality routine: ");
            let name = self.address(cx, routine, word.st_name);
            put!(&mut cx.out, "\n");
            if !GNU_ROUTINES.iter().any(|routine| name.starts_with(routine)) {
                return true;
            }
            // For these the instructions follow, behind the number of words after the first.
            let at = at.wrapping_add(4);
            let Some(word) = table.word(cx, self.functions, at) else { return false };
            let [more, instructions @ ..] = word.value.to_be_bytes();
            let mut code = Code::new(&instructions, more.into());
            code.table = Some((table, self.functions, at));
            return code.print(cx);
        }
        if word.value & 0x7000_0000 != 0 {
            fill_warning!(cx, "Corrupt ARM compact model table entry: %x ", word.value);
        }
        self.instructions(cx, word.value, Some((table, at)))
    }

    /// The instructions that begin in a word of one of the compact models.
    fn instructions(&self, cx: &mut Context, word: u32, table: Option<(&Loaded, u64)>) -> bool {
        let index = word >> 24 & 0x7f;
        fill!(&mut cx.out, "  Compact model index: %u\n", index);
        let [_, b1, b2, b3] = word.to_be_bytes();
        let mut code = match index {
            0 => Code::new(&[b1, b2, b3], 0),
            1 | 2 => Code::new(&[b2, b3], b1.into()),
            _ => {
                warn!(cx, "Unknown ARM compact model index encountered");
                put!(&mut cx.out, "  [reserved]\n");
                return false;
            }
        };
        if let Some((table, at)) = table {
            code.table = Some((table, self.functions, at));
        } else {
            code.more = 0;
        }
        code.print(cx)
    }
}

/// Instructions, byte by byte.
struct Code<'c, 'a> {
    word: [u8; 4],
    left: usize,
    /// How many words follow.
    more: u32,
    table: Option<(&'c Loaded<'a>, &'c Functions<'a>, u64)>,
    /// Whether a number is too long, or an instruction unknown or not there as a whole.
    corrupt: bool,
    /// Whether a word is missing.
    missing: bool,
}

impl Code<'_, '_> {
    fn new(bytes: &[u8], more: u32) -> Self {
        let mut word = [0; 4];
        let places = word.iter_mut().rev().zip(bytes.iter().rev());
        places.for_each(|(place, byte)| *place = *byte);
        Code { word, left: bytes.len(), more, table: None, corrupt: false, missing: false }
    }

    /// Prints all instructions; false where something is wrong with them.
    fn print(&mut self, cx: &mut Context) -> bool {
        while let Some(op) = self.next(cx) {
            instruction(cx, op, self);
        }
        !self.corrupt
    }

    fn next(&mut self, cx: &mut Context) -> Option<u8> {
        if self.left == 0 {
            self.more = self.more.checked_sub(1)?;
            let (table, functions, at) = self.table.as_mut()?;
            *at = at.wrapping_add(4);
            match table.word(cx, functions, *at) {
                Some(word) => self.word = word.value.to_be_bytes(),
                None => {
                    self.corrupt = true;
                    self.missing = true;
                    self.more = 0;
                    return None;
                }
            }
            self.left = 4;
        }
        let byte = self.word.get(4 - self.left).copied();
        self.left -= 1;
        byte
    }
}

/// Prints an instruction.
fn instruction(cx: &mut Context, op: u8, code: &mut Code) {
    fill!(&mut cx.out, "  0x%02x ", op);
    // The second byte, with what is before it.
    let two = matches!(op, 0x80..=0x8f | 0xb1 | 0xb3 | 0xc6..=0xc9);
    let second = if two {
        let Some(second) = code.next(cx) else {
            return truncated(cx, code);
        };
        fill!(&mut cx.out, "0x%02x ", second);
        second
    } else {
        if !matches!(op, 0xb2 | 0xb8..=0xbf | 0xd0..=0xd7) {
            put!(&mut cx.out, "    ");
        }
        0
    };
    let (first, count) = (u32::from(second >> 4), u32::from(second & 15));
    let low = u32::from(op & 7);
    let out = &mut cx.out;
    match op {
        0x00..=0x3f => fill!(out, " vsp = vsp + %u", (u32::from(op) << 2) + 4),
        0x40..=0x7f => fill!(out, " vsp = vsp - %u", (u32::from(op & 63) << 2) + 4),
        0x80..=0x8f => {
            let mask = u32::from(op & 15) << 8 | u32::from(second);
            if mask == 0 {
                put!(out, "Refuse to unwind");
            } else {
                pop(out, "r", mask << 4);
            }
        }
        0x9d | 0x9f => put!(out, " [Reserved]"),
        0x90..=0x9e => fill!(out, " vsp = r%u", op & 15),
        0xa0..=0xaf => {
            put!(out, " ");
            let from_r4 = ((2 << low) - 1) << 4;
            pop(out, "r", from_r4 | if op & 8 != 0 { 1 << 14 } else { 0 });
        }
        0xb0 => put!(out, " finish"),
        0xb1 | 0xc7 if second == 0 || first != 0 => put!(out, "[Spare]"),
        0xb1 => pop(out, "r", second.into()),
        0xc7 => pop(out, "wCGR", second.into()),
        0xb2 => return large_step(cx, code),
        0xb3 | 0xc9 => range(out, "D", first, count),
        0xc8 => range(out, "D", first + 16, count),
        0xb4 => put!(out, " pop {ra_auth_code}"),
        0xb5 => put!(out, " vsp as modifier for PAC validation"),
        0xb8..=0xbf | 0xd0..=0xd7 => range(out, "D", 8, low),
        0xc0..=0xc5 => {
            put!(out, " ");
            range(out, "wR", 10, low);
        }
        0xc6 => range(out, "wR", first, count),
        _ => {
            put!(out, " [unsupported opcode]");
            code.corrupt = true;
        }
    }
    put!(&mut cx.out, "\n");
}

/// After an instruction that isn't there as a whole: nothing where a word can't be read.
fn truncated(cx: &mut Context, code: &mut Code) {
    code.corrupt = true;
    if !code.missing {
        put!(&mut cx.out, "[Truncated opcode]\n");
    }
}

/// `vsp = vsp + 0x204 + (uleb128 << 2)`
fn large_step(cx: &mut Context, code: &mut Code) {
    let mut value = 0u64;
    for index in 0..9 {
        let Some(byte) = code.next(cx) else {
            return truncated(cx, code);
        };
        fill!(&mut cx.out, "0x%02x ", byte);
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            let step = value.wrapping_shl(2).wrapping_add(0x204);
            return fill!(&mut cx.out, "vsp = vsp + %ld\n", step);
        }
    }
    error!(cx, "corrupt change to vsp");
    put!(&mut cx.out, "\n");
    code.corrupt = true;
}

/// Registers by a mask.
fn pop(out: &mut BufWriter, name: &str, mask: u32) {
    put!(out, "pop {");
    super::registers(out, name, mask, ", ");
    put!(out, "}");
}

/// Registers that follow one another.
fn range(out: &mut BufWriter, name: &str, first: u32, more: u32) {
    put!(out, "pop {", name, dec(first));
    if more != 0 {
        put!(out, "-", name, dec(first + more));
    }
    put!(out, "}");
}
