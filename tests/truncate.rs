//! `lx truncate` beside GNU truncate 9.1: prefixes, units and numbers on files of all sizes.

mod common;
#[path = "common/recorded.rs"]
mod recorded;

use common::{lx, scratch};
use recorded::{Peer, Record};
use std::fs::{File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

/// Files of these sizes: nothing, odd, whole blocks, huge.
const SIZES: &[(&str, u64)] = &[("none", 0), ("odd", 12345), ("blocks", 8192), ("huge", 1 << 40)];

/// Makes them anew in a folder.
fn prepare(folder: &Path) {
    for (name, size) in SIZES {
        File::create(folder.join(name)).unwrap().set_len(*size).unwrap();
    }
}

/// The sizes of all files in a folder, and what else is in it.
fn listing(folder: &Path) -> String {
    let mut all: Vec<String> = vec![];
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let known = entry.metadata().unwrap();
        let size = if known.is_file() { known.len().to_string() } else { "-".into() };
        all.push(format!("{}={size}", entry.file_name().display()));
    }
    all.sort();
    all.join(" ")
}

const PREFIXES: &[&str] = &[
    "", "+", "-", "<", ">", "/", "%", " ", "< ", "% \t", "<+", ">-", "/-", "%+", "+ ", "--", "</",
    "\n",
];
const NUMBERS: &[&str] = &["", "0", "7", "0004096", "8191", "9007199254740993"];
const UNITS: &[&str] = &[
    "", "K", "k", "KB", "kB", "KD", "KiB", "Ki", "KBB", "M", "m", "MB", "MiB", "G", "g", "GB",
    "GiB", "T", "t", "TB", "P", "p", "PB", "E", "e", "EiB", "Z", "ZB", "Y", "YiB", "R", "Q", "B",
    "b", "c", "w", "x", "iB", " ", ".5", "KK", "0x1",
];

#[test]
fn prefixes_numbers_and_units() {
    let folder = scratch("truncate-sizes");
    let mut peer = Peer::new("truncate", &folder, "sizes");
    let files: Vec<&[u8]> = SIZES.iter().map(|(name, _)| name.as_bytes()).collect();
    for prefix in PREFIXES {
        for unit in UNITS {
            // How large a file may be is its file system's business.
            for large in [false, true] {
                let is_large =
                    |number: &str| number.len() > 7 || unit.starts_with(['P', 'E', 'T', 't']);
                let numbers = NUMBERS.iter().filter(|number| is_large(number) == large);
                let sizes: Vec<_> =
                    numbers.map(|number| format!("{prefix}{number}{unit}")).collect();
                let runs: Vec<Vec<&[u8]>> = sizes
                    .iter()
                    .map(|size| [&[&b"-s"[..], size.as_bytes()], &files[..]].concat())
                    .collect();
                let how = if large { Record::No } else { Record::Sum };
                let name = format!("{prefix}N{unit}").escape_default().to_string();
                peer.case_with(&name, how, &runs, &[], &mut |after| {
                    if after {
                        return listing(&folder);
                    }
                    prepare(&folder);
                    String::new()
                });
            }
        }
    }
    peer.finish();
}

#[test]
fn options_and_errors() {
    let folder = scratch("truncate-options");
    let mut peer = Peer::new("truncate", &folder, "options");
    let max = i64::MAX.to_string();
    let (beyond, below) = (format!("+{max}"), format!("-{max}"));
    let cases: &[&[&str]] = &[
        &[],
        &["odd"],
        &["-s"],
        &["-s", "5"],
        &["-r", "odd"],
        &["-s", ""],
        &["-s", "5", "odd", "none", "huge"],
        &["-s5", "odd"],
        &["--size=5", "odd"],
        &["--size", "5", "odd"],
        &["--si=5", "odd"],
        &["odd", "-s", "5"],
        &["-s", "5", "--", "-x", "odd"],
        &["-cs5", "odd"],
        &["-c", "-s", "5", "new"],
        &["-c", "-s", "5", "new", "odd"],
        &["--no-create", "-s", "5", "dangling"],
        &["--no", "-s", "5", "new"],
        &["-s", "5", "new"],
        &["-s", "5", "dangling"],
        &["-s", "5", "link"],
        &["-s", "5", "new/x", "odd"],
        &["-s", "5", ""],
        &["-s", "5", "dir", "odd"],
        &["-s", "+5", "dir"],
        &["-s", "5", "fifo", "odd"],
        &["-s", "<5", "fifo"],
        &["-s", "5", "/dev/null", "odd"],
        &["-s", "+5", "/dev/null"],
        &["-s", "5", "odd/x"],
        &["-s", "5", "a\nb"],
        &["-s", "5", "no\n/x"],
        &["-r", "odd", "new"],
        &["-r", "link", "none"],
        &["-r", "huge", "none", "odd"],
        &["-r", "nofile", "odd"],
        &["-r", "no\nfile", "odd"],
        &["-r", "dangling", "odd"],
        &["-r", "/dev/null", "odd"],
        &["--ref=none", "odd"],
        &["-r", "odd", "-s", "5", "none"],
        &["-r", "odd", "-s", "+5", "none", "huge"],
        &["-r", "odd", "-s", "-50000", "none"],
        &["-r", "odd", "-s", "%4K", "none"],
        &["-r", "odd", "-s", "/4K", "none"],
        &["-r", "odd", "-s", "<5", "none"],
        &["-r", "odd", "-s", ">5", "none"],
        &["-r", "nofile", "-s", "5", "odd"],
        &["-o", "odd"],
        &["-o", "-r", "odd", "none"],
        &["--io-blocks", "-s", &max, "odd"],
        &["-o", "-s", "4503599627370496", "odd"],
        &["-o", "-s", "-1", "none"],
        &["-s", "5", "-s", "6", "odd"],
        &["-s", "5", "-s", "+6", "odd"],
        &["-s", "+5", "-s", "6", "odd"],
        &["-s", "+5", "-s", "+6", "odd"],
        &["-s", "<5", "-s", "20000", "odd"],
        &["-s", "<5", "-s", ">20000", "odd"],
        &["-s", "/5", "-s", "+6", "odd"],
        &["-s", "x", "-s", "5", "odd"],
        &["-s", "5", "-s", "x", "odd"],
        &["-s", "/0"],
        &["-s", "%0K", "odd"],
        &["--nope", "-s", "5", "odd"],
        &["-q", "odd"],
        &["-s", &beyond, "odd", "none"],
        &["-s", &below, "odd", "none"],
        &["-s", "-9223372036854775808", "odd"],
        &["-s", "-9223372036854775809", "odd"],
        &["-s", "9223372036854775808", "odd"],
        &["-s", "99999999999999999999x", "odd"],
        &["-s", "99999999999999999999K", "odd"],
        &["-s", "1\u{1}", "odd"],
        &["-s", "1\u{e9}", "odd"],
        &["-s", "it's", "odd"],
        &["--size=\"5\"", "odd"],
    ];
    let make = |after: bool| {
        if after {
            return listing(&folder);
        }
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("dir")).unwrap();
        prepare(&folder);
        symlink("odd", folder.join("link")).unwrap();
        symlink("not-yet", folder.join("dangling")).unwrap();
        let fifo = std::process::Command::new("mkfifo").arg(folder.join("fifo")).status();
        assert!(fifo.unwrap().success());
        String::new()
    };
    for words in cases {
        let args: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        for locale in ["C", "C.UTF-8"] {
            let name = format!("{locale} {words:?}");
            // Who may write to a device, and how large a block is, depends on the machine.
            let here = words.contains(&"-o") || words.contains(&"/dev/null");
            let how = if here { Record::No } else { Record::Text };
            let words_large = words.contains(&beyond.as_str());
            let how = if words_large { Record::No } else { how };
            peer.case_with(
                &name,
                how,
                std::slice::from_ref(&args),
                &[("LC_ALL", locale)],
                &mut &make,
            );
        }
    }
    // These GNU never returns from, or answers with a nonsense of the file system's.
    make(false);
    let mut wait = lx();
    wait.args(["truncate", "-r", "fifo", "odd"]).current_dir(&folder);
    let message = "lx truncate: cannot get the size of 'fifo': Illegal seek\n";
    wait.timeout(std::time::Duration::from_secs(20)).assert().code(1).stderr(message);
    peer.finish();
}

/// Tries a size beyond what the file system has room for, and files that can't be written.
#[test]
fn what_may_not_be_written() {
    let folder = scratch("truncate-denied");
    let mut peer = Peer::new("truncate", &folder, "none");
    std::fs::write(folder.join("locked"), "x").unwrap();
    std::fs::set_permissions(folder.join("locked"), Permissions::from_mode(0o444)).unwrap();
    let message = "lx truncate: cannot open 'locked' for writing: Permission denied\n";
    if std::fs::metadata(folder.join("locked")).unwrap().uid() != 0 {
        let mut lx = lx();
        lx.args(["truncate", "-s", "5", "locked"]).current_dir(&folder);
        lx.assert().code(1).stderr(message);
    } else {
        // Without the right to pass over permissions.
        let mut lx = assert_cmd::Command::new("setpriv");
        lx.args(["--bounding-set=-all", "--inh-caps=-all", "--reuid=65534", "--clear-groups"]);
        lx.arg(common::lx_path()).args(["truncate", "-s", "5", "locked"]).current_dir(&folder);
        match std::process::Command::new("setpriv").arg("--version").output() {
            Err(_) => eprintln!("there is no setpriv to drop root's rights with"),
            Ok(_) => {
                let run = lx.assert();
                // Whoever that is may not come as far as the folder.
                let stderr = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
                assert!(stderr.contains("Permission denied"), "{stderr}");
            }
        }
    }
    assert_eq!(std::fs::read(folder.join("locked")).unwrap(), b"x");
    if peer.is_live() {
        for size in ["16T", "7E", "+7E", "%7E", "9223372036854775807"] {
            std::fs::write(folder.join("file"), "12345").unwrap();
            let args: [&[u8]; 3] = [b"-s", size.as_bytes(), b"file"];
            peer.case(size, Record::No, &args, &[]);
        }
        for file in ["/proc/version", "/sys/kernel/uevent_seqnum", "/proc/self/mem", "/proc"] {
            for size in ["5", "+5", "<5"] {
                let args: [&[u8]; 3] = [b"-s", size.as_bytes(), file.as_bytes()];
                peer.case(&format!("{size} {file}"), Record::No, &args, &[]);
            }
        }
        peer.finish();
    }
    // A file system that is mounted read-only, in a namespace of its own.
    let script = "mount -t tmpfs x ro && echo 12345 > ro/f && mount -o remount,ro ro && \
        exec \"$0\" truncate -s 5 ro/f ro/new";
    std::fs::create_dir(folder.join("ro")).unwrap();
    let mut unshare = std::process::Command::new("unshare");
    unshare.args(["-m", "-r", "sh", "-c", script]).arg(common::lx_path()).current_dir(&folder);
    let run = unshare.output();
    match run.map(|run| String::from_utf8_lossy(&run.stderr).into_owned()) {
        Ok(text) if text.contains("truncate") => assert_eq!(
            text,
            "lx truncate: cannot open 'ro/f' for writing: Read-only file system\n\
             lx truncate: cannot open 'ro/new' for writing: Read-only file system\n"
        ),
        other => eprintln!("no file system can be mounted here: {other:?}"),
    }
}

fn truncate(folder: &Path, args: &[&str]) -> assert_cmd::assert::Assert {
    lx().arg("truncate").args(args).current_dir(folder).assert()
}

#[test]
fn space_is_taken_and_given_back() {
    let folder = scratch("truncate-space");
    let file = folder.join("file");
    let known = || {
        let known = std::fs::metadata(&file).unwrap();
        (known.len(), known.blocks() * 512)
    };
    let run = truncate(&folder, &["-s", "1M", "--allocate", "--sync", "file"]);
    if run.get_output().status.code() != Some(0) {
        let stderr = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(stderr.contains("failed to allocate 1048576 bytes for 'file': "), "{stderr}");
        eprintln!("this file system can't allocate: {stderr}");
        return;
    }
    let (size, space) = known();
    assert!(size == 1 << 20 && space >= 1 << 20, "{size} {space}");
    truncate(&folder, &["--punch", "256K:512K", "file"]).code(0).stderr("").stdout("");
    let (size, holed) = known();
    assert!(size == 1 << 20 && holed <= space - (512 << 10), "{holed}");
    // Without a size, what there is gets its space.
    truncate(&folder, &["--allocate", "file"]).code(0).stderr("");
    assert!(known().1 >= 1 << 20);
    truncate(&folder, &["-s", "2M", "--allocate", "--keep-size", "file"]).code(0).stderr("");
    assert!(known().0 == 1 << 20 && known().1 >= 2 << 20);
    truncate(&folder, &["-s", "-512K", "--allocate", "file"]).code(0).stderr("");
    assert_eq!(known().0, 512 << 10);
    // A size and a hole in one run, with data around the hole.
    std::fs::write(&file, vec![7; 64 << 10]).unwrap();
    truncate(&folder, &["-s", "128K", "--punch=16K:16K", "--sync", "file"]).code(0).stderr("");
    let bytes = std::fs::read(&file).unwrap();
    assert_eq!(bytes.len(), 128 << 10);
    let seven = |range: std::ops::Range<usize>| bytes[range].iter().all(|&byte| byte == 7);
    assert!(seven(0..16384) && seven(32768..65536));
    assert!(bytes[16384..32768].iter().chain(&bytes[65536..]).all(|&byte| byte == 0));
}

#[test]
fn a_full_device_leaves_the_size() {
    let folder = scratch("truncate-full");
    let script = "mount -t tmpfs -o size=64k x full && echo 12345 > full/f && \
        \"$0\" truncate -s 1M --allocate full/f full/g; stat -c %s full/f full/g";
    std::fs::create_dir(folder.join("full")).unwrap();
    let mut unshare = std::process::Command::new("unshare");
    unshare.args(["-m", "-r", "sh", "-c", script]).arg(common::lx_path()).current_dir(&folder);
    let run = unshare.output();
    match run.map(|run| (String::from_utf8_lossy(&run.stderr).into_owned(), run.stdout)) {
        Ok((text, sizes)) if text.contains("truncate") => {
            let why = "No space left on device";
            let message = |file| {
                format!("lx truncate: failed to allocate 1048576 bytes for '{file}': {why}\n")
            };
            assert_eq!(text, message("full/f") + &message("full/g"));
            assert_eq!(sizes, b"6\n0\n");
        }
        other => eprintln!("no file system can be mounted here: {other:?}"),
    }
}

#[test]
fn a_dry_run_changes_nothing() {
    let folder = scratch("truncate-dry");
    std::fs::write(folder.join("file"), "12345").unwrap();
    let before = std::fs::metadata(folder.join("file")).unwrap();
    for (args, said) in [
        (&["-s", "10"][..], "'file': 5 -> 10 bytes (+5)\n'new': new -> 10 bytes (+10)\n"),
        (&["-s", "-3"], "'file': 5 -> 2 bytes (-3)\n'new': new -> 0 bytes (+0)\n"),
        (&["-r", "file", "-s", "+1"], "'file': 5 -> 6 bytes (+1)\n'new': new -> 6 bytes (+6)\n"),
        (&["-c", "-s", "1K"], "'file': 5 -> 1024 bytes (+1019)\n"),
        (
            &["-c", "-s", "1K", "--allocate", "--keep-size", "--punch", "0:7"],
            "'file': 5 -> 5 bytes (+0), space for 1024, a hole of 7 at 0\n",
        ),
    ] {
        let words = [&["--dry-run"], args, &["file", "new"]].concat();
        truncate(&folder, &words).code(0).stdout(said).stderr("");
    }
    let message = "lx truncate: overflow extending size of file 'file'\n";
    let words = ["--dry-run", "-s", "+9223372036854775807", "file"];
    truncate(&folder, &words).code(1).stdout("").stderr(message);
    let after = std::fs::metadata(folder.join("file")).unwrap();
    assert_eq!(
        (before.mtime_nsec(), before.ctime_nsec()),
        (after.mtime_nsec(), after.ctime_nsec())
    );
    assert_eq!(listing(&folder), "file=5");
}

#[test]
fn options_of_its_own_that_make_no_sense() {
    let folder = scratch("truncate-misuse");
    std::fs::write(folder.join("file"), "12345").unwrap();
    let hint = "Try 'lx truncate --help' for more information.\n";
    let tell = |args: &[&str], message: &str| {
        truncate(&folder, args).code(1).stdout("").stderr(format!("lx truncate: {message}"));
    };
    tell(&["--punch", "5", "file"], "invalid range '5': it is OFFSET:LENGTH\n");
    tell(&["--punch", "5:x", "file"], "Invalid number: 'x'\n");
    tell(&["--punch", "-5:1", "file"], "Invalid number: '-5'\n");
    let large = "Value too large for defined data type";
    tell(&["--punch", "7E:7E", "file"], &format!("Invalid number: '7E:7E': {large}\n"));
    let keep = "'--keep-size' was specified but '--allocate' was not\n";
    tell(&["-s", "5", "--keep-size", "file"], &format!("{keep}{hint}"));
    tell(
        &["--sync", "file"],
        &format!("you must specify either '--size' or '--reference'\n{hint}"),
    );
    let hole = "failed to make a hole of 0 bytes at 1 in 'file': Invalid argument\n";
    tell(&["--punch", "1:0", "file"], hole);
    assert_eq!(listing(&folder), "file=5");
}

#[test]
fn a_plain_size_is_two_calls() {
    let folder = scratch("truncate-calls");
    let log = folder.join("log");
    let mut strace = std::process::Command::new("strace");
    strace.arg("-o").arg(&log).arg(common::lx_path()).args(["truncate", "-s", "5", "file"]);
    match strace.current_dir(&folder).output() {
        Ok(run) if run.status.success() => {
            let text = std::fs::read_to_string(&log).unwrap();
            let calls: Vec<&str> = text.lines().filter_map(|line| line.split('(').next()).collect();
            assert_eq!(calls[..4], ["execve", "openat", "ftruncate", "close"], "{text}");
            assert!(calls[4].starts_with("exit_group"), "{text}");
        }
        _ => eprintln!("strace can't be run here"),
    }
}
