//! How the binary is linked: no libc, no start files, no interpreter.
//!
//! With rustc's own `-pie` the first two arguments make it a static PIE; relative
//! relocations are packed (RELR), which start-up applies itself. The `-bins` form leaves
//! the test harnesses alone: these are ordinary programs with std.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=link.ld");
    println!("cargo::rerun-if-changed=order.ld");
    for arg in [
        "-nostartfiles",
        "-nostdlib",
        "-Wl,--no-dynamic-linker,-z,pack-relative-relocs",
        "-Wl,-z,noexecstack,-z,norelro,--build-id=none",
        // What is written to at start-up lies in two pages then, not three.
        "-Wl,-z,separate-code",
    ] {
        println!("cargo::rustc-link-arg-bins={arg}");
    }
    // A debugger needs the unwind tables; the release binary has nobody to use them.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        let directory = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        let scripts = format!("-T,{directory}/link.ld,-T,{directory}/order.ld");
        println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr,{scripts}");
    }
}
