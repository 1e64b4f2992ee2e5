"""`paycanary incidents preview`: any text of any stored incident as people would read it, or a desk be sent it.

Reads the store's file beside a running service or without one, with the templates of the configuration as it is on the disk now; with
``--url`` the service that runs there is asked, with the templates it has.
"""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.loading import DEFAULT_PATH, ConfigPath, load_or_exit
from monitor.cli.service import EXIT_UNREACHABLE, EXIT_USAGE, call, fail, out
from monitor.cli.service import path as api_path
from monitor.config import Config
from monitor.incidents.words import Words
from monitor.incidents.words.preview import COMMANDS, WHAT, as_if, preview
from monitor.model.incident import Incident, Ticket
from monitor.stores import StoreError

What = Annotated[str, typer.Option("--what", help=f"{', '.join(WHAT[:-1])} or {WHAT[-1]}.")]
Tongue = Annotated[str, typer.Option("--lang", help="en or zh; both when left out.")]
Desk = Annotated[str, typer.Option("--desk", help="Show the requests that this desk would be sent instead; nothing is sent.")]
ServiceUrl = Annotated[str, typer.Option("--url", envvar="PAYCANARY_URL", help="Ask the service that runs there, not the store.")]


def preview_incident(
    incident: str,
    what: What = "body",
    lang: Tongue = "",
    desk: Desk = "",
    config: ConfigPath = DEFAULT_PATH,
    url: ServiceUrl = "",
) -> None:
    """What people would read of an incident: ticket, news, end, notice to customers, text for the gateway's support."""
    if what not in WHAT:
        raise fail(f"expected one of {', '.join(WHAT)}, got {what}", EXIT_USAGE)
    if lang not in ("", "en", "zh"):
        raise fail(f"expected en or zh, got {lang}", EXIT_USAGE)
    if desk:
        _show_requests(config, desk, incident, what)
    elif url:
        _show(call(url, "GET", api_path("api", "v1", "incidents", incident, "words", what)), lang)
    else:
        settings = load_or_exit(config, resolve_secrets=False)
        text = preview(_words(settings), _stored(settings, incident), what, _now())
        _show({"en": text.en, "zh": text.in_("zh")}, lang)


def _show(texts: dict[str, str], lang: str) -> None:
    """As it is, to be copied: no colours, and no line broken."""
    shown = [texts[lang]] if lang else [texts["en"], texts["zh"]]
    sys.stdout.write("\n\n".join(shown) + "\n")


def _show_requests(config: Path, desk: str, name: str, what: str) -> None:
    from monitor.connectors.rehearse import readable, rehearse
    from monitor.connectors.table import KINDS

    settings = load_or_exit(config, resolve_secrets=False)
    if desk not in settings.desks:
        raise fail(f"there is no desk {desk}; the configuration has: {', '.join(settings.desks) or 'none'}", EXIT_USAGE)
    if what not in COMMANDS:
        raise fail(f"desks are told {', '.join(COMMANDS)}; {what} is for people to send", EXIT_USAGE)
    options = settings.desks[desk].options
    ticket = _ticket(settings, _stored(settings, name), what)
    calls = rehearse(KINDS[settings.desks[desk].kind](options), options, ticket)
    for one in calls:
        sys.stdout.write(f"{one.method} {one.url}\n{readable(one)}\n\n")
    if not calls:
        out.print("this desk is not told that")


def _ticket(settings: Config, incident: Incident, what: str) -> Ticket:
    from monitor.incidents.tickets import Scribe

    scribe, at = Scribe(settings.service.install, _words(settings)), _now()
    return scribe.write(as_if(incident, what, at), COMMANDS[what], at)[1]


def _words(settings: Config) -> Words:
    return Words(settings.words, triages=settings.service.triage)


def _now() -> float:
    from monitor.clock import SystemClock

    return SystemClock().wall()


def _stored(settings: Config, name: str) -> Incident:
    """From the store's file, read-only; its absence, or the incident's, ends the command with a sentence."""
    from monitor.app import DATABASE
    from monitor.clock import SystemClock
    from monitor.stores.sqlite import SqliteStore

    store = SqliteStore(settings.service.data / DATABASE, clock=SystemClock(), threaded=False, read_only=True)

    async def ask() -> Incident | None:
        store.open()
        try:
            return await store.incident(name)
        finally:
            await store.close()

    try:
        found = asyncio.run(ask())
    except StoreError as error:
        raise fail(str(error), EXIT_UNREACHABLE) from None
    if found is None:
        raise fail(f"there is no incident {name}; `paycanary incidents list` shows them", EXIT_USAGE)
    return found
