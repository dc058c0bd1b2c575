"""The page of methods, made from the table: ``python -m walkaway.rpc.reference``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from walkaway.limits import LIMITS
from walkaway.rpc.error_codes import ERROR_CODES
from walkaway.rpc.methods import METHODS
from walkaway.rpc.methods.not_proven import REASONS

__all__ = ["methods_page"]

_HEAD = f"""\
# The JSON-RPC methods

<!-- Made by `python -m walkaway.rpc.reference`; a test holds it against the code. -->

walkaway speaks JSON-RPC 2.0 over HTTP (`POST /`, `Content-Type: application/json`) and
WebSocket on one port, batches included: of at most {LIMITS.rpc_batch_calls} calls, and
{LIMITS.rpc_batch_response_bytes // 2**20} MiB of answers. Parameters go by position.

A block is a tag (`latest`, `safe`, `finalized`, `pending`, `earliest`), a number, a 32-byte
hash, or the object of EIP-1898; a block that is not in the proven chain is refused. `safe` is the
finalized block, since light-client data knows no justified head. `pending` is the
latest block plus the transactions that were sent from here.

## What is answered
"""

_EXPLAINED = """
The `state` that `walkaway_explain` gives is one of:

- `proven`: each value under the answer is in `proven`, with the steps down to what is believed;
- `known here`: nobody was asked;
- `somebody's word`: a null that nobody can prove; `word` holds whose word it is, and of how many;
- `somebody's word, accepted by the contract's callback`: of a call that looked off chain;
- `above the proven head`: a null that nobody was asked for, since it would be in a block to come.
"""

_REFUSED = """
## What is refused

These methods exist elsewhere; here they get the error -32004 with the reason, and are
never forwarded.
"""

_ERRORS = """
## Errors

Where `error.data` is an object, its `error` names the kind, and its `advice`, where there is
one, says what to do. There is none where nothing was looked into: a body or a call that is none,
parameters by name, a call that took too long or found no place, a fault in walkaway. Nor is there
from methods that run code (`eth_call`, `eth_estimateGas`, `eth_createAccessList`,
`eth_simulateV1`): libraries take any data of theirs for a revert's, so they have none but that,
as one string of bytes. `walkaway_explain` gives a call that ran and failed as its `failure`:
`code`, `message` and, of a revert, `data`.
"""

_WHO = """
## Who may ask

Any page in the browser is a stranger here. The Host header must name this machine
(`127.0.0.1`, `localhost`, `[::1]` or a name under `.localhost`). The Origin header must be
absent, or be a page of `localhost` or of a name under `.localhost`, or a browser extension.
The body must be `application/json`. Further hosts and origins are allowed by
configuration. Everyone else gets 403 or 415 with the reason, before the body is read or a
WebSocket is opened.
"""


def methods_page() -> str:
    """The page in Markdown."""
    answered = [
        (f"`{m.name}`", f"`{m.takes}`" if m.takes else "", m.stands_on) for m in METHODS.values()
    ]
    refused = [
        (", ".join(f"`{name}`" for name in names), reason) for reason, names in REASONS.items()
    ]
    errors = [(f"`{entry.code}`", entry.name, entry.meaning) for entry in ERROR_CODES]
    return "".join(
        [
            _HEAD,
            _table(("method", "parameters", "what its answer stands on"), answered),
            _EXPLAINED,
            _REFUSED,
            _table(("methods", "why"), refused),
            _ERRORS,
            _table(("code", "name", "meaning"), errors),
            _WHO,
        ]
    )


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(methods_page())
