"""Talking to the running service: commands that change something go through it, never behind its back."""

import json
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

#: The service answers from memory or a local file.
TIMEOUT_SECONDS = 10.0
ANSWER_MAX = 16 << 20
EXIT_USAGE, EXIT_UNREACHABLE = 2, 3

ConfigPath = Annotated[
    Path, typer.Option("--config", "-c", envvar="PAYCANARY_CONFIG", help="The configuration file.", show_default=True)
]
Url = Annotated[str, typer.Option("--url", envvar="PAYCANARY_URL", help="Where the running service listens.")]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
DEFAULT_CONFIG = Path("paycanary.yaml")
DEFAULT_URL = "http://127.0.0.1:8710"

out = Console()
err = Console(stderr=True)


def fail(sentence: str, code: int) -> typer.Exit:
    err.print(f"[red]{sentence}[/red]", highlight=False)
    return typer.Exit(code)


def call(url: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """One request to the service; its refusal or absence ends the command with a sentence and the right exit code."""
    return json.loads(_ask(url, method, path, body))


def fetch(url: str, path: str) -> str:
    """A text from the service, such as Markdown; else as ``call``."""
    return _ask(url, "GET", path, None).decode()


def _ask(url: str, method: str, path: str, body: dict[str, Any] | None) -> bytes:
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise fail(f"{url}: expected a URL beginning with http:// or https://", EXIT_USAGE)
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url.rstrip("/") + path, data=data, method=method)  # noqa: S310 - the scheme is checked above
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            return bytes(answer.read(ANSWER_MAX))
    except urllib.error.HTTPError as error:
        detail = error.read(ANSWER_MAX)
        error.close()
        raise fail(_said(detail) or f"the service answered {error.code}", EXIT_USAGE) from None
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise fail(f"no service answers at {url} ({reason}); is `paycanary run` running?", EXIT_UNREACHABLE) from None


def _said(detail: bytes) -> str:
    try:
        return str(json.loads(detail)["error"])
    except (ValueError, KeyError, TypeError):
        return ""


def path(*parts: str) -> str:
    return "/" + "/".join(urllib.parse.quote(part, safe="") for part in parts)


def whoami() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
