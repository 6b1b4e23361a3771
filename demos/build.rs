//! How the binary is linked: no libc, no start files, no interpreter.
//!
//! With rustc's own `-pie` the first two lines make it a static PIE; relative
//! relocations are packed (RELR), which start-up applies itself. The `-bins` form
//! leaves the test harnesses alone: these are ordinary programs with std.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for arg in [
        "-nostartfiles",
        "-nostdlib",
        "-Wl,--no-dynamic-linker,-z,pack-relative-relocs",
        "-Wl,-z,noexecstack,--build-id=none",
    ] {
        println!("cargo::rustc-link-arg-bins={arg}");
    }
}
