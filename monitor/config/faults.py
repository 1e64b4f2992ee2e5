"""What pydantic found, in our words: what was expected, what was there, and where it stands in the file."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from monitor.config.problems import did_you_mean, show
from monitor.config.source import Path, Source, Step

_EXPECTED = {
    "string_type": "text",
    "string_sub_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "finite_number": "a finite number",
    "bytes_type": "text",
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
    "string_too_short": ("min_length", "text of a length of at least"),
    "string_too_long": ("max_length", "text of a length of at most"),
    "too_short": ("min_length", "a length of at least"),
    "too_long": ("max_length", "a length of at most"),
}


_Block = TypeVar("_Block", bound=BaseModel)


def read_block(
    source: Source,
    path: Path,
    model: type[_Block],
    data: Any,
    *,
    stand_ins: Mapping[str, Any] | None = None,
    more_keys: Iterable[str] = (),
) -> _Block | None:
    """``data`` as a ``model``. What is wrong is reported and left out, so that the rest is looked at in the same run.

    ``stand_ins`` are values for keys that cannot be left out; they are never built from, because something was reported.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        report(source, error, path, model, more_keys=more_keys)
        wrong = {detail["loc"][0] for detail in error.errors(include_url=False) if detail["loc"]}
    if not isinstance(data, dict):
        return None
    kept = {key: value for key, value in data.items() if key not in wrong}
    try:
        return model.model_validate({**(stand_ins or {}), **kept})
    except ValidationError:
        return None


def report(
    source: Source,
    error: ValidationError,
    path: Path,
    model: type[BaseModel],
    *,
    rename: Mapping[str, Path] | None = None,
    more_keys: Iterable[str] = (),
) -> None:
    """One problem for each thing that pydantic found under ``path``.

    ``rename`` maps a field to where the operator wrote it; ``more_keys`` are possible at the top besides the model's own.
    """
    found: dict[Path, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        loc = _written(source, path, renamed(detail["loc"], rename or {}))
        found.setdefault((*path, *loc), []).append(detail)
    for place, details in found.items():
        if len(details) == 1:
            _report_one(source, details[0], place, model, more_keys)
        else:  # each part of a union has its own opinion
            source.add(place, _either([sentence(detail) for detail in details]))


def renamed(loc: Path, rename: Mapping[str, Path]) -> Path:
    """``loc`` as the operator wrote it."""
    return (*rename[str(loc[0])], *loc[1:]) if loc and loc[0] in rename else loc


def _report_one(source: Source, detail: ErrorDetails, path: Path, model: type[BaseModel], more_keys: Iterable[str]) -> None:
    match detail["type"]:
        case "extra_forbidden":
            known = [*_fields_at(model, detail["loc"][:-1]), *(more_keys if len(detail["loc"]) == 1 else ())]
            source.add(path, "expected a key that exists here, got an unknown one", did_you_mean(path[-1], known), key=True)
        case "missing":
            source.add(path, f'expected a key "{path[-1]}", got none')
        case "enum" | "literal_error":
            source.add(path, sentence(detail), _closest(detail["input"], _choices(detail)))
        case _:
            source.add(path, sentence(detail))


def _closest(wrong: Any, choices: Iterable[str]) -> str:
    hint = did_you_mean(wrong, choices)
    return hint if hint.startswith("did") else ""


def _choices(detail: ErrorDetails) -> list[str]:
    expected = str(detail.get("ctx", {}).get("expected", ""))
    return [choice.strip("'") for choice in expected.replace(" or ", ", ").split(", ")]


def _either(sentences: list[str]) -> str:
    """``expected a, got x`` and ``expected b, got x`` as ``expected a, or b, got x``."""
    *first, last = dict.fromkeys(sentences)
    return ", or ".join(
        [*(one.rpartition(", got ")[0] or one for one in first), last.removeprefix("expected ") if first else last]
    )


def sentence(detail: ErrorDetails) -> str:
    """What was expected and what was there."""
    kind, context, got = detail["type"], detail.get("ctx", {}), show(detail["input"])
    if kind in ("value_error", "assertion_error"):
        return str(context.get("error", detail["msg"]))
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}, got {got}"
    if kind in ("enum", "literal_error"):
        choices = _choices(detail)
        return f"expected {'one of ' if len(choices) > 1 else ''}{', '.join(choices)}, got {got}"
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"expected {words} {context[bound]}, got {got}"
    if kind == "string_pattern_mismatch":
        return f"expected text like {context['pattern']}, got {got}"
    return f"{detail['msg'][0].lower()}{detail['msg'][1:]}, got {got}"


def _written(source: Source, path: Path, loc: tuple[Step, ...]) -> Path:
    """Pydantic's location without the steps that it adds itself for unions and wrapped validators."""
    node = source.node_at(path)
    kept: list[Step] = []
    for index, step in enumerate(loc):
        child = node.children.get(step) if node else None
        if child is not None or (index == len(loc) - 1 and _is_name(step)):
            kept.append(step)
            node = child
    return tuple(kept)


def _is_name(step: Step) -> bool:
    return isinstance(step, int) or not any(letter in step for letter in "[(")


def _fields_at(model: type[BaseModel], loc: tuple[Step, ...]) -> list[str]:
    """The keys possible where an unknown one was found: follows the models down ``loc``."""
    current: Any = model
    for step in loc:
        fields = {field.alias or name: field for name, field in current.model_fields.items()}
        if step in fields:
            inner = _inner_model(fields[str(step)].annotation)
            if inner is None:
                return []
            current = inner
    return [field.alias or name for name, field in current.model_fields.items()]


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    """The first model named in a type: ``Moves | None`` and ``list[Step]`` hold one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_inner_model(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in found if model), None)
