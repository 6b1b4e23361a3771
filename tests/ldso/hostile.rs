//! Files that are cut off, changed, or something else.

use crate::build::*;
use crate::common::Random;
use std::ffi::OsStr;
use std::path::Path;

/// Both of these must be: what was there or a message, never a signal.
fn ends_well(program: &Path, what: &str) -> i32 {
    let said = run(program, true, &[], &[("LD_BIND_NOW", OsStr::new("1"))]);
    let status = said.status.unwrap_or(-1);
    let text = stderr(&said);
    let right = status == 42 && text.is_empty()
        || status == 127 && text.starts_with("lx ldso: ") && text.ends_with('\n');
    assert!(right, "{what}: {status} {text}");
    status
}

#[test]
fn b30_truncated_files_are_told() {
    let build = Build::new("30", "30-hostile.c", PIE);
    build.library("A", "liba.so", &[]).program("hostile", &["liba.so"]);
    for name in ["liba.so", "hostile"] {
        let whole = std::fs::read(build.path(name)).unwrap();
        let mut counts = [0, 0];
        for size in (0..whole.len()).step_by(64) {
            std::fs::write(build.path(name), &whole[..size]).unwrap();
            let status = ends_well(&build.path("hostile"), &format!("{name} of {size} bytes"));
            counts[usize::from(status == 42)] += 1;
        }
        std::fs::write(build.path(name), &whole).unwrap();
        assert_eq!(ends_well(&build.path("hostile"), "whole"), 42);
        // Without its section headers it still runs; most cuts are deeper.
        assert!(counts[0] > 100 && counts[1] > 5, "{name} {counts:?}");
    }
}

#[test]
fn b30_a_truncated_program_of_which_lx_is_the_interpreter() {
    let build = Build::new("30i", "30-hostile.c", PIE);
    // Without .bss, which the kernel would clear, and die of what is missing before it.
    let no_bss = "-fno-zero-initialized-in-bss";
    build.library("A", "liba.so", &[]).program("hostile", &[no_bss, "liba.so"]);
    let path = build.path("hostile");
    let whole = std::fs::read(&path).unwrap();
    let bytes = whole.as_slice();
    let elf = rt::elf::Elf::new(&bytes).unwrap();
    let is_load = |s: &rt::elf::ProgramHeader| s.p_type == rt::elf::consts::PT_LOAD;
    let last = elf.segments().unwrap().iter().rfind(is_load).unwrap();
    assert_eq!(last.p_filesz, last.p_memsz);
    assert_eq!(run(&path, false, &[], &[]).status, Some(42));
    // The last segment's pages are gone: the kernel maps it all the same.
    std::fs::write(&path, &whole[..(last.p_offset & !4095) as usize]).unwrap();
    let said = run(&path, false, &[], &[]);
    assert_eq!(said.status, Some(127), "{}", stderr(&said));
    assert!(stderr(&said).contains("truncated"), "{}", stderr(&said));
}

#[test]
fn b30_changed_files_are_told() {
    let build = Build::new("30m", "30-hostile.c", PIE);
    for style in ["gnu", "sysv"] {
        let style = format!("-Wl,--hash-style={style}");
        build.library("B", "libb.so", &[&style]).program("hostile", &["libb.so"]);
        let path = build.path("libb.so");
        let whole = std::fs::read(&path).unwrap();
        let end = whole.len();
        let mut random = Random(0x1234_5678_9abc_def1);
        let mut counts = [0, 0];
        for round in 0..1500 {
            let mut bytes = whole.clone();
            for _ in 0..1 + round % 3 {
                // Where the headers and tables are: at the beginning and before the data.
                let at = if random.below(3) == 0 { random.below(0x240) } else { random.below(end) };
                bytes[at] = match random.below(4) {
                    0 => 0,
                    1 => 0xff,
                    2 => bytes[at] ^ 1 << random.below(8),
                    _ => random.below(256) as u8,
                };
            }
            std::fs::write(&path, &bytes).unwrap();
            let status = ends_well(&build.path("hostile"), &format!("{style} {round}"));
            counts[usize::from(status == 42)] += 1;
        }
        assert!(counts[0] > 100 && counts[1] > 100, "{counts:?}");
    }
}

#[test]
fn what_is_no_library_is_told() {
    let build = Build::new("wrong", "23-where.c", PIE);
    which(&build, "path", 1);
    build.plain_program("wrong", &["-Wl,-rpath,$ORIGIN/path", "path/libwhich.so"]);
    let library = build.path("path/libwhich.so");
    let said = |content: &[u8]| {
        std::fs::write(&library, content).unwrap();
        let said = run(&build.path("wrong"), true, &[], &[]);
        assert_eq!(said.status, Some(127));
        stderr(&said)
    };
    assert!(said(b"").contains("/libwhich.so: the file is empty"));
    assert!(said(b"/* GNU ld script */\nGROUP ( x )").contains("a linker script"));
    assert!(said(b"#!/bin/sh\n").contains("a script, not an ELF file"));
    assert!(said(b"\x7fELF").contains("the file ends within its header"));
    assert!(said(b"hello, hello, hello, hello").contains("not an ELF file"));
    // A name that could drive a terminal is escaped.
    std::fs::write(&library, b"").unwrap();
    let list = build.path("\x1b[31m");
    std::fs::create_dir(&list).unwrap();
    std::fs::write(list.join("libwhich.so"), b"").unwrap();
    let said = run(&build.path("wrong"), true, &[], &[("LD_LIBRARY_PATH", list.as_os_str())]);
    assert!(stderr(&said).contains("\\033[31m"), "{}", stderr(&said));
}
