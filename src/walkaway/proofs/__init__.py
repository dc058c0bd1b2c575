"""The trusted base: pure functions from bytes and a commitment to a `Proven` value.

No I/O, no clock, no configuration, no logging. May import `anchors`, `errors`
and `limits`, nothing else of ours. A function here either returns a `Proven`
or raises a `ProofError`. Begin with `proven.py` (what a proven value is), then
`consensus/` (a head from signatures) and `execution/` (state from a head).
"""

from walkaway.proofs.proven import Claim, Evidence, Finality, Proven, Subject

__all__ = ["Claim", "Evidence", "Finality", "Proven", "Subject"]
