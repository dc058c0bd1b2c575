"""The profiles of IPIP-499, and the addresses that it gives for each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms

from walkaway.content.importer.directory import directory
from walkaway.content.importer.file_dag import Block, FileDag, leaf
from walkaway.content.importer.profiles import (
    PROFILES,
    UNIXFS_V0_2015,
    UNIXFS_V1_2025,
    Profile,
    profile_named,
)
from walkaway.content.importer.run import import_path
from walkaway.errors import InvalidRequest
from walkaway.proofs.ipfs.hamt import Shard
from walkaway.proofs.ipfs.unixfs import Directory, read_node

KIB = 1024
MIB = 1024 * 1024
ALPHABET = "abcdefghijklmnopqrstuvwxyz01234567890-_"


def keystream(seed: str) -> CipherContext:
    key = hashlib.sha256(seed.encode()).digest()
    return Cipher(algorithms.ChaCha20(key, bytes(16)), None).encryptor()


def pieces(seed: str, size: int, piece: int) -> Iterator[bytes]:
    """What a seed stands for, in pieces of which the last may be shorter."""
    stream, zeros = keystream(seed), bytes(piece)
    for at in range(0, size, piece):
        yield stream.update(zeros[: min(piece, size - at)])


@pytest.mark.parametrize(
    ("profile", "cid"),
    [
        (UNIXFS_V0_2015, "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD"),
        (UNIXFS_V1_2025, "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"),
    ],
)
async def test_a_small_file(profile: Profile, cid: str, tmp_path: Path) -> None:
    path = tmp_path / "hello"
    path.write_bytes(b"hello world")
    assert str(await import_path(path, None, profile)) == cid


@pytest.mark.parametrize(
    ("profile", "size", "seed", "cid"),
    [
        (
            UNIXFS_V0_2015,
            256 * KIB,
            "chunk-v0-seed",
            "QmWmRj3dFDZdb6ABvbmKhEL6TmPbAfBZ1t5BxsEyJrcZhE",
        ),
        (
            UNIXFS_V0_2015,
            256 * KIB + 1,
            "chunk-v0-seed",
            "QmYyLxtzZyW22zpoVAtKANLRHpDjZtNeDjQdJrcQNWoRkJ",
        ),
        (
            UNIXFS_V0_2015,
            174 * 256 * KIB,
            "v0-seed",
            "QmUbBALi174SnogsUzLpYbD4xPiBSFANF4iztWCsHbMKh2",
        ),
        (
            UNIXFS_V0_2015,
            175 * 256 * KIB,
            "v0-seed",
            "QmepeWtdmS1hHXx1oZXsPUv6bMrfRRKfZcoPPU4eEfjnbf",
        ),
        (
            UNIXFS_V1_2025,
            MIB,
            "chunk-v1-seed",
            "bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta",
        ),
        (
            UNIXFS_V1_2025,
            MIB + 1,
            "chunk-v1-seed",
            "bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64",
        ),
    ],
)
async def test_a_file_about_each_boundary(
    profile: Profile, size: int, seed: str, cid: str, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.writelines(pieces(seed, size, MIB))
    assert str(await import_path(path, None, profile)) == cid


def test_a_file_about_the_boundary_of_a_gibibyte() -> None:
    profile = UNIXFS_V1_2025
    size = 1025 * MIB
    wanted = {
        1024 * MIB: "bafybeihmf37wcuvtx4hpu7he5zl5qaf2ineo2lqlfrapokkm5zzw7zyhvm",
        1024 * MIB + 1: "bafybeibdsi225ugbkmpbdohnxioyab6jsqrmkts3twhpvfnzp77xtzpyhe",
        1025 * MIB: "bafybeihmzokxxjqwxjcryerhp5ezpcog2wcawfryb2xm64xiakgm4a5jue",
    }
    files = {size: FileDag(profile) for size in wanted}
    for number, chunk in enumerate(pieces("v1-2025-seed", size, MIB)):
        parts: dict[int, Block] = {}
        for end, file in files.items():
            mine = min(MIB, end - number * MIB)
            if mine > 0:
                if mine not in parts:
                    parts[mine] = leaf(profile, chunk[:mine])
                list(file.add(parts[mine][0], mine))
    roots = {end: str(list(file.finish())[-1][0].cid) for end, file in files.items()}
    assert roots == wanted


@pytest.mark.parametrize(
    ("profile", "lengths", "kind", "cid"),
    [
        (
            UNIXFS_V0_2015,
            [30] * 4096,
            Directory,
            "QmX5GtRk3TSSEHtdrykgqm4eqMEn3n2XhfkFAis5fjyZmN",
        ),
        (UNIXFS_V0_2015, [31] * 4033, Shard, "QmeMiJzmhpJAUgynAcxTQYek5PPKgdv3qEvFsdV3XpVnvP"),
        (
            UNIXFS_V1_2025,
            [11] * 4765 + [21],
            Directory,
            "bafybeic3h7rwruealwxkacabdy45jivq2crwz6bufb5ljwupn36gicplx4",
        ),
        (
            UNIXFS_V1_2025,
            [11] * 4765 + [22],
            Shard,
            "bafybeiegvuterwurhdtkikfhbxcldohmxp566vpjdofhzmnhv6o4freidu",
        ),
    ],
)
def test_a_directory_at_its_threshold_and_one_byte_over(
    profile: Profile, lengths: list[int], kind: type, cid: str
) -> None:
    stream, link = keystream(f"hamt-{profile.name}"), leaf(profile, b"x")[0]
    names = [
        "".join([ALPHABET[byte % 39] for byte in stream.update(bytes(length))])
        for length in lengths
    ]
    *_, root = directory(profile, dict.fromkeys(names, link))
    assert str(root[0].cid) == cid
    assert isinstance(read_node(root[0].cid, root[1].value), kind)


def test_profiles_go_by_their_names() -> None:
    assert [profile_named(name) for name in PROFILES] == [UNIXFS_V1_2025, UNIXFS_V0_2015]
    assert [profile.name for profile in PROFILES.values()] == list(PROFILES)
    with pytest.raises(InvalidRequest, match="no profile") as refused:
        profile_named("unixfs-v2")
    assert "unixfs-v1-2025, unixfs-v0-2015" in refused.value.advice
