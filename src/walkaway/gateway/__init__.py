"""The web gateway: content by address and by name, over HTTP, as browsers expect it.

May import everything below `publish`. Begin with `app.py`, which decides what
is asked for; the folders beside it answer: by path, by subdomain, and to
those who prove for themselves.
"""
