"""The clocks of an incident: what runs, what stands still, and the exact second at which a target is missed."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.deadlines.clocks import Clock, Standing, clocks
from monitor.deadlines.hours import Always, BusinessHours
from monitor.deadlines.spent import spent, stretches
from monitor.deadlines.targets import ALWAYS, BUSINESS, DEFAULT_CALENDARS, DEFAULT_TARGETS, Kind, Span, parse_span
from monitor.model.alert import Severity
from monitor.model.incident import Incident, Status, Turn
from monitor.model.text import Text

OPEN, ACKNOWLEDGED, RESOLVED = Status.OPEN, Status.ACKNOWLEDGED, Status.RESOLVED
P1, P2, P3, P4 = Severity
MINUTE, HOUR = 60.0, 3_600.0
NINE_TO_SIX = ((9 * 60, 18 * 60),)
WEEK = (*(NINE_TO_SIX,) * 5, (), ())
SHANGHAI = BusinessHours("Asia/Shanghai", WEEK, country="CN")
CALENDARS = {ALWAYS: Always(), BUSINESS: SHANGHAI}


def at(text: str, zone: str = "Asia/Shanghai") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def turn(when: float, status: Status = OPEN, severity: Severity = P1, *, pending: bool = False) -> Turn:
    return Turn(when, status, severity, pending)


def incident(*turns: Turn, updated: float | None = None) -> Incident:
    first, last = turns[0], turns[-1]
    return Incident(
        id="inc_1",
        group="target=card",
        target="card",
        status=last.status,
        severity=last.severity,
        title=Text("failing"),
        opened=first.at,
        since=first.at - 30,
        changed=last.at,
        turns=turns,
        updated=updated,
    )


def clock(kind: Kind, now: float, *turns: Turn, updated: float | None = None) -> Clock:
    found = clocks(incident(*turns, updated=updated), DEFAULT_TARGETS, CALENDARS, now)
    return next(one for one in found if one.kind is kind)


#: Opened Friday before Qingming 2026, whose Monday is off; waits for the requester over the weekend, then for a supplier, then is solved.
QINGMING = [
    (at("2026-04-03 16:00"), "open"),
    (at("2026-04-03 17:30"), "pending"),
    (at("2026-04-07 10:00"), "open"),
    (at("2026-04-07 15:00"), "on-hold"),
    (at("2026-04-07 17:00"), "open"),
    (at("2026-04-08 09:30"), "solved"),
]


@pytest.mark.parametrize(
    ("states", "business_hours", "calendar_hours"),
    [
        ({"open"}, 8.0, 23.0),  # agent work
        ({"open", "on-hold"}, 10.0, 25.0),  # requester wait
        ({"pending"}, 2.5 - 1.0, 88.5),  # agent wait
        ({"open", "pending", "on-hold"}, 11.5, 113.5),  # full resolution
    ],
)
def test_a_ticket_over_the_qingming_holiday(states: set[str], business_hours: float, calendar_hours: float) -> None:
    end = at("2026-04-08 12:00")
    assert business_hours * HOUR == spent(QINGMING, end, states.__contains__, SHANGHAI)
    assert calendar_hours * HOUR == spent(QINGMING, end, states.__contains__, Always())


def test_of_changes_in_the_same_second_the_last_one_stands() -> None:
    changes = [(0.0, "open"), (10.0, "pending"), (10.0, "open"), (20.0, "solved")]
    assert [(0.0, 10.0, "open"), (10.0, 20.0, "open")] == list(stretches(changes, 20.0))


def test_a_p1_is_answered_within_fifteen_minutes_also_on_a_holiday() -> None:
    new_year = at("2026-02-17 03:00")
    respond = clock(Kind.RESPOND, new_year + MINUTE, turn(new_year))
    assert (new_year + 15 * MINUTE, Standing.RUNNING) == (respond.due, respond.standing)


def test_a_p3_waits_for_the_next_business_day() -> None:
    friday = at("2026-04-03 16:00")
    respond = clock(Kind.RESPOND, friday, turn(friday, severity=P3))
    assert at("2026-04-07 11:00") == respond.due
    assert at("2026-04-09 16:00") == clock(Kind.RESTORE, friday, turn(friday, severity=P3)).due


def test_the_default_targets() -> None:
    table = {
        severity: [(span.seconds / HOUR, span.days) if (span := promise.span(kind)) else None for kind in Kind]
        for severity, promise in DEFAULT_TARGETS.items()
    }
    assert {
        P1: [(0.25, 0), (0.5, 0), (4, 0)],
        P2: [(0.5, 0), (1, 0), (8, 0)],
        P3: [(4, 0), (0, 1), (0, 3)],
        P4: [(0, 1), None, (0, 10)],
    } == table
    assert {promise.hours for promise in DEFAULT_TARGETS.values()} == set(DEFAULT_CALENDARS)


def test_taking_it_at_the_very_second_it_is_due_is_in_time_and_a_second_later_is_not() -> None:
    due = 15 * MINUTE
    in_time = clock(Kind.RESPOND, HOUR, turn(0.0), turn(due, ACKNOWLEDGED))
    late = clock(Kind.RESPOND, HOUR, turn(0.0), turn(due + 1, ACKNOWLEDGED))
    assert (None, Standing.STOPPED, due) == (in_time.missed, in_time.standing, in_time.elapsed_seconds)
    assert due == late.missed


def test_a_clock_paused_at_the_second_it_is_due_is_missed_only_once_it_runs_again() -> None:
    due, resumed = 15 * MINUTE, 2 * HOUR
    history = (turn(0.0), turn(due, pending=True), turn(resumed))
    paused = clock(Kind.RESPOND, HOUR, *history)
    assert (Standing.PAUSED, None, None, 0.0) == (paused.standing, paused.missed, paused.due, paused.left_seconds)
    assert clock(Kind.RESPOND, resumed, *history).missed is None
    assert resumed == clock(Kind.RESPOND, resumed + 1, *history).missed


def test_while_it_waits_for_somebody_else_no_clock_runs() -> None:
    history = (turn(0.0), turn(60.0, ACKNOWLEDGED), turn(HOUR, ACKNOWLEDGED, pending=True))
    found = clocks(incident(*history), DEFAULT_TARGETS, CALENDARS, 90 * HOUR)
    assert [(Kind.RESPOND, 60.0), (Kind.UPDATE, HOUR), (Kind.RESTORE, HOUR)] == [(one.kind, one.elapsed_seconds) for one in found]
    assert [Standing.STOPPED, Standing.PAUSED, Standing.PAUSED] == [one.standing for one in found]


def test_another_priority_counts_from_the_original_start() -> None:
    history = (turn(0.0, severity=P2), turn(3 * HOUR, severity=P1))
    restore = clock(Kind.RESTORE, 3 * HOUR, *history)
    assert (P1, 3 * HOUR, 4 * HOUR, 4 * HOUR) == (restore.severity, restore.elapsed_seconds, restore.allowed_seconds, restore.due)


def test_a_target_that_was_over_before_it_held_is_missed_from_when_it_held() -> None:
    history = (turn(0.0, severity=P2), turn(20 * MINUTE, severity=P1))
    respond = clock(Kind.RESPOND, 21 * MINUTE, *history)
    assert (P1, 20 * MINUTE) == (respond.severity, respond.missed)


def test_a_milder_priority_gives_its_own_time_back() -> None:
    history = (turn(0.0), turn(20 * MINUTE, severity=P2))
    respond = clock(Kind.RESPOND, 20 * MINUTE, *history)
    assert (None, 30 * MINUTE) == (respond.missed, respond.due)


def test_a_response_given_in_time_is_not_missed_afterwards_by_a_worse_priority() -> None:
    history = (turn(0.0, severity=P2), turn(20 * MINUTE, ACKNOWLEDGED, P2), turn(HOUR, ACKNOWLEDGED, P1))
    assert clock(Kind.RESPOND, 2 * HOUR, *history).missed is None


def test_a_p3_that_becomes_a_p1_is_counted_around_the_clock_from_its_start() -> None:
    friday, saturday = at("2026-04-03 16:00"), at("2026-04-04 00:00")
    restore = clock(Kind.RESTORE, saturday, turn(friday, severity=P3), turn(saturday, severity=P1))
    assert 8 * HOUR == restore.elapsed_seconds


def test_people_are_told_again_within_half_an_hour_of_the_last_update() -> None:
    history = (turn(0.0), turn(60.0, ACKNOWLEDGED))
    assert 30 * MINUTE == clock(Kind.UPDATE, 60.0, *history).due
    assert 50 * MINUTE == clock(Kind.UPDATE, 25 * MINUTE, *history, updated=20 * MINUTE).due


def test_an_update_while_it_is_paused_starts_a_clock_that_stands_still() -> None:
    history = (turn(0.0), turn(60.0, ACKNOWLEDGED, pending=True), turn(HOUR, ACKNOWLEDGED))
    update = clock(Kind.UPDATE, 2 * HOUR, *history, updated=30 * MINUTE)
    assert (30 * MINUTE, HOUR + 30 * MINUTE) == (update.started, update.missed)


def test_opened_again_it_wants_an_answer_anew_and_its_restoration_goes_on() -> None:
    history = (turn(0.0), turn(60.0, ACKNOWLEDGED), turn(HOUR, RESOLVED), turn(90 * MINUTE))
    now = 95 * MINUTE
    respond, restore = clock(Kind.RESPOND, now, *history), clock(Kind.RESTORE, now, *history)
    assert (90 * MINUTE, 105 * MINUTE) == (respond.started, respond.due)
    assert (0.0, HOUR + 5 * MINUTE) == (restore.started, restore.elapsed_seconds)


def test_an_incident_that_is_over_keeps_what_was_missed() -> None:
    history = (turn(0.0), turn(5 * HOUR, RESOLVED))
    restore = clock(Kind.RESTORE, 99 * HOUR, *history)
    assert (Standing.STOPPED, 4 * HOUR, 5 * HOUR) == (restore.standing, restore.missed, restore.elapsed_seconds)


def test_over_a_change_of_clocks_business_hours_are_real_hours() -> None:
    nights = BusinessHours("Europe/Berlin", (((0, 6 * 60), (22 * 60, 24 * 60)),) * 7)
    opened = at("2026-10-24 22:00", "Europe/Berlin")
    found = clocks(incident(turn(opened, severity=P3)), DEFAULT_TARGETS, {**CALENDARS, BUSINESS: nights}, opened)
    assert at("2026-10-25 01:00", "Europe/Berlin") + HOUR == found[0].due, "02:00 comes twice that night: the first one is meant"


def test_a_warning_at_half_and_at_four_fifths_and_then_the_miss_each_under_its_own_name() -> None:
    keys = [clock(Kind.RESPOND, minutes * MINUTE, turn(0.0)).key for minutes in (7, 7.5, 11, 12, 15, 16)]
    start = "1970-01-01T00:00:00Z"
    assert ["", f"p1 respond {start} 50%", f"p1 respond {start} 50%", f"p1 respond {start} 80%"] == keys[:4]
    assert [f"p1 respond {start} 80%", f"p1 respond {start} missed"] == keys[4:]


def test_each_update_has_a_warning_of_its_own() -> None:
    first = clock(Kind.UPDATE, 29 * MINUTE, turn(0.0))
    second = clock(Kind.UPDATE, 29 * MINUTE + HOUR, turn(0.0), updated=HOUR)
    assert first.key != second.key
    assert first.key.endswith("80%") and second.key.endswith("80%")


def test_an_incident_from_before_turns_were_kept_has_clocks_too() -> None:
    old = replace(incident(turn(0.0)), turns=(), status=RESOLVED, acknowledged=10 * MINUTE, resolved=HOUR)
    found = clocks(old, DEFAULT_TARGETS, CALENDARS, 2 * HOUR)
    assert [10 * MINUTE, HOUR, HOUR] == [one.elapsed_seconds for one in found]


def test_a_p4_promises_no_updates() -> None:
    assert [Kind.RESPOND, Kind.RESTORE] == [
        one.kind for one in clocks(incident(turn(0.0, severity=P4)), DEFAULT_TARGETS, CALENDARS, 1.0)
    ]


@pytest.mark.parametrize(
    ("text", "around_the_clock", "span"),
    [
        ("15m", True, Span(900)),
        ("1h30m", True, Span(5_400)),
        ("2d", True, Span(172_800)),
        ("4bh", False, Span(14_400)),
        ("4h", False, Span(14_400)),
        ("3bd", False, Span(days=3)),
        ("0.5bd", False, Span(days=0.5)),
    ],
)
def test_lengths_as_people_write_them(text: str, around_the_clock: bool, span: Span) -> None:
    assert span == parse_span(text, around_the_clock=around_the_clock)


@pytest.mark.parametrize(
    ("text", "around_the_clock", "said"),
    [
        ("3d", False, 'business days like "3bd"'),
        ("3bd", True, 'a duration like "4h"'),
        ("0s", True, "more than no time"),
        ("300bd", False, "at most 250"),
        (5, False, 'a duration like "30s"'),
    ],
)
def test_lengths_that_would_be_misread_are_refused(text: object, around_the_clock: bool, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_span(text, around_the_clock=around_the_clock)


_HISTORIES = st.lists(
    st.tuples(
        st.integers(1, 7_200), st.sampled_from([OPEN, ACKNOWLEDGED, RESOLVED]), st.sampled_from(list(Severity)), st.booleans()
    ),
    max_size=8,
)


@given(_HISTORIES, st.integers(0, 90_000))
def test_a_clock_is_missed_exactly_when_it_has_spent_more_than_allowed(
    steps: list[tuple[int, Status, Severity, bool]], passed: int
) -> None:
    start = at("2026-04-03 16:00")
    turns, when = [turn(start)], start
    for wait, status, severity, pending in steps:
        when += wait
        turns.append(turn(when, status, severity, pending=pending))
    for one in clocks(incident(*turns), DEFAULT_TARGETS, CALENDARS, start + passed):
        assert (one.missed is not None) is (one.elapsed_seconds > one.allowed_seconds)
        assert one.missed is None or start <= one.missed <= start + passed
        assert one.due is None or one.due >= start + passed
        assert one.key == "" or one.standing is Standing.RUNNING or one.missed is not None
