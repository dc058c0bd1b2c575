//! Walkaway's native kernel: calls over known state, run by revm, and piece commitments.
//!
//! One pure function, `run`, and the handle that it runs over, `KnownState`;
//! beside them `PieceHasher`, which has nothing to do with them.
//! There is no I/O, no clock and no configuration here. What is not in the
//! known state never reads as zero: a run that met such a thing yields only
//! the set of what it lacked.
//!
//! Begin with `run.rs`; `database.rs` is where nothing turns into zero. The
//! commitments begin in `piece/mod.rs`.

mod call;
mod changes;
mod database;
mod environment;
mod handler;
mod integers;
mod known_state;
mod piece;
mod piece_hasher;
mod precompiles;
mod run;
mod transfers;

use pyo3::prelude::*;

/// What `walkaway.evm.native` must speak; counts up whenever `run` or `KnownState` change shape.
const INTERFACE: u32 = 5;

/// What `walkaway.proofs.filecoin.native` must speak; counts up whenever `PieceHasher` or
/// `piece_lanes` change shape.
const PIECE_INTERFACE: u32 = 1;

pyo3::create_exception!(
    walkaway_native,
    InvalidCall,
    pyo3::exceptions::PyException,
    "The call cannot be a transaction: why, the name of what it fails at, which is empty for what \
     its fork does not know, and the number of 256 bits that it fails at."
);
pyo3::create_exception!(
    walkaway_native,
    BalanceOverflow,
    pyo3::exceptions::PyException,
    "A balance passed 2^256 - 1, which has no outcome."
);
pyo3::create_exception!(
    walkaway_native,
    UnknownFork,
    pyo3::exceptions::PyException,
    "No fork of this name."
);
pyo3::create_exception!(
    walkaway_native,
    KernelFault,
    pyo3::exceptions::PyException,
    "The kernel itself failed: a bug, of which no result comes."
);

#[pymodule]
fn walkaway_native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let python = module.py();
    module.add("VERSION", env!("CARGO_PKG_VERSION"))?;
    module.add("INTERFACE", INTERFACE)?;
    module.add("PIECE_INTERFACE", PIECE_INTERFACE)?;
    module.add("InvalidCall", python.get_type::<InvalidCall>())?;
    module.add("BalanceOverflow", python.get_type::<BalanceOverflow>())?;
    module.add("UnknownFork", python.get_type::<UnknownFork>())?;
    module.add("KernelFault", python.get_type::<KernelFault>())?;
    module.add_class::<known_state::KnownState>()?;
    module.add_function(wrap_pyfunction!(run::run, module)?)?;
    module.add_class::<piece_hasher::PieceHasher>()?;
    module.add_function(wrap_pyfunction!(piece_hasher::piece_lanes, module)?)?;
    Ok(())
}
