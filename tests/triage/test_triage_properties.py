"""What holds of every verdict, whatever the evidence."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_triage_cases import QUIET, SCENES
from triage_scenes import EXPIRED, NO_NAME, PAGE, SILENT_TCP, X, case, everywhere, runs, tls, tried

from monitor.model.text import Text
from monitor.model.triage import Case, Diagnosis, Layer, Mark, Observation, Symptom
from monitor.triage import fingerprint, judge
from monitor.triage.catalogue import runbook
from monitor.triage.weights import LADDER, SUREST

ALL = [param.values[0] for param in (*SCENES, *QUIET)]
POOL = list(dict.fromkeys(each for told in ALL for each in (*told.case.tried, *told.case.recent)))

#: What makes each layer before the gateway fail, seen beyond doubt.
BREAKERS: dict[Layer, tuple[Observation, ...]] = {
    Layer.US: (tried(X.REFERENCE, "control", False, **SILENT_TCP), runs(X.NEIGHBOUR, "other", 8, 8, **SILENT_TCP)),
    Layer.NETWORK: (
        tried(X.CONNECT, "203.0.113.90", False, **SILENT_TCP),
        tried(X.CONNECT, "203.0.113.91"),
        runs(X.STEP, "verify", 12, 12, **SILENT_TCP),
    ),
    Layer.DNS: (tried(X.RESOLVE, "gateway.test", False, **NO_NAME), runs(X.STEP, "verify", 12, 12, **NO_NAME)),
    Layer.TLS: (tried(X.HANDSHAKE, "203.0.113.7", False, **EXPIRED), runs(X.STEP, "verify", 12, 12, **EXPIRED)),
    Layer.EDGE: (tried(X.FRONT_DOOR, "information", False, **PAGE), runs(X.STEP, "verify", 12, 12, **PAGE)),
}

cases = st.builds(
    lambda told, symptom, maintenance: case(told, symptom=symptom, maintenance=maintenance),
    st.lists(st.sampled_from(POOL), max_size=14, unique=True),
    st.sampled_from(Symptom),
    st.sampled_from(["", "", "", "release 12"]),
)


def texts(diagnosis: Diagnosis) -> list[Text]:
    found = [diagnosis.summary, diagnosis.next_step, *diagnosis.against, *diagnosis.do_not]
    return found + [text for finding in diagnosis.findings for text in (finding.question, finding.said)]


def rank(layer: Layer) -> int:
    """An undecided verdict names nobody, so it blames no later layer either."""
    return LADDER.index(layer) if layer in LADDER else -1


@given(cases)
@settings(max_examples=300, deadline=None)
def test_every_verdict_is_told_whole_in_both_languages(told: Case) -> None:
    verdict = judge(told)

    for text in texts(verdict):
        assert text.en and text.zh
        assert "None" not in text.en + text.zh
        assert "{" not in text.en + text.zh
    assert verdict.summary.en[0].isupper() or not verdict.summary.en[0].isalpha()
    assert verdict.summary.en.endswith(".") and verdict.summary.zh.endswith("。")


@given(cases)
@settings(max_examples=200, deadline=None)
def test_confidence_is_a_probability_that_never_claims_certainty(told: Case) -> None:
    verdict = judge(told)

    assert 0 <= verdict.confidence <= SUREST
    assert (verdict.layer is Layer.UNKNOWN) == (verdict.confidence == 0)
    assert verdict.layer in (Layer.UNKNOWN, Layer.NONE) or verdict.confidence >= 0.5
    assert all(0 <= weight <= 1 and layer is not verdict.layer for layer, weight in verdict.likely)


@given(cases, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_observations_decides_nothing(told: Case, random: Random) -> None:
    mixed = replace(
        told, tried=shuffled(told.tried, random), recent=shuffled(told.recent, random), before=shuffled(told.before, random)
    )

    assert judge(told) == judge(mixed)


@given(st.sampled_from([told.case for told in ALL if not told.case.maintenance]) | cases, st.sampled_from(list(BREAKERS)))
@settings(max_examples=500, deadline=None)
def test_a_failure_of_an_earlier_layer_never_leads_to_a_later_one(found: Case, broken: Layer) -> None:
    before = judge(found)
    extra = BREAKERS[broken]
    after = judge(
        replace(
            found,
            tried=found.tried + tuple(each for each in extra if each.runs == 1),
            recent=found.recent + tuple(each for each in extra if each.runs > 1),
        )
    )

    if before.layer in LADDER and rank(broken) <= rank(before.layer):
        assert rank(after.layer) <= rank(before.layer), (before.summary.en, after.summary.en)


def test_every_layer_can_be_the_verdict() -> None:
    assert set(Layer) == {judge(told.case).layer for told in ALL}


@pytest.mark.parametrize("symptom", Symptom)
def test_without_evidence_nothing_is_known(symptom: Symptom) -> None:
    verdict = judge(case((), symptom=symptom))

    assert (Layer.UNKNOWN, 0.0) == (verdict.layer, verdict.confidence)
    assert {Mark.SKIPPED} == {finding.mark for finding in verdict.findings}


@pytest.mark.parametrize("told", SCENES + QUIET)
def test_every_step_of_the_runbook_is_filled_in(told: object) -> None:
    found: Case = told.case  # type: ignore[attr-defined]
    verdict = judge(found)

    assert [step.id for step in runbook(found.symptom).steps] == [finding.step for finding in verdict.findings]
    assert all(finding.at <= found.at and finding.source for finding in verdict.findings)


def test_the_fingerprint_is_that_of_the_trouble_and_not_of_its_size() -> None:
    few, many = (judge(case((*everywhere(count, count, **PAGE), tried(X.HANDSHAKE, "a", tls=tls())))) for count in (8, 40))

    assert few.summary != many.summary
    assert "edge:page:-:403" == fingerprint(few) == fingerprint(many)
    assert "edge:page:fra:403" == fingerprint(few, "fra")


def test_addresses_do_not_make_two_troubles_of_one() -> None:
    def dead(address: str) -> Diagnosis:
        return judge(case((tried(X.CONNECT, address, False, **SILENT_TCP), tried(X.CONNECT, "203.0.113.8"))))

    assert dead("203.0.113.7").where != dead("203.0.113.9").where
    assert fingerprint(dead("203.0.113.7")) == fingerprint(dead("2001:db8::7"))


def test_a_diagnosis_remembers_how_long_it_took() -> None:
    assert 1.5 == judge(case(()), took_seconds=1.5).took_seconds


def shuffled(observations: tuple[Observation, ...], random: Random) -> tuple[Observation, ...]:
    mixed = list(observations)
    random.shuffle(mixed)
    return tuple(mixed)
