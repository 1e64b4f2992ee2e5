"""A run beside the grid, driven for real: only the steps it is for, in the stratum it is for, and its money taken back."""

import time

import pytest
from drive_world import driving, shipped

from monitor.adaptive import extra_plan
from monitor.model.check import Burst
from monitor.model.extra import Extra
from monitor.sandbox.server import Sandbox, Settings

TARGETS = """targets:
  mastercard: {{title: {{en: M, zh: M}}, base_url: "{url}", dialect: mastercard, allow_private: [127.0.0.0/8]}}
  stripe:
    title: {{en: S, zh: S}}
    base_url: "{url}"
    dialect: stripe
    signer: {{bearer: {{token: "${{file:sandbox/stripe.key}}"}}}}
    idempotency: {{header: Idempotency-Key, keep: 24h}}
    allow_private: [127.0.0.0/8]
    tls: {{ca_file: {ca}}}
"""


@pytest.fixture
async def sandbox(tmp_path):
    async with Sandbox(Settings(tmp_path / "sandbox", port=0, desk_port=0, seed=1)) as running:
        yield running


@pytest.fixture
def config(sandbox, tmp_path):
    return shipped(tmp_path, TARGETS.format(url=sandbox.base_url, ca=sandbox.ca_file))


async def beside(config, check, part, stratum, number=1):
    extra = Extra(part.check, stratum, part.covers, part.money)
    async with driving(config) as driver:
        return await driver.run(part.check, config.targets[check.target], 7, 0.0, 0.0, "local", extra, number)


async def test_only_the_steps_it_is_for_are_sent_and_it_says_which_run_it_is(sandbox, config):
    check = config.checks["stripe-brands"]
    (part,) = extra_plan(check, "create")
    result = await beside(config, check, part, check.strata[2], number=4)

    assert (True, 7, 4, "create", "brand=unionpay") == (result.good, result.slot, result.extra, result.covers, result.stratum)
    assert ["create"] == [step.name for step in result.steps]
    assert {} == sandbox.core.charges()


async def test_what_it_moved_is_taken_back_although_the_steps_that_would_have_are_left_out(sandbox, config):
    check = config.checks["stripe-payment"]
    _, part = extra_plan(check, "capture")
    result = await beside(config, check, part, check.strata[0])

    assert (True, "capture") == (result.good, result.covers), result.message
    assert ["create", "authorise", "capture", "refund"] == [step.name for step in result.steps]
    assert {1} == set(sandbox.core.charges().values())
    assert [] == sandbox.core.open_items(time.time())


async def test_every_part_of_every_shipped_check_works_by_itself(sandbox, config):
    """What the plan says a step needs is enough, at a gateway that is well."""
    for check in config.checks.values():
        if check.target != "stripe":
            continue
        assert Burst.FULL is check.burst
        for step in check.steps:
            for part in extra_plan(check, step.name):
                result = await beside(config, check, part, check.strata[0])
                assert result.good, (check.id, part.steps, result.message)
    assert [] == sandbox.core.open_items(time.time())
