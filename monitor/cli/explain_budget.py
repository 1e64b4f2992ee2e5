"""The part of ``paycanary explain`` about the budget: what the gateway may be asked, and what this check uses of it."""

from collections.abc import Iterator

from monitor.config import Config
from monitor.config.budgets import sharing, use_of
from monitor.config.limits import limits
from monitor.model.allowance import UNLIMITED, Allowance
from monitor.model.check import Check
from monitor.model.units import show_seconds


def lines(config: Config, check: Check, language: str) -> Iterator[str]:
    """One fact a line, each figure with its unit and its source."""
    target = config.targets[check.target]
    allowance = target.allowance or UNLIMITED
    together, own = use_of(sharing(target, config.targets, config.checks)), use_of([check])
    yield _rate(allowance, own.requests_per_second)
    others = len(together.checks) - 1
    if others:
        yield f"shared with {others} other checks: {together.requests_per_second:.2f} requests per second together"
    if allowance.source:
        published = f"{allowance.published_per_second:g} per second" if allowance.published_per_second else "nothing"
        yield f"the gateway publishes {published}: {allowance.source}"
    for card, planned in own.declines.items():
        yield _declines(allowance, card, planned, together.declines[card])
    if own.declines and allowance.declines_per_day is not None:
        yield f"schemes charge beyond {limits().declines.published_per_day}: {limits().declines.source}"
    if check.moves_money and target.live:
        yield from (f"fee: {fee.what.in_(language)}: {fee.amount} (since {fee.since}): {fee.source}" for fee in limits().fees)
    if allowance.polling is not None:
        polling = allowance.polling
        yield (
            f"one order is asked about at most every {show_seconds(polling.every_seconds)}, "
            f"{polling.most} times in {show_seconds(polling.within_seconds)}: {limits().polling.source}"
        )
    if allowance.back_off:
        yield "while the gateway fails: payments pause for up to 2 min at a time, reads run every second slot"


def _rate(allowance: Allowance, own: float) -> str:
    rate = allowance.requests_per_second
    if rate is None:
        return f"no limit (a gateway on this machine): {own:.2f} requests per second by this check"
    return f"{rate:g} requests per second: {own:.2f} by this check, {own / rate:.0%} of it"


def _declines(allowance: Allowance, card: str, own: float, together: float) -> str:
    most = "no limit" if allowance.declines_per_day is None else f"at most {allowance.declines_per_day}"
    shared = f", {together:.0f} with others" if together > own else ""
    return f"declines of {card}: {own:.0f} a day{shared}; {most}"
