from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.outcome import Standing
from monitor.sla.availability import Definition, Run, UnknownAs, combine, figure, partition, show_percent, timeline, within
from monitor.sla.intervals import Interval, subtract, total
from monitor.sla.period import month_period

APRIL = month_period("2026-04", "UTC")
UP, DOWN, UNKNOWN = Standing.UP, Standing.DOWN, Standing.UNKNOWN


def at(day, hour, minute=0):
    return APRIL.start + (day - 1) * 86_400 + hour * 3600 + minute * 60


def rounded(share):
    return f"{float(share * 100):.5f}"


def month(down, excluded=(), unknown=(), period=APRIL):
    """Everything not said is up."""
    return partition(period, up=subtract([period], unknown), down=down, excluded=excluded)


# Worked figures, each to be recomputed with pen and paper


def test_a_month_without_trouble_is_100_percent_and_its_budget_is_known():
    found = figure(month([]))
    assert (2_592_000, 0, Fraction(1)) == (found.up_seconds, found.down_seconds, found.uptime)
    budgets = [found.period_seconds * (1 - Fraction(objective)) for objective in ("0.999", "0.9995", "0.9999")]
    assert [2592, 1296, Fraction("259.2")] == budgets


def test_an_outage_that_runs_into_and_past_maintenance_counts_outside_it():
    line = month([Interval(at(1, 10), at(1, 13))], excluded=[Interval(at(1, 12), at(1, 14))])
    found = figure(line)
    assert (7200, 7200) == (found.down_seconds, found.excluded_seconds)
    assert 2_584_800 - 7200 == found.uptime * 2_584_800
    assert "99.72145" == rounded(found.uptime)
    assert "99.72144 %" == show_percent(found.uptime, 5)  # 99.721448...
    assert "99.72222" == rounded(figure(line, Definition(maintenance_in_denominator=True)).uptime)


def test_an_outage_over_midnight_of_the_month_is_split_by_clipping():
    march = month_period("2026-03", "UTC")
    outage = [Interval(march.end - 1800, march.end + 2700)]
    first, second = figure(month(outage, period=march)), figure(month(outage))
    assert (1800, "99.93280") == (first.down_seconds, rounded(first.uptime))
    assert (2700, "99.89583") == (second.down_seconds, rounded(second.uptime))
    assert (True, False) == (first.meets(Fraction("0.999")), second.meets(Fraction("0.999")))


@pytest.mark.parametrize(("unknown", "shown"), [("excluded", "99.92997"), ("up", "99.93056"), ("down", "99.09722")])
def test_time_without_data_counts_as_the_contract_says(unknown, shown):
    line = month([Interval(at(3, 0), at(3, 0, 30))], unknown=[Interval(at(9, 0), at(9, 6))])
    found = figure(line, Definition(UnknownAs(unknown)))
    assert 6 * 3600 == found.unknown_seconds
    assert shown == rounded(found.uptime)
    assert "99.166 %" == show_percent(found.coverage)
    assert not found.provisional


def test_a_figure_from_less_than_99_percent_of_the_time_is_provisional():
    assert figure(month([], unknown=[Interval(at(9, 0), at(9, 8))])).provisional


def test_a_breach_is_neither_rounded_away_nor_shown_as_met():
    share = Fraction("0.998996")
    assert "99.89 %" == show_percent(share, 2)
    assert "99.900 %" == show_percent(Fraction("0.999"))
    line = month([Interval(at(1, 0), at(1, 0) + 2593)])
    assert figure(line).meets(Fraction("0.999")) is False
    assert figure(month([Interval(at(1, 0), at(1, 0) + 2592)])).meets(Fraction("0.999")) is True


def test_a_month_that_is_all_maintenance_or_all_unknown_is_not_available_rather_than_100_percent():
    for line in (partition(APRIL, up=(), down=()), partition(APRIL, up=[APRIL], down=(), excluded=[APRIL])):
        found = figure(line)
        assert found.uptime is None
        assert found.meets(Fraction(1)) is None
    assert "N/A" == show_percent(None)


# From runs to time


def runs(text, every=60, start=APRIL.start):
    """One letter a slot: u, d, ? (ran, not measured), a dot for no run."""
    standings = {"u": UP, "d": DOWN, "?": UNKNOWN}
    return [Run(start + n * every, standings[letter], every) for n, letter in enumerate(text) if letter != "."]


def shown(line, every=60):
    """The inverse: a letter a minute."""
    parts = {"u": line.up, "d": line.down, "?": line.unknown, "x": line.excluded}
    seconds = {second: letter for letter, part in parts.items() for one in part for second in range(one.start, one.end)}
    return "".join(seconds[second] for second in range(line.period.start, line.period.end, every))


def test_down_lasts_from_the_first_failing_run_until_the_first_good_one():
    period = Interval(APRIL.start, APRIL.start + 600)
    line = timeline(runs("uudddu.?uu"), period)
    assert "uudddu??uu" == shown(line)
    assert (Interval(APRIL.start + 120, APRIL.start + 300),) == line.down


def test_a_slot_without_a_run_is_unknown_even_within_an_outage():
    assert "ud?d?u" == shown(timeline(runs("ud.d.u"), Interval(APRIL.start, APRIL.start + 360)))


def test_a_run_before_the_period_speaks_for_its_first_seconds():
    period = Interval(APRIL.start + 30, APRIL.start + 120)
    line = timeline(runs("du"), period)
    assert (Interval(APRIL.start + 30, APRIL.start + 60),) == line.down
    assert () == line.unknown


def test_maintenance_covers_whatever_was_seen():
    period = Interval(APRIL.start, APRIL.start + 360)
    line = timeline(runs("udd.uu"), period, [Interval(APRIL.start + 120, APRIL.start + 270)])
    assert "udxxxu" == shown(line)


def test_a_clock_that_was_adjusted_a_little_leaves_no_gaps():
    drifting = [Run(APRIL.start + n * 60.04, UP, 60) for n in range(10)]
    assert () == timeline(drifting, Interval(APRIL.start, APRIL.start + 600)).unknown


def test_where_any_place_sees_it_up_it_is_up():
    period = Interval(APRIL.start, APRIL.start + 360)
    lines = [timeline(runs(text), period) for text in ("uudd.?", "uddd?.")]
    assert "uudd??" == shown(combine(lines))


LETTERS = st.text("ud?.", min_size=1, max_size=40)
EXCLUDED = st.lists(
    st.builds(
        lambda start, length: Interval(APRIL.start + start, APRIL.start + start + length), st.integers(0, 400), st.integers(0, 90)
    ),
    max_size=4,
)


@given(LETTERS, st.sampled_from([7, 10, 30]), EXCLUDED, st.integers(0, 100), st.integers(1, 400))
def test_up_down_unknown_and_excluded_are_the_period_second_by_second(text, every, excluded, offset, length):
    period = Interval(APRIL.start + offset, APRIL.start + offset + length)
    line = timeline(runs(text, every), period, excluded)
    away = {second for one in excluded for second in range(one.start, one.end)}
    for second in range(period.start, period.end):
        slot = (second - APRIL.start) // every
        letter = "x" if second in away else text[slot] if slot < len(text) else "."
        part = {"u": line.up, "d": line.down, "?": line.unknown, ".": line.unknown, "x": line.excluded}[letter]
        assert any(one.start <= second < one.end for one in part)
    assert period.seconds == sum(total(part) for part in (line.up, line.down, line.unknown, line.excluded))


@given(LETTERS, EXCLUDED, st.integers(1, 399))
def test_a_split_period_adds_up_to_the_whole(text, excluded, cut):
    period = Interval(APRIL.start, APRIL.start + 400)
    whole = timeline(runs(text, 10), period, excluded)
    halves = [
        within(whole, part) for part in (Interval(period.start, period.start + cut), Interval(period.start + cut, period.end))
    ]
    for name in ("up", "down", "unknown", "excluded"):
        assert total(getattr(whole, name)) == sum(total(getattr(half, name)) for half in halves)


@given(LETTERS, EXCLUDED, st.integers(0, 39))
def test_one_more_failing_run_never_raises_the_figure(text, excluded, place):
    period = Interval(APRIL.start, APRIL.start + 10 * len(text))
    place %= len(text)
    worse = text[:place] + "d" + text[place + 1 :]
    before = figure(timeline(runs(text, 10), period, excluded)).uptime
    after = figure(timeline(runs(worse, 10), period, excluded)).uptime
    if before is not None and text[place] == "u":
        assert after <= before


@given(st.fractions(0, 1), st.integers(0, 6))
def test_a_shown_percentage_never_flatters(share, places):
    text = show_percent(share, places)
    value = Fraction(text.removesuffix(" %")) / 100
    assert value <= share < value + Fraction(1, 100 * 10**places)
