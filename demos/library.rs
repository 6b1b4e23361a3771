//! Shared libraries opened by a program without a C library: hashes, and round trips through
//! three compressors. Each library that isn't installed is named.

#![no_std]
#![no_main]

use core::ffi::CStr;
use core::mem::transmute;
use rt::dl::Library;
use rt::fmt::{dec, hex};
use rt::{eprintln, println};

rt::entry!(main);

const TEXT: &[u8] =
    b"She sells sea shells by the sea shore; the shells that she sells are sea shells.";

/// A function of a library, as this type; none, with a message, where there is no such thing.
macro_rules! function {
    ($library:expr, $name:literal, $kind:ty) => {
        match $library.symbol($name) {
            // SAFETY: the library's manual says that the function is of this type.
            Ok(address) => unsafe { transmute::<*mut (), $kind>(address.as_ptr()) },
            Err(error) => {
                eprintln!(error);
                return false;
            }
        }
    };
}

fn main() -> u8 {
    let demos: [Demo; 5] = [
        (c"libxxhash.so.0", xxhash),
        (c"libz.so.1", zlib),
        (c"liblz4.so.1", lz4),
        (c"libzstd.so.1", zstd),
        (c"libm.so.6", libm),
    ];
    let mut status = 0;
    for (name, demo) in demos {
        match Library::open(name) {
            Ok(library) if !demo(library) => status = 1,
            Ok(_) => {}
            Err(error) => {
                eprintln!(error);
                status = status.max(2);
            }
        }
    }
    status
}

/// A library, and what is done with it.
type Demo = (&'static CStr, fn(Library) -> bool);

type Hash = extern "C" fn(*const u8, usize, u64) -> u64;

fn xxhash(library: Library) -> bool {
    let hash = function!(library, c"XXH64", Hash);
    let value = hash(b"hello".as_ptr(), 5, 0);
    println!("XXH64 of hello: ", hex(value));
    value == 0x26c7_827d_889f_6da3
}

type Sum = extern "C" fn(u64, *const u8, u32) -> u64;
type Compress = extern "C" fn(*mut u8, *mut u64, *const u8, u64) -> i32;

fn zlib(library: Library) -> bool {
    let crc32 = function!(library, c"crc32", Sum)(0, b"hello".as_ptr(), 5);
    let adler32 = function!(library, c"adler32", Sum)(1, b"hello".as_ptr(), 5);
    println!("crc32 and adler32 of hello: ", hex(crc32), ", ", hex(adler32));
    let (mut packed, mut text) = ([0; 256], [0; 256]);
    let (mut packed_size, mut size) = (256, 256);
    let compress = function!(library, c"compress", Compress);
    let uncompress = function!(library, c"uncompress", Compress);
    let there = compress(packed.as_mut_ptr(), &mut packed_size, TEXT.as_ptr(), TEXT.len() as u64);
    let back = uncompress(text.as_mut_ptr(), &mut size, packed.as_ptr(), packed_size);
    println!("zlib: ", dec(TEXT.len()), " bytes to ", dec(packed_size), " and back");
    let right = text.get(..size as usize) == Some(TEXT);
    (crc32, adler32, there, back) == (0x3610_a686, 0x62c_0215, 0, 0) && right
}

type Block = extern "C" fn(*const u8, *mut u8, i32, i32) -> i32;

fn lz4(library: Library) -> bool {
    let (mut packed, mut text) = ([0; 256], [0; 256]);
    let compress = function!(library, c"LZ4_compress_default", Block);
    let decompress = function!(library, c"LZ4_decompress_safe", Block);
    let packed_size = compress(TEXT.as_ptr(), packed.as_mut_ptr(), TEXT.len() as i32, 256);
    let size = decompress(packed.as_ptr(), text.as_mut_ptr(), packed_size, 256);
    println!("lz4: ", dec(TEXT.len()), " bytes to ", dec(packed_size.unsigned_abs()), " and back");
    usize::try_from(size).ok().and_then(|size| text.get(..size)) == Some(TEXT)
}

type Pack = extern "C" fn(*mut u8, usize, *const u8, usize, i32) -> usize;
type Unpack = extern "C" fn(*mut u8, usize, *const u8, usize) -> usize;

fn zstd(library: Library) -> bool {
    let (mut packed, mut text) = ([0; 256], [0; 256]);
    let compress = function!(library, c"ZSTD_compress", Pack);
    let decompress = function!(library, c"ZSTD_decompress", Unpack);
    let packed_size = compress(packed.as_mut_ptr(), 256, TEXT.as_ptr(), TEXT.len(), 3);
    let size = decompress(text.as_mut_ptr(), 256, packed.as_ptr(), packed_size);
    println!("zstd: ", dec(TEXT.len()), " bytes to ", dec(packed_size), " and back");
    text.get(..size) == Some(TEXT)
}

fn libm(library: Library) -> bool {
    let cos = function!(library, c"cos", extern "C" fn(f64) -> f64);
    let value = cos(1.0);
    println!("cos of 1: ", hex(value.to_bits()));
    value.to_bits() == 0x3fe1_4a28_0fb5_068c
}
