//! What a run leaves otherwise than it found it.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};
use revm::Database;
use revm::primitives::{Address, Bytes, KECCAK_EMPTY, U256};
use revm::state::{Account, AccountInfo, EvmState};

use crate::database::KnownDatabase;

/// A changed account: all of it but its storage, of which only the slots that changed, or every
/// slot that is set where it was destroyed or made anew.
pub struct Change {
    address: Address,
    balance: U256,
    nonce: u64,
    code: Bytes,
    slots: Vec<(U256, U256)>,
    is_whole: bool,
}

/// Every change. An account whose code no run needed may lack it: that is missing then.
pub fn changes(state: &EvmState, database: &mut KnownDatabase<'_>) -> Vec<Change> {
    state
        .iter()
        .filter_map(|(address, account)| change(*address, account, database))
        .collect()
}

fn change(address: Address, account: &Account, database: &mut KnownDatabase<'_>) -> Option<Change> {
    let nothing = AccountInfo::default();
    let is_gone = account.is_selfdestructed() || account.info.is_empty();
    let after = if is_gone { &nothing } else { &account.info };
    let slots: Vec<_> = account
        .changed_storage_slots()
        .filter(|_| !is_gone)
        .map(|(key, slot)| (*key, slot.present_value()))
        .collect();
    if is_same(&account.original_info(), after) && slots.is_empty() {
        return None;
    }
    Some(Change {
        address,
        balance: after.balance,
        nonce: after.nonce,
        code: code(after, database),
        slots,
        is_whole: is_gone || account.is_created(),
    })
}

fn is_same(before: &AccountInfo, after: &AccountInfo) -> bool {
    (before.balance, before.nonce, before.code_hash)
        == (after.balance, after.nonce, after.code_hash)
}

fn code(account: &AccountInfo, database: &mut KnownDatabase<'_>) -> Bytes {
    if account.code_hash == KECCAK_EMPTY {
        return Bytes::new();
    }
    let code = match &account.code {
        Some(code) => code.clone(),
        None => {
            let Ok(code) = database.code_by_hash(account.code_hash);
            code
        }
    };
    code.original_bytes()
}

impl Change {
    /// (address, balance, nonce, code, slots, whether they are all), numbers of 256 bits as bytes.
    pub fn into_python(self, python: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
        let slots = PyDict::new(python);
        for (key, value) in &self.slots {
            slots.set_item(word(python, key), word(python, value))?;
        }
        (
            PyBytes::new(python, self.address.as_slice()),
            word(python, &self.balance),
            self.nonce,
            PyBytes::new(python, &self.code),
            slots,
            self.is_whole,
        )
            .into_pyobject(python)
    }
}

fn word<'py>(python: Python<'py>, value: &U256) -> Bound<'py, PyBytes> {
    PyBytes::new(python, &value.to_be_bytes::<32>())
}
