//! The files that are looked at: of this system, or of another tree.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::{Cell, OnceCell, RefCell};
use rt::Errno;
use rt::dl::file::Identity;
use rt::dl::image::Fault;
use rt::dl::search::{base_name, directory};
use rt::elf::Source;
use rt::fmt::dec;
use rt::fs::{
    AT_EMPTY_PATH, DT_DIR, DT_REG, File, FileType, Mode, O_DIRECTORY, O_NONBLOCK, O_PATH, O_RDONLY,
    OpenFlags, PATH_MAX, ST_NOEXEC, STATX_BASIC_STATS, STATX_MNT_ID, fstat, fstatfs, open,
    open_in_root, openat, readlink, statx,
};
use rt::input::Input;
use rt::io::{AsFd, pread};

/// A file that was opened for reading.
pub struct Opened<'b> {
    pub data: Box<dyn Source + 'b>,
    pub identity: Identity,
    /// `st_mode`
    pub mode: u32,
    /// Whether its file system is mounted `noexec`.
    pub noexec: bool,
}

/// Opens files.
pub trait Files {
    /// The regular file at this path, parts of which are read into the buffer while there is
    /// room.
    fn open<'b>(&'b self, path: &[u8], buffer: &'b mut [u8]) -> Result<Opened<'b>, Fault>;

    /// Whether there is such a directory.
    fn is_directory(&self, path: &[u8]) -> bool;

    /// The path of a file without symbolic links.
    fn real_path(&self, path: &[u8]) -> Option<Vec<u8>>;
}

/// Files of this system, or of the tree below a directory, out of which no path leads.
#[derive(Default)]
pub struct Disk {
    root: Option<File>,
    /// The directory of the last file, which is open once two came from it.
    last: RefCell<(Vec<u8>, Option<File>)>,
    /// The number of a mount, and whether it is `noexec`.
    mount: Cell<Option<(u64, bool)>>,
}

impl Disk {
    pub fn new(root: Option<&[u8]>) -> rt::Result<Disk> {
        let root = root.map(|path| open(path, O_PATH | O_DIRECTORY, Mode(0)));
        Ok(Disk { root: root.transpose()?, ..Disk::default() })
    }

    fn open_as(&self, path: &[u8], flags: OpenFlags) -> rt::Result<File> {
        if let Some(root) = &self.root {
            return open_in_root(root, path, flags);
        }
        let (directory, name) = (directory(path), base_name(path));
        let (last, file) = &mut *self.last.borrow_mut();
        if last != directory || directory.is_empty() || name.is_empty() {
            let opened = open(path, flags, Mode(0))?;
            *file = None;
            last.clear();
            last.extend(directory);
            return Ok(opened);
        }
        if file.is_none() {
            *file = open(directory, O_PATH | O_DIRECTORY, Mode(0)).ok();
        }
        match file {
            Some(directory) => openat(&*directory, name, flags, Mode(0)),
            None => open(path, flags, Mode(0)),
        }
    }

    /// Whether a file's mount is `noexec`.
    fn is_noexec(&self, file: &File, mount: Option<u64>) -> bool {
        match self.mount.get() {
            Some((known, noexec)) if Some(known) == mount => noexec,
            _ => {
                let noexec = fstatfs(file).is_ok_and(|fs| fs.f_flags & ST_NOEXEC != 0);
                self.mount.set(mount.map(|mount| (mount, noexec)));
                noexec
            }
        }
    }
}

/// Where a file is that is open.
fn path_of(file: &File) -> Option<Vec<u8>> {
    let link = super::text(&[&"/proc/self/fd/", &dec(file.as_fd().number().unsigned_abs())]);
    let mut buffer = [0; PATH_MAX];
    readlink(&link[..], &mut buffer).ok().map(<[u8]>::to_vec)
}

impl Files for Disk {
    fn open<'b>(&'b self, path: &[u8], buffer: &'b mut [u8]) -> Result<Opened<'b>, Fault> {
        // A FIFO is refused, not waited for.
        let file = self.open_as(path, O_RDONLY | O_NONBLOCK)?;
        let asked = STATX_BASIC_STATS | STATX_MNT_ID;
        let (mode, size, identity, mount) = match statx(&file, c"", AT_EMPTY_PATH, asked) {
            Ok(stat) if stat.stx_mask.contains(STATX_MNT_ID) => {
                let device = u64::from(stat.stx_dev_major) << 32 | u64::from(stat.stx_dev_minor);
                let identity = (device, stat.stx_ino);
                (stat.stx_mode.into(), stat.stx_size, identity, Some(stat.stx_mnt_id))
            }
            // Before Linux 5.8, or forbidden.
            _ => {
                let stat = fstat(&file)?;
                let size = stat.st_size.try_into().unwrap_or(0);
                (stat.st_mode, size, (stat.st_dev, stat.st_ino), None)
            }
        };
        match FileType((mode >> 12) as u8) {
            DT_REG => {}
            DT_DIR => return Err(Fault::Os(Errno::EISDIR)),
            _ => return Err(Fault::Bad(rt::text!("not a regular file"))),
        }
        let noexec = self.is_noexec(&file, mount);
        let data: Box<dyn Source> = match size {
            0 => Box::new(Input::new(file, 0)?),
            _ => Box::new(Parts::new(buffer, file, size)),
        };
        Ok(Opened { data, identity, mode, noexec })
    }

    fn is_directory(&self, path: &[u8]) -> bool {
        self.open_as(path, O_PATH | O_DIRECTORY).is_ok()
    }

    fn real_path(&self, path: &[u8]) -> Option<Vec<u8>> {
        let real = path_of(&self.open_as(path, O_PATH).ok()?)?;
        let Some(root) = &self.root else { return Some(real) };
        let root = path_of(root)?;
        let root = root.strip_suffix::<[u8]>(b"/").unwrap_or(&root);
        real.strip_prefix(root).map(<[u8]>::to_vec)
    }
}

/// So much is read where little is asked for: what follows is likely to be wanted, too.
/// Copying more costs as much as reading once more.
const AHEAD: usize = 1 << 10;

/// A file of which small parts are read, which costs less than mapping it. Where more is
/// wanted, it is mapped as a whole.
struct Parts<'b> {
    /// None once it is mapped.
    file: RefCell<Option<File>>,
    size: u64,
    /// What is left of the buffer.
    room: Cell<&'b mut [u8]>,
    /// Where parts begin in the file, and their bytes.
    parts: [OnceCell<(u64, &'b [u8])>; 8],
    whole: OnceCell<Option<Input>>,
}

impl<'b> Parts<'b> {
    fn new(buffer: &'b mut [u8], file: File, size: u64) -> Parts<'b> {
        let (room, (parts, whole)) = (Cell::new(buffer), Default::default());
        Parts { file: RefCell::new(Some(file)), size, room, parts, whole }
    }

    /// Reads a part. A file that became shorter goes on with zeros.
    #[inline(never)]
    fn read(&self, offset: u64, size: u64) -> Option<(u64, &'b [u8])> {
        let file = self.file.borrow();
        let room = self.room.take();
        if room.len() < size as usize {
            return None;
        }
        let left = usize::try_from(self.size.checked_sub(offset)?).unwrap_or(usize::MAX);
        let length = if size <= 256 { AHEAD } else { size as usize };
        let length = length.min(left).min(room.len());
        let (part, room) = room.split_at_mut_checked(length)?;
        self.room.set(room);
        let mut done = 0;
        while let Some(rest) = part.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match pread(file.as_ref()?, &mut *rest, offset + done as u64).ok()? {
                0 => {
                    rest.fill(0);
                    break;
                }
                more => done += more,
            }
        }
        Some((offset, part))
    }

    /// The bytes of a range, if they were read or there is room to read them.
    fn part(&self, offset: u64, size: u64) -> Option<&[u8]> {
        for place in &self.parts {
            if place.get().is_none() {
                let _ = place.set(self.read(offset, size)?);
            }
            let &(start, bytes) = place.get()?;
            let rest = offset.checked_sub(start).and_then(|skip| bytes.get(skip as usize..));
            if let Some(bytes) = rest.and_then(|rest| rest.get(..size as usize)) {
                return Some(bytes);
            }
        }
        None
    }
}

impl Source for Parts<'_> {
    fn get(&self, offset: u64, size: u64) -> Option<&[u8]> {
        if offset.checked_add(size)? > self.size {
            return None;
        }
        self.part(offset, size).or_else(|| {
            let map = || Input::new(self.file.take()?, self.size).ok();
            self.whole.get_or_init(map).as_ref()?.get(offset, size)
        })
    }

    fn size(&self) -> u64 {
        self.size
    }
}
