//! Names out of real programs, and such with a few bytes changed: `names*.txt` has them with
//! what `c++filt` 2.40 makes of them.

use super::{Demangler, Options, Style};
use std::string::String;

const OPTIONS: Options = Options { style: Style::Auto, verbose: true, recursion_limit: true };

fn recorded() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("names.txt").lines().map(|line| line.split_once('\t').unwrap())
}

fn shown(demangler: &mut Demangler, name: &str) -> String {
    let text = demangler.demangle(name.as_bytes(), &OPTIONS).unwrap_or(name.as_bytes());
    String::from_utf8_lossy(text).into_owned()
}

#[test]
fn real_names_as_cxxfilt_shows_them() {
    let mut demangler = Demangler::new();
    for (name, expected) in recorded() {
        assert_eq!(shown(&mut demangler, name), expected, "{name}");
    }
}

#[test]
fn names_of_d_and_ada_as_cxxfilt_shows_them() {
    let files = [
        (Style::Dlang, include_str!("names_dlang.txt")),
        (Style::Gnat, include_str!("names_gnat.txt")),
    ];
    let mut demangler = Demangler::new();
    for (style, text) in files {
        for (name, expected) in text.lines().map(|line| line.split_once('\t').unwrap()) {
            let got = demangler.demangle(name.as_bytes(), &Options { style, ..OPTIONS });
            let got = String::from_utf8_lossy(got.unwrap_or(name.as_bytes()));
            assert_eq!(got, expected, "{style:?} {name}");
        }
    }
}

#[test]
fn texts_of_a_list() {
    let list = super::list!("one;;three");
    assert_eq!(list, b"\x03one\0\x05three");
    let texts = [0, 1, 2, 3].map(|number| super::pick(list, number));
    assert_eq!(texts, [&b"one"[..], b"", b"three", b""]);
}

/// What they stand for doubles sixty times: in C++, Rust and D by references back.
#[test]
fn names_that_grow_exponentially_are_left_alone() {
    let mut demangler = Demangler::new();
    for name in include_str!("names_exponential.txt").lines() {
        for style in [Style::Auto, Style::Dlang] {
            assert_eq!(demangler.demangle(name.as_bytes(), &Options { style, ..OPTIONS }), None);
        }
    }
}

#[test]
fn no_piece_of_a_name_is_too_much() {
    let mut demangler = Demangler::new();
    for (name, _) in recorded() {
        for end in 0..name.len() {
            demangler.demangle(&name.as_bytes()[..end], &OPTIONS);
            demangler.demangle(&name.as_bytes()[end..], &OPTIONS);
        }
    }
}

#[test]
fn depth_and_length_have_limits() {
    let mut demangler = Demangler::new();
    for piece in ["P", "N", "I", "S_", "F", "1aI", "L_Z", "R", "Dp", "T_", "X", "cv", "E", "0"] {
        for head in ["_Z1a", "_Z", "_RN", "_ZN", "_D1a", "_RIC1a"] {
            let name = [head, &piece.repeat(100_000)].concat();
            demangler.demangle(name.as_bytes(), &OPTIONS);
        }
    }
}
