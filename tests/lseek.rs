//! `lx lseek` against what the kernel says, and against xfs_io and filefrag where they are.

mod common;

use common::{lx, lx_path, scratch};
use predicates::prelude::*;
use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A file with 4096 bytes at each of these offsets, and this size.
fn sparse(folder: &Path, name: &str, data: impl Iterator<Item = u64>, size: u64) -> PathBuf {
    let path = folder.join(name);
    let file = File::create(&path).unwrap();
    data.for_each(|offset| file.write_all_at(&[b'x'; 4096], offset).unwrap());
    file.set_len(size).unwrap();
    path
}

/// No hole, only a hole, many holes, a hole at the end, and one of 1 TiB.
fn samples(folder: &Path) -> Vec<PathBuf> {
    const KIB: u64 = 1024;
    let mut all = vec![
        sparse(folder, "full", (0..4).map(|n| n * 4 * KIB), 16 * KIB),
        sparse(folder, "odd", [0].into_iter(), 4097),
        sparse(folder, "empty", [].into_iter(), 0),
        sparse(folder, "hole", [].into_iter(), 1 << 20),
        sparse(folder, "holes", (0..10_000).map(|n| n * 8 * KIB), 80_000 * KIB),
        sparse(folder, "tail", [0, 1 << 20].into_iter(), 3 << 20),
    ];
    let huge = folder.join("huge");
    let file = File::create(&huge).unwrap();
    // Some file systems end before that.
    if file.set_len(1 << 40).is_ok() {
        file.write_all_at(b"in the middle", 1 << 39).unwrap();
        all.push(huge);
    }
    all
}

fn run(program: &str, args: &[&str], file: &Path) -> Option<String> {
    let run = Command::new(program).args(args).arg(file).env("LC_ALL", "C").output();
    match run {
        Ok(run) => Some(String::from_utf8(run.stdout).unwrap()),
        Err(error) => {
            eprintln!("not compared with {program}: {error}");
            None
        }
    }
}

fn map(file: &Path) -> Vec<(u64, u64, String)> {
    let said = lx().args(["lseek", "--map"]).arg(file).assert().success().stderr("");
    let text = String::from_utf8(said.get_output().stdout.clone()).unwrap();
    let rows = text.lines().skip(1).filter(|line| !line.starts_with("data: "));
    let row = |line: &str| {
        let mut fields = line.split_whitespace();
        let mut number = || fields.next().unwrap().parse().unwrap();
        (number(), number(), fields.next().unwrap().to_string())
    };
    rows.map(row).collect()
}

#[test]
fn a_map_is_what_the_kernel_says() {
    let folder = scratch("lseek-map");
    for file in samples(&folder) {
        let size = std::fs::metadata(&file).unwrap().len();
        let rows = map(&file);
        // By turns, without gaps, to the end.
        let mut at = 0;
        for (index, (offset, length, kind)) in rows.iter().enumerate() {
            assert_eq!((*offset, *length > 0), (at, true), "{}", file.display());
            assert!(index == 0 || rows[index - 1].2 != *kind, "{}", file.display());
            at += length;
        }
        assert_eq!(at, size, "{}", file.display());
        if let Some(theirs) = run("xfs_io", &["-r", "-c", "seek -a -r 0"], &file) {
            let mut ours: Vec<String> = rows
                .iter()
                .map(|(offset, _, kind)| format!("{}\t{offset}", kind.to_uppercase()))
                .collect();
            // It names the end of the data, too, where the file ends.
            match rows.last() {
                Some((_, _, kind)) if kind == "data" => ours.push(format!("HOLE\t{size}")),
                Some(_) => {}
                None => ours.push("DATA\tEOF".into()),
            }
            assert_eq!(theirs.lines().skip(1).collect::<Vec<_>>(), ours, "{}", file.display());
        }
    }
}

#[test]
fn extents_are_filefrags() {
    let folder = scratch("lseek-extents");
    for file in samples(&folder) {
        // Before that most of it has no place on the device.
        File::open(&file).unwrap().sync_all().unwrap();
        let name = Path::new(file.file_name().unwrap());
        let there = Command::new("filefrag").arg("-v").arg(name).current_dir(&folder).output();
        let Ok(there) = there else { return eprintln!("SKIPPED: filefrag is not installed") };
        if !there.status.success() {
            return eprintln!("SKIPPED: this file system tells of no extents");
        }
        let said = lx().args(["lseek", "-e"]).arg(name).current_dir(&folder).assert().success();
        let ours = String::from_utf8_lossy(&said.get_output().stdout).into_owned();
        assert_eq!(ours, String::from_utf8_lossy(&there.stdout), "{}", name.display());
    }
}

#[test]
fn copies_are_the_same_and_as_sparse() {
    let folder = scratch("lseek-read");
    for file in samples(&folder) {
        let size = std::fs::metadata(&file).unwrap().len();
        let copy = folder.join("copy");
        let sparsely = ["lseek", "--read", "--sparse"];
        lx_to(&copy, &sparsely, &file, "0");
        let (from, to) = (std::fs::metadata(&file).unwrap(), std::fs::metadata(&copy).unwrap());
        assert_eq!(to.len(), size, "{}", file.display());
        // The lists of extents count, too.
        let most = from.blocks() + from.blocks() / 50 + 64;
        assert!(to.blocks() <= most, "{}: {} blocks", file.display(), to.blocks());
        assert_eq!(map(&copy), map(&file), "{}", file.display());
        if size > 1 << 30 {
            let mut bytes = [0; 13];
            File::open(&copy).unwrap().read_exact_at(&mut bytes, 1 << 39).unwrap();
            assert_eq!(&bytes, b"in the middle");
            continue;
        }
        let expected = std::fs::read(&file).unwrap();
        assert!(std::fs::read(&copy).unwrap() == expected, "{}", file.display());
        // To a pipe, and from some place on.
        let start = expected.len().min(5000);
        for options in [&["lseek", "-r"][..], &sparsely] {
            let run = lx().args(options).arg(&file).arg("5000").output().unwrap();
            assert!(run.stdout == expected[start..], "{options:?} {}", file.display());
            let run = lx().args(options).arg(&file).args(["4090", "10"]).output().unwrap();
            let end = expected.len().min(4100);
            assert!(run.stdout == expected[end.min(4090)..end], "{}", file.display());
        }
    }
}

/// Runs lx with standard output in a file.
fn lx_to(target: &Path, options: &[&str], file: &Path, offset: &str) {
    let mut command = Command::new(lx_path());
    command.args(options).arg(file).arg(offset).stdout(File::create(target).unwrap());
    assert!(command.status().unwrap().success());
}

#[test]
fn a_hole_replaces_what_was_there_and_is_added_where_all_is_appended() {
    let folder = scratch("lseek-holes");
    let file = sparse(&folder, "file", [8192].into_iter(), 20_000);
    let expected = std::fs::read(&file).unwrap();
    let target = folder.join("target");
    std::fs::write(&target, vec![b'o'; 30_000]).unwrap();
    let over = File::options().write(true).open(&target).unwrap();
    let append = File::options().append(true).open(&target).unwrap();
    for stdout in [over, append] {
        let mut command = Command::new(lx_path());
        command.args(["lseek", "-r", "--sparse"]).arg(&file).arg("0").stdout(stdout);
        assert!(command.status().unwrap().success());
    }
    let text = std::fs::read(&target).unwrap();
    assert!(text[..20_000] == expected && text[20_000..30_000] == [b'o'; 10_000]);
    assert!(text[30_000..] == expected);
}

#[test]
fn cursors() {
    let folder = scratch("lseek-cursor");
    let file = sparse(&folder, "file", [0, 1 << 20].into_iter(), 3 << 20);
    let at = |words: &[&str], position: u64| {
        let expected = format!("Cursor position: {position}\n");
        lx().arg("lseek").arg(&file).args(words).assert().success().stdout(expected);
    };
    at(&["512"], 512);
    at(&["0x200", "set"], 512);
    at(&["4K", "cur"], 4096);
    at(&["-1", "end"], (3 << 20) - 1);
    at(&["5G", "end"], (3 << 20) + (5 << 30));
    at(&["8T"], 1 << 43);
    // Where the file system knows holes.
    if map(&file).len() == 4 {
        at(&["4096", "data"], 1 << 20);
        at(&["0", "hole"], 4096);
    }
    let fails = |words: &[&str], text: &str| {
        let text = predicate::str::contains(text.to_string());
        lx().arg("lseek").args(words).current_dir(&folder).assert().code(1).stderr(text);
    };
    fails(&["file", "-1"], "invalid offset: '-1': it is negative");
    fails(&["file", "-4M", "end"], "'file': Invalid argument");
    fails(&["file", "9223372036854775808"], "invalid offset: '9223372036854775808'");
    fails(&["file", "0", "somewhere"], "invalid whence: 'somewhere'");
    fails(&["file", "4M", "data"], "no data from there on");
    fails(&["nofile", "0"], "cannot open 'nofile': No such file or directory");
    fails(&["file"], "Try 'lx lseek --help' for more information.");
    fails(&["-m", "."], "'.': Is a directory");
    Command::new("mkfifo").arg(folder.join("fifo")).status().unwrap();
    fails(&["fifo", "0"], "'fifo': Illegal seek: a pipe, socket or terminal has no cursor");
    fails(&["--map", "fifo"], "Illegal seek");
}

#[test]
fn descriptors_of_this_and_other_processes() {
    let folder = scratch("lseek-pid");
    let file = sparse(&folder, "file", [0].into_iter(), 5000);
    let said = lx().args(["lseek", "-v"]).arg(&file).arg("7").assert().success();
    let text = String::from_utf8(said.get_output().stdout.clone()).unwrap();
    let inode = std::fs::metadata(&file).unwrap().ino();
    for line in ["Cursor position: 7\npos: 7\nflags: 0", "(O_RDONLY|", &format!("ino: {inode}\n")] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let input = File::open(&file).unwrap();
    std::io::Seek::seek(&mut &input, std::io::SeekFrom::Start(1234)).unwrap();
    let mut child = Command::new("sleep").arg("1000").stdin(input).spawn().unwrap();
    let pid = child.id().to_string();
    let said = lx().args(["lseek", "--pid", &pid, "0"]).output().unwrap();
    let document = lx().args(["lseek", "--json", "-p", &pid, "0"]).output().unwrap();
    let missing = lx().args(["lseek", "-p", &pid, "99"]).output().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(text.starts_with("Cursor position: 1234\npos: 1234\nflags: 0"), "{text}");
    let document: serde_json::Value = serde_json::from_slice(&document.stdout).unwrap();
    assert_eq!(document["position"], 1234);
    assert_eq!(document["fdinfo"]["flags_names"][0], "O_RDONLY");
    let text = String::from_utf8(missing.stderr).unwrap();
    assert_eq!(text, format!("lx lseek: {pid}: no descriptor 99 is open\n"));
    let gone = predicate::str::contains("No such process");
    lx().args(["lseek", "-p", &pid, "0"]).assert().code(1).stderr(gone);
}

#[test]
fn documents_are_json_and_pictures_fit() {
    let folder = scratch("lseek-json");
    for file in samples(&folder) {
        let said = lx().args(["lseek", "--json", "-m"]).arg(&file).output().unwrap();
        let document: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
        assert_eq!(document["size"], std::fs::metadata(&file).unwrap().len());
        let ranges = document["ranges"].as_array().unwrap();
        assert_eq!(ranges.len(), map(&file).len());
        let said = lx().args(["lseek", "--draw"]).arg(&file).assert().success();
        let text = String::from_utf8(said.get_output().stdout.clone()).unwrap();
        assert!(text.starts_with("0 |") && text.lines().all(|line| line.len() <= 88), "{text}");
    }
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let folder = scratch("lseek-full");
    let file = sparse(&folder, "file", [0].into_iter(), 5000);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(lx_path());
    command.args(["lseek", "-r"]).arg(&file).arg("0").stdout(full).stderr(Stdio::piped());
    let run = command.output().unwrap();
    assert_eq!(run.status.code(), Some(1));
    let text = String::from_utf8(run.stderr).unwrap();
    assert_eq!(text, "lx lseek: write error: No space left on device\n");
}
