//! `-r`.

use super::{begin_section, named, symbols};
use crate::context::Context;
use crate::readelf::file::File;
use crate::readelf::names::Name;
use crate::readelf::names::relocations::relocations;
use crate::readelf::relocs::{Form, Symbols, split, tables};
use rt::elf::consts::*;
use rt::elf::{Rel, Rela, Relr, Table};

pub fn relocs(cx: &mut Context, file: &File) {
    cx.json().array("relocations");
    if file.options.use_dynamic {
        let symbols = Symbols::of_dynamic(file);
        for (title, address, size, form) in tables(file) {
            let offset = file.locate(cx, address, size);
            cx.json().object("").words("table", title).number("address", address);
            rows(cx, file, form, (offset, size), &symbols);
        }
        cx.json().end_array();
        return;
    }
    let none = Symbols::none(file);
    // Many sections are linked with the same symbols.
    let (mut linked, mut symbols) = (0, None);
    for index in 0..file.sections.len() {
        let section = file.section(index);
        let Some(form) = Form::of_section(section.sh_type) else { continue };
        if section.sh_size == 0 {
            continue;
        }
        if form != Form::Relr && linked != section.sh_link {
            linked = section.sh_link;
            symbols = Symbols::of_section(cx, file, linked);
        }
        begin_section(cx, file, index, &section);
        let place = (section.sh_offset, section.sh_size);
        rows(cx, file, form, place, symbols.as_ref().unwrap_or(&none));
    }
    cx.json().end_array();
}

/// What the types are called that were needed last: a name is looked for long.
type Kinds = [(u32, Option<Name>); 64];

/// The form of a table and its entries, as the last members of an object.
fn rows(cx: &mut Context, file: &File, form: Form, at: (u64, u64), symbols: &Symbols) {
    let encoding = file.elf.encoding;
    let bytes = file.elf.bytes(at.0, at.1).unwrap_or_default();
    let name: &[u8] = match form {
        Form::Rel => b"REL",
        Form::Rela => b"RELA",
        Form::Relr => b"RELR",
    };
    cx.json().number("offset", at.0).words("form", name).array("entries");
    let mut kinds: Kinds = [(u32::MAX, None); 64];
    match form {
        Form::Rela => {
            for r in Table::<Rela>::packed(encoding, bytes).iter() {
                row(cx, file, symbols, &mut kinds, r.r_offset, r.r_info);
                cx.json().signed("r_addend", r.r_addend).end_object();
            }
        }
        Form::Rel => {
            for r in Table::<Rel>::packed(encoding, bytes).iter() {
                row(cx, file, symbols, &mut kinds, r.r_offset, r.r_info);
                cx.json().end_object();
            }
        }
        // What the bits of the entries stand for, one by one.
        Form::Relr => {
            for r_offset in Table::<Relr>::packed(encoding, bytes).addresses(encoding) {
                cx.json().object("").number("r_offset", r_offset).end_object();
            }
        }
    }
    cx.json().end_array().end_object();
}

fn row(
    cx: &mut Context,
    file: &File,
    symbols: &Symbols,
    kinds: &mut Kinds,
    r_offset: u64,
    r_info: u64,
) {
    let header = &file.elf.header;
    let (info, index, number) = split(file.elf.encoding, header.e_machine, r_info);
    let mut kind = |cx: &mut Context, key: &str, number: u32| {
        let Some(place) = kinds.get_mut(number as usize % 64) else { return };
        if place.0 != number || number == u32::MAX {
            let names = relocations(header.e_machine, header.e_ident.osabi(), header.e_flags);
            *place = (number, names.and_then(|names| names.get(number)));
        }
        named(cx, key, number.into(), place.1);
    };
    cx.json().object("").number("r_offset", r_offset).number("r_info", info);
    kind(cx, "r_type", number);
    if file.elf.encoding.is_64() && header.e_machine == EM_MIPS {
        kind(cx, "r_type2", info as u32 >> 8 & 0xff);
        kind(cx, "r_type3", info as u32 >> 16 & 0xff);
    }
    cx.json().number("r_sym", index.into());
    let symbol = symbols.symbols.table.get(index as usize).filter(|_| index != 0);
    if let Some(symbol) = symbol {
        let table = &symbols.symbols;
        cx.json().object("symbol");
        symbols::name(cx, file, table, symbols.strings, index as usize, &symbol);
        symbols::version(cx, file, symbols.versions.as_ref(), index as usize, &symbol);
        cx.json().number("st_value", symbol.st_value).end_object();
    }
}
