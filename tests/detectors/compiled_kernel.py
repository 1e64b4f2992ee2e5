"""The kernel's own source compiled by numba, function by function, for the tests that compare it with itself interpreted."""

from types import FunctionType, ModuleType
from typing import Any

import numba


def compiled(module: ModuleType) -> dict[str, Any]:
    """The module's functions, each calling the others' compiled forms."""
    names = dict(vars(module))
    for name, value in vars(module).items():
        if isinstance(value, FunctionType) and value.__module__ == module.__name__:
            names[name] = numba.njit(FunctionType(value.__code__, names, name, value.__defaults__))
    return names
