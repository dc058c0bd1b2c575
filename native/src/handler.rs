//! How a call differs from a transaction in a block.
//!
//! Nobody signed it, so neither its nonce nor its sender's code is checked. It
//! may have blobs and authorizations both. Where it is only asked, it pays what
//! it offers and is not held to the base fee; and nobody is paid, so that the
//! coinbase need not be known. A call of the system takes revm's own way
//! (`run_system_call`), which has nothing of this.
//!
//! In every manner, no contract is created over storage (EIP-7610), and a
//! balance that would overflow ends the run: revm leaves either to whoever
//! keeps the state, since no real state leads there.

use std::convert::Infallible;

use revm::context::Evm;
use revm::context::result::{EVMError, HaltReason, InvalidTransaction};
use revm::context_interface::journaled_state::account::JournaledAccountTr;
use revm::context_interface::{Block, Cfg, ContextTr, JournalTr, Transaction};
use revm::handler::instructions::EthInstructions;
use revm::handler::pre_execution::{apply_auth_list, load_accounts};
use revm::handler::{EthFrame, EvmTr, FrameResult, Handler, ItemOrResult, MainnetContext};
use revm::interpreter::interpreter::EthInterpreter;
use revm::interpreter::interpreter_action::FrameInit;
use revm::interpreter::{
    CreateOutcome, FrameInput, Gas, GasTracker, InitialAndFloorGas, InstructionResult,
    InterpreterResult,
};
use revm::primitives::hardfork::SpecId;
use revm::primitives::{Address, AddressMap, Bytes, HashSet, StorageKey, U256};

use crate::call::Manner;
use crate::database::KnownDatabase;
use crate::precompiles::PlacedPrecompiles;
use crate::transfers::Transfer;

pub type CallContext<'a> = MainnetContext<KnownDatabase<'a>>;
pub type CallEvm<'a> = Evm<
    CallContext<'a>,
    (),
    EthInstructions<EthInterpreter, CallContext<'a>>,
    PlacedPrecompiles,
    EthFrame<EthInterpreter>,
>;
pub type CallError = EVMError<Infallible>;

/// revm's own handler of transactions, but for what the module's head says.
pub struct CallHandler<'a> {
    manner: Manner,
    logs_transfers: bool,
    _evm: std::marker::PhantomData<CallEvm<'a>>,
}

impl<'a> CallHandler<'a> {
    pub fn new(manner: Manner, logs_transfers: bool) -> Self {
        Self {
            manner,
            logs_transfers,
            _evm: std::marker::PhantomData,
        }
    }

    /// Enters a frame. What comes back is the result of one in which nothing ran.
    #[inline(always)]
    fn enter(
        &self,
        evm: &mut CallEvm<'a>,
        frame: FrameInit,
    ) -> Result<Option<FrameResult>, CallError> {
        let transfer = match self.logs_transfers {
            true => Transfer::of(&frame.frame_input),
            false => None,
        };
        let creates = matches!(frame.frame_input, FrameInput::Create(_));
        let ended = match evm.frame_init(frame)? {
            ItemOrResult::Item(_) if creates => collision(evm),
            ItemOrResult::Item(_) => None,
            ItemOrResult::Result(result) => Some(result),
        };
        let result = ended.as_ref().map(FrameResult::instruction_result);
        if result == Some(InstructionResult::OverflowPayment) {
            return Err(overflowed(&mut evm.ctx));
        }
        if let Some(transfer) = transfer {
            transfer.tell(evm, ended.as_ref());
        }
        Ok(ended)
    }
}

impl<'a> Handler for CallHandler<'a> {
    type Evm = CallEvm<'a>;
    type Error = CallError;
    type HaltReason = HaltReason;

    /// In the specification's order, so that of several faults it names the same.
    fn validate(&self, evm: &mut Self::Evm) -> Result<InitialAndFloorGas, CallError> {
        let mut gas = self.validate_initial_tx_gas(evm)?;
        self.validate_env(evm)?;
        self.validate_against_state_and_deduct_caller(evm, &mut gas)?;
        Ok(gas)
    }

    fn validate_env(&self, evm: &mut Self::Evm) -> Result<(), CallError> {
        let (block, tx, cfg) = (evm.ctx.block(), evm.ctx.tx(), evm.ctx.cfg());
        if tx.kind().is_create()
            && cfg.spec().is_enabled_in(SpecId::SHANGHAI)
            && tx.input().len() > cfg.max_initcode_size()
        {
            return Err(InvalidTransaction::CreateInitCodeSizeLimit.into());
        }
        let (price, base_fee) = (tx.gas_price(), u128::from(block.basefee()));
        if self.manner == Manner::Transaction && price != 0 && price < base_fee {
            return Err(InvalidTransaction::GasPriceLessThanBasefee.into());
        }
        let (offered, price) = (
            tx.max_fee_per_blob_gas(),
            block.blob_gasprice().unwrap_or(0),
        );
        if !tx.blob_versioned_hashes().is_empty() && offered != 0 && offered < price {
            return Err(InvalidTransaction::BlobGasPriceGreaterThanMax {
                block_blob_gas_price: price,
                tx_max_fee_per_blob_gas: offered,
            }
            .into());
        }
        Ok(())
    }

    fn validate_against_state_and_deduct_caller(
        &self,
        evm: &mut Self::Evm,
        _gas: &mut InitialAndFloorGas,
    ) -> Result<(), CallError> {
        let (block, tx, _, journal, _, _) = evm.ctx().all_mut();
        let blob_gas = tx.total_blob_gas();
        let blob_price = match tx.max_fee_per_blob_gas() {
            0 => 0,
            _ => block.blob_gasprice().unwrap_or(0),
        };
        let gas_cost = product(tx.gas_limit(), tx.gas_price());
        // None where it is more than any balance.
        let most = [product(blob_gas, tx.max_fee_per_blob_gas()), tx.value()]
            .into_iter()
            .try_fold(gas_cost, U256::checked_add);
        if most == Some(U256::ZERO) && tx.kind().is_call() && self.manner == Manner::Asked {
            journal.db_mut().unread_sender = Some(tx.caller());
            return Ok(());
        }
        let mut caller = journal.load_account_mut(tx.caller())?.data;
        if caller.nonce() == u64::MAX {
            return Err(InvalidTransaction::NonceOverflowInTransaction.into());
        }
        let balance = *caller.balance();
        if most.is_none_or(|most| balance < most) {
            return Err(InvalidTransaction::LackOfFundForMaxFee {
                fee: Box::new(most.unwrap_or(U256::MAX)),
                balance: Box::new(balance),
            }
            .into());
        }
        caller.set_balance(balance - gas_cost - product(blob_gas, blob_price));
        if tx.kind().is_call() {
            caller.bump_nonce();
        }
        Ok(())
    }

    /// The sender is warm (EIP-2929), as it would be by itself had it been read.
    fn load_accounts(&self, evm: &mut Self::Evm) -> Result<(), CallError> {
        load_accounts::<_, CallError>(evm)?;
        let (tx, journal) = evm.ctx.tx_journal_mut();
        let mut warm: AddressMap<HashSet<StorageKey>> = AddressMap::default();
        warm.entry(tx.caller()).or_default();
        for entry in tx.access_list().into_iter().flatten() {
            let keys = entry
                .storage_keys
                .iter()
                .map(|key| StorageKey::from_be_bytes(key.0));
            warm.entry(entry.address).or_default().extend(keys);
        }
        journal.warm_access_list(warm);
        Ok(())
    }

    /// As revm does for type 4 alone, before EIP-2780.
    fn apply_eip7702_auth_list(
        &self,
        evm: &mut Self::Evm,
        _gas: &mut GasTracker,
    ) -> Result<Option<u64>, CallError> {
        let chain_id = evm.ctx.cfg().chain_id();
        let refund = evm.ctx.cfg().gas_params().tx_eip7702_auth_refund_regular();
        let (tx, journal) = evm.ctx.tx_journal_mut();
        let existed = apply_auth_list::<_, CallError>(chain_id, tx.authorization_list(), journal)?;
        Ok(Some(refund.saturating_mul(existed)))
    }

    /// revm's own loop, by way of `enter`.
    fn run_exec_loop(
        &mut self,
        evm: &mut Self::Evm,
        first: FrameInit,
    ) -> Result<FrameResult, CallError> {
        if let Some(result) = self.enter(evm, first)? {
            return Ok(result);
        }
        loop {
            let result = match evm.frame_run()? {
                ItemOrResult::Result(result) => result,
                ItemOrResult::Item(frame) => match self.enter(evm, frame)? {
                    Some(result) => result,
                    None => continue,
                },
            };
            if let Some(result) = evm.frame_return_result(result)? {
                return Ok(result);
            }
        }
    }

    fn reimburse_caller(
        &self,
        evm: &mut Self::Evm,
        result: &mut FrameResult,
    ) -> Result<(), CallError> {
        let tx = evm.ctx.tx();
        let (price, sender, limit) = (tx.gas_price(), tx.caller(), tx.gas_limit());
        if self.manner == Manner::Transaction && price > 0 {
            let left = U256::from(limit - result.gas().used());
            pay(&mut evm.ctx, sender, left * U256::from(price))?;
        }
        Ok(())
    }

    fn reward_beneficiary(
        &self,
        evm: &mut Self::Evm,
        result: &mut FrameResult,
    ) -> Result<(), CallError> {
        let (block, price) = (evm.ctx.block(), evm.ctx.tx().gas_price());
        let (coinbase, base_fee) = (block.beneficiary(), u128::from(block.basefee()));
        if self.manner == Manner::Transaction && price > base_fee {
            let used = U256::from(result.gas().used());
            pay(&mut evm.ctx, coinbase, used * U256::from(price - base_fee))?;
        }
        Ok(())
    }
}

fn pay(context: &mut CallContext<'_>, to: Address, amount: U256) -> Result<(), CallError> {
    let mut account = context.journaled_state.load_account_mut(to)?;
    if account.incr_balance(amount) {
        Ok(())
    } else {
        Err(overflowed(context))
    }
}

/// Ends the run; `database.rs` says why.
fn overflowed(context: &mut CallContext<'_>) -> CallError {
    context.journaled_state.database.balance_overflowed = true;
    EVMError::Custom("a balance overflowed".to_owned())
}

/// Ends the frame just entered where the contract that it creates would stand over storage. revm
/// looks only at code and nonce, the specification at storage too (EIP-7610).
fn collision(evm: &mut CallEvm<'_>) -> Option<FrameResult> {
    let frame = evm.frame_stack.get();
    let journal = &mut evm.ctx.journaled_state;
    let address = frame.interpreter.input.target_address;
    if !journal.database.has_storage(address) {
        return None;
    }
    journal.checkpoint_revert(frame.checkpoint);
    frame.set_finished(true);
    let result = InterpreterResult::new(
        InstructionResult::CreateCollision,
        Bytes::new(),
        Gas::new(frame.interpreter.gas.limit()),
    );
    Some(FrameResult::Create(CreateOutcome::new(result, None)))
}

/// Less than 2^192.
fn product(amount: u64, price: u128) -> U256 {
    U256::from(amount) * U256::from(price)
}
