"""What people would read of a stored incident: offline, as a desk's requests, and from a running service with templates of a team."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from web_service import Service

from monitor.app import DATABASE
from monitor.cli import build
from monitor.clock import SystemClock
from monitor.incidents.words import Words
from monitor.incidents.words.samples import SAMPLES
from monitor.model.batch import Batch
from monitor.stores.sqlite import SqliteStore

INCIDENT = SAMPLES["triaged"]
CONFIG = """
service: {{install: demo, data: {folder}/data}}
desks:
  service-desk: {{zendesk: {{url: "https://desk.example.com", client_id: paycanary, client_secret: "${{env:DESK}}"}}}}
{more}
"""


@pytest.fixture
def main_file(tmp_path: Path) -> Path:
    """A configuration whose store holds one rich incident, and no service that runs."""
    (tmp_path / "paycanary.yaml").write_text(CONFIG.format(folder=tmp_path, more=""))
    (tmp_path / "data").mkdir()

    async def fill() -> None:
        store = SqliteStore(tmp_path / "data" / DATABASE, clock=SystemClock())
        store.open()
        await store.commit(Batch(incidents=[INCIDENT]))
        await store.close()

    asyncio.run(fill())
    return tmp_path / "paycanary.yaml"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(build("incidents"), ["incidents", "preview", *arguments])


def test_a_stored_incident_is_previewed_without_a_service(main_file: Path) -> None:
    shown = run(INCIDENT.id, "--lang", "zh", "--what", "vendor", "-c", str(main_file))

    assert (shown.exit_code, shown.stdout) == (0, Words().vendor(INCIDENT).zh + "\n")


def test_both_languages_are_shown_when_none_is_asked_for(main_file: Path) -> None:
    text = Words().body(INCIDENT)

    assert run(INCIDENT.id, "-c", str(main_file)).stdout == f"{text.en}\n\n{text.zh}\n"


@pytest.mark.parametrize("what", ["update", "resolved"])
def test_news_and_the_end_are_shown_as_if_everything_were_new(main_file: Path, what: str) -> None:
    shown = run(INCIDENT.id, "--what", what, "--lang", "en", "-c", str(main_file)).stdout

    assert "the acquirer behind Visa fails" in shown
    assert ("Over since" in shown) is (what == "resolved")


def test_with_a_desk_its_very_requests_are_shown_and_nothing_secret(main_file: Path) -> None:
    shown = run(INCIDENT.id, "--desk", "service-desk", "-c", str(main_file))
    head, _, body = shown.stdout.partition("\n")
    ticket = json.loads(body)["ticket"]

    assert head == "POST https://desk.example.com/api/v2/tickets"
    assert ticket["external_id"] == f"paycanary-demo-{INCIDENT.id}-1"
    assert ticket["subject"].startswith("northgate: Gateway failing (brand=visa) / northgate：网关交易失败")
    assert "secret" not in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["inc_nobody"], "there is no incident inc_nobody"),
        ([INCIDENT.id, "--what", "poem"], "expected one of title, body, update"),
        ([INCIDENT.id, "--lang", "fr"], "expected en or zh"),
        ([INCIDENT.id, "--desk", "attic"], "there is no desk attic; the configuration has: service-desk"),
        ([INCIDENT.id, "--desk", "service-desk", "--what", "notice"], "notice is for people to send"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_a_sentence(main_file: Path, arguments: list[str], said: str) -> None:
    refused = run(*arguments, "-c", str(main_file))

    assert refused.exit_code == 2
    assert said in " ".join(refused.stderr.split())


def test_a_teams_templates_are_used_by_the_preview(main_file: Path) -> None:
    (main_file.parent / "words").mkdir()
    (main_file.parent / "words" / "notice.en.j2").write_text("Hello. {{ shipped }}\n-- \nThe payments team")
    main_file.write_text(CONFIG.format(folder=main_file.parent, more="words: {dir: words}"))

    shown = run(INCIDENT.id, "--what", "notice", "--lang", "en", "-c", str(main_file)).stdout
    assert shown.startswith("Hello. Some payments are failing")
    assert shown.endswith("The payments team\n")


async def test_a_running_service_takes_a_teams_templates_with_its_next_reload(tmp_path: Path) -> None:
    async with Service(tmp_path) as service:
        service.status = 503
        found = (await service.until("/api/v1/incidents", lambda found: found["incidents"]))["incidents"][0]
        address = f"/api/v1/incidents/{found['id']}/words/title"
        assert (await service.ask("GET", address))[1]["en"] == "gateway: Failing"
        assert (await service.ask("GET", address.replace("title", "poem")))[0] == 404

        main = tmp_path / "paycanary.yaml"
        (tmp_path / "words").mkdir()
        template = tmp_path / "words" / "title.en.j2"
        template.write_text("{{ nobody }}")
        main.write_text(main.read_text() + "words: {dir: words}\n")
        status, refused = await service.ask("POST", "/-/reload")
        assert (status, "nobody" in str(refused)) == (400, True)
        assert (await service.ask("GET", address))[1]["en"] == "gateway: Failing"

        template.write_text("{{ severity }} at {{ target }}")
        assert (await service.ask("POST", "/-/reload"))[0] == 200
        assert (await service.ask("GET", address))[1] == {"en": "P1 at gateway", "zh": "gateway：交易失败"}
