"""A real Kubo: the same addresses for the same files, and content both ways."""

MINUTES = 9
"""At most, with building it."""
