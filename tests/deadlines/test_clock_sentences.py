"""A clock in one sentence, in both languages."""

import re

import pytest

from monitor.deadlines.clocks import Clock, Standing
from monitor.deadlines.saying import said
from monitor.deadlines.targets import ALWAYS, Kind
from monitor.model.alert import Severity


def clock(elapsed: float, standing: Standing = Standing.RUNNING, hours: str = ALWAYS, allowed: float = 900.0) -> Clock:
    due = 900.0 if standing is Standing.RUNNING and elapsed <= allowed else None
    missed = 900.0 if elapsed > allowed else None
    return Clock(Kind.RESPOND, Severity.P1, standing, 0.0, allowed, elapsed, due, missed, hours)


@pytest.mark.parametrize(
    ("made", "en", "zh"),
    [
        (
            clock(60),
            "P1 response target: 15 min 00 s, due at 1970-01-01T00:15:00Z.",
            "P1 响应时限 15 分，将于 1970-01-01T00:15:00Z 到期。",
        ),
        (
            clock(730),
            "P1 response target: 80 % of 15 min 00 s are used, due at 1970-01-01T00:15:00Z.",
            "P1 响应时限 15 分，已用去 80 %，将于 1970-01-01T00:15:00Z 到期。",
        ),
        (
            clock(901),
            "P1 response target missed: 15 min 00 s were over at 1970-01-01T00:15:00Z.",
            "P1 响应超时：15 分的时限已于 1970-01-01T00:15:00Z 到期。",
        ),
        (
            clock(300, Standing.STOPPED),
            "P1 response target met: 5 min 00 s of 15 min 00 s.",
            "P1 响应达标：时限 15 分，用时 5 分。",
        ),
        (
            clock(300, Standing.PAUSED),
            "P1 response target paused with 10 min 00 s of 15 min 00 s left.",
            "P1 响应计时暂停：时限 15 分，剩余 10 分。",
        ),
        (
            clock(300, Standing.STOPPED, "shanghai", 32_400.0),
            "P1 response target met: 5 min 00 s of 9 h 00 min of business hours.",
            "P1 响应达标：时限 9 小时（工作时间），用时 5 分。",
        ),
    ],
)
def test_every_standing_has_its_sentence(made: Clock, en: str, zh: str) -> None:
    assert (en, zh) == (said(made).en, said(made).zh)


@pytest.mark.parametrize("kind", Kind)
def test_every_clock_has_a_name_in_both_languages(kind: Kind) -> None:
    text = said(Clock(kind, Severity.P3, Standing.RUNNING, 0.0, 60.0, 1.0, 60.0, None))
    assert kind.value[:4] in text.en or kind is Kind.RESPOND
    assert re.search("[\u4e00-\u9fff]", text.zh)
