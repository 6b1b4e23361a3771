//! What the Itanium mangling abbreviates: operators, builtin types, parts of `std`.

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

/// An operator: its code, how many operands it takes in an expression, its spelling.
pub struct Operator {
    /// Two letters.
    pub code: [u8; 2],
    /// 0 to 3.
    pub operands: u8,
    /// As it stands in an expression.
    pub name: Word,
}

const fn op(code: &[u8; 2], operands: u8, name: &str) -> Operator {
    Operator { code: *code, operands, name: Word::new(name) }
}

/// `<operator-name>`, sorted by code. The spelling of a word ends in a space where its
/// operand follows.
pub static OPERATORS: [Operator; 72] = [
    op(b"aN", 2, "&="),
    op(b"aS", 2, "="),
    op(b"aa", 2, "&&"),
    op(b"ad", 1, "&"),
    op(b"an", 2, "&"),
    op(b"at", 1, "alignof "),
    op(b"aw", 1, "co_await "),
    op(b"az", 1, "alignof "),
    op(b"cc", 2, "const_cast"),
    op(b"cl", 2, "()"),
    op(b"cm", 2, ","),
    op(b"co", 1, "~"),
    op(b"dV", 2, "/="),
    op(b"dX", 3, "[...]="),
    op(b"da", 1, "delete[] "),
    op(b"dc", 2, "dynamic_cast"),
    op(b"de", 1, "*"),
    op(b"di", 2, "="),
    op(b"dl", 1, "delete "),
    op(b"ds", 2, ".*"),
    op(b"dt", 2, "."),
    op(b"dv", 2, "/"),
    op(b"dx", 2, "]="),
    op(b"eO", 2, "^="),
    op(b"eo", 2, "^"),
    op(b"eq", 2, "=="),
    op(b"fL", 3, "..."),
    op(b"fR", 3, "..."),
    op(b"fl", 2, "..."),
    op(b"fr", 2, "..."),
    op(b"ge", 2, ">="),
    op(b"gs", 1, "::"),
    op(b"gt", 2, ">"),
    op(b"ix", 2, "[]"),
    op(b"lS", 2, "<<="),
    op(b"le", 2, "<="),
    op(b"li", 1, "operator\"\" "),
    op(b"ls", 2, "<<"),
    op(b"lt", 2, "<"),
    op(b"mI", 2, "-="),
    op(b"mL", 2, "*="),
    op(b"mi", 2, "-"),
    op(b"ml", 2, "*"),
    op(b"mm", 1, "--"),
    op(b"na", 3, "new[]"),
    op(b"ne", 2, "!="),
    op(b"ng", 1, "-"),
    op(b"nt", 1, "!"),
    op(b"nw", 3, "new"),
    op(b"oR", 2, "|="),
    op(b"oo", 2, "||"),
    op(b"or", 2, "|"),
    op(b"pL", 2, "+="),
    op(b"pl", 2, "+"),
    op(b"pm", 2, "->*"),
    op(b"pp", 1, "++"),
    op(b"ps", 1, "+"),
    op(b"pt", 2, "->"),
    op(b"qu", 3, "?"),
    op(b"rM", 2, "%="),
    op(b"rS", 2, ">>="),
    op(b"rc", 2, "reinterpret_cast"),
    op(b"rm", 2, "%"),
    op(b"rs", 2, ">>"),
    op(b"sP", 1, "sizeof..."),
    op(b"sZ", 1, "sizeof..."),
    op(b"sc", 2, "static_cast"),
    op(b"ss", 2, "<=>"),
    op(b"st", 1, "sizeof "),
    op(b"sz", 1, "sizeof "),
    op(b"tr", 0, "throw"),
    op(b"tw", 1, "throw "),
];

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
