"""Rules: which series are followed, by which detector, and how much it matters."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from monitor.config import faults
from monitor.config.check_grammar import RuleBlock, SelectBlock
from monitor.config.kinds import DETECTORS, options, unknown
from monitor.config.problems import show
from monitor.config.secrets import Vault
from monitor.config.source import Path, Source
from monitor.model.alert import Severity
from monitor.rules.rule import BY_IMPACT, GROUP_KEYS, Rule, Selector

_STAND_INS = {"title": "-", "severity": "p4"}
_GLOB_MARKS = frozenset("*?[")


@dataclass(frozen=True)
class Watched:
    """What a selector may name without a glob."""

    checks: Collection[str]
    targets: Collection[str]


def build_rule(source: Source, path: Path, data: Any, watched: Watched, vault: Vault) -> Rule | None:
    """None when anything is wrong with it: the problems are in ``source``."""
    before = len(source.problems)
    if not isinstance(data, dict):
        source.add(path, f"expected a rule, got {show(data)}")
        return None
    own = {key: value for key, value in data.items() if key not in DETECTORS}
    block = faults.read_block(source, path, RuleBlock, own, stand_ins=_STAND_INS, more_keys=DETECTORS)
    detector = _detector(source, path, data, vault, misspelt=block is None or len(source.problems) > before)
    if block is None:
        return None
    _check_selector(source, (*path, "select"), block.select, watched)
    for index, key in enumerate(block.group_by):
        if key not in GROUP_KEYS:
            unknown(source, (*path, "group_by", index), key, GROUP_KEYS, "what alerts can be grouped by")
    if detector is None or len(source.problems) > before:
        return None
    by_impact = block.severity == BY_IMPACT
    return Rule(
        id=str(path[-1]),
        title=block.title,
        selector=_selector(block.select),
        detector=detector,
        for_seconds=block.for_,
        severity=Severity.P2 if by_impact else Severity(block.severity),
        group_by=tuple(block.group_by),
        by_impact=by_impact,
    )


def _detector(source: Source, path: Path, data: dict[str, Any], vault: Vault, *, misspelt: bool) -> Any:
    """With an unknown key about, a missing detector is most likely that one: said once already."""
    chosen = [key for key in data if key in DETECTORS]
    if not chosen and misspelt and data.keys() - RuleBlock.model_fields.keys() - {"for"}:
        return None
    if len(chosen) != 1:
        got = f"got {' and '.join(chosen)}" if chosen else "got none"
        source.add(path, f"expected one kind of detector in a rule, {got}", f"possible here: {', '.join(sorted(DETECTORS))}")
        return None
    return options(source, (*path, chosen[0]), DETECTORS[chosen[0]], data[chosen[0]], vault)


def _check_selector(source: Source, path: Path, select: SelectBlock, watched: Watched) -> None:
    for key, patterns, known in (("check", select.check, watched.checks), ("target", select.target, watched.targets)):
        for index, pattern in enumerate(patterns):
            if not _GLOB_MARKS & set(pattern) and pattern not in known:
                unknown(source, (*path, key, index), pattern, known, f"a {key}, or a glob")


def _selector(select: SelectBlock) -> Selector:
    return Selector(
        check=tuple(select.check),
        target=tuple(select.target),
        stratum=tuple(select.stratum),
        location=tuple(select.location),
        step=tuple(select.step),
        labels=tuple(sorted(select.labels.items())),
    )
