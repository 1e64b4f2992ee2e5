"""``paycanary explain``: what a check will do, before it does it."""

from collections.abc import Iterable
from typing import Annotated

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from monitor.cli import explain_budget, explain_evidence
from monitor.cli.loading import DEFAULT_PATH, EXIT_BAD_CONFIG, ConfigPath, load_or_exit
from monitor.config import Config
from monitor.config.plan import DAY_SECONDS, HOUR_SECONDS, MONTH_SECONDS, Plan, blind_undo, plan, times
from monitor.config.problems import did_you_mean
from monitor.ledger.books import UNCOMPENSATED_MAX, UNCOMPENSATED_SECONDS
from monitor.ledger.gateways import gateway_of
from monitor.model.check import Caps, Check, Step, Target
from monitor.model.money import Money
from monitor.model.units import parse_duration, show_seconds
from monitor.redaction import redact_text
from monitor.rules.rule import Rule


def explain(
    check: Annotated[str, typer.Argument(help="The check's name.")],
    config: ConfigPath = DEFAULT_PATH,
    lang: Annotated[str, typer.Option(help="Language of the titles: en or zh.")] = "en",
    url: Annotated[str, typer.Option(help="Where the running service listens; as the configuration says when left out.")] = "",
) -> None:
    """What a check does, costs, moves and undoes, which rules watch it and where they stand. Nothing is sent to a gateway."""
    loaded = load_or_exit(config, resolve_secrets=False, allow_live=True)
    found = loaded.checks.get(check)
    if found is None:
        hint = did_you_mean(check, loaded.checks)
        Console(stderr=True, highlight=False).print(f'there is no check "{check}"; {hint}', markup=False)
        raise typer.Exit(EXIT_BAD_CONFIG)
    Console(highlight=False).print(page(loaded, found, lang, url))


#: Headings that operators read in either language.
_EVIDENCE = {"en": "evidence", "zh": "证据"}
_NORMAL = {"en": "what is normal", "zh": "正常水平（基线）"}


def page(config: Config, check: Check, language: str, url: str = "") -> RenderableType:
    """Everything about one check."""
    planned = plan(check)
    parts: list[RenderableType] = [_head(config, check, language), _steps("steps", check.steps), _cost(check, planned)]
    if check.undo:
        parts.insert(2, _steps("undo, newest debt first, whatever happened", check.undo.values()))
    if check.moves_money:
        parts.append(_money(config, check, planned))
    parts.append(_section("budget", explain_budget.lines(config, check, language)))
    parts += [_objective(check, planned), _rules(config, check, language)]
    if not check.control:
        found = explain_evidence.gather(config, check, url)
        source = f" ({found['source']})" if found["source"] else ""
        head = _EVIDENCE.get(language, _EVIDENCE["en"]) + source
        parts.append(_section(head, explain_evidence.lines(config, check, found)))
        parts.append(_section(_NORMAL.get(language, _NORMAL["en"]), explain_evidence.normal_lines(found, language)))
    return Group(*parts)


def _head(config: Config, check: Check, language: str) -> RenderableType:
    target = config.targets[check.target]
    mode = " [LIVE: real money]" if target.live else ""
    return Group(
        Text.assemble((check.id, "bold"), "  ", check.title.in_(language)),
        Text(f"{check.source}   target {target.id}: {target.base_url}{mode}", style="dim"),
    )


def _section(title: str, lines: Iterable[str]) -> RenderableType:
    return Group(Text(f"\n{title}", style="bold"), *(Padding(Text(line), (0, 0, 0, 2)) for line in lines))


def _steps(title: str, steps: Iterable[Step]) -> RenderableType:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for number, step in enumerate(steps, start=1):
        table.add_row(
            Text(str(number), style="dim"), Text(step.name, style="cyan"), Text(redact_text("\n".join(_step_lines(step))))
        )
    return Group(Text(f"\n{title}", style="bold"), Padding(table, (0, 0, 0, 2)))


def _step_lines(step: Step) -> Iterable[str]:
    yield step.written
    yield f"time-out {show_seconds(step.timeout_seconds)}, outcome {' or '.join(sorted(step.outcomes))}"
    yield from (f"expects {expression.source}" for expression in step.expect)
    yield from (f"saves {name} = {expression.source}" for name, expression in step.save)
    if step.when:
        yield f"only when {step.when.source}"
    if step.moves:
        undo = ", else ".join((step.moves.undo, *step.moves.otherwise))
        yield f"moves money: {step.moves.kind.value} {step.moves.amount}, taken back by {undo}"


def _cost(check: Check, planned: Plan) -> RenderableType:
    daily = planned.requests_per_hour * DAY_SECONDS / HOUR_SECONDS
    lines = [
        f"every {show_seconds(check.every_seconds)}: {_number(planned.runs_per_hour)} runs per hour",
        f"at most {planned.requests_per_run} requests per run: {_number(planned.requests_per_hour)} per hour, {_number(daily)} per day",
        f"a run takes at most {show_seconds(check.budget_seconds)}, and its clean-ups {show_seconds(check.undo_budget_seconds)} more",
    ]
    if len(check.strata) > 1:
        round_seconds = check.every_seconds * len(check.strata)
        lines.append(f"{len(check.strata)} strata in turn, each once in {show_seconds(round_seconds)}: {_strata(check)}")
    return _section("cost", lines)


def _strata(check: Check) -> str:
    return "; ".join(stratum.label for stratum in check.strata)


def _money(config: Config, check: Check, planned: Plan) -> RenderableType:
    target = config.targets[check.target]
    lines = [f"open during a run: at most {_amounts(planned.exposure)}"]
    lines += [f"{debt.kind} of {debt.amount} by {debt.step}: taken back by {', else '.join(debt.undo)}" for debt in planned.debts]
    if planned.turnover:
        daily = times(planned.turnover, planned.runs_per_hour * 24)
        lines.append(f"charged and taken back again: {_amounts(planned.turnover)} per run, {_amounts(daily)} per day")
    hourly = times(planned.exposure, planned.runs_per_hour)
    lines.append(f"worst case, when every undo fails: {_amounts(hourly)} left open per hour until somebody acts")
    lines.append(_caps(target.caps))
    lines.append(_recovery(target))
    for name, needed in blind_undo(check):
        lines.append(f"note: {name} needs {', '.join(needed)} from the step it undoes; without that step's answer it cannot run")
    return _section("money", lines)


def _caps(caps: Caps) -> str:
    step, day = (_amounts(amounts) if amounts else "any amount" for amounts in (caps.per_step, caps.per_day))
    open_at_once = f"at most {caps.open_at_once} transactions open at once"
    stops = f"{UNCOMPENSATED_MAX} not shown closed {show_seconds(UNCOMPENSATED_SECONDS)} after their run stop its money"
    return f"caps: {step} a step, {day} a day, {open_at_once}; {stops}"


def _recovery(target: Target) -> str:
    if gateway_of(target.dialect).reads:
        lag = show_seconds(target.settle_seconds)
        return f"recoverable: after a crash the ledger asks {target.id} by reference (its view may lag {lag}), takes back, and asks again"
    kept = show_seconds(target.idempotency_ttl_seconds)
    return f"recoverable in part: {target.id} cannot be asked; undo requests are repeated under their own keys, for {kept} after the step"


def _objective(check: Check, planned: Plan) -> RenderableType:
    allowed = 1 - check.objective.availability
    runs = planned.runs_per_hour * MONTH_SECONDS / HOUR_SECONDS
    budget = (
        f"at most {show_seconds(allowed * MONTH_SECONDS)} or {_number(allowed * runs)} of {_number(runs)} runs down in 30 days"
    )
    lines = [f"available {check.objective.availability * 100:g} %: {budget}"]
    if check.objective.latency_seconds is not None:
        lines.append(f"a run within {show_seconds(check.objective.latency_seconds)}")
    return _section("objective", lines)


def _rules(config: Config, check: Check, language: str) -> RenderableType:
    watching = [rule for rule in config.rules if rule.selector.takes(check)]
    lines = [_rule_line(rule, language) for rule in watching]
    return _section("rules that watch it", lines or ["none: nobody is told when it fails"])


def _rule_line(rule: Rule, language: str) -> str:
    waits = f", for {show_seconds(rule.for_seconds)}" if rule.for_seconds else ""
    return (
        f"{rule.id} ({rule.written_severity}): {rule.title.in_(language)}: {rule.detector.kind} {_options(rule.detector)}{waits}"
    )


def _options(detector: object) -> str:
    """A detector's options with their units: what was read as a duration is shown as one."""
    if not isinstance(detector, BaseModel):
        return ""
    shown, written = [], detector.model_dump()
    for name, field in type(detector).model_fields.items():
        value = getattr(detector, name)
        if value is not None:
            shown.append(f"{name} {written[name] if isinstance(written[name], str) else _option(value, field)}")
    return f"({', '.join(shown)})"


def _option(value: object, field: FieldInfo) -> str:
    if isinstance(value, float) and _is_duration(field):
        return show_seconds(value)
    return " or ".join(sorted(map(str, value))) if isinstance(value, tuple | frozenset) else str(value)


def _is_duration(field: FieldInfo) -> bool:
    return parse_duration in {getattr(rule, "func", None) for part in (field, field.annotation) for rule in _metadata(part)}


def _metadata(annotation: object) -> Iterable[object]:
    """The validators of a type, those of an optional one included."""
    yield from getattr(annotation, "metadata", ()) or getattr(annotation, "__metadata__", ())
    for part in getattr(annotation, "__args__", ()):
        yield from _metadata(part)


def _amounts(amounts: Iterable[Money]) -> str:
    return " and ".join(map(str, amounts)) or "nothing"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:,.1f}"
