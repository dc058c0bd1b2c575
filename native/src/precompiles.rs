//! Precompiles at other addresses than the fork has them, or at none.

use revm::context::Cfg;
use revm::context_interface::ContextTr;
use revm::handler::{EthPrecompiles, PrecompileProvider};
use revm::interpreter::{CallInputs, InterpreterResult};
use revm::primitives::hardfork::SpecId;
use revm::primitives::{Address, AddressMap, AddressSet};

/// At an address, the precompile that runs there by its own address, or None where none does.
pub type Moved = AddressMap<Option<Address>>;

/// The fork's precompiles, but for what is moved. As in go-ethereum, the addresses that are warm
/// from the start (EIP-2929) stay those of the fork.
pub struct PlacedPrecompiles {
    fork: EthPrecompiles,
    moved: Moved,
}

impl PlacedPrecompiles {
    pub fn new(spec: SpecId, moved: Moved) -> Self {
        Self {
            fork: EthPrecompiles::new(spec),
            moved,
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
        match self.moved.get(&inputs.bytecode_address) {
            None => self.fork.run(context, inputs),
            Some(None) => Ok(None),
            Some(Some(own)) => {
                let mut inputs = inputs.clone();
                inputs.bytecode_address = *own;
                self.fork.run(context, &inputs)
            }
        }
    }

    fn warm_addresses(&self) -> &AddressSet {
        self.fork.warm_addresses()
    }
}
