"""Three faults through the whole service and its real probes: each is one ticket within a minute, and nothing is ticketed in between."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "detection_service"))

from faults import KINDS
from lane import Lane, Story

#: Half of the payments, all of them, and amounts that are wrong.
NAMES = ("500 to half", "503 to everybody", "amounts a hundredfold")
#: Between the starts of two services: an interpreter that starts takes a whole core for some seconds.
STAGGER_SECONDS = 5.0
#: On a busy machine; an idle one needs half of it.
TICKET_SECONDS = 60.0


@pytest.mark.slow
def test_three_faults_are_three_tickets_soon_and_none_in_between(tmp_path: Path) -> None:
    chosen = [next(kind for kind in KINDS if kind.name == name) for name in NAMES]

    def lane(number: int) -> list[Story]:
        """Beside each other: health is proven over minutes, and the suite has other things to do."""
        home = tmp_path / str(number)
        home.mkdir()
        time.sleep(STAGGER_SECONDS * number)
        return list(Lane(home, Random(number)).run(chosen[number : number + 1]))

    with ThreadPoolExecutor(len(chosen)) as pool:
        stories = [story for told in pool.map(lane, range(len(chosen))) for story in told]

    assert [story.fault for story in stories] == list(NAMES)
    assert [story.tickets for story in stories] == [1, 1, 1]
    assert [story.false_before for story in stories] == [0, 0, 0]
    assert all(story.delay is not None and story.delay < TICKET_SECONDS for story in stories)
    assert all(story.onset is not None and story.onset <= story.ticket for story in stories if story.ticket)
    assert all(story.healed is not None for story in stories)
