"""Every format of the monthly statement by name."""

from collections.abc import Callable, Sequence

from monitor.reports import csv_table, html_page
from monitor.reports.statement import Statement

#: A statement and its languages, the first one leading, to files by name.
Render = Callable[[Statement, Sequence[str]], dict[str, bytes]]

FORMATS: dict[str, Render] = {"html": html_page.render, "csv": csv_table.render}
LANGUAGES = tuple(html_page.TAGS)
