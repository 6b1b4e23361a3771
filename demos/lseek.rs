//! A file's cursor; while this waits for input, `/proc/PID/fdinfo/3` shows it as well.

#![no_std]
#![no_main]

use rt::fmt::dec;
use rt::fs::{FallocateMode, O_APPEND, O_CREAT, O_RDWR, S_IRWXU, fallocate, open};
use rt::io::{Read, Seek, SeekFrom, stdin};

rt::entry!(main);

fn main() -> u8 {
    match seek() {
        Ok(()) => 0,
        Err(error) => {
            rt::eprintln!("buffer: ", error);
            1
        }
    }
}

fn seek() -> rt::Result<()> {
    let mut file = open("buffer", O_CREAT | O_APPEND | O_RDWR, S_IRWXU)?;
    fallocate(&file, FallocateMode(0), 0, 1024)?;
    let position = file.seek(SeekFrom::Start(512))?;
    rt::println!("Cursor position: ", dec(position));
    stdin().read(&mut [0])?;
    Ok(())
}
