"""What the memory of runs keeps, and what it makes of them."""

from collections.abc import Sequence
from dataclasses import replace

from monitor.inquiry.recent import BAD_KEPT, CALM_APART_SECONDS, CELLS_MAX, GOOD_KEPT, ROWS_KEPT, ROWS_LEAST, Past, Recent
from monitor.inquiry.summaries import View, before, changed_traits, correlations, summaries
from monitor.inquiry.tally import Tally, paying_checks
from monitor.model.check import Check, Step, Stratum
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Phases, Result, StepResult
from monitor.model.text import Text
from monitor.model.triage import Experiment, Observation, Symptom
from monitor.transactions.template import compile_template

STRATA = tuple(Stratum((("brand", brand),)) for brand in ("visa", "mastercard"))


def check(name: str = "pay", target: str = "gateway", *, control: bool = False) -> Check:
    request = compile_template({"method": "GET", "path": "/"}, {})
    steps = tuple(Step(step, "http", request, 5.0, reads=step == "read") for step in ("authorise", "read"))
    return Check(name, Text(name), target, 10.0, 5.0, 5.0, steps, strata=STRATA, control=control)


def run(
    at: float,
    good: bool | None = True,
    *,
    fails: str = "authorise",
    stratum: str = "brand=visa",
    name: str = "pay",
    target: str = "gateway",
    location: str = "here",
    code: str = "",
    seconds: float = 0.1,
    extra: int = 0,
    traits: tuple[tuple[str, str], ...] = (),
) -> Result:
    names = ["authorise", "read"] if good else ["authorise", "read"][: ["authorise", "read"].index(fails) + 1]
    steps = tuple(_step(step, good is not False or step != fails, code, seconds, traits) for step in names)
    outcome = Outcome.APPROVED if good else Outcome.TECH_GATEWAY if good is False else Outcome.AGENT_FAULT
    failed = "" if good else fails
    return Result(
        f"run-{at}-{location}-{stratum}", name, target, location, int(at), stratum, at, at, 0.0, seconds, outcome, good, steps,
        failed_step=failed, extra=extra,
    )  # fmt: skip


def _step(name: str, good: bool, code: str, seconds: float, traits: tuple[tuple[str, str], ...]) -> StepResult:
    outcome = Outcome.OK if good else Outcome.TECH_GATEWAY
    shown = "" if good else code
    return StepResult(
        name, outcome, good, seconds, Phases(wait=seconds), status=200 if good else 503, code=shown, correlation=f"id-{shown}", traits=traits
    )  # fmt: skip


def heard(results: Sequence[Result], *checks: Check) -> Recent:
    recent = Recent({one.id: one for one in checks or (check(),)})
    for result in results:
        recent.hear(result)
    return recent


def seen(recent: Recent, since: float, symptom: Symptom = Symptom.FAILING) -> list[Observation]:
    view = View("gateway", symptom, since, since + 60.0, "here")
    return list(summaries(recent, {"pay": check()}, view, str))


def one(found: Sequence[Observation], experiment: Experiment, subject: str) -> Observation:
    [only] = [each for each in found if each.experiment is experiment and each.subject == subject]
    return only


def test_runs_are_counted_by_step_stratum_place_and_kind_of_step() -> None:
    story = [run(float(at), at % 2 == 0, fails="read" if at % 4 == 1 else "authorise", code="E1") for at in range(100, 112)]
    found = seen(heard(story), 100.0)

    def counts(experiment: Experiment, subject: str) -> tuple[int, int]:
        told = one(found, experiment, subject)
        return told.runs, told.bad

    assert (12, 6) == counts(Experiment.LOCATION, "here") == counts(Experiment.STRATUM, "brand=visa")
    assert (12, 3) == counts(Experiment.STEP, "authorise") == counts(Experiment.WRITE, "authorise")
    assert (9, 3) == counts(Experiment.STEP, "read") == counts(Experiment.READ, "read")


def test_a_summary_shows_the_latest_bad_run_and_how_many_good_ones_came_after() -> None:
    story = [run(100.0, False, code="E1"), run(101.0, False, code="E2"), run(102.0), run(103.0)]
    told = one(seen(heard(story), 100.0), Experiment.STEP, "authorise")

    assert ("E2", 503, False, 2) == (told.code, told.status, told.good, told.after)
    assert (("tech_gateway E1", 1), ("tech_gateway E2", 1)) == tuple(sorted(told.mix))


def test_runs_before_the_onset_and_runs_that_measured_nothing_are_not_counted() -> None:
    story = [run(90.0, False), run(100.0, None), run(101.0), run(102.0, False)]
    told = one(seen(heard(story), 100.0), Experiment.LOCATION, "here")

    assert (2, 1) == (told.runs, told.bad)


def test_slow_runs_are_told_by_their_medians() -> None:
    story = [run(100.0 + at, seconds=seconds) for at, seconds in enumerate((1.0, 9.0, 2.0))]
    told = one(seen(heard(story), 100.0, Symptom.SLOW), Experiment.STEP, "read")

    assert (2.0, 2.0) == (told.seconds, told.phases.wait)


def test_another_gateway_from_the_same_place_is_a_neighbour_and_a_reference_is_not() -> None:
    checks = check(), check("other", "second"), check("reference", "clock", control=True)
    control = run(101.0, name="reference", target="clock")
    control.control = True
    recent = heard([run(100.0, False), run(101.0, name="other", target="second"), control], *checks)

    assert ["second"] == [each.subject for each in seen(recent, 100.0) if each.experiment is Experiment.NEIGHBOUR]


def test_the_run_to_compare_with_is_the_last_good_one_before_the_onset_however_long_the_slow_decline() -> None:
    calm = [run(at, seconds=0.1) for at in (0.0, CALM_APART_SECONDS)]
    slow = [run(400.0 + at, seconds=5.0) for at in range(3 * GOOD_KEPT)]
    view = View("gateway", Symptom.SLOW, 400.0, 500.0, "here")

    assert {0.1} == {each.seconds for each in before(heard(calm + slow), view, str)}


CELLS = tuple(f"brand={brand},card={card}" for brand in ("visa", "mastercard") for card in ("first", "second"))


def test_where_it_is_slow_each_cell_is_told_beside_its_labels_with_its_own_past() -> None:
    calm = [run(at, stratum=cell) for at in (0.0, 310.0) for cell in CELLS]
    slow = [run(400.0 + at, stratum=cell, seconds=0.9 if cell == CELLS[0] else 0.1) for at in range(3) for cell in CELLS]
    recent = heard(calm + slow)
    view = View("gateway", Symptom.SLOW, 400.0, 500.0, "here")

    told, past = summaries(recent, {"pay": check()}, view, str), before(recent, view, str)

    assert (0.9, 3) == _pace_of(told, CELLS[0])
    assert (0.1, 3) == _pace_of(told, CELLS[1])
    assert 0.1 == one(past, Experiment.CARD, CELLS[0]).seconds
    assert {*CELLS, "card=first", "card=second"} == {each.subject for each in told if each.experiment is Experiment.CARD}


def _pace_of(told: Sequence[Observation], cell: str) -> tuple[float | None, int]:
    found = one(told, Experiment.CARD, cell)
    return found.seconds, found.runs


def test_what_fails_is_told_by_labels_alone() -> None:
    found = seen(heard([run(110.0, False, stratum=cell) for cell in CELLS]), 100.0)

    assert {"brand=visa", "brand=mastercard", "card=first", "card=second"} == {
        each.subject for each in found if each.experiment in (Experiment.CARD, Experiment.STRATUM)
    }


def test_an_address_is_as_slow_as_its_quicker_exchanges() -> None:
    def at_address(at: float, address: str, seconds: float) -> Result:
        result = run(at, seconds=seconds)
        return replace(result, steps=tuple(replace(step, address=address) for step in result.steps))

    # Every exchange with the second is slow; with the first, one of two.
    story = [at_address(101.0, "192.0.2.1", 0.1), at_address(102.0, "192.0.2.1", 0.9)]
    story += [at_address(103.0, "192.0.2.2", 0.9), at_address(104.0, "192.0.2.2", 0.8)]
    found = seen(heard(story), 100.0, Symptom.SLOW)

    assert 0.1 == one(found, Experiment.ADDRESS, "192.0.2.1").seconds
    assert 0.8 <= (one(found, Experiment.ADDRESS, "192.0.2.2").seconds or 0.0)
    assert not [each for each in seen(heard(story), 100.0) if each.experiment is Experiment.ADDRESS]


def test_the_gateways_own_ids_of_failing_exchanges_are_kept_newest_last() -> None:
    story = [run(100.0, False, code="E1"), run(101.0, False, code="E2"), run(102.0)]

    assert ("id-E1", "id-E2") == correlations(heard(story), "gateway", 100.0)


def test_another_face_of_the_gateway_is_seen_in_good_answers() -> None:
    story = [run(100.0, traits=(("issuer", "a"),)), run(200.0, traits=(("issuer", "b"),))]

    assert [(200.0, "issuer", "pay")] == changed_traits(heard(story), "gateway", 150.0)
    assert [] == changed_traits(heard(story[:1]), "gateway", 150.0)


def test_the_memory_is_bounded_in_runs_in_whole_results_and_in_cells() -> None:
    recent = heard([run(float(at), at % 2 == 0) for at in range(500)])
    recent_many = heard([run(0.0, stratum=f"brand=b{number}") for number in range(2 * CELLS_MAX)])

    [cell] = recent.cells("gateway")
    assert (ROWS_KEPT, BAD_KEPT, GOOD_KEPT) == (len(cell.rows), len(cell.bad), len(cell.good))
    assert CELLS_MAX == len(list(recent_many.cells("gateway")))


def test_thousands_of_checks_share_the_memory() -> None:
    checks = {f"pay-{number}": check(f"pay-{number}") for number in range(10_000)}
    recent = Recent(checks)
    for at in range(100):
        recent.hear(run(float(at), name="pay-1"))

    assert ROWS_LEAST == len(next(recent.cells("gateway")).rows)


def test_a_check_that_is_taken_away_is_forgotten() -> None:
    recent = heard([run(100.0, False)])
    recent.adopt({})

    assert [] == list(recent.cells("gateway"))
    assert () == recent.targets()


def test_what_the_store_remembers_comes_before_what_was_heard_since() -> None:
    recent = heard([run(100.0, False)])
    past = [
        Past(at, "here", "brand=visa", False, "read", Outcome.NETWORK_ERROR, NetworkReason.RESET, f"old-{at}")
        for at in (110.0, 90.0, 80.0)
    ]
    recent.recall(check(), past)

    [cell] = recent.cells("gateway")
    assert [80.0, 90.0, 100.1] == [row.at for row in cell.rows]
    assert ("authorise", "read") == cell.rows[0].steps
    assert 3 == one(seen(recent, 80.0), Experiment.LOCATION, "here").bad


def test_an_incident_counts_from_its_onset_on_without_extra_runs_and_none_twice() -> None:
    story = [run(90.0), run(100.0, False), run(101.0, False, extra=1), run(102.0)]
    tally = Tally("gateway", 100.0, paying_checks("gateway", {"pay": check()}))
    tally.begin(heard(story))
    for result in (story[-1], run(103.0, False)):
        tally.hear(result)

    assert (3, 2) == (tally.runs, tally.bad)
    assert ("run-100.0-here-brand=visa", "run-90.0-here-brand=visa") == (tally.first_bad.id, tally.last_good.id)  # type: ignore[union-attr]
    assert {
        ("location", "here"): (3, 2),
        ("operation", "authorise"): (3, 2),
        ("operation", "read"): (1, 0),
        ("stratum", "brand=visa"): (3, 2),
    } == {(part.kind, part.name): (part.runs, part.bad) for part in tally.parts()}
