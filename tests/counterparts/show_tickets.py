"""Pictures of real tickets: one rich incident in a Roundup and in a Request Tracker of its own, as their pages show it.

    python tests/counterparts/show_tickets.py FOLDER

starts both desks on loopback, sends them the ticket, its verdict and its end through the connectors, writes the pages as PNG files with
headless Chromium, and prints what a reader sees first. Needs the packages chromium and request-tracker5, and a font with Chinese letters.
"""

import asyncio
import http.server
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent))

import rt_server
from roundup_server import RoundupServer

from monitor.clock import SystemClock
from monitor.connectors import Connector, Delivered, Flow
from monitor.connectors.client import Client, play
from monitor.connectors.request_tracker import RequestTrackerConnector, RequestTrackerOptions
from monitor.connectors.roundup import RoundupConnector, RoundupOptions
from monitor.incidents.tickets import Scribe
from monitor.incidents.words import Words
from monitor.incidents.words.samples import NEWS, SAMPLES
from monitor.model.incident import CommandKind, Ticket
from monitor.model.secret import Secret

LOOPBACK = ("127.0.0.0/8",)
#: Wide enough for a ticket's lines, tall enough for its whole story.
WINDOW = "1280,3600"
PICTURE_SECONDS = 90
#: What a page may take to load the rest of itself, in the browser's own time.
SCRIPTS_MS = 15_000


def story() -> list[Ticket]:
    """As the book tells it: opened at once, the verdict seconds later, the end."""
    scribe, told = Scribe("shown", Words()), []
    opened, triaged, resolved = SAMPLES["opened"], SAMPLES["triaged"], SAMPLES["resolved"]
    incident, ticket = scribe.write(replace(opened, revision=0), CommandKind.OPEN, opened.changed)
    told.append(ticket)
    for found, kind, at in (
        (triaged, CommandKind.UPDATE, triaged.changed + 8),
        (resolved, CommandKind.RESOLVE, resolved.resolved or 0.0),
    ):
        later = replace(found, episode=1, revision=incident.revision, told_at=incident.told_at, news=NEWS)
        incident, ticket = scribe.write(later, kind, at)
        told.append(ticket)
    return told


async def send(connector: Connector) -> str:
    """The whole story; gives the ticket's number."""
    client = Client(SystemClock())
    opened, *later = story()
    try:
        number = await _sent(connector.create(opened), connector, client)
        for ticket in later:
            act = connector.resolve if ticket.kind is CommandKind.RESOLVE else connector.update
            await _sent(act(ticket, number), connector, client)
    finally:
        await client.close()
    return number


async def _sent(flow: Flow, connector: Connector, client: Client) -> str:
    outcome = await play(flow, partial(client.perform, access=connector.access))
    assert isinstance(outcome, Delivered), outcome
    return outcome.remote_id


def picture(url: str, path: Path) -> None:
    with tempfile.TemporaryDirectory() as profile:
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"]
        command += [f"--window-size={WINDOW}", f"--virtual-time-budget={SCRIPTS_MS}", f"--screenshot={path}", url]
        subprocess.run(command, check=True, capture_output=True, timeout=PICTURE_SECONDS)
    print(path)


class _LoggedIn(http.server.BaseHTTPRequestHandler):
    """Passes every GET on with somebody's cookie: a browser that only takes pictures cannot fill in a form."""

    def __init__(self, *arguments: Any, base: str, cookie: str) -> None:
        self.base, self.cookie = base, cookie
        super().__init__(*arguments)

    def do_GET(self) -> None:
        request = urllib.request.Request(self.base + self.path, headers={"Cookie": self.cookie})
        with urllib.request.urlopen(request, timeout=30) as answer:
            body = answer.read()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def logged_in(base: str, user: str, password: str) -> Iterator[str]:
    """An address of ours at which ``base`` is seen as by ``user``."""
    form = urllib.parse.urlencode({"user": user, "pass": password}).encode()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(f"{base}/NoAuth/Login.html", form, timeout=30) as answer:
        answer.read()
    jar = next(each.cookiejar for each in opener.handlers if isinstance(each, urllib.request.HTTPCookieProcessor))
    cookie = "; ".join(SimpleCookie({each.name: each.value or ""}).output(header="").strip() for each in jar)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_LoggedIn, base=base, cookie=cookie))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def show_roundup(folder: Path, home: Path) -> None:
    with RoundupServer(home) as desk:
        options = RoundupOptions(url=desk.url, username=desk.user, password=Secret(desk.password), allow_private=LOOPBACK)
        number = asyncio.run(send(RoundupConnector(options)))
        picture(f"{desk.url}issue{number}", folder / "roundup.png")


def show_request_tracker(folder: Path, home: Path) -> None:
    with rt_server.RequestTracker(home) as desk:
        options = RequestTrackerOptions(
            url=desk.url, username=rt_server.USER, password=Secret(rt_server.PASSWORD), queue="Payments", allow_private=LOOPBACK
        )
        number = asyncio.run(send(RequestTrackerConnector(options)))
        with logged_in(desk.url, rt_server.USER, rt_server.PASSWORD) as seen:
            picture(f"{seen}/Ticket/Display.html?id={number}", folder / "request-tracker.png")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        show_roundup(folder, Path(home))
        if rt_server.installed():
            show_request_tracker(folder, Path(home))
    opened = story()[0]
    print(opened.title.both(), opened.body.en, opened.body.zh, sep="\n\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
