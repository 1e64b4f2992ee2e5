"""What the exporter tells of incidents' clocks and of calendars."""

from exporter_world import check
from prometheus_client.parser import text_string_to_metric_families

from monitor.deadlines.targets import Kind
from monitor.exporter import Exporter
from monitor.model.alert import Severity


async def values(exporter: Exporter, name: str) -> dict[tuple[str, ...], float]:
    body, _ = await exporter.render()
    families = text_string_to_metric_families(body.decode())
    return {tuple(s.labels.values()): s.value for family in families for s in family.samples if s.name == name}


async def test_time_left_is_there_while_a_clock_runs_and_gone_when_none_does():
    exporter = Exporter([check()], "local")
    name = "paycanary_incident_clock_left_seconds"
    assert {} == await values(exporter, name)
    exporter.clocks_left({(Kind.RESPOND, Severity.P1): -12.3456})
    assert {("respond", "p1"): -12.346} == await values(exporter, name)
    exporter.clocks_left({})
    assert {} == await values(exporter, name)


async def test_misses_begin_at_nought_for_every_clock_and_severity():
    exporter = Exporter([check()], "local")
    exporter.clock_missed(Kind.UPDATE, Severity.P2)
    found = await values(exporter, "paycanary_incident_clocks_missed_total")
    assert (12, 1.0, 1.0) == (len(found), found["update", "p2"], sum(found.values()))


async def test_a_calendar_is_official_until_it_is_doubted_and_gone_when_a_reload_takes_it_away():
    exporter = Exporter([check()], "local")
    name = "paycanary_calendar_official"
    exporter.calendars(["always", "shanghai"], ["shanghai"])
    assert {("always",): 1.0, ("shanghai",): 0.0} == await values(exporter, name)
    exporter.calendars(["always"], [])
    assert {("always",): 1.0} == await values(exporter, name)
