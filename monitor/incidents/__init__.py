"""Floor 1: alerts with one cause are one incident with one life; what is to be told about it, in words."""

from monitor.incidents.book import Book
from monitor.incidents.change import Change
from monitor.incidents.moves import MOVES, Event, Refused, Unknown

__all__ = ["MOVES", "Book", "Change", "Event", "Refused", "Unknown"]
