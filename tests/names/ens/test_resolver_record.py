"""Whose code resolves names: recorded once, held to, and changed by the person alone."""

from __future__ import annotations

import asyncio
import os
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


async def test_of_two_codes_that_are_seen_first_at_once_one_alone_is_let_through(
    tmp_path: Path,
) -> None:
    for turn in range(30):
        # Each has a record of its own, as two processes would.
        checks = [
            ResolverRecord(tmp_path / str(turn), "mainnet").check(code)
            for code in (CODE, OTHER, CODE, OTHER_HASH)
        ]
        ended = await asyncio.gather(*checks, return_exceptions=True)
        kept = ResolverRecord(tmp_path / str(turn), "mainnet").load()
        assert kept is not None
        for code, end in zip((CODE, OTHER, CODE, OTHER_HASH), ended, strict=True):
            assert (end is None) == kept.allows(code)
            assert end is None or isinstance(end, Unproven)


async def test_what_is_accepted_while_its_code_is_seen_is_not_undone(tmp_path: Path) -> None:
    for turn in range(30):
        record = ResolverRecord(tmp_path / str(turn), "mainnet")
        await record.check(CODE)
        record.accept(CODE.implementation)
        accepting = asyncio.to_thread(record.accept, OTHER.implementation)
        await asyncio.gather(accepting, record.check(CODE), return_exceptions=True)
        kept = record.load()
        assert kept is not None
        assert kept.implementation == OTHER.implementation


@pytest.mark.parametrize("kind", ["pipe", "link", "directory"])
async def test_what_is_no_file_of_its_own_is_neither_waited_for_nor_followed(
    kind: str, tmp_path: Path
) -> None:
    record = ResolverRecord(tmp_path / "state", "mainnet")
    await record.check(CODE)
    record.path.rename(tmp_path / "kept")
    if kind == "pipe":
        os.mkfifo(record.path)
    elif kind == "link":
        record.path.symlink_to(tmp_path / "kept")
    else:
        record.path.mkdir()
    try:
        async with asyncio.timeout(5):
            with pytest.raises(ConfigError, match="cannot be used"):
                await record.check(CODE)
    finally:
        if kind == "pipe":  # lets go whoever waits for a writer
            os.close(os.open(record.path, os.O_RDWR))


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
