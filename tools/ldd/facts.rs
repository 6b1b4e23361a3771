//! What a file says of itself, of whatever machine it is: read, never mapped to be run. Little
//! of a file is looked at, and what is kept of it is copied.

use super::store::Store;
use alloc::vec::Vec;
use rt::dl::image::{DF_1_NODEFLIB, DF_1_NOW, DF_1_PIE, DF_BIND_NOW, Fault, Image};
use rt::elf::consts::*;
use rt::elf::{
    Dyn, Encoding, FileHeader, Ident, ProgramHeader, Record, Source, Table, Verdaux, Verdef,
    Vernaux, Verneed, c_str,
};

/// Who it is for: `e_machine`, class and byte order.
pub type Machine = (u16, Encoding);

/// What a file says of itself.
#[derive(Clone, Copy)]
pub struct Facts<'f> {
    pub machine: Machine,
    pub interpreter: Option<&'f [u8]>,
    /// The address that its first segment asks for.
    pub address: u64,
    /// Whether it has a dynamic section at all.
    pub is_dynamic: bool,
    /// Whether it can only be the program: ET_EXEC, or a PIE that says so.
    pub is_program: bool,
    pub soname: Option<&'f [u8]>,
    pub rpath: Option<&'f [u8]>,
    pub runpath: Option<&'f [u8]>,
    /// DF_1_NODEFLIB
    pub no_default: bool,
    /// Whether all functions are bound before it starts.
    pub binds_now: bool,
    /// Whether it has a table of the versions that it defines.
    pub has_definitions: bool,
    names: &'f [Name<'f>],
}

/// What a name in the dynamic section is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Is {
    /// A library that is needed.
    Needed,
    /// A library whose versions that are needed follow.
    Library,
    /// A version that is needed.
    Wanted,
    /// The same, but it may be missing.
    Weak,
    /// A version that is defined.
    Defined,
}

/// A library, or a version.
#[derive(Clone, Copy)]
pub struct Name<'f> {
    pub name: &'f [u8],
    /// Of a version, the hash of its name.
    hash: u32,
    /// The version's number among those of its file.
    pub index: u16,
    pub is: Is,
}

impl<'f> Facts<'f> {
    /// The libraries that it needs, in order.
    pub fn needed(&self) -> impl Iterator<Item = &'f [u8]> + use<'f> {
        let needed = self.names.iter().take_while(|name| name.is == Is::Needed);
        needed.map(|name| name.name)
    }

    /// Calls with each version that it needs, and the library that this is of.
    pub fn wanted(&self, call: &mut dyn FnMut(&'f [u8], &'f Name<'f>)) {
        let mut library = &b""[..];
        for name in self.names {
            match name.is {
                Is::Library => library = name.name,
                Is::Wanted | Is::Weak => call(library, name),
                Is::Needed | Is::Defined => {}
            }
        }
    }

    /// Whether it defines any version.
    pub fn defines_any(&self) -> bool {
        self.names.iter().any(|name| name.is == Is::Defined)
    }

    /// Whether it defines this version: glibc compares hashes as they are stored, and names.
    pub fn defines(&self, version: &Name) -> bool {
        let is = |own: &Name| own.hash == version.hash && own.name == version.name;
        self.names.iter().any(|own| is(own) && own.is == Is::Defined)
    }

    /// The names of versions by their index.
    pub fn versions(&self) -> Vec<&'f [u8]> {
        let mut versions = Vec::new();
        for name in self.names.iter().filter(|n| !matches!(n.is, Is::Needed | Is::Library)) {
            let index = usize::from(name.index & 0x7fff);
            while versions.len() <= index {
                versions.push(&b""[..]);
            }
            if let Some(place) = versions.get_mut(index) {
                *place = name.name;
            }
        }
        versions
    }
}

/// Longer lists of directories, and names, than this nobody has.
const LONGEST: u64 = 16 << 10;

/// More libraries, and versions, than any file needs; of a hostile one no more is looked at.
pub const MOST_NEEDS: usize = 64 << 10;
const MOST: usize = 4096;

/// Reads a program or library.
///
/// # Errors
/// Why no loader would take it.
pub fn read<'f>(store: &Store<'f>, source: &dyn Source) -> Result<&'f Facts<'f>, Fault> {
    // Names first: what has to be read for them is then there for the checks.
    let facts = look(store, source);
    match Image::read(store.arena, source) {
        Ok(_) | Err(Fault::Foreign(_)) => facts,
        Err(fault) => Err(fault),
    }
}

/// Reads it, with such checks as can be made of files for all machines.
#[inline(never)]
fn look<'f>(store: &Store<'f>, source: &dyn Source) -> Result<&'f Facts<'f>, Fault> {
    let head = source.get(0, source.size().min(64)).unwrap_or_default();
    let encoding = head.first_chunk().map(|&ident| Ident(ident).encoding());
    let encoding = encoding.ok_or(Fault::Bad("not an ELF file"))?;
    let header = FileHeader::decode(encoding, head).ok_or(Fault::Bad("not an ELF file"))?;
    if !matches!(header.e_type, ET_DYN | ET_EXEC) {
        return Err(Fault::Bad("neither a program nor a library"));
    }
    let entsize = header.e_phentsize.into();
    let size = u64::from(header.e_phnum) * entsize;
    let segments = match header.e_phoff {
        0 => Some(Table::<ProgramHeader>::empty(encoding)),
        at => source.get(at, size).and_then(|bytes| Table::new(encoding, bytes, entsize)),
    };
    let segments = segments.ok_or(Fault::Bad("truncated: the program headers are missing"))?;
    let mut reading =
        Reading { store, source, encoding, loads: Vec::new(), strings: 0, size: 0, kept: (0, b"") };
    let mut facts = Facts {
        machine: (header.e_machine, encoding),
        interpreter: None,
        address: 0,
        is_dynamic: false,
        is_program: header.e_type == ET_EXEC,
        soname: None,
        rpath: None,
        runpath: None,
        no_default: false,
        binds_now: false,
        has_definitions: false,
        names: &[],
    };
    let mut dynamic = None;
    for segment in segments.iter() {
        match segment.p_type {
            PT_LOAD => {
                let end = segment.p_offset.checked_add(segment.p_filesz);
                if end.is_none_or(|end| end > source.size()) {
                    return Err(Fault::Bad("truncated: the file ends within a segment"));
                }
                reading.loads.push(segment);
            }
            PT_INTERP if facts.interpreter.is_none() => {
                let bytes = source.get(segment.p_offset, segment.p_filesz.min(4096));
                let path = bytes.and_then(|bytes| c_str(bytes, 0));
                facts.interpreter = path.filter(|path| !path.is_empty()).map(|p| store.bytes(p));
            }
            PT_DYNAMIC if dynamic.is_none() => dynamic = Some(segment),
            _ => {}
        }
    }
    facts.address = reading.loads.first().map_or(0, |load| load.p_vaddr);
    if dynamic.is_some_and(|segment| reading.dynamic(&mut facts, &segment).is_none()) {
        return Err(Fault::Bad("its dynamic section lies outside its segments"));
    }
    Ok(store.arena.place(facts)?)
}

/// A file under way.
struct Reading<'s, 'f> {
    store: &'s Store<'f>,
    source: &'s dyn Source,
    encoding: Encoding,
    loads: Vec<ProgramHeader>,
    /// The string table's offset and size.
    strings: u64,
    size: u64,
    /// A copy of its end, where most of what is wanted lies, and where that begins.
    kept: (u64, &'f [u8]),
}

impl<'f> Reading<'_, 'f> {
    /// Reads the dynamic section; none where that isn't there, or strings that it needs.
    #[inline(never)]
    fn dynamic(&mut self, facts: &mut Facts<'f>, segment: &ProgramHeader) -> Option<()> {
        let bytes = self.source.get(segment.p_offset, segment.p_filesz)?;
        facts.is_dynamic = true;
        let entries = Table::<Dyn>::packed(self.encoding, bytes);
        // The last one with a tag counts; 0 is none.
        let (mut values, mut needed) = ([0; 9], Vec::new());
        for Dyn { d_tag, d_val } in entries.iter() {
            let row = match d_tag {
                DT_NULL => break,
                DT_NEEDED if needed.len() <= MOST_NEEDS => {
                    needed.push(d_val);
                    continue;
                }
                DT_STRTAB => 0,
                DT_STRSZ => 1,
                DT_SONAME => 2,
                DT_RPATH => 3,
                DT_RUNPATH => 4,
                DT_VERDEF => 5,
                DT_VERNEED => 6,
                DT_FLAGS => 7,
                DT_FLAGS_1 => 8,
                _ => {
                    facts.binds_now |= d_tag == DT_BIND_NOW;
                    continue;
                }
            };
            if let Some(value) = values.get_mut(row) {
                *value = d_val;
            }
        }
        let [strtab, strsz, soname, rpath, runpath, verdef, verneed, flags, flags_1] = values;
        facts.is_program |= flags_1 & DF_1_PIE != 0;
        facts.no_default = flags_1 & DF_1_NODEFLIB != 0;
        facts.binds_now |= flags_1 & DF_1_NOW != 0 || flags & DF_BIND_NOW != 0;
        let strings = self.place(strtab, strsz).filter(|_| strtab != 0);
        (self.strings, self.size) = strings.map_or((0, 0), |at| (at, strsz));
        // The names of libraries come before those of versions, and these at the end.
        let mut first = soname.wrapping_sub(1);
        needed.iter().for_each(|&at| first = first.min(at));
        if let Some(left) = self.size.checked_sub(first).filter(|&left| left <= 4096)
            && let at = self.strings + first
            // Versions follow, and are read with it.
            && let after = self.source.size().saturating_sub(at + left).min(1 << 10)
            && let Some(bytes) = self.source.get(at, left + after)
        {
            self.kept = (first, self.store.bytes(bytes.get(..left as usize)?));
        }
        for (place, at) in
            [(&mut facts.soname, soname), (&mut facts.rpath, rpath), (&mut facts.runpath, runpath)]
        {
            *place = if at == 0 { None } else { self.string(at) };
        }
        let mut names = self.store.names.borrow_mut();
        names.clear();
        for &at in &needed {
            strings?;
            if let Some(name) = self.string(at).filter(|name| !name.is_empty()) {
                names.push(Name { name, hash: 0, index: 0, is: Is::Needed });
            }
            if self.store.is_full() {
                break;
            }
        }
        if let Some(at) = self.place(verdef, 1).filter(|_| verdef != 0) {
            facts.has_definitions = true;
            self.definitions(at, &mut names);
        }
        if let Some(at) = self.place(verneed, 1).filter(|_| verneed != 0) {
            self.needs(at, &mut names);
        }
        facts.names = self.store.list(&names);
        Some(())
    }

    /// The offset of an address from which on so many bytes are in the file.
    fn place(&self, address: u64, size: u64) -> Option<u64> {
        let holds = |load: &ProgramHeader| {
            let left = load.p_filesz.checked_sub(address.checked_sub(load.p_vaddr)?)?;
            let offset = load.p_offset.checked_add(load.p_filesz - left)?;
            let within = left >= size && left > 0;
            (within && offset.checked_add(size)? <= self.source.size()).then_some(offset)
        };
        self.loads.iter().find_map(holds)
    }

    /// The string at an offset of the string table; none where that lies outside.
    fn string(&self, at: u64) -> Option<&'f [u8]> {
        let (first, kept) = self.kept;
        let kept = at.checked_sub(first).and_then(|skip| kept.get(skip as usize..));
        if let Some(rest) = kept.filter(|rest| !rest.is_empty()) {
            let length = rest.iter().position(|&byte| byte == 0).unwrap_or(rest.len());
            return rest.get(..length).filter(|_| self.store.has_room(length));
        }
        let left = self.size.checked_sub(at)?;
        // Most are short.
        let get = |most: u64| self.source.get(self.strings + at, left.min(most));
        let short = get(64)?;
        let mut string = c_str(short, 0)?;
        if string.len() == short.len() {
            string = c_str(get(LONGEST)?, 0)?;
        }
        Some(self.store.bytes(string))
    }

    fn name(&self, at: u32) -> &'f [u8] {
        self.string(at.into()).unwrap_or_default()
    }

    fn record<T: Record>(&self, at: u64) -> Option<T> {
        let bytes = self.source.get(at, T::size(self.encoding) as u64)?;
        T::decode(self.encoding, bytes).filter(|_| !self.store.is_full())
    }

    /// The chain of definitions (LSB, "Symbol Versioning"), up to one that isn't there.
    #[inline(never)]
    fn definitions(&self, mut at: u64, names: &mut Vec<Name<'f>>) -> Option<()> {
        for _ in 0..MOST {
            let def: Verdef = self.record(at)?;
            // The base definition names the file, not a version.
            if def.vd_flags & VER_FLG_BASE == 0
                && let Some(aux) = self.record::<Verdaux>(at + u64::from(def.vd_aux))
            {
                let (name, hash, index) = (self.name(aux.vda_name), def.vd_hash, def.vd_ndx);
                names.push(Name { name, hash, index, is: Is::Defined });
            }
            if def.vd_next == 0 {
                break;
            }
            at = at.checked_add(def.vd_next.into())?;
        }
        Some(())
    }

    /// The chains of needs, likewise.
    #[inline(never)]
    fn needs(&self, mut at: u64, names: &mut Vec<Name<'f>>) -> Option<()> {
        let mut left = MOST;
        loop {
            let need: Verneed = self.record(at)?;
            let name = self.name(need.vn_file);
            names.push(Name { name, hash: 0, index: 0, is: Is::Library });
            let mut next = at.checked_add(need.vn_aux.into())?;
            for _ in 0..need.vn_cnt {
                let Some(aux) = self.record::<Vernaux>(next) else { break };
                left = left.checked_sub(1)?;
                let is = if aux.vna_flags & VER_FLG_WEAK != 0 { Is::Weak } else { Is::Wanted };
                let (name, hash, index) = (self.name(aux.vna_name), aux.vna_hash, aux.vna_other);
                names.push(Name { name, hash, index, is });
                if aux.vna_next == 0 {
                    break;
                }
                next = next.checked_add(aux.vna_next.into())?;
            }
            left = left.checked_sub(1)?;
            if need.vn_next == 0 {
                return Some(());
            }
            at = at.checked_add(need.vn_next.into())?;
        }
    }
}
