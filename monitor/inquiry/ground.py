"""What there is to ask at a target, out of its configuration: its front door, its reads, its token step, and the references. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.model.check import Check, ExpressionError, Step, Target
from monitor.model.triage import Facts
from monitor.probes.endpoint import Endpoint, endpoint

#: Reads that are asked again by themselves: one may be broken alone, three tell the same story.
READS_MAX = 3
#: References asked in one inquiry. Two that have nothing to do with each other decide whether it is us.
CONTROLS_MAX = 2
#: Where nothing is said of a front door, the root is tried: whatever answers there stands before everything else.
ROOT = "/"
#: How steps that fetch a credential are called.
_TOKEN_WORDS = ("token", "oauth", "login", "authenticate")
_HTTP = ("http", "https")


@dataclass(frozen=True, slots=True)
class Asking:
    """One step that can be asked by itself, its request rendered."""

    check: str
    step: Step
    options: Mapping[str, Any]
    stratum: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ground:
    """``door`` is the options of a GET without credentials; the reads and the token step are asked as they are in their checks."""

    target: Target
    place: Endpoint
    door: Mapping[str, Any]
    reads: Mapping[str, Asking]
    token: Asking | None
    controls: Mapping[str, tuple[Target, Asking]]

    @property
    def speaks_http(self) -> bool:
        return self.place.scheme in _HTTP

    @property
    def tls(self) -> bool:
        return self.place.scheme in ("https", "tls")

    def facts(self, addresses: tuple[str, ...], *, second_resolver: bool) -> Facts:
        """What can be tried, for the plan. ``addresses``: what the name leads to."""
        return Facts(
            target=self.target.id,
            host=self.place.host,
            addresses=addresses,
            tls=self.tls,
            front_door=str(self.door.get("path", "")) if self.speaks_http else "",
            token=self.token.step.name if self.token else "",
            second_credential=self.target.second_signer != "none",
            second_resolver=second_resolver,
            controls=tuple(self.controls),
            reads=tuple(self.reads),
        )


def ground_of(target: Target, checks: Iterable[Check], targets: Mapping[str, Target]) -> Ground:
    """``checks`` are all there are: the target's own, and the references among them."""
    checks = tuple(checks)
    own = [check for check in checks if check.target == target.id and not check.control]
    askable = [asking for check in own for step in check.steps if (asking := _asking(check, step)) is not None]
    reads = [one for one in askable if one.step.reads and one.step.kind == "http"]
    door = _door(target, reads, {check.id for check in own if len(check.steps) == 1})
    return Ground(
        target=target,
        place=endpoint(target.base_url),
        door=door,
        reads=_by_name([one for one in reads if one.options.get("path") != door["path"]]),
        token=next((one for one in askable if not one.step.reads and _fetches_token(one.step)), None),
        controls=_controls(checks, targets),
    )


def _asking(check: Check, step: Step) -> Asking | None:
    """A step that moves no money and needs nothing of a run: no order made before it, no name saved."""
    if step.moves is not None:
        return None
    stratum = dict(check.strata[0].values)
    try:
        return Asking(check.id, step, step.request.render({"stratum": stratum}), stratum)
    except ExpressionError:
        return None


def _door(target: Target, reads: Iterable[Asking], alone: set[str]) -> dict[str, Any]:
    """What the configuration names; else a read that some check makes and nothing else, as checks of liveness do; else the root."""
    if target.front_door:
        return {"method": "GET", "path": target.front_door}
    unsigned = target.signer == "none"
    known = [one for one in reads if "query" not in one.options and (unsigned or one.check in alone)]
    return {"method": "GET", "path": str(known[0].options.get("path", ROOT))} if known else {"method": "GET", "path": ROOT}


def _fetches_token(step: Step) -> bool:
    words = f"{step.name} {step.written}".lower()
    return any(word in words for word in _TOKEN_WORDS)


def _by_name(reads: Iterable[Asking]) -> dict[str, Asking]:
    found: dict[str, Asking] = {}
    for one in reads:
        if len(found) < READS_MAX:
            found.setdefault(one.step.name, one)
    return found


def _controls(checks: Iterable[Check], targets: Mapping[str, Target]) -> dict[str, tuple[Target, Asking]]:
    found: dict[str, tuple[Target, Asking]] = {}
    for check in checks:
        asking = _asking(check, check.steps[0]) if check.control and check.steps else None
        if asking is not None and check.target in targets and len(found) < CONTROLS_MAX:
            found[check.id] = (targets[check.target], asking)
    return found
