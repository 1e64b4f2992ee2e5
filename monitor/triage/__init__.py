"""Which layer is it? Evidence in, verdict out, with what speaks against it; pure. See ``docs/triage.md``."""

from monitor.triage.fingerprint import fingerprint
from monitor.triage.judge import judge
from monitor.triage.plan import questions

__all__ = ["fingerprint", "judge", "questions"]
