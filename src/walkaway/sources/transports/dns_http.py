"""A DNS question as an HTTP request, and an HTTP reply as its answer (RFC 8484)."""

from __future__ import annotations

from yarl import URL

from walkaway.errors import SourceFault
from walkaway.sources.request import Answer, DnsRequest
from walkaway.sources.transports.dns_message import DnsQuery, dns_query
from walkaway.sources.transports.http_client import HttpQuestion, HttpReply
from walkaway.sources.transports.http_status import status_fault

__all__ = ["dns_answer", "dns_question"]

_DNS_TYPE = "application/dns-message"


def dns_question(url: URL, request: DnsRequest) -> tuple[HttpQuestion, DnsQuery]:
    """The request for a question, by POST: no cache on the way holds what comes too long.

    Raises:
        InvalidRequest: no such name or type can be asked for.
    """
    query = dns_query(request, number=0, padded=True)
    bound = request.answer_bytes
    return HttpQuestion(url, _DNS_TYPE, bound, query.message, body_type=_DNS_TYPE), query


def dns_answer(reply: HttpReply, query: DnsQuery, source: str) -> Answer:
    """What a reply says.

    Raises:
        SourceFault: it holds no answer to the question.
    """
    if reply.status != 200:
        raise status_fault(reply)
    if reply.content_type != _DNS_TYPE:
        raise SourceFault("its answer is of another type than a DNS message")
    query.check(reply.content)
    return Answer(source, reply.content, content=reply.content)
