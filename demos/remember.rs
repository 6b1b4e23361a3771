//! A file as memory: what was in it is shown, then the input takes its place.

#![no_std]
#![no_main]

use core::sync::atomic::Ordering::Relaxed;
use rt::Errno;
use rt::fs::{FallocateMode, O_APPEND, O_CREAT, O_RDWR, S_IRUSR, S_IWUSR, fallocate, open};
use rt::io::{Read, Write, stdin, stdout};
use rt::mm::{MAP_SHARED_VALIDATE, Mapping, PROT_READ, PROT_WRITE};

rt::entry!(main);

fn main() -> u8 {
    match remember() {
        Ok(()) => 0,
        Err(error) => {
            rt::eprintln!("data: ", error);
            1
        }
    }
}

fn remember() -> rt::Result<()> {
    const LENGTH: usize = 1024;
    let file = open("data", O_CREAT | O_APPEND | O_RDWR, S_IRUSR | S_IWUSR)?;
    fallocate(&file, FallocateMode(0), 0, LENGTH as u64)?;
    let data = Mapping::file(&file, 0, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED_VALIDATE)?;
    // Whoever else has the file open may change it at any time, hence atomics.
    let data = data.as_atomics().ok_or(Errno::EACCES)?;

    let mut text = [0; LENGTH];
    for (to, from) in text.iter_mut().zip(data) {
        *to = from.load(Relaxed);
    }
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(LENGTH);
    stdout().write_all(&text[..end])?;

    text.fill(0);
    stdin().read_full(&mut text)?;
    for (to, from) in data.iter().zip(text) {
        to.store(from, Relaxed);
    }
    Ok(())
}
