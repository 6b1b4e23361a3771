//! Rust's own mangling (RFC 2603): `_RNvC3foo3bar` is `foo::bar`.
//!
//! It is read and printed in one go; what was printed of a name that turns out to be wrong
//! is thrown away by the caller.

use super::{Output, pick};

/// Levels of nesting.
const DEPTH: u32 = 1024;

/// Paths and types that are read, those that are read again included.
const STEPS: u32 = 1 << 18;

/// Prints the demangled name, or gives up.
pub fn demangle(name: &[u8], verbose: bool, out: &mut Output) -> Option<()> {
    let name = name.strip_prefix(b"_R")?;
    // Whatever follows a dot was appended later.
    let text = name.split(|&c| c == b'.').next()?;
    let known = |c: &u8| c.is_ascii_alphanumeric() || *c == b'_';
    if !text.first()?.is_ascii_uppercase() || !text.iter().all(known) {
        return None;
    }
    let mut reader = Reader { text, at: 0, out, verbose, lifetimes: 0, depth: 0, steps: STEPS };
    reader.path(true)?;
    // The crate that an instance is made for isn't printed.
    if reader.at < text.len() {
        reader.out.silent = true;
        reader.path(false)?;
    }
    (reader.at == text.len()).then_some(())
}

struct Reader<'t, 'o> {
    text: &'t [u8],
    at: usize,
    out: &'o mut Output,
    verbose: bool,
    /// How many lifetimes are bound by what is around.
    lifetimes: u64,
    depth: u32,
    steps: u32,
}

impl<'t> Reader<'t, '_> {
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn next(&mut self) -> Option<u8> {
        let c = *self.text.get(self.at)?;
        self.at += 1;
        Some(c)
    }

    fn eat(&mut self, c: u8) -> bool {
        let found = self.peek() == c;
        self.at += usize::from(found);
        found
    }

    #[inline(always)]
    fn put(&mut self, text: &[u8]) -> Option<()> {
        self.out.push(text)
    }

    fn number(&mut self, number: u64) -> Option<()> {
        self.out.unsigned(number, 10)
    }

    fn hexadecimal(&mut self, number: u64) -> Option<()> {
        self.out.unsigned(number, 16)
    }

    /// Runs one level deeper.
    fn nested(&mut self, production: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        self.steps = self.steps.checked_sub(1)?;
        if self.depth >= DEPTH || self.out.failed {
            return None;
        }
        self.depth += 1;
        production(self)?;
        self.depth -= 1;
        Some(())
    }

    /// `_` is 0, `0_` is 1 ...
    fn base_62(&mut self) -> Option<u64> {
        if self.eat(b'_') {
            return Some(0);
        }
        let mut number = 0u64;
        while !self.eat(b'_') {
            let digit = match self.next()? {
                c @ b'0'..=b'9' => c - b'0',
                c @ b'a'..=b'z' => c - b'a' + 10,
                c @ b'A'..=b'Z' => c - b'A' + 36,
                _ => return None,
            };
            number = number.wrapping_mul(62).wrapping_add(digit.into());
        }
        Some(number.wrapping_add(1))
    }

    /// 0 without the tag, 1 and more with it.
    fn optional_62(&mut self, tag: u8) -> Option<u64> {
        if self.eat(tag) { Some(self.base_62()?.wrapping_add(1)) } else { Some(0) }
    }

    fn disambiguator(&mut self) -> Option<u64> {
        self.optional_62(b's')
    }

    /// `B <place>`: what stands there is read again.
    fn again(&mut self, production: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        let place = self.base_62()?;
        if self.out.silent {
            return Some(());
        }
        // It should stand before this; only the depth ends it where it doesn't.
        let after = core::mem::replace(&mut self.at, usize::try_from(place).ok()?);
        production(self)?;
        self.at = after;
        Some(())
    }

    fn path(&mut self, in_value: bool) -> Option<()> {
        self.nested(|reader| reader.path_here(in_value))
    }

    fn path_here(&mut self, in_value: bool) -> Option<()> {
        match self.next()? {
            b'C' => {
                let disambiguator = self.disambiguator()?;
                let name = self.identifier()?;
                self.print_identifier(name)?;
                if self.verbose {
                    self.put(b"[")?;
                    self.hexadecimal(disambiguator)?;
                    self.put(b"]")?;
                }
                Some(())
            }
            b'N' => {
                let namespace = self.next().filter(u8::is_ascii_alphabetic)?;
                self.path(in_value)?;
                let disambiguator = self.disambiguator()?;
                let name = self.identifier()?;
                if namespace.is_ascii_lowercase() {
                    // What the compiler needs to tell apart and programmers don't.
                    if !name.is_empty() {
                        self.put(b"::")?;
                        self.print_identifier(name)?;
                    }
                    return Some(());
                }
                self.put(b"::{")?;
                match namespace {
                    b'C' => self.put(b"closure")?,
                    b'S' => self.put(b"shim")?,
                    c => self.put(&[c])?,
                }
                if !name.is_empty() {
                    self.put(b":")?;
                    self.print_identifier(name)?;
                }
                self.put(b"#")?;
                self.number(disambiguator)?;
                self.put(b"}")
            }
            kind @ (b'M' | b'X' | b'Y') => {
                if kind != b'Y' {
                    // Where the impl is.
                    self.disambiguator()?;
                    let silent = core::mem::replace(&mut self.out.silent, true);
                    self.path(in_value)?;
                    self.out.silent = silent;
                }
                self.put(b"<")?;
                self.kind()?;
                if kind != b'M' {
                    self.put(b" as ")?;
                    self.path(false)?;
                }
                self.put(b">")
            }
            b'I' => {
                self.path(in_value)?;
                self.put(if in_value { b"::<" } else { b"<" })?;
                self.list(b", ", Self::generic)?;
                self.put(b">")
            }
            b'B' => self.again(|reader| reader.path(in_value)),
            _ => None,
        }
    }

    /// Items up to an `E`; says how many.
    fn list(
        &mut self,
        separator: &[u8],
        mut item: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<usize> {
        let mut count = 0;
        while !self.eat(b'E') {
            if count > 0 {
                self.put(separator)?;
            }
            item(self)?;
            count += 1;
        }
        Some(count)
    }

    fn generic(&mut self) -> Option<()> {
        if self.eat(b'L') {
            let lifetime = self.base_62()?;
            self.lifetime(lifetime)
        } else if self.eat(b'K') {
            self.constant()
        } else {
            self.kind()
        }
    }

    /// A type.
    fn kind(&mut self) -> Option<()> {
        self.nested(Self::kind_here)
    }

    fn kind_here(&mut self) -> Option<()> {
        let tag = self.next()?;
        if let Some(name) = basic_type(tag) {
            return self.put(name);
        }
        match tag {
            b'R' | b'Q' => {
                self.put(b"&")?;
                if self.eat(b'L') {
                    let lifetime = self.base_62()?;
                    if lifetime != 0 {
                        self.lifetime(lifetime)?;
                        self.put(b" ")?;
                    }
                }
                self.put(if tag == b'Q' { b"mut " } else { b"" })?;
                self.kind()
            }
            b'P' | b'O' => {
                self.put(if tag == b'O' { b"*mut " } else { b"*const " })?;
                self.kind()
            }
            b'A' | b'S' => {
                self.put(b"[")?;
                self.kind()?;
                if tag == b'A' {
                    self.put(b"; ")?;
                    self.constant()?;
                }
                self.put(b"]")
            }
            b'T' => {
                self.put(b"(")?;
                let count = self.list(b", ", Self::kind)?;
                self.put(if count == 1 { b",)" } else { b")" })
            }
            b'F' => {
                let lifetimes = self.binder()?;
                if self.eat(b'U') {
                    self.put(b"unsafe ")?;
                }
                if self.eat(b'K') {
                    self.abi()?;
                }
                self.put(b"fn(")?;
                self.list(b", ", Self::kind)?;
                self.put(b")")?;
                if !self.eat(b'u') {
                    self.put(b" -> ")?;
                    self.kind()?;
                }
                self.lifetimes = lifetimes;
                Some(())
            }
            b'D' => {
                self.put(b"dyn ")?;
                let lifetimes = self.binder()?;
                self.list(b" + ", Self::dyn_trait)?;
                self.lifetimes = lifetimes;
                if !self.eat(b'L') {
                    return None;
                }
                let lifetime = self.base_62()?;
                if lifetime == 0 {
                    return Some(());
                }
                self.put(b" + ")?;
                self.lifetime(lifetime)
            }
            b'B' => self.again(Self::kind),
            _ => {
                self.at -= 1;
                self.path(false)
            }
        }
    }

    /// `for<'a, 'b> `; gives how many lifetimes were bound before.
    fn binder(&mut self) -> Option<u64> {
        let before = self.lifetimes;
        let count = self.optional_62(b'G')?;
        if count == 0 || self.out.silent {
            self.lifetimes = before.wrapping_add(count);
            return Some(before);
        }
        self.put(b"for<")?;
        for i in 0..count {
            if self.out.failed {
                return None; // As many as there seem to be may never end.
            }
            self.put(if i > 0 { b", " } else { b"" })?;
            self.lifetimes = self.lifetimes.wrapping_add(1);
            self.lifetime(1)?;
        }
        self.put(b"> ")?;
        Some(before)
    }

    /// A lifetime, counted from the innermost.
    fn lifetime(&mut self, index: u64) -> Option<()> {
        self.put(b"'")?;
        if index == 0 {
            return self.put(b"_");
        }
        let depth = self.lifetimes.wrapping_sub(index);
        match u8::try_from(depth) {
            Ok(depth @ 0..26) => self.put(&[b'a' + depth]),
            _ => {
                self.put(b"_")?;
                self.number(depth)
            }
        }
    }

    /// `extern "C" `
    fn abi(&mut self) -> Option<()> {
        self.put(b"extern \"")?;
        if self.eat(b'C') {
            self.put(b"C")?;
        } else {
            let name = self.identifier()?;
            if name.plain.is_empty() || !name.punycode.is_empty() {
                return None;
            }
            for &c in name.plain {
                self.put(if c == b'_' { b"-" } else { core::slice::from_ref(&c) })?;
            }
        }
        self.put(b"\" ")
    }

    fn dyn_trait(&mut self) -> Option<()> {
        let mut open = self.open_path()?;
        while self.eat(b'p') {
            self.put(if open { b", " } else { b"<" })?;
            open = true;
            let name = self.identifier()?;
            self.print_identifier(name)?;
            self.put(b" = ")?;
            self.kind()?;
        }
        self.put(if open { b">" } else { b"" })
    }

    /// A path whose generic arguments, if it has some, are left open for more.
    fn open_path(&mut self) -> Option<bool> {
        let mut open = false;
        self.nested(|reader| {
            if reader.eat(b'B') {
                return reader.again(|reader| {
                    open = reader.open_path()?;
                    Some(())
                });
            }
            if !reader.eat(b'I') {
                return reader.path(false);
            }
            reader.path(false)?;
            reader.put(b"<")?;
            open = true;
            reader.list(b", ", Self::generic)?;
            Some(())
        })?;
        Some(open)
    }

    fn constant(&mut self) -> Option<()> {
        self.nested(Self::constant_here)
    }

    fn constant_here(&mut self) -> Option<()> {
        if self.eat(b'B') {
            return self.again(Self::constant);
        }
        let tag = self.next()?;
        match tag {
            b'p' => return self.put(b"_"),
            b'h' | b't' | b'm' | b'y' | b'o' | b'j' => self.integer()?,
            b'a' | b's' | b'l' | b'x' | b'n' | b'i' => {
                if self.eat(b'n') {
                    self.put(b"-")?;
                }
                self.integer()?;
            }
            b'b' => match self.small()? {
                0 => self.put(b"false")?,
                1 => self.put(b"true")?,
                _ => return None,
            },
            b'c' => self.character()?,
            _ => return None,
        }
        if self.verbose {
            self.put(b": ")?;
            self.put(basic_type(tag)?)?;
        }
        Some(())
    }

    /// Hexadecimal digits and `_`: the value, and how many digits.
    fn hex(&mut self) -> Option<(u64, usize)> {
        let start = self.at;
        let mut value = 0u64;
        while !self.eat(b'_') {
            let digit = match self.next()? {
                c @ b'0'..=b'9' => c - b'0',
                c @ b'a'..=b'f' => c - b'a' + 10,
                _ => return None,
            };
            value = value << 4 | u64::from(digit);
        }
        let length = self.at - 1 - start;
        (length > 0).then_some((value, length))
    }

    /// Not more than eight digits.
    fn small(&mut self) -> Option<u64> {
        let (value, length) = self.hex()?;
        (length <= 8).then_some(value)
    }

    fn integer(&mut self) -> Option<()> {
        let (value, length) = self.hex()?;
        if length <= 16 {
            return self.number(value);
        }
        // Too long for a decimal number; GNU prints the digits from the second on, and
        // the _ after them.
        self.put(b"0x")?;
        let text = self.text;
        self.put(text.get(self.at - length..self.at)?)
    }

    fn character(&mut self) -> Option<()> {
        let value = self.small()?;
        self.put(b"'")?;
        match value {
            0x09 => self.put(b"\\t")?,
            0x0a => self.put(b"\\n")?,
            0x0d => self.put(b"\\r")?,
            0x20..0x7f => self.put(&[value as u8])?,
            _ => {
                self.put(b"\\u{")?;
                self.hexadecimal(value)?;
                self.put(b"}")?;
            }
        }
        self.put(b"'")
    }

    /// A length and as many bytes, perhaps after an underscore; after `u` in Punycode.
    fn identifier(&mut self) -> Option<Identifier<'t>> {
        let encoded = self.eat(b'u');
        let mut length = match self.next()? {
            c @ b'0'..=b'9' => u64::from(c - b'0'),
            _ => return None,
        };
        while length != 0 && self.peek().is_ascii_digit() {
            length = length.wrapping_mul(10).wrapping_add((self.next()? - b'0').into());
        }
        self.eat(b'_');
        let end = self.at.checked_add(usize::try_from(length).ok()?)?;
        let name = self.text.get(self.at..end)?;
        self.at = end;
        if !encoded {
            return Some(Identifier { plain: name, punycode: b"" });
        }
        let (plain, punycode) = match name.iter().rposition(|&c| c == b'_') {
            Some(at) => (name.get(..at)?, name.get(at + 1..)?),
            None => (&name[..0], name),
        };
        (!punycode.is_empty()).then_some(Identifier { plain, punycode })
    }

    fn print_identifier(&mut self, name: Identifier) -> Option<()> {
        if self.out.silent {
            Some(())
        } else if name.punycode.is_empty() {
            self.out.push(name.plain)
        } else {
            // It isn't for free, even if nothing comes of it.
            self.steps = self.steps.checked_sub(name.punycode.len() as u32)?;
            decode(name.plain, name.punycode, self.out)
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
        characters.get_mut(at..count)?.rotate_right(1);
        *characters.get_mut(at)? = character as u32;
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

/// A type of one letter.
fn basic_type(tag: u8) -> Option<&'static [u8]> {
    const NAMES: &[u8] =
        b"i8;bool;char;f64;str;f32;;u8;isize;usize;;i32;u32;i128;u128;_;;;i16;u16;();...;;\
        i64;u64;!";
    pick(NAMES, usize::from(tag).checked_sub(b'a'.into())?)
}
