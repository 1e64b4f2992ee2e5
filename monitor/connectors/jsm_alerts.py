"""Reading alerts of Jira Service Management's operations: the alerts API of one site, with an account's API token."""

import re
from collections.abc import Generator, Mapping
from typing import Any

from monitor.connectors import Answer, Call, FindFlow, Found, Held, ReadFlow, Rejected, Seen, TryAgain, Unsure
from monitor.connectors.judge import Refusal
from monitor.connectors.reading import COMMENTS_MAX, heard, instant, name, people
from monitor.connectors.rest import Rest, at, gone, rows, segment, told

#: Alerts under one alias: one is open at most, and of the closed ones nobody asks for more.
FOUND_MAX = 20
#: Time for an alert that was taken, and is not there yet, to come about before it is looked up.
WORK_SECONDS = 3.0
#: What an alert is called once it is there; before that it is known by its alias.
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d{13}")


def is_id(remote_id: str) -> bool:
    """Whether that is an alert's own id; else it is an alias."""
    return _ID.fullmatch(remote_id) is not None


class Alerts:
    """``rest`` stands at ``/jsm/ops/api/<cloud id>/v1``."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def find(self, alias: str) -> FindFlow:
        query = {"query": f'alias: "{alias}"', "size": str(FOUND_MAX), "sort": "createdAt", "order": "desc"}
        answer = yield from self._rest.read("alerts", query)
        if not isinstance(answer, Answer):
            return answer
        listed = rows(answer, "values")
        if listed is None:
            return Unsure("JSM's list of alerts could not be read")
        ours = [one for one in listed if one.get("id") and one.get("alias") == alias]
        return Found(tuple(str(one["id"]) for one in ours), open=any(one.get("status") != "closed" for one in ours))

    def look(self, remote_id: str) -> ReadFlow:
        found = yield from self.alert(remote_id)
        if not isinstance(found, Mapping):
            return found
        notes = yield from self.notes(str(found.get("id")))
        if not isinstance(notes, list):
            return notes
        comments = (heard(one.get("id"), one.get("owner"), instant(one.get("createdAt")), one.get("note")) for one in notes)
        closed = found.get("status") == "closed"
        by = at(found, "report.closedBy") if closed else at(found, "report.acknowledgedBy")
        owner = name(found.get("owner"))
        return Seen(Held.DONE if closed else Held.OPEN, by=name(by), assignee=owner, comments=people(comments))

    def alert(self, remote_id: str) -> Generator[Call, Answer, Mapping[str, Any] | Refusal]:
        """The alert by its id, or the newest under the alias that stands for it."""
        if not is_id(remote_id):
            found = yield from self.find(remote_id)
            if not isinstance(found, Found):
                return found
            if not found.remote_ids:
                return TryAgain("JSM does not show the alert yet", WORK_SECONDS)
            remote_id = found.remote_ids[0]
        answer = yield from self._rest.raw("GET", f"alerts/{segment(remote_id)}")
        if not isinstance(answer, Answer):
            return answer
        if answer.status == 404:
            return gone("JSM")
        alert = told(answer)
        return self._rest.judge(answer, read=True) or (alert if alert.get("id") else Unsure("JSM's alert could not be read"))

    def notes(self, number: str) -> Generator[Call, Answer, list[Mapping[str, Any]] | Refusal]:
        """Oldest first: the newest of them, should there be more."""
        answer = yield from self._rest.read(f"alerts/{segment(number)}/notes", {"size": str(COMMENTS_MAX), "order": "desc"})
        return list(reversed(rows(answer, "values") or [])) if isinstance(answer, Answer) else answer

    def lacks(self) -> Generator[Call, Answer, Refusal | None]:
        """Why alerts cannot be read; None when they can."""
        answer = yield from self._rest.raw("GET", "alerts", {"size": "1"})
        if not isinstance(answer, Answer):
            return answer
        if answer.status in (401, 403, 404):
            return Rejected(
                "JSM takes alerts by the key, but the account of the token may not read those of this cloud_id: "
                "it needs a role in JSM Operations, and the token read:ops-alert:jira-service-management"
            )
        return self._rest.judge(answer, read=True)
