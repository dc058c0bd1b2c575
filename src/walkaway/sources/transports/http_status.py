"""What the status of an HTTP reply that holds no answer says about a source."""

from __future__ import annotations

from walkaway.errors import NotKnown, SourceBusy, SourceFault, SourceLacks
from walkaway.sources.transports.http_client import HttpReply

__all__ = ["raise_if_busy", "status_fault"]


def status_fault(reply: HttpReply) -> SourceFault:
    """The fault, or what is none, that a failing status stands for."""
    status = reply.status
    if status == 404:
        return NotKnown("does not have it (HTTP status 404)")
    if status in (405, 501):
        return SourceLacks(f"does not serve this (HTTP status {status})", lasting=True)
    if _is_busy(reply):
        return SourceBusy(f"limits our rate (HTTP status {status})", retry_after=_wait(reply))
    return SourceFault(f"HTTP status {status}")


def raise_if_busy(reply: HttpReply) -> None:
    """Raise `SourceBusy` where the source limits our rate."""
    if _is_busy(reply):
        raise status_fault(reply)


def _is_busy(reply: HttpReply) -> bool:
    return reply.status == 429 or (reply.status == 503 and "Retry-After" in reply.headers)


def _wait(reply: HttpReply) -> float | None:
    """Retry-After in seconds (RFC 9110, section 10.2.3); a date is not worth a clock."""
    value = reply.headers.get("Retry-After", "").strip()
    return float(value) if value.isascii() and value.isdigit() and len(value) < 9 else None
