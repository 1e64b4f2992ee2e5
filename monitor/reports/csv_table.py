"""CSV for spreadsheets: a table of checks, and a table of the spans behind the figures."""

import csv
import io
from collections.abc import Iterable, Sequence

from monitor.model.text import Text
from monitor.reports import phrases
from monitor.reports.phrases import local
from monitor.reports.statement import Line, Statement
from monitor.sla.availability import show_percent

#: Excel takes a file without it for the local code page and shows Chinese as rubbish.
BOM = "\ufeff"
#: A cell that begins like this is a formula to a spreadsheet: text from outside must not be one.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
#: Decimals of a percentage: enough to recompute the seconds of a month.
PLACES = 6


def render(statement: Statement, languages: Sequence[str]) -> dict[str, bytes]:
    """Two files by name."""
    return {
        f"availability-{statement.month}.csv": _table(_checks(statement, languages)),
        f"availability-{statement.month}-spans.csv": _table(_spans(statement, languages)),
    }


def _checks(statement: Statement, languages: Sequence[str]) -> Iterable[list[object]]:
    yield [
        *_words(
            languages, phrases.CHECK, phrases.TARGET, phrases.OBJECTIVE, phrases.AVAILABILITY, phrases.RESULT, phrases.BUDGET
        ),
        *_in_seconds(languages, phrases.UP, phrases.DOWN, phrases.UNKNOWN, phrases.EXCLUDED),
        *_words(languages, phrases.COVERAGE, phrases.RUNS, phrases.SLOTS_MISSED, phrases.OUTAGES),
        *_in_seconds(languages, phrases.MEDIAN, phrases.P95),
        *_words(languages, phrases.FROM, phrases.TO, phrases.INPUTS),
    ]
    for line in statement.lines:
        yield _check(statement, line, languages)


def _check(statement: Statement, line: Line, languages: Sequence[str]) -> list[object]:
    subject, figure = line.subject, line.figure
    return [
        subject.check,
        subject.target,
        show_percent(subject.objective, PLACES),
        show_percent(figure.uptime, PLACES),
        *_words(languages, verdict(line)),
        show_percent(line.budget_used, 1),
        figure.up_seconds,
        figure.down_seconds,
        figure.unknown_seconds,
        figure.excluded_seconds,
        show_percent(figure.coverage, PLACES),
        subject.runs,
        subject.missed,
        line.outage_count,
        _number(subject.p50_seconds),
        _number(subject.p95_seconds),
        local(statement.period.start, statement.zone),
        local(statement.period.end, statement.zone),
        statement.inputs_sha256,
    ]


def _spans(statement: Statement, languages: Sequence[str]) -> Iterable[list[object]]:
    yield [
        *_words(languages, phrases.CHECK, phrases.KIND, phrases.FROM, phrases.TO),
        *_in_seconds(languages, phrases.LASTED),
        *_words(languages, phrases.INCIDENTS, phrases.REASON, phrases.AUTHOR),
    ]
    for line in statement.lines:
        check = line.subject.check
        for outage in line.outages:
            told = ", ".join(one.id for one in outage.incidents)
            yield [check, *_words(languages, phrases.DOWN), *_ends(outage.span, statement.zone), told, "", ""]
        for one in line.subject.exclusions:
            yield [check, *_words(languages, phrases.EXCLUDED), *_ends(one.span, statement.zone), "", one.reason, one.author]
        for span in line.subject.timeline.unknown:
            yield [check, *_words(languages, phrases.UNKNOWN), *_ends(span, statement.zone), "", "", ""]


def verdict(line: Line) -> Text:
    return {True: phrases.MET, False: phrases.MISSED, None: phrases.NO_FIGURE}[line.met]


def _ends(span: tuple[int, int], zone: str) -> list[object]:
    start, end = span
    return [local(start, zone), local(end, zone), end - start]


def _words(languages: Sequence[str], *texts: Text) -> list[str]:
    return [" / ".join(text.in_(language) for language in languages) for text in texts]


def _in_seconds(languages: Sequence[str], *texts: Text) -> list[str]:
    joined = [Text(f"{text.en} {phrases.SECONDS.en}", f"{text.zh}{phrases.SECONDS.zh}") for text in texts]
    return _words(languages, *joined)


def _number(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.4f}"


def _table(rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO()
    out.write(BOM)
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([_guarded(cell) for cell in row])
    return out.getvalue().encode()


def _guarded(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
