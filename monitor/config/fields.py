"""The kinds of values that configuration is made of, and the base of every model of it."""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from monitor.config.problems import show
from monitor.model.text import Text
from monitor.model.units import Duration

#: Names become metric labels, file names and parts of addresses.
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$"
NAME_EXPECTED = "expected a name of letters, digits, dots, dashes and underscores (at most 80)"
#: What can be written in an expression without brackets.
VARIABLE_PATTERN = r"^[a-z_][a-z0-9_]{0,39}$"
#: Stratum values are label values: short, and free of the "=" and "," that join them.
LABEL_PATTERN = r"^[A-Za-z0-9_.+-]{1,40}$"
#: A title is one line in a list.
TITLE_MAX = 200
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%")


class Strict(BaseModel):
    """Nothing is guessed: unknown keys are refused and no type is bent into another."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True, populate_by_name=False)


def _name(value: Any) -> Any:
    if isinstance(value, str) and not re.match(NAME_PATTERN, value):
        raise ValueError(f"{NAME_EXPECTED}, got {show(value)}")
    return value


def _variable(value: Any) -> Any:
    if isinstance(value, str) and not re.match(VARIABLE_PATTERN, value):
        raise ValueError(f"expected a name of small letters, digits and underscores (at most 40), got {show(value)}")
    return value


def _label(value: Any) -> Any:
    """A BIN or an amount is written as a number and meant as a text."""
    text = str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not re.match(LABEL_PATTERN, text):
        raise ValueError(f"expected a short value of letters, digits and _ . + - (at most 40), got {show(value)}")
    return text


def _title(value: Any) -> Any:
    if isinstance(value, Text):
        return value
    parts = {"en": value} if isinstance(value, str) else value
    if not isinstance(parts, dict) or not set(parts) <= {"en", "zh"} or not parts.get("en"):
        raise ValueError(f"expected a title, or one for each language ({{en: ..., zh: ...}}), got {show(value)}")
    for text in parts.values():
        if not isinstance(text, str) or not 0 < len(text) <= TITLE_MAX or not text.isprintable():
            raise ValueError(f"expected a title of one line and at most {TITLE_MAX} characters, got {show(text)}")
    return Text(**parts)


def _number(value: Any) -> Any:
    """YAML's fractions arrive as exact Decimals."""
    return float(value) if isinstance(value, Decimal) else value


def _share(value: Any) -> Any:
    match = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if match is None or not 0 < Decimal(match[1]) <= 100:
        raise ValueError(f'expected a share like "99.9%", got {show(value)}')
    return float(Decimal(match[1]) / 100)


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Name = Annotated[str, BeforeValidator(_name), WithJsonSchema({"type": "string", "pattern": NAME_PATTERN})]
Variable = Annotated[str, BeforeValidator(_variable), WithJsonSchema({"type": "string", "pattern": VARIABLE_PATTERN})]
Label = Annotated[
    str, BeforeValidator(_label), WithJsonSchema({"anyOf": [{"type": "string", "pattern": LABEL_PATTERN}, {"type": "number"}]})
]
Title = Annotated[
    Text,
    BeforeValidator(_title),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "maxLength": TITLE_MAX},
                {
                    "type": "object",
                    "properties": {"en": {"type": "string"}, "zh": {"type": "string"}},
                    "required": ["en"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
Length = Annotated[Duration, Field(gt=0)]
Number = Annotated[float, BeforeValidator(_number), WithJsonSchema({"type": "number"})]
Share = Annotated[
    float, BeforeValidator(_share), WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?\s*%$", "examples": ["99.9%"]})
]
OneOrMany = Annotated[
    list[Annotated[str, StringConstraints(min_length=1)]],
    BeforeValidator(_one_or_many),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class EditorSchema(GenerateJsonSchema):
    """Schemas for editors: a secret is a reference, and nothing is said that an operator could not write."""

    def is_instance_schema(self, schema: core_schema.IsInstanceSchema) -> JsonSchemaValue:
        return {
            "type": "string",
            "pattern": r"^\$\{(env|file):[^{}]+\}$",
            "description": "a reference: ${env:NAME} or ${file:path}",
        }

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        if made.get("type") == "string" and not isinstance(made.get("default"), str):
            made.pop("default", None)  # a duration's default is in seconds here and is written as "30s" there
        return made

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False
