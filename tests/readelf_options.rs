//! Options of `lx readelf` that show nothing yet, or little, and what `-z` says of sections
//! that can't be unpacked: as GNU readelf 2.40 where it isn't said otherwise.

mod common;

use common::{Said, fixtures, readelf, scratch};

fn said(words: &[&str]) -> (Option<i32>, String, String) {
    let Said { status, stdout, stderr } = readelf(&fixtures().join("bin"), words);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status, text(stdout), text(stderr))
}

const FILE: &str = "object-x86_64.o";

#[test]
fn dwarf_is_told_to_be_missing_after_the_rest() {
    let (_, header, _) = said(&["-h", FILE]);
    for word in ["-w", "-wi", "--debug-dump", "--debug-dump=info,links", "--debug=frames"] {
        let (status, stdout, stderr) = said(&[word, "-h", FILE]);
        assert_eq!((status, &stdout), (Some(1), &header), "{word}");
        assert!(stderr.ends_with("DWARF (-w, --debug-dump) is not supported yet\n"), "{stderr}");
    }
}

#[test]
fn letters_and_words_that_are_none() {
    let (_, _, stderr) = said(&["-wqk", FILE]);
    assert_eq!(stderr, "readelf: Warning: Unrecognized debug letter option 'q'\n");
    let (status, _, stderr) = said(&["--debug-dump=foo,links,,", FILE]);
    let expected = "readelf: Warning: Unrecognized debug option 'foo,links,,'\n\
                    readelf: Warning: Unrecognized debug option ','\n";
    assert_eq!((status, stderr.as_str()), (Some(0), expected));
    // These alone ask for nothing.
    for word in ["-wN", "-P", "--dwarf-depth=1", "--ctf-parent=x", "--debug-dump="] {
        let (status, _, stderr) = said(&[word, FILE]);
        assert_eq!(status, Some(1));
        assert!(stderr.starts_with("Usage"), "{word}: {stderr}");
    }
}

#[test]
fn sections_that_are_not_there() {
    let (status, stdout, stderr) = said(&["--sframe", "--ctf=.ctf", FILE]);
    let expected = "readelf: Warning: Section '.ctf' was not dumped because it does not exist\n\
                    readelf: Warning: Section '.sframe' was not dumped because it does not exist\n";
    assert_eq!((status, stdout.as_str(), stderr.as_str()), (Some(0), "", expected));
}

#[test]
fn beginnings_of_long_options() {
    for (word, right) in [("--debug", true), ("--d", false), ("--ct", false), ("--sf", true)] {
        let (_, _, stderr) = said(&[word, FILE]);
        let is_right = !stderr.contains("ambiguous") && !stderr.contains("requires an argument");
        assert_eq!(is_right, right, "{word}: {stderr}");
    }
}

/// The bytes of `packed-x86_64.o`, changed from its `.debug_info` on, and what `-z` says.
fn packed(change: &dyn Fn(&mut [u8])) -> (Option<i32>, String) {
    let mut bytes = std::fs::read(fixtures().join("bin/packed-x86_64.o")).unwrap();
    // ELFCOMPRESS_ZSTD, and 24 units of 26 bytes.
    let head = [2u32, 0, 624, 0].map(u32::to_le_bytes).concat();
    let at = bytes.windows(16).position(|window| window == head).unwrap();
    change(&mut bytes[at..]);
    let folder = scratch(&format!("packed-{:?}", std::thread::current().id()));
    std::fs::write(folder.join("packed.o"), bytes).unwrap();
    let said = readelf(&folder, &["-z", "-x", ".debug_info", "packed.o"]);
    (said.status, String::from_utf8(said.stderr).unwrap())
}

#[test]
fn sections_that_cannot_be_unpacked() {
    let unable = "readelf: Error: Unable to decompress section .debug_info\n";
    let kind = "readelf: Warning: section '.debug_info' has unsupported compress type: ";
    assert_eq!(packed(&|_| {}), (Some(0), String::new()));
    assert_eq!(packed(&|bytes| bytes[0] = 3), (Some(1), format!("{kind}3\n")));
    assert_eq!(packed(&|bytes| bytes[..4].fill(0xff)), (Some(1), format!("{kind}-1\n")));
    // Zlib, too small, not Zstandard. A size that is too large GNU fills up with what it finds.
    assert_eq!(packed(&|bytes| bytes[0] = 1), (Some(1), unable.into()));
    assert_eq!(packed(&|bytes| bytes[8] -= 1), (Some(1), unable.into()));
    assert_eq!(packed(&|bytes| bytes[24] ^= 1), (Some(1), unable.into()));
    assert_eq!(packed(&|bytes| bytes[8] += 1), (Some(1), unable.into()));
    assert_eq!(packed(&|bytes| bytes[15] = 0x10), (Some(1), unable.into()));
}
