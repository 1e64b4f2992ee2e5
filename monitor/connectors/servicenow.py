"""Incidents in ServiceNow, by its Table API.

Nothing makes a creation repeatable there: an unsure one is looked up by ``correlation_id`` after the instance has settled, and looked
for again later. Words are work notes. States and close codes differ from instance to instance, so all of them are options.
"""

import re
from collections.abc import Generator, Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, Field, model_validator

from monitor.connectors import (
    Answer,
    Call,
    Capabilities,
    Comment,
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
from monitor.connectors.judge import Refusal, basic
from monitor.connectors.options import Address, TicketOptions
from monitor.connectors.reading import COMMENTS_MAX, heard, instant, name, people
from monitor.connectors.rest import Rest, at, gone, rows, segment, told
from monitor.connectors.tracker import Held, Tracker
from monitor.model.alert import Severity
from monitor.model.incident import Ticket
from monitor.model.secret import Secret
from monitor.model.units import Duration

#: The columns' own lengths; those count characters, so bytes are on the safe side.
SHORT_MAX_BYTES = 160
DESCRIPTION_MAX_BYTES = 3_900
NOTE_MAX_BYTES = 16_000
_CODE_TAG = re.compile(r"\[(?=/?code\])", re.IGNORECASE)
CORRELATION_MAX_BYTES = 100
FOUND_MAX = 50
#: Impact and urgency, 1 the highest: the instance works priority out of the two.
LEVELS: Mapping[Severity, tuple[str, str]] = {
    Severity.P1: ("1", "1"),
    Severity.P2: ("2", "1"),
    Severity.P3: ("2", "2"),
    Severity.P4: ("3", "3"),
}


class ServiceNowOptions(TicketOptions):
    """Give either ``username`` and ``password``, or ``client_id`` and ``client_secret`` (OAuth client credentials), or ``api_key``."""

    url: Address = Field(description="like https://example.service-now.com")
    username: str | None = None
    password: Secret | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    api_key: Secret | None = None
    table: str = Field("incident", pattern=r"^[a-z_][a-z0-9_]*$")
    fields: Mapping[str, str] = Field(default_factory=dict, description="more columns of a new record, like assignment_group")
    state_resolved: str = "6"
    state_reopened: str = "2"
    states_final: tuple[str, ...] = ("7", "8")
    close_code: str = "Resolved by caller"
    settle: Duration = Field(10.0, description="how long a creation whose answer was lost may take to be found")

    @model_validator(mode="after")
    def _one_login(self) -> Self:
        pairs = ((self.username, self.password), (self.client_id, self.client_secret))
        given = sum(1 for name, secret in pairs if name and secret) + (self.api_key is not None)
        half = any(bool(name) != (secret is not None) for name, secret in pairs)
        if given != 1 or half:
            raise ValueError("expected one login: username with password, client_id with client_secret, or api_key")
        return self


class ServiceNowConnector(Tracker):
    kind: ClassVar[str] = "servicenow"
    Options: ClassVar[type[BaseModel]] = ServiceNowOptions
    comment_max_bytes: ClassVar[int] = NOTE_MAX_BYTES

    def __init__(self, options: ServiceNowOptions) -> None:
        self._options = options
        self.access = options.access
        self.capabilities = Capabilities(
            idempotent_create=False, finds=True, reopens=True, settle_seconds=options.settle, reads=True
        )
        self.rest = _rest(options)
        self._table = f"api/now/table/{options.table}"

    def create(self, ticket: Ticket) -> Flow:
        answer = yield from self.rest.write("POST", self._table, self._new(ticket), {"sysparm_fields": "sys_id,number"})
        if not isinstance(answer, Answer):
            return answer
        number = told(answer, "result").get("sys_id")
        return Delivered(str(number)) if number else Unsure("ServiceNow took the record and did not say its sys_id")

    def find(self, external_id: str) -> FindFlow:
        query = {
            "sysparm_query": f"correlation_id={_correlation(external_id)}^ORDERBYDESCsys_created_on",
            "sysparm_fields": "sys_id,state",
            "sysparm_limit": str(FOUND_MAX),
        }
        answer = yield from self.rest.read(self._table, query)
        if not isinstance(answer, Answer):
            return answer
        found = rows(answer, "result")
        if found is None:
            return Unsure("ServiceNow's list of records could not be read")
        held = [one for one in found if one.get("sys_id")]
        return Found(tuple(str(one["sys_id"]) for one in held), open=any(self._stands(one) is Held.OPEN for one in held))

    def held(self, remote_id: str) -> Generator[Call, Answer, Held | Refusal]:
        answer = yield from self.rest.raw("GET", self._record(remote_id), {"sysparm_fields": "sys_id,state"})
        if not isinstance(answer, Answer):
            return answer
        if answer.status == 404:
            return gone("ServiceNow")
        return self.rest.judge(answer, read=True) or self._stands(told(answer, "result"))

    def read(self, remote_id: str) -> ReadFlow:
        query = {"sysparm_fields": "sys_id,state,assigned_to,resolved_by,closed_by", "sysparm_display_value": "all"}
        answer = yield from self.rest.raw("GET", self._record(remote_id), query)
        if not isinstance(answer, Answer):
            return answer
        if answer.status == 404:
            return gone("ServiceNow")
        problem, record = self.rest.judge(answer, read=True), told(answer, "result")
        if problem or not at(record, "state.value"):
            return problem or TryAgain("ServiceNow's record could not be read")
        said = yield from self._journal(remote_id)
        if not isinstance(said, tuple):
            return said
        state = self._stands({"state": at(record, "state.value")})
        closer = at(record, "closed_by.display_value") or at(record, "resolved_by.display_value")
        assignee = name(at(record, "assigned_to.display_value"))
        return Seen(state, by="" if state is Held.OPEN else name(closer), assignee=assignee, comments=said)

    def _journal(self, remote_id: str) -> Generator[Call, Answer, tuple[Comment, ...] | Refusal]:
        """Work notes and customer comments; none when the login may not see ``sys_journal_field``: the state is worth knowing all the same."""
        query = {
            "sysparm_query": f"element_id={remote_id}^elementINwork_notes,comments^ORDERBYDESCsys_created_on",
            "sysparm_fields": "sys_id,value,sys_created_by,sys_created_on",
            "sysparm_limit": str(COMMENTS_MAX),
        }
        answer = yield from self.rest.raw("GET", "api/now/table/sys_journal_field", query)
        if not isinstance(answer, Answer):
            return answer
        if answer.status == 403:
            return ()
        written = reversed(rows(answer, "result") or [])
        return self.rest.judge(answer, read=True) or people(
            heard(one.get("sys_id"), one.get("sys_created_by"), instant(one.get("sys_created_on")), one.get("value"))
            for one in written
        )

    def has(self, remote_id: str, line: str) -> Generator[Call, Answer, bool | Refusal]:
        """The journal comes back as text only in its display form."""
        query = {"sysparm_fields": "work_notes", "sysparm_display_value": "true"}
        answer = yield from self.rest.read(self._record(remote_id), query)
        return line in str(told(answer, "result").get("work_notes", "")) if isinstance(answer, Answer) else answer

    def change(self, ticket: Ticket, remote_id: str, comment: str | None, state: Held | None) -> Flow:
        options = self._options
        change: dict[str, str] = {} if comment is None else {"work_notes": _plain(comment)}
        if state is Held.OPEN:
            change["state"] = options.state_reopened
        elif state is Held.DONE:
            notes = clip_bytes(_plain(comment or self.words(ticket)), DESCRIPTION_MAX_BYTES)
            change |= {"state": options.state_resolved, "close_code": options.close_code, "close_notes": notes}
        answer = yield from self.rest.write("PATCH", self._record(remote_id), change, {"sysparm_fields": "sys_id"})
        return Delivered(remote_id) if isinstance(answer, Answer) else answer

    def check(self) -> Flow:
        """The login works, records can be searched, and the instance knows the columns, the state and the close code of the options."""
        query = {"sysparm_query": "correlation_id=paycanary-check", "sysparm_fields": "sys_id", "sysparm_limit": "1"}
        answer = yield from self.rest.read(self._table, query)
        if not isinstance(answer, Answer):
            return answer
        missing = yield from self._lacks_columns()
        if not isinstance(missing, list):
            return missing
        for column, value in (("state", self._options.state_resolved), ("close_code", self._options.close_code)):
            lacking = yield from self._lacks(column, value)
            if isinstance(lacking, Rejected):
                missing.append(lacking.reason)
            elif lacking:
                return lacking
        return Rejected("; ".join(missing)) if missing else Delivered()

    def _lacks_columns(self) -> Generator[Call, Answer, list[str] | Refusal]:
        """ServiceNow takes a column that it does not have, and forgets it. None also when its dictionary is not for us to see."""
        options = self._options
        wanted = {"correlation_id", "short_description", "work_notes", *options.fields}
        query = {
            "sysparm_query": f"nameIN{options.table},task^elementIN{','.join(sorted(wanted))}",
            "sysparm_fields": "element",
            "sysparm_limit": "200",
        }
        answer = yield from self.rest.raw("GET", "api/now/table/sys_dictionary", query)
        if not isinstance(answer, Answer):
            return answer
        if answer.status in (401, 403, 404):
            return []
        problem = self.rest.judge(answer, read=True)
        if problem:
            return problem
        known = {str(one.get("element")) for one in rows(answer, "result") or []}
        absent = sorted(wanted - known) if known else []
        return [f"{options.table} has no column {name!r}: take it out of fields, or have it made" for name in absent]

    def _lacks(self, column: str, value: str) -> Generator[Call, Answer, Refusal | None]:
        """A choice that the instance does not offer; None also when its choices are not for us to see."""
        query = {
            "sysparm_query": f"name={self._options.table}^element={column}",
            "sysparm_fields": "value",
            "sysparm_limit": "200",
        }
        answer = yield from self.rest.read("api/now/table/sys_choice", query)
        if not isinstance(answer, Answer):
            return answer
        choices = {str(one.get("value")) for one in rows(answer, "result") or []}
        if choices and value not in choices:
            return Rejected(f"ServiceNow offers no {column} {value!r} on {self._options.table}: {', '.join(sorted(choices))}")
        return None

    def _record(self, remote_id: str) -> str:
        return f"{self._table}/{segment(remote_id)}"

    def _stands(self, record: Mapping[str, Any]) -> Held:
        state = str(record.get("state", ""))
        if state in self._options.states_final:
            return Held.FINAL
        return Held.DONE if state == self._options.state_resolved else Held.OPEN

    def _new(self, ticket: Ticket) -> dict[str, str]:
        impact, urgency = LEVELS[ticket.severity]
        return {
            **self._options.fields,
            "short_description": clip_bytes(_plain(ticket.title.both()), SHORT_MAX_BYTES),
            "description": clip_bytes(_plain(clip_both(ticket.body, DESCRIPTION_MAX_BYTES)), DESCRIPTION_MAX_BYTES),
            "impact": impact,
            "urgency": urgency,
            "correlation_id": _correlation(ticket.external_id),
            "correlation_display": "paycanary",
        }


def _plain(text: str) -> str:
    """A journal shows what stands between code tags as HTML: nothing may be one."""
    return _CODE_TAG.sub("[ ", text)


def _correlation(external_id: str) -> str:
    return clip_bytes(external_id, CORRELATION_MAX_BYTES, "")


def _rest(options: ServiceNowOptions) -> Rest:
    base, words = options.url.rstrip("/"), ("error.detail", "error.message", "error_description")
    if options.api_key is not None:
        return Rest("ServiceNow", base, headers={"x-sn-apikey": options.api_key}, secrets=(options.api_key,), words=words)
    if options.client_id and options.client_secret is not None:
        bearer = Bearer("ServiceNow", f"{base}/oauth_token.do", options.client_id, options.client_secret)
        return Rest("ServiceNow", base, bearer=bearer, secrets=(options.client_secret,), words=words)
    password = options.password or Secret("")
    login = basic(options.username or "", password)
    return Rest("ServiceNow", base, headers={"authorization": login}, secrets=(password,), words=words)
