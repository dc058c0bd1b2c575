"""Whose code resolves names: recorded once, held to, and changed by the person alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from walkaway.errors import ConfigError, Unproven
from walkaway.evm.derive_name import ResolverCode
from walkaway.names.ens.resolver_record import KeptCode, ResolverRecord

CODE = ResolverCode(b"\xee" * 20, b"\xe5" * 20, b"\x0c" * 32)
OTHER = replace(CODE, implementation=b"\xe6" * 20)
OTHER_HASH = replace(CODE, code_hash=b"\x0d" * 32)


async def test_what_is_seen_first_is_recorded_and_nothing_else_is_let_through(
    tmp_path: Path,
) -> None:
    record = ResolverRecord(tmp_path / "new", "mainnet")
    assert record.load() is None
    await record.check(CODE)
    assert record.load() == KeptCode(CODE.implementation, CODE.code_hash, accepted=False)
    assert record.path.stat().st_mode & 0o777 == 0o600
    for other in (OTHER, OTHER_HASH):
        with pytest.raises(Unproven, match="seen first") as changed:
            await record.check(other)
        for shown in (other.implementation, other.code_hash, CODE.implementation, CODE.code_hash):
            assert f"0x{shown.hex()}" in str(changed.value)
        assert f"--accept-resolver 0x{other.implementation.hex()}" in changed.value.advice
    await record.check(CODE)
    await ResolverRecord(tmp_path / "new", "sepolia").check(OTHER)


async def test_what_the_person_accepts_is_held_to_from_its_first_sight_on(tmp_path: Path) -> None:
    record = ResolverRecord(tmp_path, "mainnet")
    await record.check(CODE)
    record.accept(OTHER.implementation)
    assert record.load() == KeptCode(OTHER.implementation, None, accepted=True)
    with pytest.raises(Unproven, match="that you accepted"):
        await record.check(CODE)
    await record.check(OTHER)
    assert record.load() == KeptCode(OTHER.implementation, OTHER.code_hash, accepted=True)
    with pytest.raises(Unproven, match="that you accepted"):
        await record.check(replace(OTHER, code_hash=b"\x0d" * 32))


FORMAT = '"format": "walkaway universal resolver 1"'
ACCEPTED = '"code_hash": null, "accepted": true'


@pytest.mark.parametrize(
    "content",
    [
        "torn",
        "{}",
        "[]",
        f"{{{FORMAT}}}",
        f'{{{FORMAT}, "implementation": "0xe5", {ACCEPTED}}}',
        f'{{{FORMAT}, "implementation": "zz", {ACCEPTED}}}',
        f'{{{FORMAT}, "implementation": 5, {ACCEPTED}}}',
        f'{{{FORMAT}, "implementation": "{"e5" * 21}", {ACCEPTED}}}',
        f'{{{FORMAT}, "implementation": "0x{"e5" * 20}", "code_hash": null, "accepted": 1}}',
        " " * 5000,
    ],
)
async def test_a_damaged_record_lets_nothing_through(content: str, tmp_path: Path) -> None:
    record = ResolverRecord(tmp_path, "mainnet")
    record.path.write_text(content)
    with pytest.raises(ConfigError, match="damaged"):
        await record.check(CODE)


async def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError):
        await ResolverRecord(tmp_path / "file", "mainnet").check(CODE)
    (tmp_path / "mainnet.universal-resolver").mkdir()
    with pytest.raises(ConfigError):
        await ResolverRecord(tmp_path, "mainnet").check(CODE)
