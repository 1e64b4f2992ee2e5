"""The budget governor: one budget for everything that asks one gateway with one credential.

Pure: instants and chance come in as arguments, all state is a value that can be saved and put back. Its edge is
``monitor/probes/governor.py``.
"""

from monitor.budget.account import Account, Refusal, Work

__all__ = ["Account", "Refusal", "Work"]
