"""Pages of contracts: the library that other clients of web3:// read them with, beside us."""

MINUTES = 2
"""At most, with installing."""
