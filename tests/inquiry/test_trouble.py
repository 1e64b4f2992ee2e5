"""What an incident complains of."""

import pytest

from monitor.app.trouble import symptom_of
from monitor.model.alert import Alert, AlertState, Severity
from monitor.model.sample import Series
from monitor.model.text import Text
from monitor.model.triage import Symptom


def alert(**evidence: str) -> Alert:
    series = Series("pay", "gateway", "", "", "")
    return Alert("a", "rule", series, Severity.P2, AlertState.FIRING, 0.0, 0.0, "group", Text("said"), evidence)


@pytest.mark.parametrize(
    ("evidence", "symptom"),
    [
        ({"kind": "consecutive"}, Symptom.FAILING),
        ({"kind": "sequential", "share": "20 %"}, Symptom.FAILING),
        ({"kind": "sequential", "slowdown": "x3"}, Symptom.SLOW),
        ({"kind": "sequential", "slowdown": "x3", "share": "20 %"}, Symptom.FAILING),
        ({"kind": "quantile"}, Symptom.SLOW),
        ({"kind": "spike", "seen": "835 ms", "slowdown": "x6.30"}, Symptom.SLOW),
        ({"kind": "spike", "seen": "12 failures"}, Symptom.FAILING),
        ({"kind": "expiry"}, Symptom.CHANGED),
        ({}, Symptom.FAILING),
    ],
)
def test_what_a_rule_watches_is_what_it_complains_of(evidence: dict[str, str], symptom: Symptom) -> None:
    assert symptom is symptom_of([alert(**evidence)])


def test_of_several_complaints_the_worst_is_looked_into() -> None:
    slow, changed, failing = alert(kind="quantile"), alert(kind="drift"), alert(kind="k_of_n")

    assert Symptom.FAILING is symptom_of([changed, slow, failing])
    assert Symptom.SLOW is symptom_of([changed, slow])
    assert Symptom.FAILING is symptom_of([])  # nothing is known: the worst is looked for
