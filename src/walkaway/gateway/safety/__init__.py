"""Who may ask, and what is not served: pages of other sites, and the denylist.

Begin with `fences.py`.
"""
