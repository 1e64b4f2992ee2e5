"""JSON Schemas of the three kinds of files, for editors: completion, and a red line under a mistake before anything is run."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from monitor.config.check_grammar import ChecksFile, RulesFile, StepBlock
from monitor.config.fields import NAME_PATTERN, EditorSchema
from monitor.config.kinds import CONNECTORS, DETECTORS, PROBES, SIGNERS
from monitor.config.service_grammar import ServiceFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: kind of file -> its model and its title.
FILES: Mapping[str, tuple[type[BaseModel], str]] = {
    "service": (ServiceFile, "paycanary: service, targets, desks, maintenance"),
    "checks": (ChecksFile, "paycanary: checks"),
    "rules": (RulesFile, "paycanary: rules"),
}


def file_name(kind: str) -> str:
    return f"{kind}.schema.json"


def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of one kind of file, every kind of probe, signer, desk and detector in it. Raises KeyError."""
    model, title = FILES[kind]
    families: dict[str, dict[str, Any]] = {
        "probe": {name: probe.Options for name, probe in PROBES.items()},
        "signer": {name: signer.Options for name, signer in SIGNERS.items()},
        "desk": {name: desk.Options for name, desk in CONNECTORS.items()},
        "detector": dict(DETECTORS),
    }
    models = [model, StepBlock, *(options for family in families.values() for options in family.values())]
    refs, shared = models_json_schema([(each, "validation") for each in dict.fromkeys(models)], schema_generator=EditorSchema)
    definitions = shared["$defs"]
    kinds = {name: {kind: refs[options, "validation"] for kind, options in family.items()} for name, family in families.items()}
    _add_kinds(definitions, kinds)
    top = definitions.pop(model.__name__)
    return {"$schema": DIALECT, **top, "title": title, "$defs": _used(top, definitions)}


def _add_kinds(definitions: dict[str, Any], kinds: Mapping[str, Mapping[str, Any]]) -> None:
    """What the models leave open, because it depends on what kinds there are."""
    if "StepBlock" in definitions:
        definitions["StepBlock"]["properties"] |= kinds["probe"]
    if "CheckBlock" in definitions:
        step = {"$ref": "#/$defs/StepBlock"}
        definitions["CheckBlock"]["properties"]["steps"]["items"] = step
        definitions["CheckBlock"]["properties"]["undo"] = _named(step)
    if "RuleBlock" in definitions:
        definitions["RuleBlock"]["properties"] |= kinds["detector"]
    if "TargetBlock" in definitions:
        for name in ("signer", "second_credential"):
            definitions["TargetBlock"]["properties"][name] = _one_of(kinds["signer"])
    if "ServiceFile" in definitions:
        definitions["ServiceFile"]["properties"]["desks"] = _named(_one_of(kinds["desk"]))


def _named(thing: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "patternProperties": {NAME_PATTERN: thing}, "additionalProperties": False}


def _one_of(kinds: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(kinds), "minProperties": 1, "maxProperties": 1, "additionalProperties": False}


def _used(top: Any, definitions: Mapping[str, Any]) -> dict[str, Any]:
    """The definitions that ``top`` leads to, sorted: the file is the same whenever it is made."""
    wanted, found = _refs(top), dict[str, Any]()
    while wanted:
        name = wanted.pop()
        found[name] = definitions[name]
        wanted |= _refs(definitions[name]) - found.keys()
    return dict(sorted(found.items()))


def _refs(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"].rpartition("/")[2]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*map(_refs, node.values()))
    return set().union(*map(_refs, node)) if isinstance(node, list) else set()
