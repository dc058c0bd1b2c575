"""Names of ENS: the contracts that its packages ship, and clients that resolve names themselves."""

MINUTES = 4
"""At most, with installing."""
