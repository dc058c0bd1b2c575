"""Standard libraries, as they are, against our endpoint over a devnet with liars in it."""

MINUTES = 5
"""At most, with installing."""
