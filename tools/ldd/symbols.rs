//! A file's symbols, and what its relocations need them for.

use alloc::vec::Vec;
use rt::elf::consts::*;
use rt::elf::{Dynamic, Elf, Rel, Rela, Source, Symbol, Table, c_str};

/// More relocations or symbols than any file has; of a hostile one no more are looked at.
const MOST: usize = 1 << 23;

/// A file's symbols and versions.
pub struct Symbols<'a> {
    elf: Elf<'a>,
    dynamic: Dynamic<'a>,
    strings: &'a [u8],
    versym: &'a [u8],
}

impl<'a> Symbols<'a> {
    pub fn of(source: &'a dyn Source) -> Option<Symbols<'a>> {
        let elf = Elf::new(source).ok()?;
        let dynamic = Dynamic::new(elf)?;
        let strings = dynamic.strings().unwrap_or_default();
        let versym = dynamic.from(DT_VERSYM).unwrap_or_default();
        Some(Symbols { elf, dynamic, strings, versym })
    }

    fn string(&self, at: u32) -> &'a [u8] {
        c_str(self.strings, at.into()).unwrap_or_default()
    }

    /// The versym of a symbol; none where the file has no versions.
    fn versym(&self, index: usize) -> Option<u16> {
        let at = index.checked_mul(2)?;
        rt::elf::Reader::new(self.elf.encoding, self.versym).u16(at)
    }

    /// Calls with each symbol that others may see or that is looked for, its name, its versym
    /// and whether anything but a call of a function refers to it.
    pub fn each(&self, call: &mut dyn FnMut(Symbol, &'a [u8], Option<u16>, Use)) {
        let uses = self.uses();
        let known = self.dynamic.symbols().map_or(0, |table| table.len());
        let bytes = self.dynamic.from(DT_SYMTAB).unwrap_or_default();
        let table = Table::<Symbol>::packed(self.elf.encoding, bytes);
        for (index, symbol) in table.iter().enumerate().take(known.max(uses.len()).min(MOST)) {
            if symbol.bind() != STB_LOCAL && index > 0 {
                let used = uses.get(index).copied().unwrap_or_default();
                call(symbol, self.string(symbol.st_name), self.versym(index), used);
            }
        }
    }

    /// How relocations use the symbols.
    fn uses(&self) -> Vec<Use> {
        let encoding = self.elf.encoding;
        let machine = self.elf.header.e_machine;
        let limit = self.dynamic.from(DT_SYMTAB).map_or(0, <[u8]>::len) / 16;
        let mut uses = Vec::new();
        // There the global offset table is bound without relocations.
        if machine == EM_MIPS {
            let count = self.dynamic.symbols().map_or(0, |table| table.len()).min(MOST);
            uses.resize(count, Use::Data);
            return uses;
        }
        let copy = COPIES.iter().find(|row| row.0 == machine).map(|row| row.1);
        let mut mark = |info: u64, used: Use| {
            let (index, kind) = if encoding.is_64() {
                (info >> 32, info as u32)
            } else {
                (info >> 8, info as u8 as u32)
            };
            let index = index as usize;
            if index == 0 || index >= limit.min(MOST) {
                return;
            }
            if uses.len() <= index {
                uses.resize(index + 1, Use::No);
            }
            if let Some(place) = uses.get_mut(index) {
                *place = if copy == Some(kind) { Use::Copy } else { used.max(*place) };
            }
        };
        let plt_rela = self.dynamic.value(DT_PLTREL) == Some(DT_RELA as u64);
        for (at, size, rela, used) in [
            (DT_RELA, DT_RELASZ, true, Use::Data),
            (DT_REL, DT_RELSZ, false, Use::Data),
            (DT_JMPREL, DT_PLTRELSZ, plt_rela, Use::Call),
        ] {
            let size = self.dynamic.value(size).unwrap_or(0);
            let Some(bytes) = self.dynamic.at(at, size) else { continue };
            if rela {
                let table = Table::<Rela>::packed(encoding, bytes);
                table.iter().take(MOST).for_each(|rela| mark(rela.r_info, used));
            } else {
                let table = Table::<Rel>::packed(encoding, bytes);
                table.iter().take(MOST).for_each(|rel| mark(rel.r_info, used));
            }
        }
        uses
    }
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
