"""The recent runs of one target, cut every way that tells layers apart: by step, stratum, place, neighbour. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from statistics import median

from monitor.inquiry.observe import Asked, Clean, from_step
from monitor.inquiry.recent import Cell, Recent, Row, failing_step
from monitor.model.check import Check
from monitor.model.result import PHASES, Phases, Result, StepResult
from monitor.model.triage import Experiment, Observation, Symptom

#: A run ends after it was due, by two readings of the clock that may differ by a tick.
LEAD_SECONDS = 0.05
#: What a gateway did longer ago says little about what it does now.
WINDOW_SECONDS = 1_800.0
#: Neighbours: gateways with trouble of their own are told first, then so many others.
NEIGHBOURS_MAX = 20
#: Names of strata that tell cards of one brand apart.
CARDS = frozenset({"card", "bin", "prefix", "pan"})
#: An address is as slow as its quicker exchanges are: where half of all are slow by chance, medians of two addresses differ by chance, too.
QUICK_SHARE = 0.25
#: Ids of failing exchanges, newest last: what a support desk asks for, and no more than fits a ticket.
CORRELATIONS_MAX = 10
#: Kinds of failure told of one part.
MIX_MAX = 8


@dataclass(frozen=True, slots=True)
class View:
    """From where and since when the runs are looked at."""

    target: str
    symptom: Symptom
    since: float
    at: float
    location: str

    @property
    def begins(self) -> float:
        return max(self.since - LEAD_SECONDS, self.at - WINDOW_SECONDS)


@dataclass(slots=True)
class Part:
    """The runs of one step, stratum or place."""

    rows: list[tuple[Row, bool]] = field(default_factory=list)  # with whether it was bad here
    bad: list[tuple[Result, str, StepResult | None]] = field(default_factory=list)
    good: list[tuple[Result, str, StepResult | None]] = field(default_factory=list)


def summaries(recent: Recent, checks: Mapping[str, Check], view: View, clean: Clean) -> tuple[Observation, ...]:
    """What the runs since the trouble began came to."""
    parts: dict[tuple[Experiment, str, str], Part] = {}
    for cell in recent.cells(view.target):
        if not cell.control and cell.check in checks:
            _sort(parts, cell, checks[cell.check], view)
    found = [_told(key, part, view, clean) for key, part in parts.items() if part.rows]
    by_address = _addresses(recent, view) if view.symptom is Symptom.SLOW else ()
    return (*found, *by_address, *_neighbours(recent, view))


def before(recent: Recent, view: View, clean: Clean) -> tuple[Observation, ...]:
    """The last good run before the trouble of every check of the target, step by step; where it is slow, every stratum's own past, too."""
    latest: dict[str, Result] = {}
    for cell in recent.cells(view.target):
        run = None if cell.control else cell.before(view.since)
        if run is not None and (cell.check not in latest or latest[cell.check].finished < run.finished):
            latest[cell.check] = run
    steps = tuple(
        replace(from_step(Asked(Experiment.STEP, step.name, run.location), step, run.started, clean), run_id=run.run_id)
        for run in latest.values()
        for step in run.steps
        if not step.undo
    )
    return (*steps, *_strata_before(recent, view, clean)) if view.symptom is Symptom.SLOW else steps


def _strata_before(recent: Recent, view: View, clean: Clean) -> Iterator[Observation]:
    """What each stratum took before: cards and brands differ on good days, too, so each is held against itself."""
    parts: dict[tuple[Experiment, str], Part] = {}
    for cell in recent.cells(view.target):
        runs = [] if cell.control else [run for run in (*cell.calm, *cell.good) if run.finished < view.since and run.steps]
        for subject in _subjects(cell.stratum, view):
            parts.setdefault((_cut_of(subject), subject), Part()).good.extend((run, "", _slowest(run.steps)) for run in runs)
    for (experiment, subject), part in parts.items():
        if part.good:
            run, _, step = max(part.good, key=lambda each: each[0].finished)
            seen = from_step(Asked(experiment, subject, view.location), step or run.steps[0], run.finished, clean)
            yield _with_medians(replace(seen, step="", runs=len(part.good)), part)


def correlations(recent: Recent, target: str, since: float) -> tuple[str, ...]:
    """The gateway's own ids of failing exchanges, newest last."""
    runs = sorted(
        (run for cell in recent.cells(target) for run in cell.bad if run.finished >= since), key=lambda run: run.finished
    )
    steps = (failing_step(run) for run in runs)
    return tuple(dict.fromkeys(step.correlation for step in steps if step and step.correlation))[-CORRELATIONS_MAX:]


def strata_of(label: str) -> tuple[str, ...]:
    """``brand=visa,currency=usd``: one subject for each dimension."""
    return tuple(label.split(",")) if label else ()


def _subjects(label: str, view: View) -> tuple[str, ...]:
    """One card of one brand is a quarter of the runs: too few to move a dimension's median, so of what is slow the cell is told as well."""
    single = strata_of(label)
    return (*single, label) if view.symptom is Symptom.SLOW and len(single) > 1 else single


def _cut_of(subject: str) -> Experiment:
    named = {label.partition("=")[0] for label in strata_of(subject)}
    return Experiment.CARD if named & CARDS else Experiment.STRATUM


def _sort(parts: dict[tuple[Experiment, str, str], Part], cell: Cell, check: Check, view: View) -> None:
    """Put the runs of one cell where they belong."""
    kinds = {step.name: Experiment.READ if step.reads else Experiment.WRITE for step in check.steps}
    wholes = [(_cut_of(subject), subject, "") for subject in _subjects(cell.stratum, view)]
    wholes.append((Experiment.LOCATION, cell.location, cell.location))
    for row in cell.rows:
        if row.at < view.begins or row.good is None:
            continue
        bad = row.good is False
        for key in wholes:
            _part(parts, key).rows.append((row, bad))
        for name in row.steps:
            for key in _step_keys(name, kinds, cell.location):
                _part(parts, key).rows.append((row, bad and name == row.failed_step))
    _examples(parts, cell, wholes, kinds, view)


def _examples(
    parts: dict[tuple[Experiment, str, str], Part],
    cell: Cell,
    wholes: Sequence[tuple[Experiment, str, str]],
    kinds: Mapping[str, Experiment],
    view: View,
) -> None:
    for run in cell.bad:
        if run.finished >= view.begins:
            failed = failing_step(run)
            for key in (*wholes, *_step_keys(run.failed_step, kinds, cell.location)):
                _part(parts, key).bad.append((run, run.failed_step, failed))
    for run in cell.good:
        if run.finished < view.begins or not run.steps:
            continue
        for key in wholes:
            _part(parts, key).good.append((run, "", _slowest(run.steps)))
        for step in run.steps:
            if not step.undo:
                for key in _step_keys(step.name, kinds, cell.location):
                    _part(parts, key).good.append((run, step.name, step))


def _step_keys(name: str, kinds: Mapping[str, Experiment], location: str) -> Iterator[tuple[Experiment, str, str]]:
    yield Experiment.STEP, name, location
    if name in kinds:
        yield kinds[name], name, location


def _part(parts: dict[tuple[Experiment, str, str], Part], key: tuple[Experiment, str, str]) -> Part:
    return parts.setdefault(key, Part())


def _slowest(steps: Iterable[StepResult]) -> StepResult:
    return max((step for step in steps if not step.undo), key=lambda step: step.duration_seconds, default=next(iter(steps)))


def _told(key: tuple[Experiment, str, str], part: Part, view: View, clean: Clean) -> Observation:
    experiment, subject, source = key
    rows = sorted(part.rows, key=lambda each: each[0].at)
    bad = [row for row, was_bad in rows if was_bad]
    seen = _example(Asked(experiment, subject, source or view.location), part, bad, rows[-1][0], clean)
    after = next((index for index, (_, was_bad) in enumerate(reversed(rows)) if was_bad), len(rows))
    mix = Counter(f"{row.outcome.value} {row.word}".strip() for row in bad)
    told = replace(
        seen, good=not bad, runs=len(rows), bad=len(bad), after=after, mix=tuple(mix.most_common(MIX_MAX)) if len(mix) > 1 else ()
    )
    return _with_medians(told, part) if view.symptom is Symptom.SLOW and part.good else told


def _example(asked: Asked, part: Part, bad: Sequence[Row], latest: Row, clean: Clean) -> Observation:
    """The latest bad run, or the latest when none was: with its steps where they are still known."""
    known = part.bad if bad else part.good
    run, name, step = max(known, key=lambda each: each[0].finished, default=(None, "", None))
    if run is not None and step is not None:
        return replace(from_step(asked, step, run.finished, clean), step=name, run_id=run.run_id)
    row = bad[-1] if bad else latest
    word = row.word if row.word != row.reason.value else ""
    return Observation(
        asked.experiment,
        asked.subject,
        row.at,
        asked.source,
        row.good,
        outcome=row.outcome,
        reason=row.reason,
        status=int(word) if word.isdecimal() else None,
        code="" if word.isdecimal() else word,
        step=row.failed_step,
        run_id=row.run_id,
    )


def _with_medians(seen: Observation, part: Part) -> Observation:
    steps = [step for _, _, step in part.good if step is not None]
    whole = seen.experiment in (Experiment.STRATUM, Experiment.CARD, Experiment.LOCATION)
    seconds = [run.duration_seconds if whole or step is None else step.duration_seconds for run, _, step in part.good]
    spent = {name: [value for step in steps if (value := getattr(step.phases, name)) is not None] for name in PHASES}
    return replace(
        seen, seconds=median(seconds), phases=Phases(**{name: median(values) for name, values in spent.items() if values})
    )


def _addresses(recent: Recent, view: View) -> list[Observation]:
    """What exchanges took by the address that answered, from here. Whoever waits by chance waits at any address: see ``QUICK_SHARE``."""
    spent: dict[str, list[float]] = {}
    for cell in recent.cells(view.target):
        if cell.location == view.location and not cell.control:
            for run in cell.good:
                for step in run.steps if run.finished >= view.begins else ():
                    if step.address:
                        spent.setdefault(step.address, []).append(step.duration_seconds)
    return [
        Observation(
            Experiment.ADDRESS, address, view.at, view.location, True, address=address, runs=len(each), seconds=_quick(each)
        )
        for address, each in sorted(spent.items())
    ]


def _quick(seconds: Iterable[float]) -> float:
    rising = sorted(seconds)
    return rising[int(QUICK_SHARE * len(rising))]


def _neighbours(recent: Recent, view: View) -> list[Observation]:
    """Other gateways from the same place."""
    found = [_neighbour(target, recent.cells(target), view) for target in recent.targets() if target != view.target]
    known = [one for one in found if one is not None]
    return sorted(known, key=lambda one: (one.bad == 0, one.subject))[:NEIGHBOURS_MAX]


def _neighbour(target: str, cells: Iterable[Cell], view: View) -> Observation | None:
    begins = view.begins
    rows = [
        row
        for cell in cells
        if cell.location == view.location and not cell.control
        for row in takewhile(lambda row: row.at >= begins, reversed(cell.rows))
        if row.good is not None
    ]
    if not rows:
        return None
    rows.sort(key=lambda row: row.at)
    bad = [row for row in rows if not row.good]
    example = bad[-1] if bad else rows[-1]
    return Observation(
        Experiment.NEIGHBOUR,
        target,
        example.at,
        view.location,
        not bad,
        outcome=example.outcome,
        reason=example.reason,
        step=example.failed_step,
        runs=len(rows),
        bad=len(bad),
        run_id=example.run_id,
    )


def changed_traits(recent: Recent, target: str, since: float) -> list[tuple[float, str, str]]:
    """What good answers show of the gateway differently than before ``since``: when first seen of those still kept, trait, check."""
    found: dict[tuple[str, str], float] = {}
    for cell in recent.cells(target):
        earlier = None if cell.control else cell.before(since)
        if earlier is None:
            continue
        former = {(step.name, trait): text for step in earlier.steps for trait, text in step.traits}
        for run in cell.good:
            for step in run.steps if run.finished >= since else ():
                for trait, text in step.traits:
                    if former.get((step.name, trait), text) != text:
                        found.setdefault((cell.check, trait), run.started)
    return [(at, trait, check) for (check, trait), at in found.items()]
