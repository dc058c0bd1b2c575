"""Routing V1, served: this node says that it has what it has, and keeps IPNS records.

Begin with `routing_v1.py`.
"""
