"""What the service tells about itself and its checks, for Prometheus. All methods run on the loop, and none of them waits but ``render``."""

import asyncio
import gzip
import platform
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Metric, ProcessCollector, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from monitor.budget import Refusal
from monitor.deadlines.targets import Kind
from monitor.exporter import catalogue as metric
from monitor.exporter.bounds import DELAY
from monitor.exporter.budget_series import BUDGET_SERIES, BudgetSeries
from monitor.exporter.catalogue import METRICS
from monitor.exporter.check_series import CheckSeries, series_count, shape
from monitor.exporter.clock_series import ClockSeries, Left
from monitor.exporter.desk_series import DESK_SERIES, DeskSeries
from monitor.exporter.evidence_series import EvidenceSeries, Scores, evidence_count
from monitor.exporter.extra_series import EXTRA_SERIES, ExtraSeries
from monitor.exporter.ledger_series import LEDGER_SERIES, LedgerSeries
from monitor.exporter.lines import Counter, Family, Gauge, Histogram
from monitor.exporter.triage_series import TriageSeries
from monitor.model.alert import Severity
from monitor.model.check import Check
from monitor.model.exposure import LedgerFigures
from monitor.model.extra import ExtraRefusal
from monitor.model.incident import OutboxState
from monitor.model.mirror import DeskEventKind
from monitor.model.outcome import OURS, NetworkReason
from monitor.model.result import Missed, Result
from monitor.model.triage import Diagnosis, Experiment

#: How many series are kept at most, see ``series_count``: a thousand checks of a step or two. A Prometheus takes 3 to 4 kB for each.
BUDGET = 100_000
#: Smaller bodies are not worth a thread.
COMPRESS_FROM_BYTES = 64 << 10
#: What was not sent for want of budget failed nowhere, and has a metric of its own.
NETWORK_REASONS = tuple(reason for reason in NetworkReason if reason not in (NetworkReason.NONE, NetworkReason.BUDGET))
TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Scrape(NamedTuple):
    body: bytes
    headers: dict[str, str]


class Exporter:
    """``budget`` bounds the series of checks and desks; a check that does not fit is refused as a whole, and counted."""

    def __init__(self, checks: Iterable[Check], location: str, budget: int = BUDGET) -> None:
        self._location, self._budget = location, budget
        self._families = {declared: Family(declared) for declared in METRICS}
        self._spent_in_all = 0
        self._checks: dict[str, CheckSeries] = {}
        self._spent: dict[tuple[str, str], int] = {}  # (what, its id) -> series
        self._desks: dict[str, DeskSeries] = {}
        self._network: dict[str, dict[NetworkReason, Counter]] = {}
        self._budgets: dict[str, BudgetSeries] = {}
        self._ledgers: dict[str, LedgerSeries] = {}
        self._evidence: dict[str, EvidenceSeries] = {}
        self._extras: dict[str, ExtraSeries] = {}
        self._config_info: Gauge | None = None
        self._make_own()
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)
        self.configure(checks)

    def _make_own(self) -> None:
        here = {"location": self._location}
        self._late, self._queue, self._lag = (self._histogram(m) for m in (metric.LATE, metric.QUEUE, metric.LOOP_LAG))
        self._faults = {
            r: Counter(self._families[metric.FAULTS], {**here, "reason": r.value or "other"})
            for r in (NetworkReason.NONE, *NETWORK_REASONS)
        }
        self._incidents = {s: Gauge(self._families[metric.INCIDENTS], {"severity": s.value}, 0) for s in Severity}
        self._clocks = ClockSeries(self._families)
        self._triage = TriageSeries(self._families, self._location)
        self._store_pending = self._gauge(metric.STORE_PENDING, 0)
        self._reload_ok, self._reload_at = self._gauge(metric.RELOAD_OK), self._gauge(metric.RELOAD_AT)
        self._series, self._refused = self._gauge(metric.SERIES, 0), Counter(self._families[metric.SERIES_REFUSED], {})
        self._gauge(metric.SERIES_BUDGET, self._budget)
        self._uncounted = Counter(self._families[metric.UNCOUNTED], {})
        about = {"version": version("paycanary"), "python": platform.python_version()}
        Gauge(self._families[metric.BUILD_INFO], about, 1)

    def _histogram(self, declared: metric.Metric) -> Histogram:
        return Histogram(self._families[declared], {"location": self._location}, DELAY)

    def _gauge(self, declared: metric.Metric, value: float | None = None) -> Gauge:
        return Gauge(self._families[declared], {}, value)

    # What is watched

    def configure(self, checks: Iterable[Check]) -> None:
        """Take these checks instead of the former ones. What did not change goes on counting."""
        wanted = {check.id: check for check in checks}
        self._forget(wanted)
        for target in sorted({check.target for check in wanted.values()} - set(self._network)):
            if self._afford("target", target, len(NETWORK_REASONS)):
                self._network[target] = self._network_counters(target)
        for check in wanted.values():
            if check.id not in self._checks and self._afford("check", check.id, series_count(check)):
                self._checks[check.id] = CheckSeries(self._families, check, self._location)

    def _forget(self, wanted: Mapping[str, Check]) -> None:
        for name in list(self._checks):
            if name not in wanted or self._checks[name].shape != shape(wanted[name]):
                self._checks.pop(name).close()
                self._refund("check", name)
                self._forget_evidence(name)
                self._forget_extras(name)
        for target in set(self._network) - {check.target for check in wanted.values()}:
            for counter in self._network.pop(target).values():
                counter.close()
            self._refund("target", target)
            if target in self._budgets:
                self._budgets.pop(target).close()
                self._refund("budget", target)

    def _afford(self, what: str, name: str, count: int) -> bool:
        if self._spent_in_all + count > self._budget:
            self._refused.add(count)
            return False
        self._spent[what, name] = count
        self._spent_in_all += count
        self._series.set(self._spent_in_all)
        return True

    def _refund(self, what: str, name: str) -> None:
        self._spent_in_all -= self._spent.pop((what, name))
        self._series.set(self._spent_in_all)

    def _network_counters(self, target: str) -> dict[NetworkReason, Counter]:
        labels = {"target": target, "location": self._location}
        return {r: Counter(self._families[metric.NETWORK], {**labels, "reason": r.value}) for r in NETWORK_REASONS}

    # What happens

    def result(self, result: Result) -> None:
        if result.extra:
            self._extra_result(result)
            return
        series = self._checks.get(result.check)
        if series is None or not series.result(result):
            self._uncounted.add()
        self._late.add(result.late_seconds)
        self._queue.add(sum(step.queued_seconds for step in result.steps))
        if result.good is not True:
            self._failure(result)

    def _extra_result(self, result: Result) -> None:
        series = self._extra(result.check, result.target)
        if series:
            series.ran(result.standing)

    def extra_refused(self, check: Check, reason: ExtraRefusal) -> None:
        """A run asked for under suspicion was not made."""
        series = self._extra(check.id, check.target)
        if series:
            series.refused(reason)

    def extra_level(self, check: Check, *, bursting: bool, saved: float) -> None:
        """Whether a check is looked at more closely now, and the extra runs it has saved up."""
        series = self._extra(check.id, check.target)
        if series:
            series.level(bursting=bursting, saved=saved)

    def _extra(self, check: str, target: str) -> ExtraSeries | None:
        if check in self._checks and check not in self._extras and self._afford("extra", check, EXTRA_SERIES):
            self._extras[check] = ExtraSeries(self._families, check, target, self._location)
        return self._extras.get(check)

    def _forget_extras(self, check: str) -> None:
        known = self._extras.pop(check, None)
        if known:
            known.close()
            self._refund("extra", check)

    def _failure(self, result: Result) -> None:
        if result.outcome in OURS:
            self._faults[result.reason].add()
        elif result.reason in NETWORK_REASONS and result.target in self._network:
            self._network[result.target][result.reason].add()

    def missed(self, missed: Missed) -> None:
        series = self._checks.get(missed.check)
        if series is None:
            self._uncounted.add(missed.count)
        else:
            series.missed(missed)

    def incidents(self, counts: Mapping[Severity, int]) -> None:
        """How many incidents of each severity are open now; a severity left out has none."""
        for severity, gauge in self._incidents.items():
            gauge.set(counts.get(severity, 0))

    def clocks_left(self, left: Left) -> None:
        """Seconds until a target is missed, the least of each clock and severity; a pair left out runs nowhere."""
        self._clocks.left(left)

    def clock_missed(self, kind: Kind, severity: Severity) -> None:
        self._clocks.missed(kind, severity)

    def calendars(self, names: Collection[str], doubted: Collection[str]) -> None:
        """The calendars there are, and those whose coming holidays are guesses."""
        self._clocks.calendars(names, doubted)

    def outbox(self, desk: str, state: OutboxState, depth: int, oldest_age_seconds: float = 0.0) -> None:
        series = self._desk(desk)
        if series:
            series.outbox(state, depth, oldest_age_seconds)

    def delivery(self, event: str, desk: str, seconds: float | None = None) -> None:
        """One delivery came to ``event``; ``seconds`` since the command was decided, when the desk has taken it."""
        series = self._desk(desk)
        if series:
            series.delivery(event, seconds)

    def desk_event(self, desk: str, kind: DeskEventKind) -> None:
        """A person did something to a ticket at ``desk``."""
        series = self._desk(desk)
        if series:
            series.people(kind)

    def hook(self, desk: str, result: str) -> None:
        """A request came to the hook of ``desk``, which is configured; ``result`` is one of ``desk_series.HOOK_RESULTS``."""
        series = self._desk(desk)
        if series:
            series.hook(result)

    def _desk(self, desk: str) -> DeskSeries | None:
        if desk not in self._desks and self._afford("desk", desk, DESK_SERIES):
            self._desks[desk] = DeskSeries(self._families, desk)
        return self._desks.get(desk)

    def budget(self, target: str, tokens: float | None, declines_used: int, paused_seconds: float) -> None:
        """What is left of a target's budget; ``tokens`` is None without a limit."""
        series = self._budget_of(target)
        if series:
            series.level(tokens, declines_used, paused_seconds)

    def budget_refused(self, target: str, reason: Refusal) -> None:
        """A run or a request was not made."""
        series = self._budget_of(target)
        if series:
            series.refused(reason)

    def triaged(self, diagnosis: Diagnosis, skipped: Iterable[Experiment]) -> None:
        """A verdict, and what could not be asked for it."""
        self._triage.told(diagnosis, skipped)

    def ledger(self, figures: Iterable[LedgerFigures]) -> None:
        """Where synthetic money stands, by target."""
        for one in figures:
            if one.target not in self._ledgers and self._afford("ledger", one.target, LEDGER_SERIES):
                self._ledgers[one.target] = LedgerSeries(self._families, one.target)
            series = self._ledgers.get(one.target)
            if series:
                series.stand(one)

    def evidence(self, check: Check, scores: Scores, learned_at: float | None = None, failure_ratio: float | None = None) -> None:
        """Where the rules of a check stand, and what is normal for it. ``learned_at`` is None in its cold start."""
        known = self._evidence.get(check.id)
        if known is None or known.rules != scores.keys():
            self._forget_evidence(check.id)
            if check.id not in self._checks or not self._afford("evidence", check.id, evidence_count(scores)):
                return
            known = EvidenceSeries(self._families, check, self._location, frozenset(scores))
            self._evidence[check.id] = known
        known.stand(scores)
        known.baseline(learned_at, failure_ratio)

    def _forget_evidence(self, check: str) -> None:
        known = self._evidence.pop(check, None)
        if known:
            known.close()
            self._refund("evidence", check)

    def _budget_of(self, target: str) -> BudgetSeries | None:
        if target in self._network and target not in self._budgets and self._afford("budget", target, BUDGET_SERIES):
            self._budgets[target] = BudgetSeries(self._families, target)
        return self._budgets.get(target)

    def loop_lag(self, seconds: float) -> None:
        self._lag.add(seconds)

    def store(self, pending: int) -> None:
        self._store_pending.set(pending)

    def reload(self, *, ok: bool, at: float, version: str) -> None:
        """A configuration was taken, or refused; ``version`` is the running one's."""
        self._reload_ok.set(int(ok))
        if not ok:
            return
        self._reload_at.set(round(at, 3))
        if self._config_info:
            self._config_info.close()
        self._config_info = Gauge(self._families[metric.CONFIG_INFO], {"version": version}, 1)

    # What is told

    async def render(self, accept: str = "") -> tuple[bytes, str]:
        """The whole exposition and its content type: OpenMetrics with exemplars when ``accept`` asks for it, else text 0.0.4.

        One family at a time, with the loop let go between them: a probe that is due waits for one join, not for all.
        """
        openmetrics = "application/openmetrics-text" in accept
        for busy in (self._late, self._queue, self._lag):  # told far more often than asked for
            busy.write()
        parts = []
        for family in self._families.values():
            parts.append(family.render(openmetrics=openmetrics).encode())
            await asyncio.sleep(0)
        parts.append(self._process_text(openmetrics=openmetrics))
        return b"".join(parts), OPENMETRICS if openmetrics else TEXT

    def _process_text(self, *, openmetrics: bool) -> bytes:
        """Memory, processor time and open files of this process, under the names every exporter gives them."""
        encode: Callable[[CollectorRegistry], bytes] = generate_openmetrics if openmetrics else generate_latest
        return encode(self._process)

    async def scrape(self, accept: str = "", accept_encoding: str = "") -> Scrape:
        """What to answer a scrape: ``render``, compressed in a thread when asked for and worth it."""
        body, content_type = await self.render(accept)
        headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
        if len(body) >= COMPRESS_FROM_BYTES and "gzip" in accept_encoding:
            # Level 1: 9 takes five times as long for a fifth less.
            body = await asyncio.to_thread(gzip.compress, body, 1)
            headers["Content-Encoding"] = "gzip"
        return Scrape(body, headers)

    def collect(self) -> Iterator[Metric]:
        """For programs that embed paycanary: register the exporter with their own ``prometheus_client`` registry."""
        text = "".join(family.render(openmetrics=False) for family in self._families.values())
        yield from text_string_to_metric_families(text)
