//! What the Itanium mangling abbreviates: operators, builtin types, parts of `std`.

use crate::pick;

/// A short text that lies in the table itself: no pointers, so no relocations at start.
#[derive(Clone, Copy)]
pub struct Word {
    len: u8,
    text: [u8; 18],
}

impl Word {
    const fn new(text: &str) -> Word {
        let mut word = Word { len: text.len() as u8, text: [0; 18] };
        let mut at = 0;
        while at < text.len() {
            word.text[at] = text.as_bytes()[at];
            at += 1;
        }
        word
    }

    /// The text.
    pub fn bytes(&self) -> &[u8] {
        self.text.get(..self.len.into()).unwrap_or_default()
    }
}

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
        const SPELLINGS: &str = concat!($($name, ";"),+);
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
    pick(SPELLINGS.as_bytes(), place as usize).unwrap_or_default()
}

/// How a literal of a builtin type is printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Literal {
    /// `(type)value`
    Cast,
    /// `(type)[bits]`
    Float,
    /// `false` and `true`; other values as a cast.
    Bool,
    /// The value and this suffix.
    Suffix(&'static str),
}

/// A builtin type: its code and its name in C++.
pub struct Builtin {
    /// One letter; those that follow a `D` come after those that don't.
    pub code: u8,
    /// In C++.
    pub name: Word,
}

const fn builtin(code: u8, name: &str) -> Builtin {
    Builtin { code, name: Word::new(name) }
}

/// How many of [`BUILTINS`] are single letters.
pub const SINGLE: usize = 21;

/// `<builtin-type>`.
pub static BUILTINS: [Builtin; 30] = [
    builtin(b'a', "signed char"),
    builtin(b'b', "bool"),
    builtin(b'c', "char"),
    builtin(b'd', "double"),
    builtin(b'e', "long double"),
    builtin(b'f', "float"),
    builtin(b'g', "__float128"),
    builtin(b'h', "unsigned char"),
    builtin(b'i', "int"),
    builtin(b'j', "unsigned int"),
    builtin(b'l', "long"),
    builtin(b'm', "unsigned long"),
    builtin(b'n', "__int128"),
    builtin(b'o', "unsigned __int128"),
    builtin(b's', "short"),
    builtin(b't', "unsigned short"),
    builtin(b'v', "void"),
    builtin(b'w', "wchar_t"),
    builtin(b'x', "long long"),
    builtin(b'y', "unsigned long long"),
    builtin(b'z', "..."),
    // After a D.
    builtin(b'd', "decimal64"),
    builtin(b'e', "decimal128"),
    builtin(b'f', "decimal32"),
    builtin(b'h', "half"),
    builtin(b'i', "char32_t"),
    builtin(b'n', "decltype(nullptr)"),
    builtin(b's', "char16_t"),
    builtin(b'u', "char8_t"),
    // DF16b.
    builtin(0, "std::bfloat16_t"),
];

/// How a literal of a builtin type is printed, by its place in [`BUILTINS`].
pub fn literal(place: u32) -> Literal {
    let Some(builtin) = BUILTINS.get(place as usize) else { return Literal::Cast };
    match (builtin.code, (place as usize) < SINGLE) {
        (b'b', true) => Literal::Bool,
        (b'i', true) => Literal::Suffix(""),
        (b'j', true) => Literal::Suffix("u"),
        (b'l', true) => Literal::Suffix("l"),
        (b'm', true) => Literal::Suffix("ul"),
        (b'x', true) => Literal::Suffix("ll"),
        (b'y', true) => Literal::Suffix("ull"),
        (b'd' | b'e' | b'f' | b'g', true) | (b'h' | 0, false) => Literal::Float,
        _ => Literal::Cast,
    }
}

/// What Java calls a builtin type, by its place in [`BUILTINS`].
pub fn java_name(place: u32) -> Option<&'static str> {
    let builtin = BUILTINS.get(place as usize).filter(|_| (place as usize) < SINGLE)?;
    match builtin.code {
        b'b' => Some("boolean"),
        b'c' => Some("byte"),
        b'j' => Some("unsigned"),
        b'w' => Some("char"),
        b'x' => Some("long"),
        _ => None,
    }
}
