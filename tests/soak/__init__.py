"""A soak: a node over sources that fail and lie at random, and clients that know what is true.

``python -m tests.soak --seconds 600 --seed 1`` runs a node in a process of its own, over a
devnet in this one. Refusing is allowed; being wrong is not, nor falling silent for
good, nor growing for ever. Begin reading at ``run.py``.
"""
