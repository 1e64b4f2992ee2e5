"""What learning needs of a store: runs as columns, latencies apart from clean-ups, and versions of what is normal."""

from store_helpers import EVERY, T0, Batch, new_store, result

from monitor.model.learned import Force, Learned
from monitor.model.outcome import Outcome
from monitor.model.result import StepResult
from monitor.model.text import Text
from monitor.stores.files import connect_writer, make_private
from monitor.stores.migrate import migrate, shipped

DAY = 86_400.0


async def put(store, **parts):
    await store.commit(Batch(**parts, durable=True))


def learned(version, force=Force.ADOPTED, stratum="", check="card", note=Text("")):
    return Learned(check, stratum, version, T0 + version * DAY, force, note, f'{{"v":{version}}}')


async def test_the_past_is_what_was_measured_in_a_half_open_period_by_instant(store):
    unmeasured = result(3, outcome=Outcome.UNKNOWN)
    unmeasured.good = None
    await put(store, results=[result(4), result(1, stratum="brand=jcb"), result(2, good=False), unmeasured])
    past = await store.past("card", since=T0 + EVERY, until=T0 + 4 * EVERY)
    assert [T0 + EVERY, T0 + 2 * EVERY] == past.at
    assert [True, False] == past.good
    assert ["brand=jcb", "brand=visa"] == past.stratum
    assert [0.5, None] == past.latency


async def test_the_past_holds_every_location(store):
    await put(store, results=[result(1, location="berlin"), result(1, location="shanghai"), result(2, location="berlin")])
    past = await store.past("card", since=T0, until=T0 + DAY)
    assert ["berlin", "shanghai", "berlin"] == past.location


async def test_latency_is_what_a_customer_waits_for_and_no_clean_up_is_in_it(store):
    one = result(1, seconds=0.9)
    one.steps = (
        StepResult("authorise", Outcome.APPROVED, good=True, duration_seconds=0.25),
        StepResult("void", Outcome.APPROVED, good=True, duration_seconds=0.6, undo=True),
    )
    suspect = result(2, suspect=True)
    await put(store, results=[one, suspect])
    assert [0.25, None] == (await store.past("card", since=T0, until=T0 + DAY)).latency
    assert [0.25, None] == [slim.latency_seconds for slim in await store.results("card", since=T0, until=T0 + DAY)]


async def test_a_check_nobody_ran_has_no_past_and_no_normal(store):
    assert [] == (await store.past("nope", since=0, until=T0 + DAY)).at
    assert [] == await store.learned("nope")


async def test_a_start_finds_the_version_in_force_and_none_that_is_held_back(store):
    rows = [learned(1), learned(2), learned(3, Force.HELD, note=Text("slower", "变慢")), learned(1, stratum="brand=visa")]
    await put(store, learned=rows)
    await store.close()
    store.open()
    assert [rows[1], rows[3]] == store.restore().learned


async def test_versions_are_kept_for_a_week_and_shown_newest_first(store):
    for version in range(1, 12):
        await put(store, learned=[learned(version)])
    kept = await store.learned("card")
    assert list(range(11, 3, -1)) == [one.version for one in kept]
    assert '{"v":11}' == kept[0].body


async def test_results_from_before_latency_was_kept_apart_are_still_there_and_say_nothing_of_latency(tmp_path):
    path = tmp_path / "data" / "paycanary.db"
    make_private(path)
    connection = connect_writer(path)
    migrate(connection, path, [one for one in shipped() if one.number < 3], at=T0)
    connection.executemany("INSERT INTO word VALUES (?, ?)", [(1, "card"), (2, "local"), (3, "")])
    connection.execute("INSERT INTO series VALUES (1, 2)")
    columns = "check_id, location_id, slot, target_id, stratum_id, due, started_us, duration_us, late_us, outcome, good, reason_id, failed_step_id, run_id"
    connection.execute(
        f"INSERT INTO result ({columns}) VALUES (1, 2, 1, 1, 3, ?, 2000, 500000, 2000, 1, 1, 3, 3, 'old')",
        (T0 + EVERY,),
    )
    cell = "(1, 3, 2, ?, 1, 0, 0, 0, 1, 1, x'', x'')"
    connection.execute(f"INSERT INTO open_cell VALUES {cell}", (T0,))
    connection.close()
    store = new_store(tmp_path)
    store.open()
    (old,) = await store.results("card", since=T0, until=T0 + DAY)
    assert ("old", 0.5, None) == (old.run_id, old.duration_seconds, old.latency_seconds)
    assert [None] == (await store.past("card", since=T0, until=T0 + DAY)).latency
    await store.close()
