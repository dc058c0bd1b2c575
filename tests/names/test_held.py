"""Names that are held: records prove themselves whenever they are used, and the newest stays."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from pathlib import Path

import pytest

from tests.vectors import vectors
from walkaway.chain.clock import FixedClock
from walkaway.errors import ConfigError, ProofError, TooMuch, Unproven, Unsupported
from walkaway.limits import Limits
from walkaway.names.held import HeldNames
from walkaway.names.pointer import Pointer, parse_pointer
from walkaway.names.resolution import Standing
from walkaway.proofs.ipfs.ipns_name import name_of_key, name_text, parse_name
from walkaway.proofs.ipfs.ipns_record import create_record
from walkaway.proofs.ipfs.libp2p_keys import SigningKey

ROOT = "bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am"
SITE = f"/ipfs/{ROOT}/docs"
NOON = 1_790_856_000.0  # 2026-10-01T12:00:00Z


class Signer:
    """A key, its name, and records under it that end an hour after noon or when told."""

    def __init__(self, seed: int = 1) -> None:
        self.key = SigningKey(bytes([seed]) * 32)
        self.name = name_of_key(self.key.public_key)
        self.text = name_text(self.name)

    def record(
        self, sequence: int = 1, until: str = "2026-10-01T13:00:00Z", value: str = SITE
    ) -> bytes:
        return create_record(
            self.key, value=value, sequence=sequence, validity=until, ttl=60_000_000_000
        )


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def held(tmp_path: Path, clock: FixedClock) -> HeldNames:
    return HeldNames(tmp_path / "records", clock, dnslinks={"Example.org": SITE})


async def test_a_record_that_was_put_resolves_in_any_base(held: HeldNames) -> None:
    signer = Signer()
    assert await held.put(signer.name, signer.record())
    for text in (signer.text, str(signer.name)):
        resolution = await held.resolve(text)
        assert resolution.pointer == Pointer("ipfs", ROOT, ("docs",))
        assert resolution.proven
        assert resolution.seconds == 60
        assert resolution.record == signer.record()


async def test_what_is_held_outlives_the_run(
    held: HeldNames, tmp_path: Path, clock: FixedClock
) -> None:
    signer = Signer()
    await held.put(signer.name, signer.record())
    again = HeldNames(tmp_path / "records", clock)
    assert (await again.resolve(signer.text)).record == signer.record()


@pytest.mark.parametrize(
    ("second", "stays"),
    [
        ((2, "2026-10-01T12:30:00Z"), True),
        ((1, "2026-10-01T13:30:00Z"), True),
        ((1, "2026-10-01T13:00:00Z"), False),
        ((1, "2026-10-01T12:30:00Z"), False),
        ((0, "2026-10-02T13:00:00Z"), False),
    ],
)
async def test_the_newer_record_stays(
    held: HeldNames, second: tuple[int, str], stays: bool
) -> None:
    signer = Signer()
    first, second_record = signer.record(), signer.record(*second)
    await held.put(signer.name, first)
    assert await held.put(signer.name, second_record) is stays
    kept = (await held.resolve(signer.text)).record
    assert kept == (second_record if stays else first)


async def test_what_another_process_puts_meanwhile_is_not_replaced_by_an_older_one(
    tmp_path: Path, clock: FixedClock
) -> None:
    signer, other = Signer(), HeldNames(tmp_path / "records", clock)

    async def meanwhile() -> frozenset[str]:
        assert await other.put(signer.name, signer.record(5))
        return frozenset()

    held = HeldNames(tmp_path / "records", clock, lasting=meanwhile)
    assert not await held.put(signer.name, signer.record(4))
    assert (await held.resolve(signer.text)).record == signer.record(5)


async def test_a_record_is_put_while_no_other_process_puts_one(
    held: HeldNames, tmp_path: Path
) -> None:
    signer, folder = Signer(), tmp_path / "records"
    folder.mkdir()
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    putting = asyncio.create_task(held.put(signer.name, signer.record()))
    await asyncio.wait([putting], timeout=0.1)
    assert not putting.done()
    os.close(handle)
    assert await putting


async def test_many_at_once_leave_the_newest(held: HeldNames) -> None:
    signer = Signer()
    records = [signer.record(sequence) for sequence in range(8)]
    await asyncio.gather(*[held.put(signer.name, record) for record in records])
    assert (await held.resolve(signer.text)).record == records[-1]


async def test_a_record_whose_time_is_over_resolves_no_more(
    held: HeldNames, clock: FixedClock
) -> None:
    signer = Signer()
    await held.put(signer.name, signer.record())
    clock.seconds = NOON + 3599
    nearly_over = await held.resolve(signer.text)
    assert nearly_over.seconds == pytest.approx(1)
    assert nearly_over.ttl == 60
    clock.seconds = NOON + 3600
    with pytest.raises(Unproven, match="no longer valid"):
        await held.resolve(signer.text)
    with pytest.raises(ProofError):
        await held.put(signer.name, signer.record())
    # No older one takes its place, for as long as that may still be valid.
    assert not await held.put(signer.name, signer.record(0, "2026-10-02T00:00:00Z"))
    with pytest.raises(Unproven, match="no longer valid"):
        await held.resolve(signer.text)
    assert await held.put(signer.name, signer.record(1, "2026-10-02T00:00:00Z"))
    assert (await held.resolve(signer.text)).proven


async def test_nothing_on_the_disk_is_believed(held: HeldNames, tmp_path: Path) -> None:
    signer = Signer()
    await held.put(signer.name, signer.record())
    (file,) = (tmp_path / "records").iterdir()
    for bad in (Signer(2).record(), b"", file.read_bytes()[:-1], bytes(20_000)):
        file.write_bytes(bad)
        with pytest.raises(ProofError):
            await held.resolve(signer.text)
    assert await held.put(signer.name, signer.record())
    assert (await held.resolve(signer.text)).proven


async def test_a_record_of_another_key_is_not_kept(held: HeldNames, tmp_path: Path) -> None:
    with pytest.raises(ProofError):
        await held.put(Signer(2).name, Signer().record())
    assert not (tmp_path / "records").exists()


async def test_a_name_of_the_persons_own_is_not_called_proven(held: HeldNames) -> None:
    for text in ("example.org", "EXAMPLE.org."):
        resolution = await held.resolve(text)
        assert resolution.pointer == Pointer("ipfs", ROOT, ("docs",))
        assert (resolution.proven, resolution.seconds, resolution.record) == (False, None, None)


@pytest.mark.parametrize("name", ["example.com", "", "../example.org", Signer().text, "a" * 5000])
async def test_what_is_not_held_is_refused_with_a_reason(held: HeldNames, name: str) -> None:
    with pytest.raises(Unproven) as refused:
        await held.resolve(name)
    assert refused.value.reasons.keys() == {"this machine"}


async def test_of_many_the_one_that_was_used_longest_ago_leaves(
    tmp_path: Path, clock: FixedClock
) -> None:
    held = HeldNames(tmp_path, clock, limits=Limits(held_records=3))
    first, second, third, fourth, fifth = (Signer(seed) for seed in range(5))

    def later() -> None:
        for path in tmp_path.iterdir():
            os.utime(path, (path.stat().st_mtime - 100,) * 2)

    async def publish(signer: Signer, sequence: int = 1) -> None:
        later()
        assert await held.put(signer.name, signer.record(sequence, "9999-12-31T23:59:59Z"))

    for signer in (first, second, third):
        await publish(signer)
    # One that is there already takes no other's place.
    await publish(second, 2)
    later()
    await held.resolve(first.text)
    await publish(fourth)
    with pytest.raises(Unproven, match="holds no record"):
        await held.resolve(third.text)
    await publish(fifth)
    with pytest.raises(Unproven, match="holds no record"):
        await held.resolve(second.text)
    for signer in (first, fourth, fifth):
        assert (await held.resolve(signer.text)).proven


async def test_none_are_held_where_none_may_be(tmp_path: Path, clock: FixedClock) -> None:
    held = HeldNames(tmp_path, clock, limits=Limits(held_records=0))
    with pytest.raises(TooMuch):
        await held.put(Signer().name, Signer().record())
    assert list(tmp_path.iterdir()) == []


async def test_what_a_kill_left_is_swept_and_what_is_being_written_is_not(
    held: HeldNames, tmp_path: Path
) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    left, fresh = folder / ".left.new", folder / ".fresh.new"
    for path in (left, fresh):
        path.write_bytes(b"half")
    os.utime(left, (time.time() - 7200,) * 2)
    await held.put(Signer().name, Signer().record())
    assert not left.exists()
    assert fresh.exists()


async def test_a_folder_that_is_none_is_said_so(tmp_path: Path, clock: FixedClock) -> None:
    (tmp_path / "file").write_bytes(b"")
    held = HeldNames(tmp_path / "file", clock)
    with pytest.raises(ConfigError, match="cannot be used"):
        await held.put(Signer().name, Signer().record())
    held = HeldNames(tmp_path, clock)
    (tmp_path / f"{Signer().text}.ipns-record").mkdir()
    with pytest.raises(ConfigError, match="cannot be used"):
        await held.resolve(Signer().text)


@pytest.mark.parametrize("path", ["", "bafy", "/ipfs/", "/ipfs/nothing", "/arweave/x"])
def test_a_setting_that_points_nowhere_is_refused(
    tmp_path: Path, clock: FixedClock, path: str
) -> None:
    with pytest.raises(ConfigError, match=r"example\.org"):
        HeldNames(tmp_path, clock, dnslinks={"example.org": path})


async def test_a_contract_may_be_set_for_its_own_names_alone(
    tmp_path: Path, clock: FixedClock
) -> None:
    contract = f"/web3/0x{'22' * 20}:1"
    held = HeldNames(tmp_path, clock, dnslinks={"App.eth:01": contract})
    own = held.own("app.eth:1")
    assert own is not None
    assert (str(own.pointer), own.standing) == (contract, Standing.OWN)
    assert held.own("app.eth") is None
    for name, path in (("app.eth", contract), ("app.eth:1", SITE)):
        with pytest.raises(ConfigError, match="cannot lead to"):
            HeldNames(tmp_path, clock, dnslinks={name: path})


def test_content_paths_are_read_and_written() -> None:
    for text in (SITE, f"/ipfs/{ROOT}", "/ipns/example.org/a%20b/ż"):
        assert str(parse_pointer(text)) == text
    assert parse_pointer(f"/ipfs/{ROOT}//a/").path == ("a",)
    with pytest.raises(Unsupported, match="arweave"):
        parse_pointer("/arweave/x")


async def test_the_records_of_the_conformance_suite(tmp_path: Path) -> None:
    folder = vectors("ipfs/gateway-conformance/fixtures/ipns_records")
    held = HeldNames(tmp_path, FixedClock(time.time()))
    kept = refused = 0
    for path in sorted(folder.glob("*.ipns-record")):
        name = parse_name(path.name.partition("_")[0])
        try:
            kept += await held.put(name, path.read_bytes())
        except ProofError:
            refused += 1
    assert (kept, refused) == (3, 3)


async def test_whoever_makes_names_without_end_pushes_out_none_that_lasts(
    tmp_path: Path, clock: FixedClock
) -> None:
    mine, *strangers = (Signer(seed) for seed in range(6))
    names = {mine.text}

    async def lasting() -> set[str]:
        return names

    held = HeldNames(tmp_path, clock, lasting=lasting, limits=Limits(held_records=2))
    assert await held.put(mine.name, mine.record(7, "9999-12-31T23:59:59Z"))
    for path in tmp_path.iterdir():
        os.utime(path, (0, 0))
    for stranger in strangers:
        await held.put(stranger.name, stranger.record(1, "9999-12-31T23:59:59Z"))
    assert (await held.order(mine.name) or (0, 0))[0] == 7
    assert len(list(tmp_path.iterdir())) == 2
    names.add(strangers[-1].text)
    with pytest.raises(TooMuch, match="names that stay"):
        await held.put(strangers[0].name, strangers[0].record(1, "9999-12-31T23:59:59Z"))
    assert await held.put(mine.name, mine.record(8, "9999-12-31T23:59:59Z"))
