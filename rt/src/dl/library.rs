//! dlopen for a program without a C library.

use super::api;
use super::error::Error;
use super::load::owns_threads;
use super::memory::Arena;
use super::object::Object;
use super::state::{LOCK, OPTIONS, WITHOUT_LIBC};
use super::{Options, run};
use crate::auxv;
use crate::text;
use core::ffi::CStr;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, Ordering};

/// A shared library in this process. It stays as long as the process does.
///
/// The C library that it needs is not loaded: it could not be without its own loader. Copying
/// and comparing of memory, `malloc` and its relatives and `errno` are provided here; any
/// other function of it is a stub that names itself and ends the process when it is called.
/// That is enough for libraries that compute: libxxhash, zlib, liblz4, libzstd, libm.
///
/// ```ignore
/// let library = rt::dl::Library::open(c"libxxhash.so.0")?;
/// let hash = library.symbol(c"XXH64")?;
/// ```
#[derive(Clone, Copy)]
pub struct Library(&'static Object);

static PREPARED: AtomicBool = AtomicBool::new(false);

impl Library {
    /// Opens a library: a path where there is a slash in the name, else it is looked for as
    /// glibc's loader does. Opening it twice gives the same library.
    ///
    /// # Errors
    /// Why it can't be opened. A process whose C library is already there can't use this.
    #[inline]
    pub fn open(name: &CStr) -> Result<Library, Error> {
        Library::named(name.to_bytes())
    }

    #[inline]
    fn named(name: &[u8]) -> Result<Library, Error> {
        if !owns_threads() {
            return Err(Error::new(
                text!("lx: this process has a C library: use its dlopen"),
                &[],
                &[],
            ));
        }
        let _guard = LOCK.lock();
        if !PREPARED.swap(true, Ordering::AcqRel) {
            // SAFETY: nobody has read them, since nothing was opened before; under the lock.
            unsafe { OPTIONS.set(Options::of_environment(auxv::secure())) };
            WITHOUT_LIBC.store(true, Ordering::Relaxed);
            run::prepare()?;
        }
        const RTLD_NOW: i32 = 2;
        api::open(name, RTLD_NOW, None).map(Library)
    }

    /// The address of a function or variable.
    ///
    /// Whoever calls it makes a function pointer of it, and promises by that what no loader
    /// knows: which type the function has.
    ///
    /// # Errors
    /// That nobody has it.
    #[inline]
    pub fn symbol(&self, name: &'static CStr) -> Result<NonNull<()>, Error> {
        let address = api::symbol(self.0, name.to_bytes(), self.0.title())?;
        NonNull::new(core::ptr::with_exposed_provenance_mut(address))
            .ok_or_else(|| api::undefined(name.to_bytes(), self.0.title()))
    }
}

/// The arguments of a function that is called by its name alone.
#[derive(Default)]
pub struct Arguments {
    /// Integers and addresses.
    words: [u64; 6],
    doubles: [f64; 8],
    /// How many there are of each.
    word_count: usize,
    double_count: usize,
    texts: Arena,
}

impl Arguments {
    /// Adds an integer, or an address; false where there is no room for it.
    #[inline]
    pub fn word(&mut self, word: u64) -> bool {
        self.word_count += 1;
        let place = self.words.get_mut(self.word_count - 1);
        place.map(|place| *place = word).is_some()
    }

    /// Adds a double; false where there is no room for it.
    #[inline]
    pub fn double(&mut self, double: f64) -> bool {
        self.double_count += 1;
        let place = self.doubles.get_mut(self.double_count - 1);
        place.map(|place| *place = double).is_some()
    }

    /// Whether a double is among them.
    #[inline]
    pub fn any_double(&self) -> bool {
        self.double_count > 0
    }

    /// Adds the address of a copy of these bytes and a zero byte; false where there is no room
    /// for it.
    #[inline]
    pub fn text(&mut self, text: &[u8]) -> bool {
        let address = self.texts.bytes(text).map(|text| text.as_ptr().expose_provenance() as u64);
        address.is_ok_and(|address| self.word(address))
    }

    /// Opens a library and calls a function of it with these, on a user's word that it takes
    /// such arguments: like running a program, what it does is the user's affair. What it left
    /// where integers and addresses are returned, and where doubles are: which of both it
    /// returned its type says.
    ///
    /// # Errors
    /// That there is no such library or function.
    #[inline]
    pub fn call(&self, library: &[u8], function: &[u8]) -> Result<(u64, f64), Error> {
        let library = Library::named(library)?;
        let address = api::symbol(library.0, function, library.0.title())?;
        // SAFETY: a function of a library that is bound; the user says that these are arguments
        // that it takes.
        Ok(unsafe { crate::arch::link::call(address, &self.words, &self.doubles) })
    }
}
