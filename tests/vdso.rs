//! `lx vdso` against `readelf -sW` of the image, and the image against the memory of a
//! process.

mod common;

use common::{lx, lx_path, scratch};
use predicates::prelude::*;
use std::os::unix::fs::FileExt;
use std::process::{Child, Command, Stdio};

/// A process that does nothing until it is dropped.
struct Sleeper(Child);

impl Sleeper {
    fn new() -> Sleeper {
        let mut child = Command::new("sleep").arg("1000").stdout(Stdio::piped()).spawn().unwrap();
        // Until it has become sleep, it is a copy of this test.
        let exe = format!("/proc/{}/comm", child.id());
        while std::fs::read(&exe).unwrap() != b"sleep\n" {
            assert!(child.try_wait().unwrap().is_none());
            std::thread::yield_now();
        }
        Sleeper(child)
    }

    fn pid(&self) -> String {
        self.0.id().to_string()
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The bytes of a process's vDSO, read from its memory; none where it has none.
fn image(pid: &str) -> Option<Vec<u8>> {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let line = maps.lines().find(|line| line.ends_with("[vdso]"));
    let Some(line) = line else {
        eprintln!("SKIPPED: the kernel maps no vDSO here");
        return None;
    };
    let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
    let number = |text| u64::from_str_radix(text, 16).unwrap();
    let (start, end) = (number(start), number(end));
    let mut image = vec![0; (end - start) as usize];
    let memory = std::fs::File::open(format!("/proc/{pid}/mem")).unwrap();
    memory.read_exact_at(&mut image, start).unwrap();
    Some(image)
}

#[test]
fn the_dump_is_the_memory_and_the_table_is_readelfs() {
    let process = Sleeper::new();
    let Some(expected) = image(&process.pid()) else { return };
    let folder = scratch("vdso");
    for words in [&["vdso", "--dump=image"][..], &["vdso", "-d", "image", &process.pid()]] {
        lx().args(words).current_dir(&folder).assert().success().stdout("").stderr("");
        assert!(std::fs::read(folder.join("image")).unwrap() == expected, "{words:?}");
    }
    let core = folder.join("core");
    let gcore = format!("gcore {}", core.display());
    let made = Command::new("gdb")
        .args(["-q", "-batch", "-nx", "-p", &process.pid(), "-ex", &gcore])
        .output();
    if made.is_ok() && core.exists() {
        lx().args(["vdso", "-d", "core-image"]).arg(&core).current_dir(&folder).assert().success();
        assert!(std::fs::read(folder.join("core-image")).unwrap() == expected);
    } else {
        eprintln!("gdb can't make a core file here: none is looked at");
    }
    let lines = |out: Vec<u8>| -> Vec<String> {
        String::from_utf8(out).unwrap().lines().map(String::from).collect()
    };
    let by = |command: &mut Command| lines(command.current_dir(&folder).output().unwrap().stdout);
    let expected = by(Command::new(lx_path()).args(["readelf", "-sW", "image"]));
    assert!(expected.iter().any(|line| line.contains(" __vdso_clock_gettime@@LINUX_2.6")));
    match common::gnu_readelf(&folder, &["-sW", "image"]) {
        Some(said) => assert_eq!(lines(said.stdout), expected),
        None => eprintln!("not compared with GNU readelf"),
    }
    for words in [vec!["vdso"], vec!["vdso", "self"], vec!["vdso", &process.pid()]] {
        let table = lines(lx().args(&words).output().unwrap().stdout);
        assert_eq!(table[..expected.len()], expected);
        let last = table.last().unwrap();
        assert!(last.starts_with("linux-vdso.so.1 at 0x"), "{last}");
        assert!(last.ends_with(" bytes, version LINUX_2.6"), "{last}");
    }
}

#[test]
fn notes_are_of_the_kernel_that_runs() {
    if image("self").is_none() {
        return;
    }
    let said = lx().args(["vdso", "--notes"]).assert().success();
    let text = String::from_utf8(said.get_output().stdout.clone()).unwrap();
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let version: Vec<&str> = release.trim().split(['.', '-']).take(2).collect();
    assert!(text.contains(&format!("Linux version: {}.{}.", version[0], version[1])), "{text}");
    assert!(text.contains("Build ID:      "), "{text}");
}

#[test]
fn calls_give_what_the_system_gives() {
    let said = lx().args(["vdso", "--call"]).assert();
    let text = String::from_utf8(said.get_output().stdout.clone()).unwrap();
    let row = |start: &str| {
        let row = text.lines().find(|line| line.starts_with(start)).unwrap();
        row.split_whitespace().last().unwrap().to_string()
    };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    for start in ["clock_gettime CLOCK_REALTIME ", "gettimeofday", "time "] {
        let seconds: f64 = row(start).parse().unwrap();
        assert!((seconds - now.as_secs_f64()).abs() < 60.0, "{start} {seconds}");
    }
    let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
    let uptime: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
    let boot: f64 = row("clock_gettime CLOCK_BOOTTIME ").parse().unwrap();
    assert!((boot - uptime).abs() < 60.0, "{boot} {uptime}");
    assert_ne!(row("getrandom"), "00000000000000000000000000000000");
    assert_eq!(row("getrandom").len(), 32);
}

#[test]
fn clocks_are_read_without_system_calls() {
    let path = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    let source = std::fs::read_to_string(path).unwrap_or_default();
    if !matches!(source.trim(), "tsc" | "kvm-clock") || image("self").is_none() {
        eprintln!("SKIPPED: by the clock source {:?} the vDSO makes system calls", source.trim());
        return;
    }
    let log = scratch("vdso-strace").join("log");
    let mut strace = Command::new("strace");
    strace.arg("-o").arg(&log).arg(lx_path()).args(["vdso", "-c"]).stdout(Stdio::null());
    match strace.status() {
        Ok(status) => assert!(status.success()),
        Err(error) => return eprintln!("SKIPPED: strace: {error}"),
    }
    let calls = std::fs::read_to_string(log).unwrap();
    // This one the vDSO can't know.
    assert!(calls.contains("clock_gettime(CLOCK_PROCESS_CPUTIME_ID"), "{calls}");
    for call in ["(CLOCK_REALTIME,", "(CLOCK_MONOTONIC,", "gettimeofday(", "time(NULL", "getcpu("] {
        assert!(!calls.contains(call), "{call} in {calls}");
    }
}

#[test]
fn a_benchmark_has_a_row_for_each() {
    let said = lx().args(["vdso", "--bench"]).assert();
    let text = String::from_utf8(said.get_output().stdout.clone()).unwrap();
    for name in ["clock_gettime CLOCK_TAI", "gettimeofday", "time", "getcpu", "clock_getres"] {
        assert!(text.lines().any(|line| line.starts_with(name)), "{name} in {text}");
    }
    assert!(text.contains("\nclocksource: "), "{text}");
}

#[test]
fn documents_are_json() {
    let words = ["vdso", "--json", "--notes", "--call", "--bench"];
    let said = lx().args(words).assert();
    let document: serde_json::Value =
        serde_json::from_slice(&said.get_output().stdout).expect("valid JSON");
    assert_eq!(document["bench"].as_array().unwrap().len(), 16);
    assert_eq!(document["calls"].as_array().unwrap().len(), 26);
    if let Some(image) = image("self") {
        assert_eq!(document["size"], image.len());
        let symbols = document["symbols"].as_array().unwrap();
        assert!(symbols.iter().any(|symbol| symbol["name"] == "__vdso_time"
            && symbol["version"] == "LINUX_2.6"
            && symbol["type"] == "FUNC"));
        assert!(document["notes"]["LINUX_VERSION_CODE"].is_u64());
    }
}

#[test]
fn what_cannot_be_shown_is_told() {
    let fails = |words: &[&str], text: &str| {
        let text = predicate::str::contains(text.to_string());
        lx().arg("vdso").args(words).assert().code(1).stdout("").stderr(text);
    };
    fails(&["4194305"], "lx vdso: 4194305: No such process");
    fails(&["/nonexistent/core"], "lx vdso: /nonexistent/core: No such file or directory");
    fails(&["/bin/sh"], "lx vdso: /bin/sh: not a core file");
    fails(&["1", "2"], "lx vdso: extra operand '2'");
    fails(&["--bench", "1"], "lx's own vDSO");
    fails(&["--nonsense"], "Try 'lx vdso --help' for more information.");
    fails(&["--dump=/nonexistent/image"], "'/nonexistent/image': No such file or directory");
    // A child that has ended, and that nobody asked for its status.
    let mut child = Command::new("true").spawn().unwrap();
    let stat = format!("/proc/{}/stat", child.id());
    while !std::fs::read_to_string(&stat).unwrap().contains(") Z ") {
        std::thread::yield_now();
    }
    fails(&[&child.id().to_string()], "a zombie");
    child.wait().unwrap();
    fails(&[&child.id().to_string()], "No such process");
    if std::fs::read("/proc/2/comm").is_ok_and(|comm| comm == b"kthreadd\n") {
        fails(&["2"], "a kernel thread");
        fails(&["--why", "2"], "no mappings");
    }
}
