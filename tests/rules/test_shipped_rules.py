"""The shipped rules, on the engine and the book: what they open, and what they leave alone."""

import itertools
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
from monitor.rules.rule import BY_IMPACT

FILE = Path(__file__).parents[2] / "alert_rules" / "payments.yaml"
DAY = 86_400.0
EVERY = 3.0
#: A run takes this long.
DURATION = 0.2


def shipped() -> Iterator[Rule]:
    """Read plainly: the configuration's own reader has its tests elsewhere."""
    for name, block in yaml.safe_load(FILE.read_text(encoding="utf-8"))["rules"].items():
        (kind,) = block.keys() & KINDS.keys()
        select = {key: (value,) for key, value in block["select"].items()}
        yield Rule(
            id=name,
            title=Text(**block["title"]),
            selector=Selector(**select),
            detector=KINDS[kind].model_validate(block[kind] or {}),  # type: ignore[arg-type]
            for_seconds=parse_duration(block.get("for", 0)),
            severity=Severity.P2 if block["severity"] == BY_IMPACT else Severity(block["severity"]),
            group_by=tuple(block.get("group_by", ("target",))),
            by_impact=block["severity"] == BY_IMPACT,
        )


RULES = tuple(shipped())


class Story:
    """Checks every few seconds, and faster while something is suspected, for as long as it takes; what it came to."""

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
        self.extras = 0
        self._run_all = run
        self._extra_due: dict[str, float] = {}
        slots = [
            (slot * every + every * place / len(names), slot, name)
            for slot in range(int(until / every))
            for place, name in enumerate(names)
        ]
        for due, slot, name in slots:
            self._run_extras(due)
            self._run(run(slot, due), name, due)

    def _run_extras(self, before: float) -> None:
        """What is wished for, by all that is known of it up to now: the sandbox answers an extra run as it would one on the grid."""
        while self._extra_due and (first := min(self._extra_due.items(), key=lambda item: item[1]))[1] < before:
            name, due = first
            del self._extra_due[name]
            self.extras += 1
            made = self._run_all(-1, due)
            self._run(replace(made, extra=self.extras) if made else None, name, due)

    def _run(self, made: Result | None, name: str, due: float) -> None:
        if made:
            made = replace(made, check=name, due=due, started=due, duration_seconds=DURATION)
        seen = due + DURATION
        self._keep(self.book.alerts(self.engine.feed(made) if made else [], seen))
        self._keep(self.book.alerts(self.engine.tick(seen), seen))
        self._keep(self.book.tick(seen))
        wishes = [wish.spacing_seconds for wish in self.engine.wishes() if wish.check == name]
        self._extra_due.pop(name, None)
        if wishes:
            self._extra_due[name] = due + min(wishes)

    def _keep(self, change: object) -> None:
        self.tickets += change.tickets  # type: ignore[attr-defined]
        self.incidents |= {incident.id: incident for incident in change.incidents}  # type: ignore[attr-defined]

    @property
    def told(self) -> list[str]:
        return [ticket.kind.value for ticket in self.tickets if ticket.kind is not CommandKind.UPDATE]


def test_titles_are_in_both_languages() -> None:
    assert all(rule.title.en and rule.title.zh and rule.title.en != rule.title.zh for rule in RULES)


def test_the_false_tickets_that_the_shipped_rules_allow_are_one_in_two_months_for_each_check() -> None:
    """Each rule's series share its budget, whatever their number; alerts together are one ticket, so this is an upper bound."""
    budgets = {rule.id: rule.detector.false_alarms for rule in RULES if hasattr(rule.detector, "false_alarms")}

    assert set(budgets) == {"gateway-failing", "stratum-failing", "answers-changed", "slow-step"}
    assert 0.49 < sum(30 * DAY / seconds for seconds in budgets.values()) <= 0.5


@pytest.mark.parametrize("share", [0.4, 0.5, 0.6])
def test_35_seconds_of_partial_failure_are_one_incident_within_18_seconds_that_ends_two_minutes_after_them(share: float) -> None:
    """Four checks of the target, each every 3 s and faster under suspicion, with no history; twenty worlds."""
    for seed in range(20):
        chance = random.Random(seed)

        story = Story(partly_failing(chance, share), until=240.0, names=("a", "b", "c", "d"))

        assert story.told == ["open", "resolve"]
        assert len(story.incidents) == 1
        assert story.tickets[0].at < 25 + 18
        assert story.tickets[-1].at < 60 + 125


def partly_failing(chance: random.Random, share: float) -> Callable[[int, float], Result]:
    return lambda slot, due: result(slot, not (25 <= due < 60 and chance.random() < share))


def test_a_hard_outage_is_told_when_no_hiccup_would_have_lasted_so_long_and_its_end_once() -> None:
    story = Story(lambda slot, due: result(slot, not 30 <= due < 90), until=400.0)

    assert story.told == ["open", "resolve"]
    assert 30 < story.tickets[0].at < 30 + 14
    assert story.tickets[0].severity is Severity.P1
    assert story.tickets[0].title == Text("sandbox: Gateway failing to process transactions", "sandbox：网关交易处理失败")


def test_an_incident_is_dated_by_its_onset_and_says_how_sure_that_is() -> None:
    story = Story(lambda slot, due: result(slot, not 30 <= due < 90), until=200.0)

    (incident,) = story.incidents.values()
    assert incident.between is not None
    assert incident.between[0] <= 30 <= incident.between[1]
    assert incident.since < incident.opened
    assert "Began: about 1970-01-01 00:00:" in story.tickets[0].body.en


def test_one_failure_in_ten_is_found() -> None:
    chance = random.Random(5)

    story = Story(lambda slot, due: result(slot, due < 180 or chance.random() > 0.1), until=1_500.0)

    assert story.told == ["open"]
    assert story.tickets[0].severity.rank <= Severity.P2.rank


def test_one_brand_of_three_is_named() -> None:
    turn = itertools.count()

    def run(slot: int, due: float) -> Result:
        brand = next(turn) % 3
        return result(slot, due < 90 or brand != 0, stratum=BRANDS[brand].label)

    story = Story(run, until=300.0, brands=True)

    assert story.told == ["open"]
    assert "brand=visa" in story.tickets[-1].body.en
    assert "brand=unionpay" not in story.tickets[-1].body.en


@pytest.mark.parametrize(
    "quiet",
    [
        lambda slot, due: result(slot),
        lambda slot, due: result(slot, not 120 <= due < 126),  # a deployment
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
    """The step must have been seen often enough at this hour to be called slow."""
    slow = (StepResult("authorise", Outcome.APPROVED, True, 1.5),)
    story = Story(lambda slot, due: result(slot, **({"steps": slow} if due > 1_800 else {})), until=2_400.0)

    assert story.told == ["open"]
    assert "authorise" in story.book.open()[0].alerts["slow-step|card-payment||local|authorise"].summary.en


def test_silence_is_an_incident_of_its_own() -> None:
    story = Story(lambda slot, due: result(slot, False) if due < 60 else None, until=200.0)

    assert {incident.group for incident in story.incidents.values()} == {"target=sandbox", "target=sandbox,kind=absence"}


def test_the_ladder_of_a_certificate_is_one_incident_whose_severity_climbs() -> None:
    def run(slot: int, due: float) -> Result:
        return result(slot, steps=(StepResult("a", Outcome.OK, True, 0.1, tls=facts(32 * DAY)),))

    story = Story(run, until=31.5 * DAY, every=DAY / 4)

    assert story.told == ["open"]
    assert [ticket.severity.value for ticket in story.tickets] == ["p4", "p3", "p2", "p1"]


def test_a_gateway_that_does_not_answer_at_all_is_found_from_one_location_without_a_history() -> None:
    """The location's own network is the likelier cause at first; none of its troubles would last so long."""
    story = Story(lambda slot, due: lost(slot) if due >= 300 else result(slot), until=1_200.0)

    assert story.told[0] == "open"
    assert story.tickets[0].title.en == "sandbox: Gateway failing to process transactions"
    assert story.tickets[0].at < 300 + 240
