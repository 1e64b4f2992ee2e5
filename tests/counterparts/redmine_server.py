"""A real Redmine 5 from Debian's packages, as a process of its own on loopback, with its database in a file."""

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

CODE = Path("/usr/share/redmine")
START_SECONDS = 90.0
PROJECT, FIELD = "payments", "Incident key"
#: login -> API key. ``reader`` may look and write notes; what else it asks for, Redmine leaves out without a word.
KEYS = {login: f"onlyfortests{login:0<28}" for login in ("monitor", "alex", "reader")}
_DATABASE = "production: {{adapter: sqlite3, database: {home}/redmine.db, encoding: utf8, timeout: 10000}}\n"
_SEED = """
Setting.rest_api_enabled = '1'
Redmine::DefaultData::Loader.load('en')
trackers, statuses = Tracker.all.to_a, IssueStatus.all.to_a
fields = {%(field)s => true, 'Unsearchable' => false}.map do |name, searched|
  IssueCustomField.create!(name: name, field_format: 'string', is_filter: searched, trackers: trackers)
end
project = Project.create!(name: 'Payments', identifier: %(project)s, is_public: false, trackers: trackers,
                          enabled_module_names: ['issue_tracking'])
project.issue_custom_fields = fields
all = [:view_issues, :add_issues, :edit_issues, :add_issue_notes, :set_notes_private, :view_private_notes]
rights = {'monitor' => all, 'alex' => all, 'reader' => [:view_issues, :add_issues, :add_issue_notes]}
JSON.parse(%(keys)s).each do |login, key|
  role = Role.create!(name: "#{login}'s role", permissions: rights[login])
  trackers.product(statuses, statuses).each do |tracker, old, new|
    WorkflowTransition.create!(tracker: tracker, role: role, old_status: old, new_status: new) unless old == new
  end
  user = User.new(firstname: login.capitalize, lastname: 'Test', mail: "#{login}@example.com")
  user.login = login
  user.random_password
  user.save!
  Token.create!(user: user, action: 'api').update_column(:value, key)
  Member.create!(project: project, principal: user, roles: [role])
end
"""


def installed() -> bool:
    return (CODE / "config.ru").exists() and shutil.which("puma") is not None


class Redmine:
    """Made on entering, ended on leaving. Its files stay below ``directory``."""

    def __init__(self, directory: Path) -> None:
        self._home = directory.resolve() / "redmine"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        # Debian's Redmine takes its instance's name as a path below its own; nothing says that the path may not lead elsewhere.
        instance = os.path.relpath(self._home, CODE / "instances")
        self._environment = {**os.environ, "RAILS_ENV": "production", "REDMINE_INSTANCE": instance, "LANG": "C.UTF-8"}

    def __enter__(self) -> Self:
        for name in ("config", "files", "tmp", "log", "public"):
            (self._home / name).mkdir(parents=True)
        (self._home / "config" / "database.yml").write_text(_DATABASE.format(home=self._home))
        (self._home / "config" / "secret_key.txt").write_text("only-for-tests-" * 10)
        seed = self._home / "seed.rb"
        seed.write_text(_SEED % {"field": repr(FIELD), "project": repr(PROJECT), "keys": repr(json.dumps(KEYS))})
        self._run("bundle", "exec", "rake", "db:migrate")
        self._run("bundle", "exec", "rails", "runner", str(seed))
        command = ["puma", "-e", "production", "-b", f"tcp://127.0.0.1:{self._port}", "-t", "1:4", "config.ru"]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(
            command, cwd=CODE, env=self._environment, stdout=quiet, stderr=quiet, start_new_session=True
        )
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def issues(self, key: str) -> list[dict[str, Any]]:
        """Asked past the connector, so that it can be judged; oldest first."""
        query = urllib.parse.urlencode({"project_id": PROJECT, "status_id": "*", "sort": "id", "limit": "100"})
        listed = self._ask("GET", f"issues.json?{query}")["issues"]
        return [one for one in listed if any(field["value"] == key for field in one["custom_fields"])]

    def notes(self, number: str) -> list[str]:
        """Oldest first, with the line ends that they were sent with."""
        journals = self._ask("GET", f"issues/{number}.json?include=journals")["issue"]["journals"]
        return [str(one["notes"]).replace("\r\n", "\n") for one in journals if one["notes"]]

    def amend(self, number: str, by: str = "alex", **change: object) -> None:
        """What a person does to an issue."""
        self._ask("PUT", f"issues/{number}.json", {"issue": change}, by)

    def delete(self, number: str) -> None:
        """Nobody's role has the right: it is taken out of the database."""
        self._run("bundle", "exec", "rails", "runner", f"Issue.find({int(number)}).destroy")

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, cwd=CODE, env=self._environment, capture_output=True, text=True, timeout=180, check=False)
        assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                self._ask("GET", "users/current.json")
                return
            except OSError:
                if time.monotonic() > end:
                    self.__exit__()
                    raise
                time.sleep(0.2)

    def _ask(self, method: str, path: str, value: object = None, by: str = "monitor") -> Any:
        headers = {"X-Redmine-API-Key": KEYS[by], "Content-Type": "application/json"}
        body = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(f"{self.url}/{path}", body, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            said = answer.read()
            return json.loads(said) if said.strip() else None
