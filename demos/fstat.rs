//! What is known of an open file.

#![no_std]
#![no_main]

use rt::fmt::{dec, int, oct};
use rt::fs::{Mode, O_RDONLY, fstat, open};
use rt::println;

rt::entry!(main);

fn main() -> u8 {
    let Some(path) = rt::env::args().nth(1) else {
        rt::eprintln!("usage: fstat FILE");
        return 1;
    };
    match open(path, O_RDONLY, Mode(0)).and_then(fstat) {
        Ok(stat) => {
            println!("st_dev: ", dec(stat.st_dev));
            println!("st_ino: ", dec(stat.st_ino));
            println!("st_nlink: ", dec(stat.st_nlink));
            println!("st_mode: ", oct(stat.st_mode).alt());
            println!("st_uid: ", dec(stat.st_uid));
            println!("st_gid: ", dec(stat.st_gid));
            println!("st_rdev: ", dec(stat.st_rdev));
            println!("st_size: ", int(stat.st_size));
            println!("st_blksize: ", int(stat.st_blksize));
            println!("st_blocks: ", int(stat.st_blocks));
            println!("st_atime: ", int(stat.st_atime), ".", dec(stat.st_atime_nsec as u64).zero(9));
            println!("st_mtime: ", int(stat.st_mtime), ".", dec(stat.st_mtime_nsec as u64).zero(9));
            println!("st_ctime: ", int(stat.st_ctime), ".", dec(stat.st_ctime_nsec as u64).zero(9));
            0
        }
        Err(error) => {
            rt::eprintln!(path.to_bytes(), ": ", error);
            1
        }
    }
}
