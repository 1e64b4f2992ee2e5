"""The gateway's certificate, headers and schema, against what they were."""

from typing import Any

from detector_contract import feed, sample

from monitor.detectors import Verdict
from monitor.detectors.drift import CHANGE_MAX, FACES_MAX, PATIENCE, Drift
from monitor.model.outcome import Outcome
from monitor.model.sample import Sample
from monitor.model.traits import TRAIT_MAX, Trait

DRIFT = Drift(settled=20, confirm=3, stands="1h")
OLD = "aaaaaaaa content-type server x-request-id"
NEW = "bbbbbbbb cf-ray content-type server"


def showing(count: int, text: str, *, begin: int, trait: str = "headers", good: bool = True, **more: Any) -> list[Sample]:
    return [sample(60.0 * (begin + turn), good, traits=((trait, text),), **more) for turn in range(count)]


def alarms(verdicts: list[Verdict]) -> list[int]:
    return [place for place, verdict in enumerate(verdicts) if verdict.alarm and not (place and verdicts[place - 1].alarm)]


def test_a_change_is_told_once_with_what_came_and_went_then_it_is_the_usual() -> None:
    _, verdicts = feed(DRIFT, showing(30, OLD, begin=0) + showing(200, NEW, begin=30))

    assert alarms(verdicts) == [32]
    assert verdicts[32].since == 30 * 60.0
    assert "headers approved: +cf-ray -x-request-id" in verdicts[32].summary.en
    assert "+cf-ray -x-request-id" in verdicts[32].summary.zh
    assert sum(verdict.alarm for verdict in verdicts) == 58  # an hour from the first sight, without the two unconfirmed
    assert verdicts[-1].recovered


def test_twice_is_chance_and_three_times_is_news() -> None:
    flapping = showing(30, OLD, begin=0) + showing(2, NEW, begin=30) + showing(100, OLD, begin=32)

    assert not alarms(feed(DRIFT, flapping)[1])


def test_faces_met_while_settling_are_all_usual() -> None:
    samples = [one for turn in range(0, 200, 2) for one in showing(1, OLD, begin=turn) + showing(1, NEW, begin=turn + 1)]

    assert not alarms(feed(DRIFT, samples)[1])


def test_a_new_face_among_old_ones_is_news_when_it_comes_back() -> None:
    """One node of six was changed: nothing is ever shown three times in a row."""
    settled = showing(30, OLD, begin=0)
    mixed = [one for turn in range(30, 90, 6) for one in showing(5, OLD, begin=turn) + showing(1, NEW, begin=turn + 5)]

    assert alarms(feed(DRIFT, settled + mixed)[1]) == [30 + 5 + 2 * 6]


def test_a_face_that_is_always_another_is_no_news() -> None:
    restless = [one for turn in range(100) for one in showing(1, f"{turn:08x} x-{turn}", begin=30 + turn)]

    assert not alarms(feed(DRIFT, showing(30, OLD, begin=0) + restless)[1])


def test_a_change_taken_back_ends_the_alarm_and_is_news_again_when_it_returns() -> None:
    detector = Drift(settled=20, stands="30d")
    tried = showing(30, OLD, begin=0) + showing(5, NEW, begin=30)
    _, verdicts = feed(detector, tried + showing(PATIENCE + 2, OLD, begin=35) + showing(5, NEW, begin=100))

    assert len(alarms(verdicts)) == 2
    assert verdicts[35 + PATIENCE + 1].recovered


def test_another_issuer_is_named_before_and_after() -> None:
    before = showing(30, "11111111 CN=R3,O=Let's Encrypt", begin=0, trait="issuer")
    after = showing(3, "22222222 CN=Sneaky,O=Proxy", begin=30, trait="issuer")

    verdict = feed(DRIFT, before + after)[1][-1]

    assert verdict.evidence["issuer"] == "CN=R3,O=Let's Encrypt -> CN=Sneaky,O=Proxy"


def test_a_certificate_is_read_from_failed_runs_too_and_an_error_page_is_not() -> None:
    settled = showing(30, "11111111 a", begin=0, trait="issuer") + showing(30, OLD, begin=30)
    failing = showing(10, "22222222 b", begin=60, trait="issuer", good=False) + showing(10, NEW, begin=70, good=False)

    verdicts = feed(DRIFT, settled + failing)[1]

    assert verdicts[-1].evidence["changed"] == "issuer"


def test_a_decline_may_look_unlike_an_approval() -> None:
    samples = showing(30, OLD, begin=0) + showing(30, NEW, begin=30, outcome=Outcome.SOFT_DECLINE)

    assert not alarms(feed(DRIFT, samples)[1])


def test_only_the_traits_asked_for_are_watched() -> None:
    detector = Drift(traits=(Trait.KEY, Trait.ISSUER, Trait.KEY), settled=20)

    assert detector.traits == (Trait.ISSUER, Trait.KEY)
    assert feed(detector, showing(30, OLD, begin=0) + showing(30, NEW, begin=30))[0] == {}


def test_lists_that_were_cut_off_are_compared_as_far_as_both_go() -> None:
    words = [f"field_{number:03}:text" for number in range(60)]
    cut = lambda face, listed: f"{face} {' '.join(sorted(listed))}"[: TRAIT_MAX - 1] + "…"  # noqa: E731

    before = showing(30, cut("aaaaaaaa", words), begin=0, trait="schema")
    after = showing(3, cut("bbbbbbbb", [*words, "added:text"]), begin=30, trait="schema")

    assert feed(DRIFT, before + after)[1][-1].evidence["schema approved"] == "+added:text"


def test_a_change_beyond_what_is_shown_is_told_by_its_hashes() -> None:
    before = showing(30, "aaaaaaaa x:text…", begin=0, trait="schema")

    assert (
        "aaaaaaaa -> bbbbbbbb" in feed(DRIFT, before + showing(3, "bbbbbbbb x:text…", begin=30, trait="schema"))[1][-1].summary.en
    )


def test_what_is_told_and_kept_is_bounded() -> None:
    wide = " ".join(f"word-{number}" for number in range(40))
    many = [one for turn in range(19) for one in showing(1, f"{turn:08x} x", begin=turn)]

    state, _ = feed(DRIFT, many)
    _, verdicts = feed(DRIFT, showing(30, OLD, begin=0) + showing(3, f"cccccccc {wide}", begin=30))

    assert len(state["headers approved"][1]) == FACES_MAX
    assert len(verdicts[-1].evidence["headers approved"]) == CHANGE_MAX
