//! What is mapped where: the lines of `/proc/PID/maps` and `smaps`
//! (`man 5 proc_pid_maps`), and the question after one address (`PROCMAP_QUERY`).

use crate::arch::{nr, syscall};
use crate::bits::bits;
use crate::errno::{Result, check};
use crate::fmt::{dec, right};
use crate::io::{AsFd, BufWriter, retry};
use crate::put;
use crate::row::{decimal, find};

/// One mapping, as a line of `/proc/PID/maps` tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry<'a> {
    /// The first address.
    pub start: u64,
    /// The first address behind it.
    pub end: u64,
    /// `r`, `w`, `x` or `-` each, then `s` where it is shared and `p` where it is private; all
    /// `?` where that isn't known.
    pub perms: [u8; 4],
    /// Where in the file it begins, in bytes.
    pub offset: u64,
    /// Major number of the file's device.
    pub major: u32,
    /// Its minor number.
    pub minor: u32,
    /// The file's inode; 0 where it is none.
    pub inode: u64,
    /// The path, or `[heap]` and the like, or nothing; `\012` stands for each newline, all
    /// other bytes are raw.
    pub name: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Reads a line without its newline; none where it isn't one.
    pub fn parse(line: &'a [u8]) -> Option<Entry<'a>> {
        let mut at = 0;
        let start = digits(line, &mut at, b'-', 16)?;
        let end = digits(line, &mut at, b' ', 16)?;
        let perms = *line.get(at..)?.first_chunk::<4>()?;
        at += 5;
        let offset = digits(line, &mut at, b' ', 16)?;
        let major = digits(line, &mut at, b':', 16)? as u32;
        let minor = digits(line, &mut at, b' ', 16)? as u32;
        let inode = digits(line, &mut at, b' ', 10)?;
        let rest = line.get(at..).unwrap_or_default();
        let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
        let name = rest.get(spaces..).unwrap_or_default();
        Some(Entry { start, end, perms, offset, major, minor, inode, name })
    }

    /// Its length in bytes.
    pub fn size(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether an address lies in it.
    pub fn holds(&self, address: u64) -> bool {
        self.start <= address && address < self.end
    }

    /// Whether it has the permission of this letter.
    // Not inlined: it is called in many places.
    #[inline(never)]
    pub fn may(&self, letter: u8) -> bool {
        self.perms.contains(&letter)
    }
}

/// A number up to and with the byte that ends it, or up to the line's end; at least a digit.
// Not inlined: it is called for each field of a line.
#[inline(never)]
pub(crate) fn digits(line: &[u8], at: &mut usize, end: u8, base: u64) -> Option<u64> {
    let (mut value, from) = (0u64, *at);
    loop {
        let byte = line.get(*at).copied().unwrap_or(end);
        if byte == end {
            *at += 1;
            return (*at > from + 1).then_some(value);
        }
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' if base == 16 => byte - b'a' + 10,
            _ => return None,
        };
        value = value.checked_mul(base)?.checked_add(digit.into())?;
        *at += 1;
    }
}

/// The mappings in the text of `/proc/PID/maps`; what isn't a line of it is passed over.
pub fn entries(text: &[u8]) -> Entries<'_> {
    Entries(Lines(text))
}

/// The lines of a text, without their newlines.
#[derive(Clone)]
pub struct Lines<'a>(pub &'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    #[inline(never)]
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let length = find(self.0, b'\n').unwrap_or(self.0.len());
        let (line, rest) = self.0.split_at_checked(length)?;
        self.0 = rest.get(1..).unwrap_or_default();
        Some(line)
    }
}

/// See [`entries`].
#[derive(Clone)]
pub struct Entries<'a>(Lines<'a>);

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    #[inline(never)]
    fn next(&mut self) -> Option<Entry<'a>> {
        self.0.find_map(Entry::parse)
    }
}

/// A line of `/proc/PID/smaps`.
pub enum Line<'a> {
    /// A mapping begins.
    Mapping,
    /// A number that is told of it, most in kB.
    Number(&'a [u8], u64),
    /// `VmFlags`, or another one that isn't a number.
    Text(&'a [u8], &'a [u8]),
}

impl<'a> Line<'a> {
    /// Reads a line without its newline.
    // Inline: rarely called, so it is compiled for size, with its caller's options.
    #[inline]
    pub fn parse(line: &'a [u8]) -> Line<'a> {
        let colon = line.iter().position(|byte| *byte == b':');
        // Addresses are in lower case.
        let name = colon.and_then(|colon| line.get(..colon)).unwrap_or_default();
        if !name.first().is_some_and(u8::is_ascii_uppercase) {
            return Line::Mapping;
        }
        let value = line.get(name.len() + 1..).unwrap_or_default().trim_ascii();
        let number = value.strip_suffix::<[u8]>(b" kB").unwrap_or(value);
        match digits(number, &mut 0, b' ', 10) {
            Some(number) => Line::Number(name, number),
            None => Line::Text(name, value),
        }
    }
}

/// The label that a line of smaps begins with.
pub type Label = [u8; 16];

/// Takes lines of smaps off a text as long as they have these labels, in this order, and
/// numbers of up to eight digits, as nearly all have; says how many. Most of smaps is that.
#[inline(never)]
pub fn numbers(text: &mut &[u8], labels: &[Label], numbers: &mut [u64]) -> usize {
    let mut taken = 0;
    for (label, number) in labels.iter().zip(numbers) {
        let Some((line, rest)) = text.split_first_chunk::<24>() else { break };
        let Some((begin, digits)) = line.split_first_chunk::<16>() else { break };
        let Some(digits) = digits.first_chunk() else { break };
        *text = match (begin == label, rest) {
            (true, [b' ', b'k', b'B', b'\n', rest @ ..] | [b'\n', rest @ ..]) => rest,
            _ => break,
        };
        // Spaces count as zeros. Two digits become a number at once, then four, then eight.
        let x = u64::from_le_bytes(*digits) & 0x0f0f_0f0f_0f0f_0f0f;
        let x = (x * 10 + (x >> 8)) & 0x00ff_00ff_00ff_00ff;
        let x = (x * 100 + (x >> 16)) & 0x0000_ffff_0000_ffff;
        *number = (x * 10_000 + (x >> 32)) & 0xffff_ffff;
        taken += 1;
    }
    taken
}

/// Writes each number with a space behind it.
#[inline(never)]
pub fn put_numbers(out: &mut BufWriter, numbers: &[u64]) {
    for number in numbers {
        match (*number, out.room::<9>()) {
            // Most are 0, or a page's size.
            (0..10, Some([first, second, ..])) => {
                (*first, *second) = (b'0' + *number as u8, b' ');
                out.advance(2);
            }
            (0..100_000_000, Some(room)) => {
                let (text, digits) = decimal(*number as u32);
                *room = [b' '; 9];
                room[..8].copy_from_slice(&(text >> (64 - 8 * digits)).to_le_bytes());
                room[digits] = b' ';
                out.advance(digits + 1);
            }
            _ => put!(out, dec(*number), " "),
        }
    }
}

/// Writes such numbers into columns of these widths, with a space behind each; into none
/// where the width is 0.
#[inline(never)]
pub fn put_columns(out: &mut BufWriter, numbers: &[u8], widths: &[u8]) {
    let mut rest = numbers;
    for width in widths {
        let len = rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
        let Some((number, behind)) = rest.split_at_checked(len) else { break };
        rest = behind.get(1..).unwrap_or_default();
        let width = usize::from(*width);
        match out.room::<32>() {
            _ if width == 0 => {}
            Some(room) if width < 32 && len <= width => {
                *room = [b' '; 32];
                room[width - len..].iter_mut().zip(number).for_each(|(to, from)| *to = *from);
                out.advance(width + 1);
            }
            _ => put!(out, right(number, width), " "),
        }
    }
}

/// Whether these bytes are printable ASCII and newlines, nothing else.
pub fn is_plain(text: &[u8]) -> bool {
    // Without a way out in the middle, so that it is done for many bytes at once.
    let plain = |byte: u8| (byte.wrapping_sub(b' ') < 0x5f) | (byte == b'\n');
    text.chunks(256).all(|chunk| chunk.iter().fold(true, |all, byte| all & plain(*byte)))
}

bits! {
    /// What kind of mapping is asked for, and what one is
    /// (`enum procmap_query_flags` of `include/uapi/linux/fs.h`).
    QueryFlags(u64);
    /// It can be read.
    PROCMAP_QUERY_VMA_READABLE = 0x1;
    /// It can be written to.
    PROCMAP_QUERY_VMA_WRITABLE = 0x2;
    /// It can be executed.
    PROCMAP_QUERY_VMA_EXECUTABLE = 0x4;
    /// It is shared.
    PROCMAP_QUERY_VMA_SHARED = 0x8;
}

/// `struct procmap_query` (`include/uapi/linux/fs.h`).
#[repr(C)]
#[derive(Default)]
struct ProcmapQuery {
    size: u64,
    query_flags: u64,
    query_addr: u64,
    vma_start: u64,
    vma_end: u64,
    vma_flags: u64,
    vma_page_size: u64,
    vma_offset: u64,
    inode: u64,
    dev_major: u32,
    dev_minor: u32,
    vma_name_size: u32,
    build_id_size: u32,
    vma_name_addr: u64,
    build_id_addr: u64,
}

/// Asks the open `/proc/PID/maps` for the mapping that an address lies in; the name goes
/// into the buffer, with newlines as they are. [`PATH_MAX`](crate::fs::PATH_MAX) bytes are
/// enough for most; a longer name is `ENAMETOOLONG`.
///
/// # Errors
/// `ENOENT`: no mapping has it, or none that the kernel counts (`[vsyscall]`); `ENOTTY`:
/// Linux before 6.11; `ESRCH`: the process is gone.
#[inline]
pub fn query<'b>(maps: impl AsFd, address: u64, name: &'b mut [u8]) -> Result<Entry<'b>> {
    // _IOWR('f', 17, struct procmap_query)
    const PROCMAP_QUERY: usize = 3 << 30 | size_of::<ProcmapQuery>() << 16 | 0x66 << 8 | 17;
    let mut query = ProcmapQuery {
        size: size_of::<ProcmapQuery>() as u64,
        query_addr: address,
        vma_name_size: u32::try_from(name.len()).unwrap_or(u32::MAX),
        vma_name_addr: name.as_mut_ptr() as u64,
        ..ProcmapQuery::default()
    };
    let args = [maps.as_fd().word(), PROCMAP_QUERY, (&raw mut query) as usize];
    // SAFETY: the kernel writes to the struct, whose size it is told, and at most
    // `vma_name_size` bytes to the name, both ours.
    retry(|| check(unsafe { syscall(nr::IOCTL, args) }))?;
    let has = |flag: QueryFlags, letter| if query.vma_flags & flag.0 != 0 { letter } else { b'-' };
    let shared = query.vma_flags & PROCMAP_QUERY_VMA_SHARED.0 != 0;
    let perms = [
        has(PROCMAP_QUERY_VMA_READABLE, b'r'),
        has(PROCMAP_QUERY_VMA_WRITABLE, b'w'),
        has(PROCMAP_QUERY_VMA_EXECUTABLE, b'x'),
        if shared { b's' } else { b'p' },
    ];
    // The size counts the zero byte behind the name.
    let length = (query.vma_name_size as usize).saturating_sub(1);
    Ok(Entry {
        start: query.vma_start,
        end: query.vma_end,
        perms,
        offset: query.vma_offset,
        major: query.dev_major,
        minor: query.dev_minor,
        inode: query.inode,
        name: name.get(..length).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let line = b"00400000-00401000 r-xs 00002000 fe:103 77                 /a b (deleted)";
        let entry = Entry::parse(line).unwrap();
        assert_eq!((entry.start, entry.end, entry.size()), (0x400000, 0x401000, 0x1000));
        assert_eq!((&entry.perms, entry.offset), (b"r-xs", 0x2000));
        assert_eq!((entry.major, entry.minor, entry.inode), (0xfe, 0x103, 77));
        assert_eq!(entry.name, b"/a b (deleted)");
        assert!(entry.holds(0x400000) && entry.holds(0x400fff) && !entry.holds(0x401000));
        let last = b"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0     [vsyscall]";
        assert_eq!(Entry::parse(last).unwrap().name, b"[vsyscall]");
        for anonymous in [&b"7f-80 rw-p 0 00:00 0 "[..], b"7f-80 rw-p 0 00:00 0"] {
            assert_eq!(Entry::parse(anonymous).unwrap().name, b"");
        }
    }

    #[test]
    fn what_is_no_line() {
        let line = b"00400000-00401000 r-xs 00002000 fe:103 77";
        for end in 0..line.len() - 2 {
            assert_eq!(Entry::parse(&line[..end]), None, "{end}");
        }
        for line in [
            &b"10000000000000000-1 r--p 0 0:0 0"[..],
            b"Rss:   4 kB",
            b"1-2 r--p 0 0:0 99999999999999999999",
            b"-1 r--p 0 0:0 0",
        ] {
            assert_eq!(Entry::parse(line), None, "{}", line.escape_ascii());
        }
        assert_eq!(entries(b"\n\nx\n1-2 r--p 0 0:0 0\n").count(), 1);
    }

    #[test]
    fn numbers_of_smaps() {
        let labels = [*b"Size:           ", *b"Rss:            ", *b"THPeligible:    "];
        let text = b"Size:                  4 kB\nRss:            12345678 kB\n\
            THPeligible:           1\nVmFlags: rd\n";
        let (mut rest, mut found) = (&text[..], [0; 3]);
        assert_eq!(numbers(&mut rest, &labels, &mut found), 3);
        assert_eq!((found, rest), ([4, 12345678, 1], &b"VmFlags: rd\n"[..]));
        // Another order, and numbers that are too long, are for others to read.
        for text in ["Rss:                   4 kB\n", "Size:           123456789 kB\n", "Size:", ""]
        {
            let mut rest = text.as_bytes();
            assert_eq!((numbers(&mut rest, &labels, &mut found), rest), (0, text.as_bytes()));
        }
        for (line, expected) in [
            (&b"Size:           123456789 kB"[..], Some((&b"Size"[..], 123456789))),
            (b"THPeligible:    0", Some((b"THPeligible", 0))),
            (b"VmFlags: rd wr ", None),
        ] {
            match (Line::parse(line), expected) {
                (Line::Number(name, number), Some(expected)) => {
                    assert_eq!((name, number), expected)
                }
                (Line::Text(b"VmFlags", b"rd wr"), None) => {}
                _ => panic!("{}", line.escape_ascii()),
            }
        }
        assert!(matches!(Line::parse(b"7f-80 rw-p 0 00:00 0 [A:b]"), Line::Mapping));
    }

    #[test]
    fn numbers_in_columns() {
        use std::vec::Vec;
        let (mut to, mut buffer) = (Vec::new(), [0; 64]);
        let mut out = BufWriter::new(&mut buffer, &mut to);
        put_numbers(&mut out, &[0, 9, 10, 99_999_999, 100_000_000, u64::MAX]);
        out.flush().unwrap();
        assert_eq!(to, b"0 9 10 99999999 100000000 18446744073709551615 ");
        let mut columns = Vec::new();
        let mut out = BufWriter::new(&mut buffer, &mut columns);
        put_columns(&mut out, &to, &[1, 3, 0, 9, 1, 40]);
        out.flush().unwrap();
        let expected = std::format!("0   9  99999999 100000000 {:>40} ", u64::MAX);
        assert_eq!(columns, expected.as_bytes());
    }

    #[test]
    fn plain_bytes() {
        assert!(is_plain(b"") && is_plain(b"/a b~\n"));
        for byte in [b'\t', 0x1b, 0x7f, 0x80, 0xff] {
            let mut text = [b' '; 300];
            text[299] = byte;
            assert!(!is_plain(&text));
        }
    }

    #[test]
    fn the_kernel_and_the_text_say_the_same() {
        use crate::fs::{Mode, O_RDONLY, open};
        let file = open("/proc/self/maps", O_RDONLY, Mode(0)).unwrap();
        let mut buffer = [0; 4096];
        let here = the_kernel_and_the_text_say_the_same as fn() as usize as u64;
        let Ok(found) = query(&file, here, &mut buffer) else {
            std::eprintln!("PROCMAP_QUERY is not there: it isn't looked at");
            return;
        };
        let text = std::fs::read("/proc/self/maps").unwrap();
        assert_eq!(entries(&text).find(|entry| entry.holds(here)), Some(found));
        assert_eq!(query(&file, 0, &mut [0; 16]), Err(crate::Errno::ENOENT));
    }
}
