"""`paycanary incidents`: what is wrong, since when, who has it; and what people do about it."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from monitor.cli import incident_acts, incident_figures, incident_papers, preview
from monitor.cli.incident_view import STYLES, show_incident
from monitor.cli.service import DEFAULT_URL, Json, Url, call, out, path
from monitor.model.units import show_seconds

app = typer.Typer(no_args_is_help=True, add_completion=False)
Language = Annotated[str, typer.Option("--lang", help="en or zh.")]


@app.command("list")
def list_(
    status: Annotated[str, typer.Option(help="open, acknowledged, resolved; several with commas; all when left out.")] = "",
    lang: Language = "en",
    json: Json = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Incidents, newest first. A star marks a severity that a person has fixed."""
    found = call(url, "GET", f"/api/v1/incidents?status={status}")["incidents"]
    if json:
        out.print_json(data=found)
        return
    if not found:
        out.print("no incidents")
        return
    table = Table(
        Column("incident", no_wrap=True), "", Column("status", no_wrap=True), "opened (UTC)", "what", box=None
    )  # ids are there to be copied
    for one in found:
        severity = one["severity"] + "*" * one["severity_fixed"]
        table.add_row(one["id"], severity, _standing(one), _opened(one), escape(one["title"][lang]))
    out.print(table)


def _opened(one: dict[str, Any]) -> str:
    """``2026-11-22 09:59, lasted 3 min 47 s``, with who has it."""
    day = one["opened"][:16].replace("T", " ")
    return f"{day}, lasted {show_seconds(_lasted(one))}" + (f", {escape(one['assignee'])}" if one["assignee"] else "")


def _standing(one: dict[str, Any]) -> str:
    """``open``, and, a line each, what else keeps people from being disturbed by it."""
    beside = [name for name in ("pending", "silenced", "snoozed_until", "parent") if one[name]]
    said = {"pending": "waiting", "silenced": "silenced", "snoozed_until": "snoozed", "parent": "part of another"}
    return "\n".join([f"[{STYLES[one['status']]}]{one['status']}[/]", *(said[name] for name in beside)])


def _lasted(one: dict[str, Any]) -> float:
    """Since it began; until it was over."""
    end = datetime.fromisoformat(one["resolved"]) if one["resolved"] else datetime.now(UTC)
    return max(0.0, (end - datetime.fromisoformat(one["since"])).total_seconds())


@app.command()
def show(incident: str, lang: Language = "en", json: Json = False, url: Url = DEFAULT_URL) -> None:
    """One incident: the verdict, how far it reaches, its clocks, alerts, timeline and tickets."""
    one = call(url, "GET", path("api", "v1", "incidents", incident))
    if json:
        out.print_json(data=one)
    else:
        show_incident(one, lang)


incident_acts.mount(app)
incident_papers.mount(app)
app.command("preview")(preview.preview_incident)
app.command("figures")(incident_figures.show_figures)
