//! What a file says of itself, of whatever machine it is: read, never mapped to be run.

use alloc::vec::Vec;
use rt::dl::image::{DF_1_PIE, DF_BIND_NOW, Fault, Image};
use rt::dl::memory::Arena;
use rt::dl::versions;
use rt::elf::consts::*;
use rt::elf::{Dynamic, Elf, Encoding, Rel, Rela, Source, Symbol, Table, c_str};
use rt::fs::PATH_MAX;

/// Who it is for: `e_machine`, class and byte order.
pub type Machine = (u16, Encoding);

/// What a file says of itself.
pub struct Facts {
    pub machine: Machine,
    pub interpreter: Option<Vec<u8>>,
    /// The address that its first segment asks for.
    pub address: u64,
    /// Whether it has a dynamic section at all.
    pub is_dynamic: bool,
    /// Whether it can only be the program: ET_EXEC, or a PIE that says so.
    pub is_program: bool,
    pub soname: Option<Vec<u8>>,
    pub rpath: Option<Vec<u8>>,
    pub runpath: Option<Vec<u8>>,
    /// DF_1_NODEFLIB
    pub no_default: bool,
    /// Whether all functions are bound before it starts.
    pub binds_now: bool,
}

/// Longer lists of directories than this nobody has.
const LONGEST: usize = 16 << 10;

/// Reads a program or library.
///
/// # Errors
/// Why no loader would take it.
pub fn read(arena: &Arena, source: &dyn Source) -> Result<Facts, Fault> {
    match Image::read(arena, source) {
        Ok(_) => {}
        Err(Fault::Foreign(_)) => check_foreign(source)?,
        Err(fault) => return Err(fault),
    }
    let elf = Elf::new(source).map_err(|_| Fault::Bad("not an ELF file"))?;
    let segments = elf.segments().ok_or(Fault::Bad(NO_HEADERS))?;
    let find = |kind| segments.iter().find(|segment| segment.p_type == kind);
    let interpreter = find(PT_INTERP).and_then(|segment| {
        let bytes = elf.bytes(segment.p_offset, segment.p_filesz.min(PATH_MAX as u64))?;
        c_str(bytes, 0).filter(|path| !path.is_empty())
    });
    let dynamic = Dynamic::new(elf);
    let strings = dynamic.and_then(|dynamic| dynamic.strings()).unwrap_or_default();
    let value = |tag| dynamic.and_then(|dynamic| dynamic.value(tag));
    let string = |tag| {
        let text = c_str(strings, value(tag)?)?;
        Some(text.get(..LONGEST).unwrap_or(text).to_vec())
    };
    let flags_1 = value(DT_FLAGS_1).unwrap_or(0);
    Ok(Facts {
        machine: (elf.header.e_machine, elf.encoding),
        interpreter: interpreter.map(<[u8]>::to_vec),
        address: find(PT_LOAD).map_or(0, |load| load.p_vaddr),
        is_dynamic: dynamic.is_some(),
        is_program: elf.header.e_type == ET_EXEC || flags_1 & DF_1_PIE != 0,
        soname: string(DT_SONAME),
        rpath: string(DT_RPATH),
        runpath: string(DT_RUNPATH),
        no_default: flags_1 & rt::dl::image::DF_1_NODEFLIB != 0,
        binds_now: flags_1 & rt::dl::image::DF_1_NOW != 0
            || value(DT_FLAGS).unwrap_or(0) & DF_BIND_NOW != 0
            || value(DT_BIND_NOW).is_some(),
    })
}

const NO_HEADERS: &str = "truncated: the program headers are missing";

/// What can be checked of files for other machines.
fn check_foreign(source: &dyn Source) -> Result<(), Fault> {
    let elf = Elf::new(source).map_err(|_| Fault::Bad("not an ELF file"))?;
    if !matches!(elf.header.e_type, ET_DYN | ET_EXEC) {
        return Err(Fault::Bad("neither a program nor a library"));
    }
    let segments = elf.segments().ok_or(Fault::Bad(NO_HEADERS))?;
    for load in segments.iter().filter(|segment| segment.p_type == PT_LOAD) {
        let end = load.p_offset.checked_add(load.p_filesz);
        if end.is_none_or(|end| end > source.size()) {
            return Err(Fault::Bad("truncated: the file ends within a segment"));
        }
    }
    if segments.iter().any(|segment| segment.p_type == PT_DYNAMIC) {
        let dynamic = Dynamic::new(elf);
        if dynamic.is_none_or(|d| d.strings().is_none() && d.value(DT_NEEDED).is_some()) {
            return Err(Fault::Bad("its dynamic section lies outside its segments"));
        }
    }
    Ok(())
}

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

    /// The names of versions by their index, and whether the file defines them.
    pub fn versions(&self) -> Vec<(&'a [u8], bool)> {
        let mut versions = Vec::new();
        let mut set = |index: u16, name: &'a [u8], defined| {
            let index = usize::from(index & 0x7fff);
            if versions.len() <= index {
                versions.resize(index + 1, (&b""[..], false));
            }
            if let Some(place) = versions.get_mut(index) {
                *place = (name, defined);
            }
        };
        self.definitions(&mut |name, index| set(index, name, true));
        self.needs(&mut |_, name, index, _| set(index, name, false));
        versions
    }

    fn string(&self, at: u32) -> &'a [u8] {
        c_str(self.strings, at.into()).unwrap_or_default()
    }

    /// Calls with each version that the file defines, and its index. Whether it has any.
    pub fn definitions(&self, call: &mut dyn FnMut(&'a [u8], u16)) -> bool {
        let bytes = self.dynamic.from(DT_VERDEF).unwrap_or_default();
        versions::definitions(self.elf.encoding, bytes, &mut |def, name| {
            // The base definition names the file, not a version.
            if def.vd_flags & VER_FLG_BASE == 0 {
                call(self.string(name), def.vd_ndx);
            }
            true
        });
        !bytes.is_empty()
    }

    /// Calls with each version that the file needs: of which library, its name, its index,
    /// and whether it is weak.
    pub fn needs(&self, call: &mut dyn FnMut(&'a [u8], &'a [u8], u16, bool)) {
        let bytes = self.dynamic.from(DT_VERNEED).unwrap_or_default();
        versions::needs(self.elf.encoding, bytes, &mut |library, need| {
            let (library, name) = (self.string(library), self.string(need.vna_name));
            call(library, name, need.vna_other, need.vna_flags & VER_FLG_WEAK != 0);
            true
        });
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
