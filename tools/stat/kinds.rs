//! The kinds of files and their permissions in words.

use crate::words::word;
use rt::row::find;

/// Of the sixteen kinds that `st_mode` has room for, the letter that ls shows.
const LETTERS: &[u8; 16] = b"?pc?d?b?-?l?s???";

/// What GNU calls them, in the order in which [`name`] has the letters.
const NAMES: &[u8] = b"fifo\ncharacter special file\ndirectory\nblock special file\n\
    regular file\nsymbolic link\nsocket\nweird file";

/// `drwxr-xr-x`.
pub fn permissions(mode: u16) -> [u8; 10] {
    let mut text = *b"-rwxrwxrwx";
    for (at, place) in text.iter_mut().rev().enumerate() {
        let special = mode & 0o1000 << (at / 3) != 0 && at % 3 == 0;
        let letter = if at == 0 { b't' } else { b's' };
        *place = match (at, mode >> at & 1 != 0, special) {
            (9, ..) => LETTERS[usize::from(mode >> 12)],
            // Set-user-ID, set-group-ID and sticky: in the place of `x`, in upper case
            // without it.
            (_, true, true) => letter,
            (_, false, true) => letter.to_ascii_uppercase(),
            (_, true, false) => *place,
            (_, false, false) => b'-',
        };
    }
    text
}

/// What GNU calls this kind of file.
pub fn name(mode: u16, empty: bool) -> &'static [u8] {
    if mode >> 12 == 8 && empty {
        return b"regular empty file";
    }
    let letter = LETTERS[usize::from(mode >> 12)];
    let at = find(b"pcdb-ls", letter).unwrap_or(7);
    word(NAMES, b'\n', at).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn permissions_of_modes() {
        for (mode, text) in [
            (0o100644, b"-rw-r--r--"),
            (0o107777, b"-rwsrwsrwt"),
            (0o047000, b"d--S--S--T"),
            (0o120777, b"lrwxrwxrwx"),
            (0o140755, b"srwxr-xr-x"),
            (0o010600, b"prw-------"),
            (0o170001, b"?--------x"),
        ] {
            assert_eq!(&super::permissions(mode), text);
        }
    }
}
