"""Severity from what customers feel."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.alert import Severity
from monitor.rules.impact import Impact, severity

P1, P2, P3, P4 = Severity.P1, Severity.P2, Severity.P3, Severity.P4


@pytest.mark.parametrize(
    ("impact", "level"),
    [
        (Impact(share=1.0), P1),
        (Impact(share=0.3), P1),
        (Impact(share=0.29), P2),
        (Impact(share=0.05), P2),
        (Impact(share=0.02), P3),
        (Impact(share=0.005), P4),
        (Impact(slowdown=6.0), P2),
        (Impact(slowdown=2.0), P2),
        (Impact(slowdown=1.5), P3),
        (Impact(share=1.0, part=1 / 6), P2),  # one brand of six is dead
        (Impact(share=1.0, part=1 / 50), P3),  # one of fifty
        (Impact(share=0.02, customers_per_minute=10_000.0), P1),  # 200 people a minute
        (Impact(share=0.005, customers_per_minute=200.0), P3),
        (Impact(share=1.0, customers_per_minute=0.1), P1),  # small, and all of it
        (Impact(slowdown=1.5, customers_per_minute=800.0), P2),
        (Impact(share=0.005, slowdown=5.0), P2),  # the worse of the two
        (Impact(), P2),  # nobody says
        (Impact(customers_per_minute=1_000.0), P2),
    ],
)
def test_the_table_of_severities(impact: Impact, level: Severity) -> None:
    assert severity(impact) is level


shares = st.floats(0, 1)


@given(shares, shares, st.floats(0.01, 1), st.floats(0, 10_000))
def test_more_harm_is_never_a_milder_severity(one: float, other: float, part: float, customers: float) -> None:
    less, more = sorted((one, other))

    assert severity(Impact(more, None, part, customers)).rank <= severity(Impact(less, None, part, customers)).rank
    assert severity(Impact(more, None, part, customers)).rank <= severity(Impact(more, None, part, None)).rank
