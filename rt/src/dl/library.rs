//! dlopen for a program without a C library.

use super::api;
use super::load::owns_threads;
use super::object::Object;
use super::plan::{Cause, Error};
use super::state::{LOCK, OPTIONS, WITHOUT_LIBC};
use super::{Options, run, tls};
use crate::auxv;
use crate::errno::Errno;
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
    pub fn open(name: &CStr) -> Result<Library, Error<'static>> {
        if !owns_threads() {
            let text = "this process has a C library: use its dlopen";
            return Err(Error { file: b"lx", cause: Cause::Name(text, b"") });
        }
        let _guard = LOCK.lock();
        if !PREPARED.swap(true, Ordering::AcqRel) {
            // SAFETY: nobody has read them, since nothing was opened before; under the lock.
            unsafe { OPTIONS.set(Options::of_environment(auxv::secure())) };
            WITHOUT_LIBC.store(true, Ordering::Relaxed);
            run::prepare(&[]);
            if !tls::start() {
                return Err(Error::new(b"lx", Errno::ENOMEM));
            }
        }
        const RTLD_NOW: i32 = 2;
        api::open_or_error(name.to_bytes(), RTLD_NOW, None).map(Library)
    }

    /// The address of a function or variable.
    ///
    /// Whoever calls it makes a function pointer of it, and promises by that what no loader
    /// knows: which type the function has.
    ///
    /// # Errors
    /// That nobody has it.
    #[inline]
    pub fn symbol(&self, name: &'static CStr) -> Result<NonNull<()>, Error<'static>> {
        let address = api::symbol(self.0, name.to_bytes())?;
        let cause = Cause::Undefined(name.to_bytes(), b"");
        NonNull::new(core::ptr::with_exposed_provenance_mut(address))
            .ok_or(Error { file: self.0.title(), cause })
    }
}

/// An argument of a function that is called by its name alone.
#[derive(Clone, Copy, Debug)]
pub enum Argument {
    /// An integer, or an address.
    Word(u64),
    /// A double.
    Double(f64),
    /// The address of these bytes; a zero byte follows the last one.
    Text(&'static [u8]),
}

/// What a function returned: which of both it was, its type says.
#[derive(Clone, Copy, Debug)]
pub struct Value {
    /// An integer, or an address.
    pub word: u64,
    /// A double.
    pub double: f64,
}

/// Opens a library and calls a function of it, on a user's word that it takes these arguments:
/// like running a program, what it does is the user's affair.
///
/// # Errors
/// That there is no such library or function; more than six integers or eight doubles.
#[inline]
pub fn call(
    library: &[u8],
    function: &'static [u8],
    arguments: &[Argument],
) -> Result<Value, Error<'static>> {
    let too_many = Error { file: b"--call", cause: Cause::Name("too many arguments", b"") };
    let (mut words, mut doubles) = ([0u64; 6], [0f64; 8]);
    let (mut free_words, mut free_doubles) = (words.iter_mut(), doubles.iter_mut());
    let arena = super::memory::Arena::new();
    for argument in arguments {
        match *argument {
            Argument::Double(value) => *free_doubles.next().ok_or(too_many)? = value,
            Argument::Word(value) => *free_words.next().ok_or(too_many)? = value,
            Argument::Text(text) => {
                let mut copy = arena.list(text.len() + 1)?;
                copy.extend(text)?;
                copy.push(0)?;
                let address = copy.into_slice().as_ptr().expose_provenance();
                *free_words.next().ok_or(too_many)? = address as u64;
            }
        }
    }
    let name = arena.c_str(library)?;
    let library = Library::open(name)?;
    let address = api::symbol(library.0, function)?;
    // SAFETY: a function of a library that is bound; the user says that these are arguments
    // that it takes.
    let (word, double) = unsafe { crate::arch::link::call(address, &words, &doubles) };
    Ok(Value { word, double })
}
