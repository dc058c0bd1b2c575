"""Keys on the disk: opened by their passphrase alone, and exchanged with Kubo."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from walkaway.errors import ConfigError, InvalidRequest, TooMuch, Unsupported
from walkaway.limits import LIMITS
from walkaway.names.ipns.keys import Cost, KeyStore
from walkaway.names.ipns.private_key import private_key_message, read_private_key
from walkaway.proofs.ipfs import protobuf
from walkaway.proofs.ipfs.ipns_name import name_of_key, name_text
from walkaway.proofs.ipfs.libp2p_keys import SigningKey, verify

QUICK = Cost(n=1 << 4, r=1, p=1)
SEED = bytes(range(32))
PUBLIC = SigningKey(SEED).public_key[4:]
PASSPHRASE = "correct horse ż"


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys", cost=QUICK)


def test_a_key_signs_for_the_name_that_it_was_given(store: KeyStore, tmp_path: Path) -> None:
    made = store.create("site", PASSPHRASE)
    key = KeyStore(tmp_path / "keys").open("site", PASSPHRASE)
    assert name_of_key(key.public_key) == made.name
    verify(key.public_key, b"message", key.sign(b"message"))
    assert store.find(name_text(made.name)) == store.find("site") == made
    assert store.create("other", PASSPHRASE).name != made.name
    assert [one.label for one in store.stored()] == ["other", "site"]


def test_nothing_of_the_key_stands_in_its_file(store: KeyStore, tmp_path: Path) -> None:
    store.add("site", private_key_message(SEED), PASSPHRASE)
    (file,) = (tmp_path / "keys").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    document = json.loads(file.read_text())
    assert set(document) >= {"version", "name", "salt", "nonce", "secret"}
    assert SEED not in file.read_bytes()
    assert (document["kdf"], document["n"]) == ("scrypt", QUICK.n)
    assert Cost().n * Cost().r * 128 == 128 << 20, "what a guess costs where nothing is said"


@pytest.mark.parametrize("wrong", ["", "correct horse z", PASSPHRASE + " ", "\ud800"])
def test_another_passphrase_opens_nothing(store: KeyStore, wrong: str) -> None:
    store.create("site", PASSPHRASE)
    with pytest.raises(InvalidRequest, match="passphrase"):
        store.open("site", wrong)
    with pytest.raises(InvalidRequest, match="passphrase"):
        store.export("site", wrong)


def test_what_was_changed_in_a_file_opens_nothing(store: KeyStore, tmp_path: Path) -> None:
    store.create("site", PASSPHRASE)
    other = store.create("other", PASSPHRASE)
    file = tmp_path / "keys" / "site.key.json"
    whole = json.loads(file.read_text())
    changes: list[dict[str, object]] = [
        {"name": name_text(other.name)},
        {"n": 1 << 5},
        {"r": 2},
        {"salt": "A" * 22 + "=="},
        {"nonce": "AAAAAAAAAAAAAAAA"},
        {"secret": whole["secret"][:-4]},
    ]
    for change in changes:
        file.write_text(json.dumps(whole | change))
        with pytest.raises(InvalidRequest, match="passphrase"):
            store.open("site", PASSPHRASE)
    file.write_text(json.dumps(whole))
    store.open("site", PASSPHRASE)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"n": 1 << 30},
        {"n": 3},
        {"n": 0},
        {"n": True},
        {"r": 1 << 40},
        {"p": 17},
        {"r": 65},
        {"n": 1 << 16, "r": 1},
        {"n": 2, "r": 1 << 22},
        {"n": 1 << 17, "r": 64},
        {"n": 1 << 20, "r": 8, "p": 16},
        {"salt": 7},
        {"salt": "AAAA"},
        {"salt": "ż"},
        {"nonce": "AAAA"},
        {"name": "k51"},
    ],
)
def test_a_file_that_is_none_is_said_so(
    store: KeyStore, tmp_path: Path, change: dict[str, object]
) -> None:
    store.create("site", PASSPHRASE)
    file = tmp_path / "keys" / "site.key.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    for ask in (lambda: store.open("site", PASSPHRASE), store.stored):
        with pytest.raises(ConfigError, match=r"site\.key\.json cannot be read"):
            ask()


def test_what_this_machine_has_not_the_memory_for_is_said_so(
    store: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short_of_memory(*_numbers: object) -> None:
        raise MemoryError

    store.create("site", PASSPHRASE)
    monkeypatch.setattr("walkaway.names.ipns.keys.Scrypt", short_of_memory)
    with pytest.raises(ConfigError, match="memory"):
        store.open("site", PASSPHRASE)


def test_a_pipe_among_the_keys_keeps_nobody_waiting(store: KeyStore, tmp_path: Path) -> None:
    store.create("site", PASSPHRASE)
    os.mkfifo(tmp_path / "keys" / "pipe.key.json")
    with pytest.raises(ConfigError, match="no file"):
        store.stored()


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, bytes(5000)])
def test_garbage_raises_nothing_outside_the_tree(
    store: KeyStore, tmp_path: Path, content: bytes
) -> None:
    store.create("site", PASSPHRASE)
    (tmp_path / "keys" / "site.key.json").write_bytes(content)
    with pytest.raises(ConfigError):
        store.find("site")


@pytest.mark.parametrize("label", ["", "../x", "A", "a/b", "-a", "a" * 65, "site"])
def test_labels_are_held_to_what_a_file_can_be_called_and_to_be_new(
    store: KeyStore, label: str
) -> None:
    before = store.create("site", PASSPHRASE)
    with pytest.raises(InvalidRequest):
        store.create(label, PASSPHRASE)
    assert store.stored() == [before]


def test_a_key_needs_a_passphrase_and_a_place(store: KeyStore, tmp_path: Path) -> None:
    for short in ("", "x", "1234567"):
        with pytest.raises(InvalidRequest, match="8 characters at least"):
            store.create("site", short)
    assert store.stored() == []
    few = KeyStore(tmp_path / "keys", cost=QUICK, limits=replace(LIMITS, ipns_keys=1))
    few.create("site", PASSPHRASE)
    with pytest.raises(TooMuch):
        few.create("other", PASSPHRASE)
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["site.key.json"]


def test_a_key_has_one_label(store: KeyStore) -> None:
    kept = store.add("site", private_key_message(SEED), PASSPHRASE)
    for label, says in (("other", "here already, as 'site'"), ("site", "there is a key 'site'")):
        with pytest.raises(InvalidRequest, match=says):
            store.add(label, private_key_message(SEED), PASSPHRASE)
    assert store.stored() == [kept]


def test_a_folder_that_is_none_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "keys").write_bytes(b"")
    store = KeyStore(tmp_path / "keys", cost=QUICK)
    for ask in (store.stored, lambda: store.create("site", PASSPHRASE)):
        with pytest.raises(ConfigError, match="cannot be used"):
            ask()


def test_a_key_that_is_removed_is_gone(store: KeyStore) -> None:
    made = store.create("site", PASSPHRASE)
    assert store.remove(name_text(made.name)) == made
    for unknown in ("site", name_text(made.name), "", "x" * 5000):
        with pytest.raises(InvalidRequest, match="there is no key"):
            store.find(unknown)


def test_a_key_comes_and_goes_in_libp2ps_form(store: KeyStore) -> None:
    exported = private_key_message(SEED)
    assert exported == bytes.fromhex("08011240") + SEED + PUBLIC
    assert store.add("site", exported, PASSPHRASE).name == name_of_key(SigningKey(SEED).public_key)
    assert store.export("site", PASSPHRASE) == exported
    # As it was written before 2019, with the public key once more.
    assert read_private_key(bytes.fromhex("08011260") + SEED + PUBLIC + PUBLIC) == SEED


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x08\x01",
        b"-----BEGIN PRIVATE KEY-----",
        bytes.fromhex("08011240") + SEED + SEED,
        bytes.fromhex("08011220") + SEED,
        bytes.fromhex("08011210") + SEED[:16],
        bytes.fromhex("08011240") + SEED + PUBLIC[:-1],
        protobuf.field(2, SEED + PUBLIC),
        bytes(9000),
    ],
)
def test_what_is_no_exported_key_is_refused(message: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read_private_key(message)


@pytest.mark.parametrize("kind", [0, 2, 3])
def test_keys_of_other_types_are_not_taken(kind: int) -> None:
    with pytest.raises(Unsupported, match="Ed25519"):
        read_private_key(protobuf.field(1, kind) + protobuf.field(2, SEED + PUBLIC))
