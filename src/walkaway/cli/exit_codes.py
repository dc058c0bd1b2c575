"""What the process says when it ends, and what a person can do about it."""

from __future__ import annotations

from enum import IntEnum

from walkaway.errors import (
    ConfigError,
    InvalidRequest,
    NoEndpoint,
    NoNetwork,
    NoSuchName,
    NoSuchPath,
    ProofError,
    Stale,
    Unproven,
    UnsignedName,
    Unsupported,
    WalkawayError,
)

__all__ = ["ExitCode", "advice_on", "exit_code_of"]


class ExitCode(IntEnum):
    """Exit codes; part of the interface, listed in ``docs/configuration.md``."""

    OK = 0
    REFUSED = 1
    """Nothing proven could be given: refused, unproven, stale, or a failed step."""
    USAGE = 2
    """The command line, the configuration or the question is wrong."""
    NO_NETWORK = 3
    """No source could even be reached."""
    NO_ENDPOINT = 4
    """No endpoint is running where one was asked."""
    INTERRUPTED = 130
    """Ended by Ctrl-C before it was done."""


_CODES: tuple[tuple[type[WalkawayError], ExitCode], ...] = (
    (ConfigError, ExitCode.USAGE),
    (InvalidRequest, ExitCode.USAGE),
    (NoNetwork, ExitCode.NO_NETWORK),
    (NoEndpoint, ExitCode.NO_ENDPOINT),
)

_ADVICE: tuple[tuple[type[WalkawayError], str], ...] = (
    (
        NoNetwork,
        "check this machine's connection and DNS; walkaway demo needs no network",
    ),
    (
        NoSuchName,
        "whoever owns the name can give it content; what has an address opens by that",
    ),
    (
        UnsignedName,
        "to take a resolver's word on it, name it in unsigned_dns in walkaway.toml",
    ),
    (
        Unproven,
        "try again, or list a source of your own under [[source]] in walkaway.toml",
    ),
    (
        ProofError,
        "nothing was handed on; try again, another source may answer (walkaway status shows them)",
    ),
    (Stale, "wait for the head to be followed again; walkaway status shows its age"),
    (
        NoSuchPath,
        "walkaway ls shows what is there; escapes such as %20 are read in URLs alone",
    ),
    (Unsupported, "walkaway --help lists what there is; each command has help with an example"),
    (
        NoEndpoint,
        "start one with: walkaway up (or walkaway demo); --port names another port",
    ),
    (ConfigError, "correct it, or leave it out to have the default"),
    (InvalidRequest, "the command's --help says what it takes, with an example"),
)


def exit_code_of(error: WalkawayError) -> ExitCode:
    """The exit code for an error of the tree."""
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    return ExitCode.REFUSED


def advice_on(error: WalkawayError) -> str:
    """What to do next: the error's own advice, or that of its kind."""
    if error.advice:
        return error.advice
    return next((advice for kind, advice in _ADVICE if isinstance(error, kind)), "")
