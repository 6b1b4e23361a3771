//! The version of a dynamic symbol: what follows its name as `@VERSION`.

use super::file::File;
use crate::context::Context;
use alloc::vec::Vec;
use rt::elf::consts::*;
use rt::elf::{Reader, Record, Symbol, Verdaux, Verdef, Vernaux, Verneed, c_str};
use rt::fmt::{Put, dec};
use rt::io::BufWriter;
use rt::put;
use rt::text::Text;

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

/// `vd_flags`: the file itself.
const VER_FLG_BASE: u16 = 1;

pub const CORRUPT: &[u8] = b"<corrupt>";

/// Where the name of a version is.
#[derive(Clone, Copy, PartialEq)]
enum Found {
    /// There is no such version.
    No,
    /// It is the file itself, which has no name to show.
    Base,
    /// The record that says it can't be read.
    Unreadable,
    /// In the dynamic strings.
    At(u32),
}

/// Names by index, and what GNU readelf finds wrong with their chain each time that it looks
/// one up: as it follows the chain again for each symbol, it tells that at each symbol.
#[derive(Default)]
struct Names {
    /// Whether the file has any.
    is_there: bool,
    /// Each with how many chains of a file's versions were cut off before it was found; of
    /// many, no more than 255 count.
    found: Vec<(Found, u8)>,
    /// How many were in all.
    cut: u8,
    /// The highest index there is.
    max: u16,
    /// The address is nowhere in the file.
    lost: Option<u64>,
    /// The record that can't be read: its size, and what it is.
    end: Option<(u8, Text)>,
}

impl Names {
    /// The first one counts. There are at most 65,536, whatever the file says.
    fn add(&mut self, index: u16, name: Found) {
        let index = usize::from(index);
        if self.found.len() <= index {
            self.found.resize(index + 1, (Found::No, 0));
        }
        if let Some(place) = self.found.get_mut(index).filter(|place| place.0 == Found::No) {
            *place = (name, self.cut);
        }
    }

    /// Whether looking up 0 or 1 finds nothing, neither a name nor anything wrong.
    fn is_plain(&self) -> bool {
        let is_nothing = |index: u16| {
            let found = self.found.get(usize::from(index));
            found.is_none_or(|(name, _)| matches!(name, Found::No | Found::Base))
        };
        [0, 1].iter().all(|index| is_nothing(*index) && is_nothing(index | VERSYM_HIDDEN))
            && (self.cut, self.lost, self.end.is_none()) == (0, None, true)
    }

    /// Looks one up, and tells what is found wrong on the way; `aux` is what the records are
    /// called that cut a file's versions off.
    fn look_up(&self, cx: &mut Context, file: &File, index: u16, aux: Text) -> Found {
        if let Some(address) = self.lost {
            file.lost(cx, address);
        }
        let found = self.found.get(usize::from(index)).filter(|(name, _)| *name != Found::No);
        let (name, cut) = found.copied().unwrap_or((Found::No, self.cut));
        for _ in 0..cut {
            tell_unreadable(cx, 16, aux);
        }
        match (name, self.end) {
            (Found::No, Some((size, what))) => tell_unreadable(cx, size, what),
            (Found::Unreadable, _) => tell_unreadable(cx, 8, rt::text!("version def aux")),
            _ => {}
        }
        name
    }
}

fn tell_unreadable(cx: &mut Context, size: u8, what: Text) {
    error!(cx, "Reading ", dec(size), " bytes extends past end of file for ", what);
}

/// The versions of the dynamic symbols, looked up once.
pub struct Versions<'a> {
    strings: &'a [u8],
    /// Where the entries of the symbols are, if there are any.
    versym: Option<u64>,
    versym_lost: Option<u64>,
    /// As many of the entries as the file has.
    entries: Reader<'a>,
    defined: Names,
    needed: Names,
    /// Whether symbols of the versions 0 and 1, which stand for local and global ones without
    /// a version, need not be looked up.
    plain: bool,
}

impl<'a> Versions<'a> {
    /// No symbol has a version.
    fn none(file: &File<'a>, strings: Option<&'a [u8]>) -> Self {
        Versions {
            strings: strings.unwrap_or_default(),
            versym: None,
            versym_lost: None,
            entries: Reader::new(file.elf.encoding, &[]),
            defined: Names::default(),
            needed: Names::default(),
            plain: true,
        }
    }

    /// The versions of `count` symbols, with names in a string table.
    pub fn load(file: &File<'a>, count: usize, strings: Option<&'a [u8]>) -> Self {
        let [versym, verdef, verneed] =
            [DT_VERSYM, DT_VERDEF, DT_VERNEED].map(|tag| file.dynamic.value(tag));
        let mut versions = Versions::none(file, strings);
        if versym != 0 {
            let (offset, lost) = place(file, versym, 2);
            versions.versym = Some(offset);
            versions.versym_lost = lost;
            let rest = file.elf.size().saturating_sub(offset);
            let bytes = file.elf.bytes(offset, rest.min(2 * count as u64)).unwrap_or_default();
            versions.entries = Reader::new(file.elf.encoding, bytes);
        }
        if verdef != 0 {
            versions.defined.define(file, verdef);
        }
        if verneed != 0 {
            versions.needed.need(file, verneed);
        }
        versions.plain = versions.defined.is_plain() && versions.needed.is_plain();
        versions
    }

    /// The entries of the symbols, if there are any.
    pub fn entries(&self) -> Option<Reader<'a>> {
        self.versym.map(|_| self.entries)
    }

    /// Whether a symbol whose entry is 0 or 1 is printed without any word on its version.
    pub fn is_plain(&self) -> bool {
        self.plain && self.versym_lost.is_none()
    }

    /// Where the name of an entry's version is in the strings, if it is defined here: a symbol of
    /// that name has another one. None where each symbol of the entry is told about.
    pub fn defined_at(&self, entry: u16) -> Option<Option<u32>> {
        let found = |names: &Names, index: u16| {
            names.found.get(usize::from(index)).map_or(Found::No, |found| found.0)
        };
        match (found(&self.defined, entry & !VERSYM_HIDDEN), found(&self.needed, entry)) {
            (Found::Unreadable, _) | (_, Found::Unreadable) => None,
            (Found::At(name), _) => Some(Some(name)),
            _ => Some(None),
        }
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
            tell_unreadable(cx, 2, rt::text!("version data"));
            return None;
        };
        if entry == 0 || (self.plain && entry & !VERSYM_HIDDEN <= 1) {
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
        if symbol.st_shndx != SHN_UNDEF && entry != VERSYM_HIDDEN | 1 && self.defined.is_there {
            match self.defined.look_up(cx, file, index, rt::text!("")) {
                Found::Base => return None,
                // The version itself is a symbol, too.
                Found::At(name) if name != symbol.st_name => {
                    return Some(Version { separator, name: self.string(name), needed: None });
                }
                _ => {}
            }
            max = self.defined.max;
        }
        if !self.needed.is_there {
            return None;
        }
        let found = self.needed.look_up(cx, file, entry, rt::text!("version need aux (3)"));
        if let Found::At(name) = found {
            return Some(Version { separator: "@", name: self.string(name), needed: Some(entry) });
        }
        (index > max.max(1)).then_some(Version { separator, name: CORRUPT, needed: None })
    }

    /// What a number of `SHT_GNU_versym` is called, if anything: by the version that is
    /// defined, or that is needed. An error where the former can't be read.
    pub fn called(
        &self,
        cx: &mut Context,
        file: &File,
        entry: u16,
    ) -> Result<Option<&'a [u8]>, Unreadable> {
        let index = entry & !VERSYM_HIDDEN;
        let [mut needed, mut defined] = [Found::No; 2];
        if self.needed.is_there {
            needed = self.needed.look_up(cx, file, entry, rt::text!("version need aux (2)"));
        }
        if index != 1 && self.defined.is_there {
            defined = self.defined.look_up(cx, file, index, rt::text!(""));
        }
        let name = |found: Found| match found {
            Found::At(at) => Some(c_str(self.strings, at.into())),
            _ => None,
        };
        match (name(needed), name(defined)) {
            _ if defined == Found::Unreadable => Err(Unreadable),
            (Some(Some(_)), Some(Some(_))) => Ok(Some(b"*both*")),
            (_, Some(name)) | (Some(name), None) => Ok(Some(name.unwrap_or(b"*invalid*"))),
            (None, None) => Ok(None),
        }
    }

    fn string(&self, at: u32) -> &'a [u8] {
        c_str(self.strings, at.into()).unwrap_or(CORRUPT)
    }
}

/// The record can't be read; that has been told.
pub struct Unreadable;

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

impl Names {
    /// The names of the versions that are defined. Each record lies behind the one before it,
    /// so this ends.
    #[inline(never)]
    fn define(&mut self, file: &File, address: u64) {
        let (mut offset, lost) = place(file, address, 20);
        (self.is_there, self.lost) = (true, lost);
        loop {
            let Some(verdef) = record::<Verdef>(file, offset) else {
                self.end = Some((20, rt::text!("version def")));
                return;
            };
            let aux = offset.wrapping_add(verdef.vd_aux.into());
            let name = match record::<Verdaux>(file, aux) {
                Some(aux) => Found::At(aux.vda_name),
                None => Found::Unreadable,
            };
            let is_base = verdef.vd_ndx == 1 && verdef.vd_flags == VER_FLG_BASE;
            self.add(verdef.vd_ndx, if is_base { Found::Base } else { name });
            self.max = self.max.max(verdef.vd_ndx & !VERSYM_HIDDEN);
            if verdef.vd_next == 0 {
                return;
            }
            offset = offset.wrapping_add(verdef.vd_next.into());
        }
    }

    /// The names of the versions that are needed. The records may overlap: there are no more
    /// of them than bytes.
    #[inline(never)]
    fn need(&mut self, file: &File, address: u64) {
        let (mut offset, lost) = place(file, address, 16);
        (self.is_there, self.lost) = (true, lost);
        let mut steps = file.elf.size();
        loop {
            let Some(verneed) = record::<Verneed>(file, offset) else {
                self.end = Some((16, rt::text!("version need")));
                return;
            };
            let mut at = offset.wrapping_add(verneed.vn_aux.into());
            loop {
                let Some(aux) = record::<Vernaux>(file, at) else {
                    self.cut = self.cut.saturating_add(1);
                    break;
                };
                self.add(aux.vna_other, Found::At(aux.vna_name));
                steps = steps.saturating_sub(1);
                if aux.vna_next == 0 || steps == 0 {
                    break;
                }
                at = at.wrapping_add(aux.vna_next.into());
            }
            if verneed.vn_next == 0 || steps == 0 {
                return;
            }
            offset = offset.wrapping_add(verneed.vn_next.into());
        }
    }
}
