//! One node after another, in portable code: what vectors leave over, and what has none.

use sha2::block_api::compress256;

use super::tree::Tree;
use super::{Node, QUAD_BYTES, QUAD_HEIGHT};

/// What SHA-256 begins with: FIPS 180-4, section 5.3.3.
pub const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The second block of a message of 64 bytes: a bit that ends it, and its 512 bits' count.
const PADDING: [u8; 64] = {
    let mut block = [0; 64];
    block[0] = 0x80;
    block[62] = 0x02;
    block
};

/// The node above two: their SHA-256, in 254 bits.
pub fn parent(left: &Node, right: &Node) -> Node {
    let mut message = [0; 64];
    message[..32].copy_from_slice(left);
    message[32..].copy_from_slice(right);
    let mut state = INITIAL;
    compress256(&mut state, &[message, PADDING]);
    let mut node = [0; 32];
    for (bytes, word) in node.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    node[31] &= 0x3f;
    node
}

/// The root over the one lane's quads.
pub fn subtrees(payload: &[u8], roots: &mut [Node]) {
    let mut tree = Tree::default();
    for quad in payload.chunks_exact(QUAD_BYTES) {
        tree.push(QUAD_HEIGHT, quad_root(quad));
    }
    (_, roots[0]) = tree.root();
}

fn quad_root(quad: &[u8]) -> Node {
    let [first, second, third, fourth] = leaves(quad);
    parent(&parent(&first, &second), &parent(&third, &fourth))
}

/// fr32: 1016 bits, the least significant first, in four times 254 bits and two zeros.
fn leaves(quad: &[u8]) -> [Node; 4] {
    let mut leaves = [[0; 32]; 4];
    for (index, leaf) in leaves.iter_mut().enumerate() {
        let (start, shift) = (index * 254 / 8, index * 254 % 8);
        for (at, byte) in leaf.iter_mut().enumerate() {
            let low = quad[start + at];
            let high = quad.get(start + at + 1).copied().unwrap_or(0);
            *byte = (u16::from_le_bytes([low, high]) >> shift) as u8;
        }
        leaf[31] &= 0x3f;
    }
    leaves
}
