"""Thirty faults at random instants through the whole service and its real probes: from injection to the ticket at the desk.

    make bench-detection-service            FAULTS=30

Lanes run beside each other, each a service and a sandbox gateway of its own, because health is proven over two minutes and faults of
one service follow one another. One location watches: a fault in which nothing comes back could be that location's network, and takes
as long to prove as such troubles usually last.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tests" / "endtoend")]  # the processes are those of the end-to-end tests

from faults import Fault, draw  # noqa: E402
from lane import Lane, Story  # noqa: E402

OUT = HERE / "out" / "detection_service.json"
LANES = 10
#: Between the starts of two lanes: an interpreter that starts takes a whole core for some seconds.
STAGGER_SECONDS = 7.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=30)
    parser.add_argument("--lanes", type=int, default=LANES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    stories = measure(asked.faults, asked.lanes, asked.seed)
    print("\n".join(table(stories)))
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    facts = {"seed": asked.seed, "lanes": asked.lanes, "cores": os.cpu_count(), "stories": [asdict(one) for one in stories]}
    asked.out.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def measure(count: int, lanes: int, seed: int) -> list[Story]:
    """In order of injection."""
    faults = draw(count, Random(seed))
    shares = [faults[number::lanes] for number in range(min(lanes, count))]
    with tempfile.TemporaryDirectory(prefix="paycanary-faults-") as folder, ThreadPoolExecutor(len(shares)) as pool:
        done = pool.map(lambda number: _lane(Path(folder), number, shares[number], seed), range(len(shares)))
        return sorted((story for stories in done for story in stories), key=lambda story: story.injected)


def _lane(folder: Path, number: int, faults: Sequence[Fault], seed: int) -> list[Story]:
    home = folder / f"lane-{number}"
    home.mkdir()
    time.sleep(STAGGER_SECONDS * number)
    stories = []
    for story in Lane(home, Random(seed * 1_000 + number)).run(faults):
        stories.append(story)
        print(_line(story), flush=True)
    return stories


def _line(story: Story) -> str:
    return (
        f"{story.fault:36} ticket {_seconds(story.delay):>9}  onset {_seconds(_onset_error(story)):>9}  told {_millis(story.telling):>7}  "
        f"{story.severity:3} {story.rule:16} tickets {story.tickets}  false before {story.false_before}"
    )


def _onset_error(story: Story) -> float | None:
    """The estimate against the injection: the first run that meets the fault comes later."""
    return None if story.onset is None else story.onset - story.injected


def table(stories: Sequence[Story]) -> list[str]:
    lines = [f"{'faults':34}{'count':>6}{'missed':>8}{'median':>10}{'p95':>10}"]
    for title, chosen in (
        ("all", list(stories)),
        ("the gateway answers", [one for one in stories if one.answers]),
        ("nothing comes back, one location", [one for one in stories if not one.answers]),
    ):
        delays = sorted(one.delay for one in chosen if one.delay is not None)
        lines.append(
            f"{title:34}{len(chosen):>6}{len(chosen) - len(delays):>8}{_seconds(quantile(delays, 0.5)):>10}{_seconds(quantile(delays, 0.95)):>10}"
        )
    telling = sorted(one.telling for one in stories if one.telling is not None)
    onset = sorted(abs(error) for one in stories if (error := _onset_error(one)) is not None)
    tickets = [one.tickets for one in stories if one.ticket is not None]
    return [
        *lines,
        f"deciding result to the desk: median {_millis(quantile(telling, 0.5))}, p99 {_millis(quantile(telling, 0.99))}",
        f"onset estimate off by: median {_seconds(quantile(onset, 0.5))}, p95 {_seconds(quantile(onset, 0.95))}",
        f"tickets per ticketed fault: {sum(tickets) / max(1, len(tickets)):.2f}; false tickets: {sum(one.false_before for one in stories)}",
    ]


def quantile(rising: Sequence[float], share: float) -> float | None:
    """The smallest value that ``share`` of them do not exceed."""
    return rising[max(0, -int(-share * len(rising) // 1) - 1)] if rising else None


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


def _millis(value: float | None) -> str:
    return "-" if value is None else f"{value * 1000:.0f} ms"


if __name__ == "__main__":
    main()
