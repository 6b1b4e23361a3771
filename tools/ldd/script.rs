//! `#!`: what the kernel runs instead of a script (`man 2 execve`).

use super::files::{Files, Opened};
use super::{Report, words};
use alloc::vec::Vec;
use rt::Errno;
use rt::dl::image::Fault;

/// The kernel reads no more of the first line, and follows no longer chain.
const HEAD: u64 = 256;
const DEPTH: usize = 5;

/// Goes from a script to its interpreter, and on where that is a script as well. The result
/// is the path of a program, which is then in `opened`; none where there is none.
pub fn follow(files: &dyn Files, opened: &mut Opened, report: &mut Report) -> Option<Vec<u8>> {
    let mut path = report.file.to_vec();
    loop {
        let data = opened.data.clone();
        let head = data.get(0, data.size().min(HEAD)).unwrap_or_default();
        let Some(line) = head.strip_prefix(b"#!") else { return Some(path) };
        if opened.mode & 0o111 == 0 {
            report.problem(&[&path], "nobody has permission to execute %0", "chmod +x %0");
        }
        if opened.noexec {
            report.problem(
                &[&path],
                "%0 is on a file system that is mounted noexec",
                "run the interpreter with the script as its argument, or remount with exec",
            );
        }
        let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | 0);
        let word = line.split(blank).find(|word| !word.is_empty()).unwrap_or_default().to_vec();
        if word.is_empty() {
            report.problem(
                &[&path],
                "the first line of %0 names no interpreter",
                "name one there: #!/bin/sh",
            );
            return None;
        }
        report.scripts.push(word.clone());
        if report.scripts.len() > DEPTH {
            report.problem(
                &[&path],
                "scripts are each other's interpreters without an end",
                "name a program in the first line of %0",
            );
            return None;
        }
        match files.open(&word) {
            Ok(next) => *opened = next,
            Err(fault) => {
                missing(report, &path, &word, fault);
                return None;
            }
        }
        path = word;
    }
}

fn missing(report: &mut Report, script: &[u8], interpreter: &[u8], fault: Fault) {
    if let Some(without) = interpreter.strip_suffix(b"\r") {
        return report.problem(
            &[script, without, interpreter],
            "the first line of %0 ends with a carriage return, as on Windows: the interpreter \
             is not %1 but %2",
            "sed -i 's/\\r$//' %0",
        );
    }
    let absent = matches!(fault, Fault::Os(Errno::ENOENT | Errno::ENOTDIR));
    let what = if absent { "does not exist" } else { words(fault) };
    report.problem(
        &[script, interpreter, what.as_bytes()],
        "the interpreter in its first line, %1, %2",
        "install %1, or name another one in the first line of %0",
    );
}
