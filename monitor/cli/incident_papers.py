"""What is written about incidents: the draft of a post-mortem, an export, the list of problems that come back."""

import sys
from typing import Annotated

import typer
from rich.table import Table

from monitor.cli.incident_acts import Incident
from monitor.cli.service import DEFAULT_URL, EXIT_USAGE, Json, Url, call, fail, fetch, out, path
from monitor.model.units import show_seconds

Language = Annotated[str, typer.Option("--lang", help="en or zh.")]


def postmortem(incident: Incident, lang: Language = "en", url: Url = DEFAULT_URL) -> None:
    """The draft of a post-mortem, in Markdown: facts, and marked blanks for what only people can say."""
    sys.stdout.write(fetch(url, path("api", "v1", "incidents", incident, "postmortem") + f"?lang={_language(lang)}"))


def export(
    incident: Incident,
    kind: Annotated[str, typer.Option("--format", help="json or md.")] = "json",
    lang: Language = "en",
    url: Url = DEFAULT_URL,
) -> None:
    """Everything about one incident in one piece, with the hash of its content."""
    if kind not in ("json", "md"):
        raise fail(f"expected json or md, got {kind}", EXIT_USAGE)
    text = fetch(url, path("api", "v1", "incidents", incident, "export") + f"?format={kind}&lang={_language(lang)}")
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def problems(lang: Language = "en", json: Json = False, url: Url = DEFAULT_URL) -> None:
    """Trouble that comes back: how often, how long altogether, how many customers. The costliest first."""
    found = call(url, "GET", "/api/v1/problems")["problems"]
    if json:
        out.print_json(data=found)
        return
    if not found:
        out.print("no recurring problems")
        return
    table = Table("problem", "times", "altogether", "customers", "latest (UTC)", "what")
    for one in found:
        hit = "-" if one["customers"] is None else f"{one['customers']['middle']:,.0f}"
        table.add_row(one["name"], str(one["count"]), show_seconds(one["seconds"]), hit, one["latest"][:19], one["title"][lang])
    out.print(table)


def _language(lang: str) -> str:
    if lang not in ("en", "zh"):
        raise fail(f"expected en or zh, got {lang}", EXIT_USAGE)
    return lang


def mount(app: typer.Typer) -> None:
    for command in (postmortem, export, problems):
        app.command()(command)
