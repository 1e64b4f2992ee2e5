"""The verdict in one sentence, with figures: what works, what fails how often and where, and what follows."""

from collections.abc import Iterable

from monitor.model.text import Text
from monitor.model.triage import Experiment, Layer, Observation
from monitor.triage.catalogue import words_of
from monitor.triage.evidence import Evidence, bad
from monitor.triage.layers.slow import growths
from monitor.triage.pace import part_text, phases_text, total_text
from monitor.triage.say import capital, failure, join, named, percent, result, short_failure, what_failed
from monitor.triage.verdict import Verdict
from monitor.triage.vocabulary import LAYERS
from monitor.triage.weights import Cause

#: Observations named in a sentence: one that can be said in a breath.
NAMED_MAX = 2


def summary(evidence: Evidence, verdict: Verdict) -> Text:
    conclusion = filled(words_of(verdict.cause).conclusion.text, verdict)
    told = _measured(evidence, verdict)
    if told is None:
        return Text(f"{capital(conclusion.en)}.", f"{conclusion.zh}。")
    return Text(f"{capital(told.en)}: {conclusion.en}.", f"{told.zh}：{conclusion.zh}。")


def filled(words: Text, verdict: Verdict) -> Text:
    """``words`` with the part that is hit in its place. Nothing else in them is a template."""
    where = verdict.where
    values = {
        "{where}": where or "-",
        "{place_en}": f" ({where})" if where else "",
        "{place_zh}": f"（{where}）" if where else "",
    }
    en, zh = words.en, words.zh
    for name, value in values.items():
        en, zh = en.replace(name, value), zh.replace(name, value)
    return Text(en, zh)


def _measured(evidence: Evidence, verdict: Verdict) -> Text | None:
    """What the verdict stands on; None when there is nothing to tell."""
    if verdict.cause is Cause.MAINTENANCE:
        reason = evidence.case.maintenance
        return Text(f'The target is in the maintenance window "{reason}"', f"目标处于维护窗口“{reason}”")
    if verdict.layer is Layer.NONE:
        return _calm(evidence)
    if verdict.layer is Layer.UNKNOWN:
        return _listed([*_failing(evidence), *_nearest(verdict)])
    if evidence.slow and not evidence.bad_runs and verdict.layer is not Layer.US:
        return _listed(_slower_parts(evidence, verdict)) or _listed(_slower(evidence)) or _listed(_shown(verdict))
    if verdict.layer in _BELOW:
        return _listed(_shown(verdict))
    return _opposed(_door(evidence), _failing(evidence), _scope(evidence))


#: Layers whose verdict rests on a few observations that say it all.
_BELOW = frozenset({Layer.US, Layer.NETWORK, Layer.DNS, Layer.TLS})


def _listed(clauses: Iterable[Text]) -> Text | None:
    told = list(clauses)
    return join(told, en=", ", zh="，") if told else None


def _opposed(works: list[Text], fails: list[Text], scope: Text | None) -> Text | None:
    """``The front door answers (200 in 41 ms), but 12 of 24 runs fail at authorise, from both locations and on all 3 strata``."""
    if not fails:
        return _listed(works)
    failing = join(fails, en=", ", zh="，")
    if scope is not None:
        failing = Text(f"{failing.en}, {scope.en}", f"{failing.zh}，{scope.zh}")
    return Text(f"{works[0].en}, but {failing.en}", f"{works[0].zh}，但 {failing.zh}") if works else failing


def _calm(evidence: Evidence) -> Text | None:
    if evidence.bad_runs:
        latest = Text(f"the latest {evidence.after} were good", f"最近 {evidence.after} 次均正常")
        return _listed([*_failing(evidence), latest])
    works = [each for each in evidence.tried(Experiment.FRONT_DOOR, Experiment.READ, Experiment.HANDSHAKE) if not bad(each)]
    passed = [Text(f"all {evidence.runs} recent runs passed", f"近期 {evidence.runs} 次运行全部通过")] if evidence.runs else []
    return _listed([*map(_clause, works[:1]), *passed])


def _nearest(verdict: Verdict) -> list[Text]:
    return [
        Text(f"likeliest is {LAYERS[layer].en} with {percent(weight)}", f"可能性最大的是{LAYERS[layer].zh}（{percent(weight)}）")
        for layer, weight in verdict.likely[:1]
    ]


def _shown(verdict: Verdict) -> list[Text]:
    shown = verdict.sign.shown if verdict.sign else ()
    ranked = sorted(shown, key=lambda each: (not bad(each), each.runs > 1))
    return list(dict.fromkeys(map(_clause, ranked)))[:NAMED_MAX]


def _clause(each: Observation) -> Text:
    """``TLS to 203.0.113.7 fails (certificate refused: certificate has expired)``."""
    name = named(each)
    if each.experiment is Experiment.OWN or not bad(each):
        value = result(each)
        return Text(f"{name.en}: {value.en}", f"{name.zh}：{value.zh}")
    if each.runs > 1:
        what = what_failed(each)
        return Text(
            f"{name.en} fails in {each.bad} of {each.runs} runs ({what.en})",
            f"{name.zh} {each.runs} 次运行中有 {each.bad} 次失败（{what.zh}）",
        )
    what = failure(each)
    return Text(f"{name.en} fails ({what.en})", f"{name.zh} 失败（{what.zh}）")


def _slower(evidence: Evidence) -> list[Text]:
    """The step that lost most, and how many others lost as well."""
    grown = sorted((each for each in growths(evidence) if each.grown), key=lambda each: (-each.total, each.now.subject))
    told = []
    for each in grown[:1]:
        took, phases = total_text(each), phases_text(each)
        split = bool(phases.en)
        told.append(Text(f"{took.en} ({phases.en})", f"{took.zh}（{phases.zh}）") if split else took)
    if len({each.now.subject for each in grown}) > 1:
        count = len({each.now.subject for each in grown})
        told.append(Text(f"{count} steps are slower", f"共 {count} 个步骤变慢"))
    return told


def _slower_parts(evidence: Evidence, verdict: Verdict) -> list[Text]:
    """The brands or cards that lost, each against its own past."""
    shown = verdict.sign.shown if verdict.sign else ()
    was = {(each.experiment, each.subject): each for cut in _OF_CARDS for each in evidence.before(cut)}
    known = [(each, was[each.experiment, each.subject]) for each in shown if (each.experiment, each.subject) in was]
    return [part_text(now, former) for now, former in known][:NAMED_MAX]


_OF_CARDS = (Experiment.CARD, Experiment.STRATUM)


def _door(evidence: Evidence) -> list[Text]:
    works = [result(each) for each in evidence.tried(Experiment.FRONT_DOOR) if not bad(each)]
    return [Text(f"The front door answers ({value.en})", f"免认证接口有应答（{value.zh}）") for value in works[:1]]


def _failing(evidence: Evidence) -> list[Text]:
    """``12 of 24 runs fail at authorise (503 SERVER_FAILED)``; what failed just now where no run is known."""
    worst = max((each for each in evidence.summaries if each.bad), key=lambda each: (each.bad, each.at), default=None)
    if worst is None:
        return [_clause(each) for each in evidence.live_failures[:NAMED_MAX]]
    step = worst.subject if worst.experiment is Experiment.STEP else worst.step
    what = short_failure(worst)
    at_en, at_zh = (f" at {step}", f"{step} 步骤，") if step else ("", "")
    count = counted(evidence.bad_runs, evidence.runs)
    return [Text(f"{count.en}{at_en} ({what.en})", f"{count.zh}（{at_zh}{what.zh}）")]


def counted(bad_runs: int, runs: int) -> Text:
    """``12 of 24 runs fail``."""
    if bad_runs == runs:
        return Text(f"all {runs} runs fail" if runs > 1 else "the one run fails", f"{runs} 次运行全部失败")
    return Text(f"{bad_runs} of {runs} runs {'fails' if bad_runs == 1 else 'fail'}", f"{runs} 次运行中有 {bad_runs} 次失败")


def _scope(evidence: Evidence) -> Text | None:
    """Whom it hits: ``from fra alone and on all 4 strata``."""
    places = _Part(evidence, Experiment.LOCATION)
    cards = _Part(evidence, Experiment.CARD)
    strata = cards if cards.alone else _Part(evidence, Experiment.STRATUM)
    told = [
        (word, many, part)
        for word, many, part in (("from", _PLACES, places), ("on", _STRATA, strata))
        if part.alone or part.but or part.every
    ]
    if not told:
        return None
    en = " and ".join(f"{word} {_whom(part, many.en)}" for word, many, part in told)
    alone = [f"仅限 {'、'.join(part.alone)}" for _, _, part in told if part.alone]
    but = [f"除 {'、'.join(part.but)} 外的{many.zh}均受影响" for _, many, part in told if part.but]
    every = "、".join(f"{part.every} 个{many.zh}" for _, many, part in told if part.every)
    return Text(en, "，".join([*alone, *but, *([f"{every}均受影响"] if every else [])]))


_PLACES, _STRATA = Text("locations", "探测点"), Text("strata", "分层")


class _Part:
    """One way to cut the runs: ``alone`` are hit, or all ``but`` these are; ``every`` says how many there are when all are."""

    def __init__(self, evidence: Evidence, cut: Experiment) -> None:
        found = evidence.contrast(cut)
        names = {each.subject for each in evidence.parts(cut)}
        hit = {each.subject for each in evidence.parts(cut) if each.bad}
        spared = found is not None and found.most
        self.alone = found.names if found and not spared else ()
        self.but = tuple(sorted({each.subject for each in found.spared})) if found and spared else ()
        self.every = len(names) if not found and len(names) > 1 and hit == names else 0


def _whom(part: _Part, many: str) -> str:
    if part.alone:
        return f"{', '.join(part.alone)} alone"
    if part.but:
        return f"all {many} but {', '.join(part.but)}"
    return f"both {many}" if part.every == 2 else f"all {part.every} {many}"
