"""The web gateway: content by address and by name, over HTTP, as browsers expect it.

May import everything below `publish`. Begin with `app.py`, which decides who may
ask; `routes.py` reads what for, `content.py` finds what stands there, and `files.py`,
`directories.py`, `documents.py`, `archives.py` and `records.py` answer with it.
"""
