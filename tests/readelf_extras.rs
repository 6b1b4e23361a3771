//! What `lx readelf` does beyond GNU readelf: `--color`, `--draw`, `--check`, `--size`,
//! `--diff`, on the fixtures and on programs that are compiled here.

mod common;

use common::{
    Random, Said, drives_terminal, fixture_names, fixtures, lx, lx_path, readelf, scratch,
};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a run prints, as text; it must end with this status.
#[track_caller]
fn prints(folder: &Path, words: &[&str], status: i32) -> String {
    let said = readelf(folder, words);
    let errors = said.stderr.escape_ascii();
    assert_eq!(said.status, Some(status), "readelf {words:?}: {errors}");
    String::from_utf8_lossy(&said.stdout).into_owned()
}

fn bin() -> PathBuf {
    fixtures().join("bin")
}

/// A text without the sequences that select colours.
fn plain(text: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), text);
    while let Some((&first, tail)) = rest.split_first() {
        let sequence = rest.strip_prefix(b"\x1b[").and_then(|rest| {
            let end = rest.iter().position(|byte| !byte.is_ascii_digit())?;
            (rest[end] == b'm').then(|| &rest[end + 1..])
        });
        if sequence.is_none() {
            out.push(first);
        }
        rest = sequence.unwrap_or(tail);
    }
    out
}

#[test]
fn colour_changes_no_other_byte() {
    let sets = ["-a", "-aW", "-tW", "-D -sW", "--draw", "--check --size=all"];
    let mut coloured = 0;
    for name in fixture_names() {
        for set in sets {
            let words: Vec<&str> = set.split(' ').chain([name.as_str()]).collect();
            let without = readelf(&bin(), &words);
            let mut with = readelf(&bin(), &[&["--color=always"], &words[..]].concat());
            coloured += with.stdout.contains(&0x1b) as usize;
            with.stdout = plain(&with.stdout);
            assert!(with == without, "readelf {set} {name}");
            assert!(!without.stdout.contains(&0x1b), "readelf {set} {name}");
        }
    }
    assert!(coloured > 100);
}

#[test]
fn colour_is_for_terminals() {
    let run = |words: &[&str]| readelf(&bin(), words).stdout;
    let words = ["-SlsW", "program-x86_64"];
    for when in ["--color", "--color=auto", "--color=never"] {
        assert!(run(&[&[when], &words[..]].concat()) == run(&words));
    }
    let said = readelf(&bin(), &["--color=maybe", "-h", "program-x86_64"]);
    assert_eq!(said.status, Some(1));
    assert_eq!(said.stderr, b"readelf: invalid argument 'maybe' for '--color'\n");
    // With a terminal of script(1)'s.
    if Command::new("script").arg("--version").output().is_err() {
        return eprintln!("script is not installed: nothing was run on a terminal");
    }
    let on_terminal = |option: &str, name: &str, value: &str| {
        let command = format!("{} readelf {option} -SlsW program-x86_64", lx_path().display());
        let mut script = Command::new("script");
        script.args(["-qec", &command, "/dev/null"]).current_dir(bin());
        script.env_remove("NO_COLOR").env("TERM", "xterm").env(name, value);
        let output = script.stdin(std::process::Stdio::null()).output().unwrap();
        output.stdout
    };
    let coloured = on_terminal("", "X", "");
    assert!(coloured.contains(&0x1b));
    assert!(on_terminal("", "NO_COLOR", "").contains(&0x1b));
    for bare in [
        on_terminal("", "NO_COLOR", "1"),
        on_terminal("", "TERM", "dumb"),
        on_terminal("--color=never", "X", ""),
    ] {
        assert!(bare == plain(&coloured));
    }
}

#[test]
fn a_picture() {
    let expected = "
    offset       size              contents
  0x000000                         ,- LOAD R-X at 0x0
  0x000000         64  .           |  ELF header
  0x000040        448  ####        |  program headers (8)
  0x000200                         |  ,- NOTE R-- at 0x200
  0x000200         32  .           |  '- [- GNU_PROPERTY R-- at 0x200
  0x000220         24  .           |  [- NOTE R-- at 0x220
  0x000238       1032  ##########  '- (in no section)
  0x000640                         ,- LOAD RW- at 0x1640
  0x000640          4  .           |  [- TLS R-- at 0x1640
  0x000644         12  .           |  padding
  0x000650        544  #####       |  [- DYNAMIC RW- at 0x1650
  0x000870        232  ##          '- (in no section)
  0x000958        992  #########   trailing data

  Segments without bytes in the file:
    GNU_STACK RW- at 0x0
";
    let printed = prints(&bin(), &["--draw", "libone-x86_64-nosections.so"], 0);
    assert_eq!(printed, expected);
    let expected = "
    offset       size              contents
  0x000000                         ,- LOAD R-X at 0x1000
  0x000000         64  #           '- ELF header
  0x000040         16  .           .text
  0x000050         19  .           .strtab
  0x000063          5  .           padding
  0x000068         96  ##          .symtab
  0x0000c8         16  .           .symtab_shndx
  0x0000d8         24  .           .rela.text
  0x0000f0         58  #           .shstrtab
  0x00012a          6  .           padding
  0x000130        112  ##          program headers (2)
  0x0001a0        448  ##########  section headers (7)

  Segments without bytes in the file:
    LOAD RW- at 0x2000 (+64 in memory)
";
    assert_eq!(prints(&bin(), &["--draw", "extended-x86_64.o"], 0), expected);
}

/// The sizes in a picture.
fn drawn(picture: &str) -> u64 {
    let rows = picture.lines().filter(|line| line.starts_with("  0x"));
    rows.filter_map(|row| row.get(11..)?.get(..11)?.trim().parse::<u64>().ok()).sum()
}

#[test]
fn the_sizes_in_a_picture_add_up() {
    let mut seen = 0;
    for name in fixture_names() {
        let size = std::fs::metadata(bin().join(&name)).unwrap().len();
        let ordinary = ["program", "libone", "object", "relr"];
        if ordinary.iter().any(|start| name.starts_with(start)) {
            let picture = prints(&bin(), &["--draw", &name], 0);
            assert_eq!(drawn(&picture), size, "{name}\n{picture}");
            let longest = picture.lines().map(str::len).max().unwrap();
            assert!(longest <= 80, "{name}: {longest} columns\n{picture}");
            assert!(!picture.contains("past the end"), "{picture}");
            seen += 1;
        }
    }
    assert!(seen > 15);
}

#[test]
fn members_of_archives_are_drawn_each() {
    let picture = prints(&bin(), &["--draw", "archive.a"], 1);
    let first = picture.split("\nFile: ").nth(1).unwrap();
    assert!(first.starts_with("archive.a(a.o)\n"), "{picture}");
    // Up to the member's end, not the archive's.
    assert!(first.trim_end().ends_with("section headers (8)"), "{first}");
    assert!(!picture.contains("trailing"), "{picture}");
}

/// What a compiler makes of a source, in this folder.
fn compiled(folder: &Path, name: &str, source: &str, options: &str) -> Option<PathBuf> {
    std::fs::write(folder.join("source.c"), source).unwrap();
    let mut cc = Command::new("cc");
    cc.args(options.split_whitespace()).args(["source.c", "-o", name]).current_dir(folder);
    let done = cc.output().is_ok_and(|output| output.status.success());
    if !done {
        eprintln!("cc {options} doesn't work here: not tested");
    }
    done.then(|| folder.join(name))
}

#[test]
fn thousands_of_sections_are_a_short_picture() {
    let folder = scratch("draw-many");
    let source: String =
        (0..3000).map(|i| format!("int f{i}(int x) {{ return x * {i}; }}\n")).collect();
    let Some(path) = compiled(&folder, "many.o", &source, "-O1 -c -ffunction-sections") else {
        return;
    };
    let picture = prints(&folder, &["--draw", "many.o"], 0);
    assert!(picture.lines().count() < 100, "{picture}");
    assert_eq!(drawn(&picture), std::fs::metadata(path).unwrap().len());
    assert!(picture.contains(" smaller: .text"), "{picture}");
    assert!(picture.contains(".symtab\n"), "{picture}");
}

/// The states of all checks, by name.
fn states(table: &str) -> HashMap<&str, &str> {
    let rows = table.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.next()?))
    });
    rows.collect()
}

const SOURCE: &str = "
    #include <stdio.h>
    #include <string.h>
    int main(int argc, char **argv) {
        char text[64];
        strcpy(text, argv[0]);
        printf(\"%s %d\\n\", text, argc);
        return 0;
    }
";

#[test]
fn checks_of_programs() {
    let folder = scratch("check");
    let bare = "-O0 -fno-stack-protector -U_FORTIFY_SOURCE -no-pie -Wl,-z,norelro,-z,lazy \
        -z execstack -Wl,--disable-new-dtags,-rpath,/nowhere";
    let hard = "-O2 -fstack-protector-all -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fPIE -pie \
        -Wl,-z,relro,-z,now -z noexecstack";
    let bad = [("pie", "bad"), ("relro", "bad"), ("stack", "bad"), ("canary", "bad")];
    let more = [("fortify", "bad"), ("rpath", "bad"), ("runpath", "ok"), ("textrel", "ok")];
    let good = [("pie", "ok"), ("relro", "ok"), ("stack", "ok"), ("canary", "ok")];
    let best = [("fortify", "ok"), ("rpath", "ok"), ("rwx", "ok"), ("textrel", "ok")];
    for (name, options, expected) in [("bare", bare, [bad, more]), ("hard", hard, [good, best])] {
        if compiled(&folder, name, SOURCE, options).is_none() {
            continue;
        }
        let table = prints(&folder, &["--check", name], 0);
        let states = states(&table);
        for (check, state) in expected.concat() {
            assert_eq!(states.get(check), Some(&state), "{name} {check}\n{table}");
        }
    }
    let list = "--check=pie,relro,stack,canary,fortify";
    let table = prints(&folder, &[list, "hard"], 0);
    assert_eq!(table.lines().count(), 5, "{table}");
    prints(&folder, &[list, "bare"], 1);
    prints(&folder, &["--check=textrel,runpath", "bare"], 0);
    prints(&folder, &["--check=textrel,pie", "bare"], 1);
    // What is only half there isn't there.
    if compiled(&folder, "lazy", SOURCE, "-fPIE -pie -Wl,-z,relro,-z,lazy").is_some() {
        let table = prints(&folder, &["--check=relro", "lazy"], 1);
        assert!(table.starts_with("  relro    partial  GNU_RELRO 0x"), "{table}");
    }
    if compiled(&folder, "static", SOURCE, "-static -no-pie").is_some() {
        let table = prints(&folder, &["--check", "static"], 0);
        assert_eq!(states(&table).get("fortify"), Some(&"unknown"), "{table}");
        prints(&folder, &["--check=fortify", "static"], 1);
    }
    let shared = "-shared -fPIC -Wl,--enable-new-dtags,-rpath,/opt/x";
    if compiled(&folder, "shared.so", SOURCE, shared).is_some() {
        let table = prints(&folder, &["--check=pie,runpath", "shared.so"], 1);
        let expected = "  pie      ok       ET_DYN: shared object\n  \
            runpath  bad      DT_RUNPATH /opt/x\n";
        assert_eq!(table, expected);
    }
    let object = "-c -O2 -fstack-protector-all -fno-pic";
    if compiled(&folder, "object.o", SOURCE, object).is_some() {
        let table = prints(&folder, &["--check=pie,stack,canary,rwx", "object.o"], 0);
        let states = states(&table);
        let expected = [("pie", "n/a"), ("stack", "ok"), ("canary", "ok"), ("rwx", "ok")];
        for (check, state) in expected {
            assert_eq!(states.get(check), Some(&state), "{table}");
        }
    }
    if Path::new("/usr/bin/musl-gcc").exists() {
        let mut cc = Command::new("musl-gcc");
        cc.args(["-U_FORTIFY_SOURCE", "source.c", "-o", "musl"]).current_dir(&folder);
        if cc.status().is_ok_and(|status| status.success()) {
            let table = prints(&folder, &["--check=fortify", "musl"], 0);
            assert!(table.contains("musl has no such functions"), "{table}");
        }
    }
}

#[test]
fn checks_of_what_is_no_program_of_this_machine() {
    let table = prints(&bin(), &["--check", "core-x86_64"], 0);
    assert!(states(&table).values().all(|state| *state == "n/a"), "{table}");
    // Branch protection is shown for machines that have it, unless it is asked for.
    fn names(table: &str) -> Vec<String> {
        table.lines().map(|line| line[2..10].trim().to_owned()).collect()
    }
    let shown = names(&prints(&bin(), &["--check", "libone-aarch64.so"], 0));
    assert!(shown.contains(&"bti".into()) && !shown.contains(&"ibt".into()), "{shown:?}");
    let shown = names(&prints(&bin(), &["--check", "program-s390x"], 0));
    assert!(!shown.contains(&"bti".into()) && !shown.contains(&"ibt".into()), "{shown:?}");
    let table = prints(&bin(), &["--check=ibt", "program-s390x"], 0);
    assert_eq!(table, "  ibt      n/a      another machine's\n");
}

#[test]
fn checks_that_do_not_exist() {
    for list in ["nx", "pie,nx", "pie,", ""] {
        let said = readelf(&bin(), &[&format!("--check={list}"), "program-x86_64"]);
        assert_eq!((said.status, said.stdout.len()), (Some(1), 0), "{list}");
        let text = String::from_utf8(said.stderr).unwrap();
        assert!(text.contains("unknown check '"), "{list}: {text}");
        assert!(text.contains("there are: all pie relro stack"), "{list}: {text}");
    }
}

/// The rows of one list of `--size`: bytes in the file and in memory, and what follows.
fn rows(text: &str, title: &str) -> Vec<(u64, u64, String)> {
    let list = text.split("\n\n").find(|list| list.trim_start().starts_with(title)).unwrap();
    let rows = list.trim_start().lines().skip(2).map(|line| {
        let mut words = line.split_whitespace();
        let file = words.next().unwrap().parse().unwrap();
        let memory = words.nth(1).unwrap().parse().unwrap();
        (file, memory, words.collect::<Vec<_>>().join(" "))
    });
    rows.collect()
}

#[test]
fn sizes_add_up() {
    for name in fixture_names() {
        let ordinary = ["program", "libone", "object", "relr"];
        if !ordinary.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        let text = prints(&bin(), &["--size=all", &name], 0);
        let whole = std::fs::metadata(bin().join(&name)).unwrap().len();
        for title in ["Sections", "Symbols", "Dynamic symbols"] {
            if !text.contains(&format!("\n{title}")) {
                continue;
            }
            let mut rows = rows(&text, title);
            let all = rows.pop().unwrap();
            assert_eq!(all.2, "in all", "{name} {text}");
            let sums = rows.iter().fold((0, 0), |sums, row| (sums.0 + row.0, sums.1 + row.1));
            assert_eq!((all.0, all.1), sums, "{name} {text}");
            if title == "Sections" {
                assert_eq!(all.0, whole, "{name} {text}");
            }
            // The largest first, up to the headers.
            let size = |row: &(u64, u64, String)| row.0.max(row.1);
            let listed = rows.iter().take_while(|row| !row.2.starts_with('('));
            assert!(listed.map(size).is_sorted_by(|a, b| a >= b), "{name} {text}");
        }
        if !text.contains("\nSegments") {
            continue;
        }
        let loads = rows(&text, "Segments").into_iter().filter(|row| row.2.ends_with(" LOAD"));
        let sum = loads.map(|row| row.1).sum::<u64>();
        if let Some(all) = rows(&text, "Segments").last() {
            assert_eq!((all.1, all.2.as_str()), (sum, "LOAD in all"), "{name} {text}");
        }
    }
}

#[test]
fn sizes_in_json_name_what_kind_a_row_is_of() {
    let text = prints(&bin(), &["--size", "--json", "libone-x86_64.so"], 0);
    let symbol = "{\"name\":\"tls_own\",\"type\":\"TLS\",\"file\":4,\"memory\":4}";
    assert!(text.contains(symbol), "{text}");
    assert!(text.contains("{\"name\":\"LOAD\",\"flags\":\"R-X\","), "{text}");
}

#[test]
fn sizes_are_those_of_size_and_nm() {
    let folder = scratch("size");
    let Some(path) = compiled(&folder, "program", SOURCE, "-O1 -g") else { return };
    let tool = |name: &str, options: &[&str]| {
        let output = Command::new(name).args(options).arg(&path).output().ok()?;
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    };
    let text = prints(&folder, &["--size=all", "program"], 0);
    let (Some(sizes), Some(symbols)) =
        (tool("size", &["-A", "-d"]), tool("nm", &["-S", "-t", "d", "--size-sort"]))
    else {
        return eprintln!("size and nm are not installed: nothing to compare with");
    };
    let ours: HashMap<String, u64> =
        rows(&text, "Sections").into_iter().map(|row| (row.2, row.0.max(row.1))).collect();
    let mut compared = 0;
    for line in sizes.lines().filter(|line| line.starts_with('.')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(ours.get(words[0]), words[1].parse().ok().as_ref(), "{line}");
        compared += 1;
    }
    assert!(compared > 15);
    let mut ours: Vec<(u64, String)> = rows(&text, "Symbols")
        .into_iter()
        .filter(|row| row.2 != "in all")
        .map(|row| (row.1, row.2.split_whitespace().nth(1).unwrap().to_owned()))
        .collect();
    let mut theirs: Vec<(u64, String)> = symbols
        .lines()
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            (words[1].parse().unwrap(), words[3].to_owned())
        })
        .collect();
    ours.sort();
    theirs.sort();
    assert_eq!(ours, theirs);
}

#[test]
fn so_many_symbols() {
    let folder = scratch("size-limit");
    if compiled(&folder, "a.o", BEFORE, "-c").is_none() {
        return;
    }
    let count = |option: &str| rows(&prints(&folder, &[option, "a.o"], 0), "Symbols").len();
    let all = count("--size=all");
    // One for the others, one for the sum.
    assert_eq!((count("--size=0"), count("--size=3")), (2, 5));
    assert!(all > 5 && count("--size=99999999999999999999999") == all);
    for wrong in ["--size=", "--size=3x", "--size=-1", "--size=ALL"] {
        let said = readelf(&folder, &[wrong, "a.o"]);
        assert_eq!((said.status, said.stdout.len()), (Some(1), 0), "{wrong}");
    }
}

#[test]
fn nothing_differs() {
    for name in fixture_names().iter().filter(|name| !name.ends_with(".a")) {
        let said = readelf(&bin(), &["--diff", name, name]);
        let readable = said.status == Some(0) || name.starts_with("liar");
        assert!(readable, "{name}: {}", said.stderr.escape_ascii());
        assert!(said.stdout.is_empty(), "{name}: {}", said.stdout.escape_ascii());
    }
}

#[test]
fn what_cannot_be_compared() {
    let folder = scratch("diff-trouble");
    std::fs::write(folder.join("text"), "no ELF file at all\n".repeat(20)).unwrap();
    std::fs::copy(bin().join("program-x86_64"), folder.join("a")).unwrap();
    std::fs::copy(bin().join("archive.a"), folder.join("lib.a")).unwrap();
    for words in [
        &["--diff", "a"][..],
        &["--diff"],
        &["--diff", "a", "a", "a"],
        &["--diff", "a", "text"],
        &["--diff", "text", "a"],
        &["--diff", "a", "absent"],
        &["--diff", "a", "lib.a"],
        &["--diff", "--color=x", "a", "a"],
    ] {
        let said = readelf(&folder, words);
        assert_eq!((said.status, said.stdout.len()), (Some(2), 0), "{words:?}");
        assert!(!said.stderr.is_empty(), "{words:?}");
    }
}

const BEFORE: &str = "
    int table[100] = { 1 };
    static int gone(int x) { return x + table[3]; }
    int (*keep)(int) = gone;
    int grows(int x) { return x; }
    int stays(int x) { return x * 3; }
    int data = 7;
";

const AFTER: &str = "
    int table[120] = { 1 };
    static int comes(int x) { return x - table[3]; }
    int (*keep)(int) = comes;
    int grows(int x) { return x * x * x + table[x]; }
    int stays(int x) { return x * 3; }
    int data(void) { return 7; }
";

#[test]
fn what_differs() {
    let folder = scratch("diff");
    let made = |name, source| compiled(&folder, name, source, "-O1 -c -fno-pic").is_some();
    if !made("a.o", BEFORE) || !made("b.o", AFTER) {
        return;
    }
    let text = prints(&folder, &["--diff", "a.o", "b.o"], 1);
    assert!(text.starts_with("--- a.o\n+++ b.o\n"), "{text}");
    let symbols = text.split("\nSymbols:\n").nth(1).unwrap();
    for line in [
        "- gone  size ",
        "+ comes  size ",
        "~ table  size 400 -> 480 (+80)",
        "~ grows  size ",
        "~ data  OBJECT -> FUNC",
    ] {
        assert!(symbols.lines().any(|found| found.starts_with(line)), "{line}\n{text}");
    }
    assert!(!symbols.contains("stays") && !symbols.contains("keep"), "{text}");
    let back = prints(&folder, &["--diff", "b.o", "a.o"], 1);
    assert!(back.contains("\n~ table  size 480 -> 400 (-80)\n"), "{back}");
    // One instruction's operand is something that differs, though no size does.
    let other = BEFORE.replace("x * 3", "x * 5").replace("1 }", "2 }");
    assert!(made("c.o", &other));
    let text = prints(&folder, &["--diff", "a.o", "c.o"], 1);
    let expected = "\nSections:\n~ .text  other bytes\n~ .data  other bytes\n";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn stripped_and_not() {
    let folder = scratch("diff-strip");
    let Some(path) = compiled(&folder, "a", SOURCE, "-O1") else { return };
    std::fs::copy(&path, folder.join("b")).unwrap();
    let strip = Command::new("strip").arg(folder.join("b")).status();
    if !strip.is_ok_and(|status| status.success()) {
        return eprintln!("strip is not installed: not tested");
    }
    let text = prints(&folder, &["--diff", "a", "b"], 1);
    let said: Vec<&str> = text.lines().filter(|line| line.starts_with(['-', '+', '~'])).collect();
    let names: Vec<&str> = said[2..].iter().map(|line| line.split("  ").next().unwrap()).collect();
    // Nothing that has merely moved, and not each of the symbols.
    assert_eq!(names, ["- .symtab", "~ .shstrtab", "- .strtab"], "{text}");
}

#[test]
fn duplicates_are_paired_by_size() {
    let folder = scratch("diff-twice");
    let object = |name: &str, sizes: &[u32]| {
        let lines = sizes.iter().map(|size| {
            format!("asm(\"twice: .skip {size}\\n.size twice, {size}\\n.pushsection .x\\n\");\n")
        });
        // The assembler knows a name once in a file: so one file each, put together by ld.
        let mut parts = Vec::new();
        for (i, line) in lines.enumerate() {
            let line = line.replace(".pushsection .x\\n", "");
            let part = format!("{name}-{i}.o");
            compiled(&folder, &part, &line, "-c")?;
            parts.push(part);
        }
        let mut ld = Command::new("ld");
        ld.arg("-r").args(&parts).args(["-o", name]).current_dir(&folder);
        ld.status().ok().filter(|status| status.success())
    };
    if object("a", &[8, 16, 24]).and(object("b", &[24, 16, 32, 8])).is_none() {
        return eprintln!("cc and ld don't make such objects here: not tested");
    }
    let symbols = |a: &str, b: &str| {
        let text = prints(&folder, &["--diff", a, b], 1);
        let lines = text.split("\nSymbols:\n").nth(1).unwrap().lines();
        lines.filter(|line| line.contains("twice")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(symbols("a", "b"), "+ twice  size 32");
    assert_eq!(symbols("b", "a"), "- twice  size 32");
    object("c", &[24, 40, 8]);
    assert_eq!(symbols("a", "c"), "~ twice  size 16 -> 40 (+24)");
}

#[test]
fn versions_and_libraries() {
    let folder = scratch("diff-versions");
    let library = |name: &str, map: &str, options: &str| {
        std::fs::write(folder.join("map"), map).unwrap();
        let source = "int one(void) { return 1; } int two(void) { return 2; }";
        let all = format!("-shared -fPIC -Wl,--version-script=map -nostdlib {options}");
        compiled(&folder, name, source, &all)
    };
    let first = "V1 { global: one; two; local: *; };";
    let second = "V1 { global: one; local: *; }; V2 { global: two; } V1;";
    if library("a.so", first, "-Wl,-soname,lib.so.1").is_none()
        || library("b.so", second, "-Wl,-soname,lib.so.2,-z,now").is_none()
    {
        return;
    }
    let text = prints(&folder, &["--diff", "a.so", "b.so"], 1);
    for part in [
        "\nDynamic linking:\n- SONAME lib.so.1\n+ SONAME lib.so.2\n",
        "\n~ FLAGS  0x0 -> 0x8\n",
        "\nVersions:\n",
        "\n+ defined V2\n",
        "\nDynamic symbols:\n",
        "\n- two@@V1  size ",
        "\n+ two@@V2  size ",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("one@@"), "{text}");
    // Other machines, other classes.
    let text = prints(&bin(), &["--diff", "libone-x86_64.so", "libone-powerpc.so"], 1);
    for part in ["~ class  ELF64 -> ELF32\n", "~ data  ", "~ machine  ", "~ .dynsym  size "] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn as_json() {
    let table = prints(&bin(), &["--json", "--check=pie,rpath", "program-s390x"], 1);
    let head = "{\"file\":\"program-s390x\",";
    assert!(table.starts_with(head) && table.ends_with("}\n"), "{table}");
    assert!(table.contains("\"checks\":[{\"name\":\"pie\",\"state\":\"bad\","), "{table}");
    let sizes = prints(&bin(), &["--json", "--size=1", "program-s390x"], 0);
    assert!(sizes.contains("\"size\":{\"sections\":[{\"name\":\""), "{sizes}");
    let diff = prints(&bin(), &["--json", "--diff", "program-s390x", "program-i686"], 1);
    let class = "\"name\":\"class\"";
    assert!(diff.starts_with("{\"a\":\"program-s390x\",\"b\":\"program-i686\",\"changes\":["));
    assert!(diff.contains(class) && diff.ends_with("]}\n"), "{diff}");
    let same = prints(&bin(), &["--json", "--diff", "program-i686", "program-i686"], 0);
    assert_eq!(same, "{\"a\":\"program-i686\",\"b\":\"program-i686\",\"changes\":[]}\n");
    if Command::new("python3").arg("-c").arg("").status().is_err() {
        return eprintln!("python3 is not installed: the JSON was not parsed");
    }
    for text in [table, sizes, diff, same] {
        let code = "import json, sys; json.loads(sys.argv[1])";
        let run = Command::new("python3").args(["-c", code, &text]).output().unwrap();
        assert!(run.status.success(), "{text}");
    }
}

/// Changes a few bytes of a file, mostly of its headers.
fn mutant(whole: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..1 + random.below(6) {
        let at = match random.below(3) {
            0 => 16 + random.below(48),
            1 => bytes.len().saturating_sub(1 + random.below(bytes.len() / 2)),
            _ => random.below(bytes.len()),
        };
        let value = [0, 1, 0x1b, 0x7f, 0x80, 0xff, random.below(256) as u8][random.below(7)];
        let width = [1, 1, 2, 4, 8][random.below(5)];
        bytes.iter_mut().skip(at).take(width).for_each(|byte| *byte = value);
    }
    bytes
}

#[test]
fn mutants() {
    let folder = scratch("extras-mutants");
    let mut random = Random(0x657874);
    for name in fixture_names() {
        let whole = std::fs::read(bin().join(&name)).unwrap();
        let files: Vec<String> = (0..60).map(|n| format!("{name}-{n}")).collect();
        for file in &files {
            std::fs::write(folder.join(file), mutant(&whole, &mut random)).unwrap();
        }
        std::fs::write(folder.join("whole"), &whole).unwrap();
        let check = |words: &[&str], said: Said| {
            let text = [said.stdout, said.stderr].concat();
            let what = format!("readelf {words:?} in {}", folder.display());
            assert!(said.status.is_some_and(|status| status < 3), "{what}");
            // JSON escapes by rules of its own.
            assert!(words[0] == "--json" || !drives_terminal(&text), "{what}");
            assert!(text.len() < 16 << 20, "{what}: {} bytes", text.len());
        };
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let words = [&["--draw", "--check", "--size=all"], &files[..]].concat();
        check(&words, limited(&folder, &words));
        let words = [&["--json", "--check=all", "--size=2"], &files[..]].concat();
        check(&words, limited(&folder, &words));
        for file in files.iter().take(10) {
            let words = ["--diff", "whole", file];
            check(&words, limited(&folder, &words));
        }
        files.iter().for_each(|file| std::fs::remove_file(folder.join(file)).unwrap());
    }
}

/// With 512 MiB of address space and 20 seconds of processor time.
fn limited(folder: &Path, words: &[&str]) -> Said {
    let script = r#"ulimit -c 0; ulimit -v 524288; ulimit -t 20; exec "$0" readelf "$@""#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(lx_path()).args(words).current_dir(folder);
    Said::of(shell.output().unwrap())
}

#[test]
fn the_help_tells_of_them() {
    let run = lx().args(["readelf", "--help"]).output().unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    let more = text.split("\nBeyond GNU readelf:\n").nth(1).unwrap();
    for option in ["--color[=WHEN]", "--draw", "--check[=LIST]", "--size[=N]", "--diff"] {
        assert!(more.contains(&format!("  {option} ")), "{option}\n{text}");
    }
}
