"""What every store promises. Another kind of store joins by a parameter of the ``store`` fixture."""

import pytest
from store_helpers import EVERY, T0, Batch, alert, entry, evidence, incident, missed, new_store, replace, result, row, window

from monitor.model.alert import AlertState
from monitor.model.incident import OutboxState, Status
from monitor.model.outcome import Outcome
from monitor.stores import Retention, StoreError

DAY = 86_400.0


async def put(store, **parts):
    await store.commit(Batch(**parts, durable=True))


async def reopened(store):
    await store.close()
    store.open()
    return store.restore()


# Results


async def test_a_result_comes_back_slim_and_exact_to_the_microsecond(store):
    one = result(3, good=False, seconds=1.234567)
    await put(store, results=[one])
    (slim,) = await store.results("card", since=T0, until=T0 + DAY)
    assert (one.check, one.target, one.location, one.slot, one.stratum) == (
        slim.check,
        slim.target,
        slim.location,
        slim.slot,
        slim.stratum,
    )
    assert (one.due, 1.234567, 0.002) == (slim.due, slim.duration_seconds, slim.late_seconds)
    assert slim.started == pytest.approx(one.started, abs=1e-6)
    assert ("tech_gateway", False, "answer_timeout", "authorise", "card-local-3") == (
        slim.outcome,
        slim.good,
        slim.reason,
        slim.failed_step,
        slim.run_id,
    )


async def test_results_are_those_due_in_a_half_open_period_oldest_first(store):
    await put(store, results=[result(slot) for slot in (4, 2, 3, 1)])
    found = await store.results("card", since=T0 + EVERY, until=T0 + 4 * EVERY)
    assert [1, 2, 3] == [one.slot for one in found]
    assert [1, 2] == [one.slot for one in await store.results("card", since=T0, until=T0 + DAY, limit=2)]


async def test_a_check_nobody_ran_has_nothing(store):
    assert [] == await store.results("nope", since=0, until=T0 + DAY)
    assert [] == await store.latest("nope")
    assert [] == await store.missed("nope", since=0, until=T0 + DAY)
    assert [] == await store.rollups(["nope"], seconds=300, since=0, until=T0 + DAY)
    assert await store.evidence("nope") is None
    assert await store.incident("nope") is None


async def test_one_slot_is_one_result_however_often_it_comes(store):
    await put(store, results=[result(1), result(2), result(1, good=False)])
    await put(store, results=[result(2, good=False), result(3), result(3)])
    found = await store.results("card", since=T0, until=T0 + DAY)
    assert [(1, True), (2, True), (3, True)] == [(one.slot, one.good) for one in found]
    (period,) = await store.rollups(["card"], seconds=86_400, since=T0, until=T0 + DAY)
    assert (3, 0) == (period.up, period.down)


async def test_locations_are_kept_apart_and_can_be_asked_for_alone(store):
    await put(store, results=[result(1, location="berlin"), result(1, location="shanghai")])
    assert 2 == len(await store.results("card", since=T0, until=T0 + DAY))
    (only,) = await store.results("card", since=T0, until=T0 + DAY, location="shanghai")
    assert "shanghai" == only.location


async def test_a_longer_interval_gives_lower_slot_numbers_and_nothing_gets_lost(store):
    before = [result(slot, number=60_000 + slot) for slot in range(10)]
    after = [result(slot, base=T0 + 300, every=60, number=30_000 + slot, run_id=f"after-{slot}") for slot in range(10)]
    await put(store, results=before)
    await put(store, results=after)
    found = await store.results("card", since=T0, until=T0 + DAY)
    assert [one.due for one in before + after] == [one.due for one in found]
    assert ["after-9", "after-8"] == [one.run_id for one in await store.latest("card", 2)]


async def test_latest_are_the_newest_first_across_hours(store):
    await put(store, results=[result(slot, every=600) for slot in range(20)])
    assert [19, 18, 17, 16, 15, 14, 13, 12] == [one.slot for one in await store.latest("card", 8)]
    assert 20 == len(await store.latest("card", 100))


async def test_evidence_is_found_by_its_run(store):
    await put(store, results=[result(1, evidence=evidence(steps=["authorise"])), result(2)])
    assert {"steps": ["authorise"]} == await store.evidence("card-local-1")
    assert await store.evidence("card-local-2") is None


async def test_missed_runs_of_slots_are_kept_by_when_they_were_noted(store):
    await put(store, missed=[missed(), missed(20, 20, T0 + 900.0)])
    assert [missed()] == await store.missed("card", since=T0, until=T0 + 900)


# Roll-ups


@pytest.mark.parametrize("seconds", [300, 3600, 86_400])
async def test_rollups_count_every_run_at_once_in_every_period(store, seconds):
    runs = [result(slot, good=slot % 5 != 0, stratum=f"brand={'mv'[slot % 2]}") for slot in range(400)]
    await put(store, results=runs[:150], missed=[missed(500, 509, T0 + 30.0)])
    for one in runs[150:]:
        assert store.record(Batch(results=[one]))
    await put(store)
    found = await store.rollups(["card"], seconds=seconds, since=T0, until=T0 + DAY)
    assert (320, 80, 10) == (sum(one.up for one in found), sum(one.down for one in found), sum(one.missed for one in found))
    assert 320 == sum(sum(one.histogram.values()) for one in found)
    assert {"", "brand=m", "brand=v"} == {one.stratum for one in found}
    for one in found:
        inside = [run for run in runs if run.stratum == one.stratum and one.start <= run.due < one.start + seconds]
        assert (len(inside), seconds) == (one.up + one.down + one.unknown, one.seconds)
        assert one.outcomes.get("tech_gateway", 0) == sum(not run.good for run in inside)


async def test_what_comes_late_is_counted_where_it_belongs(store):
    await put(store, results=[result(slot) for slot in range(0, 400, 2)])
    await put(store, results=[result(slot, good=False) for slot in range(1, 400, 2)])
    for seconds in (300, 3600, 86_400):
        found = await store.rollups(["card"], seconds=seconds, since=T0, until=T0 + DAY)
        assert [one.up for one in found] == [one.down for one in found]
        assert 200 == sum(one.down for one in found)


async def test_rollups_go_on_after_a_restart(store):
    await put(store, results=[result(slot) for slot in range(5)])
    await reopened(store)
    await put(store, results=[result(slot) for slot in range(5, 25)])
    await reopened(store)
    (hour,) = await store.rollups(["card"], seconds=3600, since=T0, until=T0 + DAY)
    assert 25 == hour.up
    assert [10, 10, 5] == [one.up for one in await store.rollups(["card"], seconds=300, since=T0, until=T0 + DAY)]


async def test_only_good_unsuspected_runs_are_latency_evidence(store):
    await put(
        store,
        results=[
            result(1),
            result(2, good=False),
            result(3, suspect=True),
            result(4, good=None, outcome=Outcome.AGENT_FAULT),
        ],
    )
    (period,) = await store.rollups(["card"], seconds=300, since=T0, until=T0 + DAY)
    assert 1 == sum(period.histogram.values())
    assert (2, 1, 1) == (period.up, period.down, period.unknown)


# State that a start goes on from


async def test_a_start_finds_the_state_as_it_was_left(store):
    await put(
        store,
        results=[result(7), result(3, "api")],
        missed=[missed(8, 11)],
        rule_states={"failing|card": '{"n": 2}', "gone": "1"},
        alerts=[alert("a1"), alert("a2", AlertState.PENDING)],
        incidents=[incident("inc_1"), incident("inc_0", opened=T0 + 5.0)],
        windows=[window(), window("old", T0 - 90.0, T0 - 10.0), window("cut", ended=T0 - 1.0)],
    )
    await put(store, rule_states={"gone": ""}, alerts=[alert("a2", AlertState.RESOLVED)])
    found = await reopened(store)
    assert {"failing|card": '{"n": 2}'} == found.rule_states
    assert [alert("a1")] == found.alerts
    assert [incident("inc_0", opened=T0 + 5.0), incident("inc_1")] == found.incidents
    assert [window()] == found.windows
    assert {("card", "local"): 11, ("api", "local"): 3} == {series: slot for series, (slot, _) in found.last_slots.items()}
    assert T0 + 3 * 30.0 == found.last_slots["api", "local"][1]


async def test_a_start_takes_along_what_was_resolved_lately_and_not_what_is_long_over(store, clock):
    await put(
        store,
        incidents=[
            incident("new", Status.RESOLVED, resolved=T0 + 100.0),
            incident("old", Status.RESOLVED, resolved=T0 - 30 * DAY),
        ],
    )
    clock.at = T0 + 200.0
    assert ["new"] == [one.id for one in store.restore().incidents]


async def test_the_last_word_on_a_thing_counts(store):
    await put(store, incidents=[incident(), incident(status=Status.ACKNOWLEDGED, acknowledged_by="bo")], rule_states={"k": "1"})
    await put(store, rule_states={"k": "2"})
    assert "bo" == (await store.incident("inc_1")).acknowledged_by
    assert {"k": "2"} == store.restore().rule_states


async def test_incidents_are_listed_newest_first_by_status_and_change(store):
    await put(
        store,
        incidents=[
            incident(
                f"inc_{n}", Status.RESOLVED if n % 2 else Status.OPEN, opened=T0 + n, resolved=T0 + n + 1.0 if n % 2 else None
            )
            for n in range(6)
        ],
    )
    assert ["inc_4", "inc_2", "inc_0"] == [one.id for one in await store.incidents(statuses=("open",))]
    assert ["inc_5", "inc_4"] == [one.id for one in await store.incidents(since=T0 + 4)]
    assert ["inc_5"] == [one.id for one in await store.incidents(limit=1)]


async def test_a_timeline_keeps_its_order(store):
    story = [entry("b", T0 + 2.0), entry("a", T0 + 1.0), entry("c", T0 + 3.0)]
    await put(store, timeline=[*story[:2], entry(name="inc_2")])
    await put(store, timeline=story[2:])
    assert story == await store.timeline("inc_1")


async def test_windows_are_those_that_overlap(store):
    await put(
        store, windows=[window("a", T0, T0 + 10), window("b", T0 + 10, T0 + 20), window("c", T0 + 10, T0 + 90, ended=T0 + 15)]
    )
    assert ["a"] == [one.id for one in await store.windows(since=T0, until=T0 + 10)]
    assert ["b", "c"] == [one.id for one in await store.windows(since=T0 + 10)]
    assert ["b"] == [one.id for one in await store.windows(since=T0 + 15, until=T0 + 90)]


# The outbox


async def test_only_the_first_unsent_row_of_an_incident_is_offered(store):
    await put(store, outbox=[row(revision=1), row(revision=2), row("inc_2", 1), row(desk="other")])
    assert [row(revision=1), row("inc_2", 1)] == await store.outbox_due("roundup", T0 + 10.0, 10)
    await put(store, outbox=[row(revision=1, state=OutboxState.SENT, remote_id="77", sent=T0 + 11.0)])
    assert [row(revision=2), row("inc_2", 1)] == await store.outbox_due("roundup", T0 + 10.0, 10)
    assert [row(revision=2)] == await store.outbox_due("roundup", T0 + 10.0, 1)


@pytest.mark.parametrize("state", [OutboxState.SENDING, OutboxState.RETRY, OutboxState.UNSURE])
async def test_a_row_that_is_not_due_holds_back_those_behind_it(store, state):
    await put(store, outbox=[row(revision=1, state=state, next_at=T0 + 60.0), row(revision=2)])
    assert [] == await store.outbox_due("roundup", T0 + 59.0, 10)
    assert T0 + 60.0 == await store.outbox_next("roundup")
    (due,) = await store.outbox_due("roundup", T0 + 60.0, 10)
    assert 1 == due.ticket.revision


@pytest.mark.parametrize("state", [OutboxState.DEAD, OutboxState.SUPERSEDED, OutboxState.SENT])
async def test_a_row_done_with_holds_back_nothing(store, state):
    await put(store, outbox=[row(revision=1, state=state), row(revision=2)])
    (due,) = await store.outbox_due("roundup", T0 + 10.0, 10)
    assert 2 == due.ticket.revision


async def test_an_empty_outbox_has_no_next(store):
    assert await store.outbox_next("roundup") is None
    assert [] == await store.outbox_waiting()


async def test_outbox_rows_are_listed_by_desk_and_incident(store):
    rows = [row(revision=1), row(revision=2), row("inc_2"), row(desk="other")]
    await put(store, outbox=rows)
    assert rows[::-1] == await store.outbox_rows()
    assert [rows[2], rows[1], rows[0]] == await store.outbox_rows(desk="roundup")
    assert [rows[0], rows[1]] == await store.outbox_rows(desk="roundup", incident="inc_1")
    assert [rows[3]] == await store.outbox_rows(limit=1)


async def test_what_waits_is_counted_by_desk_and_state(store):
    await put(store, outbox=[row(), row("inc_2"), row("inc_3", state=OutboxState.DEAD), row("inc_4", state=OutboxState.SENT)])
    waiting = sorted(await store.outbox_waiting())
    assert [("roundup", OutboxState.DEAD, 1, T0 + 10.0), ("roundup", OutboxState.NEW, 2, T0 + 10.0)] == waiting


# Writing


async def test_what_was_recorded_before_a_commit_is_durable_with_it_and_in_order(store):
    store.record(Batch(rule_states={"k": "1"}, results=[result(1)]))
    store.record(Batch(rule_states={"k": "2"}))
    await put(store, rule_states={"k": "3"})
    assert 0 == store.pending
    assert {"k": "3"} == store.restore().rule_states
    assert 1 == len(await store.results("card", since=T0, until=T0 + DAY))


async def test_closing_writes_what_was_recorded(store):
    store.record(Batch(results=[result(1)], rule_states={"k": "1"}))
    assert {"k": "1"} == (await reopened(store)).rule_states
    assert 1 == len(await store.results("card", since=T0, until=T0 + DAY))


async def test_a_batch_that_cannot_be_written_is_refused_whole_and_alone(store):
    store.record(Batch(rule_states={"before": "1"}))
    with pytest.raises(StoreError):
        await put(store, rule_states={"bad": "1"}, results=[result(1), result(2, outcome="no such outcome")])
    await put(store, rule_states={"after": "1"})
    assert {"before": "1", "after": "1"} == store.restore().rule_states
    assert [] == await store.results("card", since=T0, until=T0 + DAY)
    assert [] == await store.rollups(["card"], seconds=300, since=T0, until=T0 + DAY)


async def test_a_closed_store_refuses(store):
    await store.close()
    with pytest.raises(StoreError):
        store.record(Batch(results=[result(1)]))
    with pytest.raises(StoreError):
        await put(store, results=[result(1)])
    with pytest.raises(StoreError):
        await store.latest("card")
    store.open()


# Retention


async def test_pruning_takes_what_is_old_and_leaves_what_is_not(store):
    old = [result(slot, every=600, evidence=evidence(n=slot)) for slot in range(300)]
    new = [
        result(slot, base=T0 + 100 * DAY, number=1000 + slot, run_id=f"new-{slot}", evidence=evidence(n=1)) for slot in range(5)
    ]
    await put(store, results=old, missed=[missed()], incidents=[incident()], timeline=[entry()])
    await put(store, results=new, missed=[missed(2000, 2001, T0 + 100 * DAY)])
    assert await store.prune(T0 + 101 * DAY) > 600  # results and their evidence, and roll-ups
    assert new == [replace_due(new, one) for one in await store.results("card", since=0, until=T0 + 200 * DAY)]
    assert await store.evidence("card-local-5") is None
    assert {"n": 1} == await store.evidence("new-1")
    assert 1 == len(await store.missed("card", since=0, until=T0 + 200 * DAY))
    assert 1 == len(await store.rollups(["card"], seconds=300, since=0, until=T0 + 200 * DAY)) - 1  # one counts the missed
    assert 305 == sum(one.up for one in await store.rollups(["card"], seconds=86_400, since=0, until=T0 + 200 * DAY))
    assert 0 == await store.prune(T0 + 101 * DAY)
    assert [entry()] == await store.timeline("inc_1")


def replace_due(runs, slim):
    return next(run for run in runs if run.run_id == slim.run_id)


async def test_pruning_reaches_a_check_that_stopped_long_ago(store):
    await put(store, results=[result(1)])
    await store.prune(T0 + 200 * DAY)
    assert [] == await store.results("card", since=0, until=T0 + 300 * DAY)
    (day,) = await store.rollups(["card"], seconds=86_400, since=0, until=T0 + 300 * DAY)
    assert 1 == day.up


async def test_pruning_after_the_interval_was_lengthened_spares_the_new_results(store):
    await put(store, results=[result(slot, number=60_000 + slot) for slot in range(5)])
    await put(store, results=[result(slot, base=T0 + 95 * DAY, number=30_000 + slot, run_id=f"n{slot}") for slot in range(5)])
    await store.prune(T0 + 96 * DAY)
    assert ["n0", "n1", "n2", "n3", "n4"] == [one.run_id for one in await store.results("card", since=0, until=T0 + 99 * DAY)]


async def test_pruning_keeps_to_the_retention_it_is_given(store):
    await put(store, results=[result(1), result(1, base=T0 + 5 * DAY, number=9, run_id="later")])
    await store.prune(T0 + 6 * DAY, Retention(results_seconds=2 * DAY))
    assert ["later"] == [one.run_id for one in await store.results("card", since=0, until=T0 + 99 * DAY)]


# Looking on


async def test_a_reader_beside_the_service_sees_what_is_committed_and_cannot_write(store, tmp_path):
    await put(store, results=[result(1)], outbox=[row()], incidents=[incident()])
    beside = new_store(tmp_path, read_only=True)
    beside.open()
    assert 1 == len(await beside.latest("card"))
    assert [row()] == await beside.outbox_rows()
    await put(store, results=[result(2)])
    assert 2 == len(await beside.latest("card"))
    with pytest.raises(StoreError, match="reading only"):
        await beside.commit(Batch(results=[result(3)]))
    await beside.close()


async def test_replacing_a_field_survives_the_way_to_the_disk_and_back(store):
    full = replace(incident(), acknowledged=T0 + 20.5, acknowledged_by="李雷", silenced=True, told=True, episode=3, revision=9)
    await put(store, incidents=[full])
    assert full == await store.incident("inc_1")
