"""FlatDirectory of EthStorage: filled by its own SDK, in contracts and in blobs, and read here."""

MINUTES = 4
"""At most, with installing."""
