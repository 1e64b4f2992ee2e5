"""Whether what is planned fits what each gateway may be asked: a schedule that cannot be kept is refused, not quietly thinned out."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from monitor.config.limits import limits
from monitor.config.plan import DAY_SECONDS, HOUR_SECONDS, plan
from monitor.model.allowance import UNLIMITED
from monitor.model.check import Check, Target
from monitor.probes.cards import cards_of
from monitor.probes.governor import cost_of


@dataclass(frozen=True, slots=True)
class Use:
    """What the checks of one account plan, when everything works. ``declines`` are per day, by card."""

    checks: tuple[str, ...]
    requests_per_second: float
    declines: Mapping[str, float]


def use_of(checks: Iterable[Check]) -> Use:
    found = list(checks)
    declines: dict[str, float] = {}
    for check in found:
        runs = DAY_SECONDS / check.every_seconds / len(check.strata)
        for stratum in check.strata:
            for card in cards_of(check, stratum).declined:
                declines[card] = declines.get(card, 0.0) + runs
    rate = sum(plan(check).requests_per_hour for check in found) / HOUR_SECONDS
    return Use(tuple(check.id for check in found), rate, declines)


def sharing(target: Target, targets: Mapping[str, Target], checks: Mapping[str, Check]) -> list[Check]:
    """Every check that draws on the budget of ``target``."""
    names = {one.id for one in targets.values() if _account(one) == _account(target)}
    return [check for check in checks.values() if check.target in names]


def over_budget(targets: Mapping[str, Target], checks: Mapping[str, Check]) -> Iterator[tuple[Check, str]]:
    """What is too much, as a sentence for the check that it is said of; one for each account and card, not for each check."""
    groups: dict[str, list[Check]] = {}
    for check in checks.values():
        if check.target in targets:
            groups.setdefault(_account(targets[check.target]), []).append(check)
    for group in groups.values():
        target = targets[group[0].target]
        allowance, use = target.allowance or UNLIMITED, use_of(group)
        if allowance.requests_per_second is not None:
            yield from _too_large(group, target.id, allowance.burst)
            yield from _too_often(group, target.id, allowance.requests_per_second, use)
        if allowance.declines_per_day is not None:
            yield from _too_many_declines(group, allowance.declines_per_day, use)


def _account(target: Target) -> str:
    return (target.allowance or UNLIMITED).account or target.id


def _too_large(group: Iterable[Check], target: str, burst: int) -> Iterator[tuple[Check, str]]:
    for check in group:
        if cost_of(check) > burst:
            yield check, f"expected at most {burst} requests in one run (budget.burst of {target}), got up to {cost_of(check)}"


def _too_often(group: list[Check], target: str, rate: float, use: Use) -> Iterator[tuple[Check, str]]:
    if use.requests_per_second > rate:
        wanted = f"expected the checks of {target} to need at most {rate:g} requests per second (its budget.requests_per_second)"
        busiest = max(group, key=lambda check: plan(check).requests_per_hour)
        yield busiest, f"{wanted}, got {use.requests_per_second:.3g} of {len(group)} checks; this one needs most"


def _too_many_declines(group: list[Check], most: int, use: Use) -> Iterator[tuple[Check, str]]:
    published = limits().declines.published_per_day
    for card, planned in use.declines.items():
        if planned > most:
            wanted = f"expected at most {most} declines of {card} in a day (schemes charge beyond {published})"
            first = next(check for check in group if any(card in cards_of(check, one).declined for one in check.strata))
            yield first, f"{wanted}, got {planned:.0f}: run it less often, or raise budget.declines_per_card_per_day"
