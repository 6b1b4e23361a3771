//! Files as `readelf` opens them: ordinary ones only, so that nothing is ever waited for.

use rt::Errno;
use rt::fs::{DT_DIR, DT_REG, Mode, O_NONBLOCK, O_RDONLY, stat};
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
    let status = stat(path).map_err(Why::NoPath)?;
    match status.file_type() {
        DT_REG => {}
        DT_DIR => return Err(Why::IsDirectory),
        _ => return Err(Why::NotOrdinary),
    }
    let opened = rt::fs::open(path, O_RDONLY | O_NONBLOCK, Mode(0))
        .and_then(|file| Input::new(file, status.st_size as u64));
    opened.map_err(|_| Why::Unreadable)
}
