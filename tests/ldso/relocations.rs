//! Start-up, relocations of all kinds, and what a reference means.

use crate::build::*;
use crate::common::{Said, fixtures, lx_path, scratch};
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

#[test]
fn the_programs_of_the_book() {
    let folder = scratch("ldso-book");
    let sources = fixtures().join("dl/book");
    let tool = |name: &str, args: &[&str]| {
        let run = Command::new(name).args(args).current_dir(&folder).output().unwrap();
        assert!(run.status.success(), "{name} {args:?}: {}", String::from_utf8_lossy(&run.stderr));
    };
    for name in ["false", "false-got", "false-plt", "rc", "get"] {
        let source = sources.join(format!("{name}.s"));
        tool("as", &[source.to_str().unwrap(), "-o", &format!("{name}.o")]);
    }
    let lx = lx_path();
    let dynamic = ["--dynamic-linker", lx.to_str().unwrap(), "-rpath", "$ORIGIN"];
    let link = |args: &[&str]| tool("ld", args);
    link(&["-shared", "-soname", "rc.so", "rc.o", "-o", "rc.so"]);
    link(&["-shared", "-soname", "get.so", "get.o", "-o", "get.so"]);
    link(&["false.o", "rc.o", "-o", "static"]);
    link(&["-static", "-pie", "--no-dynamic-linker", "false.o", "rc.o", "-o", "static-pie"]);
    link(&[&dynamic[..], &["false.o", "rc.o", "rc.so", "-o", "non-pie"]].concat());
    link(&[&dynamic[..], &["-pie", "false-got.o", "rc.so", "-o", "got"]].concat());
    link(&[&dynamic[..], &["-pie", "false-plt.o", "get.so", "-o", "plt"]].concat());
    link(&[&dynamic[..], &["false.o", "rc.so", "-o", "copy"]].concat());
    for name in ["static", "static-pie", "non-pie", "got", "plt", "copy"] {
        let expected = if name == "plt" { 7 } else { 1 };
        for direct in [false, true] {
            let said = run(&folder.join(name), direct, &[], &[]);
            assert_eq!(said.status, Some(expected), "{name}, {direct}: {}", stderr(&said));
        }
    }
}

#[test]
fn b01_relocates_relative_and_packed() {
    for kind in kinds() {
        for packed in [&["-Wl,-z,pack-relative-relocs"][..], &[]] {
            let build = Build::new("01", "01-relative.c", kind);
            build.library("A", "liba.so", packed);
            build.program("01-relative", &[packed, &["liba.so"]].concat()).expect("01-relative", 7);
        }
    }
}

#[test]
fn b02_starts_as_interpreter_and_directly() {
    for kind in kinds() {
        let build = Build::new("02", "02-start.c", kind);
        build.library("A", "liba.so", &[]).program("02-start", &["liba.so"]);
        let program = build.path("02-start");
        for direct in [false, true] {
            let said = run(&program, direct, &["first", ""], &[]);
            assert_eq!(said.status, Some(255), "{kind:?} {direct} {}", stderr(&said));
        }
        // An odd number of words is taken away: the stack stays aligned.
        let mut command = lx();
        command.args(["ldso", "--argv0", "other", "--bind=now"]).arg(&program).args(["first", ""]);
        assert_eq!(command.status().unwrap().code(), Some(255));
    }
}

#[test]
fn b03_knows_all_kinds_of_relocations() {
    for kind in kinds() {
        let build = Build::new("03", "03-kinds.c", kind);
        build.library("A", "liba.so", &[]);
        build.program("copy", &["liba.so"]).expect("copy", 0x3f);
        if kind.pie {
            build.program("got", &["-fPIC", "liba.so"]).expect("got", 0x3f);
        }
    }
}

#[test]
fn b04_the_library_sees_the_copy() {
    for kind in kinds() {
        let build = Build::new("04", "04-copy.c", kind);
        build.library("A", "liba.so", &[]).program("copy", &["liba.so"]).expect("copy", 15);
    }
}

#[test]
fn b05_a_lazy_plt_keeps_the_registers() {
    for kind in kinds() {
        let build = Build::new("05", "05-lazy.c", kind);
        build.library("A", "liba.so", &[]).program("lazy", &["liba.so"]).expect("lazy", 15);
    }
}

#[test]
fn b06_names_the_undefined_symbol() {
    for kind in kinds() {
        let build = Build::new("06", "06-undefined.c", kind);
        build.library("A", "liba.so", &[]).program("undefined", &["liba.so"]);
        let program = build.path("undefined");
        for direct in [false, true] {
            let now = [("LD_BIND_NOW", OsStr::new("1"))];
            let told = |said: Said| {
                assert_eq!(said.status, Some(127), "{kind:?} {}", stderr(&said));
                assert!(stderr(&said).ends_with("/liba.so: undefined symbol: nobody\n"));
            };
            told(run(&program, direct, &[], &now));
            told(run(&program, direct, &["call"], &[]));
            if !kind.now {
                assert_eq!(run(&program, direct, &[], &[]).status, Some(1));
            } else {
                told(run(&program, direct, &[], &[]));
            }
        }
        let mut command = lx();
        command.args(["ldso", "--bind=now"]).arg(&program);
        assert_eq!(command.output().unwrap().status.code(), Some(127));
    }
}

#[test]
fn b07_asks_resolvers_last() {
    for kind in kinds() {
        let build = Build::new("07", "07-irelative.c", kind);
        let own = "-Wl,-rpath,$ORIGIN";
        build.library("B", "libb.so", &[]).library("A", "liba.so", &[own, "libb.so"]);
        build.program("irelative", &["liba.so", "libb.so"]).expect("irelative", 15);
    }
}

#[test]
fn b08_an_indirect_function_has_one_address() {
    for kind in kinds() {
        let build = Build::new("08", "08-ifunc.c", kind);
        build.library("A", "liba.so", &[]).program("ifunc", &["liba.so"]).expect("ifunc", 15);
    }
}

#[test]
fn b14_the_program_comes_first() {
    for kind in kinds() {
        let build = Build::new("14", "14-interpose.c", kind);
        build.library("A", "liba.so", &[]).library("B", "libb.so", &[]);
        build.program("interpose", &["-rdynamic", "liba.so", "libb.so"]).expect("interpose", 7);
    }
}

#[test]
fn b15_what_is_protected_or_symbolic_stays_local() {
    for kind in kinds() {
        let build = Build::new("15", "15-local.c", kind);
        build.library("A", "liba.so", &[]).library("B", "libb.so", &[]);
        set_protected(&build.path("liba.so"), "guarded");
        set_symbolic(&build.path("libb.so"));
        build.program("local", &["-rdynamic", "liba.so", "libb.so"]).expect("local", 15);
    }
}

/// Makes a symbol protected.
fn set_protected(path: &Path, name: &str) {
    use rt::elf::consts::{DT_SYMTAB, STV_PROTECTED};
    let mut bytes = std::fs::read(path).unwrap();
    let place = {
        let slice = bytes.as_slice();
        let elf = rt::elf::Elf::new(&slice).unwrap();
        let dynamic = rt::elf::Dynamic::new(elf).unwrap();
        let strings = dynamic.strings().unwrap();
        let is =
            |s: rt::elf::Symbol| rt::elf::c_str(strings, s.st_name.into()) == Some(name.as_bytes());
        let index = dynamic.symbols().unwrap().iter().position(is).unwrap();
        elf.offset_of(dynamic.value(DT_SYMTAB).unwrap(), 24).unwrap() as usize + 24 * index + 5
    };
    bytes[place] = STV_PROTECTED;
    std::fs::write(path, bytes).unwrap();
}

/// Puts DT_SYMBOLIC in the place of the first DT_NULL: linkers leave some.
fn set_symbolic(path: &Path) {
    use rt::elf::consts::{DT_NULL, DT_SYMBOLIC, PT_DYNAMIC};
    let mut bytes = std::fs::read(path).unwrap();
    let place = {
        let slice = bytes.as_slice();
        let elf = rt::elf::Elf::new(&slice).unwrap();
        let segment = elf.segments().unwrap().iter().find(|s| s.p_type == PT_DYNAMIC).unwrap();
        let count = rt::elf::Dynamic::new(elf).unwrap().entries.len();
        segment.p_offset as usize + 16 * count
    };
    assert_eq!(bytes[place..place + 24], [DT_NULL as u8; 24]);
    bytes[place] = DT_SYMBOLIC as u8;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn b16_weak_and_undefined_is_zero() {
    for kind in kinds() {
        let build = Build::new("16", "16-weak.c", kind);
        build.library("A", "liba.so", &[]);
        build.program("weak", &["-fPIC", "liba.so"]).expect("weak", 7);
    }
}

#[test]
fn b26_relro_is_read_only_afterwards() {
    for kind in kinds() {
        let build = Build::new("26", "26-relro.c", kind);
        let relro = "-Wl,-z,relro";
        build.library("A", "liba.so", &[relro]);
        build.program("relro", &[relro, "-fPIC", "liba.so"]).expect("relro", 15);
    }
}
