"""What is normal is learnt from calm history, kept over a restart, and not from trouble."""

import asyncio
import sys
from dataclasses import replace

import pytest
from learning_world import DAY, START, Listening, World, history, incident, run

from monitor.app.learning import SWITCH_SECONDS, _short_turns
from monitor.detectors.calm import LAG_SECONDS
from monitor.detectors.learn import LEAST_SECONDS
from monitor.model.batch import Batch
from monitor.model.learned import Force, Learned
from monitor.model.text import Text

READY = LEAST_SECONDS + LAG_SECONDS


@pytest.fixture
def world(tmp_path):
    Listening.heard.clear()
    return World(tmp_path)


async def test_nothing_is_normal_before_three_days_and_it_is_known_soon_after(world):
    await world.put(history(START, START + 4 * DAY))
    await world.until(START + READY - 60)
    assert world.normal is None
    await world.until(START + READY + 1_800)
    assert world.normal.samples > 4_000
    assert 0.19 < world.usual() < 0.21


async def test_rules_hear_of_it_and_hear_of_it_again_after_a_restart(world):
    await world.put([run(START), *history(START + 60, START + 4 * DAY)])
    world.engine.feed(run(START))  # a watch that is there already
    await world.until(START + 4 * DAY)
    assert world.normal is Listening.heard[-1]
    await world.stop()
    known = world.normal
    world.restart()
    assert known == world.normal
    world.engine.feed(run(START + 4 * DAY))
    assert known == Listening.heard[-1]
    await world.stop()


async def test_the_newest_hours_are_not_believed_yet(world):
    await world.put(history(START, START + 4 * DAY - LAG_SECONDS))
    await world.put(history(START + 4 * DAY - LAG_SECONDS, START + 4 * DAY, share=1.0))
    await world.until(START + 4 * DAY)
    assert world.normal.failures < 30


async def test_an_incident_and_its_margins_are_left_out(world):
    trouble = START + 2 * DAY
    calm_before = history(START, trouble)
    await world.put(calm_before, [incident(trouble, trouble + 7_200)])
    await world.put(history(trouble, trouble + 7_200 + 600, share=0.5))
    await world.put(history(trouble + 7_200 + 600, START + 4 * DAY))
    await world.until(START + 4 * DAY)
    assert world.normal.failures < 30


async def test_the_incident_of_another_target_is_no_reason_to_leave_anything_out(world):
    await world.put(history(START, START + 4 * DAY), [incident(START + DAY, START + 2 * DAY, target="other")])
    await world.until(START + 4 * DAY)
    assert world.normal.samples > 4_300


async def test_nothing_is_learnt_while_the_target_has_an_incident_and_it_is_made_up_for_soon_after(world):
    await world.put(history(START, START + 5 * DAY))
    await world.stop()
    world.restart(incidents=[incident(START + 3 * DAY)])
    await world.until(START + 4 * DAY)
    assert world.normal is None
    await world.stop()
    world.restart()
    await world.until(START + 4 * DAY + 3_600)
    assert world.normal is not None


async def test_a_certificate_that_runs_out_is_no_reason_to_stop_learning(world):
    await world.put(history(START, START + 4 * DAY))
    await world.stop()
    world.restart(incidents=[incident(START + DAY, group="target=gateway,kind=expiry")])
    await world.until(START + 4 * DAY)
    assert world.normal is not None


async def test_a_jump_is_held_back_until_three_fits_say_so_and_is_told(world):
    await world.put(history(START, START + 4 * DAY))
    await world.until(START + 4 * DAY)
    await world.put(history(START + 4 * DAY, START + 13 * DAY, usual=0.8))
    await world.until(START + 13 * DAY)
    kept = (await world.store.learned("card"))[::-1]
    held = next(place for place, one in enumerate(kept) if one.force is Force.HELD)
    assert [Force.HELD, Force.HELD, Force.ADOPTED] == [one.force for one in kept[held : held + 3]]
    assert "times as long" in kept[held + 2].note.en
    assert {Force.ADOPTED} == {one.force for one in kept[held + 3 :]}
    assert 0.6 < world.usual() < 0.9


async def test_what_is_held_back_is_still_held_back_after_a_restart(world):
    await world.put(history(START, START + 4 * DAY))
    await world.until(START + 4 * DAY)
    await world.put(history(START + 4 * DAY, START + 12 * DAY, usual=0.8))
    at = START + 4 * DAY
    while at < START + 12 * DAY and all(one.force is Force.ADOPTED for one in await world.store.learned("card")):
        at += DAY / 4
        await world.until(at)
    before = world.normal
    await world.stop()
    world.restart()
    assert before == world.normal
    await world.until(at + DAY)
    assert before == world.normal  # two of three
    await world.until(at + 2 * DAY + DAY / 2)
    assert before != world.normal


async def test_each_stratum_that_a_rule_watches_has_its_own(tmp_path):
    world = World(tmp_path, strata=("*",))
    check = world.config.checks["card"]
    assert [""] == [stratum.label for stratum in check.strata]
    await world.put(history(START, START + 4 * DAY))
    await world.until(START + 4 * DAY)
    assert world.learning.baseline("card", "") is not None


async def test_a_kept_version_that_nobody_can_read_any_more_is_learnt_anew_under_a_new_number(world):
    await world.put(history(START, START + 4 * DAY))
    await world.store.commit(Batch(learned=[Learned("card", "", 7, START, Force.ADOPTED, Text(""), '{"old": 1}')]))
    await world.stop()
    world.restart()
    assert world.normal is None
    await world.until(START + 4 * DAY)
    assert world.normal is not None
    assert 8 == (await world.store.learned("card"))[0].version


async def test_one_fit_a_day_is_enough(world):
    await world.put(history(START, START + 7 * DAY))
    await world.until(START + 7 * DAY)
    assert 4 == len(await world.store.learned("card"))


async def test_a_check_that_is_gone_is_forgotten_and_one_that_stays_keeps_what_is_known(world):
    await world.put(history(START, START + 4 * DAY))
    await world.until(START + 4 * DAY)
    known = world.normal
    world.learning.adopt(world.config)
    assert known is world.normal
    world.learning.adopt(replace(world.config, checks={}))
    assert world.normal is None


async def test_the_loop_has_its_turn_while_a_thread_computes():
    usual = sys.getswitchinterval()
    with _short_turns():
        assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)
    assert usual == sys.getswitchinterval()
    await asyncio.sleep(0)


async def test_a_check_that_a_reload_takes_away_during_its_fit_is_not_learned(world):
    await world.put(history(START, START + 4 * DAY))
    usual = world._aside

    async def while_reloading(work):
        world.learning.adopt(replace(world.config, checks={}))
        return await usual(work)

    world.learning._aside = while_reloading
    await world.until(START + 4 * DAY)
    assert world.normal is None
    assert [] == await world.store.learned("card")
