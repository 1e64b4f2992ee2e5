"""The draft of a post-mortem, from an incident that a book went through."""

import re
from dataclasses import replace

import pytest
from book_world import World, alert, over
from markdown_it import MarkdownIt

from monitor.incidents.lead_time import Stage, lead_time
from monitor.incidents.postmortem import TIMELINE_MAX, postmortem
from monitor.model.alert import Severity
from monitor.model.extent import Between, Extent, Part, Regulator
from monitor.model.incident import Happening, Incident, OutboxRow, OutboxState, TimelineEntry
from monitor.model.text import Text
from monitor.model.triage import Diagnosis, Finding, Layer, Mark

DIAGNOSIS = Diagnosis(
    layer=Layer.ACQUIRER,
    confidence=0.91,
    at=130.0,
    took_seconds=4.2,
    runbook="failing",
    summary=Text("One acquirer route fails; the gateway works.", "一条收单路由异常，网关正常。"),
    findings=(
        Finding(
            "dns",
            Text("Does the name resolve?", "域名能否解析？"),
            Mark.PASSED,
            Text("2 addresses, 12 ms", "2 个地址，12 毫秒"),
            128.0,
            "fra",
        ),
        Finding(
            "acquirer",
            Text("Does one route fail?", "是否仅一条路由异常？"),
            Mark.FAILED,
            Text("7 of 8 | code 96", "8 次中 7 次，返回码 96"),
            129.0,
            "fra",
        ),
    ),
    against=(Text("One card of the route was approved at 00:02:05.", "该路由在 00:02:05 有一笔获批。"),),
    owner="acquirer",
)
EXTENT = Extent(
    at=160.0,
    parts=(Part("stratum", "brand=visa", 40, 31),),
    failed_share=Between(0.62, 0.775, 0.88),
    customers=Between(210.0, 260.0, 320.0),
    budget_burned=0.31,
    regulators=(Regulator("mas", Text("MAS: notify within 1 h.", "MAS：须在 1 小时内报告。"), 3_700.0, True),),
)
MONEY = ["PCY-7: 1.00 USD, done, 1970-01-01T00:01:40Z"]


def played() -> tuple[Incident, list[TimelineEntry], list[OutboxRow]]:
    """Began at 70, found at 100, told at 101, acknowledged at 220, over at 4 000."""
    world, fired = (
        World(),
        alert(severity=Severity.P1, evidence={"outcome": "tech_acquirer", "steps": "authorise 7", "message": "code <b>96</b>"}),
    )
    world.alerts(fired)
    name = world.only.id
    world.keep(world.book.triaged(name, DIAGNOSIS, 130.0))
    world.keep(world.book.measured(name, EXTENT, 160.0))
    world.keep(world.book.acknowledge(name, "li", 220.0))
    world.keep(world.book.note(name, "li", "called the acquirer [case](http://evil.example)", 300.0))
    world.alerts(over(fired, 4_000.0))
    rows = [
        OutboxRow(
            f"rt:{ticket.revision}", "rt", ticket, OutboxState.SENT, ticket.at, ticket.at, remote_id="4711", sent=ticket.at + 1.0
        )
        for ticket in world.tickets
    ]
    return world.only, world.timeline, rows


def test_the_stages_of_an_incident_and_what_lay_between_them() -> None:
    stages = {one.stage: (one.at, one.after_seconds) for one in lead_time(*played())}

    assert stages == {
        Stage.BEGAN: (70.0, None),
        Stage.DETECTED: (100.0, 30.0),
        Stage.TOLD: (101.0, 1.0),
        Stage.ACKNOWLEDGED: (220.0, 119.0),
        Stage.RESTORED: (4_000.0, 3_780.0),
    }


def test_a_stage_that_was_not_reached_is_not_known_and_is_left_out_of_the_reckoning() -> None:
    incident, _, _ = played()
    stages = {one.stage: (one.at, one.after_seconds) for one in lead_time(replace(incident, acknowledged=None), [], [])}

    assert (stages[Stage.TOLD], stages[Stage.ACKNOWLEDGED]) == ((None, None), (None, None))
    assert stages[Stage.RESTORED] == (4_000.0, 3_900.0)


def test_the_draft_has_every_fact_and_blanks_for_people_in_english() -> None:
    incident, timeline, rows = played()
    text = postmortem(incident, timeline, rows, "en", open_money=MONEY, digest="ab12")

    assert text.startswith("# Post-mortem: sandbox: Gateway failing\n")
    for fact in (
        "| began | 1970-01-01 00:01:10 UTC | - |",
        "| detected | 1970-01-01 00:01:40 UTC | 30 s |",
        "| first desk told | 1970-01-01 00:01:41 UTC | 1.00 s |",
        "| acknowledged | 1970-01-01 00:03:40 UTC | 1 min 59 s |",
        "| restored | 1970-01-01 01:06:40 UTC | 1 h 03 min |",
        "From its beginning to its end: 1 h 05 min.",
        "- Share of payments that failed: 78 % (95 % interval: 62 % to 88 %)",
        "- Customers probably hit: about 260 (95 % interval: 210 to 320)",
        "- Error budget: 31 % of a month's spent",
        "- strata brand=visa: 31 of 40 runs failed",
        "- MAS: notify within 1 h.",
        "- failing steps: authorise 7",
        "Layer: the acquirer, 91 % sure, 4.20 s after it was asked.",
        "- Speaks against it: One card of the route was approved at 00:02:05.",
        "- Who could act: the acquirer",
        "- PCY-7: 1.00 USD, done, 1970-01-01T00:01:40Z",
        "- rt: 4711",
        "✎ _what made it possible, in the words of those who fixed it_",
        "SHA-256: `ab12`",
    ):
        assert fact in text, fact


def test_the_draft_is_chinese_in_chinese() -> None:
    incident, timeline, rows = played()
    text = postmortem(incident, timeline, rows, "zh", open_money=MONEY)

    for fact in (
        "# 复盘报告：sandbox：网关交易失败",
        "| 故障开始 | 1970-01-01 00:01:10 UTC | - |",
        "| 发现 | 1970-01-01 00:01:40 UTC | 30 秒 |",
        "从故障开始到恢复历时 1 小时 5 分钟。",
        "- 失败交易占比：78 %（95 % 置信区间：62 % 至 88 %）",
        "- 分层 brand=visa：40 次探测中 31 次失败",
        "所在层面：收单行，置信度 91 %，诊断用时 4.20 秒。",
        "| 域名能否解析？ | 正常 | 2 个地址，12 毫秒 |",
        "- 反证：该路由在 00:02:05 有一笔获批。",
        "✎ _由处理人员说明故障为何发生_",
    ):
        assert fact in text, fact
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert all(re.search(r"[\u4e00-\u9fff]", heading) for heading in headings)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_others_said_is_no_markup_and_breaks_no_table(language: str) -> None:
    incident, timeline, rows = played()
    page = MarkdownIt("commonmark").enable("table").render(postmortem(incident, timeline, rows, language))

    assert "<a " not in page
    assert "<b>" not in page
    assert "code &lt;b&gt;96&lt;/b&gt;" in page
    assert "[case](http://evil.example)" in page
    assert page.count("<table>") == 4
    assert {row.count("<td>") for row in page.split("<tr>") if "<td>" in row} == {2, 3, 5}


def test_what_is_not_known_is_said_to_be_so() -> None:
    world = World()
    world.alerts(alert())
    text = postmortem(world.only, world.timeline, [], "en")

    assert "| restored | not known | - |" in text
    assert "## Impact\n\nNot measured." in text
    assert "## Synthetic money left open\n\nNone." in text
    assert "## Triage" not in text
    without_traffic = replace(world.only, extent=Extent(100.0))
    assert "Customers probably hit: not known: the target's traffic is not stated" in postmortem(without_traffic, [], [], "en")


def test_a_long_timeline_is_cut_and_says_so() -> None:
    incident, _, _ = played()
    long = [
        TimelineEntry(incident.id, 100.0 + place, Happening.NOTED, Text(f"line {place}")) for place in range(TIMELINE_MAX + 7)
    ]
    text = postmortem(incident, long, [], "en")

    assert f"line {TIMELINE_MAX - 1} |" in text
    assert f"line {TIMELINE_MAX} |" not in text
    assert "and 7 more" in text
