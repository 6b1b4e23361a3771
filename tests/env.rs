//! `lx env`: the environment, as it was and as it is.

mod common;

use common::process::{PAUSE, Running, c_program, output, refused, run, while_they_end};
use common::{Said, lx_path, scratch};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

/// lx with these words and no other environment than this.
fn lx_with(words: &[&str], vars: &[(&str, &str)]) -> Said {
    let mut command = Command::new(lx_path());
    Said::of(command.args(words).env_clear().envs(vars.iter().copied()).output().unwrap())
}

#[test]
fn is_what_printenv_prints() {
    let vars = [("A", "1"), ("B", ""), ("C", "x=y"), ("PATH", "/bin"), ("D_1", "two words")];
    let mut words: Vec<&[&str]> = vec![&[], &["A"], &["B"], &["C", "A"], &["A", "NO", "B"]];
    words.extend([&["NO"][..], &["-0"], &["-0", "A", "B"]]);
    for words in words {
        let ours = lx_with(&[&["env"], words].concat(), &vars);
        let mut printenv = Command::new("/usr/bin/printenv");
        let Ok(theirs) = printenv.args(words).env_clear().envs(vars).output() else {
            return eprintln!("printenv is not installed: nothing is compared with it here");
        };
        let theirs = Said::of(theirs);
        assert!(ours == theirs, "{words:?}: {}", ours.stdout.escape_ascii());
    }
}

/// Starts a program with an environment of any strings.
fn with_strings(folder: &std::path::Path, program: &std::path::Path, vars: &[&str]) -> Running {
    let list: String = vars.iter().map(|var| format!("\"{var}\",")).collect();
    let source = format!(
        "#include <unistd.h>\nint main(int c, char **v) {{ char *e[] = {{{list} 0}};\n\
         execve(v[1], v + 1, e); return 1; }}\n"
    );
    let launch = c_program(folder, "launch", &source, &[]);
    Running::start(Command::new(launch).arg(program)).0
}

#[test]
fn variables_of_all_kinds() {
    let folder = scratch("env-kinds");
    let pause = c_program(&folder, "pause", PAUSE, &[]);
    let vars = [
        "A=1",
        "A=2",
        "B=",
        "none",
        "=x",
        "N=a\\nb",
        "E=\\x1b[31m",
        "X=\\377",
        "Q=$'a'",
        "S= 'x' ",
    ];
    let child = with_strings(&folder, &pause, &vars);
    let pid = child.pid();
    let expected = "A=1\nA=2\nB=\nnone\n=x\nN=$'a\\nb'\nE=$'\\033[31m'\nX=$'\\377'\n\
        Q=$'$\\'a\\''\nS= 'x' \n";
    assert_eq!(output(&["env", &pid]), expected);
    assert_eq!(run(&["env", "-0", &pid]).stdout, child.proc("environ"));
    // As printenv: all of the name, and only what has a `=`.
    assert_eq!(output(&["env", &pid, "A", "N"]), "1\n2\n$'a\\nb'\n");
    assert_eq!(run(&["env", "-0", &pid, "N"]).stdout, b"a\nb\0");
    let said = run(&["env", &pid, "none", "B"]);
    assert_eq!((said.status, &said.stdout[..], &said.stderr[..]), (Some(1), &b"\n"[..], &b""[..]));
    let json = output(&["env", "--json", &pid]);
    let part = "{\"name\":\"none\",\"value\":null},{\"name\":\"\",\"value\":\"x\"},{\"name\":\"N\",\"value\":\"a\\nb\"}";
    assert!(json.contains(part), "{json}");
    assert!(json.contains("\"value\":\"\\ufffd\",\"value_hex\":\"ff\""), "{json}");
    let twice = output(&["env", &pid, &pid, "B"]);
    assert_eq!(twice, format!("{pid}:\n\n").repeat(2));
    if let Some(core) = child.core(&folder.join("core")) {
        assert_eq!(run(&["env", "-0", core.to_str().unwrap()]).stdout, child.proc("environ"));
        let core = core.to_str().unwrap();
        refused(
            &["env", "--live", core],
            &format!("lx env: {core}: --live is for processes, not for core files\n"),
        );
    }
}

/// Changes its environment; `all` of it, with an argument.
const CHANGE: &str = "#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n\
    int main(int c, char **v) { setenv(\"ADDED\", \"new\\nline\", 1); setenv(\"HOME\", \"/changed\", 1);\n\
    unsetenv(\"FIRST\"); if (c > 1) clearenv(); puts(\"ready\"); fflush(stdout); for (;;) pause(); }\n";

#[test]
fn the_live_environment_of_a_c_program() {
    let folder = scratch("env-live");
    let vars = [("FIRST", "1"), ("HOME", "/"), ("KEPT", "2")];
    let programs: [(&str, &[&str]); 4] = [
        ("dynamic", &[]),
        ("no-pie", &["-no-pie"]),
        ("static", &["-static"]),
        ("static-pie", &["-static-pie"]),
    ];
    for (name, flags) in programs {
        let path = c_program(&folder, name, CHANGE, flags);
        let (child, _) = Running::start(Command::new(&path).env_clear().envs(vars));
        let pid = child.pid();
        let expected = "~ HOME=/changed\n  KEPT=2\n+ ADDED=$'new\\nline'\n- FIRST=1\n";
        assert_eq!(output(&["env", "--live", &pid]), expected, "{name}");
        // What it was started with is still that, in memory and in a core file.
        assert_eq!(output(&["env", &pid]), "FIRST=1\nHOME=/\nKEPT=2\n");
        assert_eq!(output(&["env", "--live", &pid, "ADDED"]), "$'new\\nline'\n");
        assert_eq!(run(&["env", "--live", &pid, "FIRST"]).status, Some(1));
        let json = output(&["env", "--live", "--json", &pid]);
        assert!(json.contains("\"value\":\"/changed\",\"state\":\"changed\""), "{json}");
        if name == "dynamic"
            && let Some(core) = child.core(&folder.join("core"))
        {
            let core = core.to_str().unwrap();
            assert_eq!(output(&["env", core]), "FIRST=1\nHOME=/\nKEPT=2\n");
            assert_eq!(output(&["args", core]), format!("{}\n", path.display()));
        }
    }
    let path = folder.join("dynamic");
    let (child, _) = Running::start(Command::new(&path).arg("all").env_clear().envs(vars));
    assert_eq!(output(&["env", "--live", &child.pid()]), "- FIRST=1\n- HOME=/\n- KEPT=2\n");
    // Deleted, it is still mapped.
    let (child, _) = Running::start(Command::new(&path).env_clear().envs(vars));
    std::fs::remove_file(&path).unwrap();
    let said = run(&["env", "--live", &child.pid()]);
    assert!(
        matches!(said.status, Some(0 | 1)) && (said.status == Some(0)) != said.stdout.is_empty()
    );
    // Without symbols there is no way to find it.
    let path = c_program(&folder, "stripped", CHANGE, &["-static", "-s"]);
    let (child, _) = Running::start(&mut Command::new(&path));
    let pid = child.pid();
    let message = format!("lx env: {pid}: no symbol 'environ' in its program or libraries\n");
    refused(&["env", "--live", &pid], &message);
}

#[test]
fn the_live_environment_of_a_bash() {
    // A shell brings what it exports up to date when it starts a command.
    let script = "export NEW=1 HOME=/there; unset GONE; /bin/true; echo ready; read x";
    let mut command = Command::new("bash");
    command.args(["--norc", "-c", script]).env_clear().stdin(std::process::Stdio::piped());
    command.envs([("HOME", "/"), ("GONE", "1"), ("SAME", "1")]);
    if Command::new("bash").arg("--version").output().is_err() {
        return eprintln!("bash is not installed: its environment is not looked at");
    }
    let (child, _) = Running::start(&mut command);
    let text = output(&["env", "--live", &child.pid()]);
    for line in ["+ NEW=1", "~ HOME=/there", "- GONE=1", "  SAME=1"] {
        assert!(text.lines().any(|l| l == line), "{line}: {text}");
    }
}

#[test]
fn two_megabytes() {
    let folder = scratch("env-long");
    let path = c_program(&folder, "change", CHANGE, &[]);
    let vars = (0..1400).map(|n| (format!("V{n:04}"), "y".repeat(1400)));
    let (child, _) = Running::start(Command::new(&path).env_clear().envs(vars.clone()));
    let expected = child.proc("environ");
    assert!(expected.len() > 1_900_000);
    assert!(run(&["env", "-0", &child.pid()]).stdout == expected);
    assert_eq!(output(&["env", &child.pid(), "V1399"]), format!("{}\n", "y".repeat(1400)));
    let live = output(&["env", "--live", &child.pid()]);
    assert_eq!(live.lines().count(), 1402);
    assert_eq!(live.lines().filter(|line| line.starts_with("  V")).count(), 1400);
}

#[test]
fn secrets_are_redacted() {
    // As a service has it.
    let vars = [
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG"),
        ("DATABASE_URL", "postgres://app:hunter2@db.example:5432/app"),
        ("GITHUB_TOKEN", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
        ("HOME", "/home/app"),
        ("LANG", "en_GB.UTF-8"),
        ("OPAQUE", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("PWD", "/srv/app"),
        ("SSH_AUTH_SOCK", "/tmp/ssh-XXXXabc/agent.12"),
        ("db_password", "p\nq"),
    ];
    let said = lx_with(&["env", "--redact"], &vars);
    let text = String::from_utf8(said.stdout).unwrap();
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort();
    let expected = [
        "AWS_SECRET_ACCESS_KEY=***(21)",
        "DATABASE_URL=***(42)",
        "GITHUB_TOKEN=***(40)",
        "HOME=/home/app",
        "LANG=en_GB.UTF-8",
        "OPAQUE=***(40)",
        "PATH=/usr/local/bin:/usr/bin:/bin",
        "PWD=/srv/app",
        "SSH_AUTH_SOCK=/tmp/ssh-XXXXabc/agent.12",
        "db_password=***(3)",
    ];
    assert_eq!(lines, expected);
    // In every form.
    for words in [&["-0"][..], &["--json"], &["DATABASE_URL", "db_password", "OPAQUE"]] {
        let said = lx_with(&[&["env", "--redact"], words].concat(), &vars);
        let text = String::from_utf8(said.stdout).unwrap();
        for secret in ["hunter2", "wJalr", "ghp_", "9f86", "p\\nq", "p\nq"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        assert!(text.contains("3"), "{text}");
    }
}

#[test]
fn a_write_error_is_told() {
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else { return };
    let run = Command::new(lx_path()).args(["env"]).env("A", "b").stdout(full).output().unwrap();
    assert_eq!(run.status.code(), Some(1));
    assert_eq!(run.stderr, b"lx env: write error: No space left on device\n");
    // Names that aren't UTF-8 are names as well.
    let name = OsStr::from_bytes(b"\xff");
    let run = Command::new(lx_path()).arg("env").arg(name).env(name, "x").output().unwrap();
    assert_eq!(run.stdout, b"x\n");
}

#[test]
fn processes_that_end() {
    let is_whole = |text: &str| {
        let mut lines = text.lines();
        // Before its first execve a child is a copy of its parent, which has none.
        let Some((_, value)) = lines.next().and_then(|line| line.split_once('=')) else {
            return text.is_empty();
        };
        text.lines().map(str::to_string).eq((0..20).map(|n| format!("V{n}={value}")))
    };
    while_they_end(&scratch("env-ending"), &["env"], 1000, &|text, _| is_whole(text));
    while_they_end(&scratch("env-ending-live"), &["env", "--live"], 1000, &|text, _| {
        // What isn't marked is as it was; all is gone before the C library has been made ready.
        let early = text.lines().all(|line| line.starts_with("- "));
        let mark = if early { "- " } else { "  " };
        let unmarked = text.lines().map(|line| line.strip_prefix(mark).unwrap_or("marked"));
        is_whole(&unmarked.map(|line| format!("{line}\n")).collect::<String>())
    });
}
