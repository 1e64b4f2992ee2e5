"""Cases in Salesforce, by its REST API with OAuth client credentials (an External Client App on the organisation's My Domain host).

The organisation needs one custom field on Case: text, unique, external id; ``Paycanary_Key__c`` by default. A case is made by an
upsert on it, so that two of one incident cannot come about; it is asked for first, because an upsert of a case that people have
worked on would put its status back. Comments are Case Comments, at most 4,000 bytes: 1,333 Chinese characters.
"""

from collections.abc import Generator, Mapping
from typing import Any, ClassVar

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
from monitor.connectors.bearer import Bearer
from monitor.connectors.clip import clip_both, clip_bytes
from monitor.connectors.judge import Refusal, body_of
from monitor.connectors.options import Address, TicketOptions
from monitor.connectors.reading import heard, instant, name, people
from monitor.connectors.rest import Exchange, Rest, at, gone, rows, segment, told
from monitor.connectors.tracker import Held, Tracker
from monitor.model.alert import Severity
from monitor.model.incident import Ticket
from monitor.model.secret import Secret

SUBJECT_MAX_BYTES = 255
DESCRIPTION_MAX_BYTES = 31_000
COMMENT_MAX_BYTES = 4_000
#: Comments looked through for one of ours, newest first.
COMMENTS_SEEN = 100
#: The organisation's calls of the day are used up, and nothing says until when: asking every second would help nobody.
EXHAUSTED_SECONDS = 900.0


class SalesforceOptions(TicketOptions):
    """Status and priority are picklists of the organisation; ``check`` proves that it has what is named here."""

    url: Address = Field(description="the My Domain host, like https://example.my.salesforce.com")
    client_id: str
    client_secret: Secret
    api_version: str = Field("v62.0", pattern=r"^v\d{2}\.\d$")
    key_field: str = Field("Paycanary_Key__c", pattern=r"^[A-Za-z][A-Za-z0-9_]*__c$")
    status_open: str = "New"
    status_resolved: str = "Closed"
    status_reopened: str = "Working"
    priorities: Mapping[Severity, str] = Field(
        default_factory=lambda: {Severity.P1: "High", Severity.P2: "High", Severity.P3: "Medium", Severity.P4: "Low"}
    )
    origin: str = "Web"
    fields: Mapping[str, str] = Field(default_factory=dict, description="more fields of a new case, like OwnerId")
    public: bool = Field(default=False, description="comments that the customer sees in a portal")


class SalesforceConnector(Tracker):
    kind: ClassVar[str] = "salesforce"
    Options: ClassVar[type[BaseModel]] = SalesforceOptions
    comment_max_bytes: ClassVar[int] = COMMENT_MAX_BYTES
    capabilities = Capabilities(idempotent_create=True, finds=True, reopens=True, settle_seconds=0.0, reads=True)

    def __init__(self, options: SalesforceOptions) -> None:
        self._options = options
        self.access = options.access
        base = options.url.rstrip("/")
        bearer = Bearer("Salesforce", f"{base}/services/oauth2/token", options.client_id, options.client_secret)
        api = f"{base}/services/data/{options.api_version}"
        secrets = (options.client_secret,)
        self.rest = Rest("Salesforce", api, bearer=bearer, secrets=secrets, words=("0.message", "error_description"))

    def create(self, ticket: Ticket) -> Flow:
        known = yield from self.find(ticket.external_id)
        if not isinstance(known, Found):
            return known
        if known.remote_ids:
            return Delivered(known.remote_ids[-1])
        answer = yield from self._patient("PATCH", self._by_key(ticket.external_id), self._new(ticket))
        if not isinstance(answer, Answer):
            return answer
        number = told(answer).get("id")
        return Delivered(str(number)) if number else Unsure("Salesforce took the case and did not say its id")

    def find(self, external_id: str) -> FindFlow:
        answer = yield from self._patient("GET", self._by_key(external_id), query={"fields": "Id,IsClosed"}, missing=True)
        if not isinstance(answer, Answer):
            return answer
        if answer.status == 404:
            return Found()
        case = told(answer)
        return Found((str(case["Id"]),), open=not case.get("IsClosed")) if case.get("Id") else Found()

    def held(self, remote_id: str) -> Generator[Call, Answer, Held | Refusal]:
        path = f"sobjects/Case/{segment(remote_id)}"
        answer = yield from self._patient("GET", path, query={"fields": "Id,IsClosed"}, missing=True)
        if not isinstance(answer, Answer):
            return answer
        if answer.status == 404:
            return (yield from self._gone(remote_id))
        return Held.DONE if told(answer).get("IsClosed") else Held.OPEN

    def read(self, remote_id: str) -> ReadFlow:
        """One question for all of it: an organisation's calls of a day are counted."""
        comments = f"SELECT Id, CommentBody, CreatedBy.Name, CreatedDate FROM CaseComments ORDER BY CreatedDate DESC LIMIT {COMMENTS_SEEN}"  # noqa: S608
        fields = f"Id, IsClosed, OwnerId, Owner.Name, CreatedById, ({comments})"
        answer = yield from self._query("query", f"SELECT {fields} FROM Case WHERE Id = '{_quoted(remote_id)}'")  # noqa: S608 - quoted
        if not isinstance(answer, Answer):
            return answer
        found = rows(answer, "records")
        if found is None:
            return TryAgain("Salesforce's case could not be read")
        if not found:
            return (yield from self._gone(remote_id))
        case, written = found[0], at(found[0], "CaseComments.records")
        return Seen(
            Held.DONE if case.get("IsClosed") else Held.OPEN,
            assignee=name(at(case, "Owner.Name")) if _is_person(case) else "",
            comments=people(
                heard(one.get("Id"), at(one, "CreatedBy.Name"), instant(one.get("CreatedDate")), one.get("CommentBody"))
                for one in reversed(written if isinstance(written, list) else [])
            ),
        )

    def _gone(self, remote_id: str) -> Generator[Call, Answer, Refusal]:
        """Cases that were merged are deleted, and name the one that was kept."""
        wanted = f"SELECT MasterRecordId FROM Case WHERE Id = '{_quoted(remote_id)}'"  # noqa: S608 - quoted
        answer = yield from self._query("queryAll", wanted)
        if not isinstance(answer, Answer):
            return answer if isinstance(answer, TryAgain) else gone("Salesforce")
        found = rows(answer, "records") or [{}]
        return gone("Salesforce", str(found[0].get("MasterRecordId") or ""))

    def has(self, remote_id: str, line: str) -> Generator[Call, Answer, bool | Refusal]:
        """A comment's text cannot be searched for: the newest are looked through."""
        wanted = f"SELECT CommentBody FROM CaseComment WHERE ParentId = '{_quoted(remote_id)}' ORDER BY CreatedDate DESC LIMIT {COMMENTS_SEEN}"  # noqa: S608 - quoted
        answer = yield from self._query("query", wanted)
        if not isinstance(answer, Answer):
            return answer
        return any(line in str(one.get("CommentBody", "")) for one in rows(answer, "records") or [])

    def change(self, ticket: Ticket, remote_id: str, comment: str | None, state: Held | None) -> Flow:
        options = self._options
        if comment is not None:
            value = {"ParentId": remote_id, "CommentBody": comment, "IsPublished": options.public}
            answer = yield from self._patient("POST", "sobjects/CaseComment", value)
            if not isinstance(answer, Answer):
                return answer
        if state is not None:
            status = options.status_reopened if state is Held.OPEN else options.status_resolved
            answer = yield from self._patient("PATCH", f"sobjects/Case/{segment(remote_id)}", {"Status": status})
            if not isinstance(answer, Answer):
                return answer
        return Delivered(remote_id)

    def check(self) -> Flow:
        """The login works; Case has the key field as a unique external id; its picklists hold the options' words; we may write it."""
        answer = yield from self._patient("GET", "sobjects/Case/describe")
        if not isinstance(answer, Answer):
            return answer
        fields = {str(one.get("name")): one for one in rows(answer, "fields") or []}
        missing = [*self._wrong_key(fields), *self._wrong_words(fields), *self._forbidden(told(answer), fields)]
        return Rejected("; ".join(missing)) if missing else Delivered()

    def _wrong_key(self, fields: Mapping[str, Mapping[str, Any]]) -> list[str]:
        key = fields.get(self._options.key_field)
        if key is None:
            return [f"Case has no field {self._options.key_field}"]
        return [] if key.get("externalId") and key.get("unique") else [f"{key.get('name')} is not a unique external id"]

    def _wrong_words(self, fields: Mapping[str, Mapping[str, Any]]) -> list[str]:
        options = self._options
        statuses = {options.status_open, options.status_resolved, options.status_reopened}
        wanted = (("Status", statuses), ("Priority", set(options.priorities.values())), ("Origin", {options.origin}))
        found = []
        for field, words in wanted:
            offered = {str(one.get("value")) for one in fields.get(field, {}).get("picklistValues", [])}
            found += [f"Case has no {field} {word!r}" for word in sorted(words - offered)]
        return found

    def _forbidden(self, case: Mapping[str, Any], fields: Mapping[str, Mapping[str, Any]]) -> list[str]:
        if not (case.get("createable") and case.get("updateable")):
            return ["this login may not create and change cases"]
        unwritable = [name for name in self._options.fields if not fields.get(name, {}).get("createable")]
        return [f"this login may not set {name} on a case" for name in unwritable]

    def _patient(
        self, method: str, path: str, value: object = None, *, query: Mapping[str, str] | None = None, missing: bool = False
    ) -> Exchange:
        """``missing``: a 404 is an answer like any other. The quota of the day comes as a 403."""
        answer = yield from self.rest.raw(method, path, query, value)
        if not isinstance(answer, Answer):
            return answer
        if answer.status == 403 and at(body_of(answer), "0.errorCode") == "REQUEST_LIMIT_EXCEEDED":
            return TryAgain("Salesforce's calls of the day are used up", EXHAUSTED_SECONDS)
        if answer.status == 300:
            return Rejected("Salesforce holds several cases under one key: its field is not unique")
        if answer.status == 404 and missing:
            return answer
        return self.rest.judge(answer, read=method == "GET") or answer

    def _query(self, path: str, wanted: str) -> Exchange:
        return (yield from self._patient("GET", path, query={"q": wanted}))

    def _by_key(self, external_id: str) -> str:
        return f"sobjects/Case/{self._options.key_field}/{segment(external_id)}"

    def _new(self, ticket: Ticket) -> dict[str, str]:
        options = self._options
        return {
            **options.fields,
            "Subject": clip_bytes(ticket.title.both(), SUBJECT_MAX_BYTES),
            "Description": clip_both(ticket.body, DESCRIPTION_MAX_BYTES),
            "Status": options.status_open,
            "Priority": options.priorities[ticket.severity],
            "Origin": options.origin,
        }


def _is_person(case: Mapping[str, Any]) -> bool:
    """Owned by somebody: not by a queue, and not by the login that made it. The first three characters of an id say what it is of."""
    owner = str(case.get("OwnerId", ""))
    return owner.startswith("005") and owner != case.get("CreatedById")


def _quoted(text: str) -> str:
    """Inside a SOQL string."""
    return text.replace("\\", "\\\\").replace("'", "\\'")
