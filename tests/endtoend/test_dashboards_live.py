"""Every expression of the dashboards returns data from a real Prometheus that scrapes the running service in its demo."""

import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests" / "dashboards"))

from dashboard_checks import check_dashboards  # noqa: E402
from metrics_story import prometheus  # noqa: E402
from service_process import World, ask, until  # noqa: E402

PATIENCE_SECONDS = 120.0


def unused_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def shipped(world: World) -> None:
    """The repository's own configuration and library, at the demo's pace, on this world's ports."""
    folder = world.folder
    text = (ROOT / "paycanary.yaml").read_text().replace("data/sandbox", "sandbox").replace("8710", str(world.port))
    (folder / "paycanary.yaml").write_text(text.replace("8711", str(world.gateway_port)).replace("8712", str(world.desk_port)))
    shutil.copytree(ROOT / "alert_rules", folder / "alert_rules")
    (folder / "checks").mkdir()
    for path in (ROOT / "checks").glob("*.yaml"):
        text = re.sub(r"every: \d+[smh]", "every: 2s", path.read_text())
        (folder / "checks" / path.name).write_text(re.sub(r"budget: \d+s", "budget: 2s", text))


@pytest.mark.needs_tools
@pytest.mark.slow
def test_every_dashboard_expression_returns_data_from_the_running_service(tmp_path: Path) -> None:
    world = World(tmp_path)
    shipped(world)
    with world.sandbox:
        until("sandbox", lambda: ask(f"{world.desk}/_sandbox/open") is not None)
        with world.service, prometheus(tmp_path, world.port, unused_port()) as url:
            until("service", lambda: ask(f"{world.url}/-/healthy"))
            time.sleep(10)  # a stretch of health, so that rates have something to show
            world.break_gateway(knob="error_before", dialect="mastercard", operation=["authorise", "pay"], share=1.0)
            until("incident", world.incidents, 60)
            problems, deadline = ["Prometheus never answered"], time.monotonic() + PATIENCE_SECONDS
            while problems and time.monotonic() < deadline:
                time.sleep(2)
                try:
                    problems = check_dashboards(url, pick={"check": "mastercard-authorise-void"})
                except (urllib.error.URLError, ConnectionError, IndexError):
                    continue
            with urllib.request.urlopen(f"{world.url}/metrics", timeout=20) as answer:
                body = answer.read()
            lint = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, check=False)

    assert problems == []
    assert (lint.returncode, lint.stdout + lint.stderr) == (0, b"")
