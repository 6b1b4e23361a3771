//! The kinds of files and their permissions in words.

/// Of the sixteen kinds that `st_mode` has room for, the letter that ls shows.
const LETTERS: &[u8; 16] = b"?pc?d?b?-?l?s???";

/// `drwxr-xr-x`.
pub fn permissions(mode: u16) -> [u8; 10] {
    let mut text = *b"-rwxrwxrwx";
    text[0] = LETTERS[usize::from(mode >> 12)];
    for (at, letter) in text[1..].iter_mut().enumerate() {
        if mode & 0o400 >> at == 0 {
            *letter = b'-';
        }
    }
    // Set-user-ID, set-group-ID and sticky: in the place of `x`, in upper case without it.
    for (bit, at, letter) in [(0o4000, 3, b's'), (0o2000, 6, b's'), (0o1000, 9, b't')] {
        if mode & bit != 0 {
            text[at] = if text[at] == b'x' { letter } else { letter.to_ascii_uppercase() };
        }
    }
    text
}

/// What GNU calls this kind of file.
pub fn name(mode: u16, empty: bool) -> &'static str {
    match mode >> 12 {
        1 => "fifo",
        2 => "character special file",
        4 => "directory",
        6 => "block special file",
        8 if empty => "regular empty file",
        8 => "regular file",
        10 => "symbolic link",
        12 => "socket",
        _ => "weird file",
    }
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
