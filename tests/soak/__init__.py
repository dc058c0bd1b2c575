"""A soak: a node over sources that fail and lie at random, and clients that know what is true.

``python -m tests.soak --seconds 600 --seed 1`` runs a node in a process of its own, over a
devnet in this one. Refusing is allowed; being wrong is not, nor falling silent for
good, nor growing for ever. Begin reading at ``run.py``.

A seed repeats the dice: one period of weather after another and which source is honest
through it, what the others do next, the reorgs slot by slot, and of the first, second,
third question the kind and what it is about, counted from the head. It does not repeat
the timing between two processes, and so not which question meets which weather. Run a
seed several times to see again what it showed.
"""
