"""What the desks with a JSON API have in common: how a request is said, and how its answer is judged."""

from collections.abc import Generator, Mapping
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

from monitor.connectors import Answer, Call, Gone
from monitor.connectors.bearer import Bearer
from monitor.connectors.clip import to_json
from monitor.connectors.judge import Refusal, body_of, refusal, said
from monitor.model.incident import Ticket
from monitor.model.secret import Secret

#: Carries on with a success, or ends with why there is none.
Exchange: TypeAlias = Generator[Call, Answer, "Answer | Refusal"]


class Rest:
    """One desk's API under ``base``. ``words`` are the paths of its error message in a JSON body, the first that is there counts."""

    def __init__(
        self,
        desk: str,
        base: str,
        *,
        headers: Mapping[str, str | Secret] | None = None,
        bearer: Bearer | None = None,
        secrets: tuple[Secret, ...] = (),
        words: tuple[str, ...] = ("error", "message"),
    ) -> None:
        self.desk, self.base, self.bearer = desk, base.rstrip("/"), bearer
        self._headers: Mapping[str, str | Secret] = {"accept": "application/json", **(headers or {})}
        self._secrets, self._words = secrets, words

    def raw(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        value: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Exchange:
        """Whatever the desk answers; a refusal only when there was no token to ask with."""
        url = (f"{self.base}/{path}" if path else self.base) + (f"?{urlencode(query)}" if query else "")
        kind = {} if value is None else {"content-type": "application/json"}
        call = Call(method, url, {**self._headers, **kind, **(headers or {})}, b"" if value is None else to_json(value))
        return (yield from self.bearer.ask(call)) if self.bearer else (yield call)

    def read(self, path: str, query: Mapping[str, str] | None = None, value: object = None, method: str = "GET") -> Exchange:
        """A question: nothing is done by it, whatever becomes of it."""
        answer = yield from self.raw(method, path, query, value)
        return (self.judge(answer, read=True) or answer) if isinstance(answer, Answer) else answer

    def write(
        self,
        method: str,
        path: str,
        value: object,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Exchange:
        """Something is done by it, or not, or nobody knows."""
        answer = yield from self.raw(method, path, query, value, headers)
        return (self.judge(answer) or answer) if isinstance(answer, Answer) else answer

    def judge(self, answer: Answer, *, read: bool = False) -> Refusal | None:
        body = body_of(answer)
        found = (message for path in self._words if (message := at(body, path)))
        return refusal(answer, self.desk, said(next(found, None), self._secrets), read=read)


def at(value: Any, path: str) -> Any:
    """What stands at ``path`` (names and list indices, with dots between) in parsed JSON; None when it is not there."""
    for name in path.split("."):
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def told(answer: Answer, path: str = "") -> Mapping[str, Any]:
    """The JSON object at ``path`` of an answer; empty when there is none."""
    body = body_of(answer)
    found = at(body, path) if path else body
    return found if isinstance(found, dict) else {}


def rows(answer: Answer, path: str = "") -> list[Mapping[str, Any]] | None:
    """The list of JSON objects at ``path`` of an answer; None when there is none."""
    body = body_of(answer)
    found = at(body, path) if path else body
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else None


def segment(text: str) -> str:
    """One segment of a path, whatever is in it."""
    return quote(text, safe="")


def mark(ticket: Ticket) -> str:
    """Names one revision of a ticket where the desk has no key for it: found again, it is not written twice."""
    return f"[{ticket.external_id} r{ticket.revision}]"


def gone(desk: str, merged_into: str = "") -> Gone:
    """A ticket that was there and is not any more: people's doing. What follows from it is the policy's to say (``when_gone``)."""
    if merged_into:
        return Gone(f"the ticket was merged into {merged_into} at {desk}", merged_into)
    return Gone(f"the ticket is no longer at {desk}: somebody deleted it, or merged it away")


def as_code(text: str) -> str:
    """Text for a desk that reads Markdown, as it is: in a fenced block nothing is a mention, a link or a command. The fence is longer
    than any inside.
    """
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"
