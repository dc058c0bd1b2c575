//! Python's handle to a piece commitment that is being computed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::KernelFault;
use crate::piece::{self, Node};

/// The commitment to a payload of which parts come one after another.
///
/// Other Python threads run while it works; those that use the same one wait.
#[pyclass(frozen)]
pub struct PieceHasher {
    hasher: Mutex<piece::PieceHasher>,
}

#[pymethods]
impl PieceHasher {
    /// By lanes of a name that `piece_lanes` gives.
    #[new]
    fn new(lanes: &str) -> PyResult<Self> {
        let lanes = piece::all()
            .into_iter()
            .find(|found| found.name == lanes)
            .ok_or_else(|| PyValueError::new_err("this processor has no such lanes"))?;
        Ok(Self {
            hasher: Mutex::new(piece::PieceHasher::new(lanes)),
        })
    }

    fn update(&self, python: Python<'_>, payload: &[u8]) -> PyResult<()> {
        self.run(python, |hasher| hasher.update(payload))
    }

    /// The height and the root over what has come; more may still come.
    fn root(&self, python: Python<'_>) -> PyResult<(usize, Node)> {
        self.run(python, |hasher| hasher.root())
    }
}

impl PieceHasher {
    fn run<T: Send>(
        &self,
        python: Python<'_>,
        work: impl FnOnce(&mut piece::PieceHasher) -> T + Send,
    ) -> PyResult<T> {
        python
            .detach(|| {
                // A lock that a panic left behind is a fault from then on.
                catch_unwind(AssertUnwindSafe(|| {
                    Some(work(&mut *self.hasher.lock().ok()?))
                }))
                .ok()
                .flatten()
            })
            .ok_or_else(|| KernelFault::new_err("the kernel panicked"))
    }
}

/// The names of the lanes that this processor has, the fastest first.
#[pyfunction]
pub fn piece_lanes() -> Vec<&'static str> {
    piece::all().into_iter().map(|lanes| lanes.name).collect()
}
