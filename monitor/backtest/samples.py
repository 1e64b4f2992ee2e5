"""The samples format: one JSON object a line, gzip or not. The door through which anybody's labelled data comes in.

Reading is strict: a line that is not understood is named with its number and its reason, and then nothing is replayed at all. A
figure made of the lines that happened to parse would be a figure about the parser.
"""

import gzip
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from monitor.model.outcome import OURS, SUCCESSES, Outcome
from monitor.model.result import PHASES, Phases

#: Problems shown at once. More than these have one cause, and the first ones show it.
PROBLEMS_MAX = 100
#: Longer names are data that slipped into a name.
NAME_MAX = 200
#: Instants are seconds of this century: a number beyond them is in milliseconds, or in another calendar.
EARLIEST, LATEST = 946_684_800.0, 4_102_444_800.0
#: An exchange that took longer than a day is a broken clock.
SECONDS_MAX = 86_400.0
#: Where a sample was taken, when a file has one place only and does not name it.
LOCATION = "local"

_STRATUM = re.compile(r"[^=,\s]+=[^=,\s]+(,[^=,\s]+=[^=,\s]+)*")
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}


class Line(NamedTuple):
    """One sample as written. ``good`` None: nothing was measured. ``step`` "": the run as a whole. ``number`` counts from 1."""

    at: float
    check: str
    step: str
    stratum: str
    location: str
    outcome: Outcome
    good: bool | None
    seconds: float | None
    phases: Phases
    number: int

    @property
    def arrival(self) -> float:
        """When it was known. What came to nothing quickly overtakes what was due before it and timed out."""
        return self.at + (self.seconds or 0.0)

    @property
    def identity(self) -> tuple[float, str, str, str, str]:
        return self.at, self.check, self.step, self.stratum, self.location


class BadSamples(Exception):  # noqa: N818 - a verdict on a file, not a failure of ours
    """The file is refused. ``problems`` are (line number, reason), in the order of lines; ``more`` counts those not kept."""

    def __init__(self, name: str, problems: Iterable[tuple[int, str]], more: int = 0) -> None:
        self.name = name
        self.problems = tuple(problems)
        self.more = more
        super().__init__(name, self.problems, more)

    def __str__(self) -> str:
        lines = [f"{self.name}:{number}: {reason}" if number else f"{self.name}: {reason}" for number, reason in self.problems]
        if self.more:
            lines.append(f"... and {self.more:,} more")
        count = len(self.problems) + self.more
        return "\n".join([*lines, f"{count:,} problem{'s' if count > 1 else ''}"])


class Faults:
    """Problems as they are found, a bounded number of them kept."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._kept: list[tuple[int, str]] = []
        self._more = 0

    def add(self, number: int, reason: str) -> None:
        if len(self._kept) < PROBLEMS_MAX:
            self._kept.append((number, reason))
        else:
            self._more += 1

    def check(self) -> None:
        """Raises BadSamples when anything was found."""
        if self._kept:
            raise BadSamples(self._name, sorted(self._kept), self._more)


def read_samples(path: Path) -> list[Line]:
    """Every sample of a file, in order of arrival. Raises BadSamples."""
    faults = Faults(str(path))
    lines: list[Line] = []
    for number, data in numbered(path, faults):
        try:
            lines.append(parse(data, number))
        except ValueError as reason:
            faults.add(number, str(reason))
    _refuse_twins(lines, faults)
    faults.check()
    return sorted(lines, key=arrival_order)


def arrival_order(line: Line) -> tuple[float, float, str, str, str, str]:
    """One order for the same samples, however the file was sorted."""
    return line.arrival, line.at, line.check, line.location, line.stratum, line.step


def numbered(path: Path, faults: Faults) -> Iterator[tuple[int, Any]]:
    """The JSON value of each line with its number, empty lines left out. Raises BadSamples when the file cannot be read."""
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for number, text in enumerate(file, start=1):
                if not text.strip():
                    continue
                try:
                    yield number, json.loads(text, object_pairs_hook=_once)
                except UnicodeDecodeError:
                    faults.add(number, "expected UTF-8")
                except ValueError as error:
                    faults.add(number, f"expected one JSON object, got something else: {error}")
    except (OSError, EOFError, gzip.BadGzipFile) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BadSamples(str(path), [(0, f"expected a readable file: {reason}")]) from None


def parse(data: Any, number: int) -> Line:
    """One line. Raises ValueError with every reason against it."""
    if not isinstance(data, dict):
        raise ValueError(f"expected one JSON object, got {_show(data)}")
    reasons = [f"{key}: expected a key that exists here, possible are {', '.join(_KEYS)}" for key in data if key not in _KEYS]
    found: dict[str, Any] = {}
    for key, (read, default) in _KEYS.items():
        if key not in data and default is not _NEEDED:
            found[key] = default
            continue
        try:
            found[key] = read(data.get(key))
        except ValueError as reason:
            reasons.append(f"{key}: {reason}")
    if not reasons:
        reasons = _contradictions(found)
    if reasons:
        raise ValueError("; ".join(reasons))
    if found["good"] is _UNSAID:
        found["good"] = None if found["outcome"] in OURS else found["outcome"] in SUCCESSES
    return Line(**found, number=number)


def instant(value: object) -> float:
    """Seconds since 1970 from a number or an RFC 3339 text with its offset. Raises ValueError."""
    if isinstance(value, str):
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            parsed = None
        if parsed is None or parsed.tzinfo is None:
            raise ValueError(f'expected an instant like "2026-11-22T02:00:31Z" or 1795312831.0, got {_show(value)}')
        value = parsed.timestamp()
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError(f'expected an instant like "2026-11-22T02:00:31Z" or 1795312831.0, got {_show(value)}')
    if not EARLIEST <= value <= LATEST:
        hint = " (milliseconds?)" if EARLIEST <= value / 1_000 <= LATEST else ""
        raise ValueError(f"expected seconds since 1970 between the years 2000 and 2100, got {_show(value)}{hint}")
    return float(value)


def name(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= NAME_MAX or not value.isprintable() or "|" in value:
        raise ValueError(f'expected a name of at most {NAME_MAX} characters without "|", got {_show(value)}')
    return value


def _step(value: object) -> str:
    return "" if value == "" else name(value)


def stratum_name(value: object) -> str:
    if value == "" or (isinstance(value, str) and len(value) <= NAME_MAX and _STRATUM.fullmatch(value)):
        return str(value)
    raise ValueError(f'expected "" or a stratum like "brand=visa,currency=usd", got {_show(value)}')


def _outcome(value: object) -> Outcome:
    found = _OUTCOMES.get(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"expected one of {', '.join(_OUTCOMES)}, got {_show(value)}")
    return found


def _good(value: object) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise ValueError(f"expected true, false or null, got {_show(value)}")
    return value


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    fine = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= SECONDS_MAX
    if not fine:
        raise ValueError(f"expected null or a number of seconds from 0 to {SECONDS_MAX:.0f}, got {_show(value)}")
    return float(value)  # type: ignore[arg-type]


def _phases(value: object) -> Phases:
    if value is None:
        return Phases()
    if not isinstance(value, Mapping) or not value.keys() <= set(PHASES):
        raise ValueError(f"expected an object with seconds for any of {', '.join(PHASES)}, got {_show(value)}")
    return Phases(**{phase: _seconds(seconds) for phase, seconds in value.items()})


def _contradictions(found: Mapping[str, Any]) -> list[str]:
    good, outcome = found["good"], found["outcome"]
    if good is not _UNSAID and outcome in OURS and good is not None:
        return [f"good: expected null beside {outcome.value}, where nothing was measured, got {_show(good)}"]
    return []


def _refuse_twins(lines: Iterable[Line], faults: Faults) -> None:
    first: dict[tuple[float, str, str, str, str], int] = {}
    for line in lines:
        earlier = first.setdefault(line.identity, line.number)
        if earlier != line.number:
            faults.add(line.number, f"expected each sample once, got the one of line {earlier} again")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands in it twice")
    return found


def _show(value: object) -> str:
    """A wrong value for a person, short: ``"visa"``, ``true``, ``an object``."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


_NEEDED: Any = object()
_UNSAID: Any = object()
#: key -> how it is read, and what holds when it is not there.
_KEYS: Mapping[str, tuple[Callable[[object], Any], Any]] = {
    "at": (instant, _NEEDED),
    "check": (name, _NEEDED),
    "step": (_step, ""),
    "stratum": (stratum_name, ""),
    "location": (name, LOCATION),
    "outcome": (_outcome, _NEEDED),
    "good": (_good, _UNSAID),
    "seconds": (_seconds, None),
    "phases": (_phases, Phases()),
}
