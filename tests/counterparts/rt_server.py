"""A real Request Tracker 5 from Debian's packages, as a process of its own on loopback, with its database in a file."""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Self

USER, PASSWORD = "monitor", "only-for-tests-rt"
#: Made by RT itself with its database.
PERSON = ("root", "password")
SERVER = Path("/usr/share/request-tracker5/libexec/rt-server")
SETUP = shutil.which("rt-setup-database-5") or "/usr/sbin/rt-setup-database-5"
START_SECONDS = 60.0
_CONFIG = """
Set($rtname, 'canary'); Set($DatabaseType, 'SQLite'); Set($DatabaseName, "{home}/rt.db"); Set($WebDomain, '127.0.0.1');
Set($WebPort, {port}); Set($WebPath, ''); Set($MailCommand, 'testfile'); Set($LogToSyslog, undef);
Set($MasonDataDir, "{home}/mason"); Set($MasonSessionDir, "{home}/session"); Set($RestrictReferrer, 0); 1;
"""
_DATA = """
@Queues = ({{ Name => 'Payments' }});
@CustomFields = ({{ Name => 'IncidentKey', Type => 'FreeformSingle', LookupType => 'RT::Queue-RT::Ticket', ApplyTo => ['Payments'] }});
@Users = ({{ Name => '{user}', Password => '{password}', EmailAddress => 'monitor@example.com', Privileged => 1 }});
@ACL = map {{ {{ UserId => '{user}', Right => $_, Queue => 'Payments' }} }} qw(CreateTicket ShowTicket ShowTicketComments
    CommentOnTicket ReplyToTicket ModifyTicket DeleteTicket SeeQueue SeeCustomField ModifyCustomField SetInitialCustomField OwnTicket);
"""


def installed() -> bool:
    return SERVER.exists()


class RequestTracker:
    """Made on entering, ended on leaving. Its files stay below ``directory``."""

    def __init__(self, directory: Path) -> None:
        self._home = directory / "rt"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._environment = {
            **os.environ,
            "RT_SITE_CONFIG": str(self._home / "RT_SiteConfig.pm"),
            "RT_SITE_CONFIG_DIR": str(self._home / "none"),
        }

    def __enter__(self) -> Self:
        for name in ("none", "mason", "session"):
            (self._home / name).mkdir(parents=True)
        (self._home / "RT_SiteConfig.pm").write_text(_CONFIG.format(home=self._home, port=self._port))
        (self._home / "initialdata.pl").write_text(_DATA.format(user=USER, password=PASSWORD))
        self._setup("init", "--skip-create")
        self._setup("insert", "--skip-create", "--datafile", str(self._home / "initialdata.pl"))
        command = [str(SERVER), "--server", "Standalone", "--host", "127.0.0.1", "--port", str(self._port)]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, env=self._environment, stdout=quiet, stderr=quiet, start_new_session=True)
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def tickets(self, key: str) -> list[dict[str, Any]]:
        """Asked past the connector, so that it can be judged; oldest first."""
        query = {"query": f"CF.{{IncidentKey}} = '{key}'", "fields": "Subject,Status,Priority", "orderby": "id"}
        return list(self._get(f"tickets?{urllib.parse.urlencode(query)}")["items"])

    def texts(self, number: str) -> list[str]:
        found = self._get(f"ticket/{number}/attachments?fields=Content&per_page=100")["items"]
        return [one["Content"] for one in sorted(found, key=lambda one: int(one["id"]))]

    def set_status(self, number: str, status: str) -> None:
        self._get(f"ticket/{number}", "PUT", {"Status": status})

    def by_hand(self, number: str, *, say: str = "", reply: str = "", change: dict[str, str] | None = None) -> None:
        """What another person does, under a login of their own: RT's administrator."""
        for kind, text in (("comment", say), ("correspond", reply)):
            if text:
                self._get(f"ticket/{number}/{kind}", "POST", {"Content": text, "ContentType": "text/html"}, PERSON)
        if change:
            self._get(f"ticket/{number}", "PUT", change, PERSON)

    def by_hand_new(self, subject: str) -> str:
        """The number of a ticket of another person's."""
        return str(self._get("ticket", "POST", {"Queue": "Payments", "Subject": subject}, PERSON)["id"])

    def _setup(self, action: str, *arguments: str) -> None:
        command = [SETUP, "--action", action, *arguments, "--dba", "", "--dba-password", ""]
        subprocess.run(command, env=self._environment, check=True, capture_output=True, timeout=120)

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                self._get("rt")
                return
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def _get(self, path: str, method: str = "GET", value: object = None, who: tuple[str, str] = (USER, PASSWORD)) -> Any:
        token = base64.b64encode(":".join(who).encode()).decode()
        headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
        body = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(f"{self.url}/REST/2.0/{path}", body, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
