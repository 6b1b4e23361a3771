//! Lines from standard input to standard output: one write for each of them with `-u`,
//! otherwise one for each 64 KiB. Under strace the difference can be counted.

#![no_std]
#![no_main]

use rt::Errno;
use rt::io::{BufReader, BufWriter, Write, stdin, stdout, stdout_buffer};
use rt::mm::{MAP_PRIVATE, Mapping, PROT_READ, PROT_WRITE};

rt::entry!(main);

fn main() -> u8 {
    match copy(rt::env::args().any(|arg| arg == c"-u")) {
        Ok(()) => 0,
        Err(error) => {
            rt::eprintln!("copy: ", error);
            1
        }
    }
}

fn copy(unbuffered: bool) -> rt::Result<()> {
    let mut memory = Mapping::anonymous(64 << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE)?;
    let mut input = BufReader::new(memory.as_mut_slice().ok_or(Errno::EACCES)?, stdin());
    let mut to = stdout();
    if unbuffered {
        while let Some(line) = input.read_until(b'\n')? {
            to.write_all(line)?;
        }
        return Ok(());
    }
    let mut out = BufWriter::new(stdout_buffer().ok_or(Errno::EBUSY)?, &mut to);
    while let Some(line) = input.read_until(b'\n')? {
        out.bytes(line);
    }
    out.flush()
}
