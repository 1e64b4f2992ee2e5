"""`paycanary maintenance`: agreed windows. Silent, and excluded from availability."""

import time
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.table import Column, Table

from monitor.cli.service import DEFAULT_URL, EXIT_USAGE, Json, Url, call, fail, out, path, whoami

app = typer.Typer(no_args_is_help=True, add_completion=False)
Who = Annotated[str, typer.Option("--by", help="Who says so; you, when left out.")]


def post_window(
    url: str,
    kind: str,
    minutes: float,
    reason: str,
    by: str,
    checks: list[str] | None,
    targets: list[str] | None,
    starts: float | None = None,
) -> Any:
    begin = time.time() if starts is None else starts
    body = {"kind": kind, "starts": begin, "ends": begin + minutes * 60, "author": by or whoami(), "reason": reason}
    return call(url, "POST", "/api/v1/windows", {**body, "checks": checks or [], "targets": targets or []})


def _instant(text: str, zone: str) -> float:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()
    except (ValueError, ZoneInfoNotFoundError):
        raise fail(
            f'expected a time like "2026-11-22 02:00" and a zone like Asia/Shanghai, got {text!r} and {zone!r}', EXIT_USAGE
        ) from None


@app.command()
def add(
    reason: str,
    starts: Annotated[str, typer.Option("--from", help='Local time, "2026-11-22 02:00"; now, when left out.')] = "",
    minutes: Annotated[float, typer.Option("--for", help="Minutes; at most a day.", min=1, max=1440)] = 60,
    zone: Annotated[str, typer.Option(help="The zone of --from.")] = "UTC",
    check: Annotated[list[str] | None, typer.Option(help="Check ids; all when left out.")] = None,
    target: Annotated[list[str] | None, typer.Option(help="Target ids; all when left out.")] = None,
    by: Who = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Add a window."""
    made = post_window(url, "maintenance", minutes, reason, by, check, target, _instant(starts, zone) if starts else None)
    out.print(f"maintenance from {made['starts']} to {made['ends']} ({made['id']})", highlight=False)


@app.command("list")
def list_(json: Json = False, url: Url = DEFAULT_URL) -> None:
    """Windows and silences, those to come and those that were."""
    found = call(url, "GET", "/api/v1/windows")["windows"]
    if json:
        out.print_json(data=found)
        return
    table = Table(Column("window", no_wrap=True), "kind", "from (UTC)", "to (UTC)", "covers", "by", "reason")
    for one in found:
        covers = ", ".join([*one["checks"], *one["targets"]]) or "everything"
        table.add_row(
            one["id"], one["kind"], one["starts"][:19], (one["ended"] or one["ends"])[:19], covers, one["author"], one["reason"]
        )
    out.print(table if found else "no windows")


@app.command()
def end(window: str, by: Who = "", url: Url = DEFAULT_URL) -> None:
    """End a window now."""
    call(url, "POST", path("api", "v1", "windows", window, "end"), {"by": by or whoami()})
    out.print("ended")
