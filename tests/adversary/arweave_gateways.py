"""Two gateways over one large transaction, in a process of their own: one lies now and then.

Prints the id and the two URLs, and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import sys

from tests.content.arweave.stand import add_transaction
from walkaway.devnet.content.arweave import ArweaveSource
from walkaway.devnet.content.manners import Manner, Manners
from walkaway.devnet.content.weave import Weave

__all__ = ["large"]


_PAGE = 4096
_REST = bytes(range(256)) * (_PAGE // 256)


def large(start: int, end: int) -> bytes:
    """Bytes ``start`` to ``end`` of data without an end, of which each page is another."""
    first, last = start // _PAGE, -(-end // _PAGE)
    body = b"".join(at.to_bytes(8, "big") + _REST[8:] for at in range(first, last))
    return body[start - _PAGE * first : end - _PAGE * first]


async def serve(size: int) -> None:
    weave = Weave()
    name = add_transaction(weave, large(0, size), "video/mp4")
    liar = ArweaveSource(weave, Manners(Manner.WRONG, one_in=40, spared=3), byte=100_000)
    urls = [await source.start() for source in (liar, ArweaveSource(weave))]
    sys.stdout.write(" ".join([name, *urls]) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
