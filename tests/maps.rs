//! `lx maps`: beside what the kernel, pmap and gdb say of real processes.

mod common;

use common::process::{PAUSE, Running, c_program, gdb, output, refused, run, while_they_end};
use common::{lx, scratch};
use std::path::Path;
use std::process::{Command, Stdio};

/// A child that stands still, so that all see the same.
fn frozen(command: &mut Command) -> Running {
    let (running, _) = Running::start(command);
    freeze(&running);
    running
}

fn freeze(running: &Running) {
    let stopped = Command::new("kill").args(["-STOP", &running.pid()]).status().unwrap();
    assert!(stopped.success());
    let state = |stat: &[u8]| {
        let after = stat.iter().rposition(|byte| *byte == b')').unwrap();
        stat[after + 2]
    };
    while state(&running.proc("stat")) != b'T' {
        std::thread::yield_now();
    }
}

/// Processes of different kinds, with what they are called; without those that aren't installed.
fn zoo(folder: &Path) -> Vec<(&'static str, Running)> {
    let there = |name: &str| {
        let path = std::env::var("PATH").unwrap();
        let there = path.split(':').any(|dir| Path::new(dir).join(name).exists());
        if !there {
            eprintln!("{name} is not installed: no such process is looked at");
        }
        there
    };
    let mut all = Vec::new();
    // What was just compiled would be written to the disk in between, and be dirty no more.
    let sync = |path: &Path| std::fs::File::open(path).unwrap().sync_all().unwrap();
    let pause = c_program(folder, "pause", PAUSE, &[]);
    sync(&pause);
    all.push(("C", frozen(&mut Command::new(pause))));
    let many = c_program(folder, "many", MANY, &[]);
    sync(&many);
    all.push(("20,000 mappings", frozen(&mut Command::new(many))));
    if there("bash") {
        let mut bash = Command::new("bash");
        all.push(("bash", frozen(bash.args(["-c", "echo ready; read x"]).stdin(Stdio::piped()))));
    }
    if there("python3") {
        let threads = "import threading, time\n\
            for i in range(4): threading.Thread(target=time.sleep, args=(999,), daemon=True).start()\n\
            print('ready', flush=True)\ntime.sleep(999)";
        all.push(("python3", frozen(Command::new("python3").args(["-c", threads]))));
    }
    if there("node") {
        let script = "console.log('ready'); setTimeout(() => 0, 1e6)";
        all.push(("node", frozen(Command::new("node").args(["-e", script]))));
    }
    if there("javac") {
        let source = "class Wait { public static void main(String[] words) throws Exception {\n\
            System.out.println(\"ready\"); Thread.sleep(1000000); } }\n";
        std::fs::write(folder.join("Wait.java"), source).unwrap();
        let mut java = Command::new("java");
        all.push(("java", frozen(java.args(["-Xmx64m", "Wait.java"]).current_dir(folder))));
    }
    if there("busybox") {
        let script = "echo ready; read x";
        let mut busybox = Command::new("busybox");
        all.push(("busybox", frozen(busybox.args(["sh", "-c", script]).stdin(Stdio::piped()))));
    }
    // lx itself: it waits until somebody reads what it has to say of the many mappings.
    let mut itself = Command::new(common::lx_path());
    sync(&common::lx_path());
    let running = Running::spawn(itself.args(["maps", &all[1].1.pid()]));
    while running.proc("wchan").is_empty() || !running.proc("stat").ends_with(b"\n") {
        std::thread::yield_now();
    }
    std::thread::sleep(std::time::Duration::from_millis(200));
    freeze(&running);
    all.push(("lx", running));
    all
}

/// As many mappings as the system lets it have, up to 20,000.
const MANY: &str = "#include <stdio.h>\n#include <sys/mman.h>\n#include <unistd.h>\n\
    int main() {\n\
    char *p = mmap(0, 20000L << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);\n\
    for (long i = 0; i < 20000; i += 2) mprotect(p + (i << 12), 4096, PROT_READ);\n\
    for (long i = 1; i < 20000; i += 6) p[i << 12] = 1;\n\
    puts(\"ready\"); fflush(stdout); for (;;) pause(); }\n";

/// What pmap 4.0.2 prints; none where it isn't installed.
fn pmap(words: &[&str]) -> Option<String> {
    let version = Command::new("pmap").arg("--version").output();
    let is_it = |text: &[u8]| text.ends_with(b" 4.0.2\n");
    if !version.is_ok_and(|version| is_it(&version.stdout)) {
        eprintln!("pmap of procps 4.0.2 is not installed: nothing is compared with it here");
        return None;
    }
    let run = Command::new("pmap").args(words).env("LC_ALL", "C.UTF-8").output().unwrap();
    assert!(run.status.success(), "{words:?}");
    Some(String::from_utf8(run.stdout).unwrap())
}

/// The lines without what depends on who else has the same files mapped, which pmap and lx do
/// themselves: proportional sizes, and which pages are private.
fn steady(text: &str) -> Vec<String> {
    let head = text.lines().find(|line| line.contains(" Pss ")).unwrap_or_default();
    let names: Vec<&str> = head.split_whitespace().collect();
    let unsteady = |name: &str| {
        [
            "Pss",
            "Pss_Dirty",
            "Shared_Clean",
            "Shared_Dirty",
            "Private_Clean",
            "Private_Dirty",
            "SwapPss",
        ]
        .contains(&name)
    };
    // Columns end where their names do.
    let mut cuts = Vec::new();
    let mut at = 0;
    for name in names {
        let start = at + head[at..].find(name).unwrap();
        let end = start + name.len();
        if unsteady(name) {
            cuts.push((at, end));
        }
        at = end;
    }
    let cut = |line: &str| {
        let mut line = line.as_bytes().to_vec();
        // Out with them, since they are as wide as what is in them.
        for &(from, to) in cuts.iter().rev() {
            if to <= line.len() {
                line.drain(from..to);
            }
        }
        String::from_utf8(line).unwrap()
    };
    text.lines().map(cut).collect()
}

#[track_caller]
fn same(what: &str, expected: &str, found: &str) {
    let (expected, found) = (steady(expected), steady(found));
    let differs = expected.iter().zip(&found).find(|(one, other)| one != other);
    assert_eq!(differs, None, "{what}");
    assert_eq!(expected.len(), found.len(), "{what}");
}

#[test]
fn what_the_kernel_and_pmap_say() {
    let zoo = zoo(&scratch("maps-zoo"));
    for (kind, running) in &zoo {
        let pid = &running.pid();
        let maps = String::from_utf8(running.proc("maps")).unwrap();
        let found = output(&["maps", pid]);
        assert!(found == maps, "{kind}: not the lines of /proc/{pid}/maps");
        let low = maps.lines().nth(3).and_then(|line| line.split('-').next()).unwrap();
        let range = format!("{low},ffffffffff600000");
        // What is behind a range doesn't count, what is before it does.
        let middle = maps.lines().nth(5).and_then(|line| line.split('-').next()).unwrap();
        let middle = format!("{low},{middle}");
        for options in [
            &["-r"][..],
            &["-p"],
            &["-x"],
            &["-X"],
            &["-XX"],
            &["-d"],
            &["-q"],
            &["-px"],
            &["-pd"],
            &["-xq"],
            &["-dq"],
            &["-XXp"],
            &["-Xp"],
            &["-A", &range],
            &["-x", "-A", &range],
            &["-x", "-A", &middle],
            &["-d", "-A", low],
        ] {
            let Some(expected) = pmap(&[options, &[pid]].concat()) else { return };
            let found = output(&[&["maps"], options, &[pid.as_str()]].concat());
            same(&format!("{kind} {options:?}"), &expected, &found);
        }
        // Without a header, columns are as wide as the numbers in them are now.
        let quiet = pmap(&["-Xq", pid]).unwrap();
        let found = output(&["maps", "-Xq", pid]);
        assert_eq!(quiet.lines().count(), found.lines().count());
        let words = |text: &str| text.split_whitespace().map(String::from).collect::<Vec<_>>();
        for (one, other) in quiet.lines().zip(found.lines()).skip(1) {
            let (mut one, mut other) = (words(one), words(other));
            for row in [&mut one, &mut other] {
                // Pss and Pss_Dirty
                row.drain(7..9);
            }
            assert_eq!(one, other, "{kind}");
        }
    }
    // Widths and totals of -X go on from one process to the next.
    let pids: Vec<String> = zoo.iter().map(|(_, running)| running.pid()).collect();
    let pids: Vec<&str> = pids.iter().map(String::as_str).collect();
    for option in ["-x", "-d", "-p"] {
        let Some(expected) = pmap(&[&[option], &pids[..]].concat()) else { return };
        let found = output(&[&["maps", option], &pids[..]].concat());
        same(option, &expected, &found);
    }
}

/// What gdb says is mapped: first and last address, offset and name of each.
fn gdb_mappings(words: &[&str]) -> Option<Vec<[String; 4]>> {
    let said = gdb(&[&["-ex", "set architecture i386:x86-64"], words].concat())?;
    let mut rows = Vec::new();
    for line in said.lines().filter(|line| line.trim_start().starts_with("0x")) {
        let mut rest = line;
        let mut word = || {
            let (word, after) = rest.trim_start().split_once(' ').unwrap_or((rest.trim(), ""));
            rest = after;
            word.trim_start_matches("0x").to_string()
        };
        let (start, end, _, offset) = (word(), word(), word(), word());
        let name = rest.trim_start();
        // Of a process there are permissions, too; of a core file the path comes next.
        let name = if name.starts_with(['r', '-']) { &name[4..] } else { name };
        rows.push([start, end, offset, name.trim().to_string()]);
    }
    if rows.is_empty() {
        eprintln!("gdb can't tell of mappings here: {said}");
        return None;
    }
    Some(rows)
}

/// The same of lines of maps.
fn own_mappings(text: &str) -> Vec<[String; 4]> {
    let bare = |text: &str| match text.trim_start_matches('0') {
        "" => "0".to_string(),
        bare => bare.to_string(),
    };
    let of = |line: &str| {
        let (range, rest) = line.split_once(' ').unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let mut words = rest.splitn(5, ' ');
        let offset = words.nth(1).unwrap();
        let name = words.nth(2).unwrap_or_default().trim();
        [bare(start), bare(end), bare(offset), name.to_string()]
    };
    text.lines().map(of).collect()
}

#[test]
fn what_gdb_says() {
    for (kind, running) in &zoo(&scratch("maps-gdb")) {
        let pid = &running.pid();
        let ask = format!("info proc mappings {pid}");
        let Some(expected) = gdb_mappings(&["-ex", &ask]) else { return };
        let found = own_mappings(&output(&["maps", pid]));
        let differs = expected.iter().zip(&found).find(|(one, other)| one != other);
        assert_eq!((differs, expected.len()), (None, found.len()), "{kind}");
        // The last byte of each, of which there are not too many.
        let step = expected.len().div_ceil(40);
        for [start, end, offset, name] in expected.into_iter().step_by(step) {
            let number = |text: &str| u64::from_str_radix(text, 16).unwrap();
            let last = number(&end) - 1;
            for parse in [&["--parse"][..], &[]] {
                let at = format!("{last:x}");
                let said = output(&[&["maps", "--at", &at], parse, &[pid.as_str()]].concat());
                let mut lines = said.lines().skip(1);
                let mapping = lines.next().unwrap();
                let range = format!("  mapping   {:0>8}-{:0>8} ", start, end);
                assert!(mapping.starts_with(&range) && mapping.ends_with(&name), "{kind}: {said}");
                if name.starts_with('/') {
                    let place = number(&offset) + (last - number(&start));
                    let line = format!("  offset    0x{place:x}");
                    assert_eq!(lines.next(), Some(line.as_str()), "{kind}: {said}");
                }
            }
        }
    }
}

#[test]
fn what_pmap_says_of_none_and_of_odd_words() {
    // Zeros, control characters, a byte that isn't UTF-8, and more of each behind it.
    let folder = scratch("maps-words");
    let pause = c_program(&folder, "pause", PAUSE, &[]);
    for words in [&b"a\x01\x7f\t\xc3\xa4\xff\xc3\xa4\x01\t\nz"[..], b"\xff\x7f", b"\x01\xc3\xa4\n"]
    {
        use std::os::unix::ffi::OsStrExt;
        let mut command = Command::new(&pause);
        command.arg(std::ffi::OsStr::from_bytes(words)).arg("last");
        let running = frozen(&mut command);
        for option in ["-q", "-x", "-X"] {
            let Some(expected) = pmap(&[option, &running.pid()]) else { return };
            let found = output(&["maps", option, &running.pid()]);
            assert_eq!(found.lines().next(), expected.lines().next());
        }
    }
    let mut child = Command::new("true").spawn().unwrap();
    let (gone, own) = (child.id().to_string(), std::process::id().to_string());
    child.wait().unwrap();
    for words in [&[gone.as_str()][..], &[&own, &gone], &[&gone, &own], &[&gone, &gone]] {
        for option in ["-x", "-X", "-d", "-p", "-q", "-r", "-A0"] {
            let words = [&[option], words].concat();
            let said = run(&[&["maps"], words.as_slice()].concat());
            assert_eq!(said.status, Some(42), "{words:?}");
            let message = format!("lx maps: {gone}: No such process\n");
            assert!(String::from_utf8(said.stderr).unwrap().starts_with(&message));
            let peer = Command::new("pmap").args(&words).output();
            let Ok(peer) = peer.map(|peer| peer.status.code()) else { continue };
            assert_eq!(peer, said.status, "{words:?}");
        }
    }
    // Both: no process, and no file.
    assert_eq!(run(&["maps", "-x", &gone, "./none"]).status, Some(43));
    assert_eq!(run(&["maps", &gone]).status, Some(1));
}

#[test]
fn a_process_in_other_namespaces() {
    let pause = c_program(&scratch("maps-namespaces"), "pause", PAUSE, &[]);
    let mut command = Command::new("unshare");
    let script = "\"$1\" & wait";
    command.args(["-pfm", "--mount-proc", "sh", "-c", script, "sh"]).arg(&pause);
    let probe = Command::new("unshare").args(["-pfm", "--mount-proc", "true"]).status();
    if !probe.is_ok_and(|status| status.success()) {
        return eprintln!("no other namespaces can be made here");
    }
    // It is the child of the child, and has a small number there.
    let (mut shell, _) = Running::start(&mut command);
    let child = |pid: &str| {
        let path = format!("/proc/{pid}/task/{pid}/children");
        std::fs::read_to_string(path).map(|text| text.trim().to_string())
    };
    let pid = child(&shell.pid()).and_then(|first| child(&first));
    let Ok(pid) = pid else { return eprintln!("this kernel doesn't tell of children") };
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert!(status.contains("\t2\n"), "{status}");
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    assert_eq!(output(&["maps", &pid]), maps);
    let code = maps.lines().find(|line| line.contains("r-xp")).unwrap();
    let at = output(&["maps", "--at", code.split('-').next().unwrap(), &pid]);
    assert!(at.contains("/pause\n") && at.contains("  section   ."), "{at}");
    // Killing the first process of a namespace ends all that are in it.
    let first = child(&shell.pid()).unwrap();
    assert!(Command::new("kill").args(["-KILL", &first]).status().unwrap().success());
    shell.child.wait().unwrap();
}

#[test]
fn names_that_could_drive_a_terminal() {
    let folder = scratch("maps-names");
    let source = "#include <fcntl.h>\n#include <stdio.h>\n#include <sys/mman.h>\n\
        #include <unistd.h>\n\
        int main(int argc, char **argv) { for (int i = 1; i < argc; i++) {\n\
        int fd = open(argv[i], O_RDWR | O_CREAT, 0600); ftruncate(fd, 4096);\n\
        mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0); if (argv[i][0] == 'g') unlink(argv[i]); }\n\
        mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);\n\
        int fd = memfd_create(\"m\", 0); ftruncate(fd, 4096);\n\
        mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0);\n\
        puts(\"ready\"); fflush(stdout); for (;;) pause(); }\n";
    let path = c_program(&folder, "names", source, &["-D_GNU_SOURCE"]);
    let mut command = Command::new(path);
    command.current_dir(&folder).args(["a\x1b[31m\tb", "c\nd", "\u{e4}", "gone", "x (deleted)"]);
    let (running, _) = Running::start(&mut command);
    let pid = &running.pid();
    let text = output(&["maps", pid]);
    assert!(!common::drives_terminal(text.as_bytes()) && !text.contains('\t'), "{text}");
    for name in ["/a\\033[31m\\011b\n", "/c\\012d\n", "/\u{e4}\n", "/gone (deleted)\n"] {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert_eq!(run(&["maps", "--raw", pid]).stdout, running.proc("maps"));
    let json = output(&["maps", "--json", pid]);
    assert!(json.contains("/a\\u001b[31m\\tb\"") && json.contains("/c\\nd\""), "{json}");

    // Only what is really gone; neither a file of such a name nor what never was one.
    let deleted = output(&["maps", "--deleted", pid]);
    assert!(deleted.ends_with("/gone (deleted)\n") && deleted.lines().count() == 1, "{deleted}");
    let named = output(&["maps", "--name", "[cg]o*", pid]);
    assert_eq!(named, deleted);
    let all = output(&["maps", pid]);
    let shared: String =
        all.lines().filter(|l| l.contains("r--s")).map(|l| format!("{l}\n")).collect();
    assert_eq!(output(&["maps", "--perms", "r--s", pid]), shared);
    assert_eq!(
        output(&["maps", "--perms=rx", pid]).lines().filter(|l| !l.contains("r-x")).count(),
        0
    );
    let header = output(&["maps", "-H", pid]);
    assert_eq!(header.split_once('\n').unwrap().1, all);
    assert_eq!(
        header.lines().next().unwrap().find("pathname"),
        all.lines().find_map(|line| line.find('/')),
    );
}

#[test]
fn what_lies_at_an_address() {
    let folder = scratch("maps-at");
    let source = "#include <stdio.h>\n#include <unistd.h>\n#include <stdlib.h>\n\
        char in_bss[100000]; int in_data = 1; const char in_rodata[] = \"x\";\n\
        int in_text(int x) { return x * 7 + in_data; }\n\
        int main() { printf(\"%p %p %p %p %p %p\\n\", in_text + 3, &in_data, in_bss + 99990,\n\
        in_rodata, printf, malloc(10)); puts(\"ready\"); fflush(stdout); for (;;) pause(); }\n";
    let path = c_program(&folder, "at", source, &["-g0"]);
    let (running, text) = Running::start(&mut Command::new(&path));
    let pid = &running.pid();
    let addresses: Vec<&str> = text.split_whitespace().collect();
    let all = addresses.join(",");
    let asked = output(&["maps", "--at", &all, pid]);
    assert_eq!(asked, output(&["maps", "--parse", "--at", &all, pid]), "with the ioctl, without");
    let blocks: Vec<&str> = asked.split("0x").collect();
    assert!(blocks.len() > 6);
    for expected in [
        "  section   .text",
        "  symbol    in_text + 0x3\n",
        "  section   .data",
        "  symbol    in_data\n",
        "  section   .bss",
        "  symbol    in_bss + 0x18696\n",
        "  section   .rodata",
        "  symbol    in_rodata\n",
        "[heap]\n",
    ] {
        assert!(asked.contains(expected), "{expected}: {asked}");
    }
    let maps = String::from_utf8(running.proc("maps")).unwrap();
    for (address, block) in addresses.iter().zip(asked.split("\n0x")) {
        let at = u64::from_str_radix(&address[2..], 16).unwrap();
        let line = maps.lines().find(|line| {
            let (low, rest) = line.split_once('-').unwrap();
            let high = rest.split(' ').next().unwrap();
            let number = |text| u64::from_str_radix(text, 16).unwrap();
            number(low) <= at && at < number(high)
        });
        let range = line.unwrap().split(' ').next().unwrap();
        assert!(block.contains(&format!("mapping   {range} ")), "{address}: {block}");
    }
    let missing = run(&["maps", "--at", "10", pid]);
    assert_eq!(missing.status, Some(1));
    assert_eq!(missing.stderr, format!("lx maps: {pid}: nothing is mapped at 0x10\n").into_bytes());

    // gdb names one of several symbols at the same place: of those in the program there is one.
    let words: Vec<String> = addresses.iter().take(4).map(|a| format!("info symbol {a}")).collect();
    let mut args = vec!["-p", pid.as_str()];
    for word in &words {
        args.extend(["-ex", word]);
    }
    let Some(said) = gdb(&args) else { return };
    for expected in [
        "in_text + 3 in section .text",
        "in_data in section .data",
        "in_bss + 99990 in section .bss",
        "in_rodata in section .rodata",
    ] {
        if !said.contains("in section") {
            eprintln!("gdb may not look at processes here");
            return;
        }
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn a_picture_totals_and_gaps() {
    let pause = c_program(&scratch("maps-picture"), "pause", PAUSE, &[]);
    let (running, _) = Running::start(&mut Command::new(pause));
    let pid = &running.pid();
    let maps = String::from_utf8(running.proc("maps")).unwrap();
    let picture = output(&["maps", "--draw", pid]);
    assert!(picture.lines().all(|line| line.len() <= 80), "{picture}");
    let first = maps.split('-').next().unwrap();
    assert!(picture.starts_with(&format!("{first:0>16}  rodata")), "{picture}");
    for part in ["text", "data", "stack", "vdso", "[stack]", "~"] {
        assert!(picture.contains(part), "{part}: {picture}");
    }
    let summary = output(&["maps", "--summary", pid]);
    let total = summary.lines().last().unwrap().split_whitespace().nth(1).unwrap();
    assert_eq!(total, maps.lines().count().to_string());
    let gaps = output(&["maps", "--gaps", pid]);
    let without: String =
        gaps.lines().filter(|l| !l.contains("[gap]")).map(|l| format!("{l}\n")).collect();
    assert_eq!(without, maps);
    // Nothing is left out between the first address and the last.
    let ranges: Vec<&str> = gaps.lines().map(|line| line.split(' ').next().unwrap()).collect();
    for two in ranges.windows(2) {
        assert_eq!(two[0].split('-').nth(1), two[1].split('-').next());
    }
    let coloured = output(&["maps", "--color=always", pid]);
    assert!(coloured.contains("\x1b[32m"));
    let mut plain = coloured;
    for code in [
        "\x1b[m", "\x1b[32m", "\x1b[33m", "\x1b[34m", "\x1b[35m", "\x1b[36m", "\x1b[31m", "\x1b[2m",
    ] {
        plain = plain.replace(code, "");
    }
    assert_eq!(plain, maps);
}

#[test]
fn memory_into_a_file() {
    let folder = scratch("maps-dump");
    let source = "#include <stdio.h>\n#include <sys/mman.h>\n#include <string.h>\n\
        #include <unistd.h>\n\
        int main() { char *p = mmap(0, 4 << 12, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);\n\
        memset(p, 'x', 4 << 12); mprotect(p + 4096, 4096, 0); memset(p + 8192, 0, 4096);\n\
        printf(\"%lx\\n\", (long)p); puts(\"ready\"); fflush(stdout); for (;;) pause(); }\n";
    let path = c_program(&folder, "dump", source, &[]);
    let (running, text) = Running::start(&mut Command::new(path));
    let start = u64::from_str_radix(text.trim(), 16).unwrap();
    let file = folder.join("out");
    let range = format!("{:x}-{:x}", start + 16, start + 4 * 4096 - 16);
    let said = run(&["maps", "--dump", &range, "-o", file.to_str().unwrap(), &running.pid()]);
    assert_eq!((said.status, said.stdout.len(), said.stderr.len()), (Some(0), 0, 0));
    let mut expected = vec![b'x'; 4 * 4096];
    expected[4096..3 * 4096].fill(0);
    assert!(std::fs::read(&file).unwrap() == expected[16..4 * 4096 - 16]);
    use std::os::unix::fs::MetadataExt;
    assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    let nowhere = run(&["maps", "--dump", "0-1000", "-o", "/dev/null/x", &running.pid()]);
    assert_eq!((nowhere.status, nowhere.stdout.len()), (Some(1), 0));
}

#[test]
fn a_core_file() {
    let folder = scratch("maps-core");
    let pause = c_program(&folder, "pause", PAUSE, &[]);
    let (running, _) = Running::start(&mut Command::new(pause));
    let maps = String::from_utf8(running.proc("maps")).unwrap();
    let Some(core) = running.core(&folder.join("core")) else { return };
    let core = core.to_str().unwrap();
    let found = output(&["maps", core]);
    assert!(found.contains("[stack]") && found.contains("[vdso]") && found.contains("/pause"));
    // Each is one of the process's, up to what a core file doesn't know.
    let (all, here) = (own_mappings(&maps), own_mappings(&found));
    for [start, end, offset, name] in &here {
        let known = |[a, b, c, d]: &&[String; 4]| {
            a == start && b == end && c == offset && (d == name || name.is_empty())
        };
        assert!(all.iter().any(|one| known(&one)), "{start} {name}\n{maps}");
    }
    // Of files all, also those that gdb left out of the segments, in order.
    let of_files = |all: &[[String; 4]]| -> Vec<_> {
        all.iter().filter(|[_, _, _, name]| name.starts_with('/')).cloned().collect()
    };
    assert_eq!(of_files(&here), of_files(&all));
    assert!(found.contains(" ???? "), "{found}");
    assert!(here.is_sorted_by_key(|[start, ..]| u64::from_str_radix(start, 16).unwrap()));
    if let Some(expected) = gdb_mappings(&["-c", core, "-ex", "info proc mappings"]) {
        assert_eq!(of_files(&here), expected);
    }
    let code = maps.lines().find(|line| line.contains("r-xp") && line.contains("/pause")).unwrap();
    let code = code.split('-').next().unwrap();
    assert!(output(&["maps", "--at", code, core]).contains("  section   ."));
    assert!(output(&["maps", "--summary", core]).contains("\nfile "));
    assert!(output(&["maps", "--perms=x", core]).lines().all(|line| !line.contains('?')));
    refused(&["maps", "-x", core], &format!("lx maps: {core}: the core file doesn't tell\n"));
    assert!(output(&["maps", "--json", core]).starts_with("[{\"core\":"));
}

#[test]
fn a_core_file_of_the_kernel() {
    let folder = scratch("maps-kernel-core");
    let pause = c_program(&folder, "pause", PAUSE, &[]);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -c unlimited && exec \"$0\""]).arg(&pause).current_dir(&folder);
    let (mut running, _) = Running::start(&mut command);
    let maps = String::from_utf8(running.proc("maps")).unwrap();
    let killed = Command::new("kill").args(["-SEGV", &running.pid()]).status().unwrap();
    assert!(killed.success());
    running.child.wait().unwrap();
    let is_core = |name: &String| name.starts_with("core");
    let names = std::fs::read_dir(&folder).unwrap();
    let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let Some(core) = names.find(is_core) else {
        return eprintln!("the kernel writes no core file here");
    };
    let core = folder.join(core);
    // It has all but the page of old system calls, and no names that aren't files'.
    let known = |[start, end, offset, name]: [String; 4]| {
        let is_known = name.starts_with('/') || name == "[stack]" || name == "[vdso]";
        [start, end, offset, if is_known { name } else { String::new() }]
    };
    let of = |text: &str| -> Vec<[String; 4]> {
        own_mappings(text)
            .into_iter()
            .filter(|[start, ..]| start != "ffffffffff600000")
            .map(known)
            .collect()
    };
    assert_eq!(of(&output(&["maps", core.to_str().unwrap()])), of(&maps));
}

#[test]
fn what_has_no_maps() {
    let mut child = Command::new("true").spawn().unwrap();
    let pid = child.id().to_string();
    let state = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    while !state().contains(") Z ") {
        std::thread::yield_now();
    }
    for option in ["-H", "-x", "-X", "--json"] {
        let said = run(&["maps", option, &pid]);
        let message = format!("lx maps: {pid}: a zombie: its memory is gone\n");
        assert_eq!(String::from_utf8_lossy(&said.stderr), message);
        assert_eq!(said.status, Some(1));
    }
    child.wait().unwrap();
    refused(&["maps", &pid], &format!("lx maps: {pid}: No such process\n"));
    for (words, message) in [
        (&["-A", "x"][..], "lx maps: invalid argument 'x' for '-A'\n"),
        (&["--at="], "lx maps: invalid argument '' for '--at'\n"),
        (&["--dump", "5-1"], "lx maps: invalid argument '5-1' for '--dump'\n"),
        (&["--dump", "1-5"], "lx maps: --dump and -o belong together\n"),
        (&["--perms", "rq"], "lx maps: invalid argument 'rq' for '--perms'\n"),
    ] {
        let said = run(&[&["maps"], words].concat());
        let message = format!("{message}Try 'lx maps --help' for more information.\n");
        assert_eq!(String::from_utf8_lossy(&said.stderr), message);
        assert_eq!((said.status, said.stdout.len()), (Some(1), 0));
    }
    let full = lx().arg("maps").output().unwrap();
    assert!(String::from_utf8(full.stdout).unwrap().contains("[stack]"));
}

#[test]
fn processes_that_end_meanwhile() {
    let folder = scratch("maps-churn");
    let last = std::fs::read_to_string("/proc/self/maps").unwrap();
    let vsyscall = last.contains("[vsyscall]");
    for option in ["--raw", "-p", "-X"] {
        while_they_end(&folder, &["maps", option], 150, &|text, path| {
            text.contains(path.file_name().unwrap().to_str().unwrap())
                && text.contains("stack")
                && (!vsyscall || text.contains("ffffffffff600000"))
        });
    }
}
