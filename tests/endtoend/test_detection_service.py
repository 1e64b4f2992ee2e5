"""Three faults through the whole service and its real probes: each is one ticket within a minute, and nothing is ticketed in between."""

import sys
from pathlib import Path
from random import Random

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "detection_service"))

from faults import KINDS
from lane import Lane

#: Half of the payments, all of them, and amounts that are wrong.
NAMES = ("500 to half", "503 to everybody", "amounts a hundredfold")
#: On a busy machine; an idle one needs half of it.
TICKET_SECONDS = 60.0


@pytest.mark.slow
def test_three_faults_are_three_tickets_soon_and_none_in_between(tmp_path: Path) -> None:
    chosen = [next(kind for kind in KINDS if kind.name == name) for name in NAMES]
    stories = list(Lane(tmp_path, Random(1)).run(chosen))

    assert [story.fault for story in stories] == list(NAMES)
    assert [story.tickets for story in stories] == [1, 1, 1]
    assert [story.false_before for story in stories] == [0, 0, 0]
    assert all(story.delay is not None and story.delay < TICKET_SECONDS for story in stories)
    assert all(story.onset is not None and story.onset <= story.ticket for story in stories if story.ticket)
    assert all(story.healed is not None for story in stories)
