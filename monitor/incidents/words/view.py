"""What a template may say: every name in it, for one incident in one language.

These names are a promise to teams that write templates of their own: names are added and never change their meaning or go away. Every
text is one line of plain text in the language asked for, without control characters, credentials or card numbers; instants are UTC and
say so; every number that has a unit carries it. An empty text, an empty list or nothing (``None``) means that it is not known.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Began:
    """When the trouble began; ``first`` and ``last`` are the ends of its 95 % interval where a detector could say."""

    at: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of evidence. ``key`` is the same in every language: outcomes, steps, strata, places, first_bad, last_good, expires, message."""

    key: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alert. ``follows``: it is a consequence, and this target depends on the one in trouble."""

    title: str
    said: str
    check: str
    where: str
    follows: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """What such trouble means in general, and what to do first: for as long as there is no verdict."""

    meaning: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Tried:
    """One step of the runbook. ``mark``: passed, failed, unsure or skipped, in the language's word."""

    question: str
    mark: str
    said: str
    at: str
    source: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """``decided`` is false where the evidence does not decide or nothing is wrong now; ``confidence`` is empty then."""

    sentence: str
    decided: bool
    layer: str
    confidence: str
    where: str
    owner: str
    next_step: str
    do_not: tuple[str, ...]
    against: tuple[str, ...]
    others: tuple[str, ...]
    tried: tuple[Tried, ...]
    passed: tuple[Tried, ...]
    not_tried: tuple[str, ...]
    took: str
    ours: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """Operations, strata or locations, the worst first: ``authorise 24 of 24``."""

    kind: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunAt:
    """One run of a check."""

    at: str
    run: str


@dataclass(frozen=True, slots=True)
class Impact:
    """Each is empty when it cannot be said. ``failed`` and ``customers`` are estimates with their 95 % intervals."""

    failed: str
    customers: str
    budget: str
    penalty: str


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty to report to a regulator. ``running``: its threshold is reached."""

    said: str
    due: str
    running: bool


@dataclass(frozen=True, slots=True)
class Earlier:
    """An incident like this one."""

    incident: str
    opened: str
    lasted: str
    note: str


@dataclass(frozen=True, slots=True)
class Near:
    """Something that happened near the onset."""

    at: str
    said: str


@dataclass(frozen=True, slots=True)
class View:
    """One incident.

    ``kind`` is failing, slow, changed (nothing fails yet) or monitor (our own watching is hit). ``triage_runs``: a verdict is still to
    come. ``news``, ``new_verdict`` and ``new_impact`` say what has come since people were last told. ``affected`` and ``working`` are in
    customers' own words. ``shipped`` is the text as it comes with the house, for a template that only adds to it.
    """

    incident: str
    episode: int
    target: str
    severity: str
    status: str
    kind: str
    title: str
    open: bool
    began: Began
    opened: str
    found_after: str
    resolved: str
    lasted: str
    acknowledged: str
    acknowledged_by: str
    assignee: str
    pending: str
    parent: str
    children: tuple[str, ...]
    problem: str
    checks: tuple[str, ...]
    more_checks: int
    lead: Alarm | None
    alerts: tuple[Alarm, ...]
    more_alerts: int
    alert_count: int
    advice: Advice
    verdict: Verdict | None
    triage_runs: bool
    scope: tuple[Scope, ...]
    first_bad: RunAt | None
    last_good: RunAt | None
    impact: Impact | None
    duties: tuple[Duty, ...]
    similar: tuple[Earlier, ...]
    nearby: tuple[Near, ...]
    correlations: tuple[str, ...]
    affected: tuple[str, ...]
    working: tuple[str, ...]
    update_every: str
    news: tuple[str, ...]
    new_verdict: bool
    new_impact: bool
    shipped: str
