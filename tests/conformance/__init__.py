"""The execution API's conformance suite: its chain, and its recorded exchanges.

Begin with `node.py` (the chain behind the devnet's beacon side, and walkaway
following it), then `exchanges.py` (what was asked and answered) and `page.py`
(what came of it, as a page of the documentation).
"""
