//! `lx auxv`: equal to what the process itself printed, and to gdb.

mod common;

use common::process::{PAUSE, Running, c_program, gdb, output, refused, run, while_they_end};
use common::{lx_path, scratch};
use std::path::Path;
use std::process::Command;

/// The rows of gdb, or in its form: number, name, and the value behind the description.
fn rows(text: &str) -> Vec<(String, String, String)> {
    let is_row = |line: &&str| {
        let mut words = line.split_whitespace();
        let number = words.next().is_some_and(|word| word.parse::<i64>().is_ok());
        number && words.next().is_some_and(|name| name == "???" || name.starts_with("AT_"))
    };
    let row = |line: &str| {
        let mut words = line.split_whitespace();
        let (number, name) = (words.next().unwrap(), words.next().unwrap());
        // A description may be longer than its column.
        let at = line.len().min(57);
        let value = line[at..].find(|c: char| c.is_ascii_digit() || c == '-').unwrap_or(0);
        (number.into(), name.into(), line[at + value..].into())
    };
    text.lines().filter(is_row).map(row).collect()
}

/// That lx prints gdb's rows; those to which gdb gives no name count by number and value.
#[track_caller]
fn same_as_gdb(gdb: &str, lx: &str) {
    let number = |text: &str| match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    let (gdb_rows, lx_rows) = (rows(gdb), rows(lx));
    assert_eq!(gdb_rows.len(), lx_rows.len(), "{gdb}\n{lx}");
    for (gdb, lx) in gdb_rows.iter().zip(&lx_rows) {
        let nameless = gdb.1 == "???" && gdb.0 == lx.0 && number(&gdb.2) == number(&lx.2);
        assert!(gdb == lx || nameless, "{gdb:?} {lx:?}");
    }
    // Spaces, too.
    for line in gdb.lines().filter(|line| line.contains(" AT_")) {
        assert!(lx.lines().any(|lx| lx == line), "{line}\n{lx}");
    }
}

#[test]
fn is_what_the_process_printed() {
    let folder = scratch("auxv-printed");
    let source = PAUSE.replace(
        "puts(",
        "\n#ifdef __GLIBC__\nextern const char *gnu_get_libc_version(void);\n\
         printf(\"%s\\n\", gnu_get_libc_version());\n#endif\nputs(",
    );
    let path = c_program(&folder, "pause", &source, &[]);
    let (child, printed) = Running::start(Command::new(path).env("LD_SHOW_AUXV", "1"));
    let Some(printed) = printed.strip_suffix("2.36\n") else {
        return eprintln!("no glibc 2.36: nothing is compared with LD_SHOW_AUXV: {printed}");
    };
    let text = output(&["auxv", &child.pid()]);
    let (printed, lines): (Vec<_>, Vec<_>) = (printed.lines().collect(), text.lines().collect());
    assert!(printed.len() > 15);
    for (theirs, ours) in printed.iter().zip(&lines) {
        // The two that this glibc has no name for.
        let (theirs, ours) = match *theirs {
            "AT_??? (0x1b): 0x1c" => ("AT_RSEQ_FEATURE_SIZE: 28", *ours),
            "AT_??? (0x1c): 0x20" => ("AT_RSEQ_ALIGN:        32", *ours),
            theirs if theirs.starts_with("AT_???") => (theirs, &ours[..6]),
            theirs => (theirs, *ours),
        };
        assert_eq!(theirs, ours);
    }
    assert_eq!(printed.len(), lines.len());
}

#[test]
fn is_what_gdb_prints_of_a_process_and_of_its_core() {
    let folder = scratch("auxv-gdb");
    let (child, _) = Running::start(&mut Command::new(c_program(&folder, "pause", PAUSE, &[])));
    let Some(text) = gdb(&["-p", &child.pid(), "-ex", "info auxv"]) else { return };
    if !text.contains("AT_PAGESZ") {
        return eprintln!("gdb can't trace here: {text}");
    }
    same_as_gdb(&text, &output(&["auxv", "-v", &child.pid()]));
    let Some(core) = child.core(&folder.join("core")) else { return };
    let core = core.to_str().unwrap();
    let text = gdb(&["-c", core, "-ex", "info auxv"]).unwrap();
    same_as_gdb(&text, &output(&["auxv", "-v", core]));
    assert_eq!(output(&["auxv", core]), output(&["auxv", &child.pid()]));
    // Where the files were that addresses point into.
    let decoded = output(&["auxv", "--decode", core]);
    let phdr = decoded.lines().find(|line| line.starts_with("AT_PHDR:")).unwrap();
    assert!(phdr.ends_with(&format!(" {}/pause+0x40", folder.display())), "{phdr}");
}

/// A 32-bit program that waits; none where that can't be built or run here.
fn program_32(folder: &Path) -> Option<Running> {
    // write(1, "ready\n", 6), then pause() for ever.
    let source = ".globl _start\n_start: mov $4, %eax\nmov $1, %ebx\nmov $text, %ecx\n\
        mov $6, %edx\nint $0x80\n1: mov $29, %eax\nint $0x80\njmp 1b\n.data\ntext: .ascii \"ready\\n\"\n";
    std::fs::write(folder.join("pause.s"), source).unwrap();
    let tool = |name: &str, args: &[&str]| {
        let run = Command::new(name).args(args).current_dir(folder).status();
        run.is_ok_and(|status| status.success())
    };
    let built = tool("as", &["--32", "pause.s", "-o", "pause.o"])
        && tool("ld", &["-m", "elf_i386", "pause.o", "-o", "pause-32"]);
    if !built {
        eprintln!("as and ld can't make 32-bit programs here");
        return None;
    }
    match Command::new(folder.join("pause-32")).arg("probe").spawn() {
        Ok(mut probe) => {
            let _ = (probe.kill(), probe.wait());
        }
        Err(error) => {
            eprintln!("this kernel runs no 32-bit programs: {error}");
            return None;
        }
    }
    let mut command = Command::new(folder.join("pause-32"));
    Some(Running::start(command.args(["one", "two words"]).env_clear().env("A", "b")).0)
}

#[test]
fn a_32_bit_process_and_its_core() {
    let folder = scratch("auxv-32");
    let Some(child) = program_32(&folder) else { return };
    let text = output(&["auxv", &child.pid()]);
    let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    assert_eq!(line("AT_PHENT:"), "AT_PHENT:             32");
    assert_eq!(line("AT_PHDR:"), "AT_PHDR:              0x8048034");
    assert!(line("AT_EXECFN:").ends_with("/pause-32"), "{text}");
    assert!(line("AT_PLATFORM:").starts_with("AT_PLATFORM:          i"), "{text}");
    assert!(output(&["auxv", "--json", &child.pid()]).contains("\"bits\":32"));
    assert_eq!(
        output(&["args", &child.pid()]).lines().skip(1).collect::<Vec<_>>(),
        ["one", "two words"]
    );
    let Some(core) = child.core(&folder.join("core")) else { return };
    let core = core.to_str().unwrap();
    assert_eq!(output(&["auxv", core]), text);
    assert_eq!(output(&["args", core]), output(&["args", &child.pid()]));
    assert_eq!(output(&["env", core]), "A=b\n");
    // What gdb leaves out of the segments NT_FILE has, in numbers of 32 bits.
    let maps = output(&["maps", core]);
    for line in output(&["maps", &child.pid()]).lines().filter(|line| line.contains("/pause-32")) {
        let [range, offset, name] = [0, 2, 5].map(|n| line.split_whitespace().nth(n).unwrap());
        let is_it =
            |line: &str| line.starts_with(range) && line.contains(offset) && line.ends_with(name);
        assert!(maps.lines().any(is_it), "{line}\n{maps}");
    }
    if let Some(text) = gdb(&["-c", core, "-ex", "info auxv"]) {
        same_as_gdb(&text, &output(&["auxv", "-v", core]));
    }
}

#[test]
fn of_lx_itself_nothing_is_opened() {
    let text = output(&["auxv"]);
    let execfn = text.lines().find_map(|line| line.strip_prefix("AT_EXECFN:"));
    assert_eq!(execfn.map(str::trim_start), lx_path().to_str());
    for applet in ["auxv", "env", "args"] {
        let strace = Command::new("strace").arg(lx_path()).arg(applet).output();
        let Ok(strace) = strace.map(|run| String::from_utf8_lossy(&run.stderr).into_owned()) else {
            return eprintln!("strace is not installed: system calls are not counted here");
        };
        if !strace.contains("execve(") {
            return eprintln!("strace can't trace here: {strace}");
        }
        let calls: Vec<_> = strace.lines().filter_map(|line| line.split_once('(')).collect();
        let names: Vec<_> = calls.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["execve", "write", "exit_group"], "{strace}");
    }
}

#[test]
fn values_are_decoded() {
    let folder = scratch("auxv-decode");
    let path = c_program(&folder, "pause", PAUSE, &[]);
    let (child, _) = Running::start(&mut Command::new(&path));
    let text = output(&["auxv", "-d", &child.pid()]);
    let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    let words = |name: &str| line(name).split(' ').collect::<Vec<_>>();
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap();
    let flags = cpu.lines().find(|line| line.starts_with("flags")).unwrap_or_default();
    let features = ["fpu", "cx8", "cmov", "mmx", "fxsr", "sse", "sse2", "clflush", "ht", "tsc"];
    for feature in features {
        let known = flags.split(' ').any(|flag| flag == feature);
        assert_eq!(words("AT_HWCAP:").contains(&feature), known, "{feature}: {text}");
    }
    let random = words("AT_RANDOM:");
    assert_eq!(random.iter().rev().take_while(|byte| byte.len() == 2).count(), 16, "{text}");
    let path = path.to_str().unwrap();
    assert!(line("AT_PHDR:").ends_with(&format!(" {path}+0x40")), "{text}");
    assert!(line("AT_ENTRY:").contains(&format!(" {path}+0x")), "{text}");
    if !line("AT_SYSINFO_EHDR:").is_empty() {
        assert!(line("AT_SYSINFO_EHDR:").ends_with(" [vdso]"), "{text}");
    }
}

/// A core file with these entries and, at 0x10000, these bytes.
fn core(entries: &[(u64, u64)], memory: &[u8]) -> Vec<u8> {
    let auxv: Vec<u8> =
        entries.iter().flat_map(|(k, v)| [k.to_le_bytes(), v.to_le_bytes()].concat()).collect();
    let note: Vec<u8> = [5, auxv.len() as u32, 6].iter().flat_map(|n| n.to_le_bytes()).collect();
    let note = [&note, &b"CORE\0\0\0\0"[..], &auxv].concat();
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    for half in [4u16, 62, 1, 0] {
        file.extend(half.to_le_bytes());
    }
    for word in [0u64, 64, 0] {
        file.extend(word.to_le_bytes());
    }
    for half in [0u16, 0, 64, 56, 2, 0, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    let start = 64 + 2 * 56;
    for (kind, offset, address, size) in [
        (4u64, start, 0, note.len() as u64),
        (1, start + note.len() as u64, 0x10000, memory.len() as u64),
    ] {
        for word in [kind, offset, address, 0, size, size, 4] {
            file.extend(word.to_le_bytes());
        }
    }
    [&file, &note[..], memory].concat()
}

#[test]
fn every_key_in_both_forms() {
    let folder = scratch("auxv-keys");
    let path = folder.join("core");
    let value = |key| if [15, 24, 31].contains(&key) { 0x10000 } else { 0x123 };
    let entries: Vec<_> = (1..60).chain([100, 1 << 40]).map(|key| (key, value(key))).collect();
    std::fs::write(&path, core(&[&entries[..], &[(0, 7), (6, 6)]].concat(), b"text\0")).unwrap();
    let path = path.to_str().unwrap();
    let text = output(&["auxv", path]);
    assert_eq!(text.lines().count(), entries.len());
    // As glibc 2.36 shows them, seen with such a vector put on a program's stack.
    for line in [
        "AT_EXECFD:            291",
        "AT_NOTELF:            123",
        "AT_FPUCW:             123",
        "AT_DCACHEBSIZE:       0x123",
        "AT_BASE_PLATFORM:     text",
        "AT_HWCAP:             123",
        "AT_HWCAP2:            0x123",
        "AT_L1I_CACHEGEOMETRY: 0x123",
        "AT_L3_CACHESIZE:      291",
        "AT_MINSIGSTKSZ:       291",
        "AT_SYSINFO:           0x123",
        "AT_??? (0x26): 0x123",
        "AT_??? (0x10000000000): 0x123",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
    }
    let ours = output(&["auxv", "-v", path]);
    assert!(ours.ends_with("\n0    AT_NULL              End of vector                  0x7\n"));
    if let Some(text) = gdb(&["-c", path, "-ex", "info auxv"]) {
        same_as_gdb(&text, &ours);
    }
}

#[test]
fn hostile_cores() {
    let folder = scratch("auxv-hostile");
    let path = folder.join("core");
    let name = path.to_str().unwrap();
    let write = |bytes: &[u8]| std::fs::write(&path, bytes).unwrap();
    // Names that would drive a terminal.
    write(&core(&[(31, 0x10000), (0, 0)], b"a\x1b[31m\n\xff\0"));
    assert_eq!(output(&["auxv", name]), "AT_EXECFN:            $'a\\033[31m\\n\\377'\n");
    // Strings that aren't there, or have no end.
    for (address, memory) in [(0x10000, &b"abc"[..]), (0, b""), (u64::MAX, b"")] {
        write(&core(&[(31, address), (6, 4096)], memory));
        let said = run(&["auxv", name]);
        let expected = format!("AT_EXECFN:            0x{address:x}\nAT_PAGESZ:            4096\n");
        assert_eq!(String::from_utf8(said.stdout).unwrap(), expected);
        let message = format!("lx auxv: {name}: AT_EXECFN: no string at 0x{address:x}\n");
        assert_eq!((said.status, String::from_utf8(said.stderr).unwrap()), (Some(1), message));
    }
    // Any part of a file: no panic, nothing that hangs.
    let whole = core(&[(25, 0x10010), (31, 0x10000), (15, 0x10000), (0, 0)], &[b'x'; 64]);
    for length in 0..whole.len() {
        write(&whole[..length]);
        for applet in ["auxv", "args", "env"] {
            let status = run(&[applet, name]).status;
            assert!(matches!(status, Some(0 | 1)), "{applet} {length}: {status:?}");
        }
    }
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        write(&bytes);
        let status = run(&["auxv", "-v", "-d", name]).status;
        assert!(matches!(status, Some(0 | 1)), "{at}: {status:?}");
    }
    refused(
        &["auxv", lx_path().to_str().unwrap()],
        &format!("lx auxv: {}: not a core file\n", lx_path().display()),
    );
}

#[test]
fn each_reason_has_its_sentence() {
    let folder = scratch("auxv-reasons");
    let pid_max = std::fs::read_to_string("/proc/sys/kernel/pid_max").unwrap();
    let absent = pid_max.trim();
    for applet in ["auxv", "args", "env"] {
        refused(&[applet, absent], &format!("lx {applet}: {absent}: No such process\n"));
        refused(
            &[applet, "./nothing"],
            &format!("lx {applet}: ./nothing: No such file or directory\n"),
        );
        refused(&[applet, "/"], &format!("lx {applet}: /: Is a directory\n"));
        refused(&[applet, "/dev/null"], &format!("lx {applet}: /dev/null: not a core file\n"));
        // What /proc itself would take for a process.
        for word in ["1/../self", "./0", "./01"] {
            refused(&[applet, word], &format!("lx {applet}: {word}: No such file or directory\n"));
        }
    }
    // One that nobody has waited for yet.
    let mut zombie = Command::new("true").spawn().unwrap();
    let pid = zombie.id().to_string();
    while !std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap().contains(") Z ") {
        std::thread::yield_now();
    }
    for applet in ["auxv", "args", "env"] {
        refused(&[applet, &pid], &format!("lx {applet}: {pid}: a zombie: its memory is gone\n"));
    }
    let said = run(&["auxv", "--why", &pid]);
    let parent = format!("process {},", std::process::id());
    assert!(String::from_utf8(said.stderr).unwrap().contains(&parent));
    zombie.wait().unwrap();
    // A kernel thread, where one can be seen.
    let is_thread = |stat: &String| stat.starts_with("2 (kthreadd)");
    if std::fs::read_to_string("/proc/2/stat").is_ok_and(|stat| is_thread(&stat)) {
        refused(&["args", "2"], "lx args: 2: a kernel thread: it has no memory of its own\n");
    } else {
        eprintln!("no kernel thread can be seen here");
    }
    // Others' and guarded ones.
    let source = "#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n#include <sys/prctl.h>\n\
        int main(int c, char **v) { if (c > 1) { setgid(65534); setuid(atoi(v[1])); }\n\
        prctl(PR_SET_DUMPABLE, c < 3); puts(\"ready\"); fflush(stdout); for (;;) pause(); }\n";
    let path = c_program(&folder, "guarded", source, &[]);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    if !status.contains("\nUid:\t0\t0\t") {
        return eprintln!("not root: processes of other users are not looked at");
    }
    let as_user = |words: &[&str]| {
        use std::os::unix::process::CommandExt;
        let run = Command::new(lx_path()).args(words).uid(65534).gid(65534).output();
        run.map(common::Said::of)
    };
    if !as_user(&["--version"]).is_ok_and(|said| said.status == Some(0)) {
        return eprintln!("another user can't run {}", lx_path().display());
    }
    let (other, _) = Running::start(Command::new(&path).arg("65533"));
    let (guarded, _) = Running::start(Command::new(&path).args(["65534", "x"]));
    for (child, sentence) in [
        (&other, "Permission denied: a process of user 65533"),
        (&guarded, "Permission denied: the process is guarded"),
    ] {
        let pid = child.pid();
        for applet in ["auxv", "env", "maps", "vdso"] {
            let said = as_user(&[applet, &pid]).unwrap();
            let stderr = String::from_utf8(said.stderr).unwrap();
            assert_eq!(stderr, format!("lx {applet}: {pid}: {sentence}\n"));
            assert_eq!((said.status, said.stdout.len()), (Some(1), 0));
        }
        // Arguments are everybody's.
        assert_eq!(as_user(&["args", "-0", &pid]).unwrap().stdout, child.proc("cmdline"));
    }
    // A /proc that hides them.
    let script = "mount -t proc -o hidepid=$3 proc /proc || exit 77\n\
        exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$1\" $4 \"$2\"";
    let applets = ["auxv", "args", "env", "maps", "vdso"];
    for (level, applet) in ["1", "2", "4"].iter().flat_map(|l| applets.map(|applet| (l, applet))) {
        let run = Command::new("unshare")
            .args(["-m", "sh", "-c", script, "sh"])
            .args([lx_path().to_str().unwrap(), &other.pid(), level, applet])
            .output();
        match run {
            Ok(run) if run.status.code() == Some(1) && run.stderr.starts_with(b"lx ") => {
                let sentence = "hidden: /proc is mounted with hidepid";
                let stderr = String::from_utf8(run.stderr).unwrap();
                assert_eq!(
                    stderr,
                    format!("lx {applet}: {}: {sentence}\n", other.pid()),
                    "{level}"
                );
            }
            _ => eprintln!("hidepid={level} can't be tried here"),
        }
    }
}

#[test]
fn processes_that_end() {
    let folder = scratch("auxv-ending");
    while_they_end(&folder, &["auxv"], 1000, &|text, path| {
        let execfn = text.lines().find_map(|line| line.strip_prefix("AT_EXECFN:"));
        let platform = text.lines().find_map(|line| line.strip_prefix("AT_PLATFORM:"));
        execfn.map(str::trim) == path.to_str() && platform.map(str::trim) == Some("x86_64")
    });
}

#[test]
fn json() {
    let text = output(&["auxv", "--json", "self", "self"]);
    assert!(text.starts_with("[{\"pid\":") && text.ends_with("]}]\n"), "{text}");
    assert!(text.contains("{\"a_type\":6,\"a_type_name\":\"AT_PAGESZ\",\"a_val\":4096}"), "{text}");
    // Of what can't be read there is no object.
    let said = run(&["auxv", "--json", "./nothing"]);
    assert_eq!((said.status, &said.stdout[..]), (Some(1), &b"[]\n"[..]));
}
