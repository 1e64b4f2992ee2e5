"""Floor 1: alerts with one cause are one incident with one life; what is to be told about it, in words."""

from monitor.incidents.book import Book
from monitor.incidents.change import Change
from monitor.incidents.findings import AtDesk
from monitor.incidents.moves import MOVES, Event, Refused, Unknown
from monitor.incidents.parents import Parent

__all__ = ["MOVES", "AtDesk", "Book", "Change", "Event", "Parent", "Refused", "Unknown"]
