"""One app on IPFS, on Arweave, in a contract and in blobs: Chromium shows the same, and why."""

MINUTES = 3
"""At most, with installing."""
