"""What the kernel's state says, in the words of a ticket."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.detectors import Verdict
from monitor.detectors.baseline import Baseline
from monitor.detectors.false_alarms import false_alarms_text
from monitor.detectors.latency_law import HICCUPS, SHIFTS, TAILS
from monitor.detectors.sequential import layout as at
from monitor.detectors.sequential.plan import COLD_P0, FAILURE_SHARES
from monitor.model.durations import iso
from monitor.model.text import Text
from monitor.model.units import show_seconds

#: What is as slow as a hiccup and does not end: the middle of a hiccup's factors.
WIDE = HICCUPS[1]
#: Two standard deviations on either side hold about 95 %.
_SPREADS = 2.0
#: A place carries the evidence when its own samples added this much to it (natural logarithm), and at least this part of the most.
_LEAST_GAIN, _PART_OF_MOST = 1.0, 0.25


@dataclass(frozen=True, slots=True)
class Terms:
    """What an alarm is measured by."""

    threshold: float
    false_alarms: float
    family: int
    baseline: Baseline | None


def alarm(s: Sequence[float], names: Sequence[str], terms: Terms) -> Verdict:
    """The verdict while an alarm stands."""
    winner = int(s[at.WINNER])
    share, slowdown = size(winner, s[at.SHARE])
    margin = _SPREADS * s[at.SPREAD]
    onset = s[at.ONSET]
    between = (onset - margin, min(onset + margin, s[at.OPENED]))
    places = carriers(s, names)
    return Verdict(
        alarm=True,
        recovered=False,
        since=onset,
        summary=_summary(winner, s, margin, places, terms),
        evidence=_evidence(s, between, terms) | _sizes(share, slowdown),
        between=between,
        share=share,
        slowdown=slowdown,
        places=places,
    )


def size(winner: int, share: float) -> tuple[float | None, float | None]:
    """Share of runs that fail, and how many times slower they are; of the alternative ``winner``."""
    if winner < at.FAILURES:
        return share, None
    return None, (*SHIFTS, WIDE, *(factor for _, factor in TAILS))[winner - at.FAILURES]


def what(winner: int, share: float) -> Text:
    """The trouble itself, as far as it is seen."""
    if winner < at.FAILURES:
        percent = _percent(share)
        return Text(f"about {percent} of runs fail", f"约 {percent} 的探测失败")
    number = winner - at.FAILURES
    if number < len(SHIFTS):
        factor = f"{SHIFTS[number]:g}"
        return Text(f"runs take about {factor} times as long as usual at this hour", f"耗时约为该时段平常的 {factor} 倍")
    if number == len(SHIFTS):
        return Text("runs take several times as long as usual, some far longer than others", "耗时达到平常的数倍，且长短不一")
    part, times = TAILS[number - len(SHIFTS) - 1]
    return Text(
        f"about {_percent(part)} of runs take {times:g} times as long as usual",
        f"约 {_percent(part)} 的探测耗时达到平常的 {times:g} 倍",
    )


def carriers(s: Sequence[float], names: Sequence[str]) -> tuple[str, ...]:
    """The locations whose samples carry the evidence."""
    gains = [s[at.RECORDS + place * at.RECORD + at.GAIN] for place in range(len(names))]
    least = max(_LEAST_GAIN, _PART_OF_MOST * max(gains, default=0.0))
    return tuple(name for name, gain in zip(names, gains, strict=True) if gain >= least)


def standing(s: Sequence[float], c: Sequence[float], names: Sequence[str], terms: Terms) -> dict[str, str]:
    """Where the test stands, for people who ask."""
    told = {
        "evidence": _nats(s[at.PEAK] if s[at.ALARM] == 1.0 else s[at.SCORE]),
        "threshold": _nats(terms.threshold),
        "budget": false_alarms_text(terms.false_alarms).en,
        "locations": ", ".join(names) or "none yet",
        "probing": f"extra runs every {show_seconds(c[at.SPACING])}" if c[at.BURSTING] == 1.0 else "on the grid",
        "null": _null(terms.baseline).en,
    }
    if terms.family > 1:
        told["family"] = f"one of {terms.family} series that share the budget"
    if s[at.ALARM] == 1.0:
        told["leading"] = what(int(s[at.WINNER]), s[at.SHARE]).en
    elif s[at.TOTAL] > 0.0:
        winner = max(range(at.ALTERNATIVES), key=lambda k: s[at.FULL_EVIDENCE + k])
        told["leading"] = what(winner, FAILURE_SHARES[min(winner, at.FAILURES - 1)]).en
    return told


def _summary(winner: int, s: Sequence[float], margin: float, places: tuple[str, ...], terms: Terms) -> Text:
    trouble = what(winner, s[at.SHARE])
    clock, spread = iso(s[at.ONSET]), show_seconds(margin)
    score, threshold = _nats(s[at.PEAK]), _nats(terms.threshold)
    seen, seen_zh = (f", seen from {', '.join(places)}", f"，观测地点：{'、'.join(places)}") if places else ("", "")
    budget, cold = false_alarms_text(terms.false_alarms), _null(terms.baseline) if terms.baseline is None else Text("")
    return Text(
        f"{trouble.en} since {clock} (±{spread}){seen}; evidence {score} against a threshold of {threshold} ({budget.en})"
        + (f"; {cold.en}" if cold.en else ""),
        f"自 {clock}（±{spread}）起{trouble.zh}{seen_zh}；证据 {score}，阈值 {threshold}（{budget.zh}）"
        + (f"；{cold.zh}" if cold.zh else ""),
    )


def _null(baseline: Baseline | None) -> Text:
    if baseline is None:
        return Text(
            f"no history yet: the budget holds only if calm runs fail at most {_percent(COLD_P0)} of the time, and latency is not judged",
            f"尚无历史数据：仅当平时失败率不超过 {_percent(COLD_P0)} 时误报预算才成立，且不判断延迟",
        )
    days = (baseline.until - baseline.since) / 86_400.0
    return Text(
        f"learned from {baseline.samples} runs over {days:.0f} days: at most {_percent(baseline.p0)} isolated failures",
        f"基于 {days:.0f} 天内 {baseline.samples} 次探测：孤立失败不超过 {_percent(baseline.p0)}",
    )


def _evidence(s: Sequence[float], between: tuple[float, float], terms: Terms) -> dict[str, str]:
    return {
        "evidence": _nats(s[at.PEAK]),
        "threshold": _nats(terms.threshold),
        "budget": false_alarms_text(terms.false_alarms).en,
        "began_between": f"{iso(between[0])} and {iso(between[1])}",
        "null": _null(terms.baseline).en,
    }


def _sizes(share: float | None, slowdown: float | None) -> dict[str, str]:
    told = {} if share is None else {"share": _percent(share)}
    return told if slowdown is None else told | {"slowdown": f"x{slowdown:g}"}


def _percent(share: float) -> str:
    percent = 100.0 * share
    return f"{percent:.2g} %" if percent < 10 else f"{percent:.0f} %"


def _nats(value: float) -> str:
    """Evidence is the natural logarithm of seconds; below that of one second it is none."""
    return f"{max(0.0, value):.1f}" if math.isfinite(value) else "0.0"
