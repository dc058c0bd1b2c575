"""How things stand: the head, the checkpoint, the sources."""

from __future__ import annotations

from walkaway.rpc.methods.method import Method

__all__ = ["METHODS"]


METHODS: tuple[Method, ...] = ()
