//! What a run reads: known state under overrides, and a note of everything that is missing.
//!
//! A miss gets a placeholder, so that the run goes on and finds more of what
//! it lacks. Whoever runs must throw such a run's result away: `Missing` says
//! whether there was a miss.

use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;

use revm::Database;
use revm::bytecode::Bytecode;
use revm::primitives::{Address, B256, Bytes, KECCAK_EMPTY, U256};
use revm::state::AccountInfo;

use crate::known_state::State;

/// State that the caller wants to be otherwise; None leaves it as it is known.
#[derive(Default)]
pub struct Override {
    pub balance: Option<U256>,
    pub nonce: Option<u64>,
    pub code: Option<(B256, Bytecode)>,
    pub slots: HashMap<U256, U256>,
    /// Every slot that `slots` does not name is zero.
    pub replaces_storage: bool,
}

impl Override {
    /// Whether nothing of the account beneath shows.
    fn is_whole_account(&self) -> bool {
        self.balance.is_some() && self.nonce.is_some() && self.code.is_some()
    }
}

/// What a run lacked; sorted, so that the same run says it in the same order.
#[derive(Default)]
pub struct Missing {
    pub accounts: BTreeSet<Address>,
    pub slots: BTreeSet<(Address, U256)>,
    pub code: BTreeSet<B256>,
    pub block_hashes: BTreeSet<u64>,
    /// The address of a precompile of the host, and an input to it.
    pub host_calls: BTreeSet<(Address, Bytes)>,
}

impl Missing {
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
            && self.slots.is_empty()
            && self.code.is_empty()
            && self.block_hashes.is_empty()
            && self.host_calls.is_empty()
    }
}

/// Known state under overrides.
pub struct KnownDatabase<'a> {
    pub known: &'a State,
    pub overrides: &'a HashMap<Address, Override>,
    /// The sender of a call for nothing. Such a call asks nothing of its sender, who then need not
    /// be known: the nonce steps when the account is first read.
    pub unread_sender: Option<Address>,
    pub missing: Missing,
    /// Whether a balance passed 2^256 - 1. No ether there is makes one do so, but what a caller
    /// overrides may. The specification knows no outcome of that, and so there is none.
    pub balance_overflowed: bool,
}

/// The balance that a missing account is taken to have: enough for any transfer that real
/// ether could make, so that a lack of funds does not hide what lies behind the transfer.
const PLACEHOLDER_BALANCE: U256 = U256::from_limbs([0, 1 << 32, 0, 0]);

impl KnownDatabase<'_> {
    fn known_account(&mut self, address: Address) -> Option<AccountInfo> {
        match self.known.accounts.get(&address) {
            Some(account) => account.as_ref().map(|account| AccountInfo {
                balance: account.balance,
                nonce: account.nonce,
                code_hash: account.code_hash,
                code: None,
                ..AccountInfo::default()
            }),
            None => {
                self.missing.accounts.insert(address);
                Some(AccountInfo {
                    balance: PLACEHOLDER_BALANCE,
                    ..AccountInfo::default()
                })
            }
        }
    }

    fn known_slot(&mut self, address: Address, key: U256) -> U256 {
        if let Some(value) = self.known.slots.get(&(address, key)) {
            return *value;
        }
        match self.known.accounts.get(&address) {
            Some(None) => U256::ZERO,
            Some(Some(account)) if account.storage_is_empty => U256::ZERO,
            _ => {
                self.missing.slots.insert((address, key));
                U256::ZERO
            }
        }
    }
}

impl KnownDatabase<'_> {
    /// Whether any slot of the account is set before the call.
    pub fn has_storage(&mut self, address: Address) -> bool {
        if let Some(changed) = self.overrides.get(&address) {
            if changed.slots.values().any(|value| !value.is_zero()) {
                return true;
            }
            if changed.replaces_storage {
                return false;
            }
        }
        match self.known.accounts.get(&address) {
            Some(account) => account.is_some_and(|account| !account.storage_is_empty),
            None => {
                self.missing.accounts.insert(address);
                false
            }
        }
    }

    /// The account before the call.
    fn account(&mut self, address: Address) -> Option<AccountInfo> {
        let Some(changed) = self.overrides.get(&address) else {
            return self.known_account(address);
        };
        let mut account = if changed.is_whole_account() {
            AccountInfo::default()
        } else {
            self.known_account(address).unwrap_or_default()
        };
        account.balance = changed.balance.unwrap_or(account.balance);
        account.nonce = changed.nonce.unwrap_or(account.nonce);
        if let Some((code_hash, code)) = &changed.code {
            account.code_hash = *code_hash;
            account.code = Some(code.clone());
        }
        Some(account)
    }
}

impl Database for KnownDatabase<'_> {
    type Error = Infallible;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        let mut account = self.account(address);
        if self.unread_sender == Some(address) {
            let sender = account.get_or_insert_default();
            sender.nonce = sender.nonce.saturating_add(1);
        }
        Ok(account)
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, Infallible> {
        if code_hash == KECCAK_EMPTY {
            return Ok(Bytecode::default());
        }
        if let Some(code) = self.known.code.get(&code_hash) {
            return Ok(code.clone());
        }
        self.missing.code.insert(code_hash);
        Ok(Bytecode::default())
    }

    fn storage(&mut self, address: Address, key: U256) -> Result<U256, Infallible> {
        if let Some(changed) = self.overrides.get(&address) {
            if let Some(value) = changed.slots.get(&key) {
                return Ok(*value);
            }
            if changed.replaces_storage {
                return Ok(U256::ZERO);
            }
        }
        Ok(self.known_slot(address, key))
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Infallible> {
        if let Some(hash) = self.known.block_hashes.get(&number) {
            return Ok(*hash);
        }
        self.missing.block_hashes.insert(number);
        Ok(B256::ZERO)
    }
}
