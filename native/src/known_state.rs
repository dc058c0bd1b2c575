//! The handle to known state: read from Python once, shared by every run over it.

use std::collections::HashMap;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use revm::bytecode::Bytecode;
use revm::primitives::{Address, B256, Bytes, KECCAK_EMPTY, U256, b256, keccak256};

use crate::integers::{Fixed, Octets, Word};

/// The root of a trie without leaves: keccak256 of the RLP of the empty string.
const EMPTY_ROOT: B256 = b256!("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");

/// An account that is known to be there.
#[derive(Clone, Copy)]
pub struct KnownAccount {
    pub nonce: u64,
    pub balance: U256,
    pub code_hash: B256,
    /// No slot needs proving: every one is zero.
    pub storage_is_empty: bool,
}

#[derive(FromPyObject)]
struct PythonAccount {
    nonce: u64,
    balance: Word,
    storage_root: Fixed<32>,
    code_hash: Fixed<32>,
}

impl From<PythonAccount> for KnownAccount {
    fn from(account: PythonAccount) -> Self {
        Self {
            nonce: account.nonce,
            balance: account.balance.0,
            code_hash: account.code_hash.into(),
            storage_is_empty: B256::from(account.storage_root) == EMPTY_ROOT,
        }
    }
}

/// Everything that is known. An account maps to None where it is known to be absent.
#[derive(Default)]
pub struct State {
    pub accounts: HashMap<Address, Option<KnownAccount>, revm::primitives::map::FbBuildHasher<20>>,
    pub slots: HashMap<(Address, U256), U256>,
    pub code: HashMap<B256, Bytecode>,
    pub block_hashes: HashMap<u64, B256>,
}

/// Known state, as `walkaway.evm.engine.KnownState` has it.
#[pyclass(frozen)]
pub struct KnownState {
    pub state: Arc<State>,
}

#[pymethods]
impl KnownState {
    #[new]
    fn new(
        accounts: &Bound<'_, PyDict>,
        slots: &Bound<'_, PyDict>,
        code: &Bound<'_, PyDict>,
        block_hashes: &Bound<'_, PyDict>,
    ) -> PyResult<Self> {
        let mut state = State::default();
        state.accounts.reserve(accounts.len());
        for (address, account) in accounts {
            let account: Option<PythonAccount> = account.extract()?;
            state.accounts.insert(
                address.extract::<Fixed<20>>()?.into(),
                account.map(Into::into),
            );
        }
        state.slots.reserve(slots.len());
        for (place, value) in slots {
            let (address, key): (Fixed<20>, Fixed<32>) = place.extract()?;
            state.slots.insert(
                (address.into(), U256::from_be_bytes(key.0)),
                value.extract::<Word>()?.0,
            );
        }
        for (code_hash, code) in code {
            let code = code.extract::<Octets>()?.0;
            state
                .code
                .insert(code_hash.extract::<Fixed<32>>()?.into(), bytecode(code));
        }
        for (number, hash) in block_hashes {
            state
                .block_hashes
                .insert(number.extract()?, hash.extract::<Fixed<32>>()?.into());
        }
        Ok(Self {
            state: Arc::new(state),
        })
    }
}

/// Code made ready to run. Bytes that only look like a delegation are code like any other.
pub fn bytecode(code: Bytes) -> Bytecode {
    Bytecode::new_raw_checked(code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(code))
}

/// The name of code, which an account's code hash is.
pub fn code_hash(code: &[u8]) -> B256 {
    if code.is_empty() {
        KECCAK_EMPTY
    } else {
        keccak256(code)
    }
}
