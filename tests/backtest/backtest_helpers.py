"""Files of samples, and a command line to give them to."""

import gzip
import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from monitor.cli import build

START = 1_793_577_600.0  # 2026-11-02T00:00:00Z, a Monday
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
THREE_IN_A_ROW = """
rules:
  three:
    title: {en: "Three in a row", zh: "连续三次"}
    consecutive: {failures: 3, successes: 3}
    severity: p2
"""
FLAGSHIP = """
rules:
  flagship:
    title: {en: "Flagship", zh: "旗舰规则"}
    sequential: {false_alarms: 1 per month}
    severity: p1
"""


def line(at: float, *, good: bool = True, check: str = "card", **more: Any) -> dict[str, Any]:
    outcome = "approved" if good else "tech_gateway"
    return {"at": at, "check": check, "outcome": outcome, "good": good, "seconds": 0.25} | more


def write_lines(path: Path, lines: Iterable[dict[str, Any]]) -> Path:
    text = "".join(json.dumps(one) + "\n" for one in lines).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def history(
    seed: int,
    *,
    days: float,
    every: float = MINUTE,
    checks: int = 1,
    places: tuple[str, ...] = ("fra", "sin"),
    background: float = 0.002,
    outages: int = 0,
    brands: tuple[str, ...] = ("",),
) -> Iterator[dict[str, Any]]:
    """Days of checks seen from several places in turn, with ``outages`` of some minutes each, half of them partial."""
    chance = random.Random(seed)
    for number in range(checks):
        broken = [
            (START + days * DAY * chance.random(), chance.choice((5, 20)) * MINUTE, chance.choice((0.3, 1.0)))
            for _ in range(outages)
        ]
        for slot in range(int(days * DAY / every)):
            for turn, place in enumerate(places):
                at = START + slot * every + turn * every / len(places)
                share = max([share for since, lasts, share in broken if since <= at < since + lasts], default=background)
                good = chance.random() >= share
                outcome = "approved" if good else chance.choice(("tech_gateway", "timeout_unknown"))
                seconds = round(chance.lognormvariate(-1.2, 0.25), 3)
                brand = brands[slot % len(brands)]
                yield {
                    "at": at,
                    "check": f"check-{number}",
                    "location": place,
                    "stratum": brand,
                    "outcome": outcome,
                    "seconds": seconds,
                }


def run(*words: str) -> Result:
    return CliRunner().invoke(build(words[0]), list(words), env={"COLUMNS": "200", "TERM": "dumb"})


def rules_file(directory: Path, text: str = THREE_IN_A_ROW) -> Path:
    path = directory / "rules.yaml"
    path.write_text(text, "utf-8")
    return path
