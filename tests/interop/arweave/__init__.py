"""Content on Arweave: made by npm's arweave and arbundles and proven here, and the other way."""

MINUTES = 3
"""At most, with installing."""
