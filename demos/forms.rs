//! What the compiler makes of three ways to give a result, to be looked at with
//! `just dump fstat_ forms` and `just dump position forms`.
//!
//! A `Stat` by value is filled in where the caller wants it: its address is a hidden
//! parameter, and to pass the value on is a jump. The form with an out-parameter is no
//! cheaper: on top of the other one it has to copy. A `Result` of a number comes in two
//! registers, without memory, since the error is as wide as the number.

#![no_std]
#![no_main]

use rt::fmt::{dec, int};
use rt::fs::{File, Mode, O_RDONLY, Stat, fstat, open};
use rt::io::{Seek, SeekFrom};
use rt::{Result, println};

rt::entry!(main);

#[inline(never)]
fn fstat_by_value(file: &File) -> Result<Stat> {
    fstat(file)
}

#[inline(never)]
fn fstat_in_place(file: &File, stat: &mut Stat) -> Result<()> {
    *stat = fstat(file)?;
    Ok(())
}

#[inline(never)]
fn position(file: &mut File) -> Result<u64> {
    file.seek(SeekFrom::Current(0))
}

fn run() -> Result<()> {
    let mut file = open("/proc/self/exe", O_RDONLY, Mode(0))?;
    let mut stat = fstat_by_value(&file)?;
    let size = stat.st_size;
    fstat_in_place(&file, &mut stat)?;
    println!("by value: ", int(size), ", in place: ", int(stat.st_size));
    println!("position: ", dec(position(&mut file)?));
    Ok(())
}

fn main() -> u8 {
    match run() {
        Ok(()) => 0,
        Err(error) => {
            rt::eprintln!(error);
            1
        }
    }
}
