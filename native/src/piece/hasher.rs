//! A payload, in pieces of any size, to its commitment, with bounded memory.

use super::lanes::{Lanes, all};
use super::tree::Tree;
use super::{MOST_LANES, QUAD_BYTES, QUAD_HEIGHT};

/// What is hashed at once: enough that the nodes above the lanes do not count.
const BLOCK_BYTES: usize = MOST_LANES * 64 * QUAD_BYTES;

/// The commitment to a payload of which parts come one after another.
#[derive(Clone)]
pub struct PieceHasher {
    lanes: Lanes,
    portable: Lanes,
    tree: Tree,
    unread: Vec<u8>,
}

impl PieceHasher {
    /// `lanes` of those in `all`.
    pub fn new(lanes: Lanes) -> Self {
        let portable = *all().last().expect("the portable way is always there");
        Self {
            lanes,
            portable,
            tree: Tree::default(),
            unread: Vec::new(),
        }
    }

    pub fn update(&mut self, mut payload: &[u8]) {
        if !self.unread.is_empty() {
            let (filling, rest) =
                payload.split_at(payload.len().min(BLOCK_BYTES - self.unread.len()));
            self.unread.extend_from_slice(filling);
            payload = rest;
            if self.unread.len() < BLOCK_BYTES {
                return;
            }
            let mut block = std::mem::take(&mut self.unread);
            self.reduce(&block);
            block.clear();
            self.unread = block;
        }
        let blocks = payload.chunks_exact(BLOCK_BYTES);
        self.unread.extend_from_slice(blocks.remainder());
        for block in blocks {
            self.reduce(block);
        }
    }

    /// The root, and its height above the leaves, over what has come; more may still come.
    pub fn root(&self) -> (usize, [u8; 32]) {
        let mut ended = self.clone();
        let mut last = std::mem::take(&mut ended.unread);
        if !last.is_empty() || ended.tree.is_empty() {
            last.resize(last.len().next_multiple_of(QUAD_BYTES).max(QUAD_BYTES), 0);
            ended.reduce(&last);
        }
        ended.tree.root()
    }

    /// Whole quads, which begin where a whole block does: the largest runs first, so that each
    /// begins at a multiple of its own size.
    fn reduce(&mut self, mut payload: &[u8]) {
        while !payload.is_empty() {
            let quads = payload.len() / QUAD_BYTES;
            let lanes = if quads < self.lanes.count {
                self.portable
            } else {
                self.lanes
            };
            let run = 1 << (quads / lanes.count).ilog2();
            let (taken, rest) = payload.split_at(lanes.count * run * QUAD_BYTES);
            for root in lanes.subtrees(taken) {
                self.tree.push(QUAD_HEIGHT + run.ilog2() as usize, root);
            }
            payload = rest;
        }
    }
}
