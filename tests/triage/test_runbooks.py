"""Runbooks and causes: shipped data, whole in both languages."""

import re

import pytest
from pydantic import ValidationError

from monitor.model.triage import Experiment, Layer, Symptom
from monitor.triage.catalogue import CAUSE_WORDS, Causes, Runbook, Said, cautions, runbook
from monitor.triage.weights import CAUSES, Cause

CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: Names, abbreviations and protocol words stay as they are in Chinese text.
NAMES = re.compile(r"\{\w+\}|[A-Z][A-Za-z]*(?:-[A-Z][a-z]+)*|paycanary (?:doctor|triage|ledger list)|hosts|chrony")
LAYERLESS = {Cause.NOTHING, Cause.OVER, Cause.MAINTENANCE, Cause.PLANNED, Cause.UNDECIDED, Cause.NO_EVIDENCE}


def said() -> list[tuple[str, Said]]:
    found: list[tuple[str, Said]] = [(name, words) for name, words in CAUSE_WORDS.cautions.items()]
    for cause, words in CAUSE_WORDS.causes.items():
        found += [(cause, words.conclusion), (cause, words.next)]
    for symptom in Symptom:
        book = runbook(symptom)
        found.append((symptom, book.title))
        for step in book.steps:
            found += [(f"{symptom}.{step.id}", each) for each in (step.question, step.passing, step.failing, step.next)]
    return found


@pytest.mark.parametrize(("name", "words"), said())
def test_what_is_said_is_said_in_both_languages(name: str, words: Said) -> None:
    assert CHINESE.search(words.zh), name
    assert not CHINESE.search(words.en), name
    assert not re.search(r"[a-z]{3,}", NAMES.sub("", words.zh)), words.zh


@pytest.mark.parametrize(("name", "words"), said())
def test_chinese_is_punctuated_as_chinese(name: str, words: Said) -> None:
    assert not re.search(r"[\u4e00-\u9fff][,;:!?()]|[,;:!?()][\u4e00-\u9fff]", words.zh), words.zh


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_a_weight_with_its_reason(cause: Cause) -> None:
    assert (cause in CAUSES) != (cause in LAYERLESS)
    if cause in CAUSES:
        worth = CAUSES[cause]
        assert worth.odds > 0 and len(worth.why) > 10
        assert worth.layer not in worth.rivals


def test_every_layer_has_a_cause() -> None:
    assert {worth.layer for worth in CAUSES.values()} == set(Layer) - {Layer.NONE, Layer.UNKNOWN}


@pytest.mark.parametrize("symptom", Symptom)
def test_a_runbook_begins_with_ourselves(symptom: Symptom) -> None:
    book = runbook(symptom)

    assert symptom is book.symptom
    assert Layer.US is book.steps[0].layer
    assert all(step.experiments for step in book.steps[:-2])


def test_the_runbook_of_failing_payments_asks_every_experiment() -> None:
    asked = {experiment for step in runbook(Symptom.FAILING).steps for experiment in step.experiments}

    assert set(Experiment) == asked


@pytest.mark.parametrize("symptom", Symptom)
def test_a_runbook_warns_only_of_what_there_are_words_for(symptom: Symptom) -> None:
    for step in runbook(symptom).steps:
        assert len(step.do_not) == len(cautions(step.do_not))


def test_words_missing_in_one_language_are_refused() -> None:
    whole = runbook(Symptom.FAILING).model_dump(mode="json")
    whole["steps"][0]["question"]["zh"] = ""

    with pytest.raises(ValidationError, match=r"steps\.0\.question\.zh"):
        Runbook.model_validate(whole)


def test_a_step_named_twice_is_refused() -> None:
    whole = runbook(Symptom.SLOW).model_dump(mode="json")
    whole["steps"].append(whole["steps"][0])

    with pytest.raises(ValidationError, match="named twice"):
        Runbook.model_validate(whole)


def test_a_cause_without_words_is_refused() -> None:
    whole = CAUSE_WORDS.model_dump(mode="json")
    del whole["causes"]["way_out"]

    with pytest.raises(ValidationError, match=r"causes without words: .*way_out"):
        Causes.model_validate(whole)
