"""What every kind of detector keeps to. A kind inherits this class and says how it is made."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.detectors import Detector, Verdict
from monitor.model.check import Check
from monitor.model.outcome import Outcome
from monitor.model.sample import Sample, Series
from monitor.model.text import Text

SERIES = Series("card-payment", "sandbox", "", "local")
CHECK = Check("card-payment", Text("Card payment"), "sandbox", 10.0, 5.0, 5.0, ())
STATE_MAX_BYTES = 10_000
#: Inherited on purpose: each kind runs the same tests.
INHERITED = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.differing_executors])


def sample(
    at: float, good: bool | None = True, *, seconds: float | None = 0.2, expires: float | None = None, **more: Any
) -> Sample:
    outcome = more.pop("outcome", {True: Outcome.APPROVED, False: Outcome.TECH_GATEWAY, None: Outcome.UNKNOWN}[good])
    latency = seconds if good else None
    return Sample(SERIES, at, at + 1.0, good, outcome, seconds=latency, expires=expires, **more)


def feed(detector: Detector, samples: list[Sample], state: Any = None) -> tuple[Any, list[Verdict]]:
    state = detector.start() if state is None else state
    verdicts = []
    for one in samples:
        state, verdict = detector.update(state, one)
        verdicts.append(verdict)
    return state, verdicts


def run(detector: Detector, marks: str, *, every: float = 10.0) -> list[Verdict]:
    """One sample each: ``.`` good, ``x`` bad, ``?`` not measured."""
    meaning = {".": True, "x": False, "?": None}
    return feed(detector, [sample(every * place, meaning[mark]) for place, mark in enumerate(marks)])[1]


def drawn(detector: Detector, marks: str) -> str:
    """The verdicts as a string: ``!`` alarm, ``+`` recovered, ``-`` no opinion."""
    return "".join("!" if verdict.alarm else "+" if verdict.recovered else "-" for verdict in run(detector, marks))


SAMPLES = st.lists(
    st.builds(
        lambda step, good, seconds, expires, outcome: (step, good, seconds, expires, outcome),
        st.sampled_from([10.0, 10.0, 10.0, 0.0, -10.0, -25.0, 400.0, -2_000.0]),
        st.sampled_from([True, True, False, None]),
        st.floats(0.0, 5.0),
        st.sampled_from([None, 1e6, 5e6]),
        st.sampled_from([Outcome.TECH_GATEWAY, Outcome.CONTRACT_VIOLATION]),
    ),
    max_size=120,
)


def built(drawn_samples: list[Any]) -> list[Sample]:
    at, samples = 10_000.0, []
    for step, good, seconds, expires, outcome in drawn_samples:
        at += step
        kind = outcome if good is False else Outcome.APPROVED if good else Outcome.AGENT_FAULT
        samples.append(sample(at, good, seconds=seconds, expires=expires, outcome=kind))
    return samples


class DetectorContract:
    def detector(self) -> Detector:
        raise NotImplementedError

    def tailored(self) -> Detector:
        detector = self.detector().tailored(CHECK, 10.0)
        assert detector is not None
        return detector

    @INHERITED
    @given(SAMPLES, st.integers(0, 120))
    def test_a_restart_between_any_two_samples_changes_nothing(self, drawn_samples: list[Any], cut: int) -> None:
        detector, samples = self.tailored(), built(drawn_samples)
        straight, verdicts = feed(detector, samples)

        state, before = feed(detector, samples[:cut])
        state, after = feed(detector, samples[cut:], json.loads(json.dumps(state)) if cut else state)

        assert (straight, verdicts) == (state, before + after)

    @INHERITED
    @given(SAMPLES)
    def test_an_unmeasured_sample_neither_alarms_nor_heals(self, drawn_samples: list[Any]) -> None:
        detector, state = self.tailored(), self.tailored().start()
        for one in built(drawn_samples):
            before = state
            state, verdict = detector.update(before, one)
            if one.good is None:
                assert state == before
                again, unmeasured = detector.update(state, one)
                assert (again, unmeasured) == (state, verdict)

    @INHERITED
    @given(st.integers(1, 4))
    def test_the_state_stays_small(self, turn: int) -> None:
        samples = [sample(1e9 + 10.123456 * place, place % turn != 0, seconds=1.23456789) for place in range(700)]

        state, _ = feed(self.tailored(), samples)

        assert len(json.dumps(state)) < STATE_MAX_BYTES

    @INHERITED
    @given(SAMPLES)
    def test_the_given_state_is_never_changed(self, drawn_samples: list[Any]) -> None:
        detector, state = self.tailored(), self.tailored().start()
        for one in built(drawn_samples):
            before = json.dumps(state)
            state, previous = detector.update(state, one)[0], state
            assert json.dumps(previous) == before

    @INHERITED
    @given(SAMPLES)
    def test_alarm_and_health_are_never_said_together_and_an_alarm_is_dated(self, drawn_samples: list[Any]) -> None:
        for verdict in feed(self.tailored(), built(drawn_samples))[1]:
            assert not (verdict.alarm and verdict.recovered)
            if verdict.alarm:
                assert verdict.since is not None
                assert verdict.summary.en
                assert verdict.summary.zh
