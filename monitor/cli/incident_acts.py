"""What people do to an incident from the command line."""

import time
from typing import Annotated

import typer

from monitor.cli.service import DEFAULT_URL, EXIT_USAGE, Url, call, fail, out, path, whoami

Who = Annotated[str, typer.Option("--by", help="Who says so; you, when left out.")]
Incident = Annotated[str, typer.Argument(help="Its id, as `incidents list` shows it.")]
SEVERITIES = ("p1", "p2", "p3", "p4")


def _act(url: str, incident: str, name: str, by: str, **more: object) -> None:
    call(url, "POST", path("api", "v1", "incidents", incident, name), {"by": by or whoami(), **more})


def ack(incident: Incident, by: Who = "", url: Url = DEFAULT_URL) -> None:
    """Say that you have it."""
    _act(url, incident, "ack", by)
    out.print("acknowledged")


def note(incident: Incident, text: str, by: Who = "", url: Url = DEFAULT_URL) -> None:
    """Add a line to the timeline."""
    _act(url, incident, "note", by, text=text)
    out.print("noted")


def resolve(incident: Incident, by: Who = "", url: Url = DEFAULT_URL) -> None:
    """Say that it is over. It opens again only when its checks recover and fail anew."""
    _act(url, incident, "resolve", by)
    out.print("resolved")


def assign(
    incident: Incident,
    to: Annotated[str, typer.Argument(help="Who has it from now on; you, when left out.")] = "",
    nobody: Annotated[bool, typer.Option("--nobody", help="Nobody has it any more.")] = False,
    by: Who = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Say whose it is."""
    name = "" if nobody else to or by or whoami()
    _act(url, incident, "assign", by, to=name)
    out.print(f"assigned to {name}" if name else "assigned to nobody", highlight=False, markup=False)


def snooze(
    incident: Incident,
    minutes: Annotated[float, typer.Option("--for", help="Minutes; at most a day.", min=1, max=1440)] = 60,
    by: Who = "",
    url: Url = DEFAULT_URL,
) -> None:
    """No reminder and no escalation for a while. It ends by itself, and at once when the incident becomes worse."""
    _act(url, incident, "snooze", by, until=time.time() + 60 * minutes)
    out.print(f"snoozed for {minutes:g} min", highlight=False)


def pending(
    incident: Incident,
    reason: Annotated[str, typer.Argument(help='Whom or what it waits for: "the gateway\'s answer to case 4711".')],
    by: Who = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Say that it waits for somebody else: its clocks stand still."""
    _act(url, incident, "pending", by, reason=reason)
    out.print("waiting; its clocks stand still")


def resume(incident: Incident, by: Who = "", url: Url = DEFAULT_URL) -> None:
    """Say that it waits no longer."""
    _act(url, incident, "resume", by)
    out.print("taken up again")


def priority(
    incident: Incident,
    severity: Annotated[str, typer.Argument(help="p1 to p4, or auto: its alerts decide again.")],
    by: Who = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Fix how bad it is, by impact and urgency. It stands, whatever its alerts say, until it is set to auto."""
    wanted = severity.lower()
    if wanted not in (*SEVERITIES, "auto"):
        raise fail(f"expected p1, p2, p3, p4 or auto, got {severity}", EXIT_USAGE)
    _act(url, incident, "priority", by, severity=None if wanted == "auto" else wanted)
    out.print("its alerts decide again" if wanted == "auto" else f"fixed at {wanted}", highlight=False)


def escalate(incident: Incident, by: Who = "", url: Url = DEFAULT_URL) -> None:
    """Take the next step of its route now."""
    _act(url, incident, "escalate", by)
    out.print("escalated")


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


def mount(app: typer.Typer) -> None:
    for command in (ack, note, resolve, assign, snooze, pending, resume, priority, escalate, silence):
        app.command()(command)
