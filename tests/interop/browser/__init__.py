"""A real Chromium: pages of strangers against our ports, and pages of this machine."""

MINUTES = 4
"""At most, with installing."""
