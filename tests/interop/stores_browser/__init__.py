"""One app on IPFS, on Arweave, in contracts and in blobs: Chromium shows the same, and why."""

MINUTES = 3
"""At most, with installing."""
