"""FlatDirectory of EthStorage: filled by its own SDK, in contracts and in blobs, and read here."""

MINUTES = 3
"""At most, with installing."""
