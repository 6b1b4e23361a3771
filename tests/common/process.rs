//! Child processes for tests to look at.

use super::{Said, lx};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// Compiles a C program.
pub fn c_program(folder: &Path, name: &str, source: &str, flags: &[&str]) -> PathBuf {
    let (path, c) = (folder.join(name), folder.join(format!("{name}.c")));
    std::fs::write(&c, source).unwrap();
    let cc = Command::new("cc").arg("-w").args(flags).arg(&c).arg("-o").arg(&path).status();
    assert!(cc.expect("cc is needed").success(), "{name}");
    path
}

/// A program that says that it has started, and then only waits.
pub const PAUSE: &str = "#include <stdio.h>\n#include <unistd.h>\n\
    int main() { puts(\"ready\"); fflush(stdout); for (;;) pause(); }\n";

/// A child that is killed at the end of the test.
pub struct Running {
    pub child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    /// Starts it, and waits for the line `ready`; gives also what it printed before that.
    pub fn start(command: &mut Command) -> (Running, String) {
        let mut running = Running::spawn(command);
        let mut text = String::new();
        loop {
            let before = text.len();
            assert!(running.stdout.read_line(&mut text).unwrap() > 0, "{command:?}: {text}");
            if &text[before..] == "ready\n" {
                text.truncate(before);
                return (running, text);
            }
        }
    }

    /// Starts it, without waiting.
    pub fn spawn(command: &mut Command) -> Running {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Running { child, stdout }
    }

    pub fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// The next line that it prints; empty at the end.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    /// A file of its `/proc` directory.
    pub fn proc(&self, name: &str) -> Vec<u8> {
        std::fs::read(format!("/proc/{}/{name}", self.pid())).unwrap()
    }

    /// A core file of it, made by gdb; none where there is no gdb, or it may not.
    pub fn core(&self, path: &Path) -> Option<PathBuf> {
        let made = gdb(&["-p", &self.pid(), "-ex", &format!("gcore {}", path.display())]);
        if made.is_none() || !path.exists() {
            eprintln!("gdb can't make a core file here: cores are not looked at");
            return None;
        }
        Some(path.to_path_buf())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What gdb prints; none where it isn't installed.
pub fn gdb(args: &[&str]) -> Option<String> {
    let run = Command::new("gdb").args(["-q", "-batch", "-nx"]).args(args).output();
    match run {
        Ok(run) => Some(String::from_utf8_lossy(&run.stdout).into_owned()),
        Err(_) => {
            eprintln!("gdb is not installed: nothing is compared with it here");
            None
        }
    }
}

/// lx with these words.
pub fn run<S: AsRef<OsStr>>(words: &[S]) -> Said {
    Said::of(lx().args(words).output().unwrap())
}

/// What lx prints with these words, all being well.
pub fn output<S: AsRef<OsStr>>(words: &[S]) -> String {
    let said = run(words);
    assert_eq!(said.status, Some(0), "{}", said.stderr.escape_ascii());
    assert_eq!(said.stderr.escape_ascii().to_string(), "");
    String::from_utf8(said.stdout).unwrap()
}

/// That an applet says of a process nothing but this.
#[track_caller]
pub fn refused<S: AsRef<OsStr>>(words: &[S], message: &str) {
    let said = run(words);
    assert_eq!(String::from_utf8_lossy(&said.stderr), message);
    assert_eq!((said.status, said.stdout.len()), (Some(1), 0));
}

/// Programs that become one another, with arguments and environment that tell which they are:
/// each has twenty of the same. For each byte that it reads it starts one, and prints its number.
const CHURN: &str = r#"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
static char *path;
static void become(int number, int generation) {
    static char texts[20][64], g[16];
    char *argv[24], *envp[21];
    sprintf(g, "%d", generation);
    argv[0] = path; argv[1] = g;
    for (int i = 0; i < 20; i++) {
        sprintf(texts[i], "V%d=%d.%d", i, number, generation);
        argv[i + 2] = envp[i] = texts[i];
    }
    argv[22] = 0; envp[20] = 0;
    execve(path, argv, envp);
    _exit(1);
}
int main(int argc, char **argv) {
    path = argv[0];
    if (argc > 3) {
        int number = atoi(strchr(argv[2], '=') + 1), generation = atoi(argv[1]);
        usleep(rand_r(&(unsigned){number * 7 + generation}) % 600);
        if (generation == 2) return 0;
        become(number, generation + 1);
    }
    int count = atoi(argv[1]), alive = 0;
    for (int i = 0; i < count; i++) {
        if (read(0, &(char){0}, 1) != 1) return 1;
        int pid = fork();
        if (pid == 0) { usleep(rand_r(&(unsigned){i}) % 600); become(i, 0); }
        printf("%d\n", pid); fflush(stdout);
        if (++alive == 16) { wait(0); alive--; }
    }
    while (wait(0) > 0);
}
"#;

/// Runs an applet on each of `count` processes that end, or become another program, at any
/// moment. Each time it must print nothing and one of the sentences of what can come up, or
/// what `is_whole` accepts.
pub fn while_they_end(
    folder: &Path,
    words: &[&str],
    count: usize,
    is_whole: &dyn Fn(&str, &Path) -> bool,
) {
    // More of them by hand.
    let count = std::env::var("LX_FORKS").map_or(count, |count| count.parse().unwrap());
    let path = c_program(folder, "churn", CHURN, &[]);
    let mut command = Command::new(&path);
    let mut churn =
        Running::spawn(command.arg(count.to_string()).env_clear().stdin(Stdio::piped()));
    let mut next = churn.child.stdin.take().unwrap();
    let (mut whole, mut ended) = (0, 0);
    for _ in 0..count {
        next.write_all(b"x").unwrap();
        let pid = churn.line();
        let pid = pid.trim_end();
        let said = run(&[words, &[pid]].concat());
        let (stdout, stderr) =
            (String::from_utf8(said.stdout).unwrap(), String::from_utf8(said.stderr).unwrap());
        let sentence = stderr.strip_prefix(&format!("lx {}: {pid}: ", words[0]));
        let is_known = |sentence: &str| {
            let live = words.contains(&"--live");
            // Before the C library is there, or while it is being mapped.
            let early = sentence == "no symbol 'environ' in its program or libraries\n"
                || sentence == "its environment can't be followed in its memory\n";
            ["No such process\n", "a zombie: its memory is gone\n"].contains(&sentence)
                || sentence == "the process ended while it was read\n"
                || live && early
        };
        match said.status {
            Some(0) if stderr.is_empty() && is_whole(&stdout, &path) => whole += 1,
            // What of a vector was read is true.
            Some(1) if !stdout.is_empty() && words[0] != "auxv" => panic!("{pid}: {stdout}"),
            Some(1) if sentence.is_some_and(is_known) => ended += 1,
            status => panic!("{pid}: {status:?}\n{stdout}\n{stderr}"),
        }
    }
    eprintln!("{words:?}: {whole} whole, {ended} ended");
    assert!(whole > 0 && whole + ended == count);
}
