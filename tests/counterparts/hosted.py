"""Hosted ticket desks that cannot be installed, as stateful models: requests in, answers out, in the time of whoever asks.

Every request is held against a description of the desk's API (OpenAPI, by ``openapi-core``), which none of our own code knows: what
the desk would refuse is refused here. What goes wrong on the way (``mood``) is the test's to say.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

from monitor.connectors import Access, Answer, Call
from monitor.model.secret import Secret

#: Of each shape of request, in a storm.
FIRST_OF_A_SHAPE, SAMPLED_EVERY = 3, 100
DESCRIPTIONS = Path(__file__).parent / "descriptions"


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @property
    def shape(self) -> str:
        """What it asks for, whichever ticket it is about."""
        keys = sorted(self.json) if self.body[:1] == b"{" else ()
        return f"{self.method} {re.sub(r'[0-9]+', '0', self.path)} {sorted(self.query)} {keys}"

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass
class Reply:
    status: int
    value: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        return b"" if self.value is None else json.dumps(self.value, ensure_ascii=False).encode()


class Described:
    """A request as openapi-core wants to see one."""

    def __init__(self, request: Request) -> None:
        parts = urlsplit(request.url)
        self.host_url = f"{parts.scheme}://{parts.netloc}"
        self.path = parts.path
        self.method = request.method.lower()
        self.content_type = request.headers.get("content-type", "")
        self.body = request.body or None
        query = ImmutableMultiDict(parse_qsl(parts.query, keep_blank_values=True))
        self.parameters = RequestParameters(query=query, header=Headers(dict(request.headers)))


@lru_cache
def described_by(name: str) -> OpenAPI:
    text = (DESCRIPTIONS / name).read_text(encoding="utf-8")
    return OpenAPI.from_dict(yaml.safe_load(text), config=Config(spec_validator_cls=None))


class Hosted:
    """A desk's core. A subclass has ``description`` (a file of ``descriptions/``) and ``answer``; ``now`` is its clock.

    Where there is a ``vendor`` description too, cut from the vendor's own, a request must keep to both.
    """

    description: str
    vendor = ""

    def __init__(self, now: Callable[[], float], *, lag: float = 0.0) -> None:
        self.now, self.lag = now, lag
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.tokens: set[str] = set()
        self.sampled, self.shapes = False, Counter[str]()
        self._apis = [described_by(self.description)]
        if self.vendor and (DESCRIPTIONS / "vendor" / self.vendor).exists():
            self._apis.append(described_by(f"vendor/{self.vendor}"))

    def handle(self, request: Request) -> Reply:
        self.requests.append(request)
        for api in self._apis if self._is_looked_at(request) else ():
            try:
                api.validate_request(Described(request))
            except OpenAPIError as error:
                self.violations.append(f"{request.method} {request.path}: {error!r} {error.__cause__!r}")
                return Reply(400, {"error": "InvalidRequest", "description": str(error)})
        return self.answer(request)

    def answer(self, request: Request) -> Reply:
        raise NotImplementedError

    def _is_looked_at(self, request: Request) -> bool:
        """Every request, or in a storm (``sampled``): the first of each shape, and some of the others. Looking takes 10 ms and more."""
        self.shapes[request.shape] += 1
        return not self.sampled or self.shapes[request.shape] <= FIRST_OF_A_SHAPE or len(self.requests) % SAMPLED_EVERY == 0

    def refused(self, method: str, url: str, value: object) -> Reply:
        """What becomes of a request that no connector makes."""
        headers = {"content-type": "application/json"}
        return self.handle(Request(method, url, headers, json.dumps(value).encode()))

    def expire_tokens(self) -> None:
        self.tokens.clear()

    def issue_token(self) -> str:
        token = f"token-{len(self.requests)}"
        self.tokens.add(token)
        return token

    def allowed(self, request: Request) -> bool:
        return request.headers.get("authorization", "").removeprefix("Bearer ") in self.tokens


class HostedClient:
    """A ``Client`` that is wired to a desk. ``mood(request)`` names what goes wrong with it; "" lets it through."""

    def __init__(self, desk: Hosted, mood: Callable[[Request], str] = lambda _: "", seconds: float = 0.05) -> None:
        self.desk, self.mood, self.seconds = desk, mood, seconds

    async def perform(self, call: Call, access: Access) -> Answer:
        revealed = {name: value.reveal() if isinstance(value, Secret) else value for name, value in call.headers.items()}
        now = self.desk.now()
        url = call.sealed_url(now).reveal() if call.sealed_url else call.url
        body = call.sealed_body(now).reveal().encode() if call.sealed_body else call.body
        request = Request(call.method, url, revealed | dict(call.sign(now) if call.sign else {}), body)
        trouble = self.mood(request)
        if trouble == "refused":
            return Answer(None, sent=False, error="no connection")
        await asyncio.sleep(self.seconds)
        if trouble in ("429", "503 before"):
            return Answer(int(trouble[:3]), {}, b"", retry_after=2.0 if trouble == "429" else None)
        if trouble == "lost before":
            await asyncio.sleep(access.timeout_seconds)
            return Answer(None, sent=True, error="no answer")
        reply = self.desk.handle(request)
        await asyncio.sleep(self.seconds)
        if trouble == "lost after":
            await asyncio.sleep(access.timeout_seconds)
            return Answer(None, sent=True, error="no answer")
        if trouble == "503 after":
            return Answer(503)
        return Answer(reply.status, dict(reply.headers), reply.body)
