"""Where a name leads: by the resolver of the checks, and by another."""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import replace

from monitor.clock import Clock
from monitor.inquiry.observe import Asked, Clean, from_exchange, skipped
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Exchange, Phases, Reach
from monitor.model.triage import Observation
from monitor.net.resolver import ResolveError, ResolveFailed, Resolver, ResolverBusy
from monitor.probes.endpoint import Endpoint

#: Addresses of one name that are looked at. Big services show a handful and rotate them.
ADDRESSES_MAX = 4
#: ``getaddrinfo`` tells less than the name server did: these two it tells.
_CODES: Mapping[int, str] = {socket.EAI_NONAME: "NXDOMAIN", socket.EAI_FAIL: "SERVFAIL"}


async def resolve(asked: Asked, resolver: Resolver, place: Endpoint, clock: Clock, timeout_seconds: float) -> Observation:
    """The addresses of a name in ``answers``, in the resolver's order."""
    at, since = clock.wall(), clock.monotonic()
    try:
        async with asyncio.timeout(timeout_seconds):
            found = await resolver.lookup(place.host, place.port)
    except ResolverBusy as error:
        return skipped(asked, at, str(error))
    except ResolveError as error:
        code = _CODES.get(error.code or 0, "") if isinstance(error, ResolveFailed) else ""
        reason = NetworkReason.DNS if isinstance(error, ResolveFailed) else NetworkReason.DNS_TIMEOUT
        return _failed(asked, at, reason, code, str(error), clock.monotonic() - since)
    except TimeoutError:
        message = f"no DNS answer for {place.host} within {timeout_seconds:g} s"
        return _failed(asked, at, NetworkReason.DNS_TIMEOUT, "", message, clock.monotonic() - since)
    answers = tuple(dict.fromkeys(str(info[4][0]) for info in found.addresses))[:ADDRESSES_MAX]
    return Observation(
        asked.experiment,
        asked.subject,
        at,
        asked.source,
        bool(answers),
        outcome=Outcome.OK if answers else Outcome.NETWORK_ERROR,
        code="" if answers else "EMPTY",
        seconds=found.seconds,
        phases=Phases(resolve=found.seconds),
        answers=answers,
    )


def from_exchange_of_names(asked: Asked, exchange: Exchange, clean: Clean) -> Observation:
    """What another name server said, by the code of its answer."""
    answered = exchange.reach is Reach.ANSWERED
    good = None if exchange.ours else answered and not exchange.reason and bool(exchange.answers)
    rcode = str(exchange.body or "") if answered else ""
    code = "EMPTY" if rcode == "NOERROR" and not exchange.answers else "" if rcode == "NOERROR" else rcode
    return replace(from_exchange(asked, exchange, good, clean), code=code, content="")


def _failed(asked: Asked, at: float, reason: NetworkReason, code: str, message: str, seconds: float) -> Observation:
    return Observation(
        asked.experiment,
        asked.subject,
        at,
        asked.source,
        False,
        outcome=Outcome.NETWORK_ERROR,
        reason=reason,
        code=code,
        message=message,
        seconds=seconds,
        phases=Phases(resolve=seconds),
    )
