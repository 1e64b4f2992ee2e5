import math
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from monitor.stores.buckets import (
    CEILING_SECONDS,
    FLOOR_SECONDS,
    LAST_BUCKET,
    RELATIVE_ERROR,
    bucket,
    merge,
    quantile,
    representative,
)

LATENCIES = st.floats(FLOOR_SECONDS, CEILING_SECONDS)
HISTOGRAMS = st.dictionaries(st.integers(0, LAST_BUCKET), st.integers(1, 10**9), max_size=20)


def histogram(samples):
    return merge({bucket(one): 1} for one in samples)


@given(LATENCIES)
def test_a_bucket_speaks_for_its_latencies_within_the_stated_error(seconds):
    assert abs(representative(bucket(seconds)) - seconds) <= RELATIVE_ERROR * seconds * (1 + 1e-9)


@given(st.floats(0, 1e9))
def test_every_latency_has_a_bucket_that_fits_in_a_byte(seconds):
    assert 0 <= bucket(seconds) <= LAST_BUCKET < 256


@given(LATENCIES, LATENCIES)
def test_buckets_are_in_the_order_of_their_latencies(one, other):
    assert (one <= other) == (bucket(one) <= bucket(other)) or bucket(one) == bucket(other)


@given(st.lists(LATENCIES, min_size=1), st.fractions(Fraction(1, 1000), 1))
def test_a_quantile_lies_within_the_stated_error_of_the_nearest_rank(samples, q):
    true = sorted(samples)[max(1, math.ceil(q * len(samples))) - 1]
    found = quantile(histogram(samples), q)
    assert abs(found - true) <= RELATIVE_ERROR * true * (1 + 1e-9)


@given(HISTOGRAMS, HISTOGRAMS, HISTOGRAMS)
def test_merging_is_associative_and_commutative_and_loses_nothing(one, two, three):
    assert merge((merge((one, two)), three)) == merge((one, merge((two, three)))) == merge((three, one, two))
    assert sum(merge((one, two)).values()) == sum(one.values()) + sum(two.values())


@given(st.lists(LATENCIES), st.lists(LATENCIES))
def test_merged_histograms_are_the_histogram_of_all(some, others):
    assert histogram(some + others) == merge((histogram(some), histogram(others)))


def test_an_empty_histogram_has_no_quantile():
    assert quantile({}, 0.95) is None
