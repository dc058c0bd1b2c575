"""Names as web origins: what their pages leave in a browser, and what a person decides of them.

May import `names`, `content` and `gateway.request`, `gateway.pages`, `gateway.answers`,
`gateway.safety`. Begin with
`name_origins.py`; `posted.py` says whose forms are taken.
"""
