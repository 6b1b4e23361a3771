//! D: `_D3foo3barFiZv` is `foo.bar(int)`; dlang.org/spec/abi.html#name_mangling.
//!
//! It is read and printed in one go. Where D's order isn't that of the mangling, parts of
//! what was printed change places.

use super::{Output, lookup, pick};

/// Levels of nesting.
const DEPTH: u32 = 1024;

/// Names, types and values that are read, those that are read again included.
const STEPS: u32 = 1 << 18;

/// Prints the demangled name, or gives up.
pub fn demangle(name: &[u8], out: &mut Output) -> Option<()> {
    if name == b"_Dmain" {
        return out.push(b"D main");
    }
    let state = State { at: 0, start: 0, what: b"", alone: false, last_type: usize::MAX, depth: 0 };
    let mut reader = Reader { text: name, out, state, steps: STEPS };
    reader.part(Reader::mangled)?;
    (reader.state.at == name.len() && reader.out.len() > 0).then_some(())
}

struct Reader<'t, 'o> {
    text: &'t [u8],
    out: &'o mut Output,
    state: State,
    steps: u32,
}

/// What an attempt that failed must not change.
#[derive(Clone, Copy)]
struct State {
    at: usize,
    /// Where the part that is printed begins, and what goes before it: `vtable for `. There may
    /// be nothing more.
    start: usize,
    what: &'static [u8],
    alone: bool,
    /// Types that are referred to stand before this.
    last_type: usize,
    depth: u32,
}

impl Reader<'_, '_> {
    fn ahead(&self, distance: usize) -> u8 {
        self.text.get(self.state.at + distance).copied().unwrap_or(0)
    }

    fn peek(&self) -> u8 {
        self.ahead(0)
    }

    fn next(&mut self) -> Option<u8> {
        let c = *self.text.get(self.state.at)?;
        self.state.at += 1;
        Some(c)
    }

    fn eat(&mut self, c: u8) -> bool {
        let found = self.peek() == c;
        self.state.at += usize::from(found);
        found
    }

    fn rest(&self) -> &[u8] {
        self.text.get(self.state.at..).unwrap_or_default()
    }

    #[inline(always)]
    fn put(&mut self, text: &str) -> Option<()> {
        self.out.push(text.as_bytes())
    }

    /// Prints what is next in the mangled name as it is.
    fn copy(&mut self, length: usize) -> Option<()> {
        let end = self.state.at.checked_add(length)?;
        self.steps = self.steps.checked_sub((length >> 6) as u32)?;
        self.out.push(self.text.get(self.state.at..end)?)?;
        self.state.at = end;
        Some(())
    }

    fn copy_while(&mut self, wanted: impl Fn(&u8) -> bool) -> Option<()> {
        let length = self.rest().iter().take_while(|c| wanted(c)).count();
        self.copy(length)
    }

    /// Lets what was printed from `first` on and what was printed from `second` on change
    /// places.
    fn swap(&mut self, first: usize, second: usize) -> Option<()> {
        // It isn't free: long texts that are moved again and again take steps.
        self.steps = self.steps.checked_sub(((self.out.len() - first) >> 8) as u32)?;
        self.out.rotate(first, second)
    }

    /// Prints something with what goes before it, if something does.
    fn part(&mut self, production: fn(&mut Self) -> Option<()>) -> Option<()> {
        let start = self.out.len();
        let around = core::mem::replace(&mut self.state.start, start);
        let what = core::mem::take(&mut self.state.what);
        production(self)?;
        let end = self.out.len();
        if !self.state.what.is_empty() {
            self.out.add(self.state.what);
            self.put(if self.state.alone { " for" } else { " for " })?;
        }
        (self.state.start, self.state.what) = (around, what);
        self.swap(start, end)
    }

    fn nested(&mut self, production: fn(&mut Self) -> Option<()>) -> Option<()> {
        self.steps = self.steps.checked_sub(1)?;
        if self.state.depth >= DEPTH || self.out.failed {
            return None;
        }
        self.state.depth += 1;
        production(self)?;
        self.state.depth -= 1;
        Some(())
    }

    /// A number; something follows it always.
    fn number(&mut self) -> Option<usize> {
        if !self.peek().is_ascii_digit() {
            return None;
        }
        let mut number = 0u32;
        while self.peek().is_ascii_digit() {
            number = number.checked_mul(10)?.checked_add((self.next()? - b'0').into())?;
        }
        (self.state.at < self.text.len()).then_some(number as usize)
    }

    /// The place that a reference is to.
    fn reference(&mut self) -> Option<usize> {
        let (place, after) = reference(self.text, self.state.at)?;
        self.state.at = after;
        Some(place)
    }

    /// `_D` and a declaration with its type, which isn't printed.
    fn mangled(&mut self) -> Option<()> {
        self.nested(|reader| {
            if !(reader.eat(b'_') && reader.eat(b'D')) {
                return None;
            }
            reader.qualified(true)?;
            if reader.eat(b'Z') {
                return Some(());
            }
            let end = reader.out.len();
            reader.part(Self::kind)?;
            reader.out.truncate(end);
            Some(())
        })
    }

    fn is_mangled(&self) -> bool {
        self.rest().starts_with(b"_D") && self.is_name(self.state.at + 2)
    }

    /// Whether a name is there.
    fn is_name(&self, at: usize) -> bool {
        match self.text.get(at..).unwrap_or_default() {
            [b'0'..=b'9', ..] | [b'_', b'_', b'T' | b'U', ..] => true,
            [b'Q', ..] => reference(self.text, at)
                .is_some_and(|(place, _)| self.text.get(place).is_some_and(u8::is_ascii_digit)),
            _ => false,
        }
    }

    /// Names with dots between them, functions with their parameters.
    fn qualified(&mut self, suffixes: bool) -> Option<()> {
        let mut first = true;
        loop {
            if self.peek() == b'0' {
                // Something without a name.
                while self.eat(b'0') {}
            } else {
                self.put(if first { "" } else { "." })?;
                first = false;
                self.nested(Self::identifier)?;
                self.enclosing_function(suffixes)?;
            }
            if !self.is_name(self.state.at) {
                return Some(());
            }
        }
    }

    /// The parameters of a function, unless they are part of the type at the end.
    fn enclosing_function(&mut self, suffixes: bool) -> Option<()> {
        if self.peek() != b'M' && !is_convention(self.peek()) {
            return Some(());
        }
        let (state, end) = (self.state, self.out.len());
        let method = self.eat(b'M');
        let done = self.method_type(method, suffixes);
        if done.is_none() || self.state.at == self.text.len() {
            self.state = state;
            self.out.truncate(end);
        }
        // Beyond its limits nothing is tried again.
        (self.steps > 0).then_some(())
    }

    fn method_type(&mut self, method: bool, suffixes: bool) -> Option<()> {
        let start = self.out.len();
        if method {
            self.modifiers()?;
        }
        let end = self.out.len();
        self.convention(false)?;
        self.attributes(false)?;
        self.parameters()?;
        // Modifiers come last.
        if suffixes { self.swap(start, end) } else { self.out.remove(start, end) }
    }

    /// Modifiers of `this`.
    fn modifiers(&mut self) -> Option<()> {
        loop {
            match self.peek() {
                b'x' => {
                    self.state.at += 1;
                    return self.put(" const");
                }
                b'y' => {
                    self.state.at += 1;
                    return self.put(" immutable");
                }
                b'O' => {
                    self.state.at += 1;
                    self.put(" shared")?;
                }
                b'N' if self.ahead(1) == b'g' => {
                    self.state.at += 2;
                    self.put(" inout")?;
                }
                b'N' => return None,
                _ => return Some(()),
            }
        }
    }

    fn convention(&mut self, print: bool) -> Option<()> {
        if self.eat(b'F') {
            return Some(());
        }
        let known = b"U extern(C) W extern(Windows) V extern(Pascal) R extern(C++) \
            Y extern(Objective-C)";
        self.word(known, print)
    }

    fn attributes(&mut self, print: bool) -> Option<()> {
        // What else begins with an N is the first parameter.
        while self.peek() == b'N' && !matches!(self.ahead(1), b'g' | b'h' | b'k' | b'n') {
            let known = b"Na pure Nb nothrow Nc ref Nd @property Ne @trusted Nf @safe Ni @nogc \
                Nj return Nl scope Nm @live";
            self.word(known, print)?;
        }
        Some(())
    }

    /// What a code stands for in a list, with a space after it.
    fn word(&mut self, list: &'static [u8], print: bool) -> Option<()> {
        let (length, word) = lookup(list, self.rest())?;
        self.state.at += length;
        if print {
            self.out.add(word);
            self.put(" ")?;
        }
        Some(())
    }

    fn parameters(&mut self) -> Option<()> {
        self.put("(")?;
        let mut count = 0;
        loop {
            match self.peek() {
                b'X' => {
                    self.state.at += 1;
                    self.put("...")?;
                    break;
                }
                b'Y' => {
                    self.state.at += 1;
                    self.put(if count > 0 { ", ..." } else { "..." })?;
                    break;
                }
                b'Z' => {
                    self.state.at += 1;
                    break;
                }
                0 => break,
                _ => {}
            }
            self.put(if count > 0 { ", " } else { "" })?;
            count += 1;
            if self.eat(b'M') {
                self.put("scope ")?;
            }
            if self.peek() == b'N' && self.ahead(1) == b'k' {
                self.state.at += 2;
                self.put("return ")?;
            }
            let class = match self.peek() {
                b'I' => "in ",
                b'J' => "out ",
                b'K' => "ref ",
                b'L' => "lazy ",
                _ => "",
            };
            self.state.at += usize::from(!class.is_empty());
            self.put(class)?;
            if class == "in " && self.eat(b'K') {
                self.put("ref ")?;
            }
            self.kind()?;
        }
        self.put(")")
    }

    /// A function's type: what it returns, parameters, attributes.
    fn function_type(&mut self) -> Option<()> {
        self.convention(true)?;
        let attributes = self.out.len();
        self.put(" ")?;
        self.attributes(true)?;
        let parameters = self.out.len();
        self.part(Self::parameters)?;
        let result = self.out.len();
        self.part(Self::kind)?;
        let length = self.out.len() - result;
        self.swap(attributes, result)?;
        self.swap(attributes + length, attributes + length + (parameters - attributes))
    }

    /// A type.
    fn kind(&mut self) -> Option<()> {
        self.nested(Self::kind_here)
    }

    fn enclosed(&mut self, before: &str, after: &str) -> Option<()> {
        self.put(before)?;
        self.kind()?;
        self.put(after)
    }

    fn kind_here(&mut self) -> Option<()> {
        let c = self.peek();
        if is_convention(c) {
            self.function_type()?;
            return self.put("function");
        }
        if c == b'Q' {
            return self.type_again(Self::kind);
        }
        let around = b"O shared( x const( y immutable( Ng inout( Nh __vector(";
        if let Some((length, before)) = lookup(around, self.rest()) {
            self.state.at += length;
            self.out.add(before);
            return self.enclosed("", ")");
        }
        self.state.at += 1;
        match c {
            b'N' if self.eat(b'n') => self.put("typeof(*null)"),
            b'A' => self.enclosed("", "[]"),
            b'G' => {
                let start = self.out.len();
                self.put("[")?;
                self.copy_while(u8::is_ascii_digit)?;
                self.put("]")?;
                let dimension = self.out.len();
                self.kind()?;
                self.swap(start, dimension)
            }
            b'H' => {
                let start = self.out.len();
                self.part(|reader| reader.enclosed("[", "]"))?;
                let key = self.out.len();
                self.kind()?;
                self.swap(start, key)
            }
            b'P' if is_convention(self.peek()) => {
                self.function_type()?;
                self.put("function")
            }
            b'P' => self.enclosed("", "*"),
            b'C' | b'S' | b'E' | b'T' => self.qualified(false),
            b'D' => {
                let start = self.out.len();
                self.modifiers()?;
                let end = self.out.len();
                if self.peek() == b'Q' {
                    self.type_again(Self::function_type)?;
                } else {
                    self.function_type()?;
                }
                self.put("delegate")?;
                self.swap(start, end)
            }
            b'B' => {
                let count = self.number()?;
                self.put("Tuple!(")?;
                for i in 0..count {
                    self.put(if i > 0 { ", " } else { "" })?;
                    self.kind()?;
                }
                self.put(")")
            }
            b'z' if self.eat(b'i') => self.put("cent"),
            b'z' if self.eat(b'k') => self.put("ucent"),
            _ => self.out.push(basic_type(c)?),
        }
    }

    /// A reference to a type, which must stand before the last one that was followed.
    fn type_again(&mut self, production: fn(&mut Self) -> Option<()>) -> Option<()> {
        if self.state.at >= self.state.last_type {
            return None;
        }
        let last = core::mem::replace(&mut self.state.last_type, self.state.at);
        let place = self.reference()?;
        let after = core::mem::replace(&mut self.state.at, place);
        self.nested(production)?;
        self.state.at = after;
        self.state.last_type = last;
        Some(())
    }

    fn identifier(&mut self) -> Option<()> {
        if self.peek() == b'Q' {
            // To a simple name always.
            let place = self.reference()?;
            let after = core::mem::replace(&mut self.state.at, place);
            let length = self.number()?;
            self.name(length)?;
            self.state.at = after;
            return Some(());
        }
        if self.is_template() {
            return self.template();
        }
        let length = self.number().filter(|length| *length > 0)?;
        let rest = self.rest();
        let name = rest.get(..length)?;
        if length >= 5 && self.is_template() {
            let end = self.state.at + length;
            self.template()?;
            return (self.state.at == end).then_some(());
        }
        // What a compiler puts around declarations of the same name in one function.
        match name.strip_prefix(b"__S") {
            Some(number) if length >= 4 && number.iter().all(u8::is_ascii_digit) => {
                self.state.at += length;
                self.nested(Self::identifier)
            }
            _ => self.name(length),
        }
    }

    /// A name of that length; some mean something else.
    fn name(&mut self, length: usize) -> Option<()> {
        let rest = self.rest();
        let name = rest.get(..length)?;
        let after = rest.get(length..).unwrap_or_default();
        let known = b"__ctor this __dtor ~this __postblit this(this) __init initializer \
            __vtbl vtable __Class ClassInfo __Interface Interface __ModuleInfo ModuleInfo";
        let (length_of_known, text) = lookup(known, name).unwrap_or_default();
        let postblit = text == b"this(this)";
        let whole = text.ends_with(b"this");
        if length_of_known != length
            || postblit && !after.starts_with(b"MFZ")
            || !postblit && !whole && !after.starts_with(b"Z")
        {
            return self.copy(length);
        }
        self.state.at += length;
        if postblit {
            self.state.at += 3;
        }
        if postblit || whole {
            return self.out.push(text);
        }
        if !self.state.what.is_empty() {
            return None;
        }
        // It goes before the whole, whose last dot it replaces.
        self.state.what = text;
        self.state.alone = self.out.len() <= self.state.start;
        if !self.state.alone {
            self.out.truncate(self.out.len() - 1);
        }
        Some(())
    }

    fn is_template(&self) -> bool {
        matches!(self.rest(), [b'_', b'_', b'T' | b'U', ..])
    }

    /// `__T <name> <arguments> Z`.
    fn template(&mut self) -> Option<()> {
        self.state.at += 3;
        if !self.is_name(self.state.at) || self.peek() == b'0' {
            return None;
        }
        self.nested(Self::identifier)?;
        self.put("!(")?;
        self.part(Self::arguments)?;
        self.put(")")
    }

    fn arguments(&mut self) -> Option<()> {
        let mut first = true;
        while !self.eat(b'Z') && self.peek() != 0 {
            self.put(if first { "" } else { ", " })?;
            first = false;
            self.eat(b'H'); // Specialised.
            self.nested(Self::argument)?;
        }
        Some(())
    }

    fn argument(&mut self) -> Option<()> {
        match self.next()? {
            b'T' => self.kind(),
            b'S' => self.symbol(),
            b'V' => {
                let mut kind = self.peek();
                if kind == b'Q' {
                    let at = self.state.at;
                    let place = self.reference()?;
                    kind = *self.text.get(place)?;
                    self.state.at = at;
                }
                // Only of structures the type is printed.
                let start = self.out.len();
                self.part(Self::kind)?;
                if self.peek() != b'S' {
                    self.out.truncate(start);
                }
                self.value(kind)
            }
            b'X' => {
                let length = self.number()?;
                self.copy(length)
            }
            _ => None,
        }
    }

    /// A template argument that is a symbol. It may have its length before it, and the
    /// digits of that and of the symbol's own first length may run together.
    fn symbol(&mut self) -> Option<()> {
        if self.is_mangled() {
            return self.mangled();
        }
        if self.peek() == b'Q' {
            return self.qualified(false);
        }
        let (whole, end) = (self.state, self.out.len());
        let mut length = self.number().filter(|length| *length > 0)?;
        let mut state = self.state;
        while length > 0 {
            self.state = state;
            if self.qualified_or_mangled().is_some() && self.state.at - state.at == length {
                return Some(());
            }
            self.out.truncate(end);
            length /= 10;
            state.at -= 1;
        }
        self.state = whole;
        self.qualified_or_mangled()
    }

    fn qualified_or_mangled(&mut self) -> Option<()> {
        if self.is_name(self.state.at) {
            self.qualified(false)
        } else if self.is_mangled() {
            self.mangled()
        } else {
            Some(())
        }
    }

    fn value(&mut self, kind: u8) -> Option<()> {
        match self.peek() {
            b'0'..=b'9' => self.integer(kind),
            c => {
                self.state.at += 1;
                match c {
                    b'n' => self.put("null"),
                    b'N' => {
                        self.put("-")?;
                        self.integer(kind)
                    }
                    b'i' => self.integer(kind),
                    b'e' => self.real(),
                    b'c' => {
                        self.real()?;
                        self.put("+")?;
                        if !self.eat(b'c') {
                            return None;
                        }
                        self.real()?;
                        self.put("i")
                    }
                    b'a' | b'w' | b'd' => self.string(c),
                    b'A' if kind == b'H' => self.values("[", "]", true),
                    b'A' => self.values("[", "]", false),
                    b'S' => self.values("(", ")", false),
                    b'f' if self.is_mangled() => self.mangled(),
                    _ => None,
                }
            }
        }
    }

    /// A number of values, or of pairs of them.
    fn values(&mut self, open: &str, close: &str, pairs: bool) -> Option<()> {
        let count = self.number()?;
        self.put(open)?;
        for i in 0..count {
            self.put(if i > 0 { ", " } else { "" })?;
            self.nested(|reader| reader.value(0))?;
            if pairs {
                self.put(":")?;
                self.nested(|reader| reader.value(0))?;
            }
        }
        self.put(close)
    }

    fn integer(&mut self, kind: u8) -> Option<()> {
        let suffix = match kind {
            b'a' | b'u' | b'w' => return self.character(kind),
            b'b' => {
                let value = self.number()?;
                return self.put(if value != 0 { "true" } else { "false" });
            }
            b'h' | b't' | b'k' => "u",
            b'l' => "L",
            b'm' => "uL",
            _ => "",
        };
        if !self.peek().is_ascii_digit() {
            return None;
        }
        self.copy_while(u8::is_ascii_digit)?;
        self.put(suffix)
    }

    fn character(&mut self, kind: u8) -> Option<()> {
        let value = self.number()? as u32;
        self.put("'")?;
        match (kind, value) {
            (b'a', 0x20..0x7f) => self.out.push(&[value as u8])?,
            _ => {
                let (escape, width) = match kind {
                    b'a' => ("\\x", 2),
                    b'u' => ("\\u", 4),
                    _ => ("\\U", 8),
                };
                self.put(escape)?;
                let digits = (32 - value.leading_zeros()).div_ceil(4);
                for _ in digits..width {
                    self.put("0")?;
                }
                if value > 0 {
                    self.out.unsigned(value.into(), 16)?;
                }
            }
        }
        self.put("'")
    }

    /// Hexadecimal digits with the exponent after a `P`.
    fn real(&mut self) -> Option<()> {
        if let Some((length, text)) = lookup(b"NAN NaN INF Inf NINF -Inf", self.rest()) {
            self.state.at += length;
            return self.out.push(text);
        }
        let negative = self.eat(b'N');
        self.put(if negative { "-0x" } else { "0x" })?;
        if !self.peek().is_ascii_hexdigit() {
            return None;
        }
        self.copy(1)?;
        self.put(".")?;
        self.copy_while(u8::is_ascii_hexdigit)?;
        if !self.eat(b'P') {
            return None;
        }
        let negative = self.eat(b'N');
        self.put(if negative { "p-" } else { "p" })?;
        self.copy_while(u8::is_ascii_digit)
    }

    /// `<length> _ <hexadecimal digits>`.
    fn string(&mut self, kind: u8) -> Option<()> {
        let length = self.number()?;
        if !self.eat(b'_') {
            return None;
        }
        self.put("\"")?;
        for _ in 0..length {
            let digits = [self.next()?, self.next()?];
            let [high, low] = digits.map(|c| (c as char).to_digit(16));
            match (high? * 16 + low?) as u8 {
                b'\t' => self.put("\\t")?,
                b'\n' => self.put("\\n")?,
                b'\r' => self.put("\\r")?,
                0x0c => self.put("\\f")?,
                0x0b => self.put("\\v")?,
                c @ 0x20..0x7f => self.out.push(&[c])?,
                _ => {
                    self.put("\\x")?;
                    self.out.push(&digits)?;
                }
            }
        }
        self.put("\"")?;
        if kind == b'a' { Some(()) } else { self.out.push(&[kind]) }
    }
}

/// `Q <number>` at some place: the place that it refers to, and what follows it. The
/// number is a distance; upper-case letters are its leading digits, a lower-case one is
/// the last.
fn reference(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let (b'Q', digits) = text.get(at..)?.split_first()? else { return None };
    let mut back = 0usize;
    for (i, &c) in digits.iter().enumerate() {
        let digit = match c {
            b'a'..=b'z' => c - b'a',
            b'A'..=b'Z' => c - b'A',
            _ => return None,
        };
        back = back.checked_mul(26)?.checked_add(digit.into())?;
        if c.is_ascii_lowercase() {
            return if back > 0 { Some((at.checked_sub(back)?, at + i + 2)) } else { None };
        }
    }
    None
}

/// Whether a function's type begins with this.
fn is_convention(c: u8) -> bool {
    matches!(c, b'F' | b'U' | b'V' | b'W' | b'R' | b'Y')
}

/// A type of one letter.
fn basic_type(code: u8) -> Option<&'static [u8]> {
    const NAMES: &[u8] = b"char;bool;creal;double;real;float;byte;ubyte;int;ireal;uint;long;ulong;\
        typeof(null);ifloat;idouble;cfloat;cdouble;short;ushort;wchar;void;dchar";
    pick(NAMES, usize::from(code).checked_sub(b'a'.into())?)
}
