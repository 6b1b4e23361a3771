//! The dynamic linker: finding libraries, checking them, mapping and binding them.
//!
//! Four stages. *Plan* ([`search`], [`cache`], [`image`], [`plan`]) reads what programs and
//! libraries say of themselves, takes nothing on trust, and maps nothing that could be run;
//! it is safe code, tested and fuzzed on the host. *Map* ([`map`], [`object`]) puts segments
//! into memory. *Bind* ([`symbols`], [`relocate`], [`tls`]) relocates them. *Run* ([`run`],
//! [`load`]) calls constructors and goes to the program, which calls back: [`lazy`], [`api`].
//!
//! What runs often, [`symbols`] and [`fast`], is compiled for speed as all of `rt` is. All else
//! is `#[inline]`, which makes the compiler leave it to the crate that uses it: in lx that is
//! compiled for size, and a fifth smaller. So the hot part never calls the other, but returns
//! to it; assembly knows it by address
//! ([`arch::link::set_hooks`](crate::arch::link::set_hooks)). Small functions that are called in
//! many places are `#[inline(never)]`; what these call isn't `#[inline]` unless it is as small,
//! or it would be there twice.

pub mod api;
pub mod cache;
pub mod debug;
pub mod error;
pub mod exec;
pub mod fast;
pub mod file;
mod heap;
pub mod image;
pub mod lazy;
pub mod library;
pub mod load;
pub mod map;
pub mod memory;
pub mod object;
pub mod plan;
mod provided;
pub mod relocate;
pub mod report;
pub mod run;
pub mod search;
mod state;
pub mod symbols;
pub mod tables;
pub mod tls;
pub mod versions;

pub use error::Error;
pub use library::Library;

use crate::env;
use crate::row::find;
use report::{FILES, INIT, RELOCS, SYMBOLS, Trace};

/// What a user may choose.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// AT_SECURE: nothing of the environment counts.
    pub secure: bool,
    /// Where libraries are looked for first: LD_LIBRARY_PATH.
    pub library_path: Option<&'a [u8]>,
    /// What is loaded before all libraries: LD_PRELOAD.
    pub preload: Option<&'a [u8]>,
    /// Bind all functions at once: LD_BIND_NOW.
    pub now: bool,
    /// What is told meanwhile: LD_DEBUG.
    pub trace: Trace,
    /// Whether numbers are told before the program begins.
    pub stats: bool,
}

impl Options<'static> {
    /// Nothing chosen.
    #[inline]
    pub const fn none() -> Options<'static> {
        Options {
            secure: false,
            library_path: None,
            preload: None,
            now: false,
            trace: Trace(0),
            stats: false,
        }
    }

    /// What the environment says (`man 8 ld.so`): nothing where privileges were gained.
    #[inline]
    pub fn of_environment(secure: bool) -> Options<'static> {
        if secure {
            return Options { secure, ..Options::none() };
        }
        let debug = env::var("LD_DEBUG").unwrap_or_default();
        Options {
            secure,
            library_path: env::var("LD_LIBRARY_PATH"),
            preload: env::var("LD_PRELOAD"),
            now: env::var("LD_BIND_NOW").is_some_and(|value| !value.is_empty()),
            trace: trace(debug).unwrap_or_default(),
            stats: words(debug).any(|word| word == b"statistics"),
        }
    }
}

/// What is between these bytes in a text: one piece more than there are such bytes.
pub(crate) struct Pieces<'t> {
    rest: Option<&'t [u8]>,
    between: &'static [u8],
}

#[inline]
pub(crate) fn pieces<'t>(text: &'t [u8], between: &'static [u8]) -> Pieces<'t> {
    Pieces { rest: Some(text), between }
}

impl<'t> Iterator for Pieces<'t> {
    type Item = &'t [u8];

    // Not inlined: it is called in many places.
    #[inline(never)]
    fn next(&mut self) -> Option<&'t [u8]> {
        let rest = self.rest?;
        let end = match *self.between {
            [byte] => find(rest, byte),
            _ => rest.iter().position(|byte| self.between.iter().any(|other| other == byte)),
        };
        self.rest = end.and_then(|end| rest.get(end + 1..));
        rest.get(..end.unwrap_or(rest.len()))
    }
}

/// Where a word is in a list with spaces between.
#[inline]
pub(crate) fn place(list: &[u8], word: &[u8]) -> Option<usize> {
    pieces(list, b" ").position(|other| other == word)
}

#[inline]
fn words(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    pieces(list, b",: ").filter(|word| !word.is_empty())
}

/// What a list of words wants to be told: `files`, `symbols`, `relocs`, `init`, `all`, or the
/// words of LD_DEBUG. None where a word isn't known.
#[inline]
pub fn trace(list: &[u8]) -> Option<Trace> {
    const ALL: u8 = FILES.0 | SYMBOLS.0 | RELOCS.0 | INIT.0;
    const NAMES: &[u8] = b"files libs symbols bindings relocs reloc init all statistics";
    const WHAT: [u8; 9] =
        [FILES.0, FILES.0, SYMBOLS.0, SYMBOLS.0, RELOCS.0, RELOCS.0, INIT.0, ALL, 0];
    let mut trace = Trace(0);
    for word in words(list) {
        // Not `core`'s, which is fast, and large.
        let is = |name: &[u8]| {
            name.len() == word.len()
                && name.iter().zip(word).all(|(a, b)| a.eq_ignore_ascii_case(b))
        };
        trace.0 |= WHAT.get(pieces(NAMES, b" ").position(is)?)?;
    }
    Some(trace)
}
