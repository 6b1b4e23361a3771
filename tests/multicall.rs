//! The multicall binary itself: dispatch, help, links to it, and what becomes of output
//! that can't be written.

mod common;

use common::{fixtures, lx, lx_path, scratch};
use predicates::prelude::*;
use std::ffi::{OsStr, c_char, c_int};
use std::io::{Error, Read};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Stdio};

const USAGE: &str = "Usage: lx APPLET";
const SIGPIPE: i32 = 13;

/// A shell that runs this with the binary as `$lx`, in the folder of the fixtures.
fn bash(script: &str) -> assert_cmd::Command {
    let mut bash = assert_cmd::Command::new("bash");
    bash.args(["-c", script]).env("lx", lx_path()).env("LC_ALL", "C");
    bash.current_dir(fixtures().join("bin"));
    bash
}

/// More output than any buffer or pipe takes.
const LOTS: &str =
    r#""$lx" readelf -aW $(printf '%s ' {1..300} | sed 's/[0-9]*/program-x86_64/g')"#;

#[test]
fn usage_is_what_is_asked_for() {
    for args in [&[][..], &["--help"], &["-h"]] {
        let usage =
            predicate::str::starts_with(USAGE).and(predicate::str::contains("\n  readelf "));
        lx().args(args).assert().code(0).stdout(usage).stderr("");
    }
    let version = format!("lx {}\n", env!("CARGO_PKG_VERSION"));
    lx().arg("--version").assert().code(0).stdout(version).stderr("");
}

#[test]
fn list_names_each_applet_in_a_line() {
    let list = lx().arg("--list").assert().code(0).stderr("").get_output().stdout.clone();
    let list = String::from_utf8(list).unwrap();
    let names: Vec<&str> = list.lines().collect();
    assert!(names.contains(&"readelf"));
    assert!(names.is_sorted());
    for name in names {
        let help = lx().args([name, "--help"]).assert().code(0).stderr("").get_output().clone();
        assert!(help.stdout.starts_with(format!("Usage: lx {name} ").as_bytes()), "{name}");
    }
}

#[test]
fn unknown_applets() {
    for (name, shown) in [
        ("x", "x"),
        ("readel", "readel"),
        ("", ""),
        ("--nosuch", "--nosuch"),
        ("READELF", "READELF"),
    ] {
        let message = format!("lx: '{shown}' is not an applet; try 'lx --list'\n");
        lx().args([name, "-h"]).assert().code(127).stdout("").stderr(message);
    }
    // A name that isn't text, or would do something to the terminal.
    for name in [&b"\xff\xfe"[..], b"\x1b[31m", b"a\nb"] {
        let run = lx().arg(OsStr::from_bytes(name)).assert().code(127).stdout("");
        let stderr = &run.get_output().stderr;
        assert!(!stderr.contains(&0x1b) && stderr.ends_with(b"\n"), "{}", stderr.escape_ascii());
    }
}

#[test]
fn a_link_is_the_applet() {
    let folder = scratch("links");
    let (soft, hard) = (folder.join("readelf"), folder.join("hard").join("readelf"));
    std::fs::create_dir(folder.join("hard")).unwrap();
    symlink(lx_path(), &soft).unwrap();
    std::fs::hard_link(lx_path(), &hard).unwrap();
    let file = fixtures().join("bin/program-s390x");
    let expected = lx().args(["readelf", "-h"]).arg(&file).assert().code(0).get_output().clone();
    for link in [&soft, &hard] {
        let run = Command::new(link).arg("-h").arg(&file).output().unwrap();
        assert_eq!((run.status, &run.stdout), (expected.status, &expected.stdout));
        // Its messages are its own.
        let run = Command::new(link).args(["-h", "nosuch"]).output().unwrap();
        assert_eq!(
            run.stderr.escape_ascii().to_string(),
            r"readelf: Error: \'nosuch\': No such file\n"
        );
        // Nor is its first argument taken for an applet.
        let run = Command::new(link).args(["readelf", "--help"]).output().unwrap();
        assert!(run.stdout.starts_with(b"Usage: readelf "), "{}", run.stdout.escape_ascii());
    }
}

#[test]
fn argv0_may_be_anything() {
    let run = |arg0: &[u8], args: &[&str]| {
        Command::new(lx_path()).arg0(OsStr::from_bytes(arg0)).args(args).output().unwrap()
    };
    for arg0 in [&b"readelf"[..], b"./readelf", b"//x//readelf", b"\xff/readelf"] {
        let help = run(arg0, &["--help"]);
        assert!(help.stdout.starts_with(b"Usage: readelf "), "{}", arg0.escape_ascii());
    }
    for arg0 in [&b""[..], b"/", b"readelf/", b"\xff\xfe", b"lx-1.0", b"-lx"] {
        let usage = run(arg0, &[]);
        assert_eq!(usage.status.code(), Some(0), "{}", arg0.escape_ascii());
        assert!(usage.stdout.starts_with(USAGE.as_bytes()), "{}", arg0.escape_ascii());
        let list = run(arg0, &["--list"]);
        assert!(list.stdout.starts_with(b"readelf") || list.stdout.contains(&b'\n'));
    }
}

unsafe extern "C" {
    fn execve(path: *const c_char, argv: *const *const c_char, envp: *const *const c_char)
    -> c_int;
    fn fcntl(fd: c_int, command: c_int, ...) -> c_int;
}

#[test]
fn no_arguments_at_all() {
    // Not even a name: std can't ask for that. (Kernels from 5.18 on put an empty one in.)
    let path = std::ffi::CString::new(lx_path().as_os_str().as_bytes()).unwrap();
    let mut command = Command::new(lx_path());
    let exec = move || {
        let none = [std::ptr::null()];
        // SAFETY: a path and two empty lists, all alive during the call.
        unsafe { execve(path.as_ptr(), none.as_ptr(), none.as_ptr()) };
        Err(Error::last_os_error())
    };
    // SAFETY: between fork and exec there is nothing but the system call.
    let run = unsafe { command.pre_exec(exec) }.output().unwrap();
    assert_eq!(run.status.code(), Some(0));
    assert!(run.stdout.starts_with(USAGE.as_bytes()));
}

#[test]
fn install() {
    let folder = scratch("install");
    let link = folder.join("readelf");
    let install = |args: &[&str]| {
        let mut lx = lx();
        lx.arg("--install").args(args).arg(&folder);
        lx
    };
    install(&[]).assert().code(0).stdout("").stderr("");
    let (own, made) = (lx_path().metadata().unwrap(), link.symlink_metadata().unwrap());
    assert_eq!((own.dev(), own.ino()), (made.dev(), made.ino()));
    // What is there stays as it is, unless -f is given.
    let exists = predicate::str::contains("readelf: File exists");
    install(&["-s"]).assert().code(1).stdout("").stderr(exists.clone());
    assert!(!link.is_symlink());
    install(&["-s", "-f"]).assert().code(0).stdout("").stderr("");
    assert_eq!(std::fs::read_link(&link).unwrap(), lx_path().canonicalize().unwrap());
    std::fs::remove_file(&link).unwrap();
    std::fs::write(&link, "mine").unwrap();
    install(&[]).assert().code(1).stderr(exists);
    assert_eq!(std::fs::read(&link).unwrap(), b"mine");
    install(&["-f"]).assert().code(0);
    assert!(Command::new(&link).arg("--help").output().unwrap().status.success());

    lx().args(["--install", "/nosuch"])
        .assert()
        .code(1)
        .stderr(predicate::str::contains("No such file"));
    lx().arg("--install").assert().code(1).stdout("");
    lx().args(["--install", "-q", "."]).assert().code(1).stdout("");
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    for words in ["--help", "--list", "--version", "readelf --help", "readelf -aW program-i686"] {
        let program = if words.starts_with("readelf") { "lx readelf" } else { "lx" };
        let full = format!("{program}: write error: No space left on device\n");
        bash(&format!(r#""$lx" {words} > /dev/full"#)).assert().code(1).stderr(full);
        let closed = format!("{program}: write error: Bad file descriptor\n");
        bash(&format!(r#""$lx" {words} >&-"#)).assert().code(1).stderr(closed);
        // Nobody to tell either: still not success.
        bash(&format!(r#""$lx" {words} > /dev/full 2>&-"#)).assert().code(1);
    }
    let full = "lx readelf: write error: No space left on device\n";
    bash(&format!("{LOTS} > /dev/full")).assert().code(1).stderr(full);
    // Nothing is written, so nothing is wrong.
    let missing = "lx readelf: Error: 'nosuch': No such file\n";
    bash(r#""$lx" readelf -h nosuch >&-"#).assert().code(1).stderr(missing);
}

#[test]
fn a_reader_that_goes_away() {
    // The signal ends it, as it does any program ...
    let pipe = format!("{LOTS} 2>&3 | head -1; echo ${{PIPESTATUS[0]}}");
    let run = bash(&format!("exec 3>&2; {pipe}")).assert().code(0).stderr("").get_output().clone();
    assert!(run.stdout.ends_with(format!("\n{}\n", 128 + SIGPIPE).as_bytes()));
    // ... and where it is ignored, the end is silent as well.
    let run = bash(&format!("trap '' PIPE; exec 3>&2; {pipe}")).assert().code(0).stderr("");
    assert!(run.get_output().stdout.ends_with(b"\n1\n"));
}

#[test]
fn a_signal_is_not_ignored_by_itself() {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = Command::new(lx_path());
    command.args(["readelf", "--help"]).stdout(writer);
    drop(reader);
    let status = command.status().unwrap();
    assert_eq!(status.signal(), Some(SIGPIPE));
}

fn set_nonblocking(fd: RawFd) {
    const F_SETFL: c_int = 4;
    const O_NONBLOCK: c_int = 0o4000;
    // SAFETY: a descriptor of ours, and a command that takes a number.
    assert_eq!(unsafe { fcntl(fd, F_SETFL, O_NONBLOCK) }, 0);
}

#[test]
fn a_pipe_that_does_not_wait_loses_nothing() {
    let expected = bash(LOTS).assert().code(0).get_output().stdout.clone();
    assert!(expected.len() > 200_000);
    let (mut reader, writer) = std::io::pipe().unwrap();
    set_nonblocking(writer.as_raw_fd());
    let mut command = Command::new("bash");
    command.args(["-c", LOTS]).env("lx", lx_path()).env("LC_ALL", "C");
    command.current_dir(fixtures().join("bin")).stdout(writer).stderr(Stdio::inherit());
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut got: Vec<u8> = Vec::new();
    let mut piece = [0u8; 30_000];
    loop {
        std::thread::sleep(std::time::Duration::from_millis(5));
        match reader.read(&mut piece).unwrap() {
            0 => break,
            n => got.extend(&piece[..n]),
        }
    }
    assert!(child.wait().unwrap().success());
    assert!(got == expected, "{} of {} bytes", got.len(), expected.len());
}

#[test]
fn options_as_getopt_takes_them() {
    let usage = predicate::str::contains("Usage: lx readelf ");
    for (words, message) in [
        ("--nosuch x", "lx readelf: unrecognized option '--nosuch'\n"),
        ("-h -q x", "lx readelf: invalid option -- 'q'\n"),
        ("-hq x", "lx readelf: invalid option -- 'q'\n"),
        ("--wide=1 -h x", "lx readelf: option '--wide' doesn't allow an argument\n"),
        ("--hex-dump", "lx readelf: option '--hex-dump' requires an argument\n"),
        ("-x", "lx readelf: option requires an argument -- 'x'\n"),
        ("--s x", "lx readelf: option '--s' is ambiguous; possibilities: "),
    ] {
        let stderr = predicate::str::starts_with(message).and(usage.clone());
        lx().arg("readelf").args(words.split(' ')).assert().code(1).stdout("").stderr(stderr);
    }
    // All of these are the same.
    let file = fixtures().join("bin/object-powerpc.o");
    let run = |words: &[&str]| {
        let mut lx = lx();
        lx.arg("readelf").args(words).current_dir(file.parent().unwrap());
        lx
    };
    let one =
        run(&["-h", "-S", "-W", "object-powerpc.o"]).assert().code(0).get_output().stdout.clone();
    for words in [
        &["-hSW", "object-powerpc.o"][..],
        &["object-powerpc.o", "-WSh"],
        &["--file-header", "object-powerpc.o", "--sections", "--wide"],
        &["--file", "--section-h", "--wid", "object-powerpc.o"],
        &["-SWh", "--", "object-powerpc.o"],
    ] {
        run(words).assert().code(0).stdout(one.clone());
    }
    // In this mode the first operand ends the options.
    let error = predicate::str::contains("'-W': No such file");
    run(&["-hS", "object-powerpc.o", "-W"])
        .env("POSIXLY_CORRECT", "")
        .assert()
        .code(1)
        .stderr(error);
    // After two dashes a file may have any name.
    let error = predicate::str::contains("'-S': No such file");
    run(&["-h", "--", "-S"]).assert().code(1).stderr(error);
}
