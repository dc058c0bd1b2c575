//! Precompiles at other addresses than the fork has them, or at none; and whom ECRECOVER named.

use revm::context::Cfg;
use revm::context_interface::ContextTr;
use revm::handler::{EthPrecompiles, PrecompileProvider};
use revm::interpreter::{CallInputs, InterpreterResult};
use revm::primitives::hardfork::SpecId;
use revm::primitives::{Address, AddressMap, AddressSet, address};

const ECRECOVER: Address = address!("0000000000000000000000000000000000000001");
/// No more than so many are noted: `RECOVERED_KEPT` of `walkaway.evm.engine`.
const RECOVERED_KEPT: usize = 64;

/// At an address, the precompile that runs there by its own address, or None where none does.
pub type Moved = AddressMap<Option<Address>>;

/// The fork's precompiles, but for what is moved. As in go-ethereum, the addresses that are warm
/// from the start (EIP-2929) stay those of the fork.
pub struct PlacedPrecompiles {
    fork: EthPrecompiles,
    moved: Moved,
    /// Whose signatures ECRECOVER found, each once, in order: in frames that reverted too.
    pub recovered: Vec<Address>,
}

impl PlacedPrecompiles {
    pub fn new(spec: SpecId, moved: Moved) -> Self {
        Self {
            fork: EthPrecompiles::new(spec),
            moved,
            recovered: Vec::new(),
        }
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
