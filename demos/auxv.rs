//! What the kernel tells a new process about itself.

#![no_std]
#![no_main]

use rt::fmt::{dec, hex};
use rt::{auxv, println};

rt::entry!(main);

fn main() -> u8 {
    for entry in auxv::entries() {
        println!(dec(entry.key).left(4), hex(entry.value).alt());
    }
    println!("page size: ", dec(auxv::page_size()));
    println!("path: ", auxv::execfn().map(|path| path.to_bytes()));
    println!("machine: ", auxv::platform().map(|name| name.to_bytes()));
    0
}
