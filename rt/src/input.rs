//! Input files for readers that jump about in them: [`Input`] gives any range of bytes.
//!
//! # Bytes that somebody else may change
//!
//! An [`Input`] is a window on a file, not a copy of it: whoever may write to the file
//! changes the bytes under a `&[u8]`, which Rust takes to be constant. This is the one
//! compromise of this crate. A copy would be safe from it at ten times the cost for a large
//! file, and so would volatile reads of each byte; every tool that maps its input lives with
//! it. What keeps it harmless is a rule for all who read from an input:
//!
//! - take numbers out by value and check the value that is then used, never the place;
//! - never make a `str` (or anything else whose validity is checked once) over these bytes:
//!   copy them first;
//! - whatever is read twice may differ; nothing but the output may depend on it.
//!
//! A file that becomes shorter takes its pages away, and reading them is a SIGBUS. A handler
//! puts zeros there instead; the reader goes on, and [`Input::truncated`] tells afterwards.

use crate::arch::PAGE;
use crate::elf::Source;
use crate::errno::{Errno, Result};
use crate::fs::File;
use crate::io::{AsFd, BorrowedFd, Read, pread};
use crate::mm::{
    MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, PROT_READ, PROT_WRITE, mmap, mremap, munmap,
};
use crate::signal::{Action, SIGBUS, SigInfo, raise, sigaction};
use core::cell::{Cell, UnsafeCell};
use core::ffi::c_void;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// A file's bytes, any range of them at any time, until it is dropped.
///
/// A file with a size is mapped as a whole where the address space has room for it, and
/// else in the ranges that are asked for. Of a large file the first few small ranges are read
/// ([`Pieces`]): often no more is wanted. What has no size (files of /proc, pipes) or can't
/// be mapped (files of /sys) is read to its end into memory.
pub struct Input {
    /// Who it is in [`WINDOWS`] and [`ARENA`].
    id: usize,
    size: u64,
    /// All of it, if it is there and not mapped range by range.
    whole: Cell<Option<NonNull<[u8]>>>,
    /// Whether mapping all of it was tried, and failed.
    by_range: Cell<bool>,
    /// The file, while there may be more of it to map.
    file: Option<File>,
    pieces: Pieces,
    failure: Cell<Option<Errno>>,
}

impl Input {
    /// What can't be mapped is read if it is shorter than this: 1 GiB.
    pub const READ_LIMIT: usize = 1 << 30;

    /// Takes a file that was opened for reading, of `size` bytes as `st_size` says; 0 for
    /// what has no size.
    ///
    /// The file is closed as soon as all of it is there. For a regular file that costs an
    /// mmap, for the first one of a process also the rt_sigaction of the handler; for one of
    /// more than 64 KiB when more of it is wanted than a few pieces, each a pread.
    ///
    /// # Errors
    /// Those of `man 2 mmap` and `man 2 read`; `EFBIG` for what has no size and
    /// [`READ_LIMIT`](Input::READ_LIMIT) bytes or more; `ENOMEM` also where this process has a
    /// thousand windows already.
    pub fn new(file: File, size: u64) -> Result<Input> {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let mut input = Input {
            id,
            size,
            whole: Cell::new(None),
            by_range: Cell::new(false),
            file: None,
            pieces: Pieces::default(),
            failure: Cell::new(None),
        };
        if size > Pieces::WORTH && ARENA.claim(id) {
            input.file = Some(file);
            return Ok(input);
        }
        if size > 0 {
            match input.add_mapping(file.as_fd(), 0, size) {
                Ok(whole) => {
                    input.whole.set(Some(whole));
                    return Ok(input);
                }
                // More than fits, or than is worth reading: range by range.
                Err(Errno::ENOMEM | Errno::EOVERFLOW) => {
                    input.by_range.set(true);
                    input.file = Some(file);
                    return Ok(input);
                }
                Err(Errno::ENODEV) if size > Input::READ_LIMIT as u64 => {
                    input.by_range.set(true);
                    input.file = Some(file);
                    return Ok(input);
                }
                Err(Errno::ENODEV) => {}
                Err(error) => return Err(error),
            }
        }
        let whole = input.read_to_end(file.as_fd())?;
        input.size = whole.len() as u64;
        input.whole.set(Some(whole));
        Ok(input)
    }

    /// Whether bytes that were looked at had gone from the file (or its device failed), and
    /// were given as zeros.
    pub fn truncated(&self) -> bool {
        self.pieces.truncated.get()
            || self.windows().any(|window| window.truncated.load(Ordering::Relaxed))
    }

    /// Why bytes could not be given although they lie within the file: the first such error.
    pub fn failure(&self) -> Option<Errno> {
        self.failure.get()
    }

    fn windows(&self) -> impl Iterator<Item = &'static Window> {
        used_windows().iter().filter(|window| window.owner.load(Ordering::Relaxed) == self.id)
    }

    /// All of the file, which is mapped now unless that was tried before.
    fn whole(&self) -> Option<NonNull<[u8]>> {
        if self.whole.get().is_none() && !self.by_range.get() {
            match self.add_mapping(self.file.as_ref()?.as_fd(), 0, self.size) {
                Ok(whole) => self.whole.set(Some(whole)),
                Err(_) => self.by_range.set(true),
            }
        }
        self.whole.get()
    }

    /// The bytes of a range that is mapped already.
    #[inline(never)]
    fn mapped(&self, offset: u64, length: usize) -> Option<NonNull<[u8]>> {
        self.windows().find_map(|window| {
            let skip = offset.checked_sub(window.offset.load(Ordering::Relaxed))?;
            let skip = usize::try_from(skip).ok()?;
            let left = window.length.load(Ordering::Relaxed).checked_sub(skip)?;
            let start = window.start.load(Ordering::Relaxed).checked_add(skip)?;
            let start = NonNull::new(core::ptr::with_exposed_provenance_mut(start))?;
            (length <= left).then_some(NonNull::slice_from_raw_parts(start, length))
        })
    }

    /// Maps what surrounds a range, or no more than its pages where that is too much.
    #[inline(never)]
    fn map(&self, file: BorrowedFd, offset: u64, end: u64) -> Result<()> {
        const AROUND: u64 = 1 << 20;
        let around = |unit: u64| {
            let start = offset - offset % unit;
            let end = end.checked_next_multiple_of(unit).map_or(self.size, |e| e.min(self.size));
            match self.add_mapping(file, start, end - start) {
                Err(Errno::ENODEV) => self.add_copy(file, start, end - start),
                other => other,
            }
        };
        match around(AROUND) {
            Err(Errno::ENOMEM) => around(PAGE as u64)?,
            other => other?,
        };
        Ok(())
    }

    /// Maps a range that begins at a page.
    #[inline(never)]
    fn add_mapping(&self, file: BorrowedFd, offset: u64, length: u64) -> Result<NonNull<[u8]>> {
        let length = usize::try_from(length).map_err(|_| Errno::ENOMEM)?;
        install_handler()?;
        let window = Window::claim(self.id)?;
        // SAFETY: nothing is mapped over.
        match unsafe { mmap(0, length, PROT_READ, MAP_PRIVATE, Some(file), offset) } {
            Ok(start) => Ok(window.set(start, length, offset)),
            Err(error) => {
                window.release();
                Err(error)
            }
        }
    }

    /// Copies a range of a file that can't be mapped.
    #[inline(never)]
    fn add_copy(&self, file: BorrowedFd, offset: u64, length: u64) -> Result<NonNull<[u8]>> {
        let length = usize::try_from(length).map_err(|_| Errno::ENOMEM)?;
        let window = Window::claim(self.id)?;
        let copied = anonymous(length).inspect(|start| {
            window.set(*start, length, offset);
        });
        let copied = copied.and_then(|start| {
            // SAFETY: new memory of this length that nobody else knows of.
            let place = unsafe { core::slice::from_raw_parts_mut(start.as_ptr(), length) };
            let done = read_at(file, place, offset)?;
            window.truncated.store(done < length, Ordering::Relaxed);
            Ok(NonNull::slice_from_raw_parts(start, length))
        });
        if copied.is_err() {
            window.release();
        }
        copied
    }

    /// Reads what has no size, into memory that grows with it.
    #[inline(never)]
    fn read_to_end(&self, mut file: BorrowedFd) -> Result<NonNull<[u8]>> {
        let window = Window::claim(self.id)?;
        let result = (|| {
            let mut room = 64 << 10;
            let mut start = anonymous(room)?;
            window.set(start, room, 0);
            let mut done = 0;
            loop {
                if done == room {
                    if room >= Input::READ_LIMIT {
                        return Err(Errno::EFBIG);
                    }
                    // SAFETY: the old address is used no more.
                    start = unsafe { mremap(start, room, room * 2) }?;
                    room *= 2;
                    window.set(start, room, 0);
                }
                // SAFETY: `room` bytes are mapped at `start`, and nobody else knows of them.
                let place = unsafe { core::slice::from_raw_parts_mut(start.as_ptr(), room) };
                match file.read(&mut place[done..])? {
                    0 => return Ok(NonNull::slice_from_raw_parts(start, done)),
                    n => done += n,
                }
            }
        })();
        if result.is_err() {
            window.release();
        }
        result
    }
}

impl Source for Input {
    fn get(&self, offset: u64, size: u64) -> Option<&[u8]> {
        let end = offset.checked_add(size).filter(|end| *end <= self.size)?;
        let length = usize::try_from(size).ok()?;
        if let Some(file) = &self.file
            && let Some(piece) = self.pieces.get(self.id, file.as_fd(), self.size, offset, length)
        {
            return Some(piece);
        }
        if let Some(whole) = self.whole() {
            // SAFETY: these bytes stay where they are until `self` is dropped; what it
            // means that a file's bytes may change is told at the top.
            return unsafe { whole.as_ref() }.get(usize::try_from(offset).ok()?..)?.get(..length);
        }
        if length == 0 {
            return Some(&[]);
        }
        let bytes = self.mapped(offset, length).or_else(|| {
            match self.map(self.file.as_ref()?.as_fd(), offset, end) {
                Ok(()) => self.mapped(offset, length),
                Err(error) => {
                    self.failure.set(self.failure.get().or(Some(error)));
                    None
                }
            }
        })?;
        // SAFETY: as above: windows are added, never removed before `self` is dropped.
        Some(unsafe { bytes.as_ref() })
    }

    fn size(&self) -> u64 {
        self.size
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.windows().for_each(Window::release);
        ARENA.release(self.id);
    }
}

/// Small ranges of a large file that were read into [`ARENA`]. A pread costs a quarter of
/// what the first touch of a place in a mapping does, and the mapping itself is saved, too:
/// of headers that is most of the work.
#[derive(Default)]
struct Pieces {
    list: [Cell<Piece>; 16],
    count: Cell<usize>,
    /// How much of the arena they take.
    used: Cell<usize>,
    /// Whether there were fewer bytes than the file's size promised; zeros stand for them.
    truncated: Cell<bool>,
}

/// Bytes of a file from `offset` on, in the arena from `start` on.
#[derive(Clone, Copy, Default)]
struct Piece {
    offset: u64,
    start: usize,
    length: usize,
}

impl Pieces {
    /// In smaller files everything is near: one touch of a mapping brings 64 KiB.
    const WORTH: u64 = 64 << 10;
    /// What is longer is better mapped.
    const LONGEST: usize = 4 << 10;
    /// Something next to a range is likely to be wanted, too.
    const UNIT: u64 = 512;

    /// A range of the file; none where it is too long or there is no room left for it, or no
    /// right to the arena, or reading fails.
    fn get(&self, id: usize, fd: BorrowedFd, size: u64, at: u64, length: usize) -> Option<&[u8]> {
        if length > Pieces::LONGEST || !ARENA.is_owned_by(id) {
            return None;
        }
        let end = at + length as u64;
        let pieces = self.list.get(..self.count.get())?;
        let covers =
            |piece: &Piece| at >= piece.offset && end <= piece.offset + piece.length as u64;
        let found = pieces.iter().map(Cell::get).find(covers);
        let piece = found.or_else(|| {
            let offset = at - at % Pieces::UNIT;
            let length = (end.next_multiple_of(Pieces::UNIT).min(size) - offset) as usize;
            let piece = Piece { offset, start: self.used.get(), length };
            // SAFETY: the arena is ours, and this part of it was given to nobody yet.
            let place = unsafe { ARENA.place(piece.start, length) }?;
            let slot = self.list.get(self.count.get())?;
            let done = read_at(fd, place, offset).ok()?;
            place.get_mut(done..)?.fill(0);
            self.truncated.set(self.truncated.get() || done < length);
            slot.set(piece);
            self.count.set(self.count.get() + 1);
            self.used.set(piece.start + length);
            Some(piece)
        })?;
        let skip = (at - piece.offset) as usize;
        // SAFETY: the arena is ours until the input is dropped, to which the result is bound;
        // what was filled in once is only read.
        unsafe { ARENA.filled(piece.start + skip, length) }
    }
}

/// Reads until the place is full or the file ends, and says how many bytes.
fn read_at(fd: BorrowedFd, place: &mut [u8], offset: u64) -> Result<usize> {
    let mut done = 0;
    while let Some(rest) = place.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match pread(fd, rest, offset + done as u64)? {
            0 => break,
            n => done += n,
        }
    }
    Ok(done)
}

/// Memory for [`Pieces`], of one input at a time: it costs a page only where it is touched.
// At the beginning of a page: the headers that it is for then lie in one, or few.
#[repr(align(4096))]
struct Arena(UnsafeCell<[u8; Arena::SIZE]>);

// SAFETY: the bytes are used by the owner only, who is alone: an `Input` is not `Sync`.
unsafe impl Sync for Arena {}

#[unsafe(link_section = ".bss.large.arena")]
static ARENA: Arena = Arena(UnsafeCell::new([0; Arena::SIZE]));

/// The `id` of the input that has the arena; 0 is nobody.
static ARENA_OWNER: AtomicUsize = AtomicUsize::new(0);

impl Arena {
    const SIZE: usize = 16 << 10;

    fn claim(&self, id: usize) -> bool {
        ARENA_OWNER.compare_exchange(0, id, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    fn is_owned_by(&self, id: usize) -> bool {
        ARENA_OWNER.load(Ordering::Relaxed) == id
    }

    fn release(&self, id: usize) {
        let _ = ARENA_OWNER.compare_exchange(id, 0, Ordering::Release, Ordering::Relaxed);
    }

    /// A part of the bytes, to be filled in.
    ///
    /// # Safety
    /// The caller is the owner and has given out nothing of this part yet.
    #[allow(clippy::mut_from_ref)]
    unsafe fn place(&self, start: usize, length: usize) -> Option<&mut [u8]> {
        let end = start.checked_add(length).filter(|end| *end <= Arena::SIZE)?;
        // SAFETY: within the bytes, and by the caller's word nobody else has this part.
        Some(unsafe {
            core::slice::from_raw_parts_mut(self.0.get().cast::<u8>().add(start), end - start)
        })
    }

    /// A part of the bytes that was filled in.
    ///
    /// # Safety
    /// The caller is the owner, stays it while the result lives, and fills it in no more.
    unsafe fn filled(&self, start: usize, length: usize) -> Option<&[u8]> {
        let end = start.checked_add(length).filter(|end| *end <= Arena::SIZE)?;
        // SAFETY: within the bytes, and by the caller's word nobody writes to this part.
        Some(unsafe {
            core::slice::from_raw_parts(self.0.get().cast::<u8>().add(start), end - start)
        })
    }
}

/// Private zeros that can be written to.
fn anonymous(length: usize) -> Result<NonNull<u8>> {
    let (prot, flags) = (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
    // SAFETY: nothing is mapped over.
    unsafe { mmap(0, length, prot, flags, None, 0) }
}

/// A range of memory that belongs to an [`Input`]. In a table that never moves, because
/// the handler must find it between any two instructions.
struct Window {
    /// The `id` of its input; 0 is nobody.
    owner: AtomicUsize,
    start: AtomicUsize,
    /// In bytes; 0 while there is nothing.
    length: AtomicUsize,
    /// Where in the file it begins.
    offset: AtomicU64,
    /// Whether zeros were put there for bytes that the file no longer has, or that the
    /// device could not deliver.
    truncated: AtomicBool,
}

/// Enough for every library of a large program at the same time; untouched ones cost nothing.
// Behind what is small: see link.ld.
#[unsafe(link_section = ".bss.large.windows")]
static WINDOWS: [Window; 1024] = [const { Window::free() }; 1024];

/// How many of [`WINDOWS`], from the first on, were ever claimed.
static USED: AtomicUsize = AtomicUsize::new(0);

/// The `id` of the next input.
static NEXT_ID: AtomicUsize = AtomicUsize::new(1);

fn used_windows() -> &'static [Window] {
    WINDOWS.get(..USED.load(Ordering::Acquire)).unwrap_or(&WINDOWS)
}

impl Window {
    const fn free() -> Window {
        Window {
            owner: AtomicUsize::new(0),
            start: AtomicUsize::new(0),
            length: AtomicUsize::new(0),
            offset: AtomicU64::new(0),
            truncated: AtomicBool::new(false),
        }
    }

    /// Takes a window that is free.
    fn claim(owner: usize) -> Result<&'static Window> {
        let free = |window: &Window| {
            let claimed =
                window.owner.compare_exchange(0, owner, Ordering::Acquire, Ordering::Relaxed);
            claimed.is_ok()
        };
        let index = WINDOWS.iter().position(free).ok_or(Errno::ENOMEM)?;
        USED.fetch_max(index + 1, Ordering::AcqRel);
        Ok(&WINDOWS[index])
    }

    fn set(&self, start: NonNull<u8>, length: usize, offset: u64) -> NonNull<[u8]> {
        self.start.store(start.as_ptr().expose_provenance(), Ordering::Relaxed);
        self.offset.store(offset, Ordering::Relaxed);
        self.length.store(length, Ordering::Release);
        NonNull::slice_from_raw_parts(start, length)
    }

    /// Unmaps it and gives it back.
    fn release(&self) {
        let length = self.length.swap(0, Ordering::AcqRel);
        let start = core::ptr::with_exposed_provenance_mut(self.start.load(Ordering::Relaxed));
        if let Some(start) = NonNull::new(start).filter(|_| length > 0) {
            // SAFETY: its input is being dropped or never got it: there is no reference. An
            // error would mean that it isn't mapped.
            let _ = unsafe { munmap(start, length) };
        }
        self.truncated.store(false, Ordering::Relaxed);
        self.owner.store(0, Ordering::Release);
    }

    fn covers(&self, address: usize) -> bool {
        let length = self.length.load(Ordering::Acquire);
        address.wrapping_sub(self.start.load(Ordering::Relaxed)) < length.next_multiple_of(PAGE)
    }
}

/// What SIGBUS did before [`install_handler`].
static PREVIOUS: Previous = Previous(UnsafeCell::new(Action::default()));

struct Previous(UnsafeCell<Action>);

// SAFETY: written once by the kernel, while the handler is installed; read in the handler.
unsafe impl Sync for Previous {}

fn install_handler() -> Result<()> {
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    if INSTALLED.swap(true, Ordering::AcqRel) {
        return Ok(());
    }
    // SAFETY: `on_bus_error` touches nothing but atomics and pages that can't be accessed.
    unsafe { sigaction(SIGBUS, &Action::handler(on_bus_error), PREVIOUS.0.get()) }
}

/// Puts zeros where a window has lost its file; all else goes the way it went before.
///
/// It runs on the ordinary stack: the instruction that it interrupts reads from a window,
/// so the stack isn't what failed.
unsafe extern "C" fn on_bus_error(_: i32, info: *const SigInfo, _: *mut c_void) {
    /// `si_code`: there is nothing at this address of the mapping.
    const BUS_ADRERR: i32 = 2;
    // SAFETY: the kernel gives one siginfo_t, as `SA_SIGINFO` asks for.
    let (code, address) = unsafe { ((*info).code, (*info).address) };
    if code == BUS_ADRERR
        && let Some(window) = used_windows().iter().find(|window| window.covers(address))
    {
        let (page, flags) = (address - address % PAGE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);
        // SAFETY: this page of the window can't be accessed; a page of zeros takes its place.
        if unsafe { mmap(page, PAGE, PROT_READ, flags, None, 0) }.is_ok() {
            window.truncated.store(true, Ordering::Relaxed);
            return;
        }
    }
    // SAFETY: whatever was there before this module is there again.
    let _ = unsafe { sigaction(SIGBUS, &*PREVIOUS.0.get(), core::ptr::null_mut()) };
    // A faulting instruction faults again when this returns. What was sent has to be sent
    // again; it arrives then, too.
    if code <= 0 {
        raise(SIGBUS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::{Mode, O_NONBLOCK, O_RDONLY};
    use crate::io::OwnedFd;
    use std::format;
    use std::fs;
    use std::io::{Seek, SeekFrom, Write};
    use std::os::fd::IntoRawFd;
    use std::os::unix::process::ExitStatusExt;
    use std::path::{Path, PathBuf};
    use std::process::{Command, ExitStatus};
    use std::string::String;

    /// A file of this test's own, deleted afterwards.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Scratch {
            let name = format!("rt-input-{}-{name}", std::process::id());
            Scratch(std::env::temp_dir().join(name))
        }

        fn with(name: &str, content: &[u8]) -> Scratch {
            let scratch = Scratch::new(name);
            fs::write(&scratch.0, content).unwrap();
            scratch
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    fn open_file(path: &str) -> Result<File> {
        crate::fs::open(path, O_RDONLY | O_NONBLOCK, Mode(0))
    }

    fn open(path: impl AsRef<Path>) -> Input {
        let path = path.as_ref().to_str().unwrap();
        let size = fs::metadata(path).unwrap().len();
        Input::new(open_file(path).unwrap(), size).unwrap()
    }

    /// Runs one of the tests below that need a process of their own, with the shell's
    /// limits set before.
    fn in_child(test: &str, limits: &str, path: &Path) -> (ExitStatus, String) {
        let exe = std::env::current_exe().unwrap();
        let script = format!("{limits}; exec \"$0\" --exact --ignored --test-threads=1 {test}");
        let out = Command::new("sh").args(["-c", &script]).arg(exe).env("RT_FILE", path).output();
        let out = out.unwrap();
        (out.status, String::from_utf8_lossy(&out.stdout).into_owned())
    }

    #[test]
    fn a_regular_file_is_mapped() {
        let path = std::env::current_exe().unwrap();
        let expected = fs::read(&path).unwrap();
        let input = open(&path);
        let size = expected.len() as u64;
        assert_eq!(input.size(), size);
        assert_eq!(input.get(0, size), Some(&expected[..]));
        assert!(input.whole.get().is_some());
        assert_eq!(input.get(1000, 5000), Some(&expected[1000..6000]));
        assert_eq!(input.get(size, 0), Some(&[][..]));
        assert_eq!(input.get(size, 1), None);
        assert_eq!(input.get(size - 1, 2), None);
        assert_eq!(input.get(u64::MAX, 1), None);
        assert_eq!(input.get(1, u64::MAX), None);
        assert!(!input.truncated());
    }

    #[test]
    fn zeros_take_the_place_of_what_was_truncated() {
        let scratch = Scratch::with("truncated", &[7; 3 * PAGE]);
        let (input, other) = (open(&scratch.0), open(std::env::current_exe().unwrap()));
        assert_eq!(input.get(2 * PAGE as u64, 1), Some(&[7][..]));
        assert!(!input.truncated());
        fs::File::options().write(true).open(&scratch.0).unwrap().set_len(10).unwrap();
        assert_eq!(input.get(5, 10), Some(&[7, 7, 7, 7, 7, 0, 0, 0, 0, 0][..]));
        assert!(!input.truncated(), "the first page is still there");
        assert_eq!(input.get(2 * PAGE as u64 - 1, 2), Some(&[0, 0][..]));
        assert!(input.truncated());
        assert!(!other.truncated());
    }

    #[test]
    fn what_has_no_size_is_read() {
        let input = open("/proc/self/maps");
        let text = input.get(0, input.size()).unwrap();
        assert!(text.ends_with(b"\n") && text.windows(7).any(|w| w == b"[stack]"));

        let scratch = Scratch::with("empty", b"");
        let input = open(&scratch.0);
        assert_eq!((input.size(), input.get(0, 0), input.get(0, 1)), (0, Some(&[][..]), None));

        // st_size says 4096, mmap says ENODEV.
        let path = "/sys/kernel/mm/transparent_hugepage/enabled";
        match fs::read(path) {
            Ok(text) => assert_eq!(open(path).get(0, text.len() as u64), Some(&text[..])),
            Err(_) => std::eprintln!("SKIPPED in part: no {path}"),
        }
    }

    #[test]
    fn much_is_read_into_memory_that_moves() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let expected: std::vec::Vec<u8> = (0..1_000_000u32).map(|n| (n % 251) as u8).collect();
        let copy = expected.clone();
        let thread = std::thread::spawn(move || writer.write_all(&copy).unwrap());
        // SAFETY: into_raw_fd gives it away.
        let reader = unsafe { OwnedFd::new(reader.into_raw_fd()) };
        let input = Input::new(reader.into(), 0).unwrap();
        thread.join().unwrap();
        assert_eq!(input.get(0, input.size()), Some(&expected[..]));
    }

    #[test]
    fn a_fifo_without_a_writer_does_not_block() {
        let scratch = Scratch::new("fifo");
        assert!(Command::new("mkfifo").arg(&scratch.0).status().unwrap().success());
        assert_eq!(open(&scratch.0).size(), 0);
    }

    #[test]
    fn what_is_no_file_is_an_error() {
        let directory = open_file("/").unwrap();
        assert_eq!(Input::new(directory, 4096).err(), Some(Errno::EISDIR));
    }

    #[test]
    fn windows_where_the_file_does_not_fit() {
        let scratch = Scratch::with("sparse", b"head");
        let mut file = fs::File::options().write(true).open(&scratch.0).unwrap();
        file.seek(SeekFrom::Start(5 << 30)).unwrap();
        file.write_all(b"tail").unwrap();
        drop(file);
        let test = "input::tests::child_windows";
        let (status, out) = in_child(test, "ulimit -v 65536", &scratch.0);
        assert!(status.success() && out.contains("1 passed"), "{status} {out}");
    }

    #[test]
    #[ignore = "a child of windows_where_the_file_does_not_fit"]
    fn child_windows() {
        let path = std::env::var("RT_FILE").unwrap();
        assert!(ARENA.claim(usize::MAX), "no pieces: this is about windows");
        let input = open(&path);
        assert!(input.whole.get().is_none());
        let tail = 5 << 30;
        for _ in 0..3 {
            assert_eq!(input.get(0, 6), Some(&b"head\0\0"[..]));
            assert_eq!(input.get(tail, 4), Some(&b"tail"[..]));
            assert_eq!(input.get(tail + 2, 2), Some(&b"il"[..]));
            assert_eq!(input.get(tail - 2, 4), Some(&b"\0\0ta"[..]));
        }
        // The second one reaches over the edge of the two that hold its ends.
        assert_eq!(input.windows().count(), 3);
        assert_eq!((input.get(tail, 5), input.failure()), (None, None));
        assert!(input.get(4096, 20 << 20).is_some(), "twenty megabytes still fit");
        assert!(input.get(10, 4 << 30).is_none(), "four gigabytes don't");
        assert_eq!(input.failure(), Some(Errno::ENOMEM));
        assert_eq!(input.get(0, 4), Some(&b"head"[..]));
        fs::File::options().write(true).open(&path).unwrap().set_len(2).unwrap();
        assert_eq!(input.get(tail, 4), Some(&[0; 4][..]));
        assert!(input.truncated());
        drop(input);
        assert_eq!(
            used_windows().iter().filter(|w| w.owner.load(Ordering::Relaxed) > 0).count(),
            0
        );
    }

    #[test]
    fn a_few_small_ranges_are_read_and_more_is_mapped() {
        let bytes: std::vec::Vec<u8> = (0..200_000u32).map(|n| (n % 251) as u8).collect();
        let scratch = Scratch::with("pieces", &bytes);
        let file = open_file(scratch.0.to_str().unwrap()).unwrap();
        let input = Input::new(file, bytes.len() as u64).unwrap();
        // Other tests have inputs at the same time, one of which may have the arena.
        let mine = ARENA.is_owned_by(input.id);
        let check = |at: usize, length: usize| {
            assert_eq!(input.get(at as u64, length as u64), bytes.get(at..at + length), "{at}");
        };
        check(0, 64);
        check(500, 100);
        check(199_990, 10);
        assert!(input.get(199_990, 11).is_none() && input.get(u64::MAX, 1).is_none());
        check(70_000, 4096);
        assert!(!mine || input.windows().count() == 0, "that was read");
        check(70_000, 4097);
        assert_eq!(input.windows().count(), 1, "that isn't");
        for at in (0..190_000).step_by(1_000) {
            check(at, 700);
        }
        assert!(!input.truncated() && input.failure().is_none());
    }

    #[test]
    fn what_a_piece_no_longer_has_is_zeros() {
        let scratch = Scratch::with("shorter", &[1; 100_000]);
        let file = open_file(scratch.0.to_str().unwrap()).unwrap();
        let input = Input::new(file, 100_000).unwrap();
        assert_eq!(input.get(0, 4), Some(&[1; 4][..]));
        fs::File::options().write(true).open(&scratch.0).unwrap().set_len(90_000).unwrap();
        assert_eq!(input.get(89_999, 3), Some(&[1, 0, 0][..]));
        assert_eq!(input.get(99_000, 3), Some(&[0; 3][..]));
        assert!(input.truncated());
        assert_eq!(input.get(0, 4), Some(&[1; 4][..]));
    }

    #[test]
    fn what_is_larger_than_memory_and_unmappable_is_copied_in_part() {
        let Ok(kcore) = open_file("/proc/kcore") else {
            std::eprintln!("SKIPPED: /proc/kcore can't be opened");
            return;
        };
        let input = Input::new(kcore, fs::metadata("/proc/kcore").unwrap().len()).unwrap();
        assert_eq!(input.get(0, 4), Some(&b"\x7fELF"[..]), "{:?}", input.failure());
    }

    #[test]
    fn other_bus_errors_still_kill() {
        let scratch = Scratch::with("foreign", &[1; PAGE]);
        for test in ["input::tests::child_foreign_fault", "input::tests::child_sent"] {
            let (status, out) = in_child(test, "ulimit -c 0", &scratch.0);
            assert_eq!(status.signal(), Some(7), "{test}: {status} {out}");
        }
    }

    #[test]
    #[ignore = "a child of other_bus_errors_still_kill"]
    fn child_foreign_fault() {
        let path = std::env::var("RT_FILE").unwrap();
        let _input = open(&path);
        let file = open_file(&path).unwrap();
        // SAFETY: a new mapping.
        let page = unsafe { mmap(0, PAGE, PROT_READ, MAP_PRIVATE, Some(file.as_fd()), 0) };
        fs::File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
        // SAFETY: mapped, if only just so; the test is what happens now.
        unsafe { page.unwrap().read_volatile() };
    }

    #[test]
    #[ignore = "a child of other_bus_errors_still_kill"]
    fn child_sent() {
        let _input = open(std::env::current_exe().unwrap());
        // The action before ours is std's, which answers the first one by restoring SIG_DFL.
        raise(SIGBUS);
        raise(SIGBUS);
    }
}
