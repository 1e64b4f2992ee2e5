"""A real Roundup tracker, as a process of its own on loopback: the ticket desk that the tests can really ask.

    with RoundupServer(tmp_path) as desk:
        desk.url, desk.user, desk.password, desk.issues()

``python roundup_server.py HOME [WEB]`` is what runs in that process. It is wsgiref with one thread: Roundup's own server
program refuses to run as root, which containers like to be.
"""

import base64
import json
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

USER = "monitor"
PASSWORD = "only-for-tests-roundup"
PERSON = ("admin", "only-for-tests-admin")
#: What config.ini must say, by the line that the template has for it. Mails go to a file.
_SETTINGS = {
    r"^#?web = .*$": "web = {web}",
    r"^#?domain = .*$": "domain = tracker.test",
    r"^#?host = NO DEFAULT$": "host = localhost",
    r"^debug = *$": "debug = mail.txt",
}


class RoundupServer:
    """Made on entering, ended on leaving. The tracker's files stay below ``directory``.

    ``web`` is the address that clients will use when it is not the server's own: a proxy in between. Roundup checks it.
    """

    user = USER
    password = PASSWORD

    def __init__(self, directory: Path, web: str = "") -> None:
        self.home = directory / "tracker"
        self.url = ""
        self.web = web
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._make()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        command = [sys.executable, __file__, str(self.home), self.web]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url, "Roundup did not start"
        self.web = self.web or self.url

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def issues(self, **equal: str) -> list[dict[str, Any]]:
        """Every issue, oldest first, with its messages; asked past the connector, so that it can be judged."""
        query = {"@sort": "id", "@verbose": "2", "@fields": "title,status,priority,external_id,messages"}
        query |= {f"{name}:": value for name, value in equal.items()}
        return list(self._get("issue", query)["collection"])

    def texts(self, issue: dict[str, Any]) -> list[str]:
        """What the messages of an issue say, oldest first."""
        ids = sorted((message["id"] for message in issue["messages"]), key=int)
        return [self._get(f"msg/{id_}", {"@verbose": "3"})["attributes"]["content"] for id_ in ids]

    def by_hand(self, number: str, *, say: str = "", change: dict[str, Any] | None = None) -> None:
        """What another person does, under a login of their own: the tracker's administrator."""
        wanted = dict(change or {})
        written = [self._ask("POST", "msg", {"content": say, "author": PERSON[0]}, who=PERSON)["id"]] if say else []
        while True:
            held = self._get(f"issue/{number}", {"@fields": "messages", "@verbose": "2"})
            messages = [*(one["id"] for one in held["attributes"]["messages"]), *written]
            try:
                self._ask(
                    "PATCH", f"issue/{number}", {"@op": "replace", "messages": messages, **wanted}, etag=held["@etag"], who=PERSON
                )
                return
            except urllib.error.HTTPError as error:
                if error.code != HTTPStatus.PRECONDITION_FAILED:  # somebody was faster: they look again
                    raise

    def by_hand_new(self, title: str) -> dict[str, Any]:
        """An issue of another person's."""
        return self._ask("POST", "issue", {"title": title}, who=PERSON)

    def retire(self, number: str) -> None:
        """Roundup's way to delete."""
        _run([str(Path(sys.executable).with_name("roundup-admin")), "-i", str(self.home), "retire", f"issue{number}"])

    def _get(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        return self._ask("GET", f"{path}?{urllib.parse.urlencode(query)}")

    def _ask(
        self, method: str, path: str, value: object = None, *, etag: str = "", who: tuple[str, str] = (USER, PASSWORD)
    ) -> dict[str, Any]:
        origin = self.web.rstrip("/")
        token = base64.b64encode(":".join(who).encode()).decode()
        headers = {"Authorization": f"Basic {token}", "X-Requested-With": "rest", "Origin": origin, "Referer": self.web}
        headers |= {"Content-Type": "application/json"} | ({"If-Match": etag} if etag else {})
        body = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(f"{self.url}rest/data/{path}", body, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return dict(json.load(answer)["data"])

    def _make(self) -> None:
        admin = [str(Path(sys.executable).with_name("roundup-admin")), "-i", str(self.home)]
        _run([*admin, "install", "classic", "sqlite"])
        _settings(self.home, "http://127.0.0.1/")
        schema = self.home / "schema.py"
        text = schema.read_text()
        schema.write_text(
            text.replace('status=Link("status"))', 'status=Link("status"),\n                external_id=String(indexme="yes"))')
        )
        _run([*admin, "initialise", PERSON[1]], "Y\n")
        _run([*admin, "create", "user", f"username={USER}", f"password={PASSWORD}", "roles=User", "address=monitor@tracker.test"])


def _run(command: list[str], text: str = "") -> None:
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _settings(home: Path, web: str) -> None:
    path = home / "config.ini"
    text = path.read_text()
    for pattern, written in _SETTINGS.items():
        text = re.sub(pattern, written.format(web=web), text, flags=re.MULTILINE)
    path.write_text(text)


def serve(home: Path, web: str) -> None:
    """Serve for ever; the first line printed is the URL."""
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

    from roundup.cgi.wsgi_handler import RequestDispatcher

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = WSGIServer(("127.0.0.1", 0), Quiet)
    url = f"http://127.0.0.1:{server.server_port}/"
    _settings(home, web or url)
    server.set_app(RequestDispatcher(str(home)))
    print(url, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2])
