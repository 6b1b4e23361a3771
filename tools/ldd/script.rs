//! `#!`: what the kernel runs instead of a script (`man 2 execve`).

use super::Report;
use super::set::Object;
use super::trouble::Kind;
use rt::Errno;
use rt::dl::image::{Fault, file_header};

/// The kernel reads no more of the first line, and follows no longer chain.
const HEAD: u64 = 256;
const DEPTH: usize = 5;

/// A program, or why it is none; its path and `st_mode`.
type Program<'f> = (&'f [u8], u32, Result<Object<'f>, Fault>);

/// Goes from a script to its interpreter, and on where that is a script as well. The result
/// is a program; none where there is none.
///
/// # Errors
/// Why the operand itself is neither a program nor a script.
#[inline(never)]
pub fn follow<'f>(report: &mut Report<'f>) -> Result<Option<Program<'f>>, Fault> {
    let (files, store) = (report.set.files, report.set.store);
    let (mut script, mut path) = (&b""[..], report.file);
    loop {
        let mut buffer = store.buffer.borrow_mut();
        let opened = match files.open(path, &mut buffer) {
            Ok(opened) => opened,
            Err(fault) if script.is_empty() => return Err(fault),
            Err(fault) => {
                missing(report, script, path, fault);
                return Ok(None);
            }
        };
        let size = opened.data.size().min(HEAD);
        let head = opened.data.get(0, size).unwrap_or_default();
        let problems = &mut report.problems;
        let Some(line) = head.strip_prefix::<[u8]>(b"#!") else {
            if script.is_empty() && !head.starts_with(b"\x7fELF") {
                file_header(&*opened.data)?;
            }
            return Ok(Some((path, opened.mode, Object::read(store, path, &opened))));
        };
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
            return Ok(None);
        };
        let word = store.bytes(word);
        report.scripts.push(word);
        if report.scripts.len() > DEPTH {
            problems.add(Kind::ScriptCircle, &[path]);
            return Ok(None);
        }
        (script, path) = (path, word);
    }
}

#[inline(never)]
fn missing<'f>(report: &mut Report<'f>, script: &'f [u8], interpreter: &'f [u8], fault: Fault) {
    let absent = matches!(fault, Fault::Os(Errno::ENOENT | Errno::ENOTDIR));
    let what = if absent { b"does not exist" } else { report.set.store.words(fault) };
    let (kind, names) = match interpreter.strip_suffix::<[u8]>(b"\r") {
        Some(without) => (Kind::CarriageReturn, [script, without, interpreter]),
        None => (Kind::ScriptInterpreter, [script, interpreter, what]),
    };
    report.problems.add(kind, &names);
}
