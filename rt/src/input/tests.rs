use super::pieces::ARENA;
use super::*;
use crate::fs::{Mode, O_NONBLOCK, O_RDONLY};
use crate::io::OwnedFd;
use crate::mm::{MAP_PRIVATE, PROT_READ, mmap};
use crate::signal::{SIGBUS, raise};
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
    assert_eq!(used_windows().iter().filter(|w| w.owner.load(Ordering::Relaxed) > 0).count(), 0);
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
