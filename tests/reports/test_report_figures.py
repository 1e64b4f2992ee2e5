"""The month's incidents in figures, on the page."""

from dataclasses import replace

import pytest
from report_helpers import OCTOBER

from monitor.incidents.figures import figures
from monitor.model.alert import Severity
from monitor.model.incident import Incident, Status
from monitor.model.text import Text
from monitor.reports.html_page import render
from monitor.reports.statement import Statement, fingerprint

HOUR = 3_600.0


def incident(day: int, hours: float) -> Incident:
    opened = OCTOBER.start + day * 86_400.0
    return Incident(
        f"inc_{day}", "target=gateway", "gateway", Status.RESOLVED, Severity.P1, Text("fails"), opened, opened - 60.0, opened,
        acknowledged=opened + 300.0, resolved=opened + hours * HOUR,
    )  # fmt: skip


def statement(count: int) -> Statement:
    frame = Statement("2026-10", "UTC", OCTOBER, OCTOBER, "demo", "paycanary 0", "abc")
    return replace(frame, figures=figures([incident(day, 1.0) for day in range(1, count + 1)], OCTOBER.start, OCTOBER.end, 1))


def page(made: Statement, *languages: str) -> str:
    return render(made, languages)["availability-2026-10.html"].decode()


def test_five_incidents_are_a_mean_and_four_are_a_list():
    five, four = page(statement(5), "en"), page(statement(4), "en")
    assert "MTTR (resolve): detected to resolved" in five
    assert 'class="number">1 h 00 min</td><td class="number">1 h 00 min</td>' in five
    assert "1 h 00 min, 1 h 00 min, 1 h 00 min, 1 h 00 min" in four


def test_both_languages_say_which_r_is_meant():
    made = page(statement(5), "en", "zh")
    for said in ("MTTR (restore)", "MTTR（恢复）", "MTTR (resolve)", "MTTR（解决）", "MTTA", "MTTD", "MTBF"):
        assert said in made


def test_a_quiet_month_has_no_times_and_no_time_between_failures():
    made = page(statement(0), "en")
    assert '<td colspan="3">–</td>' in made
    assert "A = MTBF / (MTBF + MTTR restore)" in made


@pytest.mark.parametrize("count", [0, 1])
def test_the_figures_are_among_the_inputs_that_the_page_is_signed_with(count):
    assert fingerprint(statement(count), []) != fingerprint(statement(count + 1), [])
