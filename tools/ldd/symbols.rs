//! A file's symbols, and what its relocations need them for.

use alloc::vec::Vec;
use rt::elf::consts::*;
use rt::elf::{Dynamic, Elf, Reader, Source, Symbol, Table, c_str};

/// More relocations or symbols than any file has; of a hostile one no more are looked at.
const MOST: usize = 1 << 23;

/// A symbol that others may see, or that is looked for.
pub struct Known<'a> {
    pub name: &'a [u8],
    /// None where the file has no versions.
    pub versym: Option<u16>,
    pub used: Use,
    pub is_defined: bool,
    pub is_weak: bool,
}

/// Calls with each symbol that is not local.
pub fn each<'a>(source: &'a dyn Source, call: &mut dyn FnMut(&Known<'a>)) {
    let Some((elf, dynamic)) =
        Elf::new(source).ok().and_then(|elf| Some((elf, Dynamic::new(elf)?)))
    else {
        return;
    };
    let strings = dynamic.strings().unwrap_or_default();
    let versym = Reader::new(elf.encoding, dynamic.from(DT_VERSYM).unwrap_or_default());
    let symbols = dynamic.from(DT_SYMTAB).unwrap_or_default();
    let count = dynamic.symbols().map_or(0, |table| table.len());
    let uses = uses(elf, &dynamic, count, symbols.len() / 16);
    let table = Table::<Symbol>::packed(elf.encoding, symbols);
    for (index, symbol) in table.iter().enumerate().take(count.max(uses.len()).min(MOST)) {
        if symbol.bind() != STB_LOCAL && index > 0 {
            call(&Known {
                name: c_str(strings, symbol.st_name.into()).unwrap_or_default(),
                versym: versym.u16(2 * index),
                used: uses.get(index).copied().unwrap_or_default(),
                is_defined: symbol.st_shndx != SHN_UNDEF,
                is_weak: symbol.bind() == STB_WEAK,
            });
        }
    }
}

/// How relocations use the symbols: of so many, or those below a limit.
#[inline(never)]
fn uses(elf: Elf, dynamic: &Dynamic, count: usize, limit: usize) -> Vec<Use> {
    let (encoding, machine) = (elf.encoding, elf.header.e_machine);
    let mut uses = Vec::new();
    // There the global offset table is bound without relocations.
    if machine == EM_MIPS {
        uses.resize(count.min(MOST), Use::Data);
        return uses;
    }
    let copy = COPIES.iter().find(|row| row.0 == machine).map(|row| row.1);
    let plt_rela = dynamic.value(DT_PLTREL) == Some(DT_RELA as u64);
    for &(at, size, used) in &[
        (DT_RELA, DT_RELASZ, Use::Data),
        (DT_REL, DT_RELSZ, Use::Data),
        (DT_JMPREL, DT_PLTRELSZ, Use::Call),
    ] {
        let rela = at == DT_RELA || at == DT_JMPREL && plt_rela;
        let size = dynamic.value(size).unwrap_or(0);
        let Some(bytes) = dynamic.at(at, size) else { continue };
        // Offset, `r_info` and, in those of the longer kind, an addend.
        let word = encoding.word();
        for entry in bytes.chunks_exact(if rela { 3 * word } else { 2 * word }).take(MOST) {
            let info = Reader::new(encoding, entry).word(word).unwrap_or(0);
            let (index, kind) = match encoding.is_64() {
                true => ((info >> 32) as usize, info as u32),
                false => ((info >> 8) as usize, info as u8 as u32),
            };
            if index == 0 || index >= limit.min(MOST) {
                continue;
            }
            while uses.len() <= index {
                uses.push(Use::No);
            }
            if let Some(place) = uses.get_mut(index) {
                *place = if copy == Some(kind) { Use::Copy } else { used.max(*place) };
            }
        }
    }
    uses
}

/// R_*_COPY
const COPIES: &[(u16, u32)] = &[
    (EM_X86_64, 5),
    (EM_386, 5),
    (EM_AARCH64, 1024),
    (EM_ARM, 20),
    (EM_RISCV, 4),
    (EM_PPC, 19),
    (EM_PPC64, 19),
    (EM_S390, 9),
];

/// What a symbol is needed for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Use {
    /// Nothing.
    #[default]
    No,
    /// A function that is called, and bound by then at the latest.
    Call,
    /// Bound before the program starts.
    Data,
    /// Its bytes are copied into the program.
    Copy,
}
