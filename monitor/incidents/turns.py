"""The record that clocks are computed from: every change of status, severity or waiting, with its instant."""

from dataclasses import replace

from monitor.model.incident import Incident, Turn

#: A day of flapping every quarter of an hour. Beyond, turns from the middle go: how it began and how it stands now are never lost.
TURNS_MAX = 200


def turned(incident: Incident, at: float) -> Incident:
    """With one more turn when something changed since the last. What is weighed in the same instant is one turn."""
    now = Turn(at, incident.status, incident.severity, bool(incident.pending))
    turns = incident.turns
    last = turns[-1] if turns else None
    if last == replace(now, at=last.at if last else at):
        return incident
    if last and (last.at, last.status) == (at, incident.status):
        turns = turns[:-1]
    elif len(turns) >= TURNS_MAX:
        turns = (turns[0], *turns[2:])
    return replace(incident, turns=(*turns, now))


def waiting_from(incident: Incident, at: float) -> float:
    """Since when it waits for somebody, without a break; ``at`` when it does not."""
    for turn in reversed(incident.turns):
        if not turn.pending:
            break
        at = turn.at
    return at
