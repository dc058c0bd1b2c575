//! The block that a call runs in, and the rules of its fork.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use revm::context::{BlockEnv, CfgEnv};
use revm::context_interface::block::BlobExcessGasAndPrice;
use revm::primitives::hardfork::SpecId;
use revm::primitives::{Address, U256};

use crate::UnknownFork;
use crate::integers::{Fixed, Octets, Word};
use crate::precompiles::{Host, HostPrecompile, Moved};

#[derive(FromPyObject)]
struct PythonHeader {
    number: u64,
    coinbase: Fixed<20>,
    timestamp: u64,
    gas_limit: u64,
    difficulty: Word,
    prev_randao: Fixed<32>,
    base_fee_per_gas: Option<u64>,
    excess_blob_gas: Option<u64>,
}

/// `walkaway.evm.engine.BlockEnvironment`.
#[derive(FromPyObject)]
pub struct Environment<'py> {
    chain_id: u64,
    fork: String,
    header: PythonHeader,
    blob_base_fee: u128,
    precompiles: Bound<'py, PyDict>,
    host: Bound<'py, PyDict>,
}

/// `walkaway.evm.engine.HostPrecompile`.
#[derive(FromPyObject)]
struct PythonHostPrecompile<'py> {
    answers: Bound<'py, PyDict>,
    placeholder_bytes: usize,
}

impl Environment<'_> {
    /// Where precompiles are otherwise than the fork has them.
    pub fn moved_precompiles(&self) -> PyResult<Moved> {
        let mut moved = Moved::default();
        for (address, own) in &self.precompiles {
            let own: Option<Fixed<20>> = own.extract()?;
            let address: Address = address.extract::<Fixed<20>>()?.into();
            moved.insert(address, own.map(Into::into));
        }
        Ok(moved)
    }

    /// The precompiles of whoever runs the call.
    pub fn host_precompiles(&self) -> PyResult<Host> {
        let mut host = Host::default();
        for (address, precompile) in &self.host {
            let precompile: PythonHostPrecompile<'_> = precompile.extract()?;
            let mut answers = HashMap::new();
            for (input, output) in &precompile.answers {
                let output: Option<Octets> = output.extract()?;
                answers.insert(input.extract::<Octets>()?.0, output.map(|octets| octets.0));
            }
            let placeholder_bytes = precompile.placeholder_bytes;
            host.insert(
                address.extract::<Fixed<20>>()?.into(),
                HostPrecompile {
                    answers,
                    placeholder_bytes,
                },
            );
        }
        Ok(host)
    }

    pub fn block(&self) -> BlockEnv {
        let header = &self.header;
        BlockEnv {
            number: U256::from(header.number),
            beneficiary: header.coinbase.0.into(),
            timestamp: U256::from(header.timestamp),
            gas_limit: header.gas_limit,
            basefee: header.base_fee_per_gas.unwrap_or(0),
            difficulty: header.difficulty.0,
            prevrandao: Some(header.prev_randao.0.into()),
            blob_excess_gas_and_price: Some(BlobExcessGasAndPrice {
                excess_blob_gas: header.excess_blob_gas.unwrap_or(0),
                blob_gasprice: self.blob_base_fee,
            }),
            slot_num: 0,
        }
    }

    /// The fork's rules. A call has no cap on its gas but its own limit (EIP-7825 does not bind it).
    pub fn rules(&self) -> PyResult<CfgEnv> {
        let mut rules = CfgEnv::new().with_spec_and_mainnet_gas_params(self.specification()?);
        rules.chain_id = self.chain_id;
        rules.tx_gas_limit_cap = Some(u64::MAX);
        Ok(rules)
    }

    fn specification(&self) -> PyResult<SpecId> {
        Ok(match self.fork.as_str() {
            "frontier" => SpecId::FRONTIER,
            "homestead" | "dao_fork" => SpecId::HOMESTEAD,
            "tangerine_whistle" => SpecId::TANGERINE,
            "spurious_dragon" => SpecId::SPURIOUS_DRAGON,
            "byzantium" => SpecId::BYZANTIUM,
            "constantinople" => SpecId::PETERSBURG,
            "istanbul" | "muir_glacier" => SpecId::ISTANBUL,
            "berlin" => SpecId::BERLIN,
            "london" | "arrow_glacier" | "gray_glacier" => SpecId::LONDON,
            "paris" => SpecId::MERGE,
            "shanghai" => SpecId::SHANGHAI,
            "cancun" => SpecId::CANCUN,
            "prague" => SpecId::PRAGUE,
            // A blob-parameter fork (EIP-7892) changes no rule of execution.
            "osaka" | "bpo1" | "bpo2" | "bpo3" | "bpo4" | "bpo5" => SpecId::OSAKA,
            unknown => return Err(UnknownFork::new_err(unknown.to_owned())),
        })
    }
}
