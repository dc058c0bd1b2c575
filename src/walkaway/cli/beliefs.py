"""Everything that is believed rather than proven, as one list.

`walkaway trust` prints it. What a later floor will have to believe is not here
until that floor exists.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from walkaway.anchors.dns_root import dns_root_anchors
from walkaway.anchors.kzg_setup import kzg_ceremony
from walkaway.anchors.spec import ChainSpec
from walkaway.chain.kept import Kept
from walkaway.cli.config import Settings
from walkaway.evm import native
from walkaway.limits import LIMITS
from walkaway.names.ens.resolver_record import KeptCode

__all__ = ["ENGINES", "LIBRARIES", "WORDS", "Belief", "beliefs"]

LIBRARIES = {
    "py_arkworks_bls12381": ("py-arkworks-bls12381", "BLS12-381 signatures"),
    "sha3": ("safe-pysha3", "Keccak-256"),
    "coincurve": ("coincurve", "secp256k1, a transaction's sender"),
    "dns": ("dnspython", "the form of DNS messages and names"),
    "cryptography": ("cryptography", "signatures of DNSSEC and of IPNS records"),
    "ckzg": ("ckzg", "KZG commitments of blobs"),
}
"""Code of others inside the proofs: module, distribution, what it computes."""

ENGINES = {
    "walkaway_native": ("walkaway-native", "revm, and a hasher of pieces of Filecoin"),
    "ethereum": ("ethereum-execution", "the executable specification"),
}
"""What runs calls: module, distribution, what it is. The first is used where it is installed."""

WORDS = (
    "that a block or transaction hash is unknown to every source asked",
    "that a transaction sent from here was taken by a submitter",
    "what a gateway told a contract about a name, or in any call where offchain_lookups is set",
)
"""What nobody can prove and is given as "n of m sources say so", never as proven."""


@dataclass(frozen=True, slots=True)
class Belief:
    """One thing believed: what it is, and the facts of it."""

    subject: str
    facts: tuple[str, ...]


def beliefs(
    settings: Settings,
    spec: ChainSpec,
    kept: Kept | None,
    now: float,
    resolver: KeptCode | None = None,
) -> list[Belief]:
    """What these settings make walkaway believe at the unix time ``now``.

    ``resolver`` is whose code was recorded to resolve names of ENS, None before first sight.
    """
    return [
        _checkpoint(settings, kept),
        _kept_depth(settings),
        _sync_committee(spec),
        _clock(now),
        _chain_spec(spec),
        _forks(spec),
        _blobs(spec),
        _submit(settings),
        _content(),
        *([_mirrors(settings)] if settings.mirrors else []),
        _kzg(),
        _dns_root(),
        *([] if spec.universal_resolver is None else [_ens(spec.universal_resolver, resolver)]),
        _engine(),
        _libraries(),
        _machine(),
    ]


def _checkpoint(settings: Settings, kept: Kept | None) -> Belief:
    oldest = f"{LIMITS.checkpoint_age_seconds / 86400:.0f} days"
    refused = f"one older than {oldest} is refused"
    if settings.checkpoint is not None:
        where = settings.came_from["checkpoint"]
        return Belief("checkpoint", (f"0x{settings.checkpoint.hex()}", f"given ({where})", refused))
    if kept is not None:
        facts = (
            f"0x{kept.checkpoint.hex()}",
            "kept by an earlier run, which followed the chain from it",
            refused,
        )
        return Belief("checkpoint", facts)
    operators = sorted({s.operator for s in settings.sources if "checkpoint" in s.kinds})
    enough = settings.checkpoint_operators
    facts = (
        "none is given or kept, so operators of sources are asked",
        f"{enough} of these {len(operators)} must agree on one: {', '.join(operators)}",
        f"a conflict refuses; {refused}",
    )
    return Belief("checkpoint", facts)


def _kept_depth(settings: Settings) -> Belief:
    file = f"block hashes that earlier runs proved final, in {settings.network}.headers"
    return Belief("kept depth", (file, "refused where one contradicts what is proven now"))


def _sync_committee(spec: ChainSpec) -> Belief:
    size = spec.preset.sync_committee_size
    honest = f"two thirds of each period's {size} validators are honest"
    return Belief("sync committee", (honest,))


def _clock(now: float) -> Belief:
    floor = "never taken to be behind a proven head, nor behind the last run"
    return Belief("clock", (f"this machine's, {_utc(now)}", floor))


def _chain_spec(spec: ChainSpec) -> Belief:
    facts = (
        f"{spec.network}: chain {spec.chain_id}, a slot each {spec.seconds_per_slot} seconds",
        f"genesis at {_utc(spec.genesis_time)}",
        f"validators root 0x{spec.genesis_validators_root.hex()}",
    )
    return Belief("chain spec", facts)


def _forks(spec: ChainSpec) -> Belief:
    named = (f"{fork.name.label} {fork.epoch}" for fork in spec.forks)
    return Belief("forks", (f"by epoch: {', '.join(named)}",))


def _blobs(spec: ChainSpec) -> Belief:
    limits = (f"{limit.max_blobs} from {limit.epoch}" for limit in spec.blob_schedule)
    return Belief("blobs", (f"at most, by epoch: {', '.join(limits) or 'none'}",))


def _submit(settings: Settings) -> Belief:
    what = "they can see, delay or drop it, and cannot change it"
    if not settings.submit:
        return Belief("submit", ("nobody is listed: transactions are refused",))
    alone = "only your own: " if settings.private_submit else ""
    return Belief("submit", (f"a transaction goes to {alone}{', '.join(settings.submit)}", what))


def _content() -> Belief:
    hashed = "nobody finds other bytes for a hash; weak hashes are refused"
    return Belief("content", (hashed,))


def _mirrors(settings: Settings) -> Belief:
    mirrored = len({release for release, _ in settings.mirrors})
    releases = "1 release" if mirrored == 1 else f"{mirrored} releases"
    word = f"you, that files elsewhere are those of {releases}; blocks prove themselves"
    return Belief("mirrors", (word,))


def _kzg() -> Belief:
    honest = f"{kzg_ceremony().name}: one of its makers was honest"
    return Belief("KZG setup", (honest,))


def _dns_root() -> Belief:
    keys = (f"{key.name} ({key.key_tag})" for key in dns_root_anchors().keys)
    return Belief("DNS root", (f"IANA's {', '.join(keys)}, above signed zones",))


def _ens(address: bytes, kept: KeptCode | None) -> Belief:
    whose = f"the ENS DAO, whose Universal Resolver (0x{address.hex()}) says what names lead to"
    if kept is None:
        return Belief(
            "ENS", (whose, "the code that is seen first is recorded; no other is believed")
        )
    came = "accepted by you" if kept.accepted else "recorded at first sight"
    code = f"the code at 0x{kept.implementation.hex()}, {came}; no other until you accept it"
    return Belief("ENS", (whose, code))


def _engine() -> Belief:
    name, what = ENGINES["walkaway_native" if native.available() else "ethereum"]
    told = f"{name} {version(name)}: {what}, runs calls over proven state"
    return Belief("engine", (told, "its results are not checked by another one"))


def _libraries() -> Belief:
    uses = (f"{name} {version(name)}: {use}" for name, use in LIBRARIES.values())
    return Belief("libraries", tuple(uses))


def _machine() -> Belief:
    ours = f"walkaway {version('walkaway')} on Python {platform.python_version()}"
    return Belief("this machine", (f"{ours}, {platform.system()} {platform.machine()}",))


def _utc(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
