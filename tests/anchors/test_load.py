"""Chain specs: what the files say, and what a wrong file is told."""

from __future__ import annotations

from dataclasses import fields
from importlib.resources import files

import pytest

from walkaway.anchors.load import chain_spec, networks, parse_chain_spec
from walkaway.anchors.spec import BlobLimit, ForkName
from walkaway.errors import ConfigError

MINIMAL = (files("walkaway.anchors") / "networks" / "minimal.toml").read_text("utf-8")


def test_every_network_has_a_spec_under_its_own_name() -> None:
    assert {"mainnet", "sepolia", "hoodi", "minimal"} <= set(networks())
    for network in networks():
        spec = chain_spec(network)
        assert spec.network == network
        needed = [field.name for field in fields(spec) if field.name != "universal_resolver"]
        assert all(getattr(spec, name) is not None for name in needed)
        assert [fork.name for fork in spec.forks] == list(ForkName)[: len(spec.forks)]


def test_mainnet_is_mainnet() -> None:
    spec = chain_spec("mainnet")
    assert (spec.chain_id, spec.genesis_time, spec.seconds_per_slot) == (1, 1606824023, 12)
    assert spec.preset.slots_per_period == 8192
    assert spec.preset.update_timeout == 8192
    assert spec.fork_at_epoch(411391).name is ForkName.ELECTRA
    assert spec.fork_at_epoch(411392).name is ForkName.FULU
    assert spec.fork_at_slot(364032 * 32 - 1).name is ForkName.DENEB
    assert spec.blob_schedule[-2:] == (BlobLimit(412672, 15), BlobLimit(419072, 21))
    assert ForkName.GLOAS not in {fork.name for fork in spec.forks}


def test_slots_and_times_agree() -> None:
    spec = chain_spec("mainnet")
    # Slot 7109344 began at 2023-08-15 17:49:11 UTC.
    assert spec.time_of_slot(7109344) == 1692136151
    assert spec.slot_at_time(1692136151) == 7109344
    assert spec.slot_at_time(1692136150.9) == 7109343
    assert spec.slot_at_time(spec.genesis_time - 1) == -1
    assert (spec.epoch_at_slot(7109344), spec.period_at_slot(7109344)) == (222167, 867)


@pytest.mark.parametrize("network", ["goerli", "", "../mainnet", "mainnet.toml"])
def test_an_unknown_network_is_told_the_known_ones(network: str) -> None:
    with pytest.raises(ConfigError, match="no chain spec") as told:
        chain_spec(network)
    assert "mainnet" in told.value.advice


def changed(old: str, new: str) -> str:
    assert old in MINIMAL
    return MINIMAL.replace(old, new, 1)


ZEROS = "0x" + "00" * 32


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[", "is not TOML"),
        ("", "preset is missing"),
        (changed('preset = "minimal"', 'preset = "maximal"'), "preset is one of"),
        (changed('preset = "minimal"', "preset = 5"), "preset is text"),
        (changed("chain_id = 1337", "chain_id = 0"), "chain_id is a whole number of at least 1"),
        (changed("chain_id = 1337", "chain_id = true"), "chain_id is a whole number"),
        (changed("chain_id = 1337", "chain_id = 1.5"), "chain_id is a whole number"),
        (changed("seconds_per_slot = 6", "seconds_per_slot = 0"), "seconds_per_slot"),
        (changed(ZEROS, ZEROS[:-2]), "genesis_validators_root is 0x and 64 hex digits"),
        (changed(ZEROS, ZEROS[2:]), "genesis_validators_root is 0x"),
        (changed(ZEROS, ZEROS[:-1] + "g"), "genesis_validators_root is 0x"),
        (changed("[forks]", "[spoons]"), "forks is missing"),
        (changed("[forks]", "forks = 5\n[other]"), "forks is a table"),
        (changed("electra = {", "electrum = {"), "unknown fork electrum"),
        (changed('"0x05000001", epoch = 0', '"0x0500", epoch = 0'), "forks: electra: version"),
        (changed('"0x05000001", epoch = 0', '"0x05000001"'), "forks: electra: epoch is missing"),
        (changed('"0x04000001", epoch = 0', '"0x04000001", epoch = 3'), "epochs ascend"),
        (changed("phase0 = {", "# phase0 = {"), "from phase0 at epoch 0"),
        (changed('"0x00000001", epoch = 0', '"0x00000001", epoch = 1'), "from phase0 at epoch 0"),
        (changed("{ epoch = 0, max_blobs = 9 },", "7,"), "blob_schedule is a list of tables"),
        (changed("{ epoch = 0, max_blobs = 9 },", "{ epoch = 0 },"), "max_blobs is missing"),
        (
            changed(
                "{ epoch = 0, max_blobs = 9 },",
                "{ epoch = 5, max_blobs = 9 }, { epoch = 5, max_blobs = 12 },",
            ),
            "blob_schedule ascend",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as told:
        parse_chain_spec(text, "somewhere.toml")
    assert str(told.value).startswith("somewhere.toml")


def test_no_forks_at_all_are_refused() -> None:
    head, _, _ = MINIMAL.partition("phase0")
    with pytest.raises(ConfigError, match="from phase0"):
        parse_chain_spec(head, "somewhere.toml")
