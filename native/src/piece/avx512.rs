//! Two times sixteen lanes: vectors of AVX-512, which rotates words and joins three by any rule.

use std::arch::x86_64::*;

use super::rounds::{eight, lanes};

type Vector = __m512i;

const LANES: usize = 16;
const ABREAST: usize = 2;
/// How far ahead each lane's bytes are fetched. There are more lanes than the processor follows by
/// itself: without this a tenth of the time goes into waiting for memory.
const AHEAD: usize = 4 * QUAD_BYTES;

lanes!("avx512f,avx512bw");

#[target_feature(enable = "avx512f")]
#[inline]
fn splat(word: u32) -> Vector {
    _mm512_set1_epi32(word as i32)
}

#[target_feature(enable = "avx512f")]
#[inline]
fn add(a: Vector, b: Vector) -> Vector {
    _mm512_add_epi32(a, b)
}

#[target_feature(enable = "avx512f")]
#[inline]
fn and(a: Vector, b: Vector) -> Vector {
    _mm512_and_si512(a, b)
}

#[target_feature(enable = "avx512f")]
#[inline]
fn or(a: Vector, b: Vector) -> Vector {
    _mm512_or_si512(a, b)
}

#[target_feature(enable = "avx512f")]
#[inline]
fn xor3(a: Vector, b: Vector, c: Vector) -> Vector {
    _mm512_ternarylogic_epi32::<0x96>(a, b, c)
}

#[target_feature(enable = "avx512f")]
#[inline]
fn choose(a: Vector, b: Vector, c: Vector) -> Vector {
    _mm512_ternarylogic_epi32::<0xca>(a, b, c)
}

#[target_feature(enable = "avx512f")]
#[inline]
fn majority(a: Vector, b: Vector, c: Vector) -> Vector {
    _mm512_ternarylogic_epi32::<0xe8>(a, b, c)
}

#[target_feature(enable = "avx512f")]
#[inline]
fn left(words: Vector, bits: u32) -> Vector {
    _mm512_sllv_epi32(words, splat(bits))
}

#[target_feature(enable = "avx512f")]
#[inline]
fn right(words: Vector, bits: u32) -> Vector {
    _mm512_srlv_epi32(words, splat(bits))
}

#[target_feature(enable = "avx512f")]
#[inline]
fn rotate(words: Vector, bits: u32) -> Vector {
    _mm512_rorv_epi32(words, splat(bits))
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn swap_bytes(words: Vector) -> Vector {
    let order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    _mm512_shuffle_epi8(words, _mm512_broadcast_i32x4(order))
}

/// The words of the 64 bytes at `at` in each lane; the lanes are `run` bytes apart.
#[target_feature(enable = "avx512f")]
#[inline]
fn load(payload: &[u8], run: usize, at: usize) -> [Vector; 16] {
    let mut rows = [splat(0); 16];
    for (lane, row) in rows.iter_mut().enumerate() {
        let bytes = &payload[lane * run + at..][..64];
        // SAFETY: it reads the 64 bytes of the slice, and at any alignment.
        *row = unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) };
        let ahead = bytes.as_ptr().wrapping_add(AHEAD);
        // SAFETY: it reads nothing that a program could see, wherever it points; newer compilers
        // know that.
        #[allow(unused_unsafe)]
        unsafe {
            _mm_prefetch::<_MM_HINT_T1>(ahead.cast())
        };
    }
    // Of four lanes each, word j of each quarter of their rows.
    let mut quarters = [[splat(0); 4]; 4];
    for (rows, quarters) in rows.chunks_exact(4).zip(&mut quarters) {
        let low = _mm512_unpacklo_epi32(rows[0], rows[1]);
        let low_next = _mm512_unpacklo_epi32(rows[2], rows[3]);
        let high = _mm512_unpackhi_epi32(rows[0], rows[1]);
        let high_next = _mm512_unpackhi_epi32(rows[2], rows[3]);
        quarters[0] = _mm512_unpacklo_epi64(low, low_next);
        quarters[1] = _mm512_unpackhi_epi64(low, low_next);
        quarters[2] = _mm512_unpacklo_epi64(high, high_next);
        quarters[3] = _mm512_unpackhi_epi64(high, high_next);
    }
    let mut words = rows;
    for j in 0..4 {
        let [a, b, c, d] = [0, 1, 2, 3].map(|four| quarters[four][j]);
        let even = _mm512_shuffle_i32x4::<0x88>(a, b);
        let even_next = _mm512_shuffle_i32x4::<0x88>(c, d);
        let odd = _mm512_shuffle_i32x4::<0xdd>(a, b);
        let odd_next = _mm512_shuffle_i32x4::<0xdd>(c, d);
        words[j] = _mm512_shuffle_i32x4::<0x88>(even, even_next);
        words[4 + j] = _mm512_shuffle_i32x4::<0x88>(odd, odd_next);
        words[8 + j] = _mm512_shuffle_i32x4::<0xdd>(even, even_next);
        words[12 + j] = _mm512_shuffle_i32x4::<0xdd>(odd, odd_next);
    }
    words
}

#[target_feature(enable = "avx512f")]
#[inline]
fn store(words: Vector) -> [u32; LANES] {
    let mut stored = [0; LANES];
    // SAFETY: it writes the 64 bytes of the array, and at any alignment.
    unsafe { _mm512_storeu_si512(stored.as_mut_ptr().cast(), words) };
    stored
}
