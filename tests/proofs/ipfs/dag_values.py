"""Values of the IPLD data model, for the tests of the codecs that carry them."""

from __future__ import annotations

from hypothesis import strategies as st

from walkaway.proofs.ipfs import codecs
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.data_model import Value

__all__ = ["LINKS", "VALUES", "nested"]

LINKS = st.binary(max_size=20).map(lambda data: Cid.of(codecs.RAW, data))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LEAVES: st.SearchStrategy[Value] = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 64), (1 << 64) - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
    | st.binary(max_size=40)
    | LINKS
)
VALUES: st.SearchStrategy[Value] = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(TEXTS.filter(lambda key: key != "/"), inner, max_size=4)
    ),
    max_leaves=10,
)


def nested(depth: int) -> Value:
    """A list in a list, and so on; depth 0 is null."""
    value: Value = None
    for _ in range(depth):
        value = [value]
    return value
