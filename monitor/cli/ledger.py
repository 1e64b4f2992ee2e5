"""`paycanary ledger`: what synthetic money is open, whether the books are whole, and trying again now.

What changes something goes through the running service. Listing and verifying read the file when no service has it.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from monitor.cli.loading import DEFAULT_PATH, ConfigPath, load_or_exit
from monitor.cli.service import DEFAULT_URL, EXIT_USAGE, Json, Url, call, fail, out, path, whoami
from monitor.ledger.books import Books
from monitor.ledger.entries import from_row
from monitor.model.money import Money
from monitor.model.units import show_seconds
from monitor.stores import StoreError
from monitor.stores.ledger import LedgerDamaged, LedgerFile

app = typer.Typer(no_args_is_help=True, add_completion=False)
EXIT_FAILED = 1
STYLES = {"running": "dim", "owed": "yellow"}
Offline = Annotated[bool, typer.Option("--offline", help="Read the file; no service may be running on it.")]


@app.command("list")
def list_(offline: Offline = False, json: Json = False, config: ConfigPath = DEFAULT_PATH, url: Url = DEFAULT_URL) -> None:
    """Transactions that the gateway has not yet shown to be closed, and where money may not move."""
    view = _view_of_file(_file(config)) if offline else call(url, "GET", path("api", "v1", "ledger"))
    if json:
        out.print_json(data=view)
        return
    _show(view)


def _show(view: dict[str, Any]) -> None:
    for one in view["open"]:
        out.print(_headline(one), highlight=False, soft_wrap=True)
        out.print(f"  {one['reference']}  {escape(one['why_open'])}".rstrip(), style="dim", highlight=False, soft_wrap=True)
    if not view["open"]:
        out.print("no synthetic money is open")
    for target, reason in view["stopped"].items():
        out.print(f"[red]{target}: money is stopped[/red]: {escape(reason)}", highlight=False)
    for word in ("trouble", "damage"):
        if view[word]:
            out.print(f"[red]the ledger[/red]: {escape(view[word])}", highlight=False)


def _headline(one: dict[str, Any]) -> str:
    state = f"[{STYLES.get(one['state'], 'bold')}]{one['state']}[/]"
    where = " ".join(filter(None, (one["target"], one["check"])))
    return f"{one['id']}  {state}  at most {_amounts(one['exposure'])} open for {show_seconds(one['age_seconds'])}  {where}"


def _amounts(exposure: list[dict[str, Any]]) -> str:
    return " + ".join(str(Money(one["minor"], one["currency"])) for one in exposure) or "nothing"


@app.command()
def verify(offline: Offline = False, config: ConfigPath = DEFAULT_PATH, url: Url = DEFAULT_URL) -> None:
    """Walk the chain of hashes from the first entry to the last. Exit code 1 when an entry is missing or was changed."""
    found = _verify_file(_file(config)) if offline else call(url, "GET", path("api", "v1", "ledger", "verify"))
    if found.get("damage"):
        raise fail(f"the ledger is damaged: {found['damage']}", EXIT_FAILED)
    since = f", since {_instant(found['first'])}" if found["first"] is not None else ""
    out.print(f"[green]whole[/green]: {found['entries']} entries{since}; {found['open']} transactions open", highlight=False)


@app.command()
def recover(
    transaction: Annotated[str, typer.Argument(help="Its id, with --by-hand.")] = "",
    by_hand: Annotated[
        str, typer.Option("--by-hand", help="You saw to it at the gateway: say how. Closes the transaction.")
    ] = "",
    swept: Annotated[str, typer.Option("--swept", help="A target that you searched for open payments yourself.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who says so; you, when left out.")] = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Try everything that is open now, whatever its pause. Exit code 1 when something stays open."""
    if bool(by_hand) != bool(transaction):
        raise fail("a transaction and --by-hand belong together", EXIT_USAGE)
    body = {"transaction": transaction, "reason": by_hand, "swept": swept, "by": by or whoami()}
    view = call(url, "POST", path("api", "v1", "ledger", "recover"), body)
    _show(view)
    if any(one["state"] == "owed" for one in view["open"]):
        raise typer.Exit(EXIT_FAILED)


def _file(config: Path) -> LedgerFile:
    from monitor.app import LEDGER

    settings = load_or_exit(config, resolve_secrets=False, allow_live=True)
    found = settings.service.data / LEDGER
    if not found.exists():
        raise fail(f"there is no ledger at {found} yet: it begins with the service's first start", EXIT_USAGE)
    return LedgerFile(found, threaded=False)


def _verify_file(file: LedgerFile) -> dict[str, Any]:
    try:
        open_rows = {row.tx for row in file.open().rows if row.kind in ("intended", "adopted")}
        found = asyncio.run(file.verify())
        return {"entries": found.entries, "first": found.first, "last": found.last, "open": len(open_rows)}
    except LedgerDamaged as damage:
        return {"damage": damage.reason}
    except StoreError as error:
        raise fail(str(error), EXIT_USAGE) from None
    finally:
        file.let_go()


def _view_of_file(file: LedgerFile) -> dict[str, Any]:
    from monitor.clock import SystemClock
    from monitor.janitor import transaction_shape

    now = SystemClock().wall()
    try:
        restored = file.open()
        books = Books.restored((from_row(row) for row in restored.rows), restored.spent, now)
    except StoreError as error:
        raise fail(str(error), EXIT_USAGE) from None
    finally:
        file.let_go()
    return {
        "open": [transaction_shape(tx, now) for tx in books.owed()],
        "stopped": {},
        "trouble": "",
        "damage": "",
        "exposure": [],
    }


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
