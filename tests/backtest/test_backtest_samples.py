"""The samples format: what is read, and what is refused with line and reason."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from backtest_helpers import MINUTE, START, line, write_lines
from hypothesis import given
from hypothesis import strategies as st

from monitor.backtest.runs import checks_of, results
from monitor.backtest.samples import PROBLEMS_MAX, BadSamples, parse, read_samples
from monitor.model.outcome import OURS, Outcome


def refused(path: Path) -> list[tuple[int, str]]:
    with pytest.raises(BadSamples) as caught:
        read_samples(path)
    return list(caught.value.problems)


def test_an_instant_may_be_written_either_way(tmp_path: Path) -> None:
    written = datetime.fromtimestamp(START, UTC).isoformat()
    path = write_lines(tmp_path / "s.jsonl", [line(START), line(written, location="sin")])

    assert [START, START] == [one.at for one in read_samples(path)]


@pytest.mark.parametrize("name", ["s.jsonl", "s.jsonl.gz"])
def test_lines_come_in_order_of_arrival_however_the_file_is_sorted(tmp_path: Path, name: str) -> None:
    slow = line(START, good=False, seconds=90.0)
    path = write_lines(tmp_path / name, [line(START + 2 * MINUTE), slow, line(START + MINUTE)])

    assert [START + MINUTE, START, START + 2 * MINUTE] == [one.at for one in read_samples(path)]


def test_every_bad_line_is_named_with_all_its_reasons(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    lines = [
        json.dumps(line(START)),
        json.dumps(line(START * 1000)),
        "{half",
        json.dumps({"at": START, "check": "card", "outcome": "broken", "good": 1, "latency": 3}),
        json.dumps(line(START)),
        '{"at": 1793577601, "at": 1793577602, "check": "card", "outcome": "ok"}',
        json.dumps(line(START + 1, outcome="agent_fault")),
    ]
    path.write_text("\n".join(lines), "utf-8")

    found = dict(refused(path))

    assert [2, 3, 4, 5, 6, 7] == sorted(found)
    assert "milliseconds?" in found[2]
    assert "expected one JSON object" in found[3]
    for part in (
        "latency: expected a key that exists here",
        "outcome: expected one of ok,",
        "good: expected true, false or null",
    ):
        assert part in found[4]
    assert "the one of line 1 again" in found[5]
    assert "a key stands in it twice" in found[6]
    assert "good: expected null beside agent_fault" in found[7]


def test_a_thousand_bad_lines_are_counted_and_some_shown(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "s.jsonl", [{"at": START + n, "check": "", "outcome": "ok"} for n in range(1000)])

    with pytest.raises(BadSamples) as caught:
        read_samples(path)

    assert PROBLEMS_MAX == len(caught.value.problems)
    assert str(caught.value).endswith("... and 900 more\n1,000 problems")


def test_a_file_that_is_not_there_or_no_gzip_is_a_problem_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "s.gz").write_bytes(b"plain")

    for path in (tmp_path / "none.jsonl", tmp_path / "s.gz"):
        assert "expected a readable file" in refused(path)[0][1]


@given(st.sampled_from(Outcome))
def test_good_follows_from_the_outcome_when_nobody_says(outcome: Outcome) -> None:
    said = parse({"at": START, "check": "card", "outcome": outcome.value}, 1).good

    assert (None if outcome in OURS else outcome in {Outcome.OK, Outcome.APPROVED}) == said


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda more: st.dictionaries(st.text(), more)))
def test_any_json_is_read_or_refused_in_words(data: object) -> None:
    try:
        parse(data, 1)
    except ValueError as reason:
        assert str(reason)


def test_steps_of_one_instant_are_one_run_that_failed_where_the_first_of_them_did(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "s.jsonl",
        [line(START, step="authorise", seconds=0.2), line(START, step="capture", good=False, seconds=0.5), line(START + 60)],
    )
    lines = read_samples(path)

    first, second = results(lines, checks_of(lines))

    assert (False, "capture", Outcome.TECH_GATEWAY) == (first.good, first.failed_step, first.outcome)
    assert pytest.approx(0.7) == first.duration_seconds
    assert (True, 0.25) == (second.good, second.latency_seconds)


def test_a_latency_that_nobody_measured_is_no_evidence(tmp_path: Path) -> None:
    lines = read_samples(write_lines(tmp_path / "s.jsonl", [line(START, seconds=None)]))

    (only,) = results(lines, checks_of(lines))

    assert only.latency_seconds is None
