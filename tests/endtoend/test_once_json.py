"""`paycanary once --json` as another program reads it."""

import json
import subprocess
import sys
from pathlib import Path

from service_process import World, ask, until
from test_dashboards_live import shipped


def test_the_output_of_a_money_check_is_one_json_object_and_nothing_else(tmp_path: Path) -> None:
    world = World(tmp_path)
    shipped(world)
    with world.sandbox:
        until("sandbox", lambda: ask(f"{world.desk}/_sandbox/open") is not None)
        command = [sys.executable, "-m", "monitor", "once", "mastercard-authorise-void", "--json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        left = ask(f"{world.desk}/_sandbox/open")

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["good"] is True
    assert left == {"open": []}
