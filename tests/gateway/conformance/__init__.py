"""What the gateway conformance suite asks, over its own fixtures, in this project's words.

The suite itself (ipfs/gateway-conformance) is a Go program that asks a running gateway:
``make interop ONLY=gateway_conformance``. Here the same fixtures are served in process,
so that each change is held against them at once. Begin with ``exchange.py``.
"""
