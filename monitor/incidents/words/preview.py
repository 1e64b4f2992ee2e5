"""Any text of any incident, as it would be said: for whoever writes templates, and for whoever is about to tell a customer."""

from dataclasses import replace

from monitor.incidents.words.words import Words
from monitor.model.incident import CommandKind, Incident, Status
from monitor.model.text import Text

#: What a desk is told by: the text that is looked at -> the command that carries it.
COMMANDS = {
    "title": CommandKind.OPEN,
    "body": CommandKind.OPEN,
    "update": CommandKind.UPDATE,
    "resolved": CommandKind.RESOLVE,
}
WHAT = (*COMMANDS, "notice", "vendor")


def as_if(incident: Incident, what: str, at: float) -> Incident:
    """The incident at the moment when ``what`` is said: everything known is news, and for the last word it is over."""
    if what == "resolved" and incident.resolved is None:
        incident = replace(incident, status=Status.RESOLVED, resolved=max(at, incident.since), alerts={})
    return replace(incident, told_at=None) if what in ("update", "resolved") else incident


def preview(words: Words, incident: Incident, what: str, at: float) -> Text:
    """``what`` is one of WHAT; ``at``: now, in UTC seconds."""
    shown = as_if(incident, what, at)
    match what:
        case "title":
            return words.title(shown)
        case "body":
            return words.body(shown)
        case "notice":
            return words.notice(shown)
        case "vendor":
            return words.vendor(shown)
    return words.comment(shown.news, shown, COMMANDS[what])
