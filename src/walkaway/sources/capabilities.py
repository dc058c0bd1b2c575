"""What a source can do, learned from what it could not; "unsupported" is no fault.

Nothing is configured. A form of question that a source does not know (proof
by block hash of EIP-1898, ``eth_getBlockReceipts``, SSZ on a beacon route) is
not put to it again for an hour; a batch that is refused is halved; a proof
too far back marks how far back it proves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from walkaway.limits import Limits
from walkaway.sources.request import (
    ArnsRequest,
    ArweaveRequest,
    BeaconRequest,
    BlockRequest,
    DnsRequest,
    IpnsPublication,
    IpnsRequest,
    PieceRequest,
    ProvidersRequest,
    Request,
    RpcRequest,
)

__all__ = ["Capabilities", "CapabilityReport", "form_of"]

_PATH_VALUE = re.compile(r"/(?:0x[0-9a-fA-F]*|[0-9]+)(?=/|$)")
_FORMS_REMEMBERED = 128
_FORMS: Mapping[type[Request], str] = {
    ProvidersRequest: "providers",
    IpnsPublication: "IPNS records, published",
    ArnsRequest: "ArNS names",
    PieceRequest: "pieces",
    DnsRequest: "DNS records",
}


def form_of(request: Request) -> str:
    """The form of a question: what two questions share that a source serves alike."""
    if isinstance(request, RpcRequest):
        return f"{request.method} by block hash" if request.by_hash else request.method
    if isinstance(request, BeaconRequest):
        return f"GET {_PATH_VALUE.sub('/*', request.path)} as {request.accept}"
    if isinstance(request, BlockRequest):
        return "blocks by Kubo's RPC" if request.kind == "kubo" else "blocks"
    if isinstance(request, IpnsRequest):
        return f"IPNS records, {request.kind}"
    if isinstance(request, ArweaveRequest):
        return f"Arweave, {request.wants}"
    return _FORMS[type(request)]


@dataclass(frozen=True, slots=True)
class CapabilityReport:
    """What was learned of one source. ``batch_calls`` of 1 means no batches;
    the two depths are blocks behind the head, None while nothing is known.
    """

    lacks: tuple[str, ...]
    batch_calls: int
    proof_depth_served: int | None
    proof_depth_refused: int | None


class Capabilities:
    """One source's capabilities, as far as questions have shown them."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lacks: dict[str, float] = {}
        self._batch_calls = limits.batch_calls
        self._batch_known_at = 0.0
        self._served: dict[str, int] = {}
        self._refused: dict[str, tuple[int, float]] = {}

    def may_serve(self, request: Request, now: float) -> bool:
        """Whether nothing learned so far speaks against putting this question."""
        form = form_of(request)
        if self._lacks.get(form, now) > now:
            return False
        if isinstance(request, RpcRequest) and request.depth is not None:
            depth, until = self._refused.get(form, (request.depth + 1, now))
            return until <= now or request.depth < depth
        return True

    def served(self, request: Request) -> None:
        """It answered this."""
        form = form_of(request)
        self._lacks.pop(form, None)
        if isinstance(request, RpcRequest) and request.depth is not None:
            self._served[form] = max(request.depth, self._served.get(form, 0))
            if request.depth >= self._refused.get(form, (request.depth + 1, 0.0))[0]:
                del self._refused[form]

    def lacks(self, request: Request, now: float, *, lasting: bool) -> None:
        """It cannot answer this: no question of this form if lasting, else none as deep."""
        form = form_of(request)
        until = now + self._limits.capability_seconds
        if lasting:
            if len(self._lacks) >= _FORMS_REMEMBERED:
                self._lacks.pop(next(iter(self._lacks)))
            self._lacks[form] = until
        elif isinstance(request, RpcRequest) and request.depth is not None:
            known = self._refused.get(form, (request.depth, 0.0))[0]
            self._refused[form] = (min(request.depth, known), until)

    def batch_calls(self, now: float) -> int:
        """How many calls a batch may hold; after an hour larger ones are tried again."""
        if self._batch_known_at and now - self._batch_known_at > self._limits.capability_seconds:
            self._batch_calls = self._limits.batch_calls
            self._batch_known_at = 0.0
        return self._batch_calls

    def batch_refused(self, calls: int, now: float) -> None:
        """A batch of this many calls was refused: halve."""
        self._batch_calls = max(1, min(self._batch_calls, calls // 2))
        self._batch_known_at = now

    def report(self, now: float) -> CapabilityReport:
        """What is known, for the status."""
        proofs = [form for form in self._served if form.startswith("eth_getProof")]
        refusals = [form for form in self._refused if form.startswith("eth_getProof")]
        return CapabilityReport(
            lacks=tuple(sorted(form for form, until in self._lacks.items() if until > now)),
            batch_calls=self.batch_calls(now),
            proof_depth_served=max((self._served[form] for form in proofs), default=None),
            proof_depth_refused=min((self._refused[form][0] for form in refusals), default=None),
        )
