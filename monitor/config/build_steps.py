"""Steps: one exchange each, its request compiled to a template and its expectations to expressions."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from monitor.config import faults
from monitor.config.check_grammar import VERBS, MovesBlock, StepBlock
from monitor.config.kinds import PROBES, unknown
from monitor.config.problems import did_you_mean, show
from monitor.config.source import Path, Source
from monitor.model.check import Expression, MoveKind, Moves, Step
from monitor.model.money import Money
from monitor.model.outcome import OURS, SUCCESSES, Outcome
from monitor.transactions.expressions import SCOPE_NAMES, ExpressionSyntax, compile_expression
from monitor.transactions.script import READ_METHODS
from monitor.transactions.template import Template, TemplateSyntax, compile_template

STEP_KEYS = frozenset(field.alias or name for name, field in StepBlock.model_fields.items())
#: Parts of a request that stand beside the verb.
BESIDE_VERB = ("query", "headers", "form", "json", "body")
CREDENTIAL_HEADERS = frozenset({"authorization", "proxy-authorization"})
#: What a hole may read of the run itself.
RUN_FIELDS = ("id", "reference", "slot", "stamp")
EXPECTABLE = tuple(outcome.value for outcome in Outcome if outcome not in OURS)

_compile = lru_cache(maxsize=8_192)(compile_expression)  # many checks expect the same; compiling takes 50 times a look-up


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a step may speak of: values saved before it, strata, and the undo steps there are."""

    saved: frozenset[str] = frozenset()
    strata: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    timeout_seconds: float = 30.0
    scheme: str = ""  # of the target's address; empty when it is not known

    def knowing(self, saved: frozenset[str]) -> "Surroundings":
        return replace(self, saved=saved)

    @property
    def readable(self) -> frozenset[str]:
        return self.saved | SCOPE_NAMES

    @property
    def holes(self) -> set[str]:
        """Everything a hole can begin with, as it is written."""
        return {*self.saved, *(f"run.{name}" for name in RUN_FIELDS), *(f"stratum.{name}" for name in self.strata)}


def build_step(source: Source, path: Path, data: Any, around: Surroundings, *, name: str = "") -> Step | None:
    """None when anything is wrong with it: the problems are in ``source``. Without ``name`` it must say its own."""
    before = len(source.problems)
    if not isinstance(data, dict):
        source.add(path, f"expected a step, got {show(data)}")
        return None
    own = {key: value for key, value in data.items() if key not in PROBES}
    block = faults.read_block(source, path, StepBlock, own, more_keys=PROBES)
    if block is None:
        return None
    if not name and "name" not in data:
        source.add(path, 'expected a key "name", got none')
    kind = _kind(source, path, data, around.scheme, misspelt=len(source.problems) > before)
    template = _template(source, path, kind, data, around) if kind else None
    step = _Parts(source, path, around)
    expect = step.expressions("expect", block.expect)
    saves = step.saves(block.save)
    when = step.expressions("when", [] if block.when is None else [block.when])
    outcomes = step.outcomes(block.outcome)
    moves = None if block.moves is None else step.moves(block.moves)
    if kind is None or template is None or len(source.problems) > before:
        return None
    return Step(
        name=block.name or name,
        kind="http" if kind in VERBS else kind,
        request=template,
        timeout_seconds=around.timeout_seconds if block.timeout is None else block.timeout,
        expect=expect,
        outcomes=outcomes,
        save=saves,
        moves=moves,
        when=when[0] if when else None,
        written=_shown(kind, data[kind]),
        reads=_reads(kind, data[kind]),
    )


def _reads(kind: str, written: Any) -> bool:
    """Whether it only asks. A method with a hole in it may be anything."""
    if kind in VERBS:
        return kind.upper() in READ_METHODS
    options = written if isinstance(written, dict) else {}
    if kind != "http":
        return "send" not in options  # a connection, a handshake, a name: nothing changes by looking
    return str(options.get("method", "GET")).upper() in READ_METHODS


def _shown(kind: str, written: Any) -> str:
    """The request in one line. Only what names the endpoint: the rest may hold anything."""
    if kind in VERBS:
        return f"{kind.upper()} {written}"
    options = written if isinstance(written, dict) else {}
    named = [str(options[key]) for key in ("method", "path", "host", "name", "type", "port") if key in options]
    return " ".join([kind.upper(), *named])


def _kind(source: Source, path: Path, data: Mapping[str, Any], scheme: str, *, misspelt: bool) -> str | None:
    """The verb or the kind of probe that the step is written with. With an unknown key about, a missing one was said already."""
    chosen = [key for key in data if key in VERBS or key in PROBES]
    if not chosen and misspelt and any(key not in STEP_KEYS for key in data):
        return None
    if len(chosen) == 1:
        if chosen[0] in (*VERBS, "http") and scheme not in ("", "http", "https"):
            source.add((*path, chosen[0]), f"expected a target that speaks HTTP for this step, got {scheme}://", key=True)
        return chosen[0]
    got = f"got {' and '.join(chosen)}" if chosen else "got none"
    hint = f"possible here: {', '.join(VERBS)}, or {', '.join(sorted(PROBES))} with its options"
    source.add(path, f"expected one verb or kind of probe in a step, {got}", hint)
    return None


def _template(source: Source, path: Path, kind: str, data: Mapping[str, Any], around: Surroundings) -> Template | None:
    """The request of a step, validated by its probe and compiled."""
    beside = {name: data[name] for name in BESIDE_VERB if name in data}
    if kind in VERBS:
        probe, written = PROBES["http"], {"method": kind.upper(), "path": data[kind], **beside}
        places: dict[str, Path] = {"path": (kind,), "method": (kind,)}
    else:
        probe, written = PROBES[kind], {} if data[kind] is None else data[kind]
        places = {}
        for name in beside:
            source.add((*path, name), f'expected "{name}" beside a verb of HTTP only', f"write it inside {kind}", key=True)
    base = path if kind in VERBS else (*path, kind)
    try:
        probe.Options.model_validate(written)
        template = compile_template(written, probe.PLACES)
    except ValidationError as error:
        faults.report(source, error, base, probe.Options, rename=places)
        return None
    except TemplateSyntax as error:
        source.add((*base, *faults.renamed(error.path, places)), error.message)
        return None
    _check_holes(source, base, template.names, around)
    _check_credentials(source, (*base, "headers"), written.get("headers"))
    return template


def _check_credentials(source: Source, path: Path, headers: Any) -> None:
    for name in headers if isinstance(headers, dict) else ():
        if name.lower() in CREDENTIAL_HEADERS:
            source.add(
                (*path, name),
                f"expected no credentials in a step, got {name}",
                "they belong to the target's signer",
                key=True,
                hide=True,
            )


def _check_holes(source: Source, path: Path, names: Iterable[str], around: Surroundings) -> None:
    for name in sorted(names):
        root, _, rest = name.partition(".")
        field = rest.partition(".")[0]
        known = {"run": RUN_FIELDS, "stratum": around.strata}
        if root in around.saved or field in known.get(root, ()):
            continue
        hint = did_you_mean(name, around.holes)
        source.add(_place_of(source, path, name), f"expected a hole to name something known by then, got ${{{name}}}", hint)


def _place_of(source: Source, path: Path, name: str) -> Path:
    """The value below ``path`` whose hole reads ``name``: a template tells the names of all its holes together."""
    node = source.node_at(path)
    hole = re.compile(rf"\$\{{[^$]*{re.escape(name)}")
    found = (inner for inner, scalar in node.scalars(path) if hole.search(str(scalar.data))) if node else iter(())
    return next(found, path)


@dataclass(frozen=True)
class _Parts:
    """The parts of one step besides its request."""

    source: Source
    path: Path
    around: Surroundings

    def expressions(self, key: str, texts: list[str]) -> tuple[Expression, ...]:
        many = len(texts) > 1
        compiled = (self.expression((*self.path, key, *([index] if many else ())), text) for index, text in enumerate(texts))
        return tuple(expression for expression in compiled if expression)

    def expression(self, path: Path, text: str) -> Expression | None:
        try:
            return _compile(text, self.around.readable)
        except ExpressionSyntax as error:
            self.source.add_inside(path, text, error.offset, error.message)
            return None

    def saves(self, save: Mapping[str, str]) -> tuple[tuple[str, Expression], ...]:
        found = []
        for name, text in save.items():
            if name in SCOPE_NAMES:
                self.source.add(
                    (*self.path, "save", name),
                    f'expected a name that is free, got "{name}"',
                    "it already means part of the answer",
                    key=True,
                )
            expression = self.expression((*self.path, "save", name), text)
            if expression:
                found.append((name, expression))
        return tuple(found)

    def outcomes(self, names: list[str]) -> frozenset[Outcome]:
        for index, name in enumerate(names):
            if name not in EXPECTABLE:
                unknown(self.source, (*self.path, "outcome", index), name, EXPECTABLE, "an outcome")
        return frozenset(Outcome(name) for name in names if name in EXPECTABLE) or SUCCESSES

    def moves(self, block: MovesBlock) -> Moves | None:
        path = (*self.path, "moves")
        kinds = [
            (kind, text) for kind, text in ((MoveKind.HOLD, block.hold), (MoveKind.CHARGE, block.charge)) if text is not None
        ]
        if len(kinds) != 1:
            self.source.add(path, f'expected either "hold" or "charge", got {"both" if kinds else "neither"}')
            return None
        for index, name in enumerate(block.undo):
            if name not in self.around.undo:
                unknown(self.source, (*path, "undo", index), name, self.around.undo, "an undo step of this check")
        kind, text = kinds[0]
        amount = self.amount((*path, kind.value), text)
        reference = self.reference((*path, "reference"), block.reference)
        if amount is None or not block.undo:
            return None
        return Moves(kind, amount, block.undo[0], reference, otherwise=tuple(block.undo[1:]))

    def amount(self, path: Path, text: str) -> Money | None:
        try:
            amount = Money.parse(text)
        except ValueError as error:
            self.source.add(path, str(error))
            return None
        if amount.minor <= 0:
            self.source.add(path, f"expected an amount above zero, got {show(text)}")
        return amount

    def reference(self, path: Path, text: str | None) -> Template | None:
        if text is None:
            return None
        try:
            template = compile_template({"reference": text}, {})
        except TemplateSyntax as error:
            self.source.add(path, error.message)
            return None
        _check_holes(self.source, path, template.names, self.around)
        return template
