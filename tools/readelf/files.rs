//! Files as `readelf` opens them: ordinary ones only, so that nothing is ever waited for.

use rt::Errno;
use rt::input::Input;

/// Why a file can't be read.
pub enum Why {
    IsDirectory,
    NotOrdinary,
    /// The path leads nowhere, or can't be followed.
    NoPath(Errno),
    /// It is there, but can't be opened.
    Unreadable,
}

/// Opens a file, looking at what it is first: opening a device may do something.
pub fn open(path: &[u8]) -> Result<Input, Why> {
    const S_IFMT: u32 = 0o170000;
    const S_IFDIR: u32 = 0o040000;
    const S_IFREG: u32 = 0o100000;
    let status = rt::fs::stat(path).map_err(Why::NoPath)?;
    match status.st_mode & S_IFMT {
        S_IFREG => {}
        S_IFDIR => return Err(Why::IsDirectory),
        _ => return Err(Why::NotOrdinary),
    }
    let opened = rt::fs::open(path).and_then(|file| Input::new(file, status.st_size as u64));
    opened.map_err(|_| Why::Unreadable)
}
