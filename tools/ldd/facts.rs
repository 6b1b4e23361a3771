//! What a file says of itself, of whatever machine it is: read, never mapped to be run. Little
//! of a file is looked at, and what is kept of it is copied.

use super::store::Store;
use alloc::vec::Vec;
use rt::arch::ELF_MACHINE;
use rt::dl::image::{
    DF_1_NODEFLIB, DF_1_NOW, DF_1_PIE, DF_BIND_NOW, ENCODING, Fault, Image, Load, Range,
};
use rt::dl::memory::Arena;
use rt::dl::versions;
use rt::elf::consts::*;
use rt::elf::{Encoding, FileHeader, Ident, ProgramHeader, Record, Source, Table, c_str};

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
    /// The libraries that it needs, in order.
    pub needed: &'f [Name<'f>],
    /// The versions that it defines.
    pub defined: &'f [Name<'f>],
    /// The versions that it needs, those of each library behind its name.
    wanted: &'f [Name<'f>],
}

/// What a name is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Is {
    /// A library.
    Library,
    /// A version.
    Version,
    /// A version that is needed, but may be missing.
    Weak,
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
    /// Calls with each library of which it needs versions, and these.
    #[inline(never)]
    pub fn wanted(&self, call: &mut dyn FnMut(&'f [u8], &'f [Name<'f>])) {
        for group in self.wanted.chunk_by(|_, name| name.is != Is::Library) {
            if let Some((library, versions)) = group.split_first() {
                call(library.name, versions);
            }
        }
    }

    /// Whether it defines this version: glibc compares hashes as they are stored, and names.
    pub fn defines(&self, version: &Name) -> bool {
        self.defined.iter().any(|own| own.hash == version.hash && own.name == version.name)
    }

    /// The names of versions by their index.
    pub fn versions(&self) -> Vec<&'f [u8]> {
        let mut versions = Vec::new();
        let wanted = self.wanted.iter().filter(|name| name.is != Is::Library);
        for name in self.defined.iter().chain(wanted) {
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

/// More libraries than any file needs; of a hostile one no more is looked at.
pub const MOST_NEEDS: usize = 64 << 10;

/// What is no longer than this is read at once.
const NEAR: u64 = 6 << 10;

/// Most files' records of the versions that they need are no longer.
const RECORDS: u64 = 1 << 10;

/// What is said of object files and core dumps.
pub const NEITHER: Fault = Fault::Bad(rt::text!("neither a program nor a library"));

const OUTSIDE: Fault = Fault::Bad(rt::text!("its dynamic section lies outside its segments"));

/// Reads a program or library.
///
/// # Errors
/// Why no loader would take it.
#[inline(never)]
pub fn read<'f>(store: &Store<'f>, source: &dyn Source) -> Result<&'f Facts<'f>, Fault> {
    let mut scratch = store.scratch.borrow_mut();
    scratch.clear();
    let (image, machine) = match Image::of_file(&scratch, source) {
        Err(Fault::Foreign(_)) => foreign(&scratch, source)?,
        other => (other?, (ELF_MACHINE, ENCODING)),
    };
    let facts = store.arena.place(Facts {
        machine,
        interpreter: image.interpreter.map(|path| store.bytes(path)),
        address: image.loads.first().map_or(0, |load| load.memory.at),
        is_dynamic: image.dynamic.is_some(),
        is_program: image.e_type == ET_EXEC,
        soname: None,
        rpath: None,
        runpath: None,
        no_default: false,
        binds_now: false,
        has_definitions: false,
        needed: &[],
        defined: &[],
        wanted: &[],
    })?;
    if let Some(range) = image.dynamic {
        dynamic(store, source, image, range, facts)?;
    }
    Ok(facts)
}

/// The segments of a file for another machine, with such checks as can be made of all.
#[inline(never)]
fn foreign<'a>(
    arena: &'a Arena,
    source: &dyn Source,
) -> Result<(&'a mut Image<'a>, Machine), Fault> {
    let head = source.get(0, source.size().min(64)).unwrap_or_default();
    let encoding = head.first_chunk().map(|&ident| Ident(ident).encoding());
    let encoding = encoding.ok_or(rt::text!("not an ELF file"))?;
    let header = FileHeader::decode(encoding, head).ok_or(rt::text!("not an ELF file"))?;
    if !matches!(header.e_type, ET_DYN | ET_EXEC) {
        return Err(NEITHER);
    }
    let entsize = header.e_phentsize.into();
    let size = u64::from(header.e_phnum) * entsize;
    let segments = match header.e_phoff {
        0 => Some(Table::<ProgramHeader>::empty(encoding)),
        at => source.get(at, size).and_then(|bytes| Table::new(encoding, bytes, entsize)),
    };
    let segments = segments.ok_or(rt::text!("truncated: the program headers are missing"))?;
    let image = arena.place(Image { e_type: header.e_type, ..Image::default() })?;
    let mut loads = arena.list();
    for ProgramHeader { p_type, p_flags, p_offset, p_vaddr, p_filesz, p_memsz, .. } in
        segments.iter()
    {
        match p_type {
            PT_LOAD => {
                let end = p_offset.checked_add(p_filesz);
                if end.is_none_or(|end| end > source.size()) {
                    return Err(Fault::Bad(rt::text!("truncated: the file ends within a segment")));
                }
                let memory = Range { at: p_vaddr, size: p_memsz };
                loads.push(Load { memory, filesz: p_filesz, offset: p_offset, flags: p_flags })?;
            }
            PT_INTERP if image.interpreter.is_none() => {
                let bytes = source.get(p_offset, p_filesz.min(4096)).unwrap_or_default();
                let path = c_str(bytes, 0).filter(|path| !path.is_empty());
                image.interpreter = path.map(|path| arena.bytes(path)).transpose()?;
            }
            PT_DYNAMIC => {
                image.dynamic.get_or_insert(Range { at: p_vaddr, size: p_filesz });
            }
            _ => {}
        }
    }
    image.loads = loads.into_slice();
    Ok((image, (header.e_machine, encoding)))
}

/// Reads the dynamic section, and what it names.
#[inline(never)]
fn dynamic<'f>(
    store: &Store<'f>,
    source: &dyn Source,
    image: &mut Image,
    range: Range,
    facts: &mut Facts<'f>,
) -> Result<(), Fault> {
    let encoding = facts.machine.1;
    let bytes = match range.size {
        // Of a file of debugging information.
        0 => &[],
        _ => image.bytes(source, range).ok_or(OUTSIDE)?,
    };
    let mut needed = store.needed.borrow_mut();
    needed.clear();
    image.tables.fill(Table::packed(encoding, bytes), &mut |at| {
        if needed.len() <= MOST_NEEDS {
            needed.push(at);
        }
    });
    let values = &image.tables;
    let (flags, flags_1) = (values.value(DT_FLAGS), values.value(DT_FLAGS_1));
    facts.is_program |= flags_1 & DF_1_PIE != 0;
    facts.no_default = flags_1 & DF_1_NODEFLIB != 0;
    facts.binds_now =
        values.is_given(DT_BIND_NOW) || flags_1 & DF_1_NOW != 0 || flags & DF_BIND_NOW != 0;

    let place = |tag: i64, size: u64| {
        // 0 is none.
        let at = Some(values.value(tag)).filter(|&at| at > 0)?;
        let load = image.loads.iter().find(|load| load.of_file().holds(at, size.max(1)))?;
        load.offset.checked_add(at - load.memory.at)
    };
    let size = values.value(DT_STRSZ);
    let strings = place(DT_STRTAB, size);
    let (verdef, verneed) = (place(DT_VERDEF, 1), place(DT_VERNEED, 1));
    // The names of libraries come before those of versions, and these at the end; the records
    // of versions are near to them.
    let first = needed.iter().fold(values.value(DT_SONAME).wrapping_sub(1), |a, &b| a.min(b));
    let names = match (strings, size.checked_sub(first)) {
        (Some(at), Some(_)) => (at + first, at + size),
        _ => (u64::MAX, 0),
    };
    let records = match verdef.max(verneed) {
        Some(last) => (verdef.unwrap_or(last).min(verneed.unwrap_or(last)), last + RECORDS),
        None => (u64::MAX, 0),
    };
    let read = |from: u64, to: u64| {
        let length = to.min(source.size()).checked_sub(from).filter(|&length| length <= NEAR)?;
        Some(Part { at: from, bytes: source.get(from, length)? })
    };
    let both = read(names.0.min(records.0), names.1.max(records.1));
    let kept = both.or_else(|| read(names.0, names.1)).unwrap_or_default();
    let records = both.or_else(|| read(records.0, records.1)).unwrap_or_default();
    if facts.machine == (ELF_MACHINE, ENCODING) {
        image.check(source)?;
    }

    let kept = kept.behind(names.0).get(..names.1.saturating_sub(names.0) as usize);
    let kept = Part { at: first, bytes: kept.map_or(b"", |kept| store.bytes(kept)) };
    let strings = Strings { store, source, at: strings, size, kept };
    for (place, tag) in [
        (&mut facts.soname, DT_SONAME),
        (&mut facts.rpath, DT_RPATH),
        (&mut facts.runpath, DT_RUNPATH),
    ] {
        let at = image.tables.value(tag);
        *place = if at == 0 { None } else { strings.get(at) };
    }
    let mut names = store.names.borrow_mut();
    names.clear();
    for &at in needed.iter() {
        strings.at.ok_or(OUTSIDE)?;
        if let Some(name) = strings.get(at).filter(|name| !name.is_empty()) {
            names.push(Name { name, hash: 0, index: 0, is: Is::Library });
        }
        if store.is_full() {
            break;
        }
    }
    let libraries = names.len();
    facts.has_definitions = verdef.is_some();
    let walk = |at: Option<u64>, names: &mut Vec<Name<'f>>, call: Walk<'_, 'f>| {
        let Some(at) = at else { return };
        let begin = names.len();
        if !call(records.behind(at), names) {
            // There are more of them.
            names.truncate(begin);
            call(source.get(at, source.size() - at).unwrap_or_default(), names);
        }
    };
    walk(verdef, &mut names, &mut |bytes, names| {
        versions::definitions(encoding, bytes, &mut |def, at| {
            // The base definition names the file, not a version.
            if def.vd_flags & VER_FLG_BASE == 0 {
                let (name, hash, index) = (strings.name(at), def.vd_hash, def.vd_ndx);
                names.push(Name { name, hash, index, is: Is::Version });
            }
            !store.is_full()
        })
    });
    let defined = names.len();
    walk(verneed, &mut names, &mut |bytes, names| {
        let mut library = None;
        versions::needs(encoding, bytes, &mut |file, aux| {
            if library.replace(file) != Some(file) {
                let name = strings.name(file);
                names.push(Name { name, hash: 0, index: 0, is: Is::Library });
            }
            let is = if aux.vna_flags & VER_FLG_WEAK != 0 { Is::Weak } else { Is::Version };
            let (name, hash, index) = (strings.name(aux.vna_name), aux.vna_hash, aux.vna_other);
            names.push(Name { name, hash, index, is });
            !store.is_full()
        })
    });
    let names = store.list(&names);
    let part = |from: usize, to: usize| names.get(from..to).unwrap_or_default();
    facts.needed = part(0, libraries);
    facts.defined = part(libraries, defined);
    facts.wanted = part(defined, names.len());
    Ok(())
}

/// Reads records out of these bytes; says whether all of them were there.
type Walk<'w, 'f> = &'w mut dyn FnMut(&[u8], &mut Vec<Name<'f>>) -> bool;

/// A part of a file or table, and where it begins there.
#[derive(Clone, Copy, Default)]
struct Part<'a> {
    at: u64,
    bytes: &'a [u8],
}

impl<'a> Part<'a> {
    /// The bytes from a place on; none where that is not in it.
    fn behind(&self, at: u64) -> &'a [u8] {
        let skip = at.checked_sub(self.at);
        skip.and_then(|skip| self.bytes.get(skip as usize..)).unwrap_or_default()
    }
}

/// The string table.
struct Strings<'s, 'f> {
    store: &'s Store<'f>,
    source: &'s dyn Source,
    /// Where it is in the file; none where there is none.
    at: Option<u64>,
    size: u64,
    /// A copy of its end, where most of what is wanted lies.
    kept: Part<'f>,
}

impl<'f> Strings<'_, 'f> {
    /// The string at an offset of the string table; none where that lies outside.
    #[inline(never)]
    fn get(&self, at: u64) -> Option<&'f [u8]> {
        if let Some(string) = c_str(self.kept.bytes, at.wrapping_sub(self.kept.at)) {
            return Some(string).filter(|string| self.store.has_room(string.len()));
        }
        let left = self.size.checked_sub(at)?;
        // Most are short.
        let get = |most: u64| self.source.get(self.at? + at, left.min(most));
        let short = get(64)?;
        let mut string = c_str(short, 0)?;
        if string.len() == short.len() {
            string = c_str(get(LONGEST)?, 0)?;
        }
        Some(self.store.bytes(string))
    }

    fn name(&self, at: u32) -> &'f [u8] {
        self.get(at.into()).unwrap_or_default()
    }
}
