"""The pages that the gateway makes itself; they load nothing from anywhere.

Begin with `frame.py`, which all of them share.
"""
