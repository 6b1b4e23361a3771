//! What went wrong: a sentence, kept until it is told.

use super::file::Text;
use super::image::Fault;
use super::state::LOCK;
use crate::errno::Errno;
use crate::fmt::Put;
use crate::io::BufWriter;
use core::cell::UnsafeCell;

/// Something can't be loaded. Which file and why is kept in one place for all, so that
/// hundreds of functions hand on nothing but that it happened: of several errors the last one
/// is told.
#[derive(Clone, Copy, Debug)]
pub struct Error(());

/// The sentence.
struct Message(UnsafeCell<Text<512>>);
// SAFETY: only touched under the loader's lock.
unsafe impl Sync for Message {}
static MESSAGE: Message = Message(UnsafeCell::new(Text::new()));

impl Error {
    /// `FILE: what is wrong`, where each `%` stands for the next name.
    #[cold]
    #[inline]
    pub fn new(file: &[u8], what: &str, names: &[&[u8]]) -> Error {
        let _guard = LOCK.lock();
        // SAFETY: under the lock, and nothing here comes back.
        let message = unsafe { &mut *MESSAGE.0.get() };
        message.clear();
        message.add(file);
        message.add(b": ");
        let mut names = names.iter();
        for (index, piece) in what.as_bytes().split(|&byte| byte == b'%').enumerate() {
            if index > 0 {
                message.add(names.next().copied().unwrap_or_default());
            }
            message.add(piece);
        }
        Error(())
    }

    /// `FILE: what is wrong`, where `%` stands for a number.
    #[cold]
    #[inline]
    pub fn number(file: &[u8], what: &str, number: u64) -> Error {
        let mut text = Text::<24>::new();
        text.put(&[&crate::fmt::dec(number)]);
        Error::new(file, what, &[text.bytes()])
    }

    /// A file that can't be loaded.
    #[cold]
    #[inline]
    pub fn of(file: &[u8], fault: impl Into<Fault>) -> Error {
        Error::new(file, fault.into().text(), &[])
    }

    /// The sentence as a C string, which the next error writes over: a program that asks for
    /// it while another of its threads has an error may read of both.
    #[inline]
    pub(super) fn c_text() -> *const core::ffi::c_char {
        let _guard = LOCK.lock();
        // SAFETY: under the lock. A zero follows what is there.
        unsafe { (*MESSAGE.0.get()).bytes().as_ptr().cast() }
    }
}

/// Memory that isn't there, or another thing that has nothing to do with a file.
impl From<Errno> for Error {
    #[cold]
    #[inline]
    fn from(error: Errno) -> Self {
        Error::of(b"lx", error)
    }
}

/// The sentence of the last error.
impl Put for Error {
    #[inline]
    fn put(&self, out: &mut BufWriter) {
        let _guard = LOCK.lock();
        // SAFETY: under the lock, and writing doesn't come back here.
        out.bytes(unsafe { (*MESSAGE.0.get()).bytes() });
    }
}
