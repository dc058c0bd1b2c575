"""IPNS names: the hash of a public key, as text and as a CID.

https://specs.ipfs.tech/ipns/ipns-record/, "IPNS Name". A name is held as a CID of
version 1 with the codec ``libp2p-key``, and written in base36.
"""

from __future__ import annotations

from walkaway.errors import ProofError
from walkaway.proofs.ipfs import codecs, multihash
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.libp2p_keys import key_multihash
from walkaway.proofs.ipfs.multibase import BASE36, BASE58BTC

__all__ = ["check_name", "name_of_key", "name_text", "parse_name"]

_FUNCTIONS = (codecs.IDENTITY, codecs.SHA2_256)


def parse_name(text: str) -> Cid:
    """Read a name: a CID in any base, or a peer ID in bare base58btc. Raises `ProofError`."""
    if text.startswith(("Qm", "1")):
        name = Cid(1, codecs.LIBP2P_KEY, BASE58BTC.decode(text))
    else:
        name = Cid.parse(text)
    check_name(name)
    return name


def check_name(name: Cid) -> None:
    """Raise `ProofError` unless a CID can be the name of a key."""
    if name.version != 1 or name.codec != codecs.LIBP2P_KEY:
        raise ProofError("an IPNS name is a CID of a libp2p key", got=name)
    if multihash.decode(name.multihash)[0] not in _FUNCTIONS:
        raise ProofError("an IPNS name holds a key, or its SHA2-256", got=name)


def name_of_key(public_key: bytes) -> Cid:
    """The name of a public key, which is given in its libp2p message."""
    return Cid(1, codecs.LIBP2P_KEY, key_multihash(public_key))


def name_text(name: Cid) -> str:
    """A name as it is written in an address, in base36."""
    return name.text(BASE36)
