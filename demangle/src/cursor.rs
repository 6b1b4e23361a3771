//! Reading a mangled name.

/// Levels of nesting, at most.
const DEPTH: u32 = 1024;

/// Steps for a name of Rust or D: what is read, with what is read again.
pub const STEPS: usize = 1 << 18;

/// A place in a mangled name. What is wrong there is noted, and from then on nothing is read
/// any more: so nobody has to ask after each part whether that was right.
pub struct Cursor<'t> {
    pub text: &'t [u8],
    pub at: usize,
    /// The next letter; 0 past the end, and after something was wrong.
    pub here: u8,
    /// Something was wrong.
    pub failed: bool,
    /// Steps that may still be taken.
    pub steps: usize,
    /// Levels of nesting.
    pub depth: u32,
}

impl<'t> Cursor<'t> {
    pub fn new(text: &'t [u8], steps: usize) -> Self {
        let mut cursor = Cursor { text, at: 0, here: 0, failed: false, steps, depth: 0 };
        cursor.go(0);
        cursor
    }

    /// Goes on at another place.
    pub fn go(&mut self, at: usize) {
        if !self.failed {
            self.at = at;
            self.here = self.text.get(at).copied().unwrap_or(0);
        }
    }

    /// The letter after the next one.
    #[inline(never)]
    pub fn after(&self) -> u8 {
        self.rest().get(1).copied().unwrap_or(0)
    }

    /// Passes so many letters.
    pub fn pass(&mut self, count: usize) {
        self.go(self.at + count)
    }

    /// Something is wrong here.
    pub fn fail(&mut self) {
        (self.here, self.failed) = (0, true);
    }

    /// Goes on after what was wrong, if something was; says whether it was.
    pub fn recover(&mut self) -> bool {
        let failed = core::mem::take(&mut self.failed);
        self.go(self.at);
        failed
    }

    /// Takes so many steps.
    pub fn spend(&mut self, steps: usize) {
        match self.steps.checked_sub(steps) {
            Some(left) if !self.failed => self.steps = left,
            _ => self.fail(),
        }
    }

    /// Goes a level deeper, which takes a step, if that is allowed. Whoever does so goes back
    /// up in any case.
    pub fn enter(&mut self, allowed: bool) -> bool {
        let step = self.steps > 0 && !self.failed;
        self.steps -= usize::from(step);
        if !step || !allowed || self.depth >= DEPTH {
            self.fail();
        }
        self.depth += 1;
        !self.failed
    }

    /// What is left.
    pub fn rest(&self) -> &'t [u8] {
        if self.failed { b"" } else { self.text.get(self.at..).unwrap_or_default() }
    }

    /// The letter here, which is passed unless it is the end.
    pub fn next(&mut self) -> u8 {
        let c = self.here;
        if c != 0 {
            self.pass(1);
        }
        c
    }

    pub fn eat(&mut self, c: u8) -> bool {
        if self.here != c {
            return false;
        }
        self.pass(1);
        true
    }

    pub fn eat_two(&mut self, two: [u8; 2]) -> bool {
        if self.here != two[0] || self.after() != two[1] {
            return false;
        }
        self.pass(2);
        true
    }

    pub fn must(&mut self, c: u8) {
        if self.here == c { self.pass(1) } else { self.fail() }
    }

    /// Digits as a number, 0 without any; None where that is too much.
    pub fn digits(&mut self, most: u32) -> Option<u32> {
        let mut number = 0;
        while self.here.is_ascii_digit() {
            let more = u64::from(number) * 10 + u64::from(self.here - b'0');
            number = u32::try_from(more).ok().filter(|number| *number <= most)?;
            self.pass(1);
        }
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_after_something_was_wrong() {
        let mut cursor = Cursor::new(b"ab12", 3);
        assert!(cursor.eat(b'a') && !cursor.eat(b'a') && !cursor.failed);
        cursor.must(b'a');
        assert!(cursor.failed && cursor.rest().is_empty() && cursor.after() == 0);
        assert_eq!((cursor.next(), cursor.digits(9), cursor.at), (0, Some(0), 1));
        cursor.go(3);
        cursor.spend(1);
        assert!(!cursor.enter(true));
        assert_eq!((cursor.at, cursor.steps), (1, 3));
        // It goes on where that was.
        assert!(cursor.recover() && !cursor.recover());
        assert_eq!((cursor.next(), cursor.digits(12)), (b'b', Some(12)));
        assert_eq!((cursor.next(), cursor.at), (0, 4));
    }

    #[test]
    fn numbers_and_steps_have_limits() {
        let mut cursor = Cursor::new(b"123", 2);
        assert_eq!((cursor.digits(99), cursor.at), (None, 2));
        assert!(cursor.enter(true) && !cursor.enter(false));
        assert!(cursor.recover());
        assert!(!cursor.enter(true));
        assert_eq!((cursor.steps, cursor.depth), (0, 3));
    }
}
