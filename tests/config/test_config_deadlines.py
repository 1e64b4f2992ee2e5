"""Calendars, promises and supervisors, as the files give them."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from config_helpers import TARGET, write
from typer.testing import CliRunner

from monitor.cli import build
from monitor.config import Config, load
from monitor.deadlines.hours import BusinessHours
from monitor.deadlines.targets import ALWAYS, DEFAULT_TARGETS, Deadlines, Promise, Span
from monitor.model.alert import Severity

WRITTEN = """\
service: {regulators: mas}
targets:
  gateway: {base_url: https://gateway.example, regulators: [pboc, dora], shares: [cloudflare, hk-1]}
  other: {base_url: https://other.example}
deadlines:
  calendars:
    shanghai:
      zone: Asia/Shanghai
      hours: {weekdays: ["09:00-12:00", "13:30-18:00"], saturday: "22:00-24:00"}
      holidays: CN
      closed: 2026-12-24
      open: ["2026-12-25"]
    munich: {zone: Europe/Berlin, hours: {monday: "08:00-16:00"}, holidays: DE-BY}
  p1: {respond: 5m}
  p3: {hours: shanghai, update: none, restore: 2bd}
  p4: {hours: munich}
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load(
        write(tmp_path, {"paycanary.yaml": WRITTEN, "checks/none.yaml": "checks: {}\n", "alert_rules/n.yaml": "rules: {}\n"})
    )


def test_without_a_word_the_customary_targets_hold(tmp_path: Path) -> None:
    files = {"paycanary.yaml": TARGET, "checks/none.yaml": "checks: {}\n", "alert_rules/n.yaml": "rules: {}\n"}
    assert Deadlines() == load(write(tmp_path, files)).deadlines


def test_what_is_left_out_stays_as_it_is(config: Config) -> None:
    targets = config.deadlines.targets
    assert Promise(Span(300), Span(1_800), Span(14_400), ALWAYS) == targets[Severity.P1]
    assert DEFAULT_TARGETS[Severity.P2] == targets[Severity.P2]


def test_a_priority_can_promise_nothing_and_count_in_other_hours(config: Config) -> None:
    assert Promise(Span(14_400), None, Span(days=2), "shanghai") == config.deadlines.targets[Severity.P3]


def test_a_calendar_is_as_written(config: Config) -> None:
    shanghai = config.deadlines.calendars["shanghai"]
    assert isinstance(shanghai, BusinessHours)
    assert ("CN", "", 7.5 * 3_600) == (shanghai.country, shanghai.subdivision, shanghai.day_seconds)
    assert ((1_320, 1_440),) == shanghai.shifts(date(2026, 11, 28))
    assert () == shanghai.shifts(date(2026, 12, 24))
    assert ((540, 720), (810, 1_080)) == shanghai.shifts(date(2026, 12, 25))
    munich = config.deadlines.calendars["munich"]
    assert isinstance(munich, BusinessHours)
    assert ("DE", "BY") == (munich.country, munich.subdivision)


def test_a_target_has_its_own_supervisors_or_those_of_the_service(config: Config) -> None:
    assert ("pboc", "dora") == config.regulators("gateway")
    assert ("mas",) == config.regulators("other")
    assert ("mas",) == config.regulators("taken-away-by-a-reload")


def test_a_target_says_what_it_stands_on(config: Config) -> None:
    assert ("cloudflare", "hk-1") == config.targets["gateway"].shares


def test_only_calendars_in_use_are_doubted(config: Config) -> None:
    december = datetime(2026, 12, 20, tzinfo=UTC).timestamp()
    assert ["shanghai"] == list(config.deadlines.doubts(december))
    assert {} == Deadlines().doubts(december)


def test_validate_warns_of_a_year_without_announced_holidays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"paycanary.yaml": WRITTEN, "checks/none.yaml": "checks: {}\n", "alert_rules/n.yaml": "rules: {}\n"}
    path = write(tmp_path, files)
    monkeypatch.setattr("monitor.cli.validate.time.time", datetime(2026, 12, 20, tzinfo=UTC).timestamp)
    result = CliRunner().invoke(build("validate"), ["validate", str(path)])
    assert 0 == result.exit_code
    assert "warning Calendar shanghai: CN has no announced holidays for 2027 on record" in result.stdout
