"""ENS: what names of the Ethereum Name Service say, proven, by the network's own resolver.

Imports `chain` and everything below. Begin with `ens.py`: one call of the Universal
Resolver over proven state (`walkaway.evm.universal_resolver`), its lookups off chain
followed. `normalize.py` says which names are one, `records.py` and `contenthash.py` what
they hold, `resolver_record.py` whose code is believed to resolve them.
"""
