//! Memory by moving the program break: it holds, and shows, the maps of this process,
//! `[heap]` among them.

#![no_std]
#![no_main]

use rt::fs::{Mode, O_RDONLY, open};
use rt::io::{Read, Write, stdout};
use rt::mm::sbrk;

rt::entry!(main);

fn main() -> u8 {
    match show() {
        Ok(()) => 0,
        Err(error) => {
            rt::eprintln!("brk: ", error);
            1
        }
    }
}

fn show() -> rt::Result<()> {
    // SAFETY: this program has one thread, and nothing else in it moves the break.
    let mut heap = unsafe { sbrk(4096) }?;
    // SAFETY: new memory that nobody else knows of, and that stays.
    let buffer = unsafe { heap.as_mut() };
    let mut maps = open("/proc/self/maps", O_RDONLY, Mode(0))?;
    loop {
        match maps.read(buffer)? {
            0 => return Ok(()),
            n => stdout().write_all(&buffer[..n])?,
        }
    }
}
