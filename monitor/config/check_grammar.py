"""What may stand in a file of checks, and in a file of rules."""

from typing import Any, Literal

from pydantic import Field

from monitor.config.fields import Label, Length, Name, OneOrMany, Share, Strict, Title, Variable
from monitor.model.units import Duration

#: The verbs of HTTP that a step may be written with: ``post: /v1/refunds``.
VERBS = ("get", "post", "put", "patch", "delete", "head")


class MovesBlock(Strict):
    """The money a step moves, and the undo step that takes it back; several are tried in order."""

    hold: str | None = None
    charge: str | None = None
    undo: OneOrMany
    reference: str | None = None


class StepBlock(Strict):
    """One exchange: one verb of HTTP with its request beside it, or one kind of probe with its options."""

    name: Name | None = None
    get: str | None = None
    post: str | None = None
    put: str | None = None
    patch: str | None = None
    delete: str | None = None
    head: str | None = None
    query: dict[str, Any] | None = None
    headers: dict[str, Any] | None = None
    form: dict[str, Any] | None = None
    json_: Any = Field(default=None, alias="json")
    body: str | None = None
    timeout: Length | None = None
    moves: MovesBlock | None = None
    expect: OneOrMany = Field(default_factory=list)
    outcome: OneOrMany = Field(default_factory=list)
    save: dict[Variable, str] = Field(default_factory=dict)
    when: str | None = None


class ObjectiveBlock(Strict):
    availability: Share = 0.999
    latency: Length | None = None


class CheckBlock(Strict):
    title: Title
    target: str
    every: Length
    budget: Length | None = None
    undo_budget: Length = 15.0
    control: bool = False
    max_in_flight: int = Field(default=1, ge=1, le=100)
    burst: Literal["off", "reads", "full"] | None = None
    objective: ObjectiveBlock = Field(default_factory=ObjectiveBlock)
    labels: dict[Variable, Label] = Field(default_factory=dict)
    strata: dict[Variable, list[Label]] = Field(default_factory=dict)
    steps: list[Any] = Field(max_length=50)
    undo: dict[Name, Any] = Field(default_factory=dict)


class ChecksFile(Strict):
    """A file of checks."""

    checks: dict[Name, CheckBlock]


class SelectBlock(Strict):
    """Which series a rule follows: globs, each one or a list. Without ``stratum`` and ``step`` the check as a whole."""

    check: OneOrMany = Field(default=["*"])
    target: OneOrMany = Field(default=["*"])
    stratum: OneOrMany = Field(default_factory=list)
    location: OneOrMany = Field(default=["*"])
    step: OneOrMany = Field(default_factory=list)
    labels: dict[Variable, str] = Field(default_factory=dict)


class RuleBlock(Strict):
    """The kind of detector is a key of its own beside these."""

    title: Title
    select: SelectBlock = Field(default_factory=SelectBlock)
    for_: Duration = Field(default=0.0, alias="for")
    severity: Literal["p1", "p2", "p3", "p4", "impact"]
    group_by: list[str] = Field(default=["target"], min_length=1)


class RulesFile(Strict):
    """A file of rules."""

    rules: dict[Name, RuleBlock]
