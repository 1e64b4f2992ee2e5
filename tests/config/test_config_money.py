"""Money is configured only where it can be taken back, and within caps."""

import pytest

from monitor.config import ConfigError, load
from monitor.model.check import Caps
from monitor.model.money import Money

MAIN = """service: {{data: data}}
targets:
  gateway: {{title: G, base_url: "https://127.0.0.1:1", dialect: {dialect}, {more}}}
"""
CHECK = """checks:
  pay:
    title: Pay
    target: gateway
    every: 60s
    steps:
      - name: pay
        post: /pay/${run.reference}
        moves: {charge: "2.00 USD", undo: refund}
    undo: {refund: {post: "/refund/${run.reference}"}}
"""


def loaded(folder, *, dialect="stripe", more="timeout: 5s"):
    (folder / "checks").mkdir()
    (folder / "paycanary.yaml").write_text(MAIN.format(dialect=dialect, more=more))
    (folder / "checks" / "pay.yaml").write_text(CHECK)
    return load(folder / "paycanary.yaml")


def problems(folder, **options):
    with pytest.raises(ConfigError) as error:
        loaded(folder, **options)
    return str(error.value)


def test_money_is_refused_where_a_crash_could_not_be_cleared_up(tmp_path):
    said = problems(tmp_path, dialect="plain")
    assert "checks.pay.steps[0].moves: expected no money here: the ledger cannot ask gateway by reference (dialect plain)" in said
    assert "it knows no idempotency keys" in said


@pytest.mark.parametrize(("dialect", "more"), [("stripe", "timeout: 5s"), ("plain", "idempotency: {keep: 24h}")])
def test_a_gateway_that_can_be_asked_or_takes_one_key_for_one_deed_will_do(tmp_path, dialect, more):
    assert loaded(tmp_path, dialect=dialect, more=more).checks["pay"].moves_money


def test_caps_are_exact_amounts_by_currency(tmp_path):
    config = loaded(tmp_path, more='caps: {per_step: ["2.00 USD", "200 JPY"], per_day: "50.00 USD", open_at_once: 3}')
    caps = Caps((Money(200, "USD"), Money(200, "JPY")), (Money(5_000, "USD"),), 3)
    assert caps == config.targets["gateway"].caps


@pytest.mark.parametrize(
    ("caps", "said"),
    [
        (
            '{per_step: "1.99 USD"}',
            "steps[0].moves.charge: expected at most 1.99 USD (caps.per_step of the target), got 2.00 USD",
        ),
        (
            '{per_step: "2.00 EUR"}',
            "steps[0].moves.charge: expected a currency that caps.per_step of the target names, got 2.00 USD",
        ),
        ('{per_day: "many"}', 'caps.per_day: expected an amount like "1.00 USD"'),
        ('{per_day: ["1.00 USD", "2.00 USD"]}', "caps.per_day[1]: expected one amount for each currency"),
        ("{open_at_once: 0}", "caps.open_at_once"),
    ],
)
def test_what_is_wrong_with_caps_is_said(tmp_path, caps, said):
    assert said in problems(tmp_path, more=f"caps: {caps}")
