//! SHA-256 of messages of 64 bytes, one in each lane of vectors, and runs of quads reduced so.
//!
//! `lanes!` writes it for a module that says what a vector is: the operations below it. Words of
//! all lanes stand in one vector, from the first leaf to the root, so that nothing is rearranged
//! between one level and the next.
//!
//! Specification: FIPS 180-4, sections 4.1.2, 4.2.2 and 6.2.2.

/// FIPS 180-4, section 4.2.2.
#[rustfmt::skip]
pub const CONSTANTS: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// The second block of any message of 64 bytes is the same: its schedule, with the constants added.
pub const PADDING: [u32; 64] = {
    let mut schedule = [0_u32; 64];
    schedule[0] = 0x8000_0000;
    schedule[15] = 512;
    let mut t = 16;
    while t < 64 {
        let (early, late) = (schedule[t - 15], schedule[t - 2]);
        schedule[t] = schedule[t - 16]
            .wrapping_add(early.rotate_right(7) ^ early.rotate_right(18) ^ (early >> 3))
            .wrapping_add(schedule[t - 7])
            .wrapping_add(late.rotate_right(17) ^ late.rotate_right(19) ^ (late >> 10));
        t += 1;
    }
    let mut t = 0;
    while t < 64 {
        schedule[t] = schedule[t].wrapping_add(CONSTANTS[t]);
        t += 1;
    }
    schedule
};

/// `subtrees` for a module that has these for its `Vector` of `LANES` words: `splat`, `load` (the
/// words of 64 bytes for each lane) and `store`; `add`, `and`, `or`, `xor3`, `choose`, `majority`;
/// `left`, `right` and `rotate`, to the right, by so many bits; `swap_bytes` in each word.
///
/// `ABREAST` vectors go side by side, so that one's rounds have work for the processor while the
/// other's wait for one another.
macro_rules! lanes {
    ($features:literal) => {
        use super::rounds::{CONSTANTS, PADDING};
        use super::scalar::INITIAL;
        use super::{Node, QUAD_BYTES};

        /// How many runs of quads are reduced at once.
        pub const COUNT: usize = LANES * ABREAST;

        /// A node in each lane: its eight words, in SHA-256's order.
        type Nodes = [Vector; 8];
        /// The message of a node: its children's words.
        type Messages = [Vector; 16];

        /// The root over each of `COUNT` runs of quads, which stand one after another in `payload`
        /// and are of a power of two quads each.
        #[target_feature(enable = $features)]
        pub fn subtrees(payload: &[u8], roots: &mut [Node]) {
            let run = payload.len() / COUNT;
            let count = run / QUAD_BYTES;
            // Of each height the last node on the left, and room for the one to its right.
            let top = count.ilog2() as usize;
            let mut messages = vec![[[splat(0); 16]; ABREAST]; top + 2];
            let mut pairs = [[[splat(0); 16]; ABREAST]; 2];
            for quad in 0..count {
                read_leaves(payload, run, quad * QUAD_BYTES, &mut pairs);
                for (side, pair) in pairs.iter_mut().enumerate() {
                    parents(pair, &mut messages[0], side);
                }
                for height in 0..=quad.trailing_ones() as usize {
                    let (below, above) = messages.split_at_mut(height + 1);
                    parents(&mut below[height], &mut above[0], quad >> height & 1);
                }
            }
            for (nodes, roots) in messages[top + 1].iter().zip(roots.chunks_exact_mut(LANES)) {
                for (at, words) in nodes[..8].iter().enumerate() {
                    for (root, word) in roots.iter_mut().zip(store(*words)) {
                        root[4 * at..4 * at + 4].copy_from_slice(&word.to_be_bytes());
                    }
                }
            }
        }

        /// One quad in each lane, as the messages of its leaves' parents; the lanes are `run`
        /// bytes apart.
        #[target_feature(enable = $features)]
        fn read_leaves(
            payload: &[u8],
            run: usize,
            at: usize,
            pairs: &mut [[Messages; ABREAST]; 2],
        ) {
            for side in 0..ABREAST {
                // The words of the first 64 bytes, and of the last 64: they share a byte.
                let start = side * LANES * run + at;
                let low = load(payload, run, start);
                let high = load(payload, run, start + QUAD_BYTES - 64);
                for word in 0..8 {
                    let second = or(right(low[word + 7], 30), left(low[word + 8], 2));
                    let third = or(right(high[word], 4), left(high[word + 1], 28));
                    let fourth = right(high[word + 8], 2);
                    let fourth = match word {
                        7 => fourth,
                        _ => or(fourth, left(high[word + 9], 30)),
                    };
                    pairs[0][side][word] = swap_bytes(low[word]);
                    pairs[0][side][word + 8] = swap_bytes(second);
                    pairs[1][side][word] = swap_bytes(third);
                    pairs[1][side][word + 8] = swap_bytes(fourth);
                }
                for pair in pairs.iter_mut() {
                    pair[side][7] = trimmed(pair[side][7]);
                    pair[side][15] = trimmed(pair[side][15]);
                }
            }
        }

        /// The nodes of messages, which are used up, as the left (0) or the right (1) children in
        /// the messages above.
        #[target_feature(enable = $features)]
        #[inline(never)]
        fn parents(
            messages: &mut [Messages; ABREAST],
            above: &mut [Messages; ABREAST],
            side: usize,
        ) {
            let mut nodes = compress_messages(messages);
            compress_padding(&mut nodes);
            for (node, message) in nodes.iter_mut().zip(above) {
                node[7] = trimmed(node[7]);
                message[8 * side..][..8].copy_from_slice(node);
            }
        }

        /// The last word of 254 bits: the two that its last byte has on top are cleared.
        #[target_feature(enable = $features)]
        #[inline]
        fn trimmed(word: Vector) -> Vector {
            and(word, splat(0xffff_ff3f))
        }

        #[target_feature(enable = $features)]
        #[inline]
        fn compress_messages(messages: &mut [Messages; ABREAST]) -> [Nodes; ABREAST] {
            let mut initial = [splat(0); 8];
            for (word, value) in initial.iter_mut().zip(INITIAL) {
                *word = splat(value);
            }
            let mut states = [initial; ABREAST];
            let mut groups = CONSTANTS.chunks_exact(8).enumerate();
            for (group, constants) in groups.by_ref().take(2) {
                let at = group % 2 * 8;
                eight!(t => {
                    for (words, state) in messages.iter().zip(&mut states) {
                        round(state, add(words[at + t], splat(constants[t])));
                    }
                });
            }
            for (group, constants) in groups {
                let at = group % 2 * 8;
                eight!(t => {
                    for (words, state) in messages.iter_mut().zip(&mut states) {
                        words[at + t] = scheduled(words, at + t);
                        round(state, add(words[at + t], splat(constants[t])));
                    }
                });
            }
            for state in &mut states {
                add_each(state, &initial);
            }
            states
        }

        #[target_feature(enable = $features)]
        #[inline]
        fn compress_padding(states: &mut [Nodes; ABREAST]) {
            let before = *states;
            for constants in PADDING.chunks_exact(8) {
                eight!(t => {
                    for state in states.iter_mut() {
                        round(state, splat(constants[t]));
                    }
                });
            }
            for (state, before) in states.iter_mut().zip(&before) {
                add_each(state, before);
            }
        }

        #[target_feature(enable = $features)]
        #[inline]
        fn add_each(state: &mut Nodes, before: &Nodes) {
            for (word, before) in state.iter_mut().zip(before) {
                *word = add(*word, *before);
            }
        }

        /// The word that takes the place of the one of sixteen rounds before.
        #[target_feature(enable = $features)]
        #[inline]
        fn scheduled(words: &Messages, t: usize) -> Vector {
            let early = words[(t + 1) % 16];
            let early = xor3(rotate(early, 7), rotate(early, 18), right(early, 3));
            let late = words[(t + 14) % 16];
            let late = xor3(rotate(late, 17), rotate(late, 19), right(late, 10));
            add(add(words[t], early), add(words[(t + 9) % 16], late))
        }

        /// One round, of which `word` is the message's, with the constant added.
        #[target_feature(enable = $features)]
        #[inline]
        fn round(state: &mut Nodes, word: Vector) {
            let [a, b, c, d, e, f, g, h] = *state;
            let upper = xor3(rotate(e, 6), rotate(e, 11), rotate(e, 25));
            let lower = xor3(rotate(a, 2), rotate(a, 13), rotate(a, 22));
            let first = add(add(add(h, word), choose(e, f, g)), upper);
            let second = add(lower, majority(a, b, c));
            *state = [add(first, second), a, b, c, add(d, first), e, f, g];
        }
    };
}

/// The statement once for each `t` from 0 to 7, after which the state's words are back in their
/// places. The compiler's own unrolling stops short of it, and what it orders of sixteen rounds at
/// once takes longer.
macro_rules! eight {
    ($t:ident => $body:block) => {
        eight!($t => $body, 0 1 2 3 4 5 6 7)
    };
    ($t:ident => $body:block, $($value:literal)*) => {
        $({ let $t = $value; $body })*
    };
}

pub(super) use {eight, lanes};
