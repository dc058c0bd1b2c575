//! The ways to hash many nodes at once that this processor has.

use super::{MOST_LANES, Node, QUAD_BYTES, scalar};
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};

/// One way: so many lanes, each of which reduces a run of quads to its root.
#[derive(Clone, Copy)]
pub struct Lanes {
    pub name: &'static str,
    pub count: usize,
    subtrees: unsafe fn(&[u8], &mut [Node]),
}

/// Every way that this processor has, the fastest first and the portable one last.
pub fn all() -> Vec<Lanes> {
    let mut found = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
            found.push(Lanes {
                name: "avx512",
                count: avx512::COUNT,
                subtrees: avx512::subtrees,
            });
        }
        if is_x86_feature_detected!("avx2") {
            found.push(Lanes {
                name: "avx2",
                count: avx2::COUNT,
                subtrees: avx2::subtrees,
            });
        }
    }
    found.push(Lanes {
        name: "portable",
        count: 1,
        subtrees: scalar::subtrees,
    });
    found
}

impl Lanes {
    /// The root over each lane's run of quads: the lanes stand one after another in `payload`.
    ///
    /// The quads must be a power of two to each lane.
    pub fn subtrees(&self, payload: &[u8]) -> impl Iterator<Item = Node> + use<> {
        let quads = payload.len() / (self.count * QUAD_BYTES);
        assert!(quads.is_power_of_two() && payload.len() == self.count * quads * QUAD_BYTES);
        let mut roots = [[0; 32]; MOST_LANES];
        // SAFETY: only `all` makes one of these, for a processor that has what it asks for.
        unsafe { (self.subtrees)(payload, &mut roots[..self.count]) };
        roots.into_iter().take(self.count)
    }
}
