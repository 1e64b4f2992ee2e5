"""Values to rows and back. Results are packed; everything rarer is JSON of the model's own shape, so that a new field needs no migration."""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from pydantic import TypeAdapter

from monitor.model.alert import Alert
from monitor.model.incident import Incident, OutboxRow, TimelineEntry, Window
from monitor.model.mirror import Cursor
from monitor.model.outcome import Outcome
from monitor.model.result import Result
from monitor.model.text import Text
from monitor.stores import Slim

ALERT = TypeAdapter(Alert)
INCIDENT = TypeAdapter(Incident)
OUTBOX_ROW = TypeAdapter(OutboxRow)
TIMELINE_ENTRY = TypeAdapter(TimelineEntry)
WINDOW = TypeAdapter(Window)
CURSOR = TypeAdapter(Cursor)
TEXT = TypeAdapter(Text)

#: An outcome is stored as its place in this list: append only, never reorder.
OUTCOMES = (
    Outcome.OK,
    Outcome.APPROVED,
    Outcome.APPROVED_PARTIAL,
    Outcome.PENDING_ACTION,
    Outcome.SOFT_DECLINE,
    Outcome.HARD_DECLINE,
    Outcome.RISK_DECLINE,
    Outcome.TECH_ISSUER,
    Outcome.TECH_ACQUIRER,
    Outcome.TECH_GATEWAY,
    Outcome.THROTTLED,
    Outcome.CLIENT_CONFIG,
    Outcome.TIMEOUT_UNKNOWN,
    Outcome.CONTRACT_VIOLATION,
    Outcome.NETWORK_ERROR,
    Outcome.AGENT_FAULT,
    Outcome.UNKNOWN,
)
OUTCOME_CODE = {outcome: code for code, outcome in enumerate(OUTCOMES)}

_MICRO = 1_000_000
_FORMATS = {1: "B", 2: "H", 8: "Q"}  # bytes a count takes -> struct's letter

RESULT_COLUMNS = (
    "check_id, location_id, slot, target_id, stratum_id, due, started_us, duration_us, late_us, "
    "outcome, good, reason_id, failed_step_id, run_id, latency_us"
)
ResultRow = tuple[int, int, int, int, int, float, int, int, int, int, "bool | None", int, int, str, "int | None"]


def pack_result(result: Result, words: Mapping[str, int]) -> ResultRow:
    """The row of RESULT_COLUMNS. Durations are kept to the microsecond."""
    due, latency = result.due, result.latency_seconds
    return (
        words[result.check],
        words[result.location],
        result.slot,
        words[result.target],
        words[result.stratum],
        due,
        round((result.started - due) * _MICRO),
        round(result.duration_seconds * _MICRO),
        round(result.late_seconds * _MICRO),
        OUTCOME_CODE[result.outcome],
        result.good,
        words[result.reason],
        words[result.failed_step],
        result.run_id,
        None if latency is None else round(latency * _MICRO),
    )


EXTRA_COLUMNS = f"{RESULT_COLUMNS}, extra, covers_id"


def pack_extra(result: Result, words: Mapping[str, int]) -> tuple[object, ...]:
    """The row of EXTRA_COLUMNS."""
    return (*pack_result(result, words), result.extra, words[result.covers])


def unpack_extra(row: Sequence[Any], text: Callable[[int], str]) -> Slim:
    *plain, extra, covers = row
    return replace(unpack_result(cast("ResultRow", tuple(plain)), text), extra=extra, covers=text(covers))


def unpack_result(row: ResultRow, text: Callable[[int], str]) -> Slim:
    check, location, slot, target, stratum, due, started, duration, late, outcome, good, reason, step, run_id, latency = row
    return Slim(
        check=text(check),
        target=text(target),
        location=text(location),
        slot=slot,
        stratum=text(stratum),
        due=due,
        started=due + started / _MICRO,
        duration_seconds=duration / _MICRO,
        late_seconds=late / _MICRO,
        outcome=OUTCOMES[outcome].value,
        good=None if good is None else bool(good),
        reason=text(reason),
        failed_step=text(step),
        run_id=run_id,
        latency_seconds=None if latency is None else latency / _MICRO,
    )


def pack_counts(counts: Mapping[int, int]) -> bytes:
    """``{index below 256: count}`` as a width byte, the indexes, then the counts in that width, little-endian."""
    if not counts:
        return b""
    highest = max(counts.values())
    if highest < 1 << 8:
        return bytes((1, *counts, *counts.values()))
    width = 2 if highest < 1 << 16 else 8
    return bytes((width, *counts)) + struct.pack(f"<{len(counts)}{_FORMATS[width]}", *counts.values())


def unpack_counts(packed: bytes) -> dict[int, int]:
    if not packed:
        return {}
    width = packed[0]
    size = (len(packed) - 1) // (1 + width)
    counts = struct.unpack(f"<{size}{_FORMATS[width]}", packed[1 + size :])
    return dict(zip(packed[1 : 1 + size], counts, strict=True))
