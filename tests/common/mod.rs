//! What more than one test file needs. Each uses a part of it.
#![allow(dead_code)]

pub mod process;

use assert_cmd::Command;
use std::path::{Path, PathBuf};

/// The binary under test; through a runner where cargo is told of one.
pub fn lx() -> Command {
    let mut lx = Command::cargo_bin("lx").unwrap();
    lx.env_remove("POSIXLY_CORRECT").env("LC_ALL", "C");
    lx
}

/// Its path, for a shell.
pub fn lx_path() -> PathBuf {
    assert_cmd::cargo::cargo_bin("lx")
}

/// The folder `fixtures`.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The names of all files in `fixtures/bin`, sorted.
pub fn fixture_names() -> Vec<String> {
    let folder = std::fs::read_dir(fixtures().join("bin")).unwrap();
    let mut names: Vec<_> =
        folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// An empty folder of this name for a test's files.
pub fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// What a run said.
#[derive(PartialEq, Eq, Clone, Default)]
pub struct Said {
    /// None after a signal.
    pub status: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Said {
    pub fn of(output: std::process::Output) -> Said {
        let (stdout, stderr) = (output.stdout, output.stderr);
        Said { status: output.status.code(), stdout, stderr }
    }
}

/// `lx readelf` with these words, in this folder. Its messages begin as readelf's do.
pub fn readelf(folder: &Path, words: &[&str]) -> Said {
    let run = lx().arg("readelf").args(words).current_dir(folder).output().unwrap();
    let mut said = Said::of(run);
    said.stderr = unprefixed(&said.stderr);
    said
}

/// Messages of `lx readelf:` with `readelf:` before them.
pub fn unprefixed(stderr: &[u8]) -> Vec<u8> {
    replace(stderr, b"lx readelf:", b"readelf:")
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        if let Some(tail) = rest.strip_prefix(from) {
            out.extend(to);
            rest = tail;
        } else {
            out.push(first);
            rest = tail;
        }
    }
    out
}

/// GNU readelf 2.40 with these words, in this folder; none where it isn't installed.
pub fn gnu_readelf(folder: &Path, words: &[&str]) -> Option<Said> {
    use std::sync::OnceLock;
    static THERE: OnceLock<bool> = OnceLock::new();
    let there = *THERE.get_or_init(|| {
        let version = std::process::Command::new("readelf").arg("--version").output();
        let text = version.map(|v| String::from_utf8_lossy(&v.stdout).into_owned());
        let there = text.is_ok_and(|text| text.starts_with("GNU readelf") && text.contains("2.40"));
        if !there {
            eprintln!("GNU readelf 2.40 is not installed: nothing is compared with it here");
        }
        there
    });
    let mut command = std::process::Command::new("readelf");
    command.args(words).current_dir(folder).env_remove("POSIXLY_CORRECT").env("LC_ALL", "C");
    there.then(|| Said::of(command.output().unwrap()))
}

/// How many bytes a piece of text begins with that can drive a terminal: control characters
/// of either set, raw or as UTF-8.
fn control(text: &[u8]) -> usize {
    match text {
        [b'\t' | b'\n', ..] | [] => 0,
        [0..0x20 | 0x7f, ..] => 1,
        [0xc2, 0x80..=0x9f, ..] => 2,
        [b'^', 0xbf, ..] => 2, // GNU's DEL
        [0x80..=0xff, ..] if utf8_length(text) == 0 => 1,
        _ => 0,
    }
}

/// The length of the UTF-8 character that a text begins with, 0 where it is none.
fn utf8_length(text: &[u8]) -> usize {
    let head = &text[..text.len().min(4)];
    (1..=head.len()).find(|&n| std::str::from_utf8(&head[..n]).is_ok()).unwrap_or(0)
}

/// The pieces of a line between the bytes that can drive a terminal.
fn pieces(line: &[u8]) -> Vec<&[u8]> {
    let (mut pieces, mut from, mut at) = (Vec::new(), 0, 0);
    while at < line.len() {
        match control(&line[at..]) {
            0 => at += utf8_length(&line[at..]).max(1),
            n => {
                pieces.push(&line[from..at]);
                at += n;
                from = at;
            }
        }
    }
    pieces.push(&line[from..]);
    pieces
}

/// Whether a text holds bytes that can drive a terminal, apart from tab and newline.
/// Bytes that are no UTF-8 count only where they are control characters of an 8-bit set.
pub fn drives_terminal(text: &[u8]) -> bool {
    let mut at = 0;
    while at < text.len() {
        match control(&text[at..]) {
            0 => at += utf8_length(&text[at..]).max(1),
            1 if text[at] >= 0xa0 => at += 1,
            _ => return true,
        }
    }
    false
}

/// Whether a line is GNU's; or GNU's, which could drive a terminal, with other characters
/// in place of those.
fn same_line(gnu: &[u8], lx: &[u8]) -> bool {
    if !drives_terminal(gnu) && gnu == lx {
        return true;
    }
    let pieces = pieces(gnu);
    if pieces.len() == 1 || drives_terminal(lx) {
        return false;
    }
    let mut rest = lx;
    pieces.iter().all(|piece| {
        let piece = piece.trim_ascii();
        let found = (0..=rest.len()).find(|&at| rest[at..].starts_with(piece));
        found.inspect(|&at| rest = &rest[at + piece.len()..]).is_some()
    })
}

/// The first place where two texts differ, with the lines before it; none where they are
/// the same but for what could drive a terminal.
pub fn difference(what: &str, gnu: &[u8], lx: &[u8]) -> Option<String> {
    let lines = |text| <[u8]>::split_inclusive(text, |&byte| byte == b'\n').collect::<Vec<_>>();
    let (gnu, lx) = (lines(gnu), lines(lx));
    let same = gnu.iter().zip(&lx).take_while(|(gnu, lx)| same_line(gnu, lx)).count();
    if same == gnu.len() && same == lx.len() {
        return None;
    }
    let mut text = format!("{what}, line {}:\n", same + 1);
    let show = |sign, lines: &[&[u8]]| {
        lines.iter().map(|line| format!("  {sign}{}\n", line.escape_ascii())).collect::<String>()
    };
    text += &show(' ', &gnu[same.saturating_sub(2)..same]);
    text += &show('-', &gnu[same..gnu.len().min(same + 4)]);
    text += &show('+', &lx[same..lx.len().min(same + 4)]);
    Some(text)
}

/// What differs between two runs, told in a few lines; none where they are the same.
pub fn differences(gnu: &Said, lx: &Said) -> Option<String> {
    let status = (gnu.status != lx.status)
        .then(|| format!("status {:?}, expected {:?}\n", lx.status, gnu.status));
    let stdout = difference("stdout", &gnu.stdout, &lx.stdout);
    let stderr = difference("stderr", &gnu.stderr, &lx.stderr);
    let all: String = [status, stdout, stderr].into_iter().flatten().collect();
    (!all.is_empty()).then_some(all)
}

/// The same numbers in each run.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 16) % end.max(1) as u64) as usize
    }
}
