"""What must never leave: known secrets, card numbers and authentication data, in every spelling they travel in."""

from monitor.redaction.gate import Gate, redact_text, redactor
from monitor.redaction.spans import REDACTED

__all__ = ["REDACTED", "Gate", "redact_text", "redactor"]
