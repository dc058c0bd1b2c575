"""Filecoin: a piece's CID in, a proven file out, from whichever provider has it.

Begin with `content.py`, which opens pieces. `received.py` takes a piece while it comes,
`kept.py` keeps those that were proven, `piece_car.py` opens by their CIDs the files in a
piece that is a CAR, `pdp.py` asks what RPCs say of who proves to hold one, and
`pdp_words.py` puts that in words.
"""
