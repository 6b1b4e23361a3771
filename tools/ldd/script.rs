//! `#!`: what the kernel runs instead of a script (`man 2 execve`).

use super::files::{Files, Opened};
use super::store::Store;
use super::trouble::Kind;
use super::{Report, words};
use rt::Errno;
use rt::dl::image::Fault;

/// The kernel reads no more of the first line, and follows no longer chain.
const HEAD: u64 = 256;
const DEPTH: usize = 5;

/// Goes from a script to its interpreter, and on where that is a script as well. The result
/// is the path of a program, which is then in `opened`; none where there is none.
pub fn follow<'f>(
    files: &'f dyn Files,
    store: &'f Store<'f>,
    opened: &mut Opened<'f>,
    report: &mut Report<'f>,
) -> Option<&'f [u8]> {
    let mut path = report.file;
    let problems = &mut report.problems;
    loop {
        let data = &opened.data;
        let head = data.get(0, data.size().min(HEAD)).unwrap_or_default();
        let Some(line) = head.strip_prefix(b"#!") else { return Some(path) };
        if opened.mode & 0o111 == 0 {
            problems.add(Kind::NotExecutable, &[path]);
        }
        if opened.noexec {
            problems.add(Kind::NoexecScript, &[path]);
        }
        let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let mut words = line.split(|byte| matches!(byte, b' ' | b'\t' | 0));
        let Some(word) = words.find(|word| !word.is_empty()) else {
            problems.add(Kind::EmptyFirstLine, &[path]);
            return None;
        };
        let word = store.bytes(word);
        report.scripts.push(word);
        if report.scripts.len() > DEPTH {
            problems.add(Kind::ScriptCircle, &[path]);
            return None;
        }
        match files.open(word) {
            Ok(next) => *opened = next,
            Err(fault) => {
                missing(report, path, word, fault);
                return None;
            }
        }
        path = word;
    }
}

fn missing<'f>(report: &mut Report<'f>, script: &'f [u8], interpreter: &'f [u8], fault: Fault) {
    let absent = matches!(fault, Fault::Os(Errno::ENOENT | Errno::ENOTDIR));
    let what = if absent { "does not exist" } else { words(fault) };
    let (kind, names) = match interpreter.strip_suffix(b"\r") {
        Some(without) => (Kind::CarriageReturn, [script, without, interpreter]),
        None => (Kind::ScriptInterpreter, [script, interpreter, what.as_bytes()]),
    };
    report.problems.add(kind, &names);
}
