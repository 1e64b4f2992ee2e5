"""The house: imports go strictly down, rooms of one floor do not know each other, the pure floors touch nothing."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "monitor"

#: Room -> floor. A room may import lower floors only.
FLOORS = {
    "model": 0,
    "transactions": 1,
    "detectors": 1,
    "incidents": 1,
    "sla": 1,
    "redaction": 1,
    "ledger": 1,
    "budget": 1,
    "adaptive": 1,
    "triage": 1,
    "deadlines": 1,
    "routing": 1,
    "rules": 2,
    "clock": 2.5,
    "net": 2.5,
    "probes": 3,
    "stores": 3,
    "connectors": 3,
    "signers": 3,
    "reports": 3,
    "exporter": 3,
    "config": 4,
    "scheduler": 4,
    "hasten": 4,
    "pipeline": 4,
    "delivery": 4,
    "inquiry": 4,
    "janitor": 4,
    "watch": 4,
    "app": 5,
    "backtest": 5,
    "web": 6,
    "selfcheck": 6.5,
    "cli": 7,
}
#: Beside the floors: what they may import of the house.
BESIDE = {"sandbox": {"model"}, "testing": set(FLOORS)}
#: An import that goes sideways or up, with its reason.
ALLOWED = {
    ("transactions", "redaction"): "judgements quote what the gateway said, and the gate is between every quotation and a sink",
    ("incidents", "redaction"): "wording quotes alerts",
    ("cli", "sandbox"): "the commands that start it",
}
PURE = {
    "triage",
    "deadlines",
    "routing",
    "adaptive",
    "budget",
    "model",
    "transactions",
    "detectors",
    "incidents",
    "sla",
    "redaction",
    "ledger",
    "rules",
}
#: What a pure room has no business with.
EFFECTS = {
    "asyncio",
    "socket",
    "ssl",
    "logging",
    "structlog",
    "random",
    "secrets",
    "time",
    "sqlite3",
    "os",
    "subprocess",
    "threading",
    "aiohttp",
    "tempfile",
    "urllib.request",
    "http",
}


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] not in ("__init__", "__main__"):
            yield parts[0], path


def imported(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            if node.module == "monitor":
                yield from ((node.lineno, f"monitor.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, node.module
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "relative"


def test_every_room_stands_on_a_floor() -> None:
    assert {room for room, _ in modules()} <= set(FLOORS) | set(BESIDE)


def test_imports_go_strictly_down() -> None:
    wrong = []
    for room, path in modules():
        for line, name in imported(path):
            other = name.split(".")[1] if name.startswith("monitor.") else None
            if other is None or other == room or (room, other) in ALLOWED:
                continue
            fine = other in BESIDE[room] if room in BESIDE else other in FLOORS and FLOORS[other] < FLOORS[room]
            if not fine:
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {room} imports {other}")

    assert wrong == []


def test_the_sandbox_and_the_test_tools_are_not_built_on() -> None:
    """Only the commands that start the sandbox know it."""
    users = {
        path.relative_to(ROOT).as_posix()
        for room, path in modules()
        for _, name in imported(path)
        if room not in BESIDE and name.startswith(("monitor.sandbox", "monitor.testing"))
    }

    assert users <= {"cli/sandbox.py", "cli/demo.py"}


def test_nothing_is_imported_relatively() -> None:
    assert [path for _, path in modules() if any(name == "relative" for _, name in imported(path))] == []


@pytest.mark.parametrize("room", sorted(PURE))
def test_the_pure_floors_touch_nothing(room: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for where, path in modules()
        if where == room
        for line, name in imported(path)
        if name.split(".")[0] in EFFECTS or name in EFFECTS
    ]

    assert wrong == []
