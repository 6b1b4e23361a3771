//! What went wrong: a sentence, kept until it is told.

use super::image::Fault;
use super::report::{fill, say};
use super::state::LOCK;
use crate::errno::{Errno, Result};
use crate::fmt::Put;
use crate::io::{BufWriter, Write};
use crate::text::Text;
use core::cell::UnsafeCell;

/// Something can't be loaded. Which file and why is kept in one place for all, so that
/// hundreds of functions hand on nothing but that it happened: of several errors the last one
/// is told.
#[derive(Clone, Copy, Debug)]
pub struct Error(());

/// The sentence, behind which is a zero; what is longer is cut off.
struct Sentence {
    bytes: [u8; 512],
    length: usize,
}

struct Message(UnsafeCell<Sentence>);
// SAFETY: only touched under the loader's lock.
unsafe impl Sync for Message {}
static MESSAGE: Message = Message(UnsafeCell::new(Sentence { bytes: [0; 512], length: 0 }));

impl Sentence {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Write for Sentence {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> Result<()> {
        for &byte in bytes {
            if let Some([place, end, ..]) = self.bytes.get_mut(self.length..) {
                (*place, *end) = (byte, 0);
                self.length += 1;
            }
        }
        Ok(())
    }
}

impl Error {
    /// What is wrong with which file: a pattern as of [`fill`].
    #[cold]
    #[inline]
    pub fn new(pattern: Text, names: &[&[u8]], numbers: &[u64]) -> Error {
        Error::keep(&mut |out| fill(out, pattern, names, numbers))
    }

    /// A file that can't be loaded.
    #[cold]
    #[inline]
    pub fn of(file: &[u8], fault: Fault) -> Error {
        Error::keep(&mut |out| crate::put!(out, file, ": ", fault))
    }

    /// Keeps a sentence.
    #[cold]
    #[inline(never)]
    fn keep(write: &mut dyn FnMut(&mut BufWriter)) -> Error {
        let _guard = LOCK.lock();
        // SAFETY: under the lock, and nothing here comes back.
        let message = unsafe { &mut *MESSAGE.0.get() };
        message.length = 0;
        let mut buffer = [0; 64];
        let mut out = BufWriter::new(&mut buffer, message);
        write(&mut out);
        let _ = out.flush();
        Error(())
    }

    /// Tells it on standard error, in a pattern with a place for it.
    #[cold]
    #[inline]
    pub(super) fn tell(self, pattern: Text) {
        let _guard = LOCK.lock();
        // SAFETY: under the lock, and writing doesn't come back here.
        say(pattern, &[unsafe { (*MESSAGE.0.get()).bytes() }], &[]);
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
        Error::of(b"lx", Fault::Os(error))
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
