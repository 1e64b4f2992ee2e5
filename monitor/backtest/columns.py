"""The same samples as columns: millions of lines a few at a time would take an hour. Needs the extra ``paycanary[backtest]``.

Only plain files are read this way: whole runs, every line alike, nothing wrong. Anything else is left to ``samples``, which reads
line by line and can say what is wrong with each.
"""

import gzip
import io
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.backtest.samples import EARLIEST, LATEST, LOCATION, SECONDS_MAX, Line, name, stratum_name
from monitor.model.outcome import OURS, SUCCESSES, Outcome
from monitor.model.result import Phases

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Small = NDArray[np.int16]

#: An outcome's number in the columns.
OUTCOMES = tuple(outcome.value for outcome in Outcome)
_KEYS = frozenset({"at", "check", "location", "stratum", "step", "outcome", "good", "seconds"})


@dataclass(frozen=True, slots=True)
class Columns:
    """Runs of one check in order of arrival, one entry each. ``seconds`` is not a number where nobody said.

    ``place`` and ``stratum`` index ``places`` and ``strata``; ``outcome`` indexes ``OUTCOMES``; ``good`` is 1, 0, or -1: not measured.
    """

    check: str
    at: "Floats"
    arrival: "Floats"
    place: "Small"
    stratum: "Small"
    outcome: "Small"
    good: "Small"
    seconds: "Floats"
    places: tuple[str, ...]
    strata: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.at)

    def between(self, first: float, last: float) -> "Columns":
        """Those due in [first, last)."""
        return self.at_rows((self.at >= first) & (self.at < last))

    def at_rows(self, rows: Any) -> "Columns":
        """Some of them: numbers of rows in order, or a mask."""
        return replace(
            self,
            at=self.at[rows],
            arrival=self.arrival[rows],
            place=self.place[rows],
            stratum=self.stratum[rows],
            outcome=self.outcome[rows],
            good=self.good[rows],
            seconds=self.seconds[rows],
        )

    def strata_seen(self) -> set[str]:
        import numpy as np

        return {self.strata[number] for number in np.unique(self.stratum)}

    def every_seconds(self) -> float | None:
        """The usual time between two runs from one location; None of a single run."""
        import numpy as np

        gaps = [np.diff(np.unique(self.at[self.place == number])) for number in np.unique(self.place)]
        every = np.concatenate(gaps)
        return float(np.median(every)) if len(every) else None

    def lines(self) -> list[Line]:
        """For the rule engine itself."""
        rows = zip(
            self.at.tolist(),
            self.place.tolist(),
            self.stratum.tolist(),
            self.outcome.tolist(),
            self.good.tolist(),
            self.seconds.tolist(),
            strict=True,
        )
        return [
            Line(
                at,
                self.check,
                "",
                self.strata[stratum],
                self.places[place],
                Outcome(OUTCOMES[outcome]),
                None if good < 0 else bool(good),
                seconds if seconds == seconds else None,
                Phases(),
                0,
            )
            for at, place, stratum, outcome, good, seconds in rows
        ]


@cache
def available() -> bool:
    """Whether the extra is installed."""
    return all(find_spec(name) is not None for name in ("numba", "numpy", "polars"))


def read_columns(path: Path) -> list[Columns] | None:
    """By check, in order of names. None: read it line by line. Memory: some 100 bytes a sample while reading."""
    frame = _frame(path)
    if frame is None or not _plain(frame):
        return None
    return _by_check(frame)


def _frame(path: Path) -> Any:
    import polars as pl

    try:
        source = io.BytesIO(gzip.decompress(path.read_bytes())) if path.suffix == ".gz" else path
        frame = pl.read_ndjson(source, infer_schema_length=None)
    except (OSError, EOFError, pl.exceptions.PolarsError):
        return None
    schema = frame.schema
    texts = [key for key in ("check", "location", "stratum", "step", "outcome") if key in schema]
    numbers = [key for key in ("at", "seconds") if key in schema]
    fine = (
        set(schema) <= _KEYS
        and {"at", "check", "outcome"} <= set(schema)
        and all(schema[key] == pl.String for key in texts)
        and all(schema[key] in (pl.Float64, pl.Int64) for key in numbers)
        and schema.get("good", pl.Boolean()) == pl.Boolean
    )
    if not fine or not len(frame):
        return None
    defaults = {"location": pl.lit(LOCATION), "stratum": pl.lit(""), "step": pl.lit(""), "seconds": pl.lit(None, pl.Float64)}
    frame = frame.with_columns(**{key: value for key, value in defaults.items() if key not in schema})
    return frame.with_columns(pl.col("at").cast(pl.Float64), pl.col("seconds").cast(pl.Float64), **_good(schema))


def _good(schema: Any) -> dict[str, Any]:
    """1, 0, -1; null where only the line itself can tell "not there" from "null"."""
    import polars as pl

    unmeasured, worked = (pl.col("outcome").is_in([one.value for one in kinds]) for kinds in (OURS, SUCCESSES))
    said = pl.col("good").cast(pl.Int16) if "good" in schema else worked.cast(pl.Int16)
    contradicts = pl.col("good").is_not_null() if "good" in schema else pl.lit(False)
    nothing = pl.when(contradicts).then(None).otherwise(pl.lit(-1, pl.Int16))
    return {"good": pl.when(unmeasured).then(nothing).otherwise(said)}


def _plain(frame: Any) -> bool:
    import polars as pl

    keys = ["at", "check", "location", "stratum"]
    odd = (
        pl.any_horizontal(pl.col(key).is_null() for key in (*keys, "step", "outcome", "good"))
        | (pl.col("step") != "")
        | ~pl.col("at").is_between(EARLIEST, LATEST)
        | ~pl.col("seconds").fill_null(0.0).is_between(0.0, SECONDS_MAX)
        | ~pl.col("outcome").is_in(OUTCOMES)
    )
    if frame.select(odd.any()).item() or frame.select(pl.struct(keys).n_unique()).item() != len(frame):
        return False
    try:
        for key, read in (("check", name), ("location", name), ("stratum", stratum_name)):
            for value in frame[key].unique().to_list():
                read(value)
    except ValueError:
        return False
    return True


def _by_check(frame: Any) -> list[Columns]:
    import polars as pl

    known = {key: tuple(frame[key].unique().sort().to_list()) for key in ("check", "location", "stratum")}
    known["outcome"] = OUTCOMES
    numbered = [pl.col(key).cast(pl.Enum(list(values))).to_physical().cast(pl.Int16) for key, values in known.items()]
    seconds = pl.col("seconds").fill_null(float("nan"))
    arrival = (pl.col("at") + pl.col("seconds").fill_null(0.0)).alias("arrival")
    frame = frame.select(pl.col("at"), arrival, seconds, pl.col("good").cast(pl.Int16), *numbered)
    frame = frame.sort("check", "arrival", "at", "location", "stratum")
    arrays = {key: frame[key].to_numpy() for key in ("at", "arrival", "seconds", "good", "location", "stratum", "outcome")}
    found: list[Columns] = []
    begin = 0
    for number, size in frame.group_by("check", maintain_order=True).len().iter_rows():
        cut = {key: values[begin : begin + size] for key, values in arrays.items()}
        found.append(
            Columns(
                check=known["check"][number],
                at=cut["at"],
                arrival=cut["arrival"],
                place=cut["location"],
                stratum=cut["stratum"],
                outcome=cut["outcome"],
                good=cut["good"],
                seconds=cut["seconds"],
                places=known["location"],
                strata=known["stratum"],
            )
        )
        begin += size
    return found
