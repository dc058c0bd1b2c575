//! The call itself, and what it wants to be otherwise.

use std::collections::HashMap;

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use revm::bytecode::Bytecode;
use revm::context::TxEnv;
use revm::context_interface::either::Either;
use revm::context_interface::transaction::{
    AccessList, AccessListItem, Authorization, SignedAuthorization, TransactionType,
};
use revm::primitives::hardfork::SpecId;
use revm::primitives::{Address, B256, Bytes, TxKind, U256};

use crate::InvalidCall;
use crate::database::Override;
use crate::integers::{Fixed, Octets, Word};
use crate::known_state::{bytecode, code_hash};

#[derive(FromPyObject)]
struct PythonAccessListEntry {
    address: Fixed<20>,
    storage_keys: Vec<Fixed<32>>,
}

#[derive(FromPyObject)]
struct PythonAuthorization {
    chain_id: Word,
    address: Fixed<20>,
    nonce: u64,
    y_parity: u8,
    r: Word,
    s: Word,
}

/// `walkaway.evm.engine.Manner`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Asked,
    Transaction,
    System,
}

impl<'a, 'py> FromPyObject<'a, 'py> for Manner {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let value = object.getattr(intern!(object.py(), "value"))?;
        match value.cast::<PyString>()?.to_str()? {
            "asked" => Ok(Self::Asked),
            "transaction" => Ok(Self::Transaction),
            "system" => Ok(Self::System),
            unknown => Err(PyValueError::new_err(format!("no manner {unknown:?}"))),
        }
    }
}

/// `walkaway.evm.engine.Call`.
#[derive(FromPyObject)]
pub struct Call {
    sender: Fixed<20>,
    to: Option<Fixed<20>>,
    gas_limit: u64,
    value: Word,
    data: Octets,
    gas_price: u128,
    access_list: Vec<PythonAccessListEntry>,
    authorizations: Vec<PythonAuthorization>,
    blob_hashes: Vec<Fixed<32>>,
    max_fee_per_blob_gas: u128,
    pub manner: Manner,
    pub logs_transfers: bool,
}

impl Call {
    /// The call as a transaction of the type that its parts make it.
    pub fn transaction(self, spec: SpecId, chain_id: u64) -> PyResult<TxEnv> {
        if self.manner == Manner::System {
            return self.of_the_system(chain_id);
        }
        let kind = self.transaction_type(spec)?;
        Ok(TxEnv {
            tx_type: kind as u8,
            caller: self.sender.into(),
            gas_limit: self.gas_limit,
            gas_price: self.gas_price,
            // The types that pay a priority fee would pay no more than the base fee without one.
            gas_priority_fee: pays_priority_fee(kind).then_some(self.gas_price),
            kind: self.to.map_or(TxKind::Create, |to| TxKind::Call(to.into())),
            value: self.value.0,
            data: self.data.0,
            nonce: 0,
            chain_id: Some(chain_id),
            access_list: AccessList(self.access_list.into_iter().map(Into::into).collect()),
            blob_hashes: self.blob_hashes.into_iter().map(Into::into).collect(),
            max_fee_per_blob_gas: self.max_fee_per_blob_gas,
            authorization_list: self
                .authorizations
                .into_iter()
                .map(|authorization| Either::Left(authorization.into()))
                .collect(),
        })
    }

    /// What the system calls has neither value nor price, nor anything that a type brings.
    fn of_the_system(self, chain_id: u64) -> PyResult<TxEnv> {
        let Some(to) = self.to else {
            return Err(refused("the system creates no contract"));
        };
        Ok(TxEnv {
            caller: self.sender.into(),
            gas_limit: self.gas_limit,
            gas_price: self.gas_price,
            kind: TxKind::Call(to.into()),
            data: self.data.0,
            chain_id: Some(chain_id),
            ..TxEnv::default()
        })
    }

    /// The type that brings what the call has into force. Nodes run calls with blobs and
    /// authorizations both, which no transaction has: `handler.rs` sees to the authorizations.
    fn transaction_type(&self, spec: SpecId) -> PyResult<TransactionType> {
        let has_blobs = !self.blob_hashes.is_empty();
        let has_authorizations = !self.authorizations.is_empty();
        let parts = [
            (!self.access_list.is_empty(), SpecId::BERLIN, "access lists"),
            (
                has_blobs || self.max_fee_per_blob_gas > 0,
                SpecId::CANCUN,
                "blobs",
            ),
            (has_authorizations, SpecId::PRAGUE, "authorizations"),
        ];
        for (present, since, what) in parts {
            if present && !spec.is_enabled_in(since) {
                return Err(refused(&format!("this fork knows no {what}")));
            }
        }
        if self.to.is_none() && (has_blobs || has_authorizations) {
            return Err(refused(
                "a call with authorizations or blobs cannot create a contract",
            ));
        }
        Ok(if has_blobs {
            TransactionType::Eip4844
        } else if has_authorizations {
            TransactionType::Eip7702
        } else if self.access_list.is_empty() {
            TransactionType::Legacy
        } else {
            TransactionType::Eip2930
        })
    }
}

/// Of the types made here, those of EIP-1559's kind.
fn pays_priority_fee(kind: TransactionType) -> bool {
    matches!(kind, TransactionType::Eip4844 | TransactionType::Eip7702)
}

fn refused(reason: &str) -> PyErr {
    InvalidCall::new_err((reason.to_owned(), "", [0_u8; 32]))
}

impl From<PythonAccessListEntry> for AccessListItem {
    fn from(entry: PythonAccessListEntry) -> Self {
        Self {
            address: entry.address.into(),
            storage_keys: entry.storage_keys.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<PythonAuthorization> for SignedAuthorization {
    fn from(signed: PythonAuthorization) -> Self {
        let authorization = Authorization {
            chain_id: signed.chain_id.0,
            address: signed.address.into(),
            nonce: signed.nonce,
        };
        Self::new_unchecked(authorization, signed.y_parity, signed.r.0, signed.s.0)
    }
}

/// `walkaway.evm.engine.Overrides`.
#[derive(FromPyObject)]
struct PythonOverrides<'py> {
    balance: Option<Word>,
    nonce: Option<u64>,
    code: Option<Octets>,
    slots: Bound<'py, PyDict>,
    storage: Option<Bound<'py, PyDict>>,
}

/// Reads overrides by address.
pub fn read_overrides(
    overrides: &Bound<'_, PyDict>,
    spec: SpecId,
) -> PyResult<HashMap<Address, Override>> {
    let mut read = HashMap::with_capacity(overrides.len());
    for (address, wanted) in overrides {
        let wanted: PythonOverrides<'_> = wanted.extract()?;
        // The whole storage is given, or single slots: never both.
        let mut slots = HashMap::new();
        for (key, value) in wanted.storage.as_ref().unwrap_or(&wanted.slots) {
            let key = U256::from_be_bytes(key.extract::<Fixed<32>>()?.0);
            slots.insert(key, value.extract::<Word>()?.0);
        }
        read.insert(
            address.extract::<Fixed<20>>()?.into(),
            Override {
                balance: wanted.balance.map(|balance| balance.0),
                nonce: wanted.nonce,
                code: wanted.code.map(|code| override_code(code.0, spec)),
                slots,
                replaces_storage: wanted.storage.is_some(),
            },
        );
    }
    Ok(read)
}

/// Code that looks like a delegation is one only since Prague. An account's own code cannot look
/// so before it (EIP-3541), but a caller may want anything.
fn override_code(code: Bytes, spec: SpecId) -> (B256, Bytecode) {
    let hash = code_hash(&code);
    if spec.is_enabled_in(SpecId::PRAGUE) {
        (hash, bytecode(code))
    } else {
        (hash, Bytecode::new_legacy(code))
    }
}
