"""One incident in one piece: everything that is kept of it, and the hash that shows whether a copy was changed."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from monitor.model.incident import Incident, OutboxRow, TimelineEntry
from monitor.web.shapes import incident_shape


def bundle(incident: Incident, timeline: Sequence[TimelineEntry], rows: Sequence[OutboxRow]) -> dict[str, Any]:
    """``content``, and ``sha256`` of it as ``canonical`` writes it. The same record gives the same hash, whenever it is asked for."""
    content = incident_shape(incident, timeline=timeline, outbox=rows, said=True)
    return {"content": content, "sha256": hashlib.sha256(canonical(content)).hexdigest()}


def canonical(content: dict[str, Any]) -> bytes:
    """JSON in UTF-8 with sorted keys, no blanks, and no character escaped that need not be."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
