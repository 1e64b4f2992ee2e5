"""How far an incident reaches: the arithmetic from counted runs to an ``Extent``. Nothing here asks, counts or waits.

Shares have Wilson's 95 % interval (E. B. Wilson, JASA 22, 1927): it is not empty at 0 of 5, where the textbook one is. Customers hit are a
Poisson count whose mean is traffic x share x time; the share's uncertainty and the count's own are put together by the method of variance
estimates recovery (G. Y. Zou and A. Donner, Statistics in Medicine 27, 2008): half-widths of independent parts add in squares.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt

from monitor.incidents.windows import over
from monitor.model.durations import iso
from monitor.model.extent import Between, Extent, Nearby, Part, Regulator, Run, Similar
from monitor.model.incident import Incident, Window, WindowKind
from monitor.model.text import Text

#: The 97.5 % point of the normal law: 95 % lies within.
Z = 1.959964
#: A change this long before the onset is still told as near it: what breaks a gateway is mostly younger.
NEARBY_BEFORE_SECONDS = 7_200.0
#: What came right after the onset may have begun it too: onsets are known to a minute or two.
NEARBY_AFTER_SECONDS = 300.0
#: More than this helps nobody to decide.
NEARBY_MAX = 10
SIMILAR_MAX = 5
PARTS_MAX = 30
CORRELATIONS_MAX = 10
#: The same trouble further back is another time's.
SIMILAR_SECONDS = 90 * 86_400.0


@dataclass(frozen=True, slots=True)
class Reach:
    """What was counted since the trouble began. ``seconds`` is how long customers have been exposed to it so far.

    ``runs`` and ``bad`` are of runs that stand for customers' payments; those asked for under suspicion look where trouble is and would
    make the share too large.
    """

    at: float
    runs: int
    bad: int
    seconds: float
    parts: tuple[Part, ...] = ()
    first_bad: Run | None = None
    last_good: Run | None = None
    correlations: tuple[str, ...] = ()
    customers_per_minute: float | None = None
    objective: float | None = None  # the share of time that must be up
    month_seconds: float = 0.0  # the length of the calendar month the objective is counted over


def extent(
    reach: Reach,
    *,
    regulators: tuple[Regulator, ...] = (),
    similar: tuple[Similar, ...] = (),
    nearby: tuple[Nearby, ...] = (),
    penalty: Text | None = None,
) -> Extent:
    """What ``reach`` comes to. The worst parts first, every list bounded; what cannot be said is None."""
    share = failed_share(reach.bad, reach.runs)
    traffic = reach.customers_per_minute
    return Extent(
        at=reach.at,
        parts=_worst(reach.parts),
        first_bad=reach.first_bad,
        last_good=reach.last_good,
        failed_share=share,
        customers=customers_hit(traffic, share, reach.seconds) if traffic and share else None,
        budget_burned=budget_burned(share.middle, reach.seconds, reach.objective, reach.month_seconds) if share else None,
        penalty=penalty,
        regulators=regulators,
        similar=similar,
        nearby=nearby,
        correlations=tuple(dict.fromkeys(reach.correlations))[-CORRELATIONS_MAX:],
    )


def failed_share(bad: int, runs: int) -> Between | None:
    """The share of bad runs with Wilson's interval; None without runs."""
    if runs <= 0:
        return None
    share, slack = bad / runs, Z * Z / runs
    centre = (share + slack / 2) / (1 + slack)
    half = Z / (1 + slack) * sqrt(share * (1 - share) / runs + slack / (4 * runs))
    return Between(max(0.0, min(share, centre - half)), share, min(1.0, max(share, centre + half)))


def customers_hit(per_minute: float, share: Between, seconds: float) -> Between:
    """Customers whose payment failed so far: whole people in the interval, rounded outwards."""
    offered = per_minute * max(0.0, seconds) / 60
    middle, low, high = offered * share.middle, offered * share.low, offered * share.high
    chance = Z * Z * middle  # the square of what a Poisson count strays by
    below = sqrt((middle - low) ** 2 + chance)
    above = sqrt((high - middle) ** 2 + chance)
    return Between(float(max(0, floor(middle - below))), middle, float(ceil(middle + above)))


def budget_burned(share: float, seconds: float, objective: float | None, month_seconds: float) -> float | None:
    """The share of a month's error budget spent: 1.0 is all of it. None where no failure is allowed, or nothing was agreed."""
    if objective is None or objective >= 1 or month_seconds <= 0:
        return None
    return share * max(0.0, seconds) / ((1 - objective) * month_seconds)


def similar_to(
    incident: Incident, fingerprint: str, past: Iterable[Incident], notes: dict[str, Text] | None = None
) -> tuple[Similar, ...]:
    """Earlier incidents of the same fingerprint, newest first. ``notes`` says by id what ended one, where somebody wrote it down."""
    said = notes or {}
    found = (
        one
        for one in past
        if fingerprint
        and one.fingerprint == fingerprint
        and one.id != incident.id
        and not one.parent
        and incident.opened - SIMILAR_SECONDS <= one.opened < incident.opened
    )
    newest = sorted(found, key=lambda one: (-one.opened, one.id))[:SIMILAR_MAX]
    return tuple(Similar(one.id, one.opened, _lasted(one), said.get(one.id, Text(""))) for one in newest)


@dataclass(frozen=True, slots=True)
class ConfigTaken:
    """A configuration that came into force."""

    at: float
    version: str


@dataclass(frozen=True, slots=True)
class TraitChanged:
    """The gateway shows itself differently than before: another certificate, other headers, another shape of answer."""

    at: float
    trait: str  # of ``model.traits.Trait``
    check: str


def nearby(
    since: float,
    *,
    windows: Sequence[Window] = (),
    configs: Sequence[ConfigTaken] = (),
    traits: Sequence[TraitChanged] = (),
) -> tuple[Nearby, ...]:
    """What changed around the onset ``since``, in order of time. A maintenance window is near when it is open then, or was."""
    earliest, latest = since - NEARBY_BEFORE_SECONDS, since + NEARBY_AFTER_SECONDS
    found = [
        Nearby(one.starts, _window(one))
        for one in windows
        if one.kind is WindowKind.MAINTENANCE and one.starts <= latest and over(one) >= earliest
    ]
    found += [Nearby(one.at, _config(one)) for one in configs if earliest <= one.at <= latest]
    found += [Nearby(one.at, _trait(one)) for one in traits if earliest <= one.at <= latest]
    return tuple(sorted(found, key=lambda one: (one.at, one.said.en))[-NEARBY_MAX:])


def _worst(parts: Iterable[Part]) -> tuple[Part, ...]:
    """By the lower end of each share: one bad run of one says less than nine of ten."""

    def rank(part: Part) -> tuple[float, str, str]:
        share = failed_share(part.bad, part.runs)
        return -(share.low if share else 0.0), part.kind, part.name

    return tuple(sorted(parts, key=rank)[:PARTS_MAX])


def _lasted(incident: Incident) -> float | None:
    return None if incident.resolved is None else incident.resolved - incident.since


def _window(window: Window) -> Text:
    begins, ends = iso(window.starts), iso(over(window))
    return Text(f"Maintenance from {begins} to {ends}: {window.reason}", f"维护窗口 {begins} 至 {ends}：{window.reason}")


def _config(taken: ConfigTaken) -> Text:
    return Text(
        f"Our configuration changed to version {taken.version}.",
        f"我方监控配置更新为版本 {taken.version}。",
    )


_TRAITS = {
    "issuer": Text("the issuer of its certificate", "证书签发者"),
    "key": Text("the key of its certificate", "证书公钥"),
    "headers": Text("the headers it sends", "响应头"),
    "schema": Text("the shape of its answers", "响应结构"),
}


def _trait(changed: TraitChanged) -> Text:
    what = _TRAITS.get(changed.trait, Text(changed.trait))
    return Text(
        f"The gateway changed {what.en}, seen by {changed.check}.",
        f"网关变更了{what.in_('zh')}（由检查 {changed.check} 发现）。",
    )
