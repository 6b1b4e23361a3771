//! The directives for file systems.

use super::field::{Place, place};
use super::subject::{Directive, Form, Subject};
use super::{Fatal, Run, Switch, all, report as report_formats};
use crate::context::Context;
use crate::quote::Quoted;
use crate::words::{short, unpacked};
use alloc::vec::Vec;
use rt::fmt::hex;
use rt::fs::{Statfs, StatxMask, statfs};
use rt::put;

/// `-f -t`.
const TERSE: &[u8] = b"%n %i %l %t %s %S %b %f %a %c %d\n";

/// `-f`.
const FULL: &[u8] = b"  File: \"%n\"
    ID: %-8i Namelen: %-7l Type: %T
Block size: %-10s Fundamental block size: %S
Blocks: Total: %-10b Free: %-10f Available: %a
Inodes: Total: %-10c Free: %d
";

const fn directive(letter: u8, form: Form, place: Place) -> Directive {
    Directive(letter, form, place, StatxMask(0))
}

const DIRECTIVES: [Directive; 12] = [
    directive(b'n', Form::Text, Place(0)),
    directive(b'i', Form::Hex, place!(Statfs f_fsid)),
    directive(b'l', Form::Decimal, place!(Statfs f_namelen)),
    directive(b't', Form::Hex, place!(Statfs f_type)),
    directive(b'T', Form::Text, place!(Statfs f_type)),
    directive(b's', Form::Decimal, place!(Statfs f_bsize)),
    directive(b'S', Form::Decimal, place!(Statfs f_frsize)),
    directive(b'b', Form::Signed, place!(Statfs f_blocks)),
    directive(b'f', Form::Signed, place!(Statfs f_bfree)),
    directive(b'a', Form::Signed, place!(Statfs f_bavail)),
    directive(b'c', Form::Decimal, place!(Statfs f_files)),
    directive(b'd', Form::Signed, place!(Statfs f_ffree)),
];

/// The kinds of file systems: magic numbers (`include/uapi/linux/magic.h`), and at the same
/// place in [`NAMES`] what GNU calls them.
const MAGIC: [u32; 131] = [
    0x2f, 0x33, 0x187, 0x7c0, 0x1373, 0x137d, 0x137f, 0x138f, 0x1cd1, 0x2468, 0x2478, 0x3434,
    0x4000, 0x4004, 0x4006, 0x4244, 0x482b, 0x4858, 0x4d44, 0x4d5a, 0x517b, 0x564c, 0x5df5, 0x6969,
    0x7275, 0x72b6, 0x9660, 0x9fa0, 0x9fa1, 0x9fa2, 0xadf5, 0xadff, 0xef51, 0xef53, 0xf15f,
    0x11954, 0x27e0eb, 0x414a53, 0xc0ffee, 0xc36400, 0x1021994, 0x1021997, 0x1161970, 0x12fd16d,
    0x12ff7b4, 0x12ff7b5, 0x12ff7b6, 0x12ff7b7, 0x13111a8, 0x7655821, 0x9041934, 0xbad1dea,
    0xbd00bd0, 0x11307854, 0x13661366, 0x15013346, 0x19800202, 0x19830326, 0x1badface, 0x2011bab0,
    0x24051905, 0x28cd3d45, 0x2bad1dea, 0x2fc12fc1, 0x3153464a, 0x42465331, 0x42494e4d, 0x43415d53,
    0x444d4142, 0x453dcd28, 0x454d444d, 0x47504653, 0x50495045, 0x52654973, 0x5345434d, 0x5346314d,
    0x5346414f, 0x53464846, 0x5346544e, 0x534f434b, 0x54190100, 0x565a4653, 0x58295829, 0x58465342,
    0x5a3c69f0, 0x5a4f4653, 0x5dca2df5, 0x61636673, 0x6165676c, 0x61756673, 0x62646576, 0x62656570,
    0x62656572, 0x63677270, 0x64626720, 0x64646178, 0x65735543, 0x65735546, 0x67596969, 0x68191122,
    0x6b414653, 0x6c6f6f70, 0x6e667364, 0x6e736673, 0x73636673, 0x73717368, 0x73727279, 0x73757245,
    0x7461636f, 0x74726163, 0x786f4256, 0x794c7630, 0x7c7c6673, 0x858458f6, 0x9123683e, 0x958458f6,
    0xa501fcf5, 0xaad7aaea, 0xabba1974, 0xbacbacbc, 0xbeefdead, 0xc7571590, 0xc97e8168, 0xcafe4a11,
    0xde5e81e4, 0xe0f5e1e2, 0xf2f52010, 0xf97cff8c, 0xf995e849, 0xfe534d42, 0xff534d42,
];

/// The names, each with a newline behind it.
const NAMES: &str = "\
qnx4\nz3fold\nautofs\njffs\ndevfs\next\nminix\nminix (30 char.)\ndevpts\nminix v2\n\
minix v2 (30 char.)\nnilfs\nisofs\nisofs\nfat\nhfs\nhfs+\nhfsx\nmsdos\nminix3\nsmb\nnovell\n\
exofs\nnfs\nromfs\njffs2\nisofs\nproc\nopenprom\nusbdevfs\nadfs\naffs\next2\next2/ext3\n\
ecryptfs\nufs\ncgroupfs\nefs\nhostfs\nceph\ntmpfs\nv9fs\ngfs/gfs2\nxia\nxenix\nsysv4\nsysv2\n\
coh\nibrix\nrdt\nanon-inode FS\nfutexfs\nlustre\ninodefs\nballoon-kvm-fs\nudf\nmqueue\nfhgfs\n\
bfs\nexfat\nubifs\ncramfs\ninotifyfs\nzfs\njfs\nbefs\nbinfmt_misc\nsmackfs\ndma-buf-fs\n\
cramfs-wend\ndevmem\ngpfs\npipefs\nreiserfs\nsecretmem\nm1fs\nafs\nwslfs\nntfs\nsockfs\nufs\n\
vzfs\nzsmallocfs\nxfs\naafs\nzonefs\nsdcardfs\nacfs\npstorefs\naufs\nbdevfs\nconfigfs\nsysfs\n\
cgroup2fs\ndebugfs\ndaxfs\nfusectl\nfuseblk\nrpc_pipefs\nqnx6\nk-afs\nbinderfs\nnfsd\nnsfs\n\
securityfs\nsquashfs\nbtrfs_test\ncoda\nocfs2\ntracefs\nvboxsf\noverlayfs\nprl_fs\nramfs\n\
btrfs\nhugetlbfs\nvxfs\npanfs\nxenfs\nvmhgfs\nsnfs\nppc-cmm-fs\nlogfs\nbpf_fs\nefivarfs\n\
erofs\nf2fs\nselinux\nhpfs\nsmb2\ncifs\n";

/// The name of a kind of file system, if it has one.
pub fn known_type(magic: i64) -> Option<Vec<u8>> {
    let at = MAGIC.iter().position(|&known| i64::from(known) == magic)?;
    Some(unpacked(rt::text!(NAMES), b'\n', at))
}

/// The same, or what stands for it.
pub fn type_name(magic: i64) -> Vec<u8> {
    known_type(magic)
        .unwrap_or_else(|| short(&mut |out| put!(out, "UNKNOWN (0x", hex(magic as u64), ")")))
}

/// Reports on the file system that a file is on; whether all went well.
#[inline(never)]
pub fn report(cx: &mut Context, run: &mut Run, name: &[u8]) -> Result<bool, Fatal> {
    if name == b"-" {
        message!(
            cx,
            "using ",
            Quoted(name),
            " to denote standard input does not work in file system mode"
        );
        return Ok(false);
    }
    let stat = match statfs(name) {
        Ok(stat) => stat,
        Err(errno) => {
            message!(cx, "cannot read file system information for ", Quoted(name), ": ", errno);
            return Ok(false);
        }
    };
    let fields = stat.as_bytes();
    let system = &Subject { name, fields, directives: &DIRECTIVES, is_file: false };
    if run.options.has(Switch::Json) {
        all::json_system(cx, system, &stat);
        return Ok(true);
    }
    let fine = report_formats(
        cx,
        run,
        system,
        &[if run.options.has(Switch::Terse) { TERSE } else { FULL }],
    )?;
    if run.options.has(Switch::All) {
        all::print_system(cx, &stat);
    }
    Ok(fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_name() {
        assert!(MAGIC.is_sorted());
        assert_eq!(NAMES.lines().count(), MAGIC.len());
        let name = |magic| std::string::String::from_utf8(type_name(magic)).unwrap();
        assert_eq!(name(0x2f), "qnx4");
        assert_eq!(name(0xef53), "ext2/ext3");
        assert_eq!(name(0xff53_4d42), "cifs");
        assert_eq!(name(0x1234), "UNKNOWN (0x1234)");
        assert_eq!(known_type(0xff53_4d42 - (1 << 32)), None);
    }
}
