"""The runbook, filled in: every step with how it ended and what was measured, or with the reason why it was not tried."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from monitor.model.text import Text
from monitor.model.triage import Experiment, Finding, Layer, Mark, Observation
from monitor.triage.catalogue import Runbook, RunbookStep, Said
from monitor.triage.evidence import ASKED_OF_TARGET, Evidence, bad, kinds_in
from monitor.triage.kinds import OF_THE_WAY, OPEN_MONEY, Kind
from monitor.triage.layers.own import CLOCK_SECONDS, STALL_SECONDS
from monitor.triage.layers.slow import Growth, growths
from monitor.triage.pace import split_text, total_text
from monitor.triage.say import capital, join, quoted, shown
from monitor.triage.skips import reason
from monitor.triage.verdict import Verdict

#: Observations quoted in one finding; the rest is counted.
QUOTED_MAX = 4
_FAILED_OTHERWISE = Text("It failed for another reason, so this does not show.", "因其他原因失败，无法据此判断。")
_NOT_TRIED = Text("Not tried.", "未检测。")


def findings(runbook: Runbook, evidence: Evidence, verdict: Verdict) -> tuple[Finding, ...]:
    return tuple(_finding(step, evidence, verdict) for step in runbook.steps)


def _finding(step: RunbookStep, evidence: Evidence, verdict: Verdict) -> Finding:
    seen = evidence.everything(*step.experiments)
    special = _TOLD.get(step.id)
    if special is not None:
        judged, (mark, said) = seen, special(seen, evidence)
    elif not step.experiments:
        judged, mark, said = (), Mark.SKIPPED, Text(f"By hand: {step.next.en}", f"人工检查：{step.next.zh}")
    elif not seen:
        return _untried(step, evidence)
    else:
        judged, mark, said = _judged(step, seen, verdict)
    return _filled(step, mark, said, judged, evidence)


def _judged(step: RunbookStep, seen: tuple[Observation, ...], verdict: Verdict) -> tuple[tuple[Observation, ...], Mark, Text]:
    whose = verdict.layer is step.layer or step.id == _PARTS
    accused = verdict.sign.shown if verdict.sign is not None and whose else ()
    own = tuple(each for each in seen if (bad(each) and _belongs(step, each)) or each in accused)
    passing = tuple(each for each in seen if not bad(each) and each not in own)
    if own:
        return own + passing, Mark.FAILED, _after(step.failing, _said(own + passing))
    if passing:
        return passing, Mark.PASSED, _after(step.passing, _said(passing))
    # What failed for a reason of another layer is no answer to this question; the runs beside it that passed are.
    runs = max(each.runs for each in seen)
    told = Text(f"0 of {runs} runs failed in this way.", f"{runs} 次运行中无此类失败。")
    if any(each.bad < each.runs for each in seen if each.bad):
        return seen, Mark.PASSED, _after(step.passing, told)
    return seen, Mark.UNSURE, _after(_FAILED_OTHERWISE, _said(seen))


def _after(sentence: Said | Text, values: Text) -> Text:
    return Text(f"{sentence.en} {values.en}", f"{sentence.zh}{values.zh}")


def _filled(step: RunbookStep, mark: Mark, said: Text, judged: tuple[Observation, ...], evidence: Evidence) -> Finding:
    latest = max(judged, key=lambda each: (each.at, each.source), default=None)
    at, source = (latest.at, latest.source) if latest else (evidence.case.at, evidence.case.location)
    return Finding(step.id, step.question.text, mark, said, at, source)


def _untried(step: RunbookStep, evidence: Evidence) -> Finding:
    """With the reason. What an answer in HTTP passed on its way has passed, tried by itself or not."""
    answered = tuple(each for each in evidence.everything(*ASKED_OF_TARGET) if each.status is not None)
    if step.layer in _PASSED_BY_HTTP and answered:
        latest = max(answered, key=lambda each: each.at)
        said = Text(
            f"Not tried by itself; passed on the way, since HTTP {latest.status} came back.",
            f"未单独检测；已收到 HTTP {latest.status} 应答，说明该环节已通过。",
        )
        return _filled(step, Mark.PASSED, said, (latest,), evidence)
    reasons = list(dict.fromkeys(reason(quoted(each)) for each in evidence.untried(*step.experiments) if each.message))
    why = join(reasons)
    said = Text(f"Not tried: {why.en}.", f"未检测：{why.zh}。") if reasons else _NOT_TRIED
    return _filled(step, Mark.SKIPPED, said, (), evidence)


#: Whoever answers in HTTP was found, connected to and spoken to.
_PASSED_BY_HTTP = frozenset({Layer.DNS, Layer.NETWORK, Layer.TLS})


#: Of what is slow: brands and cards, whichever layer behind the gateway they speak of.
_PARTS = "parts"
#: Kinds of failure that are a step's own. A step whose kinds are not named here takes every failure of its experiments.
_KINDS: Mapping[str, frozenset[Kind]] = MappingProxyType(
    {
        "authentication": frozenset({Kind.DENIED}),
        "configuration": frozenset({Kind.REQUEST, Kind.THROTTLED}),
        "gateway": frozenset({Kind.SERVER, Kind.CONTRACT, *OPEN_MONEY}),
        "behind": frozenset({Kind.ACQUIRER, Kind.ISSUER, Kind.DECLINE, Kind.SILENT}),
        "front_door": frozenset(Kind) - OF_THE_WAY,
        "tls": frozenset(Kind) - {Kind.NAME, Kind.CONNECT},
    }
)


def _belongs(step: RunbookStep, each: Observation) -> bool:
    if not bad(each) or step.id not in _KINDS:
        return True
    return any(kind in _KINDS[step.id] for kind in kinds_in(each))


def _said(observations: tuple[Observation, ...]) -> Text:
    ranked = sorted(_merged(observations), key=lambda each: (not bad(each), -each.bad))
    told = list(dict.fromkeys(shown(each) for each in ranked))
    quoted_ones = join(told[:QUOTED_MAX])
    more = len(told) - QUOTED_MAX
    en = capital(quoted_ones.en)
    return (
        Text(f"{en}; and {more} more.", f"{quoted_ones.zh}；另有 {more} 项。")
        if more > 0
        else Text(f"{en}.", f"{quoted_ones.zh}。")
    )


def _merged(observations: tuple[Observation, ...]) -> list[Observation]:
    """One for what several places say alike: the runs of a step that passed everywhere, or failed in one way everywhere."""
    found: dict[tuple[object, ...], Observation] = {}
    for each in observations:
        key = (each.experiment, each.subject, bad(each), each.reason, each.status, each.code) if each.runs > 1 else (each,)
        held = found.get(key)
        if held is not None:
            each = replace(each, runs=held.runs + each.runs, bad=held.bad + each.bad, seconds=None)
        found[key] = each
    return list(found.values())


def _us(judged: tuple[Observation, ...], evidence: Evidence) -> tuple[Mark, Text]:
    if not judged:
        return Mark.SKIPPED, _NOT_TRIED
    own = [each for each in judged if each.experiment is Experiment.OWN and _own_bad(each)]
    others = [each for each in judged if each.experiment is not Experiment.OWN]
    if own or (others and all(bad(each) for each in others)):
        return Mark.FAILED, _said(judged)
    unsure = any(bad(each) for each in others)
    return Mark.UNSURE if unsure else Mark.PASSED, _said(judged)


def _own_bad(each: Observation) -> bool:
    limit = {"loop_lag": STALL_SECONDS, "clock": CLOCK_SECONDS}.get(each.subject)
    return abs(each.seconds or 0.0) >= limit if limit is not None else each.good is False


def _client(judged: tuple[Observation, ...], evidence: Evidence) -> tuple[Mark, Text]:
    rate = evidence.own("rate")
    if rate is None or rate.good is None:
        return Mark.SKIPPED, _NOT_TRIED
    return (Mark.FAILED if rate.good is False else Mark.PASSED), _said((rate,))


def _scope(judged: tuple[Observation, ...], evidence: Evidence) -> tuple[Mark, Text]:
    if not judged:
        return Mark.SKIPPED, Text("No recent runs.", "近期没有运行记录。")
    return (Mark.FAILED if evidence.bad_runs else Mark.PASSED), _said(judged)


def _state_safety(judged: tuple[Observation, ...], evidence: Evidence) -> tuple[Mark, Text]:
    """Steps that change something and whose answer is missing. A connection that never stood moved nothing."""
    parts = evidence.recent(Experiment.WRITE) or evidence.summaries
    count = sum(number for each in parts for kind, number in kinds_in(each).items() if kind in OPEN_MONEY)
    if not parts:
        return Mark.SKIPPED, Text("No recent runs.", "近期没有运行记录。")
    if not count:
        return Mark.PASSED, Text("No request was left without an answer.", "没有未获应答的请求。")
    told = Text(
        f"{count} requests had no answer: query each of those that move money, then reverse it.",
        f"{count} 个请求未获应答：其中涉及资金的须逐笔查询后冲正。",
    )
    return Mark.FAILED, told


def _confirm(judged: tuple[Observation, ...], evidence: Evidence) -> tuple[Mark, Text]:
    return _compared(growths(evidence), total_text)


def _phases(judged: tuple[Observation, ...], evidence: Evidence) -> tuple[Mark, Text]:
    return _compared(tuple(each for each in growths(evidence) if each.by_phase), split_text)


def _compared(measured: tuple[Growth, ...], words: Callable[[Growth], Text]) -> tuple[Mark, Text]:
    if not measured:
        return Mark.SKIPPED, Text("Not enough runs to compare with the last good one.", "运行次数不足，无法与上次正常运行对比。")
    told = [each for each in measured if each.grown] or list(measured)
    said = join([words(each) for each in told[:QUOTED_MAX]])
    return (Mark.FAILED if any(each.grown for each in measured) else Mark.PASSED), Text(f"{capital(said.en)}.", f"{said.zh}。")


_TOLD: Mapping[str, Callable[[tuple[Observation, ...], Evidence], tuple[Mark, Text]]] = MappingProxyType(
    {
        "us": _us,
        "client": _client,
        "scope": _scope,
        "state_safety": _state_safety,
        "confirm": _confirm,
        "phases": _phases,
    }
)
