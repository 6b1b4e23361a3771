//! Files: opening, what is known of them, their size, directories.
//!
//! Functions bear the names of the system calls, and take whatever has a descriptor
//! ([`AsFd`]) or names a file ([`Path`]). Reading, writing and seeking are the traits of
//! [`io`](crate::io). A call that a signal interrupts is made again.

mod copy;
mod extents;

pub use copy::*;
pub use extents::*;

use crate::arch::{nr, open as arch_open, syscall};
use crate::bits::bits;
use crate::errno::{Errno, Result, check};
use crate::io::{AsFd, BorrowedFd, OwnedFd, retry};
use core::ffi::CStr;
use core::mem::MaybeUninit;

mod xattr;

pub use crate::arch::Stat;
pub use xattr::{fgetxattr, getxattr};

/// The longest path, with its final zero byte (`include/uapi/linux/limits.h`).
pub const PATH_MAX: usize = 4096;

/// Stands for the current directory where a function takes a directory (`AT_FDCWD`).
// SAFETY: BorrowedFd::new names it as an exception.
pub const CWD: BorrowedFd<'static> = unsafe { BorrowedFd::new(-100) };

/// What names a file: `&CStr` as it is, `&str` and `&[u8]` by a copy on the stack.
pub trait Path {
    /// Calls `call` with the path as the kernel takes it.
    ///
    /// # Errors
    /// `EINVAL`: there is a zero byte in it. `ENAMETOOLONG`: [`PATH_MAX`] bytes or more.
    fn with_c_str(&self, call: &mut dyn FnMut(&CStr) -> Result<usize>) -> Result<usize>;
}

impl Path for CStr {
    fn with_c_str(&self, call: &mut dyn FnMut(&CStr) -> Result<usize>) -> Result<usize> {
        call(self)
    }
}

impl Path for [u8] {
    #[inline(never)]
    fn with_c_str(&self, call: &mut dyn FnMut(&CStr) -> Result<usize>) -> Result<usize> {
        // A small frame for most: each further page of stack is a page fault.
        if self.len() < 256 { copied::<256>(self, call) } else { copied_long(self, call) }
    }
}

#[cold]
#[inline(never)]
fn copied_long(path: &[u8], call: &mut dyn FnMut(&CStr) -> Result<usize>) -> Result<usize> {
    copied::<PATH_MAX>(path, call)
}

#[inline(always)]
fn copied<const N: usize>(
    path: &[u8],
    call: &mut dyn FnMut(&CStr) -> Result<usize>,
) -> Result<usize> {
    let mut buffer = [const { MaybeUninit::<u8>::uninit() }; N];
    if path.len() >= N {
        return Err(Errno::ENAMETOOLONG);
    }
    for (to, from) in buffer.iter_mut().zip(path.iter().chain(&[0])) {
        to.write(*from);
    }
    // SAFETY: the path and a zero byte were written, which is not more than there is.
    let bytes = unsafe { core::slice::from_raw_parts(buffer.as_ptr().cast(), path.len() + 1) };
    call(CStr::from_bytes_with_nul(bytes).map_err(|_| Errno::EINVAL)?)
}

impl<const N: usize> Path for [u8; N] {
    fn with_c_str(&self, call: &mut dyn FnMut(&CStr) -> Result<usize>) -> Result<usize> {
        self.as_slice().with_c_str(call)
    }
}

impl Path for str {
    fn with_c_str(&self, call: &mut dyn FnMut(&CStr) -> Result<usize>) -> Result<usize> {
        self.as_bytes().with_c_str(call)
    }
}

impl<T: Path + ?Sized> Path for &T {
    fn with_c_str(&self, call: &mut dyn FnMut(&CStr) -> Result<usize>) -> Result<usize> {
        (**self).with_c_str(call)
    }
}

bits! {
    /// How a file is opened (`man 2 open`).
    OpenFlags(u32);
    /// For reading.
    O_RDONLY = 0;
    /// For writing.
    O_WRONLY = 0o1;
    /// For reading and writing.
    O_RDWR = 0o2;
    /// The two bits that hold the three above.
    O_ACCMODE = 0o3;
    /// Creates the file if there is none.
    O_CREAT = 0o100;
    /// With `O_CREAT`: fails with EEXIST if there is one.
    O_EXCL = 0o200;
    /// A terminal does not become the controlling one.
    O_NOCTTY = 0o400;
    /// A regular file is cut to length 0.
    O_TRUNC = 0o1000;
    /// Each write goes to the end.
    O_APPEND = 0o2000;
    /// Neither opening nor I/O waits: EAGAIN instead.
    O_NONBLOCK = 0o4000;
    /// A write returns when its data are on the device.
    O_DSYNC = 0o10000;
    /// A signal tells when I/O is possible.
    O_ASYNC = 0o20000;
    /// Past the page cache.
    O_DIRECT = arch_open::O_DIRECT;
    /// Files over 2 GiB; always so on 64 bits.
    O_LARGEFILE = arch_open::O_LARGEFILE;
    /// Fails with ENOTDIR if it is no directory.
    O_DIRECTORY = arch_open::O_DIRECTORY;
    /// Fails with ELOOP if it is a symbolic link.
    O_NOFOLLOW = arch_open::O_NOFOLLOW;
    /// Reading doesn't change the time of last access.
    O_NOATIME = 0o1000000;
    /// Closed by execve; [`openat`] always adds it.
    O_CLOEXEC = 0o2000000;
    /// A write returns when data and inode are on the device.
    O_SYNC = 0o4010000;
    /// A handle on a place in the tree only, no I/O.
    O_PATH = 0o10000000;
    /// A file without a name in the directory that the path names.
    O_TMPFILE = 0o20000000 | arch_open::O_DIRECTORY;
}

bits! {
    /// Permissions of a file (`man 7 inode`).
    Mode(u32);
    /// Owner: read, write and execute.
    S_IRWXU = 0o700;
    /// Owner: read.
    S_IRUSR = 0o400;
    /// Owner: write.
    S_IWUSR = 0o200;
    /// Owner: execute.
    S_IXUSR = 0o100;
    /// Group: read, write and execute.
    S_IRWXG = 0o070;
    /// Group: read.
    S_IRGRP = 0o040;
    /// Group: write.
    S_IWGRP = 0o020;
    /// Group: execute.
    S_IXGRP = 0o010;
    /// Others: read, write and execute.
    S_IRWXO = 0o007;
    /// Others: read.
    S_IROTH = 0o004;
    /// Others: write.
    S_IWOTH = 0o002;
    /// Others: execute.
    S_IXOTH = 0o001;
    /// Runs as the file's owner.
    S_ISUID = 0o4000;
    /// Runs as the file's group.
    S_ISGID = 0o2000;
    /// In this directory only a file's owner may delete it.
    S_ISVTX = 0o1000;
}

/// What kind of file it is: `st_mode >> 12`, the numbers of `d_type` (`man 3 readdir`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileType(pub u8);

/// The file system doesn't tell in its directory.
pub const DT_UNKNOWN: FileType = FileType(0);
/// Named pipe.
pub const DT_FIFO: FileType = FileType(1);
/// Character device.
pub const DT_CHR: FileType = FileType(2);
/// Directory.
pub const DT_DIR: FileType = FileType(4);
/// Block device.
pub const DT_BLK: FileType = FileType(6);
/// Regular file.
pub const DT_REG: FileType = FileType(8);
/// Symbolic link.
pub const DT_LNK: FileType = FileType(10);
/// Socket.
pub const DT_SOCK: FileType = FileType(12);

impl Stat {
    /// Directory, regular file ...
    pub const fn file_type(&self) -> FileType {
        FileType((self.st_mode >> 12) as u8 & 15)
    }

    /// The permissions.
    pub const fn mode(&self) -> Mode {
        Mode(self.st_mode & 0o7777)
    }
}

bits! {
    /// How a path is followed (`man 2 openat`, `man 2 statx`).
    AtFlags(u32);
    /// A symbolic link itself, not what it points to.
    AT_SYMLINK_NOFOLLOW = 0x100;
    /// Checks the effective user and group IDs.
    AT_EACCESS = 0x200;
    /// Removes a directory.
    AT_REMOVEDIR = 0x200;
    /// What a symbolic link points to, for the calls that don't follow it by themselves.
    AT_SYMLINK_FOLLOW = 0x400;
    /// Nothing is mounted on the way.
    AT_NO_AUTOMOUNT = 0x800;
    /// An empty path is the directory's descriptor itself, which may be any file.
    AT_EMPTY_PATH = 0x1000;
    /// statx: what a network file system's server says.
    AT_STATX_FORCE_SYNC = 0x2000;
    /// statx: what is known here, if it is old.
    AT_STATX_DONT_SYNC = 0x4000;
}

/// An open file; closed when it is dropped.
#[derive(PartialEq, Eq)]
pub struct File(OwnedFd);

impl From<OwnedFd> for File {
    fn from(fd: OwnedFd) -> File {
        File(fd)
    }
}

impl From<File> for OwnedFd {
    fn from(file: File) -> OwnedFd {
        file.0
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Opens a file (`man 2 open`); the mode counts where it is created.
///
/// # Errors
/// Those of the manual page; `EINVAL`, `ENAMETOOLONG` as [`Path`] says.
pub fn open(path: impl Path, flags: OpenFlags, mode: Mode) -> Result<File> {
    openat(CWD, path, flags, mode)
}

/// As [`open`], from this directory on.
pub fn openat(dir: impl AsFd, path: impl Path, flags: OpenFlags, mode: Mode) -> Result<File> {
    let (flags, mode) = ((flags | O_CLOEXEC).0 as usize, mode.0 as usize);
    let fd = at_path(dir, path, |dir, path| {
        // SAFETY: gives a new descriptor, disturbs none.
        unsafe { syscall(nr::OPENAT, [dir, path, flags, mode]) }
    })?;
    // SAFETY: it is new, nobody else has it.
    Ok(File(unsafe { OwnedFd::new(fd as i32) }))
}

/// As [`openat`], with this directory as the root of the tree: neither `..`, nor a symbolic
/// link, nor a path that begins with a slash leads out of it (`man 2 openat2`,
/// `RESOLVE_IN_ROOT`).
///
/// # Errors
/// Also `ENOSYS` before Linux 5.6.
pub fn open_in_root(root: impl AsFd, path: impl Path, flags: OpenFlags) -> Result<File> {
    const RESOLVE_IN_ROOT: u64 = 0x10;
    // `struct open_how` of <linux/openat2.h>: flags, mode, resolve.
    let how = [u64::from((flags | O_CLOEXEC).0), 0, RESOLVE_IN_ROOT];
    let fd = at_path(root, path, |dir, path| {
        // SAFETY: gives a new descriptor, disturbs none; the kernel reads `how`.
        unsafe { syscall(nr::OPENAT2, [dir, path, how.as_ptr() as usize, size_of_val(&how)]) }
    })?;
    // SAFETY: it is new, nobody else has it.
    Ok(File(unsafe { OwnedFd::new(fd as i32) }))
}

/// Makes a call that takes a directory and a path, until no signal interrupts it.
#[inline]
fn at_path(dir: impl AsFd, path: impl Path, call: impl Fn(usize, usize) -> isize) -> Result<usize> {
    let dir = dir.as_fd().word();
    path.with_c_str(&mut |path| retry(|| check(call(dir, path.as_ptr() as usize))))
}

/// What is known of the file at this path; of a symbolic link's target (`man 2 stat`).
#[inline]
pub fn stat(path: impl Path) -> Result<Stat> {
    fstatat(CWD, path, AtFlags(0))
}

/// As [`stat`], but of a symbolic link itself.
#[inline]
pub fn lstat(path: impl Path) -> Result<Stat> {
    fstatat(CWD, path, AT_SYMLINK_NOFOLLOW)
}

/// What is known of an open file (`man 2 fstat`).
#[inline]
pub fn fstat(fd: impl AsFd) -> Result<Stat> {
    fstatat(fd, c"", AT_EMPTY_PATH)
}

/// What is known of the file at this path from a directory on (`man 2 fstatat`).
// Inline, so that the kernel writes where the caller wants it: no second copy.
#[inline]
pub fn fstatat(dir: impl AsFd, path: impl Path, flags: AtFlags) -> Result<Stat> {
    let mut stat = MaybeUninit::<Stat>::uninit();
    let out = stat.as_mut_ptr() as usize;
    at_path(dir, path, |dir, path| {
        // SAFETY: the kernel writes one `struct stat`.
        unsafe { syscall(nr::NEWFSTATAT, [dir, path, out, flags.0 as usize]) }
    })?;
    // SAFETY: the kernel filled it.
    Ok(unsafe { stat.assume_init() })
}

bits! {
    /// Which fields of a [`Statx`] are wanted, and which there are (`man 2 statx`).
    StatxMask(u32);
    /// The type in `stx_mode`.
    STATX_TYPE = 0x1;
    /// The permissions in `stx_mode`.
    STATX_MODE = 0x2;
    /// `stx_nlink`
    STATX_NLINK = 0x4;
    /// `stx_uid`
    STATX_UID = 0x8;
    /// `stx_gid`
    STATX_GID = 0x10;
    /// `stx_atime`
    STATX_ATIME = 0x20;
    /// `stx_mtime`
    STATX_MTIME = 0x40;
    /// `stx_ctime`
    STATX_CTIME = 0x80;
    /// `stx_ino`
    STATX_INO = 0x100;
    /// `stx_size`
    STATX_SIZE = 0x200;
    /// `stx_blocks`
    STATX_BLOCKS = 0x400;
    /// All of the above: what `stat` gives.
    STATX_BASIC_STATS = 0x7ff;
    /// `stx_btime`
    STATX_BTIME = 0x800;
    /// `stx_mnt_id`
    STATX_MNT_ID = 0x1000;
    /// `stx_dio_mem_align`, `stx_dio_offset_align`
    STATX_DIOALIGN = 0x2000;
    /// `stx_mnt_id`, never used again while the system runs.
    STATX_MNT_ID_UNIQUE = 0x4000;
    /// `stx_subvol`
    STATX_SUBVOL = 0x8000;
    /// `stx_atomic_write_*`
    STATX_WRITE_ATOMIC = 0x1_0000;
    /// `stx_dio_read_offset_align`
    STATX_DIO_READ_ALIGN = 0x2_0000;
}

/// A time of a [`Statx`].
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct StatxTimestamp {
    /// Seconds since 1970; negative before.
    pub tv_sec: i64,
    /// Nanoseconds, 0 to 999,999,999, forwards from the second.
    pub tv_nsec: u32,
    pad: i32,
}

/// What is known of a file (`man 2 statx`): more than [`Stat`], and `stx_mask` tells which
/// of it there is; a field that isn't there is 0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Statx {
    /// Which fields are there.
    pub stx_mask: StatxMask,
    /// Block size for efficient I/O, in bytes.
    pub stx_blksize: u32,
    /// `STATX_ATTR_*`: compressed, immutable ...
    pub stx_attributes: u64,
    /// Number of hard links.
    pub stx_nlink: u32,
    /// User ID of the owner.
    pub stx_uid: u32,
    /// Group ID of the owner.
    pub stx_gid: u32,
    /// Type and permissions.
    pub stx_mode: u16,
    pad: u16,
    /// Inode number.
    pub stx_ino: u64,
    /// Size in bytes.
    pub stx_size: u64,
    /// Space that is taken, in units of 512 bytes.
    pub stx_blocks: u64,
    /// Which bits of `stx_attributes` this file system knows.
    pub stx_attributes_mask: u64,
    /// Last access.
    pub stx_atime: StatxTimestamp,
    /// Creation.
    pub stx_btime: StatxTimestamp,
    /// Last change of the inode.
    pub stx_ctime: StatxTimestamp,
    /// Last change of the content.
    pub stx_mtime: StatxTimestamp,
    /// Device that the file is, for device files.
    pub stx_rdev_major: u32,
    /// Its minor number.
    pub stx_rdev_minor: u32,
    /// Device that holds the file.
    pub stx_dev_major: u32,
    /// Its minor number.
    pub stx_dev_minor: u32,
    /// Mount that the file was reached through.
    pub stx_mnt_id: u64,
    /// Alignment of memory for `O_DIRECT`, in bytes.
    pub stx_dio_mem_align: u32,
    /// Alignment of offsets for `O_DIRECT`, in bytes.
    pub stx_dio_offset_align: u32,
    /// Subvolume.
    pub stx_subvol: u64,
    /// Smallest write that is atomic, in bytes.
    pub stx_atomic_write_unit_min: u32,
    /// Largest write that is atomic, in bytes.
    pub stx_atomic_write_unit_max: u32,
    /// Most pieces of an atomic write.
    pub stx_atomic_write_segments_max: u32,
    /// Alignment of offsets for reading with `O_DIRECT`, in bytes.
    pub stx_dio_read_offset_align: u32,
    /// Largest atomic write that is fast, in bytes.
    pub stx_atomic_write_unit_max_opt: u32,
    spare: [u32; 17],
}

/// What is known of a file (`man 2 statx`).
///
/// # Errors
/// Those of `stat`; `ENOSYS` before Linux 4.11.
#[inline]
pub fn statx(dir: impl AsFd, path: impl Path, flags: AtFlags, mask: StatxMask) -> Result<Statx> {
    let mut statx = MaybeUninit::<Statx>::uninit();
    let out = statx.as_mut_ptr() as usize;
    at_path(dir, path, |dir, path| {
        // SAFETY: the kernel writes one `struct statx`.
        unsafe { syscall(nr::STATX, [dir, path, flags.0 as usize, mask.0 as usize, out]) }
    })?;
    // SAFETY: the kernel filled it, all 256 bytes whatever the mask.
    Ok(unsafe { statx.assume_init() })
}

/// What is known of a file system (`man 2 statfs`).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Statfs {
    /// Its kind, a magic number of `include/uapi/linux/magic.h`.
    pub f_type: i64,
    /// Block size for efficient I/O, in bytes.
    pub f_bsize: i64,
    /// All blocks, in units of `f_frsize`.
    pub f_blocks: u64,
    /// Free blocks.
    pub f_bfree: u64,
    /// Free blocks for everybody, not only for root.
    pub f_bavail: u64,
    /// All inodes.
    pub f_files: u64,
    /// Free inodes.
    pub f_ffree: u64,
    /// An ID for this file system.
    pub f_fsid: [i32; 2],
    /// The longest name, in bytes.
    pub f_namelen: i64,
    /// The unit of the block counts, in bytes.
    pub f_frsize: i64,
    /// Mount flags.
    pub f_flags: i64,
    spare: [i64; 4],
}

/// In [`Statfs::f_flags`]: no program is run from there, and no code mapped (`man 2 statfs`).
pub const ST_NOEXEC: i64 = 8;

/// The file system that the file at this path is on (`man 2 statfs`).
pub fn statfs(path: impl Path) -> Result<Statfs> {
    let mut statfs = MaybeUninit::<Statfs>::uninit();
    let out = statfs.as_mut_ptr() as usize;
    at_path(CWD, path, |_, path| {
        // SAFETY: the kernel writes one `struct statfs`.
        unsafe { syscall(nr::STATFS, [path, out]) }
    })?;
    // SAFETY: the kernel filled it.
    Ok(unsafe { statfs.assume_init() })
}

/// The file system that an open file is on (`man 2 fstatfs`).
pub fn fstatfs(fd: impl AsFd) -> Result<Statfs> {
    let mut statfs = MaybeUninit::<Statfs>::uninit();
    let (fd, out) = (fd.as_fd().word(), statfs.as_mut_ptr() as usize);
    // SAFETY: the kernel writes one `struct statfs`.
    retry(|| check(unsafe { syscall(nr::FSTATFS, [fd, out]) }))?;
    // SAFETY: the kernel filled it.
    Ok(unsafe { statfs.assume_init() })
}

/// Sets the size of the file at this path (`man 2 truncate`).
///
/// # Errors
/// Those of the manual page; `EINVAL` also for a size beyond `i64::MAX`.
pub fn truncate(path: impl Path, size: u64) -> Result<()> {
    at_path(CWD, path, |_, path| {
        // SAFETY: no memory of this process is involved but a mapping of the file, whose
        // contract `Input` and `Mapping` tell.
        unsafe { syscall(nr::TRUNCATE, [path, size as usize]) }
    })?;
    Ok(())
}

/// Sets the size of an open file (`man 2 ftruncate`).
///
/// # Errors
/// Those of the manual page; `EINVAL` also for a size beyond `i64::MAX`, and where the file
/// isn't open for writing.
pub fn ftruncate(fd: impl AsFd, size: u64) -> Result<()> {
    let fd = fd.as_fd().word();
    // SAFETY: as for `truncate`.
    retry(|| check(unsafe { syscall(nr::FTRUNCATE, [fd, size as usize]) }))?;
    Ok(())
}

bits! {
    /// What [`fallocate`] does; 0 is: take the space, and make the file longer if it must be.
    FallocateMode(u32);
    /// The file becomes no longer.
    FALLOC_FL_KEEP_SIZE = 0x1;
    /// Gives the space back: a hole; only together with `FALLOC_FL_KEEP_SIZE`.
    FALLOC_FL_PUNCH_HOLE = 0x2;
    /// Takes the range out, the rest moves down.
    FALLOC_FL_COLLAPSE_RANGE = 0x8;
    /// Makes the range zeros without writing them.
    FALLOC_FL_ZERO_RANGE = 0x10;
    /// Puts a hole in, the rest moves up.
    FALLOC_FL_INSERT_RANGE = 0x20;
    /// Gives shared space its own copy.
    FALLOC_FL_UNSHARE_RANGE = 0x40;
}

/// Takes or gives back the space of a range of a file (`man 2 fallocate`), in bytes.
///
/// # Errors
/// Those of the manual page: `EOPNOTSUPP` where the file system can't, `ENOSPC`, `EFBIG`;
/// `EINVAL` also for a range beyond `i64::MAX`.
pub fn fallocate(fd: impl AsFd, mode: FallocateMode, offset: u64, length: u64) -> Result<()> {
    let args = [fd.as_fd().word(), mode.0 as usize, offset as usize, length as usize];
    // SAFETY: as for `truncate`.
    retry(|| check(unsafe { syscall(nr::FALLOCATE, args) }))?;
    Ok(())
}

/// Returns when data and inode of the file are on the device (`man 2 fsync`).
pub fn fsync(fd: impl AsFd) -> Result<()> {
    let fd = fd.as_fd().word();
    // SAFETY: no memory is involved.
    retry(|| check(unsafe { syscall(nr::FSYNC, [fd]) }))?;
    Ok(())
}

/// As [`fsync`], without what isn't needed to read the data again, such as times.
pub fn fdatasync(fd: impl AsFd) -> Result<()> {
    let fd = fd.as_fd().word();
    // SAFETY: no memory is involved.
    retry(|| check(unsafe { syscall(nr::FDATASYNC, [fd]) }))?;
    Ok(())
}

/// How the file was opened, as far as it is remembered (`F_GETFL`, `man 2 fcntl`).
pub fn fcntl_getfl(fd: impl AsFd) -> Result<OpenFlags> {
    const F_GETFL: usize = 3;
    // SAFETY: no memory is involved.
    let flags = check(unsafe { syscall(nr::FCNTL, [fd.as_fd().word(), F_GETFL]) })?;
    Ok(OpenFlags(flags as u32))
}

/// Changes `O_APPEND`, `O_ASYNC`, `O_DIRECT`, `O_NOATIME`, `O_NONBLOCK` of an open file, for
/// everybody who shares it (`F_SETFL`, `man 2 fcntl`).
pub fn fcntl_setfl(fd: impl AsFd, flags: OpenFlags) -> Result<()> {
    const F_SETFL: usize = 4;
    // SAFETY: no memory is involved.
    check(unsafe { syscall(nr::FCNTL, [fd.as_fd().word(), F_SETFL, flags.0 as usize]) })?;
    Ok(())
}

/// A second descriptor for the same open file, the lowest free number from `lowest` on
/// (`F_DUPFD_CLOEXEC`, `man 2 fcntl`).
pub fn fcntl_dupfd_cloexec(fd: impl AsFd, lowest: u32) -> Result<OwnedFd> {
    const F_DUPFD_CLOEXEC: usize = 1030;
    let args = [fd.as_fd().word(), F_DUPFD_CLOEXEC, lowest as usize];
    // SAFETY: gives a new descriptor, disturbs none.
    let fd = check(unsafe { syscall(nr::FCNTL, args) })?;
    // SAFETY: it is new, nobody else has it.
    Ok(unsafe { OwnedFd::new(fd as i32) })
}

/// What a symbolic link points to (`man 2 readlink`), in as much of the buffer as it needs.
///
/// # Errors
/// Those of the manual page; `ENAMETOOLONG` where the buffer is full, since the kernel cuts
/// off without a word. [`PATH_MAX`] bytes are always enough.
pub fn readlink(path: impl Path, buffer: &mut [u8]) -> Result<&[u8]> {
    readlinkat(CWD, path, buffer)
}

/// As [`readlink`], from this directory on.
pub fn readlinkat(dir: impl AsFd, path: impl Path, buffer: &mut [u8]) -> Result<&[u8]> {
    let (at, len) = (buffer.as_mut_ptr() as usize, buffer.len());
    let used = at_path(dir, path, |dir, path| {
        // SAFETY: the kernel writes at most `len` bytes into a buffer that is ours.
        unsafe { syscall(nr::READLINKAT, [dir, path, at, len]) }
    })?;
    buffer.get(..used).filter(|_| used < len).ok_or(Errno::ENAMETOOLONG)
}

bits! {
    /// What [`access`] asks for; 0 is: whether there is such a file.
    Access(u32);
    /// Execution, or passing through a directory.
    X_OK = 1;
    /// Writing.
    W_OK = 2;
    /// Reading.
    R_OK = 4;
}

/// Whether the real user may do that with the file (`man 2 access`): an error tells why not.
pub fn access(path: impl Path, wanted: Access) -> Result<()> {
    at_path(CWD, path, |dir, path| {
        // SAFETY: the kernel only looks.
        unsafe { syscall(nr::FACCESSAT, [dir, path, wanted.0 as usize]) }
    })?;
    Ok(())
}

/// Removes a name, and the file when that was the last one (`man 2 unlink`).
pub fn unlink(path: impl Path) -> Result<()> {
    at_path(CWD, path, |dir, path| {
        // SAFETY: no memory is involved.
        unsafe { syscall(nr::UNLINKAT, [dir, path, 0]) }
    })?;
    Ok(())
}

/// Makes a symbolic link at `path` that points to `target` (`man 2 symlink`).
pub fn symlink(target: impl Path, path: impl Path) -> Result<()> {
    target.with_c_str(&mut |target| {
        at_path(CWD, &path, |dir, path| {
            // SAFETY: the kernel only reads the two strings.
            unsafe { syscall(nr::SYMLINKAT, [target.as_ptr() as usize, dir, path]) }
        })
    })?;
    Ok(())
}

/// Gives a file a second name (`man 2 link`); a symbolic link is linked itself.
pub fn link(old: impl Path, new: impl Path) -> Result<()> {
    two_paths(old, new, |dir, old, new| {
        // SAFETY: the kernel only reads the two strings.
        unsafe { syscall(nr::LINKAT, [dir, old, dir, new, 0]) }
    })
}

/// Gives a file another name, over a file that has it already (`man 2 rename`).
pub fn rename(old: impl Path, new: impl Path) -> Result<()> {
    two_paths(old, new, |dir, old, new| {
        // SAFETY: the kernel only reads the two strings.
        unsafe { syscall(nr::RENAMEAT2, [dir, old, dir, new, 0]) }
    })
}

fn two_paths(
    old: impl Path,
    new: impl Path,
    call: impl Fn(usize, usize, usize) -> isize,
) -> Result<()> {
    old.with_c_str(&mut |old| {
        at_path(CWD, &new, |dir, new| call(dir, old.as_ptr() as usize, new))
    })?;
    Ok(())
}

/// Reads entries of an open directory, as many as fit into the buffer (`man 2 getdents64`);
/// none at its end. 32 KiB is what others use; one entry needs up to 280 bytes.
///
/// ```no_run
/// # fn list() -> rt::Result<()> {
/// use rt::fs::{Mode, O_DIRECTORY, getdents64, open};
/// let dir = open("/proc/self/fd", O_DIRECTORY, Mode(0))?;
/// let mut buffer = [0; 4096];
/// loop {
///     let entries = getdents64(&dir, &mut buffer)?;
///     if entries.is_empty() {
///         return Ok(());
///     }
///     for entry in entries {
///         // entry.name, entry.file_type
///     }
/// }
/// # }
/// ```
///
/// # Errors
/// `EINVAL`: not even one entry fits; `ENOTDIR`; `ENOENT`: the directory was removed.
pub fn getdents64(dir: impl AsFd, buffer: &mut [u8]) -> Result<Entries<'_>> {
    let (at, len) = (buffer.as_mut_ptr() as usize, buffer.len());
    // SAFETY: the kernel writes at most `len` bytes into a buffer that is ours.
    let used = check(unsafe { syscall(nr::GETDENTS64, [dir.as_fd().word(), at, len]) })?;
    Ok(Entries { bytes: buffer.get(..used).unwrap_or_default() })
}

/// Entries of a directory, from one [`getdents64`].
#[derive(Clone)]
pub struct Entries<'a> {
    bytes: &'a [u8],
}

/// An entry of a directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry<'a> {
    /// The name, `.` and `..` too.
    pub name: &'a CStr,
    /// Inode number.
    pub ino: u64,
    /// The kind of file, [`DT_UNKNOWN`] where the file system doesn't say.
    pub file_type: FileType,
    /// Where in the directory the next entry is, for [`Seek`](crate::io::Seek).
    pub offset: i64,
}

impl Entries<'_> {
    /// Whether there are no more.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        // struct linux_dirent64: d_ino, d_off, d_reclen, d_type, then d_name up to d_reclen.
        let bytes = core::mem::take(&mut self.bytes);
        let (ino, rest) = bytes.split_first_chunk()?;
        let (offset, rest) = rest.split_first_chunk()?;
        let (length, _) = rest.split_first_chunk()?;
        let (entry, rest) = bytes.split_at_checked(u16::from_ne_bytes(*length).into())?;
        let name = CStr::from_bytes_until_nul(entry.get(19..)?).ok()?;
        self.bytes = rest;
        Some(Entry {
            name,
            ino: u64::from_ne_bytes(*ino),
            file_type: FileType(*entry.get(18)?),
            offset: i64::from_ne_bytes(*offset),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::{Read, Seek, SeekFrom, Write, pread, pwrite};
    use std::ffi::CString;
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
            path.with_c_str(&mut |path| {
                copy = path.into();
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
    fn damaged_directory_entries_end_the_list() {
        let mut entry = [0; 24];
        entry[16] = 24;
        entry[18] = DT_REG.0;
        entry[19] = b'x';
        let good = Entries { bytes: &entry }.next().unwrap();
        assert_eq!((good.name, good.file_type), (c"x", DT_REG));
        for end in 0..24 {
            assert_eq!(Entries { bytes: &entry[..end] }.next(), None);
        }
        entry[16..18].copy_from_slice(&[0, 0]);
        assert_eq!(Entries { bytes: &entry }.next(), None);
        entry[16] = 24;
        entry[19..].fill(b'x');
        assert_eq!(Entries { bytes: &entry }.next(), None);
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
}
