"""`paycanary incidents figures` over a store on the disk."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli import build
from monitor.clock import SystemClock
from monitor.model.alert import Severity
from monitor.model.batch import Batch
from monitor.model.incident import Incident, Status
from monitor.model.text import Text
from monitor.stores.sqlite import SqliteStore

START = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
HOUR = 3_600.0


def incident(hours: float, lasted: float | None = 1.0, target: str = "card", parent: str = "") -> Incident:
    opened = START + hours * HOUR
    resolved = None if lasted is None else opened + lasted * HOUR
    return Incident(
        id=f"inc_{target}_{hours:g}",
        group=f"target={target}",
        target=target,
        status=Status.OPEN if resolved is None else Status.RESOLVED,
        severity=Severity.P2,
        title=Text("failing"),
        opened=opened,
        since=opened - 60,
        changed=resolved or opened,
        resolved=resolved,
        parent=parent,
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two targets: one with six failures and one open since before, the other with a part of a common cause."""
    config = f"service: {{data: {tmp_path}/data}}\ntargets:\n"
    config += "".join(f"  {name}: {{base_url: 'https://{name}.example'}}\n" for name in ("card", "wallet"))
    (tmp_path / "paycanary.yaml").write_text(config)
    for name, text in (("checks", "checks: {}\n"), ("alert_rules", "rules: {}\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "none.yaml").write_text(text)
    kept = [incident(24.0 * day) for day in range(1, 7)] + [incident(-48.0, None), incident(100.0, 1.0, "wallet", "inc_parent")]
    (tmp_path / "data").mkdir()
    store = SqliteStore(tmp_path / "data" / "paycanary.db", clock=SystemClock(), threaded=False)
    store.open()
    store.record(Batch(incidents=kept))

    async def close() -> None:
        await store.close()

    import asyncio

    asyncio.run(close())
    monkeypatch.setattr("monitor.cli.incident_figures.time.time", lambda: START + 240 * HOUR)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def figures(folder: Path, *more: str) -> tuple[int, str]:
    arguments = ["incidents", "figures", "--config", str(folder), "--from", "2026-11-01", *more]
    result = CliRunner().invoke(build("incidents"), arguments)
    return result.exit_code, result.output


def test_the_figures_of_a_period_for_machines(folder: Path) -> None:
    code, text = figures(folder, "--json")
    found = json.loads(text)
    assert (0, 6, 1, 2) == (code, found["failures"], found["still_open"], found["targets"])
    assert {"count": 6, "mean": 3_600, "median": 3_600, "p90": 3_600, "values": [3_600] * 6} == found["resolve"]
    down = 240 * HOUR + HOUR + 60
    assert down == found["downtime_seconds"], "open all the time, and an hour of the other target"
    assert (480 * HOUR - down) / 6 == found["mtbf_seconds"]


def test_a_part_of_a_common_cause_is_its_own_targets_failure(folder: Path) -> None:
    found = json.loads(figures(folder, "--json", "--target", "wallet")[1])
    assert (1, [3_660.0], None) == (found["failures"], found["restore"]["values"], found["restore"]["mean"])


def test_people_read_them_in_either_language_and_see_which_r_is_meant(folder: Path) -> None:
    english, chinese = figures(folder)[1], figures(folder, "--lang", "zh")[1]
    assert "MTTR (restore): onset to restored" in english and "1 h 01 min" in english
    assert "MTTR（恢复）：发生至恢复" in chinese and "1 小时 1 分" in chinese
    assert "MTBF 39 h" not in english and "over 2 targets" in english


def test_a_period_stops_at_its_last_day(folder: Path) -> None:
    found = json.loads(figures(folder, "--json", "--to", "2026-11-04")[1])
    assert (2, START + 72 * HOUR) == (found["failures"], found["end"])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--from", "yesterday"], "expected days like"),
        (["--zone", "Mars/Olympus"], "expected days like"),
        (["--from", "2027-01-01"], "has not begun yet"),
        (["--target", "nobody"], "no target called nobody"),
    ],
)
def test_what_cannot_be_asked_is_refused(folder: Path, more: list[str], said: str) -> None:
    code, text = figures(folder, *more)
    assert 2 == code
    assert said in text
