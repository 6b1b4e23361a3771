//! Collections on the `brk` heap: the last block grows where it is, nothing is copied.

#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use rt::fmt::dec;
use rt::println;

rt::entry!(main, heap);

fn main() -> u8 {
    let mut numbers = Vec::new();
    let (mut moves, mut place) = (0u32, core::ptr::null());
    for number in 0..1_000_000u64 {
        numbers.push(number);
        if place != numbers.as_ptr() {
            place = numbers.as_ptr();
            moves += 1;
        }
    }
    println!("sum: ", dec(numbers.iter().sum::<u64>()));
    println!("places: ", dec(moves));
    let zeros = alloc::vec![0u8; 1 << 30];
    println!(
        "a gigabyte of zeros: ",
        dec(zeros.len()),
        ", the last is ",
        dec(zeros[(1 << 30) - 1])
    );
    0
}
