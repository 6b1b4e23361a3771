//! The version of a dynamic symbol: what follows its name as `@VERSION`.

use super::file::File;
use crate::context::Context;
use alloc::vec::Vec;
use rt::elf::consts::*;
use rt::elf::{Reader, Record, Symbol, Verdaux, Verdef, Vernaux, Verneed, c_str};
use rt::fmt::Put;
use rt::io::BufWriter;
use rt::put;

/// A symbol's version.
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

/// All versions that a file defines or needs, by number.
///
/// GNU readelf follows the chains again for each symbol, and tells each time what is wrong
/// with them; here they are read, and that is told, once.
pub struct Versions<'a> {
    /// A number for each symbol: from the address in `DT_VERSYM` to its segment's end.
    numbers: Option<Reader<'a>>,
    /// Names as offsets of strings. What is defined may have a name that can't be read.
    defined: Vec<Option<Option<u32>>>,
    needed: Vec<Option<u32>>,
    /// Whether the file has a table of versions that it needs.
    needs: bool,
    strings: &'a [u8],
}

/// `vs_vers`: not the default version.
const VERSYM_HIDDEN: u16 = 0x8000;

const CORRUPT: &[u8] = b"<corrupt>";

impl<'a> Versions<'a> {
    /// No symbol has a version.
    pub fn none() -> Self {
        let (defined, needed) = (Vec::new(), Vec::new());
        Versions { numbers: None, defined, needed, needs: false, strings: &[] }
    }

    /// Reads the tables that the dynamic section names.
    pub fn load(cx: &mut Context, file: &File<'a>) -> Self {
        let mut versions = Versions::none();
        let [versym, verdef, verneed] =
            [DT_VERSYM, DT_VERDEF, DT_VERNEED].map(|tag| file.dynamic.value(tag));
        if versym == 0 {
            return versions;
        }
        let offset = file.locate(cx, versym, 2);
        if file.read(cx, offset, 2, "version data").is_none() {
            return versions;
        }
        let numbers = file.elf.bytes(offset, file.elf.size().saturating_sub(offset));
        versions.numbers = numbers.map(|bytes| Reader::new(file.elf.encoding, bytes));
        versions.strings = file.dynamic.strings.unwrap_or_default();
        if verdef != 0 {
            versions.load_defined(cx, file, verdef);
        }
        if verneed != 0 {
            versions.needs = true;
            versions.load_needed(cx, file, verneed);
        }
        versions
    }

    fn load_defined(&mut self, cx: &mut Context, file: &File, address: u64) {
        let mut at = file.locate(cx, address, 20);
        // The chain only leads onwards, so it ends with the file.
        while let Some(verdef) = record::<Verdef>(cx, file, at, "version def") {
            let aux = at.wrapping_add(verdef.vd_aux.into());
            let aux = file.elf.bytes(aux, Verdaux::size(file.elf.encoding) as u64);
            let aux = aux.and_then(|bytes| Verdaux::decode(file.elf.encoding, bytes));
            enter(&mut self.defined, verdef.vd_ndx, aux.map(|aux| aux.vda_name));
            if verdef.vd_next == 0 {
                break;
            }
            at = at.wrapping_add(verdef.vd_next.into());
        }
    }

    fn load_needed(&mut self, cx: &mut Context, file: &File, address: u64) {
        let mut at = file.locate(cx, address, 16);
        // The records of one file may overlap those of the next: no more steps in all than
        // there are bytes.
        let mut steps = file.elf.size();
        while let Some(verneed) = record::<Verneed>(cx, file, at, "version need") {
            let mut aux_at = at.wrapping_add(verneed.vn_aux.into());
            while let Some(aux) = record::<Vernaux>(cx, file, aux_at, "version need aux (3)") {
                enter(&mut self.needed, aux.vna_other, aux.vna_name);
                steps = steps.saturating_sub(1);
                if aux.vna_next == 0 || steps == 0 {
                    break;
                }
                aux_at = aux_at.wrapping_add(aux.vna_next.into());
            }
            if verneed.vn_next == 0 || steps == 0 {
                break;
            }
            at = at.wrapping_add(verneed.vn_next.into());
        }
    }

    /// The version of the dynamic symbol with this index.
    #[inline]
    pub fn of(&self, index: u32, symbol: &Symbol) -> Option<Version<'a>> {
        let number = self.numbers?.u16(index as usize * 2)?;
        // 0 is local, 1 the file itself.
        if number & !VERSYM_HIDDEN <= 1 {
            return None;
        }
        let separator = if number & VERSYM_HIDDEN != 0 { "@" } else { "@@" };
        let name = |at: u32| c_str(self.strings, at.into()).unwrap_or(CORRUPT);
        if symbol.st_shndx != SHN_UNDEF
            && let Some(&Some(defined)) = self.defined.get(usize::from(number & !VERSYM_HIDDEN))
        {
            // The symbol that names a version has no version itself.
            let at = defined.filter(|&at| at != symbol.st_name)?;
            return Some(Version { separator, name: name(at), needed: None });
        }
        if !self.needs {
            return None;
        }
        Some(match self.needed.get(usize::from(number)) {
            Some(&Some(at)) => Version { separator: "@", name: name(at), needed: Some(number) },
            _ => Version { separator, name: CORRUPT, needed: None },
        })
    }
}

/// A record at an offset of the file.
fn record<T: Record>(cx: &mut Context, file: &File, at: u64, what: &'static str) -> Option<T> {
    let encoding = file.elf.encoding;
    T::decode(encoding, file.read(cx, at, T::size(encoding) as u64, what)?)
}

/// The first one with a number counts.
fn enter<T: Clone>(table: &mut Vec<Option<T>>, number: u16, entry: T) {
    let index = usize::from(number);
    if index >= table.len() {
        table.resize(index + 1, None);
    }
    if let Some(place @ None) = table.get_mut(index) {
        *place = Some(entry);
    }
}
