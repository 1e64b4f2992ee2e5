"""What a desk would be sent, without sending it: a connector's own flow, played against a desk that says yes to everything."""

import json
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.policy import default
from typing import Any

from pydantic import BaseModel

from monitor.connectors import Answer, Call, Connector, Flow
from monitor.connectors.bearer import Bearer
from monitor.connectors.client import CALLS_MAX
from monitor.connectors.clip import to_json
from monitor.model.incident import CommandKind, Ticket
from monitor.model.secret import Secret

#: The ticket's number at a desk that was never asked.
REMOTE_ID = "1"
#: What the desks want to read to go on: a number under each of their names for it, an open ticket without comments, nothing found.
_YES: Mapping[str, Any] = {
    **dict.fromkeys(("id", "number", "iid"), 1),
    "key": "REHEARSED-1",
    **dict.fromkeys(("state", "Status"), "open"),
    "ok": True,
    **dict.fromkeys(("errcode", "code"), 0),
    "ts": "1.0",
    "result": {"sys_id": REMOTE_ID, "state": "1"},
    "ticket": {"id": 1, "status": "open"},
    "issue": {"id": 1, "status": {"id": 1, "name": "open"}},
    "data": {"id": REMOTE_ID, "attributes": {"messages": []}, "collection": []},
}


def rehearse(connector: Connector, options: BaseModel, ticket: Ticket) -> list[Call]:
    """Every request that carries something, in order. Secrets are not in what a call shows of itself."""
    named: list[dict[str, Any]] = [{"id": number, "name": name} for number, name in enumerate(_texts(options.model_dump()), 1)]
    lists = {"issue_statuses": named, "issue_priorities": named, "project": {"trackers": named, "issue_custom_fields": named}}
    transitions = [
        {"id": "1", "name": each["name"], "to": {"statusCategory": {"key": key}}}
        for each in (*named, {"name": ""})
        for key in ("done", "new")
    ]
    answer = Answer(200, {}, to_json({**_YES, **lists, "transitions": transitions}))
    bearer = getattr(getattr(connector, "rest", None), "bearer", None)
    if isinstance(bearer, Bearer):
        bearer.hold(Secret("rehearsed"))
    calls: list[Call] = []
    flow = _flow(connector, ticket)
    try:
        call = next(flow)
        while len(calls) < CALLS_MAX:
            calls.append(call)
            call = flow.send(answer)
    except StopIteration:
        pass
    return [call for call in calls if call.body]


def readable(call: Call) -> str:
    """The body as a person reads it: JSON indented, a mail with its parts decoded."""
    if call.url.startswith("smtp"):
        message = message_from_bytes(call.body, policy=default)
        plain = message.get_body(("plain",))
        heads = (f"{name}: {value}" for name, value in message.items())
        return "\n".join([*heads, "", plain.get_content() if plain else ""])
    try:
        return json.dumps(json.loads(call.body), ensure_ascii=False, indent=2)
    except ValueError:
        return call.body.decode("utf-8", "replace")


def _flow(connector: Connector, ticket: Ticket) -> Flow:
    match ticket.kind:
        case CommandKind.OPEN:
            return connector.create(ticket)
        case CommandKind.UPDATE:
            return connector.update(ticket, REMOTE_ID)
        case CommandKind.RESOLVE:
            return connector.resolve(ticket, REMOTE_ID)
        case CommandKind.REOPEN:
            return connector.reopen(ticket, REMOTE_ID)


def _texts(value: object) -> Iterator[str]:
    """Names that stand in the options, each once: a desk is asked for their numbers."""
    seen: dict[str, None] = {}
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            seen[one] = None
        elif isinstance(one, Mapping):
            waiting += one.values()
        elif isinstance(one, list | tuple):
            waiting += one
    yield from seen
