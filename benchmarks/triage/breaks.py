"""Ways in which things go wrong: each a value with what is done to the world, and what to the monitor itself.

World's changes run on the world's loop, the monitor's on its own. All of them end with ``World.heal`` and ``Stage.heal``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from benchmarks.triage.front import Front, Page
from benchmarks.triage.merchant import HOST
from benchmarks.triage.nameserver import NameServer, Rcode
from benchmarks.triage.stage import Stage
from benchmarks.triage.world import Place, World

Spots = tuple[str, ...]  # names of locations; none: everywhere


@dataclass(frozen=True, slots=True)
class Break:
    world: Callable[[World], None] | None = None
    monitor: Callable[[Stage], None] | None = None


# --- the gateway's own


def knob(name: str, **options: Any) -> Break:
    """A knob of the sandbox gateway, as its fault interface takes it."""
    return knobs({"knob": name} | options)


def knobs(*faults: dict[str, Any]) -> Break:
    return Break(lambda world: world.knobs(*faults))


# --- in front of it


def fronts(*, at: Spots = (), index: int | None = None, **manners: Any) -> Break:
    """Changed manners of the gateway's fronts: in some locations, at one address of each, or all."""

    def change(world: World) -> None:
        _mind(world.fronts(at=at, index=index), manners)

    return Break(change)


def everything(*, at: Spots = (), reference: bool = True, neighbour: bool = True, **manners: Any) -> Break:
    """Changed manners of everybody that a location reaches."""

    def change(world: World) -> None:
        for place in _places(world, at):
            _mind(place.gateway, manners)
            _mind(place.neighbour if neighbour else [], manners)
            _mind(place.reference if reference else [], manners)

    return Break(change)


def _mind(chosen: list[Front], manners: dict[str, Any]) -> None:
    for front in chosen:
        front.manners = replace(front.manners, **manners)


def page(status: int, body: str, *, share: float = 1.0, after: float = 0.0, content: str = "text/html", **headers: str) -> Page:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Page(status, body, content, named, share, after)


# --- names


def names(*, at: Spots = (), first: bool = True, second: bool = True, **changes: Any) -> Break:
    """Changed name servers: the first is the one the checks use, the second another one."""

    def change(world: World) -> None:
        for place in _places(world, at):
            chosen = [place.names] * first + [place.second] * second
            for server in chosen:
                for name, value in changes.items():
                    setattr(server, name, value)

    return Break(change)


def rcode(code: Rcode, *, at: Spots = ()) -> Break:
    return names(at=at, broken={HOST: code})


def leads(where: Callable[[Place], tuple[str, ...]], *, first: bool = True, second: bool = True) -> Break:
    """The gateway's name leads elsewhere from now on."""

    def point(server: NameServer, place: Place) -> None:
        server.zone = server.zone | {HOST: where(place)}

    def change(world: World) -> None:
        for place in world.places.values():
            if first:
                point(place.names, place)
            if second:
                point(place.second, place)

    return Break(change)


def _places(world: World, at: Spots) -> list[Place]:
    return [place for name, place in world.places.items() if not at or name in at]


# --- the monitor's own


def monitor(change: Callable[[Stage], None]) -> Break:
    return Break(monitor=change)


class Pages(NamedTuple):
    """What fronts say in the wild, in short."""

    challenge: str = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser.</body></html>"
    denied: str = "<html><head><title>Access Denied</title></head><body><h1>Access Denied</h1>Reference #18.2f</body></html>"
    bad_gateway: str = "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
    time_out: str = "<html><head><title>504 Gateway Time-out</title></head><body><center>nginx</center></body></html>"
    unavailable: str = "<html><head><title>503 Service Temporarily Unavailable</title></head><body>nginx</body></html>"
    moved: str = "<html><head><title>302 Found</title></head><body>Moved.</body></html>"
    back_soon: str = "<html><head><title>Maintenance</title></head><body>We will be back soon.</body></html>"


PAGES = Pages()
