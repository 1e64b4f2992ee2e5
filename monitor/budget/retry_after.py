"""``Retry-After``: seconds, or a date (RFC 9110, section 10.2.3)."""

from datetime import UTC
from email.utils import parsedate_to_datetime


def retry_after_seconds(value: str | None, at: float) -> float | None:
    """How long to wait from ``at`` (UTC seconds). None when nothing usable is said."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:10])  # ten digits are three centuries; more would only be a strain on arithmetic
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, aware.timestamp() - at)
