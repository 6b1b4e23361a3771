//! Files.
use crate::arch::{nr, syscall};
use crate::errno::{Errno, Result, check};
use crate::io::OwnedFd;

/// `struct stat`, cut down.
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub struct Stat {
    pub st_dev: u64,
    pub st_ino: u64,
    pub st_nlink: u64,
    pub st_mode: u32,
    pub st_uid: u32,
    pub st_gid: u32,
    pad: u32,
    pub st_rdev: u64,
    pub st_size: i64,
    rest: [u64; 11],
}

fn with_path<T>(path: &[u8], call: impl FnOnce(usize) -> Result<T>) -> Result<T> {
    let mut buffer = [0u8; 4096];
    if path.contains(&0) {
        return Err(Errno::EINVAL);
    }
    let place =
        buffer.get_mut(..path.len()).filter(|p| p.len() < 4096).ok_or(Errno::ENAMETOOLONG)?;
    place.copy_from_slice(path);
    call(buffer.as_ptr() as usize)
}

/// stat
pub fn stat(path: &[u8]) -> Result<Stat> {
    let mut st = core::mem::MaybeUninit::<Stat>::zeroed();
    with_path(path, |p| {
        // SAFETY: filled by the kernel.
        check(unsafe {
            syscall(nr::NEWFSTATAT, [-100isize as usize, p, st.as_mut_ptr() as usize, 0])
        })
    })?;
    // SAFETY: plain numbers.
    Ok(unsafe { st.assume_init() })
}

/// open
pub fn open(path: &[u8]) -> Result<OwnedFd> {
    // SAFETY: path is a C string.
    let n = with_path(path, |p| {
        check(unsafe { syscall(nr::OPENAT, [-100isize as usize, p, 0o2004000, 0]) })
    })?;
    // SAFETY: just opened.
    Ok(unsafe { OwnedFd::new(n as i32) })
}
