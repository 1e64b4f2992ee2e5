"""The benchmark in its quick form: the same code, few repetitions, bounds that a broken engine would not meet."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.detection import calibrate, report, run
from benchmarks.detection.faults import INCIDENTS, LOCAL
from benchmarks.detection.measure import Rate

pytestmark = pytest.mark.slow
SEED = 3


@pytest.fixture(scope="module")
def quick() -> dict[str, Any]:
    return run.run(run.QUICK, SEED, processes=1)


def setting(one: dict[str, Any], number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = one["settings"][number]
    return found


def test_faults_are_found_as_soon_as_they_should_be(quick: dict[str, Any]) -> None:
    found = setting(quick["ours"][0])["incidents"]

    assert found["hard_outage"]["median"] <= 25.0
    assert found["partial_50"]["median"] <= 45.0
    assert found["partial_10"]["median"] <= 300.0
    assert found["slow_3"]["median"] <= 90.0
    assert all(found[name]["missed"] == 0.0 for name in ("hard_outage", "partial_50", "partial_20", "slow_2"))


def test_one_place_down_is_no_alarm_and_bursts_cost_what_they_may(quick: dict[str, Any]) -> None:
    ours = quick["ours"][0]

    assert setting(ours)["local"]["place_down_10m"]["alarmed"] <= 0.1
    assert 0.0 < ours["overhead"] <= 0.12


def test_a_quiet_world_opens_nothing(quick: dict[str, Any]) -> None:
    [quiet] = quick["worlds"]

    assert [row["seen"] for row in quiet["false_tickets"].values()] == [0, 0]


def test_the_peer_behaves_as_its_definition_promises(quick: dict[str, Any]) -> None:
    """Three failures in a row at 60 s from three places: not before 120 s, and 10 % are never seen."""
    found = setting(quick["peers"][0])["incidents"]

    assert 120.0 <= found["hard_outage"]["median"] <= 145.0
    assert found["partial_10"]["median"] is None or found["partial_10"]["median"] > 1_800.0
    assert setting(quick["peers"][0])["local"]["place_down_10m"]["alarmed"] == 1.0


def test_a_failing_brand_is_found_among_six_healthy_streams(quick: dict[str, Any]) -> None:
    [strata] = quick["strata"]

    assert strata["incidents"]["brand_down"]["1 a month"]["median"] <= 200.0


def test_the_threshold_promises_less_than_the_false_alarms_seen_where_its_null_is_true(quick: dict[str, Any]) -> None:
    [alarms] = quick["iid_false_alarms"]

    assert alarms["alarms_per_30_days"]["rate"] <= alarms["promised"]


def test_one_seed_gives_one_set_of_figures_whatever_the_number_of_processes() -> None:
    plan = run.QUICK._replace(configurations=(), peers=run.QUICK.peers, strata_months=1, strata_repeats=1, iid_years=1.0)

    assert run.run(plan, SEED, processes=1) == run.run(plan, SEED, processes=2)


def test_calibration_counts_the_same_whatever_the_number_of_processes() -> None:
    assert [months for _, _, months, _ in calibrate.tasks(12)] == [1] * len(calibrate.CONFIGURATIONS) * len(calibrate.WORLDS)
    one = calibrate.CONFIGURATIONS[0]
    assert calibrate.stretch(one, "nominal", 1, 0, SEED) == calibrate.stretch(one, "nominal", 1, 0, SEED)


def test_the_page_has_every_part_and_every_incident_its_column(quick: dict[str, Any], tmp_path: Path) -> None:
    about = report.about("make bench-detection", SEED)
    row = {"configuration": "one", "world": "nominal", "asked": 0.167, "kept": True, "overhead": 0.08}
    report.save("detection", {"about": about, **quick}, tmp_path)
    report.save("calibration", {"about": about, "rows": [row | {"false_tickets": Rate.of(3, 100.0)._asdict()}]}, tmp_path)
    report.write_page(tmp_path, tmp_path / "page.md")
    page = (tmp_path / "page.md").read_text(encoding="utf-8")

    assert all(fault.title in page for fault in (*INCIDENTS, *LOCAL))
    assert [line for line in page.splitlines() if line.startswith("## ")][-1] == "## Is the budget kept?"
    assert f"seed {SEED}" in page
    assert "0.03 (0.0062 to 0.088)" in page
