"""`paycanary doctor --selfcheck`: plants secrets and card numbers in every input of a short real service, and looks for them in every output."""

from monitor.selfcheck.check import Report, run

__all__ = ["Report", "run"]
