"""Publishing an IPNS record: signed, kept here, given to routers, and read back from others.

It follows the newest record that anybody has, so that it takes its place. A name counts as
published once somebody gives the record back: that a router says it took it is its word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from walkaway.errors import Elsewhere, InvalidRequest, ProofError, Unproven
from walkaway.limits import LIMITS, Limits
from walkaway.names.held import SECOND, HeldNames
from walkaway.names.ipns.find import IpnsNames
from walkaway.names.pointer import Pointer
from walkaway.proofs.ipfs.cid import Cid
from walkaway.proofs.ipfs.ipns_name import name_of_key, name_text, parse_name
from walkaway.proofs.ipfs.ipns_record import IpnsRecord, create_record, prove_record
from walkaway.proofs.ipfs.libp2p_keys import SigningKey
from walkaway.sources.clock import Clock
from walkaway.sources.pool import Pool
from walkaway.sources.request import Answer, IpnsPublication

__all__ = ["HOURS", "TTL_SECONDS", "IpnsPublisher", "Publication"]

HOURS: Final = 48.0
"""For how long a record is valid where nothing else is said: so long the DHT keeps one."""
TTL_SECONDS: Final = 300.0
"""For how long it may be kept without asking again."""

_LAST_SEQUENCE: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Publication:
    """A record that was published.

    ``taken_by`` are the routers that took it, ``refused`` says why others did not, and
    ``given_by`` are the sources that gave it back.
    """

    name: Cid
    said: IpnsRecord
    taken_by: tuple[str, ...]
    refused: Mapping[str, str]
    given_by: tuple[str, ...]


class IpnsPublisher:
    """Publishes to the ``routers``, None where nobody is to be told, and to ``held``.

    ``names`` finds what was published before, and what has arrived.
    """

    def __init__(
        self,
        names: IpnsNames,
        held: HeldNames,
        routers: Pool | None,
        *,
        clock: Clock,
        limits: Limits = LIMITS,
    ) -> None:
        self._names = names
        self._held = held
        self._routers = routers
        self._clock = clock
        self._limits = limits

    async def publish(
        self,
        key: SigningKey,
        pointer: Pointer,
        *,
        seconds: float = HOURS * 3600,
        ttl: float = TTL_SECONDS,
    ) -> Publication:
        """Have the key's name point somewhere, valid for so many seconds.

        Raises:
            Unproven: no router took the record, or nobody gives it back yet. This machine
                keeps it, and publishing again goes on from there.
            Elsewhere: another record of the name was published meanwhile.
            InvalidRequest: it points to what no record can, or the times are none.
            TooMuch: this machine keeps no record.
            ConfigError: the folder of records cannot be written to.
        """
        name = name_of_key(key.public_key)
        self._check(name, pointer, seconds, ttl)
        signed = self._sign(key, pointer, await self._next_sequence(name), seconds, ttl)
        said = prove_record(name, signed, now=int(self._clock.now() * SECOND)).value
        if not await self._held.put(name, signed):
            raise Elsewhere(
                "another record of this name was published meanwhile",
                expected=said.value,
                got="one that is as new, or newer",
            )
        if self._routers is None:
            return Publication(name, said, (), {}, ())
        survey = await self._routers.survey(
            IpnsPublication(name, signed),
            _took,
            deadline=self._limits.ipns_publish_seconds,
            last_resort=True,
        )
        if not survey.said:
            raise Unproven(
                f"no router took the record of {name_text(name)}",
                reasons=survey.reasons,
                advice="this machine keeps it; publish it again when a router can be reached",
            )
        taken_by = tuple(source.name for source, _ in survey.said)
        given_by = await self._read_back(name, said, taken_by)
        return Publication(name, said, taken_by, survey.reasons, given_by)

    def _check(self, name: Cid, pointer: Pointer, seconds: float, ttl: float) -> None:
        """Raise `InvalidRequest` for what no record can say, before anybody is asked."""
        most = self._limits.ipns_validity_seconds
        if pointer.network not in ("ipfs", "ipns"):
            raise InvalidRequest(
                f"an IPNS name points to /ipfs/ or /ipns/, and not to {pointer}"[:300],
                advice="publish the CID of what it is to lead to",
            )
        if pointer.network == "ipns" and _is(name, pointer.root):
            raise InvalidRequest(
                "the name would lead to itself", advice="publish the CID of what it is to lead to"
            )
        if not 0 < seconds <= most:
            raise InvalidRequest(
                f"a record cannot be valid for {seconds / 3600:g} hours",
                advice=f"--hours is more than 0, and at most {most / 3600:g}",
            )
        if not 0 <= ttl <= seconds:
            raise InvalidRequest(
                f"a record that is valid for {seconds:g} s cannot be kept for {ttl:g} s",
                advice="--ttl is no less than 0, and no longer than --hours",
            )

    async def _next_sequence(self, name: Cid) -> int:
        """One more than any that the key is known to have signed, even where that has ended:
        whoever saw it takes no record with a smaller one.
        """
        with suppress(Unproven):
            await self._names.record(name, again=True)
        last = await self._names.last_sequence(name)
        if last is None:
            return 0
        if last >= _LAST_SEQUENCE:
            raise InvalidRequest("a record of this name has the last sequence number there is")
        return last + 1

    def _sign(
        self, key: SigningKey, pointer: Pointer, sequence: int, seconds: float, ttl: float
    ) -> bytes:
        try:
            until = datetime.fromtimestamp(self._clock.now() + seconds, UTC)
        except (ValueError, OverflowError, OSError):
            raise InvalidRequest(
                "a record would be valid beyond what its text can say",
                advice="set this machine's clock",
            ) from None
        return create_record(
            key,
            value=str(pointer),
            sequence=sequence,
            validity=until.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            ttl=int(ttl * SECOND),
            with_version_1=True,
        )

    async def _read_back(
        self, name: Cid, said: IpnsRecord, taken_by: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Who gives the record, as soon as somebody does."""
        reasons: Mapping[str, str] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.ipns_publish_seconds):
                while True:
                    found = await self._names.record(name, again=True)
                    if found.held.proven.value.order > said.order:
                        raise Elsewhere(
                            "another record of this name was published meanwhile",
                            expected=said.value,
                            got=found.held.proven.value.value,
                        )
                    if found.given_by:
                        return found.given_by
                    reasons = found.reasons
                    await asyncio.sleep(self._limits.ipns_read_back_seconds)
        raise Unproven(
            f"the record of {name_text(name)} was taken by {', '.join(taken_by)}, "
            "and nobody gives it back yet",
            reasons=reasons,
            advice="look again in a while: walkaway name show " + name_text(name),
        )


def _is(name: Cid, root: str) -> bool:
    """Whether what is written is that name."""
    try:
        return parse_name(root) == name
    except ProofError:
        return False


def _took(answer: Answer) -> str:
    return answer.source
