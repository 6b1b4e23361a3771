//! `-C`, `-U`: how names out of files are spelled.

use crate::context::Context;
use crate::words::place;
use core::cell::RefCell;
use demangle::{Demangler, Style};
use rt::fmt::hex;
use rt::io::{BufWriter, is_terminal, stdout};
use rt::put;
use rt::text::Text;

/// How names are spelled.
#[derive(Default)]
pub struct Spelling {
    /// `-C`, `--demangle`: as in their language.
    pub demangled: bool,
    /// `--no-recurse-limit`: long names of C++ as well.
    pub unlimited: bool,
    language: Language,
    pub unicode: Unicode,
    demangler: RefCell<Demangler>,
}

/// The last style that was asked for; it stays when `-C` says none.
#[derive(Clone, Copy)]
struct Language(Option<Style>);

impl Default for Language {
    fn default() -> Self {
        Language(Some(Style::Auto))
    }
}

/// How a byte above ASCII, and the character that it begins, is shown.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Unicode {
    /// As it is. GNU readelf depends on the locale here; lx has none and prints what GNU
    /// does with `LC_ALL=C`.
    #[default]
    Raw,
    /// `\u20ac`.
    Escape,
    /// The same, in red on a terminal.
    Highlight,
    /// `<0xe282ac>`.
    Hex,
    /// `{0xe282ac}`.
    Invalid,
}

impl Spelling {
    /// `--demangle`, perhaps with a style. One that isn't known changes no style.
    pub fn demangle(&mut self, cx: &mut Context, style: Option<&[u8]>) {
        self.demangled = true;
        let Some(style) = style else { return };
        self.language = Language(match place(b"none auto gnu-v3 java gnat dlang rust", style) {
            Some(0) => None,
            Some(1) => Some(Style::Auto),
            Some(2) => Some(Style::GnuV3),
            Some(3) => Some(Style::Java),
            Some(4) => Some(Style::Gnat),
            Some(5) => Some(Style::Dlang),
            Some(_) => Some(Style::Rust),
            None => return wrong(cx, rt::text!("Error: unknown demangling style `%s'"), style),
        });
    }

    /// `-U`.
    pub fn unicode(&mut self, cx: &mut Context, how: &[u8]) {
        let ways = b"default d locale l invalid i hex x highlight h escape e";
        self.unicode = match place(ways, how) {
            Some(..4) => Unicode::Raw,
            Some(..6) => Unicode::Invalid,
            Some(..8) => Unicode::Hex,
            Some(..10) if is_terminal(stdout()) => Unicode::Highlight,
            Some(_) => Unicode::Escape,
            None => {
                return wrong(cx, rt::text!("Error: invalid argument to -U/--unicode: %s"), how);
            }
        };
    }

    /// Whether names are written as they are in the file.
    pub fn is_plain(&self) -> bool {
        !self.demangled && self.unicode == Unicode::Raw
    }

    /// Calls `show` with the name to be shown for one in a file.
    pub fn show<R>(&self, name: &[u8], show: &mut dyn FnMut(&[u8]) -> R) -> R {
        let wanted = self.demangled && !name.is_empty();
        let Some(style) = self.language.0.filter(|_| wanted) else { return show(name) };
        let recursion_limit = !self.unlimited;
        let options = demangle::Options { style, verbose: false, recursion_limit };
        let Ok(mut demangler) = self.demangler.try_borrow_mut() else { return show(name) };
        show(demangler.demangle(name, &options).unwrap_or(name))
    }
}

/// GNU readelf doesn't end the line.
fn wrong(cx: &mut Context, what: Text, value: &[u8]) {
    cx.begin_message();
    super::pattern::fill(&mut cx.err, what, &[], &[value]);
    cx.end_message(rt::text!(""));
}

impl Unicode {
    /// Writes a name into at most `room` columns: not [`Unicode::Raw`]. Gives back how many
    /// columns GNU readelf takes it for, which are those of ASCII only.
    pub fn put(self, out: &mut BufWriter, name: &[u8], room: usize) -> usize {
        let mut columns = 0;
        let mut rest = name;
        while let Some(&byte) = rest.first() {
            let len = if byte < 0x80 { 1 } else { sequence(rest) };
            let (bytes, tail) = rest.split_at_checked(len).unwrap_or((rest, &[]));
            let left = room - columns;
            match bytes {
                _ if left == 0 => break,
                [0x20..=0x7e] => {
                    out.byte(byte);
                    columns += 1;
                }
                [..0x80] if left < 2 => break,
                [..0x80] => {
                    out.bytes(&[b'^', byte ^ 0x40]);
                    columns += 2;
                }
                [_, ..] if len == 1 || matches!(self, Unicode::Hex | Unicode::Invalid) => {
                    if left < 2 + 2 * len {
                        break;
                    }
                    let angle = len > 1 && self == Unicode::Hex;
                    put!(out, if angle { rt::text!("<0x") } else { rt::text!("{0x") });
                    bytes.iter().for_each(|&byte| put!(out, hex(byte).zero(2)));
                    put!(out, if angle { rt::text!(">") } else { rt::text!("}") });
                }
                // Where there is no room for it, it is left out, and what follows isn't.
                _ => {
                    let highlight = self == Unicode::Highlight;
                    put!(out, if highlight { rt::text!("\x1b[31;47m") } else { rt::text!("") });
                    if left >= if len == 4 { 8 } else { 6 } {
                        escape(out, bytes);
                    }
                    put!(out, if highlight { rt::text!("\x1b[0m") } else { rt::text!("") });
                }
            }
            rest = tail;
        }
        columns
    }
}

/// `\u` and the number of the character: of one of four bytes, what GNU readelf makes of
/// it, which has its bits in other places.
fn escape(out: &mut BufWriter, bytes: &[u8]) {
    let bits = |byte: u8| u32::from(byte & 0x3f);
    put!(out, "\\u");
    match *bytes {
        [a, b] => put!(out, hex(u32::from(a & 0x1f) << 6 | bits(b)).zero(4)),
        [a, b, c] => put!(out, hex(u32::from(a & 0xf) << 12 | bits(b) << 6 | bits(c)).zero(4)),
        [a, b, c, d] => {
            put!(out, hex(u32::from(a & 7) << 6 | bits(b) >> 2).zero(2));
            put!(out, hex((bits(b) & 3) << 6 | bits(c) >> 2).zero(2));
            put!(out, hex((bits(c) & 3) << 6 | bits(d)).zero(2));
        }
        _ => {}
    }
}

/// How many bytes a character of UTF-8 has that begins with a byte above ASCII, as GNU
/// readelf counts: what isn't one, 1.
fn sequence(bytes: &[u8]) -> usize {
    let follows = |at: usize| bytes.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let len = match bytes.first() {
        Some(0xc0..0xe0) => 2,
        Some(0xe0..0xf0) => 3,
        Some(0xf0..) => 4,
        _ => 1,
    };
    if (1..len).all(follows) { len } else { 1 }
}
