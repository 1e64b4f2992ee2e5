"""Reading a month by its roll-ups gives what reading it run by run gives."""

import random

import pytest
from report_helpers import EVERY, MONTH, OCTOBER, Batch, fill, incident, missed, open_store, run, window, write_config

from monitor.cli.report_facts import Facts
from monitor.config import load
from monitor.model.outcome import Standing, standing
from monitor.sla.availability import Run, combine, timeline
from monitor.sla.intervals import Interval, total
from monitor.sla.period import month_period

HOUR, DAY = 60, 1440


async def line_of(store, directory, period=OCTOBER, check="card"):
    config = load(write_config(directory), resolve_secrets=False)
    facts = await Facts.collect(store, config, period)
    return await facts.subject(config.checks[check])


def plainly(runs, period, excluded=()):
    """The same, from every run at once."""
    places = sorted({one.location for one in runs})
    ordered = {place: sorted((one for one in runs if one.location == place), key=lambda one: one.due) for place in places}
    return combine(
        [
            timeline([Run(one.due, standing(one.outcome, good=one.good), EVERY) for one in ordered[place]], period, excluded)
            for place in places
        ]
    )


@pytest.mark.parametrize(("seed", "zone"), list(enumerate(["UTC", "Asia/Shanghai", "Asia/Kolkata", "Europe/Berlin"])))
async def test_the_quick_way_agrees_with_the_long_way(tmp_path, seed, zone):
    chance = random.Random(seed)
    runs, phase = [], (0, 17, 59, 31)[seed]
    for place in ("berlin", "tokyo")[: 1 + seed % 2]:
        slot = -2 * DAY
        while slot < 34 * DAY:
            good = chance.choices([True, False, None, "."], [40, 4, 1, 2])[0]
            length = chance.randint(1, 3000 if good is True else 90)
            runs += [
                run("card", number, good, location=place, phase=phase) for number in range(slot, slot + length) if good != "."
            ]
            slot += length
    store = open_store(tmp_path)
    store.record(Batch(results=runs))
    period = month_period(MONTH, zone)
    found = await line_of(store, tmp_path, period)
    excluded = [Interval(one.span.start, one.span.end) for one in found.exclusions]
    assert 1 == len(excluded)
    assert plainly(runs, period, excluded) == found.timeline
    await store.close()


async def test_a_good_month_is_read_from_its_days_alone(tmp_path, monkeypatch):
    store = await fill(tmp_path, {"card": {20 * DAY + 90: False}})
    asked = []
    results = store.results

    async def counting(check, *, since, until, **more):
        asked.append(until - since)
        return await results(check, since=since, until=until, **more)

    monkeypatch.setattr(store, "results", counting)
    found = await line_of(store, tmp_path)
    assert 60 == total(found.timeline.down)
    assert () == found.timeline.unknown
    assert sum(asked) < 2 * 3600
    await store.close()


async def test_a_slot_that_never_ran_is_unknown_though_nobody_noted_it(tmp_path):
    store = await fill(tmp_path, {"card": {5: "."}})
    found = await line_of(store, tmp_path)
    assert (Interval(OCTOBER.start + 17 + 300, OCTOBER.start + 17 + 360),) == found.timeline.unknown
    await store.close()


async def test_another_interval_earlier_in_the_month_leaves_no_gaps(tmp_path):
    store = open_store(tmp_path)
    half = OCTOBER.start + 15 * 86_400
    slow = [run("card", slot, every=300, phase=0, number=5_000 + slot) for slot in range(15 * 288)]
    fast = [run("card", slot, start=half, phase=0, number=30_000 + slot) for slot in range(16 * DAY)]
    store.record(Batch(results=slow + fast))
    found = await line_of(store, tmp_path)
    assert total(found.timeline.unknown) <= 300
    await store.close()


async def test_a_line_knows_its_runs_its_incidents_and_its_windows(tmp_path):
    store = await fill(tmp_path, {"card": {100: False}}, days=2)
    await store.commit(
        Batch(
            missed=[missed("card", 7, 9, OCTOBER.start + 500)],
            incidents=[
                incident("inc_mine", "gateway", OCTOBER.start + 5000, OCTOBER.start + 9000),
                incident("inc_old_and_open", "gateway", OCTOBER.start - 86_400, None),
                incident("inc_other", "other", OCTOBER.start + 5000, OCTOBER.start + 9000),
                incident("inc_before", "gateway", OCTOBER.start - 9000, OCTOBER.start - 5000),
            ],
            windows=[
                window("w-glob", OCTOBER.start - 600, OCTOBER.start + 600, checks=("c*",)),
                window("w-other", OCTOBER.start, OCTOBER.start + 600, targets=("other",)),
                window("w-cut", OCTOBER.start + 7200, OCTOBER.start + 9000, ended=float(OCTOBER.start + 7260)),
            ],
        )
    )
    found = await line_of(store, tmp_path)
    assert ["inc_old_and_open", "inc_mine"] == [one.id for one in found.incidents]
    assert [600, 60, 7200] == [one.span.seconds for one in found.exclusions]
    assert (2 * DAY, 3) == (found.runs, found.missed)
    assert found.p50_seconds == pytest.approx(0.25, rel=0.05)
    await store.close()


async def test_a_check_that_never_ran_is_wholly_unknown(tmp_path):
    store = open_store(tmp_path)
    found = await line_of(store, tmp_path, check="quiet")
    assert OCTOBER.seconds == total(found.timeline.unknown)
    assert found.p95_seconds is None
    await store.close()


def test_every_standing_is_known():
    assert {"up", "down", "unknown"} == set(Standing)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "Asia/Kolkata"])
async def test_the_runs_of_a_zones_month_are_counted_exactly(tmp_path, zone):
    period = month_period(MONTH, zone)
    store = open_store(tmp_path)
    runs = [run("card", slot, every=900, phase=0) for slot in range(-2 * 96, 33 * 96)]
    store.record(Batch(results=runs))
    found = await line_of(store, tmp_path, period)
    assert sum(period.start <= one.due < period.end for one in runs) == found.runs
    await store.close()
