//! The right edge of a binary tree that grows: of what is complete, only the roots are kept.

use std::sync::OnceLock;

use super::Node;
use super::scalar::parent;

/// The heights that a tree can have whose size is counted in 64 bits.
const HEIGHTS: usize = 64;

/// Roots of complete subtrees from the left to the right, each less high than the one before.
#[derive(Clone, Default)]
pub struct Tree {
    roots: Vec<(usize, Node)>,
}

impl Tree {
    /// Add the subtree to the right of all others; it must not be higher than any of them.
    pub fn push(&mut self, mut height: usize, mut root: Node) {
        while let Some((_, left)) = self.roots.pop_if(|(beside, _)| *beside == height) {
            root = parent(&left, &root);
            height += 1;
        }
        self.roots.push((height, root));
    }

    pub fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }

    /// The height and the root of the least tree over everything, filled up with zeros.
    pub fn root(mut self) -> (usize, Node) {
        let (mut height, mut root) = self.roots.pop().expect("a tree has a leaf");
        while let Some((beside, left)) = self.roots.pop() {
            for zero in &zeros()[height..beside] {
                root = parent(&root, zero);
            }
            root = parent(&left, &root);
            height = beside + 1;
        }
        (height, root)
    }
}

/// The root of each height over nothing but zeros.
fn zeros() -> &'static [Node; HEIGHTS] {
    static ZEROS: OnceLock<[Node; HEIGHTS]> = OnceLock::new();
    ZEROS.get_or_init(|| {
        let mut roots = [[0; 32]; HEIGHTS];
        for height in 1..HEIGHTS {
            roots[height] = parent(&roots[height - 1], &roots[height - 1]);
        }
        roots
    })
}
