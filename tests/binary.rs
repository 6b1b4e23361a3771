//! The binary is what it claims to be: one static, position-independent file that needs
//! no interpreter and no library, with no memory that is both written and run.

mod common;

use rt::elf::consts::*;
use rt::elf::{Dynamic, Elf};

/// `DT_FLAGS_1`: a program, not a library.
const DF_1_PIE: u64 = 0x0800_0000;

fn with_binary(look: impl FnOnce(Elf)) {
    let bytes = std::fs::read(common::lx_path()).unwrap();
    look(Elf::new(&bytes.as_slice()).unwrap());
}

#[test]
fn is_a_static_pie() {
    with_binary(|elf| {
        assert_eq!(elf.header.e_type, ET_DYN);
        let dynamic = Dynamic::new(elf).expect("a PIE has a dynamic section");
        assert_eq!(dynamic.value(DT_NEEDED), None);
        assert!(dynamic.value(DT_FLAGS_1).is_some_and(|flags| flags & DF_1_PIE != 0));
        let segments = elf.segments().unwrap();
        assert!(segments.iter().all(|segment| segment.p_type != PT_INTERP));
    });
}

#[test]
fn has_no_memory_that_is_written_and_run() {
    with_binary(|elf| {
        let mut stacks = 0;
        for segment in elf.segments().unwrap().iter() {
            if segment.p_type == PT_GNU_STACK {
                stacks += 1;
                assert_eq!(segment.p_flags & PF_X, 0, "the stack can be run");
            }
            assert_ne!(segment.p_flags & (PF_W | PF_X), PF_W | PF_X, "{segment:x?}");
        }
        assert_eq!(stacks, 1);
    });
}

#[test]
fn relocates_itself_with_relr_alone() {
    with_binary(|elf| {
        let dynamic = Dynamic::new(elf).unwrap();
        // Anything else would need symbols; and start-up knows no other way.
        for tag in [DT_TEXTREL, DT_JMPREL, DT_REL] {
            assert_eq!(dynamic.value(tag), None, "{tag:#x}");
        }
    });
}

#[test]
fn opens_nothing_at_start() {
    // Where strace is there: what the job itself needs, and nothing else.
    let strace = std::process::Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=file,memory,desc"])
        .arg(common::lx_path())
        .arg("--list")
        .output();
    let Ok(strace) = strace.map(|run| String::from_utf8_lossy(&run.stderr).into_owned()) else {
        return eprintln!("strace is not installed: system calls are not counted here");
    };
    if !strace.contains("execve(") {
        return eprintln!("strace can't trace here: {strace}");
    }
    for call in ["open", "readlink", "access", "stat"] {
        let seen = strace.lines().find(|line| line.starts_with(call));
        assert_eq!(seen, None, "{strace}");
    }
    assert_eq!(strace.lines().filter(|line| line.starts_with("write(1,")).count(), 1, "{strace}");
}
