//! Precompiles at other addresses than the fork has them, or at none, or of the host; and whom
//! ECRECOVER named.

use std::collections::{BTreeSet, HashMap};

use revm::context::Cfg;
use revm::context_interface::ContextTr;
use revm::handler::{EthPrecompiles, PrecompileProvider};
use revm::interpreter::{CallInputs, Gas, InstructionResult, InterpreterResult};
use revm::primitives::hardfork::SpecId;
use revm::primitives::{Address, AddressMap, AddressSet, Bytes, address};

const ECRECOVER: Address = address!("0000000000000000000000000000000000000001");
/// No more than so many are noted: `RECOVERED_KEPT` of `walkaway.evm.engine`.
const RECOVERED_KEPT: usize = 64;

/// At an address, the precompile that runs there by its own address, or None where none does.
pub type Moved = AddressMap<Option<Address>>;

/// These four are those of `walkaway.evm.engine`.
const HOST_GAS: u64 = 2_100;
const HOST_WORD_GAS: u64 = 3;
const HOST_INPUT_BYTES: usize = 1_024;
const HOST_CALLS_KEPT: usize = 256;

/// A precompile that whoever runs the call supplies: `walkaway.evm.engine.HostPrecompile`.
pub struct HostPrecompile {
    pub answers: HashMap<Bytes, Option<Bytes>>,
    pub placeholder_bytes: usize,
}

pub type Host = AddressMap<HostPrecompile>;

/// The fork's precompiles, but for what is moved or the host's. As in go-ethereum, the addresses
/// that are warm from the start (EIP-2929) stay those of the fork.
pub struct PlacedPrecompiles {
    fork: EthPrecompiles,
    moved: Moved,
    host: Host,
    /// What the host's precompiles were asked and have no answer to.
    pub unanswered: BTreeSet<(Address, Bytes)>,
    /// Whose signatures ECRECOVER found, each once, in order: in frames that reverted too.
    pub recovered: Vec<Address>,
}

impl PlacedPrecompiles {
    pub fn new(spec: SpecId, moved: Moved, host: Host) -> Self {
        Self {
            fork: EthPrecompiles::new(spec),
            moved,
            host,
            unanswered: BTreeSet::new(),
            recovered: Vec::new(),
        }
    }

    /// What a precompile of the host gives; None where the host has none there.
    fn ask_host<CTX: ContextTr>(
        &mut self,
        context: &CTX,
        inputs: &CallInputs,
    ) -> Option<InterpreterResult> {
        let at = inputs.bytecode_address;
        let host = self.host.get(&at)?;
        if inputs.input.len() > HOST_INPUT_BYTES {
            return Some(failed(inputs));
        }
        let given = inputs.input.bytes(context);
        let output = match host.answers.get(&given) {
            Some(Some(output)) => output.clone(),
            Some(None) => return Some(failed(inputs)),
            None => {
                if self.unanswered.len() < HOST_CALLS_KEPT {
                    self.unanswered.insert((at, given));
                }
                vec![0; host.placeholder_bytes].into()
            }
        };
        let mut gas = Gas::new(inputs.gas_limit);
        if !gas.record_regular_cost(HOST_GAS + HOST_WORD_GAS * output.len().div_ceil(32) as u64) {
            return Some(failed(inputs));
        }
        Some(InterpreterResult::new(
            InstructionResult::Return,
            output,
            gas,
        ))
    }

    fn note(&mut self, result: &InterpreterResult) {
        if !result.result.is_ok() || result.output.len() != 32 {
            return;
        }
        let signer = Address::from_slice(&result.output[12..]);
        if self.recovered.len() < RECOVERED_KEPT && !self.recovered.contains(&signer) {
            self.recovered.push(signer);
        }
    }
}

impl<CTX: ContextTr<Cfg: Cfg<Spec = SpecId>>> PrecompileProvider<CTX> for PlacedPrecompiles {
    type Output = InterpreterResult;

    fn set_spec(&mut self, spec: SpecId) -> bool {
        <EthPrecompiles as PrecompileProvider<CTX>>::set_spec(&mut self.fork, spec)
    }

    fn run(
        &mut self,
        context: &mut CTX,
        inputs: &CallInputs,
    ) -> Result<Option<InterpreterResult>, String> {
        if let Some(answered) = self.ask_host(context, inputs) {
            return Ok(Some(answered));
        }
        let (own, ran) = match self.moved.get(&inputs.bytecode_address) {
            None => (inputs.bytecode_address, self.fork.run(context, inputs)?),
            Some(None) => return Ok(None),
            Some(Some(own)) => {
                let mut inputs = inputs.clone();
                inputs.bytecode_address = *own;
                (*own, self.fork.run(context, &inputs)?)
            }
        };
        if own == ECRECOVER
            && let Some(result) = &ran
        {
            self.note(result);
        }
        Ok(ran)
    }

    fn warm_addresses(&self) -> &AddressSet {
        self.fork.warm_addresses()
    }
}

/// All the gas is gone.
fn failed(inputs: &CallInputs) -> InterpreterResult {
    let mut gas = Gas::new(inputs.gas_limit);
    gas.spend_all();
    InterpreterResult::new(InstructionResult::PrecompileError, Bytes::new(), gas)
}
