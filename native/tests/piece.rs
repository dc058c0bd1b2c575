//! The lanes that this processor has, against commitments computed by the specification's words.

#[path = "../src/piece/mod.rs"]
mod piece;

use piece::{PieceHasher, QUAD_BYTES, all};
use sha2::{Digest, Sha256};

/// Whole blocks, runs in all lanes of every width, quads left over, and part of a quad.
const SIZES: [usize; 21] = [
    0, 1, 126, 127, 128, 254, 381, 1016, 1017, 2031, 2032, 4064, 4065, 5000, 8128, 8129, 65_024,
    130_049, 260_096, 260_097, 700_001,
];

#[test]
fn every_width_yields_what_the_words_say() {
    for size in SIZES {
        let payload = noise(size);
        let expected = by_the_words(&payload);
        for lanes in all() {
            assert_eq!(
                root(PieceHasher::new(lanes), &[&payload]),
                expected,
                "{} of {size}",
                lanes.name
            );
        }
    }
}

#[test]
fn parts_of_any_size_yield_the_same() {
    let payload = noise(600_000);
    for lanes in all() {
        let whole = root(PieceHasher::new(lanes), &[&payload]);
        for size in [1000, 127, 4064, 260_096, 260_095] {
            let parts: Vec<&[u8]> = payload.chunks(size).collect();
            assert_eq!(
                root(PieceHasher::new(lanes), &parts),
                whole,
                "{} by {size}",
                lanes.name
            );
        }
    }
}

#[test]
fn a_root_is_no_end() {
    for lanes in all() {
        let payload = noise(300_000);
        let mut hasher = PieceHasher::new(lanes);
        hasher.update(&payload[..270_000]);
        assert_eq!(hasher.root(), by_the_words(&payload[..270_000]));
        hasher.update(&payload[270_000..]);
        assert_eq!(hasher.root(), by_the_words(&payload));
    }
}

fn root(mut hasher: PieceHasher, parts: &[&[u8]]) -> (usize, [u8; 32]) {
    for part in parts {
        hasher.update(part);
    }
    hasher.root()
}

fn noise(size: usize) -> Vec<u8> {
    let mut state = 1_u64;
    (0..size)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        })
        .collect()
}

/// Bit by bit, and level by level, with the crate's own SHA-256.
fn by_the_words(payload: &[u8]) -> (usize, [u8; 32]) {
    let quads = payload.len().div_ceil(QUAD_BYTES).next_power_of_two();
    let mut level = vec![[0_u8; 32]; 4 * quads];
    for bit in 0..8 * payload.len() {
        let (leaf, at) = (bit / 254, bit % 254);
        level[leaf][at / 8] |= (payload[bit / 8] >> (bit % 8) & 1) << (at % 8);
    }
    let mut height = 0;
    while level.len() > 1 {
        level = level
            .chunks_exact(2)
            .map(|pair| {
                let mut node: [u8; 32] = Sha256::digest(pair.concat()).into();
                node[31] &= 0x3f;
                node
            })
            .collect();
        height += 1;
    }
    (height, level[0])
}
