use super::*;
use std::string::String;
use std::vec;
use std::vec::Vec;

fn unpack(input: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut output = vec![0; len];
    zstd(input, &mut output).then_some(output)
}

/// What the files in `tests` hold.
fn text() -> Vec<u8> {
    let parity = |n: u32| if n.is_multiple_of(2) { "even" } else { "odd" };
    let line = |n| std::format!("{n} squared is {}, {}\n", n * n, parity(n));
    (0..400).map(line).collect::<String>().into_bytes()
}

/// `zstd -9 --zstd=wlog=10 --no-check`: eleven blocks, which take over codes of one another.
const BLOCKS: &[u8] = include_bytes!("tests/blocks.zst");
/// `zstd -19 --check`: one block with literals in four streams, and a checksum.
const WHOLE: &[u8] = include_bytes!("tests/whole.zst");
/// `zstd -1 --zstd=wlog=10 --no-check`: codes with one symbol, and those that are usual.
const FAST: &[u8] = include_bytes!("tests/fast.zst");

/// A frame of blocks as they are given.
fn frame_of(blocks: &[&[u8]]) -> Vec<u8> {
    [b"\x28\xb5\x2f\xfd\x00\x00", blocks.concat().as_slice()].concat()
}

#[test]
fn frames_of_all_kinds_of_blocks() {
    for input in [BLOCKS, WHOLE, FAST] {
        assert_eq!(unpack(input, text().len()), Some(text()));
        assert_eq!(unpack(input, text().len() - 1), None);
        assert_eq!(unpack(input, text().len() + 1), None);
        assert!(most(input).unwrap() >= text().len() as u64);
    }
}

#[test]
fn blocks_as_they_are_and_of_one_byte() {
    let input = frame_of(&[b"\x18\x00\x00abc", b"\x23\x00\x00x"]);
    assert_eq!(unpack(&input, 7).unwrap(), b"abcxxxx");
    assert_eq!(most(&input), Some(7));
    // A kind that isn't, and more than the window of one KiB.
    assert_eq!(unpack(&frame_of(&[b"\x1f\x00\x00abc"]), 3), None);
    assert_eq!(unpack(&frame_of(&[b"\x03\x20\x00x"]), 1024).unwrap(), [b'x'; 1024]);
    assert_eq!(unpack(&frame_of(&[b"\x0b\x20\x00x"]), 1025), None);
}

#[test]
fn frames_one_after_the_other_and_skipped() {
    let both = [BLOCKS, b"\x5f\x2a\x4d\x18\x03\x00\x00\x00???", WHOLE].concat();
    let twice = text().repeat(2);
    assert_eq!(unpack(&both, twice.len()), Some(twice));
    assert_eq!(unpack(b"\x50\x2a\x4d\x18\x00\x00\x00\x00", 0).unwrap(), b"");
    assert_eq!(unpack(b"\x50\x2a\x4d\x18\x01\x00\x00\x00", 0), None);
    assert_eq!(unpack(b"", 0).unwrap(), b"");
    assert_eq!(unpack(&[WHOLE, b"junk"].concat(), text().len()), None);
}

#[test]
fn heads_that_ask_for_too_much() {
    let body = b"\x01\x00\x00";
    let head = |rest: &[u8]| [b"\x28\xb5\x2f\xfd", rest, body].concat();
    assert_eq!(unpack(&head(b"\x00\x00"), 0).unwrap(), b"");
    // A bit that is reserved, a dictionary, a window of more than 2 GiB, another size.
    assert_eq!(unpack(&head(b"\x08\x00"), 0), None);
    assert_eq!(unpack(&head(b"\x01\x00\x01"), 0), None);
    assert_eq!(unpack(&head(b"\x01\x00\x00"), 0).unwrap(), b"");
    assert_eq!(unpack(&head(b"\x00\xb0"), 0), None);
    assert_eq!(unpack(&head(b"\x20\x01"), 0), None);
    assert_eq!(unpack(&head(b"\x20\x00"), 0).unwrap(), b"");
    assert_eq!(unpack(b"\x29\xb5\x2f\xfd\x00\x00\x01\x00\x00", 0), None);
}

#[test]
fn a_checksum_must_fit() {
    let mut wrong = WHOLE.to_vec();
    *wrong.last_mut().unwrap() ^= 1;
    assert_eq!(unpack(&wrong, text().len()), None);
    // Of the project's own test vectors.
    assert_eq!(xxh64::xxh64(b""), 0xef46_db37_51d8_e999);
    assert_eq!(xxh64::xxh64(b"abc"), 0x44bc_2cf5_ad77_0999);
}

#[test]
fn distances_of_before() {
    let mut last = [1, 4, 8];
    assert_eq!(distance(&mut last, 13, false), 10);
    assert_eq!(last, [10, 1, 4]);
    assert_eq!(distance(&mut last, 1, false), 10);
    assert_eq!(distance(&mut last, 3, false), 4);
    assert_eq!(last, [4, 10, 1]);
    assert_eq!(distance(&mut last, 1, true), 10);
    assert_eq!(distance(&mut last, 3, true), 9);
    assert_eq!(last, [9, 10, 4]);
    assert_eq!(distance(&mut [1, 4, 8], 3, true), 0);
}

#[test]
fn every_prefix_and_every_flipped_bit_ends() {
    for input in [BLOCKS, WHOLE, FAST] {
        for end in 1..input.len() {
            assert_eq!(unpack(&input[..end], text().len()), None);
            most(&input[..end]);
        }
        for bit in (0..input.len() * 8).step_by(5) {
            let mut damaged = input.to_vec();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let unpacked = unpack(&damaged, text().len());
            // Only a checksum tells all damage.
            assert!(input != WHOLE || unpacked.is_none_or(|unpacked| unpacked == text()));
            most(&damaged);
        }
    }
}

/// As many bytes as anyone likes: only what is made costs time.
#[test]
fn noise_ends() {
    let mut random = 1u64;
    for length in (0..4000).step_by(7) {
        let mut noise = WHOLE[..12].to_vec();
        noise.extend((0..length).map(|_| {
            random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            (random >> 56) as u8
        }));
        unpack(&noise, 20_000);
        most(&noise);
    }
}
