"""Facts about alerts in a real Alertmanager, as its own API tells them."""

import contextlib
import json
import shutil
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk_model import make_ticket

from monitor.clock import SystemClock
from monitor.connectors import Call, Delivered, Found
from monitor.connectors.alertmanager import AlertmanagerConnector
from monitor.connectors.client import Client, play
from monitor.model.alert import Severity
from monitor.model.incident import CommandKind as Kind

PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
pytestmark = [pytest.mark.needs_tools, pytest.mark.skipif(PROGRAM is None, reason="Alertmanager is not installed")]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[str]:
    config = tmp_path / "alertmanager.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    address = f"127.0.0.1:{_free_port()}"
    command = [PROGRAM, f"--config.file={config}", f"--storage.path={tmp_path}/am", f"--web.listen-address={address}"]
    process = subprocess.Popen([*command, "--cluster.listen-address="], stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr:  # ends when the program ends
            if "istening" in line:
                break
        yield f"http://{address}"
    finally:
        process.kill()
        process.communicate()


def alerts(url: str) -> list[dict]:
    with contextlib.closing(urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=10)) as answer:
        return json.load(answer)


async def test_an_incident_fires_changes_and_ends(alertmanager: str):
    client = Client(SystemClock())
    # The second instance of the cluster is away all the time.
    urls = (alertmanager, f"http://127.0.0.1:{_free_port()}")
    connector = AlertmanagerConnector(
        AlertmanagerConnector.Options(urls=urls, allow_private=("127.0.0.0/8",), labels={"region": "eu"})
    )

    async def perform(call: Call):
        return await client.perform(call, connector.access)

    now = SystemClock().wall()
    ticket = make_ticket(opened=now - 60, at=now - 30, severity=Severity.P2, labels={"team": "payments"})
    assert Delivered(ticket.external_id) == await play(connector.create(ticket), perform)
    (fired,) = alerts(alertmanager)
    assert ("p2", "eu", "payments") == tuple(fired["labels"][name] for name in ("severity", "region", "team"))
    assert "银行卡支付失败" == fired["annotations"]["summary_zh"]
    assert Found((ticket.external_id,), open=True) == await play(connector.find(ticket.external_id), perform)

    worse = make_ticket(
        kind=Kind.UPDATE, revision=2, opened=now - 60, at=now - 20, severity=Severity.P1, labels={"team": "payments"}
    )
    for _ in range(2):
        assert isinstance(await play(connector.update(worse, ticket.external_id), perform), Delivered)
    (changed,) = alerts(alertmanager)
    assert ("p1", "change 2") == (changed["labels"]["severity"], changed["annotations"]["comment"])

    over = make_ticket(
        kind=Kind.RESOLVE, revision=3, opened=now - 60, at=now - 10, severity=Severity.P1, labels={"team": "payments"}
    )
    assert isinstance(await play(connector.resolve(over, ticket.external_id), perform), Delivered)
    assert [] == alerts(alertmanager)
    assert Found() == await play(
        AlertmanagerConnector(AlertmanagerConnector.Options(urls=urls[:1], allow_private=("127.0.0.0/8",))).find("x"), perform
    )
    await client.close()


async def test_a_check_asks_every_instance(alertmanager: str):
    client = Client(SystemClock())
    for urls, good in (((alertmanager,), True), ((alertmanager, f"http://127.0.0.1:{_free_port()}"), False)):
        connector = AlertmanagerConnector(AlertmanagerConnector.Options(urls=urls, allow_private=("127.0.0.0/8",)))
        verdict = await play(connector.check(), lambda call, access=connector.access: client.perform(call, access))
        assert good is isinstance(verdict, Delivered)
    assert [] == alerts(alertmanager)
    await client.close()
