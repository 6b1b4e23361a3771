//! `@FILE` among the arguments: replaced by the arguments that FILE holds.

use super::files;
use crate::cli::Wrong;
use crate::context::Context;
use alloc::vec::Vec;
use rt::elf::Source;

/// How many files may be put in, as GNU has it: one that names itself must end.
const MOST: usize = 2000;

/// The arguments with each `@FILE` replaced, FILE's own ones too. What can't be read
/// stays as it is: it may be a file of that very name.
pub fn expand(cx: &mut Context) -> Result<Vec<&'static [u8]>, Wrong> {
    let mut args = cx.args.to_vec();
    // Those before this one are done.
    let (mut at, mut files) = (0, 0);
    while let Some(arg) = args.get(at) {
        let [b'@', file @ ..] = arg else {
            at += 1;
            continue;
        };
        files += 1;
        if files > MOST {
            message!(cx, "error: too many @-files encountered");
            return Err(Wrong);
        }
        match put_in(file, at, &mut args) {
            Ok(()) => {}
            Err(files::Why::IsDirectory) => {
                message!(cx, "error: @-file refers to a directory");
                return Err(Wrong);
            }
            Err(_) => at += 1,
        }
    }
    Ok(args)
}

/// Puts the arguments in a file in the place of the one that names it.
// Not inlined: no other run shall have its frame below its own.
#[inline(never)]
fn put_in(file: &[u8], at: usize, args: &mut Vec<&'static [u8]>) -> Result<(), files::Why> {
    let input = files::open(file)?;
    let behind = args.split_off(at);
    split(input.get(0, input.size()).unwrap_or_default(), args);
    args.extend_from_slice(behind.get(1..).unwrap_or_default());
    Ok(())
}

/// The arguments in a file: separated by white space, a part of one in single or double
/// quotes, a character after a backslash taken as it is; up to a zero byte. They live as
/// long as the process does, like those of its command line.
fn split(text: &[u8], args: &mut Vec<&'static [u8]>) {
    let (mut current, mut begun) = (Vec::new(), false);
    let mut quote = 0;
    let mut bytes = text.iter().copied().take_while(|&byte| byte != 0);
    while let Some(byte) = bytes.next() {
        let is_space = byte.is_ascii_whitespace() || byte == 0x0b;
        let mut literal = Some(byte);
        if byte == b'\\' {
            literal = bytes.next();
        } else if byte == quote {
            (quote, literal) = (0, None);
        } else if quote != 0 {
        } else if byte == b'\'' || byte == b'"' {
            (quote, literal) = (byte, None);
        } else if is_space {
            if begun {
                args.push(core::mem::take(&mut current).leak());
            }
            begun = false;
            continue;
        }
        begun = true;
        if let Some(byte) = literal {
            current.push(byte);
        }
    }
    if begun {
        args.push(current.leak());
    }
}

#[cfg(test)]
mod tests {
    use super::split;
    use std::vec;
    use std::vec::Vec;

    fn words(text: &[u8]) -> Vec<&'static [u8]> {
        let mut args = Vec::new();
        split(text, &mut args);
        args
    }

    #[test]
    fn quotes_group_and_backslashes_escape() {
        let args = words(b"-h 'a b' c\\ d \"x\\\"y\" f'g'h '' \t\x0b\r\n i\0 j");
        let expected: Vec<&[u8]> = vec![b"-h", b"a b", b"c d", b"x\"y", b"fgh", b"", b"i"];
        assert_eq!(args, expected);
        assert!(words(b" \n").is_empty());
        assert_eq!(words(b"'open"), [b"open"]);
        assert_eq!(words(b"end\\"), [b"end"]);
    }
}
