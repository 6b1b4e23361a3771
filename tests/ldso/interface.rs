//! Constructors, dlopen and its relatives, debuggers.

use crate::build::*;
use crate::common::Said;
use std::process::Command;

#[test]
fn b20_constructors_and_destructors_in_order() {
    for kind in kinds() {
        let build = Build::new("20", "20-order.c", kind);
        build.library("D", "libd.so", &[]);
        // Twice, so that it can need B, which needs it.
        build.library("C", "libc1.so", &["libd.so"]);
        build.library("B", "libb.so", &["libc1.so", "libd.so"]);
        build.library("C", "libc1.so", &["libd.so", "libb.so"]);
        build.library("A", "liba.so", &["libb.so", "libc1.so", "libd.so"]);
        let all = ["liba.so", "libb.so", "libc1.so", "libd.so", "-Wl,-rpath-link,."];
        build.program("order", &all);
        build.expect("order", 7);
    }
}

#[test]
fn b27_dlopen_twice_and_in_vain() {
    for kind in tls_kinds() {
        let build = Build::new("27", "27-dlopen.c", kind);
        build.library("A", "liba.so", &[]);
        // Functions that nobody has are noticed at once only where all is bound at once.
        build.library("B", "libb.so", &["-Wl,-rpath,$ORIGIN", "liba.so"]);
        build.library("C", "libc1.so", &[]);
        build.dl().program("27-dlopen", &["libdl1.so"]).expect("27-dlopen", 255);
    }
}

#[test]
fn b27_one_library_has_one_handle() {
    for kind in kinds() {
        let build = Build::new("27t", "27-twice.c", kind);
        build.library("A", "liba.so", &[]);
        build.library("B", "libb.so", &["-Wl,-rpath,$ORIGIN", "liba.so"]);
        std::fs::create_dir(build.path("other")).unwrap();
        build.library("C", "libaway.so", &[]);
        std::fs::rename(build.path("libaway.so"), build.path("other/file.so")).unwrap();
        std::os::unix::fs::symlink("../liba.so", build.path("other/link.so")).unwrap();
        std::fs::hard_link(build.path("liba.so"), build.path("hard.so")).unwrap();
        build.dl().program("twice", &["libdl1.so"]).expect("twice", 255);
    }
}

#[test]
fn b28_dlsym_dladdr_dl_iterate_phdr() {
    for kind in kinds() {
        let build = Build::new("28", "28-dlsym.c", kind);
        build.library("A", "liba.so", &[]).library("B", "libb.so", &[]);
        build.program("dlsym", &["-rdynamic", "liba.so", "libb.so"]).expect("dlsym", 127);
    }
}

#[test]
fn b29_a_debugger_sees_the_libraries() {
    if Command::new("gdb").arg("--version").output().is_err() {
        return eprintln!("gdb is not installed: not tested (apt-get install gdb)");
    }
    for kind in kinds() {
        let build = Build::new("29", "29-gdb.c", kind);
        build.library("A", "liba.so", &[]).program("gdb", &["liba.so"]);
        let mut child =
            Command::new(build.path("gdb")).stderr(std::process::Stdio::piped()).spawn().unwrap();
        let mut line = [0; 6];
        std::io::Read::read_exact(&mut child.stderr.take().unwrap(), &mut line).unwrap();
        let gdb = Command::new("gdb")
            .args([
                "-nx",
                "-batch",
                "-ex",
                "set debuginfod enabled off",
                "-ex",
                "info sharedlibrary",
            ])
            .args(["-ex", "break wait_here", "-ex", "continue", "-ex", "backtrace 1"])
            .args(["-p", &child.id().to_string()])
            .output()
            .unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let text = String::from_utf8_lossy(&gdb.stdout).into_owned();
        if text.contains("ptrace: ") || stderr(&Said::of(gdb.clone())).contains("ptrace: ") {
            return eprintln!("gdb may not attach here: not tested");
        }
        let errors = String::from_utf8_lossy(&gdb.stderr);
        assert!(text.contains("/liba.so"), "{kind:?} {text} {errors}");
        assert!(text.contains("Breakpoint 1, ") && text.contains("wait_here"), "{text} {errors}");
    }
}
