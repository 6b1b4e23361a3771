//! `-r`.

use super::{begin_section, each_section, symbols};
use crate::context::Context;
use crate::readelf::contents::relocate;
use crate::readelf::file::File;
use crate::readelf::names::Name;
use crate::readelf::names::relocations::relocations;
use crate::readelf::relocs::{Form, Symbols, split, tables};
use rt::elf::consts::*;
use rt::elf::{Relr, Table};

#[inline(never)]
pub fn relocs(cx: &mut Context, file: &File) {
    if file.options.use_dynamic {
        let symbols = Symbols::of_dynamic(file);
        for (title, address, size, form) in tables(file) {
            let offset = file.locate(cx, address, size);
            cx.json().fill("{table$address ", &[address], &[Some(title)]);
            rows(cx, file, form, (offset, size), &symbols);
        }
        return;
    }
    let none = Symbols::none(file);
    // Many sections are linked with the same symbols.
    let (mut linked, mut symbols) = (0, None);
    each_section(cx, file, &mut |cx, index, section| {
        let Some(form) = Form::of_section(section.sh_type) else { return };
        if section.sh_size == 0 {
            return;
        }
        if form != Form::Relr && linked != section.sh_link {
            linked = section.sh_link;
            symbols = Symbols::of_section(cx, file, linked);
        }
        begin_section(cx, file, index, section);
        let place = (section.sh_offset, section.sh_size);
        rows(cx, file, form, place, symbols.as_ref().unwrap_or(&none));
    });
}

/// What the types are called that were needed last: a name is looked for long.
type Kinds = [(u32, Option<Name>); 64];

/// The form of a table and its entries, as the last members of an object.
#[inline(never)]
fn rows(cx: &mut Context, file: &File, form: Form, at: (u64, u64), symbols: &Symbols) {
    let encoding = file.elf.encoding;
    let bytes = file.elf.bytes(at.0, at.1).unwrap_or_default();
    let name: &[u8] = match form {
        Form::Rel => b"REL",
        Form::Rela => b"RELA",
        Form::Relr => b"RELR",
    };
    cx.json().fill("offset form$entries[", &[at.0], &[Some(name)]);
    if form == Form::Relr {
        // What the bits of the entries stand for, one by one.
        for r_offset in Table::<Relr>::packed(encoding, bytes).addresses(encoding) {
            cx.json().numbers("{r_offset }", &[r_offset]);
        }
    } else {
        let mut kinds: Kinds = [(u32::MAX, None); 64];
        relocate::each(file, bytes, form == Form::Rela, &mut |r_offset, r_info, r_addend| {
            row(cx, file, symbols, &mut kinds, [r_offset, r_info]);
            if let Some(addend) = r_addend {
                cx.json().key(b"r_addend").signed(rt::text!(""), addend);
            }
            cx.json().end_object();
        });
    }
    cx.json().end_array().end_object();
}

fn row(cx: &mut Context, file: &File, symbols: &Symbols, kinds: &mut Kinds, place: [u64; 2]) {
    let header = &file.elf.header;
    let [r_offset, r_info] = place;
    let (info, index, number) = split(file.elf.encoding, header.e_machine, r_info);
    let mut kind = |cx: &mut Context, key: &[u8], number: u32| {
        let Some(place) = kinds.get_mut(number as usize % 64) else { return };
        if place.0 != number || number == u32::MAX {
            let names = relocations(header.e_machine, header.e_ident.osabi(), header.e_flags);
            *place = (number, names.and_then(|names| names.get(number)));
        }
        cx.json().digits(key, number.into());
        if let Some(name) = &place.1 {
            cx.json().beside(key, name);
        }
    };
    cx.json().numbers("{r_offset r_info", &[r_offset, info]);
    kind(cx, b"r_type", number);
    if file.elf.encoding.is_64() && header.e_machine == EM_MIPS {
        kind(cx, b"r_type2", info as u32 >> 8 & 0xff);
        kind(cx, b"r_type3", info as u32 >> 16 & 0xff);
    }
    cx.json().digits(b"r_sym", index.into());
    let symbol = symbols.symbols.table.get(index as usize).filter(|_| index != 0);
    if let Some(symbol) = symbol {
        symbols::called(
            cx.json().fill("symbol{", &[], &[]),
            file,
            symbols,
            index as usize,
            &symbol,
        );
        cx.json().digits(b"st_value", symbol.st_value);
        cx.json().end_object();
    }
}
