"""The quick way gives the same alarms as the engine: on random histories, compiled, in columns, with rules left out."""

import builtins
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from backtest_helpers import DAY, FLAGSHIP, MINUTE, START, history, line, rules_file, run, write_lines

from monitor.backtest import columns
from monitor.backtest.columns import available, read_columns
from monitor.backtest.play import file_stories
from monitor.backtest.replay import Story
from monitor.backtest.rule_files import load_rules
from monitor.backtest.runs import plain_check
from monitor.backtest.samples import read_samples
from monitor.model.check import Objective

pytestmark = pytest.mark.skipif(not available(), reason="needs the extra paycanary[backtest]")

EVERY_KIND = """
rules:
  row: {title: A, consecutive: {failures: 3, successes: 3}, severity: p1}
  wrong: {title: B, consecutive: {failures: 1, successes: 2, outcomes: [contract_violation]}, severity: p2}
  some: {title: C, k_of_n: {bad: 4, of: 12, within: 30m}, severity: p2}
  slow: {title: D, quantile: {q: 0.9, above: 450ms, window: 20m, min_samples: 12}, severity: p3}
  silent: {title: E, absence: {after: 10m}, severity: p3}
  dated: {title: F, expiry: {within: 30d}, severity: p4}
  places: {title: H, quorum: {failures: 2, locations: 2, successes: 3}, severity: p2}
  burning: {title: I, burn_rate: {objective: 0.95}, for: 5m, severity: p3}
  moved: {title: J, mix_shift: {false_alarms: 1 per month}, severity: p3}
  jump: {title: K, spike: {of: latency}, severity: p3}
  brand: {title: G, select: {stratum: "?*"}, k_of_n: {bad: 3, of: 10}, severity: p3}
"""
BRANDED = """
  branded:
    title: Branded
    select: {stratum: "?*"}
    sequential: {false_alarms: 2 per week}
    severity: impact
"""


SHIPPED = Path(__file__).parents[2] / "alert_rules" / "payments.yaml"


def troubled(lines: list[dict[str, Any]], seed: int) -> Iterator[dict[str, Any]]:
    """The same with an hour of silence, slow hours, a wrong answer, runs nobody could judge, and declines that become many."""
    chance = random.Random(seed)
    first, last = lines[0]["at"], lines[-1]["at"]

    def part(of: float) -> float:
        return (of - first) / (last - first)

    for one in lines:
        how = part(one["at"])
        if 0.30 < how < 0.36 and one["location"] == "fra":
            continue
        if 0.5 < how < 0.55:
            one["seconds"] = round(3 * one["seconds"], 3)
        if chance.random() < 0.001:
            one |= {"outcome": "contract_violation"}
        if chance.random() < 0.01:
            one |= {"outcome": "unknown"}
        elif one["outcome"] == "approved" and chance.random() < (0.6 if how > 0.9 else 0.02):
            one |= {"outcome": "soft_decline", "good": True}
        yield one


def both(path: Path, rules: str, directory: Path) -> tuple[list[Story], list[Story]]:
    chosen = load_rules([rules_file(directory, rules)])
    return file_stories(path, chosen, None, quick=True), file_stories(path, chosen, None, quick=False)


@pytest.mark.parametrize("seed", range(4))
def test_the_compiled_kernel_tells_every_alarm_word_for_word(tmp_path: Path, seed: int) -> None:
    """Two and a half days, outages, two places or three, with strata or without: cold start."""
    brands = ("brand=visa", "brand=mc") if seed % 2 else ("",)
    places = ("fra", "sin") if seed < 2 else ("fra", "sin", "nyc")
    made = history(seed, days=2.5, outages=4, brands=brands, places=places, checks=2, background=0.004)

    quick, slow = both(write_lines(tmp_path / "s.jsonl", made), FLAGSHIP + BRANDED, tmp_path)

    assert slow == quick
    assert sum(len(story.firings) for story in slow) >= 2


def test_what_is_learned_on_the_way_is_the_same(tmp_path: Path) -> None:
    made = history(11, days=6, every=2 * MINUTE, outages=14, background=0.003)

    quick, slow = both(write_lines(tmp_path / "s.jsonl", made), FLAGSHIP, tmp_path)

    assert slow == quick
    assert any(firing.alarm > START + 4 * DAY for story in slow for firing in story.firings)


def test_a_place_that_falls_silent_for_hours_changes_nothing(tmp_path: Path) -> None:
    made = [
        one for one in history(21, days=2, outages=3) if one["location"] == "fra" or not 10 <= (one["at"] - START) / 3600 < 14
    ]

    quick, slow = both(write_lines(tmp_path / "s.jsonl", made), FLAGSHIP, tmp_path)

    assert slow == quick


@pytest.mark.parametrize("seed", range(6))
def test_a_rule_of_any_kind_tells_every_alarm_word_for_word(tmp_path: Path, seed: int) -> None:
    brands = ("brand=visa", "brand=mc") if seed % 2 else ("",)
    made = list(history(seed, days=0.7, outages=seed % 3, brands=brands, background=0.02))
    gone = [one for one in made if seed < 4 or not 5 * 3600 < one["at"] - START < 6 * 3600]

    quick, slow = both(write_lines(tmp_path / "s.jsonl", gone), EVERY_KIND, tmp_path)

    assert slow == quick
    assert {"slow"} <= {firing.rule for story in slow for firing in story.firings}


@pytest.mark.parametrize(
    ("seed", "every", "days"), [(1, 60, 4), (2, 300, 20), (3, 300, 20), (4, 30, 2), (5, 60, 5), (6, 900, 40)]
)
def test_the_shipped_rules_tell_every_alarm_word_for_word(tmp_path: Path, seed: int, every: float, days: float) -> None:
    """Outages, silence, slow times, a mix of answers that moves and stays moved, and runs that nobody could judge."""
    brands = ("brand=visa", "brand=mc") if seed % 3 == 0 else ("",)
    places = ("fra", "sin", "nyc")[: 1 + seed % 3]
    made = list(history(seed, days=days, every=every, outages=8, brands=brands, places=places, background=0.004))
    path = write_lines(tmp_path / "s.jsonl", troubled(made, seed))
    check = plain_check("check-0", every_seconds=every, strata=brands)
    checks = {"check-0": replace(check, objective=Objective(latency_seconds=0.45))}
    rules = load_rules([SHIPPED])

    quick, slow = (file_stories(path, rules, checks, quick=way) for way in (True, False))

    assert slow == quick
    told = {firing.rule for story in slow for firing in story.firings}
    assert {"gateway-failing", "error-budget", "wrong-answer", "nothing-measured", "slow", "answers-changed"} & told


def test_columns_hold_what_the_lines_hold(tmp_path: Path) -> None:
    made = [
        *history(2, days=0.2, brands=("brand=visa", "")),
        line(START + 1, outcome="unknown", good=None, seconds=None, location="fra", stratum=""),
    ]
    for one in made:
        one.setdefault("good", one["outcome"] == "approved")
    path = write_lines(tmp_path / "s.jsonl.gz", made)

    found = read_columns(path)

    assert found is not None
    assert {one._replace(number=0) for one in read_samples(path)} == {one for part in found for one in part.lines()}


@pytest.mark.parametrize(
    "odd",
    [
        {"step": "pay"},
        {"latency": 3},
        {"at": "2026-11-02T00:00:00Z"},
        {"outcome": "broken"},
        {"good": None},
        {"seconds": -1},
        {"check": "a|b"},
        {"outcome": "unknown", "good": True},
        {},
    ],
)
def test_whatever_is_not_plain_is_left_to_the_reader_that_can_explain_it(tmp_path: Path, odd: dict[str, object]) -> None:
    """The last one is a line that is there twice."""
    path = write_lines(tmp_path / "s.jsonl", [line(START), line(START + 60), line(START) | {"seconds": 0.5} | odd])

    assert read_columns(path) is None


def test_without_the_extra_it_works_and_says_that_it_is_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_lines(tmp_path / "s.jsonl", history(1, days=0.2, outages=1))
    rules = load_rules([rules_file(tmp_path)])
    usual, told = builtins.__import__, []

    def without(name: str, *more: object, **named: object) -> object:
        if name.split(".", maxsplit=1)[0] in ("numba", "numpy", "polars"):
            raise ImportError(name)
        return usual(name, *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setattr("monitor.backtest.play.available", lambda: False)
    monkeypatch.setattr("monitor.backtest.play.LARGE_BYTES", 1)
    stories = file_stories(path, rules, None, warn=told.append)

    assert stories[0].runs
    assert "paycanary[backtest]" in told[0]


def test_the_command_line_gives_the_same_bytes_either_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.backtest.play.LARGE_BYTES", 1)
    path = write_lines(tmp_path / "s.jsonl", history(9, days=1, outages=2, checks=3))
    words = ("backtest", "--rules", str(rules_file(tmp_path, EVERY_KIND)), "--samples", str(path), "--json")

    quick, slow = run(*words), run(*words, "--slow")

    assert quick.stdout == slow.stdout
    assert json.loads(quick.stdout)["firings"]
    assert columns.available()
