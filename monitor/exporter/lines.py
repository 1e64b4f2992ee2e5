"""Lines of the exposition format, kept ready: an observation rewrites its own, a scrape only joins them.

Rendering 50,000 series from numbers holds the loop for half a second; joining strings that are ready takes two milliseconds.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from monitor.exporter.catalogue import Kind, Metric
from monitor.model.result import PHASES, Phases

#: OpenMetrics allows 128 characters of labels and values in an exemplar; ours is ``run_id`` and an id.
EXEMPLAR_ID_MAX = 100
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


@lru_cache(maxsize=4096)
def _pair(name: str, value: str) -> str:
    return f'{name}="{value.translate(_ESCAPES)}"'


def label_set(labels: Mapping[str, str]) -> str:
    """``{check="card",location="local"}``; empty without labels."""
    return "{" + ",".join([_pair(name, value) for name, value in labels.items()]) + "}" if labels else ""


class Exemplar(NamedTuple):
    """The run behind a number; shown in OpenMetrics only."""

    run_id: str
    value: float
    at: float

    def __str__(self) -> str:
        return f" # {{{_pair('run_id', self.run_id[:EXEMPLAR_ID_MAX])}}} {self.value:.6g} {self.at:.3f}"


class Family:
    """The text of one metric: a place for each series, or for each histogram with all its lines. Empty: no value yet."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self.texts: list[str] = []
        self.exemplars: dict[int, dict[int, Exemplar]] = {}  # place -> line within it -> exemplar
        self._free: list[int] = []

    def take(self) -> int:
        """A place of its own; one given back is used again."""
        if self._free:
            return self._free.pop()
        self.texts.append("")
        return len(self.texts) - 1

    def give_back(self, place: int) -> None:
        self.texts[place] = ""
        self.exemplars.pop(place, None)
        self._free.append(place)

    def render(self, *, openmetrics: bool) -> str:
        texts = self.texts
        if openmetrics and self.exemplars:
            texts = texts.copy()
            for place, exemplars in self.exemplars.items():
                texts[place] = _with_exemplars(texts[place], exemplars)
        return self._head(openmetrics=openmetrics) + "".join(texts)

    def _head(self, *, openmetrics: bool) -> str:
        metric = self.metric
        name = metric.base if openmetrics else metric.name
        kind = Kind.GAUGE if metric.kind is Kind.INFO and not openmetrics else metric.kind
        return f"# HELP {name} {metric.help}\n# TYPE {name} {kind}\n"


def _with_exemplars(text: str, exemplars: Mapping[int, Exemplar]) -> str:
    lines = text.split("\n")
    for line, told in exemplars.items():
        lines[line] += str(told)
    return "\n".join(lines)


class Cell:
    """One series, or one histogram: a place in its family."""

    __slots__ = ("_place", "_texts", "family", "labels")

    def __init__(self, family: Family, labels: Mapping[str, str]) -> None:
        self.family, self.labels = family, labels
        self._texts, self._place = family.texts, family.take()

    def close(self) -> None:
        self.family.give_back(self._place)

    def tell(self, run_id: str, at: float, *, value: float = 1.0, line: int = 0) -> None:
        """Point at the run behind the latest count."""
        self.family.exemplars.setdefault(self._place, {})[line] = Exemplar(run_id, value, at)

    def _name(self, suffix: str = "", **more: str) -> str:
        """A sample's name with its labels, which must be the declared ones."""
        declared = self.family.metric
        labels = {**self.labels, **more}
        if tuple(labels)[: len(declared.labels)] != declared.labels:
            raise ValueError(f"{declared.name} has the labels {declared.labels}, not {tuple(labels)}")
        return f"{declared.name}{suffix}{label_set(labels)} "


class Counter(Cell):
    """Begins at 0, so that the first event already shows in ``rate()``."""

    __slots__ = ("_head", "value")

    def __init__(self, family: Family, labels: Mapping[str, str]) -> None:
        super().__init__(family, labels)
        self._head, self.value = self._name(), 0
        self.add(0)

    def add(self, count: int = 1) -> None:
        self.value += count
        self._texts[self._place] = f"{self._head}{self.value}\n"


class Gauge(Cell):
    """Absent until set, and while None."""

    __slots__ = ("_head", "_value")

    def __init__(self, family: Family, labels: Mapping[str, str], value: float | None = None) -> None:
        super().__init__(family, labels)
        self._head = self._name()
        self._value: float | None = None
        self.set(value)

    def set(self, value: float | None) -> None:
        if value != self._value:
            self._value = value
            self._texts[self._place] = "" if value is None else f"{self._head}{value}\n"


class Histogram(Cell):
    """Cumulative buckets, then sum and count: one template filled with all numbers at once."""

    __slots__ = ("_bounds", "_counts", "_sum", "_template")

    def __init__(self, family: Family, labels: Mapping[str, str], bounds: Sequence[float]) -> None:
        super().__init__(family, labels)
        self._bounds, self._sum, self._counts = tuple(bounds), 0.0, [0] * (len(bounds) + 1)
        ends = [*(str(float(bound)) for bound in bounds), "+Inf"]
        buckets = [_literal(self._name("_bucket", le=end)) + "%d\n" for end in ends]
        self._template = "".join([*buckets, _literal(self._name("_sum")), "%.9g\n", _literal(self._name("_count")), "%d\n"])
        self.write()

    def add(self, value: float) -> int:
        """Count one value without writing it; the line of the bucket it fell into."""
        bucket = bisect_left(self._bounds, value)
        self._counts[bucket] += 1
        self._sum += value
        return bucket

    def write(self) -> None:
        cumulative = list(accumulate(self._counts))
        self._texts[self._place] = self._template % (*cumulative, self._sum, cumulative[-1])

    def observe(self, value: float) -> int:
        bucket = self.add(value)
        self.write()
        return bucket


class PhaseSummary(Cell):
    """Sum and count of each phase of one step, all in one place. A phase never reached is absent."""

    __slots__ = ("_at", "_template", "_values")

    def __init__(self, family: Family, labels: Mapping[str, str]) -> None:
        super().__init__(family, labels)
        self._at = [-1] * len(PHASES)  # where in ``_values`` a phase's sum stands; its count follows
        self._values: list[float] = []
        self._template = ""

    def observe(self, phases: Phases) -> None:
        at, values = self._at, self._values
        for number, seconds in enumerate(phases):
            if seconds is not None:
                place = at[number] if at[number] >= 0 else self._reach(number)
                values[place] += seconds
                values[place + 1] += 1
        self._texts[self._place] = self._template % tuple(values)

    def _reach(self, number: int) -> int:
        self._at[number] = len(self._values)
        self._values += 0.0, 0
        for suffix, form in (("_sum", "%.9g"), ("_count", "%d")):
            self._template += _literal(self._name(suffix, phase=PHASES[number])) + form + "\n"
        return self._at[number]


def _literal(text: str) -> str:
    return text.replace("%", "%%")
