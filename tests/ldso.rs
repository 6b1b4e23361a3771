//! `lx ldso`, and lx as an interpreter: the behaviours of a dynamic linker, each with programs
//! without a C library (fixtures/dl), whose exit status has a bit for each thing that is right.

mod common;

use common::{Random, Said, fixtures, lx_path, scratch};
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How programs and libraries are built.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Kind {
    /// The program has no fixed address.
    pie: bool,
    /// All functions are bound at the start.
    now: bool,
    /// TLS descriptors.
    gnu2: bool,
}

/// Programs with and without a fixed address, bound at once and lazily.
fn kinds() -> Vec<Kind> {
    let all = [(true, true), (true, false), (false, true), (false, false)];
    all.map(|(pie, now)| Kind { pie, now, gnu2: false }).into()
}

/// The same in both dialects of thread-local storage.
fn tls_kinds() -> Vec<Kind> {
    let both = |kind| [kind, Kind { gnu2: true, ..kind }];
    kinds().into_iter().flat_map(both).collect()
}

/// A folder with a program and its libraries.
struct Build {
    folder: PathBuf,
    source: PathBuf,
    kind: Kind,
}

impl Build {
    /// In a folder of its own; of this file of fixtures/dl.
    fn new(test: &str, source: &str, kind: Kind) -> Build {
        let Kind { pie, now, gnu2 } = kind;
        let folder = scratch(&format!("ldso-{test}-{pie}-{now}-{gnu2}"));
        Build { folder, source: fixtures().join("dl").join(source), kind }
    }

    fn cc(&self, args: &[&str], output: &Path) {
        let bind = if self.kind.now { "-Wl,-z,now" } else { "-Wl,-z,lazy" };
        let lazy = if self.kind.now { "-DLAZY=0" } else { "-DLAZY=1" };
        let tls = if self.kind.gnu2 { "-mtls-dialect=gnu2" } else { "-mtls-dialect=gnu" };
        let run = Command::new("cc")
            .args(["-O1", "-nostdlib", "-ffreestanding", "-fno-stack-protector", "-w", "-mavx"])
            .args(["-fno-asynchronous-unwind-tables", "-Wl,--no-as-needed"])
            .args([bind, lazy, tls, "-I"])
            .arg(fixtures().join("dl"))
            .arg("-o")
            .arg(output)
            .args(args)
            .current_dir(&self.folder)
            .output()
            .expect("a C compiler is needed: apt-get install gcc");
        assert!(run.status.success(), "{args:?}: {}", String::from_utf8_lossy(&run.stderr));
    }

    /// A library of the part of the source that this is defined for.
    fn library(&self, define: &str, name: &str, args: &[&str]) -> &Build {
        let (define, soname) = (format!("-D{define}"), format!("-Wl,-soname,{name}"));
        let source = self.source.to_str().unwrap();
        let all = [&["-shared", "-fPIC", &define, &soname, source], args].concat();
        self.cc(&all, &self.folder.join(name));
        self
    }

    /// The library with references to what the loader provides.
    fn dl(&self) -> &Build {
        let source = fixtures().join("dl/dl.c");
        let args = ["-shared", "-fPIC", "-Wl,-soname,libdl1.so", source.to_str().unwrap()];
        self.cc(&args, &self.path("libdl1.so"));
        self
    }

    /// The program, which finds its libraries beside it.
    fn program(&self, name: &str, args: &[&str]) -> &Build {
        self.plain_program(name, &[&["-Wl,-rpath,$ORIGIN"], args].concat())
    }

    fn plain_program(&self, name: &str, args: &[&str]) -> &Build {
        let pie: [&str; 2] =
            if self.kind.pie { ["-pie", "-fPIE"] } else { ["-no-pie", "-fno-pie"] };
        let interpreter = format!("-Wl,--dynamic-linker,{}", lx_path().display());
        let source = self.source.to_str().unwrap();
        let unresolved = "-Wl,--unresolved-symbols=ignore-all";
        let all = [&pie[..], &["-DMAIN", &interpreter, unresolved, source], args].concat();
        self.cc(&all, &self.folder.join(name));
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Runs the program both ways; the exit status must be this.
    fn expect(&self, name: &str, status: i32) {
        for direct in [false, true] {
            let said = run(&self.path(name), direct, &[], &[]);
            let text = String::from_utf8_lossy(&said.stderr);
            let Kind { pie, now, gnu2 } = self.kind;
            let way = format!("{name}: pie {pie}, now {now}, gnu2 {gnu2}, direct {direct}: {text}");
            assert_eq!(
                said.status.map(|s| format!("{s:#b}")),
                Some(format!("{status:#b}")),
                "{way}"
            );
        }
    }
}

/// Runs a program by the kernel, or by `lx ldso`, with these variables.
fn run(program: &Path, direct: bool, args: &[&str], variables: &[(&str, &OsStr)]) -> Said {
    let mut command = if direct {
        let mut command = lx();
        command.arg("ldso").arg(program);
        command
    } else {
        Command::new(program)
    };
    for name in VARIABLES {
        command.env_remove(name);
    }
    command.args(args).envs(variables.iter().copied());
    Said::of(command.output().unwrap())
}

/// lx without what the environment says to a loader.
fn lx() -> Command {
    let mut lx = Command::new(lx_path());
    for name in VARIABLES {
        lx.env_remove(name);
    }
    lx
}

/// What of the environment counts.
const VARIABLES: [&str; 4] = ["LD_LIBRARY_PATH", "LD_PRELOAD", "LD_BIND_NOW", "LD_DEBUG"];

fn stderr(said: &Said) -> String {
    String::from_utf8_lossy(&said.stderr).into_owned()
}

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
fn b09_thread_local_storage_with_fixed_offsets() {
    for kind in tls_kinds() {
        let build = Build::new("09", "09-tls.c", kind);
        let plain = "-ftls-model=initial-exec";
        build.library("A", "liba.so", &[]).library("B", "libb.so", &[plain, "liba.so"]);
        build.program("tls", &["-rdynamic", "liba.so", "libb.so"]).expect("tls", 0x3f);
    }
}

#[test]
fn b10_general_and_local_dynamic_storage() {
    for kind in tls_kinds() {
        let build = Build::new("10", "10-dynamic.c", kind);
        build.library("A", "liba.so", &["-ftls-model=local-dynamic"]);
        build.library("B", "libb.so", &["liba.so"]);
        build.program("dynamic", &["liba.so", "libb.so"]).expect("dynamic", 15);
    }
}

#[test]
fn b11_descriptors_of_storage() {
    for kind in kinds().into_iter().map(|kind| Kind { gnu2: true, ..kind }) {
        let build = Build::new("11", "11-tlsdesc.c", kind);
        build.library("A", "liba.so", &[]).library("B", "libb.so", &[]);
        build.dl().program("tlsdesc", &["liba.so", "libdl1.so"]).expect("tlsdesc", 15);
    }
}

#[test]
fn b12_storage_is_aligned() {
    for kind in tls_kinds() {
        let build = Build::new("12", "12-align.c", kind);
        build.library("A", "liba.so", &[]).library("B", "libb.so", &[]);
        build.program("align", &["liba.so", "libb.so"]).expect("align", 31);
    }
}

#[test]
fn b13_storage_for_threads_that_exist_already() {
    for kind in tls_kinds() {
        let build = Build::new("13", "13-threads.c", kind);
        build.library("B", "libb.so", &[]).dl();
        build.program("threads", &["libdl1.so"]).expect("threads", 15);
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
fn b17_versions() {
    let map = format!("-Wl,--version-script={}", fixtures().join("dl/17-versions.map").display());
    for kind in kinds() {
        let build = Build::new("17", "17-versions.c", kind);
        build.library("A", "liba.so", &[&map]);
        build.dl().program("versions", &["liba.so", "libdl1.so"]).expect("versions", 15);
    }
}

#[test]
fn b18_a_version_that_is_missing() {
    for kind in kinds() {
        let build = Build::new("18", "18-missing.c", kind);
        let version = |name: &str| {
            let map = build.path(name);
            std::fs::write(&map, format!("{name} {{ global: f; }};")).unwrap();
            format!("-Wl,--version-script={}", map.display())
        };
        build.library("A", "liba.so", &[&version("V2")]).program("missing", &["liba.so"]);
        build.expect("missing", 1);
        build.library("A", "liba.so", &[&version("V1")]);
        for direct in [false, true] {
            let said = run(&build.path("missing"), direct, &[], &[]);
            assert_eq!(said.status, Some(127));
            let text = stderr(&said);
            assert!(text.contains("/liba.so: version 'V2' not found (needed by "), "{text}");
            assert!(text.ends_with("/missing)\n"), "{text}");
        }
    }
}

#[test]
fn b19_either_hash_table_will_do() {
    for kind in kinds() {
        for style in ["gnu", "sysv", "both"] {
            let build = Build::new(&format!("19{style}"), "19-hash.c", kind);
            let style = format!("-Wl,--hash-style={style}");
            build.library("A", "liba.so", &[&style]);
            build.dl().program("hash", &[&style, "liba.so", "libdl1.so"]).expect("hash", 31);
        }
    }
}

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

/// A folder with a library that tells this number.
fn which(build: &Build, folder: &str, number: i32) {
    std::fs::create_dir_all(build.path(folder)).unwrap();
    let define = format!("-DWHICH={number}");
    build.library("A", "libwhich.so", &[&define]);
    std::fs::rename(build.path("libwhich.so"), build.path(folder).join("libwhich.so")).unwrap();
}

const PIE: Kind = Kind { pie: true, now: false, gnu2: false };

#[test]
fn b21_origin_is_the_real_directory() {
    for kind in kinds() {
        let build = Build::new("21", "23-where.c", kind);
        which(&build, "real/lib", 21);
        build.plain_program("real/program", &["-Wl,-rpath,$ORIGIN/lib", "real/lib/libwhich.so"]);
        std::fs::create_dir(build.path("elsewhere")).unwrap();
        std::os::unix::fs::symlink("../real/program", build.path("elsewhere/link")).unwrap();
        build.expect("elsewhere/link", 21);
        build.plain_program("real/braces", &["-Wl,-rpath,${ORIGIN}/lib", "real/lib/libwhich.so"]);
        build.expect("real/braces", 21);
    }
}

#[test]
fn b22_an_rpath_is_inherited_a_runpath_is_not() {
    for (tags, status) in [("--disable-new-dtags", 22), ("--enable-new-dtags", 127)] {
        let build = Build::new(&format!("22{status}"), "23-where.c", PIE);
        which(&build, "deep", 22);
        build.library("B", "libb.so", &["deep/libwhich.so"]);
        let source = fixtures().join("dl/22-inherit.c");
        let program = Build { source, folder: build.folder.clone(), ..build };
        let tags = format!("-Wl,{tags},-rpath,$ORIGIN:$ORIGIN/deep,-rpath-link,deep");
        program.plain_program("inherit", &[&tags, "libb.so"]);
        program.expect("inherit", status);
    }
}

#[test]
fn b23_the_order_of_the_search() {
    let build = Build::new("23", "23-where.c", PIE);
    for (folder, number) in [("path", 1), ("env", 2)] {
        which(&build, folder, number);
    }
    for (tags, with, without) in [("--disable-new-dtags", 1, 1), ("--enable-new-dtags", 2, 1)] {
        let tags = format!("-Wl,{tags},-rpath,$ORIGIN/none:$ORIGIN/path");
        build.plain_program("search", &[&tags, "path/libwhich.so"]);
        for direct in [false, true] {
            let env = build.path("env");
            let said =
                run(&build.path("search"), direct, &[], &[("LD_LIBRARY_PATH", env.as_os_str())]);
            assert_eq!(said.status, Some(with), "{tags} {}", stderr(&said));
            assert_eq!(run(&build.path("search"), direct, &[], &[]).status, Some(without));
        }
    }
    let mut command = lx();
    command.args(["ldso", "--library-path"]).arg(build.path("env")).arg(build.path("search"));
    assert_eq!(command.status().unwrap().code(), Some(2));
    // What has no slash is looked for in the default places, and not found there.
    build.plain_program("nowhere", &["path/libwhich.so"]);
    let said = run(&build.path("nowhere"), false, &[], &[]);
    assert_eq!(said.status, Some(127));
    let text = stderr(&said);
    assert!(text.contains("lx ldso: libwhich.so: no such library (needed by "), "{text}");
}

#[test]
fn b24_what_is_for_other_machines_is_passed_over() {
    let build = Build::new("24", "23-where.c", PIE);
    which(&build, "right", 24);
    let mut list = Vec::new();
    for machine in ["i686", "aarch64", "s390x"] {
        let folder = build.path(machine);
        std::fs::create_dir(&folder).unwrap();
        let foreign = fixtures().join(format!("bin/libone-{machine}.so"));
        std::fs::copy(foreign, folder.join("libwhich.so")).unwrap();
        list.push(folder.display().to_string());
    }
    build.plain_program("machine", &["-Wl,-rpath,$ORIGIN/right", "right/libwhich.so"]);
    let list = list.join(":");
    for direct in [false, true] {
        let said =
            run(&build.path("machine"), direct, &[], &[("LD_LIBRARY_PATH", OsStr::new(&list))]);
        assert_eq!(said.status, Some(24), "{}", stderr(&said));
    }
}

#[test]
fn b25_what_is_preloaded_wins() {
    let build = Build::new("25", "23-where.c", PIE);
    which(&build, "path", 1);
    which(&build, "first", 25);
    build.plain_program("preload", &["-Wl,-rpath,$ORIGIN/path", "path/libwhich.so"]);
    std::fs::rename(build.path("first/libwhich.so"), build.path("first/other.so")).unwrap();
    let other = build.path("first/other.so");
    for direct in [false, true] {
        let said = run(&build.path("preload"), direct, &[], &[("LD_PRELOAD", other.as_os_str())]);
        // The same SONAME is the same library.
        assert_eq!(said.status, Some(25), "{}", stderr(&said));
    }
    build.library("A", "libother.so", &["-DWHICH=25"]);
    let other = build.path("libother.so");
    for direct in [false, true] {
        let said = run(&build.path("preload"), direct, &[], &[("LD_PRELOAD", other.as_os_str())]);
        assert_eq!(said.status, Some(25), "{}", stderr(&said));
        // What is missing is told, and left out.
        let none = [("LD_PRELOAD", OsStr::new("/none.so"))];
        let said = run(&build.path("preload"), direct, &[], &none);
        assert_eq!(said.status, Some(1));
        assert!(stderr(&said).contains("/none.so: no such library"), "{}", stderr(&said));
    }
    let mut command = lx();
    command.args(["ldso", "--preload"]).arg(&other).arg(build.path("preload"));
    assert_eq!(command.status().unwrap().code(), Some(25));
}

#[test]
fn b25_a_privileged_program_ignores_the_environment() {
    use std::os::unix::process::CommandExt;
    let uid = std::fs::metadata("/proc/self").map(|m| std::os::unix::fs::MetadataExt::uid(&m));
    if uid.ok() != Some(0) {
        return eprintln!("only root can make a set-user-id program for this: not tested");
    }
    // A place that another user can reach.
    let place = std::env::temp_dir().join(format!("lx-ldso-secure-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&place);
    std::fs::create_dir_all(place.join("own")).unwrap();
    let lx = place.join("lx");
    std::fs::copy(lx_path(), &lx).unwrap();
    let build = Build::new("25s", "23-where.c", PIE);
    which(&build, "path", 1);
    which(&build, "env", 2);
    std::fs::copy(build.path("path/libwhich.so"), place.join("own/libwhich.so")).unwrap();
    build.library("A", "libother.so", &["-DWHICH=25"]);
    for name in ["env/libwhich.so", "libother.so"] {
        std::fs::copy(build.path(name), place.join(Path::new(name).file_name().unwrap())).unwrap();
    }
    let interpreter = format!("-Wl,--dynamic-linker,{}", lx.display());
    let own = format!("-Wl,--enable-new-dtags,-rpath,{}", place.join("own").display());
    build.plain_program("secure", &[&interpreter, &own, "path/libwhich.so"]);
    build.plain_program("origin", &[&interpreter, "-Wl,-rpath,$ORIGIN/own", "path/libwhich.so"]);
    let run = |program: &str, mode: u32| {
        let path = place.join(program);
        std::fs::copy(build.path(program), &path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let mut command = Command::new(&path);
        command.env("LD_LIBRARY_PATH", &place).env("LD_PRELOAD", place.join("libother.so"));
        command.env("LD_DEBUG", "all").uid(65534).gid(65534);
        Said::of(command.output().unwrap())
    };
    // Without privileges all of it counts.
    let said = run("secure", 0o755);
    assert_eq!(said.status, Some(25), "{}", stderr(&said));
    assert!(stderr(&said).contains("files: "), "{}", stderr(&said));
    // Whether the bit has an effect there, told by another program.
    std::fs::copy("/usr/bin/id", place.join("id")).unwrap();
    std::fs::set_permissions(place.join("id"), std::fs::Permissions::from_mode(0o4755)).unwrap();
    let id = Command::new(place.join("id")).arg("-u").uid(65534).gid(65534).output().unwrap();
    if id.stdout == b"0\n" {
        let said = run("secure", 0o4755);
        assert_eq!((said.status, stderr(&said)), (Some(1), String::new()));
        // The directory of a privileged program is nobody's to choose.
        assert_eq!(run("origin", 0o755).status, Some(25));
        let said = run("origin", 0o4755);
        assert_eq!(said.status, Some(127), "{}", stderr(&said));
        assert!(stderr(&said).contains("libwhich.so: no such library"), "{}", stderr(&said));
    } else {
        eprintln!("set-user-id bits have no effect in {}: not tested", place.display());
    }
    let _ = std::fs::remove_dir_all(&place);
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
        "  bind ",
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
fn programs_with_a_c_library_are_told_to_use_exec() {
    let said = run(Path::new("/bin/ls"), true, &[], &[]);
    if !Path::new("/bin/ls").exists() || said.status != Some(127) {
        return eprintln!("there is no /bin/ls with a C library here: not tested");
    }
    assert!(stderr(&said).ends_with("use lx ldso --exec\n"), "{}", stderr(&said));
}

/// Runs a program natively and by `--exec`: both must say the same.
fn exec_is_the_same(program: &str, args: &[&str]) {
    let Ok(native) = Command::new(program).args(args).output() else {
        return eprintln!("{program} is not installed: not tested");
    };
    let mut command = lx();
    command.args(["ldso", "--exec", program]).args(args);
    let (native, ours) = (Said::of(native), Said::of(command.output().unwrap()));
    assert_eq!(native.status, ours.status, "{program}: {}", stderr(&ours));
    assert_eq!(String::from_utf8_lossy(&native.stdout), String::from_utf8_lossy(&ours.stdout));
    assert_eq!(stderr(&native), stderr(&ours));
}

#[test]
fn exec_runs_real_programs() {
    exec_is_the_same("/bin/ls", &["-l", "/usr"]);
    exec_is_the_same(
        "/bin/bash",
        &["-c", "for i in a b; do echo $i $0 $#; done; ls / | wc -l; exit 3", "x"],
    );
    exec_is_the_same(
        "/usr/bin/perl",
        &["-e", "print join(',', map { $_ * 2 } @ARGV), qq{\n}; exit 4", "1", "2"],
    );
    for python in ["/usr/bin/python3", "/usr/local/bin/python3"] {
        if Path::new(python).exists() {
            exec_is_the_same(
                python,
                &["-c", "import sys, json, threading; print(json.dumps(sys.argv))", "a"],
            );
        }
    }
    exec_is_the_same("/bin/busybox", &["sh", "-c", "echo $((6 * 7))"]);
    let folder = scratch("ldso-exec");
    let built = |compiler: &str, args: &[&str], name: &str| {
        let path = folder.join(name);
        let run =
            Command::new(compiler).args(args).arg("-o").arg(&path).current_dir(&folder).output();
        if run.is_ok_and(|run| run.status.success()) {
            return Some(path);
        }
        eprintln!("{compiler} {args:?} doesn't work here: not tested");
        None
    };
    std::fs::write(
        folder.join("program.c"),
        "#include <stdio.h>\n#include <stdlib.h>\n#include <sys/auxv.h>\n\
         int main(int argc, char **argv) { char *p = malloc(1 << 20); p[5] = 1;\n\
         printf(\"%d %s %ld\\n\", argc, argv[argc - 1], (long)getauxval(AT_PHNUM) > 4); return 6; }\n",
    )
    .unwrap();
    for (compiler, args, name) in [
        ("cc", &["program.c"][..], "glibc"),
        ("cc", &["-no-pie", "program.c"], "glibc-fixed"),
        ("cc", &["-static", "program.c"], "glibc-static"),
        ("cc", &["-static-pie", "program.c"], "glibc-static-pie"),
        ("musl-gcc", &["program.c"], "musl"),
        ("musl-gcc", &["-static", "program.c"], "musl-static"),
    ] {
        if let Some(path) = built(compiler, args, name) {
            exec_is_the_same(path.to_str().unwrap(), &["one", "two"]);
            // It needs no permission to be executed.
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
            let mut command = lx();
            command.args(["ldso", "--exec", "--argv0=other"]).arg(&path);
            let said = Said::of(command.output().unwrap());
            assert_eq!(said.status, Some(6), "{name}: {}", stderr(&said));
            assert_eq!(said.stdout, b"1 other 1\n");
        }
    }
    std::fs::write(
        folder.join("program.go"),
        "package main\nimport (\"fmt\"; \"os\")\nfunc main() { c := make(chan int)\n\
         go func() { c <- 5 }(); fmt.Println(<-c, os.Args[1:]); os.Exit(7) }\n",
    )
    .unwrap();
    let path = folder.join("go");
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(&path)
        .arg("program.go")
        .current_dir(&folder)
        .env("CGO_ENABLED", "0")
        .env("GOCACHE", folder.join("cache"))
        .output();
    if built.is_ok_and(|built| built.status.success()) {
        exec_is_the_same(path.to_str().unwrap(), &["one", "two"]);
    } else {
        eprintln!("there is no Go compiler here: a Go program was not tested");
    }
    for (what, text) in [("/none/x", "No such file"), ("/etc/passwd", "not an ELF file")] {
        let mut command = lx();
        let said = Said::of(command.args(["ldso", "--exec", what]).output().unwrap());
        assert_eq!(said.status, Some(127));
        assert!(stderr(&said).contains(text), "{}", stderr(&said));
    }
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
