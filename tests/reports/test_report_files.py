"""The command, its page and its tables, from a real store and a real configuration."""

import asyncio
import csv
import io
import re
from html.parser import HTMLParser

import pytest
from report_helpers import OCTOBER, Batch, fill, incident, open_store, write_config
from typer.testing import CliRunner

from monitor.cli import build

DAY = 1440


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Card: an hour down, and two hours of maintenance. Api: a minute down, a minute unknown. Quiet: nothing."""
    directory = tmp_path_factory.mktemp("house")
    asyncio.run(_fill(directory))
    write_config(directory)
    return directory


async def _fill(directory):
    store = await fill(directory, {"card": dict.fromkeys(range(3 * DAY, 3 * DAY + 60), False), "api": {700: False, 900: None}})
    starts = OCTOBER.start + 3 * 86_400
    await store.commit(Batch(incidents=[incident("inc_7", "gateway", starts + 17, float(starts + 4000))]))
    await store.close()


@pytest.fixture
def house(filled, tmp_path, monkeypatch):
    """Reports are asked for in a directory of one's own; what they read is shared."""
    monkeypatch.chdir(filled)
    return tmp_path


def report(*words):
    return CliRunner().invoke(build("report"), ["report", "--month", "2026-10", *words])


def table(file):
    content = file.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_report_is_written_and_the_same_inputs_give_the_same_bytes(house):
    for where in ("one", "two"):
        done = report("--out", str(house / where))
        assert 0 == done.exit_code, done.output
    assert {"availability-2026-10.html", "availability-2026-10.csv", "availability-2026-10-spans.csv"} == {
        file.name for file in (house / "one").iterdir()
    }
    for file in (house / "one").iterdir():
        assert file.read_bytes() == (house / "two" / file.name).read_bytes()


def test_the_table_has_every_second_of_every_check_worst_first(house):
    assert 0 == report("--out", str(house / "r"), "--lang", "en", "--format", "csv").exit_code
    rows = table(house / "r" / "availability-2026-10.csv")
    assert ["card", "quiet", "api"] == [row["Check"] for row in rows]
    card, quiet, api = rows
    for row in rows:
        assert OCTOBER.seconds == sum(int(row[f"{part} (s)"]) for part in ("Up", "Down", "Unknown", "Excluded"))
    assert ("3600", "7200", "0", "missed") == (card["Down (s)"], card["Excluded (s)"], card["Unknown (s)"], card["Result"])
    assert "99.865229 %" == card["Availability"]
    assert ("60", "60", "met") == (api["Down (s)"], api["Unknown (s)"], api["Result"])
    assert ("N/A", "no figure", "0.000000 %") == (quiet["Availability"], quiet["Result"], quiet["Coverage"])
    assert 0.95 * 0.25 <= float(card["Latency, 95th percentile (s)"]) <= 1.05 * 0.25


def test_outages_name_their_incidents_and_cells_are_no_formulas(house):
    assert 0 == report("--out", str(house / "r"), "--lang", "en").exit_code
    rows = table(house / "r" / "availability-2026-10-spans.csv")
    (outage,) = [row for row in rows if row["Check"] == "card" and row["Kind"] == "Down"]
    assert ("2026-10-04 00:00:17+00:00", "2026-10-04 01:00:17+00:00", "3600", "inc_7") == (
        outage["From"],
        outage["To"],
        outage["Duration (s)"],
        outage["Incidents"],
    )
    (excluded,) = [row for row in rows if row["Kind"] == "Excluded"]
    assert "'=switch <b>replaced</b>" == excluded["Reason"]


class Page(HTMLParser):
    """Collects tags; complains about what is not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert tag == self.open.pop()

    def handle_data(self, data):
        self.text += data


def test_the_page_is_whole_bilingual_escaped_and_needs_nothing_from_elsewhere(house):
    assert 0 == report("--out", str(house / "r")).exit_code
    text = (house / "r" / "availability-2026-10.html").read_text("utf-8")
    page = Page(text)
    for words in (
        "可用性报告",
        "Availability report",
        "银行卡支付",
        "Card <payment>",
        "inc_7",
        "=switch <b>replaced</b>",
        "99.865 %",
        "计算方法",
    ):
        assert words in page.text
    assert not [tag for tag, _ in page.seen if tag in {"script", "link", "img", "iframe", "b"}]
    assert not re.search(r"(src|href)=\"(?!#)|url\(|@import", text)
    assert 31 * 3 == sum(tag == "title" for tag, _ in page.seen) - 1
    assert "Reference" not in page.text
    assert re.search(r"[0-9a-f]{64}", page.text)


def test_one_language_is_one_language(house):
    assert 0 == report("--out", str(house / "r"), "--lang", "zh", "--format", "html").exit_code
    page = Page((house / "r" / "availability-2026-10.html").read_text("utf-8"))
    assert "Availability report" not in page.text.split("</style>")[-1].replace("Availability report 2026-10", "")
    assert "zh-Hans" == next(attributes["lang"] for tag, attributes in page.seen if tag == "html")


def test_the_month_is_the_zones_own(house):
    assert 0 == report("--out", str(house / "r"), "--zone", "Europe/Berlin", "--lang", "en", "--format", "csv").exit_code
    card = table(house / "r" / "availability-2026-10.csv")[0]
    assert 745 * 3600 == sum(int(card[f"{part} (s)"]) for part in ("Up", "Down", "Unknown", "Excluded"))
    assert ("2026-10-01 00:00:00+02:00", "2026-11-01 00:00:00+01:00") == (card["From"], card["To"])


def test_it_reads_beside_a_running_service(house, filled):
    running = open_store(filled)
    assert 0 == report("--out", str(house / "r")).exit_code
    asyncio.run(running.close())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "docx"], "expected a format among html, csv, got 'docx'"),
        (["--lang", "fr"], "expected a language among en, zh, got 'fr'"),
        (["--zone", "Mars"], "expected a zone like"),
        (["--month", "october"], "expected a month like"),
        (["--month", "2999-01"], "2999-01 has not begun yet"),
        (["--config", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_a_wrong_word_is_refused_with_what_was_expected(house, words, said):
    done = report(*words)
    assert 2 == done.exit_code
    assert said in " ".join(done.output.split())


def test_without_a_store_it_says_what_to_do(tmp_path, monkeypatch):
    write_config(tmp_path)
    monkeypatch.chdir(tmp_path)
    done = report()
    assert 2 == done.exit_code
    assert "start the service once" in " ".join(done.output.split())
