"""What to do first, who does it, and what not to do."""

from collections.abc import Iterable
from typing import NamedTuple

from monitor.model.text import Text
from monitor.model.triage import Finding, Mark
from monitor.triage.catalogue import Runbook, RunbookStep, cautions, words_of
from monitor.triage.summary import filled
from monitor.triage.verdict import Verdict
from monitor.triage.weights import Cause

#: How wide it is names nobody, and what was left open is told whatever the verdict.
_NO_LAYER = frozenset({"scope", "state_safety"})
_SAFETY = "state_safety"


class Advice(NamedTuple):
    next_step: Text
    owner: str
    do_not: tuple[Text, ...]


def advice(runbook: Runbook, findings: Iterable[Finding], verdict: Verdict) -> Advice:
    """The cause says it; where none was found, the first step of the runbook that did not pass."""
    words = words_of(verdict.cause)
    marks = {finding.step: finding.mark for finding in findings}
    safety = [name for step in runbook.steps if step.id == _SAFETY and marks[step.id] is Mark.FAILED for name in step.do_not]
    open_step = _first_open(runbook, marks) if verdict.cause is Cause.UNDECIDED else None
    if open_step is not None:
        names = dict.fromkeys((*open_step.do_not, *words.do_not, *safety))
        return Advice(open_step.next.text, open_step.owner, cautions(tuple(names)))
    return Advice(filled(words.next.text, verdict), words.owner, cautions(tuple(dict.fromkeys((*words.do_not, *safety)))))


def _first_open(runbook: Runbook, marks: dict[str, Mark]) -> RunbookStep | None:
    steps = [step for step in runbook.steps if step.id not in _NO_LAYER]
    for mark in (Mark.FAILED, Mark.UNSURE):
        found = next((step for step in steps if marks[step.id] is mark), None)
        if found is not None:
            return found
    return None
