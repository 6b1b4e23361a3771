//! The version of a dynamic symbol: what follows its name as `@VERSION`.

use super::error;
use super::file::File;
use crate::context::Context;
use alloc::vec::Vec;
use rt::elf::consts::*;
use rt::elf::{Reader, Record, Symbol, Verdaux, Verdef, Vernaux, Verneed, c_str};
use rt::fmt::{Put, dec};
use rt::io::BufWriter;
use rt::put;

/// A symbol's version: what follows its name.
#[derive(Clone, Copy)]
pub struct Version<'a> {
    /// `@@` for the default version of a definition, else `@`.
    pub separator: &'static str,
    pub name: &'a [u8],
    /// Its number, where another file defines it.
    pub needed: Option<u16>,
}

impl Put for Version<'_> {
    fn put(&self, out: &mut BufWriter) {
        put!(out, self.separator, super::text::name(self.name));
    }
}

/// `vs_vers`: not the default version.
pub const VERSYM_HIDDEN: u16 = 0x8000;

pub const CORRUPT: &[u8] = b"<corrupt>";

/// Where the name of a version is.
#[derive(Clone, Copy, PartialEq)]
enum Found {
    /// There is no such version.
    No,
    /// The record that says it can't be read.
    Unreadable,
    /// In the dynamic strings.
    At(u32),
}

/// Names by index, and how the chain of records ended.
struct Names {
    found: Vec<Found>,
    /// The highest index there is.
    max: u16,
    /// The address is nowhere in the file.
    lost: Option<u64>,
    /// The record that can't be read: its size, and what it is.
    end: Option<(u8, &'static str)>,
}

impl Names {
    const fn none() -> Self {
        Names { found: Vec::new(), max: 0, lost: None, end: None }
    }

    fn get(&self, index: u16) -> Found {
        self.found.get(usize::from(index)).copied().unwrap_or(Found::No)
    }

    /// The first one counts. There are at most 65,536, whatever the file says.
    fn add(&mut self, index: u16, name: Found) {
        let index = usize::from(index);
        if self.found.len() <= index {
            self.found.resize(index + 1, Found::No);
        }
        if let Some(place) = self.found.get_mut(index).filter(|place| **place == Found::No) {
            *place = name;
        }
    }

    /// What there is to tell before the chain is followed.
    fn tell_start(&self, cx: &mut Context, file: &File) {
        if let Some(address) = self.lost {
            file.lost(cx, address);
        }
    }

    /// What there is to tell where the chain ends before what was looked for.
    fn tell_end(&self, cx: &mut Context) {
        if let Some((size, what)) = self.end {
            tell_unreadable(cx, size, what);
        }
    }
}

fn tell_unreadable(cx: &mut Context, size: u8, what: &'static str) {
    let middle = " bytes extends past end of file for ";
    error(cx, &[&"Reading ", &dec(size), &middle, &what]);
}

/// The versions of the dynamic symbols, looked up once.
pub struct Versions<'a> {
    strings: &'a [u8],
    /// Where the entries of the symbols are, if there are any.
    versym: Option<u64>,
    versym_lost: Option<u64>,
    /// As many of the entries as the file has.
    entries: Reader<'a>,
    defined: Option<Names>,
    needed: Option<Names>,
}

impl<'a> Versions<'a> {
    /// No symbol has a version.
    pub fn none(file: &File<'a>) -> Self {
        Versions {
            strings: file.dynamic.strings.unwrap_or_default(),
            versym: None,
            versym_lost: None,
            entries: Reader::new(file.elf.encoding, &[]),
            defined: None,
            needed: None,
        }
    }

    /// The versions of `count` symbols.
    pub fn load(file: &File<'a>, count: usize) -> Self {
        let [versym, verdef, verneed] =
            [DT_VERSYM, DT_VERDEF, DT_VERNEED].map(|tag| file.dynamic.value(tag));
        let mut versions = Versions::none(file);
        if versym == 0 {
            return versions;
        }
        let (offset, lost) = place(file, versym, 2);
        versions.versym = Some(offset);
        versions.versym_lost = lost;
        let rest = file.elf.size().saturating_sub(offset);
        let bytes = file.elf.bytes(offset, rest.min(2 * count as u64)).unwrap_or_default();
        versions.entries = Reader::new(file.elf.encoding, bytes);
        if verdef != 0 {
            versions.defined = Some(defined(file, verdef));
        }
        if verneed != 0 {
            versions.needed = Some(needed(file, verneed));
        }
        versions
    }

    /// What follows the name of a symbol.
    #[inline]
    pub fn of(
        &self,
        cx: &mut Context,
        file: &File,
        index: usize,
        symbol: &Symbol,
    ) -> Option<Version<'a>> {
        self.versym?;
        if let Some(address) = self.versym_lost {
            file.lost(cx, address);
        }
        let Some(entry) = self.entries.u16(index.wrapping_mul(2)) else {
            tell_unreadable(cx, 2, "version data");
            return None;
        };
        // Local and global symbols without a version.
        if entry & !VERSYM_HIDDEN <= 1 {
            return None;
        }
        self.find(cx, file, entry, symbol)
    }

    fn find(
        &self,
        cx: &mut Context,
        file: &File,
        entry: u16,
        symbol: &Symbol,
    ) -> Option<Version<'a>> {
        let hidden = entry & VERSYM_HIDDEN != 0;
        let index = entry & !VERSYM_HIDDEN;
        let separator = if hidden { "@" } else { "@@" };
        let mut max = 0;
        if symbol.st_shndx != SHN_UNDEF
            && let Some(defined) = &self.defined
        {
            defined.tell_start(cx, file);
            match defined.get(index) {
                Found::No => defined.tell_end(cx),
                Found::Unreadable => tell_unreadable(cx, 8, "version def aux"),
                // The version itself is a symbol, too.
                Found::At(name) if name == symbol.st_name => return None,
                Found::At(name) => {
                    return Some(Version { separator, name: self.string(name), needed: None });
                }
            }
            max = defined.max;
        }
        let needed = self.needed.as_ref()?;
        needed.tell_start(cx, file);
        if let Found::At(name) = needed.get(entry) {
            return Some(Version { separator: "@", name: self.string(name), needed: Some(entry) });
        }
        needed.tell_end(cx);
        (index > max).then_some(Version { separator, name: CORRUPT, needed: None })
    }

    /// The names of a number of `SHT_GNU_versym`: of a version that is needed, and of one
    /// that is defined.
    pub fn names(
        &self,
        cx: &mut Context,
        file: &File,
        entry: u16,
    ) -> (Option<&'a [u8]>, Option<&'a [u8]>) {
        let index = entry & !VERSYM_HIDDEN;
        let (mut needed, mut defined) = (None, None);
        if let Some(names) = &self.needed {
            names.tell_start(cx, file);
            match names.get(entry) {
                Found::At(name) => needed = Some(self.string(name)),
                _ => names.tell_end(cx),
            }
        }
        if index != 1
            && let Some(names) = &self.defined
        {
            names.tell_start(cx, file);
            match names.get(index) {
                Found::At(name) => defined = Some(self.string(name)),
                Found::Unreadable => tell_unreadable(cx, 8, "version def aux"),
                Found::No => names.tell_end(cx),
            }
        }
        (needed, defined)
    }

    fn string(&self, at: u32) -> &'a [u8] {
        c_str(self.strings, at.into()).unwrap_or(CORRUPT)
    }
}

/// Where an address is in the file; what is not known is taken for an offset.
fn place(file: &File, address: u64, size: u64) -> (u64, Option<u64>) {
    match file.located(address, size) {
        Some(offset) => (offset, None),
        None => (address, Some(address)),
    }
}

/// A record at an offset of the file.
fn record<T: Record>(file: &File, offset: u64) -> Option<T> {
    let encoding = file.elf.encoding;
    T::decode(encoding, file.elf.bytes(offset, T::size(encoding) as u64)?)
}

/// The names of the versions that are defined. Each record lies behind the one before it,
/// so this ends.
fn defined(file: &File, address: u64) -> Names {
    let mut names = Names::none();
    let (mut offset, lost) = place(file, address, 20);
    names.lost = lost;
    loop {
        let Some(verdef) = record::<Verdef>(file, offset) else {
            names.end = Some((20, "version def"));
            return names;
        };
        let aux = offset.wrapping_add(verdef.vd_aux.into());
        let name = match record::<Verdaux>(file, aux) {
            Some(aux) => Found::At(aux.vda_name),
            None => Found::Unreadable,
        };
        names.add(verdef.vd_ndx, name);
        names.max = names.max.max(verdef.vd_ndx);
        if verdef.vd_next == 0 {
            return names;
        }
        offset = offset.wrapping_add(verdef.vd_next.into());
    }
}

/// The names of the versions that are needed. The records may overlap: there are no more
/// of them than bytes.
fn needed(file: &File, address: u64) -> Names {
    let mut names = Names::none();
    let (mut offset, lost) = place(file, address, 16);
    names.lost = lost;
    let mut steps = file.elf.size();
    loop {
        let Some(verneed) = record::<Verneed>(file, offset) else {
            names.end = Some((16, "version need"));
            return names;
        };
        let mut at = offset.wrapping_add(verneed.vn_aux.into());
        loop {
            let Some(aux) = record::<Vernaux>(file, at) else {
                names.end = Some((16, "version need aux (3)"));
                return names;
            };
            names.add(aux.vna_other, Found::At(aux.vna_name));
            steps = steps.saturating_sub(1);
            if aux.vna_next == 0 || steps == 0 {
                break;
            }
            at = at.wrapping_add(aux.vna_next.into());
        }
        if verneed.vn_next == 0 || steps == 0 {
            return names;
        }
        offset = offset.wrapping_add(verneed.vn_next.into());
    }
}
