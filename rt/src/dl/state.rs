//! What the loader knows of its process: the objects in load order, whose symbols are for
//! everybody, who has thread-local storage. Read without a lock; changed under it.

use super::memory::Arena;
use super::object::Object;
use super::report::Trace;
use crate::arch::{nr, syscall};
use crate::errno::Result;
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering};

/// Objects that everybody may go through while others are being added: what is published is
/// never changed, but replaced by a longer copy.
pub struct Published(AtomicPtr<&'static [&'static Object]>);

static NONE: &[&Object] = &[];

impl Published {
    #[inline]
    pub(super) const fn new() -> Published {
        Published(AtomicPtr::new((&raw const NONE).cast_mut()))
    }

    /// The objects.
    #[inline]
    pub fn get(&self) -> &'static [&'static Object] {
        // SAFETY: a slice that stays.
        unsafe { *self.0.load(Ordering::Acquire) }
    }

    /// The objects, and these behind them.
    ///
    /// # Errors
    /// `ENOMEM`.
    #[inline]
    pub(super) fn and(
        &self,
        arena: &'static Arena,
        more: &[&'static Object],
    ) -> Result<&'static mut &'static [&'static Object]> {
        let mut all = arena.list();
        all.extend(self.get())?;
        all.extend(more)?;
        arena.place(all.into_slice())
    }

    /// Puts others in their place.
    #[inline]
    pub fn set(&self, objects: &'static mut &'static [&'static Object]) {
        self.0.store(objects, Ordering::Release);
    }

    /// What is published, to be put back by [`restore`](Published::restore).
    #[inline]
    pub fn save(&self) -> Saved {
        Saved(self.0.load(Ordering::Acquire))
    }

    /// Puts back what was published before.
    #[inline]
    pub fn restore(&self, saved: Saved) {
        self.0.store(saved.0, Ordering::Release);
    }
}

/// What was published at some time.
#[derive(Clone, Copy)]
pub struct Saved(*mut &'static [&'static Object]);

/// All objects, in load order.
pub static ALL: Published = Published::new();
/// Those whose symbols are for everybody, in the order in which they are looked at.
pub static GLOBAL: Published = Published::new();
/// Those with thread-local storage; the number of a module is its index and one more.
pub static MODULES: Published = Published::new();

/// Imports that nobody provides get stubs: the process has no C library.
pub static WITHOUT_LIBC: AtomicBool = AtomicBool::new(false);
/// AT_SECURE, LD_LIBRARY_PATH and so on, as they were when the program was started.
pub static OPTIONS: Options = Options(UnsafeCell::new(super::Options::none()));

/// The options of this process.
pub struct Options(UnsafeCell<super::Options<'static>>);

// SAFETY: only written before the process has a second thread.
unsafe impl Sync for Options {}

/// Whether that is told.
#[inline]
pub fn tells(what: Trace) -> bool {
    OPTIONS.get().trace.has(what)
}

impl Options {
    /// The options.
    #[inline]
    pub fn get(&self) -> &super::Options<'static> {
        // SAFETY: whoever writes it makes sure that nobody keeps this.
        unsafe { &*self.0.get() }
    }

    /// Sets them.
    ///
    /// # Safety
    /// Nobody keeps what [`get`](Options::get) gave, and there is one thread.
    #[inline]
    pub unsafe fn set(&self, options: super::Options<'static>) {
        // SAFETY: the caller says so.
        unsafe { *self.0.get() = options };
    }
}

/// A lock that the thread which has it may take again: a constructor may open libraries.
pub struct Lock {
    /// 0 free, 1 taken, 2 taken and awaited.
    word: AtomicU32,
    owner: AtomicUsize,
    depth: AtomicUsize,
}

/// The one lock under which the loader changes anything.
pub static LOCK: Lock =
    Lock { word: AtomicU32::new(0), owner: AtomicUsize::new(0), depth: AtomicUsize::new(0) };

/// Ends when it is dropped.
pub struct Guard(());

impl Lock {
    /// Waits for the lock (`man 2 futex`).
    #[inline]
    pub fn lock(&self) -> Guard {
        // SAFETY: no memory is involved.
        let thread = unsafe { syscall(nr::GETTID, []) } as usize;
        if self.owner.load(Ordering::Relaxed) != thread {
            let exchange = |old, new| {
                self.word.compare_exchange(old, new, Ordering::Acquire, Ordering::Relaxed)
            };
            if exchange(0, 1).is_err() {
                const FUTEX_WAIT_PRIVATE: usize = 128;
                while self.word.swap(2, Ordering::Acquire) != 0 {
                    let word = &raw const self.word as usize;
                    // SAFETY: the kernel reads the word.
                    unsafe { syscall(nr::FUTEX, [word, FUTEX_WAIT_PRIVATE, 2, 0]) };
                }
            }
            self.owner.store(thread, Ordering::Relaxed);
        }
        self.depth.fetch_add(1, Ordering::Relaxed);
        Guard(())
    }
}

impl Drop for Guard {
    #[inline]
    fn drop(&mut self) {
        if LOCK.depth.fetch_sub(1, Ordering::Relaxed) == 1 {
            LOCK.owner.store(0, Ordering::Relaxed);
            if LOCK.word.swap(0, Ordering::Release) == 2 {
                const FUTEX_WAKE_PRIVATE: usize = 129;
                let word = &raw const LOCK.word as usize;
                // SAFETY: the kernel only takes the address.
                unsafe { syscall(nr::FUTEX, [word, FUTEX_WAKE_PRIVATE, 1]) };
            }
        }
    }
}
