//! The one function: a call over known state in, an outcome or what was missing out.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyFrozenSet, PyTuple};
use revm::context::result::{EVMError, ExecutionResult, HaltReason};
use revm::context::{BlockEnv, CfgEnv, Context, TxEnv};
use revm::context_interface::JournalTr;
use revm::handler::{Handler, MainBuilder};
use revm::primitives::{Address, Log, U256};

use crate::call::{Call, read_overrides};
use crate::database::{KnownDatabase, Missing, Override};
use crate::environment::Environment;
use crate::handler::CallHandler;
use crate::known_state::{KnownState, State};
use crate::{InvalidCall, KernelFault};

/// Runs one call.
///
/// Returns the outcome, None where something was missing, and what was. The
/// outcome is (succeeded, output, gas used, logs, halt, created, touched
/// accounts, touched slots), a log (address, topics, data); what was missing
/// is (accounts, slots, code hashes, block numbers).
#[pyfunction]
pub fn run<'py>(
    python: Python<'py>,
    call: Call,
    environment: Environment,
    known: &KnownState,
    overrides: Option<&Bound<'py, PyDict>>,
) -> PyResult<(Option<Bound<'py, PyTuple>>, Bound<'py, PyTuple>)> {
    let rules = environment.rules()?;
    let block = environment.block();
    let transaction = call.transaction(rules.spec, rules.chain_id)?;
    let overrides = overrides
        .map(|wanted| read_overrides(wanted, rules.spec))
        .transpose()?
        .unwrap_or_default();
    let state = Arc::clone(&known.state);
    let ended = python.detach(|| {
        catch_unwind(AssertUnwindSafe(|| {
            execute(&state, &overrides, rules, block, transaction)
        }))
    });
    match ended {
        Ok(Ended::Outcome(outcome)) => {
            let nothing = missing_to_python(python, &Missing::default())?;
            Ok((Some(outcome.into_python(python)?), nothing))
        }
        Ok(Ended::Missing(missing)) => Ok((None, missing_to_python(python, &missing)?)),
        Ok(Ended::Invalid(reason)) => Err(InvalidCall::new_err(reason)),
        Ok(Ended::Fault(reason)) => Err(KernelFault::new_err(reason)),
        Err(_) => Err(KernelFault::new_err("the kernel panicked")),
    }
}

enum Ended {
    Outcome(Outcome),
    Missing(Missing),
    Invalid(String),
    Fault(String),
}

struct Outcome {
    result: ExecutionResult,
    touched: Vec<(Address, Vec<U256>)>,
}

fn execute(
    known: &State,
    overrides: &HashMap<Address, Override>,
    rules: CfgEnv,
    block: BlockEnv,
    transaction: TxEnv,
) -> Ended {
    let database = KnownDatabase {
        known,
        overrides,
        unread_sender: None,
        missing: Missing::default(),
    };
    let mut context: revm::handler::MainnetContext<KnownDatabase<'_>> =
        Context::new(database, rules.spec);
    context.cfg = rules;
    context.block = block;
    context.tx = transaction;
    let mut evm = context.build_mainnet();
    let ended = CallHandler::new().run(&mut evm);
    let missing = std::mem::take(&mut evm.ctx.journaled_state.database.missing);
    // Before anything else, errors too: they may come of a placeholder.
    if !missing.is_empty() {
        return Ended::Missing(missing);
    }
    match ended {
        Ok(result) => Ended::Outcome(Outcome {
            result,
            touched: evm
                .ctx
                .journaled_state
                .finalize()
                .into_iter()
                .map(|(address, account)| (address, account.storage.into_keys().collect()))
                .collect(),
        }),
        Err(EVMError::Transaction(reason)) => Ended::Invalid(reason.to_string()),
        Err(fault) => Ended::Fault(fault.to_string()),
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
        (
            result.is_success(),
            PyBytes::new(python, output),
            result.tx_gas_used(),
            PyTuple::new(python, logs)?,
            halt,
            created.map(|address| PyBytes::new(python, address.as_slice())),
            addresses_to_python(python, self.touched.iter().map(|(address, _)| address))?,
            slots_to_python(python, slots)?,
        )
            .into_pyobject(python)
    }
}

fn missing_to_python<'py>(python: Python<'py>, missing: &Missing) -> PyResult<Bound<'py, PyTuple>> {
    let code = missing
        .code
        .iter()
        .map(|hash| PyBytes::new(python, hash.as_slice()));
    (
        addresses_to_python(python, missing.accounts.iter())?,
        slots_to_python(python, missing.slots.iter().copied())?,
        PyFrozenSet::new(python, code)?,
        PyFrozenSet::new(python, missing.block_hashes.iter())?,
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
