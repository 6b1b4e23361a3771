//! What the Itanium mangling abbreviates: operators, builtin types, parts of `std`.

use crate::{list, pick};

/// An operator: its code, how many operands it takes in an expression.
pub struct Operator {
    /// Two letters.
    pub code: [u8; 2],
    /// 0 to 3.
    pub operands: u8,
}

macro_rules! operators {
    ($($code:literal $operands:literal $name:literal)+) => {
        /// `<operator-name>`, sorted by code.
        pub static OPERATORS: [Operator; 72] =
            [$(Operator { code: *$code, operands: $operands }),+];

        /// Their spellings in the same order, as they stand in expressions. That of a word ends
        /// in a space where its operand follows.
        const SPELLINGS: &[u8] = list!($($name),+);
    };
}

#[rustfmt::skip]
operators! {
    b"aN" 2 "&="
    b"aS" 2 "="
    b"aa" 2 "&&"
    b"ad" 1 "&"
    b"an" 2 "&"
    b"at" 1 "alignof "
    b"aw" 1 "co_await "
    b"az" 1 "alignof "
    b"cc" 2 "const_cast"
    b"cl" 2 "()"
    b"cm" 2 ","
    b"co" 1 "~"
    b"dV" 2 "/="
    b"dX" 3 "[...]="
    b"da" 1 "delete[] "
    b"dc" 2 "dynamic_cast"
    b"de" 1 "*"
    b"di" 2 "="
    b"dl" 1 "delete "
    b"ds" 2 ".*"
    b"dt" 2 "."
    b"dv" 2 "/"
    b"dx" 2 "]="
    b"eO" 2 "^="
    b"eo" 2 "^"
    b"eq" 2 "=="
    b"fL" 3 "..."
    b"fR" 3 "..."
    b"fl" 2 "..."
    b"fr" 2 "..."
    b"ge" 2 ">="
    b"gs" 1 "::"
    b"gt" 2 ">"
    b"ix" 2 "[]"
    b"lS" 2 "<<="
    b"le" 2 "<="
    b"li" 1 "operator\"\" "
    b"ls" 2 "<<"
    b"lt" 2 "<"
    b"mI" 2 "-="
    b"mL" 2 "*="
    b"mi" 2 "-"
    b"ml" 2 "*"
    b"mm" 1 "--"
    b"na" 3 "new[]"
    b"ne" 2 "!="
    b"ng" 1 "-"
    b"nt" 1 "!"
    b"nw" 3 "new"
    b"oR" 2 "|="
    b"oo" 2 "||"
    b"or" 2 "|"
    b"pL" 2 "+="
    b"pl" 2 "+"
    b"pm" 2 "->*"
    b"pp" 1 "++"
    b"ps" 1 "+"
    b"pt" 2 "->"
    b"qu" 3 "?"
    b"rM" 2 "%="
    b"rS" 2 ">>="
    b"rc" 2 "reinterpret_cast"
    b"rm" 2 "%"
    b"rs" 2 ">>"
    b"sP" 1 "sizeof..."
    b"sZ" 1 "sizeof..."
    b"sc" 2 "static_cast"
    b"ss" 2 "<=>"
    b"st" 1 "sizeof "
    b"sz" 1 "sizeof "
    b"tr" 0 "throw"
    b"tw" 1 "throw "
}

/// The spelling of an operator, by its place in [`OPERATORS`].
pub fn operator_name(place: u32) -> &'static [u8] {
    pick(SPELLINGS, place as usize)
}

/// `<builtin-type>`: their letters, first those that stand alone, then those that follow a `D`.
/// What is met most comes first.
const BUILTINS: &[u8] = b"icmbvjhlxytsfdweanogzdefhinsu";

/// How many of them stand alone.
const SINGLE: usize = 21;

/// Their names in the same order; the last one is that of `DF16b`.
const NAMES: &[u8] = list!(
    "int;char;unsigned long;bool;void;unsigned int;unsigned char;long;long long;\
    unsigned long long;unsigned short;short;float;double;wchar_t;long double;signed char;\
    __int128;unsigned __int128;__float128;...;decimal64;decimal128;decimal32;half;char32_t;\
    decltype(nullptr);char16_t;char8_t;std::bfloat16_t"
);

/// What Java calls them, where that is something else.
const JAVA_NAMES: &[u8] = list!(";byte;;boolean;;unsigned;;;long;;;;;;char");

/// The patterns of their literals; see [`literal`].
const LITERALS: &[u8] =
    list!("%b;;%bul;;;%bu;;%bl;%bll;%bull;;;[%b];[%b];;[%b];;;;[%b];;;;;[%b];;;;;[%b]");

/// Places of some of them.
pub const BOOL: u32 = 3;
pub const VOID: u32 = 4;
pub const NULLPTR: u32 = 26;
pub const BFLOAT16: u32 = 29;

/// The place of a builtin type by its letter.
pub fn builtin(letter: u8, after_d: bool) -> Option<u32> {
    let (single, after) = BUILTINS.split_at(SINGLE);
    let (letters, first) = if after_d { (after, SINGLE) } else { (single, 0) };
    let place = letters.iter().position(|&c| c == letter)?;
    Some((first + place) as u32)
}

/// What C++ or Java calls a builtin type, by its place.
pub fn builtin_name(place: u32, java: bool) -> &'static [u8] {
    let name = if java { pick(JAVA_NAMES, place as usize) } else { b"" };
    if name.is_empty() { pick(NAMES, place as usize) } else { name }
}

/// The pattern for a literal of a builtin type, by its place, but for the sign and the type:
/// that is printed where the pattern is empty or begins with a bracket.
pub fn literal(place: u32) -> &'static [u8] {
    pick(LITERALS, place as usize)
}
