import asyncio
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request

import promql_parser
import pytest
import yaml
from build import build
from dashboard_checks import FOLDER, Prometheus, check_dashboards, expressions, interpolate, load, panels
from metrics_story import prometheus, telling

from monitor.exporter import METRICS

#: Long enough for a Prometheus to start on a busy machine and scrape a few times.
DEADLINE_SECONDS = 90.0
EXPORTED = {name for metric in METRICS for name in metric.sample_names} | {"process_resident_memory_bytes"}
LABELS = {metric.name: set(metric.labels) for metric in METRICS}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
VARIABLES = {"__rate_interval": "5m", "__range": "6h", "target": ".*", "location": ".*", "stratum": ".*", "check": "card"}


@pytest.fixture(params=sorted(load()), ids=str)
def board(request):
    return load()[request.param]


def test_the_committed_files_are_what_the_builder_makes():
    assert {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.json")} == build()


def test_building_twice_gives_the_same_bytes():
    assert build() == build()


def test_ids_are_unique_and_panels_do_not_overlap(board):
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in board["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_uids_are_unique():
    assert len({board["uid"] for board in load().values()}) == len(load())


def test_every_panel_says_what_it_shows_in_which_unit_and_from_where(board):
    for panel in panels(board):
        assert panel["title"]
        assert panel["description"].endswith((".", "。")), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert "${datasource}" == panel["datasource"]["uid"]
        assert panel["targets"], panel["title"]


def test_a_board_cannot_be_edited_in_place_and_its_variables_follow_the_time_range(board):
    assert board["editable"] is False
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            assert variable["refresh"] == 2
            assert variable["query"].startswith("label_values(paycanary_")


def test_every_expression_parses_and_names_only_metrics_that_exist(board):
    for where, expression, _ in expressions(board):
        promql_parser.parse(interpolate(expression, VARIABLES))
        names = set(re.findall(r"\b(?:paycanary|process)_\w+", expression))
        assert names, where
        assert names <= EXPORTED, f"{where}: {names - EXPORTED}"


def test_selectors_name_only_labels_their_metric_has(board):
    for where, expression, _ in expressions(board):
        for name, selector in re.findall(r"\b(paycanary_\w+)\{([^}]*)\}", expression):
            base = name if name in LABELS else re.sub(r"_(bucket|sum|count)$", "", name)
            used = set(re.findall(r'(\w+)(?==~?"|!~?)', selector))
            assert used <= LABELS[base], f"{where}: {name} has no {used - LABELS[base]}"


def test_rates_follow_the_scrape_interval_and_counters_are_never_shown_raw(board):
    counters = {metric.name for metric in METRICS if metric.name.endswith("_total")}
    for where, expression, _ in expressions(board):
        windows = set(re.findall(r"\[([^]]+)\]", expression))
        assert windows <= {"$__rate_interval", "$__range"}, where
        for name in counters & set(re.findall(r"\w+", expression)):
            assert re.search(rf"(rate|increase)\({name}\b", expression), f"{where}: {name}"


def test_both_languages_show_the_same_panels_in_their_own_words():
    boards = load()
    for name in ("fleet", "check"):
        english, chinese = boards[f"{name}.json"], boards[f"{name}.zh.json"]
        assert [e for _, e, _ in expressions(english)] == [e for _, e, _ in expressions(chinese)]
        for panel in chinese["panels"]:
            assert CHINESE.search(panel["title"]), panel["title"]
        for panel in panels(chinese):
            assert CHINESE.search(panel["description"])
        assert not CHINESE.search((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def test_links_lead_to_boards_that_exist():
    boards = load()
    uids = {board["uid"] for board in boards.values()}
    text = "".join((FOLDER / name).read_text(encoding="utf-8") for name in boards)

    linked = set(re.findall(r'"/d/([\w-]+)', text))
    assert linked
    assert linked <= uids


def test_the_provisioning_samples_are_yaml():
    files = [*FOLDER.glob("provisioning/**/*.y*ml")]

    assert 3 == len(files)
    for file in files:
        assert yaml.safe_load(file.read_text(encoding="utf-8"))


@pytest.mark.needs_tools
def test_promtool_takes_the_scrape_sample():
    file = FOLDER / "provisioning" / "prometheus.yml"
    checked = subprocess.run(["promtool", "check", "config", str(file)], capture_output=True, text=True, check=False)

    assert 0 == checked.returncode, checked.stderr


def _unused_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


async def _until_quiet(url, **options):
    """The problems left when the deadline comes; a fresh Prometheus needs a few scrapes before rates have two points."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    problems = ["Prometheus never answered"]
    while problems and time.monotonic() < deadline:
        await asyncio.sleep(1)
        try:
            problems = await asyncio.to_thread(check_dashboards, url, **options)
        except (urllib.error.URLError, ConnectionError, IndexError):
            continue
    return problems


@pytest.mark.needs_tools
@pytest.mark.slow
async def test_every_expression_returns_data_from_a_real_prometheus(tmp_path):
    async with telling(time.time) as port:
        with prometheus(tmp_path, port, _unused_port()) as url:
            assert [] == await _until_quiet(url)

            ask = Prometheus(url)
            now = ask.now()
            span = {"start": str(now - 60), "end": str(now)}
            for query in ("paycanary_run_duration_seconds_bucket", "paycanary_runs_total"):
                told = ask.get("query_exemplars", query=query, **span)["data"]
                assert told, query
                assert told[0]["exemplars"][0]["labels"]["run_id"].startswith("01J")
            assert "1" == ask.get("query", query='up{job="paycanary"}')["data"]["result"][0]["value"][1]

            lint = await asyncio.to_thread(_lint, port)
            assert (0, "") == lint
            broken = await asyncio.to_thread(check_dashboards, url, pick={"check": "no-such-check"})
            assert any("no data" in problem for problem in broken), "the check itself must be able to fail"


def _lint(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        body = answer.read()
    done = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, check=False)
    return done.returncode, (done.stdout + done.stderr).decode()
