"""What the timeline, and a ticket that turned out to be a double, say about delivery."""

from dataclasses import replace

from monitor.delivery.moves import Move
from monitor.model.incident import CommandKind, Happening, OutboxRow, OutboxState, Status, Ticket, TimelineEntry
from monitor.model.text import Text


def timeline(row: OutboxRow, move: Move, at: float) -> list[TimelineEntry]:
    """An entry for what people ask about later: when there was a ticket, when it was closed, and what was refused."""
    text = _text(row, move)
    return [TimelineEntry(row.ticket.incident, at, Happening.TICKET, text)] if text else []


def _text(row: OutboxRow, move: Move) -> Text | None:
    if row.state is OutboxState.DEAD:
        return Text(
            f"{row.desk} refused the ticket command ({row.ticket.kind}): {row.error}",
            f"{row.desk} 拒绝了工单指令（{row.ticket.kind}）：{row.error}",
        )
    if row.state is not OutboxState.SENT:
        return None
    if move in (Move.CREATE, Move.FIND):
        return Text(f"ticket {row.remote_id} opened at {row.desk}", f"已在 {row.desk} 创建工单 {row.remote_id}")
    if move is Move.RESOLVE:
        return Text(f"ticket {row.remote_id} resolved at {row.desk}", f"{row.desk} 的工单 {row.remote_id} 已解决")
    if move is Move.REOPEN:
        return Text(f"ticket {row.remote_id} reopened at {row.desk}", f"{row.desk} 的工单 {row.remote_id} 已重新打开")
    return None


def as_double(ticket: Ticket, kept: str) -> Ticket:
    """The command that closes a second ticket of the same incident."""
    comment = Text(
        f"Duplicate of {kept}, made while an answer was lost. Please work there.",
        f"与 {kept} 重复（因应答丢失而产生），请在该工单中处理。",
    )
    return replace(ticket, kind=CommandKind.RESOLVE, status=Status.RESOLVED, comment=comment)
