"""Money only where it can be taken back: the caps of a target, and what its gateway must be able to do."""

from monitor.config.problems import show
from monitor.config.service_grammar import CapsBlock
from monitor.config.source import Path, Source
from monitor.ledger.gateways import gateway_of
from monitor.model.check import Caps, Check, Step, Target
from monitor.model.money import Money


def build_caps(source: Source, path: Path, block: CapsBlock) -> Caps:
    """What cannot be read is reported and left out."""
    return Caps(
        per_step=_amounts(source, (*path, "per_step"), block.per_step),
        per_day=_amounts(source, (*path, "per_day"), block.per_day),
        open_at_once=block.open_at_once,
    )


def _amounts(source: Source, path: Path, written: list[str]) -> tuple[Money, ...]:
    found: dict[str, Money] = {}
    for index, text in enumerate(written):
        here = (*path, index) if len(written) > 1 else path
        try:
            amount = Money.parse(text)
        except ValueError as error:
            source.add(here, str(error))
            continue
        if amount.currency in found:
            source.add(here, f"expected one amount for each currency, got {show(text)} too")
        found[amount.currency] = amount
    return tuple(found.values())


def unrecoverable(target: Target) -> str:
    """Why money that a crash leaves open at ``target`` could not be found and given back; empty when it can."""
    if gateway_of(target.dialect).reads or target.idempotency_header is not None:
        return ""
    return (
        f"the ledger cannot ask {target.id} by reference (dialect {target.dialect}), and it knows no idempotency keys: "
        "what a crash leaves open there could not be found again"
    )


def above_cap(step: Step, caps: Caps) -> str:
    """What a step's amount breaks; empty when it is within the cap of its currency."""
    if step.moves is None or not caps.per_step:
        return ""
    amount = step.moves.amount
    cap = next((cap for cap in caps.per_step if cap.currency == amount.currency), None)
    if cap is None:
        return f"expected a currency that caps.per_step of the target names, got {amount}"
    return f"expected at most {cap} (caps.per_step of the target), got {amount}" if amount.minor > cap.minor else ""


def check_money(source: Source, path: Path, check: Check, target: Target | None) -> None:
    """Report the money steps of ``check`` that its target does not allow."""
    if target is None or not check.moves_money:
        return
    reason = unrecoverable(target)
    for index, step in enumerate(check.steps):
        if step.moves is None:
            continue
        here = (*path, "steps", index, "moves")
        if reason:
            source.add(here, f"expected no money here: {reason}", "set the target's dialect, or its idempotency header")
        too_much = above_cap(step, target.caps)
        if too_much:
            source.add((*here, step.moves.kind.value), too_much)
