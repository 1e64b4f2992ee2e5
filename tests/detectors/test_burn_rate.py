"""Burn rates over several windows, corrected for sparse samples."""

from typing import Any

import pytest
from detector_contract import CHECK, feed, sample
from pydantic import ValidationError

from monitor.detectors import Verdict
from monitor.detectors.burn_rate import BurnRate
from monitor.detectors.elementary import chance_of
from monitor.model.check import Check, Objective
from monitor.model.sample import Sample
from monitor.model.text import Text

START = 1_700_000_000.0 - 1_700_000_000.0 % 21_600.0
HOUR = 3_600.0


def series(count: int, bad: set[int] | range, *, every: float = 30.0, begin: float = START) -> list[Sample]:
    return [sample(begin + every * turn, turn not in bad) for turn in range(count)]


def alarms(detector: BurnRate, samples: list[Sample], state: Any = None) -> list[int]:
    """Where alarms began."""
    verdicts = feed(detector, samples, state)[1]
    return [place for place, verdict in enumerate(verdicts) if verdict.alarm and not (place and verdicts[place - 1].alarm)]


def last(detector: BurnRate, samples: list[Sample]) -> Verdict:
    return feed(detector, samples)[1][-1]


THREE_NINES = BurnRate(objective=0.999)


def test_one_failure_in_a_sparse_hour_burns_eight_budgets_and_is_no_alarm() -> None:
    """At 99.9 % the plain arithmetic would alarm on it at 6 and on two of them at 14.4."""
    assert 1 / 120 / 0.001 > 6
    assert 2 / 120 / 0.001 > 14.4
    assert not alarms(THREE_NINES, series(240, {150}))
    assert not alarms(THREE_NINES, series(240, {150, 160}))


def test_a_full_outage_is_told_as_soon_as_it_is_beyond_chance() -> None:
    (begin,) = alarms(THREE_NINES, series(160, range(120, 160)))

    failures = begin - 120 + 1
    assert failures == 4
    assert chance_of(3, 110, 0.001) > THREE_NINES.chance >= chance_of(4, 120, 0.001)


def test_ten_percent_failing_is_told_within_the_hour() -> None:
    (begin,) = alarms(THREE_NINES, series(240, range(120, 240, 10)))

    assert (begin - 120) * 30.0 < HOUR


def test_it_says_how_many_of_how_many_and_since_when() -> None:
    alarm = last(THREE_NINES, series(130, range(120, 130)))

    assert alarm.since == START + 120 * 30.0
    assert "10 of " in alarm.summary.en
    assert "times what the objective 99.900% allows" in alarm.summary.en
    assert "次失败" in alarm.summary.zh
    assert alarm.evidence["failures_in_window"] == "10"
    assert alarm.evidence["window"] == "1 h 00 min"


def test_a_failure_long_before_does_not_move_the_onset() -> None:
    alarm = last(THREE_NINES, series(130, {30, *range(120, 130)}))

    assert alarm.since == START + 120 * 30.0


def test_a_slow_burn_is_seen_by_the_long_windows_alone() -> None:
    """Half a percent at an objective of 99.9 %: five budgets."""
    count = int(72 * HOUR / 30)
    verdicts = feed(THREE_NINES, series(count, range(0, count, 200)))[1]

    windows = {verdict.evidence["window"] for verdict in verdicts if verdict.alarm}
    assert windows
    assert "1 h 00 min" not in windows


def test_it_ends_when_the_rule_of_three_says_so_and_not_before() -> None:
    verdicts = feed(BurnRate(objective=0.999), series(400, range(100, 200, 2)))[1]

    over = next(place for place, verdict in enumerate(verdicts[198:], 198) if not verdict.alarm)
    good = over - 198
    assert 6 <= good <= 12  # about half failed: three over a half, or a little more while good samples were still in the window
    assert verdicts[over].recovered
    assert not any(verdict.alarm for verdict in verdicts[over:])


def test_a_partial_failure_does_not_flap() -> None:
    assert len(alarms(THREE_NINES, series(600, range(120, 600, 10)))) == 1


def test_it_burns_again_when_it_fails_again_though_the_short_window_forgot() -> None:
    bad = {*range(100, 120), *range(200, 220)}

    assert len(alarms(THREE_NINES, series(260, bad))) == 2


def test_the_objective_is_the_checks_own_unless_the_rule_says_otherwise() -> None:
    strict = Check("card", Text("Card"), "sandbox", 30.0, 5.0, 5.0, (), objective=Objective(availability=0.95))
    tailored = BurnRate().tailored(strict, 30.0)
    stated = BurnRate(objective=0.99).tailored(strict, 30.0)

    assert tailored is not None
    assert tailored.objective == 0.95
    assert stated is not None
    assert stated.objective == 0.99


def test_where_nothing_may_fail_there_is_no_budget_to_burn() -> None:
    perfect = Check("card", Text("Card"), "sandbox", 30.0, 5.0, 5.0, (), objective=Objective(availability=1.0))

    assert BurnRate().tailored(perfect, 30.0) is None


def test_untailored_it_says_what_is_missing() -> None:
    with pytest.raises(TypeError, match="tailor the detector"):
        feed(BurnRate(), series(10, range(10)))


def test_a_straggler_is_counted_where_it_belongs() -> None:
    samples = series(130, range(120, 130))
    late = [*samples[:121], *samples[122:], samples[121]]

    assert feed(THREE_NINES, late)[0][1] == feed(THREE_NINES, samples)[0][1]


def test_a_silence_longer_than_all_windows_forgets_all() -> None:
    state, _ = feed(THREE_NINES, series(100, {90, 91}))

    window = feed(THREE_NINES, [sample(START + 80 * 24 * HOUR)], state)[0][1][0]

    assert [1, 0] == [sum(one[0] for one in window[1]), sum(one[1] for one in window[1])]


def test_the_workbooks_windows_are_the_default() -> None:
    tailored = BurnRate().tailored(CHECK, 10.0)

    assert tailored is not None
    assert [(14.4, 3_600.0, 300.0), (6.0, 21_600.0, 1_800.0), (3.0, 86_400.0, 7_200.0), (1.0, 259_200.0, 21_600.0)] == [
        (window.burn, window.long, window.short) for window in tailored.windows
    ]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"windows": [{"burn": 2, "long": "5m", "short": "1h"}]}, "expected the short window to be shorter"),
        ({"windows": []}, "at least 1"),
        ({"windows": [{"burn": 2, "long": "1h", "short": "5s"}]}, "greater than or equal to 60"),
        ({"objective": 1.0}, "less than 1"),
    ],
)
def test_windows_that_cannot_work_are_refused(options: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        BurnRate.model_validate(options)
