"""What is kept of a run for the person who looks into it: JSON, redacted, compressed.

Of requests: the line. Of answers: status, phases, the names of headers, the beginning of the body. Header values and request
bodies are where credentials and cards travel; they are not kept at all.
"""

import json
import zlib
from collections.abc import Sequence
from typing import Any

from monitor.model.result import Exchange, Result
from monitor.redaction import Gate
from monitor.transactions.script import Do

#: The beginning of a body: an error object fits in it.
EXCERPT_CHARACTERS = 2_048
#: More than the excerpt is redacted, so that a card number across its end is seen whole.
_REDACTED_BYTES = 2 * EXCERPT_CHARACTERS


def pack(result: Result, exchanges: Sequence[tuple[Do, Exchange]], gate: Gate) -> bytes:
    """zlib-compressed UTF-8 JSON: ``{"run", "check", "location", "slot", "stratum", "outcome", "message", "steps": [...]}``."""
    document = {
        "run": result.run_id,
        "check": result.check,
        "location": result.location,
        "slot": result.slot,
        "stratum": result.stratum,
        "due": result.due,
        "outcome": result.outcome,
        "message": gate.text(result.message),
        "steps": [_step(do, exchange, gate) for do, exchange in exchanges],
    }
    return zlib.compress(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())


def unpack(evidence: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(zlib.decompress(evidence))
    return document


def _step(do: Do, exchange: Exchange, gate: Gate) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": do.step.name,
        "undo": do.undo,
        "request": gate.text(exchange.request_line),
        "reach": exchange.reach,
        "started": exchange.started,
        "seconds": exchange.duration_seconds,
        "phases": exchange.phases.reached(),
        "connection": exchange.connection,
        "address": exchange.address,
        "status": exchange.status,
        "headers": sorted(exchange.headers),
        "body_bytes": exchange.body_bytes,
        "body": _excerpt(exchange.raw, gate),
        "reason": exchange.reason,
        "error": gate.text(exchange.error or exchange.parse_error),
    }
    if exchange.tls is not None:
        found["tls"] = {
            "version": exchange.tls.version,
            "cipher": exchange.tls.cipher,
            "chain_expires": exchange.tls.chain_expires,
        }
    return {key: value for key, value in found.items() if value not in ("", None, [], {})}


def _excerpt(raw: bytes, gate: Gate) -> str:
    text = gate.text(raw[:_REDACTED_BYTES].decode("utf-8", "replace"))
    return text if len(text) <= EXCERPT_CHARACTERS else text[:EXCERPT_CHARACTERS] + "…"
