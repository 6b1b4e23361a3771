//! What GNU stat doesn't tell: `--all`, and all of it as JSON.

use super::file::{File, mount_point};
use super::system::{System, type_name};
use super::{Run, kinds, time, unreadable};
use crate::context::Context;
use alloc::vec::Vec;
use rt::fmt::{dec, hex};
use rt::fs::{
    PATH_MAX, STATX_ATIME, STATX_BASIC_STATS, STATX_BLOCKS, STATX_BTIME, STATX_CTIME,
    STATX_DIO_READ_ALIGN, STATX_DIOALIGN, STATX_GID, STATX_INO, STATX_MNT_ID, STATX_MNT_ID_UNIQUE,
    STATX_MODE, STATX_MTIME, STATX_NLINK, STATX_SIZE, STATX_SUBVOL, STATX_TYPE, STATX_UID,
    STATX_WRITE_ATOMIC, StatxMask, readlink,
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

/// The bits of `stx_attributes` that have a name (`man 2 statx`).
const ATTRIBUTES: [(u8, &str); 10] = [
    (2, "compressed"),
    (4, "immutable"),
    (5, "append"),
    (6, "nodump"),
    (11, "encrypted"),
    (12, "automount"),
    (13, "mount-root"),
    (20, "verity"),
    (21, "dax"),
    (22, "write-atomic"),
];

/// The fields that a file system may leave out, by what they are asked for with.
const FIELDS: [(StatxMask, &str); 16] = [
    (STATX_TYPE, "type"),
    (STATX_MODE, "mode"),
    (STATX_NLINK, "nlink"),
    (STATX_UID, "uid"),
    (STATX_GID, "gid"),
    (STATX_ATIME, "atime"),
    (STATX_MTIME, "mtime"),
    (STATX_CTIME, "ctime"),
    (STATX_INO, "ino"),
    (STATX_SIZE, "size"),
    (STATX_BLOCKS, "blocks"),
    (STATX_BTIME, "btime"),
    (STATX_MNT_ID, "mnt_id"),
    (STATX_DIOALIGN, "dioalign"),
    (STATX_SUBVOL, "subvol"),
    (STATX_WRITE_ATOMIC, "write_atomic"),
];

/// `ST_VALID` in `f_flags`: the kernel filled them in.
const VALID: u64 = 0x20;

/// The other bits of `f_flags` (`man 2 statfs`).
const MOUNT_FLAGS: [(u8, &str); 10] = [
    (0, "ro"),
    (1, "nosuid"),
    (2, "nodev"),
    (3, "noexec"),
    (4, "sync"),
    (6, "mand"),
    (10, "noatime"),
    (11, "nodiratime"),
    (12, "relatime"),
    (13, "nosymfollow"),
];

/// The names of the bits that are set.
fn set<'t>(bits: u64, names: &'t [(u8, &'t str)]) -> impl Iterator<Item = &'t str> {
    names.iter().filter(move |(bit, _)| bits >> bit & 1 != 0).map(|&(_, name)| name)
}

/// The bits that have no name.
fn rest(bits: u64, names: &[(u8, &str)]) -> u64 {
    names.iter().fold(bits, |rest, (bit, _)| rest & !(1 << bit))
}

/// Prints the names of bits after each other, or a dash.
fn list<'t>(cx: &mut Context, names: impl Iterator<Item = &'t str>, rest: u64) {
    let mut any = false;
    for name in names {
        put!(&mut cx.out, " ", name);
        any = true;
    }
    if rest != 0 {
        put!(&mut cx.out, " ", hex(rest).alt());
    } else if !any {
        put!(&mut cx.out, " -");
    }
    cx.out.byte(b'\n');
}

/// The number of the mount that is never used again; none before Linux 6.8.
fn unique_mount(run: &Run, file: &File) -> Option<u64> {
    let stat = run.statx(file.name, STATX_MNT_ID_UNIQUE).ok()?;
    stat.stx_mask.contains(STATX_MNT_ID_UNIQUE).then_some(stat.stx_mnt_id)
}

/// Prints what the other formats don't; whether all went well.
pub fn print(cx: &mut Context, run: &mut Run, file: &File) -> bool {
    let stat = file.stat;
    put!(&mut cx.out, "Attributes:");
    list(cx, set(stat.stx_attributes, &ATTRIBUTES), rest(stat.stx_attributes, &ATTRIBUTES));
    put!(&mut cx.out, "  Not known here:");
    list(cx, set(!stat.stx_attributes_mask, &ATTRIBUTES), 0);
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
    put!(out, "Direct I/O: ");
    match (stat.stx_mask.contains(STATX_DIOALIGN), stat.stx_dio_offset_align) {
        (false, _) => put!(out, "-\n"),
        (true, 0) => put!(out, "none\n"),
        (true, align) => {
            put!(out, "memory at ", dec(stat.stx_dio_mem_align), ", offsets at ", dec(align));
            if stat.stx_mask.contains(STATX_DIO_READ_ALIGN) {
                put!(out, ", for reading at ", dec(stat.stx_dio_read_offset_align));
            }
            put!(out, "\n");
        }
    }
    put!(out, "Atomic writes: ");
    match (stat.stx_mask.contains(STATX_WRITE_ATOMIC), stat.stx_atomic_write_unit_max) {
        (false, _) => put!(out, "-\n"),
        (true, 0) => put!(out, "none\n"),
        (true, most) => {
            put!(out, dec(stat.stx_atomic_write_unit_min), " to ", dec(most), " bytes, up to ");
            put!(out, dec(stat.stx_atomic_write_segments_max), " segments, fast to ");
            put!(out, dec(stat.stx_atomic_write_unit_max_opt), "\n");
        }
    }
    put!(out, "Subvolume: ");
    match stat.stx_mask.contains(STATX_SUBVOL) {
        true => put!(out, dec(stat.stx_subvol), "\n"),
        false => put!(out, "-\n"),
    }
    put!(out, "Not given:");
    list(cx, missing(stat.stx_mask), 0);
    true
}

/// The fields that the file system didn't give.
fn missing(mask: StatxMask) -> impl Iterator<Item = &'static str> {
    FIELDS.iter().filter(move |(field, _)| !mask.contains(*field)).map(|&(_, name)| name)
}

/// Writes a file as an object; whether all went well.
pub fn json(cx: &mut Context, run: &mut Run, file: &File) -> bool {
    let stat = file.stat;
    cx.json().object("").text("name", file.name);
    let mut buffer = [0; PATH_MAX];
    let mut fine = true;
    if file.is_link() && file.name != b"-" {
        match readlink(file.name, &mut buffer) {
            Ok(target) => _ = cx.json().text("target", target),
            Err(errno) => {
                unreadable(cx, file.name, errno);
                fine = false;
            }
        }
    }
    let mode = stat.stx_mode;
    let permissions = kinds::permissions(mode);
    let (mut user, mut group) = (Vec::new(), Vec::new());
    run.users.find(stat.stx_uid, &mut user);
    run.groups.find(stat.stx_gid, &mut group);
    cx.json()
        .text("type", kinds::name(mode, stat.stx_size == 0))
        .number("stx_mask", stat.stx_mask.0.into())
        .number("stx_mode", mode.into())
        .text("stx_mode_name", &permissions)
        .number("stx_nlink", stat.stx_nlink.into())
        .number("stx_uid", stat.stx_uid.into())
        .text("stx_uid_name", &user)
        .number("stx_gid", stat.stx_gid.into())
        .text("stx_gid_name", &group)
        .number("stx_ino", stat.stx_ino)
        .number("stx_size", stat.stx_size)
        .number("stx_blocks", stat.stx_blocks)
        .number("stx_blksize", stat.stx_blksize.into())
        .number("stx_dev_major", stat.stx_dev_major.into())
        .number("stx_dev_minor", stat.stx_dev_minor.into());
    if file.is_device() {
        cx.json().number("stx_rdev_major", stat.stx_rdev_major.into());
        cx.json().number("stx_rdev_minor", stat.stx_rdev_minor.into());
    }
    for (key, mask, at) in [
        ("stx_atime", STATX_ATIME, stat.stx_atime),
        ("stx_mtime", STATX_MTIME, stat.stx_mtime),
        ("stx_ctime", STATX_CTIME, stat.stx_ctime),
        ("stx_btime", STATX_BTIME, stat.stx_btime),
    ] {
        if stat.stx_mask.contains(mask) {
            let mut buffer = [0; 64];
            let text = time::human(&mut buffer, run.zone(), at.tv_sec, at.tv_nsec);
            cx.json()
                .object(key)
                .signed("tv_sec", at.tv_sec)
                .number("tv_nsec", at.tv_nsec.into())
                .text("text", text)
                .end_object();
        } else {
            cx.json().null(key);
        }
    }
    cx.json().number("stx_attributes", stat.stx_attributes).array("stx_attributes_name");
    for name in set(stat.stx_attributes, &ATTRIBUTES) {
        cx.json().text("", name);
    }
    cx.json().end_array().number("stx_attributes_mask", stat.stx_attributes_mask);
    cx.json().number("stx_mnt_id", stat.stx_mnt_id);
    let unique = unique_mount(run, file);
    match unique {
        Some(id) => cx.json().number("mnt_id_unique", id),
        None => cx.json().null("mnt_id_unique"),
    };
    let mut path = Vec::new();
    match mount_point(stat.stx_mnt_id, &mut path) {
        true => cx.json().text("mount_point", &path),
        false => cx.json().null("mount_point"),
    };
    for (mask, key, value) in [
        (STATX_DIOALIGN, "stx_dio_mem_align", stat.stx_dio_mem_align.into()),
        (STATX_DIOALIGN, "stx_dio_offset_align", stat.stx_dio_offset_align.into()),
        (STATX_DIO_READ_ALIGN, "stx_dio_read_offset_align", stat.stx_dio_read_offset_align.into()),
        (STATX_SUBVOL, "stx_subvol", stat.stx_subvol),
        (STATX_WRITE_ATOMIC, "stx_atomic_write_unit_min", stat.stx_atomic_write_unit_min.into()),
        (STATX_WRITE_ATOMIC, "stx_atomic_write_unit_max", stat.stx_atomic_write_unit_max.into()),
        (
            STATX_WRITE_ATOMIC,
            "stx_atomic_write_segments_max",
            stat.stx_atomic_write_segments_max.into(),
        ),
        (
            STATX_WRITE_ATOMIC,
            "stx_atomic_write_unit_max_opt",
            stat.stx_atomic_write_unit_max_opt.into(),
        ),
    ] {
        match stat.stx_mask.contains(mask) {
            true => cx.json().number(key, value),
            false => cx.json().null(key),
        };
    }
    cx.json().array("not_given");
    for name in missing(stat.stx_mask) {
        cx.json().text("", name);
    }
    cx.json().end_array().end_object();
    fine
}

/// Prints what the other formats of `-f` don't.
pub fn print_system(cx: &mut Context, system: &System) {
    let flags = system.stat.f_flags as u64 & !VALID;
    put!(&mut cx.out, "Flags:");
    list(cx, set(flags, &MOUNT_FLAGS), rest(flags, &MOUNT_FLAGS));
}

/// Writes a file system as an object.
pub fn json_system(cx: &mut Context, system: &System) {
    let stat = system.stat;
    cx.json().object("").text("name", system.name).number("f_type", stat.f_type as u64);
    match type_name(stat.f_type) {
        Some(name) => cx.json().text("f_type_name", name),
        None => cx.json().null("f_type_name"),
    };
    cx.json()
        .number("f_bsize", stat.f_bsize as u64)
        .number("f_frsize", stat.f_frsize as u64)
        .number("f_blocks", stat.f_blocks)
        .number("f_bfree", stat.f_bfree)
        .number("f_bavail", stat.f_bavail)
        .number("f_files", stat.f_files)
        .number("f_ffree", stat.f_ffree)
        .number("f_fsid", system.id())
        .number("f_namelen", stat.f_namelen as u64)
        .number("f_flags", stat.f_flags as u64)
        .array("f_flags_name");
    for name in set(stat.f_flags as u64, &MOUNT_FLAGS) {
        cx.json().text("", name);
    }
    cx.json().end_array().end_object();
}
