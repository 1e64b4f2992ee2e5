"""How far open incidents reach: counted run by run, worked out once a minute, kept with the incident."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from monitor.app.trouble import is_open
from monitor.clock import Clock
from monitor.config import Config
from monitor.deadlines.downtime import downtime_before
from monitor.deadlines.regulators import Trouble, running
from monitor.incidents import Book, Change
from monitor.incidents.extent import ConfigTaken, Reach, TraitChanged, extent, nearby, similar_to
from monitor.incidents.windows import over
from monitor.inquiry import Recent
from monitor.inquiry.recent import Past
from monitor.inquiry.summaries import changed_traits
from monitor.inquiry.tally import Tally, paying_checks
from monitor.model.extent import Extent, Nearby, Similar
from monitor.model.incident import Incident, Window, WindowKind
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Result
from monitor.sla.period import month_period
from monitor.stores import Slim, Store

#: How often it is worked out anew: people reload a page about as often.
MEASURE_SECONDS = 60.0
#: Incidents measured in one go, some 500 us each: a probe may be due.
INCIDENTS_A_STRETCH = 10
#: Configurations remembered: more changes in two hours are an experiment, not a cause.
CONFIGS_KEPT = 20
#: After a start, runs of so long ago are read back for the checks: what a first verdict compares with.
RECALL_SECONDS = 1_800.0
#: Strata of one check that are read back: a check with more of them is slow to come round to each anyway.
STRATA_RECALLED = 8
#: Incidents of the past that are compared with.
PAST_MAX = 500


class Measuring:
    """``hear`` every result; ``turn`` gives the change that stores what was worked out. All on the loop."""

    def __init__(self, config: Config, *, recent: Recent, book: Book, store: Store, clock: Clock) -> None:
        self._config = config
        self._recent = recent
        self._book = book
        self._store = store
        self._clock = clock
        self._tallies: dict[str, Tally] = {}
        self._counting: dict[str, set[str]] = {}  # target -> its incidents
        self._measured: dict[str, float] = {}  # incident -> when, monotonic
        self._configs: list[ConfigTaken] = []
        self._windows: list[Window] = []
        self._similar: dict[str, tuple[str, tuple[Similar, ...]]] = {}  # incident -> fingerprint, what is like it
        self._down_before: dict[str, float] = {}

    def adopt(self, config: Config) -> None:
        if config.version != self._config.version:
            taken = ConfigTaken(self._clock.wall(), config.version)
            self._configs = [*self._configs[-(CONFIGS_KEPT - 1) :], taken]
        self._config = config

    def hear(self, result: Result) -> None:
        for name in self._counting.get(result.target, ()):
            self._tallies[name].hear(result)

    def begin(self, incident: Incident) -> None:
        """It is open: count from its onset on."""
        if incident.id not in self._tallies and incident.target in self._config.targets:
            paying = paying_checks(incident.target, self._config.checks)
            tally = self._tallies[incident.id] = Tally(incident.target, incident.since, paying)
            tally.begin(self._recent)
            self._counting.setdefault(incident.target, set()).add(incident.id)
            self._measured[incident.id] = self._clock.monotonic() - MEASURE_SECONDS

    def over(self, name: str) -> None:
        tally = self._tallies.pop(name, None)
        if tally is not None:
            self._counting[tally.target].discard(name)
        self._measured.pop(name, None)
        self._similar.pop(name, None)
        self._down_before.pop(name, None)

    def due(self) -> list[str]:
        """Incidents whose turn it is, those not looked at for longest first, bounded."""
        now = self._clock.monotonic()
        ready = [name for name, at in self._measured.items() if now - at >= MEASURE_SECONDS]
        return sorted(ready, key=lambda name: self._measured[name])[:INCIDENTS_A_STRETCH]

    def measure(self, names: Iterable[str]) -> list[Change]:
        """Their extents as they are now, in the book. Hand the changes to the pipeline before the loop is let go."""
        now, at = self._clock.monotonic(), self._clock.wall()
        changes = []
        for name in names:
            incident, tally = self._book.incidents.get(name), self._tallies.get(name)
            if incident is None or tally is None or not is_open(incident):
                continue
            self._measured[name] = now
            changes.append(self._book.measured(name, self._extent(incident, tally, at), at))
        return changes

    def changes_near(self, since: float) -> tuple[Nearby, ...]:
        """Of our configuration and agreed windows, near an onset."""
        return nearby(since, windows=self._windows, configs=self._configs)

    def maintenance(self, target: str, at: float) -> str:
        """Why ``target`` is being worked on, by the agreed window that covers all of it; "" when none does."""
        agreed = (one for one in self._windows if one.kind is WindowKind.MAINTENANCE and not one.checks and _covers(one, target))
        return next((one.reason for one in agreed if one.starts <= at < over(one)), "")

    async def look_up(self, since: float) -> None:
        """Agreed windows around ``since``: read before something is said of them."""
        self._windows = await self._store.windows(since=since - RECALL_SECONDS)

    async def compare(self, incident: Incident, fingerprint: str) -> None:
        """Find earlier incidents like it, and how long its target was down before; once for each fingerprint."""
        if self._similar.get(incident.id, ("", ()))[0] != fingerprint:
            past = await self._store.incidents(limit=PAST_MAX)
            self._similar[incident.id] = (fingerprint, similar_to(incident, fingerprint, past))
            self._down_before[incident.id] = downtime_before(incident, past)

    async def recall(self) -> None:
        """What the store remembers of the last half hour, check by check: a restart in the middle of trouble knows what it is."""
        now = self._clock.wall()
        for check in list(self._config.checks.values()):
            rows = await self._store.latest(check.id, limit=self._recent.rows_kept * min(len(check.strata), STRATA_RECALLED))
            self._recent.recall(check, (_past(row) for row in rows if row.due >= now - RECALL_SECONDS))
        for incident in self._book.open():
            self.over(incident.id)
            self.begin(incident)

    def _extent(self, incident: Incident, tally: Tally, at: float) -> Extent:
        target = self._config.targets.get(incident.target)
        reach = Reach(
            at=at,
            runs=tally.runs,
            bad=tally.bad,
            seconds=at - incident.since,
            parts=tally.parts(),
            first_bad=tally.first_bad,
            last_good=tally.last_good,
            correlations=tally.correlations(self._recent),
            customers_per_minute=target.customers_per_minute if target else None,
            objective=self._objective(incident),
            month_seconds=_month_seconds(at),
        )
        measured = extent(reach)
        trouble = Trouble(
            incident.since,
            incident.opened,
            at,
            incident.severity,
            customers=measured.customers,
            failed_share=measured.failed_share,
            downtime_before_seconds=self._down_before.get(incident.id, 0.0),
        )
        return extent(
            reach,
            regulators=running(self._config.regulators(incident.target), trouble),
            similar=self._similar.get(incident.id, ("", ()))[1],
            nearby=self._nearby(incident),
        )

    def _nearby(self, incident: Incident) -> tuple[Nearby, ...]:
        seen = changed_traits(self._recent, incident.target, incident.since)
        traits = [TraitChanged(at, trait, check) for at, trait, check in seen]
        windows = [one for one in self._windows if _covers(one, incident.target)]
        return nearby(incident.since, windows=windows, configs=self._configs, traits=traits)

    def _objective(self, incident: Incident) -> float | None:
        """The strictest of what its checks are held to."""
        known: Mapping[str, float] = {
            name: check.objective.availability for name in incident.checks if (check := self._config.checks.get(name))
        }
        return max(known.values(), default=None)


def _covers(window: Window, target: str) -> bool:
    return not window.targets or target in window.targets


def _past(row: Slim) -> Past:
    return Past(
        row.started + row.duration_seconds,
        row.location,
        row.stratum,
        row.good,
        row.failed_step,
        Outcome(row.outcome),
        NetworkReason(row.reason),
        row.run_id,
    )


def _month_seconds(at: float) -> float:
    period = month_period(datetime.fromtimestamp(at, UTC).strftime("%Y-%m"), "UTC")
    return float(period.end - period.start)
