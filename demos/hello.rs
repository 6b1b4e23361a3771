//! A program without libc: start-up, one line, exit.

#![no_std]
#![no_main]

rt::entry!(main);

fn main() -> u8 {
    match rt::io::Write::write_all(&mut rt::io::stdout(), b"Hello, world\n") {
        Ok(()) => 0,
        Err(_) => 1,
    }
}
