"""Lookups off chain: a client that follows them itself, beside the endpoint that does."""

MINUTES = 2
"""At most, with installing."""
