"""Everything the service says and keeps, fetched the way a person or a thief would."""

import asyncio
import json
import sqlite3
import sys
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

#: One answer of the service, or one command, takes less than this.
TIMEOUT_SECONDS = 20.0
#: Runs whose evidence is read, and incidents whose pages are.
RUNS_READ, INCIDENTS_READ = 30, 10


def fetch(url: str, *, accept: str = "*/*", body: dict[str, Any] | None = None) -> bytes:
    """The answer with its headers; an error's too. Raises OSError when nobody answers."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Accept": accept, "Content-Type": "application/json"}
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310 - our own service on loopback
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            content: bytes = answer.read()
            return bytes(answer.headers) + content
    except urllib.error.HTTPError as error:
        with closing(error):
            return bytes(error.headers) + error.read()


def listed(url: str) -> list[dict[str, Any]]:
    """A list out of the API, whatever key it stands under."""
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        document = json.loads(answer.read())
    if isinstance(document, dict):
        document = next((value for value in document.values() if isinstance(value, list)), [])
    return [row for row in document if isinstance(row, dict)]


def metrics(base: str) -> Iterator[bytes]:
    for accept in ("*/*", "application/openmetrics-text; version=1.0.0"):
        yield fetch(f"{base}/metrics", accept=accept)


def interface(base: str) -> Iterator[bytes]:
    """The API, and what a person may have typed into it."""
    for path in ("status", "checks", "incidents", "tickets", "windows"):
        yield fetch(f"{base}/api/v1/{path}")
    for check in listed(f"{base}/api/v1/checks"):
        yield fetch(f"{base}/api/v1/checks/{check['id']}/results")
    for incident in listed(f"{base}/api/v1/incidents")[:INCIDENTS_READ]:
        yield fetch(f"{base}/api/v1/incidents/{incident['id']}")


def evidence(base: str) -> Iterator[bytes]:
    runs = [
        str(result["run_id"])
        for check in listed(f"{base}/api/v1/checks")
        for result in listed(f"{base}/api/v1/checks/{check['id']}/results")[:2]
        if "run_id" in result
    ]
    for run in runs[:RUNS_READ]:
        yield fetch(f"{base}/api/v1/runs/{run}/evidence")


def pages(base: str) -> Iterator[bytes]:
    yield fetch(f"{base}/", accept="text/html")
    for incident in listed(f"{base}/api/v1/incidents")[:INCIDENTS_READ]:
        yield fetch(f"{base}/incidents/{incident['id']}", accept="text/html")


def probe_view(base: str) -> Iterator[bytes]:
    for module in ("page", "cards"):
        for target in ("bearer", "basic", "token"):
            yield fetch(f"{base}/probe?target={target}&module={module}&debug=true")


def files(folder: Path) -> Iterator[bytes]:
    """Every file of the data directory as bytes, and every value in its databases, unpacked where it was packed."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.read_bytes()
            if path.suffix == ".db":
                yield from _values(path)


def _values(path: Path) -> Iterator[bytes]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - names out of the file's own schema
                yield from (_plain(value) for value in row if isinstance(value, str | bytes))


def _plain(value: str | bytes) -> bytes:
    if isinstance(value, str):
        return value.encode()
    try:
        return zlib.decompress(value)
    except zlib.error:
        return value


async def command(*words: str, environment: dict[str, str], folder: Path) -> bytes:
    """What ``paycanary`` says on both its streams."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "monitor", *words),
        env=environment,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), TIMEOUT_SECONDS)
    except TimeoutError:
        process.kill()
        said, _ = await process.communicate()
    return said
