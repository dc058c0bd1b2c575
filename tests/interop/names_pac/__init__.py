"""A real Chromium with the gateway's proxy auto-config file: names in its own address bar."""

MINUTES = 2
"""At most, with installing."""
