"""The web gateway: content by address and by name, over HTTP, as browsers expect it.

May import everything below `publish`. Begin with `app.py`, which decides who may ask;
`routes.py` says where host and path lead. `request/` reads what is asked, `answers/` finds
what stands there and answers with it, `pages/` are the gateway's own, `safety/` says who
may ask and what is not served, `origins/` what names leave in a browser and what a person
decides of them, `routing/` tells other nodes what is held here.
"""
