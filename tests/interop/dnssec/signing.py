"""Writes and signs the laboratory's zones: by BIND's own programs, or as `odd_zones` does."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.interop.dnssec.odd_zones import key_trap, often_hashed
from tests.interop.dnssec.zones import ZONES, Fault, Zone, parent_of

__all__ = ["delegation_signer", "sign_all", "signed_before"]

SECONDS = 60
DAY = 86400
ORDINARILY = (-DAY, 30 * DAY)
VALID = {
    Fault.EXPIRED: (-60 * DAY, -30 * DAY),
    Fault.EARLY: (30 * DAY, 60 * DAY),
}
SIGNED_HERE = {Fault.ITERATIONS: often_hashed, Fault.KEY_TRAP: key_trap}

HEAD = """\
$ORIGIN {0}
$TTL 300
@ SOA ns.lab. root.lab. 1 3600 600 86400 60
@ NS ns.lab.
"""


def sign_all(folder: Path) -> dict[str, Path]:
    """Write each zone's file, those below first; which file holds which zone."""
    below_first = sorted(ZONES, key=_depth, reverse=True)
    return {zone.name: _written(zone, folder) for zone in below_first}


def delegation_signer(folder: Path, zone: str) -> str:
    """The DS records of a zone's keys, as a master file has them."""
    return _signers(folder, zone).read_text()


def signed_before(folder: Path, name: str, now: str, before: str) -> str:
    """A zone as it was signed long ago, by the same keys, when it said something else.

    All signatures have ended, and ``before`` stands in place of ``now``.
    """
    plain, file = folder / f"{name}before.plain", folder / f"{name}before"
    plain.write_text((folder / f"{name}plain").read_text().replace(now, before))
    _run_signer(name, plain, file, VALID[Fault.EXPIRED])
    return file.read_text()


def _depth(zone: Zone) -> int:
    return zone.name.rstrip(".").count(".") + (zone.name != ".")


def _signers(folder: Path, zone: str) -> Path:
    return folder / f"dsset-{zone}"


def _written(zone: Zone, folder: Path) -> Path:
    file, text = folder / f"{zone.name}zone", _master_file(zone, folder)
    if zone.algorithm is None:
        file.write_text(text)
    elif (sign := SIGNED_HERE.get(zone.fault)) is not None:
        signed, ds = sign(text, zone.name)
        file.write_text(signed)
        _signers(folder, zone.name).write_text(ds)
    else:
        plain = folder / f"{zone.name}plain"
        plain.write_text(text)
        _sign(zone, plain, file)
        _spoil(zone, file)
    return file


def _master_file(zone: Zone, folder: Path) -> str:
    """What the zone holds before it is signed: its own records, and what delegates from it."""
    lines = [HEAD.format(zone.name), zone.records]
    for below in ZONES:
        if parent_of(below) is zone:
            lines.append(f"{below.name} NS ns.lab.\n")
            if below.algorithm is not None and zone.algorithm is not None:
                lines.append(_as_delegated(below, delegation_signer(folder, below.name)))
    return "".join(lines)


def _as_delegated(zone: Zone, signers: str) -> str:
    """The DS records that the parent gets: wrong ones where that is the zone's fault."""
    owner, _, _, tag, algorithm, digest_type, digest = signers.split(maxsplit=6)
    if zone.fault is Fault.UNKNOWN_ALGORITHM:
        algorithm = "200"
    elif zone.fault is Fault.UNKNOWN_DIGEST:
        digest_type = "200"
    elif zone.fault is Fault.OTHER_KEY:
        digest = "00" * 32
    else:
        return signers
    return f"{owner} IN DS {tag} {algorithm} {digest_type} {digest}\n"


def _sign(zone: Zone, plain: Path, file: Path) -> None:
    folder = plain.parent
    bits = ("-b", "2048") if str(zone.algorithm).startswith("RSA") else ()
    for role in ((), ("-f", "KSK")):
        _run(
            "dnssec-keygen", "-q", "-K", str(folder), "-a", str(zone.algorithm),
            *bits, *role, "-n", "ZONE", zone.name,
        )  # fmt: skip
    valid = VALID.get(zone.fault, ORDINARILY)
    _run_signer(zone.name, plain, file, valid, *zone.denial.value)


def _run_signer(name: str, plain: Path, file: Path, valid: tuple[int, int], *denial: str) -> None:
    """Run `dnssec-signzone`; ``valid`` is from when to when, in seconds from now."""
    folder, (begins, ends) = str(plain.parent), valid
    _run(
        "dnssec-signzone", "-S", "-P", "-K", folder, "-d", folder, "-o", name,
        "-s", f"now{begins:+d}", "-e", f"now{ends:+d}", *denial, "-f", str(file), str(plain),
    )  # fmt: skip


def _spoil(zone: Zone, file: Path) -> None:
    """Make of a signed zone what its fault says."""
    if zone.fault is Fault.CHANGED:
        file.write_text(file.read_text().replace('"before"', '"after"'))
    elif zone.fault is Fault.UNSIGNED_THOUGH_DELEGATED:
        file.write_text(file.with_suffix(".plain").read_text())
    elif zone.fault is Fault.NO_DENIAL:
        _run("named-compilezone", "-q", "-j", "-s", "full", "-o", str(file), zone.name, str(file))
        lines = file.read_text().splitlines(keepends=True)
        denial = re.compile(r"\sIN (NSEC|RRSIG\s+NSEC)\s")
        file.write_text("".join(line for line in lines if not denial.search(line)))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)
