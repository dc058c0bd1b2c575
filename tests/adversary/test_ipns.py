"""Sources that change a byte of an IPNS record: the name leads where its key says, or nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.names.ipns.signing import NOON, ROOT, Router, Signer, pool_of
from walkaway.chain.clock import FixedClock
from walkaway.errors import Unproven
from walkaway.names.held import HeldNames
from walkaway.names.ipns.find import IpnsNames
from walkaway.names.pointer import Pointer
from walkaway.proofs.ipfs import protobuf
from walkaway.proofs.ipfs.ipns_record import create_record

pytestmark = pytest.mark.adversary

SIGNER = Signer()
NEW = f"{ROOT}/new"
RECORD = create_record(
    SIGNER.key,
    value=f"/ipfs/{NEW}",
    sequence=9,
    validity="2026-10-01T13:00:00.123456789Z",
    ttl=60_000_000_000,
    with_version_1=True,
)
SAID, BEFORE = Pointer("ipfs", ROOT, ("new",)), Pointer("ipfs", ROOT)


async def test_no_changed_byte_leads_a_name_elsewhere(tmp_path: Path) -> None:
    """But for the signature of version 1, which nobody reads, each leaves what is older."""
    clock = FixedClock(NOON)
    old, taken = SIGNER.record(1), set[int]()
    tried = range(0, len(RECORD), 5)  # each one is, where records are proven
    for at in tried:
        changed = bytearray(RECORD)
        changed[at] ^= 1 << at % 8
        pool = pool_of([Router("liar", bytes(changed)), Router("honest", old)], clock)
        held = HeldNames(tmp_path / f"{at}", clock)
        resolution = await IpnsNames(held, [pool], clock=clock).resolve(SIGNER.text)
        lies = {status.name: status.lies for status in pool.status()}
        assert lies["honest"] == 0
        if resolution.pointer == SAID:
            taken.add(at)
        assert resolution.pointer in (SAID, BEFORE)
        assert resolution.proven
    signature = next(value for number, _, value in protobuf.read(RECORD) if number == 2)
    assert isinstance(signature, bytes)
    begins = RECORD.index(signature)
    assert taken == set(tried) & set(range(begins, begins + len(signature)))


async def test_sources_that_lie_alone_leave_a_name_without_an_answer(tmp_path: Path) -> None:
    clock = FixedClock(NOON)
    lies = [Signer(2).record(9), RECORD[:-1], b"", RECORD + RECORD[-40:], bytes(10_000)]
    pool = pool_of([Router(f"{at}", lie) for at, lie in enumerate(lies)], clock)
    held = HeldNames(tmp_path, clock)
    with pytest.raises(Unproven) as refused:
        await IpnsNames(held, [pool], clock=clock).resolve(SIGNER.text)
    assert len(refused.value.reasons) == len(lies) + 1
    assert await held.order(SIGNER.name) is None
    # What cannot be read may be read elsewhere, and is held against nobody who passes it on.
    lied = {status.name for status in pool.status() if status.lies}
    assert lied == {"0"}
