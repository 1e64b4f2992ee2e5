"""Issues in Redmine 5 and later, by its REST API with the API key of a login.

A project needs one custom field for issues: text, *used as a filter*; it holds the external id. Nothing makes a creation repeatable: an
unsure one is looked up by that field. Redmine never refuses what a login may not do to an issue, it leaves it out and answers 204: every
change is therefore read back. It also leaves out a filter it does not know, and lists everything: what is listed is looked at again.

Statuses, priorities, trackers and fields are given by name or by number; names are looked up once.
"""

import re
from collections.abc import Generator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field

from monitor.connectors import (
    Answer,
    Call,
    Capabilities,
    Delivered,
    FindFlow,
    Flow,
    Found,
    ReadFlow,
    Rejected,
    Seen,
    TryAgain,
    Unsure,
)
from monitor.connectors.clip import clip_both, clip_bytes
from monitor.connectors.judge import Refusal
from monitor.connectors.options import Address, TicketOptions
from monitor.connectors.reading import COMMENTS_MAX, heard, instant, name, people
from monitor.connectors.redmine_check import Wanted, complaints
from monitor.connectors.rest import Rest, as_code, at, gone, mark, rows, segment, told
from monitor.connectors.tracker import Held, Tracker
from monitor.model.alert import Severity
from monitor.model.incident import Ticket
from monitor.model.secret import Secret
from monitor.model.units import Duration

#: The column holds 255 characters.
SUBJECT_MAX_BYTES = 250
#: On MySQL a text column holds 65,535 bytes.
TEXT_MAX_BYTES = 30_000
FOUND_MAX = 100

#: A name, or the number that stands for it in Redmine's own addresses.
Named = int | str


class RedmineOptions(TicketOptions):
    """``api_key`` is shown on the login's own page, once an administrator has enabled the REST API."""

    url: Address = Field(description="Redmine's own address")
    api_key: Secret
    project: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="the project's identifier, as in its address")
    tracker: Named | None = Field(None, description="like Bug; the project's first one when left out")
    key_field: Named = Field("Incident key", description="the custom field that holds the external id")
    status_resolved: Named = "Resolved"
    status_reopened: Named = "In Progress"
    statuses_final: tuple[Named, ...] = Field((), description="statuses in which an issue gets no more notes")
    priorities: Mapping[Severity, Named] = Field(
        default_factory=lambda: {Severity.P1: "Immediate", Severity.P2: "Urgent", Severity.P3: "High", Severity.P4: "Normal"}
    )
    fields: Mapping[str, Any] = Field(default_factory=dict, description="more fields of a new issue, like assigned_to_id")
    private: bool = Field(default=False, description="notes that only roles with the right to see private notes see")
    markup: Literal["textile", "markdown", "none"] = Field("textile", description="the text formatting set in Redmine")
    settle: Duration = Field(5.0, description="how long a creation whose answer was lost may take to be found")


class RedmineConnector(Tracker):
    kind: ClassVar[str] = "redmine"
    Options: ClassVar[type[BaseModel]] = RedmineOptions
    comment_max_bytes: ClassVar[int] = TEXT_MAX_BYTES

    def __init__(self, options: RedmineOptions) -> None:
        self._options = options
        self.access = options.access
        self.capabilities = Capabilities(
            idempotent_create=False, finds=True, reopens=True, settle_seconds=options.settle, reads=True
        )
        headers = {"x-redmine-api-key": options.api_key}
        self.rest = Rest("Redmine", options.url, headers=headers, secrets=(options.api_key,), words=("errors.0",))
        self._numbers: dict[tuple[str, str], int] = {}

    def create(self, ticket: Ticket) -> Flow:
        new = yield from self._new(ticket)
        if not isinstance(new, dict):
            return new
        answer = yield from self.rest.write("POST", "issues.json", {"issue": new})
        if not isinstance(answer, Answer):
            return answer
        number = told(answer, "issue").get("id")
        return Delivered(str(number)) if number else Unsure("Redmine took the issue and did not say its number")

    def find(self, external_id: str) -> FindFlow:
        field = yield from self._field()
        if not isinstance(field, int):
            return field
        answer = yield from self.rest.read("issues.json", self._search(field, external_id))
        if not isinstance(answer, Answer):
            return answer
        listed = rows(answer, "issues")
        if listed is None:
            return Unsure("Redmine's list of issues could not be read")
        ours = [one for one in listed if one.get("id") and _value(one, field) == external_id]
        if len(ours) < len(listed):
            return TryAgain(f"Redmine does not search by custom field {field}: tick “used as a filter” in its settings")
        resolved = yield from self._number("status", self._options.status_resolved)
        if not isinstance(resolved, int):
            return resolved
        states = [self._stands(one, resolved) for one in ours]
        return Found(tuple(str(one["id"]) for one in ours), open=Held.OPEN in states)

    def held(self, remote_id: str) -> Generator[Call, Answer, Held | Refusal]:
        issue = yield from self._issue(remote_id)
        if not isinstance(issue, Mapping):
            return issue
        resolved = yield from self._number("status", self._options.status_resolved)
        return self._stands(issue, resolved) if isinstance(resolved, int) else resolved

    def has(self, remote_id: str, line: str) -> Generator[Call, Answer, bool | Refusal]:
        issue = yield from self._issue(remote_id)
        return any(line in note for note in _notes(issue)) if isinstance(issue, Mapping) else issue

    def change(self, ticket: Ticket, remote_id: str, comment: str | None, state: Held | None) -> Flow:
        change: dict[str, Any] = {}
        if comment is not None:
            words, _, line = comment.rpartition("\n\n")
            change |= {"notes": f"{self._plain(words)}\n\n{line}", "private_notes": self._options.private}
        if state is not None:
            status = self._options.status_reopened if state is Held.OPEN else self._options.status_resolved
            number = yield from self._number("status", status)
            if not isinstance(number, int):
                return number
            change["status_id"] = number
        answer = yield from self.rest.write("PUT", f"issues/{segment(remote_id)}.json", {"issue": change})
        return (yield from self._read_back(ticket, remote_id, change)) if isinstance(answer, Answer) else answer

    def read(self, remote_id: str) -> ReadFlow:
        issue = yield from self._issue(remote_id)
        if not isinstance(issue, Mapping):
            return issue
        resolved = yield from self._number("status", self._options.status_resolved)
        if not isinstance(resolved, int):
            return resolved
        journals = [one for one in issue.get("journals") or [] if isinstance(one, dict)]
        movers = [one for one in journals if any(part.get("name") == "status_id" for part in one.get("details") or [])]
        said = (heard(one.get("id"), at(one, "user.name"), instant(one.get("created_on")), one.get("notes")) for one in journals)
        return Seen(
            self._stands(issue, resolved),
            by=name(at(movers[-1], "user.name")) if movers else "",
            assignee=name(at(issue, "assigned_to.name")),
            comments=people(said)[-COMMENTS_MAX:],
        )

    def check(self) -> Flow:
        """The key works, the login may do what it must in the project, every name in the options exists, and the field can be searched."""
        options = self._options
        wanted = Wanted(
            project=options.project,
            tracker=options.tracker,
            key_field=options.key_field,
            statuses=(options.status_resolved, options.status_reopened, *options.statuses_final),
            priorities=tuple(options.priorities.values()),
            private=options.private,
        )
        missing = yield from complaints(self.rest, wanted)
        if not isinstance(missing, list):
            return missing
        if missing:
            return Rejected("; ".join(missing))
        found = yield from self.find("paycanary-check")
        if isinstance(found, Found):
            return Delivered()
        return Rejected(found.reason) if isinstance(found, TryAgain) and "used as a filter" in found.reason else found

    def _issue(self, remote_id: str) -> Generator[Call, Answer, Mapping[str, Any] | Refusal]:
        answer = yield from self.rest.raw("GET", f"issues/{segment(remote_id)}.json", {"include": "journals"})
        if not isinstance(answer, Answer):
            return answer
        if answer.status == 404:
            return gone("Redmine")
        problem = self.rest.judge(answer, read=True)
        issue = told(answer, "issue")
        return problem or (issue if issue.get("status") else Unsure("Redmine's issue could not be read"))

    def _read_back(self, ticket: Ticket, remote_id: str, change: Mapping[str, Any]) -> Flow:
        issue = yield from self._issue(remote_id)
        if not isinstance(issue, Mapping):
            return issue
        if "notes" in change and not any(mark(ticket) in note for note in _notes(issue)):
            return Rejected("Redmine left the note out: this login may not add notes there (or not see private ones)")
        if "status_id" in change and at(issue, "status.id") != change["status_id"]:
            now = name(at(issue, "status.name"))
            return Rejected(f"Redmine left the issue in status {now!r}: its workflow does not let this login move it from there")
        return Delivered(remote_id)

    def _new(self, ticket: Ticket) -> Generator[Call, Answer, dict[str, Any] | Refusal]:
        options = self._options
        field = yield from self._field()
        if not isinstance(field, int):
            return field
        new: dict[str, Any] = {
            **options.fields,
            "project_id": options.project,
            "subject": " ".join(clip_bytes(ticket.title.both(), SUBJECT_MAX_BYTES).split()),
            "description": self._plain(clip_both(ticket.body, TEXT_MAX_BYTES)),
            "custom_fields": [{"id": field, "value": ticket.external_id}],
        }
        named = {"tracker": options.tracker, "priority": options.priorities.get(ticket.severity)}
        for what, wanted in named.items():
            if wanted is not None:
                number = yield from self._number(what, wanted)
                if not isinstance(number, int):
                    return number
                new[f"{what}_id"] = number
        return new

    def _search(self, field: int, external_id: str) -> dict[str, str]:
        """Closed issues too: Redmine lists open ones only unless told otherwise."""
        return {
            "project_id": self._options.project,
            "status_id": "*",
            f"cf_{field}": external_id,
            "sort": "id:desc",
            "limit": str(FOUND_MAX),
        }

    def _field(self) -> Generator[Call, Answer, int | Refusal]:
        return (yield from self._number("key field", self._options.key_field))

    def _number(self, what: str, wanted: Named) -> Generator[Call, Answer, int | Refusal]:
        """The number behind a name, asked for once in the connector's life."""
        if isinstance(wanted, int):
            return wanted
        if (what, wanted) not in self._numbers:
            path, place = _LISTS[what]
            query = {"include": "trackers,issue_custom_fields"} if what in ("tracker", "key field") else None
            answer = yield from self.rest.read(path.format(project=segment(self._options.project)), query)
            if not isinstance(answer, Answer):
                return answer
            listed = rows(answer, place)
            if listed is None:
                return Unsure(f"Redmine's list of {place.rpartition('.')[2].replace('_', ' ')} could not be read")
            known = {str(one.get("name")): one.get("id") for one in listed}
            if not isinstance(known.get(wanted), int):
                return TryAgain(f"Redmine has no {what} {wanted!r}: {', '.join(sorted(known)) or 'none'}")
            self._numbers[what, wanted] = int(known[wanted] or 0)
        return self._numbers[what, wanted]

    def _stands(self, issue: Mapping[str, Any], resolved: int) -> Held:
        number, named = at(issue, "status.id"), at(issue, "status.name")
        if {number, named} & set(self._options.statuses_final):
            return Held.FINAL
        return Held.DONE if number == resolved or at(issue, "status.is_closed") is True else Held.OPEN

    def _plain(self, text: str) -> str:
        """As it is: nothing in it is markup, a mention or a link to another issue."""
        if self._options.markup == "markdown":
            return as_code(text)
        return text if self._options.markup == "none" else f"<pre>\n{_PRE.sub('< ', text)}\n</pre>"


#: What would end the block, or begin another, in Textile.
_PRE = re.compile(r"<(?=/?pre)", re.IGNORECASE)
#: What is named -> where its numbers are listed, and where in the answer.
_LISTS: Mapping[str, tuple[str, str]] = {
    "status": ("issue_statuses.json", "issue_statuses"),
    "priority": ("enumerations/issue_priorities.json", "issue_priorities"),
    "tracker": ("projects/{project}.json", "project.trackers"),
    "key field": ("projects/{project}.json", "project.issue_custom_fields"),
}


def _value(issue: Mapping[str, Any], field: int) -> object:
    """What stands in a custom field of a listed issue."""
    fields = issue.get("custom_fields")
    return next((one.get("value") for one in fields if one.get("id") == field), None) if isinstance(fields, list) else None


def _notes(issue: Mapping[str, Any]) -> list[str]:
    return [str(one.get("notes") or "") for one in issue.get("journals") or [] if isinstance(one, dict)]
