"""The money ledger at work: the gate that every money step passes, and the janitor who closes what runs leave behind.

``Ledger`` is all of it for whoever builds the service. Inside, ``Keeper`` holds the books and their file together, ``LedgerGate`` is
what the driver asks, ``Janitor`` looks, takes back and tells, ``Sweeper`` looks for what is on no page.
"""

from monitor.janitor.ledger import Ledger, World
from monitor.janitor.view import transaction_shape

__all__ = ["Ledger", "World", "transaction_shape"]
