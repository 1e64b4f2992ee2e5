"""What learning reads back: measured runs as columns, and the versions of what was found normal."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping

from monitor.model.learned import Force, Learned
from monitor.stores import Past
from monitor.stores.rows import OUTCOMES, TEXT

_PAST = """
SELECT due, stratum_id, good, outcome, latency_us FROM result
WHERE check_id = ? AND location_id = ? AND slot BETWEEN ? AND ? AND due >= ? AND due < ? AND good IS NOT NULL"""
_LEARNED = "SELECT check_id, stratum_id, version, at, force, note, body FROM learned"
#: Each series' newest version in force.
_NEWEST = f"""
{_LEARNED} AS one WHERE version = (
    SELECT max(version) FROM learned WHERE (check_id, stratum_id) = (one.check_id, one.stratum_id) AND force = 'adopted')
ORDER BY check_id, stratum_id"""  # noqa: S608 - only our own words
_MICRO = 1_000_000
Text = Callable[[int], str]


def past(
    connection: sqlite3.Connection, text: Text, check: int, slots: Mapping[int, tuple[int, int]], since: float, until: float
) -> Past:
    """Runs of ``check`` due in [since, until); ``slots`` says among which to look, by location."""
    found: list[tuple[float, int, int, int, int, int | None]] = []
    for place, (first, last) in slots.items():
        rows = connection.execute(_PAST, (check, place, first, last, since, until))
        found += ((due, place, *rest) for due, *rest in rows)
    found.sort(key=lambda row: row[0])
    return Past(
        at=[row[0] for row in found],
        location=[text(row[1]) for row in found],
        stratum=[text(row[2]) for row in found],
        good=[bool(row[3]) for row in found],
        outcome=[OUTCOMES[row[4]] for row in found],
        latency=[None if row[5] is None else row[5] / _MICRO for row in found],
    )


def newest(connection: sqlite3.Connection, text: Text) -> list[Learned]:
    return list(_read(connection.execute(_NEWEST), text))


def versions(connection: sqlite3.Connection, text: Text, check: int | None) -> list[Learned]:
    """All that are kept of one check, newest first."""
    return list(_read(connection.execute(f"{_LEARNED} WHERE check_id = ? ORDER BY at DESC, version DESC", (check,)), text))


def _read(rows: Iterable[tuple[int, int, int, float, str, str, str]], text: Text) -> Iterable[Learned]:
    for check, stratum, version, at, force, note, body in rows:
        yield Learned(text(check), text(stratum), version, at, Force(force), TEXT.validate_json(note), body)
