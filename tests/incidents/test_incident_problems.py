"""The list of problems: what comes back, how often, and what it has cost."""

from dataclasses import replace

from book_world import World, alert, over

from monitor.incidents.problems import problems
from monitor.model.extent import Between, Extent
from monitor.model.incident import Incident


def case(
    at: float, *, lasted: float | None = 600.0, problem: str = "prb_1", customers: float | None = None, **more: object
) -> Incident:
    world = World()
    world.alerts(alert(at=at))
    if lasted is not None:
        world.alerts(over(alert(at=at), at - 30.0 + lasted))
    hit = None if customers is None else Between(customers / 2, customers, customers * 2)
    return replace(world.only, problem=problem, extent=Extent(at, customers=hit), **more)  # type: ignore[arg-type]


def test_cases_of_one_problem_are_counted_and_their_cost_added_up() -> None:
    (found,) = problems([case(1_000.0, customers=100.0), case(90_000.0), case(50_000.0, customers=300.0)], now=100_000.0)

    assert (found.name, found.count, found.first, found.latest) == ("prb_1", 3, 1_000.0, 90_000.0)
    assert found.seconds == 1_800.0
    assert found.customers == Between(200.0, 400.0, 800.0)
    assert found.incidents[0].startswith("inc_")


def test_the_first_case_belongs_to_the_problem_that_the_second_showed() -> None:
    (found,) = problems([case(1_000.0, problem="", fingerprint="f"), case(9_000.0, fingerprint="f")], now=10_000.0)

    assert found.count == 2


def test_what_came_once_is_no_problem_and_what_is_told_with_a_larger_cause_is_counted_there() -> None:
    first, part = case(1_000.0, problem="", fingerprint="f"), case(2_000.0, problem="", fingerprint="g", parent="inc_parent")

    assert problems([first, part], now=10_000.0) == ()


def test_the_costliest_in_time_comes_first_and_what_lasts_counts_until_now() -> None:
    found = problems([case(1_000.0, problem="short"), case(9_000.0, problem="lasting", lasted=None)], now=10_000.0)

    assert [(one.name, one.seconds) for one in found] == [("lasting", 1_030.0), ("short", 600.0)]
    assert found[0].customers is None
