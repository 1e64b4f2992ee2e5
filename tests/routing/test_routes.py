"""Facts about who is told."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.alert import Severity
from monitor.routing import Known, Route, Routes, Step, unreachable

P1, P2, P3, P4 = Severity
NOON, NIGHT = 12 * 3_600.0, 3 * 3_600.0


@dataclass(frozen=True)
class Office:
    """Open from 9 to 18, UTC."""

    def open(self, at: float) -> bool:
        return 9 <= at % 86_400 / 3_600 < 18


def only(*severities: Severity) -> frozenset[Severity]:
    return frozenset(severities)


KNOWN = Known(
    targets={"cards": {"customer": "acme", "team": "payments"}, "wallets": {"customer": "umbrella"}, "shared": {}},
    checks={"cards-eu": {"region": "eu"}, "shared-acme": {"customer": "acme"}, "shared-umbrella": {"customer": "umbrella"}},
)
ROUTES = Routes(
    [
        Route("1", ("on-call", "service-desk"), (Step(900.0, ("manager",)),), severities=only(P1, P2), hours=None),
        Route("2", ("acme-desk",), labels=(("customer", frozenset({"acme"})),)),
        Route("3", ("service-desk",), hours=Office(), hours_name="office"),
    ],
    everyone=("service-desk", "on-call", "acme-desk", "manager"),
    known=KNOWN,
)


def test_without_routes_everybody_is_told_and_nobody_later():
    routes = Routes((), ("a", "b"))
    assert routes.first(P4, {"target": "cards"}, NOON) is None
    assert ("a", "b") == routes.chosen(P4, {"target": "cards"}, NOON).desks
    assert () == routes.steps(P1, {"target": "cards"}, NOON)


def test_the_first_route_that_fits_is_the_only_one_taken():
    assert ("on-call", "service-desk") == ROUTES.first(P1, {"target": "cards"}, NIGHT)
    assert ((900.0, ("manager",)),) == ROUTES.steps(P2, {"target": "cards"}, NIGHT)


def test_a_customer_is_known_by_the_label_of_its_target():
    assert ("acme-desk",) == ROUTES.first(P3, {"target": "cards"}, NIGHT)


def test_an_office_that_is_closed_passes_the_incident_on():
    assert ("service-desk",) == ROUTES.first(P3, {"target": "wallets"}, NOON)
    assert ROUTES.first(P3, {"target": "wallets"}, NIGHT) is None


def test_a_check_says_whose_payments_they_are_where_customers_share_a_target():
    told = ROUTES.first(P4, {"target": "shared", "checks": "shared-acme"}, NIGHT)
    assert ("acme-desk",) == told


def test_an_incident_that_hits_two_customers_goes_by_the_route_of_either():
    assert ("acme-desk",) == ROUTES.first(P4, {"target": "shared", "checks": "shared-acme,shared-umbrella"}, NIGHT)


def test_a_label_of_a_check_counts_before_that_of_its_target():
    assert {"customer": "umbrella", "team": "payments", "target": "cards"} == KNOWN.labels("cards", ["shared-umbrella"])


def test_customers_are_those_that_some_label_names():
    assert ["acme", "umbrella"] == KNOWN.customers()


@pytest.mark.parametrize(
    ("above", "below", "hidden"),
    [
        ([Route("1", ("a",))], Route("2", ("b",), severities=only(P1)), True),
        ([Route("1", ("a",), severities=only(P1))], Route("2", ("b",)), False),
        ([Route("1", ("a",), severities=only(P1, P2)), Route("2", ("a",), severities=only(P3, P4))], Route("3", ("b",)), True),
        ([Route("1", ("a",), hours=Office())], Route("2", ("b",)), False),
        ([Route("1", ("a",), hours=Office())], Route("2", ("b",), hours=Office(), severities=only(P1)), True),
        (
            [Route("1", ("a",), labels=(("team", frozenset({"x", "y"})),))],
            Route("2", ("b",), labels=(("team", frozenset({"x"})),)),
            True,
        ),
        (
            [Route("1", ("a",), labels=(("team", frozenset({"x"})),))],
            Route("2", ("b",), labels=(("area", frozenset({"x"})),)),
            False,
        ),
        ([Route("1", ("a",), targets=frozenset({"cards"}))], Route("2", ("b",), targets=frozenset({"cards", "wallets"})), False),
    ],
)
def test_a_route_that_no_incident_can_reach_is_found(above: list[Route], below: Route, hidden: bool):
    assert hidden is (below in [route for route, _ in unreachable([*above, below])])


labels = st.dictionaries(st.sampled_from(["team", "customer"]), st.sampled_from(["x", "y", "z"]))
routes = st.builds(
    Route,
    name=st.uuids().map(str),
    desks=st.just(("desk",)),
    severities=st.frozensets(st.sampled_from(Severity)),
    targets=st.frozensets(st.sampled_from(["cards", "wallets"])),
    labels=st.dictionaries(
        st.sampled_from(["team", "customer"]), st.frozensets(st.sampled_from(["x", "y", "z"]), min_size=1)
    ).map(lambda found: tuple(found.items())),
    hours=st.sampled_from([None, Office()]),
)


@given(
    st.lists(routes, max_size=6),
    st.sampled_from(Severity),
    labels,
    st.sampled_from(["cards", "wallets", "other"]),
    st.floats(0, 86_400),
)
def test_a_route_called_unreachable_is_never_taken(
    listed: list[Route], severity: Severity, known: dict[str, str], target: str, at: float
):
    chosen = Routes(listed, ("all",)).chosen(severity, {**known, "target": target}, at)
    assert chosen.name not in [route.name for route, _ in unreachable(listed)]
