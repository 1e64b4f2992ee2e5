"""What a desk would be sent, without sending it: every kind can be rehearsed, and a cut leaves what matters most."""

import json
from dataclasses import replace
from typing import Any

import pytest
from connector_contract import CANARY, sample_ticket
from every_desk import DESKS

from monitor.connectors.rehearse import readable, rehearse
from monitor.connectors.table import KINDS
from monitor.incidents.tickets import Scribe
from monitor.incidents.words import Words
from monitor.incidents.words.preview import COMMANDS, as_if
from monitor.incidents.words.samples import SAMPLES
from monitor.model.incident import CommandKind, Ticket

#: Desks that hear nothing of news while an alert is open, by design, and at its end only that it is over.
SILENT = {("pagerduty", CommandKind.UPDATE)}
WORDLESS = {("pagerduty", CommandKind.RESOLVE)}


def rehearsed(desk: str, ticket: Ticket) -> str:
    kind = KINDS[desk.split(maxsplit=1)[0]]
    options = kind.Options(**DESKS[desk])
    return "\n".join(f"{call.method} {call.url}\n{readable(call)}" for call in rehearse(kind(options), options, ticket))


def texts(value: Any) -> str:
    if isinstance(value, str):
        return value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return "\n".join(texts(each) for each in inner)


def test_every_kind_of_desk_is_among_them() -> None:
    assert {desk.split(maxsplit=1)[0] for desk in DESKS} == set(KINDS)


@pytest.mark.parametrize("kind", [CommandKind.OPEN, CommandKind.UPDATE, CommandKind.RESOLVE])
@pytest.mark.parametrize("desk", DESKS)
def test_every_desk_shows_what_it_would_be_sent_and_no_secret(desk: str, kind: CommandKind) -> None:
    shown = rehearsed(desk, sample_ticket(kind=kind, revision=2))

    assert bool(shown) is ((desk, kind) not in SILENT)
    if shown and (desk, kind) not in WORDLESS:
        assert "3 of 3 runs failed" in shown or "Opened." in shown
        assert "3 次运行全部失败" in shown or "已创建。" in shown
    assert CANARY not in shown


@pytest.mark.parametrize("desk", DESKS)
def test_however_little_a_desk_takes_it_gets_verdict_and_next_step_in_both_languages(desk: str) -> None:
    """The shortest is WeCom's: 2,048 bytes for everything."""
    incident = SAMPLES["triaged"]
    ticket = Scribe("demo", Words()).write(as_if(incident, "body", 0.0), COMMANDS["body"], incident.changed)[1]
    kind = KINDS[desk.split(maxsplit=1)[0]]
    options = kind.Options(**DESKS[desk])
    calls = rehearse(kind(options), options, ticket)
    shown = "\n".join(readable(call) if desk == "mail" else texts(json.loads(call.body)) for call in calls).replace("\\", "")

    for told in (
        "12 of 12 Visa payments end with ACQUIRER_SYSTEM_ERROR 96",
        "Cause: the acquirer, confidence 93 %",
        "Next step (owner: the acquirer): Send the ids",
        "12 笔 Visa 交易在 authorise 步骤全部返回",
        "定位：收单行，置信度 93 %",
        "下一步（责任方：收单行）：将下列关联 ID",
    ):
        assert told in shown


def test_a_ticket_cut_short_says_so() -> None:
    long = replace(sample_ticket(), body=replace(sample_ticket().body, en="y" * 9_000, zh="长" * 9_000))

    assert rehearsed("wecom", long).count("…") == 2
