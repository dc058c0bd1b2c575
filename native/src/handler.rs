//! How a call differs from a transaction in a block.
//!
//! Nobody signed it, so neither its nonce nor its sender's code is checked;
//! it pays what it offers and is not held to the base fee; and nobody is
//! rewarded for it, so that the coinbase need not be known.

use std::convert::Infallible;

use revm::context::result::{EVMError, HaltReason, InvalidTransaction};
use revm::context_interface::journaled_state::account::JournaledAccountTr;
use revm::context_interface::{Block, Cfg, ContextTr, JournalTr, Transaction};
use revm::handler::{EvmTr, FrameResult, Handler, MainnetContext, MainnetEvm};
use revm::interpreter::InitialAndFloorGas;
use revm::primitives::U256;
use revm::primitives::hardfork::SpecId;

use crate::database::KnownDatabase;

pub type CallEvm<'a> = MainnetEvm<MainnetContext<KnownDatabase<'a>>>;
pub type CallError = EVMError<Infallible>;

/// revm's own handler of transactions, but for what the module's head says.
pub struct CallHandler<'a> {
    _evm: std::marker::PhantomData<CallEvm<'a>>,
}

impl CallHandler<'_> {
    pub fn new() -> Self {
        Self {
            _evm: std::marker::PhantomData,
        }
    }
}

impl<'a> Handler for CallHandler<'a> {
    type Evm = CallEvm<'a>;
    type Error = CallError;
    type HaltReason = HaltReason;

    fn validate_env(&self, evm: &mut Self::Evm) -> Result<(), CallError> {
        let (block, tx, cfg) = (evm.ctx.block(), evm.ctx.tx(), evm.ctx.cfg());
        if tx.kind().is_create()
            && cfg.spec().is_enabled_in(SpecId::SHANGHAI)
            && tx.input().len() > cfg.max_initcode_size()
        {
            return Err(InvalidTransaction::CreateInitCodeSizeLimit.into());
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
        let blob_gas = u128::from(tx.total_blob_gas());
        let blob_price = match tx.max_fee_per_blob_gas() {
            0 => 0,
            _ => block.blob_gasprice().unwrap_or(0),
        };
        let gas_cost = product(u128::from(tx.gas_limit()), tx.gas_price())?;
        let most = [product(blob_gas, tx.max_fee_per_blob_gas())?, tx.value()]
            .into_iter()
            .try_fold(gas_cost, U256::checked_add)
            .ok_or(InvalidTransaction::OverflowPaymentInTransaction)?;
        let mut caller = journal.load_account_mut(tx.caller())?.data;
        let balance = *caller.balance();
        if balance < most {
            return Err(InvalidTransaction::LackOfFundForMaxFee {
                fee: Box::new(most),
                balance: Box::new(balance),
            }
            .into());
        }
        caller.set_balance(balance - gas_cost - product(blob_gas, blob_price)?);
        if caller.nonce() == u64::MAX {
            return Err(InvalidTransaction::NonceOverflowInTransaction.into());
        }
        if tx.kind().is_call() {
            caller.bump_nonce();
        }
        Ok(())
    }

    fn reward_beneficiary(
        &self,
        _evm: &mut Self::Evm,
        _result: &mut FrameResult,
    ) -> Result<(), CallError> {
        Ok(())
    }
}

fn product(amount: u128, price: u128) -> Result<U256, InvalidTransaction> {
    U256::from(amount)
        .checked_mul(U256::from(price))
        .ok_or(InvalidTransaction::OverflowPaymentInTransaction)
}
