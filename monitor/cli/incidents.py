"""`paycanary incidents`: what is wrong, since when, who has it."""

from typing import Annotated, Any

import typer
from rich.table import Column, Table

from monitor.cli.service import DEFAULT_URL, Json, Url, call, out, path, whoami

app = typer.Typer(no_args_is_help=True, add_completion=False)
Who = Annotated[str, typer.Option("--by", help="Who says so; you, when left out.")]
Language = Annotated[str, typer.Option("--lang", help="en or zh.")]
STYLES = {"open": "bold red", "acknowledged": "yellow", "resolved": "green"}


@app.command("list")
def list_(
    status: Annotated[str, typer.Option(help="open, acknowledged, resolved; several with commas; all when left out.")] = "",
    lang: Language = "en",
    json: Json = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Incidents, newest first."""
    found = call(url, "GET", f"/api/v1/incidents?status={status}")["incidents"]
    if json:
        out.print_json(data=found)
        return
    if not found:
        out.print("no incidents")
        return
    table = Table(Column("incident", no_wrap=True), "", "status", "opened (UTC)", "checks", "what")  # ids are there to be copied
    for one in found:
        style = STYLES[one["status"]]
        table.add_row(
            one["id"],
            one["severity"],
            f"[{style}]{one['status']}[/]",
            one["opened"][:19],
            str(one["check_count"]),
            one["title"][lang],
        )
    out.print(table)


@app.command()
def show(incident: str, lang: Language = "en", json: Json = False, url: Url = DEFAULT_URL) -> None:
    """One incident: its alerts, timeline and tickets."""
    one = call(url, "GET", path("api", "v1", "incidents", incident))
    if json:
        out.print_json(data=one)
        return
    out.print(
        f"[bold]{one['title'][lang]}[/bold]  {one['severity']}  [{STYLES[one['status']]}]{one['status']}[/]", highlight=False
    )
    out.print(f"{one['id']}  target {one['target']}  began {one['since']}  opened {one['opened']}", highlight=False)
    for alert in one["alerts"]:
        where = " ".join(filter(None, (alert["check"], alert["stratum"], alert["step"])))
        out.print(f"  • {where}: {alert['summary'][lang]}", highlight=False, markup=False)
    _timeline(one, lang)
    for row in one.get("tickets", ()):
        out.print(
            f"  {row['desk']}: {row['kind']} {row['state']} {row['remote_id']} {row['error']}".rstrip(),
            highlight=False,
            markup=False,
        )


def _timeline(one: dict[str, Any], lang: str) -> None:
    table = Table("at (UTC)", "by", "what", box=None)
    for entry in one.get("timeline", ()):
        table.add_row(entry["at"][:23], entry["by"], entry["text"][lang])
    out.print(table)


@app.command()
def ack(incident: str, by: Who = "", url: Url = DEFAULT_URL) -> None:
    """Say that you have it."""
    call(url, "POST", path("api", "v1", "incidents", incident, "ack"), {"by": by or whoami()})
    out.print("acknowledged")


@app.command()
def note(incident: str, text: str, by: Who = "", url: Url = DEFAULT_URL) -> None:
    """Add a line to the timeline."""
    call(url, "POST", path("api", "v1", "incidents", incident, "note"), {"by": by or whoami(), "text": text})
    out.print("noted")


@app.command()
def resolve(incident: str, by: Who = "", url: Url = DEFAULT_URL) -> None:
    """Say that it is over. It opens again only when its checks recover and fail anew."""
    call(url, "POST", path("api", "v1", "incidents", incident, "resolve"), {"by": by or whoami()})
    out.print("resolved")


@app.command()
def silence(
    reason: str,
    minutes: Annotated[float, typer.Option("--for", help="Minutes; at most a day.", min=1, max=1440)] = 60,
    check: Annotated[list[str] | None, typer.Option(help="Check ids; all when left out.")] = None,
    target: Annotated[list[str] | None, typer.Option(help="Target ids; all when left out.")] = None,
    by: Who = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Tell nobody for a while. Incidents are still opened and kept, and told when the silence ends if they last."""
    from monitor.cli.maintenance import post_window

    made = post_window(url, "silence", minutes, reason, by, check, target)
    out.print(f"silenced until {made['ends']} ({made['id']})", highlight=False)
