//! One file, mapped twice: the same bytes at two addresses.

#![no_std]
#![no_main]

use core::sync::atomic::Ordering::Relaxed;
use rt::Errno;
use rt::fmt::dec;
use rt::fs::{FallocateMode, O_CREAT, O_RDWR, O_TRUNC, S_IRUSR, S_IWUSR, fallocate, open};
use rt::mm::{MAP_SHARED_VALIDATE, Mapping, PROT_READ, PROT_WRITE};

rt::entry!(main);

fn main() -> u8 {
    match share() {
        Ok(()) => 0,
        Err(error) => {
            rt::eprintln!("data: ", error);
            1
        }
    }
}

fn share() -> rt::Result<()> {
    let file = open("data", O_CREAT | O_TRUNC | O_RDWR, S_IRUSR | S_IWUSR)?;
    fallocate(&file, FallocateMode(0), 0, 1024)?;
    let map = || Mapping::file(&file, 0, 1024, PROT_READ | PROT_WRITE, MAP_SHARED_VALIDATE);
    let (m1, m2) = (map()?, map()?);
    let b1 = m1.as_atomics().ok_or(Errno::EACCES)?;
    let b2 = m2.as_atomics().ok_or(Errno::EACCES)?;
    b1[0].store(13, Relaxed);
    rt::println!("b1[0] = ", dec(b1[0].load(Relaxed)));
    rt::println!("b2[0] = ", dec(b2[0].load(Relaxed)));
    Ok(())
}
