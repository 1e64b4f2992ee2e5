"""Stripe's request bodies: form encoding in which brackets nest, ``metadata[order]=7&expand[]=latest_charge``."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from monitor.sandbox.core import MAX_MINOR

Form = dict[str, Any]

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")
#: Deeper nesting than any parameter of the API has.
MAX_DEPTH = 5
MAX_FIELDS = 200


class ParameterError(Exception):
    """The request is wrong before any work was done; such an answer is not kept under an idempotency key."""

    def __init__(self, code: str, message: str, param: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.param = code, message, param


def parse(text: str) -> Form:
    """A body as nested dicts and lists of strings. Raises ParameterError."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=MAX_FIELDS)
    except ValueError:
        raise ParameterError("parameter_invalid", "The request body is not form encoded.") from None
    return nest(pairs)


def nest(pairs: Iterable[tuple[str, str]]) -> Form:
    """Names with brackets -> groups and lists. Raises ParameterError."""
    form: Form = {}
    for name, value in pairs:
        _put(form, _path(name), value)
    return form


def _path(name: str) -> list[str]:
    match = _NAME.fullmatch(name)
    if match is None:
        raise ParameterError("parameter_unknown", "Received a parameter whose name cannot be read.")
    path = [match[1], *_PART.findall(match[2])]
    if len(path) > MAX_DEPTH:
        raise ParameterError("parameter_unknown", "Received a parameter nested too deeply.", path[0])
    return path


def _put(form: Form, path: list[str], value: str) -> None:
    """``a[b][]=v``: an empty last bracket appends; an index (``a[0]``) does too, since requests number in order."""
    if len(path) > 1 and (path[-1] == "" or path[-1].isdecimal()):
        holder, last = _into(form, path[:-2]), path[-2]
        items = holder.setdefault(last, [])
        if not isinstance(items, list):
            raise ParameterError("parameter_invalid", "A parameter is both a list and something else.", path[0])
        items.append(value)
    else:
        _into(form, path[:-1])[path[-1]] = value


def _into(form: Form, path: list[str]) -> Form:
    for part in path:
        form = form.setdefault(part, {})
        if not isinstance(form, dict):
            raise ParameterError("parameter_invalid", "A parameter is both a value and a group.", path[0])
    return form


def only(form: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse what the call does not take."""
    for name in form:
        if name not in known:
            raise ParameterError("parameter_unknown", f"Received unknown parameter: {name[:40]}", name[:40])


def text(form: Mapping[str, Any], name: str, default: str = "") -> str:
    value = form.get(name, default)
    if not isinstance(value, str):
        raise ParameterError("parameter_invalid_string", f"Invalid string: {name}", name)
    return value


def flag(form: Mapping[str, Any], name: str) -> bool:
    value = text(form, name, "false")
    if value not in ("true", "false"):
        raise ParameterError("parameter_invalid_boolean", f"Invalid boolean: {name}", name)
    return value == "true"


def whole(form: Mapping[str, Any], name: str, default: int | None = None, *, least: int = 1, most: int = MAX_MINOR) -> int:
    """A whole number, as amounts and limits are."""
    if name not in form and default is not None:
        return default
    given = text(form, name)
    if not given:
        raise ParameterError("parameter_missing", f"Missing required param: {name}.", name)
    if not given.isdecimal() or len(given) > len(str(most)) or not least <= int(given) <= most:
        raise ParameterError("parameter_invalid_integer", f"Invalid integer: {name} must be from {least} to {most}.", name)
    return int(given)


def group(form: Mapping[str, Any], name: str) -> dict[str, str]:
    """A group of plain values, as metadata is."""
    value = form.get(name, {})
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise ParameterError("parameter_invalid_hash", f"Invalid hash: {name}", name)
    return value
