"""What is normal, kept fresh: each check's own history is fitted once a day, one check at a time, off the loop.

A fit goes to the store, with its version, before the rules hear of it, so that a restart goes on with the same thresholds. While a check is under
suspicion or its target has an incident, nothing is learnt of it. A fit much worse than the one in force waits for others to agree (see
``detectors/adoption.py``). Until there are three days of history the rules work without: see cold start in docs/detection.md.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError

from monitor.app import calm
from monitor.clock import Clock
from monitor.config import Config
from monitor.detectors.adoption import Fit, believed
from monitor.detectors.baseline import Baseline
from monitor.detectors.calm import AGAIN_SECONDS, DAY_SECONDS, enough, ready_at
from monitor.detectors.learn import fit
from monitor.incidents import Book
from monitor.model.batch import Batch
from monitor.model.check import Check
from monitor.model.learned import Force, Learned
from monitor.rules import RuleEngine
from monitor.rules.plan import assign
from monitor.scheduler import phase_of
from monitor.sla.intervals import Intervals
from monitor.stores import Past, Store, StoreError

log = structlog.get_logger()

BASELINE = TypeAdapter(Baseline)
#: A fit moves little from one day to the next.
REFIT_SECONDS = 86_400.0
#: After a fit the thread rests this many times as long as it worked: a tenth of one core at most, until all checks have had theirs.
REST_TIMES = 9.0
REST_MIN_SECONDS = 1.0
#: A check that a reload brought has its turn within this long.
IDLE_SECONDS = 60.0
#: A thread that computes lets others have the interpreter this often: a probe that is due must not wait the usual 5 ms for it.
SWITCH_SECONDS = 0.0005
#: Incidents of four weeks that are read: beyond, something is so broken that nothing can be learnt.
INCIDENTS_READ = 1_000


class Learning:
    """``restore``, then ``run`` for ever; ``adopt`` after a reload. ``aside`` does the arithmetic where it delays nobody."""

    def __init__(
        self,
        config: Config,
        store: Store,
        engine: RuleEngine,
        book: Book,
        clock: Clock,
        aside: Callable[[Callable[[], Any]], Awaitable[Any]],
    ) -> None:
        self._store = store
        self._engine = engine
        self._book = book
        self._clock = clock
        self._aside = aside
        self._in_force: dict[str, dict[str, Baseline]] = {}  # by check, by stratum
        self._due: dict[str, float] = {}  # when each check is to be looked at
        self._learned_at: dict[str, float] = {}
        self._config = config

    def restore(self, kept: Iterable[Learned]) -> None:
        """Go on with what the store kept. What this version cannot read is learnt anew."""
        for one in kept:
            baseline = read(one)
            if baseline is None:
                log.warning("baseline_not_readable", check=one.check, version=one.version)
                continue
            self._in_force.setdefault(one.check, {})[one.stratum] = baseline
            self._learned_at[one.check] = one.at
        self.adopt(self._config)

    def adopt(self, config: Config) -> None:
        """Another configuration: what is known of checks that stay is known."""
        self._config = config
        now = self._clock.wall()
        watched = {check.id: check for check in config.checks.values() if strata_watched(config, check)}
        self._in_force = {name: known for name, known in self._in_force.items() if name in watched}
        self._due = {name: self._due.get(name) or self._first_turn(name, now) for name in watched}
        for name in self._in_force:
            self._tell(name)

    def _first_turn(self, check: str, now: float) -> float:
        """Spread by id: the checks of a restart must not all be fitted in its first hour."""
        known = self._learned_at.get(check)
        spread = phase_of(check, AGAIN_SECONDS if known is None else REFIT_SECONDS / 24)
        return now + spread if known is None else max(now, known + REFIT_SECONDS) + spread

    def baseline(self, check: str, stratum: str = "") -> Baseline | None:
        """What is in force."""
        return self._in_force.get(check, {}).get(stratum)

    def learned_at(self, check: str) -> float | None:
        """When something was last taken into force for it."""
        return self._learned_at.get(check)

    async def run(self) -> None:
        """Learn until cancelled."""
        while True:
            rest = IDLE_SECONDS
            try:
                rest = await self.turn()
            except StoreError as error:
                log.warning("learning_put_off", reason=str(error))
            except Exception as error:  # our own bug, at this edge: the rules go on with what they know
                log.exception("learning_failed", error=type(error).__name__)
            await asyncio.sleep(rest)

    async def turn(self) -> float:
        """Look at the check whose turn it is, if there is one. Gives the seconds to rest."""
        now = self._clock.wall()
        name = min(self._due, key=self._due.__getitem__, default=None)
        if name is None or self._due[name] > now:
            return IDLE_SECONDS if name is None else min(IDLE_SECONDS, max(REST_MIN_SECONDS, self._due[name] - now))
        self._due[name] = now + AGAIN_SECONDS  # also when it fails: the others get their turn
        check = self._config.checks[name]
        if self._in_trouble(check):
            return REST_MIN_SECONDS
        begun = self._clock.monotonic()
        again = await self._learn(check, now)
        if name in self._due:  # else a reload took it away meanwhile
            self._due[name] = again
        return max(REST_MIN_SECONDS, REST_TIMES * (self._clock.monotonic() - begun))

    def _in_trouble(self, check: Check) -> bool:
        suspected = any(wish.check == check.id for wish in self._engine.wishes())
        return suspected or any(one.target == check.target and calm.shows(one) for one in self._book.open())

    async def _learn(self, check: Check, now: float) -> float:
        """Fit what there is enough of. Gives when to look again."""
        since, until = calm.period(check, now)
        first = await first_run(self._store, check.id, since, now)
        if first is None or ready_at(first) > now:
            return now + AGAIN_SECONDS if first is None else max(now + REST_MIN_SECONDS, ready_at(first))
        past = await self._read(check, since, until)
        left_out = await self._troubles(check, since, now)
        versions = await self._store.learned(check.id)
        fitted = False
        for stratum in sorted(strata_watched(self._config, check)):
            fresh: Baseline | None = await self._aside(partial(_fit_gently, past, stratum, left_out))
            if fresh is not None and check.id in self._due:
                self._weigh(check, stratum, [one for one in reversed(versions) if one.stratum == stratum], fresh, now)
                fitted = True
        if fitted:
            self._tell(check.id)
        return now + (REFIT_SECONDS if fitted else AGAIN_SECONDS)

    async def _read(self, check: Check, since: float, until: float) -> Past:
        """Day by day: other readers go between."""
        whole, at = Past(), since
        while at < until:
            part = await self._store.past(check.id, since=at, until=min(until, at + DAY_SECONDS))
            for mine, more in zip(_columns(whole), _columns(part), strict=True):
                mine.extend(more)
            at += DAY_SECONDS
        return whole

    async def _troubles(self, check: Check, since: float, now: float) -> Intervals:
        incidents = await self._store.incidents(since=since, limit=INCIDENTS_READ)
        return calm.troubles(check, incidents, await self._store.windows(since=since, until=now), now)

    def _weigh(self, check: Check, stratum: str, before: Sequence[Learned], fresh: Baseline, now: float) -> None:
        """Take the fit, or hold it back; either way it is kept, with the reason. ``before``: earlier versions, oldest first."""
        fits = [Fit(known, one.force is Force.ADOPTED, bool(one.note.en)) for one in before if (known := read(one))]
        taken, note = believed(fits, fresh)
        version = before[-1].version + 1 if before else 1
        if taken:
            self._in_force.setdefault(check.id, {})[stratum] = fresh
            self._learned_at[check.id] = now
        if note.en:
            log.warning("baseline_jumped", check=check.id, stratum=stratum, version=version, taken=taken, reason=note.en)
        force, body = Force.ADOPTED if taken else Force.HELD, BASELINE.dump_json(fresh).decode()
        self._store.record(Batch(learned=[Learned(check.id, stratum, version, now, force, note, body)]))

    def _tell(self, check: str) -> None:
        self._engine.learn(check, {(stratum, ""): known for stratum, known in self._in_force.get(check, {}).items()})


def read(one: Learned) -> Baseline | None:
    """None: written by a version that knew another shape."""
    try:
        return BASELINE.validate_json(one.body)
    except ValidationError:
        return None


def strata_watched(config: Config, check: Check) -> frozenset[str]:
    """The strata of which something is to be learnt, "" for the check as a whole: those that a rule over all locations watches."""
    pooled = (one for one in assign(config.rules, check) if one.detector.pools_locations and "" in one.steps)
    return frozenset().union(*(one.strata for one in pooled))


async def first_run(store: Store, check: str, since: float, until: float) -> float | None:
    """When the history of a check begins, to the hour; None: there is none."""
    hours = await store.rollups([check], seconds=3_600, since=since - since % 3_600, until=until)
    return min((float(one.start) for one in hours if one.up + one.down), default=None)


def _columns(past: Past) -> tuple[list[Any], ...]:
    return past.at, past.location, past.stratum, past.good, past.outcome, past.latency


def _fit_gently(past: Past, stratum: str, left_out: Intervals) -> Baseline | None:
    """In a thread. None: there is not enough of it."""
    with _short_turns():
        history = calm.select(past, stratum, left_out)
        return fit(history) if enough(history.at) else None


@contextmanager
def _short_turns() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(min(usual, SWITCH_SECONDS))
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
