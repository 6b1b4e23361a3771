//! The files that are looked at: of this system, or of another tree.

use alloc::rc::Rc;
use alloc::vec::Vec;
use rt::dl::file::Identity;
use rt::dl::image::Fault;
use rt::elf::Source;
use rt::fmt::dec;
use rt::fs::{
    DT_DIR, DT_REG, File, Mode, O_DIRECTORY, O_NONBLOCK, O_PATH, O_RDONLY, OpenFlags, PATH_MAX,
    ST_NOEXEC, fstat, fstatfs, open, open_in_root, readlink,
};
use rt::input::Input;
use rt::io::AsFd;

/// A file that was opened for reading.
pub struct Opened {
    pub data: Rc<dyn Source>,
    pub identity: Identity,
    /// `st_mode`
    pub mode: u32,
    /// Whether its file system is mounted `noexec`.
    pub noexec: bool,
}

/// Opens files.
pub trait Files {
    /// The regular file at this path.
    fn open(&self, path: &[u8]) -> Result<Opened, Fault>;

    /// Whether there is such a directory.
    fn is_directory(&self, path: &[u8]) -> bool;

    /// The path of a file without symbolic links.
    fn real_path(&self, path: &[u8]) -> Option<Vec<u8>>;
}

/// Files of this system, or of the tree below a directory, out of which no path leads.
pub struct Disk {
    root: Option<File>,
}

impl Disk {
    pub fn new(root: Option<&[u8]>) -> rt::Result<Disk> {
        let root = root.map(|path| open(path, O_PATH | O_DIRECTORY, Mode(0)));
        Ok(Disk { root: root.transpose()? })
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
    fn open(&self, path: &[u8]) -> Result<Opened, Fault> {
        // A FIFO is refused, not waited for.
        let file = self.open_as(path, O_RDONLY | O_NONBLOCK)?;
        let stat = fstat(&file)?;
        match stat.file_type() {
            DT_REG => {}
            DT_DIR => return Err(Fault::Os(rt::Errno::EISDIR)),
            _ => return Err(Fault::Bad("not a regular file")),
        }
        let noexec = fstatfs(&file).is_ok_and(|fs| fs.f_flags & ST_NOEXEC != 0);
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let data = Rc::new(Input::new(file, size)?);
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
