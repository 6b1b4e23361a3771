//! Descriptors, the standard streams, buffered reading and writing.

use crate::arch::{PAGE, nr, syscall};
use crate::errno::{Errno, Result, check};
use crate::fmt::Put;
use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::sync::atomic::{AtomicBool, Ordering};

/// A descriptor that somebody else owns and keeps open for `'a`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BorrowedFd<'a> {
    number: i32,
    owner: PhantomData<&'a OwnedFd>,
}

/// A descriptor of our own: closed when it is dropped.
///
/// An error of `close` is lost then, as in std; whoever must know syncs first
/// (`man 2 close`: the descriptor is gone in any case).
#[derive(PartialEq, Eq)]
pub struct OwnedFd {
    number: i32,
}

impl BorrowedFd<'_> {
    /// The descriptor with this number.
    ///
    /// # Safety
    /// It is open and stays open for `'a`; or it is `AT_FDCWD`.
    pub const unsafe fn new(number: i32) -> Self {
        BorrowedFd { number, owner: PhantomData }
    }

    /// The number that the kernel knows it by.
    pub const fn number(self) -> i32 {
        self.number
    }

    /// The number as a system call's argument.
    pub(crate) const fn word(self) -> usize {
        self.number as isize as usize
    }
}

/// Whatever has a descriptor: it can be read from, written to, moved about in as far as
/// the kernel allows that, and given to the functions of [`fs`](crate::fs).
pub trait AsFd {
    /// Lends the descriptor.
    fn as_fd(&self) -> BorrowedFd<'_>;
}

impl AsFd for BorrowedFd<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        *self
    }
}

impl AsFd for OwnedFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        BorrowedFd { number: self.number, owner: PhantomData }
    }
}

impl<T: AsFd + ?Sized> AsFd for &T {
    fn as_fd(&self) -> BorrowedFd<'_> {
        (**self).as_fd()
    }
}

impl OwnedFd {
    /// Takes over the descriptor with this number.
    ///
    /// # Safety
    /// It is open, and nobody else closes it.
    pub const unsafe fn new(number: i32) -> Self {
        OwnedFd { number }
    }

    /// Gives the number away; from now on the caller closes it.
    pub fn into_number(self) -> i32 {
        ManuallyDrop::new(self).number
    }
}

impl Drop for OwnedFd {
    fn drop(&mut self) {
        // SAFETY: it is ours, and nobody can use it after this.
        unsafe { syscall(nr::CLOSE, [self.number as usize]) };
    }
}

/// Standard input, descriptor 0.
pub const fn stdin() -> BorrowedFd<'static> {
    BorrowedFd { number: 0, owner: PhantomData }
}

/// Standard output, descriptor 1.
pub const fn stdout() -> BorrowedFd<'static> {
    BorrowedFd { number: 1, owner: PhantomData }
}

/// Standard error, descriptor 2.
pub const fn stderr() -> BorrowedFd<'static> {
    BorrowedFd { number: 2, owner: PhantomData }
}

/// A source of bytes.
pub trait Read {
    /// Reads up to `buffer.len()` bytes (`man 2 read`); 0 is the end. May give less
    /// than was asked for before the end.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize>;

    /// Reads until the buffer is full or the source ends, and says how many bytes.
    fn read_full(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut done = 0;
        while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.read(rest)? {
                0 => break,
                n => done += n,
            }
        }
        Ok(done)
    }
}

/// A place for bytes.
pub trait Write {
    /// Writes some of the bytes (`man 2 write`) and says how many.
    fn write(&mut self, bytes: &[u8]) -> Result<usize>;

    /// Writes all of the bytes; after an error it isn't known how many were written.
    fn write_all(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let n = self.write(bytes)?;
            bytes = bytes.get(n..).unwrap_or_default();
        }
        Ok(())
    }
}

/// A place in a file.
pub trait Seek {
    /// Moves the cursor (`man 2 lseek`) and gives its new place, in bytes from the start.
    fn seek(&mut self, to: SeekFrom) -> Result<u64>;
}

/// Where [`Seek::seek`] counts from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SeekFrom {
    /// `SEEK_SET`: from the start.
    Start(u64),
    /// `SEEK_CUR`: from the cursor.
    Current(i64),
    /// `SEEK_END`: from the end.
    End(i64),
    /// `SEEK_DATA`: the next data at or after this place.
    Data(u64),
    /// `SEEK_HOLE`: the next hole at or after this place.
    Hole(u64),
}

impl<T: AsFd> Read for T {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        read(self.as_fd(), buffer)
    }
}

impl<T: AsFd> Write for T {
    /// Waits where the descriptor is non-blocking and full.
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        write(self.as_fd(), bytes)
    }
}

// The two, once for all types that have a descriptor.

fn read(fd: BorrowedFd, buffer: &mut [u8]) -> Result<usize> {
    let (at, len) = (buffer.as_mut_ptr() as usize, buffer.len());
    // SAFETY: the kernel writes at most `len` bytes into a buffer that is ours.
    retry(|| check(unsafe { syscall(nr::READ, [fd.word(), at, len]) }))
}

fn write(fd: BorrowedFd, bytes: &[u8]) -> Result<usize> {
    let (at, len) = (bytes.as_ptr() as usize, bytes.len());
    let mut touched = false;
    loop {
        // SAFETY: the kernel only reads these bytes.
        match check(unsafe { syscall(nr::WRITE, [fd.word(), at, len]) }) {
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => wait_writable(fd)?,
            // Only a mapped file that was truncated can be out of reach: reading from
            // it has zeros put there (see `input`).
            Err(Errno::EFAULT) if !touched => {
                touched = true;
                bytes.iter().step_by(PAGE).chain(bytes.last()).for_each(|byte| {
                    core::hint::black_box(*byte);
                });
            }
            other => return other,
        }
    }
}

impl<T: AsFd> Seek for T {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let (offset, whence) = match to {
            SeekFrom::Start(offset) => (offset as usize, 0),
            SeekFrom::Current(offset) => (offset as usize, 1),
            SeekFrom::End(offset) => (offset as usize, 2),
            SeekFrom::Data(offset) => (offset as usize, 3),
            SeekFrom::Hole(offset) => (offset as usize, 4),
        };
        // SAFETY: moves the cursor, nothing else.
        let place = check(unsafe { syscall(nr::LSEEK, [self.as_fd().word(), offset, whence]) })?;
        Ok(place as u64)
    }
}

/// Reads from this place in a file on (`man 2 pread`); the cursor stays where it is. 0 is
/// the end; may give less than was asked for before it.
///
/// # Errors
/// `ESPIPE` where there are no places, `EINVAL` for a place beyond `i64::MAX`.
pub fn pread(fd: impl AsFd, buffer: &mut [u8], offset: u64) -> Result<usize> {
    let (at, len) = (buffer.as_mut_ptr() as usize, buffer.len());
    let args = [fd.as_fd().word(), at, len, offset as usize];
    // SAFETY: the kernel writes at most `len` bytes into a buffer that is ours.
    retry(|| check(unsafe { syscall(nr::PREAD64, args) }))
}

/// Writes some of the bytes to this place in a file (`man 2 pwrite`) and says how many; the
/// cursor stays where it is. With `O_APPEND`, Linux writes at the end wherever the place is.
///
/// # Errors
/// `ESPIPE` where there are no places, `EINVAL` for a place beyond `i64::MAX`.
pub fn pwrite(fd: impl AsFd, bytes: &[u8], offset: u64) -> Result<usize> {
    let (at, len) = (bytes.as_ptr() as usize, bytes.len());
    let args = [fd.as_fd().word(), at, len, offset as usize];
    // SAFETY: the kernel only reads these bytes.
    retry(|| check(unsafe { syscall(nr::PWRITE64, args) }))
}

/// Whether this is a terminal (`man 3 isatty`).
pub fn is_terminal(fd: impl AsFd) -> bool {
    const TCGETS: usize = 0x5401;
    // struct termios of the kernel has 36 bytes (include/uapi/asm-generic/termbits.h).
    let mut termios = [0u64; 8];
    let at = (&raw mut termios) as usize;
    // SAFETY: the kernel writes less than that into what is ours.
    check(unsafe { syscall(nr::IOCTL, [fd.as_fd().word(), TCGETS, at]) }).is_ok()
}

/// Waits until a write can make progress (`man 2 poll`).
fn wait_writable(fd: BorrowedFd) -> Result<()> {
    const POLLOUT: i16 = 4;
    #[repr(C)]
    struct PollFd {
        fd: i32,
        events: i16,
        revents: i16,
    }
    let mut poll = PollFd { fd: fd.number(), events: POLLOUT, revents: 0 };
    let at = (&raw mut poll) as usize;
    // SAFETY: one pollfd, ours, for the length of the call.
    retry(|| check(unsafe { syscall(nr::POLL, [at, 1, -1isize as usize]) }))?;
    Ok(())
}

/// Repeats a system call that a signal interrupted.
pub(crate) fn retry<T>(mut call: impl FnMut() -> Result<T>) -> Result<T> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            other => return other,
        }
    }
}

/// A stream on which control characters but tab and newline come out in octal: what messages quote
/// (arguments, names out of files and of the environment) must not drive a terminal.
pub struct Escaped(pub BorrowedFd<'static>);

impl Write for Escaped {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    #[inline]
    fn write_all(&mut self, mut bytes: &[u8]) -> Result<()> {
        let is_control = |&byte: &u8| matches!(byte, 0..=8 | 11..=31 | 127);
        while let Some(&byte) = bytes.first() {
            let octal = |shift: u8| b'0' + (byte >> shift & 7);
            let octal = [b'\\', octal(6), octal(3), octal(0)];
            let end = bytes.iter().position(is_control).unwrap_or(bytes.len());
            let (run, rest) = bytes.split_at_checked(end.max(1)).unwrap_or_default();
            self.0.write_all(if end > 0 { run } else { &octal })?;
            bytes = rest;
        }
        Ok(())
    }
}

/// Collects small writes in a buffer of the caller's and passes them on when it is full.
///
/// The first error sticks: what comes after it is dropped, and [`flush`] reports it. So a
/// report can be written without a check at each line, and still no lost byte goes
/// unnoticed. Dropping the writer does not flush.
///
/// [`flush`]: BufWriter::flush
pub struct BufWriter<'a> {
    buffer: &'a mut [u8],
    used: usize,
    to: &'a mut dyn Write,
    error: Option<Errno>,
}

impl<'a> BufWriter<'a> {
    /// A writer to `to` that collects as many bytes as `buffer` holds.
    pub fn new(buffer: &'a mut [u8], to: &'a mut dyn Write) -> Self {
        BufWriter { buffer, used: 0, to, error: None }
    }

    /// Adds bytes; more than the buffer holds go straight through.
    #[inline(never)]
    pub fn bytes(&mut self, bytes: &[u8]) {
        match self.buffer.get_mut(self.used..self.used + bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.used += bytes.len();
            }
            None => self.bytes_slow(bytes),
        }
    }

    #[cold]
    fn bytes_slow(&mut self, bytes: &[u8]) {
        // Full buffers only: a write per buffer's length, whatever the sizes of the pieces.
        let room = self.rest();
        let Some((head, tail)) = bytes.split_at_checked(room.len()) else { return };
        room.copy_from_slice(head);
        self.used = self.buffer.len();
        self.pass_on();
        let whole = tail.len() - tail.len() % self.buffer.len().max(1);
        let Some((through, rest)) = tail.split_at_checked(whole) else { return };
        if self.error.is_none() && !through.is_empty() {
            self.error = self.to.write_all(through).err();
        }
        if let Some(place) = self.buffer.get_mut(..rest.len()) {
            place.copy_from_slice(rest);
            self.used = rest.len();
        }
    }

    /// Adds one byte.
    #[inline]
    pub fn byte(&mut self, byte: u8) {
        if self.used == self.buffer.len() {
            self.pass_on();
        }
        if let Some(place) = self.buffer.get_mut(self.used) {
            *place = byte;
            self.used += 1;
        }
    }

    /// Adds `count` copies of one byte.
    pub fn fill(&mut self, byte: u8, count: usize) {
        let mut left = count;
        while left > 0 && !self.buffer.is_empty() {
            let room = self.rest();
            let n = left.min(room.len());
            room.get_mut(..n).unwrap_or_default().fill(byte);
            self.used += n;
            left -= n;
            if left > 0 {
                self.pass_on();
            }
        }
    }

    /// Room for at least `N` bytes, to be filled in and [`advance`](Self::advance)d over;
    /// none where the buffer is smaller than that.
    #[inline]
    pub fn room<const N: usize>(&mut self) -> Option<&mut [u8; N]> {
        if self.buffer.len() - self.used < N {
            self.pass_on();
        }
        self.buffer.get_mut(self.used..)?.first_chunk_mut()
    }

    /// All the room that is left before the buffer is passed on.
    #[inline]
    pub(crate) fn rest(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.used..).unwrap_or_default()
    }

    /// Counts `count` bytes that were written into [`room`](Self::room) as added.
    #[inline]
    pub fn advance(&mut self, count: usize) {
        self.used = self.used.saturating_add(count).min(self.buffer.len());
    }

    /// Empties the buffer into the target, or forgets it after an error.
    #[cold]
    fn pass_on(&mut self) {
        if self.error.is_none() {
            self.error = self.to.write_all(self.buffer.get(..self.used).unwrap_or_default()).err();
        }
        self.used = 0;
    }

    /// Passes everything on, and reports the first error that ever happened.
    pub fn flush(&mut self) -> Result<()> {
        if self.used > 0 {
            self.pass_on();
        }
        self.error.map_or(Ok(()), Err)
    }

    /// Whether a write failed already, so that going on is of no use.
    pub fn failed(&self) -> bool {
        self.error.is_some()
    }
}

/// Reads ahead into a buffer of the caller's, for small reads and for lines.
pub struct BufReader<'a, R> {
    buffer: &'a mut [u8],
    /// What was read ahead and not given out yet: `start <= end <= buffer.len()`.
    start: usize,
    end: usize,
    from: R,
}

impl<'a, R: Read> BufReader<'a, R> {
    /// A reader of `from` that reads as many bytes at a time as `buffer` holds.
    pub fn new(buffer: &'a mut [u8], from: R) -> Self {
        BufReader { buffer, start: 0, end: 0, from }
    }

    /// The bytes up to the next `delimiter`, which is the last of them; none at the end.
    ///
    /// Without the delimiter come the last bytes, where the source doesn't end with it, and
    /// pieces of what is longer than the buffer: each as long as that, then the rest.
    pub fn read_until(&mut self, delimiter: u8) -> Result<Option<&[u8]>> {
        let mut searched = self.start;
        let length = loop {
            let new = self.buffer.get(searched..self.end).unwrap_or_default();
            if let Some(at) = new.iter().position(|byte| *byte == delimiter) {
                break searched + at + 1 - self.start;
            }
            // Room for more: by moving what is there to the front.
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            searched = self.end;
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            if room.is_empty() {
                break self.end;
            }
            match self.from.read(room)? {
                0 => break self.end,
                n => self.end = (self.end + n).min(self.buffer.len()),
            }
        };
        let piece = self.buffer.get(self.start..self.start + length);
        self.start += length;
        Ok(piece.filter(|piece| !piece.is_empty()))
    }
}

impl<R: Read> Read for BufReader<'_, R> {
    fn read(&mut self, to: &mut [u8]) -> Result<usize> {
        if self.start == self.end {
            if to.len() >= self.buffer.len() {
                return self.from.read(to);
            }
            self.start = 0;
            self.end = 0;
            self.end = self.from.read(self.buffer)?.min(self.buffer.len());
        }
        let ahead = self.buffer.get(self.start..self.end).unwrap_or_default();
        let n = ahead.len().min(to.len());
        to[..n].copy_from_slice(&ahead[..n]);
        self.start += n;
        Ok(n)
    }
}

/// Writes its items to standard output, as [`put!`](crate::put) does: strings, numbers by
/// [`fmt`](crate::fmt), errors.
///
/// Each call is a write of its own, so the order with standard error is kept; for more than
/// a few lines there is [`BufWriter`]. It gives nothing back: a failure is remembered
/// ([`print_failed`]), later calls write nothing, and a program that would then end with
/// status 0 ends with 1.
///
/// ```no_run
/// rt::println!("size: ", rt::fmt::dec(1024u64), " bytes");
/// ```
#[macro_export]
macro_rules! print {
    ($($item:expr),* $(,)?) => {
        $crate::io::print(&[$(&$item as &dyn $crate::fmt::Put),*])
    };
}

/// As [`print!`], and ends the line.
#[macro_export]
macro_rules! println {
    ($($item:expr),* $(,)?) => {
        $crate::print!($($item,)* "\n")
    };
}

/// As [`print!`], to standard error. A failure is ignored: there is nobody left to tell.
#[macro_export]
macro_rules! eprint {
    ($($item:expr),* $(,)?) => {
        $crate::io::eprint(&[$(&$item as &dyn $crate::fmt::Put),*])
    };
}

/// As [`eprint!`], and ends the line.
#[macro_export]
macro_rules! eprintln {
    ($($item:expr),* $(,)?) => {
        $crate::eprint!($($item,)* "\n")
    };
}

/// Whether a [`print!`] of this program failed.
static PRINT_FAILED: AtomicBool = AtomicBool::new(false);

/// Whether output of [`print!`] or [`println!`] was lost.
pub fn print_failed() -> bool {
    PRINT_FAILED.load(Ordering::Relaxed)
}

#[doc(hidden)]
pub fn print(items: &[&dyn Put]) {
    if !print_failed() && write_through(stdout(), items).is_err() {
        PRINT_FAILED.store(true, Ordering::Relaxed);
    }
}

#[doc(hidden)]
pub fn eprint(items: &[&dyn Put]) {
    let _ = write_through(stderr(), items);
}

fn write_through(mut to: BorrowedFd, items: &[&dyn Put]) -> Result<()> {
    let mut buffer = [0; 512];
    let mut out = BufWriter::new(&mut buffer, &mut to);
    for item in items {
        item.put(&mut out);
    }
    out.flush()
}

/// How many bytes [`stdout_buffer`] has: a pipe takes as many in one write.
pub const STDOUT_BUFFER: usize = 64 << 10;

/// Memory for the one [`BufWriter`] on standard output; none when it is taken already.
///
/// It lies in `.bss`: only the pages that a program fills are ever touched.
pub fn stdout_buffer() -> Option<&'static mut [u8; STDOUT_BUFFER]> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    // Behind what is small: see link.ld.
    #[unsafe(link_section = ".bss.large.buffer")]
    static BUFFER: Buffer = Buffer(UnsafeCell::new([0; STDOUT_BUFFER]));
    struct Buffer(UnsafeCell<[u8; STDOUT_BUFFER]>);
    // SAFETY: only the one caller who finds `TAKEN` unset gets at it.
    unsafe impl Sync for Buffer {}

    if TAKEN.swap(true, Ordering::Relaxed) {
        return None;
    }
    // SAFETY: see above: this reference is the only one there ever is.
    Some(unsafe { &mut *BUFFER.0.get() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// Gives its bytes in pieces of at most so many.
    struct Slowly<'a>(&'a [u8], usize);

    impl Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
            let n = self.1.min(buffer.len()).min(self.0.len());
            let (now, later) = self.0.split_at(n);
            buffer[..n].copy_from_slice(now);
            self.0 = later;
            Ok(n)
        }
    }

    /// Takes so many bytes, at most three at a time, then fails.
    struct Full(Vec<u8>, usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> Result<usize> {
            let n = bytes.len().min(3).min(self.1 - self.0.len());
            self.0.extend_from_slice(&bytes[..n]);
            if n == 0 { Err(Errno::ENOSPC) } else { Ok(n) }
        }
    }

    #[test]
    fn lines_of_any_length_with_buffers_of_any_size() {
        let text = b"one\n\nthree is long\nrest";
        for size in 1..30 {
            for step in 1..30 {
                let mut buffer = std::vec![0; size];
                let mut reader = BufReader::new(&mut buffer, Slowly(text, step));
                let mut seen = Vec::new();
                while let Some(piece) = reader.read_until(b'\n').unwrap() {
                    let whole = piece.ends_with(b"\n") || piece.len() == size;
                    assert!(whole || text.ends_with(piece), "{size} {step}");
                    assert!(!piece[..piece.len() - 1].contains(&b'\n'));
                    seen.extend_from_slice(piece);
                }
                assert_eq!(seen, text);
                assert_eq!(reader.read_until(b'\n'), Ok(None));
            }
        }
        let mut reader = BufReader::new(&mut [], Slowly(text, 4));
        assert_eq!(reader.read_until(b'\n'), Ok(None), "there is no room for anything");
    }

    #[test]
    fn reads_and_lines_can_be_mixed() {
        let mut buffer = [0; 8];
        let mut reader = BufReader::new(&mut buffer, Slowly(b"ab\ncdefghijklmnop", 5));
        assert_eq!(reader.read_until(b'\n'), Ok(Some(&b"ab\n"[..])));
        let mut to = [0; 12];
        assert_eq!(reader.read(&mut to[..1]), Ok(1));
        assert_eq!(reader.read_full(&mut to[1..]), Ok(11));
        assert_eq!(&to, b"cdefghijklmn");
        assert_eq!(reader.read_until(b'\n'), Ok(Some(&b"op"[..])));
        assert_eq!(reader.read(&mut to), Ok(0));
    }

    #[test]
    fn a_writer_keeps_its_first_error() {
        for room in 0..20 {
            for size in 0..10 {
                let mut full = Full(Vec::new(), room);
                let mut buffer = std::vec![0; size];
                let mut out = BufWriter::new(&mut buffer, &mut full);
                out.bytes(b"01234");
                out.byte(b'5');
                out.fill(b'6', 3);
                out.bytes(b"789abcdefgh");
                let result = out.flush();
                assert_eq!(result, out.flush());
                if size > 0 {
                    assert_eq!(result, Err(Errno::ENOSPC), "{room} {size}");
                    assert!(b"01234566678".starts_with(&full.0) || room > 11);
                    assert_eq!(full.0.len(), room);
                }
            }
        }
    }
}
