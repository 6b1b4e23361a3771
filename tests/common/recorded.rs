//! Runs of lx beside those of the GNU tool of the same name: with the tool itself where it
//! is installed in the version that counts, and with what it said once, in `fixtures/`.
//!
//! A record has a line for each case: its name, a tab, and the outcome, or `#` and a sum of
//! it where that is enough. `fixtures/peers` writes them anew (`LX_RECORD=1`); with
//! `LX_WITHOUT_GNU=1` a test looks at the record alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The version of coreutils whose output counts.
const VERSION: &str = "coreutils) 9.1";

/// One test's cases.
pub struct Peer {
    applet: &'static str,
    folder: PathBuf,
    record: PathBuf,
    known: BTreeMap<String, String>,
    gnu: bool,
    writes: bool,
    differences: Vec<String>,
    names: BTreeSet<String>,
}

/// How one case is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// As it is.
    Text,
    /// By its sum.
    Sum,
    /// Not at all: it would be something else on another machine.
    No,
}

impl Peer {
    /// For a test of this applet, run in this folder, with the record of this name.
    pub fn new(applet: &'static str, folder: &Path, record: &str) -> Peer {
        let record = super::common::fixtures().join(applet).join(format!("{record}.txt"));
        let known = std::fs::read_to_string(&record).unwrap_or_default();
        let known = known.lines().filter_map(|line| line.split_once('\t'));
        let known: BTreeMap<_, _> = known.map(|(name, text)| (name.into(), text.into())).collect();
        let version = Command::new(applet).arg("--version").output();
        let version = version.map(|run| String::from_utf8_lossy(&run.stdout).into_owned());
        let without = std::env::var_os("LX_WITHOUT_GNU").is_some();
        let gnu = !without && version.is_ok_and(|version| version.contains(VERSION));
        let writes = std::env::var_os("LX_RECORD").is_some();
        assert!(gnu || !writes, "only GNU {applet} 9.1 itself can be recorded");
        if !gnu {
            eprintln!("GNU {applet} 9.1 is not there: lx is compared with its record alone");
        }
        let folder = folder.to_path_buf();
        Peer {
            applet,
            folder,
            record,
            known,
            gnu,
            writes,
            differences: vec![],
            names: BTreeSet::new(),
        }
    }

    /// Whether the GNU tool is there.
    pub fn is_live(&self) -> bool {
        self.gnu
    }

    fn run(&self, mut command: Command, args: &[&[u8]], env: &[(&str, &str)]) -> Vec<u8> {
        use std::os::unix::ffi::OsStrExt;
        command.args(args.iter().map(|arg| std::ffi::OsStr::from_bytes(arg)));
        command.current_dir(&self.folder).stdin(Stdio::null());
        for name in ["LANG", "LC_CTYPE", "QUOTING_STYLE", "TZDIR", "POSIXLY_CORRECT"] {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C").env("TZ", "UTC0").envs(env.iter().copied());
        if env.contains(&("TZ", "(unset)")) {
            command.env_remove("TZ");
        }
        let run = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&run.stderr).into_owned();
        let stderr = stderr.replace(&format!("lx {}", self.applet), self.applet);
        let status = run.status.code().map_or("signal".into(), |code| code.to_string());
        let mut said = run.stdout;
        if !stderr.is_empty() {
            said.extend(format!("<stderr>{stderr}").bytes());
        }
        said.extend(format!("<status>{status}").bytes());
        said
    }

    /// Runs a case, of one run or several. `around` is called before each of them, with
    /// false, to make things ready, and after it to say what else is to be told of it.
    pub fn case_with(
        &mut self,
        name: &str,
        how: Record,
        runs: &[Vec<&[u8]>],
        env: &[(&str, &str)],
        around: &mut dyn FnMut(bool) -> String,
    ) {
        if how == Record::No && !self.gnu {
            return;
        }
        assert!(self.names.insert(name.into()) || how == Record::No, "{name}: twice");
        let mut outcome = |command: &dyn Fn() -> Command| {
            let mut said = vec![];
            for args in runs {
                around(false);
                said.extend(self.run(command(), args, env));
                said.extend(around(true).bytes());
            }
            said
        };
        let lx = outcome(&|| lx(self.applet));
        let gnu = self.gnu.then(|| outcome(&|| Command::new(self.applet)));
        let told = |said: &[u8]| match how {
            Record::Sum => format!("#{:016x}", sum(said)),
            _ => said.escape_ascii().to_string(),
        };
        if let Some(gnu) = &gnu {
            if *gnu != lx {
                self.differences.push(format!("{name}:\n{}", difference(gnu, &lx)));
            }
            if how != Record::No && self.writes {
                self.known.insert(name.into(), told(gnu));
            }
        }
        let expected = if how == Record::No { None } else { Some(self.known.get(name)) };
        match expected {
            None => {}
            Some(None) => self.differences.push(format!("{name}: is not in the record")),
            Some(Some(known)) => {
                let said = told(gnu.as_ref().unwrap_or(&lx));
                if *known != said {
                    let who = if self.gnu { "GNU" } else { "lx" };
                    self.differences
                        .push(format!("{name}: {who} says\n  {said}\nrecorded is\n  {known}"));
                }
            }
        }
    }

    /// Runs a case.
    pub fn case(&mut self, name: &str, how: Record, args: &[&[u8]], env: &[(&str, &str)]) {
        self.case_with(name, how, &[args.to_vec()], env, &mut |_| String::new());
    }

    /// What differed; writes the record where that was asked for.
    pub fn finish(self) {
        if self.writes && !self.known.is_empty() {
            let line = |(name, text): (&String, &String)| format!("{name}\t{text}\n");
            let text: String = self.known.iter().map(line).collect();
            std::fs::create_dir_all(self.record.parent().unwrap()).unwrap();
            std::fs::write(&self.record, text).unwrap();
        }
        assert!(!self.names.is_empty(), "nothing was compared");
        let some: Vec<_> = self.differences.iter().take(10).cloned().collect();
        assert!(
            some.is_empty(),
            "{} of {} cases differ:\n{}",
            self.differences.len(),
            self.names.len(),
            some.join("\n")
        );
    }
}

/// `lx APPLET`; through a runner where cargo is told of one.
fn lx(applet: &str) -> Command {
    let lx = assert_cmd::Command::cargo_bin("lx").unwrap();
    let mut command = Command::new(lx.get_program());
    command.args(lx.get_args()).arg(applet);
    command
}

/// FNV-1a.
fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, &byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// Where two texts begin to differ.
fn difference(gnu: &[u8], lx: &[u8]) -> String {
    let same = gnu.iter().zip(lx).take_while(|(gnu, lx)| gnu == lx).count();
    let show = |text: &[u8]| {
        let text = &text[same.saturating_sub(60)..text.len().min(same + 60)];
        text.escape_ascii().to_string()
    };
    format!("  GNU {}\n  lx  {}", show(gnu), show(lx))
}
