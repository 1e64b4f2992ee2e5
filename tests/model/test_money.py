import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.money import Money, exponent
from monitor.model.outcome import Outcome, Standing, standing
from monitor.model.secret import Secret
from monitor.model.text import Text


@pytest.mark.parametrize(("currency", "digits"), [("USD", 2), ("JPY", 0), ("KWD", 3), ("TWD", 2), ("ISK", 0), ("CLF", 4)])
def test_minor_units_are_those_of_iso_4217(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


@pytest.mark.parametrize(
    ("text", "minor"), [("1.00 USD", 100), ("1 USD", 100), ("100 JPY", 100), ("1.234 KWD", 1234), ("0.01 EUR", 1)]
)
def test_amounts_are_exact(text: str, minor: int) -> None:
    assert Money.parse(text).minor == minor


@pytest.mark.parametrize(
    "text", ["1.001 USD", "1.5 JPY", "1.00", "USD 1.00", "1,00 EUR", "1.00 XXX", "1.00 ZZZ", "NaN USD", "1e2 USD"]
)
def test_an_amount_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|digits|unknown|charged"):
        Money.parse(text)


@given(st.integers(0, 10**18), st.sampled_from(["USD", "JPY", "KWD"]))
def test_money_reads_back_as_written(minor: int, currency: str) -> None:
    money = Money(minor, currency)

    assert Money.parse(str(money)) == money
    assert money.major == Decimal(minor).scaleb(-exponent(currency))


def test_a_secret_never_shows() -> None:
    secret = Secret("hunter2", "env:KEY")

    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!s:>20}", f"{secret}", str([secret]), str({"k": secret})):
        assert "hunter2" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert secret.reveal() == "hunter2"
    assert secret == Secret("hunter2") != Secret("other")
    assert len({secret, Secret("hunter2")}) == 1


@pytest.mark.parametrize(
    ("outcome", "good", "expected"),
    [
        (Outcome.APPROVED, True, Standing.UP),
        (Outcome.SOFT_DECLINE, True, Standing.UP),  # an expected decline
        (Outcome.SOFT_DECLINE, False, Standing.UP),  # the gateway answered; the issuer said no
        (Outcome.TECH_GATEWAY, False, Standing.DOWN),
        (Outcome.NETWORK_ERROR, False, Standing.DOWN),
        (Outcome.TIMEOUT_UNKNOWN, False, Standing.DOWN),
        (Outcome.CONTRACT_VIOLATION, False, Standing.DOWN),
        (Outcome.CLIENT_CONFIG, False, Standing.UNKNOWN),  # our mistake measures nothing
        (Outcome.AGENT_FAULT, None, Standing.UNKNOWN),
        (Outcome.AGENT_FAULT, False, Standing.UNKNOWN),
        (Outcome.UNKNOWN, None, Standing.UNKNOWN),
    ],
)
def test_what_a_run_says_about_availability(outcome: Outcome, good: bool | None, expected: Standing) -> None:
    assert standing(outcome, good=good) is expected


def test_text_falls_back_to_english() -> None:
    assert Text("slow", "缓慢").in_("zh-CN") == "缓慢"
    assert Text("slow").in_("zh") == "slow"
    assert Text("slow", "缓慢").both() == "slow / 缓慢"
    assert Text("slow").both() == "slow"
