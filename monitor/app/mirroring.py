"""What people do at the desks, brought into the book: stored in one transaction with how far each ticket has been heard."""

from collections.abc import Callable, Mapping

import structlog
from pydantic import BaseModel

from monitor.connectors.options import TicketOptions
from monitor.delivery import Policy, Sighting
from monitor.exporter import Exporter
from monitor.incidents import AtDesk, Book, Change, Refused, Unknown
from monitor.model.incident import OutboxState
from monitor.model.mirror import DeskEvent, DeskEventKind
from monitor.model.text import Text
from monitor.pipeline import Pipeline
from monitor.redaction import Gate

log = structlog.get_logger()

_AT_DESK: Mapping[DeskEventKind, AtDesk] = {
    DeskEventKind.CLOSED: AtDesk.CLOSED,
    DeskEventKind.REOPENED: AtDesk.REOPENED,
    DeskEventKind.TAKEN: AtDesk.TAKEN,
    DeskEventKind.MERGED: AtDesk.MERGED,
    DeskEventKind.GONE: AtDesk.DELETED,
}
_DONE: Mapping[DeskEventKind, Text] = {
    DeskEventKind.CLOSED: Text("closed", "关闭了"),
    DeskEventKind.REOPENED: Text("reopened", "重新打开了"),
    DeskEventKind.TAKEN: Text("acknowledged", "认领了"),
}


class Mirroring:
    """``hear`` is delivery's ear. ``gate`` is asked for anew: a reload replaces it."""

    def __init__(self, book: Book, pipeline: Pipeline, exporter: Exporter, gate: Callable[[], Gate]) -> None:
        self._book, self._pipeline, self._exporter, self._gate = book, pipeline, exporter, gate

    async def hear(self, sighting: Sighting) -> None:
        """Returns when it is on the disk."""
        again = any(row.state is OutboxState.NEW for row in sighting.rows)
        changes = [self._apply(event, again=again) for event in sighting.events]
        await self._pipeline.mirrored(sighting.cursors, sighting.rows, joined(changes))

    def _apply(self, event: DeskEvent, *, again: bool) -> Change:
        self._exporter.desk_event(event.desk, event.kind)
        if event.kind is DeskEventKind.GONE and not again:
            self._exporter.delivery("fallback", event.desk)
        log.info("desk_event", desk=event.desk, ticket=event.remote_id, incident=event.incident, did=event.kind.value)
        try:
            return self._told(event, again=again)
        except (Unknown, Refused) as error:  # an incident that can no longer change, or that knows it already
            log.info("desk_event_left", incident=event.incident, did=event.kind.value, why=str(error))
            return Change()

    def _told(self, event: DeskEvent, *, again: bool) -> Change:
        text, by = self._gate().text(event.text), self._gate().text(event.by) or event.desk
        if event.kind is DeskEventKind.COMMENTED:
            return self._book.heard(event.incident, by, text, event.at)
        if event.kind is DeskEventKind.ASSIGNED:
            return self._book.assign(event.incident, by, text, event.at)
        return self._book.at_desk(event.incident, _AT_DESK[event.kind], by, words(event, again=again), event.at)


def joined(changes: list[Change]) -> Change:
    """One change that says what they say in this order; each incident once, as it is in the end."""
    incidents = {incident.id: incident for change in changes for incident in change.incidents}
    timeline = [entry for change in changes for entry in change.timeline]
    tickets = [ticket for change in changes for ticket in change.tickets]
    return Change(list(incidents.values()), timeline, tickets)


def words(event: DeskEvent, *, again: bool = False) -> Text:
    """What the timeline says of it. ``again``: a ticket that was deleted is made once more."""
    ticket, desk, by = event.remote_id, event.desk, event.by
    if event.kind is DeskEventKind.MERGED:
        return Text(
            f"The ticket {ticket} was merged into {event.text} at {desk}; updates go there from now on.",
            f"{desk} 的工单 {ticket} 已并入 {event.text}，后续更新将写入该工单。",
        )
    if event.kind is DeskEventKind.GONE and again:
        return Text(
            f"The ticket {ticket} was deleted at {desk} while the incident lasts; one more is made there.",
            f"工单 {ticket} 在 {desk} 被删除，而事件尚未恢复，将在该处补建一张工单。",
        )
    if event.kind is DeskEventKind.GONE:
        return Text(
            f"The ticket {ticket} was deleted at {desk}; that desk is told no more of this episode.",
            f"工单 {ticket} 在 {desk} 被删除，本次发作期间不再向该处推送更新。",
        )
    done = _DONE[event.kind]
    if not by:
        return Text(f"Somebody {done.en} the ticket {ticket} at {desk}.", f"有人在 {desk} {done.zh}工单 {ticket}。")
    return Text(f"{by} {done.en} the ticket {ticket} at {desk}.", f"{by} 在 {desk} {done.zh}工单 {ticket}。")


def policies(options: Mapping[str, BaseModel]) -> dict[str, Policy]:
    """How each desk is listened to, by the options of the desks where people work on tickets."""
    ours = {name: one for name, one in options.items() if isinstance(one, TicketOptions)}
    return {name: Policy(one.look_every, one.when_gone) for name, one in ours.items()}
