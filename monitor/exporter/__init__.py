"""Metrics for Prometheus: declared in ``catalogue.py``, kept as ready lines, joined on a scrape."""

from monitor.exporter.catalogue import METRICS
from monitor.exporter.exporter import BUDGET, Exporter, Scrape

__all__ = ["BUDGET", "METRICS", "Exporter", "Scrape"]
