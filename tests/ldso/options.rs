//! What the options tell, and calling functions from the shell.

use crate::build::*;
use crate::common::Said;
use std::process::Command;

#[test]
fn the_options_tell() {
    let build = Build::new("options", "20-order.c", PIE);
    build.library("D", "libd.so", &[]).library("C", "libc1.so", &["libd.so"]);
    build.library("B", "libb.so", &["libc1.so"]);
    build.library("A", "liba.so", &["libb.so", "libc1.so", "libd.so"]);
    build.program("options", &["liba.so", "libb.so", "libc1.so", "libd.so"]);
    let ldso = |args: &[&str]| {
        let run = lx().arg("ldso").args(args).current_dir(&build.folder).output();
        Said::of(run.unwrap())
    };
    let said = ldso(&["--list", "./options"]);
    assert_eq!((said.status, stderr(&said)), (Some(0), String::new()));
    let folder = build.folder.canonicalize().unwrap();
    let names = ["liba.so", "libb.so", "libc1.so", "libd.so"];
    let expected: String = names
        .iter()
        .map(|name| format!("{name} => {}/{name} [runpath]\n", folder.display()))
        .collect();
    assert_eq!(String::from_utf8_lossy(&said.stdout), expected);
    let said = ldso(&["--trace=all", "--stats", "./options"]);
    let text = stderr(&said);
    for expected in [
        "files: liba.so: ",
        "libd.so [runpath]: taken\n",
        "symbols: trail_end: of ",
        "relocs: ",
        "libd.so: init 0x",
        "  objects                        5\n",
        "  R_X86_64_GLOB_DAT ",
        "  symbol look-ups ",
        "  bind, us ",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let said = ldso(&["--trace", "INIT", "./options"]);
    assert!(!stderr(&said).contains("files: ") && stderr(&said).contains("init: "));
    // As the manual page of ld.so has it.
    let mut command = Command::new(build.path("options"));
    command.env("LD_DEBUG", "libs,statistics");
    let text = stderr(&Said::of(command.output().unwrap()));
    assert!(text.contains("files: ") && text.contains("symbol look-ups"), "{text}");
    // Where a library is missing: all places.
    std::fs::remove_file(build.path("libd.so")).unwrap();
    let said = ldso(&["--why", "--library-path=/nowhere", "./options"]);
    let text = stderr(&said);
    assert_eq!(said.status, Some(127));
    assert!(text.contains("lx ldso: libd.so: no such library (needed by ./options)\n"), "{text}");
    assert!(text.contains("libd.so: /nowhere/libd.so [LD_LIBRARY_PATH]: No such file"), "{text}");
    assert!(text.contains("/libd.so [runpath]: No such file"), "{text}");
    assert!(text.contains("/lib/libd.so [default]: No such file"), "{text}");
    for wrong in [&["--bind=soon", "x"][..], &["--trace=x", "x"], &[], &["--nope"], &["/none/x"]] {
        let said = ldso(wrong);
        assert_eq!(said.status, Some(127), "{wrong:?}");
        assert!(stderr(&said).starts_with("lx ldso: "), "{}", stderr(&said));
    }
    assert_eq!(ldso(&["--help"]).status, Some(0));
}

#[test]
fn functions_of_libraries_can_be_called() {
    let call = |args: &[&str]| {
        let run = lx().args(["ldso", "--call"]).args(args).output().unwrap();
        Said::of(run)
    };
    let cases: [(&[&str], &str, &str); 6] = [
        (
            &["libxxhash.so.0", "XXH64", "hello", "5", "0"],
            "2794345569481354659 0x26c7827d889f6da3",
            "libxxhash0",
        ),
        (&["libz.so.1", "crc32", "0", "s:hello", "5"], "907060870 0x3610a686", "zlib1g"),
        (&["libz.so.1", "adler32", "1", "hello", "0x5"], "103547413 0x62c0215", "zlib1g"),
        (&["liblz4.so.1", "LZ4_compressBound", "1000"], "1019 0x3fb", "liblz4-1"),
        (&["libm.so.6", "cos", "f:1.0"], "0.540302305868 0x3fe14a280fb5068c", "libc6"),
        (&["libm.so.6", "pow", "f:2", "f:0.5"], "1.414213562373 0x3ff6a09e667f3bcd", "libc6"),
    ];
    for (args, expected, package) in cases {
        let said = call(args);
        if stderr(&said).contains("no such library") {
            eprintln!("{} is not installed: not tested (apt-get install {package})", args[0]);
            continue;
        }
        assert_eq!(stderr(&said), "", "{args:?}");
        assert_eq!(String::from_utf8_lossy(&said.stdout), format!("{expected}\n"));
    }
    // An import that nobody provides names itself when it is called.
    let said = call(&["libz.so.1", "gzopen", "/none", "r"]);
    if !stderr(&said).contains("no such library") {
        let said = call(&["libz.so.1", "gzopen", "/none/x", "r"]);
        let text = stderr(&said);
        assert!(text.contains(": called, but there is no C library here to provide it"), "{text}");
        assert_eq!(said.status, Some(127));
    }
    let said = call(&["libz.so.1", "no_such_function"]);
    assert_eq!(said.status, Some(127));
    assert_eq!(call(&["/none.so", "f"]).status, Some(127));
}
