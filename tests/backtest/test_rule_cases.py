"""Unit tests of rules: the notation, what passes, what fails, and what is refused with line and column."""

from pathlib import Path

import pytest
from backtest_helpers import rules_file, run
from hypothesis import given
from hypothesis import strategies as st

from monitor.backtest.cases.notation import RUNS_MAX, BadSeries, parse_series
from monitor.backtest.cases.read import read_suite
from monitor.backtest.cases.run import play
from monitor.model.outcome import Outcome

SHIPPED = sorted((Path(__file__).parents[2] / "alert_rules" / "tests").glob("*.yaml"))
CASES = """
rules: rules.yaml
checks: {card: {every: 30s, strata: {brand: [visa]}, steps: [pay]}}
tests:
  - name: three in a row
    series:
      - {stratum: "brand=visa", runs: "30s: ok x3, fail(timeout_unknown, 2s) x3, ok x4"}
    expect:
      - {at: 2m31s, alerts: []}
      - {at: 2m33s, alerts: [{rule: three, check: card, state: firing, severity: p2, since: 90s}]}
      - {at: 5m, alerts: []}
"""


def cases_file(directory: Path, text: str = CASES) -> str:
    rules_file(directory)
    path = directory / "cases.yaml"
    path.write_text(text, "utf-8")
    return str(path)


def test_a_series_says_when_each_run_was_due_and_what_came_of_it() -> None:
    runs = parse_series("30s: ok, fail(timeout_unknown, 15s), gap x2, [soft_decline, unknown] x2, ok(300ms)")

    assert [0.0, 30.0, 120.0, 150.0, 180.0, 210.0, 240.0] == [run.at for run in runs]
    assert [True, False, False, None, False, None, True] == [run.good for run in runs]
    assert (Outcome.TIMEOUT_UNKNOWN, 15.0) == (runs[1].outcome, runs[1].seconds)
    assert 0.3 == runs[-1].seconds


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("ok x3", 0, "expected an interval"),
        ("30s: ok x3, fial", 12, 'got "fial"'),
        ("30s: ok x, fail", 8, "expected how often"),
        ("30s: ok x0", 8, "expected how often"),
        ("30s: ok x999999", 8, "at most 100,000 runs"),
        ("30s: [ok, fail x2", 17, 'expected "]"'),
        ("30s: fail(soon)", 10, "an outcome or a duration"),
        ("30s: fail(unknown)", 5, "measures nothing"),
        ("30s: ok fail", 8, "the end, or a comma"),
        ("30s: ", 5, "expected ok, fail"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_series_is_pointed_at(text: str, offset: int, message: str) -> None:
    with pytest.raises(BadSeries, match=message.replace("[", r"\[").replace("]", r"\]")) as caught:
        parse_series(text)

    assert offset == caught.value.offset


@given(st.text(alphabet="ok fail()[]x0123456789s:,gaput_ln", max_size=40))
def test_any_text_is_a_series_or_is_refused(text: str) -> None:
    try:
        assert len(parse_series(text)) <= RUNS_MAX
    except BadSeries as error:
        assert 0 <= error.offset <= len(text)


def test_alerts_as_expected_pass(tmp_path: Path) -> None:
    result = run("rules", "test", cases_file(tmp_path))

    assert (0, "1 passed, 0 failed\n") == (result.exit_code, result.stdout)


def test_a_failing_test_shows_expected_against_got_and_where_it_is_written(tmp_path: Path) -> None:
    text = CASES.replace("severity: p2", "severity: p1").replace("{at: 5m, alerts: []}", "{at: 5m, alerts: [{rule: three}]}")

    result = run("rules", "test", cases_file(tmp_path, text))

    assert 1 == result.exit_code
    assert f"FAILED {tmp_path}/cases.yaml: three in a row" in result.stdout
    assert f"{tmp_path}/cases.yaml:10: at 2 min 33 s" in result.stdout
    assert "expected three firing, check card, severity p1, since 1 min 30 s" in result.stdout
    assert "got      three firing, check card, location local, severity p2, since 1 min 30 s" in result.stdout
    assert result.stdout.endswith("0 passed, 1 failed\n")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rules.yaml", "none.yaml", "none.yaml: expected a readable file"),
        ("ok x3, fail", "ok x3, fial", "cases.yaml:7:52: tests[0].series[0].runs: expected ok, fail, gap"),
        ("{rule: three,", "{rule: tree,", 'did you mean "three"?'),
        ('brand=visa"', 'brand=amex"', "expected a stratum of the check"),
        ("name: three in a row", "names: three", "unknown one"),
        ("at: 5m", "at: 5 parsecs", "cases.yaml:11:14: tests[0].expect[2].at: expected a duration like"),
        ("steps: [pay]}", "steps: [pay]", "expected YAML"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in CASES

    result = run("rules", "test", cases_file(tmp_path, CASES.replace(old, new, 1)))

    assert 2 == result.exit_code
    assert said in result.stderr


def test_two_series_of_the_same_samples_are_refused(tmp_path: Path) -> None:
    series = '      - {stratum: "brand=visa", runs: "30s: ok"}\n    expect:'

    result = run("rules", "test", cases_file(tmp_path, CASES.replace("    expect:", series)))

    assert 2 == result.exit_code
    assert "two that give the same sample" in result.stderr


@pytest.mark.parametrize("file", SHIPPED, ids=lambda path: path.name)
def test_the_shipped_rules_keep_their_own_tests(file: Path) -> None:
    played = play(read_suite(file))

    assert [] == [(one.case.name, one.differences) for one in played if one.differences]
