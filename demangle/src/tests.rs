//! Names out of real programs: `names.txt` has them with what `c++filt` 2.40 makes of them.

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
