//! `-r`: the relocations of each relocation section or, with `-D`, of the tables that the
//! dynamic section names.

mod rows;

pub use rows::split;

use super::file::{self, File};
use super::symver::Versions;
use crate::context::Context;
use crate::readelf::text;
use crate::words::word;
use rt::elf::consts::*;
use rt::elf::{Encoding, Record, Rel, Rela, Relr, Table};
use rt::put;

pub fn show(cx: &mut Context, file: &File) -> bool {
    if file.options.use_dynamic {
        by_dynamic(cx, file);
    } else if !file.lacks_sections() {
        by_sections(cx, file);
    }
    true
}

/// What the entries of a table look like.
#[derive(Clone, Copy, PartialEq)]
pub enum Form {
    Rel,
    Rela,
    Relr,
}

impl Form {
    pub fn of_section(sh_type: u32) -> Option<Form> {
        match sh_type {
            SHT_REL => Some(Form::Rel),
            SHT_RELA => Some(Form::Rela),
            SHT_RELR => Some(Form::Relr),
            _ => None,
        }
    }

    fn size(self, encoding: Encoding) -> usize {
        match self {
            Form::Rel => Rel::size(encoding),
            Form::Rela => Rela::size(encoding),
            Form::Relr => Relr::size(encoding),
        }
    }
}

fn by_sections(cx: &mut Context, file: &File) {
    let mut found = false;
    let none = Symbols::none(file);
    // Many sections are linked with the same symbols.
    let mut last = None;
    for index in 0..file.sections.len() {
        let section = file.section(index);
        let Some(form) = Form::of_section(section.sh_type) else { continue };
        if section.sh_size == 0 {
            continue;
        }
        let (offset, size, link) = (section.sh_offset, section.sh_size, section.sh_link);
        let count = size / form.size(file.elf.encoding) as u64;
        put!(&mut cx.out, "\nRelocation section ");
        if file.has_names() {
            put!(&mut cx.out, "'", text::section(file.section_name(&section)), "'");
        } else {
            fill!(&mut cx.out, "%u", section.sh_name);
        }
        let entries: &[u8] = if count == 1 { b"entry" } else { b"entries" };
        fill!(&mut cx.out, " at offset %#x contains %u %s:\n", offset, count; entries);
        let mut symbols = &none;
        if form != Form::Relr && link != 0 && (link as usize) < file.sections.len() {
            if last.as_ref().is_none_or(|last: &Symbols| last.section != link) {
                // Where there are none, the next one may yet be linked with the last ones.
                if let Some(symbols) = Symbols::of_section(cx, file, link) {
                    last = Some(symbols);
                }
            }
            match &last {
                Some(last) if last.section == link => symbols = last,
                _ => continue,
            }
        }
        rows::show(cx, file, form, offset, size, symbols);
        found = true;
    }
    if found {
        return;
    }
    if tables(file).next().is_some() {
        put!(
            &mut cx.out,
            "\nThere are no static relocations in this file.\n\
             To see the dynamic relocations add --use-dynamic to the command line.\n"
        );
    } else {
        put!(&mut cx.out, "\nThere are no relocations in this file.\n");
    }
}

/// What the dynamic section may name.
const TABLES: &[u8] = b"REL RELA RELR PLT";

/// A table by its place in that list: title, address, size, form.
// Not inlined: it is called in several places.
#[inline(never)]
pub fn table(file: &File, place: usize) -> Option<(&'static [u8], u64, u64, Form)> {
    let title = word(TABLES, b' ', place)?;
    let (address, size, form) = match place {
        0 => (DT_REL, DT_RELSZ, Form::Rel),
        1 => (DT_RELA, DT_RELASZ, Form::Rela),
        2 => (DT_RELR, DT_RELRSZ, Form::Relr),
        _ => (DT_JMPREL, DT_PLTRELSZ, plt_form(file)),
    };
    Some((title, file.dynamic.value(address), file.dynamic.value(size), form))
}

/// All that aren't empty.
pub fn tables(file: &File) -> impl Iterator<Item = (&'static [u8], u64, u64, Form)> {
    (0..4).filter_map(|place| table(file, place)).filter(|&(_, _, size, _)| size != 0)
}

fn by_dynamic(cx: &mut Context, file: &File) {
    let symbols = Symbols::of_dynamic(file);
    let mut found = false;
    for (title, address, size, form) in tables(file) {
        fill!(
            &mut cx.out,
            "\n'%s' relocation section at offset %#x contains %ld bytes:\n",
            address,
            size;
            title
        );
        let offset = file.locate(cx, address, size);
        rows::show(cx, file, form, offset, size, &symbols);
        found = true;
    }
    if !found {
        put!(&mut cx.out, "\nThere are no dynamic relocations in this file.\n");
    }
}

/// The form of the PLT's relocations: `DT_PLTREL` or, where that says neither, what is
/// usual for the machine.
fn plt_form(file: &File) -> Form {
    match (file.dynamic.value(DT_PLTREL), file.elf.header.e_machine) {
        (RELA, _) => Form::Rela,
        (REL, _) => Form::Rel,
        (_, EM_386 | EM_IAMCU | EM_MIPS | EM_MIPS_RS3_LE | EM_960 | EM_ARM | EM_BPF) => Form::Rel,
        _ => Form::Rela,
    }
}

// Tags as values.
const RELA: u64 = DT_RELA as u64;
const REL: u64 = DT_REL as u64;

/// The symbols that relocations refer to, and their names.
pub struct Symbols<'a> {
    /// The section that holds them; 0 for none.
    pub section: u32,
    pub symbols: file::Symbols<'a>,
    /// None where no section is named that holds them.
    pub strings: Option<&'a [u8]>,
    /// Dynamic symbols may have versions.
    pub versions: Option<Versions<'a>>,
}

impl<'a> Symbols<'a> {
    pub fn none(file: &File<'a>) -> Self {
        let symbols = file::Symbols::new(Table::empty(file.elf.encoding));
        Symbols { section: 0, symbols, strings: None, versions: None }
    }

    /// The dynamic symbols.
    pub fn of_dynamic(file: &File<'a>) -> Self {
        let Some(symbols) = file.dynamic.symbols else { return Symbols::none(file) };
        let strings = file.dynamic.strings;
        let versions = Some(Versions::load(file, symbols.table.len(), strings));
        Symbols { section: 0, symbols, strings, versions }
    }

    /// The symbol table that a relocation section is linked with; none where it is of no use.
    pub fn of_section(cx: &mut Context, file: &File<'a>, index: u32) -> Option<Self> {
        let section = file.section(index as usize);
        if !matches!(section.sh_type, SHT_SYMTAB | SHT_DYNSYM) {
            return None;
        }
        let symbols = file.symbols(cx, index as usize)?;
        let mut strings = None;
        if section.sh_link != 0 {
            let Some(strtab) = file.sections.get(section.sh_link as usize) else {
                error!(cx, "Bad sh_link in symbol table section");
                return None;
            };
            strings = Some(file.read_section(cx, &strtab, rt::text!("string table"))?);
        }
        let dynamic = section.sh_type == SHT_DYNSYM;
        let versions = dynamic.then(|| Versions::load(file, symbols.table.len(), strings));
        Some(Symbols { section: index, symbols, strings, versions })
    }
}
