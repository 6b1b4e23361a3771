//! Demangling: the names of C++, Rust, D and Ada symbols as people write them.
//!
//! What is printed is what GNU's demangler prints, byte for byte (2.40), and what that
//! leaves alone is left alone. Names come from files that nobody vouches for: a name is
//! worked on within fixed limits of depth, steps and output; beyond them it is left alone
//! as well.
//!
//! A crate of its own because it allocates, which `rt` leaves to the program: a
//! [`Demangler`] keeps its memory, which is bounded, from one name to the next.

#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod cursor;
mod dlang;
mod gnat;
mod itanium;
mod rust_legacy;
mod rust_v0;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

/// Whose mangling a name is taken for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Rust if it looks like that, else C++.
    Auto,
    /// C++, the Itanium ABI.
    GnuV3,
    /// Java, by GCJ.
    Java,
    /// Ada, by GNAT.
    Gnat,
    /// D.
    Dlang,
    /// Rust, both manglings.
    Rust,
}

/// How names are demangled.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whose mangling.
    pub style: Style,
    /// Abbreviations of `std` are spelled out, hashes of Rust are kept: what c++filt does
    /// and readelf doesn't.
    pub verbose: bool,
    /// Long names of C++ are left alone, as GNU does unless it is told otherwise.
    pub recursion_limit: bool,
}

/// The memory that demangling needs.
#[derive(Default)]
pub struct Demangler {
    out: Output,
    itanium: itanium::Workspace,
}

impl Demangler {
    /// Nothing is allocated yet.
    pub const fn new() -> Self {
        Demangler { out: Output::new(), itanium: itanium::Workspace::new() }
    }

    /// The name that a symbol has in its language; None if it isn't mangled, or wrongly.
    pub fn demangle(&mut self, name: &[u8], options: &Options) -> Option<&[u8]> {
        self.out.clear();
        if name.len() > LONGEST {
            return None;
        }
        if matches!(options.style, Style::Auto | Style::Rust) {
            let rust = if name.starts_with(b"_R") {
                rust_v0::demangle(name, options.verbose, &mut self.out)
            } else {
                rust_legacy::demangle(name, options.verbose, &mut self.out)
            };
            if rust.is_some() && !self.out.failed {
                return Some(&self.out.bytes);
            }
            self.out.clear();
        }
        let done = match options.style {
            Style::Auto | Style::GnuV3 | Style::Java => {
                itanium::demangle(&mut self.itanium, name, options, &mut self.out)
            }
            Style::Dlang => dlang::demangle(name, &mut self.out),
            Style::Gnat => gnat::demangle(name, &mut self.out),
            Style::Rust => None,
        };
        done.filter(|()| !self.out.failed).map(|()| self.out.bytes.as_slice())
    }
}

/// Texts with semicolons between them as a list for [`pick`]: each has its length before it. A
/// list has no pointers, which a table of texts would need relocations for.
macro_rules! list {
    ($($text:expr),+) => {{
        const TEXT: &str = concat!($(";", $text),+);
        const LIST: [u8; TEXT.len()] = crate::measured(TEXT.as_bytes());
        &LIST
    }};
}
use list;

const fn measured<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut list = [0; N];
    let (mut length, mut at) = (0, 0);
    while at < N {
        if text[at] == b';' {
            (length, list[at]) = (at, 0);
        } else {
            list[at] = text[at];
            list[length] += 1;
        }
        at += 1;
    }
    list
}

/// One of the texts of a list, which may be empty; so is one that isn't there.
fn pick(mut list: &'static [u8], mut number: usize) -> &'static [u8] {
    while let Some((&length, rest)) = list.split_first() {
        let (text, after) = rest.split_at_checked(length.into()).unwrap_or_default();
        if number == 0 {
            return text;
        }
        (list, number) = (after, number - 1);
    }
    b""
}

/// What stands for a code at the start of a text: the length of the code, and the text after
/// it in a list of both with spaces between them.
fn lookup(list: &'static [u8], text: &[u8]) -> Option<(usize, &'static [u8])> {
    let mut words = list.split(|&c| c == b' ');
    while let Some(code) = words.next() {
        let value = words.next()?;
        if text.starts_with(code) {
            return Some((code.len(), value));
        }
    }
    None
}

/// Names are no longer than this, mangled or not. The longest of half a million real ones
/// has 24 thousand bytes.
const LONGEST: usize = 1 << 18;

/// What is printed, up to a limit.
#[derive(Default)]
struct Output {
    bytes: Vec<u8>,
    /// The last byte that was put here, for as long as there are so many: it may have been taken
    /// back.
    last: u8,
    cut: usize,
    /// Nothing is added for the time being.
    silent: bool,
    /// Something went beyond the limit, or was given up otherwise: what is here is of no use.
    failed: bool,
}

impl Output {
    const fn new() -> Self {
        Output { bytes: Vec::new(), last: 0, cut: 0, silent: false, failed: false }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        (self.last, self.cut, self.silent, self.failed) = (0, 0, false, false);
    }

    fn add(&mut self, text: &[u8]) {
        if self.silent {
            return;
        }
        self.failed |= self.bytes.len() + text.len() > LONGEST;
        if !self.failed {
            self.bytes.extend_from_slice(text);
        }
    }

    /// [`add`](Output::add) in the form of a production. It never fails on the spot: so the
    /// many who ask have nothing to look at.
    #[inline(always)]
    fn push(&mut self, text: &[u8]) -> Option<()> {
        self.add(text);
        Some(())
    }

    fn add_unsigned(&mut self, number: u64, base: u64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = number;
        while let Some(place) = at.checked_sub(1) {
            at = place;
            let digit = b"0123456789abcdef".get((rest % base) as usize);
            digits[at] = digit.copied().unwrap_or_default();
            rest /= base;
            if rest == 0 {
                break;
            }
        }
        self.add(digits.get(at..).unwrap_or_default());
    }

    #[inline(always)]
    fn unsigned(&mut self, number: u64, base: u64) -> Option<()> {
        self.add_unsigned(number, base);
        Some(())
    }

    fn number(&mut self, number: i64) -> Option<()> {
        if number < 0 {
            self.add(b"-");
        }
        self.unsigned(number.unsigned_abs(), 10)
    }

    #[inline(never)]
    fn last(&self) -> u8 {
        match self.bytes.last() {
            Some(&last) if self.bytes.len() != self.cut => last,
            _ => self.last,
        }
    }

    fn len(&self) -> usize {
        self.bytes.len()
    }

    fn truncate(&mut self, length: usize) {
        (self.last, self.cut) = (self.last(), length);
        self.bytes.truncate(length);
    }

    /// Lets what begins at `first` and what begins at `second` change places.
    fn rotate(&mut self, first: usize, second: usize) -> Option<()> {
        let text = self.bytes.get_mut(first..)?;
        let (left, right) = text.split_at_mut_checked(second.checked_sub(first)?)?;
        if !left.is_empty() && !right.is_empty() {
            reverse(left);
            reverse(right);
            reverse(text);
        }
        Some(())
    }

    /// Takes back what is between two places.
    fn remove(&mut self, first: usize, second: usize) -> Option<()> {
        self.rotate(first, second)?;
        self.bytes.truncate(self.bytes.len().checked_sub(second - first)?);
        Some(())
    }
}

/// As core's does, in a third of its bytes.
#[inline(never)]
fn reverse(mut text: &mut [u8]) {
    while let [first, between @ .., last] = text {
        core::mem::swap(first, last);
        text = between;
    }
}
