//! The one function: a call over known state in, an outcome or what was missing out.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyFrozenSet, PyTuple};
use revm::bytecode::opcode::SELFDESTRUCT;
use revm::context::result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction};
use revm::context::{BlockEnv, CfgEnv, Context, TxEnv};
use revm::context_interface::{Cfg, JournalTr};
use revm::handler::{Handler, MainBuilder};
use revm::interpreter::Instruction;
use revm::primitives::{Address, Log, U256};

use crate::call::{Call, Manner, read_overrides};
use crate::changes::{Change, changes};
use crate::database::{KnownDatabase, Missing, Override};
use crate::environment::Environment;
use crate::handler::{CallContext, CallEvm, CallHandler};
use crate::known_state::{KnownState, State};
use crate::precompiles::PlacedPrecompiles;
use crate::transfers::{destroy, destroy_and_tell};
use crate::{BalanceOverflow, InvalidCall, KernelFault};

/// Runs one call.
///
/// Returns the outcome, None where something was missing, and what was. The
/// outcome is (succeeded, output, gas used, logs, halt, created, touched
/// accounts, touched slots, gas before refund, changes, recovered signers), a
/// log (address, topics, data); what was missing is (accounts, slots, code
/// hashes, block numbers, calls of the host's precompiles).
#[pyfunction]
pub fn run<'py>(
    python: Python<'py>,
    call: Call,
    environment: Environment<'py>,
    known: &KnownState,
    overrides: Option<&Bound<'py, PyDict>>,
) -> PyResult<(Option<Bound<'py, PyTuple>>, Bound<'py, PyTuple>)> {
    let rules = environment.rules()?;
    let block = environment.block();
    let precompiles = PlacedPrecompiles::new(
        rules.spec,
        environment.moved_precompiles()?,
        environment.host_precompiles()?,
    );
    let (manner, logs_transfers) = (call.manner, call.logs_transfers);
    let transaction = call.transaction(rules.spec, rules.chain_id)?;
    let overrides = overrides
        .map(|wanted| read_overrides(wanted, rules.spec))
        .transpose()?
        .unwrap_or_default();
    let state = Arc::clone(&known.state);
    let ended = python.detach(|| {
        catch_unwind(AssertUnwindSafe(|| {
            let mut evm = build(&state, &overrides, rules, block, transaction, precompiles);
            execute(&mut evm, manner, logs_transfers)
        }))
    });
    match ended {
        Ok(Ended::Outcome(outcome)) => {
            let nothing = missing_to_python(python, &Missing::default())?;
            Ok((Some(outcome.into_python(python)?), nothing))
        }
        Ok(Ended::Missing(missing)) => Ok((None, missing_to_python(python, &missing)?)),
        Ok(Ended::Invalid(reason, figure)) => Err(InvalidCall::new_err((
            reason.to_string(),
            refusal(&reason),
            figure.to_be_bytes::<32>(),
        ))),
        Ok(Ended::BalanceOverflow) => Err(BalanceOverflow::new_err(())),
        Ok(Ended::Fault(reason)) => Err(KernelFault::new_err(reason)),
        Err(_) => Err(KernelFault::new_err("the kernel panicked")),
    }
}

enum Ended {
    Outcome(Outcome),
    Missing(Missing),
    /// Why, and the number that it fails at (`figure`).
    Invalid(InvalidTransaction, U256),
    BalanceOverflow,
    Fault(String),
}

struct Outcome {
    result: ExecutionResult,
    manner: Manner,
    touched: Vec<(Address, Vec<U256>)>,
    changes: Vec<Change>,
    recovered: Vec<Address>,
}

fn build<'a>(
    known: &'a State,
    overrides: &'a HashMap<Address, Override>,
    rules: CfgEnv,
    block: BlockEnv,
    transaction: TxEnv,
    precompiles: PlacedPrecompiles,
) -> CallEvm<'a> {
    let database = KnownDatabase {
        known,
        overrides,
        unread_sender: None,
        missing: Missing::default(),
        balance_overflowed: false,
    };
    let spec = rules.spec;
    let mut context: CallContext<'a> = Context::new(database, spec);
    context.cfg = rules;
    context.block = block;
    context.tx = transaction;
    context.build_mainnet().with_precompiles(precompiles)
}

fn execute(evm: &mut CallEvm<'_>, manner: Manner, logs_transfers: bool) -> Ended {
    let gas = evm.instruction.gas_table()[usize::from(SELFDESTRUCT)];
    let instruction = if logs_transfers {
        Instruction::new(destroy_and_tell)
    } else {
        Instruction::new(destroy)
    };
    evm.instruction
        .insert_instruction(SELFDESTRUCT, instruction, gas);
    let mut handler = CallHandler::new(manner, logs_transfers);
    let ended = match manner {
        Manner::System => handler.run_system_call(evm),
        Manner::Asked | Manner::Transaction => handler.run(evm),
    };
    let state = evm.ctx.journaled_state.finalize();
    let recovered = std::mem::take(&mut evm.precompiles.recovered);
    let unanswered = std::mem::take(&mut evm.precompiles.unanswered);
    let database = &mut evm.ctx.journaled_state.database;
    // Nothing follows on a call that is only asked.
    let changes = match (&ended, manner) {
        (Err(_), _) | (_, Manner::Asked) => Vec::new(),
        _ => changes(&state, database),
    };
    let mut missing = std::mem::take(&mut database.missing);
    missing.host_calls = unanswered;
    // Before anything else, errors too: they may come of a placeholder.
    if !missing.is_empty() {
        return Ended::Missing(missing);
    }
    if database.balance_overflowed {
        return Ended::BalanceOverflow;
    }
    match ended {
        Ok(result) => Ended::Outcome(Outcome {
            result,
            manner,
            touched: state
                .into_iter()
                .map(|(address, account)| (address, account.storage.into_keys().collect()))
                .collect(),
            changes,
            recovered,
        }),
        Err(EVMError::Transaction(reason)) => {
            let figure = figure(&reason, &evm.ctx.cfg);
            Ended::Invalid(reason, figure)
        }
        Err(fault) => Ended::Fault(fault.to_string()),
    }
}

/// The name of what a call fails at that could be no transaction: `walkaway.errors.Refusal`.
fn refusal(reason: &InvalidTransaction) -> &'static str {
    match reason {
        InvalidTransaction::CallGasCostMoreThanGasLimit { .. } => "intrinsic gas",
        InvalidTransaction::GasFloorMoreThanGasLimit { .. } => "floor gas",
        InvalidTransaction::LackOfFundForMaxFee { .. } => "funds",
        InvalidTransaction::GasPriceLessThanBasefee => "fee cap",
        InvalidTransaction::BlobGasPriceGreaterThanMax { .. } => "blob fee cap",
        InvalidTransaction::CreateInitCodeSizeLimit => "initcode size",
        InvalidTransaction::NonceOverflowInTransaction => "nonce",
        _ => "",
    }
}

/// What of such a failing neither the call nor its block tells: the gas or the funds that there
/// would have to be or are, or the longest code. Zero for the rest.
fn figure(reason: &InvalidTransaction, rules: &CfgEnv) -> U256 {
    match reason {
        InvalidTransaction::CallGasCostMoreThanGasLimit { initial_gas, .. } => {
            U256::from(*initial_gas)
        }
        InvalidTransaction::GasFloorMoreThanGasLimit { gas_floor, .. } => U256::from(*gas_floor),
        InvalidTransaction::LackOfFundForMaxFee { balance, .. } => **balance,
        InvalidTransaction::CreateInitCodeSizeLimit => U256::from(rules.max_initcode_size()),
        _ => U256::ZERO,
    }
}

impl Outcome {
    fn into_python(self, python: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
        let result = &self.result;
        let logs = match result {
            ExecutionResult::Success { logs, .. } => logs.as_slice(),
            _ => &[],
        };
        let logs = logs
            .iter()
            .map(|log| log_to_python(python, log))
            .collect::<PyResult<Vec<_>>>()?;
        let halt = match result {
            ExecutionResult::Halt { reason, .. } => halt_name(reason),
            _ => "",
        };
        let created = match result {
            ExecutionResult::Success { output, .. } => output.address(),
            _ => None,
        };
        let output = result.output().map_or(&[][..], |output| output);
        let slots = self
            .touched
            .iter()
            .flat_map(|(address, keys)| keys.iter().map(move |key| (*address, *key)));
        let gas = result.gas();
        let before_refund = gas.total_gas_spent().max(gas.floor_gas());
        let gas_used = match self.manner {
            Manner::System => before_refund,
            Manner::Asked | Manner::Transaction => result.tx_gas_used(),
        };
        let touched = addresses_to_python(python, self.touched.iter().map(|(address, _)| address))?;
        let touched_slots = slots_to_python(python, slots)?;
        let changes = self
            .changes
            .into_iter()
            .map(|change| change.into_python(python))
            .collect::<PyResult<Vec<_>>>()?;
        let recovered = self
            .recovered
            .iter()
            .map(|signer| PyBytes::new(python, signer.as_slice()))
            .collect::<Vec<_>>();
        (
            result.is_success(),
            PyBytes::new(python, output),
            gas_used,
            PyTuple::new(python, logs)?,
            halt,
            created.map(|address| PyBytes::new(python, address.as_slice())),
            touched,
            touched_slots,
            before_refund,
            PyTuple::new(python, changes)?,
            PyTuple::new(python, recovered)?,
        )
            .into_pyobject(python)
    }
}

fn missing_to_python<'py>(python: Python<'py>, missing: &Missing) -> PyResult<Bound<'py, PyTuple>> {
    let code = missing
        .code
        .iter()
        .map(|hash| PyBytes::new(python, hash.as_slice()));
    let host_calls = missing.host_calls.iter().map(|(address, input)| {
        (
            PyBytes::new(python, address.as_slice()),
            PyBytes::new(python, input),
        )
    });
    (
        addresses_to_python(python, missing.accounts.iter())?,
        slots_to_python(python, missing.slots.iter().copied())?,
        PyFrozenSet::new(python, code)?,
        PyFrozenSet::new(python, missing.block_hashes.iter())?,
        PyFrozenSet::new(python, host_calls)?,
    )
        .into_pyobject(python)
}

fn addresses_to_python<'py, 'a>(
    python: Python<'py>,
    addresses: impl Iterator<Item = &'a Address>,
) -> PyResult<Bound<'py, PyFrozenSet>> {
    PyFrozenSet::new(
        python,
        addresses.map(|address| PyBytes::new(python, address.as_slice())),
    )
}

fn slots_to_python(
    python: Python<'_>,
    slots: impl Iterator<Item = (Address, U256)>,
) -> PyResult<Bound<'_, PyFrozenSet>> {
    let pairs = slots.map(|(address, key)| {
        (
            PyBytes::new(python, address.as_slice()),
            PyBytes::new(python, &key.to_be_bytes::<32>()),
        )
    });
    PyFrozenSet::new(python, pairs)
}

fn log_to_python<'py>(python: Python<'py>, log: &Log) -> PyResult<Bound<'py, PyTuple>> {
    let topics = log
        .topics()
        .iter()
        .map(|topic| PyBytes::new(python, topic.as_slice()));
    (
        PyBytes::new(python, log.address.as_slice()),
        PyTuple::new(python, topics.collect::<Vec<_>>())?,
        PyBytes::new(python, &log.data.data),
    )
        .into_pyobject(python)
}

/// The words of `walkaway.evm.reference`, so that both engines say the same.
fn halt_name(reason: &HaltReason) -> &'static str {
    match reason {
        HaltReason::OutOfGas(_) => "out of gas",
        HaltReason::OpcodeNotFound | HaltReason::InvalidFEOpcode | HaltReason::NotActivated => {
            "invalid opcode"
        }
        HaltReason::InvalidJump => "invalid jump destination",
        HaltReason::StackUnderflow => "stack underflow",
        HaltReason::StackOverflow => "stack overflow",
        HaltReason::OutOfOffset => "read out of bounds",
        HaltReason::CreateCollision => "address collision",
        HaltReason::PrecompileError | HaltReason::PrecompileErrorWithContext(_) => {
            "precompile failed"
        }
        HaltReason::CreateContractStartingWithEF => "invalid contract prefix",
        // The specification lets code that is too large run out of gas.
        HaltReason::CreateContractSizeLimit | HaltReason::CreateInitCodeSizeLimit => "out of gas",
        HaltReason::NonceOverflow => "nonce overflow",
        HaltReason::OverflowPayment => "balance overflow",
        HaltReason::StateChangeDuringStaticCall | HaltReason::CallNotAllowedInsideStatic => {
            "write in a static call"
        }
        HaltReason::OutOfFunds => "out of funds",
        HaltReason::CallTooDeep => "call too deep",
    }
}
