//! The files that are looked at: of this system, or of another tree.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::{OnceCell, RefCell};
use rt::dl::file::Identity;
use rt::dl::image::Fault;
use rt::elf::Source;
use rt::fmt::dec;
use rt::fs::{
    DT_DIR, DT_REG, File, Mode, O_DIRECTORY, O_NONBLOCK, O_PATH, O_RDONLY, OpenFlags, PATH_MAX,
    ST_NOEXEC, fstat, fstatfs, open, open_in_root, readlink,
};
use rt::input::Input;
use rt::io::{AsFd, pread};

/// A file that was opened for reading.
pub struct Opened<'d> {
    pub data: Box<dyn Source + 'd>,
    pub identity: Identity,
    /// `st_mode`
    pub mode: u32,
    /// Whether its file system is mounted `noexec`.
    pub noexec: bool,
}

/// Opens files.
pub trait Files {
    /// The regular file at this path.
    fn open(&self, path: &[u8]) -> Result<Opened<'_>, Fault>;

    /// Whether there is such a directory.
    fn is_directory(&self, path: &[u8]) -> bool;

    /// The path of a file without symbolic links.
    fn real_path(&self, path: &[u8]) -> Option<Vec<u8>>;
}

/// Files of this system, or of the tree below a directory, out of which no path leads.
pub struct Disk {
    root: Option<File>,
    buffers: Buffers,
}

impl Disk {
    pub fn new(root: Option<&[u8]>) -> rt::Result<Disk> {
        let root = root.map(|path| open(path, O_PATH | O_DIRECTORY, Mode(0)));
        Ok(Disk { root: root.transpose()?, buffers: Buffers::default() })
    }

    fn open_as(&self, path: &[u8], flags: OpenFlags) -> rt::Result<File> {
        match &self.root {
            Some(root) => open_in_root(root, path, flags),
            None => open(path, flags, Mode(0)),
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
    fn open(&self, path: &[u8]) -> Result<Opened<'_>, Fault> {
        // A FIFO is refused, not waited for.
        let file = self.open_as(path, O_RDONLY | O_NONBLOCK)?;
        let stat = fstat(&file)?;
        match stat.file_type() {
            DT_REG => {}
            DT_DIR => return Err(Fault::Os(rt::Errno::EISDIR)),
            _ => return Err(Fault::Bad("not a regular file")),
        }
        let noexec = fstatfs(&file).is_ok_and(|fs| fs.f_flags & ST_NOEXEC != 0);
        let data: Box<dyn Source> = match u64::try_from(stat.st_size) {
            Ok(size) if size > 0 => Box::new(Parts::new(&self.buffers, file, size)),
            _ => Box::new(Input::new(file, 0)?),
        };
        let identity = (stat.st_dev, stat.st_ino);
        Ok(Opened { data, identity, mode: stat.st_mode, noexec })
    }

    fn is_directory(&self, path: &[u8]) -> bool {
        self.open_as(path, O_PATH | O_DIRECTORY).is_ok()
    }

    fn real_path(&self, path: &[u8]) -> Option<Vec<u8>> {
        let real = path_of(&self.open_as(path, O_PATH).ok()?)?;
        let Some(root) = &self.root else { return Some(real) };
        let root = path_of(root)?;
        let root = root.strip_suffix(b"/").unwrap_or(&root);
        real.strip_prefix(root).map(<[u8]>::to_vec)
    }
}

/// What parts of files are read into, one file after the other.
type Buffers = RefCell<Vec<Box<[u8; LONGEST]>>>;

/// What is longer is better mapped.
const LONGEST: usize = 4 << 10;

/// What follows is likely to be wanted, too: so much is read at least. Copying more costs as
/// much as reading once more.
const SHORTEST: u64 = 1536;

/// A file of which small parts are read, which costs less than mapping it. Where more is
/// wanted, or larger parts, it is mapped as a whole.
struct Parts<'d> {
    buffers: &'d Buffers,
    /// None once it is mapped.
    file: RefCell<Option<File>>,
    size: u64,
    parts: [OnceCell<Part>; 8],
    whole: OnceCell<Option<Input>>,
}

/// Bytes of a file from `offset` on.
struct Part {
    offset: u64,
    length: u64,
    bytes: Box<[u8; LONGEST]>,
}

impl<'d> Parts<'d> {
    fn new(buffers: &'d Buffers, file: File, size: u64) -> Parts<'d> {
        let (parts, whole) = Default::default();
        Parts { buffers, file: RefCell::new(Some(file)), size, parts, whole }
    }

    /// Reads a part. A file that became shorter goes on with zeros.
    #[inline(never)]
    fn read(&self, offset: u64, size: u64) -> Option<Part> {
        let file = self.file.borrow();
        let length = self.size.checked_sub(offset)?.min(size.max(SHORTEST));
        let buffer = self.buffers.borrow_mut().pop();
        let mut bytes = buffer.unwrap_or_else(|| Box::new([0; LONGEST]));
        let mut rest = bytes.get_mut(..length as usize)?;
        let mut at = offset;
        while !rest.is_empty() {
            let done = pread(file.as_ref()?, &mut *rest, at).ok()?;
            if done == 0 {
                rest.fill(0);
                break;
            }
            at += done as u64;
            rest = rest.get_mut(done..)?;
        }
        Some(Part { offset, length, bytes })
    }

    /// The bytes of a range, if it is small.
    fn part(&self, offset: u64, size: u64) -> Option<&[u8]> {
        for place in &self.parts {
            let part = match place.get() {
                Some(part) => part,
                None if size > LONGEST as u64 => return None,
                None => {
                    let read = self.read(offset, size)?;
                    place.get_or_init(|| read)
                }
            };
            let skip = offset.wrapping_sub(part.offset);
            if skip <= part.length && size <= part.length - skip {
                return part.bytes.get(skip as usize..)?.get(..size as usize);
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

impl Drop for Parts<'_> {
    fn drop(&mut self) {
        let parts = self.parts.iter_mut().filter_map(OnceCell::take);
        self.buffers.borrow_mut().extend(parts.map(|part| part.bytes));
    }
}
