//! Building and running the programs in fixtures/dl.

use crate::common::{Said, fixtures, lx_path, scratch};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How programs and libraries are built.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Kind {
    /// The program has no fixed address.
    pub pie: bool,
    /// All functions are bound at the start.
    pub now: bool,
    /// TLS descriptors.
    pub gnu2: bool,
}

/// Programs with and without a fixed address, bound at once and lazily.
pub fn kinds() -> Vec<Kind> {
    let all = [(true, true), (true, false), (false, true), (false, false)];
    all.map(|(pie, now)| Kind { pie, now, gnu2: false }).into()
}

/// The same in both dialects of thread-local storage.
pub fn tls_kinds() -> Vec<Kind> {
    let both = |kind| [kind, Kind { gnu2: true, ..kind }];
    kinds().into_iter().flat_map(both).collect()
}

/// A folder with a program and its libraries.
pub struct Build {
    pub folder: PathBuf,
    pub source: PathBuf,
    pub kind: Kind,
}

impl Build {
    /// In a folder of its own; of this file of fixtures/dl.
    pub fn new(test: &str, source: &str, kind: Kind) -> Build {
        let Kind { pie, now, gnu2 } = kind;
        let folder = scratch(&format!("ldso-{test}-{pie}-{now}-{gnu2}"));
        Build { folder, source: fixtures().join("dl").join(source), kind }
    }

    pub fn cc(&self, args: &[&str], output: &Path) {
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
    pub fn library(&self, define: &str, name: &str, args: &[&str]) -> &Build {
        let (define, soname) = (format!("-D{define}"), format!("-Wl,-soname,{name}"));
        let source = self.source.to_str().unwrap();
        let all = [&["-shared", "-fPIC", &define, &soname, source], args].concat();
        self.cc(&all, &self.folder.join(name));
        self
    }

    /// The library with references to what the loader provides.
    pub fn dl(&self) -> &Build {
        let source = fixtures().join("dl/dl.c");
        let args = ["-shared", "-fPIC", "-Wl,-soname,libdl1.so", source.to_str().unwrap()];
        self.cc(&args, &self.path("libdl1.so"));
        self
    }

    /// The program, which finds its libraries beside it.
    pub fn program(&self, name: &str, args: &[&str]) -> &Build {
        self.plain_program(name, &[&["-Wl,-rpath,$ORIGIN"], args].concat())
    }

    pub fn plain_program(&self, name: &str, args: &[&str]) -> &Build {
        let pie: [&str; 2] =
            if self.kind.pie { ["-pie", "-fPIE"] } else { ["-no-pie", "-fno-pie"] };
        let interpreter = format!("-Wl,--dynamic-linker,{}", lx_path().display());
        let source = self.source.to_str().unwrap();
        let unresolved = "-Wl,--unresolved-symbols=ignore-all";
        let all = [&pie[..], &["-DMAIN", &interpreter, unresolved, source], args].concat();
        self.cc(&all, &self.folder.join(name));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Runs the program both ways; the exit status must be this.
    pub fn expect(&self, name: &str, status: i32) {
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
pub fn run(program: &Path, direct: bool, args: &[&str], variables: &[(&str, &OsStr)]) -> Said {
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
pub fn lx() -> Command {
    let mut lx = Command::new(lx_path());
    for name in VARIABLES {
        lx.env_remove(name);
    }
    lx
}

/// What of the environment counts.
pub const VARIABLES: [&str; 4] = ["LD_LIBRARY_PATH", "LD_PRELOAD", "LD_BIND_NOW", "LD_DEBUG"];

pub fn stderr(said: &Said) -> String {
    String::from_utf8_lossy(&said.stderr).into_owned()
}

/// A folder with a library that tells this number.
pub fn which(build: &Build, folder: &str, number: i32) {
    std::fs::create_dir_all(build.path(folder)).unwrap();
    let define = format!("-DWHICH={number}");
    build.library("A", "libwhich.so", &[&define]);
    std::fs::rename(build.path("libwhich.so"), build.path(folder).join("libwhich.so")).unwrap();
}

pub const PIE: Kind = Kind { pie: true, now: false, gnu2: false };
