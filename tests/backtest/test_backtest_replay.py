"""Replays: the same alarms as the live engine, deterministic, and told on the command line."""

import json
from pathlib import Path

import pytest
from backtest_helpers import DAY, FLAGSHIP, HOUR, MINUTE, START, history, line, rules_file, run, write_lines

from monitor.backtest.learning import Learner
from monitor.backtest.replay import replay
from monitor.backtest.rule_files import load_rules
from monitor.backtest.runs import checks_of, results
from monitor.backtest.samples import read_samples
from monitor.model.alert import AlertState
from monitor.rules import RuleEngine


def outage(path: Path, *, minutes: int = 10) -> Path:
    """Two hours of a check a minute; it fails from 01:00 on."""
    return write_lines(path, [line(START + n * MINUTE, good=not 60 <= n < 60 + minutes) for n in range(120)])


def test_a_replay_gives_the_alarms_of_an_engine_that_is_fed_by_hand(tmp_path: Path) -> None:
    lines = read_samples(write_lines(tmp_path / "s.jsonl", history(3, days=2, outages=3)))
    checks = checks_of(lines)
    (check,) = checks.values()
    rules = load_rules([rules_file(tmp_path)])
    engine = RuleEngine(rules, checks, "fra")
    live = [alert for result in results(lines, checks) for alert in engine.feed(result)]

    story = replay(check, results(lines, checks), rules, Learner(rules, check))

    assert [alert.changed for alert in live if alert.state is AlertState.FIRING] == [one.alarm for one in story.firings]
    assert len(story.firings) >= 3


def test_what_would_have_fired_is_told_with_onset_alarm_and_recovery(tmp_path: Path) -> None:
    result = run("backtest", "--rules", str(rules_file(tmp_path)), "--samples", str(outage(tmp_path / "s.jsonl")), "--json")
    facts = json.loads(result.stdout)

    (firing,) = facts["firings"]
    assert ("2026-11-02T01:00:00Z", "2026-11-02T01:02:00Z") == (firing["onset"], firing["alarm"])
    assert ("2026-11-02T01:12:00Z", "three", "card", "p2") == tuple(
        firing[key] for key in ("recovery", "rule", "check", "severity")
    )
    assert "3" == firing["evidence"]["in_a_row"]
    assert (1, 1) == (facts["rules"]["three"]["tickets"], facts["together"]["false_tickets"])


def test_labels_turn_a_false_ticket_into_a_found_incident(tmp_path: Path) -> None:
    window = {"check": "ca*", "from": START + HOUR, "to": START + HOUR + 10 * MINUTE, "name": "switch"}
    labels = write_lines(tmp_path / "l.jsonl", [window, {**window, "from": START, "to": START + 60, "name": "nothing seen"}])
    words = (
        "backtest",
        "--rules",
        str(rules_file(tmp_path)),
        "--samples",
        str(outage(tmp_path / "s.jsonl")),
        "--labels",
        str(labels),
    )

    facts = json.loads(run(*words, "--json").stdout)
    shown = run(*words).stdout

    score = facts["rules"]["three"]
    assert (0, 0.5, 1.0, ["nothing seen"]) == tuple(
        score[key] for key in ("false_tickets", "recall", "precision", "labels_missed")
    )
    assert 120.25 == score["delay_median_seconds"]
    assert {"three": 120.25} == facts["labels"][1]["found_by"]
    assert "three: found 1 of 2 windows; missed: nothing seen" in shown


def test_two_runs_give_equal_bytes_and_the_order_of_the_file_does_not_matter(tmp_path: Path) -> None:
    made = list(history(5, days=1, outages=2, checks=2))
    rules = str(rules_file(tmp_path, FLAGSHIP))
    told = {
        run("backtest", "--rules", rules, "--samples", str(write_lines(tmp_path / name, order)), "--json").stdout
        for name, order in (("a.jsonl", made), ("b.jsonl", made), ("c.jsonl", made[::-1]))
    }

    assert 1 == len(told)
    assert json.loads(told.pop())["firings"]


def test_how_much_sooner_than_another_rule(tmp_path: Path) -> None:
    slower = "\n  five: {title: Five, consecutive: {failures: 5, successes: 3}, severity: p3}\n"
    path = rules_file(tmp_path)
    path.write_text(path.read_text("utf-8") + slower, "utf-8")

    facts = json.loads(
        run("backtest", "--rules", str(path), "--samples", str(outage(tmp_path / "s.jsonl")), "--over", "five", "--json").stdout
    )

    assert 120.0 == facts["over"]["rules"]["three"]["lead_median_seconds"]


def test_since_and_until_bound_what_is_told_and_what_came_before_only_teaches(tmp_path: Path) -> None:
    words = ("backtest", "--rules", str(rules_file(tmp_path)), "--samples", str(outage(tmp_path / "s.jsonl")), "--json")

    later = json.loads(run(*words, "--since", "2026-11-02T01:30:00Z").stdout)
    earlier = json.loads(run(*words, "--until", "2026-11-02T01:00:00Z").stdout)

    assert ([], []) == (later["firings"], earlier["firings"])
    assert ("2026-11-02T01:30:00Z", "2026-11-02T01:00:00Z") == (later["since"], earlier["until"])


def test_the_flagship_finds_an_outage_and_learns_from_calm_days(tmp_path: Path) -> None:
    calm = list(history(7, days=5))
    failing = [
        {**one, "outcome": "tech_gateway"} if START + 4.5 * DAY <= one["at"] < START + 4.5 * DAY + 600 else one for one in calm
    ]
    samples = write_lines(tmp_path / "s.jsonl", failing)

    facts = json.loads(
        run("backtest", "--rules", str(rules_file(tmp_path, FLAGSHIP)), "--samples", str(samples), "--json").stdout
    )

    (firing,) = facts["firings"]
    assert "2026-11-06T12:00:00Z" <= firing["alarm"] <= "2026-11-06T12:05:00Z"
    assert 0 < facts["probes"]["suspected_samples"] < 0.2 * facts["runs"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "expected either --samples FILE or --store"),
        (("--samples", "s.jsonl", "--store"), "expected either --samples FILE or --store"),
        (("--samples", "none.jsonl"), "none.jsonl: expected a readable file"),
        (("--samples", "s.jsonl", "--over", "thre"), 'there is no rule "thre"; did you mean "three"?'),
        (("--samples", "s.jsonl", "--since", "yesterday"), "--since: expected an instant"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    outage(tmp_path / "s.jsonl")
    rules_file(tmp_path)
    monkeypatch.chdir(tmp_path)

    result = run("backtest", "--rules", "rules.yaml", *words)

    assert (2, True) == (result.exit_code, said in result.stderr)
