"""The DNS root's keys: those that IANA publishes, and those of a laboratory."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from walkaway.anchors.dns_root import dns_root_anchors, parse_root_anchors, root_anchor
from walkaway.errors import ConfigError

DS = "20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"


def test_the_keys_that_come_with_the_package() -> None:
    first, second = dns_root_anchors().keys
    assert (first.name, first.key_tag, first.algorithm, first.digest_type) == (
        "KSK-2017",
        20326,
        8,
        2,
    )
    assert first.digest.hex().upper() == DS.split()[3]
    assert (second.name, second.key_tag) == ("KSK-2024", 38696)
    assert second.digest.hex().startswith("683d2d0acb8c9b71")
    assert first.since == datetime(2017, 2, 2, tzinfo=UTC).timestamp()
    assert second.since == datetime(2024, 7, 18, tzinfo=UTC).timestamp()


def test_a_key_in_the_form_of_a_ds_record() -> None:
    anchor = root_anchor(f"1 13 4 {'AB' * 24} {'cd' * 24}")
    assert anchor.digest == b"\xab" * 24 + b"\xcd" * 24
    assert (anchor.name, anchor.since) == ("key 1", 0)


@pytest.mark.parametrize(
    "ds",
    [
        "",
        "1 2 3",
        "x 8 2 00",
        "1 8 2 zz",
        "1 8 2 " + "00" * 31,
        "1 8 1 " + "00" * 20,
        "65536 8 2 " + "00" * 32,
        "-1 8 2 " + "00" * 32,
        "1 256 2 " + "00" * 32,
    ],
)
def test_what_is_no_key(ds: str) -> None:
    with pytest.raises(ConfigError, match="a root key"):
        root_anchor(ds)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("keys = [", "lab.toml is not TOML"),
        ("", "at least one table"),
        ("keys = []", "at least one table"),
        ("keys = [1]", r"keys\[0\] is a table"),
        ("[[keys]]\nname = 'x'", "ds and name are text"),
        (f"[[keys]]\nds = '{DS}'\nname = 1", "ds and name are text"),
        (f"[[keys]]\nds = '{DS}'\nsince = 2017", "a moment with its time zone"),
        (f"[[keys]]\nds = '{DS}'\nsince = 2017-01-01T00:00:00", "a moment with its time zone"),
        ("[[keys]]\nds = '1 2'", "no DS record"),
    ],
)
def test_what_is_no_file_of_keys(text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        parse_root_anchors(text, "lab.toml")


def test_a_file_of_a_laboratory() -> None:
    (key,) = parse_root_anchors(f"[[keys]]\nds = '{DS}'", "lab.toml").keys
    assert key == root_anchor(DS)
