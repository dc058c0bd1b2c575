"""A real Chromium opens a site at its own origin, and the pages that the gateway writes."""

MINUTES = 4
"""At most, with installing."""
