//! What the columns of a symbol table call the numbers of a symbol.

use super::file::File;
use super::names::label::Label;
use super::names::symbols;
use crate::colour::Sgr;
use crate::context::Context;
use rt::elf::consts::*;
use rt::fmt::{dec, left, right};
use rt::put;
use rt::row::{Cell, SymbolColumns};

/// Everything that the rows of a table have in common; `plain` where names are printed as they are.
pub fn columns(file: &File, plain: bool) -> SymbolColumns {
    let mut columns = SymbolColumns {
        cells: [Cell::default(); 36],
        value_digits: file.elf.encoding.word() * 2,
        large: if file.options.symbol_base == 0 { 100_000 } else { 0 },
        // Without sections no number of one is too large.
        sections: file.shnum().checked_sub(1).map_or(u32::MAX, |last| last + 1),
        plain,
    };
    let (machine, osabi) = (file.elf.header.e_machine, file.elf.header.e_ident.osabi());
    for (place, cell) in columns.cells.iter_mut().enumerate() {
        let number = place as u8 & 15;
        match place {
            ..SymbolColumns::BINDS => {
                let sgr = match number {
                    STT_FUNC | STT_GNU_IFUNC => Sgr::Green,
                    STT_OBJECT | STT_COMMON | STT_TLS => Sgr::Yellow,
                    _ => Sgr::Dim,
                };
                fill(cell, &symbols::symbol_type(number, machine, osabi), 7, file, Some(sgr));
            }
            SymbolColumns::BINDS..SymbolColumns::VISIBILITIES => {
                let sgr = match number {
                    STB_LOCAL => Sgr::Dim,
                    STB_GLOBAL => Sgr::Bold,
                    _ => Sgr::Magenta,
                };
                fill(cell, &symbols::binding(number, osabi), 6, file, Some(sgr));
            }
            _ => fill(cell, &symbols::visibility(number, ELFOSABI_NONE), 7, file, None),
        }
    }
    columns
}

/// `%-*s `, in a colour, but for the space after it; longer words than a cell has room for
/// are plain.
fn fill(cell: &mut Cell, name: &Label, width: usize, file: &File, sgr: Option<Sgr>) {
    const SEQUENCES: usize = 8;
    let name = name.as_ref();
    let len = name.len().max(width);
    let fits = file.options.colour.is_on() && len + SEQUENCES < Cell::ROOM;
    let sgr = sgr.filter(|_| fits);
    cell.bytes = [b' '; Cell::ROOM];
    let mut put = |at: usize, text: &[u8]| {
        cell.bytes.iter_mut().skip(at).zip(text).for_each(|(place, byte)| *place = *byte);
    };
    cell.len = len + 1;
    let Some(sgr) = sgr else { return put(0, name) };
    let begin = sgr.sequence();
    put(0, &begin);
    put(begin.len(), name);
    put(begin.len() + len, Sgr::END);
    cell.len += SEQUENCES;
}

/// An `st_other` that is more than a visibility: that, and in brackets what its other bits
/// mean to a machine. Solaris has more visibilities instead.
#[cold]
pub fn other(cx: &mut Context, file: &File, st_other: u8) {
    let header = &file.elf.header;
    let osabi = header.e_ident.osabi();
    let unknown = |label: &Label| label.as_ref() == symbols::UNKNOWN.as_bytes();
    let visibility = symbols::visibility(st_other, osabi);
    if unknown(&visibility) {
        error!(cx, "Unrecognized visibility value: ", dec(st_other));
    }
    put!(&mut cx.out, left(&visibility, 7), " ");
    if let Some(other) = symbols::other(st_other, header.e_machine, osabi) {
        if unknown(&other) {
            error!(cx, "Unrecognized alpha specific other value: ", dec(st_other & !3));
        }
        put!(&mut cx.out, "[", other.as_ref(), "] ");
    }
    cx.out.fill(b' ', usize::from(osabi != ELFOSABI_SOLARIS));
}

/// A number that is none of a section: `%4s`.
pub fn special_index(cx: &mut Context, file: &File, st_shndx: u16) {
    let header = &file.elf.header;
    let name = symbols::special_section(st_shndx, header.e_machine, header.e_ident.osabi());
    put!(&mut cx.out, name.as_ref().map(|name| right(name, 4)));
}
