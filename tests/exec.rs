//! `lx exec`: the book's three cases, and what becomes of code that ends in other ways.

mod common;

use common::{lx, lx_path, scratch};
use predicates::prelude::*;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};

/// Counts an immediate of its own up to ten, then exits with it: the book's self-modifying code.
const SELF_MODIFYING: &[u8] = b"\xbf\x01\0\0\0\xfe\x05\xf6\xff\xff\xff\x48\x83\xff\x0a\x72\xef\
    \xb8\x3c\0\0\0\x0f\x05";

/// `mov eax, 60; syscall`: exits with what is in rdi.
const EXIT: &[u8] = b"\xb8\x3c\0\0\0\x0f\x05";

/// Runs code from standard input.
fn run(words: &[&str], code: &[u8]) -> Output {
    lx().arg("exec").args(words).write_stdin(code).output().unwrap()
}

fn code_of(words: &[&str], code: &[u8]) -> Option<i32> {
    run(words, code).status.code()
}

fn signal_of(words: &[&str], code: &[u8]) -> Option<i32> {
    run(words, code).status.signal()
}

/// Whether one process may trace another here, which `--report` needs.
fn may_trace() -> bool {
    let may = code_of(&["--report"], EXIT) == Some(0);
    if !may {
        eprintln!("SKIPPED: no process may be traced here");
    }
    may
}

fn told(words: &[&str], code: &[u8]) -> String {
    String::from_utf8(run(words, code).stderr).unwrap()
}

#[test]
fn the_books_cases() {
    assert_eq!(code_of(&[], b""), Some(0));
    assert_eq!(code_of(&[], SELF_MODIFYING), Some(10));
    // As a shell sees it: 128 + SIGSEGV.
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -c 0; echo 'hello world' | \"$0\" exec; exit $?"]).arg(lx_path());
    assert_eq!(shell.stderr(Stdio::null()).status().unwrap().code(), Some(139));
}

#[test]
fn a_megabyte_of_code() {
    let mut code = vec![0x90; 1 << 20];
    code.extend(b"\xbf\x2a\0\0\0");
    code.extend(EXIT);
    assert_eq!(code_of(&[], &code), Some(42));
    let file = scratch("exec").join("code");
    std::fs::write(&file, &code).unwrap();
    lx().arg("exec").arg(&file).assert().code(42);
}

#[test]
fn code_that_was_writable_once_cannot_change_itself() {
    assert_eq!(signal_of(&["--wx"], SELF_MODIFYING), Some(11));
    assert_eq!(code_of(&["--wx"], EXIT), Some(0));
}

#[test]
fn arguments_are_in_their_registers_and_the_others_are_zero() {
    assert_eq!(code_of(&["-A", "7"], EXIT), Some(7));
    // Exits with the sum of all sixteen registers but rsp, of the bytes of xmm0 to xmm15 that
    // movmskps shows, and of the stack's alignment.
    let code = b"\x48\x01\xd8\x48\x01\xc8\x48\x01\xd0\x48\x01\xf0\x48\x01\xf8\x48\x01\xe8\x4c\x01\
        \xc0\x4c\x01\xc8\x4c\x01\xd0\x4c\x01\xd8\x4c\x01\xe0\x4c\x01\xe8\x4c\x01\xf0\x4c\x01\xf8\
        \x48\x89\xe1\x83\xe1\x0f\x48\x01\xc8\x48\x03\x04\x24\x48\x89\xc7\xb8\x3c\0\0\0\x0f\x05";
    assert_eq!(code_of(&[], code), Some(0));
    let six = ["-A1", "-A0x2", "-A4", "-A8", "-A16", "-A", "-5"];
    assert_eq!(code_of(&six, code), Some(1 + 2 + 4 + 8 + 16 - 5));
    let seven = ["-A1", "-A1", "-A1", "-A1", "-A1", "-A1", "-A1"];
    assert!(told(&seven, EXIT).contains("beyond the sixth"));
}

#[test]
fn digits_and_addresses() {
    assert_eq!(code_of(&["--hex"], b"bf 05000000\n\\xb8\\x3c 000000 0f05"), Some(5));
    assert_eq!(code_of(&["-x"], b"bf0"), Some(1));
    // lea rdi, [rip]; shr rdi, 16; exit: the address is what was asked for.
    let where_am_i = b"\x48\x8d\x3d\0\0\0\0\x48\xc1\xef\x10\xb8\x3c\0\0\0\x0f\x05";
    assert_eq!(code_of(&["--at", "0x120000"], where_am_i), Some(0x12));
    let text = told(&["--at", "0"], EXIT);
    assert!(text.contains("cannot map the code: "), "{text}");
    assert!(told(&["--at", "here"], EXIT).contains("invalid address: 'here'"));
}

#[test]
fn code_in_elf_files() {
    let folder = scratch("exec-elf");
    let source = folder.join("code.s");
    std::fs::write(
        &source,
        ".globl _start, nine\n.text\n_start: mov $3, %edi\n jmp 1f\n\
         nine: mov $9, %edi\n1: mov $60, %eax\n syscall\n.data\ndata: .long 1\n",
    )
    .unwrap();
    let cc = |words: &[&str], to: &str| {
        let mut cc = Command::new("cc");
        cc.args(words).arg("-o").arg(folder.join(to)).arg(&source);
        assert!(cc.status().unwrap().success());
    };
    cc(&["-c"], "code.o");
    cc(&["-nostdlib", "-static", "-no-pie"], "program");
    cc(&["-nostdlib", "-static-pie"], "pie");
    for file in ["code.o", "program", "pie"] {
        let run = |words: &[&str]| lx().arg("exec").args(words).arg(folder.join(file)).assert();
        run(&["--elf"]).code(3);
        run(&["--symbol", "nine"]).code(9);
        run(&["--symbol=ten"]).code(1).stderr(predicate::str::contains("no such symbol"));
        run(&["--symbol=data"]).code(1).stderr(predicate::str::contains("isn't code"));
    }
    assert!(told(&["--elf"], b"\x7fELF").contains("standard input: not an ELF file"));
    let fixtures = common::fixtures().join("bin/liar-x86_64");
    lx().args(["exec", "--elf"]).arg(fixtures).assert().failure();
}

#[test]
fn reports_of_signals() {
    if !may_trace() {
        return;
    }
    let cases: [(&[u8], i32, &str); 6] = [
        // ud2
        (b"\x0f\x0b", 4, "signal 4 (SIGILL), ILL_ILLOPN: illegal operand\n"),
        // int3
        (b"\xcc", 5, "signal 5 (SIGTRAP), SI_KERNEL: sent by the kernel\n"),
        // xor ecx, ecx; div ecx
        (b"\x31\xc9\xf7\xf1", 8, "signal 8 (SIGFPE), FPE_INTDIV: integer division by zero"),
        // mov eax, [0x10]
        (
            b"\x8b\x04\x25\x10\0\0\0",
            11,
            "signal 11 (SIGSEGV), SEGV_MAPERR: nothing is mapped there\naddress 0x10: in no mapping\n",
        ),
        // call to the stack, which isn't executable
        (b"\xff\xe4", 11, "SEGV_ACCERR: the mapping doesn't allow that\naddress 0x"),
        // mov rax, [0xff00000000000000]: not canonical
        (b"\x48\xa1\0\0\0\0\0\0\0\xff", 11, "address unknown: it isn't canonical"),
    ];
    for (code, signal, expected) in cases {
        assert_eq!(signal_of(&["-r"], code), Some(signal), "{code:x?}");
        assert_eq!(signal_of(&[], code), Some(signal), "{code:x?}");
        let text = told(&["-r"], code);
        assert!(text.contains(expected), "{expected}\nin {text}");
        assert!(text.contains("\nrip 0x") && text.contains("\nstack 0x"), "{text}");
        assert!(text.contains("            before            after\nrax "), "{text}");
        assert!(text.ends_with(")\n") && text.contains("\nended by signal "), "{text}");
    }
    // The bytes at rip are those of the code.
    let text = told(&["-r"], b"\x90\x0f\x0b\xde\xad");
    assert!(text.contains(": byte 0x1 of the code\nbytes  0f 0b de ad 00"), "{text}");
}

#[test]
fn reports_of_an_end() {
    if !may_trace() {
        return;
    }
    assert_eq!(code_of(&["-r"], SELF_MODIFYING), Some(10));
    let text = told(&["--report", "--count"], SELF_MODIFYING);
    // Four instructions ten times, and two.
    assert!(text.contains("\ninstructions: 42\nended with exit status 10\n"), "{text}");
    let row = |name: &str| {
        let row = text.lines().find(|line| line.starts_with(name)).unwrap();
        row.split_whitespace().map(String::from).collect::<Vec<_>>()
    };
    assert_eq!(row("rdi ")[1..], ["0000000000000000", "000000000000000a", "*"]);
    assert_eq!(row("rbx ")[1..], ["0000000000000000", "0000000000000000"]);
    assert!(!text.contains("signal"), "{text}");
}

#[test]
fn an_endless_loop_is_killed() {
    assert_eq!(code_of(&["--timeout", "0.1"], b"\xeb\xfe"), Some(124));
    assert_eq!(code_of(&["--timeout", "60"], EXIT), Some(0));
    assert_eq!(signal_of(&["--timeout", "60"], b"\x0f\x0b"), Some(4));
    assert!(told(&["-t", "soon"], EXIT).contains("invalid time: 'soon'"));
    if may_trace() {
        let run = run(&["-r", "-t", "0.1"], b"\x90\xeb\xfe");
        assert_eq!(run.status.code(), Some(124));
        let text = String::from_utf8(run.stderr).unwrap();
        assert!(text.starts_with("lx exec: time is up\nrip 0x"), "{text}");
        assert!(text.contains(": byte 0x1 of the code\nbytes  eb fe 00"), "{text}");
    }
}

#[test]
fn a_sandbox_refuses_by_name() {
    if !may_trace() {
        return;
    }
    // openat
    let refused = run(&["--sandbox"], b"\xb8\x01\x01\0\0\x0f\x05");
    assert_eq!(refused.status.signal(), Some(31));
    assert_eq!(refused.stderr, b"lx exec: the sandbox refuses openat\n");
    assert_eq!(code_of(&["--sandbox", "-A3"], EXIT), Some(3));
    // write(1, rsp, 4), where the stack has zeros; then exit
    let write = b"\xb8\x01\0\0\0\xbf\x01\0\0\0\x48\x89\xe6\xba\x04\0\0\0\x0f\x05\x31\xff";
    let zeros = run(&["-S"], &[&write[..], EXIT].concat());
    assert_eq!((zeros.status.code(), &zeros.stdout[..]), (Some(0), &[0; 4][..]));
}

#[test]
fn what_cannot_be_run_is_told() {
    lx().args(["exec", "/nonexistent"])
        .assert()
        .code(1)
        .stderr(predicate::str::contains("lx exec: /nonexistent: No such file or directory"));
    lx().args(["exec", "a", "b"]).assert().code(1);
    lx().args(["exec", "--help"]).assert().code(0).stdout(predicate::str::contains("--sandbox"));
}
