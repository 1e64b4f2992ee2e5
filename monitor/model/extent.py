"""How far it reaches and what it costs: scope and impact of an incident, as far as they can be said now."""

from dataclasses import dataclass

from monitor.model.text import Text


@dataclass(frozen=True, slots=True)
class Between:
    """An estimate with its 95 % interval."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Part:
    """One operation, stratum or location, and how its runs went since the trouble began."""

    kind: str  # "operation", "stratum", "location"
    name: str
    runs: int
    bad: int


@dataclass(frozen=True, slots=True)
class Run:
    id: str
    at: float


@dataclass(frozen=True, slots=True)
class Regulator:
    """A duty to report that runs, or may come to run, since the trouble began."""

    regime: str  # "mas", "dora", "pboc", "eba"
    said: Text  # what is due, by when, and from which rule
    due: float | None  # UTC seconds; None: its threshold is not reached
    reached: bool


@dataclass(frozen=True, slots=True)
class Similar:
    """An earlier incident with the same fingerprint."""

    incident: str
    opened: float
    lasted_seconds: float | None
    note: Text = Text("")  # what ended it, as far as somebody wrote it down


@dataclass(frozen=True, slots=True)
class Nearby:
    """A maintenance window, a change of our configuration or of what the gateway shows of itself, near the onset."""

    at: float
    said: Text


@dataclass(frozen=True, slots=True)
class Extent:
    """``failed_share`` is of customers' payments; ``customers`` those probably hit so far, None when the target's traffic is unknown."""

    at: float
    parts: tuple[Part, ...] = ()
    first_bad: Run | None = None
    last_good: Run | None = None
    failed_share: Between | None = None
    customers: Between | None = None
    budget_burned: float | None = None  # share of a month's error budget spent by this incident
    penalty: Text | None = None  # money at risk by the contracts that cover it
    regulators: tuple[Regulator, ...] = ()
    similar: tuple[Similar, ...] = ()
    nearby: tuple[Nearby, ...] = ()
    correlations: tuple[str, ...] = ()
