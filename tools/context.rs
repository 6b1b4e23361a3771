//! What every applet is given: its name and arguments, the output, and the way to say
//! what went wrong.

use rt::io::BufWriter;
use rt::put;
use rt::text::Text;

/// What an applet is given.
// In this order: the output, which most calls pass on, is where the context is.
#[repr(C)]
pub struct Context<'a> {
    /// Standard output.
    pub out: BufWriter<'a>,
    /// `lx` where the applet was named as an argument, empty where its own name was called.
    pub prefix: &'static str,
    /// The applet's name; `lx` for the multicall program itself.
    pub applet: &'static str,
    /// The arguments after the applet's name.
    pub args: &'a [&'static [u8]],
    /// Standard error, empty between messages; see [`message!`].
    pub err: BufWriter<'a>,
    /// Between two pieces of a JSON document: see [`json`](crate::json).
    pub json_comma: bool,
}

/// Tells on standard error, in one line and one write, what went wrong: `lx APPLET: ...`,
/// with the items written as [`put!`] writes them.
macro_rules! message {
    ($cx:expr, $text:literal $(,)?) => {{
        let cx: &mut $crate::context::Context = $cx;
        cx.tell(rt::text!($text));
    }};
    ($cx:expr, $first:literal, $($items:tt)+) => {{
        let cx: &mut $crate::context::Context = $cx;
        cx.begin_message_with(rt::text!($first));
        rt::put!(&mut cx.err, $($items)+);
        cx.end_line();
    }};
    ($cx:expr, $($items:tt)+) => {{
        let cx: &mut $crate::context::Context = $cx;
        cx.begin_message();
        rt::put!(&mut cx.err, $($items)+);
        cx.end_line();
    }};
}

impl<'a> Context<'a> {
    /// The context of the multicall program, before it is known which applet is meant.
    pub fn new(args: &'a [&'static [u8]], out: BufWriter<'a>, err: BufWriter<'a>) -> Self {
        Context { prefix: "", applet: "lx", args, out, err, json_comma: false }
    }

    /// What comes before a message. What was printed before it goes out first, so that
    /// both are in order where they end up in the same place.
    pub fn begin_message(&mut self) {
        let _ = self.out.flush();
        put!(&mut self.err, self.prefix, self.applet, ": ");
    }

    /// The same, and the words that this message begins with.
    #[inline(never)]
    pub fn begin_message_with(&mut self, words: Text) {
        self.begin_message();
        put!(&mut self.err, words);
    }

    /// A message of these words only.
    #[inline(never)]
    pub fn tell(&mut self, words: Text) {
        self.begin_message_with(words);
        self.end_line();
    }

    /// Ends the line of a message, and sends it off.
    // Not inlined: it is called for each message.
    #[inline(never)]
    pub fn end_line(&mut self) {
        self.end_message(rt::text!("\n"));
    }

    /// Sends a message off. If that fails, there is no other place to complain.
    pub fn end_message(&mut self, end: Text) {
        put!(&mut self.err, end);
        let _ = self.err.flush();
    }
}
