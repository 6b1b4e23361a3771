//! A program without libc: start-up, one line, exit.

#![no_std]
#![no_main]

rt::entry!(main);

fn main() -> u8 {
    rt::println!("Hello, world");
    0
}
