//! `lx readelf` against what GNU readelf 2.40 says of the fixtures: output, messages and
//! exit status, for each set of options. `fixtures/golden` has it; `fixtures/record` tells
//! how it is written down.

mod common;

use common::{Said, differences, fixture_names, fixtures, gnu_readelf, readelf, scratch};

/// What GNU readelf says of one fixture: options and what they print.
fn golden(name: &str) -> Vec<(String, Said)> {
    let path = fixtures().join("golden").join(format!("{name}.txt"));
    let text = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut sets: Vec<(String, Said)> = Vec::new();
    let mut seen: Vec<Vec<u8>> = Vec::new();
    let utf8 = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut last_is_error = false;
    for line in text.split_inclusive(|&byte| byte == b'\n').skip(1) {
        if let Some(options) = line.strip_prefix(b"=== ") {
            sets.push((utf8(options.trim_ascii()), Said::default()));
            continue;
        }
        let said = &mut sets.last_mut().unwrap().1;
        match line.split_first().unwrap() {
            (b's', rest) => {
                let status = utf8(rest.strip_prefix(b"tatus ").unwrap());
                said.status = Some(status.trim().parse().unwrap());
            }
            (b'|', line) => {
                last_is_error = false;
                said.stdout.extend(line);
                seen.push(line.to_vec());
            }
            (b'!', line) => {
                last_is_error = true;
                said.stderr.extend(line);
            }
            (b'\\', _) if last_is_error => drop(said.stderr.pop()),
            (b'\\', _) => {
                said.stdout.pop();
                seen.last_mut().unwrap().pop();
            }
            (b'@', run) => {
                let numbers: Vec<usize> =
                    utf8(run).split_whitespace().map(|n| n.parse().unwrap()).collect();
                let from = numbers[0] - 1;
                let copied = seen[from..from + numbers[1]].to_vec();
                copied.iter().for_each(|line| said.stdout.extend(line));
                // The lines of the set before this one must not move under it.
                seen.extend(copied);
            }
            _ => panic!("{}: what is {:?}?", path.display(), line.escape_ascii().to_string()),
        }
    }
    sets
}

/// Compares all fixtures that were recorded with one of these sets of options.
fn compare(sets: &[&str]) {
    let bin = fixtures().join("bin");
    let (mut runs, mut wrong) = (0, Vec::new());
    for name in fixture_names() {
        for (options, expected) in golden(&name) {
            if !sets.contains(&options.as_str()) {
                continue;
            }
            let mut words: Vec<&str> = options.split(' ').collect();
            words.push(&name);
            runs += 1;
            let difference = differences(&expected, &readelf(&bin, &words));
            wrong.extend(difference.map(|text| format!("readelf {options} {name}\n{text}")));
        }
    }
    let few = &wrong[..wrong.len().min(5)];
    assert!(wrong.is_empty(), "{} of {runs} runs differ:\n\n{}", wrong.len(), few.join("\n"));
    assert!(runs > 0, "no fixture was recorded with {sets:?}");
}

macro_rules! golden {
    ($($part:ident: $($sets:literal),+;)*) => {
        $(#[test]
        fn $part() {
            compare(&[$($sets),+]);
        })*

        /// All sets of options below.
        const COMPARED: &[&str] = &[$($($sets,)+)*];
    };
}

// One row a part of the report.
golden! {
    header: "-hW", "-h";
    segments: "-lW", "-l";
    sections: "-SW", "-S", "-tW", "-t";
    headers: "-e";
    groups: "-gW", "-g";
    symbols: "-sW", "-s", "--dyn-syms -W", "--dyn-syms", "-T -s", "--sym-base=16 -s";
    symbols_of_the_dynamic_section: "-D -sW";
    relocations: "-rW", "-r";
    relocations_of_the_dynamic_section: "-D -rW";
    dynamic: "-dW", "-d", "-D -dW";
    versions: "-VW", "-V";
    notes: "-nW", "-n";
    histograms: "-IW", "-I";
    archive_index: "-cW";
    unwind: "-uW", "-u";
    architecture: "-AW", "-A";
    dumps: "-p .comment", "-x .note.own", "-x 1", "-x 99", "-x nosuch", "-p nosuch", "-x .bss",
        "-R .data", "-x .data", "-p .debug_str", "-p .strtab", "-p .text",
        "-x .text -p .comment -h";
    decompressed_dumps: "-z -p .debug_str", "-z -x .debug_str", "-z -x .debug_info",
        "-z -p .debug_info", "-z -R .debug_info";
    lint: "-LW";
    demangled: "-C -aW", "-C -a", "-C -s -T", "--demangle=auto -s", "--no-recurse-limit -C -sW",
        "--no-recursion-limit --recurse-limit -C -s";
    demangled_in_a_style: "-C --demangle=none -sW", "--demangle=gnu-v3 -sW", "--demangle=java -rW",
        "--demangle=rust -r", "--demangle=dlang -sW", "--demangle=gnat -S",
        "--demangle=gnat --no-demangle -C -sW", "--demangle=lucid -sW";
    bytes_above_ascii: "-Ux -aW", "-Ue -s", "-Ue -SW", "-Uh -sW", "-Ui -S", "-Ux -C -s",
        "-Ul -C -rW", "-Ud -s", "--unicode=escape -r", "--unicode=hex -s", "--unicode=invalid -s",
        "-Uhi -sW";
    everything: "-aW", "-a";
}

#[test]
fn nothing_that_was_recorded_is_left_out() {
    let mut left: Vec<String> = Vec::new();
    for name in fixture_names() {
        left.extend(golden(&name).into_iter().map(|(options, _)| options));
    }
    left.retain(|options| !COMPARED.contains(&options.as_str()));
    left.sort();
    left.dedup();
    assert!(left.is_empty(), "recorded, but not compared: {left:?}");
}

/// The record is of this machine's readelf, where that is the reference.
#[test]
fn the_record_is_true() {
    for name in fixture_names() {
        for (options, expected) in golden(&name).iter().take(4) {
            let words: Vec<&str> = options.split(' ').chain([name.as_str()]).collect();
            let Some(said) = gnu_readelf(&fixtures().join("bin"), &words) else { return };
            let difference = differences(expected, &said);
            assert!(
                expected == &said,
                "readelf {options} {name}\n{}",
                difference.unwrap_or_default()
            );
        }
    }
}

#[test]
fn strings_of_the_dynamic_section_of_any_length() {
    let folder = scratch("dynamic-strings");
    let source = "char room[100000] = {1}; int f(void) { return room[5]; }";
    std::fs::write(folder.join("a.c"), source).unwrap();
    // Within what is read at once, at its end, and beyond it.
    let sonames = [10, 250, 254, 255, 256, 257, 700].map(|length| "s".repeat(length));
    for soname in sonames {
        let cc = std::process::Command::new("cc")
            .args(["-shared", "-fPIC", "-nostdlib", "a.c", "-o", "a.so"])
            .arg(format!("-Wl,-soname,{soname}"))
            .current_dir(&folder)
            .status();
        assert!(cc.unwrap().success());
        // Without section headers, the strings are those at DT_STRTAB.
        let mut bytes = std::fs::read(folder.join("a.so")).unwrap();
        bytes[0x28..0x30].fill(0);
        bytes[0x3c..0x40].fill(0);
        std::fs::write(folder.join("b.so"), bytes).unwrap();
        for name in ["a.so", "b.so"] {
            let said = readelf(&folder, &["-dW", name]);
            let expected = format!("Library soname: [{soname}]\n");
            let text = String::from_utf8_lossy(&said.stdout).into_owned();
            assert!(text.contains(&expected), "{name}: {text}");
            if let Some(gnu) = gnu_readelf(&folder, &["-dW", name]) {
                assert_eq!(differences(&gnu, &said), None, "{name}");
            }
        }
    }
}
