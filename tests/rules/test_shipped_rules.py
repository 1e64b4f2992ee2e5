"""The shipped rules, on the engine and the book: what they open, and what they leave alone."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from rules_helpers import BRANDS, check, checks, facts, lost, result

from monitor.detectors.table import KINDS
from monitor.incidents import Book
from monitor.model.alert import Severity
from monitor.model.incident import CommandKind, Incident, Ticket
from monitor.model.outcome import Outcome
from monitor.model.result import Result, StepResult
from monitor.model.text import Text
from monitor.model.units import parse_duration
from monitor.rules import Rule, RuleEngine, Selector

FILE = Path(__file__).parents[2] / "alert_rules" / "payments.yaml"
DAY = 86_400.0
EVERY = 3.0


def shipped() -> Iterator[Rule]:
    """Read plainly: the configuration's own reader has its tests elsewhere."""
    for name, block in yaml.safe_load(FILE.read_text(encoding="utf-8"))["rules"].items():
        (kind,) = block.keys() & KINDS.keys()
        select = {key: (value,) for key, value in block["select"].items()}
        yield Rule(
            id=name,
            title=Text(**block["title"]),
            selector=Selector(**select),
            detector=KINDS[kind].model_validate(block[kind]),  # type: ignore[arg-type]
            for_seconds=parse_duration(block.get("for", 0)),
            severity=Severity(block["severity"]),
            group_by=tuple(block.get("group_by", ("target",))),
        )


RULES = tuple(shipped())


class Story:
    """Checks every few seconds, for as long as it takes; what it came to."""

    def __init__(
        self,
        run: Callable[[int, float], Result | None],
        *,
        until: float,
        every: float = EVERY,
        brands: bool = False,
        names: tuple[str, ...] = ("card-payment",),
    ) -> None:
        strata = BRANDS if brands else check().strata
        watched = [check(name, every_seconds=every, strata=strata) for name in names]
        self.engine = RuleEngine(RULES, checks(*watched), "local")
        self.book = Book("demo")
        self.tickets: list[Ticket] = []
        self.incidents: dict[str, Incident] = {}
        for slot in range(int(until / every)):
            for place, name in enumerate(names):
                due = slot * every + every * place / len(names)
                made = run(slot, due)
                self._run(replace(made, check=name, due=due, started=due) if made else None, due)

    def _run(self, made: Result | None, due: float) -> None:
        self._keep(self.book.alerts(self.engine.feed(made) if made else [], due + 1))
        self._keep(self.book.alerts(self.engine.tick(due + 1), due + 1))
        self._keep(self.book.tick(due + 1))

    def _keep(self, change: object) -> None:
        self.tickets += change.tickets  # type: ignore[attr-defined]
        self.incidents |= {incident.id: incident for incident in change.incidents}  # type: ignore[attr-defined]

    @property
    def told(self) -> list[str]:
        return [ticket.kind.value for ticket in self.tickets if ticket.kind is not CommandKind.UPDATE]


def test_titles_are_in_both_languages() -> None:
    assert all(rule.title.en and rule.title.zh and rule.title.en != rule.title.zh for rule in RULES)


@pytest.mark.parametrize("share", [0.4, 0.5, 0.6])
def test_35_seconds_of_partial_failure_are_one_incident_that_ends_within_a_minute_of_them(share: float) -> None:
    """Four checks of the target, each every 3 s; twenty worlds."""
    for seed in range(20):
        chance = random.Random(seed)

        story = Story(partly_failing(chance, share), until=240.0, names=("a", "b", "c", "d"))

        assert story.told == ["open", "resolve"]
        assert len(story.incidents) == 1
        assert story.tickets[0].at < 60.0
        assert story.tickets[-1].at < 122.0


def partly_failing(chance: random.Random, share: float) -> Callable[[int, float], Result]:
    return lambda slot, due: result(slot, not (25 <= due < 60 and chance.random() < share))


def test_a_hard_outage_is_told_at_the_third_run_and_its_end_once() -> None:
    story = Story(lambda slot, due: result(slot, not 30 <= due < 90), until=400.0)

    assert story.told == ["open", "resolve"]
    assert story.tickets[0].at == 37.0
    assert story.tickets[0].severity is Severity.P1
    assert story.tickets[0].title == Text("sandbox: Gateway failing to process transactions", "sandbox：网关交易处理失败")


def test_one_failure_in_ten_is_found() -> None:
    story = Story(lambda slot, due: result(slot, slot < 60 or slot % 10 != 0), until=1_000.0)

    assert story.told == ["open"]
    assert story.tickets[0].severity is Severity.P2


def test_one_brand_of_three_is_found_before_the_others_fail() -> None:
    story = Story(
        lambda slot, due: result(slot, slot < 30 or slot % 3 != 0, stratum=BRANDS[slot % 3].label), until=150.0, brands=True
    )

    assert "brand=visa" in story.tickets[0].body.en


@pytest.mark.parametrize(
    "quiet",
    [
        lambda slot, due: result(slot),
        lambda slot, due: result(slot, slot not in (40, 41)),  # a deployment
        lambda slot, due: result(slot, steps=(StepResult("authorise", Outcome.APPROVED, True, 9.0 if slot == 40 else 0.2),)),
        lambda slot, due: result(slot, None if slot in (40, 41, 42) else True),  # our own faults
        lambda slot, due: result(slot, steps=(StepResult("a", Outcome.OK, True, 0.1, tls=facts(due + 60 * DAY)),)),
        lambda slot, due: None if slot in (40, 41) else result(slot),  # two slots missed
    ],
)
def test_quiet_times_open_nothing(quiet: Callable[[int, float], Result | None]) -> None:
    assert Story(quiet, until=600.0).told == []


def test_one_wrong_answer_is_enough() -> None:
    story = Story(
        lambda slot, due: result(slot, slot != 40, **({"outcome": Outcome.CONTRACT_VIOLATION} if slot == 40 else {})), until=300.0
    )

    assert story.told == ["open", "resolve"]
    assert "contract" in story.tickets[0].title.en


def test_slow_answers_are_one_incident_with_the_step_that_is_slow() -> None:
    slow = (StepResult("authorise", Outcome.APPROVED, True, 1.5),)
    story = Story(lambda slot, due: result(slot, **({"steps": slow} if due > 300 else {})), until=600.0)

    assert story.told == ["open"]
    assert "authorise" in story.book.open()[0].alerts["slow-step|card-payment||local|authorise"].summary.en


def test_silence_is_an_incident_of_its_own() -> None:
    story = Story(lambda slot, due: lost(slot) if due < 60 else None, until=200.0)

    assert {incident.group for incident in story.incidents.values()} == {"target=sandbox", "target=sandbox,kind=absence"}


def test_the_ladder_of_a_certificate_is_one_incident_whose_severity_climbs() -> None:
    def run(slot: int, due: float) -> Result:
        return result(slot, steps=(StepResult("a", Outcome.OK, True, 0.1, tls=facts(32 * DAY)),))

    story = Story(run, until=31.5 * DAY, every=DAY / 4)

    assert story.told == ["open"]
    assert [ticket.severity.value for ticket in story.tickets] == ["p4", "p3", "p2", "p1"]
