"""Is it one cause? Targets that share something and begin to fail together are told once, as the trouble of what they share.

What they share is declared in the configuration, shown by the headers an edge adds, or read from the network their addresses lie in. The
first two name a thing that can break; a network is only a neighbourhood: a /24 of a hosting provider holds hundreds of strangers, so
it takes one more target before it is believed. A parent that should not be hides a ticket, and a missing one costs a second ticket:
where in doubt there is none.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network
from types import MappingProxyType

from monitor.incidents.causes import group_of
from monitor.incidents.parents import Ground, Parent
from monitor.model.incident import Incident, Status
from monitor.model.text import Text
from monitor.model.triage import Layer

#: Onsets of one cause lie this close: checks look every half minute or so, and an edge fails everywhere within a minute.
TOGETHER_SECONDS = 120.0
#: Somebody has been at work on an incident that is older: it keeps its own ticket.
RECENT_SECONDS = 3_600.0
#: Of five targets behind one edge, each in trouble once a week, two begin within two minutes by chance once in five years.
TARGETS_NEEDED = 2
#: ... but a shared network is no proof that they share anything that can break.
TARGETS_NEEDED_BY_NETWORK = 3
#: A verdict this sure, on a layer that no edge or network can cause, takes an incident out.
SURE = 0.9
#: Targets named in a sentence; the others are counted.
NAMED_MAX = 5

#: Headers that an edge adds to every answer, by their names alone, and whose they are.
EDGE_MARKS: Mapping[str, str] = MappingProxyType(
    {
        "cf-ray": "cloudflare",
        "x-amz-cf-id": "cloudfront",
        "x-amz-cf-pop": "cloudfront",
        "akamai-grn": "akamai",
        "x-akamai-request-id": "akamai",
        "x-akamai-transformed": "akamai",
        "x-fastly-request-id": "fastly",
        "x-timer": "fastly",
        "x-azure-ref": "azure-front-door",
        "x-iinfo": "imperva",
        "eagleid": "alibaba-cloud-cdn",
        "x-nws-log-uuid": "tencent-cloud-cdn",
    }
)
_EDGES = frozenset(EDGE_MARKS.values())
_DECLARED, _EDGE, _NETWORK = "declared", "edge", "network"
#: What is told when several things are shared by as many: the most definite.
_ORDER = (_DECLARED, _EDGE, _NETWORK)
#: Layers behind or before everything that targets can share by their edge or network.
_ELSEWHERE = frozenset({Layer.US, Layer.CONFIGURATION, Layer.AUTHENTICATION, Layer.ACQUIRER, Layer.SCHEME, Layer.ISSUER})


def ground_of(shares: Iterable[str], header_names: Iterable[str] = (), addresses: Iterable[str] = ()) -> frozenset[str]:
    """What one target stands on: "declared=hk-1", "edge=cloudflare", "network=203.0.113.0/24".

    A declared name that is an edge's is that edge, so that one target may declare what another one shows.
    """
    declared = (f"{_EDGE if name.lower() in _EDGES else _DECLARED}={name.lower()}" for name in shares)
    edges = (f"{_EDGE}={EDGE_MARKS[name]}" for name in header_names if name in EDGE_MARKS)
    networks = (f"{_NETWORK}={network}" for network in map(network_of, addresses) if network)
    return frozenset((*declared, *edges, *networks))


def network_of(address: str) -> str:
    """The /24 or /48 of an address of the public network; "" of any other, which says nothing about the gateway."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if not parsed.is_global:
        return ""
    return str(ip_network(f"{address}/{24 if parsed.version == 4 else 48}", strict=False))


def common_cause(incidents: Sequence[Incident], ground: Ground, at: float) -> Parent | None:
    """The largest group of ``incidents`` that began together and share something; None: each stands by itself."""
    found = [
        (cause, parts) for cause, members in _by_cause(incidents, ground, at).items() if (parts := _together(cause, members))
    ]
    if not found:
        return None
    cause, parts = max(found, key=lambda one: (len(_targets(one[1])), -_ORDER.index(_kind(one[0])), one[0]))
    return Parent(cause, _title(cause, parts), _said(cause, parts), tuple(part.id for part in parts))


def _by_cause(incidents: Iterable[Incident], ground: Ground, at: float) -> dict[str, list[Incident]]:
    """Those that may have each cause, by their onset. Looks at what is in trouble only: most targets are not."""
    found: dict[str, list[Incident]] = {}
    for incident in sorted(incidents, key=lambda one: (one.since, one.id)):
        if _may_share(incident, at):
            for cause in ground.get(incident.target, ()):
                if not _is_elsewhere(incident, cause):
                    found.setdefault(cause, []).append(incident)
    return found


def _kind(cause: str) -> str:
    return cause.partition("=")[0]


def _together(cause: str, members: Sequence[Incident]) -> list[Incident]:
    """Those within the fullest ``TOGETHER_SECONDS``; none when they are too few."""
    needed = TARGETS_NEEDED_BY_NETWORK if _kind(cause) == _NETWORK else TARGETS_NEEDED
    if len(members) < needed:
        return []
    fullest = max(_stretches(members), key=lambda parts: len({part.target for part in parts}))
    return fullest if len(_targets(fullest)) >= needed else []


def _stretches(members: Sequence[Incident]) -> Iterator[list[Incident]]:
    for position, first in enumerate(members):
        end = bisect_right(members, first.since + TOGETHER_SECONDS, key=lambda one: one.since)
        yield list(members[position:end])
        if end == len(members):
            break  # what begins later is part of it


def _may_share(incident: Incident, at: float) -> bool:
    """Only trouble of a target as a whole: a certificate that runs out, or one brand, has its own cause."""
    return (
        incident.group == group_of(incident.target)
        and incident.status is not Status.RESOLVED
        and at - incident.opened <= RECENT_SECONDS
    )


def _is_elsewhere(incident: Incident, cause: str) -> bool:
    """What is declared may be an acquirer or a data centre; edges and networks cannot decline a card."""
    verdict = incident.diagnosis
    return _kind(cause) != _DECLARED and verdict is not None and verdict.confidence >= SURE and verdict.layer in _ELSEWHERE


def _targets(parts: Iterable[Incident]) -> list[str]:
    return sorted({part.target for part in parts})


def _title(cause: str, parts: Sequence[Incident]) -> Text:
    count, name = len(_targets(parts)), cause.partition("=")[2]
    return Text(f"{count} targets fail together: they share {name}", f"{count} 个目标同时故障，共同依赖 {name}")


def _said(cause: str, parts: Sequence[Incident]) -> Text:
    targets = _targets(parts)
    more = len(targets) - NAMED_MAX
    en = ", ".join(targets[:NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
    zh = "、".join(targets[:NAMED_MAX]) + (f" 等 {len(targets)} 个目标" if more > 0 else "")
    within = max(part.since for part in parts) - min(part.since for part in parts)
    why = _why(cause)
    return Text(
        f"{en} began to fail within {within:.0f} s of each other; {why.en}.", f"{zh} 在 {within:.0f} 秒内相继故障；{why.zh}。"
    )


def _why(cause: str) -> Text:
    kind, _, name = cause.partition("=")
    if kind == _DECLARED:
        return Text(f"the configuration says that they share {name}", f"配置声明其共同依赖 {name}")
    if kind == _EDGE:
        return Text(f"all of them stand behind {name}", f"均经由 {name} 接入")
    return Text(f"their addresses lie in {name}", f"其地址同属网段 {name}")
