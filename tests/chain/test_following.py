"""The head is followed on a real devnet: across periods, forks, reorgs, restarts and silence."""

from __future__ import annotations

import asyncio
import errno
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chain.devnet_chain import BEACON, Behaviour, SourcePlan, devnet_of, following, pool_of
from walkaway.chain.block_id import Tag
from walkaway.chain.chain import Chain, ChainSettings
from walkaway.chain.follower import SyncProgress
from walkaway.chain.header_index import HeaderIndex
from walkaway.devnet.network import Devnet
from walkaway.devnet.settings import DevnetSettings
from walkaway.errors import ConfigError, Stale, Unproven
from walkaway.proofs import Finality, Proven

SLOTS_PER_EPOCH = 8
SLOTS_PER_PERIOD = 64


def newest_signed(devnet: Devnet) -> int:
    """The number of the block that the newest block's sync aggregate signs: its parent."""
    return devnet.execution.head.number - 1


def latest(chain: Chain) -> int:
    return chain.head(Tag.LATEST).value.number


async def test_from_the_checkpoint_to_the_head() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        head = chain.head(Tag.LATEST)
        assert head.value.number == newest_signed(devnet)
        assert head.claim.finality is Finality.OPTIMISTIC
        finalized = chain.head(Tag.FINALIZED)
        assert finalized.claim.finality is Finality.FINALIZED
        assert finalized.value.number < head.value.number
        assert chain.head(Tag.SAFE) is finalized
        assert [anchor.rule for anchor in head.because.anchors()] == ["checkpoint"]
        devnet.advance(3)
        assert await chain.advance()
        assert latest(chain) == newest_signed(devnet)


async def test_every_fork_and_several_periods_are_crossed_while_following() -> None:
    devnet = devnet_of(settings=DevnetSettings(electra_epoch=6, fulu_epoch=10))
    async with devnet, following(devnet) as chain:
        assert chain.head(Tag.LATEST).value.requests_hash is None
        seen = set()
        for _ in range(16):
            devnet.advance(SLOTS_PER_EPOCH)
            await chain.advance()
            assert latest(chain) == newest_signed(devnet)
            seen.add(devnet.spec.fork_at_slot(devnet.slot).name.label)
        assert seen == {"deneb", "electra", "fulu"}
        assert chain.head(Tag.LATEST).value.requests_hash is not None
        assert chain.status().period == devnet.slot // SLOTS_PER_PERIOD


async def test_periods_that_passed_while_away_are_caught_up() -> None:
    devnet = devnet_of(settings=DevnetSettings(electra_epoch=12, fulu_epoch=20))
    checkpoint = devnet.checkpoint.root
    devnet.advance(3 * SLOTS_PER_PERIOD)
    heard: list[SyncProgress] = []
    async with devnet, pool_of(devnet) as pool:
        settings = ChainSettings(checkpoint=checkpoint)
        chain = Chain(devnet.spec, pool, settings, clock=devnet, progress=heard.append)
        await chain.start(follow=False)
        assert latest(chain) == newest_signed(devnet)
        await chain.stop()
    assert heard[0].period < heard[-1].period == heard[-1].target


@pytest.mark.parametrize("liar", [Behaviour.ONE_SIGNER, Behaviour.HALF_COMMITTEE])
async def test_a_minority_does_not_make_a_head(liar: Behaviour) -> None:
    plans = (SourcePlan("alder"), SourcePlan("fir", BEACON, liar))
    async with devnet_of(*plans) as devnet, following(devnet) as chain:
        for _ in range(3):
            assert latest(chain) == newest_signed(devnet)
            block_hash = devnet.execution.block_at(latest(chain))
            assert block_hash is not None
            assert chain.head(Tag.LATEST).value.hash == block_hash.hash
            devnet.advance()
            await chain.advance()


@pytest.mark.parametrize("liar", [Behaviour.ONE_SIGNER, Behaviour.HALF_COMMITTEE])
async def test_a_minority_alone_makes_no_head_either(liar: Behaviour) -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        before = latest(chain)
        devnet.behave("alder", liar)
        devnet.advance(2)
        with suppress(Unproven):
            await chain.advance()
        assert latest(chain) == before


async def test_a_forged_committee_is_a_lie() -> None:
    plans = (SourcePlan("alder"), SourcePlan("fir", BEACON, Behaviour.FORGED_COMMITTEE))
    async with devnet_of(*plans) as devnet, following(devnet) as chain:
        devnet.advance(2)
        await chain.advance()
        assert latest(chain) == newest_signed(devnet)
        states = {source.name: source for source in chain.status().sources}
        assert states["fir"].lies > 0
        assert states["alder"].lies == 0


async def test_a_fast_source_with_an_old_head_does_not_hold_the_client_back() -> None:
    plans = (
        SourcePlan("ginkgo", BEACON, Behaviour.OLD_HEAD),
        SourcePlan("birch", BEACON, Behaviour.SLOW),
        SourcePlan("alder", frozenset({"execution"})),
    )
    async with devnet_of(*plans) as devnet, following(devnet) as chain:
        assert latest(chain) == newest_signed(devnet)
        assert not any(source.lies for source in chain.status().sources)


async def test_after_a_reorg_nobody_honest_is_in_quarantine() -> None:
    plans = (SourcePlan("alder"), SourcePlan("birch"))
    async with devnet_of(*plans) as devnet, following(devnet) as chain:
        account = bytes(20)
        for depth in (1, 2, 3):
            devnet.advance(depth)
            await chain.advance()
            replaced = chain.head(Tag.LATEST)
            await chain.account(account, Tag.LATEST)
            devnet.reorg(depth + 1)
            devnet.advance()
            await chain.advance()
            head = chain.head(Tag.LATEST)
            truth = devnet.execution.block_at(head.value.number)
            assert truth is not None
            assert head.value.hash == truth.hash
            await chain.account(account, Tag.LATEST)
            with pytest.raises(Unproven, match="not in the proven chain"):
                await chain.account(account, replaced.value.hash)
        for source in chain.status().sources:
            assert (source.name, source.lies) == (source.name, 0)


async def test_a_head_that_is_too_old_is_refused_and_its_age_is_told() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        devnet.skip(40)
        with pytest.raises(Stale) as told:
            chain.head(Tag.LATEST)
        assert told.value.age > told.value.limit == chain.settings.head_age_limit
        assert f"{told.value.age:.0f} s old" in str(told.value)
        assert chain.head(Tag.FINALIZED).value.number > 0
        assert not chain.status().is_fresh
        devnet.advance(2)
        await chain.advance()
        assert latest(chain) == newest_signed(devnet)


async def test_a_checkpoint_that_is_too_old_is_refused() -> None:
    async with devnet_of() as devnet:
        settings = ChainSettings(checkpoint=devnet.checkpoint.root, checkpoint_age_limit=1)
        with pytest.raises(Stale, match="checkpoint"):
            async with following(devnet, settings):
                pass


async def test_without_a_checkpoint_independent_operators_must_agree() -> None:
    async with devnet_of(SourcePlan("alder"), SourcePlan("birch")) as devnet:
        async with following(devnet, ChainSettings(operators=2)) as chain:
            assert latest(chain) == newest_signed(devnet)
            checkpoint = chain.status().checkpoint
            assert checkpoint is not None
            assert checkpoint.origin == "agreed by alder, birch"
        with pytest.raises(Unproven, match="fewer than 3 operators"):
            async with following(devnet, ChainSettings(operators=3)):
                pass


async def test_the_kept_state_is_taken_up_and_needs_no_checkpoint(tmp_path: Path) -> None:
    async with devnet_of() as devnet:
        given = ChainSettings(checkpoint=devnet.checkpoint.root, state_directory=tmp_path)
        async with following(devnet, given):
            pass
        devnet.advance(5)
        async with following(devnet, replace(given, checkpoint=None, operators=99)) as chain:
            assert latest(chain) == newest_signed(devnet)
            (anchor,) = chain.head(Tag.LATEST).because.anchors()
            assert ("origin", "kept from an earlier run") in anchor.facts


async def test_a_crash_loses_at_most_what_was_not_final(tmp_path: Path) -> None:
    async with devnet_of() as devnet:
        settings = ChainSettings(checkpoint=devnet.checkpoint.root, state_directory=tmp_path)
        async with pool_of(devnet) as pool:
            killed = Chain(devnet.spec, pool, settings, clock=devnet)
            await killed.start(follow=False)  # and never stopped
            killed._keeper.close()  # as a kill lets go of the lock
        async with following(devnet, replace(settings, checkpoint=None, operators=99)) as chain:
            assert latest(chain) == newest_signed(devnet)


async def test_a_checkpoint_that_contradicts_what_was_kept_is_refused(tmp_path: Path) -> None:
    async with devnet_of() as honest, devnet_of(settings=DevnetSettings(seed=5)) as other:
        settings = ChainSettings(checkpoint=honest.checkpoint.root, state_directory=tmp_path)
        async with following(honest, settings):
            pass
        assert other.checkpoint.slot == honest.checkpoint.slot
        with pytest.raises(ConfigError, match="two histories") as told:
            async with following(other, replace(settings, checkpoint=other.checkpoint.root)):
                pass
        assert honest.checkpoint.root.hex() in str(told.value)
        assert other.checkpoint.root.hex() in str(told.value)


async def test_a_clock_set_back_does_not_make_an_old_head_fresh(tmp_path: Path) -> None:
    async with devnet_of() as devnet:
        settings = ChainSettings(checkpoint=devnet.checkpoint.root, state_directory=tmp_path)
        async with following(devnet, settings) as chain:
            proven = chain.head(Tag.LATEST).value.timestamp
            devnet.slot = 1
            assert devnet.now() < proven
            assert chain.status().now >= proven
            assert chain.status().clock_behind >= proven - devnet.now()
        with pytest.raises(Unproven, match="is this machine's clock right"):
            async with following(devnet, settings):
                pass


async def test_a_restart_never_serves_a_head_older_than_one_proven_before(tmp_path: Path) -> None:
    async with devnet_of() as devnet:
        settings = ChainSettings(checkpoint=devnet.checkpoint.root, state_directory=tmp_path)
        async with following(devnet, settings) as chain:
            proven = latest(chain)
        devnet.behave("alder", Behaviour.OLD_HEAD)
        async with following(devnet, settings) as chain:
            assert latest(chain) >= proven


async def test_the_chain_follows_by_itself_and_outlives_its_sources() -> None:
    devnet = devnet_of(settings=DevnetSettings(seconds_per_slot=1))
    async with devnet, pool_of(devnet) as pool:
        settings = ChainSettings(checkpoint=devnet.checkpoint.root)
        async with Chain(devnet.spec, pool, settings, clock=devnet) as chain:
            before = latest(chain)
            devnet.advance(2)
            assert (await chain.next_head()).value.number == before + 2
            devnet.behave("alder", Behaviour.GARBAGE)
            devnet.advance()
            while chain.status().trouble is None:
                devnet.advance()
                await asyncio.sleep(0.05)
            devnet.behave("alder", Behaviour.HONEST)
            await chain.next_head()


async def test_a_period_that_has_no_successor_yet_marks_nobody_and_asks_once() -> None:
    async with devnet_of() as devnet, following(devnet) as chain:
        while devnet.slot % SLOTS_PER_PERIOD:
            devnet.advance()
        await chain.advance()
        before = devnet.requests("alder")
        for _ in range(SLOTS_PER_EPOCH):
            devnet.advance()
            await chain.advance()
        assert latest(chain) == newest_signed(devnet)
        assert [source.errors for source in chain.status().sources] == [0]
        assert devnet.requests("alder") - before <= 5 * SLOTS_PER_EPOCH


async def test_two_processes_do_not_share_a_state_directory(tmp_path: Path) -> None:
    async with devnet_of() as devnet:
        settings = ChainSettings(checkpoint=devnet.checkpoint.root, state_directory=tmp_path)
        async with following(devnet, settings):
            with pytest.raises(ConfigError, match="another walkaway"):
                async with following(devnet, settings):
                    pass
        async with following(devnet, settings):
            pass


async def test_a_full_disk_holds_up_no_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with devnet_of() as devnet:
        settings = ChainSettings(checkpoint=devnet.checkpoint.root, state_directory=tmp_path)
        async with following(devnet, settings) as chain:
            monkeypatch.setattr(os, "fsync", full)
            devnet.advance(2 * SLOTS_PER_EPOCH)
            await chain.advance()
            assert latest(chain) == newest_signed(devnet)
            assert "No space left" in str(chain.status().trouble)
            monkeypatch.undo()
            devnet.advance()
            await chain.advance()
            assert chain.status().trouble is None


async def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with devnet_of() as devnet:
        settings = ChainSettings(devnet.checkpoint.root, state_directory=tmp_path / "file" / "x")
        with pytest.raises(ConfigError, match="cannot be used"):
            async with following(devnet, settings):
                pass


async def test_a_later_checkpoint_of_another_history_is_refused(tmp_path: Path) -> None:
    async with devnet_of() as honest, devnet_of(settings=DevnetSettings(seed=5)) as other:
        settings = ChainSettings(checkpoint=honest.checkpoint.root, state_directory=tmp_path)
        async with following(honest, settings):
            pass
        other.advance(5 * SLOTS_PER_EPOCH)
        assert other.checkpoint.slot > honest.checkpoint.slot
        with pytest.raises(ConfigError, match="two histories"):
            async with following(other, replace(settings, checkpoint=other.checkpoint.root)):
                pass
        async with following(honest, replace(settings, checkpoint=None, operators=99)):
            pass


async def test_kept_depth_is_not_believed_under_another_trust(tmp_path: Path) -> None:
    async with devnet_of() as devnet:
        settings = ChainSettings(checkpoint=devnet.checkpoint.root, state_directory=tmp_path)
        async with following(devnet, settings) as chain:
            await chain.header(5)
        kept = HeaderIndex(tmp_path / f"{devnet.spec.network}.headers", devnet.spec.chain_id)
        kept.load()
        kept.note(3, b"\7" * 32)  # as a history that turned out to be false would have left it
        kept.close()
        for path in tmp_path.glob("*.state*"):
            path.unlink()
        async with following(devnet, settings) as chain:
            header = await chain.header(3)
            truth = devnet.execution.block_at(3)
            assert isinstance(header, Proven)
            assert truth is not None
            assert header.value.hash == truth.hash
            assert [anchor.rule for anchor in header.because.anchors()] == ["checkpoint"]
