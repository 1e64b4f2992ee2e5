"""kill -9 at random moments and at every commit and send: the gateway's own books show nothing open, and nothing charged twice.

KILLS sets how many; by hand: ``KILLS=500 make test-kills-ledger``.
"""

import os

import pytest
from kill_harness import run

KILLS = int(os.environ.get("KILLS", "25"))
#: A crash in every third transaction or so: the wrong ledger shows after a few.
KILLS_WRONG = 8

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("search_lag", [0.1, 0.5], ids=["search-quicker-than-settle", "search-slower-than-settle"])
def test_no_kill_leaves_money_open_or_charges_twice(tmp_path, search_lag):
    story = run(tmp_path, KILLS, search_lag=search_lag, settle="300ms", seed=int(search_lag * 10))
    print(f"\n{story}")
    assert [] == story.open_at_gateway
    assert [] == story.charged_twice
    assert [] == story.unknown_to_the_ledger
    assert [] == story.called_absent_but_charged
    assert 0 == story.open_in_ledger
    assert story.transactions > KILLS


def test_the_same_kills_leave_money_open_when_steps_are_written_down_after_they_worked(tmp_path):
    """The harness can tell: what is written only once an answer says that it worked, a lost answer or a kill forgets."""
    story = run(tmp_path, KILLS_WRONG, write_ahead=False)
    print(f"\n{story}")
    assert story.open_at_gateway
    assert story.unknown_to_the_ledger
