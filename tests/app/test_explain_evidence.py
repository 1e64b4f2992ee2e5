"""`paycanary explain` shows what the rules go by: without a store, from a store, and from a running service."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from learning_world import DAY, FILES, START, history, run
from typer.testing import CliRunner

from monitor.app import calm, evidence
from monitor.app.learning import BASELINE
from monitor.cli import build
from monitor.config import load
from monitor.detectors.calm import LAG_SECONDS
from monitor.detectors.learn import fit
from monitor.model.batch import Batch
from monitor.model.learned import Force, Learned
from monitor.model.text import Text
from monitor.rules import RuleEngine
from monitor.stores import Past
from monitor.stores.sqlite import SqliteStore
from monitor.testing.simtime import SimulatedClock

RULES = """\
rules:
  failing: {title: {en: Failing, zh: 失败}, select: {check: "*"}, sequential: {false_alarms: 1 per month}, severity: p1}
"""


class Still(SimulatedClock):
    def monotonic(self):
        return 0.0


@pytest.fixture
def folder(tmp_path):
    files = {**FILES, "rules/all.yaml": RULES}
    files["paycanary.yaml"] = files["paycanary.yaml"].replace("include: {", 'include: {rules: ["rules/*.yaml"], ')
    files["paycanary.yaml"] = files["paycanary.yaml"].replace("data: data", 'data: data, listen: "127.0.0.1:1"')
    for name, text in files.items():
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return tmp_path


def explain(folder, *more):
    command = ["explain", "card", "--config", str(folder / "paycanary.yaml"), *more]
    said = CliRunner().invoke(build("explain"), command, env={"COLUMNS": "220"})
    assert 0 == said.exit_code, said.output
    return said.output


def keep(folder, *, learned=(), results=()):
    """A store as a service that ran here would have left it."""

    async def write():
        config = load(folder / "paycanary.yaml")
        store = SqliteStore(folder / "data" / "paycanary.db", clock=Still(START), threaded=False)
        store.open()
        engine = RuleEngine(config.rules, config.checks, "fra")
        for result in results:
            engine.feed(result)
        states = engine.take_dirty(everything=True)
        await store.commit(Batch(results=list(results), learned=list(learned), rule_states=states, durable=True))
        await store.close()

    asyncio.run(write())


def version(number, force=Force.ADOPTED, note=Text("")):
    past = Past()
    for one in history(START, START + 4 * DAY):
        past.at.append(one.due)
        past.location.append(one.location)
        past.stratum.append("")
        past.good.append(bool(one.good))
        past.outcome.append(one.outcome)
        past.latency.append(one.latency_seconds)
    body = BASELINE.dump_json(fit(calm.select(past, "", ()))).decode()
    return Learned("card", "", number, START + number * DAY, force, note, body)


def test_without_a_service_it_says_what_the_budget_buys_and_that_nothing_is_learned(folder):
    said = explain(folder)
    assert "failing: budget 1 per month" in said
    for share in ("5%", "20%", "100%"):
        assert f"{share} of runs failing: alarm after about" in said
    assert "extra runs" in said and "no sample has been judged yet" in said
    assert "cold start" in said and "after three days of runs" in said
    assert not (folder / "data").exists()


def test_a_cold_start_says_when_it_ends(folder):
    keep(folder, results=[run(START + 60 * minute) for minute in range(30)])
    stored = SqliteStore(folder / "data" / "paycanary.db", clock=Still(START), threaded=False, read_only=True)
    stored.open()
    config = load(folder / "paycanary.yaml")
    found = asyncio.run(evidence.shape(stored, config, config.checks["card"], START + DAY, []))
    asyncio.run(stored.close())
    assert START == found["history_from"]
    assert START + 3 * DAY + LAG_SECONDS == found["ready_at"]


def test_from_the_store_it_shows_what_is_normal_and_where_the_rules_stood(folder):
    failing = [run(START + 60 * minute, good=minute < 25) for minute in range(30)]
    keep(folder, learned=[version(1)], results=failing)
    said = explain(folder)
    assert "the store, as last written" in said
    assert "version 1, learned" in said and "over 4 days" in said
    assert "isolated failures: at most" in said
    assert "usual from fra, by hour (UTC): weekdays 00h" in said
    (now,) = (line for line in said.splitlines() if "now, all runs" in line)
    assert "evidence" in now and "locations: fra" in now


def test_a_jump_that_is_held_back_is_shown_with_its_reason_in_the_language_asked_for(folder):
    keep(folder, learned=[version(1), version(2, Force.HELD, Text("twice as slow", "慢了一倍"))])
    assert "held back until later fits agree: twice as slow" in explain(folder)
    assert "慢了一倍" in explain(folder, "--lang", "zh")
    assert "正常水平" in explain(folder, "--lang", "zh")


class _Service(BaseHTTPRequestHandler):
    answer = b""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def service():
    server = HTTPServer(("127.0.0.1", 0), _Service)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_running_service_of_this_installation_is_asked_and_another_one_is_not_believed(folder, service):
    stand = {"rule": "failing", "stratum": "", "location": "", "step": "", "kind": "sequential", "alert": "firing"}
    facts = {"evidence": "17.2", "threshold": "14.8", "leading": "about 30 % of runs fail"}
    shape = {"install": "test", "rules": [{**stand, "facts": facts}], "baselines": [], "history_from": None, "ready_at": None}
    url = f"http://127.0.0.1:{service.server_port}"
    _Service.answer = json.dumps(shape).encode()
    assert "now, all runs: FIRING, evidence 17.2 of 14.8; leading: about 30 % of runs fail" in explain(folder, "--url", url)
    _Service.answer = json.dumps({**shape, "install": "somebody else's"}).encode()
    assert "no sample has been judged yet" in explain(folder, "--url", url)
