//! Rust's own mangling (RFC 2603): `_RNvC3foo3bar` is `foo::bar`.
//!
//! It is read and printed in one go; what was printed of a name that turns out to be wrong
//! is thrown away by the caller.

use super::{Output, list, pick};
use crate::cursor::{Cursor, STEPS};
use core::ops::{Deref, DerefMut};

/// Prints the demangled name, or gives up.
pub fn demangle(name: &[u8], verbose: bool, out: &mut Output) -> Option<()> {
    let name = name.strip_prefix::<[u8]>(b"_R")?;
    // Whatever follows a dot was appended later.
    let text = name.split(|&c| c == b'.').next()?;
    let known = |c: &u8| c.is_ascii_alphanumeric() || *c == b'_';
    if !text.first()?.is_ascii_uppercase() || !text.iter().all(known) {
        return None;
    }
    let cursor = Cursor::new(text, STEPS);
    let mut reader = Reader { cursor, out, verbose, lifetimes: 0 };
    reader.path(true);
    // The crate that an instance is made for isn't printed.
    if reader.here != 0 {
        reader.out.silent = true;
        reader.path(false);
    }
    (!reader.failed && reader.at == text.len()).then_some(())
}

struct Reader<'t, 'o> {
    cursor: Cursor<'t>,
    out: &'o mut Output,
    verbose: bool,
    /// How many lifetimes are bound by what is around.
    lifetimes: u64,
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

impl<'t> Reader<'t, '_> {
    #[inline(always)]
    fn put(&mut self, text: &str) {
        self.out.add(text.as_bytes())
    }

    fn enter(&mut self) -> bool {
        let allowed = !self.out.failed;
        self.cursor.enter(allowed)
    }

    /// `_` is 0, `0_` is 1 ...
    fn base_62(&mut self) -> u64 {
        if self.eat(b'_') {
            return 0;
        }
        let mut number = 0u64;
        loop {
            let digit = match self.next() {
                b'_' => return number.wrapping_add(1),
                c @ b'0'..=b'9' => c - b'0',
                c @ b'a'..=b'z' => c - b'a' + 10,
                c @ b'A'..=b'Z' => c - b'A' + 36,
                _ => {
                    self.fail();
                    return 0;
                }
            };
            number = number.wrapping_mul(62).wrapping_add(digit.into());
        }
    }

    /// 0 without the tag, 1 and more with it.
    fn optional_62(&mut self, tag: u8) -> u64 {
        if self.eat(tag) { self.base_62().wrapping_add(1) } else { 0 }
    }

    fn disambiguator(&mut self) -> u64 {
        self.optional_62(b's')
    }

    /// `B <place>`: what stands there is read again by the caller, who goes on at the place that
    /// is given then.
    fn again(&mut self) -> Option<usize> {
        let place = self.base_62();
        if self.out.silent {
            return None;
        }
        // It should stand before this; only the depth ends it where it doesn't.
        let after = self.at;
        self.go(place as usize);
        Some(after)
    }

    fn path(&mut self, in_value: bool) {
        if self.enter() {
            self.path_here(in_value)
        }
        self.depth -= 1;
    }

    fn path_here(&mut self, in_value: bool) {
        match self.next() {
            b'C' => {
                let disambiguator = self.disambiguator();
                let name = self.identifier();
                self.print_identifier(name);
                if self.verbose {
                    self.put("[");
                    self.out.add_unsigned(disambiguator, 16);
                    self.put("]");
                }
            }
            b'N' => {
                let namespace = self.next();
                if !namespace.is_ascii_alphabetic() {
                    self.fail();
                }
                self.path(in_value);
                let disambiguator = self.disambiguator();
                let name = self.identifier();
                if namespace.is_ascii_lowercase() {
                    // What the compiler needs to tell apart and programmers don't.
                    if !name.is_empty() {
                        self.put("::");
                        self.print_identifier(name);
                    }
                    return;
                }
                self.put("::{");
                match namespace {
                    b'C' => self.put("closure"),
                    b'S' => self.put("shim"),
                    c => self.out.add(&[c]),
                }
                if !name.is_empty() {
                    self.put(":");
                    self.print_identifier(name);
                }
                self.put("#");
                self.out.add_unsigned(disambiguator, 10);
                self.put("}")
            }
            kind @ (b'M' | b'X' | b'Y') => {
                if kind != b'Y' {
                    // Where the impl is.
                    self.disambiguator();
                    let silent = core::mem::replace(&mut self.out.silent, true);
                    self.path(in_value);
                    self.out.silent = silent;
                }
                self.put("<");
                self.kind();
                if kind != b'M' {
                    self.put(" as ");
                    self.path(false);
                }
                self.put(">")
            }
            b'I' => {
                self.path(in_value);
                self.put(if in_value { "::<" } else { "<" });
                self.list(", ", Self::generic);
                self.put(">")
            }
            b'B' => {
                if let Some(after) = self.again() {
                    self.path(in_value);
                    self.go(after)
                }
            }
            _ => self.fail(),
        }
    }

    /// Items up to an `E`; says how many.
    fn list(&mut self, separator: &str, item: fn(&mut Self)) -> usize {
        let mut count = 0;
        while !self.failed && !self.eat(b'E') {
            if count > 0 {
                self.put(separator);
            }
            item(self);
            count += 1;
        }
        count
    }

    fn generic(&mut self) {
        if self.eat(b'L') {
            let lifetime = self.base_62();
            self.lifetime(lifetime)
        } else if self.eat(b'K') {
            self.constant()
        } else {
            self.kind()
        }
    }

    /// A type.
    fn kind(&mut self) {
        if self.enter() {
            self.kind_here()
        }
        self.depth -= 1;
    }

    fn kind_here(&mut self) {
        let tag = self.here;
        self.next();
        let name = basic_type(tag);
        if !name.is_empty() {
            return self.out.add(name);
        }
        match tag {
            b'R' | b'Q' => {
                self.put("&");
                self.named_lifetime("", " ");
                self.put(if tag == b'Q' { "mut " } else { "" });
                self.kind()
            }
            b'P' | b'O' => {
                self.put(if tag == b'O' { "*mut " } else { "*const " });
                self.kind()
            }
            b'A' | b'S' => {
                self.put("[");
                self.kind();
                if tag == b'A' {
                    self.put("; ");
                    self.constant();
                }
                self.put("]")
            }
            b'T' => {
                self.put("(");
                let count = self.list(", ", Self::kind);
                self.put(if count == 1 { ",)" } else { ")" })
            }
            b'F' => {
                let lifetimes = self.binder();
                if self.eat(b'U') {
                    self.put("unsafe ");
                }
                if self.eat(b'K') {
                    self.abi();
                }
                self.put("fn(");
                self.list(", ", Self::kind);
                self.put(")");
                if !self.eat(b'u') {
                    self.put(" -> ");
                    self.kind();
                }
                self.lifetimes = lifetimes;
            }
            b'D' => {
                self.put("dyn ");
                let lifetimes = self.binder();
                self.list(" + ", Self::dyn_trait);
                self.lifetimes = lifetimes;
                if self.here != b'L' {
                    self.fail();
                }
                self.named_lifetime(" + ", "")
            }
            b'B' => {
                if let Some(after) = self.again() {
                    self.kind();
                    self.go(after)
                }
            }
            0 => self.fail(),
            _ => {
                let at = self.at - 1;
                self.go(at);
                self.path(false)
            }
        }
    }

    /// `L` and a lifetime, which is printed if it has a name.
    fn named_lifetime(&mut self, before: &str, after: &str) {
        if !self.eat(b'L') {
            return;
        }
        let lifetime = self.base_62();
        if lifetime != 0 {
            self.put(before);
            self.lifetime(lifetime);
            self.put(after)
        }
    }

    /// `for<'a, 'b> `; gives how many lifetimes were bound before.
    fn binder(&mut self) -> u64 {
        let before = self.lifetimes;
        let count = self.optional_62(b'G');
        if count == 0 || self.out.silent {
            self.lifetimes = before.wrapping_add(count);
            return before;
        }
        self.put("for<");
        for i in 0..count {
            if self.out.failed {
                break; // As many as there seem to be may never end.
            }
            self.put(if i > 0 { ", " } else { "" });
            self.lifetimes = self.lifetimes.wrapping_add(1);
            self.lifetime(1);
        }
        self.put("> ");
        before
    }

    /// A lifetime, counted from the innermost.
    fn lifetime(&mut self, index: u64) {
        self.put("'");
        if index == 0 {
            return self.put("_");
        }
        let depth = self.lifetimes.wrapping_sub(index);
        match u8::try_from(depth) {
            Ok(depth @ 0..26) => self.out.add(&[b'a' + depth]),
            _ => {
                self.put("_");
                self.out.add_unsigned(depth, 10)
            }
        }
    }

    /// `extern "C" `
    fn abi(&mut self) {
        self.put("extern \"");
        if self.eat(b'C') {
            self.put("C");
        } else {
            let name = self.identifier();
            if name.plain.is_empty() || !name.punycode.is_empty() {
                self.fail();
            }
            for &c in name.plain {
                self.out.add(&[if c == b'_' { b'-' } else { c }]);
            }
        }
        self.put("\" ")
    }

    fn dyn_trait(&mut self) {
        let mut open = self.open_path();
        while self.eat(b'p') {
            self.put(if open { ", " } else { "<" });
            open = true;
            let name = self.identifier();
            self.print_identifier(name);
            self.put(" = ");
            self.kind();
        }
        self.put(if open { ">" } else { "" })
    }

    /// A path whose generic arguments, if it has some, are left open for more.
    fn open_path(&mut self) -> bool {
        let mut open = false;
        if self.enter() {
            if self.eat(b'B') {
                if let Some(after) = self.again() {
                    open = self.open_path();
                    self.go(after);
                }
            } else {
                open = self.eat(b'I');
                self.path(false);
                if open {
                    self.put("<");
                    self.list(", ", Self::generic);
                }
            }
        }
        self.depth -= 1;
        open
    }

    fn constant(&mut self) {
        if self.enter() {
            self.constant_here()
        }
        self.depth -= 1;
    }

    fn constant_here(&mut self) {
        let tag = self.next();
        match tag {
            b'B' => {
                if let Some(after) = self.again() {
                    self.constant();
                    self.go(after);
                }
                return;
            }
            b'p' => return self.put("_"),
            b'h' | b't' | b'm' | b'y' | b'o' | b'j' => self.integer(),
            b'a' | b's' | b'l' | b'x' | b'n' | b'i' => {
                if self.eat(b'n') {
                    self.put("-");
                }
                self.integer();
            }
            b'b' => match self.small() {
                0 => self.put("false"),
                1 => self.put("true"),
                _ => self.fail(),
            },
            b'c' => self.character(),
            _ => return self.fail(),
        }
        if self.verbose {
            self.put(": ");
            self.out.add(basic_type(tag));
        }
    }

    /// Hexadecimal digits and `_`: the value, and how many digits.
    fn hex(&mut self) -> (u64, usize) {
        let start = self.at;
        let mut value = 0u64;
        loop {
            let digit = match self.next() {
                c @ b'0'..=b'9' => c - b'0',
                c @ b'a'..=b'f' => c - b'a' + 10,
                b'_' if self.at - 1 > start => return (value, self.at - 1 - start),
                _ => {
                    self.fail();
                    return (0, 0);
                }
            };
            value = value << 4 | u64::from(digit);
        }
    }

    /// Not more than eight digits.
    fn small(&mut self) -> u64 {
        let (value, length) = self.hex();
        if length > 8 {
            self.fail();
        }
        value
    }

    fn integer(&mut self) {
        let (value, length) = self.hex();
        if length <= 16 {
            return self.out.add_unsigned(value, 10);
        }
        // Too long for a decimal number; GNU prints the digits from the second on, and
        // the _ after them.
        self.put("0x");
        self.out
            .add(self.cursor.text.get(self.cursor.at - length..self.cursor.at).unwrap_or_default())
    }

    fn character(&mut self) {
        let value = self.small();
        self.put("'");
        match value {
            0x09 => self.put("\\t"),
            0x0a => self.put("\\n"),
            0x0d => self.put("\\r"),
            0x20..0x7f => self.out.add(&[value as u8]),
            _ => {
                self.put("\\u{");
                self.out.add_unsigned(value, 16);
                self.put("}");
            }
        }
        self.put("'")
    }

    /// A length and as many bytes, perhaps after an underscore; after `u` in Punycode.
    fn identifier(&mut self) -> Identifier<'t> {
        let encoded = self.eat(b'u');
        let mut length = match self.next() {
            c @ b'0'..=b'9' => u64::from(c - b'0'),
            _ => {
                self.fail();
                0
            }
        };
        while length != 0 && self.here.is_ascii_digit() {
            length = length.wrapping_mul(10).wrapping_add((self.next() - b'0').into());
        }
        self.eat(b'_');
        let name = self.rest().get(..length as usize);
        if name.is_none() {
            self.fail();
        }
        let name = name.unwrap_or_default();
        self.pass(name.len());
        if !encoded {
            return Identifier { plain: name, punycode: b"" };
        }
        let split = name.iter().rposition(|&c| c == b'_');
        let (plain, punycode) = name.split_at(split.unwrap_or(0));
        let punycode = punycode.get(split.is_some().into()..).unwrap_or_default();
        if punycode.is_empty() {
            self.fail();
        }
        Identifier { plain, punycode }
    }

    fn print_identifier(&mut self, name: Identifier) {
        if self.out.silent {
        } else if name.punycode.is_empty() {
            self.out.add(name.plain)
        } else {
            // It isn't for free, even if nothing comes of it.
            self.spend(name.punycode.len());
            if self.failed || decode(name.plain, name.punycode, self.out).is_none() {
                self.fail();
            }
        }
    }
}

/// A name: in Punycode what is plain in it, and where the rest of it goes.
#[derive(Clone, Copy)]
struct Identifier<'t> {
    plain: &'t [u8],
    punycode: &'t [u8],
}

impl Identifier<'_> {
    fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.punycode.is_empty()
    }
}

/// Characters that a name in Punycode may have.
const CHARACTERS: usize = 1024;

/// Prints a name in Punycode (RFC 3492) as UTF-8. As GNU does it: nothing if the code ends
/// too early, and whatever comes of a number that is no character.
fn decode(plain: &[u8], punycode: &[u8], out: &mut Output) -> Option<()> {
    let mut characters = [0u32; CHARACTERS];
    for (to, from) in characters.get_mut(..plain.len())?.iter_mut().zip(plain) {
        *to = (*from).into();
    }
    let mut count = plain.len();
    let (mut bias, mut place, mut character) = (72u64, 0u64, 0x80u64);
    let mut digits = punycode.iter();
    let mut first = true;
    while !digits.as_slice().is_empty() {
        let (mut delta, mut weight, mut k) = (0u64, 1u64, 0u64);
        loop {
            k += 36;
            let threshold = k.saturating_sub(bias).clamp(1, 26);
            let Some(&c) = digits.next() else { return Some(()) };
            let digit = u64::from(match c {
                b'a'..=b'z' => c - b'a',
                b'0'..=b'9' => c - b'0' + 26,
                _ => return None,
            });
            delta = delta.wrapping_add(digit.wrapping_mul(weight));
            weight = weight.wrapping_mul(36 - threshold);
            if digit < threshold {
                break;
            }
        }
        count += 1;
        let length = count as u64;
        place = place.wrapping_add(delta);
        character = character.wrapping_add(place / length);
        place %= length;
        let at = place as usize;
        let moved = characters.get_mut(at..count)?;
        moved.copy_within(..moved.len() - 1, 1);
        *moved.first_mut()? = character as u32;
        place += 1;
        // How far apart the next ones will be.
        delta /= if first { 700 } else { 2 };
        first = false;
        delta = delta.wrapping_add(delta / length);
        bias = 0;
        while delta > 35 * 26 / 2 {
            delta /= 35;
            bias += 36;
        }
        bias += 36 * delta / (delta + 38);
    }
    for &c in characters.get(..count)? {
        let tail = |shift: u32| 0x80 | (c >> shift & 0x3f) as u8;
        match c {
            0..0x80 => out.push(&[c as u8])?,
            0x80..0x800 => out.push(&[0xc0 | (c >> 6) as u8, tail(0)])?,
            0x800..0x1_0000 => out.push(&[0xe0 | (c >> 12) as u8, tail(6), tail(0)])?,
            _ => out.push(&[0xf0 | (c >> 18) as u8, tail(12), tail(6), tail(0)])?,
        }
    }
    Some(())
}

/// A type of one letter; empty if there is none.
fn basic_type(tag: u8) -> &'static [u8] {
    const NAMES: &[u8] = list!(
        "i8;bool;char;f64;str;f32;;u8;isize;usize;;i32;u32;i128;u128;_;;;i16;u16;();...;;\
        i64;u64;!"
    );
    if tag < b'a' { b"" } else { pick(NAMES, (tag - b'a').into()) }
}
