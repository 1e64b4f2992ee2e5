"""The service and the sandbox as processes of their own, as an operator runs them; to be killed."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

READY_SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(url: str, method: str = "GET", body: Any = None) -> Any:
    """JSON over HTTP. Raises OSError when nobody answers, HTTPError for a refusal."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def until(what: str, question: Any, seconds: float = READY_SECONDS) -> Any:
    """Ask until the answer is true; says what did not come about."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError):
            answer = question()
            if answer:
                return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"within {seconds:.0f} s there was no {what}")
        time.sleep(0.05)


class Process:
    """``python -m monitor ...`` in a folder, its output in a file there."""

    def __init__(self, folder: Path, name: str, *arguments: str) -> None:
        self.log = folder / f"{name}.log"
        self._command = [sys.executable, "-m", "monitor", *arguments]
        self._folder = folder
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        with self.log.open("ab") as sink:
            self._running = subprocess.Popen(self._command, cwd=self._folder, stdout=sink, stderr=sink, stdin=subprocess.DEVNULL)
        return self

    @property
    def pid(self) -> int:
        assert self._running is not None
        return self._running.pid

    def kill(self, how: signal.Signals = signal.SIGKILL) -> int:
        assert self._running is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._running.pid, how)
        return self._running.wait(30)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._running is not None and self._running.poll() is None:
            self.kill(signal.SIGTERM)


class World:
    """A sandbox and a service on free ports, with the configuration a test asks for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.gateway_port, self.desk_port, self.port = free_port(), free_port(), free_port()
        self.sandbox = Process(
            folder,
            "sandbox",
            "sandbox",
            "--dir",
            "sandbox",
            "--port",
            str(self.gateway_port),
            "--desk-port",
            str(self.desk_port),
            "--script",
            "none",
        )
        self.service = Process(folder, "service", "run", "--config", "paycanary.yaml", "--log-level", "debug")
        self.url = f"http://127.0.0.1:{self.port}"
        self.desk = f"http://127.0.0.1:{self.desk_port}"

    def write(self, *, checks: str, rules: str, desks: str = "", service: str = "") -> None:
        """Configuration files; ``desks`` beside the sandbox's own."""
        (self.folder / "checks").mkdir(exist_ok=True)
        (self.folder / "rules").mkdir(exist_ok=True)
        (self.folder / "checks" / "all.yaml").write_text(checks)
        (self.folder / "rules" / "all.yaml").write_text(rules)
        (self.folder / "paycanary.yaml").write_text(
            f"""service: {{install: test, data: data, listen: "127.0.0.1:{self.port}"{service}}}
include: {{checks: ["checks/*.yaml"], rules: ["rules/*.yaml"]}}
targets:
  gateway:
    title: gateway
    base_url: https://127.0.0.1:{self.gateway_port}
    dialect: mastercard
    signer: {{basic: {{username: merchant.TESTCANARY, password: "${{file:sandbox/mastercard.password}}"}}}}
    allow_private: [127.0.0.0/8]
    tls: {{ca_file: sandbox/ca.pem}}
    timeout: 2s
    budget: {{requests_per_second: 100}}
desks:
  demo:
    webhook: {{url: "{self.desk}/hooks/paycanary", secret: "${{file:sandbox/desk.secret}}", allow_private: [127.0.0.0/8]}}
{desks}"""
        )

    def open_sandbox(self) -> None:
        self.sandbox.start()
        until("sandbox", lambda: ask(f"{self.desk}/_sandbox/open") is not None)

    def break_gateway(self, **fault: Any) -> None:
        ask(f"{self.desk}/_sandbox/faults", "PUT", {"faults": [fault]})

    def mend_gateway(self) -> None:
        ask(f"{self.desk}/_sandbox/faults", "DELETE")

    def tickets(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ask(f"{self.desk}/tickets")["tickets"]
        return found

    def incidents(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ask(f"{self.url}/api/v1/incidents")["incidents"]
        return found
