"""The shipped checks against the sandbox, over TLS: good when it is well, right when it is not, and never money left open."""

import time

import pytest
from drive_world import driving, once, shipped

from monitor.model.outcome import Outcome
from monitor.sandbox.faults import parse
from monitor.sandbox.server import Sandbox, Settings

O = Outcome  # noqa: E741

TARGETS = """targets:
  mastercard:
    title: {{en: M, zh: M}}
    base_url: "{url}"
    dialect: mastercard
    timeout: 1s
    signer: {{basic: {{username: merchant.TESTCANARY, password: "${{file:sandbox/mastercard.password}}"}}}}
    allow_private: [127.0.0.0/8]
    tls: {{ca_file: {ca}}}
  stripe:
    title: {{en: S, zh: S}}
    base_url: "{url}"
    dialect: stripe
    timeout: 1s
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


def open_money(sandbox):
    return sandbox.core.open_items(time.time())


def break_(sandbox, **fault):
    sandbox.faults.replace("test", [parse(fault)], time.time())


async def test_every_shipped_check_is_good_at_a_healthy_gateway(sandbox, config):
    async with driving(config) as driver:
        for name, check in config.checks.items():
            for slot in range(len(check.strata)):
                result = await once(driver, config, name, slot)
                assert (True, (), "") == (result.good, result.open_undo, result.message), name
                assert all(step.phases.wait is not None for step in result.steps)
                assert {step.phases.tls is not None for step in result.steps} == {True}
    assert [] == open_money(sandbox)
    assert {1} == set(sandbox.core.charges().values())


#: What breaks, and what the check that pays through it says.
STORIES = [
    ("mastercard-authorise-void", {"knob": "error_after", "operation": ["authorise"]}, O.TECH_GATEWAY, "authorise"),
    ("mastercard-authorise-void", {"knob": "drop_answer", "operation": ["authorise"]}, O.TIMEOUT_UNKNOWN, "authorise"),
    ("mastercard-authorise-void", {"knob": "wrong_amount", "operation": ["authorise"]}, O.CONTRACT_VIOLATION, "authorise"),
    ("mastercard-authorise-void", {"knob": "brand_down", "brand": ["mastercard"], "seconds": 0}, O.TECH_ISSUER, "authorise"),
    ("mastercard-authorise-void", {"knob": "decline", "operation": ["authorise"]}, O.SOFT_DECLINE, "authorise"),
    ("mastercard-authorise-void", {"knob": "html_403", "operation": ["authorise"]}, O.CONTRACT_VIOLATION, "authorise"),
    ("mastercard-authorise-void", {"knob": "unauthorised"}, O.CLIENT_CONFIG, "authorise"),
    (
        "mastercard-authorise-void",
        {"knob": "throttle", "per_second": 0.001, "operation": ["retrieve"]},
        O.THROTTLED,
        "retrieve-order",
    ),
    ("mastercard-authorise-void", {"knob": "stale_read", "seconds": 60}, O.CONTRACT_VIOLATION, "retrieve-transaction"),
    ("mastercard-authorise-void", {"knob": "reset"}, O.TIMEOUT_UNKNOWN, "authorise"),
    ("mastercard-authorise-void", {"knob": "black_hole", "operation": ["authorise"]}, O.TIMEOUT_UNKNOWN, "authorise"),
    ("mastercard-pay-refund", {"knob": "error_after", "operation": ["pay"]}, O.TECH_GATEWAY, "pay"),
    ("mastercard-pay-refund", {"knob": "drop_answer", "operation": ["pay"]}, O.TIMEOUT_UNKNOWN, "pay"),
    ("mastercard-declines", {"knob": "approve_all"}, O.CONTRACT_VIOLATION, "authorise"),
    ("mastercard-history", {"knob": "slow_lists", "seconds": 3}, O.TIMEOUT_UNKNOWN, "search"),
    ("mastercard-liveness", {"knob": "unavailable"}, O.TECH_GATEWAY, "information"),
    ("stripe-payment", {"knob": "drop_answer", "operation": ["capture"]}, O.TIMEOUT_UNKNOWN, "capture"),
    ("stripe-payment", {"knob": "error_before", "operation": ["capture"]}, O.TECH_GATEWAY, "capture"),
    ("stripe-payment", {"knob": "error_after", "operation": ["capture"]}, O.TECH_GATEWAY, "capture"),
    ("stripe-brands", {"knob": "unavailable", "operation": ["create"]}, O.TECH_GATEWAY, "create"),
    ("stripe-decline", {"knob": "approve_all"}, O.CONTRACT_VIOLATION, "authorise"),
]


@pytest.mark.parametrize(
    ("check", "fault", "outcome", "step"), STORIES, ids=lambda value: value["knob"] if isinstance(value, dict) else None
)
async def test_what_breaks_is_named_and_the_money_comes_back(sandbox, config, check, fault, outcome, step):
    break_(sandbox, **fault)
    async with driving(config) as driver:
        # The stratum whose brand is Mastercard, where a check has brands.
        slots = range(len(config.checks[check].strata))
        results = [await once(driver, config, check, slot) for slot in slots]
    result = next((found for found in results if found.stratum == "brand=mastercard"), results[0])
    assert (outcome, False, step) == (result.outcome, result.good, result.failed_step), result.message
    assert result.evidence
    assert [] == open_money(sandbox)


async def test_the_exchange_after_a_certificate_nobody_knows_is_not_sent(sandbox, tmp_path):
    config = shipped(
        tmp_path,
        TARGETS.format(url=sandbox.base_url, ca=sandbox.ca_file).replace(f"tls: {{ca_file: {sandbox.ca_file}}}", "tls: {}"),
    )
    async with driving(config) as driver:
        result = await once(driver, config, "mastercard-authorise-void")
    assert (O.NETWORK_ERROR, "tls_certificate") == (result.outcome, result.reason)
    assert 1 == len(result.steps)
