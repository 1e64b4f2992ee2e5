"""The algebra against a grid of seconds, one by one."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from monitor.sla.intervals import Interval, clip, intersect, subtract, total, union

INTERVALS = st.lists(
    st.builds(lambda start, length: Interval(start, start + length), st.integers(0, 60), st.integers(0, 20)), max_size=8
)
PERIODS = st.builds(lambda start, length: Interval(start, start + length), st.integers(0, 60), st.integers(0, 30))


def grid(intervals):
    return {second for interval in intervals for second in range(interval.start, interval.end)}


def is_canonical(intervals):
    return all(one.start < one.end for one in intervals) and all(
        one.end < other.start for one, other in itertools.pairwise(intervals)
    )


@given(INTERVALS, INTERVALS, PERIODS)
def test_every_operation_agrees_with_the_grid_and_is_canonical(some, others, period):
    for found, expected in (
        (union(some, others), grid(some) | grid(others)),
        (intersect(some, others), grid(some) & grid(others)),
        (subtract(some, others), grid(some) - grid(others)),
        (clip(some, period), grid(some) & grid([period])),
    ):
        assert expected == grid(found)
        assert is_canonical(found)
    assert total(some) == len(grid(some))


@given(INTERVALS)
def test_a_canonical_set_stays_as_it_is(some):
    assert union(union(some)) == union(some) == union(reversed(some))


def test_nothing_is_nothing():
    assert () == union() == subtract((), [Interval(0, 9)]) == intersect([Interval(0, 0)], [Interval(0, 9)])
