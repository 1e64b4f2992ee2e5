import asyncio
import gzip
import subprocess
import time

import pytest
from exporter_world import START, brands, check, failure, result, tls
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from monitor.budget import Refusal
from monitor.deadlines.targets import Kind as ClockKind
from monitor.exporter import METRICS, Exporter
from monitor.exporter.bounds import latency_bounds
from monitor.exporter.catalogue import Kind
from monitor.exporter.check_series import series_count
from monitor.exporter.lines import Counter, Family
from monitor.model.alert import Severity
from monitor.model.exposure import LedgerFigures
from monitor.model.extra import ExtraRefusal
from monitor.model.incident import OutboxState
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Missed, MissReason

OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


async def samples(exporter, accept=""):
    body, _ = await exporter.render(accept)
    parse = parse_openmetrics if accept else parse_text
    return {(s.name, frozenset(s.labels.items())): s for family in parse(body.decode()) for s in family.samples}


async def value(exporter, name, **labels):
    """The one sample of ``name`` with these labels among others; None when absent."""
    found = [s.value for (sample, has), s in (await samples(exporter)).items() if sample == name and labels.items() <= set(has)]
    assert len(found) < 2, found
    return found[0] if found else None


async def test_every_counter_stands_at_zero_before_anything_happened():
    exporter = Exporter([check(strata=brands("visa", "mastercard"))], "local")

    assert 0 == await value(exporter, "paycanary_runs_total", stratum="brand=visa", outcome="tech_gateway")
    assert 0 == await value(exporter, "paycanary_slots_missed_total", reason="overload")
    assert 0 == await value(exporter, "paycanary_network_failures_total", target="gateway", reason="dns")
    assert 0 == await value(exporter, "paycanary_run_duration_seconds_count", stratum="brand=mastercard")
    assert 0 == await value(exporter, "paycanary_incidents_open", severity="p1")


async def test_a_good_run_is_counted_in_each_of_its_series():
    exporter = Exporter([check()], "local")
    exporter.result(result())

    assert 1 == await value(exporter, "paycanary_runs_total", outcome="approved")
    assert 1 == await value(exporter, "paycanary_run_standings_total", standing="up")
    assert 1 == await value(exporter, "paycanary_step_results_total", step="pay", result="good")
    assert 1 == await value(exporter, "paycanary_check_up")
    assert 0.25 == await value(exporter, "paycanary_run_duration_seconds_sum")
    assert 0.2 == await value(exporter, "paycanary_step_phase_seconds_sum", phase="wait")
    assert START + 10.25 == await value(exporter, "paycanary_check_last_run_timestamp_seconds")
    assert tls().chain_expires == await value(exporter, "paycanary_tls_certificate_expiry_timestamp_seconds")


async def test_a_phase_that_was_not_reached_is_absent():
    exporter = Exporter([check()], "local")
    exporter.result(result())

    assert await value(exporter, "paycanary_step_phase_seconds_count", phase="auth") is None


async def test_a_failure_is_no_latency():
    exporter = Exporter([check()], "local")
    exporter.result(failure(seconds=0.001))

    assert 0 == await value(exporter, "paycanary_run_duration_seconds_count")
    assert 0 == await value(exporter, "paycanary_check_up")
    assert 1 == await value(exporter, "paycanary_run_standings_total", standing="down")


async def test_a_run_during_a_stall_of_ours_is_no_latency_either():
    exporter = Exporter([check()], "local")
    exporter.result(result(suspect=True))

    assert 0 == await value(exporter, "paycanary_run_duration_seconds_count")
    assert await value(exporter, "paycanary_step_phase_seconds_count", phase="wait") is None
    assert 1 == await value(exporter, "paycanary_runs_total", outcome="approved")


async def test_what_could_not_be_measured_is_neither_up_nor_down():
    exporter = Exporter([check()], "local")
    exporter.result(result())
    exporter.result(failure(2, outcome=Outcome.AGENT_FAULT, reason=NetworkReason.OUT_OF_FILES, good=None))

    assert await value(exporter, "paycanary_check_up") is None
    assert 1 == await value(exporter, "paycanary_agent_faults_total", reason="out_of_files")
    assert 0 == await value(exporter, "paycanary_network_failures_total", reason="out_of_files")


async def test_planned_is_always_ran_plus_missed():
    exporter = Exporter([check()], "local")
    exporter.result(result())
    exporter.result(failure(2, outcome=Outcome.NETWORK_ERROR, reason=NetworkReason.DNS))
    exporter.missed(Missed("card", "local", 3, 7, MissReason.OVERLOAD, START + 70))

    assert 7 == await value(exporter, "paycanary_slots_planned_total")
    assert 2 == await value(exporter, "paycanary_slots_ran_total")
    assert 5 == await value(exporter, "paycanary_slots_missed_total", reason="overload")
    assert 1 == await value(exporter, "paycanary_network_failures_total", reason="dns")


async def test_the_objective_is_a_bound_of_the_histogram():
    exporter = Exporter([check(latency=0.8)], "local")
    exporter.result(result(seconds=0.8))
    exporter.result(result(2, seconds=0.81))

    assert 1 == await value(exporter, "paycanary_run_duration_seconds_bucket", le="0.8")
    assert 2 == await value(exporter, "paycanary_run_duration_seconds_bucket", le="1.0")
    assert 11 == len(latency_bounds(0.8))
    assert 10 == len(latency_bounds(None)) == len(latency_bounds(0.5))


async def test_a_reload_keeps_the_counters_of_what_did_not_change():
    exporter = Exporter([check("card"), check("wallet")], "local")
    for name in ("card", "wallet"):
        exporter.result(result(of=name))

    exporter.configure([check("card"), check("wallet", steps=("pay", "read")), check("new")])

    assert 1 == await value(exporter, "paycanary_runs_total", check="card", outcome="approved")
    assert 0 == await value(exporter, "paycanary_runs_total", check="wallet", outcome="approved")
    assert 0 == await value(exporter, "paycanary_runs_total", check="new", outcome="approved")


async def test_a_check_taken_away_leaves_no_series_and_its_last_run_is_counted_as_refused():
    exporter = Exporter([check("card"), check("gone", target="departed")], "local")
    exporter.result(result(of="gone"))
    exporter.configure([check("card")])
    exporter.result(result(2, of="gone"))

    body, _ = await exporter.render(OPENMETRICS)
    assert b"gone" not in body
    assert b"departed" not in body
    assert 1 == await value(exporter, "paycanary_observations_refused_total")


async def test_a_thousand_reloads_take_no_more_room_than_one():
    exporter = Exporter([check("a"), check("b")], "local")
    exporter.configure([check("c"), check("b")])
    size = len(await samples(exporter))
    for _ in range(500):
        exporter.configure([check("d"), check("b")])
        exporter.configure([check("c"), check("b")])

    assert size == len(await samples(exporter))
    assert max(len(family.texts) for family in exporter._families.values()) < 100


async def test_the_stated_formula_is_the_number_of_series():
    wide = check(strata=brands("visa", "mastercard", "unionpay"), steps=("pay", "read"), undo=("refund",))
    exporter = Exporter([wide], "local")
    run = result(stratum="brand=visa", steps=("pay", "read", "refund"))
    full = tuple(step.phases._replace(auth=0.1) for step in run.steps)
    for step, phases in zip(run.steps, full, strict=True):
        step.phases = phases
    exporter.result(run)

    counted = [s for (_, labels), s in (await samples(exporter)).items() if ("check", "card") in labels]
    assert series_count(wide) == len(counted)


async def test_checks_beyond_the_budget_are_refused_and_counted():
    one = series_count(check())
    exporter = Exporter([check(f"check-{number}") for number in range(5)], "local", budget=3 * one + 40)
    exporter.result(result(of="check-4"))

    assert 2 * one == await value(exporter, "paycanary_series_refused_total")
    assert 1 == await value(exporter, "paycanary_observations_refused_total")
    assert await value(exporter, "paycanary_series") <= 3 * one + 40
    assert await value(exporter, "paycanary_check_up", check="check-4") is None


async def test_a_stratum_that_was_not_configured_makes_no_series():
    exporter = Exporter([check()], "local")
    exporter.result(result(stratum="brand=4111111111111111"))

    body, _ = await exporter.render()
    assert b"4111" not in body
    assert 1 == await value(exporter, "paycanary_observations_refused_total")


async def test_hostile_names_stay_inside_their_label():
    exporter = Exporter([check('a"b\\c\nd', target='"} 1')], "local")
    exporter.result(result(of='a"b\\c\nd', target='"} 1'))

    assert 1 == await value(exporter, "paycanary_runs_total", check='a"b\\c\nd', target='"} 1', outcome="approved")


async def test_a_percent_sign_in_a_name_is_only_a_percent_sign():
    exporter = Exporter([check("50%d", latency=None)], "local")
    exporter.result(result(of="50%d"))

    assert 1 == await value(exporter, "paycanary_run_duration_seconds_count", check="50%d")


async def test_openmetrics_carries_the_run_behind_a_number():
    exporter = Exporter([check()], "local")
    exporter.result(result(7))

    found = await samples(exporter, OPENMETRICS)
    told = {key[0]: sample.exemplar for key, sample in found.items() if sample.exemplar}
    assert {"paycanary_runs_total", "paycanary_run_duration_seconds_bucket"} == set(told)
    bucket = told["paycanary_run_duration_seconds_bucket"]
    assert ({"run_id": result(7).run_id}, 0.25, START + 70.25) == (bucket.labels, bucket.value, float(bucket.timestamp))


async def test_the_two_formats_hold_the_same_series_and_numbers():
    exporter = story()
    plain, open_ = await samples(exporter), await samples(exporter, OPENMETRICS)
    moving = ("process_", "python_")

    assert {k: s.value for k, s in plain.items() if not k[0].startswith(moving)} == {
        k: s.value for k, s in open_.items() if not k[0].startswith(moving)
    }


async def test_a_client_that_asks_for_nothing_gets_the_old_text_format():
    _, kind = await Exporter([], "local").render("")

    assert kind == "text/plain; version=0.0.4; charset=utf-8"


async def test_a_large_answer_is_compressed_when_asked_for():
    exporter = Exporter([check(f"check-{number}") for number in range(20)], "local")

    small = await Exporter([], "local").scrape("", "gzip")
    large = await exporter.scrape("", "gzip, deflate")

    assert "Content-Encoding" not in small.headers
    assert "gzip" == large.headers["Content-Encoding"]
    assert gzip.decompress(large.body).startswith(b"# HELP paycanary_runs_total")


async def test_programs_that_embed_paycanary_register_it_as_a_collector():
    exporter = Exporter([check()], "local")
    exporter.result(result())
    registry = CollectorRegistry()
    registry.register(exporter)

    assert 1 == registry.get_sample_value("paycanary_check_up", {"check": "card", "target": "gateway", "location": "local"})
    assert b"paycanary_runs_total" in generate_latest(registry)


def story():
    """An exporter that has seen something of everything."""
    exporter = Exporter([check()], "local")
    for slot in range(1, 20):
        exporter.result(result(slot, seconds=0.02 * slot))
    exporter.result(failure(20, outcome=Outcome.TIMEOUT_UNKNOWN, reason=NetworkReason.ANSWER_TIMEOUT, open_undo=("refund",)))
    exporter.result(failure(21, outcome=Outcome.AGENT_FAULT, reason=NetworkReason.LOOP_STALL, good=None))
    exporter.result(result(24))
    exporter.missed(Missed("card", "local", 22, 23, MissReason.OVERLAP, START + 230))
    exporter.incidents({Severity.P1: 1, Severity.P3: 2})
    exporter.clocks_left({(ClockKind.RESPOND, Severity.P1): 420.0})
    exporter.clock_missed(ClockKind.RESTORE, Severity.P2)
    exporter.calendars(["always", "shanghai"], ["shanghai"])
    exporter.outbox("desk", OutboxState.RETRY, 2, 31.5)
    exporter.delivery("sent", "desk", 0.08)
    exporter.delivery("something new", "desk")
    exporter.loop_lag(0.002)
    exporter.store(12)
    exporter.budget("gateway", 7.5, 3, 0.0)
    exporter.budget_refused("gateway", Refusal.RATE)
    exporter.ledger([LedgerFigures("gateway", {"USD": 100}, 1, 12.5, 2, 1, stopped=True)])
    exporter.evidence(check(), {"failing": (3.2, 16.6)}, START, 0.004)
    exporter.result(failure(25, extra=1))
    exporter.extra_refused(check(), ExtraRefusal.BUSY)
    exporter.extra_level(check(), bursting=True, saved=149.0)
    exporter.reload(ok=True, at=START, version="0123456789ab")
    exporter.reload(ok=False, at=START + 60, version="0123456789ab")
    return exporter


async def test_every_declared_metric_has_a_value_once_something_happened():
    names = {name for name, _ in await samples(story())}

    assert [] == [metric.name for metric in METRICS if not names & set(metric.sample_names)]


async def test_extra_runs_are_counted_apart_and_no_figure_of_the_schedule_knows_of_them():
    exporter = Exporter([check()], "local")
    exporter.result(result(1))
    before = await samples(exporter)
    exporter.result(failure(1, extra=1, covers="pay"))
    exporter.result(failure(1, extra=2, good=None, outcome=Outcome.THROTTLED))
    exporter.extra_refused(check(), ExtraRefusal.PAUSED)
    exporter.extra_level(check(), bursting=True, saved=148.06)
    after = await samples(exporter)

    def of_the_schedule(found):
        return {
            key: sample
            for key, sample in found.items()
            if key[0].startswith(("paycanary_run", "paycanary_step", "paycanary_slots"))
        }

    assert of_the_schedule(before) == of_the_schedule(after)
    assert 1 == await value(exporter, "paycanary_check_up")
    assert 1 == await value(exporter, "paycanary_extra_runs_total", check="card", standing="down")
    assert 1 == await value(exporter, "paycanary_extra_runs_total", check="card", standing="unknown")
    assert 1 == await value(exporter, "paycanary_extra_runs_refused_total", check="card", reason="paused")
    assert 1 == await value(exporter, "paycanary_check_bursting", check="card")
    assert 148.06 == await value(exporter, "paycanary_extra_runs_saved", check="card")
    exporter.configure([])
    assert not [name for name, _ in await samples(exporter) if "extra" in name or "bursting" in name]


async def test_where_synthetic_money_stands_is_told_by_gateway_and_currency():
    exporter = story()
    exporter.ledger([LedgerFigures("gateway", {"EUR": 50}, 1, 3.0, 3, 1)])

    assert 0 == await value(exporter, "paycanary_ledger_exposure_minor", target="gateway", currency="USD")
    assert 50 == await value(exporter, "paycanary_ledger_exposure_minor", target="gateway", currency="EUR")
    assert 3 == await value(exporter, "paycanary_ledger_undo_failures_total", target="gateway")
    assert 1 == await value(exporter, "paycanary_ledger_strays_total", target="gateway")
    assert 0 == await value(exporter, "paycanary_ledger_money_stopped", target="gateway")


async def test_nothing_is_exported_that_is_not_declared():
    declared = {name for metric in METRICS for name in metric.sample_names}

    assert {name for name, _ in await samples(story()) if name.startswith("paycanary_")} <= declared


def test_names_and_units_follow_the_conventions():
    for metric in METRICS:
        assert metric.name.startswith("paycanary_")
        assert (metric.kind is Kind.COUNTER) == metric.name.endswith("_total"), metric.name
        assert (metric.kind is Kind.INFO) == metric.name.endswith("_info"), metric.name
        assert metric.help.endswith(".")
        assert "\n" not in metric.help
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_a_series_with_other_labels_than_declared_is_our_bug():
    with pytest.raises(ValueError, match="has the labels"):
        Counter(Family(METRICS[0]), {"check": "card"})


async def test_the_outbox_and_reloads_are_told():
    exporter = story()

    assert 2 == await value(exporter, "paycanary_outbox_commands", desk="desk", state="retry")
    assert 31.5 == await value(exporter, "paycanary_outbox_oldest_age_seconds", desk="desk", state="retry")
    assert 1 == await value(exporter, "paycanary_deliveries_total", event="other")
    assert 0 == await value(exporter, "paycanary_config_last_reload_successful")
    assert START == await value(exporter, "paycanary_config_last_reload_success_timestamp_seconds")
    assert 1 == await value(exporter, "paycanary_config_info", version="0123456789ab")
    assert 0 == await value(exporter, "paycanary_incidents_open", severity="p2")


@pytest.mark.needs_tools
@pytest.mark.parametrize("accept", ["", OPENMETRICS], ids=["text", "openmetrics"])
async def test_promtool_finds_nothing_to_say(accept):
    body, _ = await story().render(accept)
    lint = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, check=False)

    if not accept:
        assert (0, b"", b"") == (lint.returncode, lint.stdout, lint.stderr)
    else:
        assert body.endswith(b"# EOF\n")


async def test_a_scrape_of_fifty_thousand_series_holds_the_loop_for_milliseconds_only():
    exporter = Exporter([check(f"check-{number:04d}") for number in range(700)], "local")
    for number in range(700):
        exporter.result(result(of=f"check-{number:04d}"))
    gaps = []

    async def watch():  # in processor time, so that a busy machine is not taken for a busy loop
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            gaps.append(now - last)
            last = now

    best = []
    for _ in range(5):
        watcher = asyncio.create_task(watch())
        await asyncio.sleep(0)
        begun = time.process_time()
        body, _ = await exporter.render(OPENMETRICS)
        spent = time.process_time() - begun
        watcher.cancel()
        best.append((max(gaps), spent, body.count(b"\n")))
        gaps.clear()
    longest, spent, lines = min(best)

    assert lines > 50_000
    assert longest < 0.015, f"the loop was held for {longest * 1000:.1f} ms"
    assert spent < 0.06, f"the scrape took {spent * 1000:.1f} ms of processor time"
