"""What is kept survives a kill at any moment, and damage is never taken for state."""

from __future__ import annotations

from pathlib import Path

import pytest

from walkaway.chain.kept import Kept, KeptState
from walkaway.errors import ConfigError
from walkaway.limits import LIMITS


def generation(number: int) -> Kept:
    return Kept(
        chain_id=1,
        store=bytes([number]) * 40,
        head_slot=number,
        checkpoint=b"\7" * 32,
        finalized={number: bytes([number]) * 32},
    )


def test_nothing_was_kept(tmp_path: Path) -> None:
    assert KeptState(tmp_path, "mainnet").load() is None


def test_the_newest_generation_comes_back(tmp_path: Path) -> None:
    state = KeptState(tmp_path / "new", "mainnet")
    state.save(generation(1))
    state.save(generation(2))
    assert state.load() == generation(2)
    assert state.path.stat().st_mode & 0o777 == 0o600


def test_each_truncation_falls_back_to_the_generation_before(tmp_path: Path) -> None:
    state = KeptState(tmp_path, "mainnet")
    state.save(generation(1))
    state.save(generation(2))
    whole = state.path.read_bytes()
    for length in range(len(whole)):
        state.path.write_bytes(whole[:length])
        assert state.load() == generation(1)


def test_each_flipped_byte_falls_back_to_the_generation_before(tmp_path: Path) -> None:
    state = KeptState(tmp_path, "mainnet")
    state.save(generation(1))
    state.save(generation(2))
    whole = state.path.read_bytes()
    for place in range(len(whole)):
        state.path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert state.load() == generation(1)


def test_a_damaged_file_never_becomes_the_generation_before(tmp_path: Path) -> None:
    state = KeptState(tmp_path, "mainnet")
    state.save(generation(1))
    state.save(generation(2))
    state.path.write_bytes(b"damaged")
    state.save(generation(3))
    state.path.write_bytes(b"damaged")
    assert state.load() == generation(1)


def test_a_kill_between_write_and_rename_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = KeptState(tmp_path, "mainnet")
    state.save(generation(1))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        state.save(generation(2))
    assert state.load() == generation(1)


def test_where_all_is_damaged_the_person_is_told(tmp_path: Path) -> None:
    state = KeptState(tmp_path, "mainnet")
    state.path.write_bytes(b"damaged")
    with pytest.raises(ConfigError, match="damaged") as told:
        state.load()
    assert "--checkpoint" in told.value.advice


def test_only_so_many_finalized_roots_are_kept(tmp_path: Path) -> None:
    state = KeptState(tmp_path, "mainnet")
    many = {slot: bytes(32) for slot in range(LIMITS.kept_finalized_roots + 5)}
    state.save(Kept(1, b"", 0, bytes(32), many))
    kept = state.load()
    assert kept is not None
    assert min(kept.finalized) == 5
    assert len(kept.finalized) == LIMITS.kept_finalized_roots


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    state = KeptState(tmp_path, "mainnet")
    with state.path.open("wb") as file:
        file.truncate(LIMITS.kept_state_bytes + 1)
    with pytest.raises(ConfigError):
        state.load()
