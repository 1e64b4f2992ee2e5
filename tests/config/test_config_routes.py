"""Routes as written: who is told, and every way in which a list of routes could leave somebody out by mistake."""

from pathlib import Path

import pytest

from monitor.config import ConfigError, load
from monitor.model.alert import Severity

P1, P2, P3, P4 = Severity
#: 2026-11-02 is a Monday.
MONDAY_NOON, MONDAY_NIGHT = 1_793_620_800.0, 1_793_584_800.0
MAIN = """
targets:
  cards: {{base_url: "https://cards.example.com", labels: {{customer: acme}}}}
  wallets: {{base_url: "https://wallets.example.com"}}
desks:
  service-desk: {{webhook: {{url: "https://desk.example.com/a", secret: "${{env:DESK_SECRET}}"}}}}
  on-call: {{webhook: {{url: "https://desk.example.com/b", secret: "${{env:DESK_SECRET}}"}}}}
  manager: {{webhook: {{url: "https://desk.example.com/c", secret: "${{env:DESK_SECRET}}"}}}}
deadlines:
  calendars:
    office: {{zone: UTC, hours: {{weekdays: "09:00-18:00"}}}}
routes:
{routes}
"""


def loaded(path: Path, *routes: str):
    main = path / "paycanary.yaml"
    main.write_text(MAIN.format(routes="\n".join(f"  - {route}" for route in routes)), encoding="utf-8")
    return load(main, environ={"DESK_SECRET": "s3cret-s3cret"}).routes


def test_routes_are_read_from_the_top(tmp_path: Path):
    routes = loaded(
        tmp_path,
        "{severity: [p1, p2], desks: [on-call, service-desk], then: [{after: 15m, desks: manager}, {after: 1h, desks: [manager]}]}",
        "{customer: acme, desks: service-desk}",
        "{targets: wallets, hours: office, desks: service-desk}",
    )
    assert ("on-call", "service-desk") == routes.first(P1, {"target": "wallets"}, MONDAY_NIGHT)
    assert ((900.0, ("manager",)), (3_600.0, ("manager",))) == routes.steps(P1, {"target": "wallets"}, MONDAY_NIGHT)
    assert ("service-desk",) == routes.first(P3, {"target": "cards"}, MONDAY_NIGHT)
    assert ("service-desk",) == routes.first(P3, {"target": "wallets"}, MONDAY_NOON)


def test_where_no_route_fits_every_desk_is_told(tmp_path: Path):
    routes = loaded(tmp_path, "{severity: p1, desks: on-call}")
    assert routes.first(P4, {"target": "cards"}, MONDAY_NOON) is None
    assert ("service-desk", "on-call", "manager") == routes.chosen(P4, {"target": "cards"}, MONDAY_NOON).desks


def test_hours_can_be_written_where_they_are_used(tmp_path: Path):
    routes = loaded(tmp_path, "{hours: {zone: Asia/Shanghai, hours: {weekdays: '09:00-18:00'}}, desks: service-desk}")
    assert ("service-desk",) == routes.first(P4, {"target": "cards"}, MONDAY_NIGHT)  # 10:00 in Shanghai
    assert routes.first(P4, {"target": "cards"}, MONDAY_NOON) is None  # 20:00


@pytest.mark.parametrize(
    ("routes", "complaint"),
    [
        (["{desks: [on-cal]}"], 'routes[0].desks[0]: expected the name of a desk, got "on-cal"'),
        (["{desks: on-call, then: [{after: 5m, desks: nobody}]}"], "routes[0].then[0].desks"),
        (["{targets: card, desks: on-call}"], 'routes[0].targets: expected the name of a target, got "card"'),
        (["{customer: acne, desks: on-call}"], "routes[0].customer: expected the name of a customer in a label"),
        (["{hours: offices, desks: on-call}"], "routes[0].hours: expected the name of a calendar of deadlines"),
        (["{severity: p5, desks: on-call}"], "routes[0].severity: expected one or several of p1, p2, p3, p4"),
        (["{severity: p1, desks: []}"], "routes[0].desks"),
        (["{severity: p1}"], "routes[0]"),
        (["{desks: on-call, then: [{after: 1h, desks: manager}, {after: 15m, desks: manager}]}"], "routes[0].then[1].after"),
        (["{desks: on-call}", "{severity: p1, desks: manager}"], "routes[1]: expected a route that some incident takes"),
        (
            ["{severity: [p1, p2], desks: on-call}", "{severity: [p3, p4], desks: manager}", "{desks: on-call}"],
            "routes[2]: expected a route that some incident takes, but routes[0] and routes[1]",
        ),
    ],
)
def test_a_mistake_that_could_leave_somebody_out_is_refused(tmp_path: Path, routes: list[str], complaint: str):
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, *routes)
    assert complaint in str(refused.value)


def test_every_mistake_is_told_at_once(tmp_path: Path):
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, "{desks: a, hours: b}", "{desks: c, targets: d}")
    assert 4 == len(refused.value.problems)
