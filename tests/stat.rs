//! `lx stat` beside GNU stat 9.1: every directive with every flag, on every kind of file.

mod common;
#[path = "common/recorded.rs"]
mod recorded;

use common::{drives_terminal, lx, scratch};
use recorded::{Peer, Record};
use std::fs::{File, FileTimes, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// All directives for files, and some letters that are none.
const DIRECTIVES: &[&str] = &[
    "a", "A", "b", "B", "d", "D", "Hd", "Ld", "f", "F", "g", "G", "h", "i", "m", "n", "N", "o",
    "s", "r", "R", "Hr", "Lr", "t", "T", "u", "U", "w", "W", "x", "X", "y", "Y", "z", "Z", "q",
    "H", "Lx", "k",
];

/// Those whose values a test decides on, whatever the machine and who runs it.
const OWN: &[&str] = &[
    "a", "A", "B", "f", "F", "n", "N", "s", "r", "R", "Hr", "Lr", "t", "T", "x", "X", "y", "Y",
    "q", "H", "Lx", "k",
];

const FLAGS: &[&str] = &["", "-", "0", "#", "+", " ", "#0", "-0", "+0", "+-", "'", "I", "# 0"];
const WIDTHS: &[&str] = &["", "1", "9", "14", "22", "40"];
const PRECISIONS: &[&str] = &["", ".", ".0", ".1", ".3", ".9", ".12"];

/// A directive with all flags, widths and precisions in one format.
fn all_ways(directive: &str) -> String {
    let mut format = String::new();
    for flags in FLAGS {
        for width in WIDTHS {
            for precision in PRECISIONS {
                format += &format!("%{flags}{width}{precision}{directive}|");
            }
        }
    }
    format
}

fn at(seconds: i64, nanoseconds: u32) -> SystemTime {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let start = if seconds < 0 { UNIX_EPOCH - whole } else { UNIX_EPOCH + whole };
    start + Duration::from_nanos(nanoseconds.into())
}

/// Sets both times; whether the file system could keep them.
fn touch(path: &Path, time: SystemTime) -> bool {
    let file = File::open(path).unwrap();
    file.set_times(FileTimes::new().set_accessed(time).set_modified(time)).unwrap();
    file.metadata().unwrap().modified().unwrap() == time
}

/// The regular files and the directory, whose times can be set.
const SETTABLE: &[(&str, i64, u32)] = &[
    ("file", 1_700_000_000, 123_456_789),
    ("empty", 0, 0),
    ("old", -2, 500_000_000),
    ("before", -2, 999_999_999),
    ("late", 4_102_444_800, 1),
    ("summer", 1_720_000_000, 0),
    ("dir", 1_000_000_000, 987_654_321),
];

/// Files of every kind in a folder of this name; those whose times are as they should be.
fn files(name: &str) -> (std::path::PathBuf, Vec<&'static str>) {
    let folder = scratch(name);
    let mut right = vec![];
    for &(name, seconds, nanoseconds) in SETTABLE {
        let path = folder.join(name);
        if name == "dir" {
            std::fs::create_dir(&path).unwrap();
        } else {
            std::fs::write(&path, if name == "empty" { "" } else { "0123456789ab" }).unwrap();
        }
        let mode = if name == "dir" { 0o1751 } else { 0o640 };
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        if touch(&path, at(seconds, nanoseconds)) {
            right.push(name);
        } else {
            eprintln!("this file system can't keep the time of '{name}'");
        }
    }
    std::fs::set_permissions(folder.join("file"), Permissions::from_mode(0o6644)).unwrap();
    symlink("file", folder.join("link")).unwrap();
    symlink("no 'where", folder.join("dangling")).unwrap();
    // The first one who reads a link changes its time, if by a tick of the clock.
    std::thread::sleep(Duration::from_millis(30));
    for link in ["link", "dangling"] {
        std::fs::read_link(folder.join(link)).unwrap();
    }
    // By way of the directory, since the path of a socket must be short.
    let directory = File::open(&folder).unwrap();
    let socket = format!("/proc/self/fd/{}/socket", std::os::fd::AsRawFd::as_raw_fd(&directory));
    std::os::unix::net::UnixListener::bind(socket).unwrap();
    let fifo = std::process::Command::new("mkfifo").arg(folder.join("fifo")).status();
    assert!(fifo.unwrap().success());
    (folder, right)
}

/// The zones that times are printed in: a name and the value of `TZ`.
fn zones() -> Vec<(&'static str, String)> {
    let file = |name: &str| common::fixtures().join("zones").join(name).display().to_string();
    vec![
        ("empty", String::new()),
        ("UTC", "UTC0".into()),
        ("Berlin", file("Berlin")),
        ("Kathmandu", format!(":{}", file("Kathmandu"))),
        ("rules", "XST5:30YST,M3.2.0/1:15,M11.1.0".into()),
        ("south", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0".into()),
        ("days", "AAA-3:30:15BBB-4,J60/0,300/25".into()),
        ("none", "no such zone".into()),
        ("unknown", "<-00>0".into()),
    ]
}

#[test]
fn directives_that_are_the_same_everywhere() {
    let (folder, right) = files("stat-own");
    let mut peer = Peer::new("stat", &folder, "directives");
    for &file in &right {
        for directive in OWN {
            // The size of a directory is its file system's business.
            if file == "dir" && *directive == "s" {
                continue;
            }
            let format = all_ways(directive);
            let args: [&[u8]; 3] = [b"-c", format.as_bytes(), file.as_bytes()];
            peer.case(&format!("{directive} {file}"), Record::Sum, &args, &[]);
        }
    }
    for file in ["link", "dangling", "fifo", "socket", "/dev/null", "/dev/full"] {
        for directive in ["A", "F", "f", "n", "N", "s", "r", "Hr", "T"] {
            // What the umask and udev decide.
            if directive == "f" && !matches!(file, "link" | "dangling") || directive == "A" {
                continue;
            }
            let format = all_ways(directive);
            let args: [&[u8]; 3] = [b"-c", format.as_bytes(), file.as_bytes()];
            peer.case(&format!("{directive} {file}"), Record::Sum, &args, &[]);
        }
    }
    for (name, zone) in zones() {
        for &file in &right {
            let args: [&[u8]; 3] = [b"-c", b"%y|%.19x|%40y|%.9Y", file.as_bytes()];
            peer.case(&format!("zone {name} {file}"), Record::Text, &args, &[("TZ", &zone)]);
        }
    }
    peer.finish();
}

#[test]
fn directives_here() {
    let (folder, _) = files("stat-here");
    let mut peer = Peer::new("stat", &folder, "none");
    if !peer.is_live() {
        return;
    }
    let mut names: Vec<String> = SETTABLE.iter().map(|(name, ..)| name.to_string()).collect();
    for more in ["link", "dangling", "fifo", "socket", "/dev/null", "/", "/dev", "/proc/1/stat"] {
        names.push(more.into());
    }
    let block = std::fs::read_dir("/dev").unwrap().map(|entry| entry.unwrap());
    let block = block.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_block_device()));
    match block.map(|entry| entry.path()).min() {
        Some(path) => names.push(path.display().to_string()),
        None => eprintln!("there is no block device in /dev"),
    }
    let mut zones = zones();
    zones.push(("unset", "(unset)".into()));
    for named in ["Europe/Berlin", "Asia/Kathmandu", "UTC", "right/UTC", "America/St_Johns"] {
        zones.push((named, named.into()));
    }
    for (zone, value) in zones {
        for directive in DIRECTIVES {
            if zone != "UTC" && !["w", "x", "y", "z"].contains(directive) {
                continue;
            }
            let format = all_ways(directive);
            let mut args: Vec<&[u8]> = vec![b"-c", format.as_bytes()];
            args.extend(names.iter().map(String::as_bytes));
            let name = format!("{directive} in {zone}");
            peer.case(&name, Record::No, &args, &[("TZ", &value)]);
            if zone == "UTC" {
                args.insert(0, b"-L");
                peer.case(&format!("-L {name}"), Record::No, &args, &[("TZ", &value)]);
            }
        }
        for options in [&[][..], &["-t"], &["-L"], &["-L", "-t"], &["--cached=never"]] {
            let mut args: Vec<&[u8]> = options.iter().map(|option| option.as_bytes()).collect();
            args.extend(names.iter().map(String::as_bytes));
            peer.case(&format!("{options:?} {zone}"), Record::No, &args, &[("TZ", &value)]);
        }
    }
    peer.case("security", Record::No, &[b"-c", b"%C|%5C|%.0C", b"file", b"dangling"], &[]);
    peer.finish();
}

#[test]
fn file_systems() {
    let folder = scratch("stat-systems");
    let mut peer = Peer::new("stat", &folder, "none");
    if !peer.is_live() {
        return;
    }
    // What others take and give back meanwhile is left out where that happens.
    let quiet = ["c", "i", "l", "n", "s", "S", "t", "T", "b", "q", "H", "Hd", "N"];
    for system in [".", "/", "/proc", "/sys", "/dev", "/dev/pts", "/dev/shm", "/sys/fs/cgroup"] {
        if !Path::new(system).exists() {
            eprintln!("there is no {system}");
            continue;
        }
        let still = matches!(system, "/proc" | "/sys" | "/dev/pts");
        let more: &[&str] = if still { &["a", "d", "f"] } else { &[] };
        for directive in quiet.iter().chain(more) {
            let format = all_ways(directive);
            let args: [&[u8]; 4] = [b"-f", b"-c", format.as_bytes(), system.as_bytes()];
            peer.case(&format!("{directive} {system}"), Record::No, &args, &[]);
        }
        if still {
            for options in [&b"-f"[..], b"-ft", b"-fL"] {
                let args = [options, system.as_bytes()];
                peer.case(&format!("{options:?} {system}"), Record::No, &args, &[]);
            }
        }
    }
    peer.finish();
}

#[test]
fn options_errors_and_statuses() {
    let (folder, _) = files("stat-errors");
    symlink("a\nb", folder.join("strange")).unwrap();
    let mut peer = Peer::new("stat", &folder, "options");
    let cases: &[&[&str]] = &[
        &[],
        &["nofile"],
        &["nofile", "file", "nofile2", "-c", "%n"],
        &[""],
        &["file/x"],
        &["a\nb"],
        &["it's"],
        &["-q", "file"],
        &["--nope", "file"],
        &["--format"],
        &["-c"],
        &["--terse=x", "file"],
        &["--cached=x", "file"],
        &["--cached=", "file"],
        &["--cached", "file"],
        &["--cached=al", "-c%s", "file"],
        &["--cached=never", "-c", "%s", "file"],
        &["--cached=default", "--format=%s", "file"],
        &["--form", "%F", "file"],
        &["--printf", "%F", "file", "empty"],
        &["-c", "%a", "-c", "%F", "file"],
        &["--printf=%a", "-c", "%F", "file"],
        &["-c", "", "file"],
        &["--printf=", "file"],
        &["-c", "%n", "--", "-x", "file"],
        &["file", "-c", "%s"],
        &["-L", "dangling"],
        &["-Lc%F", "link"],
        &["-c%F", "link", "dangling", "strange"],
        &["-f", "nofile"],
        &["-f", "-"],
        &["-f", "-", "nofile"],
        &["-f", "dangling"],
        &["-c", "%F", "-"],
        &["-c", "%N", "-"],
        &["-c", "%", "file"],
        &["-c", "%%", "file"],
        &["-c", "x%", "file"],
        &["-c", "%5", "file", "empty"],
        &["-c", "%5%", "file"],
        &["-c", "a%-", "file"],
        &["-c", "%.", "file"],
        &["-c", "%.3%", "file"],
        &["-f", "-c", "%+5", "."],
        &["-c", "%..a %5.3.2a %.-5a", "file"],
        &["-c", "%H|%L|%HH|%Hx|%H5d|%HLd|%20H", "file"],
        &["-f", "-c", "%H|%L|%HH|%Hx|%H5d|%HLd|%Hd|%20H", "."],
        &["-c", "%99999999999999s|%.99999999999999s|%4294967296n|", "file"],
        &["-c", "%00000000000000000000005s|%.000000000003X", "file"],
        &["-c", "\\n%n\\t", "file"],
        &[
            "--printf",
            "%n\\q\\x4\\x41\\x\\101\\1018\\e\\a\\b\\f\\r\\v\\\\\\\"\\z\\0\\08\\400\\777%q\\",
            "file",
        ],
        &["--printf", "\\%N\\xg\\x4g\\x414\\18\\9\\c", "file"],
        &["--printf", "\\", "file", "empty"],
        &["-c", "%%N %.1N", "link"],
        &["-c", "%20N|%.3N|%-20N", "link"],
        &["-c", "%20N|%.3N|%-20N|%N", "link"],
        &["-c", "%#N|%#0N|%'N|%-N|%-+N|%N", "link"],
        &["-c", "%N %n", "strange", "dangling"],
        &["-c", "\u{e9}%\u{e9}", "file"],
    ];
    for words in cases {
        let args: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        for locale in ["C", "C.UTF-8"] {
            let name = format!("{locale} {words:?}");
            // In a format %n is raw only for --printf; that is the one thing that differs.
            if words.contains(&"%N %n") && locale == "C" {
                continue;
            }
            peer.case(&name, Record::Text, &args, &[("LC_ALL", locale)]);
        }
    }
    peer.finish();
}

#[test]
fn names_in_all_styles_of_quoting() {
    let folder = scratch("stat-names");
    let mut names: Vec<Vec<u8>> = vec![];
    for byte in (1..=255).filter(|&byte| byte != b'/') {
        names.extend([
            vec![b'a', byte, b'z'],
            vec![byte, b'z'],
            vec![b'a', byte],
            vec![b'\'', byte],
        ]);
        names.push(vec![byte, b'\'']);
        if byte != b'.' {
            names.push(vec![byte]);
        }
    }
    let alphabet = [b'a', b'\'', b'\n', b'"', 0xc3, 0xbc];
    for code in 0..6usize.pow(4) {
        let digit = |at: u32| alphabet[code / 6usize.pow(at) % 6];
        names.push((0..4).map(digit).collect());
    }
    for text in ["\u{fc}", "\u{20ac}'", "\u{1f600}", "\u{9b}", "\u{2028}", "\u{ffff}", "\u{a0}'"] {
        names.push(text.into());
        names.push(format!("a{text}\n").into());
    }
    names.extend(
        [&b"a??"[..], b"x\xe2\x82", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc0\xaf"]
            .map(Vec::from),
    );
    names.sort();
    names.dedup();
    for name in &names {
        let path = folder.join(std::ffi::OsStr::from_bytes(name));
        if let Err(error) = std::fs::write(path, "") {
            eprintln!("this file system can't keep such names: {error}");
            return;
        }
    }
    let mut peer = Peer::new("stat", &folder, "names");
    for locale in ["C", "C.UTF-8"] {
        for style in [
            "",
            "literal",
            "shell",
            "shell-always",
            "shell-escape",
            "shell-escape-always",
            "c",
            "c-maybe",
            "escape",
            "locale",
            "clocale",
            "li",
            "shell-escape-a",
            "cl",
            "sh",
            "zz\n",
        ] {
            for (at, some) in names.chunks(1000).enumerate() {
                for format in ["%N\\0", "%-4N\\0"] {
                    if format != "%N\\0" && !style.starts_with("shell-e") {
                        continue;
                    }
                    let mut args: Vec<&[u8]> = vec![b"--printf", format.as_bytes(), b"--"];
                    args.extend(some.iter().map(Vec::as_slice));
                    let mut env = vec![("LC_ALL", locale)];
                    env.extend((!style.is_empty()).then_some(("QUOTING_STYLE", style)));
                    let name = format!("{locale} {} {format} {at}", style.escape_default());
                    peer.case(&name, Record::Sum, &args, &env);
                }
            }
        }
        // In messages.
        for (at, some) in names.chunks(1000).enumerate() {
            let some: Vec<_> = some.iter().map(|name| [name, &b"/"[..]].concat()).collect();
            let args: Vec<&[u8]> =
                [&b"--"[..]].into_iter().chain(some.iter().map(Vec::as_slice)).collect();
            peer.case(&format!("{locale} message {at}"), Record::Sum, &args, &[("LC_ALL", locale)]);
        }
    }
    peer.finish();
}

/// What `lx stat` prints.
fn printed(folder: &Path, args: &[&str]) -> String {
    let run = lx().arg("stat").args(args).current_dir(folder).env("TZ", "UTC0").assert().code(0);
    String::from_utf8(run.stderr("").get_output().stdout.clone()).unwrap()
}

#[test]
fn names_drive_no_terminal_unless_asked_raw() {
    let folder = scratch("stat-raw");
    let name = std::ffi::OsStr::from_bytes(b"a\x1b[31m\n\xff\xc2\x9b");
    std::fs::write(folder.join(name), "").unwrap();
    symlink(name, folder.join("link")).unwrap();
    let shown = r"a\033[31m\012\377\302\233";
    for args in [&["-c", "%n"][..], &["-t"], &[], &["-f"], &["-ft"], &["-c", "%0N"]] {
        for style in ["literal", "shell"] {
            let mut stat = lx();
            stat.arg("stat").args(args).arg(name).current_dir(&folder).env("QUOTING_STYLE", style);
            let out = stat.assert().code(0).stderr("").get_output().stdout.clone();
            assert!(!drives_terminal(&out), "{}", out.escape_ascii());
            assert!(String::from_utf8(out).unwrap().contains(shown), "{args:?}");
        }
    }
    let out = printed(&folder, &["-c", "%N", "link"]);
    assert_eq!(out, "'link' -> 'a'$'\\033''[31m'$'\\n\\377\\302\\233'\n");
    let mut raw = lx();
    raw.args(["stat", "--printf", "%n\\0"]).arg(name).current_dir(&folder);
    let raw = raw.assert().code(0).get_output().stdout.clone();
    assert_eq!(raw, [name.as_bytes(), b"\0"].concat());
    let mut message = lx();
    message.arg("stat").arg(folder.join(name).join("x"));
    let message = message.assert().code(1).get_output().stderr.clone();
    assert!(!drives_terminal(&message), "{}", message.escape_ascii());
}

#[test]
fn standard_input() {
    let (folder, _) = files("stat-stdin");
    let path = folder.join("file");
    let stat = |args: &[&str]| {
        let mut stat = std::process::Command::new(common::lx_path());
        stat.arg("stat").args(args).stdin(File::open(&path).unwrap());
        String::from_utf8(stat.output().unwrap().stdout).unwrap()
    };
    assert_eq!(stat(&["-c", "%s %F %n %N", "-"]), "12 regular file - '-'\n");
    assert!(!stat(&["-c", "%m", "-"]).is_empty());
    let mut closed = assert_cmd::Command::new("sh");
    closed.args(["-c", "exec \"$0\" stat - <&-"]).arg(common::lx_path());
    let message = "lx stat: cannot stat standard input: Bad file descriptor\n";
    closed.assert().code(1).stdout("").stderr(message);
}

#[test]
fn all_tells_attributes_and_what_is_missing() {
    let (folder, _) = files("stat-all");
    let text = printed(&folder, &["--all", "file"]);
    for line in [
        "  File: file\n",
        "\nAttributes: ",
        "\n  Not known here: ",
        "\nMount: /",
        "  Unique ID: ",
        "\nDirect I/O: ",
        "\nAtomic writes: ",
        "\nSubvolume: ",
        "\nNot given: ",
    ] {
        assert!(text.contains(line), "{line:?} in {text}");
    }
    let root = printed(&folder, &["--all", "/"]);
    assert!(root.contains("\nAttributes: mount-root"), "{root}");
    let proc = printed(&folder, &["--all", "/proc/self/status"]);
    assert!(proc.contains("\nMount: /proc  ID: ") && proc.contains(" btime"), "{proc}");
    assert!(printed(&folder, &["-f", "--all", "/proc"]).contains("\nFlags: "));
    // What chattr sets is seen, where it may.
    let set = std::process::Command::new("chattr").args(["+d"]).arg(folder.join("empty")).output();
    match set {
        Ok(done) if done.status.success() => {
            let text = printed(&folder, &["--all", "empty"]);
            assert!(text.contains("\nAttributes: nodump"), "{text}");
        }
        _ => eprintln!("chattr can't set an attribute here"),
    }
}

#[test]
fn json_is_one_document() {
    let (folder, _) = files("stat-json");
    let text = printed(&folder, &["--json", "file", "old", "link", "/dev/null"]);
    assert!(text.starts_with("[{\"name\":\"file\",\"type\":\"regular file\",\"stx_mode_name\":"));
    assert!(text.ends_with("}]\n") && text.lines().count() == 1, "{text}");
    for member in [
        "\"stx_mode_name\":\"-rwSr-Sr--\"",
        "\"stx_size\":12",
        "\"target\":\"file\"",
        "\"stx_mtime\":{\"tv_sec\":1700000000,\"tv_nsec\":123456789,\
         \"text\":\"2023-11-14 22:13:20.123456789 +0000\"}",
        "\"stx_mtime\":{\"tv_sec\":-2,\"tv_nsec\":500000000,",
        "\"stx_rdev_major\":1",
        "\"not_given\":[",
        "\"mount_point\":\"/",
    ] {
        assert!(text.contains(member), "{member} in {text}");
    }
    let system = printed(&folder, &["-f", "--json", "/proc"]);
    assert!(system.contains("\"f_type_name\":\"proc\",\"f_type\":40864,"), "{system}");
    // An error leaves a document all the same.
    let run = lx().args(["stat", "--json", "/nonexistent"]).assert().code(1).stdout("[]\n");
    run.stderr("lx stat: cannot statx '/nonexistent': No such file or directory\n");
    match std::process::Command::new("python3").args(["-m", "json.tool"]).output() {
        Ok(_) => {
            let mut check = assert_cmd::Command::new("python3");
            check.args(["-m", "json.tool"]).write_stdin(text).assert().code(0);
        }
        Err(_) => eprintln!("there is no python3 to read the document"),
    }
}

#[test]
fn as_few_system_calls_as_the_format_needs() {
    let folder = scratch("stat-calls");
    std::fs::write(folder.join("file"), "x").unwrap();
    let log = folder.join("log");
    let calls = |format: &str| {
        let mut strace = std::process::Command::new("strace");
        strace.arg("-o").arg(&log).arg(common::lx_path()).args(["stat", "-c", format, "file"]);
        let run = strace.current_dir(&folder).output().ok()?;
        run.status.success().then(|| std::fs::read_to_string(&log).unwrap())
    };
    let Some(text) = calls("%s") else {
        eprintln!("strace can't be run here");
        return;
    };
    let made = text.lines().filter(|line| !line.contains("execve(") && !line.starts_with('+'));
    assert!(made.clone().count() <= 4, "{text}");
    assert!(text.contains("AT_NO_AUTOMOUNT, STATX_SIZE, "), "{text}");
    assert!(calls("%Y").unwrap().contains(" STATX_MTIME, "));
    let named = calls("%U").unwrap();
    assert!(named.contains("/etc/passwd") && !named.contains("/etc/group"));
    assert!(!named.contains("/etc/localtime"));
}
