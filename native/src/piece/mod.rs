//! Filecoin piece commitments: the fr32 expansion of a payload, and the tree of SHA-256 over it.
//!
//! A payload is taken in quads: 127 bytes, which fr32 makes four leaves of 254 bits. A node is the
//! SHA-256 of its two children with the two top bits cleared. Nearly all of the work is hashing
//! messages of 64 bytes that do not depend on one another, so that as many are hashed at once as a
//! vector has lanes: each lane has a run of quads to itself and yields the root over them.
//!
//! Specification: Filecoin specification, "Piece commitment"; FRC-0069. Begin with `hasher.rs`;
//! `rounds.rs` is SHA-256 over lanes, whatever their number.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod hasher;
mod lanes;
#[cfg(target_arch = "x86_64")]
mod rounds;
mod scalar;
mod tree;

pub use hasher::PieceHasher;
pub use lanes::all;

/// A leaf or a node.
pub type Node = [u8; 32];

/// The bytes of a payload that make up four leaves.
pub const QUAD_BYTES: usize = 127;
/// How high the root over one quad stands above its leaves.
pub const QUAD_HEIGHT: usize = 2;
/// The most lanes that there are.
pub const MOST_LANES: usize = 32;
