//! Which library is found, and whether its versions and symbols are.

use crate::build::*;
use crate::common::{Said, fixtures, lx_path};
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

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
    const RPATH: &str = "--disable-new-dtags";
    const RUNPATH: &str = "--enable-new-dtags";
    // What the program's list is, which has the directory of the library that B needs; what
    // B's own is, with another directory; the exit status, 127 where it isn't found.
    for (number, (program, own, status)) in [
        (RPATH, None, 22),
        (RUNPATH, None, 127),
        (RPATH, Some((RPATH, "none")), 22),
        // A RUNPATH switches off what is inherited.
        (RPATH, Some((RUNPATH, "none")), 127),
        (RUNPATH, Some((RPATH, "none")), 127),
        (RUNPATH, Some((RPATH, "deep")), 22),
        (RUNPATH, Some((RUNPATH, "deep")), 22),
    ]
    .into_iter()
    .enumerate()
    {
        let build = Build::new(&format!("22-{number}"), "23-where.c", PIE);
        which(&build, "deep", 22);
        let own = own.map(|(tags, list)| format!("-Wl,{tags},-rpath,$ORIGIN/{list}"));
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        build.library("B", "libb.so", &[&["deep/libwhich.so"], &own[..]].concat());
        let source = fixtures().join("dl/22-inherit.c");
        let build = Build { source, ..build };
        let tags = format!("-Wl,{program},-rpath,$ORIGIN:$ORIGIN/deep,-rpath-link,deep");
        build.plain_program("inherit", &[&tags, "libb.so"]);
        build.expect("inherit", status);
        if status == 127 {
            let text = stderr(&run(&build.path("inherit"), true, &[], &[]));
            assert!(text.contains("libwhich.so: no such library (needed by "), "{text}");
            assert!(text.ends_with("/libb.so)\n"), "{text}");
        }
        // As glibc's loader has it.
        let glibc = "/lib64/ld-linux-x86-64.so.2";
        match Command::new(glibc).arg(build.path("inherit")).output() {
            Ok(theirs) => assert_eq!(theirs.status.code(), Some(status), "case {number}"),
            Err(_) => eprintln!("there is no {glibc} here: not compared"),
        }
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
