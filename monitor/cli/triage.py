"""`paycanary triage`: look into a target now, and say which layer it is."""

from typing import Annotated

import typer

from monitor.cli.incident_view import show_diagnosis
from monitor.cli.service import DEFAULT_URL, Json, Url, call, out, path


def triage(
    target: Annotated[str, typer.Argument(help="The target to look into.")],
    lang: Annotated[str, typer.Option("--lang", help="en or zh.")] = "en",
    json: Json = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Ask a target, its addresses, its certificate and the references what is wrong, now. Moves no money; takes up to ten seconds."""
    found = call(url, "POST", path("api", "v1", "targets", target, "triage"), {})
    if json:
        out.print_json(data=found)
    else:
        show_diagnosis(found["diagnosis"], lang)
