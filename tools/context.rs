//! What every applet is given: its name and arguments, the output, and the way to say
//! what went wrong.

use rt::Result;
use rt::fmt::Put;
use rt::io::{BorrowedFd, BufWriter, Write, stderr};
use rt::put;

/// What an applet is given.
pub struct Context<'a> {
    /// `lx` where the applet was named as an argument, empty where its own name was called.
    pub prefix: &'static str,
    /// The applet's name; `lx` for the multicall program itself.
    pub applet: &'static str,
    /// The arguments after the applet's name.
    pub args: &'a [&'static [u8]],
    /// Standard output.
    pub out: BufWriter<'a>,
}

impl<'a> Context<'a> {
    /// The context of the multicall program, before it is known which applet is meant.
    pub fn new(args: &'a [&'static [u8]], out: BufWriter<'a>) -> Self {
        Context { prefix: "", applet: "lx", args, out }
    }

    /// Tells on standard error, in one line and one write, what went wrong:
    /// `lx APPLET: TEXT`. What was printed before goes out first, so that both are in
    /// order where they end up in the same place.
    pub fn message(&mut self, text: &[&dyn Put]) {
        self.say(text, "\n");
    }

    /// The same, with this end of the line or without any.
    pub fn say(&mut self, text: &[&dyn Put], end: &str) {
        let _ = self.out.flush();
        let mut buffer = [0; 512];
        let mut to = Escaped(stderr());
        let mut err = BufWriter::new(&mut buffer, &mut to);
        put!(&mut err, self.prefix, self.applet, ": ");
        for item in text {
            item.put(&mut err);
        }
        put!(&mut err, end);
        // There is no other place to complain.
        let _ = err.flush();
    }
}

/// A stream on which no control character gets through but tab and newline: what messages
/// quote (arguments, names out of files) must not drive the terminal.
struct Escaped(BorrowedFd<'static>);

impl Write for Escaped {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let is_control = |&byte: &u8| matches!(byte, 0..=8 | 11..=31 | 127);
        match bytes.iter().position(is_control) {
            None => self.0.write(bytes),
            Some(0) => {
                let octal = |shift: u8| b'0' + (bytes[0] >> shift & 7);
                self.0.write_all(&[b'\\', octal(6), octal(3), octal(0)])?;
                Ok(1)
            }
            Some(at) => self.0.write(&bytes[..at]),
        }
    }
}
