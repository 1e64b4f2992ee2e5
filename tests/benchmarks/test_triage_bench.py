"""The labelled bench in its quick form, and what its table promises."""

from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.triage import report, run
from benchmarks.triage.play import Played
from benchmarks.triage.report import MODES
from benchmarks.triage.scenario import CONFIDENT
from benchmarks.triage.scenarios import QUICK, SCENARIOS, named
from monitor.model.triage import Layer

SEED = 7


def told(name: str, layer: Layer, confidence: float = 0.9, where: str = "") -> Played:
    """A verdict on a scenario that nobody had to play."""
    return Played(name, layer.value, confidence, where, "", "A sentence.", 1.5, 26, 13, (), (), (), SEED)


# --- the table


def test_the_bench_is_as_broad_as_it_says():
    gateways_and_places = {(one.gateway, one.places) for one in SCENARIOS}

    assert len(SCENARIOS) >= 64
    assert sum(one.quiet for one in SCENARIOS) >= 8
    assert {("mastercard", 1), ("mastercard", 3), ("stripe", 1), ("stripe", 3)} == gateways_and_places
    assert set(Layer) == {layer for one in SCENARIOS for layer in one.right}
    assert all(count == 1 for count in Counter(one.id for one in SCENARIOS).values())


@pytest.mark.parametrize("one", SCENARIOS, ids=lambda one: one.id)
def test_every_label_is_one_layer_or_says_why_not(one):
    assert one.mode in MODES
    assert one.quiet or len(one.right) == 1 or one.why
    assert not (one.quiet and set(one.right) - {Layer.NONE, Layer.UNKNOWN})
    assert one.quiet or not set(one.right) & {Layer.NONE, Layer.UNKNOWN}
    assert len(one.at) <= one.places


def test_a_quiet_scenario_is_wrong_only_when_a_layer_is_named_with_confidence():
    [blip] = named(("quiet-blip",))

    assert blip.is_right(Layer.NONE, 0.9)
    assert blip.is_right(Layer.GATEWAY, CONFIDENT - 0.01)
    assert blip.is_confidently_wrong(Layer.GATEWAY, CONFIDENT)


# --- the page


def test_the_page_counts_what_was_right_and_shows_every_miss():
    played = [told(one.id, one.right[0], 0.0 if one.quiet else 0.9) for one in SCENARIOS]
    loud = sum(not one.quiet for one in SCENARIOS)
    names = sum(one.right[0] is Layer.DNS for one in SCENARIOS)
    wrong = next(number for number, one in enumerate(SCENARIOS) if one.right == (Layer.DNS,))
    played[wrong] = replace(played[wrong], layer="issuer")

    page = report.page(played, 100.0)

    assert f"{loud - 1} of {loud}" in page
    assert f"| dns |  |  | **{names - 1}** |  |  |  |  |  |  |  | 1 |  |  |" in page
    assert "judged issuer with 0.90: A sentence." in page
    assert "layer wrong with a confidence of 0.5 or more | 1 of" in page
    assert all(f"`{one.id}`" in page for one in SCENARIOS)


def test_a_verdict_that_the_label_allows_stands_on_the_diagonal():
    [either] = named(("gw-refuses",))
    assert (Layer.GATEWAY, Layer.EDGE) == either.right

    table = report.confusion([told(either.id, Layer.EDGE)])

    assert table[2].startswith("| edge |")
    assert "**1**" in table[2]


# --- for real


@pytest.mark.slow
def test_the_quick_bench_names_every_layer_rightly():
    played = run.in_order(list(run.run(named(QUICK), [SEED], workers=2)))

    missed = [report.line(one) for one in played if not report.right(one)]
    assert [one.id for one in run.in_order(played)] == [one.id for one in SCENARIOS if one.id in QUICK]
    assert not missed
    assert all(one.took_seconds < 10 for one in played)
