//! `lx ldso --exec`: programs with a C library, and those that need no loader.

use crate::build::*;
use crate::common::{Said, scratch};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

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
    for (what, text) in [("/none/x", "No such file"), ("/etc/passwd", "not an ELF file")] {
        let mut command = lx();
        let said = Said::of(command.args(["ldso", "--exec", what]).output().unwrap());
        assert_eq!(said.status, Some(127));
        assert!(stderr(&said).contains(text), "{}", stderr(&said));
    }
}

/// Goroutines on several threads, collections while they run, and a signal that becomes a panic.
const GO: &str = r#"package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
)

func main() {
	var wait sync.WaitGroup
	sums := make([]int, 64)
	for i := range sums {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			for j := 0; j < 500; j++ {
				bytes := make([]byte, 4096)
				bytes[j] = byte(j)
				sums[i] += len(bytes) + int(bytes[j])
			}
		}(i)
	}
	wait.Wait()
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	total := 0
	for _, sum := range sums {
		total += sum
	}
	fmt.Println(total, stats.NumGC >= 2, os.Args[1:])
	defer func() { fmt.Println(recover()); os.Exit(7) }()
	var nothing *int
	fmt.Println(*nothing)
}
"#;

#[test]
fn exec_runs_go_programs() {
    let folder = scratch("ldso-exec-go");
    std::fs::write(folder.join("program.go"), GO).unwrap();
    for (name, mode) in [("fixed", "-buildmode=exe"), ("pie", "-buildmode=pie")] {
        let path = folder.join(name);
        let built = Command::new("go")
            .args(["build", mode, "-o"])
            .arg(&path)
            .arg("program.go")
            .current_dir(&folder)
            .env("CGO_ENABLED", "0")
            .env("GOCACHE", folder.join("cache"))
            .output();
        let Ok(built) = built else {
            return eprintln!("go is not installed: not tested (apt-get install golang-go)");
        };
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        exec_is_the_same(path.to_str().unwrap(), &["one", "two"]);
        let said = Said::of(lx().args(["ldso", "--exec"]).arg(&path).output().unwrap());
        assert_eq!(said.status, Some(7), "{}", stderr(&said));
    }
}
