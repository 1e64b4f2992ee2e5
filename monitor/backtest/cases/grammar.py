"""What may stand in a file of rule tests."""

from typing import Literal

from pydantic import Field

from monitor.config.check_grammar import ObjectiveBlock
from monitor.config.fields import Label, Length, Name, OneOrMany, Strict, Variable
from monitor.model.units import Duration


class TinyCheckBlock(Strict):
    """As much of a check as rules see."""

    every: Length
    target: Name | None = None
    steps: list[Name] = Field(default_factory=list)
    strata: dict[Variable, list[Label]] = Field(default_factory=dict)
    objective: ObjectiveBlock = Field(default_factory=ObjectiveBlock)
    labels: dict[Variable, Label] = Field(default_factory=dict)


class SeriesBlock(Strict):
    """``runs`` is in the notation of series; it begins ``after`` the test's start."""

    runs: str
    check: Name | None = None
    location: Name = "local"
    stratum: str = ""
    step: str = ""
    after: Duration = 0.0


class AlertBlock(Strict):
    """One alert that must stand. What is not said may be anything. ``since``: the onset, after the test's start."""

    rule: Name
    check: Name | None = None
    stratum: str | None = None
    location: str | None = None
    step: str | None = None
    state: Literal["pending", "firing"] = "firing"
    severity: Literal["p1", "p2", "p3", "p4"] | None = None
    since: Duration | None = None


class ExpectBlock(Strict):
    at: Duration
    alerts: list[AlertBlock]


class CaseBlock(Strict):
    """``only``: the rules that are looked at; others may alarm as they like."""

    name: str = Field(min_length=1, max_length=200)
    start: str | None = None
    only: OneOrMany = Field(default_factory=list)
    series: list[SeriesBlock] = Field(min_length=1, max_length=200)
    expect: list[ExpectBlock] = Field(min_length=1, max_length=1000)


class CasesFile(Strict):
    """``rules`` and ``config`` are relative to the file. Checks stand in ``checks``, or are those of ``config``."""

    rules: OneOrMany = Field(min_length=1)
    config: str | None = None
    checks: dict[Name, TinyCheckBlock] = Field(default_factory=dict)
    tests: list[CaseBlock] = Field(min_length=1)
