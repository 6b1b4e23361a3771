//! What the columns of a symbol table call the numbers of a symbol.

use super::file::File;
use super::names::label::Label;
use super::names::symbols;
use crate::colour::{Colour, Sgr};
use crate::context::Context;
use rt::elf::consts::*;
use rt::fmt::{dec, left, right};
use rt::put;
use rt::row::Cell;

/// `%-*s `, in a colour, but for the space after it; longer words than a cell has room for
/// are plain.
fn cell(name: &Label, width: usize, colour: Colour, sgr: Sgr) -> Cell {
    let name = name.as_ref();
    let len = name.len().max(width);
    let sequence = sgr.sequence();
    let (mut begin, mut end) = (&sequence[..], &Sgr::END[..]);
    if !colour.is_on() || begin.len() + len + end.len() >= Cell::ROOM {
        (begin, end) = (&[], &[]);
    }
    let padded = name.iter().chain(core::iter::repeat(&b' ')).take(len);
    let mut bytes = [b' '; Cell::ROOM];
    let all = begin.iter().chain(padded).chain(end);
    bytes.iter_mut().zip(all).for_each(|(place, byte)| *place = *byte);
    Cell { bytes, len: begin.len() + len + end.len() + 1 }
}

/// `STT_*`
pub fn kind(colour: Colour, machine: u16, osabi: u8, number: u8) -> Cell {
    let sgr = match number {
        STT_FUNC | STT_GNU_IFUNC => Sgr::Green,
        STT_OBJECT | STT_COMMON | STT_TLS => Sgr::Yellow,
        _ => Sgr::Dim,
    };
    cell(&symbols::symbol_type(number, machine, osabi), 7, colour, sgr)
}

/// `STB_*`
pub fn bind(colour: Colour, osabi: u8, number: u8) -> Cell {
    let sgr = match number {
        STB_LOCAL => Sgr::Dim,
        STB_GLOBAL => Sgr::Bold,
        _ => Sgr::Magenta,
    };
    cell(&symbols::binding(number, osabi), 6, colour, sgr)
}

/// `STV_*`
pub fn visibility(number: u8) -> Cell {
    cell(&symbols::visibility(number, ELFOSABI_NONE), 7, Colour::default(), Sgr::Dim)
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
}

/// A number that is none of a section: `%4s`.
pub fn special_index(cx: &mut Context, file: &File, st_shndx: u16) {
    let header = &file.elf.header;
    let name = symbols::special_section(st_shndx, header.e_machine, header.e_ident.osabi());
    put!(&mut cx.out, name.as_ref().map(|name| right(name, 4)));
}
