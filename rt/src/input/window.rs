//! The mappings of all inputs, and the handler of SIGBUS that watches over them.

use crate::arch::PAGE;
use crate::errno::{Errno, Result};
use crate::mm::{MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, PROT_READ, mmap, munmap};
use crate::signal::{Action, SIGBUS, SigInfo, raise, sigaction};
use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// A range of memory that belongs to an [`Input`]. In a table that never moves, because
/// the handler must find it between any two instructions.
pub(super) struct Window {
    /// The `id` of its input; 0 is nobody.
    pub owner: AtomicUsize,
    pub start: AtomicUsize,
    /// In bytes; 0 while there is nothing.
    pub length: AtomicUsize,
    /// Where in the file it begins.
    pub offset: AtomicU64,
    /// Whether zeros were put there for bytes that the file no longer has, or that the
    /// device could not deliver.
    pub truncated: AtomicBool,
}

/// Enough for every library of a large program at the same time; untouched ones cost nothing.
// Behind what is small: see link.ld.
#[unsafe(link_section = ".bss.large.windows")]
static WINDOWS: [Window; 1024] = [const { Window::free() }; 1024];

/// How many of [`WINDOWS`], from the first on, were ever claimed.
static USED: AtomicUsize = AtomicUsize::new(0);

pub(super) fn used_windows() -> &'static [Window] {
    WINDOWS.get(..USED.load(Ordering::Acquire)).unwrap_or(&WINDOWS)
}

impl Window {
    const fn free() -> Window {
        Window {
            owner: AtomicUsize::new(0),
            start: AtomicUsize::new(0),
            length: AtomicUsize::new(0),
            offset: AtomicU64::new(0),
            truncated: AtomicBool::new(false),
        }
    }

    /// Takes a window that is free.
    #[inline(never)]
    pub fn claim(owner: usize) -> Result<&'static Window> {
        let free = |window: &Window| {
            let claimed =
                window.owner.compare_exchange(0, owner, Ordering::Acquire, Ordering::Relaxed);
            claimed.is_ok()
        };
        let index = WINDOWS.iter().position(free).ok_or(Errno::ENOMEM)?;
        USED.fetch_max(index + 1, Ordering::AcqRel);
        Ok(&WINDOWS[index])
    }

    pub fn set(&self, start: NonNull<u8>, length: usize, offset: u64) -> NonNull<[u8]> {
        self.start.store(start.as_ptr().expose_provenance(), Ordering::Relaxed);
        self.offset.store(offset, Ordering::Relaxed);
        self.length.store(length, Ordering::Release);
        NonNull::slice_from_raw_parts(start, length)
    }

    /// Unmaps it and gives it back.
    #[inline(never)]
    pub fn release(&self) {
        let length = self.length.swap(0, Ordering::AcqRel);
        let start = core::ptr::with_exposed_provenance_mut(self.start.load(Ordering::Relaxed));
        if let Some(start) = NonNull::new(start).filter(|_| length > 0) {
            // SAFETY: its input is being dropped or never got it: there is no reference. An
            // error would mean that it isn't mapped.
            let _ = unsafe { munmap(start, length) };
        }
        self.truncated.store(false, Ordering::Relaxed);
        self.owner.store(0, Ordering::Release);
    }

    fn covers(&self, address: usize) -> bool {
        let length = self.length.load(Ordering::Acquire);
        address.wrapping_sub(self.start.load(Ordering::Relaxed)) < length.next_multiple_of(PAGE)
    }
}

/// What SIGBUS did before [`install_handler`].
static PREVIOUS: Previous = Previous(UnsafeCell::new(Action::default()));

struct Previous(UnsafeCell<Action>);

// SAFETY: written once by the kernel, while the handler is installed; read in the handler.
unsafe impl Sync for Previous {}

#[inline(never)]
pub(super) fn install_handler() -> Result<()> {
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    if INSTALLED.swap(true, Ordering::AcqRel) {
        return Ok(());
    }
    // SAFETY: `on_bus_error` touches nothing but atomics and pages that can't be accessed.
    unsafe { sigaction(SIGBUS, &Action::handler(on_bus_error), PREVIOUS.0.get()) }
}

/// Puts zeros where a window has lost its file; all else goes the way it went before.
///
/// It runs on the ordinary stack: the instruction that it interrupts reads from a window,
/// so the stack isn't what failed.
unsafe extern "C" fn on_bus_error(_: i32, info: *const SigInfo, _: *mut c_void) {
    /// `si_code`: there is nothing at this address of the mapping.
    const BUS_ADRERR: i32 = 2;
    // SAFETY: the kernel gives one siginfo_t, as `SA_SIGINFO` asks for.
    let (code, address) = unsafe { ((*info).code, (*info).address) };
    if code == BUS_ADRERR
        && let Some(window) = used_windows().iter().find(|window| window.covers(address))
    {
        let (page, flags) = (address - address % PAGE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);
        // SAFETY: this page of the window can't be accessed; a page of zeros takes its place.
        if unsafe { mmap(page, PAGE, PROT_READ, flags, None, 0) }.is_ok() {
            window.truncated.store(true, Ordering::Relaxed);
            return;
        }
    }
    // SAFETY: whatever was there before this module is there again.
    let _ = unsafe { sigaction(SIGBUS, &*PREVIOUS.0.get(), core::ptr::null_mut()) };
    // A faulting instruction faults again when this returns. What was sent has to be sent
    // again; it arrives then, too.
    if code <= 0 {
        raise(SIGBUS);
    }
}
