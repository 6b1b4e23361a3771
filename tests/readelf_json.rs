//! `lx readelf --json`: valid for whatever file, and the same as the text report says.

mod common;

use common::{Said, fixture_names, fixtures, lx, readelf, scratch};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

const SETS: &[&str] = &[
    "-h",
    "-l",
    "-S",
    "-t",
    "-g",
    "-s",
    "--dyn-syms",
    "--lto-syms",
    "-r",
    "-d",
    "-V",
    "-n",
    "-u",
    "-I",
    "-A",
    "-c",
    "-a",
    "-a -D",
    "-L",
    "-x1 -R2 -p3",
    "-z -x.debug_info -p.comment -x99",
];

/// All documents of a run; each has to be a line of its own.
fn documents(said: &Said) -> Vec<Value> {
    let text = String::from_utf8(said.stdout.clone()).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is not ended");
    let parse = |line: &str| {
        no_member_twice(line);
        serde_json::from_str(line).unwrap_or_else(|why| panic!("{why} in {line}"))
    };
    text.lines().map(parse).collect()
}

/// The parser takes the last of two members with one name: this one doesn't. What is in strings
/// is skipped; the rest is brackets, colons and commas.
fn no_member_twice(line: &str) {
    let mut open: Vec<BTreeSet<&str>> = Vec::new();
    let bytes = line.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => open.push(BTreeSet::new()),
            b'}' | b']' => drop(open.pop()),
            b'"' => {
                let start = at + 1;
                at = start;
                while bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                if bytes.get(at + 1) == Some(&b':') {
                    let name = &line[start..at];
                    assert!(open.last_mut().unwrap().insert(name), "{name} is there twice");
                }
            }
            _ => {}
        }
        at += 1;
    }
    assert!(open.is_empty());
}

/// The one document of a run that has only one.
fn document(folder: &Path, words: &[&str]) -> Value {
    let said = readelf(folder, words);
    let mut all = documents(&said);
    assert_eq!(all.len(), 1, "{words:?}");
    all.remove(0)
}

fn bin() -> std::path::PathBuf {
    fixtures().join("bin")
}

/// All values of a member, in an array of objects.
fn each<'v>(array: &'v Value, key: &'v str) -> impl Iterator<Item = &'v Value> {
    array.as_array().unwrap().iter().map(move |value| &value[key])
}

/// Numbers of so many digits at the beginning of a text's lines, after what `before` takes away.
fn column<'t>(text: &'t str, before: impl Fn(&'t str) -> Option<&'t str>) -> Vec<u64> {
    let number = |line: &'t str| {
        let line = before(line)?;
        let end = line.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(line.len());
        u64::from_str_radix(&line[..end], 16).ok().filter(|_| end >= 6)
    };
    text.lines().filter_map(number).collect()
}

#[test]
fn every_fixture_with_every_option() {
    for name in fixture_names() {
        for set in SETS {
            let mut words: Vec<&str> = set.split(' ').chain([name.as_str()]).collect();
            let text = readelf(&bin(), &words);
            words.push("--json");
            let said = readelf(&bin(), &words);
            assert_eq!(said.status, text.status, "{set} {name}");
            let (messages, expected) = (said.stderr.escape_ascii(), text.stderr.escape_ascii());
            assert_eq!(messages.to_string(), expected.to_string(), "{set} {name}");
            let documents = documents(&said);
            assert_eq!(documents.len(), 1, "{set} {name}");
            assert_eq!(documents[0]["file"], name);
        }
    }
}

#[test]
fn tables_have_the_rows_of_the_text() {
    let mut rows = 0;
    for name in fixture_names().iter().filter(|name| !name.ends_with(".a")) {
        let text = |option: &str| {
            String::from_utf8_lossy(&readelf(&bin(), &[option, "-W", name]).stdout).into_owned()
        };
        let json = document(&bin(), &["-a", "--json", name]);
        let mut same = |what: &str, expected: Vec<u64>, found: Vec<&Value>| {
            // What a double can't hold is a string.
            let number = |value: &Value| match value {
                Value::String(text) => text.parse::<u64>().unwrap(),
                number => number.as_u64().unwrap(),
            };
            rows += expected.len();
            let found: Vec<u64> = found.into_iter().map(number).collect();
            assert_eq!(found, expected, "{what} of {name}");
        };
        let after_colon = |line: &'static str| line.split_once(": ").map(|both| both.1);
        // The texts live as long as the test does.
        let leak = |option: &str| -> &'static str { text(option).leak() };
        let symbols = json["symbol_tables"].as_array().unwrap().iter();
        let symbols = symbols.flat_map(|table| each(&table["symbols"], "st_value")).collect();
        same("symbols", column(leak("-s"), after_colon), symbols);
        let relocations = json["relocations"].as_array().unwrap().iter();
        let offsets = relocations.flat_map(|table| each(&table["entries"], "r_offset")).collect();
        same("relocations", column(leak("-r"), Some), offsets);
        let tags = each(&json["dynamic"]["entries"], "d_tag").collect();
        same("tags", column(leak("-d"), |line| line.strip_prefix(" 0x")), tags);
        let sections =
            leak("-S").lines().filter(|line| line.starts_with("  [") && line.as_bytes()[5] == b']');
        let count = sections.filter(|line| !line.contains("Nr")).count();
        assert_eq!(json["sections"].as_array().unwrap().len(), count, "sections of {name}");
    }
    assert!(rows > 1000, "{rows}");
}

#[test]
fn values_of_a_library() {
    let json = document(&bin(), &["-a", "--json", "libone-x86_64.so"]);
    assert_eq!(json["header"]["e_machine"], 62);
    assert_eq!(json["header"]["EI_CLASS_name"], "ELF64");
    assert_eq!(json["errors"], false);
    let segments = json["segments"].as_array().unwrap();
    assert!(segments.iter().any(|segment| segment["p_type_name"] == "DYNAMIC"
        && segment["sections"][0]["section"] == ".dynamic"));
    let sections = json["sections"].as_array().unwrap();
    let text = sections.iter().find(|section| section["name"] == ".text").unwrap();
    assert_eq!(text["sh_flags_names"], serde_json::json!(["ALLOC", "EXEC"]));
    assert_eq!(text["sh_flags"], 6);
    let entries = json["dynamic"]["entries"].as_array().unwrap();
    assert!(entries.iter().any(|entry| entry["d_tag_name"] == "SONAME"
        && entry["d_val_name"].as_str().unwrap().starts_with("libone")));
    let versions = json["versions"].as_array().unwrap();
    let defined = versions.iter().find_map(|section| section["verdef"].as_array()).unwrap();
    assert_eq!(defined[0]["names"].as_array().unwrap().len(), 1);
    let dynamic = &json["symbol_tables"][0];
    assert_eq!(dynamic["section"], ".dynsym");
    let symbols = dynamic["symbols"].as_array().unwrap();
    let versioned = symbols.iter().find(|symbol| symbol["version_default"] == true).unwrap();
    assert_eq!(versioned["st_bind_name"], "GLOBAL");
    assert!(versioned["section"].is_string(), "{versioned}");
    let hashes = json["histogram"].as_object().unwrap();
    let chains = hashes.values().next().unwrap();
    let lengths: u64 =
        chains["chains_of_length"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(chains["nbucket"], lengths);
    let notes = json["notes"].as_array().unwrap().iter();
    let mut notes = notes.flat_map(|part| part["notes"].as_array().unwrap());
    let id = notes.find(|note| note["build_id"].is_string()).unwrap();
    assert_eq!(id["name"], "GNU");
    assert_eq!(id["build_id"], id["desc"]);
}

#[test]
fn notes_and_attributes() {
    let core = document(&bin(), &["-n", "--json", "core-x86_64"]);
    let all = core["notes"][0]["notes"].as_array().unwrap();
    let kind = |name: &str| {
        all.iter().find(|note| note["n_type_name"].as_str().unwrap().starts_with(name))
    };
    if let Some(auxv) = kind("NT_AUXV") {
        assert!(auxv["auxv"].is_array());
    }
    assert!(kind("NT_PRSTATUS").unwrap()["desc"].as_str().unwrap().len() > 2);
    let arm = document(&bin(), &["-A", "-u", "--json", "libone-arm.so"]);
    assert_eq!(arm["arch_specific"]["text"][0], "Attribute Section: aeabi");
    let unwind = document(&bin(), &["-u", "--json", "unwind-arm.o"]);
    assert!(unwind["unwind"]["text"].as_array().unwrap().len() > 2);
}

#[test]
fn dumps() {
    let file = "program-x86_64";
    let raw = std::fs::read(bin().join(file)).unwrap();
    let json = document(&bin(), &["-S", "-x.text", "-p.interp", "--json", file]);
    let sections = json["sections"].as_array().unwrap();
    let text = sections.iter().find(|section| section["name"] == ".text").unwrap();
    let (offset, size) = (text["sh_offset"].as_u64().unwrap(), text["sh_size"].as_u64().unwrap());
    let bytes = &raw[offset as usize..(offset + size) as usize];
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    // In the order of the sections.
    assert_eq!(json["dumps"][1]["bytes"], digits);
    let strings = &json["dumps"][0]["strings"];
    assert_eq!(strings[0]["offset"], 0);
    assert!(strings[0]["text"].as_str().unwrap().starts_with('/'), "{strings}");
}

#[test]
fn names_and_numbers_that_json_cannot_hold() {
    let folder = scratch("json-names");
    let mut bytes = std::fs::read(bin().join("program-x86_64")).unwrap();
    let at = bytes.windows(8).position(|w| w == b".interp\0").unwrap();
    bytes[at..at + 7].copy_from_slice(b"\xff\x1b\"\\\xc2\x9b\n");
    // e_entry: 2^53 - 1 is the greatest that is a number.
    let name = std::ffi::OsString::from("na\"me");
    for (entry, expected) in [
        ((1u64 << 53) - 1, serde_json::json!(9007199254740991u64)),
        (1 << 53, serde_json::json!("9007199254740992")),
        (u64::MAX, serde_json::json!("18446744073709551615")),
    ] {
        bytes[24..32].copy_from_slice(&entry.to_le_bytes());
        std::fs::write(folder.join(&name), &bytes).unwrap();
        let said = readelf(&folder, &["-hS", "--json", "na\"me"]);
        assert!(!said.stdout.iter().any(|byte| matches!(byte, 0x1b | 0x7f | 0x9b)));
        let json = documents(&said).remove(0);
        assert_eq!(json["file"], "na\"me");
        assert_eq!(json["header"]["e_entry"], expected);
        let sections = json["sections"].as_array().unwrap();
        let section = sections.iter().find(|section| section["name_hex"].is_string()).unwrap();
        assert_eq!(section["name_hex"], "ff1b225cc29b0a");
        assert_eq!(section["name"], "\u{fffd}\u{1b}\"\\\u{9b}\n");
    }
}

#[test]
fn archives_are_one_document() {
    let json = document(&bin(), &["-h", "-c", "--json", "archive.a"]);
    let members = json["members"].as_array().unwrap();
    assert!(members.len() > 1);
    for member in members {
        assert!(member["file"].as_str().unwrap().starts_with("archive.a("), "{member}");
    }
    let index = json["archive_index"].as_array().unwrap();
    assert!(!index.is_empty());
    assert!(index[0]["symbol"].is_string());
    assert!(index[0]["member"].as_str().unwrap().starts_with("archive.a("));
    let thin = document(&bin(), &["-h", "--json", "thin.a"]);
    assert_eq!(thin["members"][0]["header"]["e_ident"].as_str().unwrap().len(), 32);
    let gone = document(&bin(), &["-h", "--json", "thin-gone.a"]);
    assert_eq!(gone["errors"], true);
}

#[test]
fn a_document_for_every_operand() {
    let folder = scratch("json-operands");
    std::fs::write(folder.join("empty"), "").unwrap();
    std::fs::write(folder.join("text"), "no ELF file at all\n".repeat(20)).unwrap();
    std::fs::write(folder.join("magic"), "\x7fELF and no more").unwrap();
    std::fs::copy(bin().join("program-i686"), folder.join("program")).unwrap();
    let names = ["absent", "empty", "text", "magic", ".", "program"];
    let words: Vec<&str> = ["-h", "--json"].into_iter().chain(names).collect();
    let said = readelf(&folder, &words);
    assert_eq!(said.status, Some(1));
    let all = documents(&said);
    assert_eq!(each(&Value::from(all.clone()), "file").collect::<Vec<_>>(), names);
    assert_eq!(all[0]["error"], "No such file or directory");
    assert_eq!(all[2]["error"], "not an ELF file");
    assert!(all[..5].iter().all(|document| document["error"].is_string()));
    assert!(all[5]["error"].is_null() && all[5]["header"].is_object());
}

#[test]
fn messages_are_in_the_document_and_on_standard_error() {
    let said = readelf(&bin(), &["-a", "--json", "liar-x86_64"]);
    let json = documents(&said).remove(0);
    // After one of them the line isn't ended.
    let told = String::from_utf8_lossy(&said.stderr).replace('\n', "");
    let told: Vec<&str> = told.split("readelf: ").skip(1).collect();
    assert!(told.len() > 5);
    assert_eq!(json["messages"].as_array().unwrap(), &told);
}

/// Any byte may be wrong: some are, in each of the fixtures.
#[test]
fn damaged_files_are_valid_json() {
    let folder = scratch("json-damaged");
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below.max(1)
    };
    for name in fixture_names() {
        let whole = std::fs::read(bin().join(&name)).unwrap();
        let mut lx = lx();
        lx.args(["readelf", "-a", "-c", "--lto-syms", "-x1", "-p2", "-R3", "-z", "--json"]);
        for number in 0..24 {
            let mut bytes = whole.clone();
            for _ in 0..1 + random(8) {
                let at = match random(3) {
                    0 => random(64),
                    1 => bytes.len().saturating_sub(1 + random(2000)),
                    _ => random(bytes.len()),
                };
                let value = [0, 1, 0x7f, 0x80, 0xff, random(256) as u8][random(6)];
                bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = value);
            }
            if number % 4 == 0 {
                bytes.truncate(random(bytes.len()));
            }
            let file = folder.join(format!("{name}-{number}"));
            std::fs::write(&file, bytes).unwrap();
            lx.arg(file);
        }
        let said = Said::of(lx.output().unwrap());
        assert!(matches!(said.status, Some(0 | 1)), "{name}: {:?}", said.status);
        assert_eq!(documents(&said).len(), 24, "{name}");
    }
}
