"""A DNS laboratory of BIND and unbound: our verdict on each question is unbound's."""

MINUTES = 3
"""At most, with installing both."""
