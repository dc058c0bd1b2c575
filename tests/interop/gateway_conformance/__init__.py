"""The IPFS gateway conformance suite, run against `walkaway up` as a person starts it."""

MINUTES = 8
"""At most, with building it."""
