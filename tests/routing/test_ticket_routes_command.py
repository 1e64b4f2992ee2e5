"""Facts about `paycanary tickets routes`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.tickets import app

CONFIG = """
targets:
  cards: {base_url: "https://cards.example.com", labels: {customer: acme}}
  wallets: {base_url: "https://wallets.example.com"}
desks:
  service-desk: {webhook: {url: "https://desk.example.com/a", secret: "${env:DESK_SECRET}"}}
  on-call: {webhook: {url: "https://desk.example.com/b", secret: "${env:DESK_SECRET}"}}
deadlines:
  calendars:
    office: {zone: UTC, hours: {weekdays: "09:00-18:00"}}
routes:
  - {severity: p1, desks: on-call, then: [{after: 15m, desks: service-desk}]}
  - {customer: acme, hours: office, desks: service-desk}
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "200")
    path = tmp_path / "paycanary.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def shown(config: Path, *words: str):
    return CliRunner().invoke(app, ["routes", *words, "--config", str(config)])


def test_the_list_reads_from_severity_to_desk_and_needs_no_secret(config: Path):
    done = shown(config)
    assert 0 == done.exit_code, done.output
    assert ["P1", "cards (acme), wallets", "on-call; after 15 min 00 s: service-desk  (routes[0])"] == [
        line.strip() for line in done.output.splitlines()[:3]
    ]


def test_hours_show_as_two_ways_and_the_last_word_is_every_desk(config: Path):
    told = {(line["severity"], *line["targets"]): line["told"] for line in json.loads(shown(config, "--json").output)}
    in_office, otherwise = told["p3", "cards (acme)"]
    assert ("office", ["service-desk"]) == (in_office["hours"], in_office["desks"])
    assert (None, ["service-desk", "on-call"]) == (otherwise["route"], otherwise["desks"])


@pytest.mark.parametrize(
    ("at", "desks"), [("2026-11-02 12:00", ["service-desk"]), ("2026-11-02 03:00", ["service-desk", "on-call"])]
)
def test_an_hour_can_be_asked_for(config: Path, at: str, desks: list[str]):
    lines = json.loads(shown(config, "--json", "--at", at).output)
    (line,) = [line for line in lines if line["severity"] == "p4" and "cards (acme)" in line["targets"]]
    assert [desks] == [way["desks"] for way in line["told"]]


def test_a_time_that_is_none_is_a_mistake_of_use(config: Path):
    assert 2 == shown(config, "--at", "noon").exit_code
