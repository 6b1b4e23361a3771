//! D: `_D3foo3barFiZv` is `foo.bar(int)`; dlang.org/spec/abi.html#name_mangling.
//!
//! It is read and printed in one go. Where D's order isn't that of the mangling, parts of
//! what was printed change places.

use super::{Output, list, lookup, pick};
use crate::cursor::{Cursor, STEPS};
use core::ops::{Deref, DerefMut};

/// Prints the demangled name, or gives up.
pub fn demangle(name: &[u8], out: &mut Output) -> Option<()> {
    if name == b"_Dmain" {
        return out.push(b"D main");
    }
    let state = State { start: 0, what: b"", alone: false, last_type: usize::MAX };
    let mut reader = Reader { cursor: Cursor::new(name, STEPS), out, state };
    reader.part(Reader::mangled);
    (!reader.failed && reader.at == name.len() && reader.out.len() > 0).then_some(())
}

struct Reader<'t, 'o> {
    cursor: Cursor<'t>,
    out: &'o mut Output,
    state: State,
}

/// What an attempt that failed must not change.
#[derive(Clone, Copy)]
struct State {
    /// Where the part that is printed begins, and what goes before it: `vtable for `. There may
    /// be nothing more.
    start: usize,
    what: &'static [u8],
    alone: bool,
    /// Types that are referred to stand before this.
    last_type: usize,
}

impl<'t> Deref for Reader<'t, '_> {
    type Target = Cursor<'t>;

    fn deref(&self) -> &Cursor<'t> {
        &self.cursor
    }
}

impl<'t> DerefMut for Reader<'t, '_> {
    fn deref_mut(&mut self) -> &mut Cursor<'t> {
        &mut self.cursor
    }
}

impl Reader<'_, '_> {
    #[inline(never)]
    fn put(&mut self, text: &[u8]) {
        if !self.failed {
            self.out.add(text)
        }
    }

    /// Prints what is next in the mangled name as it is.
    fn copy(&mut self, length: usize) {
        self.spend(length >> 6);
        match self.rest().get(..length) {
            Some(text) => {
                self.put(text);
                self.pass(length)
            }
            None => self.fail(),
        }
    }

    fn copy_while(&mut self, wanted: fn(&u8) -> bool) {
        let length = self.rest().iter().take_while(|c| wanted(c)).count();
        self.copy(length)
    }

    /// Lets what was printed from `first` on and what was printed from `second` on change
    /// places.
    fn swap(&mut self, first: usize, second: usize) {
        // It isn't free: long texts that are moved again and again take steps.
        self.cursor.spend((self.out.len() - first) >> 8);
        if self.failed || self.out.rotate(first, second).is_none() {
            self.fail()
        }
    }

    /// Goes back to where an attempt began: its place, what was known, what was printed.
    fn restore(&mut self, &(at, state, end): &(usize, State, usize)) {
        self.recover();
        self.go(at);
        self.state = state;
        self.out.truncate(end);
    }

    /// Prints something with what goes before it, if something does.
    fn part(&mut self, production: fn(&mut Self)) {
        let start = self.out.len();
        let around = core::mem::replace(&mut self.state.start, start);
        let what = core::mem::take(&mut self.state.what);
        production(self);
        let end = self.out.len();
        if !self.state.what.is_empty() {
            self.put(self.state.what);
            self.put(if self.state.alone { b" for" } else { b" for " });
        }
        (self.state.start, self.state.what) = (around, what);
        self.swap(start, end)
    }

    fn nested(&mut self, production: fn(&mut Self)) {
        let allowed = !self.out.failed;
        if self.cursor.enter(allowed) {
            production(self)
        }
        self.depth -= 1;
    }

    /// A number; something follows it always.
    fn number(&mut self) -> usize {
        let digits = self.here.is_ascii_digit();
        match self.digits(u32::MAX) {
            Some(number) if digits && self.at < self.text.len() => number as usize,
            _ => {
                self.fail();
                0
            }
        }
    }

    /// The place that a reference is to.
    fn reference(&mut self) -> usize {
        match reference(self.text, self.at) {
            Some((place, after)) => {
                self.go(after);
                place
            }
            None => {
                self.fail();
                0
            }
        }
    }

    /// `_D` and a declaration with its type, which isn't printed.
    fn mangled(&mut self) {
        self.nested(|reader| {
            reader.must(b'_');
            reader.must(b'D');
            reader.qualified(true);
            if reader.eat(b'Z') {
                return;
            }
            let end = reader.out.len();
            reader.part(Self::kind);
            reader.out.truncate(end)
        })
    }

    fn is_mangled(&self) -> bool {
        self.rest().starts_with(b"_D") && self.is_name(self.at + 2)
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
    fn qualified(&mut self, suffixes: bool) {
        let mut first = true;
        loop {
            if self.here == b'0' {
                // Something without a name.
                while self.eat(b'0') {}
            } else {
                self.put(if first { b"" } else { b"." });
                first = false;
                self.nested(Self::identifier);
                self.enclosing_function(suffixes);
            }
            if self.failed || !self.is_name(self.at) {
                return;
            }
        }
    }

    /// The parameters of a function, unless they are part of the type at the end.
    fn enclosing_function(&mut self, suffixes: bool) {
        if self.here != b'M' && !is_convention(self.here) {
            return;
        }
        let before = (self.at, self.state, self.out.len());
        let method = self.eat(b'M');
        self.method_type(method, suffixes);
        if self.failed || self.at == self.text.len() {
            self.restore(&before);
        }
        // Beyond its limits nothing is tried again.
        if self.steps == 0 {
            self.fail()
        }
    }

    fn method_type(&mut self, method: bool, suffixes: bool) {
        let start = self.out.len();
        if method {
            self.modifiers();
        }
        let end = self.out.len();
        self.convention(false);
        self.attributes(false);
        self.parameters();
        // Modifiers come last.
        if suffixes {
            self.swap(start, end)
        } else if self.failed || self.out.remove(start, end).is_none() {
            self.fail()
        }
    }

    /// Modifiers of `this`.
    fn modifiers(&mut self) {
        let mut last = false;
        while !last {
            let known = b"x const y immutable O shared Ng inout";
            let Some((length, word)) = lookup(known, self.rest()) else {
                if self.here == b'N' {
                    self.fail();
                }
                return;
            };
            last = matches!(self.here, b'x' | b'y');
            self.pass(length);
            self.put(b" ");
            self.put(word);
        }
    }

    fn convention(&mut self, print: bool) {
        let known = b"U extern(C) W extern(Windows) V extern(Pascal) R extern(C++) \
            Y extern(Objective-C)";
        if !self.eat(b'F') && !self.word(known, print) {
            self.fail()
        }
    }

    fn attributes(&mut self, print: bool) {
        // What else begins with an N is the first parameter.
        while self.here == b'N' && !matches!(self.after(), b'g' | b'h' | b'k' | b'n') {
            let known = b"Na pure Nb nothrow Nc ref Nd @property Ne @trusted Nf @safe Ni @nogc \
                Nj return Nl scope Nm @live";
            if !self.word(known, print) {
                self.fail()
            }
        }
    }

    /// What a code stands for in a list, with a space after it; false if no code is here.
    fn word(&mut self, list: &'static [u8], print: bool) -> bool {
        let Some((length, word)) = lookup(list, self.rest()) else { return false };
        self.pass(length);
        if print {
            self.put(word);
            self.put(b" ");
        }
        true
    }

    fn parameters(&mut self) {
        self.put(b"(");
        let mut first = true;
        while !matches!(self.here, b'X' | b'Y' | b'Z' | 0) {
            self.put(if first { b"" } else { b", " });
            first = false;
            self.word(b"M scope", true);
            self.word(b"Nk return", true);
            let class = self.here;
            self.word(b"I in J out K ref L lazy", true);
            if class == b'I' {
                self.word(b"K ref", true);
            }
            self.kind();
        }
        let end = self.next();
        self.put(match end {
            b'X' => b"...)",
            b'Y' if first => b"...)",
            b'Y' => b", ...)",
            _ => b")",
        })
    }

    /// A function's type: what it returns, parameters, attributes.
    fn function_type(&mut self) {
        self.convention(true);
        let attributes = self.out.len();
        self.put(b" ");
        self.attributes(true);
        let parameters = self.out.len();
        self.part(Self::parameters);
        let result = self.out.len();
        self.part(Self::kind);
        let length = self.out.len() - result;
        self.swap(attributes, result);
        self.swap(attributes + length, attributes + length + (parameters - attributes))
    }

    /// A type.
    fn kind(&mut self) {
        self.nested(Self::kind_here)
    }

    fn enclosed(&mut self, before: &[u8], after: &[u8]) {
        self.put(before);
        self.kind();
        self.put(after)
    }

    fn kind_here(&mut self) {
        let c = self.here;
        if c == b'P' && is_convention(self.after()) {
            self.next();
        }
        if is_convention(self.here) {
            self.function_type();
            return self.put(b"function");
        }
        if c == b'Q' {
            return self.type_again(Self::kind);
        }
        let around = b"O shared( x const( y immutable( Ng inout( Nh __vector(";
        if let Some((length, before)) = lookup(around, self.rest()) {
            self.pass(length);
            return self.enclosed(before, b")");
        }
        self.pass(1);
        let start = self.out.len();
        match c {
            b'N' if self.eat(b'n') => self.put(b"typeof(*null)"),
            b'A' => self.enclosed(b"", b"[]"),
            b'G' => {
                self.put(b"[");
                self.copy_while(u8::is_ascii_digit);
                self.put(b"]");
                let dimension = self.out.len();
                self.kind();
                self.swap(start, dimension)
            }
            b'H' => {
                self.part(|reader| reader.enclosed(b"[", b"]"));
                let key = self.out.len();
                self.kind();
                self.swap(start, key)
            }
            b'P' => self.enclosed(b"", b"*"),
            b'C' | b'S' | b'E' | b'T' => self.qualified(false),
            b'D' => {
                self.modifiers();
                let end = self.out.len();
                if self.here == b'Q' {
                    self.type_again(Self::function_type);
                } else {
                    self.function_type();
                }
                self.put(b"delegate");
                self.swap(start, end)
            }
            b'B' => {
                let count = self.number();
                self.put(b"Tuple!(");
                self.items(count, Self::kind);
                self.put(b")")
            }
            b'z' if self.eat(b'i') => self.put(b"cent"),
            b'z' if self.eat(b'k') => self.put(b"ucent"),
            _ => {
                let name = basic_type(c);
                if name.is_empty() {
                    self.fail();
                }
                self.put(name)
            }
        }
    }

    /// So many of something with commas between them.
    fn items(&mut self, count: usize, item: fn(&mut Self)) {
        for i in 0..count {
            if self.failed {
                return; // However many there seem to be.
            }
            self.put(if i > 0 { b", " } else { b"" });
            item(self);
        }
    }

    /// A reference to a type, which must stand before the last one that was followed.
    fn type_again(&mut self, production: fn(&mut Self)) {
        let (at, last) = (self.at, self.state.last_type);
        if at >= last {
            return self.fail();
        }
        self.state.last_type = at;
        let place = self.reference();
        let after = self.at;
        self.go(place);
        self.nested(production);
        self.go(after);
        self.state.last_type = last;
    }

    fn identifier(&mut self) {
        if self.here == b'Q' {
            // To a simple name always.
            let place = self.reference();
            let after = self.at;
            self.go(place);
            let length = self.number();
            self.name(length);
            return self.go(after);
        }
        if self.is_template() {
            return self.template();
        }
        let length = self.number();
        let end = self.at + length;
        let name = match self.rest().get(..length) {
            Some(name) if length > 0 => name,
            _ => return self.fail(),
        };
        if length >= 5 && self.is_template() {
            self.template();
            if self.at != end {
                self.fail()
            }
            return;
        }
        // What a compiler puts around declarations of the same name in one function.
        match name.strip_prefix::<[u8]>(b"__S") {
            Some(number) if length >= 4 && number.iter().all(u8::is_ascii_digit) => {
                self.pass(length);
                self.nested(Self::identifier)
            }
            _ => self.name(length),
        }
    }

    /// A name of that length; some mean something else.
    fn name(&mut self, length: usize) {
        let Some((name, after)) = self.rest().split_at_checked(length) else {
            return self.fail();
        };
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
        self.pass(length);
        if postblit {
            self.pass(3);
        }
        if postblit || whole {
            return self.put(text);
        }
        if !self.state.what.is_empty() {
            return self.fail();
        }
        // It goes before the whole, whose last dot it replaces.
        self.state.what = text;
        self.state.alone = self.out.len() <= self.state.start;
        if !self.state.alone {
            self.out.truncate(self.out.len() - 1);
        }
    }

    fn is_template(&self) -> bool {
        matches!(self.rest(), [b'_', b'_', b'T' | b'U', ..])
    }

    /// `__T <name> <arguments> Z`.
    fn template(&mut self) {
        self.pass(3);
        if !self.is_name(self.at) || self.here == b'0' {
            self.fail();
        }
        self.nested(Self::identifier);
        self.put(b"!(");
        self.part(Self::arguments);
        self.put(b")")
    }

    fn arguments(&mut self) {
        let mut first = true;
        while !self.eat(b'Z') && self.here != 0 {
            self.put(if first { b"" } else { b", " });
            first = false;
            self.eat(b'H'); // Specialised.
            self.nested(Self::argument);
        }
    }

    fn argument(&mut self) {
        match self.next() {
            b'T' => self.kind(),
            b'S' => self.symbol(),
            b'V' => {
                let mut kind = self.here;
                if kind == b'Q' {
                    let place = reference(self.text, self.at).map(|(place, _)| place);
                    match place.and_then(|place| self.text.get(place)) {
                        Some(c) => kind = *c,
                        None => return self.fail(),
                    }
                }
                // Only of structures the type is printed.
                let start = self.out.len();
                self.part(Self::kind);
                if self.here != b'S' {
                    self.out.truncate(start);
                }
                self.value(kind)
            }
            b'X' => {
                let length = self.number();
                self.copy(length)
            }
            _ => self.fail(),
        }
    }

    /// A template argument that is a symbol. It may have its length before it, and the
    /// digits of that and of the symbol's own first length may run together.
    fn symbol(&mut self) {
        if self.is_mangled() {
            return self.mangled();
        }
        if self.here == b'Q' {
            return self.qualified(false);
        }
        let whole = (self.at, self.state, self.out.len());
        let mut length = self.number();
        if length == 0 {
            return self.fail();
        }
        let mut at = self.at;
        while length > 0 {
            self.go(at);
            self.qualified_or_mangled();
            if !self.failed && self.at - at == length {
                return;
            }
            self.restore(&whole);
            length /= 10;
            at -= 1;
        }
        self.qualified_or_mangled()
    }

    fn qualified_or_mangled(&mut self) {
        if self.is_name(self.at) {
            self.qualified(false)
        } else if self.is_mangled() {
            self.mangled()
        }
    }

    fn value(&mut self, kind: u8) {
        if self.here.is_ascii_digit() {
            return self.integer(kind);
        }
        let c = self.here;
        self.pass(1);
        match c {
            b'n' => self.put(b"null"),
            b'N' => {
                self.put(b"-");
                self.integer(kind)
            }
            b'i' => self.integer(kind),
            b'e' => self.real(),
            b'c' => {
                self.real();
                self.put(b"+");
                self.must(b'c');
                self.real();
                self.put(b"i")
            }
            b'a' | b'w' | b'd' => self.string(c),
            b'A' | b'S' => {
                let count = self.number();
                let pairs = c == b'A' && kind == b'H';
                self.put(if c == b'A' { b"[" } else { b"(" });
                self.items(count, if pairs { Self::pair } else { Self::element });
                self.put(if c == b'A' { b"]" } else { b")" })
            }
            b'f' if self.is_mangled() => self.mangled(),
            _ => self.fail(),
        }
    }

    fn element(&mut self) {
        self.nested(|reader| reader.value(0))
    }

    fn pair(&mut self) {
        self.element();
        self.put(b":");
        self.element()
    }

    fn integer(&mut self, kind: u8) {
        let suffix: &[u8] = match kind {
            b'a' | b'u' | b'w' => return self.character(kind),
            b'b' => {
                let value = self.number();
                return self.put(if value != 0 { b"true" } else { b"false" });
            }
            b'h' | b't' | b'k' => b"u",
            b'l' => b"L",
            b'm' => b"uL",
            _ => b"",
        };
        if !self.here.is_ascii_digit() {
            self.fail();
        }
        self.copy_while(u8::is_ascii_digit);
        self.put(suffix)
    }

    fn character(&mut self, kind: u8) {
        let value = self.number() as u32;
        self.put(b"'");
        match (kind, value) {
            (b'a', 0x20..0x7f) => self.put(&[value as u8]),
            _ => {
                let (escape, width) = match kind {
                    b'a' => (b"\\x", 2),
                    b'u' => (b"\\u", 4),
                    _ => (b"\\U", 8),
                };
                self.put(escape);
                let digits = (32 - value.leading_zeros()).div_ceil(4);
                for _ in digits..width {
                    self.put(b"0");
                }
                if value > 0 {
                    self.out.add_unsigned(value.into(), 16);
                }
            }
        }
        self.put(b"'")
    }

    /// Hexadecimal digits with the exponent after a `P`.
    fn real(&mut self) {
        if let Some((length, text)) = lookup(b"NAN NaN INF Inf NINF -Inf", self.rest()) {
            self.pass(length);
            return self.put(text);
        }
        self.sign(b"0x");
        if !self.here.is_ascii_hexdigit() {
            self.fail();
        }
        self.copy(1);
        self.put(b".");
        self.copy_while(u8::is_ascii_hexdigit);
        self.must(b'P');
        self.put(b"p");
        self.sign(b"");
        self.copy_while(u8::is_ascii_digit)
    }

    /// A minus sign, which is an `N`, if it is there.
    fn sign(&mut self, after: &[u8]) {
        let negative = self.eat(b'N');
        self.put(if negative { b"-" } else { b"" });
        self.put(after)
    }

    /// `<length> _ <hexadecimal digits>`.
    fn string(&mut self, kind: u8) {
        let length = self.number();
        self.must(b'_');
        self.put(b"\"");
        for _ in 0..length {
            let digits = [self.next(), self.next()];
            let [Some(high), Some(low)] = digits.map(|c| (c as char).to_digit(16)) else {
                return self.fail();
            };
            match (high * 16 + low) as u8 {
                b'\t' => self.put(b"\\t"),
                b'\n' => self.put(b"\\n"),
                b'\r' => self.put(b"\\r"),
                0x0c => self.put(b"\\f"),
                0x0b => self.put(b"\\v"),
                c @ 0x20..0x7f => self.put(&[c]),
                _ => {
                    self.put(b"\\x");
                    self.put(&digits);
                }
            }
        }
        self.put(b"\"");
        self.put(if kind == b'a' { b"" } else { core::slice::from_ref(&kind) })
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
#[inline(never)]
fn is_convention(c: u8) -> bool {
    matches!(c, b'F' | b'U' | b'V' | b'W' | b'R' | b'Y')
}

/// A type of one letter; empty if there is none.
fn basic_type(code: u8) -> &'static [u8] {
    const NAMES: &[u8] = list!(
        "char;bool;creal;double;real;float;byte;ubyte;int;ireal;uint;long;ulong;\
        typeof(null);ifloat;idouble;cfloat;cdouble;short;ushort;wchar;void;dchar"
    );
    if code < b'a' { b"" } else { pick(NAMES, (code - b'a').into()) }
}
