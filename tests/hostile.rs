//! `lx readelf` on what is no ELF file, or no good one: always an end, never a signal,
//! never a byte that drives a terminal; in bounded time and memory.

mod common;

use common::{
    Random, Said, differences, drives_terminal, fixture_names, fixtures, gnu_readelf, lx_path,
    readelf, scratch, unprefixed,
};
use std::path::Path;
use std::process::Command;

/// Each part of the report by itself, so that one doesn't hide another.
const SETS: &[&str] = &[
    "-hW",
    "-lW",
    "-SW",
    "-tW",
    "-gW",
    "-sW",
    "--dyn-syms -W",
    "-rW",
    "-dW",
    "-nW",
    "-VW",
    "-D -sW",
    "-IW",
    "-uW",
    "-AW",
    "-a",
    "-x 3",
    "-p 4",
];

/// `lx readelf` on many files at once, with 512 MiB of address space and 20 seconds of
/// processor time.
fn limited(folder: &Path, words: &[&str], files: &[String]) -> Said {
    let run = Command::new("sh")
        .args(["-c", r#"ulimit -c 0; ulimit -v 524288; ulimit -t 20; exec "$0" readelf "$@""#])
        .arg(lx_path())
        .args(words)
        .args(files)
        .current_dir(folder)
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    Said::of(run)
}

#[track_caller]
fn same_as_gnu(folder: &Path, words: &[&str]) {
    let said = readelf(folder, words);
    assert!(said.status.is_some(), "readelf {words:?}: a signal");
    if let Some(gnu) = gnu_readelf(folder, words) {
        let difference = differences(&gnu, &said);
        assert!(difference.is_none(), "readelf {words:?}\n{}", difference.unwrap_or_default());
    }
}

#[test]
fn what_is_no_file() {
    let folder = scratch("no-file");
    std::fs::write(folder.join("empty"), "").unwrap();
    std::fs::write(folder.join("seven"), "1234567").unwrap();
    std::fs::write(folder.join("eight"), "12345678").unwrap();
    std::fs::write(folder.join("text"), "no ELF file at all\n".repeat(20)).unwrap();
    std::fs::write(folder.join("magic"), "\x7fELF").unwrap();
    std::fs::write(folder.join("ident"), "\x7fELF\x02\x01\x01         ").unwrap();
    std::fs::create_dir(folder.join("directory")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.join("dangling")).unwrap();
    std::os::unix::fs::symlink("loop", folder.join("loop")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.join("fifo")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap();
    let long = "n".repeat(300);
    for name in [
        "empty",
        "seven",
        "eight",
        "text",
        "magic",
        "ident",
        "directory",
        "dangling",
        "loop",
        "fifo",
        "socket",
        "absent",
        "",
        "-",
        "text/below",
        "/dev/null",
        "/dev/zero",
        "/dev/full",
        &long,
    ] {
        same_as_gnu(&folder, &["-h", name]);
        same_as_gnu(&folder, &["-hlSsrdVnW", name]);
    }
    same_as_gnu(&folder, &["-h", "absent", "fifo", "text", "empty", "directory"]);
}

#[test]
fn what_cannot_be_opened() {
    // A file that is there, but isn't ours to read; root may read everything.
    let folder = scratch("closed");
    let file = folder.join("closed");
    std::fs::copy(fixtures().join("bin/program-i686"), &file).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o000);
    std::fs::set_permissions(&file, mode).unwrap();
    if std::fs::File::open(&file).is_ok() {
        return eprintln!("this user may read everything: not tested");
    }
    same_as_gnu(&folder, &["-h", "closed"]);
}

#[test]
fn files_that_have_no_size() {
    // stat says 0, and still there is something to read, though no ELF.
    for name in ["/proc/self/maps", "/proc/self/status", "/sys/kernel/notes"] {
        if Path::new(name).exists() {
            let said = readelf(Path::new("/"), &["-h", name]);
            assert_eq!(said.status, Some(1));
            let text = said.stderr.escape_ascii().to_string();
            assert!(text.contains("wrong magic bytes"), "{name}: {text}");
        }
    }
}

/// The first bytes of a fixture, 64 more each time.
fn truncations(name: &str) -> impl Iterator<Item = Vec<u8>> {
    let whole = std::fs::read(fixtures().join("bin").join(name)).unwrap();
    (0..whole.len()).step_by(64).map(move |size| whole[..size].to_vec())
}

fn truncated_like_gnu(name: &str, sets: &[&str]) {
    let folder = scratch(&format!("truncated-{name}"));
    let (mut runs, mut wrong) = (0, Vec::new());
    for bytes in truncations(name) {
        std::fs::write(folder.join("cut"), &bytes).unwrap();
        for set in sets {
            let words: Vec<&str> = set.split(' ').chain(["cut"]).collect();
            let said = readelf(&folder, &words);
            assert!(said.status.is_some(), "readelf {set}, {} bytes: a signal", bytes.len());
            let Some(gnu) = gnu_readelf(&folder, &words) else { continue };
            runs += 1;
            let difference = differences(&gnu, &said);
            let head = format!("readelf {set} on the first {} bytes of {name}", bytes.len());
            wrong.extend(difference.map(|text| format!("{head}\n{text}")));
        }
    }
    let few = &wrong[..wrong.len().min(4)];
    assert!(wrong.is_empty(), "{} of {runs} runs differ:\n\n{}", wrong.len(), few.join("\n"));
}

#[test]
fn truncated_program() {
    truncated_like_gnu("program-x86_64", SETS);
}

#[test]
fn truncated_object() {
    truncated_like_gnu("object-powerpc.o", SETS);
}

#[test]
fn truncated_library() {
    truncated_like_gnu("libone-s390x.so", &["-lSW", "-D -sW", "-sW", "-rW", "-VW", "-nW"]);
}

#[test]
fn truncated_archive() {
    truncated_like_gnu("archive.a", &["-hW", "-sW"]);
}

#[test]
fn truncated_archive_with_index() {
    truncated_like_gnu("archive.a", &["-cW", "-LW"]);
}

/// Changes a few of the bytes that say where things are.
fn mutate(bytes: &mut [u8], random: &mut Random) {
    let size = bytes.len();
    for _ in 0..1 + random.below(6) {
        // The header, the section headers at the end, or anything.
        let at = match random.below(4) {
            0 => 16 + random.below(48),
            1 => size.saturating_sub(1 + random.below(size / 2)),
            _ => random.below(size),
        };
        let width = [1, 1, 2, 4, 8][random.below(5)];
        let value = [0, 1, 0x7f, 0x80, 0xff, random.below(256)][random.below(6)] as u8;
        let flip = random.below(3) == 0;
        for byte in bytes.iter_mut().skip(at).take(width) {
            *byte = if flip { *byte ^ 1 << (value % 8) } else { value };
        }
    }
}

/// Runs lx on mutants of all fixtures, a batch at a time.
fn mutants(seed: u64, each: usize, words: &[&str]) {
    let folder = scratch(&format!("mutants-{seed}"));
    let mut random = Random(seed);
    let mut mutants = 0;
    for name in fixture_names() {
        let whole = std::fs::read(fixtures().join("bin").join(&name)).unwrap();
        let files: Vec<String> = (0..each).map(|n| format!("{name}-{n}")).collect();
        for file in &files {
            let mut bytes = whole.clone();
            mutate(&mut bytes, &mut random);
            // Its name must not be part of what is looked at.
            std::fs::write(folder.join(file), bytes).unwrap();
        }
        mutants += files.len();
        let said = limited(&folder, words, &files);
        let text = [said.stdout, said.stderr].concat();
        if said.status.is_none() || drives_terminal(&text) {
            let bad: Vec<&String> =
                files.iter().filter(|file| is_bad(&folder, words, file)).collect();
            panic!("readelf {words:?}, in {}: {bad:?}", folder.display());
        }
        assert!(text.len() < 64 << 20, "{name}: {} bytes of output", text.len());
        files.iter().for_each(|file| std::fs::remove_file(folder.join(file)).unwrap());
    }
    assert!(mutants >= 30 * each);
}

/// Whether lx dies of a file, or would drive the terminal.
fn is_bad(folder: &Path, words: &[&str], file: &str) -> bool {
    let said = limited(folder, words, &[file.to_string()]);
    said.status.is_none() || drives_terminal(&[said.stdout, unprefixed(&said.stderr)].concat())
}

#[test]
fn mutants_with_everything() {
    mutants(0x6c78, 100, &["-a", "-W"]);
}

#[test]
fn mutants_narrow() {
    mutants(0x726561, 60, &["-a", "-t", "-T", "--sym-base=16"]);
}

#[test]
fn mutants_dumped() {
    mutants(
        0x64756d,
        60,
        &[
            "-c", "-I", "-D", "-L", "-z", "-x1", "-p2", "-R3", "-x4", "-p5", "-R6", "-R.text",
            "-x.data",
        ],
    );
}

#[test]
fn mutants_by_the_dynamic_section() {
    mutants(0x656c66, 60, &["-D", "-d", "-s", "-r", "-V", "-W", "--dyn-syms"]);
}

/// A section header table with this many entries, most of them empty.
fn many_sections(count: u64) -> Vec<u8> {
    let mut file = std::fs::read(fixtures().join("bin/extended-x86_64.o")).unwrap();
    let old = u64::from_le_bytes(file[40..48].try_into().unwrap()) as usize;
    let table = file[old..].to_vec();
    let new = file.len() as u64;
    file.extend(table);
    file.resize((new + count * 64) as usize, 0);
    file[40..48].copy_from_slice(&new.to_le_bytes());
    file[new as usize + 32..][..8].copy_from_slice(&count.to_le_bytes());
    file
}

#[test]
fn more_sections_than_the_header_can_count() {
    let folder = scratch("many-sections");
    std::fs::write(folder.join("many"), many_sections(65_300)).unwrap();
    for options in ["-hW", "-SW", "-S", "-sW", "-lW"] {
        same_as_gnu(&folder, &[options, "many"]);
    }
    let said = limited(&folder, &["-SW"], &["many".into()]);
    assert!(said.stdout.escape_ascii().to_string().contains("[65299]"));
}

#[test]
fn a_section_table_far_into_a_sparse_file() {
    use std::os::unix::fs::FileExt;
    let folder = scratch("sparse");
    let mut bytes = std::fs::read(fixtures().join("bin/program-x86_64")).unwrap();
    let shoff = u64::from_le_bytes(bytes[40..48].try_into().unwrap()) as usize;
    let far = 5u64 << 30;
    bytes[40..48].copy_from_slice(&far.to_le_bytes());
    let file = std::fs::File::create(folder.join("sparse")).unwrap();
    file.write_all_at(&bytes, 0).unwrap();
    file.write_all_at(&bytes[shoff..], far).unwrap();
    drop(file);
    let expected = readelf(&folder, &["-hSsW", "sparse"]);
    assert_eq!(expected.status, Some(0));
    // And where less may be mapped than that.
    for kib in [65536, 524288] {
        let script = format!(r#"ulimit -v {kib}; exec "$0" readelf -hSsW sparse"#);
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).arg(lx_path()).current_dir(&folder);
        let said = Said::of(shell.output().unwrap());
        assert_eq!(said.status, Some(0), "{}", said.stderr.escape_ascii());
        assert!(said.stdout == expected.stdout);
    }
    std::fs::remove_file(folder.join("sparse")).unwrap();
}

#[test]
fn a_file_that_shrinks_while_it_is_read() {
    // The pipe is full long before the end; then the file is cut off, and the rest read.
    use std::io::Read;
    let folder = scratch("shrinking");
    let path = folder.join("file");
    std::fs::write(&path, many_sections(65_300)).unwrap();
    let mut command = Command::new(lx_path());
    command.args(["readelf", "-SW", "file"]).current_dir(&folder);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 4096];
    stdout.read_exact(&mut first).unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_len(4096).unwrap();
    let mut rest = Vec::new();
    stdout.read_to_end(&mut rest).unwrap();
    let run = child.wait_with_output().unwrap();
    let stderr = run.stderr.escape_ascii().to_string();
    assert_eq!(run.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("truncated"), "{stderr}");
}
