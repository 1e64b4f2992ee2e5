"""Duties to report to a supervisor: what starts each, its threshold, and what is due when. Data, and the arithmetic on it.

Only what probes can know is judged: how long, what share of payments, how many customers, how bad. A duty may also arise from what they
cannot see (money lost, data taken, the press), and whether it falls on a firm at all is for its lawyers: these clocks make sure that
nobody finds out too late that one was running. Where an instant is uncertain the earlier one is told.

Sources:
MAS: Notices on Technology Risk Management (FSM-N05 for banks, FSM-N13 for payment services; formerly Notice 644 and PSN05).
DORA: Regulation (EU) 2022/2554, article 19; Delegated Regulations (EU) 2024/1772, articles 8 and 9, and 2025/301, article 5.
PBoC: 非银行支付机构重大事项报告管理办法, in force since 2021-09-01.
EBA: Guidelines EBA/GL/2021/03 on major incidents under PSD2, guidelines 1 and 2; since 2025-01-17 DORA takes their place in the Union.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from monitor.model.alert import Severity
from monitor.model.durations import duration_text, iso
from monitor.model.extent import Between, Regulator
from monitor.model.text import Text

_HOUR, _DAY = 3_600.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is known of it ``at`` an instant; ``since`` it began, ``known`` to us, ``over`` when it ended."""

    since: float
    known: float
    at: float
    severity: Severity
    customers: Between | None = None
    failed_share: Between | None = None
    over: float | None = None
    downtime_before_seconds: float = 0.0  # unscheduled, in the twelve months before it

    @property
    def lasted_seconds(self) -> float:
        return max(0.0, (self.at if self.over is None else self.over) - self.since)


@dataclass(frozen=True, slots=True)
class Measure:
    """One threshold: what it is, and since when it is passed (None: not). A count or share is passed when its best estimate is."""

    said: Text
    passed: float | None


class After(StrEnum):
    """What a duty's time runs from."""

    BEGAN = "began"
    KNOWN = "known"  # to us
    CLASSIFIED = "classified"  # the thresholds were passed, and we knew of the trouble


@dataclass(frozen=True, slots=True)
class Duty:
    """``said`` has a hole ``{due}``. ``known_seconds`` bounds it from when the trouble was known, if it was classified by then."""

    said: Text
    after: After
    seconds: float
    known_seconds: float | None = None
    spends: bool = False  # earlier unscheduled downtime is taken off its time


@dataclass(frozen=True, slots=True)
class Regime:
    """``measures`` judges a trouble; ``needed`` of them must be passed for its duties to run."""

    name: Text
    needed: int
    measures: Callable[[Trouble], tuple[Measure, ...]]
    duties: tuple[Duty, ...]


def running(regimes: Iterable[str], trouble: Trouble) -> tuple[Regulator, ...]:
    """One entry for each duty of a regime whose threshold is passed; one for each regime that is watched and not there yet.

    Raises KeyError for a regime that is not in ``REGIMES``.
    """
    return tuple(entry for name in regimes for entry in _entries(name, REGIMES[name], trouble))


def _entries(name: str, regime: Regime, trouble: Trouble) -> list[Regulator]:
    measures = regime.measures(trouble)
    passed = sorted(measure.passed for measure in measures if measure.passed is not None)
    if len(passed) < regime.needed:
        return [Regulator(name, _not_yet(regime, measures, len(passed)), None, reached=False)]
    classified = max(trouble.known, passed[regime.needed - 1])
    dated = [(duty, _due_at(duty, trouble, classified)) for duty in regime.duties]
    return [Regulator(name, _due(regime, duty, due), due, reached=True) for duty, due in dated]


def _due_at(duty: Duty, trouble: Trouble, classified: float) -> float:
    start = {After.BEGAN: trouble.since, After.KNOWN: trouble.known, After.CLASSIFIED: classified}[duty.after]
    seconds = max(0.0, duty.seconds - trouble.downtime_before_seconds) if duty.spends else duty.seconds
    bound = None if duty.known_seconds is None else trouble.known + duty.known_seconds
    return start + seconds if bound is None or classified > bound else min(start + seconds, bound)


def _due(regime: Regime, duty: Duty, due: float) -> Text:
    en, zh = (words.replace("{due}", iso(due)) for words in (duty.said.en, duty.said.in_("zh")))
    return Text(f"{regime.name.en}: {en}.", f"{regime.name.zh}：{zh}。")


def _not_yet(regime: Regime, measures: tuple[Measure, ...], passed: int) -> Text:
    en = "; ".join(measure.said.en for measure in measures)
    zh = "；".join(measure.said.in_("zh") for measure in measures)
    if regime.needed == 1:
        return Text(f"{regime.name.en}: not reached. Reportable from: {en}.", f"{regime.name.zh}：未达上报标准（{zh}）。")
    return Text(
        f"{regime.name.en}: {passed} of the {regime.needed} thresholds needed are passed, among: {en}.",
        f"{regime.name.zh}：须达到 {regime.needed} 项标准，目前达到 {passed} 项（{zh}）。",
    )


def _longer_than(trouble: Trouble, seconds: float, said: Text) -> Measure:
    return Measure(said, trouble.since + seconds if trouble.lasted_seconds > seconds else None)


def _more_than(estimate: Between | None, limit: float, trouble: Trouble, said: Text) -> Measure:
    """When a count was passed is not on record: taken from when the trouble was known, which is never too late."""
    return Measure(said, trouble.known if estimate is not None and estimate.middle > limit else None)


def _mas(trouble: Trouble) -> tuple[Measure, ...]:
    # A "relevant incident" has a severe and widespread impact on operations, or materially impacts service to customers.
    severe = trouble.known if trouble.severity is Severity.P1 else None
    return (Measure(Text("service to customers materially impacted (P1)", "对客户服务造成实质影响（P1）"), severe),)


def _dora(trouble: Trouble) -> tuple[Measure, ...]:
    two_hours = duration_text(2 * _HOUR)
    return (
        _longer_than(
            trouble, 2 * _HOUR, Text(f"critical service down for more than {two_hours.en}", f"关键服务中断超过 {two_hours.zh}")
        ),
        _more_than(trouble.failed_share, 0.10, trouble, Text("more than 10 % of transactions", "受影响交易超过 10 %")),
        _more_than(trouble.customers, 100_000, trouble, Text("more than 100,000 clients", "受影响客户超过 100,000 户")),
    )


def _pboc(trouble: Trouble) -> tuple[Measure, ...]:
    two_hours = duration_text(2 * _HOUR)
    return (
        _longer_than(
            trouble,
            2 * _HOUR,
            Text(f"payments interrupted for more than {two_hours.en}", f"支付业务中断或功能故障超过 {two_hours.zh}"),
        ),
        _more_than(trouble.customers, 100_000, trouble, Text("more than 100,000 payments affected", "影响支付业务超过 10 万笔")),
    )


def _eba(trouble: Trouble) -> tuple[Measure, ...]:
    # The higher level alone makes an incident major; of the lower level it takes three, of which probes see two.
    return (
        _more_than(trouble.failed_share, 0.25, trouble, Text("more than 25 % of transactions", "受影响交易超过 25 %")),
        _more_than(trouble.customers, 50_000, trouble, Text("more than 50,000 users", "受影响用户超过 50,000 户")),
    )


#: By the name that a target's ``regulators`` gives.
REGIMES: Mapping[str, Regime] = MappingProxyType(
    {
        "mas": Regime(
            Text("MAS Notice on Technology Risk Management", "新加坡金管局《科技风险管理通告》"),
            1,
            _mas,
            (
                Duty(Text("notify MAS by {due}", "须于 {due} 前通知新加坡金管局"), After.KNOWN, _HOUR),
                Duty(
                    Text(
                        "unscheduled downtime reaches 4 h within 12 months at {due}",
                        "若届时仍未恢复，12 个月内的非计划停机将于 {due} 累计达到 4 小时上限",
                    ),
                    After.BEGAN,
                    4 * _HOUR,
                    spends=True,
                ),
                Duty(
                    Text("hand in the root cause and impact analysis by {due}", "须于 {due} 前提交根因与影响分析报告"),
                    After.KNOWN,
                    14 * _DAY,
                ),
            ),
        ),
        "dora": Regime(
            Text("DORA", "欧盟《数字运营韧性法案》（DORA）"),
            2,
            _dora,
            (
                Duty(
                    Text("send the initial notification by {due}", "须于 {due} 前提交首次通知"),
                    After.CLASSIFIED,
                    4 * _HOUR,
                    known_seconds=24 * _HOUR,
                ),
                # Counted from the initial notification, which may be sent at once.
                Duty(Text("send the intermediate report by {due}", "须于 {due} 前提交中期报告"), After.CLASSIFIED, 72 * _HOUR),
            ),
        ),
        "pboc": Regime(
            Text("PBoC rules on reporting major events", "人民银行《非银行支付机构重大事项报告管理办法》"),
            1,
            _pboc,
            (
                Duty(
                    Text(
                        "report to the local branch of the PBoC without delay; the threshold was passed at {due}",
                        "已于 {due} 达到上报标准，应及时向所在地人民银行分支机构报告",
                    ),
                    After.CLASSIFIED,
                    0.0,
                ),
            ),
        ),
        "eba": Regime(
            Text("EBA/GL/2021/03", "欧洲银行管理局 EBA/GL/2021/03 指引"),
            1,
            _eba,
            (Duty(Text("send the initial report by {due}", "须于 {due} 前提交首次报告"), After.CLASSIFIED, 4 * _HOUR),),
        ),
    }
)
