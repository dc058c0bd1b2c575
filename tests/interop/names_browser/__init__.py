"""A real Chromium at the origins of names: hijacked, held, restored, and beside a hostile one."""

MINUTES = 4
"""At most, with installing."""
