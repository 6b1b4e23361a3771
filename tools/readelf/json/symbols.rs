//! `-s`, `--dyn-syms`, `--lto-syms`.

use super::{begin_section, each_section};
use crate::context::Context;
use crate::readelf::file::{self, File};
use crate::readelf::lto;
use crate::readelf::names::label::Label;
use crate::readelf::names::symbols as names;
use crate::readelf::relocs::Symbols;
use crate::readelf::symver::Versions;
use alloc::vec::Vec;
use rt::elf::consts::*;
use rt::elf::{Symbol, c_str};

pub fn symbols(cx: &mut Context, file: &File) {
    let options = file.options;
    if options.use_dynamic && options.symbols && file.dynamic.symbols.is_some() {
        cx.json().fill("{section$", &[], &[None]);
        table(cx, file, &Symbols::of_dynamic(file));
    }
    if options.use_dynamic && !options.dynamic_symbols {
        return;
    }
    each_section(cx, file, &mut |cx, index, section| {
        let dynamic = section.sh_type == SHT_DYNSYM;
        let wanted = dynamic || (section.sh_type == SHT_SYMTAB && options.symbols);
        if !wanted {
            return;
        }
        begin_section(cx, file, index, section);
        let symbols = file.symbols(cx, index);
        let symbols =
            symbols.unwrap_or(file::Symbols::new(rt::elf::Table::empty(file.elf.encoding)));
        let strings = Some(file.linked_strings(section)).filter(|s| !s.is_empty());
        let versions = dynamic.then(|| Versions::load(file, symbols.table.len(), strings));
        table(cx, file, &Symbols { section: 0, symbols, strings, versions });
    });
}

/// The symbols of one table, as the last member of an object.
#[inline(never)]
fn table(cx: &mut Context, file: &File, symbols: &Symbols) {
    let (machine, osabi) = (file.elf.header.e_machine, file.elf.header.e_ident.osabi());
    // Each name is looked for once: those of 16 types, of 16 bindings, of 4 visibilities.
    let mut labels = Vec::with_capacity(36);
    for number in 0..36 {
        labels.push(match number {
            0..16 => names::symbol_type(number, machine, osabi),
            16..32 => names::binding(number - 16, osabi),
            _ => names::visibility(number - 32, ELFOSABI_NONE),
        });
    }
    cx.json().array(rt::text!("symbols"));
    for (index, symbol) in symbols.symbols.table.iter().enumerate() {
        row(cx, file, symbols, &labels, index, &symbol);
    }
    cx.json().end_array().end_object();
}

#[inline(never)]
fn row(
    cx: &mut Context,
    file: &File,
    symbols: &Symbols,
    labels: &[Label],
    index: usize,
    symbol: &Symbol,
) {
    cx.json().object(rt::text!("")).digits(b"index", index as u64);
    called(cx, file, symbols, index, symbol);
    let label = |number: u8| labels.get(usize::from(number)).map(Label::as_ref);
    let labels = [label(16 + symbol.bind()), label(symbol.kind()), label(32 + symbol.visibility())];
    let (name, info) = (symbol.st_name.into(), symbol.st_info.into());
    let (other, section) = (symbol.st_other.into(), symbol.st_shndx.into());
    let numbers = [name, symbol.st_value, symbol.st_size, info, other, section];
    let keys = "st_name st_value st_size st_info st_bind_name'st_type_name'st_other \
        st_visibility_name'st_shndx";
    let json = cx.json().fill(keys, &numbers, &labels);
    let special = matches!(symbol.st_shndx, SHN_UNDEF | SHN_LORESERVE..);
    if special && symbol.st_shndx != SHN_XINDEX {
        let header = &file.elf.header;
        let osabi = header.e_ident.osabi();
        if let Some(name) = &names::special_section(symbol.st_shndx, header.e_machine, osabi) {
            json.words(rt::text!("st_shndx_name"), name.as_ref());
        }
    } else {
        let number = symbols.symbols.section_of(index, symbol);
        if let Some(section) = &file.sections.get(number as usize) {
            super::section(json, file, number, section);
        }
    }
    json.end_object();
}

/// The member `name`: the symbol's own, or that of the section that it stands for; then
/// `version` and `version_default`, where it has one.
#[inline(never)]
pub fn called(cx: &mut Context, file: &File, symbols: &Symbols, index: usize, symbol: &Symbol) {
    let mut name = symbols.strings.and_then(|strings| c_str(strings, symbol.st_name.into()));
    let reserved = matches!(symbol.st_shndx, SHN_LORESERVE..) && symbol.st_shndx != SHN_XINDEX;
    if symbol.st_name == 0 && symbol.kind() == STT_SECTION && !reserved {
        let section = file.sections.get(symbols.symbols.section_of(index, symbol) as usize);
        name = section.and_then(|section| file.real_name(&section));
    }
    match name {
        Some(name) => cx.json().bytes(b"name", name),
        None => _ = cx.json().null(rt::text!("name")),
    }
    if let Some(versions) = &symbols.versions
        && let Some(version) = versions.of(cx, file, index, symbol)
    {
        cx.json().bytes(b"version", version.name);
        cx.json().bool(rt::text!("version_default"), version.separator == "@@");
    }
}

pub fn lto(cx: &mut Context, file: &File) {
    each_section(cx, file, &mut |cx, index, section| {
        let Some(suffix) = file.section_name(section).strip_prefix(lto::PREFIX) else { return };
        begin_section(cx, file, index, section);
        let extension = file.sections.iter().find(|other| {
            let rest = file.section_name(other).strip_prefix(lto::EXTENSION);
            rest.is_some_and(|rest| rest == suffix)
        });
        let extension = extension.and_then(|s| lto::extension_data(cx, file, &s));
        let json = cx.json();
        json.array(rt::text!("symbols"));
        lto_symbols(json, file, file.data(section), extension.unwrap_or_default());
        json.end_array().end_object();
    });
}

/// The symbols of a table for link-time optimization, with two bytes for each in another one.
fn lto_symbols(json: &mut Context, file: &File, bytes: Option<&[u8]>, extension: &[u8]) {
    let mut extension = extension.chunks_exact(2);
    let mut bytes = bytes.unwrap_or_default();
    while let Some((symbol, rest)) = lto::Symbol::read(file, bytes) {
        bytes = rest;
        lto_symbol(json, &symbol, extension.next());
    }
}

#[inline(never)]
fn lto_symbol(json: &mut Context, symbol: &lto::Symbol, extension: Option<&[u8]>) {
    json.fill("{name$comdat_key$", &[], &[Some(symbol.name), Some(symbol.key)]);
    named(json, rt::text!("kind"), lto::KINDS, symbol.kind);
    named(json, rt::text!("visibility"), lto::VISIBILITIES, symbol.visibility);
    if let Some([kind, section]) = extension {
        named(json, rt::text!("type"), lto::TYPES, *kind);
        json.number(rt::text!("section_kind"), (*section).into());
    }
    json.numbers("size slot }", &[symbol.size, symbol.slot.into()]);
}

#[inline(never)]
fn named(json: &mut Context, key: rt::text::Text, names: &'static [u8], number: u8) {
    json.number(key, number.into());
    if let Some(name) = lto::called(names, number.into()) {
        json.beside(key, &name);
    }
}
