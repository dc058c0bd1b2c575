//! Two times eight lanes: vectors of AVX2, where a rotation is two shifts.

use std::arch::x86_64::*;

use super::rounds::{eight, lanes};

type Vector = __m256i;

const LANES: usize = 8;
const ABREAST: usize = 2;

lanes!("avx2");

#[target_feature(enable = "avx2")]
#[inline]
fn splat(word: u32) -> Vector {
    _mm256_set1_epi32(word as i32)
}

#[target_feature(enable = "avx2")]
#[inline]
fn add(a: Vector, b: Vector) -> Vector {
    _mm256_add_epi32(a, b)
}

#[target_feature(enable = "avx2")]
#[inline]
fn and(a: Vector, b: Vector) -> Vector {
    _mm256_and_si256(a, b)
}

#[target_feature(enable = "avx2")]
#[inline]
fn or(a: Vector, b: Vector) -> Vector {
    _mm256_or_si256(a, b)
}

#[target_feature(enable = "avx2")]
#[inline]
fn xor3(a: Vector, b: Vector, c: Vector) -> Vector {
    _mm256_xor_si256(_mm256_xor_si256(a, b), c)
}

#[target_feature(enable = "avx2")]
#[inline]
fn choose(a: Vector, b: Vector, c: Vector) -> Vector {
    _mm256_xor_si256(c, and(a, _mm256_xor_si256(b, c)))
}

#[target_feature(enable = "avx2")]
#[inline]
fn majority(a: Vector, b: Vector, c: Vector) -> Vector {
    or(and(a, b), and(c, or(a, b)))
}

#[target_feature(enable = "avx2")]
#[inline]
fn left(words: Vector, bits: u32) -> Vector {
    _mm256_sllv_epi32(words, splat(bits))
}

#[target_feature(enable = "avx2")]
#[inline]
fn right(words: Vector, bits: u32) -> Vector {
    _mm256_srlv_epi32(words, splat(bits))
}

#[target_feature(enable = "avx2")]
#[inline]
fn rotate(words: Vector, bits: u32) -> Vector {
    or(right(words, bits), left(words, 32 - bits))
}

#[target_feature(enable = "avx2")]
#[inline]
fn swap_bytes(words: Vector) -> Vector {
    let order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    _mm256_shuffle_epi8(words, _mm256_broadcastsi128_si256(order))
}

/// The words of the 64 bytes at `at` in each lane; the lanes are `run` bytes apart.
#[target_feature(enable = "avx2")]
#[inline]
fn load(payload: &[u8], run: usize, at: usize) -> [Vector; 16] {
    let mut words = [splat(0); 16];
    words[..8].copy_from_slice(&load_half(payload, run, at));
    words[8..].copy_from_slice(&load_half(payload, run, at + 32));
    words
}

#[target_feature(enable = "avx2")]
#[inline]
fn load_half(payload: &[u8], run: usize, at: usize) -> [Vector; 8] {
    let mut rows = [splat(0); 8];
    for (lane, row) in rows.iter_mut().enumerate() {
        let bytes = &payload[lane * run + at..][..32];
        // SAFETY: it reads the 32 bytes of the slice, and at any alignment.
        *row = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
    }
    // Of four lanes each, word j of each half of their rows.
    let mut halves = [[splat(0); 4]; 2];
    for (rows, halves) in rows.chunks_exact(4).zip(&mut halves) {
        let low = _mm256_unpacklo_epi32(rows[0], rows[1]);
        let low_next = _mm256_unpacklo_epi32(rows[2], rows[3]);
        let high = _mm256_unpackhi_epi32(rows[0], rows[1]);
        let high_next = _mm256_unpackhi_epi32(rows[2], rows[3]);
        halves[0] = _mm256_unpacklo_epi64(low, low_next);
        halves[1] = _mm256_unpackhi_epi64(low, low_next);
        halves[2] = _mm256_unpacklo_epi64(high, high_next);
        halves[3] = _mm256_unpackhi_epi64(high, high_next);
    }
    let mut words = rows;
    for j in 0..4 {
        words[j] = _mm256_permute2x128_si256::<0x20>(halves[0][j], halves[1][j]);
        words[4 + j] = _mm256_permute2x128_si256::<0x31>(halves[0][j], halves[1][j]);
    }
    words
}

#[target_feature(enable = "avx2")]
#[inline]
fn store(words: Vector) -> [u32; LANES] {
    let mut stored = [0; LANES];
    // SAFETY: it writes the 32 bytes of the array, and at any alignment.
    unsafe { _mm256_storeu_si256(stored.as_mut_ptr().cast(), words) };
    stored
}
