"""Content on Arweave: made by npm's arweave and arbundles and proven here, and the other way; and a
file of 300 MB, streamed past liars.
"""

MINUTES = 4
"""At most, with installing."""
