//! Bytes and integers of a fixed width, out of Python objects.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use revm::primitives::{Address, B256, Bytes, U256};

/// Bytes of any length.
pub struct Octets(pub Bytes);

impl<'a, 'py> FromPyObject<'a, 'py> for Octets {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let bytes = object.cast::<PyBytes>()?;
        Ok(Self(Bytes::copy_from_slice(bytes.as_bytes())))
    }
}

/// Exactly N bytes.
pub struct Fixed<const N: usize>(pub [u8; N]);

impl<'a, 'py, const N: usize> FromPyObject<'a, 'py> for Fixed<N> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let bytes = object.cast::<PyBytes>()?;
        <[u8; N]>::try_from(bytes.as_bytes())
            .map(Self)
            .map_err(|_| {
                PyValueError::new_err(format!("{} bytes, not {N}", bytes.as_bytes().len()))
            })
    }
}

impl From<Fixed<20>> for Address {
    fn from(value: Fixed<20>) -> Self {
        Address::new(value.0)
    }
}

impl From<Fixed<32>> for B256 {
    fn from(value: Fixed<32>) -> Self {
        B256::new(value.0)
    }
}

/// An unsigned integer of at most 256 bits.
pub struct Word(pub U256);

impl<'a, 'py> FromPyObject<'a, 'py> for Word {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(small) = object.extract::<u64>() {
            return Ok(Self(U256::from(small)));
        }
        // Raises OverflowError for what is negative or too wide.
        let bytes: Fixed<32> = object.call_method1("to_bytes", (32, "big"))?.extract()?;
        Ok(Self(U256::from_be_bytes(bytes.0)))
    }
}
