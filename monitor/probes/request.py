"""From the options of a step to what goes on the wire: URL, headers, body."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlencode

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from yarl import URL

from monitor.probes import exact_json

#: Set by the connection itself. One written by hand could split a request in two, or send it to another virtual host.
_RESERVED = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"})
#: A ``..`` that fills a hole in a path would choose another endpoint than the one written down.
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def _allowed_headers(headers: dict[str, str]) -> dict[str, str]:
    for name in headers:
        if name.lower() in _RESERVED:
            raise ValueError(f"header {name!r} is set by the connection and cannot be given")
    return headers


def _absolute(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError(f'expected a path that begins with "/", got {path!r}')
    return path


class HttpOptions(BaseModel):
    """What a step says about its request. At most one of ``form``, ``json`` and ``body``. A redirect is an answer like any other."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Method = "GET"
    path: Annotated[str, AfterValidator(_absolute)] = "/"
    query: dict[str, Any] = Field(default_factory=dict)
    headers: Annotated[dict[str, str], AfterValidator(_allowed_headers)] = Field(default_factory=dict)
    form: dict[str, Any] | None = None
    json_: Any = Field(default=None, alias="json")
    body: str | None = None

    @model_validator(mode="after")
    def _one_body(self) -> "HttpOptions":
        fields = {"form": "form", "json": "json_", "body": "body"}
        given = [name for name, field in fields.items() if field in self.model_fields_set]
        if len(given) > 1:
            raise ValueError(f"expected one of form, json and body, got {' and '.join(given)}")
        return self


class UnsendableError(Exception):
    """What filled the holes makes a request that must not be sent."""


class Destination(NamedTuple):
    """Where a request goes, taken apart once."""

    url: URL
    scheme: str
    host: str  # a name in its ASCII form, or an address without brackets
    port: int
    authority: str  # the Host header: without the scheme's own port
    path: str  # with its query, percent-encoded


class Request(NamedTuple):
    """``destination`` is on the target's own origin: nothing rendered chooses the host."""

    method: str
    destination: Destination
    line: str  # "POST /v1/refunds": without its query, which may hold anything
    headers: dict[str, str]
    body: bytes | None

    @property
    def url(self) -> URL:
        return self.destination.url


def build(base_url: str, options: Mapping[str, Any]) -> Request:
    """From rendered options, checked when the configuration was loaded. Raises UnsendableError."""
    method = options.get("method", "GET")
    path = options.get("path", "/")
    if not path.startswith("/"):
        raise UnsendableError('the path does not begin with "/": it would go on with the host\'s name')
    if _DOT_SEGMENT.search(path.partition("?")[0]):
        raise UnsendableError('the path holds a "." or ".." segment')
    body, content_type = _body(options)
    headers = {name: str(value) for name, value in options.get("headers", {}).items()}
    if content_type and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = content_type
    return Request(
        method, _destination(_address(base_url, path, options.get("query"))), request_line(method, path), headers, body
    )


def request_line(method: str, path: str) -> str:
    return f"{method} {path.partition('?')[0]}"


def _address(base_url: str, path: str, query: Mapping[str, Any] | None) -> str:
    address = base_url.rstrip("/") + path
    if query:
        address += ("&" if "?" in path else "?") + urlencode(list(flatten(query)))
    return address


@lru_cache(maxsize=8192)
def _destination(address: str) -> Destination:
    try:
        url = URL(address)
    except ValueError:
        raise UnsendableError("the host is not a name or an address in its usual spelling") from None
    if not url.raw_host:
        raise UnsendableError("the target's base URL names no host")
    return Destination(url, url.scheme, url.raw_host, url.port or 0, url.host_port_subcomponent or "", url.raw_path_qs)


def _body(options: Mapping[str, Any]) -> tuple[bytes | None, str]:
    if options.get("form") is not None:
        return urlencode(list(flatten(options["form"]))).encode(), "application/x-www-form-urlencoded"
    if "json" in options:
        return exact_json.dumps(options["json"]).encode(), "application/json"
    if options.get("body") is not None:
        return str(options["body"]).encode(), "text/plain; charset=utf-8"
    return None, ""


def flatten(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Nested values in the bracket style of PHP, Rails and Stripe: ``{"a": {"b": [1]}}`` is ``a[b][0]=1``."""
    for key, value in fields.items():
        yield from _flatten(key, value)


def _flatten(key: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _flatten(f"{key}[{name}]", item)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _flatten(f"{key}[{index}]", item)
    else:
        yield key, _scalar(value)


def _scalar(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
