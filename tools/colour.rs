//! `--color`: whether output is coloured, and the escape sequences that do it.

use crate::words::place;
use rt::fmt::Put;
use rt::io::{BufWriter, is_terminal, stdout};

/// The colours that output is written in, or that it is written in none.
#[derive(Clone, Copy, Default)]
pub struct Colour {
    on: bool,
}

/// Select Graphic Rendition: one of the terminal's ways of writing, by its number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sgr {
    Bold = 1,
    Dim = 2,
    Red = 31,
    Green = 32,
    Yellow = 33,
    Blue = 34,
    Magenta = 35,
    Cyan = 36,
}

impl Colour {
    /// As an option's value says: `always`, `never`, or `auto`, which nothing stands for too:
    /// on a terminal, unless the environment has a `NO_COLOR` that isn't empty
    /// (<https://no-color.org>) or the terminal is `dumb`. None where it is something else.
    pub fn chosen(value: Option<&[u8]>) -> Option<Colour> {
        let on = match place(b"auto always never", value.unwrap_or(b"auto"))? {
            0 => Colour::wanted(),
            place => place == 1,
        };
        Some(Colour { on })
    }

    /// What an applet does without being told.
    pub fn auto() -> Colour {
        Colour { on: Colour::wanted() }
    }

    fn wanted() -> bool {
        let is = |name, no: fn(&[u8]) -> bool| rt::env::var(name).is_some_and(no);
        // The terminal first: in a pipe the environment need not be searched.
        is_terminal(stdout())
            && !is("NO_COLOR", |value| !value.is_empty())
            && !is("TERM", |value| value == b"dumb")
    }

    /// Whether there is any colour.
    pub fn is_on(self) -> bool {
        self.on
    }

    /// An item between the sequences that begin and end a colour.
    pub fn paint<T: Put>(self, sgr: Sgr, item: T) -> Painted<T> {
        Painted { colour: self, sgr, item }
    }

    /// Begins a colour, if there are any.
    pub fn begin(self, out: &mut BufWriter, sgr: Sgr) {
        if self.on {
            out.bytes(&sgr.sequence());
        }
    }

    /// Ends a colour.
    pub fn end(self, out: &mut BufWriter) {
        if self.on {
            out.bytes(Sgr::END);
        }
    }
}

impl Sgr {
    /// What ends any colour.
    pub const END: &'static [u8; 3] = b"\x1b[m";

    /// What begins it: `ESC [ 3 1 m`.
    pub fn sequence(self) -> [u8; 5] {
        let number = self as u8;
        [0x1b, b'[', b'0' + number / 10, b'0' + number % 10, b'm']
    }
}

/// An item in a colour, if there are any: see [`Colour::paint`].
pub struct Painted<T> {
    colour: Colour,
    sgr: Sgr,
    item: T,
}

impl<T: Put> Put for Painted<T> {
    fn put(&self, out: &mut BufWriter) {
        self.colour.begin(out, self.sgr);
        self.item.put(out);
        self.colour.end(out);
    }
}
