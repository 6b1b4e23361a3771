//! A file that is on the disk when `write` returns: `O_DSYNC`.

#![no_std]
#![no_main]

use rt::fs::{O_CREAT, O_DSYNC, O_RDWR, S_IRUSR, S_IWUSR, open};
use rt::io::Write;

rt::entry!(main);

fn main() -> u8 {
    let written = open("hello.txt", O_CREAT | O_RDWR | O_DSYNC, S_IRUSR | S_IWUSR)
        .and_then(|mut file| file.write_all(b"hello world\n"));
    if let Err(error) = written {
        rt::eprintln!("hello.txt: ", error);
        return 1;
    }
    0
}
