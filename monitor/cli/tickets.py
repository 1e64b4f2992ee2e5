"""`paycanary tickets`: what was told to the desks, what waits, and whether the desks can be reached at all.

Listing reads the store's file beside a running service or without one; only trying again goes through the service.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.markup import escape

from monitor.cli.loading import DEFAULT_PATH, ConfigPath, load_or_exit
from monitor.cli.service import DEFAULT_URL, EXIT_UNREACHABLE, EXIT_USAGE, Json, Url, call, fail, out, path
from monitor.cli.ticket_routes import routes
from monitor.config import Config
from monitor.connectors import Delivered, Delivery, Rejected
from monitor.connectors.client import Client, play
from monitor.connectors.table import KINDS
from monitor.connectors.unproven import UNPROVEN
from monitor.model.incident import OutboxRow
from monitor.model.text import Text
from monitor.stores import Store, StoreError

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.command()(routes)
EXIT_FAILED = 1
STYLES = {"sent": "green", "superseded": "dim", "dead": "bold red", "retry": "yellow", "unsure": "yellow"}
T = TypeVar("T")

#: Rows looked through for one id.
ROWS_MAX = 10_000
Limit = Annotated[int, typer.Option(min=1, max=ROWS_MAX, help="How many, newest first.")]
Language = Annotated[str, typer.Option("--lang", help="en or zh.")]


@app.command("list")
def list_(
    desk: Annotated[str, typer.Option(help="One desk only.")] = "",
    incident: Annotated[str, typer.Option(help="One incident only.")] = "",
    waiting: Annotated[bool, typer.Option("--waiting", help="Leave out what is sent or superseded.")] = False,
    limit: Limit = 50,
    json: Json = False,
    config: ConfigPath = DEFAULT_PATH,
) -> None:
    """Ticket commands, newest first."""
    rows = _read(config, lambda store: store.outbox_rows(desk=desk or None, incident=incident or None, limit=limit))
    rows = [row for row in rows if not waiting or row.state not in ("sent", "superseded")]
    if json:
        out.print_json(data=[_shape(row) for row in rows])
        return
    if not rows:
        out.print("no ticket commands")
        return
    for row in rows:  # lines, not a table: ids are there to be copied, whole
        state = f"[{STYLES.get(row.state, 'bold')}]{row.state:<10}[/]"
        out.print(f"{_shape(row)['created'][:19]}  {state} {row.ticket.kind:<8} {row.id}", highlight=False, soft_wrap=True)
        if row.error:
            out.print(f"{'':<21}{escape(row.error)} (attempts: {row.attempts})", highlight=False, soft_wrap=True)


@app.command()
def show(row: str, lang: Language = "en", json: Json = False, config: ConfigPath = DEFAULT_PATH) -> None:
    """One ticket command with its words, as the desk is told them."""
    rows = _read(config, lambda store: store.outbox_rows(desk=row.partition(":")[0], limit=ROWS_MAX))
    found = [one for one in rows if one.id == row]
    if not found:
        raise fail(f"there is no ticket command {row}; `paycanary tickets list` shows them", EXIT_USAGE)
    one, ticket = found[0], found[0].ticket
    if json:
        out.print_json(
            data=_shape(one) | {"body": _words(ticket.body), "comment": _words(ticket.comment), "checks": list(ticket.checks)}
        )
        return
    out.print(f"{one.id}  {ticket.kind}  {one.state}  {one.remote_id}".rstrip(), highlight=False, markup=False)
    for text in (one.error, ticket.title.in_(lang), ticket.body.in_(lang), ticket.comment.in_(lang)):
        if text:
            out.print(f"\n{text}", highlight=False, markup=False)


@app.command()
def retry(row: str, url: Url = DEFAULT_URL) -> None:
    """Try a dead command again. What it may have done before is looked up first."""
    call(url, "POST", path("api", "v1", "tickets", row, "retry"))
    out.print("it will be tried again now")


@app.command()
def check(desk: Annotated[str, typer.Option(help="One desk only.")] = "", config: ConfigPath = DEFAULT_PATH) -> None:
    """Prove every desk's address, credentials, rights and field names without creating anything; say what that does not prove."""
    settings = load_or_exit(config)
    if desk and desk not in settings.desks:
        raise fail(f"there is no desk {desk}; the configuration has: {', '.join(settings.desks) or 'none'}", EXIT_USAGE)
    verdicts = asyncio.run(_check(settings, [desk] if desk else list(settings.desks)))
    for name, verdict in verdicts.items():
        good = isinstance(verdict, Delivered)
        grade = "[green]ok[/]" if good else "[bold red]failed[/]"
        out.print(f"{grade}  {name}".rstrip(), highlight=False)
        for complaint in getattr(verdict, "reason", "").split("; "):
            if complaint:
                out.print(f"      {escape(complaint)}", highlight=False, soft_wrap=True)
        unproven = UNPROVEN[settings.desks[name].kind] if good else ""
        if unproven:
            out.print(f"      [dim]not proved: {escape(unproven)}[/]", highlight=False, soft_wrap=True)
    bad = [verdict for verdict in verdicts.values() if not isinstance(verdict, Delivered)]
    if bad:
        raise typer.Exit(EXIT_FAILED if any(isinstance(one, Rejected) for one in bad) else EXIT_UNREACHABLE)


async def _check(settings: Config, names: list[str]) -> dict[str, Delivery]:
    from monitor.clock import SystemClock

    client = Client(SystemClock())
    verdicts = {}
    try:
        for name in names:
            connector = KINDS[settings.desks[name].kind](settings.desks[name].options)
            verdicts[name] = await play(connector.check(), partial(client.perform, access=connector.access))
    finally:
        await client.close()
    return verdicts


def _shape(row: OutboxRow) -> dict[str, Any]:
    """One command in JSON, with the names that the service's API gives it."""
    return {
        "id": row.id,
        "desk": row.desk,
        "incident": row.ticket.incident,
        "external_id": row.ticket.external_id,
        "kind": row.ticket.kind.value,
        "revision": row.ticket.revision,
        "state": row.state.value,
        "title": _words(row.ticket.title),
        "created": _instant(row.created),
        "sent": None if row.sent is None else _instant(row.sent),
        "attempts": row.attempts,
        "remote_id": row.remote_id,
        "error": row.error,
    }


def _words(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.in_("zh")}


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read(config: Path, question: Callable[[Store], Coroutine[Any, Any, T]]) -> T:
    """Ask the store's file, read-only; its absence ends the command with a sentence."""
    from monitor.app import DATABASE
    from monitor.clock import SystemClock
    from monitor.stores.sqlite import SqliteStore

    settings = load_or_exit(config, resolve_secrets=False)
    store = SqliteStore(settings.service.data / DATABASE, clock=SystemClock(), threaded=False, read_only=True)

    async def ask() -> T:
        store.open()
        try:
            return await question(store)
        finally:
            await store.close()

    try:
        return asyncio.run(ask())
    except StoreError as error:
        raise fail(str(error), EXIT_UNREACHABLE) from None
