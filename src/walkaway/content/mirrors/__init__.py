"""Mirrors: a release that stands on several networks, tried on all of them.

`table.py` says where else one stands, by a person's settings, `first.py` tries several
ways to one thing, `block_mirror.py` takes blocks out of archives on other networks, and
`mirrors.py` puts them together. Begin there.
"""
