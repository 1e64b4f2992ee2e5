"""Compiling: the production functions as they stand, and the benchmark's own, kept between runs as long as no source changes."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numba
import numpy as np

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
#: Numba notices a change in the file of a function, not in the files of the functions it calls: the cache is named after all of them.
OURS = (
    ROOT / "monitor" / "detectors" / "baseline.py",
    ROOT / "monitor" / "scheduler" / "schedule.py",
    *sorted((ROOT / "monitor" / "detectors" / "sequential").glob("*.py")),
)

Array = np.ndarray[Any, np.dtype[Any]]
F = TypeVar("F", bound=Callable[..., Any])


def fingerprint() -> str:
    """Changes with any source that could be compiled into the benchmark."""
    digest = hashlib.sha256(f"{numba.__version__} {np.__version__}".encode())
    mine = [path for path in sorted(HERE.glob("*.py")) if "@compiled" in path.read_text(encoding="utf-8")]
    for path in (*OURS, *mine):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


numba.config.CACHE_DIR = str(ROOT / "benchmarks" / "out" / "numba" / fingerprint())

if TYPE_CHECKING:

    def compiled(function: F) -> F: ...

else:
    compiled = numba.njit(cache=True, error_model="numpy")
