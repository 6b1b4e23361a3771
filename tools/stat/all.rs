//! What GNU stat doesn't tell: `--all`, and all of it as JSON.

use super::file::{File, mount_point};
use super::system::{System, type_name};
use super::{Run, kinds, time, unreadable};
use crate::context::Context;
use crate::words::{Bits, words};
use alloc::vec::Vec;
use rt::fmt::{dec, hex};
use rt::fs::{
    PATH_MAX, STATX_ATIME, STATX_BASIC_STATS, STATX_BTIME, STATX_CTIME, STATX_DIO_READ_ALIGN,
    STATX_DIOALIGN, STATX_MNT_ID, STATX_MNT_ID_UNIQUE, STATX_MTIME, STATX_SUBVOL,
    STATX_WRITE_ATOMIC, Statx, StatxMask, readlink,
};
use rt::put;

/// All that statx may be asked for; the unique number of the mount is another question.
pub const MASK: StatxMask = StatxMask(
    STATX_BASIC_STATS.0
        | STATX_BTIME.0
        | STATX_MNT_ID.0
        | STATX_DIOALIGN.0
        | STATX_SUBVOL.0
        | STATX_WRITE_ATOMIC.0
        | STATX_DIO_READ_ALIGN.0,
);

/// The bits of `stx_attributes` that have a name (`man 2 statx`), and the names.
const ATTRIBUTES: Bits = Bits {
    bits: &[2, 4, 5, 6, 11, 12, 13, 20, 21, 22],
    names: b"compressed immutable append nodump encrypted automount mount-root verity dax \
        write-atomic",
};

/// The bits of `stx_mask`, by the fields that they stand for: what a file system may leave out.
const FIELDS: Bits = Bits {
    bits: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16],
    names:
        b"type mode nlink uid gid atime mtime ctime ino size blocks btime mnt_id dioalign subvol \
        write_atomic",
};

/// `ST_VALID` in `f_flags`: the kernel filled them in.
const VALID: u64 = 0x20;

/// The other bits of `f_flags` (`man 2 statfs`).
const MOUNT_FLAGS: Bits = Bits {
    bits: &[0, 1, 2, 3, 4, 6, 10, 11, 12, 13],
    names: b"ro nosuid nodev noexec sync mand noatime nodiratime relatime nosymfollow",
};

/// Prints the names of bits one after the other, what has none as a number, or else a dash.
fn print_bits(cx: &mut Context, bits: &Bits, title: &str, word: u64) {
    let out = &mut cx.out;
    put!(out, title);
    let rest = bits.each(word, &mut |name| put!(out, " ", name));
    match (rest, word) {
        (0, 0) => put!(out, " -\n"),
        (0, _) => put!(out, "\n"),
        _ => put!(out, " ", hex(rest).alt(), "\n"),
    }
}

/// Writes the names of bits as an array.
fn json_bits(cx: &mut Context, bits: &Bits, key: &str, word: u64) {
    let json = cx.json();
    json.array(key);
    bits.each(word, &mut |name| _ = json.text("", name));
    json.end_array();
}

/// What direct I/O needs, atomic writes allow, and the subvolume: of each what statx must
/// have given, its title, and the names of its numbers.
const GROUPS: [(StatxMask, &str, &str); 4] = [
    (STATX_DIOALIGN, "Direct I/O:", "stx_dio_mem_align stx_dio_offset_align"),
    (STATX_DIO_READ_ALIGN, "Direct reads:", "stx_dio_read_offset_align"),
    (
        STATX_WRITE_ATOMIC,
        "Atomic writes:",
        "stx_atomic_write_unit_min stx_atomic_write_unit_max stx_atomic_write_segments_max \
         stx_atomic_write_unit_max_opt",
    ),
    (STATX_SUBVOL, "Subvolume:", "stx_subvol"),
];

/// The numbers of [`GROUPS`], one after the other.
fn values_of_groups(stat: &Statx) -> impl Iterator<Item = u64> {
    let values = [
        stat.stx_dio_mem_align.into(),
        stat.stx_dio_offset_align.into(),
        stat.stx_dio_read_offset_align.into(),
        stat.stx_atomic_write_unit_min.into(),
        stat.stx_atomic_write_unit_max.into(),
        stat.stx_atomic_write_segments_max.into(),
        stat.stx_atomic_write_unit_max_opt.into(),
        stat.stx_subvol,
    ];
    values.into_iter()
}

/// The number of the mount that is never used again; none before Linux 6.8.
fn unique_mount(run: &Run, file: &File) -> Option<u64> {
    let stat = run.statx(file.name, STATX_MNT_ID_UNIQUE).ok()?;
    stat.stx_mask.contains(STATX_MNT_ID_UNIQUE).then_some(stat.stx_mnt_id)
}

/// Prints what the other formats don't; whether all went well.
pub fn print(cx: &mut Context, run: &mut Run, file: &File) -> bool {
    let stat = file.stat;
    print_bits(cx, &ATTRIBUTES, "Attributes:", stat.stx_attributes);
    // Only those that have a name: nobody knows the others.
    let known = ATTRIBUTES.bits.iter().fold(0, |word, bit| word | 1 << bit);
    print_bits(cx, &ATTRIBUTES, "  Not known here:", known & !stat.stx_attributes_mask);
    put!(&mut cx.out, "Mount: ");
    let mut path = Vec::new();
    if !mount_point(stat.stx_mnt_id, &mut path) {
        path.push(b'?');
    }
    run.text(cx, super::Spec::default(), &path);
    put!(&mut cx.out, "  ID: ", dec(stat.stx_mnt_id), "  Unique ID: ");
    match unique_mount(run, file) {
        Some(id) => put!(&mut cx.out, dec(id), "\n"),
        None => put!(&mut cx.out, "-\n"),
    }
    let out = &mut cx.out;
    let mut values = values_of_groups(stat);
    for (mask, title, names) in GROUPS {
        put!(out, title);
        let given = stat.stx_mask.contains(mask);
        for (name, value) in words(names.as_bytes(), b' ').zip(&mut values) {
            if given {
                put!(out, " ", name.strip_prefix(b"stx_").unwrap_or(name), " ", dec(value));
            }
        }
        put!(out, if given { "\n" } else { " -\n" });
    }
    print_bits(cx, &FIELDS, "Not given:", missing(stat));
    true
}

/// The fields that the file system didn't give.
fn missing(stat: &Statx) -> u64 {
    u64::from(MASK.without(stat.stx_mask).without(STATX_DIO_READ_ALIGN).0)
}

/// Writes a file as an object; whether all went well.
pub fn json(cx: &mut Context, run: &mut Run, file: &File) -> bool {
    let stat = file.stat;
    cx.json().object("").text("name", file.name);
    let fine = !file.is_link() || file.name == b"-" || target(cx, file);
    let mode = stat.stx_mode;
    let (mut user, mut group) = (Vec::new(), Vec::new());
    run.users.find(stat.stx_uid, &mut user);
    run.groups.find(stat.stx_gid, &mut group);
    cx.json()
        .text("type", kinds::name(mode, stat.stx_size == 0))
        .text("stx_mode_name", &kinds::permissions(mode))
        .text("stx_uid_name", &user)
        .text("stx_gid_name", &group);
    let names = "stx_mask stx_mode stx_nlink stx_uid stx_gid stx_ino stx_size stx_blocks \
        stx_blksize stx_dev_major stx_dev_minor stx_mnt_id stx_attributes_mask stx_attributes \
        stx_rdev_major stx_rdev_minor";
    let values = [
        stat.stx_mask.0.into(),
        mode.into(),
        stat.stx_nlink.into(),
        stat.stx_uid.into(),
        stat.stx_gid.into(),
        stat.stx_ino,
        stat.stx_size,
        stat.stx_blocks,
        stat.stx_blksize.into(),
        stat.stx_dev_major.into(),
        stat.stx_dev_minor.into(),
        stat.stx_mnt_id,
        stat.stx_attributes_mask,
        stat.stx_attributes,
        stat.stx_rdev_major.into(),
        stat.stx_rdev_minor.into(),
    ];
    let devices = if file.is_device() { values.len() } else { values.len() - 2 };
    cx.json().numbers(names, values.get(..devices).unwrap_or_default());
    json_bits(cx, &ATTRIBUTES, "stx_attributes_name", stat.stx_attributes);
    for (key, mask, at) in [
        ("stx_atime", STATX_ATIME, stat.stx_atime),
        ("stx_mtime", STATX_MTIME, stat.stx_mtime),
        ("stx_ctime", STATX_CTIME, stat.stx_ctime),
        ("stx_btime", STATX_BTIME, stat.stx_btime),
    ] {
        if stat.stx_mask.contains(mask) {
            let text = time::human(run.zone(), at.tv_sec, at.tv_nsec);
            cx.json()
                .object(key)
                .signed("tv_sec", at.tv_sec)
                .number("tv_nsec", at.tv_nsec.into())
                .text("text", &text)
                .end_object();
        } else {
            cx.json().null(key);
        }
    }
    let mut path = Vec::new();
    let has_path = mount_point(stat.stx_mnt_id, &mut path);
    cx.json()
        .number_or_null("mnt_id_unique", unique_mount(run, file))
        .text_or_null("mount_point", has_path.then_some(&path));
    let json = cx.json();
    let mut values = values_of_groups(stat);
    for (mask, _, names) in GROUPS {
        let given = stat.stx_mask.contains(mask);
        for (name, value) in names.split(' ').zip(&mut values) {
            json.number_or_null(name, given.then_some(value));
        }
    }
    json_bits(cx, &FIELDS, "not_given", missing(stat));
    cx.json().end_object();
    fine
}

/// Writes where a link points to; apart from the rest for the sake of its buffer.
#[inline(never)]
fn target(cx: &mut Context, file: &File) -> bool {
    let mut buffer = [0; PATH_MAX];
    match readlink(file.name, &mut buffer) {
        Ok(target) => _ = cx.json().text("target", target),
        Err(errno) => {
            unreadable(cx, file.name, errno);
            return false;
        }
    }
    true
}

/// Prints what the other formats of `-f` don't.
pub fn print_system(cx: &mut Context, system: &System) {
    print_bits(cx, &MOUNT_FLAGS, "Flags:", system.stat.f_flags as u64 & !VALID);
}

/// Writes a file system as an object.
pub fn json_system(cx: &mut Context, system: &System) {
    let stat = system.stat;
    cx.json().object("").text("name", system.name);
    cx.json().text_or_null("f_type_name", type_name(stat.f_type));
    let names = "f_type f_bsize f_frsize f_blocks f_bfree f_bavail f_files f_ffree f_fsid f_namelen \
        f_flags";
    let values = [
        stat.f_type as u64,
        stat.f_bsize as u64,
        stat.f_frsize as u64,
        stat.f_blocks,
        stat.f_bfree,
        stat.f_bavail,
        stat.f_files,
        stat.f_ffree,
        system.id(),
        stat.f_namelen as u64,
        stat.f_flags as u64,
    ];
    cx.json().numbers(names, &values);
    json_bits(cx, &MOUNT_FLAGS, "f_flags_name", stat.f_flags as u64);
    cx.json().end_object();
}
