use super::*;
use crate::errno::Errno;
use crate::io::{AsFd, Read, Seek, SeekFrom, Write, pread, pwrite};
use std::ffi::{CStr, CString};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

/// A directory of this test's own, deleted afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let name = format!("rt-fs-{}-{name}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&dir).unwrap();
        Scratch(dir)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).into_os_string().into_string().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const RW: Mode = Mode(0o600);

#[test]
fn paths_of_every_kind_and_length() {
    let seen = |path: &dyn Path| {
        let mut copy = CString::default();
        with_path(path.as_path(), &mut |path| {
            // SAFETY: a string, as the kernel takes it.
            copy = unsafe { CStr::from_ptr(path as *const _) }.into();
            Ok(0)
        })
        .map(|_| copy.into_bytes())
    };
    assert_eq!(seen(&"a/b"), Ok(b"a/b".to_vec()));
    assert_eq!(seen(&b"\xff"), Ok(b"\xff".to_vec()));
    assert_eq!(seen(&c"c"), Ok(b"c".to_vec()));
    assert_eq!(seen(&""), Ok(vec![]));
    for length in [254, 255, 256, 257, PATH_MAX - 1] {
        assert_eq!(seen(&&*vec![b'x'; length]), Ok(vec![b'x'; length]));
    }
    assert_eq!(seen(&&*vec![b'x'; PATH_MAX]), Err(Errno::ENAMETOOLONG));
    assert_eq!(seen(&&*vec![b'x'; 1 << 20]), Err(Errno::ENAMETOOLONG));
    assert_eq!(seen(&"a\0b"), Err(Errno::EINVAL));
    assert_eq!(seen(&"a\0"), Err(Errno::EINVAL));
}

#[test]
fn a_file_is_written_read_and_moved_about_in() {
    let scratch = Scratch::new("rw");
    let path = scratch.path("file");
    let mut file = open(&*path, O_CREAT | O_EXCL | O_RDWR | O_DSYNC, RW).unwrap();
    assert_eq!(open(&*path, O_CREAT | O_EXCL | O_RDWR, RW).err(), Some(Errno::EEXIST));
    file.write_all(b"0123456789").unwrap();
    assert_eq!(file.seek(SeekFrom::Start(4)), Ok(4));
    let mut buffer = [0; 20];
    assert_eq!(file.read_full(&mut buffer), Ok(6));
    assert_eq!(&buffer[..6], b"456789");
    assert_eq!(pwrite(&file, b"ab", 2), Ok(2));
    assert_eq!(pread(&file, &mut buffer[..4], 1), Ok(4));
    assert_eq!(&buffer[..4], b"1ab4");
    assert_eq!(file.seek(SeekFrom::Current(-1)), Ok(9));
    assert_eq!(file.seek(SeekFrom::End(-3)), Ok(7));
    assert_eq!(file.seek(SeekFrom::End(-11)), Err(Errno::EINVAL));
    assert_eq!(file.seek(SeekFrom::Start(u64::MAX)), Err(Errno::EINVAL));
    assert_eq!(file.seek(SeekFrom::Data(10)), Err(Errno::ENXIO));
    assert_eq!(pread(&file, &mut buffer, u64::MAX), Err(Errno::EINVAL));
    assert!(fcntl_getfl(&file).unwrap().contains(O_RDWR | O_DSYNC));
    fcntl_setfl(&file, O_APPEND).unwrap();
    assert!(fcntl_getfl(&file).unwrap().contains(O_APPEND));
    let mut twin = File::from(fcntl_dupfd_cloexec(&file, 100).unwrap());
    assert!(twin.as_fd().number() >= 100);
    drop(file);
    twin.write_all(b"end").unwrap();
    fsync(&twin).and_then(|()| fdatasync(&twin)).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"01ab456789end");
}

#[test]
fn sizes_change() {
    let scratch = Scratch::new("sizes");
    let path = scratch.path("file");
    let mut file = open(&*path, O_CREAT | O_RDWR, RW).unwrap();
    fallocate(&file, FallocateMode(0), 0, 1024).unwrap();
    assert_eq!(fstat(&file).unwrap().st_size, 1024);
    ftruncate(&file, 512).unwrap();
    assert_eq!(fstat(&file).unwrap().st_size, 512);
    truncate(&*path, 5 << 30).unwrap();
    assert_eq!(fstat(&file).unwrap().st_size, 5 << 30);
    assert_eq!(file.seek(SeekFrom::Hole(0)).map(|place| place <= 4096), Ok(true));
    fallocate(&file, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, 1 << 20).unwrap();
    assert_eq!(ftruncate(&file, u64::MAX), Err(Errno::EINVAL));
    assert_eq!(fallocate(&file, FallocateMode(0), u64::MAX, 1), Err(Errno::EINVAL));
    assert_eq!(truncate(&*scratch.path("none"), 0), Err(Errno::ENOENT));
}

#[test]
fn stat_agrees_with_std() {
    let scratch = Scratch::new("stat");
    let (path, link_path) = (scratch.path("file"), scratch.path("link"));
    std::fs::write(&path, b"text").unwrap();
    symlink(&*path, &*link_path).unwrap();
    let theirs = std::fs::metadata(&path).unwrap();
    let file = open(&*path, O_RDONLY, Mode(0)).unwrap();
    for ours in [stat(&*link_path), fstat(&file)] {
        let ours = ours.unwrap();
        assert_eq!((ours.st_dev, ours.st_ino), (theirs.dev(), theirs.ino()));
        assert_eq!((ours.st_nlink, ours.st_mode), (theirs.nlink(), theirs.mode()));
        assert_eq!((ours.st_uid, ours.st_gid), (theirs.uid(), theirs.gid()));
        assert_eq!((ours.st_rdev, ours.st_size), (0, 4));
        assert_eq!(ours.st_blksize as u64, theirs.blksize());
        assert_eq!(ours.st_blocks as u64, theirs.blocks());
        assert_eq!((ours.st_atime, ours.st_mtime), (theirs.atime(), theirs.mtime()));
        assert_eq!((ours.st_mtime_nsec, ours.st_ctime), (theirs.mtime_nsec(), theirs.ctime()));
        assert_eq!(ours.st_ctime_nsec, theirs.ctime_nsec());
        assert_eq!((ours.file_type(), ours.mode().0), (DT_REG, theirs.mode() & 0o7777));
    }
    assert_eq!(lstat(&*link_path).unwrap().file_type(), DT_LNK);
    assert_eq!(stat("/dev/null").unwrap().file_type(), DT_CHR);

    let x = statx(CWD, &*path, AtFlags(0), STATX_BASIC_STATS | STATX_BTIME).unwrap();
    assert!(x.stx_mask.contains(STATX_BASIC_STATS));
    assert_eq!((x.stx_ino, x.stx_size, x.stx_blocks), (theirs.ino(), 4, theirs.blocks()));
    assert_eq!(x.stx_mtime.tv_sec, theirs.mtime());
    assert_eq!(i64::from(x.stx_ctime.tv_nsec), theirs.ctime_nsec());
    assert_eq!(u32::from(x.stx_mode), theirs.mode());

    let fs = statfs(&*path).unwrap();
    assert!(fs.f_bsize > 0 && fs.f_blocks >= fs.f_bfree);
    assert_eq!(fstatfs(&file).unwrap().f_type, fs.f_type);
}

#[test]
fn structures_are_as_long_as_the_kernels() {
    assert_eq!(size_of::<Stat>(), 144);
    assert_eq!(size_of::<Statx>(), 256);
    assert_eq!(core::mem::offset_of!(Statx, stx_mnt_id), 144);
    assert_eq!(core::mem::offset_of!(Statx, stx_atomic_write_unit_max_opt), 184);
    assert_eq!(size_of::<Statfs>(), 120);
}

#[test]
fn names_are_made_read_and_removed() {
    let scratch = Scratch::new("names");
    let (file, second, symbolic) =
        (scratch.path("file"), scratch.path("second"), scratch.path("symbolic"));
    std::fs::write(&file, b"x").unwrap();
    link(&*file, &*second).unwrap();
    assert_eq!(link(&*file, &*second), Err(Errno::EEXIST));
    symlink("target", &*symbolic).unwrap();
    assert_eq!(readlink(&*symbolic, &mut [0; 7]), Ok(&b"target"[..]));
    assert_eq!(readlink(&*symbolic, &mut [0; 6]), Err(Errno::ENAMETOOLONG));
    assert_eq!(readlink(&*file, &mut [0; 6]), Err(Errno::EINVAL));
    access(&*file, R_OK | W_OK).unwrap();
    assert_eq!(access(&*symbolic, Access(0)), Err(Errno::ENOENT));
    rename(&*second, &*symbolic).unwrap();
    unlink(&*file).unwrap();
    assert_eq!(stat(&*file).err(), Some(Errno::ENOENT));
    assert_eq!(unlink(scratch.0.to_str().unwrap()), Err(Errno::EISDIR));
    assert_eq!(std::fs::read(&symbolic).unwrap(), b"x");
}

#[test]
fn directories_are_listed_in_as_many_calls_as_it_takes() {
    let scratch = Scratch::new("dir");
    let mut expected: Vec<_> = (0..50).map(|n| format!("file{n}")).collect();
    for name in &expected {
        std::fs::write(scratch.path(name), b"").unwrap();
    }
    expected.extend([".".into(), "..".into()]);
    let dir = open(scratch.0.to_str().unwrap(), O_DIRECTORY, Mode(0)).unwrap();
    let (mut names, mut calls) = (Vec::<String>::new(), 0);
    loop {
        let mut buffer = [0; 300];
        let entries = getdents64(&dir, &mut buffer).unwrap();
        if entries.is_empty() {
            break;
        }
        calls += 1;
        for entry in entries {
            assert!([DT_REG, DT_DIR, DT_UNKNOWN].contains(&entry.file_type));
            names.push(entry.name.to_str().unwrap().into());
        }
    }
    names.sort();
    expected.sort();
    assert_eq!(names, expected);
    assert!(calls > 1);
    assert_eq!(getdents64(&dir, &mut [0; 8]).err(), None, "at the end nothing must fit");
    let file = openat(&dir, "file0", O_RDONLY, Mode(0)).unwrap();
    assert_eq!(getdents64(&file, &mut [0; 300]).err(), Some(Errno::ENOTDIR));
}

#[test]
fn a_truncated_mapping_can_still_be_written_out() {
    use crate::elf::Source;
    let scratch = Scratch::new("efault");
    let (from, to) = (scratch.path("from"), scratch.path("to"));
    std::fs::write(&from, [7; 3 * 4096]).unwrap();
    let file = open(&*from, O_RDONLY, Mode(0)).unwrap();
    let input = crate::input::Input::new(file, 3 * 4096).unwrap();
    truncate(&*from, 0).unwrap();
    let mut out = open(&*to, O_CREAT | O_WRONLY, RW).unwrap();
    out.write_all(input.get(0, 3 * 4096).unwrap()).unwrap();
    assert!(input.truncated());
    assert_eq!(std::fs::read(&to).unwrap(), [0; 3 * 4096]);
}
