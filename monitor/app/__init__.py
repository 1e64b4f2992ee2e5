"""Builds everything from a Config; starts, stops, reloads.

``service`` is the whole; ``probing`` is all that asks targets; ``people`` is what people do to it; ``edges`` is what it touches of the
world: tests hand over a simulated clock, scripted probes, a store on the loop and a client without a network, and drive the
same lines.
"""

from monitor.app.edges import DATABASE, LEDGER, Edges
from monitor.app.people import NotThere
from monitor.app.service import App

__all__ = ["DATABASE", "LEDGER", "App", "Edges", "NotThere"]
