//! The arguments, one a line, the program's name first.

#![no_std]
#![no_main]

rt::entry!(main);

fn main() -> u8 {
    for arg in rt::env::args() {
        rt::println!(arg.to_bytes());
    }
    0
}
