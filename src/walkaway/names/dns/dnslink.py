"""DNSLink: what a DNS name's TXT records say that its content is.

https://dnslink.dev and https://docs.ipfs.tech/concepts/dnslink: a record of ``dnslink=`` and
a content path at ``_dnslink`` below the name; where there is none, at the name itself. The
strings of one record are one text. Of several links the first by the order of their text is
taken, so that no resolver's order decides; what is malformed, or leads to a network that is
not known, is passed over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from walkaway.errors import (
    NoSuchName,
    ProofError,
    Unproven,
    UnsignedName,
    Unsupported,
    WalkawayError,
)
from walkaway.limits import LIMITS
from walkaway.names.dns.lookup import DnsLookup, dns_name
from walkaway.names.dns.verdict import Insecure, Secure, Verdict
from walkaway.names.pointer import Pointer, parse_pointer
from walkaway.names.resolution import Resolution, Standing
from walkaway.proofs.dnssec import Records
from walkaway.proofs.proven import Evidence
from walkaway.sources.clock import Clock

__all__ = ["DnsLinks", "read_links"]

_PREFIX = "dnslink="
_LABEL = "_dnslink."


class DnsLinks:
    """Resolves DNS names by their DNSLink. Implements `Names`.

    ``allowed_unsigned`` are the names that resolve by the word of resolvers, where nobody
    signs them. What is signed is proven all the same. Raises `InvalidRequest` for one of
    them that is no DNS name.
    """

    def __init__(
        self, lookup: DnsLookup, clock: Clock, *, allowed_unsigned: Collection[str] = ()
    ) -> None:
        self._lookup = lookup
        self._clock = clock
        self._allowed = frozenset(dns_name(name) for name in allowed_unsigned)

    async def resolve(self, name: str) -> Resolution:
        """One step from a DNS name.

        Raises:
            NoSuchName: it is proven that it says nothing of content.
            UnsignedName: nobody signs it, which is proven, and it is not allowed by name.
            Unproven: it is bogus, or nobody could supply a proof, or it is by the word of
                resolvers alone that it says nothing of content.
            Unsupported: it leads to networks alone that are not known.
            InvalidRequest: it is no DNS name.
        """
        text = dns_name(name).to_text(omit_final_dot=True)
        said = list[Verdict]()
        for at in (_LABEL + text, text):
            verdict = await self._verdict(text, at)
            link = read_links(_rdatas(verdict))
            said.append(verdict)
            if link is not None:
                return self._resolution(at, link, said)
        raise _nothing(text, said)

    async def _verdict(self, name: str, at: str) -> Verdict:
        if dns_name(name) in self._allowed:
            return await self._lookup.answer(at, "TXT")
        try:
            return await self._lookup.proven(at, "TXT")
        except UnsignedName as error:
            raise UnsignedName(
                error.summary,
                reasons=error.reasons,
                advice="its owner can sign it (DNSSEC). To take resolvers at their word for it, "
                f'set unsigned_dns = ["{name}"]',
            ) from None

    def _resolution(self, at: str, link: Pointer, said: Sequence[Verdict]) -> Resolution:
        """The link, which stands on all that was said: that the first place holds none, too."""
        facts = (("name", at), ("pointer", str(link)))
        is_proven = all(isinstance(verdict, Secure) for verdict in said)
        return Resolution(
            link,
            max(min(verdict.until for verdict in said) - self._clock.now(), 0.0),
            Standing.PROVEN if is_proven else Standing.WORD,
            because=Evidence(
                "DNSLink", facts, tuple(each for verdict in said for each in _grounds(verdict))
            ),
        )


def read_links(rdatas: Iterable[bytes]) -> Pointer | None:
    """The link among TXT records, given as their data; None where there is none.

    Raises:
        Unsupported: all that there are lead to networks that are not known.
    """
    texts = sorted(filter(None, map(_text, rdatas)))
    unknown: Unsupported | None = None
    for text in texts:
        if not text.startswith(_PREFIX) or len(text) > LIMITS.dnslink_characters:
            continue
        try:
            return parse_pointer(text.removeprefix(_PREFIX))
        except ProofError:
            continue
        except Unsupported as error:
            unknown = unknown or error
    if unknown is not None:
        raise unknown
    return None


def _text(rdata: bytes) -> str:
    """The strings of one record, joined; empty where they are no text."""
    strings, at = [], 0
    while at < len(rdata):
        end = at + 1 + rdata[at]
        strings.append(rdata[at + 1 : end])
        at = end
    try:
        return b"".join(strings).decode()
    except UnicodeDecodeError:
        return ""


def _rdatas(verdict: Verdict) -> tuple[bytes, ...]:
    if isinstance(verdict, Insecure):
        return verdict.word.value.rdatas
    answer = verdict.answer.value
    if not isinstance(answer, Records):
        return ()
    return tuple(rdata.to_digestable() for rdata in answer.rrset)


def _grounds(verdict: Verdict) -> tuple[Evidence, ...]:
    """What a verdict stands on: proofs alone, or that nobody signs, and who says it then."""
    if isinstance(verdict, Secure):
        return verdict.because
    word = verdict.word
    said = (("said by", ", ".join(sorted(word.said_by))), ("of", len(word.asked)))
    return (Evidence("resolvers' word", said), *verdict.because)


def _nothing(name: str, said: Sequence[Verdict]) -> WalkawayError:
    """What to raise where neither verdict holds a link: proven absence is another thing."""
    words = [verdict.word for verdict in said if isinstance(verdict, Insecure)]
    if not words:
        return NoSuchName(f"it is proven that {name[:100]!r} has no DNSLink", reasons={})
    who = {source: "says so" for word in words for source in word.said_by}
    # No name of ENS may take its place: whoever denies a link would choose between two answers.
    return Unproven(f"{name[:100]!r} is not signed, and has no DNSLink", reasons=who)
