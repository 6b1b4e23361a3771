//! What GNU stat doesn't tell: `--all`, and all of it as JSON.

use super::field::{Fields, fields};
use super::file::{mount_point, unreadable};
use super::format::Spec;
use super::subject::Subject;
use super::system::known_type;
use super::{Run, kinds, time};
use crate::context::Context;
use crate::words::{Bits, words};
use alloc::vec::Vec;
use rt::fmt::{dec, hex};
use rt::fs::{
    PATH_MAX, STATX_BASIC_STATS, STATX_BTIME, STATX_DIO_READ_ALIGN, STATX_DIOALIGN, STATX_MNT_ID,
    STATX_MNT_ID_UNIQUE, STATX_SUBVOL, STATX_WRITE_ATOMIC, Statfs, Statx, StatxMask, readlink,
};
use rt::text::Text;
use rt::{put, text};

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
fn print_bits(cx: &mut Context, bits: &Bits, title: Text, word: u64) {
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
fn json_bits(cx: &mut Context, bits: &Bits, key: rt::text::Text, word: u64) {
    let json = cx.json();
    json.array(key);
    bits.each(word, &mut |name| _ = json.text(rt::text!(""), name));
    json.end_array();
}

/// What direct I/O needs, atomic writes allow, and the subvolume.
const MORE: Fields = fields!(Statx:
    stx_dio_mem_align stx_dio_offset_align
    stx_dio_read_offset_align
    stx_atomic_write_unit_min stx_atomic_write_unit_max stx_atomic_write_segments_max
    stx_atomic_write_unit_max_opt
    stx_subvol;
    13 13 17 16 16 16 16 15
);

/// The titles of [`MORE`], one for each bit.
const TITLES: &[u8] = b"Direct I/O:\nDirect reads:\nAtomic writes:\nSubvolume:";

const NUMBERS: Fields = fields!(Statx:
    stx_mask stx_mode stx_nlink stx_uid stx_gid stx_ino stx_size stx_blocks stx_blksize
    stx_dev_major stx_dev_minor stx_mnt_id stx_attributes_mask stx_attributes;
);

const DEVICE_NUMBERS: Fields = fields!(Statx: stx_rdev_major stx_rdev_minor;);

const TIMES: Fields = fields!(Statx: stx_atime stx_mtime stx_ctime stx_btime; 5 6 7 11);

const SYSTEM: Fields = fields!(Statfs:
    f_type f_bsize f_frsize f_blocks f_bfree f_bavail f_files f_ffree f_fsid f_namelen f_flags;
);

/// The number of the mount that is never used again; none before Linux 6.8.
fn unique_mount(run: &Run, file: &Subject) -> Option<u64> {
    let stat = run.statx(file.name, STATX_MNT_ID_UNIQUE).ok()?;
    stat.stx_mask.contains(STATX_MNT_ID_UNIQUE).then_some(stat.stx_mnt_id)
}

/// Prints what the other formats don't.
#[inline(never)]
pub fn print(cx: &mut Context, run: &mut Run, file: &Subject, stat: &Statx) {
    print_bits(cx, &ATTRIBUTES, text!("Attributes:"), stat.stx_attributes);
    // Only those that have a name: nobody knows the others.
    let known = ATTRIBUTES.bits.iter().fold(0, |word, bit| word | 1 << bit);
    print_bits(cx, &ATTRIBUTES, text!("  Not known here:"), known & !stat.stx_attributes_mask);
    put!(&mut cx.out, "Mount: ");
    let mut path = Vec::new();
    if !mount_point(stat.stx_mnt_id, &mut path) {
        path.push(b'?');
    }
    run.text(cx, &Spec::default(), &path);
    put!(&mut cx.out, "  ID: ", dec(stat.stx_mnt_id), "  Unique ID: ");
    match unique_mount(run, file) {
        Some(id) => put!(&mut cx.out, dec(id)),
        None => put!(&mut cx.out, "-"),
    }
    let out = &mut cx.out;
    let (mut titles, mut last) = (words(TITLES, b'\n'), None);
    MORE.each(&mut |name, place, bit| {
        let given = is_given(stat, bit);
        if bit != last {
            last = bit;
            let title = titles.next().unwrap_or_default();
            put!(out, "\n", title, if given { text!("") } else { text!(" -") });
        }
        if given {
            let name = name.strip_prefix("stx_").unwrap_or(name);
            put!(out, " ", name, " ", dec(place.of(file.fields)));
        }
    });
    put!(out, "\n");
    print_bits(cx, &FIELDS, text!("Not given:"), missing(stat));
}

/// The fields that the file system didn't give.
fn missing(stat: &Statx) -> u64 {
    u64::from(MASK.without(stat.stx_mask).without(STATX_DIO_READ_ALIGN).0)
}

/// Whether a bit of `stx_mask` is set.
fn is_given(stat: &Statx, bit: Option<u8>) -> bool {
    bit.is_none_or(|bit| stat.stx_mask.0 >> bit & 1 != 0)
}

/// Writes the numbers of a file, null for those that aren't given.
fn json_numbers(cx: &mut Context, fields: &Fields, file: &Subject, stat: &Statx) {
    fields.each(&mut |name, place, bit| {
        let value = is_given(stat, bit).then(|| place.of(file.fields));
        cx.json().key(name.as_bytes()).number_or_null(rt::text!(""), value);
    });
}

/// Writes a file as an object; whether all went well.
#[inline(never)]
pub fn json(cx: &mut Context, run: &mut Run, file: &Subject, stat: &Statx) -> bool {
    cx.json().object(rt::text!("")).text(rt::text!("name"), file.name);
    let fine = !file.is_link() || target(cx, file);
    let mode = stat.stx_mode;
    cx.json()
        .text(rt::text!("type"), kinds::name(mode, stat.stx_size == 0))
        .text(rt::text!("stx_mode_name"), &kinds::permissions(mode))
        .text(rt::text!("stx_uid_name"), run.users.find(stat.stx_uid))
        .text(rt::text!("stx_gid_name"), run.groups.find(stat.stx_gid));
    json_numbers(cx, &NUMBERS, file, stat);
    if file.is_device() {
        json_numbers(cx, &DEVICE_NUMBERS, file, stat);
    }
    json_bits(cx, &ATTRIBUTES, rt::text!("stx_attributes_name"), stat.stx_attributes);
    TIMES.each(&mut |name, place, bit| {
        if !is_given(stat, bit) {
            cx.json().key(name.as_bytes()).null(rt::text!(""));
            return;
        }
        let seconds = place.of(file.fields) as i64;
        let nanoseconds = place.nanoseconds().of(file.fields);
        let text = time::human(run.zone(), seconds, nanoseconds as u32);
        cx.json()
            .key(name.as_bytes())
            .object(rt::text!(""))
            .signed(rt::text!("tv_sec"), seconds)
            .number(rt::text!("tv_nsec"), nanoseconds)
            .text(rt::text!("text"), &text)
            .end_object();
    });
    let mut path = Vec::new();
    let has_path = mount_point(stat.stx_mnt_id, &mut path);
    cx.json()
        .number_or_null(rt::text!("mnt_id_unique"), unique_mount(run, file))
        .text_or_null(rt::text!("mount_point"), has_path.then_some(&path));
    json_numbers(cx, &MORE, file, stat);
    json_bits(cx, &FIELDS, rt::text!("not_given"), missing(stat));
    cx.json().end_object();
    fine
}

/// Writes where a link points to; apart from the rest for the sake of its buffer.
#[inline(never)]
fn target(cx: &mut Context, file: &Subject) -> bool {
    let mut buffer = [0; PATH_MAX];
    match readlink(file.name, &mut buffer) {
        Ok(target) => _ = cx.json().text(rt::text!("target"), target),
        Err(errno) => {
            unreadable(cx, file.name, errno);
            return false;
        }
    }
    true
}

/// Prints what the other formats of `-f` don't.
pub fn print_system(cx: &mut Context, stat: &Statfs) {
    print_bits(cx, &MOUNT_FLAGS, text!("Flags:"), stat.f_flags as u64 & !VALID);
}

/// Writes a file system as an object.
#[inline(never)]
pub fn json_system(cx: &mut Context, system: &Subject, stat: &Statfs) {
    cx.json().object(rt::text!("")).text(rt::text!("name"), system.name);
    cx.json().text_or_null(rt::text!("f_type_name"), known_type(stat.f_type).as_deref());
    SYSTEM.each(&mut |name, place, _| cx.json().digits(name.as_bytes(), place.of(system.fields)));
    json_bits(cx, &MOUNT_FLAGS, rt::text!("f_flags_name"), stat.f_flags as u64);
    cx.json().end_object();
}
