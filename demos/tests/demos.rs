//! Runs the demos for real: each in a directory of its own, with the output that it shows.

use rt::arch::{nr, syscall};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

macro_rules! demo {
    ($name:literal) => {
        Command::new(env!(concat!("CARGO_BIN_EXE_", $name)))
    };
}

/// A directory of a test's own, deleted afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let dir = std::env::temp_dir().join(format!("rt-demo-{}-{name}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        Scratch(dir)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs it with this input, and checks that it ends well and complains of nothing.
fn run(command: &mut Command, input: &[u8]) -> String {
    let out = run_anyhow(command, input);
    let stderr = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && stderr.is_empty(), "{}: {stderr}", out.status);
    String::from_utf8(out.stdout).unwrap()
}

fn run_anyhow(command: &mut Command, input: &[u8]) -> Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let out = child.wait_with_output().unwrap();
    // A program that doesn't read its input is right to end before it.
    let _ = writer.join().unwrap();
    out
}

#[test]
fn hello() {
    assert_eq!(run(&mut demo!("hello"), b""), "Hello, world\n");
}

#[test]
fn lost_output_is_no_success() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let status = demo!("hello").stdout(full).status().unwrap();
    assert_eq!(status.code(), Some(1));
}

#[test]
fn echo_copies_everything() {
    assert_eq!(run(&mut demo!("echo"), b"hello world\n"), "hello world\n");
    let much = "0123456789abcde\n".repeat(1 << 16);
    assert_eq!(run(&mut demo!("echo"), much.as_bytes()), much);
}

#[test]
fn arguments_are_bytes() {
    let out = run_anyhow(demo!("print_args").args(["a1", "", "a2"]), b"");
    let lines: Vec<_> = out.stdout.split(|byte| *byte == b'\n').collect();
    assert_eq!(lines, [env!("CARGO_BIN_EXE_print_args").as_bytes(), b"a1", b"", b"a2", b""]);
    let out =
        run_anyhow(demo!("print_args").arg0("x").arg(OsStr::from_bytes(b"\xff")).arg("z"), b"");
    assert_eq!(out.stdout, b"x\n\xff\nz\n");
}

#[test]
fn no_arguments_at_all() {
    let path = concat!(env!("CARGO_BIN_EXE_print_args"), "\0");
    let mut command = demo!("print_args");
    // SAFETY: between fork and exec this makes one system call, which doesn't return; it is
    // given a C string and two empty vectors.
    unsafe {
        command.pre_exec(move || {
            let empty = [0usize];
            let args =
                [path.as_ptr() as usize, (&raw const empty) as usize, (&raw const empty) as usize];
            syscall(nr::EXECVE, args);
            Ok(())
        })
    };
    // Since Linux 5.18 the kernel adds an empty argument.
    let out = run(&mut command, b"");
    assert!(out.is_empty() || out == "\n", "{out:?}");
}

#[test]
fn environment() {
    let mut command = demo!("print_env");
    command.env_clear().env("MYVAR", "hello world").env("EMPTY", "");
    command.env("RAW", OsStr::from_bytes(b"\xff"));
    let mut lines: Vec<_> = run_anyhow(&mut command, b"").stdout;
    lines.pop();
    let mut lines: Vec<_> = lines.split(|byte| *byte == b'\n').collect();
    lines.sort();
    assert_eq!(lines, [&b"EMPTY="[..], b"MYVAR=hello world", b"RAW=\xff"]);
    assert_eq!(run(command.args(["MYVAR", "EMPTY"]), b""), "hello world\n\n");
    assert_eq!(run_anyhow(command.arg("MYVA"), b"").status.code(), Some(1));
}

#[test]
fn auxiliary_vector() {
    let out = run(&mut demo!("auxv"), b"");
    assert!(out.contains("\npage size: 4096\n"), "{out}");
    assert!(out.contains(concat!("\npath: ", env!("CARGO_BIN_EXE_auxv"), "\n")), "{out}");
    assert!(out.contains("\nmachine: x86_64\n"), "{out}");
    assert!(out.lines().any(|line| line == "6   0x1000"), "{out}");
}

#[test]
fn a_file_is_written_through() {
    let scratch = Scratch::new("dsync");
    run(demo!("dsync").current_dir(&scratch.0), b"");
    assert_eq!(fs::read(scratch.file("hello.txt")).unwrap(), b"hello world\n");
    fs::remove_file(scratch.file("hello.txt")).unwrap();
    fs::create_dir(scratch.file("hello.txt")).unwrap();
    let out = run_anyhow(demo!("dsync").current_dir(&scratch.0), b"");
    assert_eq!(
        (out.status.code(), &out.stderr[..]),
        (Some(1), &b"hello.txt: Is a directory\n"[..])
    );
}

#[test]
fn fstat() {
    let scratch = Scratch::new("fstat");
    fs::write(scratch.file("hello"), b"9 bytes!\n").unwrap();
    let out = run(demo!("fstat").arg("hello").current_dir(&scratch.0), b"");
    assert!(out.contains("st_size: 9\n") && out.contains("st_mode: 0100"), "{out}");
    let out = run_anyhow(demo!("fstat").arg("none").current_dir(&scratch.0), b"");
    assert_eq!(out.stderr, b"none: No such file or directory\n");
}

#[test]
fn sizes() {
    let scratch = Scratch::new("sizes");
    assert_eq!(run(demo!("sizes").current_dir(&scratch.0), b""), "size: 1024\nsize: 512\n");
}

#[test]
fn the_cursor_shows_in_proc() {
    let scratch = Scratch::new("lseek");
    let mut command = demo!("lseek");
    let command = command.current_dir(&scratch.0).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = [0; 21];
    child.stdout.take().unwrap().read_exact(&mut line).unwrap();
    assert_eq!(&line, b"Cursor position: 512\n");
    let info = fs::read_to_string(format!("/proc/{}/fdinfo/3", child.id())).unwrap();
    // O_RDWR, O_APPEND, O_LARGEFILE, O_CLOEXEC
    assert!(info.starts_with("pos:\t512\nflags:\t02102002\n"), "{info}");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_heap_shows_in_maps() {
    let out = run(&mut demo!("brk"), b"");
    let heap = out.lines().find(|line| line.ends_with("[heap]")).unwrap();
    assert_eq!(heap.split(' ').nth(1), Some("rw-p"));
    assert!(out.lines().any(|line| line.ends_with("[stack]")), "{out}");
}

#[test]
fn the_last_block_grows_in_place() {
    let out = run(&mut demo!("heap"), b"");
    // In the first 16 KiB, then once more where the break is.
    assert!(out.starts_with("sum: 499999500000\nplaces: 2\n"), "{out}");
    assert!(out.ends_with("zeros: 1073741824, the last is 0\n"), "{out}");
}

#[test]
fn without_memory_it_ends_by_an_error() {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -d 1024; exec \"$0\"", env!("CARGO_BIN_EXE_heap")]);
    // RLIMIT_DATA holds for private mappings, too: neither way is left.
    let out = run_anyhow(&mut command, b"");
    assert_eq!(out.stdout, b"");
    assert!(String::from_utf8_lossy(&out.stderr).starts_with("panic"), "{out:?}");
}

#[test]
fn a_mapped_file_remembers() {
    let scratch = Scratch::new("remember");
    let mut command = demo!("remember");
    command.current_dir(&scratch.0);
    assert_eq!(run(&mut command, b"Hello old world\n"), "");
    assert!(fs::read(scratch.file("data")).unwrap().starts_with(b"Hello old world\n\0"));
    assert_eq!(run(&mut command, b"Hello new world\n"), "Hello old world\n");
    assert_eq!(run(&mut command, b""), "Hello new world\n");
}

#[test]
fn two_mappings_share() {
    let scratch = Scratch::new("shared");
    assert_eq!(run(demo!("shared").current_dir(&scratch.0), b""), "b1[0] = 13\nb2[0] = 13\n");
}

#[test]
fn the_middle_page_is_mapped_over() {
    let expected = "before 0: r--p\nbefore 1: r--p\nbefore 2: r--p\n\
                    after 0: r--p\nafter 1: rw-p\nafter 2: r--p\n";
    assert_eq!(run(&mut demo!("overmap"), b""), expected);
}

#[test]
fn buffered_output_is_a_write_for_64_kib() {
    let text = "a line of 32 bytes, with newline\n".repeat(20_000);
    assert_eq!(run(&mut demo!("copy"), text.as_bytes()), text);
    assert_eq!(run(demo!("copy").arg("-u"), text.as_bytes()), text);

    if Command::new("strace").arg("-V").output().is_err() {
        eprintln!("SKIPPED: the count of system calls, since there is no strace");
        return;
    }
    let scratch = Scratch::new("copy");
    let writes = |option: &[&str]| {
        let trace = scratch.file("trace");
        let mut command = Command::new("strace");
        command.args(["-e", "trace=write", "-o"]).arg(&trace).arg(env!("CARGO_BIN_EXE_copy"));
        assert_eq!(run(command.args(option), text.as_bytes()), text);
        fs::read_to_string(&trace).unwrap().matches("write(1, ").count()
    };
    assert_eq!(writes(&[]), text.len().div_ceil(64 << 10));
    assert_eq!(writes(&["-u"]), 20_000);
}

#[test]
fn both_forms_of_fstat_tell_the_same() {
    let size = fs::metadata(env!("CARGO_BIN_EXE_forms")).unwrap().len();
    let expected = format!("by value: {size}, in place: {size}\nposition: 0\n");
    assert_eq!(run(&mut demo!("forms"), b""), expected);
}

#[test]
fn library_opens_what_is_installed() {
    let out = run_anyhow(&mut demo!("library"), b"");
    let stderr = String::from_utf8_lossy(&out.stderr).into_owned();
    // 2 is: all that is here works, but something isn't here.
    if out.status.code() == Some(2) {
        eprintln!("{stderr}not tested: apt-get install libxxhash0 zlib1g liblz4-1 libzstd1");
    } else {
        assert!(out.status.success() && stderr.is_empty(), "{}: {stderr}", out.status);
    }
    let text = String::from_utf8(out.stdout).unwrap();
    for (library, expected) in [
        ("libxxhash.so.0", "XXH64 of hello: 26c7827d889f6da3\n"),
        ("libz.so.1", "crc32 and adler32 of hello: 3610a686, 62c0215\nzlib: 80 bytes to "),
        ("liblz4.so.1", "lz4: 80 bytes to "),
        ("libzstd.so.1", "zstd: 80 bytes to "),
        ("libm.so.6", "cos of 1: 3fe14a280fb5068c\n"),
    ] {
        assert!(text.contains(expected) || stderr.contains(library), "{text}{stderr}");
    }
}
