"""Names that say what a test has them say."""

from __future__ import annotations

from walkaway.errors import WalkawayError
from walkaway.names.pointer import Pointer, parse_pointer
from walkaway.names.resolution import Resolution, Standing
from walkaway.proofs.proven import Evidence

__all__ = ["NEW", "NOON", "OLD", "THIRD", "ChangingNames"]

NOON = 1_790_856_000.0
OLD = parse_pointer("/ipfs/bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am")
NEW = parse_pointer("/ipfs/bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy/docs")
THIRD = parse_pointer("/ipns/k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8")


class ChangingNames:
    """Implements `Names`; ``asked`` counts the questions."""

    def __init__(self, says: dict[str, Pointer | WalkawayError]) -> None:
        self.says = says
        self.standing = Standing.PROVEN
        self.asked = 0

    async def resolve(self, name: str) -> Resolution:
        self.asked += 1
        said = self.says[name]
        if isinstance(said, WalkawayError):
            raise said
        because = Evidence("a contenthash record", (("name", name), ("block", b"\x01\x02")))
        return Resolution(said, 300.0, self.standing, because=because)
