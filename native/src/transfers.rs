//! Ether that moves, told among the logs as go-ethereum's `traceTransfers` tells it: as if the
//! address of ether (ERC-7528) were a token (ERC-20) that logs each `Transfer`.

use revm::context_interface::{Host, JournalTr};
use revm::handler::FrameResult;
use revm::interpreter::instructions::host::selfdestruct;
use revm::interpreter::interpreter::EthInterpreter;
use revm::interpreter::{
    CallScheme, FrameInput, InstructionContext, InstructionExecResult, InstructionResult,
};
use revm::primitives::{Address, B256, Bytes, Log, U256, address, b256};

use crate::handler::{CallContext, CallEvm};

const ETHER: Address = address!("eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");

/// keccak256 of `Transfer(address,address,uint256)`.
const TRANSFER: B256 = b256!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

/// What a frame brings along when it is entered.
pub struct Transfer {
    from: Address,
    /// None where the receiver is what the frame creates.
    to: Option<Address>,
    value: U256,
}

impl Transfer {
    /// The ether that a frame brings, where it brings any: CALLCODE moves its value nowhere,
    /// DELEGATECALL only shows one.
    pub fn of(input: &FrameInput) -> Option<Self> {
        let transfer = match input {
            FrameInput::Call(call) if call.scheme == CallScheme::Call => Self {
                from: call.caller,
                to: Some(call.target_address),
                value: call.value.transfer()?,
            },
            FrameInput::Create(create) => Self {
                from: create.caller(),
                to: None,
                value: create.value(),
            },
            _ => return None,
        };
        (!transfer.value.is_zero()).then_some(transfer)
    }

    /// Log it, now that its frame is entered or, where there was nothing to run, has ended.
    /// A log that comes after the frame's checkpoint goes when the frame reverts.
    pub fn tell(&self, evm: &mut CallEvm<'_>, ended: Option<&FrameResult>) {
        let created = match ended {
            None => Some(evm.frame_stack.get().interpreter.input.target_address),
            Some(result) if !result.instruction_result().is_ok() => return,
            Some(FrameResult::Create(outcome)) => outcome.address,
            Some(FrameResult::Call(_)) => None,
        };
        if let Some(to) = self.to.or(created) {
            evm.ctx.journaled_state.log(log(self.from, to, self.value));
        }
    }
}

/// SELFDESTRUCT that notes a balance which passes 2^256 - 1; revm's own would begin at zero again.
pub fn destroy(
    context: InstructionContext<'_, CallContext<'_>, EthInterpreter>,
) -> InstructionExecResult {
    destroy_and(context, false)
}

/// The same, and it logs the balance which it moves.
pub fn destroy_and_tell(
    context: InstructionContext<'_, CallContext<'_>, EthInterpreter>,
) -> InstructionExecResult {
    destroy_and(context, true)
}

fn destroy_and(
    context: InstructionContext<'_, CallContext<'_>, EthInterpreter>,
    tells: bool,
) -> InstructionExecResult {
    let InstructionContext { interpreter, host } = context;
    let from = interpreter.input.target_address;
    let heir = interpreter.stack.data().last().copied();
    let balance = host.balance(from).map(|load| load.data);
    let ended = selfdestruct(InstructionContext {
        interpreter: &mut *interpreter,
        host: &mut *host,
    });
    if let (Err(InstructionResult::SelfDestruct), Some(heir), Some(balance)) =
        (&ended, heir, balance)
        && !balance.is_zero()
    {
        let heir = Address::from_word(B256::from(heir));
        let held = host.balance(heir).map(|load| load.data);
        if heir != from && held.is_some_and(|held| held < balance) {
            host.journaled_state.database.balance_overflowed = true;
        }
        if tells {
            host.log(log(from, heir, balance));
        }
    }
    ended
}

fn log(from: Address, to: Address, value: U256) -> Log {
    Log::new_unchecked(
        ETHER,
        vec![TRANSFER, from.into_word(), to.into_word()],
        Bytes::from(value.to_be_bytes::<32>()),
    )
}
