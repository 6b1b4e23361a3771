//! The exception index tables of ARM, and the instructions for unwinding in them.
//!
//! "Exception Handling ABI for the Arm Architecture".

use super::formats::{find, formats, print};
use super::functions::{Address, Functions, Relocation, head};
use crate::context::Context;
use crate::readelf::names::relocations::relocations;
use crate::readelf::text;
use crate::words::{unpacked, words};
use alloc::vec::Vec;
use rt::elf::consts::*;
use rt::elf::{Reader, SectionHeader};
use rt::fmt::{dec, hex};
use rt::put;

const R_ARM_NONE: u32 = 0;
const R_ARM_PREL31: u32 = 42;

/// How the names of the personality routines begin that keep instructions as the compact
/// models do.
const GNU_ROUTINES: &[u8] = b"__gcc_personality_v0 __gxx_personality_v0 __gcj_personality_v0 \
    __gnu_objc_personality_v0";

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
    /// Where it leads: by its relocation, or relative to its own place.
    target: Address,
    /// The name of the symbol that it leads to.
    st_name: u32,
}

pub fn one(cx: &mut Context, functions: &Functions, index: usize, section: &SectionHeader) -> bool {
    let count = head(cx, functions.file, section, 8);
    put!(&mut cx.out, if count == 1 { rt::text!("y:\n\n") } else { rt::text!("ies:\n\n") });
    if count == 0 {
        return true;
    }
    let Some(section) = &Loaded::new(cx, functions, index) else { return false };
    Unwinder { functions, tables: Vec::new() }.index_table(cx, section)
}

impl<'a> Loaded<'a> {
    #[inline(never)]
    fn new(cx: &mut Context, functions: &Functions<'_, 'a>, index: usize) -> Option<Self> {
        let file = functions.file;
        let section = file.section(index);
        let data = file.read(cx, section.sh_offset, section.sh_size, rt::text!("unwind data"))?;
        let data = Reader::new(file.elf.encoding, data);
        let relocations = functions.relocations(index);
        Some(Loaded { index, sh_addr: section.sh_addr, data, relocations })
    }

    /// The word at an offset, and what its relocation makes of it.
    #[inline(never)]
    fn word(&self, cx: &mut Context, functions: &Functions, at: u64) -> Option<Word> {
        let value = usize::try_from(at).ok().and_then(|at| self.data.u32(at))?;
        let own = sign_extend(value);
        let offset = own.wrapping_add(self.sh_addr).wrapping_add(at);
        let target = Address { section: SHN_UNDEF, offset };
        let mut word = Word { value, target, st_name: 0 };
        for relocation in &self.relocations {
            let before = at.wrapping_sub(relocation.r_offset);
            // GNU readelf looks at it again for the word behind it.
            let again = before == 4;
            if before != 0 && !again {
                continue;
            }
            if relocation.index as usize >= functions.count() {
                if again {
                    continue;
                }
                let (index, count) = (relocation.index, functions.count());
                fill_error!(cx, "Bad symbol index in unwind relocation (%u > %u)", index, count);
                break;
            }
            match relocation.r_type {
                R_ARM_PREL31 if !again => {
                    let symbol = functions.symbol(relocation.index);
                    let addend = relocation.r_addend.map_or(own, i64::cast_unsigned);
                    let offset = addend.wrapping_add(symbol.st_value);
                    word.value = value & 0x8000_0000 | offset as u32 & 0x7fff_ffff;
                    word.target = Address { section: symbol.st_shndx, offset };
                    // The symbol's name says where that is only if nothing was added.
                    word.st_name = if addend == 0 { symbol.st_name } else { 0 };
                    break;
                }
                R_ARM_NONE | R_ARM_PREL31 => {}
                other => match &relocations(EM_ARM, 0, 0).and_then(|names| names.get(other)) {
                    Some(name) => warn!(cx, "Skipping unexpected ARM relocation type ", name),
                    None => fill_warning!(cx, "Skipping unknown ARM relocation type: %u", other),
                },
            }
        }
        Some(word)
    }
}

/// A number of 31 bits with its sign.
fn sign_extend(word: u32) -> u64 {
    i64::from((word << 1).cast_signed() >> 1).cast_unsigned()
}

struct Unwinder<'u, 'f, 'a> {
    functions: &'u Functions<'f, 'a>,
    /// The sections that index tables lead to, as far as they have been needed.
    tables: Vec<Loaded<'a>>,
}

impl<'u, 'a> Unwinder<'u, '_, 'a> {
    fn index_table(&mut self, cx: &mut Context, section: &Loaded<'a>) -> bool {
        let mut fine = true;
        for entry in 0..section.data.bytes.len() as u64 / 8 {
            match self.entry(cx, section, 8 * entry) {
                Some(is_fine) => fine &= is_fine,
                None => return false,
            }
        }
        fine
    }

    /// An entry of an index table: whether all is well with it; none where it can't be read.
    #[inline(never)]
    fn entry(&mut self, cx: &mut Context, section: &Loaded<'a>, at: u64) -> Option<bool> {
        let function = section.word(cx, self.functions, at);
        let entry = section.word(cx, self.functions, at + 4)?;
        let mut function = function?;
        let mut fine = true;
        if function.value & 0x8000_0000 != 0 {
            fill_warning!(cx, "corrupt index table entry: %x", function.value);
            fine = false;
        }
        function.st_name = 0;
        self.address(cx, &function);
        put!(&mut cx.out, ": ");
        if entry.value == 1 {
            put!(&mut cx.out, "0x1 [cantunwind]\n");
        } else if entry.value & 0x8000_0000 != 0 {
            put!(&mut cx.out, "0x", hex(entry.value), "\n");
            // What is wrong here GNU readelf keeps to itself.
            self.instructions(cx, entry.value, None);
        } else {
            put!(&mut cx.out, "@0x", hex(entry.target.offset), "\n");
            fine &= self.table(cx, entry.target);
        }
        put!(&mut cx.out, "\n");
        Some(fine)
    }

    /// Prints an address, and the function there: by its symbol, or looked up. It gives the
    /// function's name.
    #[inline(never)]
    fn address(&self, cx: &mut Context, word: &Word) -> &'a [u8] {
        put!(&mut cx.out, "0x", hex(word.target.offset));
        let name = if word.st_name != 0 {
            let name = self.functions.string(word.st_name);
            put!(&mut cx.out, " <", text::name(name));
            Some(name)
        } else {
            self.functions.name(&mut cx.out, word.target, true)
        };
        put!(&mut cx.out, if name.is_some() { rt::text!(">") } else { rt::text!("") });
        name.unwrap_or_default()
    }

    /// An entry that is in a table of its own.
    // Not inlined: a large frame makes all that uses it longer.
    #[inline(never)]
    fn table(&mut self, cx: &mut Context, target: Address) -> bool {
        let Some((index, at)) = self.place(target) else {
            let at = target.offset;
            fill_warning!(cx, "Could not locate .ARM.extab section containing 0x%x.", at);
            return false;
        };
        let known = self.tables.iter().position(|table| table.index == index);
        let known = known.or_else(|| {
            let loaded = Loaded::new(cx, self.functions, index)?;
            self.tables.push(loaded);
            Some(self.tables.len() - 1)
        });
        let Some(table) = known.and_then(|known| self.tables.get(known)) else { return false };
        let Some(word) = table.word(cx, self.functions, at) else { return false };
        if word.value & 0x8000_0000 == 0 {
            put!(&mut cx.out, "  Personality routine: ");
            let name = self.address(cx, &word);
            put!(&mut cx.out, "\n");
            if !words(GNU_ROUTINES, b' ').any(|routine| name.starts_with(routine)) {
                return true;
            }
            // For these the instructions follow, behind the number of words after the first.
            let at = at.wrapping_add(4);
            let Some(word) = table.word(cx, self.functions, at) else { return false };
            let value = word.value;
            return self.code(cx, value << 8, 3, value >> 24, Some((table, at)));
        }
        if word.value & 0x7000_0000 != 0 {
            fill_warning!(cx, "Corrupt ARM compact model table entry: %x ", word.value);
        }
        self.instructions(cx, word.value, Some((table, at)))
    }

    /// The section that an address is in, and where.
    fn place(&self, target: Address) -> Option<(usize, u64)> {
        if target.section != SHN_UNDEF {
            return Some((target.section.into(), target.offset));
        }
        let file = self.functions.file;
        for index in 0..file.sections.len() {
            let section = file.section(index);
            if let Some(within) = target.offset.checked_sub(section.sh_addr)
                && (section.sh_type == SHT_PROGBITS && within < section.sh_size)
            {
                return Some((index, within));
            }
        }
        None
    }

    /// The instructions that begin in a word of one of the compact models.
    #[inline(never)]
    fn instructions(&self, cx: &mut Context, word: u32, table: Option<(&Loaded, u64)>) -> bool {
        let index = word >> 24 & 0x7f;
        put!(&mut cx.out, "  Compact model index: ", dec(index), "\n");
        match index {
            0 => self.code(cx, word << 8, 3, 0, table),
            1 | 2 => self.code(cx, word << 16, 2, word >> 16 & 0xff, table),
            _ => {
                warn!(cx, "Unknown ARM compact model index encountered");
                put!(&mut cx.out, "  [reserved]\n");
                false
            }
        }
    }

    /// Prints the instructions in the first bytes of a word, and in so many words more of a
    /// table, if there is one; false where something is wrong with them.
    #[inline(never)]
    fn code(
        &self,
        cx: &mut Context,
        word: u32,
        left: u8,
        more: u32,
        table: Option<(&Loaded, u64)>,
    ) -> bool {
        let functions = self.functions;
        let mut code = Code { word, left, more, table, functions, corrupt: false, missing: false };
        while let Some(op) = code.next(cx) {
            code.instruction(cx, op);
        }
        !code.corrupt
    }
}

/// Instructions, byte by byte.
struct Code<'c, 'f, 'a> {
    /// The next bytes, the first one in the upper bits, and how many they are.
    word: u32,
    left: u8,
    /// How many words follow.
    more: u32,
    table: Option<(&'c Loaded<'a>, u64)>,
    functions: &'c Functions<'f, 'a>,
    /// Whether a number is too long, or an instruction unknown or not there as a whole.
    corrupt: bool,
    /// Whether a word is missing.
    missing: bool,
}

impl Code<'_, '_, '_> {
    #[inline(never)]
    fn next(&mut self, cx: &mut Context) -> Option<u8> {
        if self.left == 0 {
            let (table, at) = self.table.as_mut()?;
            self.more = self.more.checked_sub(1)?;
            *at = at.wrapping_add(4);
            let Some(word) = table.word(cx, self.functions, *at) else {
                self.corrupt = true;
                self.missing = true;
                self.more = 0;
                return None;
            };
            self.word = word.value;
            self.left = 4;
        }
        let byte = (self.word >> 24) as u8;
        self.word <<= 8;
        self.left -= 1;
        Some(byte)
    }

    /// The next byte of an instruction, which is printed. Where it isn't there that is told,
    /// unless a word can't be read.
    #[inline(never)]
    fn operand(&mut self, cx: &mut Context) -> Option<u8> {
        let byte = self.next(cx);
        if let Some(byte) = byte {
            put!(&mut cx.out, "0x", hex(byte).zero(2), " ");
        } else {
            self.corrupt = true;
            put!(
                &mut cx.out,
                if self.missing { rt::text!("") } else { rt::text!("[Truncated opcode]\n") }
            );
        }
        byte
    }

    /// Prints an instruction.
    #[inline(never)]
    fn instruction(&mut self, cx: &mut Context, op: u8) {
        put!(&mut cx.out, "  0x", hex(op).zero(2), " ");
        let mut second = 0;
        match op {
            0xb2 => return self.large_step(cx),
            // The second byte, with what is before it.
            0x80..=0x8f | 0xb1 | 0xb3 | 0xc6..=0xc9 => match self.operand(cx) {
                Some(byte) => second = byte,
                None => return,
            },
            0xb8..=0xbf | 0xd0..=0xd7 => {}
            _ => put!(&mut cx.out, "    "),
        }
        let word = u32::from(op) << 24 | u32::from(second) << 16;
        match find(FORMATS, word, 0..0) {
            Some(place) => print(&mut cx.out, &unpacked(TEXTS, b'\n', place), word, [0; 2]),
            None => {
                put!(&mut cx.out, " [unsupported opcode]\n");
                self.corrupt = true;
            }
        }
    }

    /// `vsp = vsp + 0x204 + (uleb128 << 2)`
    fn large_step(&mut self, cx: &mut Context) {
        let mut value = 0u64;
        for index in 0..9 {
            let Some(byte) = self.operand(cx) else { return };
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                let step = value.wrapping_shl(2).wrapping_add(0x204);
                return fill!(&mut cx.out, "vsp = vsp + %ld\n", step);
            }
        }
        error!(cx, "corrupt change to vsp");
        put!(&mut cx.out, "\n");
        self.corrupt = true;
    }
}

#[rustfmt::skip]
formats! {
    0xc000_0000 0x0000_0000, " vsp = vsp + %sC6";
    0xc000_0000 0x4000_0000, " vsp = vsp - %sC6";
    0xffff_0000 0x8000_0000, "Refuse to unwind";
    0xf000_0000 0x8000_0000, "pop {%pE<}";
    0xfd00_0000 0x9d00_0000, " [Reserved]";
    0xf000_0000 0x9000_0000, " vsp = r%uE4";
    0xf800_0000 0xa000_0000, " pop {%qF3}";
    0xf800_0000 0xa800_0000, " pop {%qF3, r14}";
    0xff00_0000 0xb000_0000, " finish";
    0xffff_0000 0xb100_0000, "[Spare]";
    0xfff0_0000 0xb100_0000, "pop {%hI8}";
    0xff00_0000 0xb100_0000, "[Spare]";
    0xff00_0000 0xb300_0000, "pop {%DI8}";
    0xff00_0000 0xb400_0000, " pop {ra_auth_code}";
    0xff00_0000 0xb500_0000, " vsp as modifier for PAC validation";
    0xf800_0000 0xb800_0000, "pop {%dF3}";
    0xfc00_0000 0xc000_0000, " pop {%wF3}";
    0xfe00_0000 0xc400_0000, " pop {%wF3}";
    0xff00_0000 0xc600_0000, "pop {%WI8}";
    0xffff_0000 0xc700_0000, "[Spare]";
    0xfff0_0000 0xc700_0000, "pop {%cI8}";
    0xff00_0000 0xc700_0000, "[Spare]";
    0xff00_0000 0xc800_0000, "pop {%EI8}";
    0xff00_0000 0xc900_0000, "pop {%DI8}";
    0xf800_0000 0xd000_0000, "pop {%dF3}";
}
