//! From the kernel to `main` and back: what a program is handed, and how it ends.
//!
//! The kernel leaves one block above the stack pointer: `argc`, the `argv` pointers and
//! a null, the environment's pointers and a null, the auxiliary vector up to `AT_NULL`
//! (psABI, "Initial Stack and Register State"). Its address is remembered here; [`env`]
//! and [`auxv`] read it.
//!
//! [`env`]: crate::env
//! [`auxv`]: crate::auxv

use core::ptr::null;
use core::sync::atomic::{AtomicPtr, Ordering};

/// Makes a function the program: `fn main() -> u8`, whose result is the exit status.
///
/// Expands what only a final binary may own: `_start`, the panic handler, the memory
/// functions that the compiler calls, and, as `entry!(main, heap)`, a global allocator
/// on `brk` for the `alloc` crate.
///
/// ```ignore
/// #![no_std]
/// #![no_main]
/// rt::entry!(main);
///
/// fn main() -> u8 {
///     rt::println!("Hello, world");
///     0
/// }
/// ```
#[macro_export]
macro_rules! entry {
    ($main:path, heap) => {
        // SAFETY: this program has no other heap, and no C library.
        #[global_allocator]
        #[unsafe(link_section = ".bss.heap")]
        static HEAP: $crate::mm::Heap = unsafe { $crate::mm::Heap::new() };
        $crate::entry!($main);
    };
    ($main:path) => {
        $crate::__arch_start!();
        $crate::__arch_memory!();

        #[unsafe(no_mangle)]
        extern "C" fn rt_start(stack: *const usize) -> ! {
            // SAFETY: only `_start` calls this, once, with the stack that it was given.
            unsafe { $crate::start::run(stack, $main) }
        }

        // Inlined into what calls it: the message isn't used then, and not put together.
        #[inline(always)]
        #[panic_handler]
        fn panic(info: &::core::panic::PanicInfo) -> ! {
            $crate::start::panicked(info.location())
        }

        // The prebuilt `core` was compiled to unwind and names this; nothing calls it.
        #[unsafe(no_mangle)]
        extern "C" fn rust_eh_personality() {}
    };
}

/// Where the kernel's block begins; null before [`run`] and in hosted tests.
// In `.data`, whose page start-up touches anyway; the end of `.bss` is a page fault away.
#[unsafe(link_section = ".data")]
static STACK: AtomicPtr<usize> = AtomicPtr::new(null::<usize>().cast_mut());

/// Runs a program on the stack that the kernel prepared. [`entry!`] calls it.
///
/// # Safety
/// `stack` is the stack pointer as it was at the process's entry point.
#[doc(hidden)]
pub unsafe fn run(stack: *const usize, main: fn() -> u8) -> ! {
    STACK.store(stack.cast_mut(), Ordering::Relaxed);
    let status = main();
    // Output that was lost is no success, whatever the program thinks.
    let lost = status == 0 && crate::io::print_failed();
    crate::process::exit(if lost { 1 } else { status })
}

/// The kernel's block, from `argc` on; null where [`entry!`] didn't start this program.
pub(crate) fn stack() -> *const usize {
    STACK.load(Ordering::Relaxed)
}

/// Behind the vector of pointers at `words`, and its null.
fn behind(mut words: *const usize) -> *const usize {
    // SAFETY: pointers of the kernel's block, up to the null that ends them.
    while unsafe { *words } != 0 {
        words = words.wrapping_add(1);
    }
    words.wrapping_add(1)
}

/// Where the auxiliary vector begins, without a look at any string; null as [`stack`] is.
pub(crate) fn auxv_start() -> *const usize {
    let stack = stack();
    if stack.is_null() { stack } else { behind(behind(stack.wrapping_add(1))) }
}

/// The first value with this key in the auxiliary vector.
// Not inlined: it is called in many places, once each.
#[inline(never)]
pub(crate) fn auxv_value(key: usize) -> Option<usize> {
    let mut entry = auxv_start();
    while !entry.is_null() {
        // SAFETY: pairs of words, up to the one that begins with AT_NULL.
        let (found, value) = unsafe { (*entry, *entry.wrapping_add(1)) };
        if found == key || found == crate::auxv::AT_NULL {
            return (found == key).then_some(value);
        }
        entry = entry.wrapping_add(2);
    }
    None
}

/// The end of a program that panicked: one line with the place, then SIGABRT.
///
/// The message itself stays out: printing it would link `core::fmt`, about 7 KB, for a
/// text that is only ever seen together with a bug.
#[doc(hidden)]
#[cold]
pub fn panicked(place: Option<&core::panic::Location>) -> ! {
    let mut buffer = [0; 256];
    let mut stderr = crate::io::stderr();
    let mut out = crate::io::BufWriter::new(&mut buffer, &mut stderr);
    let (file, line) = place.map_or(("?", 0), |l| (l.file(), l.line()));
    crate::put!(
        &mut out,
        "panic (a bug of this program): ",
        file,
        ":",
        crate::fmt::dec(line),
        "\n"
    );
    let _ = out.flush();
    crate::process::abort()
}
