"""When a target is looked into. Pure: instants come in, what is to begin now goes out."""

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.model.alert import Severity

#: Inquiries at once: each opens a dozen connections, and the checks' own requests come first.
AT_ONCE = 2
#: One target is asked at most once in so long: a ticket is not read more often, and the gateway is ill already.
APART_SECONDS = 60.0
#: The second look at an incident: what began as a blip or spreads shows it by then.
AGAIN_SECONDS = 60.0
#: Later looks, while it lasts: layers change when somebody repairs, and that takes minutes.
LATER_SECONDS = 300.0
#: A suspicion must have stood for so long: hiccups are over by then.
SUSPECTED_SECONDS = 2.0
#: A suspicion alone is looked into this often: most of them are nothing.
SUSPICION_SECONDS = 300.0
#: What a suspicion found out is the answer for the incident that follows within this time; later it is asked anew.
FRESH_SECONDS = 20.0


@dataclass(slots=True)
class _Case:
    """One open incident: when its target is to be looked into next, and how often it was."""

    target: str
    severity: Severity
    due: float
    looks: int = 0


class Pacing:
    """``incident`` and ``over`` tell what is open, ``suspects`` what is suspected; ``due`` says which targets begin now. Monotonic seconds."""

    def __init__(self) -> None:
        self._cases: dict[str, _Case] = {}
        self._suspected: dict[str, float] = {}  # target -> since when
        self._began: dict[str, float] = {}
        self._for_incident: set[str] = set()  # targets whose latest inquiry an incident, or somebody, asked for
        self._running: set[str] = set()

    def incident(self, name: str, target: str, severity: Severity, now: float) -> None:
        """It is open. Look at once when it is new or has become worse."""
        known = self._cases.get(name)
        if known is None:
            self._cases[name] = _Case(target, severity, now)
        elif severity.rank < known.severity.rank:
            known.severity, known.due = severity, now
        else:
            known.severity = severity

    def over(self, name: str) -> None:
        """It is resolved, or no longer there."""
        self._cases.pop(name, None)

    def suspects(self, targets: Iterable[str], now: float) -> None:
        """All that is suspected now."""
        self._suspected = {target: self._suspected.get(target, now) for target in targets}

    def due(self, now: float) -> list[str]:
        """Targets to look into now, the worst first; they count as begun. Tell ``ended`` for each."""
        found = [*self._of_incidents(now), *self._of_suspicions(now)]
        chosen = list(dict.fromkeys(found))[: max(0, AT_ONCE - len(self._running))]
        for target in chosen:
            self._begin(target, now)
        self._began = {target: at for target, at in self._began.items() if now - at < SUSPICION_SECONDS}
        return chosen

    def ended(self, target: str) -> None:
        self._running.discard(target)

    def asked_for(self, target: str, now: float) -> bool:
        """Somebody wants it now. False: it is being looked into already."""
        if target in self._running:
            return False
        self._begin(target, now)
        self._for_incident.add(target)
        return True

    def fresh(self, target: str, now: float) -> bool:
        """Whether an inquiry began so lately that its answer holds for an incident that opens now."""
        return now - self._began.get(target, float("-inf")) < FRESH_SECONDS

    def answered(self, name: str, now: float) -> None:
        """The incident has an answer without having asked: its next look is its second."""
        case = self._cases.get(name)
        if case is not None and case.looks == 0:
            case.looks, case.due = 1, now + AGAIN_SECONDS

    def _of_incidents(self, now: float) -> list[str]:
        ready = [
            case
            for case in self._cases.values()
            if case.due <= now and case.target not in self._running and self._ready(case.target) <= now
        ]
        return [case.target for case in sorted(ready, key=lambda case: (case.severity.rank, case.due))]

    def _ready(self, target: str) -> float:
        """The look at a suspicion hardly holds up that at the incident which comes of it."""
        apart = APART_SECONDS if target in self._for_incident else FRESH_SECONDS
        return self._began.get(target, float("-inf")) + apart

    def _of_suspicions(self, now: float) -> list[str]:
        return [
            target
            for target, since in sorted(self._suspected.items(), key=lambda each: each[1])
            if now - since >= SUSPECTED_SECONDS
            and target not in self._running
            and now - self._began.get(target, float("-inf")) >= SUSPICION_SECONDS
        ]

    def _begin(self, target: str, now: float) -> None:
        self._running.add(target)
        self._began[target] = now
        self._for_incident.discard(target)
        for case in self._cases.values():
            if case.target == target:
                self._for_incident.add(target)
                case.looks += 1
                case.due = now + (AGAIN_SECONDS if case.looks == 1 else LATER_SECONDS)
