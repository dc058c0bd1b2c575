"""Blob base fees: read strictly, and the same schedule as the consensus side's."""

from __future__ import annotations

import pytest

from walkaway.anchors.load import chain_spec, networks, parse_chain_spec
from walkaway.anchors.spec import BlobBaseFee
from walkaway.errors import ConfigError

MINIMAL = """
network = "n"
chain_id = 1
preset = "minimal"
genesis_time = 0
genesis_validators_root = "0x{root}"
seconds_per_slot = 6
blob_schedule = []
{fees}
[forks]
phase0 = {{ version = "0x00000001", epoch = 0 }}
"""
GOOD = "timestamp = 5, target = 3, max = 6, update_fraction = 100, reserve_price = true"


def parsed(*entries: str) -> tuple[BlobBaseFee, ...]:
    fees = f"blob_base_fees = [{', '.join(f'{{ {entry} }}' for entry in entries)}]"
    return parse_chain_spec(MINIMAL.format(root="00" * 32, fees=fees), "n.toml").blob_base_fees


def test_an_entry_is_read_whole() -> None:
    assert parsed(GOOD) == (BlobBaseFee(5, 3, 6, 100, True),)
    assert parsed() == ()


def test_a_chain_may_say_nothing_of_blobs() -> None:
    text = MINIMAL.format(root="00" * 32, fees="")
    assert parse_chain_spec(text, "n.toml").blob_base_fees == ()


@pytest.mark.parametrize(
    "entries",
    [
        (GOOD, GOOD),
        (GOOD, GOOD.replace("5", "4")),
        (GOOD.replace("true", "1"),),
        (GOOD.replace("target = 3", "target = 0"),),
        (GOOD.replace("update_fraction = 100", "update_fraction = 0"),),
        (GOOD.replace("max = 6, ", ""),),
    ],
)
def test_a_faulty_entry_is_a_config_error(entries: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"n\.toml"):
        parsed(*entries)


@pytest.mark.parametrize("network", [n for n in networks() if chain_spec(n).blob_base_fees])
def test_both_layers_agree_on_the_most_blobs_at_every_time(network: str) -> None:
    spec = chain_spec(network)
    starts = {
        spec.time_of_slot(limit.epoch * spec.preset.slots_per_epoch): limit.max_blobs
        for limit in spec.blob_schedule
    }
    for time in {*starts, *(fee.timestamp for fee in spec.blob_base_fees)}:
        consensus = [most for start, most in sorted(starts.items()) if start <= time]
        execution = [fee.max for fee in spec.blob_base_fees if fee.timestamp <= time]
        assert consensus[-1:] == execution[-1:] or time < min(starts)


@pytest.mark.parametrize("network", ["hoodi", "mainnet", "sepolia"])
def test_every_real_network_says_how_blobs_are_priced(network: str) -> None:
    assert chain_spec(network).blob_base_fees
