//! `lx args`: what a process was started with, whatever bytes that are.

mod common;

use common::process::{PAUSE, Running, c_program, output, refused, run, while_they_end};
use common::scratch;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

#[test]
fn arguments_of_all_kinds() {
    let folder = scratch("args-kinds");
    let path = c_program(&folder, "pause", PAUSE, &[]);
    let args: [&[u8]; 9] = [
        b"plain",
        b"two words",
        b"",
        b"it's",
        b"new\nline",
        b"\xff\xfe",
        b"\x1b[31m",
        b"a=b",
        "gr\u{fc}n $HOME `x` \\".as_bytes(),
    ];
    let args = args.map(OsStr::from_bytes);
    let (child, _) = Running::start(Command::new(&path).arg0("name").args(args));
    let pid = child.pid();
    let expected = "name\nplain\ntwo words\n\nit's\n$'new\\nline'\n$'\\377\\376'\n$'\\033[31m'\n\
        a=b\ngr\u{fc}n $HOME `x` \\\n";
    assert_eq!(output(&["args", &pid]), expected);
    assert_eq!(run(&["args", "-0", &pid]).stdout, child.proc("cmdline"));
    // A shell reads the line back.
    let line = output(&["args", "-l", &pid]);
    assert_eq!(line.lines().count(), 1);
    let script = format!("printf '%s\\0' {line}");
    match Command::new("bash").args(["-c", &script]).output() {
        Ok(bash) => assert_eq!(bash.stdout, child.proc("cmdline"), "{line}"),
        Err(_) => eprintln!("bash is not installed: what shells read is not tried"),
    }
    let json = output(&["args", "--json", &pid]);
    let expected = "\"args\":[\"name\",\"plain\",\"two words\",\"\",\"it's\",\"new\\nline\",\
        {\"text\":\"\\ufffd\\ufffd\",\"text_hex\":\"fffe\"},\"\\u001b[31m\",\"a=b\",";
    assert!(json.contains(expected), "{json}");
    // Several have headers, and what fails doesn't stop the others.
    let said = run(&["args", &pid, "./nothing", &pid]);
    let one = format!("{pid}:\n{}", output(&["args", &pid]));
    assert_eq!(String::from_utf8(said.stdout).unwrap(), one.repeat(2));
    assert_eq!(said.status, Some(1));
    if let Some(core) = child.core(&folder.join("core")) {
        assert_eq!(run(&["args", "-0", core.to_str().unwrap()]).stdout, child.proc("cmdline"));
    }
}

#[test]
fn none_at_all() {
    let folder = scratch("args-none");
    let pause = c_program(&folder, "pause", PAUSE, &[]);
    let source = "#include <unistd.h>\n\
        int main(int c, char **v) { char *none[] = {0}; execve(v[1], none, none); return 1; }\n";
    let launch = c_program(&folder, "launch", source, &[]);
    let (child, _) = Running::start(Command::new(&launch).arg(&pause));
    // Linux 5.18 and later make it one empty argument.
    let expected = child.proc("cmdline");
    assert_eq!(run(&["args", "-0", &child.pid()]).stdout, expected);
    assert_eq!(output(&["args", &child.pid()]), if expected.is_empty() { "" } else { "\n" });
    assert_eq!(output(&["env", &child.pid()]), "");
    // And lx itself.
    let lx = common::lx_path();
    let status = Command::new(&launch).arg(&lx).output().unwrap().status;
    assert_eq!(status.code(), Some(0));
}

#[test]
fn two_megabytes() {
    let folder = scratch("args-long");
    let path = c_program(&folder, "pause", PAUSE, &[]);
    let args: Vec<String> = (0..1400).map(|n| format!("{n}-{}", "x".repeat(1400))).collect();
    let (child, _) = Running::start(Command::new(&path).args(&args));
    let expected = child.proc("cmdline");
    assert!(expected.len() > 1_900_000);
    assert_eq!(run(&["args", "-0", &child.pid()]).stdout, expected);
    let text = output(&["args", &child.pid()]);
    assert!(text.lines().skip(1).eq(args.iter().map(String::as_str)));
    if let Some(core) = child.core(&folder.join("core")) {
        assert!(run(&["args", "-0", core.to_str().unwrap()]).stdout == expected);
    }
}

#[test]
fn overwritten_by_the_process() {
    let folder = scratch("args-title");
    let source = PAUSE.replace(
        "int main() {",
        "#include <string.h>\nint main(int c, char **v) {\n\
         char *end = v[c - 1] + strlen(v[c - 1]) + 1; memset(v[0], 0, end - v[0]);\n\
         strcpy(v[0], \"title: at work\");",
    );
    let path = c_program(&folder, "title", &source, &[]);
    let (child, _) = Running::start(Command::new(path).args(["one", "two", "three"]));
    assert_eq!(output(&["args", &child.pid()]), "title: at work\n");
    assert_eq!(output(&["args", "-l", &child.pid()]), "'title: at work'\n");
    // Raw, all that is there.
    let raw = run(&["args", "-0", &child.pid()]).stdout;
    assert!(raw == child.proc("cmdline") && raw.starts_with(b"title: at work\0\0\0"));
    if let Some(core) = child.core(&folder.join("core")) {
        assert_eq!(output(&["args", core.to_str().unwrap()]), "title: at work\n");
    }
    // Empty arguments are something else.
    let path = c_program(&folder, "pause", PAUSE, &[]);
    let (child, _) = Running::start(Command::new(path).args(["a", "", ""]));
    assert!(output(&["args", &child.pid()]).ends_with("a\n\n\n"));
}

#[test]
fn pointers_that_the_program_changed() {
    let folder = scratch("args-pointers");
    let changed = |name: &str, change: &str| {
        let source = PAUSE.replace("main() {", &format!("main(int c, char **v) {{ {change};"));
        let path = c_program(&folder, name, &source, &[]);
        let mut command = Command::new(path);
        command.arg0("name").args(["one", "two"]).env_clear().env("A", "b");
        let (child, _) = Running::start(&mut command);
        assert_eq!(output(&["args", &child.pid()]), "name\none\ntwo\n");
        child.core(&folder.join(format!("{name}.core")))
    };
    // As getopt does.
    let swap = "char *t = v[1]; v[1] = v[2]; v[2] = t";
    let Some(core) = changed("permuted", swap) else { return };
    let core = core.to_str().unwrap();
    assert_eq!(output(&["args", core]), "name\none\ntwo\n");
    assert_eq!(output(&["env", core]), "A=b\n");
    // What can't be known any more isn't made up.
    for (name, change) in [("elsewhere", "v[0] = \"else\""), ("twice", "v[0] = v[1]")] {
        let core = changed(name, change).unwrap();
        let core = core.to_str().unwrap();
        let message = format!("lx args: {core}: the core file doesn't tell\n");
        refused(&["args", core], &message);
    }
}

#[test]
fn secrets_are_redacted() {
    let folder = scratch("args-redact");
    let path = c_program(&folder, "pause", PAUSE, &[]);
    let args = [
        "--password=hunter2",
        "--token",
        "abc",
        "-v",
        "DB_PASSWORD=x y",
        "--user=me",
        "postgres://me:secret@host/db",
        "--api-key",
        "--name",
        "value",
    ];
    let (child, _) = Running::start(Command::new(path).arg0("app").args(args));
    let expected = "app\n--password=***(7)\n--token\n***(3)\n-v\nDB_PASSWORD=***(3)\n--user=me\n\
        ***(28)\n--api-key\n--name\nvalue\n";
    assert_eq!(output(&["args", "--redact", &child.pid()]), expected);
    let line = output(&["args", "--redact", "-l", &child.pid()]);
    assert!(
        line.starts_with("app --password='***(7)' --token '***(3)' -v 'DB_PASSWORD=''***(3)' "),
        "{line}"
    );
    for form in ["-0", "--json"] {
        let said = run(&["args", "--redact", form, &child.pid()]);
        let text = String::from_utf8(said.stdout).unwrap();
        let secrets = ["hunter2", "abc", "x y", "secret"];
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "{text}");
        assert!(text.contains("--user=me") && text.contains('7'), "{text}");
    }
}

#[test]
fn processes_that_end() {
    while_they_end(&scratch("args-ending"), &["args"], 1000, &|text, path| {
        let lines: Vec<_> = text.lines().collect();
        let path = path.to_str().unwrap();
        // Before its first execve a child is a copy of its parent.
        if lines.len() == 2 {
            return lines[0] == path && lines[1].parse::<u32>().is_ok();
        }
        let Some((_, value)) = lines.get(2).and_then(|line| line.split_once('=')) else {
            return false;
        };
        let (_, generation) = value.split_once('.').unwrap();
        let expected = (0..20).map(|n| format!("V{n}={value}"));
        lines[0] == path && lines[1] == generation && lines[2..].iter().copied().eq(expected)
    });
}
