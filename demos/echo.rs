//! Standard input to standard output, until it ends.

#![no_std]
#![no_main]

use rt::io::{Read, Write, stdin, stdout};

rt::entry!(main);

fn main() -> u8 {
    match copy() {
        Ok(()) => 0,
        Err(error) => {
            rt::eprintln!("echo: ", error);
            1
        }
    }
}

fn copy() -> rt::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        // A read may give less than there is; only nothing at all is the end.
        match stdin().read(&mut buffer)? {
            0 => return Ok(()),
            n => stdout().write_all(&buffer[..n])?,
        }
    }
}
