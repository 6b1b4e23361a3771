//! `-s`, `--dyn-syms`, `--lto-syms`.

use super::begin_section;
use crate::context::Context;
use crate::readelf::file::{File, Symbols};
use crate::readelf::lto;
use crate::readelf::names::label::Label;
use crate::readelf::names::symbols as names;
use crate::readelf::symver::Versions;
use alloc::vec::Vec;
use rt::elf::consts::*;
use rt::elf::{Symbol, c_str};

pub fn symbols(cx: &mut Context, file: &File) {
    let options = file.options;
    cx.json().array("symbol_tables");
    if let Some(symbols) = &file.dynamic.symbols
        && (options.symbols && options.use_dynamic)
    {
        let strings = file.dynamic.strings;
        let versions = Versions::load(file, symbols.table.len(), strings);
        cx.json().object("").null("section");
        table(cx, file, symbols, strings, Some(&versions));
    }
    if options.dynamic_symbols || !options.use_dynamic {
        for index in 0..file.sections.len() {
            let section = file.section(index);
            let dynamic = section.sh_type == SHT_DYNSYM;
            let wanted = dynamic || (section.sh_type == SHT_SYMTAB && options.symbols);
            if !wanted {
                continue;
            }
            begin_section(cx, file, index, &section);
            let symbols = file.symbols(cx, index);
            let symbols = symbols.unwrap_or(Symbols::new(rt::elf::Table::empty(file.elf.encoding)));
            let strings = Some(file.linked_strings(&section)).filter(|s| !s.is_empty());
            let versions = dynamic.then(|| Versions::load(file, symbols.table.len(), strings));
            table(cx, file, &symbols, strings, versions.as_ref());
        }
    }
    cx.json().end_array();
}

/// The symbols of one table, as the last member of an object.
fn table<'a>(
    cx: &mut Context,
    file: &File<'a>,
    symbols: &Symbols,
    strings: Option<&'a [u8]>,
    versions: Option<&Versions<'a>>,
) {
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
    let named = |json: &mut Context, key: &str, number: u8| {
        let label = labels.get(usize::from(number)).map(Label::as_ref);
        json.words(key, label.unwrap_or_default());
    };
    cx.json().array("symbols");
    for (index, symbol) in symbols.table.iter().enumerate() {
        cx.json().object("").number("index", index as u64);
        name(cx, file, symbols, strings, index, &symbol);
        version(cx, file, versions, index, &symbol);
        let json = cx.json();
        let (name, info) = (symbol.st_name.into(), symbol.st_info.into());
        let numbers = [name, symbol.st_value, symbol.st_size, info];
        json.numbers("st_name st_value st_size st_info", &numbers);
        named(json, "st_bind_name", 16 + symbol.bind());
        named(json, "st_type_name", symbol.kind());
        json.number("st_other", symbol.st_other.into());
        named(json, "st_visibility_name", 32 + symbol.visibility());
        json.number("st_shndx", symbol.st_shndx.into());
        let special = matches!(symbol.st_shndx, SHN_UNDEF | SHN_LORESERVE..);
        if special && symbol.st_shndx != SHN_XINDEX {
            if let Some(name) = names::special_section(symbol.st_shndx, machine, osabi) {
                json.words("st_shndx_name", name.as_ref());
            }
        } else {
            let number = symbols.section_of(index, &symbol);
            if let Some(section) = file.sections.get(number as usize) {
                super::section(json, file, number, &section);
            }
        }
        cx.json().end_object();
    }
    cx.json().end_array().end_object();
}

/// The member `name`: the symbol's own, or that of the section that it stands for.
pub fn name(
    cx: &mut Context,
    file: &File,
    symbols: &Symbols,
    strings: Option<&[u8]>,
    index: usize,
    symbol: &Symbol,
) {
    let mut name = strings.and_then(|strings| c_str(strings, symbol.st_name.into()));
    let reserved = matches!(symbol.st_shndx, SHN_LORESERVE..) && symbol.st_shndx != SHN_XINDEX;
    if symbol.st_name == 0 && symbol.kind() == STT_SECTION && !reserved {
        let section = file.sections.get(symbols.section_of(index, symbol) as usize);
        name = section.and_then(|section| file.real_name(&section));
    }
    cx.json().text_or_null("name", name);
}

/// The members `version` and `version_default`, where the symbol has one.
pub fn version(
    cx: &mut Context,
    file: &File,
    versions: Option<&Versions>,
    index: usize,
    symbol: &Symbol,
) {
    let version = versions.and_then(|versions| versions.of(cx, file, index, symbol));
    if let Some(version) = version {
        cx.json().text("version", version.name).bool("version_default", version.separator == "@@");
    }
}

pub fn lto(cx: &mut Context, file: &File) {
    cx.json().array("lto_symbol_tables");
    for index in 0..file.sections.len() {
        let section = file.section(index);
        let Some(suffix) = file.section_name(&section).strip_prefix(lto::PREFIX) else { continue };
        begin_section(cx, file, index, &section);
        let extension = file.sections.iter().find(|other| {
            let rest = file.section_name(other).strip_prefix(lto::EXTENSION);
            rest.is_some_and(|rest| rest == suffix)
        });
        let extension = extension.and_then(|s| lto::extension_data(cx, file, &s));
        let mut extension = extension.unwrap_or_default().chunks_exact(2);
        let mut bytes = file.data(&section).unwrap_or_default();
        cx.json().array("symbols");
        while let Some((symbol, rest)) = lto::Symbol::read(file, bytes) {
            bytes = rest;
            let json = cx.json();
            json.object("").text("name", symbol.name).text("comdat_key", symbol.key);
            let mut named = |key: &str, names: &'static [u8], number: u8| {
                json.number(key, number.into());
                if let Some(name) = lto::called(names, number.into()) {
                    json.beside(key, &name);
                }
            };
            named("kind", lto::KINDS, symbol.kind);
            named("visibility", lto::VISIBILITIES, symbol.visibility);
            if let Some([kind, section]) = extension.next() {
                named("type", lto::TYPES, *kind);
                cx.json().number("section_kind", (*section).into());
            }
            let place = [symbol.size, symbol.slot.into()];
            cx.json().numbers("size slot", &place).end_object();
        }
        cx.json().end_array().end_object();
    }
    cx.json().end_array();
}
