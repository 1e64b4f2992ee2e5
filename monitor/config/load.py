"""Files in, a Config out; or every problem in all of them at once."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from monitor.config import files
from monitor.config.budgets import over_budget
from monitor.config.build_checks import TargetFacts, build_check
from monitor.config.build_deadlines import build_deadlines
from monitor.config.build_routes import Place, build_routes
from monitor.config.build_rules import Watched, build_rule
from monitor.config.build_service import build_desk, build_maintenance, build_service
from monitor.config.build_steps import Surroundings, build_step
from monitor.config.build_targets import Setting, build_target
from monitor.config.build_words import build_words
from monitor.config.check_grammar import ChecksFile, RulesFile
from monitor.config.depends import check_dependencies
from monitor.config.fields import NAME_EXPECTED, NAME_PATTERN
from monitor.config.live_rules import check_cards
from monitor.config.money_rules import check_money
from monitor.config.problems import ConfigError, did_you_mean, show
from monitor.config.secrets import Vault
from monitor.config.service_grammar import ServiceFile, TargetBlock
from monitor.config.settings import Config, Service
from monitor.config.snapshot import Snapshot, take
from monitor.config.source import Path as Location
from monitor.config.source import Source
from monitor.config.written_secrets import url_secrets, written_secrets
from monitor.model.check import Check, Target
from monitor.model.secret import Secret
from monitor.model.units import parse_duration

MAIN_FILE = "paycanary.yaml"
_T = TypeVar("_T")


def load(
    path: Path | str, *, resolve_secrets: bool = True, allow_live: bool = False, environ: Mapping[str, str] | None = None
) -> Config:
    """The configuration that ``path`` (the main file, or its directory) and the files it includes describe.

    With ``resolve_secrets`` off, references are checked for form only and their values are placeholders: for looking at a
    configuration where its secrets are not. ``environ`` stands for the process's environment. Raises ConfigError.
    """
    path = Path(path)
    main = path / MAIN_FILE if path.is_dir() else path
    snapshot = take(main)
    setting = Setting(Vault(main.parent, resolve=resolve_secrets, environ=environ), allow_live)
    config = _build(main, snapshot, setting) if snapshot.main.root else None
    problems = [*snapshot.problems, *(problem for source in snapshot.sources for problem in source.problems)]
    if problems or config is None:
        raise ConfigError(problems)
    return config


class Entry(NamedTuple):
    """One named thing as written."""

    source: Source
    path: Location
    data: Any


def _build(path: Path, snapshot: Snapshot, setting: Setting) -> Config | None:
    """Builds on over every problem, so that all are found; the caller looks whether there were any."""
    main, vault = snapshot.main, setting.vault
    top = _top(main, ServiceFile.model_fields)
    service = build_service(main, ("service",), top.get("service"), setting)
    targets = _entries([main], "targets")
    checks = _entries([source for source in snapshot.checks if _top(source, ChecksFile.model_fields)], "checks")
    rules = _entries([source for source in snapshot.rules if _top(source, RulesFile.model_fields)], "rules")
    facts = {name: _facts(entry.data) for name, entry in targets.items()}
    # Where a file could not be read nobody can say that a check does not exist.
    known_checks: Collection[str] = checks if snapshot.complete else _Anything()
    watched = Watched(known_checks, targets)
    built_checks = _each(checks, lambda entry: build_check(*entry, facts))
    built_rules = _each(rules, lambda entry: build_rule(*entry, watched, vault))
    windows = [
        build_maintenance(main, ("maintenance", index), data, known_checks, targets)
        for index, data in enumerate(_listed(main, "maintenance", top))
    ]
    built_targets = _each(targets, lambda entry: build_target(*entry, setting))
    check_dependencies({name: (entry.source, entry.path, entry.data) for name, entry in targets.items()})
    _check_together(checks, built_checks, built_targets)
    deadlines = build_deadlines(main, ("deadlines",), top.get("deadlines"))
    written_desks = _entries([main], "desks")
    desks = _each(written_desks, lambda entry: build_desk(*entry, setting))
    whole = snapshot.complete and len(built_checks) == len(checks) and len(built_targets) == len(targets)
    place = Place(list(written_desks), built_targets, targets, built_checks, deadlines.calendars, whole)
    routes = build_routes(main, _listed(main, "routes", top), place)
    modules = _each(_entries([main], "modules"), lambda entry: build_step(*entry, Surroundings(), name=str(entry.path[-1])))
    words = build_words(main, ("words",), top.get("words"), snapshot.words)
    if service is None:
        return None
    return Config(
        path=path,
        service=service,
        targets=built_targets,
        checks=built_checks,
        rules=tuple(built_rules.values()),
        desks=desks,
        maintenance=tuple(window for window in windows if window),
        deadlines=deadlines,
        routes=routes,
        words=words,
        modules=modules,
        secrets=(*vault.secrets, *_written(snapshot, service)),
        version=files.version({source.name.removeprefix(f"{path.parent}/"): source.text for source in snapshot.sources}),
        files=tuple(Path(source.name) for source in snapshot.sources),
    )


def _check_together(entries: Mapping[str, Entry], checks: Mapping[str, Check], targets: Mapping[str, Target]) -> None:
    """What only shows when a check and its target are looked at together."""
    for name, check in checks.items():
        entry, target = entries[name], targets.get(check.target)
        check_cards(entry.source, entry.path, entry.data, target)
        check_money(entry.source, entry.path, check, target)
    for check, too_much in over_budget(targets, checks):
        entries[check.id].source.add((*entries[check.id].path, "every"), too_much)


def _written(snapshot: Snapshot, service: Service) -> Iterator[Secret]:
    """Credentials that stand in the files themselves, known from now on to the gate."""
    for source in snapshot.sources:
        yield from written_secrets(source.root.data if source.root else None)
    if service.heartbeat is not None:
        yield from url_secrets(service.heartbeat.url.reveal())


def _top(source: Source, keys: Iterable[str]) -> dict[str, Any]:
    """The mapping at the top of a file, its unknown keys reported. Empty when there is none."""
    if source.root is None:
        return {}
    if not isinstance(source.root.data, dict):
        source.add((), f"expected a mapping with {' or '.join(sorted(keys))}, got {show(source.root.data)}")
        return {}
    for key in source.root.data:
        if key not in keys:
            source.add((key,), "expected a key that exists here, got an unknown one", did_you_mean(key, keys), key=True)
    return source.root.data


def _entries(sources: Iterable[Source], key: str) -> dict[str, Entry]:
    """Everything named under ``key`` in all files. A name that is taken already, or is none, is reported."""
    found: dict[str, Entry] = {}
    for source in sources:
        for name, data in _named(source, key):
            path = (key, name)
            if not re.match(NAME_PATTERN, name):
                source.add(path, f"{NAME_EXPECTED}, got {show(name)}", key=True)
            elif name in found:
                first = found[name].source
                where = f"{first.name}:{first.locate(path, key=True)[0]}"
                source.add(path, f'expected each of the {key} once, got "{name}" again (first in {where})', key=True)
            else:
                found[name] = Entry(source, path, data)
    return found


def _named(source: Source, key: str) -> Iterator[tuple[str, Any]]:
    data = source.root.data.get(key) if source.root and isinstance(source.root.data, dict) else None
    if isinstance(data, dict):
        yield from data.items()
    elif data is not None:
        source.add((key,), f"expected a mapping of names to {key}, got {show(data)}")


def _listed(source: Source, key: str, top: Mapping[str, Any]) -> list[Any]:
    data = top.get(key)
    if data is not None and not isinstance(data, list):
        source.add((key,), f"expected a list, got {show(data)}")
    return data if isinstance(data, list) else []


def _each(entries: Mapping[str, Entry], build: Callable[[Entry], _T | None]) -> dict[str, _T]:
    built = ((name, build(entry)) for name, entry in entries.items())
    return {name: thing for name, thing in built if thing is not None}


def _facts(target: Any) -> TargetFacts:
    """What checks need of a target, as written: its steps are looked at even while something else about it is wrong."""
    written = target if isinstance(target, dict) else {}
    scheme, colon, _ = str(written.get("base_url", "")).partition("://")
    try:
        timeout = parse_duration(written["timeout"])
    except (KeyError, ValueError):
        timeout = TargetBlock.model_fields["timeout"].default
    return TargetFacts(timeout, scheme.lower() if colon else "", live=written.get("live") is True)


class _Anything(Collection[str]):
    """What nobody can know: every name may be in it."""

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
