//! What the columns of a symbol table call the numbers of a symbol.

use super::file::File;
use super::names::label::Label;
use super::names::symbols;
use crate::colour::{Colour, Sgr};
use crate::context::Context;
use rt::elf::consts::*;
use rt::fmt::{dec, left, right};
use rt::put;

/// The text of a column, filled up to its width.
#[derive(Clone, Copy)]
pub struct Cell {
    pub bytes: [u8; Cell::ROOM],
    pub len: usize,
}

impl Cell {
    /// `<processor specific>: 15` and the space after it are 25; a colour takes 8 more, for
    /// which only shorter ones have room.
    pub const ROOM: usize = 32;

    /// `%-*s `
    fn new(name: &Label, width: usize) -> Cell {
        let name = name.as_ref();
        let mut bytes = [b' '; Cell::ROOM];
        bytes.iter_mut().zip(name).for_each(|(place, byte)| *place = *byte);
        Cell { bytes, len: name.len().max(width) + 1 }
    }

    /// In a colour, but for the space after it.
    fn painted(self, colour: Colour, sgr: Sgr) -> Cell {
        let (begin, end) = (sgr.sequence(), Sgr::END);
        if !colour.is_on() || self.len + begin.len() + end.len() > Cell::ROOM {
            return self;
        }
        let text = self.bytes.iter().take(self.len - 1);
        let all = begin.iter().chain(text).chain(end);
        let mut bytes = [b' '; Cell::ROOM];
        bytes.iter_mut().zip(all).for_each(|(place, byte)| *place = *byte);
        Cell { bytes, len: self.len + begin.len() + end.len() }
    }
}

/// `STT_*`
pub fn kind(colour: Colour, machine: u16, osabi: u8, number: u8) -> Cell {
    let sgr = match number {
        STT_FUNC | STT_GNU_IFUNC => Sgr::Green,
        STT_OBJECT | STT_COMMON | STT_TLS => Sgr::Yellow,
        _ => Sgr::Dim,
    };
    Cell::new(&symbols::symbol_type(number, machine, osabi), 7).painted(colour, sgr)
}

/// `STB_*`
pub fn bind(colour: Colour, osabi: u8, number: u8) -> Cell {
    let sgr = match number {
        STB_LOCAL => Sgr::Dim,
        STB_GLOBAL => Sgr::Bold,
        _ => Sgr::Magenta,
    };
    Cell::new(&symbols::binding(number, osabi), 6).painted(colour, sgr)
}

/// `STV_*`
pub fn visibility(number: u8) -> Cell {
    Cell::new(&symbols::visibility(number, ELFOSABI_NONE), 7)
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
