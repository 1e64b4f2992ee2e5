"""The shipped Stripe checks against localstripe: an independent gateway, so that our sandbox and we cannot agree on one mistake."""

import subprocess
import sys
from pathlib import Path

import pytest
from drive_world import driving, once, shipped

from monitor.config import load
from monitor.model.outcome import Outcome

pytestmark = pytest.mark.counterpart

SERVER = Path(__file__).parents[1] / "counterparts" / "run_localstripe.py"
TARGETS = """targets:
  stripe:
    title: {{en: S, zh: S}}
    base_url: "{url}"
    dialect: stripe
    signer: {{bearer: {{token: "${{env:STRIPE_KEY}}"}}}}
    idempotency: {{header: Idempotency-Key, keep: 24h}}
    allow_private: [127.0.0.0/8]
  mastercard:
    title: {{en: M, zh: M}}
    base_url: "{url}"
    dialect: mastercard
"""


@pytest.fixture(scope="module")
def localstripe():
    with subprocess.Popen([sys.executable, SERVER], stdout=subprocess.PIPE, text=True, cwd="/") as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()


@pytest.fixture
def config(localstripe, tmp_path, monkeypatch):
    monkeypatch.setenv("STRIPE_KEY", "sk_test_12345")
    return shipped(tmp_path, TARGETS.format(url=localstripe))


async def test_a_payment_is_authorised_read_captured_and_refunded(config):
    async with driving(config) as driver:
        result = await once(driver, config, "stripe-payment")
    assert (Outcome.APPROVED, True, (), "") == (result.outcome, result.good, result.open_undo, result.message)
    assert ["create", "authorise", "retrieve", "capture", "refund"] == [step.name for step in result.steps]
    assert all(step.phases.connect is not None and step.phases.wait is not None for step in result.steps)


async def test_history_is_readable(config):
    async with driving(config) as driver:
        result = await once(driver, config, "stripe-history")
    assert (Outcome.OK, True) == (result.outcome, result.good)


async def test_a_brand_is_authorised_and_cancelled(config):
    async with driving(config) as driver:
        results = [await once(driver, config, "stripe-brands", slot) for slot in range(3)]
    visa = next(result for result in results if result.stratum == "brand=visa")
    assert (True, ["create", "authorise", "cancel"]) == (visa.good, [step.name for step in visa.steps])


async def test_it_approves_the_card_that_must_be_declined_which_is_found_and_taken_back(config):
    """localstripe declines this card only when it is attached to a customer."""
    async with driving(config) as driver:
        result = await once(driver, config, "stripe-decline")
    assert (Outcome.CONTRACT_VIOLATION, False, ()) == (result.outcome, result.good, result.open_undo)
    assert "approved, where soft_decline was expected" == result.message
    assert ("cancel", True) == (result.steps[-1].name, result.steps[-1].good)


async def test_a_decline_is_read_although_its_error_type_is_not_stripes(config, tmp_path):
    # It answers 402 with another error type than Stripe's; the card that it does decline is this one.
    text = (tmp_path / "checks" / "stripe.yaml").read_text().replace("pm_card_visa_chargeDeclined", "pm_card_chargeCustomerFail")
    (tmp_path / "checks").unlink()
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "stripe.yaml").write_text(text)
    config = load(tmp_path / "paycanary.yaml")
    async with driving(config) as driver:
        result = await once(driver, config, "stripe-decline")
    assert (Outcome.SOFT_DECLINE, True) == (result.outcome, result.good)
    assert "card_declined" == result.steps[-1].code
