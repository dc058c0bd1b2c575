"""Read a network's chain spec from its data file.

A file is checked in full before anything is taken from it, so that a typing
mistake is a `ConfigError` that names the file and the field, and never a chain
followed under wrong rules.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from walkaway.anchors.spec import BlobBaseFee, BlobLimit, ChainSpec, ForkName, Preset, ScheduledFork
from walkaway.errors import ConfigError

__all__ = ["MAINNET_PRESET", "MINIMAL_PRESET", "chain_spec", "networks", "parse_chain_spec"]

MAINNET_PRESET = Preset(
    "mainnet", slots_per_epoch=32, epochs_per_sync_committee_period=256, sync_committee_size=512
)
MINIMAL_PRESET = Preset(
    "minimal", slots_per_epoch=8, epochs_per_sync_committee_period=8, sync_committee_size=32
)
_PRESETS = {preset.name: preset for preset in (MAINNET_PRESET, MINIMAL_PRESET)}
_FOLDER = files("walkaway.anchors") / "networks"


def networks() -> tuple[str, ...]:
    """The networks whose specs come with this package."""
    names = (entry.name for entry in _FOLDER.iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def chain_spec(network: str) -> ChainSpec:
    """The spec of a network that comes with this package; a ConfigError names those that do."""
    if network not in networks():
        known = ", ".join(networks())
        raise ConfigError(f"no chain spec for the network {network!r}", advice=f"known: {known}")
    return parse_chain_spec((_FOLDER / f"{network}.toml").read_text("utf-8"), f"{network}.toml")


def parse_chain_spec(text: str, name: str) -> ChainSpec:
    """Read a chain spec from TOML; ``name`` is the file's, for errors."""
    try:
        table = _Table(tomllib.loads(text), name)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name} is not TOML: {error}") from None
    preset = _PRESETS.get(table.text("preset"))
    if preset is None:
        raise ConfigError(f"{name}: preset is one of {', '.join(_PRESETS)}")
    return ChainSpec(
        network=table.text("network"),
        chain_id=table.count("chain_id", least=1),
        preset=preset,
        genesis_time=table.count("genesis_time"),
        genesis_validators_root=table.octets("genesis_validators_root", 32),
        seconds_per_slot=table.count("seconds_per_slot", least=1),
        forks=_forks(table.table("forks")),
        blob_schedule=_blob_schedule(table),
        blob_base_fees=_blob_base_fees(table) if "blob_base_fees" in table.fields else (),
        deposit_contract=table.octets("deposit_contract", 20)
        if "deposit_contract" in table.fields
        else None,
        universal_resolver=table.octets("universal_resolver", 20)
        if "universal_resolver" in table.fields
        else None,
    )


class _Table:
    """A TOML table whose fields are read by type, each error naming its place."""

    def __init__(self, fields: dict[str, object], place: str) -> None:
        self.fields = fields
        self.place = place

    def text(self, name: str) -> str:
        value = self._get(name)
        if not isinstance(value, str):
            raise ConfigError(f"{self.place}: {name} is text")
        return value

    def count(self, name: str, *, least: int = 0) -> int:
        value = self._get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ConfigError(f"{self.place}: {name} is a whole number of at least {least}")
        return value

    def flag(self, name: str) -> bool:
        value = self._get(name)
        if not isinstance(value, bool):
            raise ConfigError(f"{self.place}: {name} is true or false")
        return value

    def octets(self, name: str, size: int) -> bytes:
        text = self.text(name)
        try:
            value = bytes.fromhex(text.removeprefix("0x"))
        except ValueError:
            value = b""
        if not text.startswith("0x") or len(value) != size:
            raise ConfigError(f"{self.place}: {name} is 0x and {2 * size} hex digits")
        return value

    def table(self, name: str) -> _Table:
        value = self._get(name)
        if not isinstance(value, dict):
            raise ConfigError(f"{self.place}: {name} is a table")
        return _Table(value, f"{self.place}: {name}")

    def tables(self, name: str) -> list[_Table]:
        value = self._get(name)
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise ConfigError(f"{self.place}: {name} is a list of tables")
        return [_Table(entry, f"{self.place}: {name}[{at}]") for at, entry in enumerate(value)]

    def _get(self, name: str) -> object:
        if name not in self.fields:
            raise ConfigError(f"{self.place}: {name} is missing")
        return self.fields[name]


def _forks(table: _Table) -> tuple[ScheduledFork, ...]:
    names = {fork.label: fork for fork in ForkName}
    if unknown := table.fields.keys() - names.keys():
        raise ConfigError(f"{table.place}: unknown fork {', '.join(sorted(unknown))}")
    forks = []
    for label in sorted(table.fields, key=names.__getitem__):
        entry = table.table(label)
        forks.append(ScheduledFork(names[label], entry.octets("version", 4), entry.count("epoch")))
    epochs = [fork.epoch for fork in forks]
    if not forks or forks[0].name is not ForkName.PHASE0 or epochs[0] or epochs != sorted(epochs):
        raise ConfigError(f"{table.place}: epochs ascend from phase0 at epoch 0")
    return tuple(forks)


def _blob_schedule(table: _Table) -> tuple[BlobLimit, ...]:
    limits = tuple(
        BlobLimit(entry.count("epoch"), entry.count("max_blobs"))
        for entry in table.tables("blob_schedule")
    )
    epochs = [limit.epoch for limit in limits]
    if epochs != sorted(set(epochs)):
        raise ConfigError(f"{table.place}: the epochs of blob_schedule ascend")
    return limits


def _blob_base_fees(table: _Table) -> tuple[BlobBaseFee, ...]:
    fees = tuple(
        BlobBaseFee(
            timestamp=entry.count("timestamp"),
            target=entry.count("target", least=1),
            max=entry.count("max", least=1),
            update_fraction=entry.count("update_fraction", least=1),
            reserve_price=entry.flag("reserve_price"),
        )
        for entry in table.tables("blob_base_fees")
    )
    times = [fee.timestamp for fee in fees]
    if times != sorted(set(times)):
        raise ConfigError(f"{table.place}: the timestamps of blob_base_fees ascend")
    return fees
