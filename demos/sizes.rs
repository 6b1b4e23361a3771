//! A file grows by `fallocate` and shrinks by `ftruncate`.

#![no_std]
#![no_main]

use rt::fmt::int;
use rt::fs::{
    FallocateMode, O_APPEND, O_CREAT, O_RDWR, S_IRWXU, fallocate, fstat, ftruncate, open,
};

rt::entry!(main);

fn main() -> u8 {
    match sizes() {
        Ok(()) => 0,
        Err(error) => {
            rt::eprintln!("buffer: ", error);
            1
        }
    }
}

fn sizes() -> rt::Result<()> {
    let file = open("buffer", O_CREAT | O_APPEND | O_RDWR, S_IRWXU)?;
    fallocate(&file, FallocateMode(0), 0, 1024)?;
    rt::println!("size: ", int(fstat(&file)?.st_size));
    ftruncate(&file, 512)?;
    rt::println!("size: ", int(fstat(&file)?.st_size));
    Ok(())
}
